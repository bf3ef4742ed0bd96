#!/usr/bin/env bats
# A real nginx in front of the services: its limits, timeouts, buffers, TLS and
# death.  What counts is what the services behind it store, and how often they
# were asked.

load lib

setup() {
	command -v nginx >/dev/null || skip "nginx is not installed"
	common_setup
	start_sandbox
	BEHIND=$URL
	recording
	echo note >"$REC/notes.txt"
	FILES=(metadata.json notes.txt "$MEDIA")
	N=$DIR/nginx
	mkdir "$N"
}

teardown() {
	stop_nginx
	common_teardown
}

# configure SERVER_LINE...: all that nginx writes is in $N.
configure() {
	cat >"$N/nginx.conf" <<-END
		daemon off;
		master_process off;
		pid $N/pid;
		events { }
		http {
			access_log $N/access.log;
			client_body_temp_path $N/body;
			proxy_temp_path $N/proxy;
			fastcgi_temp_path $N/fastcgi;
			uwsgi_temp_path $N/uwsgi;
			scgi_temp_path $N/scgi;
			limit_req_zone \$binary_remote_addr zone=all:1m rate=40r/s;
			client_max_body_size 0;
			server {
				listen 127.0.0.1:$PORT $TLS;
				$(printf '%s\n' "$@")
				location / { proxy_pass $BEHIND; }
			}
		}
	END
}

# The log counts from here.
forget_requests() {
	: >"$SB/requests.jsonl"
}

nginx_has_started() {
	[ -s "$N/pid" ] || ! kill -0 "$NGINX_PID"
}

# start_nginx SERVER_LINE...: on a free port, and from then on the same one.
# nginx writes its pid once it listens, and ends with this test.
start_nginx() {
	local try kept=${PORT-}
	: "${TLS=}"
	for ((try = 0; try < 20; try++)); do
		PORT=${kept:-$((10000 + RANDOM % 20000))}
		configure "$@"
		setpriv --pdeathsig KILL nginx -e "$N/error.log" -p "$N" \
			-c "$N/nginx.conf" >"$N/output" 2>&1 3>&- &
		NGINX_PID=$!
		wait_for nginx_has_started
		[ ! -s "$N/pid" ] || break
		grep -q 'bind() to' "$N/error.log" || break
	done
	[ -s "$N/pid" ] || { cat "$N/output" "$N/error.log" >&2; return 1; }
	URL=http${TLS:+s}://127.0.0.1:$PORT
	export FILE_SERVICE_URL=$URL MEETING_SERVICE_URL=$URL
}

# stop_nginx [SIGNAL]
stop_nginx() {
	[ -n "${NGINX_PID:-}" ] || return 0
	kill "-${1:-TERM}" "$NGINX_PID" 2>/dev/null || true
	wait "$NGINX_PID" 2>/dev/null || true
	rm -f "$N/pid"
	NGINX_PID=
}

# buffered on|off: does nginx take the whole body before it passes it on?
buffered() {
	printf 'proxy_request_buffering %s; proxy_http_version 1.1;' "$1"
}

# came STAGE [NAME]: requests that reached the services.
came() {
	request "$1" ".part.filename // \"-\"" | grep -cFx -- "${2:--}" || true
}

has_come() {
	(($(came "$@") > 0))
}

begin() {
	"$BIN" "$REC" >"$DIR/first" 2>&1 3>&- &
	FIRST=$!
}

# ended CODE: the background run ended with that code.
ended() {
	local rc=0
	wait "$FIRST" || rc=$?
	assert_equal "$rc" "$1" || { cat "$DIR/first" >&2; return 1; }
}

# delivered [UPLOADS_OF_MEDIA]: each file once, and announced.
delivered() {
	is_stored "${FILES[@]}"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
	assert_equal "$(came upload "$MEDIA")" "${1:-1}"
	assert_equal "$(came upload notes.txt)" 1
}

@test "behind nginx everything is delivered, whichever way it handles the body" {
	local mode
	sparse "$REC/$MEDIA" 20000000
	for mode in on off; do
		start_nginx "$(buffered "$mode")"
		run_finalize 0
		delivered
		assert_equal "$(webhooks | wc -l)" 1
		stop_nginx
		another_recording "next-$mode"
		echo note >"$REC/notes.txt"
		forget_requests
		: >"$SB/webhooks.jsonl"
	done
}

