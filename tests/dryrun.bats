#!/usr/bin/env bats
# A dry run makes the same decisions as a real one, and leaves no trace.

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

# dry CODE COMMAND [ARGUMENT...]: it leaves nothing behind, here or at the
# server.
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
	jq -r '(.recordings // [.])[].artifacts[] | .plan + " " + .path' <<<"$output"
	jq -r '(.recordings // [.])[].then' <<<"$output" >"$DIR/then"
}

@test "for a new recording it shows what would be sent, with types and sizes, and leaves no trace" {
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

@test "a run does what the dry run said" {
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

@test "for a delivered recording finalize asks nobody, and upload asks the server" {
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

@test "an upload with an unknown outcome is shown as in doubt" {
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
		"no STOPPED, because not everything is selected"
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

@test "what would prevent a run also prevents the plan, and nobody is told" {
	rooms '{}'
	dry 65 upload
	assert_output_has "unknown room"
	run_command 66 upload --dry-run "$DIR/none"
	dry 64 upload --room a/b
	assert_equal "$(requests webhook)" 0
}

@test "it shows no plan for a recording that another process works on" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10s
	faults "upload $MEDIA 1 slow-store 3"
	finalize >"$DIR/first" &
	local first=$!
	wait_for grep -q sending "$REC/.jibri-finalize"
	run_command 75 upload --dry-run "$REC"
	assert_output_has "is working on this recording"
	wait "$first"
	is_stored metadata.json "$MEDIA"
}

@test "a long name is whole on its own line if it fits 80 columns, else on several" {
	local n name text
	for n in 72 74 76 77; do
		name=$(printf "$((n % 10))%.0s" $(seq "$n")).txt
		echo x >"$REC/$name"
	done
	dry 0 upload
	text=$output
	run -1 grep -E '.{81}' <<<"$text"
	for n in 72 74 76; do
		name=$(printf "$((n % 10))%.0s" $(seq "$n")).txt
		grep -qxE " {$((76 - n))}$name" <<<"$text"
	done
	name=$(printf '7%.0s' {1..77}).txt
	grep -A 1 -x "    ${name:0:76}" <<<"$text" | grep -qx "    ${name:76}"
}

# --- notify, forget, pack ----------------------------------------------------

# dry_line CODE WORD...: a dry run of a command with these words, -n among
# them, changes nothing, here or there; its output is what the log has.
dry_line() {
	local code=$1 sent
	shift
	sent=$(requests webhook)
	snapshot >"$DIR/before"
	run_command "$code" "$@"
	snapshot | diff "$DIR/before" -
	assert_equal "$(requests webhook)" "$sent"
}

@test "notify -n shows the webhook that would be sent, and sends none" {
	dry_line 0 notify -n started "$REC"
	assert_output_has "$SESSION: dry run: STARTED would be sent, room $ROOM"
	[ ! -e "$REC/.jibri-finalize" ]
	dry_line 0 notify -n started --room "$ROOM" --session "$SESSION"
	assert_output_has "$SESSION: dry run: STARTED would be sent, room $ROOM"
	dry_line 0 notify --dry-run failed --error "lost tape" "$REC"
	assert_output_has "FAILED would be sent, room $ROOM, error lost tape"
	dry_line 64 notify -n failed "$REC"
	dry_line 65 notify -n stopped "$REC"
	assert_output_has "not sending STOPPED: "
	assert_output_has "is not on the server"
	run_finalize 0
	dry_line 0 notify -n stopped "$REC"
	assert_output_has "dry run: STOPPED would be sent, room $ROOM"
	dry_line 0 notify -n stopped --room "$ROOM" --session "$SESSION"
	dry_line 0 notify -n started "$REC"
	assert_output_has "dry run: the recording is past STARTED, nothing would be sent"
}

@test "notify -n fails where no webhook could be sent" {
	export JIBRI_FINALIZE_MEETING_SERVICE_URL=ftp://example.org
	dry_line 78 notify -n started "$REC"
	assert_output_has meeting-service-url
}

@test "forget -n asks no server, shows what it would give up, and changes nothing" {
	dry_line 0 forget -n "$REC"
	assert_output_has "$SESSION: dry run: it would be given up"
	dry_line 0 forget -n --reset "$REC"
	assert_output_has "dry run: its journal would be cleared"
	[ ! -e "$REC/.jibri-finalize" ]
	run_command 0 forget --yes "$REC"
	dry_line 0 forget -n "$REC"
	assert_output_has "dry run: nothing: it was given up before"
	run_finalize 0 --force
	dry_line 0 forget -n "$REC"
	assert_output_has "dry run: nothing: it is delivered"
	run_finalize 0
	assert_output_has "done already"
	echo rubbish >"$REC/.jibri-finalize"
	truncate -s 3M "$REC/.jibri-finalize"
	dry_line 65 forget -n "$REC"
	dry_line 0 forget -n --reset "$REC"
}

@test "forget -n and pack -n refuse a busy recording, as without -n" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10s
	faults "upload $MEDIA 1 slow-store 3"
	finalize >"$DIR/first" &
	local first=$!
	wait_for grep -q sending "$REC/.jibri-finalize"
	run_command 75 forget -n "$REC"
	run_command 75 forget -n --reset "$REC"
	run_command 75 pack -n -o "$DIR" "$REC"
	wait "$first"
	is_stored metadata.json "$MEDIA"
}

@test "pack -n names the archive and its files, and writes nothing" {
	echo x >"$REC/x.part"
	mkdir "$DIR/out"
	dry_line 0 pack -n -o "$DIR/out" "$REC"
	local bytes
	bytes=$(cat "$REC/$MEDIA" "$REC/metadata.json" | wc -c)
	assert_output_has "$SESSION: dry run: 2 artifacts, $bytes bytes, would be packed into $DIR/out/$SESSION.tar.zst"
	assert_output_has "x.part: skipped, excluded"
	assert_equal "$(ls -A "$DIR/out")" ""
	[ ! -e "$REC/.jibri-finalize" ]
	run_command 0 pack -o "$DIR/out" "$REC"
	assert_output_has "packed: 2 artifacts, $bytes bytes, into $DIR/out/$SESSION.tar.zst"
	# It refuses what the real command refuses.
	dry_line 65 pack -n -o "$DIR/out" "$REC"
	assert_output_has "already exists"
	dry_line 64 pack -n -o "$DIR/out/x.rar" "$REC"
	rm "$REC/$MEDIA" "$REC/metadata.json"
	dry_line 65 pack -n -o "$DIR/out/2.tar" "$REC"
	assert_output_has "there is nothing to pack"
	[ ! -e "$DIR/out/2.tar" ]
}
