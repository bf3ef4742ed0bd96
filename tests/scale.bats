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
	stop_sandbox
	mkdir -p "$DIR/roots/1"
	rm -rf "$DIR/roots"/*
	mkdir "$DIR/roots/1"
	for ((i = 1; i <= 100; i++)); do cp -al "$REC" "$DIR/roots/1/r$i"; done
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
# not pass 8 MiB.
cost() {
	local i used
	cpu_ms=999999
	for i in 1 2 3 4 5; do
		used=$(TIMEFORMAT='%U %S'; ulimit -d 8192
			{ time "$@" >/dev/null; } 2>&1)
		used=$(awk '{ print int(($1 + $2) * 1000) }' <<<"$used")
		((used >= cpu_ms)) || cpu_ms=$used
	done
}

@test "an idle sweep over 10,000 finished recordings takes 0.6 s and no memory, and ten times as many in proportion" {
	local small
	finished 100
	cost "$BIN" sweep "$DIR"/roots/*
	echo "# 10,000: $cpu_ms ms of CPU" >&3
	# 430 ms when measured; a busy machine has colder caches.
	((cpu_ms <= 1000))
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

calls() {
	awk -v n="$1" '$NF == n { print $4 }' "$DIR/$2"
}
