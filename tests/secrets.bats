#!/usr/bin/env bats
# Secrets: where they may be, who may read them, and where they are sent.

load lib
setup() {
	common_setup
	recording
}
teardown() {
	end_child "${RUN_PID-}"
	common_teardown
}

# shown TEXT: config prints this, on stdout or stderr.
config_says() {
	run "$BIN" config "${@:2}"
	assert_output_has "$1"
}

config_is_silent() {
	local error
	error=$("$BIN" config "$@" 2>&1 >/dev/null)
	assert_equal "$error" ''
}

# --- the trace ---------------------------------------------------------------

@test "the trace shows every request and answer, and no secret of either" {
	start_sandbox --oauth jibri c1ient-s3cret
	export JIBRI_FINALIZE_OAUTH_CLIENT_SECRET=c1ient-s3cret
	faults "webhook * 1 status 401 Set-Cookie: id=cookie-s3cret | WWW-Authenticate: Bearer realm=realm-s3cret" \
		"list * 1 redirect 301 http://u:pw-s3cret@elsewhere.invalid/?k=key-s3cret"
	run_finalize 0 --log-level trace --oauth-client-id jibri \
		--oauth-token-url "$URL/oauth/token" --log-file "$DIR/log"
	refute_output_has s3cret
	run ! grep -E 's3cret|oauth-[0-9]+\.|Basic|Bearer' "$DIR/log"
	local line
	while read -r line; do
		grep -qF -- "$line" "$DIR/log" || { echo "no $line" >&2; false; }
	done <<-END
		> POST /oauth/token HTTP/1.1
		> GET /api/meetings/room/$ROOM HTTP/1.1
		> GET /metadata?(hidden) HTTP/1.1
		> POST /files/structured/123?(hidden) HTTP/1.1
		> POST /webhooks/jitsi/recording HTTP/1.1
		> Authorization: (hidden)
		> X-Webhook-Secret: (hidden)
		> X-Webhook-Signature: (hidden)
		> webhook-signature: (hidden)
		> webhook-id: msg_
		< HTTP/1.1 200 OK
		< Set-Cookie: (hidden)
		< WWW-Authenticate: (hidden)
		< Location: (hidden)@elsewhere.invalid/?(hidden)
	END
	# Only headers known to be harmless are shown with a value.
	jq -r '.headers | .["x-webhook-signature"], .["webhook-signature"],
		.authorization | values' "$SB/requests.jsonl" | sort -u \
		>"$DIR/secret-values"
	(($(wc -l <"$DIR/secret-values") >= 3))
	run ! grep -F -f "$DIR/secret-values" "$DIR/log"
}

@test "below the level trace nothing of the requests is shown" {
	start_sandbox
	run_finalize 0 --log-level debug
	refute_output_has HTTP/1.1
	refute_output_has Authorization
}

@test "the proxy's password is in no log and in no command line" {
	start_sandbox
	export JIBRI_FINALIZE_PROXY_AUTH=jibri:pr0xy-s3cret
	run finalize --meeting-service-url http://files.invalid --proxy "$URL" \
		--log-level trace
	assert_equal "$(request other '.headers["proxy-authorization"]' | sort -u)" \
		"Basic $(printf %s "$JIBRI_FINALIZE_PROXY_AUTH" | base64)"
	assert_output_has "Proxy-Authorization: (hidden)"
	refute_output_has pr0xy
	refute_output_has "$(printf %s "$JIBRI_FINALIZE_PROXY_AUTH" | base64)"
	run -64 "$BIN" config --proxy http://u:pr0xy-s3cret@proxy:3128
	assert_output_has "set proxy-auth instead"
	refute_output_has pr0xy
	run -64 "$BIN" config --proxy u:pr0xy-s3cret@proxy:3128
	refute_output_has pr0xy
	unset JIBRI_FINALIZE_PROXY_AUTH
	http_proxy=http://jibri:pr0xy-s3cret@${URL#*//} run finalize --force \
		--meeting-service-url http://files.invalid --proxy env \
		--log-level trace
	assert_output_has "http_proxy == (hidden)@${URL#*//}"
	refute_output_has pr0xy
}

