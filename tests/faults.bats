#!/usr/bin/env bats
# Failing servers: what is reported, requested and repeated, and when a run
# ends.  Every fault at every stage is in matrix*.bats.

load lib

setup() {
	common_setup
	start_sandbox
	recording
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=500ms
	# The sanitizers slow the server down, too.
	[ "${SAN:-}" != 1 ] || export JIBRI_FINALIZE_ANSWER_TIMEOUT=2s
}

teardown() { common_teardown; }

# attempt: one run with its output in a file, where it need not wait for a
# reader to attach; sets status and output.
attempt() {
	status=0
	finalize >"$DIR/output" || status=$?
	output=$(<"$DIR/output")
}

# came STAGE [NAME]: requests of this row.
came() {
	jq -s --argjson since "$SINCE" --arg stage "$1" --arg name "${2-}" '
		map(select(.n > $since and .stage == $stage and
			($name == "" or .part.filename == $name))) | length
		' "$SB/requests.jsonl"
}

# told: the events that were acknowledged for this recording.
told() {
	webhooks | awk -v s="$SESSION" '$3 == s { printf "%s ", $1 }'
}

# Without asking, some early answers are lost with the connection (3 to 5 %
# with libcurl over HTTP/1.1); the repeat then meets the next.
@test "an early refusal of a large file is understood, with or without Expect" {
	local expect code
	for expect in yes no; do
		for code in 413:65 401:77; do
			another_recording "early-$expect-${code%:*}"
			sparse "$REC/$MEDIA" 3000000
			faults "upload $MEDIA * early ${code%:*}"
			run_finalize "${code#*:}" --expect-continue="$expect"
			assert_equal "$(stored)" metadata.json
			assert_output_has "HTTP ${code%:*}"
		done
	done
}

@test "the exit code is that of the worst error" {
	local n=0 code first second
	export JIBRI_FINALIZE_TRIES=1
	while read -r code first second; do
		another_recording "worst-$((++n))"
		echo one >"$REC/one.txt"
		echo two >"$REC/two.txt"
		faults "upload one.txt * status $first" \
			"upload two.txt * status $second"
		run_finalize "$code"
		is_stored metadata.json "$MEDIA"
	done <<-'END'
		78 404 401
		78 413 302
		77 403 413
		77 503 401
		65 503 413
		75 503 429
	END
}

@test "an upload that is too large is reported with the file, its size and 413" {
	stop_sandbox
	start_sandbox --max-file 100
	printf '%0200d' 0 >"$REC/big.txt"
	run_finalize 65
	is_stored metadata.json
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
	assert_output_has "big.txt: too large for the server (200 bytes)"
	assert_output_has "413"
	assert_output_has "$MEDIA: too large for the server ($(
		stat -c %s "$REC/$MEDIA") bytes)"
	assert_output_has "held: 1 of 3 artifacts stored"
}

@test "a redirect is reported with its target, and never followed" {
	local other=$DIR/other url
	mkdir "$other"
	"$SANDBOX" --dir "$other" --max-time 60 3>&- &
	local pid=$!
	wait_for test -s "$other/url"
	url=$(cat "$other/url")
	local code
	for code in 301 302 303 307 308; do
		another_recording "redirect-$code"
		faults "upload $MEDIA * redirect $code $url/elsewhere?x=secret"
		run_finalize 78
		is_stored metadata.json
		assert_output_has "HTTP $code, a redirect to $url/elsewhere"
		refute_output_has "x=secret"
	done
	faults "lookup * * redirect 302 $url/elsewhere"
	another_recording redirect-lookup
	run_finalize 78
	faults "webhook * * redirect 307 $url/webhooks/jitsi/recording"
	another_recording redirect-webhook
	run_finalize 78
	kill "$pid"
	run ! test -e "$other/requests.jsonl"
}

@test "a temporary failure names the file, its cause and when the next try is" {
	faults "upload $MEDIA 1 status 503"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_output_has "warning: $MEDIA: POST $URL/files/structured/123: HTTP 503; next try in "
	assert_output_has "(2 of 5)"
}

@test "a failure names the file and its cause, and says what happens next" {
	faults "upload $MEDIA * status 503"
	run_finalize 75
	is_stored metadata.json
	assert_output_has "error: $MEDIA: POST $URL/files/structured/123: HTTP 503"
	assert_output_has "$SESSION: waiting: 1 of 2 artifacts stored; to resume: jibri-finalize upload $REC"
	assert_equal "$(webhooks)" "FAILED $ROOM $SESSION $MEDIA: POST $URL/files/structured/123: HTTP 503"
}

# --- the list ----------------------------------------------------------------

