#!/usr/bin/env bats
# Large files go to a file-service in parts if it takes them, otherwise in one
# piece.

load lib
load live

setup() {
	common_setup
	recording
	BIG=$REC/talk.bin
	KIB=1024
	export JIBRI_FINALIZE_PARTS_FROM=100k
}
teardown() {
	live_teardown
	no_url
}

# no_url: no file, output or journal of the program has a part's URL.
no_url() {
	[[ ${output-} != *signature=* && ${output-} != */storage/* ]] ||
		{ echo "a URL in the output: $output" >&2; return 1; }
	! grep -rlE 'signature=|/storage/' "$DIR" --exclude-dir=sandbox
}

# takes_parts [SANDBOX_FLAG...]: a file-service with parts of 64 KiB.
takes_parts() {
	start_sandbox --parts 65536 "$@"
}

# big KIB [FILE]: a file of that size with random bytes.
big() {
	random_file "${2:-$BIG}" "$(($1 * KIB))"
}

is_there() {
	is_stored metadata.json "$MEDIA" talk.bin
	assert_equal "$(jq length "$SB/uploads.json" 2>/dev/null || echo 0)" 0
}

# numbers: of the parts that came, in order.
numbers() {
	request part 'select(.stored) | .target | split("?")[0] | split("/")[-1]' |
		sort -n | paste -sd ' '
}

# --- taken --------------------------------------------------------------------

@test "large files go in parts to where the service wants them, others in one piece" {
	takes_parts
	big 200
	run_finalize 0
	is_there
	assert_equal "$(numbers)" "1 2 3 4"
	assert_equal "$(requests begin) $(requests urls) $(requests complete)" \
		"1 1 1"
	assert_equal "$(request upload .part.filename | sort)" \
		"$(printf '%s\n' "$MEDIA" metadata.json | sort)"
	assert_equal "$(journal 'select(.event == "uploadBegun") |
		[.path, .size, .key] | join(" ")')" \
		"talk.bin 65536 123/$ROOM/$SESSION/talk.bin"
	assert_equal "$(journal 'select(.event == "stored" and
		.path == "talk.bin") | .sha256')" \
		"$(sha256sum "$BIG" | cut -d ' ' -f 1)"
	run_command 0 verify --deep "$REC"
	run_finalize 0
	assert_output_has "done already"
	assert_equal "$(requests begin)" 1
}

@test "a file in a folder, with a name in UTF-8, of exactly three parts" {
	takes_parts
	mkdir "$REC/sub"
	BIG=$REC/sub/Größe.bin
	big 192
	run_finalize 0
	is_stored metadata.json "$MEDIA" sub/Größe.bin
	assert_equal "$(numbers)" "1 2 3"
}

@test "without checksum, complete has no sha256" {
	takes_parts
	big 200
	run_finalize 0 --checksum none
	is_there
}

@test "a part carries exactly the given headers, and no token goes to the storage" {
	takes_parts --token t0ken-t0ken --parts-header "x-storage-class: hot"
	big 200
	JIBRI_FINALIZE_TOKEN=t0ken-t0ken run_finalize 0
	is_there
	assert_equal "$(request part '.headers | keys - ["host", "content-length",
		"x-storage-class", "expect"] | length' | sort -u)" 0
	assert_equal "$(request part '.headers["x-storage-class"]' | sort -u)" hot
}

@test "headers given with older URLs are not sent with newer ones" {
	takes_parts
	printf '{"urls": {"1": "%s/storage/x/1"}, "headers": {"x-old": "1"}}' \
		"$URL" >"$SB/answer"
	faults "urls * 1 body answer" "part */storage/x/1 * status 403"
	big 200
	run_finalize 0
	is_there
	assert_equal "$(numbers)" "1 2 3 4"
	refute_output_has warning
}

@test "a file with more parts than URLs at once asks for more URLs" {
	takes_parts
	big 2500
	run_finalize 0
	is_there
	assert_equal "$(requests part)" 40
	assert_equal "$(requests urls)" 3
}

# --- not taken ----------------------------------------------------------------

@test "a service that takes no parts sees one extra request in a run" {
	start_sandbox
	big 200
	big 300 "$REC/talk2.bin"
	big 400 "$REC/talk3.bin"
	run_finalize 0
	is_stored metadata.json "$MEDIA" talk.bin talk2.bin talk3.bin
	refute_output_has warning
	assert_equal "$(request other '"\(.method) \(.target)"')" \
		"POST /files/structured/123/uploads?path=/$ROOM/$SESSION/"
	assert_equal "$(requests upload)" 5
}

@test "no extra request is made for small files, or with file-service-parts = no" {
	start_sandbox
	big 100
	run_finalize 0
	big 200
	run_finalize 0 --file-service-parts no
	assert_equal "$(requests other) $(requests upload)" "0 4"
}

@test "a sweep asks once for all of its visits, also with several at once" {
	local i
	start_sandbox
	faults "other * * slow-store 0.5"
	# The first visit runs alone, and has no reason to ask.
	touch -d '2 minutes ago' "$REC"/* "$REC"
	for i in 1 2 3 4 5 6; do
		another_recording "f1c2d3e0-aaaa-4bbb-8ccc-12345678900$i"
		big 200 "$REC/talk.bin"
		touch -d '1 minute ago' "$REC"/* "$REC"
	done
	run_command 0 sweep --jobs 3 "$DIR/recordings"
	assert_equal "$(requests other)" 1
	assert_equal "$(requests upload)" 20
}

@test "whatever else a service answers to begin, the file arrives" {
	local i=0 answer
	takes_parts
	for answer in "status 404" "status 405" "status 501" "status 400" \
		"status 403" "status 415" "status 500" html \
		"redirect 302 https://elsewhere.example/login"; do
		faults "begin * * $answer"
		another_recording "9f1c2d3e-aaaa-4bbb-8ccc-1234567890a$((i++))"
		BIG=$REC/talk.bin
		big 200
		run_finalize 0
		is_stored metadata.json "$MEDIA" talk.bin
		refute_output_has warning
	done
	assert_equal "$(requests part)" 0
	assert_equal "$(requests begin)" "$i"
}

@test "after an answer that is not an upload the file goes in one piece, with a warning" {
	local answer i=0
	takes_parts
	for answer in '{}' '{"uploadId": "u"}' '{"uploadId": "", "partSize": 70000}' \
		'{"uploadId": "u", "partSize": 1}' \
		'{"uploadId": "u", "partSize": 99999999999}'; do
		printf '%s' "$answer" >"$SB/answer"
		faults "begin * 1 body answer"
		another_recording "9f1c2d3e-aaaa-4bbb-8ccc-1234567890a$((i++))"
		BIG=$REC/talk.bin
		big 200
		run_finalize 0
		is_stored metadata.json "$MEDIA" talk.bin
		assert_output_has "talk.bin: "
		assert_output_has "sending it in one piece"
	done
	assert_equal "$(requests part)" 0
}

@test "a service that is out for a moment, or asks for patience, is asked again" {
	local code
	takes_parts
	for code in 408 425 429 503; do
		faults "begin * 2 status $code"
		another_recording "out-for-a-moment-$code"
		BIG=$REC/talk.bin
		big 200
		run_finalize 0
		is_there
	done
	assert_equal "$(requests begin) $(requests upload)" "12 8"
}

@test "a service that accepts parts but fails the contract gets the file in one piece" {
	local fault
	takes_parts
	for fault in "urls * * status 400" "urls * * status 403" \
		"urls * * status 405" "urls * * status 501" "urls * * html" \
		"part * * status 400" "part * * status 200" \
		"complete * * status 400" "complete * * status 405" \
		"complete * * status 501"; do
		faults "$fault"
		another_recording "not-done-${fault//[^a-z0-9]/}"
		BIG=$REC/talk.bin
		big 200
		run_finalize 0
		is_there
		assert_output_has "sending it in one piece"
		assert_equal "$(grep -c "$URL.*$URL" <<<"$output")" 0
	done
	assert_equal "$(requests abort)" 10
}

@test "an upload that cannot be aborted does not keep the file from being sent" {
	local fault
	takes_parts
	for fault in 403 405 501 503; do
		faults "abort * * status $fault" "part */2?* * status 403"
		another_recording "whole-$fault"
		BIG=$REC/talk.bin
		big 200
		run_finalize 0
		is_stored metadata.json "$MEDIA" talk.bin
	done
	for fault in 403 405 501; do
		faults "abort * * status $fault" "complete * 1 status 409"
		another_recording "anew-$fault"
		BIG=$REC/talk.bin
		big 200
		run_finalize 0
		is_stored metadata.json "$MEDIA" talk.bin
	done
	assert_equal "$(requests upload)" 18
}

@test "an interrupted run does not fall back to one piece" {
	local pid
	takes_parts
	big 640
	"$BIN" "$REC" --limit-rate 100k --parallel 2 >"$DIR/log" 2>&1 3>&- &
	pid=$!
	wait_for grep -q partStored "$REC/.jibri-finalize"
	kill -INT "$pid"
	wait "$pid" || true
	assert_equal "$(grep -c "one piece" "$DIR/log")" 0
	run_finalize 0
	is_there
	assert_equal "$(requests upload) $(requests complete)" "2 1"
}

# --- URLs -----------------------------------------------------------------------

@test "an expired URL is renewed once" {
	takes_parts
	faults "part */2?* 1 status 403"
	big 200
	run_finalize 0
	is_there
	assert_equal "$(requests part)" 5
	refute_output_has 403
}

@test "if the renewed URL is refused too, the file goes in one piece" {
	takes_parts
	faults "part */2?* * status 403"
	big 200
	run_finalize 0
	is_there
	assert_output_has "talk.bin: PUT $URL/(hidden): HTTP 403"
	assert_output_has "sending it in one piece"
	assert_equal "$(requests abort)" 1
}

@test "a URL is not used after its announced expiry" {
	takes_parts --parts-told 1
	big 500
	run_finalize 0 --limit-rate 150k --parallel 1
	is_there
	(($(requests urls) > 2))
	assert_equal "$(request part .status | sort -u)" 200
}

@test "URLs that expire together are renewed together" {
	takes_parts --parts-life 1 --parts-told 3600
	big 800
	run_finalize 0 --limit-rate 200k --parallel 1
	is_there
	refute_output_has warning
	(($(requests urls) > 1))
	# Each time one part is refused, and no part is stored twice.
	assert_equal "$(request part .status | grep -c 403)" \
		$(($(requests urls) - 1))
	assert_equal "$(requests part)" $((12 + $(requests urls)))
}

@test "parts go only to the service and to part-hosts" {
	local hosts
	takes_parts --parts-origin "http://localhost:*"
	for hosts in "" "localhost:1" "example.org,127.0.0.1,local" \
		"localhost.example.org,localhost:${URL##*:}0"; do
		big 200
		run_finalize 0 --part-hosts "$hosts"
		assert_output_has "leads to http://localhost:${URL##*:}, which is not in part-hosts; sending it in one piece"
	done
	assert_equal "$(requests part)" 0
	for hosts in localhost "example.org,LOCALHOST:${URL##*:}"; do
		big 200
		run_finalize 0 --part-hosts "$hosts"
		refute_output_has warning
	done
	assert_equal "$(requests part)" 8
	assert_equal "$(request part '.headers.host' | sort -u)" \
		"localhost:${URL##*:}"
	run_finalize 64 --part-hosts "http://localhost"
	assert_output_has "part-hosts: 'http://localhost' is a URL, not a HOST"
}

@test "a service with https gets no part over http, whatever the settings allow" {
	local hosts
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=test" -keyout "$DIR/secret.key" \
		-addext "subjectAltName=IP:127.0.0.1,DNS:localhost" \
		-out "$DIR/cert.pem" 2>/dev/null
	export JIBRI_FINALIZE_CA_FILE=$DIR/cert.pem
	takes_parts --tls "$DIR/cert.pem" "$DIR/secret.key" \
		--parts-origin "http://localhost:*"
	for hosts in localhost "localhost:${URL##*:}"; do
		big 200
		run_finalize 0 --part-hosts "$hosts"
		assert_output_has "leads to http://localhost:${URL##*:}, which is not protected by https; sending it in one piece"
	done
	assert_equal "$(requests part)" 0
	stop_sandbox
	takes_parts --tls "$DIR/cert.pem" "$DIR/secret.key" \
		--parts-origin "https://localhost:*"
	another_recording protected
	BIG=$REC/talk.bin
	big 200
	run_finalize 0 --part-hosts localhost
	is_there
	refute_output_has warning
	assert_equal "$(numbers)" "1 2 3 4"
}

@test "hostile URLs and headers from the service do no harm" {
	local urls headers answer
	takes_parts
	for urls in '{"1": "https://u:p@127.0.0.1/"}' '{"1": "ftp://127.0.0.1/"}' \
		'{"1": 7}' '{"1": "/etc/passwd"}' '{}' '[]' \
		'{"1": "http://127.0.0.1:1@x/"}' \
		"{\"1\": \"${URL/:\/\//:\/}/storage/x/1\"}" \
		"{\"1\": \"${URL/:\/\//:\/\/\/}/storage/x/1\"}"; do
		printf '{"urls": %s}' "$urls" >"$SB/answer"
		faults "urls * * body answer"
		big 200
		run_finalize 0
		assert_output_has "sending it in one piece"
	done
	for headers in '{"Host": "x"}' '{"Content-Length": "1"}' '{"a b": "c"}' \
		'{"a": "b\r\nc: d"}' '{"transfer-encoding": "chunked"}' \
		'{"a": 1}' '{"": "x"}'; do
		printf '{"urls": {"1": "%s/storage/x/1"}, "headers": %s}' \
			"$URL" "$headers" >"$SB/answer"
		big 200
		run_finalize 0
		assert_output_has "sending it in one piece"
	done
	for answer in '{"urls": {"1": "https://h/storage/signature=1' '"/storage/x"'; do
		printf '%s' "$answer" >"$SB/answer"
		big 200
		run_finalize 0
		assert_output_has "sending it in one piece"
	done
	assert_equal "$(requests part)" 0
}

# --- interrupted ------------------------------------------------------------------

@test "after an interruption only the missing parts are sent" {
	takes_parts
	faults "part */5?* * drop-at 50%" "begin * 1 status 503"
	big 640
	run_finalize 75 --tries 2 --parallel 1
	assert_equal "$(numbers)" "1 2 3 4"
	faults
	run_finalize 0
	is_there
	assert_equal "$(numbers)" "1 2 3 4 5 6 7 8 9 10"
	assert_equal "$(requests complete)" 1
}

@test "without a list of parts, the journal says which are there" {
	local code
	takes_parts
	for code in 400 403 405 501; do
		another_recording "unlisted-$code"
		BIG=$REC/talk.bin
		: >"$SB/requests.jsonl"
		faults "part */4?* * status 500"
		big 300
		run_finalize 75 --tries 1 --parallel 1
		faults "parts * * status $code"
		run_finalize 0
		is_there
		assert_equal "$(numbers)" "1 2 3 4 5"
	done
}

@test "an invalid list of parts does not keep a file back" {
	local answer
	takes_parts
	printf '{}' >"$SB/answer"
	for answer in "body answer" html; do
		another_recording "odd-list-${answer%% *}"
		BIG=$REC/talk.bin
		faults "part */4?* * status 500"
		big 300
		run_finalize 75 --tries 1 --parallel 1
		faults "parts * * $answer"
		run_finalize 0
		is_there
		assert_output_has "sending it in one piece"
	done
	assert_equal "$(requests upload) $(requests abort)" "6 2"
}

@test "a part for an upload that is gone starts the upload again" {
	takes_parts
	faults "part */3?* 1 status 404"
	big 200
	run_finalize 0
	is_stored metadata.json "$MEDIA" talk.bin
	assert_equal "$(requests begin) $(requests complete)" "2 1"
}

@test "a lost answer of complete makes no second file" {
	takes_parts
	faults "complete * 1 drop-stored"
	big 200
	run_finalize 0
	is_there
	assert_equal "$(requests complete)" 1
	assert_equal "$(numbers)" "1 2 3 4"
}

@test "a 404 to complete does not prove that the file is stored" {
	takes_parts
	faults "complete * 1 status 404"
	big 200
	run_finalize 0
	is_there
	assert_equal "$(requests begin) $(requests complete)" "1 2"
}

@test "an upload whose complete was lost is completed by the next run" {
	takes_parts
	faults "complete * 1 drop-after"
	big 200
	run_finalize 0
	is_there
	assert_equal "$(requests complete)" 2
	assert_equal "$(numbers)" "1 2 3 4"
}

@test "an upload that the service has forgotten is started again" {
	takes_parts
	faults "urls * 1 status 404"
	big 200
	run_finalize 0
	is_stored metadata.json "$MEDIA" talk.bin
	assert_equal "$(requests begin) $(requests upload)" "2 2"
}

@test "a service that keeps no upload gets the file in one piece" {
	takes_parts
	faults "parts * * status 404"
	big 200
	run_finalize 0
	is_stored metadata.json "$MEDIA" talk.bin
	assert_equal "$(requests begin) $(requests upload)" "2 3"
	faults "parts * * status 405"
	big 210
	run_finalize 0
	assert_equal "$(requests begin) $(requests upload)" "3 3"
}

@test "parts that do not make the file are sent again, and then in one piece" {
	takes_parts
	faults "complete * 1 status 409"
	big 200
	run_finalize 0
	is_there
	assert_equal "$(requests begin) $(requests upload)" "2 2"
	faults "complete * * status 422"
	big 210
	run_finalize 0
	is_stored metadata.json "$MEDIA" talk.bin talk.bin~2 2>/dev/null || true
	assert_equal "$(requests begin) $(requests upload)" "4 3"
	assert_equal "$(jq length "$SB/uploads.json")" 0
}

@test "a service that no longer takes parts, whatever it answers, gets the file in one piece" {
	local answer names=()
	takes_parts
	for answer in "parts * * html" "urls * * status 405" \
		"parts * * status 501|urls * * status 501" \
		"complete * * status 405" "complete * * status 501"; do
		names+=("file-${#names[@]}")
		big 200 "$REC/${names[-1]}"
		faults "part */3?* * status 500"
		run_finalize 75 --tries 1 --parallel 1
		IFS='|' read -ra answer <<<"$answer"
		faults "${answer[@]}"
		run_finalize 0
		is_stored metadata.json "$MEDIA" "${names[@]}"
		assert_equal "$(jq length "$SB/uploads.json")" 0
	done
}

@test "while complete may have made a file, the file is not sent in another way" {
	takes_parts
	faults "complete * 1 drop-stored" "parts * 1 slow-store 0" \
		"parts * * html"
	big 200
	run_finalize 0
	is_there
	assert_equal "$(requests upload)" 2
}

@test "an upload is aborted when the file turns out to be stored, or goes in one piece" {
	local whole=$DIR/whole/$SESSION
	takes_parts
	faults "part */3?* * status 500"
	big 300
	run_finalize 75 --tries 1 --parallel 1
	mkdir -p "$whole"
	cp "$REC/talk.bin" "$REC/$MEDIA" "$REC/metadata.json" "$whole"
	run_command 0 "$whole" --file-service-parts no
	faults
	run_finalize 0
	is_there
	faults "part */3?* * status 405" "abort * 1 status 503"
	big 310
	run_finalize 0 --tries 1
	assert_equal "$(jq length "$SB/uploads.json")" 0
}

was_started() {
	webhooks | grep -q STARTED
}

@test "a file that became small since the survey is not sent ahead" {
	local pid
	takes_parts
	export JIBRI_FINALIZE_STARTED_WEBHOOK=yes
	faults "webhook * 1 slow-store 3"
	rm "$REC/metadata.json"
	truncate -s 20M "$REC/$MEDIA"
	exec 8>>"$REC/$MEDIA"
	"$BIN" watch --recordings-dir "${REC%/*}" --watch-interval 1s \
		--room-format '{room}' --log-level debug >"$DIR/log" 2>&1 3>&- 8>&- &
	pid=$!
	# The visit has surveyed it, and waits until STARTED is acknowledged.
	wait_for test -s "$DIR/log"
	truncate -s 20K "$REC/$MEDIA"
	wait_for was_started
	sleep 1
	exec 8>&-
	kill -TERM "$pid"
	wait "$pid" || true
	run -1 grep -E "SEGV|killed" "$DIR/log"
	assert_equal "$(requests upload)" 0
}

@test "forget aborts the uploads that were begun" {
	takes_parts
	faults "part */3?* * status 500"
	big 300
	run_finalize 75 --tries 1 --parallel 1
	assert_equal "$(jq length "$SB/uploads.json")" 1
	run_command 0 forget --yes "$REC"
	assert_equal "$(jq length "$SB/uploads.json")" 0
}

# --- while it is recorded -------------------------------------------------------

# started_ahead: a watch has sent parts 2 to 4 of a live recording.
started_ahead() {
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
	export JIBRI_FINALIZE_WATCH_INTERVAL=1s JIBRI_FINALIZE_SETTLE=1m
	start_sandbox --parts 4194304
	rm "$REC/metadata.json"
	watch
	jibri 17
	wait_for has_ahead "2 3 4"
}

# ends_under ROOM: the meeting becomes known; all parts arrive there, and those
# sent ahead were sent once.
ends_under() {
	finish well "https://meet.example.org/$1"
	wait_for announced
	leave 0
	ROOM=${1%%/*}
	[[ $1 != */* ]] || ROOM="[${1%%/*}]${1#*/}"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(numbers)" "1 2 3 4 5"
	assert_equal "$(requests begin) $(requests abort) $(requests complete)" \
		"1 0 1"
	assert_equal "$(request begin .target)" \
		"/files/structured/-/uploads?path=/abc-defg-hij/$SESSION/"
}

@test "a live recording is sent before its meeting is known, and is placed at the end" {
	started_ahead
	ends_under "$ROOM"
}

@test "parts sent ahead go to the right meeting, even if another one was named first" {
	rooms "{\"[acme]$ROOM\": 7}"
	started_ahead
	ends_under "acme/$ROOM"
}

# --- secrets ------------------------------------------------------------------

@test "URLs and their headers appear in no log, trace or journal, whatever the storage answers" {
	takes_parts --parts-header "x-secret: h1dden-h1dden"
	faults "part */2?* 1 status 500" "part */3?* 1 redirect 302 http://x/storage/signature=1"
	big 200
	run_finalize 0 --log-level trace
	[[ $output != *h1dden* ]]
	assert_output_has "> PUT (hidden)"
	no_url
}

# --- check --------------------------------------------------------------------

# checks RESULT [FLAG...]: the last finding about the file-service.
checks() {
	local want=$1
	shift
	run "$BIN" check --json "$@"
	output=$(jq -r '[.findings[] | select(.check == "file-service")] | last |
		"\(.result) \(.text)"' <<<"$output")
	assert_equal "${output%% *}" "$want"
}

@test "check --write says whether the service takes parts, and leaves none behind" {
	takes_parts --parts-header "x-storage-class: hot"
	checks ok
	assert_output_has "check --write tells whether it accepts parts"
	assert_equal "$(requests begin)" 0
	checks ok --write
	assert_output_has "it accepts parts: one was sent and discarded"
	assert_equal "$(jq length "$SB/uploads.json")" 0
	checks ok --write --file-service-parts no
	assert_output_has "large files are sent in one piece, as configured"
	assert_equal "$(requests begin)" 1
	faults "part * * status 403"
	checks warning --write
	assert_output_has "it does not handle parts correctly: PUT $URL/(hidden): HTTP 403"
	echo '{"urls": {}}' >"$SB/answer"
	faults "urls * * body answer"
	checks warning --write
	assert_equal "$(grep -o "POST $URL" <<<"$output" | wc -l)" 1
	assert_equal "$(jq length "$SB/uploads.json")" 0
}

@test "check --write says that the service takes no parts, or that they would go to an unlisted host" {
	start_sandbox
	checks ok --write
	assert_output_has "it does not accept parts: large files are sent in one piece"
	stop_sandbox
	takes_parts --parts-origin "http://localhost:*"
	checks warning --write
	assert_output_has "which is not in part-hosts"
	checks ok --write --part-hosts localhost
	assert_output_has "it accepts parts"
}

@test "parts of a URL or its headers that the storage repeats are not shown" {
	local status
	takes_parts
	printf '{"urls": {"1": "%s/storage/x/1?signature=h1dden-url"},
		"headers": {"x-key": "h1dden-a h1dden-b"}}' "$URL" >"$SB/answer"
	echo "odd: h1dden-url, h1dden-a h1dden-b" >"$SB/reason"
	for status in 200 400 500; do
		faults "urls * 1 body answer" \
			"part */storage/x/1?* * status-body $status reason text/plain"
		another_recording "repeated-$status"
		BIG=$REC/talk.bin
		big 200
		run_finalize 0
		assert_output_has "odd: ***"
		refute_output_has h1dden
	done
}
