#!/usr/bin/env bats
# Sixteen processes that start on one recording at once, while some of them are
# killed.  15 rounds in the everyday run, 200 with LONG=1.

load lib
load points
setup() {
	common_setup
	# After a kill the server may still be storing uploads, slowed down by
	# sixteen starts.
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=400ms
	points_setup
	faults "any * * slow-store 0.01"
}
teardown() { common_teardown; }

# start N MS: a process that starts after so long; its exit code and output are
# kept under its number.
start() {
	(
		sleep "$(printf '0.%03d' "$2")"
		exec "$BIN" "$REC" >"$DIR/out.$1" 2>&1
	) 3>&- &
	pids[$1]=$!
}

# kill_one: usually the one that the journal names as working, else any.
kill_one() {
	local victim=
	((RANDOM % 4 == 0)) || victim=$(jq -r 'select(.event == "began") | .pid' \
		"$REC/.jibri-finalize" 2>/dev/null | tail -n 1)
	# A pid of an earlier round may belong to another process by now.
	[[ -n $victim && " ${pids[*]} " == *" $victim "* ]] ||
		victim=${pids[RANDOM % 16]}
	kill -KILL "$victim" 2>/dev/null || true
}

# is_loser N: its output names the process that holds the recording, one of the
# others.
is_loser() {
	local holder
	grep -q "^$SESSION: busy: " "$DIR/out.$1" || return 1
	holder=$(sed -n "s/.*process \([0-9]*\) on .* is working on this rec.*/\1/p" \
		"$DIR/out.$1")
	# It has the lock, and has not written its name yet.
	if [ -z "$holder" ]; then
		grep -q "another process is working on this recording" "$DIR/out.$1"
		return
	fi
	named=$((named + 1))
	[ "$holder" != "${pids[$1]}" ] && [[ " ${pids[*]} " == *" $holder "* ]]
}

# one_round: sixteen processes, and some kills at random moments.
one_round() {
	local pids=() i rc
	for i in {0..15}; do start "$i" $((RANDOM % 60)); done
	for ((i = 1 + RANDOM % 4; i > 0; i--)); do
		sleep "$(printf '0.%03d' $((RANDOM % 40)))"
		kill_one
	done
	for i in {0..15}; do
		rc=0
		wait "${pids[i]}" 2>/dev/null || rc=$?
		cp "$DIR/out.$i" "$DIR/log" 2>/dev/null || : >"$DIR/log"
		case $rc in
		0) worked=$((worked + 1)) ;;
		75)
			lost=$((lost + 1))
			holds is_loser "$i"
			;;
		137) killed=$((killed + 1)) ;;
		*) holds [ "exit code $rc" = "0, 75 or 137" ] ;;
		esac
	done
	rm -f "$DIR"/out.*
	settles
}

# bats test_tags=slow
@test "of sixteen processes on one recording one works, and nothing is doubled whichever is killed" {
	local rounds=15 worked=0 lost=0 killed=0 named=0
	is_long && rounds=200
	for ((points = 0; points < rounds; )); do
		point "round-$points"
		one_round
	done
	# Each kill can lose one acknowledgement.
	announced_once 5
	never_failed
	say "$points rounds of 16: $worked done, $lost lost ($named named" \
		"the holder), $killed killed; seed $SEED"
	# They really ran at the same time, and some died.
	((lost > rounds && named > 0 && killed > 0))
}
