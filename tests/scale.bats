#!/usr/bin/env bats
# What a sweep costs as the number of finished recordings grows.  Times are CPU
# times, as the machine may be busy.

load lib

setup() {
	common_setup
	recordings_root
	# LeakSanitizer reads /proc for seconds.
	[ "${SAN:-}" != 1 ] || skip "the sanitizers have costs of their own"
}

teardown() {
	common_teardown
}

# finished N: N finished recordings in one root, copies of one.  A file has
# 65,000 links at most (ext4).
finished() {
	start_sandbox
	another_recording r0
	"$BIN" "$REC" >/dev/null 2>&1
	unstamp
	stop_sandbox
	perl -MFile::Copy=cp -e '
		my ($from, $n) = @ARGV;
		for my $i (1 .. $n - 1) {
			my $to = ($from =~ s,[^/]*$,,r) . "r$i";
			mkdir $to or die;
			for my $f (glob "$from/* $from/.jibri-finalize") {
				my $name = $f =~ s,.*/,,r;
				$i % 60000 ? link $f, "$to/$name" || die
				    : system("cp", "-p", $f, $to) && die;
			}
			$from = $to unless $i % 60000;
		}' "$REC" "$1"
	assert_equal "$("$BIN" status | tail -n 1)" "$1 done"
}

# cost COMMAND...: sets cpu_ms, the best of five runs.  Its memory may not
# exceed KIB, 8 MiB; root would raise the limit to confine itself.
cost() {
	local used
	(ulimit -d "${KIB:-8192}" && JIBRI_FINALIZE_CONFINE=no "$@" >/dev/null)
	cpu_ms=999999
	for _ in 1 2 3 4 5; do
		used=$(TIMEFORMAT='%U %S'
			{ time "$@" >/dev/null; } 2>&1)
		used=$(awk '{ print int(($1 + $2) * 1000) }' <<<"$used")
		((used >= cpu_ms)) || cpu_ms=$used
	done
}

@test "an idle sweep over 10,000 finished recordings takes little time and memory, and grows linearly" {
	local small
	finished 10000
	cost "$BIN" sweep
	echo "# 10,000: $cpu_ms ms of CPU" >&3
	# Half of it on an idle machine; others work on it, too.
	((cpu_ms <= 700))
	[ "${LONG:-}" = 1 ] || return 0
	small=$cpu_ms
	rm -rf "$TOP"
	finished 100000
	cost "$BIN" sweep
	echo "# 100,000: $cpu_ms ms of CPU" >&3
	((cpu_ms <= small * 12))
}

# bats test_tags=slow
@test "status over 10,000 recordings takes less than a second" {
	finished 10000
	cost "$BIN" status
	echo "# counted: $cpu_ms ms of CPU" >&3
	((cpu_ms < 1000))
	# All rows are in memory.
	KIB=32768 cost "$BIN" status --all
	echo "# shown: $cpu_ms ms of CPU" >&3
	((cpu_ms < 1000))
}

# bats test_tags=slow
@test "a finished recording costs a sweep a few system calls, and no write" {
	needs_strace
	finished 100
	mkdir "$DIR/few"
	cp -al "$REC" "$DIR/few"
	local before
	before=$(stamps)
	strace -fqq -o "$DIR/few.calls" "$BIN" sweep "$DIR/few"
	strace -fqq -o "$DIR/many.calls" "$BIN" sweep
	local each=$((($(wc -l <"$DIR/many.calls") -
		$(wc -l <"$DIR/few.calls")) / 99))
	echo "# $each calls" >&3
	((each <= 30))
	assert_equal "$(stamps)" "$before"
}

@test "a recording that is finished costs a sweep 150,000 instructions" {
	local few many
	command -v valgrind >/dev/null || skip "there is no valgrind here"
	finished 100
	mkdir "$DIR/few"
	cp -al "$REC" "$DIR/few"
	few=$(instructions sweep "$DIR/few")
	many=$(instructions sweep)
	echo "# $(((many - few) / 99)) instructions" >&3
	((few > 1000000 && (many - few) / 99 <= 150000))
}

# bats test_tags=slow
@test "a recording with 1,400 large JSON files is surveyed cheaply" {
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
	is_cheap given-up
}

@test "a recording with 200 large files that are not whole media is surveyed cheaply" {
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

# instructions ARGUMENT...: of the program and its processes.
instructions() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		"$BIN" "$@" 2>&1 >/dev/null |
		awk '/Collected : / { n += $NF } END { print n }'
}

stamps() {
	find "$TOP" -printf '%p %T@ %C@ %s\n' | sort
}

# is_cheap STATE: all recordings have this state, and reading them took little.
is_cheap() {
	local read
	# A confined root would have raised the limit.
	(ulimit -d 16384
		export JIBRI_FINALIZE_CONFINE=no
		exec strace -qq -f -e trace=read,pread64 -o "$DIR/trace" \
			timeout 60 "$BIN" status --json "$TOP") >"$DIR/status"
	assert_equal "$(jq -r '.recordings[].state' "$DIR/status" | sort -u)" "$1"
	read=$(awk '{ n += $NF } END { print n }' "$DIR/trace")
	echo "# $1: $read bytes" >&3
	((read < 50000000))
}
