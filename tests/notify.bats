#!/usr/bin/env bats
# One webhook by hand: STARTED for whoever starts recordings, STOPPED and
# FAILED for a backend that missed them.

load lib
setup() {
	common_setup
	start_sandbox
	recording
}
teardown() { common_teardown; }

# ids: the webhook-id of each that was acknowledged.
ids() {
	jq -r 'select(.acked) | .headers["webhook-id"]' "$SB/webhooks.jsonl"
}

# bodies: the bodies of these webhooks.
bodies() {
	jq -r 'select(.acked) | .body' "$SB/webhooks.jsonl"
}

# live: a recording in progress: a growing media file, and no metadata.json.
live() {
	rm "$REC/metadata.json"
	head -c 48 "$ROOT/tests/data/video.mp4" >"$REC/$MEDIA"
}

@test "STARTED of a live recording has room, session and time, and is signed" {
	live
	run_command 0 notify started "$REC"
	assert_output_has "$SESSION: STARTED acknowledged"
	assert_equal "$(webhooks)" "STARTED $ROOM $SESSION"
	local at
	at=$(bodies | jq .timestamp)
	((at > EPOCHSECONDS - 60 && at <= EPOCHSECONDS))
	assert_equal "$(jq -c '[.secretOk, .signatureOk, .standardOk]' \
		"$SB/webhooks.jsonl")" "[true,true,true]"
	assert_equal "$(requests)" 1
	assert_equal "$(journal '[.event, .webhook] | join(" ")')" \
		"announced STARTED
counted "
}

@test "STARTED is sent once; a repeat by --force has the same id and body" {
	live
	run_command 0 notify started "$REC"
	run_command 0 notify started "$REC"
	assert_output_has "is past STARTED, nothing was sent"
	assert_equal "$(requests webhook)" 1
	run_command 0 notify started --force "$REC"
	run_command 0 notify started --room "$ROOM" --session "$SESSION"
	assert_equal "$(webhooks | sort | uniq -c | xargs)" \
		"3 STARTED $ROOM $SESSION"
	# Without a directory there is no earlier time to repeat.
	assert_equal "$(ids | head -n 2 | sort -u | wc -l)" 1
	assert_equal "$(bodies | head -n 2 | sort -u | wc -l)" 1
	echo more >>"$REC/$MEDIA"
	echo new >"$REC/notes.txt"
	run_command 0 notify started --force "$REC"
	assert_equal "$(ids | sed -n '1p;4p' | sort -u | wc -l)" 1
}

@test "a refused STARTED is sent by the next call" {
	live
	WEBHOOK_SECRET=old run_command 77 notify started "$REC"
	assert_output_has "STARTED webhook: "
	assert_equal "$(webhooks)" ""
	run_command 0 notify started "$REC"
	assert_equal "$(webhooks)" "STARTED $ROOM $SESSION"
}

@test "after STARTED a live recording is left alone by the sweeper, and delivered by Jibri's call" {
	live
	run_command 0 notify started "$REC"
	run_command 0 sweep "${REC%/*}"
	assert_equal "$(requests upload)" 0
	run -0 "$BIN" status --json "${REC%/*}"
	assert_equal "$(jq -r '.recordings[0].state' <<<"$output")" settling
	recording
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STARTED $ROOM $SESSION
STOPPED $ROOM $SESSION"
}

@test "a refused STARTED does not hand the recording over either" {
	live
	faults "webhook * * status 503"
	run_command 75 notify started "$REC" --tries 1
	[ -e "$REC/.jibri-finalize" ]
	faults
	run_command 0 sweep "${REC%/*}"
	assert_equal "$(requests lookup)$(webhooks)" 0
}

@test "after STARTED the sweeper delivers a recording that Jibri never called for" {
	live
	run_command 0 notify started "$REC"
	recording
	run_command 0 sweep "${REC%/*}"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

@test "STARTED is refused for a recording that Jibri handed over" {
	run_finalize 0
	run_command 0 notify started "$REC"
	assert_output_has "is past STARTED"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	run_command 0 notify started --force "$REC"
	assert_equal "$(webhooks | tail -n 1)" "STARTED $ROOM $SESSION"
	run_finalize 0
	assert_output_has "done already"
}

@test "STOPPED is refused while an artifact is missing, and the missing one is named" {
	run_command 65 notify stopped "$REC"
	assert_output_has "not sending STOPPED"
	assert_output_has "is not on the server"
	faults "upload $MEDIA * status 413"
	run_finalize 65 --failed-webhook never
	run_command 65 notify stopped "$REC"
	assert_output_has "$MEDIA is not on the server"
	assert_equal "$(requests webhook)" 0
	run_command 0 notify stopped --force "$REC"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "STOPPED is refused when the server has lost a file that the journal lists as stored" {
	run_finalize 0
	rm "$SB/store/$ROOM/$SESSION/$MEDIA"
	age_journal
	run_command 65 notify stopped "$REC"
	assert_output_has "$MEDIA is not on the server"
	assert_equal "$(webhooks | wc -l)" 1
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | wc -l)" 2
}

@test "STOPPED is refused when no media file is whole, or the server cannot be asked" {
	truncate -s 100 "$REC/$MEDIA"
	run_finalize 65
	run_command 65 notify stopped "$REC"
	assert_output_has "recording is damaged"
	another_recording second
	run_finalize 0
	faults "list * * status 503"
	run_command 75 notify stopped --tries 1 "$REC"
	assert_equal "$(webhooks)" "FAILED $ROOM ${DIR:+$(webhooks |
		sed -n '1s/FAILED [^ ]* //p')}
