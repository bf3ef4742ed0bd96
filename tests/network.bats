#!/usr/bin/env bats
# How the services are reached: the time to connect, the proxy, the token.

load lib
setup() {
	common_setup
	start_sandbox
	recording
}
teardown() {
	[ -z "${SILENT_PID:-}" ] || kill "$SILENT_PID" 2>/dev/null || true
	common_teardown
}

# A port that takes connections and never says a word.
start_silent() {
	perl -MSocket -e '
		$| = 1;
		socket(S, PF_INET, SOCK_STREAM, 0) or die;
		bind(S, sockaddr_in(0, INADDR_LOOPBACK)) or die;
		listen(S, 64) or die;
		print +(sockaddr_in(getsockname(S)))[0], "\n";
		sleep 120' >"$DIR/port" 3>&- &
	SILENT_PID=$!
	wait_for test -s "$DIR/port"
	SILENT=127.0.0.1:$(cat "$DIR/port")
}

@test "a server that never finishes the TLS handshake is given up after connect-timeout" {
	local start=$SECONDS
	start_silent
	run_finalize 75 --file-service-url "https://$SILENT" --tries 1 \
		--connect-timeout 300ms --answer-timeout 30s
	((SECONDS - start < 10))
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
	assert_output_has "https://$SILENT/files/structured/123: Timeout was reached"
}

@test "a server that takes the request and never answers is given up after answer-timeout" {
	local start=$SECONDS
	start_silent
	run_finalize 75 --meeting-service-url "http://$SILENT" --tries 1 \
		--answer-timeout 300ms
	((SECONDS - start < 10))
	assert_equal "$(requests upload)" 0
	assert_output_has "no whole answer within 0.3 s"
}

@test "a proxy is used when it is set, and the environment's only with proxy = env" {
	local nowhere=http://files.invalid
	export http_proxy=$URL
	run_finalize 75 --meeting-service-url "$nowhere" --tries 1
	assert_equal "$(requests)" 0
	assert_output_has "Could not resolve host: files.invalid"

	run_finalize 65 --meeting-service-url "$nowhere" --proxy env "$ROOM"
	assert_equal "$(jq -r .headers.host "$SB/requests.jsonl" | sort -u)" \
		files.invalid
	unset http_proxy
	: >"$SB/requests.jsonl"
	run finalize --meeting-service-url "$nowhere" --proxy "$URL"
	assert_equal "$(jq -r .headers.host "$SB/requests.jsonl" | sort -u)" \
		files.invalid
}

@test "the token goes to both services as a bearer, and without it they refuse" {
	stop_sandbox
	start_sandbox --token t0ken
	run_finalize 77
	assert_equal "$(requests upload)" 0
	JIBRI_FINALIZE_TOKEN=t0ken run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(tail -n 5 "$SB/requests.jsonl" |
		jq -r '.headers.authorization' | sort -u)" "Bearer t0ken"
	refute_output_has t0ken
}
