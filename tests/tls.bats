#!/usr/bin/env bats
# HTTPS: only with the intended server, and no secret to any other.

load lib

# Certificates are made once for the file: a CA of our own and what it signed.
setup_file() {
	local d=$BATS_FILE_TMPDIR
	authority ca "Our CA"
	authority stranger "Another CA"
	certificate good ca IP:127.0.0.1,DNS:localhost 2
	certificate wrong ca DNS:elsewhere.example 2
	# Not every openssl accepts a negative validity.
	certificate expired ca IP:127.0.0.1 -1 ||
		certificate expired ca IP:127.0.0.1 1 faketime '3 days ago'
	certificate unknown stranger IP:127.0.0.1 2
	certificate jibri ca DNS:jibri 2
	certificate forged stranger DNS:jibri 2
	openssl pkey -in "$d/jibri.key" -aes128 -passout pass:p4ssphrase \
		-out "$d/locked.key"
	cat "$d/jibri.pem" "$d/jibri.key" >"$d/both.pem"
	[ -s "$d/unknown.pem" ]
}

# authority NAME SUBJECT
authority() {
	local d=$BATS_FILE_TMPDIR
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=$2" -keyout "$d/$1.key" -out "$d/$1.pem" \
		2>/dev/null
}

# certificate NAME CA SAN DAYS [COMMAND...]: signed by openssl run under
# COMMAND.
certificate() {
	local d=$BATS_FILE_TMPDIR
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$1" -keyout "$d/$1.key" -out "$d/$1.csr" 2>/dev/null
	"${@:5}" openssl x509 -req -in "$d/$1.csr" -CA "$d/$2.pem" -CAkey "$d/$2.key" \
		-CAcreateserial -days "$4" -out "$d/$1.pem" \
		-extfile <(echo "subjectAltName=$3") 2>/dev/null
}

setup() {
	common_setup
	recording
	CERTS=$BATS_FILE_TMPDIR
	export JIBRI_FINALIZE_CA_FILE=$CERTS/ca.pem
	export JIBRI_FINALIZE_TOKEN=t0ken
	export JIBRI_FINALIZE_TRIES=2
}

teardown() {
	end_child "${OTHER_PID-}"
	common_teardown
}

serve() {
	start_sandbox --tls "$CERTS/$1.pem" "$CERTS/$1.key" --token t0ken \
		"${@:2}"
}

# refused CODE TEXT: nothing reached the server, and the reason is shown.
refused() {
	run finalize
	assert_equal "$(requests)" 0
	assert_equal "$(webhooks)" ''
	assert_equal "$(stored)" ''
	assert_equal "$status" "$1"
	assert_output_has "$2"
	no_secret
}

no_secret() {
	refute_output_has s3cret
	refute_output_has t0ken
	if grep -E 's3cret|t0ken' "$REC/.jibri-finalize"; then return 1; fi
}

@test "with a good certificate everything is delivered" {
	serve good
	sparse "$REC/$MEDIA" 3000000
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	no_secret
}

