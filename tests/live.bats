#!/usr/bin/env bats
# A recording is sent while Jibri writes it, and arrives intact whatever
# happens.

load lib
load s3/s3
load live

setup() {
	live_setup
}

teardown() {
	live_teardown
}

@test "all parts but the first are sent while a file is written, except its last MiB" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	assert_equal "$(webhooks | wc -l)" 0
	assert_equal "$(requests resolve)" 0
	finish
	arrived
	leave 0
	# Each part but the first and the last was sent once.
	assert_equal "$(journal 'select(.event == "partStored") | .count' |
		sort -n | xargs)" "1 2 3 4"
	# The end was on its way before the beginning.
	assert_equal "$(request part '"\(.n) \(.target)"' | sort -n |
		grep -o 'partNumber=[0-9]*' | tail -n 2 | xargs)" \
		"partNumber=4 partNumber=1"
}

@test "status shows what was already sent, and watch how many are live" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	run_command 0 status
	assert_output_has "settling"
	assert_output_has "live, 10 of 17 MB sent"
	run_command 0 status --json
	assert_equal "$(jq -c '.recordings[0] | [.live, .sentAhead]' <<<"$output")" \
		"[true,10485760]"
	run_command 0 sweep --metrics-file "$DIR/m.prom"
	grep -qx "jibri_finalize_sent_ahead_bytes 10485760" "$DIR/m.prom"
	finish
	arrived
	run_command 0 status --json
	assert_equal "$(jq -c '.recordings[0] | [.live, .sentAhead]' <<<"$output")" \
		"[false,0]"
	leave 0
}

@test "a pause stops sending ahead, also what is under way" {
	local before
	"$BIN" pause
	watch --limit-rate 1M
	jibri 17
	wait_for grep -q "paused by" "$DIR/log"
	before=$(requests)
	sleep 1
	assert_equal "$(requests)" "$before"
	"$BIN" resume
	wait_for pgrep -P "$WATCH_PID"
	"$BIN" pause
	wait_for eval '! pgrep -P "$WATCH_PID"'
	run -1 has_ahead "2 3"
	finish
	sleep 1
	assert_equal "$(webhooks | wc -l)" 0
	"$BIN" resume
	leave 75
}

@test "a file that is rewritten, cut or replaced arrives as it is in the end" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	finish rewrite
	arrived
	# Only the rewritten part was sent again.
	assert_equal "$(journal 'select(.event == "partStored") | .count' |
		sort -n | xargs)" "1 2 2 3 4"
	another_recording again
	rm "$REC/$MEDIA" "$REC/metadata.json"
	jibri 17
	wait_for has_ahead "2 3"
	kill -KILL "$JIBRI_PID"
	rm "$REC/$MEDIA"
	jibri 12
	finish
	wait_for is_stored "$MEDIA" metadata.json
	assert_equal "$(uploads)" ""
	leave 0
}

@test "a file that ends up too small for parts leaves no parts behind" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	leave 75
	kill -KILL "$JIBRI_PID"
	recording
	run_finalize 0
	arrived
}

@test "a file that is replaced by another leaves no parts behind" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	leave 75
	finish
	mv "$REC/$MEDIA" "$REC/other.mp4"
	run_finalize 0
	wait_for announced
	is_stored other.mp4 metadata.json
	assert_equal "$(uploads)" ""
}

@test "an upload under a wrong key is aborted and started again under the right one" {
	rooms "{\"[acme]$ROOM\": 7}"
	watch
	jibri 17
	wait_for has_ahead "2 3"
	finish well "https://meet.example.org/acme/$ROOM"
	wait_for announced
	ROOM="[acme]$ROOM"
	is_stored "$MEDIA" metadata.json
	assert_equal "$(uploads)" ""
	leave 0
}

@test "nothing is sent ahead if the key is not known yet, or with live = no" {
	local setting
	for setting in S3_KEY='{tenant}/{session}/{path}' LIVE=no \
		S3_KEY='{meeting}/{session}/{path}' ROOM_FROM_MEDIA=no; do
		export "JIBRI_FINALIZE_$setting"
		watch
		unset "JIBRI_FINALIZE_${setting%%=*}"
		[ -n "$JIBRI_PID" ] || jibri 17
		sleep 2.5
		assert_equal "$(uploads)" ""
		assert_equal "$(ahead)" ""
		leave 75
	done
	finish
}

@test "the hook takes over within two seconds and keeps the parts that were sent" {
	local began
	faults "part * * slow-store 0.2"
	watch
	jibri 60
	wait_for has_parts 3
	began=$(date +%s%3N)
	dies
	run_finalize 0
	say_lock "$began"
	arrived_media
	assert_equal "$(journal 'select(.event == "partStored") | .count' |
		sort | uniq -d | wc -l)" 0
	leave 0
}

# say_lock BEGAN: how long the hook waited for the journal.
say_lock() {
	local ms
	ms=$(($(journal 'select(.event == "began") | .at') - $1))
	echo "# the hook had it after $ms ms" >&3
	((ms < ${SAN:-0} * 3000 + 2000))
}

arrived_media() {
	wait_for announced
	is_stored "$MEDIA"
	assert_equal "$(uploads)" ""
}

@test "with defer the hook leaves the recording to watch" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	finish
	run_finalize 0 --defer
	arrived
	leave 0
}

