#!/usr/bin/env bats
# The order of live and finished recordings, and services that are down.

load lib
load s3/s3
load live

# records NAME: a recording that is held open until the test ends; sets REC.
records() {
	SESSION=$1
	REC=$TOP/$1
	mkdir "$REC"
	jibri "${2:-17}"
	MAKING+=" $JIBRI_PID"
}

# arrives NAME: one that was finished long ago.
arrives() {
	SESSION=$1
	REC=$TOP/$1
	mkdir "$REC"
	recording
}

setup() {
	live_setup
	MAKING=
	rmdir "$REC"
}

teardown() {
	local pid
	for pid in $MAKING; do
		end_child "$pid" KILL
	done
	live_teardown
}

@test "limit-rate bounds what is sent ahead" {
	records one
	JIBRI_FINALIZE_LIMIT_RATE=2M watch
	sleep 3
	# Two jobs share the rate: three megabytes by now, ten without a limit.
	assert_equal "$(ahead)" ""
	leave 75
}

@test "a sweep gets to each live recording, however many are sent at once" {
	records one
	records two
	records three
	run_command 0 sweep --jobs 1
	for SESSION in one two three; do
		REC=$TOP/$SESSION
		assert_equal "$(ahead)" "2 3"
	done
}

@test "in watch, a live recording that did not fit gets its turn later" {
	local first
	records one
	first=$JIBRI_PID
	watch --jobs 1
	wait_for has_ahead "2 3"
	records two
	# It is visited, and there is no free slot.
	sleep 2
	assert_equal "$(ahead)" ""
	kill -KILL "$first"
	wait "$first" 2>/dev/null || true
	rm -r "$TOP/one"
	wait_for has_ahead "2 3"
	leave 75
}

@test "finished recordings go first, then the live ones continue" {
	local live from to
	faults "part * * slow-store 0.4" 'lookup * * stall-stored 2'
	records one 60
	live=$REC
	watch
	wait_for has_parts 1
	arrives two
	wait_for announced
	from=$(journal 'select(.event == "began") | .at')
	to=$(journal 'select(.event == "announced") | .at')
	((to - from > 1500))
	REC=$live
	# Parts in flight were given half a second.
	assert_equal "$(journal 'select(.event == "partStored") | .at' |
		awk -v a="$((from + 500))" -v b="$to" '$1 > a && $1 < b')" ""
	faults
	wait_for has_at_store "2 3 4 5 6 7 8 9 10 11"
	leave 75
}

@test "on SIGTERM watch with drain-for delivers a live recording to its end" {
	records one
	watch --drain-for 25s
	wait_for has_ahead "2 3"
	kill -TERM "$WATCH_PID"
	sleep 2
	finish
	wait "$WATCH_PID"
	WATCH_PID=
	webhooks | grep -q STOPPED
	is_stored "$MEDIA" metadata.json
}

@test "SIGHUP reaches visits that send ahead" {
	unset JIBRI_FINALIZE_CONFIG
	printf 'live = yes\n' >"$DIR/conf"
	records one 40
	faults "part * * slow-store 0.4"
	watch --config "$DIR/conf"
	wait_for has_parts 1
	printf 'live = no\n' >"$DIR/conf"
	kill -HUP "$WATCH_PID"
	wait_for grep -q "settings reloaded" "$DIR/log"
	sleep 1.2
	local had
	had=$(ahead)
	sleep 2.5
	assert_equal "$(ahead)" "$had"
	leave 75
}

@test "a store that asks for a pause gets it" {
	faults "part * * status 503 Retry-After: 600"
	records one
	watch
	wait_for grep -q "nothing is sent ahead until" "$DIR/log"
	local until
	until=$(sed -n 's/.*nothing is sent ahead until //p' "$DIR/log")
	(($(date -d "$until" +%s) - $(date +%s) > 500))
	leave 75
}

@test "a second take beside metadata.json is sent ahead, too" {
	REC=$TOP/one SESSION=one
	mkdir "$REC"
	metadata "https://meet.example.org/$ROOM"
	jibri 17
	watch
	wait_for has_ahead "2 3"
	finish
	arrived
	leave 0
}

@test "status never shows more bytes sent than the file has" {
	records one
	watch
	wait_for has_ahead "2 3"
	truncate -s 7M "$REC/$MEDIA"
	run_command 0 status
	assert_output_has "live, 7 of 7 MB sent"
	leave 75
}

@test "without a journal nothing is sent ahead, without a word" {
	[ "$EUID" = 0 ] || skip "only root can mount"
	records one
	unshare -m sh -c 'mount --bind "$1" "$1" &&
		mount -o remount,bind,ro "$1" && exec timeout 3 "$2" watch' - \
		"$TOP" "$BIN" >"$DIR/log" 2>&1 || true
	assert_equal "$(grep -c journal "$DIR/log" || true)" 0
	assert_equal "$(requests part)" 0
}

# bats test_tags=slow
@test "STARTED is sent once the meeting-service is back" {
	export JIBRI_FINALIZE_STARTED_WEBHOOK=yes
	export JIBRI_FINALIZE_ROOM_FORMAT='{room}'
	faults "webhook * 1 status 503"
	records one
	watch
	wait_for has_ahead "2 3"
	wait_for started || wait_for started
	leave 75
	assert_equal "$(webhooks | cut -d ' ' -f 1 | xargs)" STARTED
}
