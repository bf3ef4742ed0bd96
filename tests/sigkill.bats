#!/usr/bin/env bats
# SIGKILL at every system call and SIGTERM at any moment: a sample of them in
# the everyday run, all with LONG=1.

load lib
load points
setup() {
	common_setup
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=150ms
	points_setup
}
teardown() { common_teardown; }

# sample N: N lines, evenly spread; all of them if there are fewer.
sample() {
	awk -v n="$1" -v seed="$SEED" '
		BEGIN { srand(seed) }
		{ line[NR] = $0 }
		END {
			if (n > NR)
				n = NR
			for (i = 0; i < n; i++) {
				from = int(i * NR / n)
				to = int((i + 1) * NR / n)
				print line[from + int(rand() * (to - from)) + 1]
			}
		}'
}

# killed_at NAME ORDINAL: the law at one point.  A run that does not get there
# is also a point, but does not count as reached.  Not with --seccomp-bpf, which
# loses the signal.
killed_at() {
	local rc=0
	point "$1-$2"
	# The shell would report each kill.
	{
		timeout -k 5 60 strace -f -qq -o /dev/null \
			-e trace="$1" -e inject="$1:signal=KILL:when=$2" \
			"$BIN" "$REC" >"$DIR/log" 2>&1 || rc=$?
	} 2>/dev/null
	[ "$rc" != 137 ] || reached=$((reached + 1))
	[ "$rc" = 137 ] || holds [ "exit code $rc" = "exit code 0" ]
	settles
}

# bats test_tags=slow
@test "a SIGKILL at any system call loses nothing and stores nothing twice" {
	local name n all reached=0
	needs_strace
	# An upload sent before the kill may be stored by the time the next run
	# asks.
	faults "upload * * slow-store 0.03"
	point recorded
	system_calls >"$DIR/all"
	all=$(wc -l <"$DIR/all")
	((all > 200))                        # it is a run that was recorded
	points=0
	while read -r name n; do
		killed_at "$name" "$n"
	done < <(if is_long; then cat "$DIR/all"; else sample 150 <"$DIR/all"; fi)
	announced_once
	never_failed
	say "$points points of $all, $reached of them reached; seed $SEED"
	# The number of polls varies; most calls are always made.
	((points == all || points == 150))
	((reached * 5 >= points * 4))
}

# ended_by_term MS: SIGTERM after so long; before its handler is installed
# nothing was begun.
ended_by_term() {
	local rc=0 begun pid
	"$BIN" "$REC" >"$DIR/log" 2>&1 3>&- &
	pid=$!
	sleep "$(printf '0.%03d' "$1")"
	begun=$(ms)
	kill -TERM "$pid" 2>/dev/null || true
	wait "$pid" || rc=$?
	holds [ "$(($(ms) - begun))" -lt 2000 ]
	case $rc in
	0) ended=$((ended + 1)) ;;
	75) interrupted=$((interrupted + 1)) ;;
	143)
		early=$((early + 1))
		holds [ ! -e "$REC/.jibri-finalize" ]
		holds [ "$(came any)" = 0 ]
		;;
	*) holds [ "exit code $rc" = "0 or 75" ] ;;
	esac
}

# bats test_tags=slow
@test "a SIGTERM at any moment ends the run within 2 s, and the next run completes" {
	local n=40 begun length ended=0 interrupted=0 early=0
	is_long && n=200
	faults "any * * slow-store 0.01"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=200ms
	point measured
	begun=$(ms)
	exits 0 "$BIN" "$REC"
	length=$(($(ms) - begun))
	for ((points = 0; points < n ||
		(interrupted * 3 < n && points < 3 * n); )); do
		point "term-$points"
		ended_by_term $((RANDOM % (length < 999 ? length : 999)))
		[ ! -e "$REC/.jibri-finalize" ] ||
			holds jq -e .event "$REC/.jibri-finalize" >"$DIR/events"
		settles
	done
	announced_once
	never_failed
	say "$points points: $interrupted interrupted, $ended at their end," \
		"$early before they began; seed $SEED"
	((interrupted * 3 >= n))
}
