#!/usr/bin/env bats
# A clock that jumps, between runs and during one.  Only the time of day is
# faked: CLOCK_MONOTONIC is the system's, and that never jumps.

load lib
load points

DAY=86400
YEARS=$((3653 * DAY))
JUMPS=("+$DAY" "-$DAY" "+$YEARS" "-$YEARS")

setup() {
	common_setup
	points_setup
	FAKE=$(find /usr/lib /usr/local/lib -name libfaketime.so.1 \
		2>/dev/null | head -n 1)
	[ -n "$FAKE" ] || skip "libfaketime is not installed"
	export JIBRI_FINALIZE_FAILED_WEBHOOK=never
	# libfaketime reads its file again and again.
	export JIBRI_FINALIZE_CONFINE=no
}
teardown() { common_teardown; }

# clock SECONDS: from now on this session's time of day is off by that much.
clock() {
	echo "$1" >"$DIR/clock-$SESSION.new"
	mv "$DIR/clock-$SESSION.new" "$DIR/clock-$SESSION"
}

# faked: the program with that time of day, as an array of words.
faked() {
	FAKED=(env LD_PRELOAD="$FAKE" NO_FAKE_STAT=1
		FAKETIME_TIMESTAMP_FILE="$DIR/clock-$SESSION"
		FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
		"$BIN" "$REC")
}

# run_at OFFSET CODE [ARGUMENT...]: a run at that time of day.
run_at() {
	local want=$2
	clock "$1"
	faked
	shift 2
	exits "$want" "${FAKED[@]}" "$@"
}

# stamped TEXT JUMP: prefix each line of stdin with the true time in ms; the
# clock jumps at the first line with that text.
stamped() {
	local line text=$1
	while IFS= read -r line; do
		echo "$((${EPOCHREALTIME/./} / 1000)) $line"
		[[ -n $text && $line == *"$text"* ]] || continue
		clock "$2"
		text=
	done
}

# run_jumping TEXT JUMP [ARGUMENT...]: a run in which the clock jumps; its last
# line is "ended CODE".  Its lines come from the log file, which, unlike stderr,
# never holds a line back.
run_jumping() {
	local text=$1 jump=$2 pipe=$DIR/pipe-$SESSION
	shift 2
	clock +0
	faked
	mkfifo "$pipe"
	stamped "$text" "$jump" <"$pipe" >"$DIR/lines-$SESSION" &
	say_what_it_does "$@" 9>"$pipe"
	wait "$!"
}

# say_what_it_does [ARGUMENT...]: print it to descriptor 9.
say_what_it_does() {
	local rc=0
	echo begun >&9
	timeout 30 "${FAKED[@]}" --log-level debug --log-file "$pipe" "$@" \
		>/dev/null 2>&1 9>&- || rc=$?
	echo "ended $rc" >&9
}

# at_each_jump NAME TEXT [ARGUMENT...]: a run for each jump, all at once.
at_each_jump() {
	local jump name=$1 text=$2 pids=()
	shift 2
	for jump in "${JUMPS[@]}"; do
		point "$name$jump"
		run_jumping "$text" "$jump" "$@" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
}

# of_each_jump NAME COMMAND...: for each of these sessions.
of_each_jump() {
	local jump name=$1
	shift
	for jump in "${JUMPS[@]}"; do
		SESSION=$name$jump
		REC=$DIR/recordings/$SESSION
		cp "$DIR/lines-$SESSION" "$DIR/log"
		holds "$@"
	done
}

ended() {
	[[ $(tail -n 1 "$DIR/lines-$SESSION") == *" ended $1" ]]
}

# took FROM TO: so many ms, from the first line to the last.
took() {
	local first last
	first=$(head -n 1 "$DIR/lines-$SESSION")
	last=$(tail -n 1 "$DIR/lines-$SESSION")
	set -- "$1" "$2" $((${last%% *} - ${first%% *}))
	(($3 >= $1 && $3 <= $2)) || {
		echo "took $3 ms, not $1 to $2" >&2
		return 1
	}
}

is_whole() {
	jq -es 'all(.event and .at)' "$REC/.jibri-finalize" >"$DIR/jq" &&
		[ -z "$(tail -c 1 "$REC/.jibri-finalize")" ]
}

# The journal's first and last time, in seconds.
began() {
	jq -s '.[0].at / 1000 | floor' "$REC/.jibri-finalize"
}
was_at() {
	jq -s '.[-1].at / 1000 | floor' "$REC/.jibri-finalize"
}