# bats test_tags=slow
@test "over client_max_body_size: 413, held, and nothing of the file arrives" {
	local mode expect size
	for mode in on off; do
		for expect in yes no; do
			# One fits into the buffers in between, one does not.
			for size in 70000 9000000; do
				another_recording "large-$mode-$expect-$size"
				echo note >"$REC/notes.txt"
				sparse "$REC/$MEDIA" "$size"
				forget_requests
				start_nginx "client_max_body_size 60k;" \
					"$(buffered "$mode")"
				run_finalize 65 --expect-continue="$expect"
				is_stored metadata.json notes.txt
				assert_equal "$(came upload "$MEDIA")" 0
				assert_equal "$(webhooks | tail -n 1 | grep -o '.*HTTP 413')" \
					"FAILED $ROOM $SESSION $MEDIA: too large for the server ($size bytes): POST $URL/files/structured/123: HTTP 413"
				assert_output_has "error: $MEDIA: too large for the server ($size bytes): POST $URL/files/structured/123: HTTP 413"
				assert_output_has "held: 2 of 3 artifacts stored"
				stop_nginx

				# The limit is raised, and the held recording is
				# delivered.
				start_nginx "$(buffered "$mode")"
				run_finalize 0
				delivered
				stop_nginx
			done
		done
	done
}

# bats test_tags=slow
@test "a proxy_read_timeout shorter than the storing gives 504, and the file is there once" {
	local mode
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10s
	for mode in on off; do
		another_recording "slow-$mode"
		echo note >"$REC/notes.txt"
		forget_requests
		start_nginx 'proxy_read_timeout 1s;' "$(buffered "$mode")"
		faults "upload $MEDIA 1 slow-store 2.5"
		run_finalize 0
		delivered
		assert_output_has "$MEDIA: POST $URL/files/structured/123: HTTP 504"
		assert_output_has "$MEDIA: the server has it already"
		grep -q '" 504 ' "$N/access.log"
		stop_nginx
	done
}

@test "after a run that ended with 504 the next one asks the list" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10s JIBRI_FINALIZE_TRIES=1
	start_nginx 'proxy_read_timeout 1s;'
	faults "upload $MEDIA 1 slow-store 2.5"
	run_finalize 75
	assert_output_has "HTTP 504"
	# This list comes too early to show the file, and must not be believed.
	run_finalize 0
	delivered
	assert_equal "$(journal | grep -c absent)" 0
}

@test "after a 504 for a file that was not stored it is sent once more" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=2s
	start_nginx 'proxy_read_timeout 500ms;'
	faults "upload $MEDIA 1 stall-answer 1"
	run_finalize 0
	delivered 2
}

@test "a 502 of nginx says nothing about what the backend has stored" {
	local fault count
	start_nginx
	while read -r count fault; do
		another_recording "gone-$fault"
		echo note >"$REC/notes.txt"
		forget_requests
		faults "upload $MEDIA 1 $fault"
		run_finalize 0
		delivered "$count"
		assert_output_has "HTTP 502"
	done <<-'END'
		1 drop-stored
		1 reset-stored
		2 drop-after
	END
}

@test "with the backend down nginx answers 502: the recording waits, and is then delivered" {
	start_nginx
	stop_sandbox
	run_finalize 75
	assert_output_has "HTTP 502"
	start_sandbox
	BEHIND=$URL
	stop_nginx
	start_nginx
	run_finalize 0
	delivered
}

@test "a refusal that comes only after the whole body is still a refusal" {
	local mode
	sparse "$REC/$MEDIA" 9000000
	for mode in on off; do
		start_nginx "$(buffered "$mode")"
		forget_requests
		faults "upload * * status 401"
		run_finalize 77
		assert_equal "$(stored)" ''
		assert_equal "$(came upload "$MEDIA")" 1
		assert_output_has "$MEDIA: POST $URL/files/structured/123: HTTP 401"
		stop_nginx
	done
	faults
	forget_requests
	start_nginx
	run_finalize 0
	delivered
}

@test "a STOPPED that nginx gave up on is repeated under the same id" {
	start_nginx 'proxy_read_timeout 500ms;'
	faults "webhook * 1 stall-stored 1"
	run_finalize 0
	delivered
	assert_equal "$(webhooks | wc -l)" 2
	assert_equal "$(jq -r '.headers["webhook-id"]' "$SB/webhooks.jsonl" |
		sort -u | wc -l)" 1
}

