#!/usr/bin/env bats
# Delivering by hand: each test breaks a recording or the server in a way that
# the command repairs.

load lib
setup() {
	common_setup
	start_sandbox
	recording
}
teardown() { common_teardown; }

# lose FILE...: the server loses them, long after they were stored.
lose() {
	(cd "$SB/store/$ROOM/$SESSION" && rm "$@")
	age_journal
}

# keys FILE: the idempotency keys under which it was sent.
keys() {
	jq -r --arg f "$1" 'select(.stage == "upload" and .part.filename == $f) |
		.headers["idempotency-key"]' "$SB/requests.jsonl"
}

# ids: the webhook-id of each STOPPED.
ids() {
	jq -r '.headers["webhook-id"]' "$SB/webhooks.jsonl"
}

# meetings: the ids that files were sent to.
meetings() {
	request upload .target | sed -E 's,.*/structured/([^?]*).*,\1,' | sort -u
}

@test "a file that the server lost is sent again, alone, with a new key and a new STOPPED" {
	run_finalize 0
	lose "$MEDIA"
	run_finalize 0
	assert_output_has "done already"
	run_command 0 upload "$REC"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 3
	assert_equal "$(keys "$MEDIA" | sort -u | wc -l)" 2
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION
STOPPED $ROOM $SESSION"
	assert_equal "$(ids | sort -u | wc -l)" 2
	assert_output_has "$MEDIA: was stored, but the server no longer lists it"
	run_finalize 0
	assert_output_has "done already"
}

@test "if the server still has everything, nothing is sent and nobody is told" {
	run_finalize 0
	run_command 0 upload "$REC"
	assert_equal "$(requests upload)" 2
	assert_equal "$(requests list)" 2
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_output_has "done already: 2 artifacts, STOPPED acknowledged"
}

@test "a file that the server has with another size is sent again, once" {
	run_finalize 0
	truncate -s 100 "$SB/store/$ROOM/$SESSION/$MEDIA"
	run_command 0 upload "$REC"
	cmp "$REC/$MEDIA" "$SB/store/$ROOM/$SESSION/$MEDIA~2"
	assert_output_has "now has another size on the server"
	run_command 0 upload "$REC"
	assert_equal "$(requests upload)" 3
	assert_equal "$(webhooks | wc -l)" 2
}

@test "several losses are repaired in one run with one STOPPED, resumed after a crash" {
	local f
	for f in a b c d; do echo "$f" >"$REC/$f.txt"; done
	run_finalize 0
	lose a.txt c.txt "$MEDIA"
	faults "upload c.txt 1 status 503"
	run_command 75 upload --tries 1 "$REC"
	run_finalize 0
	is_stored a.txt b.txt c.txt d.txt metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 10
	assert_equal "$(webhooks | grep -c STOPPED)" 2
}

@test "a held recording is delivered by naming its room" {
	rm "$REC/metadata.json"
	export JIBRI_FINALIZE_ROOM_FROM_MEDIA=no
	run_finalize 65
	run_command 0 upload --room "$ROOM" "$REC"
	is_stored "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "--session and --meeting-id are used as given, without a lookup" {
	local was=$SESSION
	run_command 0 upload --session other --meeting-id id-7 "$REC"
	SESSION=other is_stored metadata.json "$MEDIA" || return 1
	assert_equal "$(requests lookup)" 0
	assert_equal "$(meetings)" id-7
	assert_equal "$(webhooks)" "STOPPED $ROOM other"
	SESSION=$was
	run_finalize 0
	assert_output_has "done already"
}

@test "after its meeting was re-created, naming the room sends the recording to the new one" {
	run_finalize 0
	rooms "{\"$ROOM\": 456}"
	run_command 0 upload "$REC"
	assert_equal "$(meetings)" 123
	run_command 0 upload --room "$ROOM" "$REC"
	assert_equal "$(meetings)" "123
456"
	assert_equal "$(requests upload)" 4
	assert_equal "$(webhooks | wc -l)" 2
	run_command 0 upload --room "$ROOM" "$REC"
	assert_equal "$(requests upload)" 4
	assert_equal "$(webhooks | wc -l)" 2
}