@test "a tunnelling proxy gets no token" {
	start_sandbox
	export JIBRI_FINALIZE_TOKEN=t0ken JIBRI_FINALIZE_PROXY_AUTH=jibri:pr0xy
	run finalize --tries 1 --proxy "$URL" \
		--meeting-service-url https://meetings.invalid
	assert_equal "$(jq -r '.method + " " +
		(.headers.authorization // "none") + " " +
		.headers["proxy-authorization"][:6]' "$SB/requests.jsonl" |
		sort -u)" "CONNECT none Basic "
	refute_output_has t0ken
}

# --- what a server repeats ---------------------------------------------------

# repeats CODE TEXT FAULT: the answer contains the token, which is masked in
# TEXT and is neither in the journal nor in FAILED.
repeats() {
	[ -z "$3" ] || faults "$3"
	run_finalize "$1" --log-level trace
	assert_output_has "${2//$TOKEN/${TOKEN//?/*}}"
	refute_output_has "$TOKEN"
	run ! grep -F "$TOKEN" "$REC/.jibri-finalize" "$SB/webhooks.jsonl"
}

# answers JSON
answers() { printf '%s\n' "$1" >"$SB/answer"; }

@test "no secret that a server repeats is shown, kept or told" {
	local TOKEN=r3peated-t0ken page
	start_sandbox
	export JIBRI_FINALIZE_FILE_SERVICE_TOKEN=$TOKEN
	repeats 78 "a redirect to http://127.0.0.1:1/$TOKEN, which" \
		"lookup * * redirect 307 http://127.0.0.1:1/$TOKEN"
	answers "{\"id\": \"123-$TOKEN\"}"
	repeats 78 "is not a meeting with an id: {\"id\": \"123-$TOKEN\"}" \
		'lookup * * body answer'
	page="{\"content\": [], \"next\": \"/metadata/$TOKEN\"}"
	answers "$page"
	repeats 0 "the answer continues at /metadata/$TOKEN: $page" \
		'list * * body answer'
	another_recording kept
	answers "{\"id\": \"new\", \"path\": \"/$TOKEN/kept\"}"
	repeats 0 "the server stored it as /$TOKEN/kept" \
		'upload * 1 body-stored answer'
	another_recording named
	answers "{\"id\": \"id-$TOKEN\"}"
	repeats 0 "is not a record of a file: {\"id\": \"id-$TOKEN\"}" \
		'upload * 1 body-stored answer'
}

