#!/usr/bin/env bats
# The metrics that a sweep writes, and whether they are true.

load lib

setup() {
	common_setup
	TOP=$DIR/recordings
	rmdir "$REC"
	M=$DIR/m.prom
	export JIBRI_FINALIZE_RECORDINGS_DIR=$TOP
	export JIBRI_FINALIZE_METRICS_FILE=$M
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=1ms
}
teardown() { common_teardown; }

# gauge NAME[{LABELS}]: its value in the metrics file.
gauge() {
	awk -v n="jibri_finalize_$1" '$1 == n { print $2 }' "$M"
}

# counters: each of them and its value, but for those of requests.
counters() {
	grep -E '_total|_bucket|_sum|_count' "$M" | grep -v '^#\|_requests_'
}

@test "metrics-file holds what the journals add up to, in a form that promtool accepts" {
	start_sandbox
	another_recording one
	another_recording two
	another_recording live
	rm "$TOP/live/metadata.json"
	faults "upload $MEDIA 1 status 400"
	run_command 65 sweep --jobs 1
	assert_equal "$(gauge 'recordings{state="done"}')" 1
	assert_equal "$(gauge 'recordings{state="held"}')" 1
	assert_equal "$(gauge 'recordings{state="settling"}')" 1
	assert_equal "$(gauge 'failures{class="permanent"}')" 1
	assert_equal "$(gauge attempts)" 2
	local held
	held=$("$BIN" status --json --state held | jq -r '.recordings[0].path')
	assert_equal "$(gauge undelivered_bytes)" "$(stat -c %s "$held/$MEDIA")"
	(($(gauge last_success_timestamp_seconds | cut -d. -f1) >= EPOCHSECONDS - 60))
	(($(gauge last_sweep_end_timestamp_seconds | cut -d. -f1) >= EPOCHSECONDS - 60))
	(($(gauge disk_free_bytes) > 0))
	assert_equal "$(cd "$DIR" && echo *m.prom*)" "m.prom m.prom.state"
	command -v promtool >/dev/null || skip "no promtool"
	promtool check metrics <"$M" >"$DIR/check" 2>&1
	assert_equal "$(cat "$DIR/check")" ""
}

@test "counters include what the hook, a sweep and commands by hand sent" {
	start_sandbox
	another_recording one
	faults 'upload * 1 status 400' 'webhook * * status 503'
	run_finalize 65
	faults
	run_command 0 sweep --held
	another_recording two
	run_command 0 upload "$REC"
	run_command 0 sweep
	assert_equal "$(gauge uploaded_bytes_total)" \
		"$(cat "$TOP"/*/{metadata.json,*.mp4} | wc -c)"
	assert_equal "$(gauge 'uploads_total{outcome="stored"}')" 4
	assert_equal "$(gauge 'uploads_total{outcome="failed"}')" 1
	assert_equal "$(gauge 'webhooks_total{event="STOPPED"}')" 2
	assert_equal "$(gauge 'webhooks_total{event="FAILED"}')" 0
	assert_equal "$(gauge 'requests_total{service="file-service",code="400"}')" 1
	(($(gauge 'requests_total{service="webhook",code="503"}') >= 1))
	assert_equal "$(gauge 'requests_total{service="webhook",code="200"}')" 2
	assert_equal "$(awk '/_requests_total\{/ { n += $2 } END { print n }' "$M")" \
		"$(requests)"

	# Commands that only look note nothing, as the manual says.
	local asked
	asked=$(requests)
	run_command 0 verify "$REC"
	(($(requests) > asked))
	run_command 0 sweep
	assert_equal "$(awk '/_requests_total\{/ { n += $2 } END { print n }' "$M")" \
		"$asked"
}

@test "no counter falls when recordings are removed, and new ones still count" {
	start_sandbox
	another_recording one
	another_recording two
	run_command 0 sweep
	counters >"$DIR/before"
	rm -r "$TOP/one"
	run_command 0 sweep
	diff "$DIR/before" <(counters)
	another_recording three
	run_command 0 sweep
	assert_equal "$(gauge 'webhooks_total{event="STOPPED"}')" 3
	# Retention removes one in the sweep that delivers another.
	another_recording four
	sleep 0.1
	run_command 0 sweep --retention 1ms
	assert_equal "$(find "$TOP" -mindepth 1 -maxdepth 1 | wc -l)" 0
	assert_equal "$(gauge 'webhooks_total{event="STOPPED"}')" 4
	assert_equal "$(gauge time_to_available_seconds_count)" 4
	assert_equal "$(gauge 'uploads_total{outcome="stored"}')" 8
	(($(gauge last_success_timestamp_seconds | cut -d. -f1) > 0))
}