STOPPED $ROOM second"
}

@test "STOPPED of a delivered recording is repeated with the same ID and body" {
	run_finalize 0
	run_command 0 notify stopped "$REC"
	assert_equal "$(webhooks | wc -l)" 2
	assert_equal "$(ids | sort -u | wc -l)" 1
	assert_equal "$(bodies | sort -u | wc -l)" 1
	run_finalize 0
	assert_output_has "done already"
}

@test "a withheld STOPPED can be sent later" {
	run_command 0 upload --no-webhook "$REC"
	run_command 0 notify stopped "$REC"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	run_finalize 0
	assert_output_has "STOPPED acknowledged"
}

@test "without a directory STOPPED requires a file of the session at the server" {
	run_command 65 notify stopped --room "$ROOM" --session "$SESSION"
	assert_output_has "the server has no file of this session"
	run_finalize 0
	run_command 0 notify stopped --room "$ROOM" --session "$SESSION"
	run_command 65 notify stopped --room "$ROOM" --session other
	run_command 0 notify stopped --force --room "$ROOM" --session other
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION
STOPPED $ROOM $SESSION
STOPPED $ROOM other"
}

@test "FAILED has the error given by --error, else that of the last run" {
	run_command 64 notify failed "$REC"
	assert_output_has "--error TEXT"
	run_command 0 notify failed --error 'Encoding failed' "$REC"
	assert_equal "$(webhooks)" "FAILED $ROOM $SESSION Encoding failed"
	faults "upload * * status 413"
	run_finalize 65
	assert_equal "$(requests webhook)" 1
	run_command 0 notify failed "$REC"
	assert_equal "$(webhooks | tail -n 1 | grep -c "HTTP 413")" 1
	run_command 0 notify failed --error gone --room r --session s
	# Nothing names another room.
	refute_output_has "as given"
	assert_equal "$(webhooks | tail -n 1)" "FAILED r s gone"
}

@test "a FAILED by hand is not repeated by the next run that fails" {
	run_command 0 notify failed --error 'the disk died' "$REC"
	faults "upload * * status 503"
	run_finalize 75 --tries 1
	assert_equal "$(webhooks)" "FAILED $ROOM $SESSION the disk died"
}

@test "impossible arguments are refused before anything is sent or written" {
	run_command 64 notify
	run_command 64 notify begun "$REC"
	assert_output_has "unknown event 'begun'"
	run_command 64 notify started
	assert_output_has "--room and --session"
	run_command 64 notify started --room "$ROOM"
	run_command 64 notify started --room a/b --session s
	run_command 64 notify started --error x "$REC"
	run_command 66 notify started "$DIR/none"
	assert_equal "$(requests)" 0
	[ ! -e "$REC/.jibri-finalize" ]
}

@test "STARTED of a live recording waits until its room is known" {
	rm "$REC/metadata.json" "$REC/$MEDIA"
	run_command 65 notify started "$REC"
	assert_output_has "unknown room"
	assert_equal "$(requests)" 0
	run_command 0 notify started --room "$ROOM" "$REC"
	assert_equal "$(webhooks)" "STARTED $ROOM $SESSION"
}

@test "the manual's recipe for STARTED sends it once for each recording" {
	live
	local first=$SESSION
	local line
	line=$(sed -n '/^ExecStart=.*find/,/;$/{
		s/^ExecStart=//; s/ \\e$//; p
	}' "$ROOT/man/jibri-finalize.1" | tr -s '\n ' ' ')
	line=${line% }
	[[ $line == *"notify started"* ]]
	line=${line% \\e;}
	line=${line//\/usr\/bin\/jibri-finalize/$BIN}
	line=${line//\/srv\/recordings/$DIR\/recordings}
	# systemd splits at blanks, and so does this.
	# shellcheck disable=SC2086
	run -0 $line \;
	another_recording second
	live
	# shellcheck disable=SC2086
	run -0 $line \;
	# shellcheck disable=SC2086
	run -0 $line \;
	assert_equal "$(webhooks | sort)" "$(printf 'STARTED %s %s\n' \
		"$ROOM" "$first" "$ROOM" second | sort)"
}