@test "no path or ID of a list that repeats a secret is shown or kept" {
	local TOKEN=r3peated-t0ken path=/$ROOM/$SESSION
	start_sandbox
	export JIBRI_FINALIZE_FILE_SERVICE_TOKEN=$TOKEN
	answers "[{\"id\": \"a\", \"path\": \"$path/$TOKEN\", \"size\": 1},
		{\"id\": \"b-$TOKEN\", \"path\": \"/elsewhere$path/$MEDIA\"},
		{\"id\": \"c-%72${TOKEN:1}\", \"path\": \"$path/c\"}]"
	repeats 0 "" 'list * * body answer'
	run_command 65 verify "$REC"
	assert_output_has "$path/${TOKEN//?/*}"
	refute_output_has "$TOKEN"
	run_command 65 verify --json "$REC"
	refute_output_has "${TOKEN:1}"
	run_command 0 status "$REC"
	refute_output_has "$TOKEN"
}

@test "a secret repeated in a header, an error code or a health answer is not shown" {
	local TOKEN=r3peated-t0ken
	start_sandbox
	export JIBRI_FINALIZE_FILE_SERVICE_TOKEN=$TOKEN
	repeats 0 "< Server: $TOKEN" \
		"webhook * 1 status 503 Server: $TOKEN | Via: 1 $TOKEN"
	answers "{\"status\": \"DOWN $TOKEN\"}"
	faults 'health * * body answer'
	run_command 78 check --json
	assert_output_has "reports: DOWN ${TOKEN//?/*}"
	refute_output_has "$TOKEN"
	another_recording coded
	answers "{\"error\": \"$TOKEN\"}"
	export JIBRI_FINALIZE_OAUTH_TOKEN_URL=$URL/oauth/token
	export JIBRI_FINALIZE_OAUTH_CLIENT_ID=jibri
	export JIBRI_FINALIZE_OAUTH_CLIENT_SECRET=c1ient
	repeats 78 "token endpoint: $TOKEN: POST" \
		'token * * status-body 400 answer application/json'
}

@test "a secret that a server breaks into lines is masked" {
	local TOKEN=r3peated-t0ken coded
	coded=$(printf %s "$TOKEN" | base64)
	start_sandbox
	export JIBRI_FINALIZE_FILE_SERVICE_TOKEN=$TOKEN
	printf 'no: r3peat\r\n  ed-t0\tken, r3peated\\n-t0%%0ak&#10;en, %s\n%s.' \
		"${coded::8}" "${coded:8}" >"$SB/answer"
	faults 'upload * * status-body 403 answer text/plain'
	run_finalize 77 --log-level trace
	assert_output_has 'no: ***'
	run ! grep -F -e r3peat -e t0 -e ken -e "${coded::8}" -e "${coded:8:8}" \
		<<<"$output"
	run ! grep -F -e r3peat -e ken, -e "${coded::8}" -e "${coded:8:8}" \
		"$REC/.jibri-finalize" "$SB/webhooks.jsonl"
}

# --- the process -------------------------------------------------------------

@test "a running process shows no secret to others, and leaves no core" {
	start_sandbox
	faults "lookup * * stall-answer 30"
	export JIBRI_FINALIZE_TOKEN=t0ken-1 WEBHOOK_SECRET=$CANARY
	cd "$DIR"
	ulimit -c unlimited
	JIBRI_FINALIZE_ANSWER_TIMEOUT=30s "$BIN" "$REC" >"$DIR/out" 2>&1 3>&- &
	RUN_PID=$!
	wait_for has_request
	assert_equal "$(awk '/core file/ { print $5, $6 }' "/proc/$RUN_PID/limits")" \
		"0 0"
	# If this user may look, the secret is gone from there too.
	if [ -r "/proc/$RUN_PID/environ" ]; then
		tr '\0' '\n' <"/proc/$RUN_PID/environ" >"$DIR/environ"
		grep -q '^WEBHOOK_SECRET=' "$DIR/environ"
		run ! grep -e "$CANARY" -e t0ken-1 "$DIR/environ"
	fi
	kill -ABRT "$RUN_PID"
	wait "$RUN_PID" || true
	[ -z "$(find "$DIR" -name 'core*')" ]
}

has_request() {
	[ -s "$SB/url" ] && ss_established
}

# The request has left when the server's port has a connection.
ss_established() {
	local port
	port=$(printf '%04X' "${URL##*:}")
	grep -q "0100007F:$port 0100007F:[0-9A-F]* 01" /proc/net/tcp
}

@test "a process of the same user cannot inspect a run" {
	[ "$(id -u)" = 0 ] || skip "needs root to become another user"
	start_sandbox
	faults "lookup * * stall-answer 30"
	chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test; chmod -R a+rwX "$DIR"
	JIBRI_FINALIZE_ANSWER_TIMEOUT=30s setpriv --reuid 12345 --clear-groups \
		"$BIN" "$REC" >"$DIR/out" 2>&1 3>&- &
	RUN_PID=$!
	wait_for has_request
	assert_equal "$(stat -c %u "/proc/$RUN_PID/environ")" 0
	run setpriv --reuid 12345 --clear-groups cat "/proc/$RUN_PID/environ"
	((status != 0))
}

# --- files -------------------------------------------------------------------

@test "a secret's file that everybody can read is a warning, or refused" {
	local conf=$DIR/secret.conf
	start_sandbox
	unset WEBHOOK_SECRET
	printf '%s\n' "$CANARY" >"$DIR/secret"
	chmod 0644 "$DIR/secret"
	run_finalize 0 --webhook-secret-file "$DIR/secret"
	assert_output_has "warning: $DIR/secret holds a secret, and everybody can read it"
	run_finalize 78 --webhook-secret-file "$DIR/secret" --strict-permissions
	assert_output_has "$DIR/secret holds a secret"
	chmod 0642 "$DIR/secret"
	config_says "everybody can write it" --webhook-secret-file "$DIR/secret"
	for mode in 0640 0600 0400; do
		chmod "$mode" "$DIR/secret"
		config_is_silent --webhook-secret-file "$DIR/secret" \
			--strict-permissions
	done

	# The configuration file itself.
	echo "webhook-secret = $CANARY" >"$conf"
	chmod 0644 "$conf"
	config_says "$conf holds a secret" --config "$conf"
	run -78 "$BIN" config --config "$conf" --strict-permissions
	echo "strict-permissions = yes" >>"$conf"
	run -78 "$BIN" config --config "$conf"
	chmod 0640 "$conf"
	config_is_silent --config "$conf"
	# It only names the secret's file.
	echo "webhook-secret-file = $DIR/secret" >"$conf"
	chmod 0644 "$conf"
	config_is_silent --config "$conf" --strict-permissions
}

@test "a pipe, systemd's credentials and a certificate cause no warning" {
	mkdir "$DIR/credentials"
	echo "$CANARY" >"$DIR/credentials/webhook-secret"
	chmod 0400 "$DIR/credentials/webhook-secret"
	export JIBRI_FINALIZE_STRICT_PERMISSIONS=yes
	CREDENTIALS_DIRECTORY=$DIR/credentials config_is_silent
	config_is_silent --token-file <(echo t0ken)
	echo cert >"$DIR/cert.pem"
	echo key >"$DIR/key.pem"
	chmod 0644 "$DIR/cert.pem"
	chmod 0600 "$DIR/key.pem"
	config_is_silent --tls-cert "$DIR/cert.pem" --tls-key "$DIR/key.pem"
	chmod 0644 "$DIR/key.pem"
	run -78 "$BIN" config --tls-cert "$DIR/cert.pem" --tls-key "$DIR/key.pem"
	assert_output_has "$DIR/key.pem holds a secret"
	# Without tls-key, the certificate's file contains the key.
	run -78 "$BIN" config --tls-cert "$DIR/cert.pem"
	assert_output_has "$DIR/cert.pem holds a secret"
}

# --- network
# -------------------------------------------------------------------

# bats test_tags=slow
@test "a secret over http to a public-looking host is a warning" {
	local host
	export JIBRI_FINALIZE_TOKEN=t0ken
	for host in files.example.org 8.8.8.8 172.32.0.1 192.169.0.1 169.253.0.1 \
		'[2001:db8::1]' '[::ffff:8.8.8.8]' notlocal.org localhost.example.org; do
		config_says "file-service-url: the token would go over http" \
			--file-service-url "http://$host:2027/x"
	done
	for host in localhost 127.0.0.1 127.9.9.9 '[::1]' 10.1.2.3 172.16.0.1 \
		172.31.255.255 192.168.0.1 169.254.1.1 '[fe80::1]' '[fd00::1]' \
		'[::ffff:10.0.0.1]' file-service files.local \
		files.default.svc.cluster.local files.internal; do
		config_is_silent --file-service-url "http://$host:2027/x"
	done
	config_is_silent --file-service-url https://files.example.org
}

@test "the warning is given exactly when a secret would be exposed" {
	local open=http://meetings.example.org
	config_is_silent --meeting-service-url "$open"
	export WEBHOOK_SECRET=$CANARY
	config_says "meeting-service-url: webhook-secret would go over http" \
		--meeting-service-url "$open"
	config_is_silent --meeting-service-url "$open" \
		--webhook-auth signature,standard
	unset WEBHOOK_SECRET
	export JIBRI_FINALIZE_FILE_SERVICE_TOKEN=t0ken
	config_is_silent --meeting-service-url "$open"
	JIBRI_FINALIZE_PROXY_AUTH=u:p config_says \
		"proxy: proxy-auth would go over http" --proxy proxy.example.org:3128
	JIBRI_FINALIZE_PROXY_AUTH=u:p config_is_silent --proxy proxy:3128
	export JIBRI_FINALIZE_OAUTH_CLIENT_SECRET=x
	config_says "oauth-token-url: the token would go over http" \
		--oauth-token-url http://sso.example.org/token --oauth-client-id x
}

@test "check warns of a secret that would go over http to a host that looks public" {
	export JIBRI_FINALIZE_TOKEN=t0ken
	exposed() {
		run "$BIN" check --json --file-service-url http://localhost:1 \
			--meeting-service-url http://localhost:1 \
			--connect-timeout 1s "$@"
		jq -r '.findings[] | select(.check == "http") |
			.result + " " + .text' <<<"$output"
	}
	assert_equal "$(exposed)" ""
	assert_equal "$(exposed --proxy none --file-service-url http://192.0.2.1:1)" \
		"warning file-service-url: the token would go over http, where others can read it"
}

@test "require-tls refuses http except to this machine, and nothing is sent" {
	local name
	start_sandbox
	run_finalize 78 --require-tls --meeting-service-url http://10.255.255.1:9
	assert_output_has "meeting-service-url: http is refused because require-tls is set"
	assert_equal "$(requests)" 0
	assert_equal "$(webhooks)" ''
	for name in file-service-url meeting-service-url; do
		run -78 "$BIN" config --require-tls --"$name" http://file-service
		assert_output_has "$name: http is refused"
	done
	run_finalize 0 --require-tls
	is_stored metadata.json "$MEDIA"
}

# --- environment -------------------------------------------------------------

@test "no variable makes a library write TLS keys to a file, load code or trust others" {
	needs_strace
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj /CN=x -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$DIR/key" -out "$DIR/pem" 2>/dev/null
	start_sandbox --tls "$DIR/pem" "$DIR/key"
	# An attacker's; if it were used, TLS to our server would fail.
	printf '%s\n' 'openssl_conf = all' '[all]' 'ssl_conf = tls' \
		'providers = more' '[more]' 'evil = evil_provider' \
		'[evil_provider]' 'activate = 1' '[tls]' 'system_default = old' \
		'[old]' 'MaxProtocol = TLSv1.1' >"$DIR/openssl.cnf"
	touch "$DIR/evil.so"
	SSLKEYLOGFILE=$DIR/keys OPENSSL_CONF=$DIR/openssl.cnf \
		OPENSSL_MODULES=$DIR MAGIC=$DIR/magic CURL_HOME=$DIR \
		CURL_CA_BUNDLE=$DIR/pem SSL_CERT_FILE=$DIR/pem \
		strace -f -qq -e trace=openat,access -o "$DIR/trace" \
		"$BIN" --ca-file "$DIR/pem" "$REC" >"$DIR/out" 2>&1 ||
		{ cat "$DIR/out" >&2; false; }
	is_stored metadata.json "$MEDIA"
	run ! grep -e "$DIR/keys" -e "$DIR/openssl" -e evil -e "$DIR/magic" \
		"$DIR/trace"
	[ ! -e "$DIR/keys" ]
	CURL_CA_BUNDLE=$DIR/pem SSL_CERT_FILE=$DIR/pem run_finalize 78 --force
}