@test "when nginx dies during an upload, the next run sends what did not arrive" {
	export JIBRI_FINALIZE_PARALLEL=1 JIBRI_FINALIZE_TRIES=2
	start_nginx "$(buffered off)"
	# Larger than all the buffers in between.
	sparse "$REC/$MEDIA" 60000000
	faults "upload $MEDIA 1 stall-at 100000 2"
	begin
	wait_for has_come upload "$MEDIA"
	stop_nginx KILL
	ended 75
	assert_equal "$(stored)" ''
	faults
	start_nginx "$(buffered off)"
	run_finalize 0
	delivered 2
}

@test "when nginx dies before it passes on the answer, nothing is sent again" {
	export JIBRI_FINALIZE_TRIES=2
	start_nginx
	faults "upload $MEDIA 1 stall-stored 2"
	begin
	wait_for test -e "$SB/store/$ROOM/$SESSION/$MEDIA"
	stop_nginx KILL
	ended 75
	start_nginx
	run_finalize 0
	delivered
}

@test "repeatedly closed connections double nothing" {
	local n
	for ((n = 0; n < 60; n++)); do echo "$n" >"$REC/file-$n.txt"; done
	start_nginx 'keepalive_requests 3;'
	run_finalize 0
	assert_equal "$(stored | wc -l)" 63
	assert_equal "$(requests upload)" 63
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a rate limit of nginx slows the delivery and loses nothing" {
	local n
	for ((n = 0; n < 30; n++)); do echo "$n" >"$REC/file-$n.txt"; done
	export JIBRI_FINALIZE_TRIES=20 JIBRI_FINALIZE_RETRY_DELAY_MAX=500ms
	start_nginx 'limit_req zone=all burst=2 nodelay; limit_req_status 429;'
	run_finalize 0
	assert_output_has "HTTP 429"
	assert_equal "$(stored | wc -l)" 33
	assert_equal "$(requests upload)" 33
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "with TLS at nginx its CA is needed, and without it nothing is sent" {
	local ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
	# shellcheck disable=SC2086
	openssl req -x509 $ec -days 2 -subj '/CN=Our CA' \
		-keyout "$N/ca.key" -out "$N/ca.pem" 2>/dev/null
	# shellcheck disable=SC2086
	openssl req $ec -subj '/CN=gateway' -keyout "$N/key.pem" \
		-out "$N/csr.pem" 2>/dev/null
	openssl x509 -req -in "$N/csr.pem" -CA "$N/ca.pem" -CAkey "$N/ca.key" \
		-CAcreateserial -days 2 -out "$N/cert.pem" \
		-extfile <(echo subjectAltName=IP:127.0.0.1) 2>/dev/null
	TLS='ssl http2'
	start_nginx "ssl_certificate $N/cert.pem;" \
		"ssl_certificate_key $N/key.pem;" \
		'proxy_read_timeout 1s; client_max_body_size 5m;'
	run_finalize 78
	assert_equal "$(requests)" 0
	assert_output_has certificate

	export JIBRI_FINALIZE_CA_FILE=$N/ca.pem
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10s
	sparse "$REC/$MEDIA" 3000000
	faults "upload $MEDIA 1 slow-store 2"
	run_finalize 0
	delivered
	assert_output_has "HTTP 504"
	sparse "$REC/larger.mp4" 9000000
	run_finalize 65
	assert_output_has "larger.mp4: too large for the server (9000000 bytes): POST $URL/files/structured/123: HTTP 413"
	assert_equal "$(came upload larger.mp4)" 0
	run ! grep -q 'HTTP/2' "$N/access.log"
}

@test "a room with special characters reaches the services through a gateway's paths" {
	local room='päivä & 50% +1'
	rooms "$(jq -n --arg room "$room" '{($room): 77}')"
	start_nginx "location /gateway/ { proxy_pass $BEHIND/; }"
	export FILE_SERVICE_URL=$URL/gateway MEETING_SERVICE_URL=$URL/gateway
	run_finalize 0 "$room"
	assert_equal "$(webhooks)" "STOPPED $room $SESSION"
	ROOM=$room
	is_stored "${FILES[@]}"
}