@test "an unknown outcome waits for the list, however often the list fails" {
	faults "upload $MEDIA 1 drop-stored" "list * 1 status 500" \
		"list * 1 html" "list * 1 garbage" "list * 1 truncate"
	export JIBRI_FINALIZE_TRIES=9
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 2
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

# bats test_tags=slow
@test "an unknown outcome without a list is not a success, and nothing is sent again" {
	local fault
	for fault in "status 500" html garbage endless drop-after truncate; do
		another_recording "${fault// /-}"
		faults "upload $MEDIA * drop-stored" "list * * $fault"
		attempt
		is_stored metadata.json "$MEDIA"
		refute_output_has "done:"
		assert_output_has "$MEDIA: may be stored already, and asking failed"
		[ "$status" != 0 ]
		attempt
		[ "$status" != 0 ]
		faults
		run_finalize 0
		is_stored metadata.json "$MEDIA"
		assert_equal "$(request upload .part.filename |
			grep -c "$MEDIA")" 1
		assert_equal "$(webhooks | grep "$SESSION" |
			cut -d ' ' -f 1 | xargs)" "FAILED STOPPED"
		: >"$SB/requests.jsonl"
	done
}

@test "an answer with another size does not prove that the file is stored" {
	faults "upload $MEDIA * lie-size 7" "list * * status 500"
	run finalize
	assert_equal "$(webhooks | grep -c STOPPED)" 0
	assert_equal "$status" 75
	assert_output_has "the server stored 7 of $(stat -c %s "$REC/$MEDIA") bytes"
	faults
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "if the list is refused, the upload is repeated and counted as ambiguous" {
	local code
	for code in 401 403 404 405 501; do
		another_recording "refused-$code"
		faults "upload $MEDIA 1 drop-stored" "list * * status $code"
		run_finalize 0
		diff <(stored) <(printf '%s\n' "$MEDIA" "$MEDIA~2" metadata.json |
			LC_ALL=C sort)
		assert_equal "$(journal |
			grep -c ambiguous)" 1
		assert_output_has "$MEDIA: may be stored already, but the server does not let us ask"
	done
}

@test "the count of ambiguous repeats is in the JSON result" {
	faults "upload $MEDIA 2 drop-after" "list * * status 404"
	run -0 --separate-stderr "$BIN" finalize --json "$REC"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(jq .ambiguous <<<"$output")" 2
}

@test "a refused list does not make refused uploads ambiguous" {
	faults "upload $MEDIA 2 status 429" "list * * status 404"
	run -0 --separate-stderr "$BIN" finalize --json "$REC"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(jq .ambiguous <<<"$output")" 0
}

@test "if the list is refused, an unknown outcome of an earlier run is ambiguous too" {
	export JIBRI_FINALIZE_TRIES=1
	faults "upload $MEDIA 1 drop-stored" "list * * status 500"
	run_finalize 75
	is_stored metadata.json "$MEDIA"
	# Sent without a list, which was out: nobody knows what was there.
	assert_equal "$(journal | grep -c ambiguous)" 2
	faults "list * * status 405"
	run_finalize 0
	assert_equal "$(stored | grep -c "^$MEDIA")" 2
	assert_equal "$(journal | grep -c ambiguous)" 3
}

@test "with the journal lost, the list shows what the server has, and nothing is sent twice" {
	echo note >"$REC/notes.txt"
	faults "upload $MEDIA * status 503"
	run_finalize 75
	is_stored metadata.json notes.txt
	rm "$REC/.jibri-finalize"
	faults
	run_finalize 0
	is_stored metadata.json notes.txt "$MEDIA"
	assert_output_has "notes.txt: the server has it already"
}

@test "a listed file of another size or path is another file" {
	run_finalize 0
	rm "$REC/.jibri-finalize"
	faults "list * * lie-size 5"
	run_finalize 0
	assert_equal "$(stored | grep -c '~2$')" 2
	mkdir "$REC/sub"
	cp "$REC/$MEDIA" "$REC/sub/$MEDIA"
	rm "$REC/.jibri-finalize"
	faults
	run_finalize 0
	cmp "$REC/$MEDIA" "$SB/store/$ROOM/$SESSION/sub/$MEDIA"
	assert_equal "$(requests upload)" 5
}

@test "a list of 20,000 other files does not hide ours" {
	run_finalize 0
	rm "$REC/.jibri-finalize"
	jq -n --slurpfile own <(jq 'del(.referenceId, .stored, .sha256)' \
		"$SB/records.jsonl") \
		'[range(20000) | {id: (1000 + .), filename: "f\(.).mp4",
			path: "/other/s/f\(.).mp4", mimeType: "video/mp4",
			size: ., uploadedAt: "2026-01-02T03:04:05Z"}] + $own' \
		>"$SB/many.json"
	faults "list * * body many.json"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=20s
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 2
}