@test "time to available is from the last write of the media to STOPPED" {
	start_sandbox
	another_recording one
	touch -d '20 seconds ago' "$REC/$MEDIA"
	run_finalize 0
	another_recording two
	touch -d '2 hours ago' "$REC/$MEDIA"
	run_finalize 0
	touch "$TOP"/*/metadata.json
	run_command 0 sweep
	assert_equal "$(gauge 'time_to_available_seconds_bucket{le="10"}')" 0
	assert_equal "$(gauge 'time_to_available_seconds_bucket{le="30"}')" 1
	assert_equal "$(gauge 'time_to_available_seconds_bucket{le="3600"}')" 1
	assert_equal "$(gauge 'time_to_available_seconds_bucket{le="14400"}')" 2
	assert_equal "$(gauge 'time_to_available_seconds_bucket{le="+Inf"}')" 2
	(($(gauge time_to_available_seconds_sum | cut -d. -f1) >= 7220))
}

@test "service_up is 0 while a service answers only 5xx, and unchanged while nobody asks" {
	start_sandbox
	another_recording one
	run_command 0 sweep
	assert_equal "$(gauge 'service_up{service="file-service"}')" 1
	another_recording two
	faults 'upload * * status 503' 'list * * status 503'
	run_command 75 sweep
	assert_equal "$(gauge 'service_up{service="file-service"}')" 0
	assert_equal "$(gauge 'service_up{service="meeting-service"}')" 1
	chmod 000 "$TOP/two"
	mv "$TOP/two" "$DIR/two"
	run_command 0 sweep
	assert_equal "$(gauge 'service_up{service="file-service"}')" 0
}

@test "held and given-up recordings are not pending" {
	start_sandbox
	another_recording one
	touch -d '3 hours ago' "$REC"/*
	faults 'upload * * status 400'
	run_command 65 sweep
	assert_equal "$(gauge 'recordings{state="held"}')" 1
	assert_equal "$(gauge oldest_pending_age_seconds)" 0
	(($(gauge undelivered_bytes) > 0))
	run_command 0 forget --yes "$REC"
	run_command 0 sweep
	assert_equal "$(gauge 'recordings{state="held"}')" 0
	assert_equal "$(gauge 'recordings{state="given-up"}')" 1
	assert_equal "$(gauge oldest_pending_age_seconds)" 0
}

@test "a waiting recording is pending since its last write" {
	start_sandbox
	another_recording one
	touch -d '3 hours ago' "$REC"/*
	faults 'upload * * status 503'
	run_command 75 sweep
	(($(gauge oldest_pending_age_seconds | cut -d. -f1) >= 10800))
}

@test "only a sweep of recordings-dir writes the metrics, however it is named" {
	start_sandbox
	another_recording one
	mkdir "$DIR/other"
	run_command 0 sweep "$DIR/other"
	[ ! -e "$M" ]
	run_command 0 sweep "$TOP" "$DIR/other"
	[ ! -e "$M" ]
	run_command 0 sweep --dry-run
	[ ! -e "$M" ]
	run_command 0 sweep "$TOP/"
	assert_equal "$(gauge 'recordings{state="done"}')" 1
	run_command 0 sweep "$DIR/other"
	assert_equal "$(gauge 'recordings{state="done"}')" 1
}

@test "a damaged state file causes a warning, and the counters start again" {
	start_sandbox
	another_recording one
	run_command 0 sweep
	echo '{"schema": 2}' >"$M.state"
	run_command 0 sweep
	assert_output_has "m.prom.state is damaged"
	assert_equal "$(gauge 'webhooks_total{event="STOPPED"}')" 1
	run_command 0 sweep
	refute_output_has damaged
}

@test "a journal with false counts does not make a counter fall or overflow" {
	start_sandbox
	another_recording one
	run_finalize 0
	printf '%s\n' '{"at":1,"event":"counted","count":-5,"requests":{"s3 x":1}}' \
		'{"at":1,"event":"counted","count":99999999999999,"requests":
			{"file-service 200":9223372036854775807,"a b":7}}' \
		'{"at":1,"event":"counted","requests":{"file-service 77777":1}}' |
		paste -sd '\n' | sed 's/$//' >>"$REC/.jibri-finalize"
	run_command 0 sweep
	(($(gauge 'requests_total{service="file-service",code="200"}') < 100))
	run ! grep -E ' -|e\+' <(counters)
}

@test "an unwritable metrics-file causes a warning and stops nothing" {
	start_sandbox
	another_recording one
	run_command 0 sweep --metrics-file "$DIR/no/m.prom"
	assert_output_has "metrics-file: write $DIR/no/m.prom"
	assert_output_has "continuing without it"
	is_stored metadata.json "$MEDIA"
}

# pushed: what the sandbox, in place of a Pushgateway, was asked to store.
pushed() {
	jq -r 'select(.method == "PUT") | .target' "$SB/requests.jsonl"
}

@test "metrics-push-url gets the same metrics by PUT, for this host" {
	start_sandbox
	another_recording one
	faults 'other * * status 202'
	run_command 0 sweep --metrics-push-url "$URL/push/"
	refute_output_has warning
	assert_equal "$(pushed)" \
		"/push/metrics/job/jibri-finalize/instance/$(hostname)"
	assert_equal "$(jq -r 'select(.method == "PUT") | .headers |
		[."content-type", ."content-length", .traceparent // "none"] |
		join(" ")' "$SB/requests.jsonl")" \
		"text/plain; version=0.0.4 $(wc -c <"$M") none"
}

@test "a Pushgateway that refuses or is unreachable costs one warning" {
	start_sandbox
	another_recording one
	run_command 0 sweep --metrics-file '' --metrics-push-url "$URL"
	assert_equal "$(grep -c warning: <<<"$output")" 1
	assert_output_has "metrics-push-url: "
	assert_output_has "HTTP 404"
	run_command 0 sweep --metrics-file '' --metrics-push-url http://127.0.0.1:1
	assert_output_has "metrics-push-url: "
	assert_equal "$(grep -c warning: <<<"$output")" 1
	run_command 0 sweep --metrics-file '' --metrics-push-url ftp://x
	assert_output_has "metrics-push-url: "
}

@test "the manual names exactly the metrics that are written" {
	start_sandbox
	another_recording one
	run_command 0 sweep
	command -v mandoc >/dev/null || skip "there is no mandoc here"
	sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$M" | sort >"$DIR/written"
	mandoc -T ascii -O width=1000 "$ROOT/man/jibri-finalize-sweep.8" |
		col -bx | grep -oE '^ *jibri_finalize_[a-z_]+' | tr -d ' ' |
		sort >"$DIR/named"
	diff "$DIR/written" "$DIR/named"
	# And the names that rules and dashboard use.
	(($(wc -l <"$DIR/named") > 15))
}