# tells OFFSET SECONDS: is that the time of a clock with this offset?
tells() {
	local off=$(($2 - EPOCHSECONDS - $1))
	((off > -30 && off < 30)) || {
		echo "$2 is off by $off s" >&2
		return 1
	}
}

# uploads FILE: how often that file of this session came.
uploads() {
	request upload 'select(.target | contains("'"${SESSION/+/%2B}"'")) |
		select(.part.filename == "'"$1"'") | .n' | wc -l
}

# --- during a run ------------------------------------------------------------

has_jumped() {
	tells 0 "$(began)" && tells "${SESSION##*[a-z]}" "$(was_at)"
}

# bats test_tags=slow
@test "a clock that jumps during a run harms nothing, and the journal shows the jump" {
	faults "upload *.mp4 * slow-store 0.5"
	at_each_jump stage "stage: upload"
	of_each_jump stage ended 0
	of_each_jump stage has_jumped
	of_each_jump stage is_whole
	of_each_jump stage is_delivered
	announced_once
	of_each_jump stage settles
	say "$points points"
}

# keeps_its_plan N: N pauses; each lasts at least half of what was announced,
# and no longer than the limit: what the server asked for, 0.1 s, and an
# allowance for a busy machine.
keeps_its_plan() {
	local stamp line plan='' from=0 n=0 pause
	while read -r stamp line; do
		[[ $line == *"HTTP 503"* ]] || continue
		if [ -n "$plan" ]; then
			pause=$((stamp - from))
			n=$((n + 1))
			((pause >= plan / 2 && pause <= 1100 + 3000 &&
				plan >= 900 && plan <= 1100)) || {
				echo "$pause ms, announced were $plan" >&2
				return 1
			}
		fi
		plan=
		[[ $line =~ next\ try\ in\ ([0-9]+)\.([0-9])\ s ]] || continue
		plan=$((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] * 100))
		from=$stamp
	done <"$DIR/lines-$SESSION"
	((n == $1))
}

# bats test_tags=slow
@test "no retry comes before half of its pause or after its limit, whatever the clock says" {
	local stage
	for stage in lookup "upload a.txt" webhook; do
		[[ $stage == *" "* ]] || stage+=" *"
		faults "$stage * status 503 Retry-After: 1"
		at_each_jump "${stage%% *}" "next try in" --tries 3
		of_each_jump "${stage%% *}" ended 75
		of_each_jump "${stage%% *}" keeps_its_plan 2
		of_each_jump "${stage%% *}" is_whole
	done
	faults
	of_each_jump upload settles
	say "$((2 * points)) retries"
}

# bats test_tags=slow
@test "a jump of the clock does not move the deadline" {
	faults "upload a.txt * stall-answer 60"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	at_each_jump deadline "stage: upload" --deadline 2s
	of_each_jump deadline ended 75
	of_each_jump deadline took 1900 5000
	of_each_jump deadline is_whole
	say "$points points"
}

# bats test_tags=slow
@test "a jump of the clock does not change how long an answer may take" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=2s
	faults "upload a.txt * slow-store 1"
	at_each_jump slow "stage: upload"
	of_each_jump slow ended 0
	of_each_jump slow is_delivered
	faults "upload a.txt * stall-answer 60" "list * 99 status 503"
	at_each_jump never "stage: upload" --tries 1
	of_each_jump never ended 75
	of_each_jump never took 1900 6000
	say "$points points"
}

# --- between runs ------------------------------------------------------------

# bats test_tags=slow
@test "the webhook's body has the time of the facts, its header that of the attempt" {
	local jump now body header
	for jump in "${JUMPS[@]}"; do
		point "said$jump"
		: >"$SB/webhooks.jsonl"
		faults "webhook * * status 503"
		run_at "$jump" 75 --tries 1
		faults
		run_at +0 0
		holds is_delivered
		holds is_whole
		holds [ "$(jq -r '.headers["webhook-id"]' \
			"$SB/webhooks.jsonl" | sort -u | wc -l)" = 1 ]
		for now in first last; do
			read -r body header < <(jq -rs "$now"' |
				"\(.body | fromjson | .timestamp) \(
				.headers["webhook-timestamp"])"' \
				"$SB/webhooks.jsonl")
			holds tells "$jump" "$body"
			[ $now = last ] || holds tells "$jump" "$header"
		done
		holds tells 0 "$header"
		run_at "$jump" 0             # has nothing left to do
		holds [ "$(came webhook)" = 2 ]
		holds [ "$(came upload)" = 3 ]
	done
	say "$points points"
}