# --- connections -------------------------------------------------------------

@test "libcurl's own resend never doubles a file, not even an empty one" {
	local n
	for n in 1 2 3 4; do
		echo "$n" >"$REC/full-$n.txt"
		: >"$REC/empty-$n.txt"
		printf '%0100000d' "$n" >"$REC/larger-$n.txt"
	done
	export JIBRI_FINALIZE_PARALLEL=1
	faults "upload * * drop-stored-reused"
	run_finalize 0
	is_stored metadata.json "$MEDIA" {full,empty,larger}-{1,2,3,4}.txt
	assert_equal "$(requests upload)" 14
	# Connections were in fact reused.
	(($(request upload .reused | grep -c true) > 3))
	request upload 'select(.reused) | .bodyBytes' | grep -q '^100...$'
}

@test "an upload over a kept connection stays in doubt even if no new connection can be made" {
	needs_strace
	echo 1 >"$REC/1.txt"
	faults "upload 1.txt 1 drop-stored-reused"
	JIBRI_FINALIZE_PARALLEL=1 run strace -f -qq -o "$DIR/trace" \
		-e trace=connect -e inject=connect:error=ECONNREFUSED:when=2+ \
		"$BIN" "$REC"
	assert_equal "$status" 75
	grep -q ECONNREFUSED "$DIR/trace"
	assert_equal "$(request upload .reused | grep -c true)" 1
	run_finalize 0
	is_stored metadata.json "$MEDIA" 1.txt
	assert_equal "$(requests upload)" 3
}

@test "libcurl does not resend the webhook by itself on a reused connection" {
	faults "webhook * * drop-stored-reused"
	export JIBRI_FINALIZE_TRIES=1
	attempt
	local count
	count=$(requests webhook)
	assert_equal "$count" 1
}

@test "a run against a dead server soon exits 75 and counts every file" {
	local n start=$SECONDS tried untried
	for ((n = 0; n < 20; n++)); do echo "$n" >"$REC/file-$n.txt"; done
	stop_sandbox
	run_finalize 75
	assert_output_has "waiting: 0 of 22 artifacts stored"
	start_sandbox
	run_finalize 75 --file-service-url http://127.0.0.1:1
	((SECONDS - start < 20))
	assert_equal "$(stored)" ''
	tried=$(grep -cE ": error: [^ ]+\.(txt|mp4|json): " <<<"$output")
	untried=$(sed -n 's/.*not tried, as too many uploads failed: \([0-9]*\) of 22 artifacts/\1/p' \
		<<<"$output")
	assert_equal $((tried + ${untried:-0})) 22
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
	run_finalize 0
	assert_equal "$(stored | wc -l)" 22
	assert_equal "$(requests upload)" 22
}

@test "an unresolvable host is a temporary error, an invalid URL is not" {
	run_finalize 75 --file-service-url http://nowhere.invalid:2027
	assert_equal "$(stored)" ''
	local url
	for url in file:///tmp/x ftp://127.0.0.1/ 127.0.0.1 http:// \
		'http://user:pass@127.0.0.1/' 'http://127.0.0.1/?a=b' ''; do
		another_recording "none-$((++n))"
		[ -n "$url" ] || continue
		run_finalize 78 --file-service-url "$url"
		assert_equal "$(stored)" ''
		refute_output_has "pass@"
	done
}

# --- repeats -----------------------------------------------------------------

@test "Retry-After is obeyed" {
	local stage start
	for stage in "upload $MEDIA" "lookup *" "list *" "webhook *"; do
		another_recording "after-${stage%% *}"
		faults "$stage 1 status 503 Retry-After: 1"
		start=${EPOCHREALTIME/./}
		run_finalize 0
		is_stored metadata.json "$MEDIA"
		((${EPOCHREALTIME/./} - start >= 1000000))
	done
}

@test "a Retry-After of hours, in the past or without sense does no harm" {
	local value start=$SECONDS n=0
	while read -r code value; do
		another_recording "after-$((++n))"
		faults "upload $MEDIA 1 status 429 Retry-After: $value"
		run_finalize "$code"
	done <<-'END'
		75 3600
		75 4000000000
		75 Fri, 31 Dec 2100 23:59:59 GMT
		0 Thu, 01 Jan 1970 00:00:00 GMT
		0 Mon, 01 Jan 1900 00:00:00 GMT
		0 -5
		0 0
		0 soon
	END
	((SECONDS - start < 20))
}

@test "tries limits the requests of each stage" {
	local n
	for n in 1 3; do
		export JIBRI_FINALIZE_TRIES=$n
		another_recording "tries-$n"
		SINCE=$(requests)
		faults "lookup * * status 500"
		run_finalize 75
		assert_equal "$(came lookup)" "$n"
		faults "upload $MEDIA * status 500"
		run_finalize 75
		assert_equal "$(came upload "$MEDIA")" "$n"
		assert_equal "$(came upload metadata.json)" 1
		faults "webhook * * status 500"
		SINCE=$(requests)
		run_finalize 75
		assert_equal "$(came webhook)" "$n"
	done
}