@test "whenever watch and its visits are killed, the delivery is right in the end" {
	jibri 40
	for _ in 1 2 3 4 5; do
		watch
		sleep "0.$((RANDOM % 9))"
		kill -KILL "$WATCH_PID"
		wait "$WATCH_PID" || true
	done
	watch
	wait_for has_at_store "2 3 4 5 6 7"
	finish
	arrived
	leave 0
}

@test "on SIGTERM watch leaves within 2 s, even in the middle of a part" {
	faults "part * * slow-store 5"
	watch
	jibri 17
	sleep 2
	leave 75
	faults
	finish
	run_finalize 0
	arrived
}

# bats test_tags=slow
@test "when Jibri dies, what is on disk is delivered after settle" {
	export JIBRI_FINALIZE_SETTLE=3s
	watch
	jibri 17
	wait_for has_ahead "2 3"
	dies
	# A visit waits up to a minute for the file to grow.
	wait_for announced || true
	arrived_media
	leave 0
}

@test "a sweep sends the parts that are complete and does not wait for more" {
	jibri 17
	run_command 0 sweep
	assert_equal "$output" ""
	assert_equal "$(ahead)" "2 3"
	run_command 0 status
	assert_output_has "live, 10 of 17 MB sent"
	run_command 0 sweep
	finish
	run_finalize 0
	arrived
	assert_equal "$(journal 'select(.event == "partStored") | .count' |
		sort -n | xargs)" "1 2 3 4"
}

@test "a sweep that is stopped while sending ahead leaves within 2 s" {
	faults "part * * slow-store 5"
	jibri 17
	"$BIN" sweep >"$DIR/log" 2>&1 3>&- &
	WATCH_PID=$!
	wait_for has_begun
	sleep 0.5
	leave 75
	assert_equal "$(grep -c . "$DIR/log")" 1
	assert_equal "$(ahead)" ""
	faults
	finish
	run_finalize 0
	arrived
}

@test "a sweep sends STARTED once" {
	export JIBRI_FINALIZE_STARTED_WEBHOOK=yes
	export JIBRI_FINALIZE_ROOM_FORMAT='{room}'
	jibri 1
	run_command 0 sweep
	run_command 0 sweep
	assert_equal "$(webhooks | cut -d ' ' -f 1 | xargs)" STARTED
}

@test "forget aborts what was sent ahead" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	run_command 0 forget --yes "$REC"
	assert_output_has "1 upload in parts is aborted"
	assert_equal "$(uploads)" ""
	sleep 2
	assert_equal "$(uploads)" ""
	leave 0
}

@test "forget also aborts what was sent ahead to another room" {
	rooms "{\"[acme]$ROOM\": 7}"
	watch
	jibri 17
	wait_for has_ahead "2 3"
	leave 75
	faults "abort * * status 503"
	finish well "https://meet.example.org/acme/$ROOM"
	run_finalize 75 --tries 1
	faults
	run_command 0 forget --yes "$REC"
	assert_output_has "1 upload in parts is aborted"
	assert_equal "$(uploads)" ""
}

@test "a failing store is left alone for a while, and the delivery still succeeds" {
	faults "part * 1 status 503"
	watch
	jibri 17
	wait_for grep -q "nothing is sent ahead until" "$DIR/log"
	finish
	arrived
	leave 0
}

@test "started-webhook sends STARTED once, as soon as the room is certain" {
	export JIBRI_FINALIZE_STARTED_WEBHOOK=yes
	watch
	jibri 1
	sleep 2.5
	assert_equal "$(webhooks)" ""
	leave 75
	watch --room-format '{room}'
	wait_for started
	leave 75
	watch --room-format '{room}'
	sleep 2
	finish
	arrived
	assert_equal "$(webhooks | cut -d ' ' -f 1 | xargs)" "STARTED STOPPED"
	leave 0
}

@test "started-webhook without a receiver holds up nothing" {
	export JIBRI_FINALIZE_STARTED_WEBHOOK=yes JIBRI_FINALIZE_WEBHOOK_URL=none
	export JIBRI_FINALIZE_ROOM_FORMAT='{room}'
	jibri 17
	run_command 0 sweep
	assert_equal "$output" ""
	assert_equal "$(ahead)" "2 3"
}

@test "two watches on one recording do no harm" {
	local first
	watch
	first=$WATCH_PID
	watch
	jibri 17
	wait_for has_ahead "2 3"
	sleep 3
	# One watch has the recording, the other looks now and then.
	(($(ticks "$first") + $(ticks "$WATCH_PID") < ${SAN:-0} * 1000 + 150))
	finish
	arrived
	leave 0
	WATCH_PID=$first
	leave 0
	assert_equal "$(journal 'select(.event == "partStored") | .count' |
		sort -n | xargs)" "1 2 3 4"
}

# ticks PID: hundredths of a second of processor time, with its children's.
ticks() {
	awk '{ print $14 + $15 + $16 + $17 }' "/proc/$1/stat"
}

@test "the hook that follows metadata.json gets the recording within two seconds, even in the middle of a part" {
	local began
	faults "part * 2 slow-store 6"
	watch
	jibri 17
	wait_for has_begun
	sleep 1
	finish
	# A visit that only waits for its part has noticed that Jibri is done.
	sleep 0.4
	began=$(date +%s%3N)
	run_finalize 0
	say_lock "$began"
	arrived
	leave 0
}