@test "the name in the certificate counts, not the address alone" {
	serve good
	local port=${URL##*:}
	export FILE_SERVICE_URL=https://localhost:$port
	export MEETING_SERVICE_URL=https://localhost:$port/
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "a certificate of an unknown CA is refused before anything is sent" {
	serve unknown
	refused 78 "certificate"
	assert_output_has "waiting: 0 of 2 artifacts stored; find what to fix: jibri-finalize check"
}

@test "without a ca-file our own CA is unknown" {
	serve good
	export JIBRI_FINALIZE_CA_FILE=
	refused 78 "certificate"
}

@test "a certificate for another host is refused before anything is sent" {
	serve wrong
	refused 78 "127.0.0.1"
}

@test "an expired certificate is refused before anything is sent" {
	serve expired
	run -1 openssl x509 -in "$CERTS/expired.pem" -noout -checkend 0
	refused 78 "expired"
}

@test "a self-signed certificate is refused before anything is sent" {
	authority self "127.0.0.1"
	serve self
	refused 78 "self-signed certificate"
}

@test "a renewed CA no longer accepts what the old one signed, and the new certificate delivers" {
	authority next "Our next CA"
	certificate renewed next IP:127.0.0.1 2
	serve good
	export JIBRI_FINALIZE_CA_FILE=$CERTS/next.pem
	refused 78 "certificate"
	stop_sandbox
	serve renewed
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

# pin NAME: its public key, as curl writes it.
pin() {
	echo "sha256//$(openssl x509 -in "$CERTS/$1.pem" -pubkey -noout |
		openssl pkey -pubin -outform der |
		openssl dgst -sha256 -binary | base64)"
}

@test "with a pin only the server with this key is accepted, whoever signed it" {
	serve good
	export JIBRI_FINALIZE_TLS_PIN
	JIBRI_FINALIZE_TLS_PIN=$(pin wrong)
	refused 78 "public key does not match pinned public key"
	JIBRI_FINALIZE_TLS_PIN="$(pin wrong);$(pin good)"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "a pin does not replace the CA" {
	serve unknown
	JIBRI_FINALIZE_TLS_PIN=$(pin unknown) refused 78 "certificate"
}

@test "an invalid pin is a configuration error" {
	local text
	for text in abc sha256// sha256//abc= 'sha256//'"$(pin good)" \
		"$(pin good);x" /etc/passwd; do
		JIBRI_FINALIZE_TLS_PIN=$text run -78 "$BIN" config
		assert_output_has tls-pin
	done
}

# tls_server [OPTION...]: openssl's own server, with our certificate.
tls_server() {
	local port
	# It takes a port of the kernel's choice, and prints it, as an earlier
	# one did.
	rm -f "$DIR/s_server"
	openssl s_server -accept 127.0.0.1:0 -cert "$CERTS/good.pem" \
		-key "$CERTS/good.key" -www "$@" >"$DIR/s_server" 2>&1 3>&- &
	OTHER_PID=$!
	wait_for grep -q '^ACCEPT.*:[0-9]' "$DIR/s_server"
	port=$(sed -n 's/^ACCEPT.*:\([0-9]*\)$/\1/p' "$DIR/s_server" | head -n 1)
	export MEETING_SERVICE_URL=https://127.0.0.1:$port
	export FILE_SERVICE_URL=$MEETING_SERVICE_URL
	unset WEBHOOK_SECRET
	export JIBRI_FINALIZE_FAILED_WEBHOOK=never
}

@test "after a connection dies in the first record of a body, the body is not sent from its middle" {
	sparse "$REC/$MEDIA" 3000000
	serve good
	faults "upload $MEDIA 1 stall-at 1 1"
	run_finalize 0 --parallel 1 --expect-continue=no
	is_stored metadata.json "$MEDIA"
	# The cut upload, its repeat, and the other file.
	assert_equal "$(requests upload)" 3
}

# turned_away CODES [ARGUMENT...]: with TLS 1.3, a server refuses us while we
# are already sending, and its reason can be lost with the connection.
turned_away() {
	local codes=$1
	shift
	for _ in 1 2 3 4 5; do
		run finalize "$@"
		[ "$status" = 75 ] || break
	done
	[[ " $codes " == *" $status "* ]] || assert_equal "$status" "$codes"
}

# openssl's server is not a service, but it can be reached.
reached() {
	run_finalize 78
	assert_output_has "this is not the service"
}

@test "TLS 1.1 is refused" {
	tls_server -tls1_1 -cipher DEFAULT@SECLEVEL=0
	run_finalize 78
	assert_output_has "the server does not support TLS 1.2 or later"
	kill "$OTHER_PID"
	tls_server -tls1_2
	reached
}

@test "a server that asks for our certificate gets it, and its refusal is reported" {
	local version codes=77
	for version in -tls1_3 -tls1_2; do
		tls_server "$version" -Verify 1 -verify_return_error \
			-CAfile "$CERTS/ca.pem"
		turned_away "$codes"
		assert_output_has "the server requires a client certificate (tls-cert)"
		turned_away 77 --tls-cert "$CERTS/forged.pem" \
			--tls-key "$CERTS/forged.key"
		assert_output_has "the server does not trust the client certificate"
		export JIBRI_FINALIZE_TLS_CERT=$CERTS/jibri.pem
		JIBRI_FINALIZE_TLS_KEY=$CERTS/jibri.key reached
		unset JIBRI_FINALIZE_TLS_CERT
		JIBRI_FINALIZE_TLS_CERT=$CERTS/both.pem reached
		codes="77 78"
		kill "$OTHER_PID"
	done
}

@test "an encrypted key is opened with its password, without a prompt" {
	tls_server -Verify 1 -verify_return_error -CAfile "$CERTS/ca.pem"
	export JIBRI_FINALIZE_TLS_CERT=$CERTS/jibri.pem
	export JIBRI_FINALIZE_TLS_KEY=$CERTS/locked.key
	run_finalize 78
	assert_output_has "unable to set private key file"
	JIBRI_FINALIZE_TLS_KEY_PASSWORD=wr0ng run_finalize 78
	refute_output_has wr0ng
	JIBRI_FINALIZE_TLS_KEY_PASSWORD=p4ssphrase reached
	refute_output_has p4ssphrase
}

@test "an invalid client certificate is a configuration error" {
	serve good
	export JIBRI_FINALIZE_TLS_CERT=$DIR/none.pem
	refused 78 "tls-cert $DIR/none.pem: No such file"
	export JIBRI_FINALIZE_TLS_CERT=$CERTS/jibri.pem
	export JIBRI_FINALIZE_TLS_KEY=$DIR/none.key
	refused 78 "tls-key $DIR/none.key: No such file"
	export JIBRI_FINALIZE_TLS_KEY=$CERTS/good.key
	refused 78 "unable to set private key file"
	export JIBRI_FINALIZE_TLS_CERT=
	refused 78 "tls-cert is not set, but tls-key is"
}

@test "a run keeps the certificates that it started with, even if they are renewed" {
	local file copy=$DIR/tls
	mkdir "$copy"
	cp "$CERTS"/{ca.pem,jibri.pem,jibri.key} "$copy"
	serve good
	export JIBRI_FINALIZE_CA_FILE=$copy/ca.pem
	export JIBRI_FINALIZE_TLS_CERT=$copy/jibri.pem
	export JIBRI_FINALIZE_TLS_KEY=$copy/jibri.key
	# A repeat needs another connection.
	faults "upload $MEDIA 1 drop-at 50%" "upload metadata.json 1 slow-store 2"
	"$BIN" --retry-delay 2s "$REC" >"$DIR/out" 2>&1 3>&- &
	OTHER_PID=$!
	wait_for grep -q upload "$SB/requests.jsonl"
	for file in ca.pem jibri.pem jibri.key; do
		cp "$CERTS/good.pem" "$copy/new"
		mv "$copy/new" "$copy/$file"
	done
	wait "$OTHER_PID" || { cat "$DIR/out" >&2; false; }
	is_stored metadata.json "$MEDIA"
}

@test "a ca-file that is missing or has no certificate is a configuration error" {
	serve good
	export JIBRI_FINALIZE_CA_FILE=$DIR/none.pem
	refused 78 "none.pem"
	echo rubbish >"$DIR/rubbish.pem"
	export JIBRI_FINALIZE_CA_FILE=$DIR/rubbish.pem
	refused 78 "rubbish.pem"
}

@test "after a refused certificate is fixed the next run delivers" {
	serve good
	export JIBRI_FINALIZE_CA_FILE=$CERTS/stranger.pem
	refused 78 "certificate"
	export JIBRI_FINALIZE_CA_FILE=$CERTS/ca.pem
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a bad certificate of the file-service alone stops every upload" {
	local other=$DIR/other
	start_sandbox --token t0ken
	mkdir "$other"
	"$SANDBOX" --dir "$other" --max-time 60 \
		--tls "$CERTS/unknown.pem" "$CERTS/unknown.key" 3>&- &
	OTHER_PID=$!
	wait_for test -s "$other/url"
	FILE_SERVICE_URL=$(cat "$other/url") run_finalize 78
	[ ! -e "$other/requests.jsonl" ]
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
	assert_output_has "certificate"
	no_secret
}

@test "http to an https port and https to an http port fail cleanly" {
	serve good
	FILE_SERVICE_URL=http://${URL#*//} MEETING_SERVICE_URL=http://${URL#*//} \
		run finalize
	assert_equal "$(requests)" 0
	assert_equal "$(webhooks)" ''
	[ "$status" = 75 ] || assert_equal "$status" 78
	no_secret
	stop_sandbox
	start_sandbox --token t0ken
	FILE_SERVICE_URL=https://${URL#*//} MEETING_SERVICE_URL=https://${URL#*//} \
		run finalize
	assert_equal "$(requests)" 0
	no_secret
	# With Debian 13's library a server closes without a reason.
	if [[ $output = *"unexpected eof"* ]]; then
		assert_equal "$status" 75
		return
	fi
	assert_equal "$status" 78
	assert_output_has "the server on this port does not use TLS"
}

@test "a redirect is never followed, so no secret goes to its target" {
	local other=$DIR/other url stage code
	serve good
	mkdir "$other"
	"$SANDBOX" --dir "$other" --max-time 60 3>&- &
	OTHER_PID=$!
	wait_for test -s "$other/url"
	url=$(cat "$other/url")
	for stage in lookup list upload webhook; do
		for code in 301 307; do
			another_recording "$stage-$code"
			faults "$stage * * redirect $code $url/elsewhere"
			run finalize
			if [ "$stage" = list ]; then
				assert_equal "$status" 0
			else
				assert_equal "$status" 78
			fi
			assert_output_has "$url/elsewhere"
			no_secret
		done
	done
	[ ! -e "$other/requests.jsonl" ]
}

# bats test_tags=slow
@test "uploads cut, reset and unanswered over TLS store each file exactly once" {
	local fault n=0
	serve good
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=500ms JIBRI_FINALIZE_TRIES=3
	export JIBRI_FINALIZE_STALL_TIMEOUT=1s
	while read -r fault; do
		another_recording "tls-$((++n))"
		sparse "$REC/$MEDIA" 1500000
		faults "upload $MEDIA 1 $fault"
		run_finalize 0
		is_stored metadata.json "$MEDIA"
	done <<-'END'
		status 503
		status-stored 500
		drop-at 5%
		reset-at 5%
		stall-at 5% 30
		drop-after
		drop-stored
		reset-stored
		stall-stored 30
		late-store 0.1 504
		html-stored
		truncate
		truncate-lost
		lie-size 3
	END
}

@test "a kept connection that the server closed leaves nothing in doubt" {
	local start=$SECONDS
	serve good --keep-alive 1
	export JIBRI_FINALIZE_PARALLEL=1
	faults "upload $MEDIA 1 status 429 Retry-After: 2" \
		"webhook * 1 status 503 Retry-After: 2"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	refute_output_has "connection was lost"
	run ! grep -q '"unknown"' "$REC/.jibri-finalize"
	((SECONDS - start < 20))
	# The connection was in fact idle for longer than the server waits.
	((SECONDS - start >= 4))
	[ "$(request webhook .connection | sort -u | wc -l)" = 2 ]
}

# narrow_net: from now on server and program are in a network with tiny socket
# buffers, so that a body waits for its reader.
narrow_net() {
	local name
	unshare -n true 2>/dev/null || skip "this machine forbids namespaces"
	unshare -n sh -c 'ip link set lo up &&
		echo 4096 4096 4096 >/proc/sys/net/ipv4/tcp_wmem &&
		echo 4096 4096 4096 >/proc/sys/net/ipv4/tcp_rmem &&
		echo $$ >"$1" && exec sleep 60' sh "$DIR/net" 3>&- &
	wait_for [ -s "$DIR/net" ]
	OTHER_PID=$(<"$DIR/net")
	for name in BIN SANDBOX; do
		printf '#!/bin/sh\nexec nsenter -n -t %s %s "$@"\n' \
			"$OTHER_PID" "${!name}" >"$DIR/run-$name"
		chmod +x "$DIR/run-$name"
		printf -v "$name" %s "$DIR/run-$name"
	done
}

@test "a 200 before a small body was sent is not a success" {
	narrow_net
	sparse "$REC/$MEDIA" 56000
	serve good
	faults "upload * 1 early-200"
	JIBRI_FINALIZE_PARALLEL=1 run_finalize 0
	assert_output_has "before the whole body was sent"
	is_stored metadata.json "$MEDIA"
}

@test "libcurl's own resend over TLS doubles no file" {
	local n
	serve good
	for n in 1 2 3; do
		echo "$n" >"$REC/full-$n.txt"
		: >"$REC/empty-$n.txt"
	done
	export JIBRI_FINALIZE_PARALLEL=1 JIBRI_FINALIZE_TRIES=3
	faults "upload * * drop-stored-reused"
	run_finalize 0
	is_stored metadata.json "$MEDIA" {full,empty}-{1,2,3}.txt
	assert_equal "$(requests upload)" 8
}

@test "no output contains a secret, whatever is asked for and whatever fails" {
	start_sandbox --token other-token
	export JIBRI_FINALIZE_LOG_FILE=$DIR/log JIBRI_FINALIZE_LOG_LEVEL=debug
	export JIBRI_FINALIZE_WEBHOOK_SECRET_PREVIOUS=s3cret-before
	run_finalize 77
	no_secret
	run -0 "$BIN" config
	refute_output_has s3cret
	refute_output_has t0ken
	run "$BIN" config --json
	refute_output_has s3cret
	refute_output_has t0ken
	run "$BIN" finalize --json "$REC"
	assert_equal "$status" 77
	refute_output_has s3cret
	refute_output_has t0ken
	export JIBRI_FINALIZE_LOG_FORMAT=json JIBRI_FINALIZE_TOKEN=other-token
	run_finalize 0 --force
	is_stored metadata.json "$MEDIA"
	refute_output_has s3cret
	run ! grep -qE 's3cret|t0ken|other-token' "$DIR/log" "$REC/.jibri-finalize"
	[ -s "$DIR/log" ]
}

@test "a secret given as a flag is a usage error" {
	start_sandbox
	run -64 "$BIN" "$REC" --webhook-secret geheim
	refute_output_has geheim
	run -64 "$BIN" "$REC" --token=geheim
	refute_output_has geheim
	assert_equal "$(requests)" 0
}
