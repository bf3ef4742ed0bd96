#!/usr/bin/env bats
# One trace ID for a recording in the logs of all services.

load lib
load live

setup() {
	common_setup
	recording
}
teardown() { live_teardown; }

# trace_of SESSION: its trace id, computed as the manual says.
trace_of() {
	printf 'jibri-finalize trace\n%s' "$1" | sha256sum | cut -c -32
}

# traces [JQ]: the traceparent of each request, or "none".
traces() {
	jq -r "select(${1:-true}) | .headers.traceparent // \"none\"" \
		"$SB/requests.jsonl"
}

@test "each request to our services has the recording's trace ID and its own parent ID" {
	start_sandbox
	faults 'upload *.mp4 1 status 503' 'webhook * 1 status 503'
	run_finalize 0
	local want
	want="^00-$(trace_of "$SESSION")-[0-9a-f]{16}-01\$"
	(($(traces | wc -l) >= 6))
	run -1 grep -vE "$want" <(traces)
	[ -z "$(traces | sort | uniq -d)" ]
	run -1 grep -e '-0000000000000000-' <(traces)
}

@test "a sweep and another host use the same trace ID, and another recording has its own" {
	start_sandbox
	faults 'upload * * status 503'
	run_finalize 75
	faults
	cp -a "$DIR/recordings" "$DIR/elsewhere"
	run_command 0 upload "$REC"
	run_command 0 sweep "$DIR/elsewhere"
	assert_equal "$(traces | cut -d- -f2 | sort -u)" "$(trace_of "$SESSION")"
	another_recording another
	run_finalize 0
	assert_equal "$(traces | cut -d- -f2 | tail -n 1)" "$(trace_of another)"
}

@test "log lines in JSON have the trace ID, text lines do not" {
	start_sandbox
	run -0 --separate-stderr "$BIN" "$REC" --log-format json
	assert_equal "$(jq -r 'select(.session) | .traceId' <<<"$stderr" |
		sort -u)" "$(trace_of "$SESSION")"
	another_recording another
	run -0 --separate-stderr "$BIN" "$REC"
	[[ $stderr != *"$(trace_of another)"* ]]
}

@test "the OAuth server gets no trace ID" {
	start_sandbox --oauth jibri c1ient
	export JIBRI_FINALIZE_OAUTH_TOKEN_URL=$URL/oauth/token
	export JIBRI_FINALIZE_OAUTH_CLIENT_ID=jibri
	export JIBRI_FINALIZE_OAUTH_CLIENT_SECRET=c1ient
	run_finalize 0
	assert_equal "$(traces '.stage == "token"' | sort -u)" none
	assert_equal "$(traces '.stage == "upload"' | grep -c ^00-)" 2
}

@test "the URLs of parts get no trace ID, the requests for them do" {
	start_sandbox --parts 65536
	export JIBRI_FINALIZE_PARTS_FROM=100k
	head -c 200000 /dev/urandom >"$REC/talk.bin"
	run_finalize 0
	is_stored metadata.json "$MEDIA" talk.bin
	assert_equal "$(traces '.method == "PUT"' | sort -u)" none
	(($(traces '.method == "PUT"' | wc -l) >= 4))
	assert_equal "$(traces '.method != "PUT"' | grep -c none)" 0
}
