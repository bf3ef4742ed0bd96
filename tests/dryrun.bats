#!/usr/bin/env bats
# What would be done: the same decisions as of a real run, and not a trace.

load lib
setup() {
	common_setup
	start_sandbox
	recording
}
teardown() { common_teardown; }

snapshot() {
	find "$REC" -printf '%p %s %m %T@ %C@\n'
}

# dry CODE COMMAND [ARGUMENT...]: it leaves nothing behind, here or there.
dry() {
	local code=$1 command=$2
	shift 2
	snapshot >"$DIR/before"
	run_command "$code" "$command" --dry-run "$@" "$REC"
	snapshot | diff "$DIR/before" -
	# shellcheck disable=SC2016
	run -0 jq -es 'map(select(.stage == "upload" or .stage == "webhook")) |
		length == $n' --argjson n "${SENT:-0}" "$SB/requests.jsonl"
	run_command "$code" "$command" --dry-run "$@" "$REC"
}

# plan: "VERDICT PATH" of each row of the --json form.
plan() {
	dry 0 "$@" --json >"$DIR/log"
	run --separate-stderr timeout 60 "$BIN" "$1" --dry-run --json \
		"${@:2}" "$REC"
	jq -r '.artifacts[] | .plan + " " + .path' <<<"$output"
	jq -r .then <<<"$output" >"$DIR/then"
}

@test "of a fresh recording it shows what is sent, with types and sizes, and leaves no trace" {
	echo x >"$REC/x.part"
	dry 0 finalize
	assert_output_has "$SESSION: dry run, room $ROOM, meeting 123"
	assert_output_has "  send           5935 video/mp4        $MEDIA"
	assert_output_has "application/json"
	assert_output_has "  skip              - -                x.part"
	assert_output_has "        excluded"
	assert_output_has "  2 to send, 1 skipped; then STOPPED"
	[ ! -e "$REC/.jibri-finalize" ]
	run -1 grep -E '.{81}' <<<"$output"
}

@test "what it says a run would do is what the run does" {
	echo notes >"$REC/notes.txt"
	faults "upload $MEDIA * status 429"
	run_finalize 75 --tries 1
	faults
	SENT=$(($(requests upload) + $(requests webhook)))
	assert_equal "$(plan finalize)" "send $MEDIA
there metadata.json
there notes.txt"
	assert_equal "$(cat "$DIR/then")" STOPPED
	local before
	before=$(requests upload)
	run_finalize 0
	assert_equal $(($(requests upload) - before)) 1
}

@test "of a delivered recording finalize asks nobody, upload asks the server" {
	run_finalize 0
	SENT=3
	local before
	before=$(requests)
	assert_equal "$(plan finalize)" "there $MEDIA
there metadata.json"
	assert_equal "$(cat "$DIR/then")" "nothing, STOPPED is acknowledged"
	assert_equal "$(requests)" "$before"
	rm "$SB/store/$ROOM/$SESSION/$MEDIA"
	age_journal
	assert_equal "$(plan upload)" "doubt $MEDIA
there metadata.json"
	assert_equal "$(cat "$DIR/then")" STOPPED
	run_finalize 0
	assert_output_has "done already"
}

@test "without a journal the server's list decides" {
	run_finalize 0
	SENT=3
	rm "$REC/.jibri-finalize"
	echo late >"$REC/late.txt"
	assert_equal "$(plan upload)" "there $MEDIA
send late.txt
there metadata.json"
}

@test "an upload whose outcome is not known is in doubt" {
	export JIBRI_FINALIZE_TRIES=1 JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	faults "upload $MEDIA 1 status 504"
	run_finalize 75
	SENT=$(($(requests upload) + $(requests webhook)))
	assert_equal "$(plan upload)" "doubt $MEDIA
there metadata.json"
}

# bats test_tags=slow
@test "--only, --force and --no-webhook show in the plan" {
	assert_equal "$(plan upload --only '*.json')" "skip $MEDIA
send metadata.json"
	assert_equal "$(cat "$DIR/then")" \
		"no STOPPED, as not everything is selected"
	assert_equal "$(plan upload --no-webhook | wc -l)" 2
	assert_equal "$(cat "$DIR/then")" "no STOPPED, as asked"
	run_finalize 0
	SENT=3
	assert_equal "$(plan upload --force)" "send $MEDIA
send metadata.json"
	assert_equal "$(plan upload --force --only '*.mp4')" "send $MEDIA
skip metadata.json"
}

@test "a recording without whole media is shown as one that is not announced" {
	truncate -s 100 "$REC/$MEDIA"
	assert_equal "$(plan upload)" "send $MEDIA
send metadata.json"
	grep -F "no STOPPED: recording is damaged: $MEDIA" "$DIR/then"
}

@test "what keeps a run from its start keeps the plan from it, and is told to nobody" {
	rooms '{}'
	dry 65 upload
	assert_output_has "unknown room"
	run_command 66 upload --dry-run "$DIR/none"
	dry 64 upload --room a/b
	assert_equal "$(requests webhook)" 0
}

@test "of a recording that is worked on it shows no plan" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10s
	faults "upload $MEDIA 1 slow-store 3"
	finalize >"$DIR/first" &
	local first=$!
	wait_for grep -q sending "$REC/.jibri-finalize"
	run_command 75 upload --dry-run "$REC"
	assert_output_has "works on this recording"
	wait "$first"
	is_stored metadata.json "$MEDIA"
}

@test "long names stand on a line of their own and are never cut" {
	local long
	long=$(printf 'n%.0s' {1..76}).txt
	echo x >"$REC/$long"
	dry 0 upload
	run -0 grep -x "    $long" <<<"$output"
}
