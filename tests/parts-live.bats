#!/usr/bin/env bats
# A file-service gets parts while a recording is written, before the meeting is
# known.

load lib
load live

setup() {
	common_setup
	TOP=$DIR/recordings
	export JIBRI_FINALIZE_RECORDINGS_DIR=$TOP
	export JIBRI_FINALIZE_WATCH_INTERVAL=1s JIBRI_FINALIZE_SETTLE=1m
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=5s
	export JIBRI_PID='' WATCH_PID=''
}

teardown() {
	live_teardown
}

# uploads: ids of those that the service keeps.
uploads() {
	jq -r 'keys[]' "$SB/uploads.json" 2>/dev/null || true
}

takes_parts() {
	start_sandbox --parts $((5 * 1024 * 1024))
}

@test "parts are sent while a file is written, and path and meeting are given at the end" {
	takes_parts
	watch
	jibri 20
	wait_for has_ahead "2 3"
	assert_equal "$(requests lookup)" 0
	assert_equal "$(request begin '.target | split("?")[0]')" \
		/files/structured/-/uploads
	finish
	arrived
	leave 0
	assert_equal "$(request complete '.target | split("?")[1]')" \
		"path=/$ROOM/$SESSION/"
	assert_equal "$(journal 'select(.event == "partStored") | .count' |
		sort -n | xargs)" "1 2 3 4 5"
	assert_equal "$(jq -r 'select(.filename | endswith(".mp4")) | .referenceId' \
		"$SB/records.jsonl")" 123
}

@test "parts sent ahead for a tenant are kept, and go to the right meeting" {
	takes_parts
	rooms "{\"[acme]$ROOM\": 7}"
	watch
	jibri 20
	wait_for has_ahead "2 3"
	finish well "https://meet.example.org/acme/$ROOM"
	wait_for announced
	ROOM="[acme]$ROOM"
	is_stored "$MEDIA" metadata.json
	assert_equal "$(uploads)" ""
	assert_equal "$(requests begin) $(requests part)" "1 5"
	leave 0
}

@test "a service that takes no parts is asked once, and gets the file at the end" {
	start_sandbox
	watch
	jibri 20
	sleep 4
	assert_equal "$(requests other)" 1
	finish
	arrived
	leave 0
	assert_equal "$(requests other) $(requests upload)" "1 2"
	refute_output_has warning
}

@test "a sweep sends ahead too, and the next one continues" {
	takes_parts
	jibri 20
	run_command 0 sweep
	wait_for has_ahead "2 3"
	assert_equal "$(requests begin)" 1
	run_command 0 sweep
	assert_equal "$(requests begin)" 1
	finish
	run_command 0 "$REC"
	arrived
	assert_equal "$(requests begin) $(requests part)" "1 5"
}

@test "after watch is killed, the next one and the hook keep the parts that were sent" {
	takes_parts
	watch
	jibri 20
	wait_for has_ahead "2 3"
	kill -KILL "$WATCH_PID"
	wait "$WATCH_PID" || true
	WATCH_PID=
	finish rewrite
	run_finalize 0
	arrived
	# The rewritten part was sent again.
	assert_equal "$(requests begin) $(requests part)" "1 6"
}

@test "what the service forgets meanwhile is sent again" {
	takes_parts
	watch
	jibri 20
	wait_for has_ahead "2 3"
	kill -KILL "$WATCH_PID"
	wait "$WATCH_PID" || true
	WATCH_PID=
	faults "parts * 1 status 404"
	finish
	run_finalize 0
	is_stored "$MEDIA" metadata.json
	assert_equal "$(requests begin)" 2
	assert_equal "$(webhooks | grep -c STOPPED)" 1
}

@test "forget aborts what was sent ahead of a recording" {
	takes_parts
	watch
	jibri 20
	wait_for has_ahead "2 3"
	leave 75
	finish die
	assert_equal "$(uploads | wc -l)" 1
	run_command 0 forget --yes "$REC"
	assert_equal "$(uploads)" ""
}
