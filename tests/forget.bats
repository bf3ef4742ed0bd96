#!/usr/bin/env bats
# Giving up a recording, or clearing its journal.

load lib
load points
setup() {
	common_setup
	start_sandbox
	recording
}
teardown() { common_teardown; }

# held: a recording whose room is unknown.
held() {
	rooms '{}'
	run_finalize 65
	rooms "{\"$ROOM\": 123}"
}

@test "later calls leave a given-up recording alone, with exit code 0" {
	local before
	held
	run_command 0 forget --yes "$REC"
	assert_output_has "$SESSION: given up"
	before=$(requests)
	cp "$REC/.jibri-finalize" "$DIR/journal"
	run_finalize 0
	assert_equal "$(requests)" "$before"
	assert_equal "$(stored)" ""
	cmp "$REC/.jibri-finalize" "$DIR/journal"
	assert_output_has "$SESSION: given up by an operator"
	run_finalize 0 --json
	assert_equal "$(jq -r .state <<<"$output")" given-up
	assert_equal "$(journal | tail -n 1)" given-up
}

@test "giving a recording up sends and deletes nothing" {
	held
	local before
	before=$(requests)
	run_command 0 forget --yes "$REC"
	assert_equal "$(requests)" "$before"
	cmp "$ROOT/tests/data/video.mp4" "$REC/$MEDIA"
	assert_equal "$(find "$REC" -type f | wc -l)" 3
}

@test "a recording that Jibri never handed over can be given up, and twice is the same as once" {
	run_command 0 forget --yes "$REC"
	run_command 0 forget --yes "$REC"
	assert_output_has "was given up before"
	assert_equal "$(journal)" given-up
	run_finalize 0
	assert_equal "$(requests)" 0
}

@test "--force delivers a given-up recording" {
	run_command 0 forget --yes "$REC"
	run_finalize 0 --force
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	run_finalize 0
	assert_output_has "done already"
}

@test "a delivered recording cannot be given up, but a file added to it can" {
	run_finalize 0
	cp "$REC/.jibri-finalize" "$DIR/journal"
	run_command 0 forget --yes "$REC"
	assert_output_has "is delivered"
	cmp "$REC/.jibri-finalize" "$DIR/journal"
	echo late >"$REC/late.txt"
	run_command 0 forget --yes "$REC"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_output_has "given up"
}

@test "after its journal is cleared the next run asks the server and doubles nothing" {
	run_finalize 0
	run_command 0 forget --reset --yes "$REC"
	# It remembers what was announced, but not what was sent.
	assert_equal "$(journal 'keys | join(" ")' | tail -1)" "at event moment"
	faults "list * 1 status 503"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 2
	assert_output_has "the server has it already"
	assert_equal "$(webhooks | sort -u)" "STOPPED $ROOM $SESSION"
}

@test "clearing the journal revives a given-up recording" {
	run_command 0 forget --yes "$REC"
	run_command 0 forget --reset --yes "$REC"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "a damaged journal holds a recording until it is cleared" {
	head -c 2000000 /dev/zero | tr '\0' x >"$REC/.jibri-finalize"
	run_finalize 65
	assert_output_has "is damaged"
	assert_equal "$(requests upload)" 0
	run_command 65 forget --yes "$REC"
	run_command 0 forget --reset --yes "$REC"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	run_finalize 0
	assert_output_has "done already"
}

@test "a journal is not cleared while the server may still be storing an upload" {
	export JIBRI_FINALIZE_TRIES=1 JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	faults "upload $MEDIA 1 late-store 1 504"
	run_finalize 75
	cp "$REC/.jibri-finalize" "$DIR/journal"
	run_command 75 forget --reset --yes "$REC"
	assert_output_has "$MEDIA: the server may still be storing it"
	cmp "$REC/.jibri-finalize" "$DIR/journal"
	wait_for test -s "$SB/store/$ROOM/$SESSION/$MEDIA"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10ms
	run_command 0 forget --reset --yes "$REC"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=1s
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "a recording that another process works on is neither given up nor its journal cleared" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10s
	faults "upload $MEDIA 1 slow-store 3"
	finalize >"$DIR/first" &
	local first=$!
	wait_for grep -q sending "$REC/.jibri-finalize"
	run_command 75 forget --yes "$REC"
	assert_output_has "is working on this recording"
	run_command 75 forget --reset --yes "$REC"
	wait "$first"
	is_stored metadata.json "$MEDIA"
	run_finalize 0
	assert_output_has "done already"
}

@test "a failed write is reported, when the journal is cleared as when a recording is given up" {
	needs_strace
	held
	run timeout -k 5 20 strace -f -qq -o "$DIR/trace" -e trace=fdatasync \
		-e inject=fdatasync:error=EIO "$BIN" forget --reset --yes "$REC"
	ended_with 65
	assert_output_has "its journal was not cleared"
	run ! grep -q '"reset"' "$REC/.jibri-finalize"
	run -0 grep -q INJECTED "$DIR/trace"
	run timeout -k 5 20 strace -f -qq -o "$DIR/trace" -e trace=fdatasync \
		-e inject=fdatasync:error=EIO "$BIN" forget --yes "$REC"
	ended_with 65
	assert_output_has "it was not given up"
	run -0 grep -q INJECTED "$DIR/trace"
	run -0 "$BIN" status "$DIR/recordings"
	refute_output_has given-up
}

@test "the state is spelled given-up everywhere, and older spellings are accepted" {
	local name
	run_command 0 forget -y "$REC"
	run_command 0 status "$DIR/recordings"
	assert_equal "${lines[1]%% *}" given-up
	assert_equal "${lines[-1]}" "1 given-up"
	for name in given-up "given up" given_up givenUp; do
		run_command 0 status --json --state "$name" "$DIR/recordings"
		assert_equal "$(jq -r '.recordings[].state' <<<"$output")" given-up
	done
	JIBRI_FINALIZE_METRICS_FILE=$DIR/metrics \
		JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings run_command 0 sweep
	run -0 grep -F '{state="given-up"} 1' "$DIR/metrics"

	JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings run_command 0 sweep --json
	assert_equal "$(tail -n 1 <<<"$output" | jq '."given-up"')" 1

	# What an earlier version wrote keeps its meaning.
	sed -i 's/"given-up"/"givenUp"/' "$REC/.jibri-finalize"
	assert_equal "$(journal)" givenUp
	run_finalize 0
	assert_equal "$(requests)" 0
}

@test "without a terminal it does not ask, and does nothing without --yes" {
	run_command 64 forget "$REC" </dev/null
	assert_output_has "--yes"
	[ ! -e "$REC/.jibri-finalize" ]
}

# answer TEXT COMMAND...: on a terminal, where TEXT is typed.
answer() {
	local text=$1
	shift
	printf '%s\n' "$text" |
		timeout -k 5 20 "${PTS[@]}" script -qec "${*@Q}" /dev/null
}

@test "on a terminal it asks, and accepts only yes" {
	needs_terminal
	run answer n "$BIN" forget "$REC"
	ended_with 64
	assert_output_has "Give $REC up"
	assert_output_has "nothing was done"
	[ ! -e "$REC/.jibri-finalize" ]
	run answer "" "$BIN" forget --reset "$REC"
	ended_with 64
	[ ! -e "$REC/.jibri-finalize" ]
	run answer y "$BIN" forget "$REC"
	ended_with 0
	assert_equal "$(journal)" given-up
}

@test "a missing directory is named, and nothing is created" {
	run_command 66 forget --yes "$DIR/none"
	assert_output_has "$DIR/none"
	[ ! -e "$DIR/none" ]
}