@test "a recording of a deleted meeting is delivered to the new one" {
	faults "upload * * status 404"
	run_finalize 78
	faults
	rooms "{\"$ROOM\": 456}"
	run_command 0 upload --meeting-id 456 "$REC"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(journal 'select(.event == "resolved") | .meetingId' |
		tail -n 1)" 456
}

@test "the files that --only selects are sent alone and not announced, the rest later" {
	echo notes >"$REC/notes.txt"
	# The directory's last change has to be in the past.
	faults "upload * * slow-store 0.1"
	run_command 0 upload --only '*.txt' --only 'metadata.*' "$REC"
	is_stored metadata.json notes.txt
	assert_equal "$(requests webhook)" 0
	assert_output_has "waiting: 2 of 3 artifacts stored (2 sent now"
	# A sweep does not count it as done.
	run_command 0 sweep "$(dirname "$REC")"
	is_stored metadata.json notes.txt "$MEDIA"
	assert_equal "$(requests upload)" 3
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a recording that --only completes is announced" {
	echo notes >"$REC/notes.txt"
	run_command 0 upload --only '*.txt' "$REC"
	run_command 0 upload --only '*.mp4' --only '*.json' "$REC"
	is_stored metadata.json notes.txt "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "--force with --only replaces the one file that is damaged at the server" {
	run_finalize 0
	printf X | dd of="$SB/store/$ROOM/$SESSION/$MEDIA" conv=notrunc status=none
	run_command 0 upload "$REC"
	assert_equal "$(requests upload)" 2
	run_command 0 upload --force --only '*.mp4' "$REC"
	assert_equal "$(requests upload)" 3
	cmp "$REC/$MEDIA" "$SB/store/$ROOM/$SESSION/$MEDIA~2"
	assert_equal "$(keys "$MEDIA" | sort -u | wc -l)" 2
	assert_equal "$(webhooks | wc -l)" 2
	assert_equal "$(ids | sort -u | wc -l)" 2
	run_command 0 upload "$REC"
	assert_equal "$(requests upload)" 3
}

@test "--force sends everything again" {
	run_finalize 0
	run_command 0 upload --force "$REC"
	assert_equal "$(requests upload)" 4
	assert_equal "$(webhooks | wc -l)" 2
}

@test "--only that selects nothing is an error, and nothing is sent or written" {
	run_command 66 upload --only '*.mkv' "$REC"
	assert_equal "$(requests)" 0
	assert_output_has "--only selects none"
	assert_equal "$(cat "$REC/.jibri-finalize")" ""
}

