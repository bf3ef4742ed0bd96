#!/usr/bin/env bats
# HTTPS: only with the server we mean, and no secret to anybody else.

load lib

# Certificates are made once for the file: a CA of our own and what it signed.
setup_file() {
	local d=$BATS_FILE_TMPDIR
	authority ca "Our CA"
	authority stranger "Another CA"
	certificate good ca IP:127.0.0.1,DNS:localhost 2
	certificate wrong ca DNS:elsewhere.example 2
	# Not every openssl signs for a negative time.
	certificate expired ca IP:127.0.0.1 -1 ||
		certificate expired ca IP:127.0.0.1 1 faketime '3 days ago'
	certificate unknown stranger IP:127.0.0.1 2
	[ -s "$d/unknown.pem" ]
}

# authority NAME SUBJECT
authority() {
	local d=$BATS_FILE_TMPDIR
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=$2" -keyout "$d/$1.key" -out "$d/$1.pem" \
		2>/dev/null
}

# certificate NAME CA SAN DAYS [COMMAND...]: signed under that command.
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
	[ -z "${OTHER_PID:-}" ] || kill "$OTHER_PID" || true
	common_teardown
}

serve() {
	start_sandbox --tls "$CERTS/$1.pem" "$CERTS/$1.key" --token t0ken
}

# refused CODE TEXT: nothing reached the server, and the reason is said.
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

@test "an unknown authority is refused before anything is sent" {
	serve unknown
	refused 78 "certificate"
	assert_output_has "waiting: 0 of 2 artifacts stored; mend the configuration"
}

@test "without a ca-file our own authority is unknown" {
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

@test "a ca-file that is not there or holds no certificate is a configuration error" {
	serve good
	export JIBRI_FINALIZE_CA_FILE=$DIR/none.pem
	refused 78 "none.pem"
	echo rubbish >"$DIR/rubbish.pem"
	export JIBRI_FINALIZE_CA_FILE=$DIR/rubbish.pem
	refused 78 "rubbish.pem"
}

@test "a refused certificate can be mended, and the next run delivers" {
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
	[ "$status" = 75 ] || assert_equal "$status" 78
	no_secret
}

@test "a redirect is never followed, so no secret goes where it leads" {
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

@test "cut, reset and unanswered over TLS: each file is stored exactly once" {
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

@test "libcurl's hidden resend over TLS doubles no file" {
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

@test "no output holds a secret, whatever is asked for and whatever fails" {
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
