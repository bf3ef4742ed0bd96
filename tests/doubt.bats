#!/usr/bin/env bats
# What a run does not know for certain: unknown outcomes of an earlier run,
# files that changed since, directories that cannot be read or locked.

load lib
setup() {
	common_setup
	start_sandbox
	recording
}
teardown() { common_teardown; }

# begin [ARGUMENT...]: a run in the background, FIRST.
begin() {
	"$BIN" "$REC" "$@" >"$DIR/first" 2>&1 3>&- &
	FIRST=$!
}

has_requests() {
	[ "$(requests "$1")" -ge "$2" ]
}

# reads PID FILE: it has the file open.
reads() {
	find "/proc/$1/fd" -lname "$2" 2>/dev/null | grep -q .
}

# kill_once_stored: SIGKILL when the server has the media and has not said so.
kill_once_stored() {
	faults "upload $MEDIA 1 stall-stored 3"
	begin
	wait_for test -e "$SB/store/$ROOM/$SESSION/$MEDIA"
	kill -KILL "$FIRST"
	wait "$FIRST" || true
}

# As a user bound by permissions, even if run by root.
bound() {
	local how=()
	[ "$(id -u)" != 0 ] ||
		how=(setpriv '--bounding-set=-dac_override,-dac_read_search'
			'--inh-caps=-dac_override,-dac_read_search')
	"${how[@]}" timeout 60 "$BIN" "$REC" 2>&1
}