@test "--no-webhook delivers and tells nobody, neither now nor later" {
	run_command 0 upload --no-webhook "$REC"
	is_stored metadata.json "$MEDIA"
	assert_output_has "STOPPED withheld"
	run_finalize 0
	assert_output_has "done already: 2 artifacts, STOPPED withheld"
	assert_equal "$(requests webhook)" 0
	echo late >"$REC/late.txt"
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "--no-webhook does not report a failure either" {
	faults "upload * * status 413"
	run_command 65 upload --no-webhook "$REC"
	assert_equal "$(requests webhook)" 0
}

@test "a given-up recording is delivered, and is no longer given up" {
	run_command 0 forget --yes "$REC"
	faults "upload * * status 503"
	run_command 75 upload --tries 1 "$REC"
	faults
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

@test "after the secret was changed during a delivery only STOPPED is sent" {
	WEBHOOK_SECRET=old run_finalize 77
	is_stored metadata.json "$MEDIA"
	run_command 0 upload "$REC"
	assert_equal "$(requests upload)" 2
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a failure that the server disproves no longer counts" {
	run_finalize 0
	local text="lost on the server"
	jq -cn --arg t "$text" \
		'{at: 1, event: "failed", class: "permanent", text: $t}' \
		>>"$REC/.jibri-finalize"
	run -0 "$BIN" status --json "${REC%/*}"
	assert_equal "$(jq -r '.recordings[0].state' <<<"$output")" held
	run_command 0 upload "$REC"
	assert_equal "$(requests upload)" 2
	run -0 "$BIN" status --json "${REC%/*}"
	assert_equal "$(jq -r '.recordings[0].state' <<<"$output")" "done"
}

@test "a failing list leaves a delivered recording as it is, and is reported" {
	run_finalize 0
	cp -R "$SB/store" "$DIR/store"
	faults "list * * status 503"
	run_command 75 upload --tries 2 "$REC"
	assert_output_has "list: GET $URL/metadata: HTTP 503"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(requests upload)" 2
	faults
	run_finalize 0
	assert_output_has "done already"
	diff -r "$SB/store" "$DIR/store"
}

# bats test_tags=slow
@test "a server that cannot list is not asked twice; the journal is believed, with a warning" {
	local code
	for code in 401 403 404 405 501; do
		another_recording "s-$code"
		faults "list * * status $code" "upload *.mp4 * status 413"
		run_finalize 65
		faults "list * * status $code"
		run_command 0 upload "$REC"
		is_stored metadata.json "$MEDIA"
		assert_output_has "relying on the journal for what is stored"
		run_command 0 upload "$REC"
		assert_output_has "done already"
	done
	assert_equal "$(requests upload)" 15
}

@test "one failing recording does not stop the others, and the worst exit code counts" {
	local good=$REC
	another_recording s-big
	mv "$REC/$MEDIA" "$REC/big.mp4"
	local big=$REC
	another_recording s-out
	mv "$REC/$MEDIA" "$REC/out.mp4"
	local out=$REC
	faults "upload big.mp4 * status 413" "upload out.mp4 * drop-at 0"
	run_command 65 upload --tries 1 "$out" "$big" "$good"
	assert_equal "$(find "$SB/store" -type f | wc -l)" 4
	assert_equal "$(webhooks | grep STOPPED)" "STOPPED $ROOM ${good##*/}"
	run_command 75 upload --tries 1 "$out" "$good"
}

@test "one missing recording does not stop the others" {
	local first=$REC
	another_recording second
	run_command 66 upload "$DIR/none" "$first" "$REC"
	is_stored metadata.json "$MEDIA"
	SESSION=${first##*/} REC=$first is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | wc -l)" 2
}

@test "--json lists each recording" {
	local first=$REC
	another_recording second
	run --separate-stderr timeout 60 "$BIN" upload --json "$first" "$REC"
	ended_with 0
	assert_equal "$(jq -r '.recordings[] | .session + " " + .state' <<<"$output")" \
		"${first##*/} done
second done"
}

@test "impossible arguments are refused before anything is done" {
	run_command 64 upload
	run_command 64 upload --session s "$REC" "$REC"
	run_command 64 upload --meeting-id a/b "$REC"
	assert_output_has "the meeting id contains a slash"
	run_command 64 upload --room a/b "$REC"
	run_command 64 upload --reset "$REC"
	assert_equal "$(requests)" 0
	[ ! -e "$REC/.jibri-finalize" ]
}

@test "a file that appears in a folder while the server is asked is found by the next sweep" {
	mkdir "$REC/sub"
	echo a >"$REC/sub/a.txt"
	run_finalize 0
	faults "list * 1 stall-stored 1"
	"$BIN" upload "$REC" >"$DIR/said" 2>&1 3>&- &
	sleep 0.5
	echo b >"$REC/sub/b.txt"
	wait "$!"
	run_command 0 sweep "$(dirname "$REC")"
	is_stored metadata.json "$MEDIA" sub/a.txt sub/b.txt
}

@test "a file that appears while the server is asked is sent before STOPPED" {
	faults "webhook * * status 503"
	run_finalize 75
	faults "list * 1 stall-stored 1"
	"$BIN" upload "$REC" >"$DIR/said" 2>&1 3>&- &
	wait_for eval '[ "$(journal | grep -cx began)" = 2 ]'
	echo late >"$REC/late.txt"
	wait "$!"
	is_stored metadata.json "$MEDIA" late.txt
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}
