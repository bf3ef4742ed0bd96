#!/usr/bin/env bats
# The script that is replaced: the program keeps a law for each failing that was
# measured with real servers.

load lib

setup() {
	common_setup
	start_sandbox
	recording
}

teardown() { common_teardown; }

# refuses_to_lie CODE: FAILED was sent and STOPPED was not, and the exit code
# says so.
refuses_to_lie() {
	export JIBRI_FINALIZE_TRIES=2
	run finalize "$ROOM" "$SESSION"
	assert_equal "$(stored | grep -c "^$MEDIA")" 0
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
	assert_equal "$status" "$1"
	assert_output_has "$MEDIA: "
	assert_output_has "1 of 2 artifacts stored"
}

@test "every upload answered 500: no STOPPED, and the exit code is not 0" {
	faults "upload * * status 500"
	run_finalize 75 "$ROOM" "$SESSION"
	assert_equal "$(stored)" ''
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
}

@test "an upload answered 500: no STOPPED, and the exit code is not 0" {
	faults "upload $MEDIA * status 500"
	refuses_to_lie 75
}

@test "an upload answered 413: no STOPPED, and the exit code is not 0" {
	faults "upload $MEDIA * status 413"
	refuses_to_lie 65
}

@test "an upload answered with a redirect: no STOPPED, and the exit code is not 0" {
	faults "upload $MEDIA * redirect 302 $URL/elsewhere"
	refuses_to_lie 78
	assert_equal "$(requests other)" 0
}

@test "an upload whose connection is cut: no STOPPED, and the exit code is not 0" {
	faults "upload $MEDIA * drop-at 50%"
	refuses_to_lie 75
}

@test "an upload that is reset: no STOPPED, and the exit code is not 0" {
	faults "upload $MEDIA * reset-at 10"
	refuses_to_lie 75
}

@test "a stalled upload does not hang the program" {
	local start=$SECONDS
	sparse "$REC/$MEDIA" 3000000
	export JIBRI_FINALIZE_STALL_TIMEOUT=500ms JIBRI_FINALIZE_TRIES=1
	faults "upload $MEDIA * stall-at 1000 120"
	refuses_to_lie 75
	((SECONDS - start < 10))
	assert_output_has "stalled"
}

@test "a server that never answers does not hang the program" {
	local start=$SECONDS
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=300ms JIBRI_FINALIZE_TRIES=1
	faults "any * * stall-answer 120"
	run_finalize 75 "$ROOM" "$SESSION"
	assert_equal "$(stored)" ''
	assert_equal "$(webhooks)" ''
	((SECONDS - start < 10))
}

@test "a request that fails briefly is tried again" {
	faults "lookup * 1 status 503" "upload $MEDIA 2 status 503" \
		"webhook * 1 status 503"
	run_finalize 0 "$ROOM" "$SESSION"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "an upload that failed permanently is reported to the backend as FAILED" {
	faults "upload $MEDIA * status 413"
	run_finalize 65 "$ROOM" "$SESSION"
	[[ $(webhooks) == "FAILED $ROOM $SESSION $MEDIA: "*413* ]]
}

@test "a room with a space is found and delivered" {
	rooms '{"weekly stand up": "m-7"}'
	run_finalize 0 "weekly stand up" "$SESSION"
	assert_equal "$(ROOM="weekly stand up"; stored)" \
		"$(printf '%s\n' "$MEDIA" metadata.json | LC_ALL=C sort)"
	assert_equal "$(webhooks)" "STOPPED weekly stand up $SESSION"
	assert_equal "$(request lookup .target)" \
		/api/meetings/room/weekly%20stand%20up
}

@test "an unknown room uploads nothing and is not answered with STOPPED" {
	run_finalize 65 nobody-knows-it "$SESSION"
	assert_equal "$(requests upload)" 0
	assert_equal "$(webhooks | grep -c STOPPED)" 0
	assert_output_has "unknown room"
}

@test "a quote in the session gives valid JSON" {
	SESSION='20250105-"quoted"\x'
	run finalize "$ROOM" "$SESSION"
	# Sent intact, or refused: never broken.
	assert_equal "$(requests webhook)" "$(webhooks | wc -l)"
	if [ "$status" = 0 ]; then
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	fi

	rm "$REC/.jibri-finalize"
	SESSION='20250105-"quoted"'
	run_finalize 0 "$ROOM" "$SESSION"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
	is_stored metadata.json "$MEDIA"
}

@test "a quote in the room gives valid JSON" {
	rooms '{"say \"hello\"": 9}'
	run_finalize 0 'say "hello"' "$SESSION"
	assert_equal "$(webhooks)" "STOPPED say \"hello\" $SESSION"
}

@test "file names with a semicolon or a comma are sent" {
	echo one >"$REC/a;b.txt"
	echo two >"$REC/c,d.txt"
	echo three >"$REC/e;type=text,x.txt"
	run_finalize 0 "$ROOM" "$SESSION"
	is_stored 'a;b.txt' 'c,d.txt' 'e;type=text,x.txt' metadata.json "$MEDIA"
}

@test "an mp4 goes out as video/mp4, a json as application/json" {
	run_finalize 0 "$ROOM" "$SESSION"
	assert_equal "$(request upload \
		'.part.filename + " " + .part.contentType' | LC_ALL=C sort)" \
		"$(printf '%s\n' "$MEDIA video/mp4" \
			'metadata.json application/json' | LC_ALL=C sort)"
}

# bats test_tags=slow
@test "a rerun duplicates nothing, however the first run ended" {
	run_finalize 0 "$ROOM" "$SESSION"
	run_finalize 0 "$ROOM" "$SESSION"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 2

	another_recording rerun
	faults "upload $MEDIA * status 503"
	run_finalize 75 "$ROOM" rerun
	faults
	run_finalize 0 "$ROOM" rerun
	is_stored metadata.json "$MEDIA"
	assert_equal "$(request upload .part.filename |
		grep -c metadata.json)" 2
}

@test "no secret is in the arguments of any process at any time" {
	local pid seen=0 f
	export JIBRI_FINALIZE_TOKEN=t0ken-in-env
	faults "any * * slow-store 0.2"
	"$BIN" "$REC" "$ROOM" "$SESSION" >"$DIR/output" 2>&1 3>&- &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		for f in "/proc/$pid/cmdline" "/proc/$pid"/task/*/children; do
			tr '\0' ' ' <"$f" >>"$DIR/seen" 2>/dev/null || true
		done
		seen=$((seen + 1))
		sleep 0.01
	done
	wait "$pid"
	((seen > 5))
	grep -q "$SESSION" "$DIR/seen"
	run ! grep -qE 's3cret|t0ken-in-env' "$DIR/seen"
	run ! grep -qE 's3cret|t0ken-in-env' "$DIR/output"
	# No other program is started that could receive them.
	run ! grep -qE '^[0-9]+ *$' "$DIR/seen"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "called as Jibri calls it, with one argument, it delivers" {
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "called with the old three arguments, without metadata.json, it delivers" {
	rm "$REC/metadata.json"
	run_finalize 0 "$ROOM" 20250105-143022-abc123
	SESSION=20250105-143022-abc123
	is_stored "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}