# leaves_unknown OFFSET: a run that ends without knowing whether two of its
# files are stored; metadata.json is.
leaves_unknown() {
	faults "list * * status 503" "upload a.txt * drop-after" \
		"upload metadata.json * drop-stored"
	run_at "$1" 75 --tries 2
	faults
	holds [ "$(journal | grep -c unknown)" = 2 ]
}

# is_settled_soon: the next run finds one of them and sends the other.
is_settled_soon() {
	local from
	from=$(ms)
	exits 0 "$BIN" "$REC"
	holds [ $(($(ms) - from)) -le 4000 ]
	holds is_delivered
	holds is_whole
	holds [ "$(uploads a.txt)" = 2 ]
	holds [ "$(uploads metadata.json)" = 1 ]
}

# bats test_tags=slow
@test "an unknown outcome is settled in bounded time, whatever time the journal gives it" {
	local at jump n=0
	for jump in $(printf '%s\n' "${JUMPS[@]}" | some 2); do
		point "unknown$jump"
		leaves_unknown "$jump"
		is_settled_soon
	done
	for at in $(printf '%s\n' 0 1 -1 9223372036854775807 \
		-9223372036854775808 null '"x"' | some 3); do
		point "unknown$((++n))"
		leaves_unknown +0
		sed -i '/"unknown"/s/"at": *[0-9]*/"at":'"$at"'/' \
			"$REC/.jibri-finalize"
		grep -qF "\"at\":$at" "$REC/.jibri-finalize"
		exits 0 "$BIN" "$REC"
		holds is_delivered
		holds [ "$(uploads a.txt)" = 2 ]
		holds [ "$(uploads metadata.json)" = 1 ]
	done
	say "$points points"
}

# bats test_tags=slow
@test "a Retry-After with a date is bounded, in the past as in years" {
	local jump date from
	date=$(LC_ALL=C date -u -d '+1 minute' '+%a, %d %b %Y %H:%M:%S GMT')
	faults "upload a.txt * status 503 Retry-After: $date"
	for jump in "${JUMPS[@]}"; do
		point "dated$jump"
		from=$(ms)
		run_at "$jump" 75 --tries 3
		holds [ $(($(ms) - from)) -le 4000 ]
		# A time in the future by this clock is not waited for, but
		# kept.
		case $jump in
		-*) holds [ "$(uploads a.txt)" = 1 ] ;;
		+*) holds [ "$(uploads a.txt)" = 3 ] ;;
		esac
	done
	say "$points points"
}

# bats test_tags=slow
@test "files stored by a killed run are found, whatever the clock of that run said" {
	local jump pid
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=30s
	for jump in "${JUMPS[@]}"; do
		point "killed$jump"
		faults "upload a.txt 1 stall-stored 20"
		clock "$jump"
		faked
		"${FAKED[@]}" >"$DIR/log" 2>&1 3>&- &
		pid=$!
		wait_for test -s "$SB/store/$ROOM/$SESSION/a.txt"
		kill -KILL "$pid"
		wait "$pid" || true
		exits 0 env JIBRI_FINALIZE_ANSWER_TIMEOUT=1s "$BIN" "$REC"
		holds is_delivered
		holds [ "$(uploads a.txt)" -le 1 ]
	done
	say "$points points"
}

# --- a clock that runs faster ------------------------------------------------

# hurried [ARGUMENT...]: start a sweep whose minutes are seconds; sets PID.
hurried() {
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10h JIBRI_FINALIZE_STALL_TIMEOUT=10h
	export JIBRI_FINALIZE_DEADLINE=10h
	LD_PRELOAD="$FAKE" FAKETIME="+0 x60" NO_FAKE_STAT=1 \
		"$BIN" sweep "$@" >"$DIR/out" 2>&1 3>&- &
	PID=$!
}

# bats test_tags=slow
@test "recordings that take very long do not hold up others, nor those that appear meanwhile" {
	local rc=0
	another_recording monster
	another_recording second
	faults "upload *.mp4 1 stall-answer 60"
	hurried --jobs 1
	wait_for is_told STOPPED second
	another_recording third
	wait_for is_told STOPPED third
	kill -0 "$PID"
	kill "$PID"
	wait "$PID" || rc=$?
	assert_equal "$rc" 75
}

# is_told EVENT SESSION
is_told() {
	webhooks | grep -qx "$1 $ROOM $2"
}