@test "a run that tries nothing again says why" {
	faults "upload * * status 502"
	run_finalize 75 --tries 1
	grep -q "error: metadata.json: .*502" <<<"$output"
	assert_output_has "not tried, as too many uploads failed: 1 of 2 artifacts"
}

@test "no repeat starts later than retry-for after the first failure" {
	local stage start=$SECONDS
	export JIBRI_FINALIZE_TRIES=1000 JIBRI_FINALIZE_RETRY_FOR=400ms
	export JIBRI_FINALIZE_RETRY_DELAY=50ms JIBRI_FINALIZE_RETRY_DELAY_MAX=50ms
	for stage in lookup upload webhook; do
		another_recording "for-$stage"
		SINCE=$(requests)
		faults "$stage * * status 500"
		run_finalize 75
		(($(came "$stage") > 1))
	done
	((SECONDS - start < 15))
}

@test "after a lookup that got no answer FAILED is tried once" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=300ms JIBRI_FINALIZE_TRIES=3
	SINCE=0
	faults "any * * stall-answer 60"
	run_finalize 75
	assert_equal "$(came lookup) $(came webhook)" "3 1"
	another_recording answered
	SINCE=$(requests)
	faults "any * * status 500"
	run_finalize 75
	assert_equal "$(came lookup) $(came webhook)" "3 3"
}

@test "a transfer that moves may exceed retry-for, stall-timeout and answer-timeout" {
	# Larger than the buffers in between; it takes about 4 s.
	sparse "$REC/$MEDIA" 800000
	export JIBRI_FINALIZE_RETRY_FOR=100ms JIBRI_FINALIZE_STALL_TIMEOUT=1500ms
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=1500ms
	faults "upload $MEDIA 1 slow 1000000"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 2
}

# bats test_tags=slow
@test "the deadline ends a run whatever the server does" {
	local line start
	sparse "$REC/$MEDIA" 3000000
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s JIBRI_FINALIZE_STALL_TIMEOUT=60s
	export JIBRI_FINALIZE_DEADLINE=700ms JIBRI_FINALIZE_RETRY_FOR=2m
	while read -r line; do
		another_recording "late-$((++n))"
		sparse "$REC/$MEDIA" 3000000
		faults "$line"
		start=$SECONDS
		run_finalize 75
		((SECONDS - start < 6))
		assert_output_has "the deadline has passed"
		# It counts as a failure, unless only STOPPED is missing.
		case $line in
		webhook*) assert_equal "$(told)" '' ;;
		*) assert_equal "$(told)" 'FAILED ' ;;
		esac
	done <<-'END'
		lookup * * stall-answer 60
		lookup * * dribble 60
		lookup * * status 503 Retry-After: 60
		list * * stall-answer 60
		upload * * stall-at 50% 60
		upload * * stall-answer 60
		upload * * slow 100000
		upload * * dribble 60
		upload * * status 503 Retry-After: 60
		webhook * * stall-answer 60
		webhook * * status 503 Retry-After: 60
	END
}

@test "after a deadline the next run completes and doubles nothing" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=1s
	faults "upload $MEDIA 1 stall-stored 30"
	run_finalize 75 --deadline 500ms
	faults
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(told)" "FAILED STOPPED "
}

@test "repeats of a file have the same Idempotency-Key, across runs too" {
	echo note >"$REC/notes.txt"
	faults "upload * 6 status 503"
	run_finalize 0
	is_stored metadata.json notes.txt "$MEDIA"
	faults "upload * * status 429"
	rm "$REC/.jibri-finalize"
	rm -rf "$SB/store"/*
	: >"$SB/records.jsonl"
	stop_sandbox
	start_sandbox
	run_finalize 75
	local pairs
	pairs=$(request upload \
		'.part.filename + " " + .headers["idempotency-key"]')
	(($(wc -l <<<"$pairs") > 9))
	assert_equal "$(sort -u <<<"$pairs" | wc -l)" 3
	assert_equal "$(cut -d ' ' -f 2 <<<"$pairs" | sort -u | wc -l)" 3
	run ! grep -q null <<<"$pairs"
}

@test "a file that changed has another Idempotency-Key" {
	echo one >"$REC/notes.txt"
	run_finalize 0
	echo two >"$REC/notes.txt"
	run_finalize 0
	assert_equal "$(request upload 'select(.part.filename == "notes.txt") |
		.headers["idempotency-key"]' | sort -u | wc -l)" 2
}