@test "an unknown outcome survives a run whose list fails" {
	kill_once_stored
	faults "list * * status 503"
	run_finalize 75
	run_finalize 75
	faults
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

@test "an unknown outcome survives an interrupted run" {
	kill_once_stored
	faults "list * 1 stall-answer 30"
	begin
	wait_for has_requests list 2
	kill -TERM "$FIRST"
	wait "$FIRST" || assert_equal "$?" 75
	faults "list * * status 503"
	run_finalize 75
	assert_output_has "may be stored already, and asking failed"
	faults
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "a file rewritten since its outcome became unknown is sent as it is now" {
	faults "upload $MEDIA 1 status-stored 504" "list * * status 503"
	run_finalize 75 --tries 1
	printf 'X' | dd of="$REC/$MEDIA" bs=1 seek=100 conv=notrunc status=none
	faults
	run_finalize 0
	cmp "$REC/$MEDIA" "$SB/store/$ROOM/$SESSION/$MEDIA~2"
	run_finalize 0
	assert_output_has "done already"
}

# bats test_tags=slow
@test "a run interrupted while it compares a touched file does not call it changed" {
	export JIBRI_FINALIZE_DEADLINE=110s    # be the machine busy
	sparse "$REC/$MEDIA" 1000000000
	stop_sandbox
	start_sandbox --discard-over 1000000
	run_finalize 0
	touch "$REC/$MEDIA"
	begin
	wait_for reads "$FIRST" "$REC/$MEDIA"
	kill -TERM "$FIRST"
	wait "$FIRST" || assert_equal "$?" 75
	run ! grep -q superseded "$REC/.jibri-finalize"
	run_finalize 0
	assert_equal "$(requests upload)" 2
}

@test "--force with a list that fails never takes the old version for the new" {
	run_finalize 0
	faults "list * 1 status 503" "upload $MEDIA 1 drop-after"
	run_finalize 0 --force
	assert_equal "$(requests upload)" 5
	assert_equal "$(stored | grep -c "^$MEDIA~")" 1
}

@test "STOPPED is not sent while a folder cannot be read" {
	faults "webhook * * status 503"
	run_finalize 75
	faults
	mkdir "$REC/sub"
	echo x >"$REC/sub/more.mp4"
	chmod 000 "$REC/sub"
	run bound
	assert_equal "$(webhooks | grep -c STOPPED)" 0
	assert_equal "$status" 65
	assert_output_has "sub: Permission denied"
	chmod 755 "$REC/sub"
	run_finalize 0
	is_stored metadata.json "$MEDIA" sub/more.mp4
}

@test "a finished recording with an unreadable folder is not reported as done" {
	run_finalize 0
	mkdir -m 000 "$REC/sub"
	run bound
	assert_equal "$status" 65
	chmod 755 "$REC/sub"
}

@test "a folder that may be listed but not searched fails without affecting the rest" {
	mkdir "$REC/sub"
	echo x >"$REC/sub/x.txt"
	chmod 444 "$REC/sub"
	run bound
	is_stored metadata.json "$MEDIA"
	assert_equal "$status" 65
	assert_output_has "sub/x.txt: Permission denied"
	chmod 755 "$REC/sub"
}

@test "two calls run one after the other even if the journal cannot be written" {
	chmod 555 "$REC"
	faults "upload * 1 slow-store 2"
	bound >"$DIR/first" &
	FIRST=$!
	wait_for has_requests lookup 1
	run bound
	assert_equal "$status" 75
	wait "$FIRST"
	is_stored metadata.json "$MEDIA"
	chmod 755 "$REC"
}

@test "a file that appears while STOPPED is sent is delivered by the same run" {
	faults "webhook * 1 stall-stored 1"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=5s
	begin
	wait_for has_requests webhook 1
	cp "$ROOT/tests/data/video.mp4" "$REC/second.mp4"
	run_finalize 75
	wait "$FIRST"
	is_stored metadata.json "$MEDIA" second.mp4
	assert_equal "$(webhooks | grep -c STOPPED)" 2
}

@test "a metadata.json rewritten during its redacted upload is sent once, in its new form" {
	sparse "$REC/$MEDIA" 300000
	jq '.upload_credentials = {token: "t0ken"}' "$REC/metadata.json" \
		>"$DIR/metadata" && cp "$DIR/metadata" "$REC/metadata.json"
	faults "upload $MEDIA 1 slow 300000"
	begin --parallel 1
	wait_for test -s "$SB/incoming/3"
	jq '.more = 1' "$DIR/metadata" >"$REC/metadata.json"
	wait "$FIRST"
	assert_equal "$(stored)" "$(printf '%s\n' "$MEDIA" metadata.json)"
	assert_equal "$(jq -c '[.more, .upload_credentials]' \
		"$SB/store/$ROOM/$SESSION/metadata.json")" '[1,null]'
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a redacted member is removed even if its parent occurs twice" {
	local f='{"file":{"upload_credentials":"t0ken"},"file":{"x":1}}'
	mkdir "$REC/sub"
	echo "$f" | tee "$REC/metadata.json" >"$REC/sub/metadata.json"
	run_finalize 0 "$ROOM" --redact /file/upload_credentials
	run ! grep -rq t0ken "$SB/store"
	assert_equal "$(stored | grep -c metadata.json)" 2
}

@test "redact removes each array element that it names" {
	jq '.tokens = ["t0ken-1", "t0ken-2", "kept"]' "$REC/metadata.json" \
		>"$DIR/metadata" && cp "$DIR/metadata" "$REC/metadata.json"
	run_finalize 0 --redact /tokens/0,/tokens/1
	assert_equal "$(jq -c .tokens "$SB/store/$ROOM/$SESSION/metadata.json")" \
		'[null,null,"kept"]'
}

@test "our own log and journals in the directory are not artifacts" {
	mkdir "$REC/sub"
	echo x >"$REC/sub/.jibri-finalize"
	run_finalize 0 --log-file "$REC/finalize.log" --exclude ''
	is_stored metadata.json "$MEDIA"
	run_finalize 0 --log-file "$REC/finalize.log" --exclude ''
	assert_output_has "done already"
}

# bats test_tags=slow
@test "a signal ends the inspection of a media file with a million boxes within 2 s" {
	local i start
	printf '\0\0\0\010free%.0s' {1..100000} >"$DIR/boxes"
	for ((i = 0; i < 40; i++)); do cat "$DIR/boxes"; done >"$DIR/many"
	for ((i = 0; i < 8; i++)); do cp "$DIR/many" "$REC/$i.mp4"; done
	begin
	wait_for grep -q '"complete"' "$REC/.jibri-finalize"
	start=$(date +%s%3N)
	kill -TERM "$FIRST" || true
	wait "$FIRST" || true
	(($(date +%s%3N) - start < 2000))
}

@test "a media file recognised only by its content makes a recording, also when the list settles it" {
	rm "$REC/$MEDIA"
	cp "$ROOT/tests/data/video.mp4" "$REC/video.recording"
	faults "upload video.recording 1 drop-stored"
	run_finalize 0
	is_stored metadata.json video.recording
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "the journal reads back what it wrote, however long the paths" {
	local deep=$REC i
	for ((i = 0; i < 14; i++)); do
		deep=$deep/$(printf '\001%.0s' {1..200})
		mkdir "$deep" && cd "$deep" || return
		deep=.
	done
	for ((i = 0; i < 70; i++)); do echo "$i" >"f$i"; done
	cd "$ROOT" || return
	run_finalize 0
	run_finalize 0
	assert_output_has "done already"
}

@test "media removed here after they were stored still count" {
	faults "webhook * * status 503"
	run_finalize 75
	rm "$REC/$MEDIA"
	faults
	run_finalize 0
	assert_equal "$(stored)" "$(printf '%s\n' "$MEDIA" metadata.json)"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "media removed before they were stored do not count" {
	faults "upload $MEDIA * status 503" "webhook *FAILED* * status 503"
	run_finalize 75
	rm "$REC/$MEDIA"
	faults
	run_finalize 65
	assert_equal "$(stored)" metadata.json
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
}

is_past() {
	[ "$(date +%s)" -gt "$1" ]
}

@test "without a journal a repeated STOPPED has the same time" {
	touch -d '3 days ago' "$REC/metadata.json"
	chmod 555 "$REC"
	faults "webhook * * status 503"
	for _ in 1 2; do
		run bound
		assert_equal "$status" 75
		# In another second, so that a different time would show.
		wait_for is_past "$(date +%s)"
	done
	chmod 755 "$REC"
	assert_equal "$(jq -r '[.body, .headers["webhook-id"]] | @csv' \
		"$SB/webhooks.jsonl" | sort -u | wc -l)" 1
	assert_equal "$(jq -r '.body | fromjson | .timestamp' \
		"$SB/webhooks.jsonl" | sort -u)" "$(stat -c %Y "$REC/$MEDIA")"
}
