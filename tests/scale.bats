#!/usr/bin/env bats
# What a sweep costs as the number of finished recordings grows.  The times
# are CPU times, as the machine may have other work.

load lib

setup() {
	common_setup
	TOP=$DIR/recordings
	rmdir "$REC"
	export JIBRI_FINALIZE_RECORDINGS_DIR=$TOP
	# LeakSanitizer reads /proc for seconds.
	[ "${SAN:-}" != 1 ] || skip "the sanitizers have costs of their own"
}

teardown() {
	common_teardown
}

# finished N: N times a hundred finished recordings, copies of one, in roots
# of a hundred.
finished() {
	local i
	rm -rf "$TOP"
	start_sandbox
	another_recording r1
	"$BIN" "$REC" >/dev/null 2>&1
	unstamp
	stop_sandbox
	mkdir -p "$DIR/roots/1"
	rm -rf "$DIR/roots"/*
	mkdir "$DIR/roots/1"
	for ((i = 1; i <= 100; i++)); do cp -al "$REC" "$DIR/roots/1/r$i"; done
	assert_equal "$("$BIN" status "$DIR/roots/1" | tail -n 1)" "100 done"
	local from=1
	for ((i = 2; i <= $1; i++)); do
		# A file has 65,000 links at most (ext4).
		if ((i % 500)); then
			cp -al "$DIR/roots/$from" "$DIR/roots/$i"
		else
			cp -a "$DIR/roots/1" "$DIR/roots/$i"
			from=$i
		fi
	done
}

# cost COMMAND...: sets cpu_ms, the best of five runs.  Its own memory may
# not pass 8 MiB, which root would raise to confine itself.
cost() {
	local i used
	(ulimit -d 8192 && JIBRI_FINALIZE_CONFINE=no "$@" >/dev/null)
	cpu_ms=999999
	for i in 1 2 3 4 5; do
		used=$(TIMEFORMAT='%U %S'
			{ time "$@" >/dev/null; } 2>&1)
		used=$(awk '{ print int(($1 + $2) * 1000) }' <<<"$used")
		((used >= cpu_ms)) || cpu_ms=$used
	done
}

@test "an idle sweep over 10,000 finished recordings takes 4 s at most and no memory, and ten times as many in proportion" {
	local small
	finished 100
	cost "$BIN" sweep "$DIR"/roots/*
	echo "# 10,000: $cpu_ms ms of CPU" >&3
	# The goal is 600 ms; 2,400 were measured on a busy machine.
	((cpu_ms <= 4000))
	[ "${LONG:-}" = 1 ] || return 0
	small=$cpu_ms
	finished 1000
	cost "$BIN" sweep "$DIR"/roots/*
	echo "# 100,000: $cpu_ms ms of CPU" >&3
	((cpu_ms <= small * 12))
}

@test "a recording that is finished costs a sweep a few system calls, and is not written to" {
	finished 1
	mkdir "$DIR/roots/few"
	cp -al "$DIR"/roots/1/r1 "$DIR/roots/few"
	strace -qq -c -o "$DIR/few" "$BIN" sweep "$DIR/roots/few"
	strace -qq -c -o "$DIR/many" "$BIN" sweep "$DIR/roots/1"
	# columns: % time, seconds, usecs/call, calls, [errors,] name
	local each=$((($(calls total many) - $(calls total few)) / 99))
	echo "# $each calls" >&3
	((each <= 40))
	assert_equal "$(calls write many)" "$(calls write few)"
}

@test "a recording with 1,400 large JSON files costs a look at it little" {
	needs_strace
	another_recording many
	{
		printf '{"upload_credentials":"'
		head -c 900000 /dev/zero | tr '\0' x
		printf '"}'
	} >"$DIR/large"
	perl -e 'for (1..1400) { mkdir "$ARGV[1]/$_";
		link $ARGV[0], "$ARGV[1]/$_/metadata.json" or die }' \
		"$DIR/large" "$REC"
	touch -d '1 minute ago' "$DIR/large" "$REC"/*/ "$REC"
	is_cheap due
	"$BIN" forget --yes "$REC"
	is_cheap "given up"
}

@test "a recording with 200 large files that are no whole media costs a look at it little" {
	needs_strace
	another_recording many
	rm "$REC/$MEDIA"
	perl -e 'open F, ">", $ARGV[0] or die;
		print F "\0\0\0\20ftypisom\0\0\0\0";
		for (1..5000) { print F "\0\0\10\0free"; seek F, 2040, 1 }
		print F "\0\0\0\10free";
		close F;
		link $ARGV[0], "$ARGV[1]/$_.mp4" or die for 1..200' \
		"$DIR/large" "$REC"
	touch -d '1 minute ago' "$DIR/large" "$REC"
	is_cheap settling
}

# is_cheap STATE: that of all recordings, and reading them took little.
is_cheap() {
	local read
	# Confined, a root would have raised the limit.
	(ulimit -d 16384
		export JIBRI_FINALIZE_CONFINE=no
		exec strace -qq -f -e trace=read,pread64 -o "$DIR/trace" \
			timeout 60 "$BIN" status --json "$TOP") >"$DIR/status"
	assert_equal "$(jq -r '.[].state' "$DIR/status" | sort -u)" "$1"
	read=$(awk '{ n += $NF } END { print n }' "$DIR/trace")
	echo "# $1: $read bytes" >&3
	((read < 50000000))
}

calls() {
	awk -v n="$1" '$NF == n { print $4 }' "$DIR/$2"
}
