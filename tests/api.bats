#!/usr/bin/env bats
# jibri-finalize-api(7) is true: the program sends its examples, its programs
# verify webhooks, and each of its rules has a test.  api/rules says which; here
# are those that fit no other file.

load lib

PAGE=$ROOT/man/jibri-finalize-api.7
RULES=$ROOT/tests/api/rules

setup() {
	common_setup
	recording
}

teardown() {
	end_child "${RAW_PID-}"
	common_teardown
}

# example NAME: what the page shows between these marks.
example() {
	sed -n '/^\.\\" BEGIN '"$1"'$/,/^\.\\" END '"$1"'$/{/^\./!p}' "$PAGE"
}

# example_request NAME, example_answer NAME: the body of its answer.
example_request() {
	example "$1" | sed '/^HTTP\/1\.1 /,$d'
}
example_answer() {
	example "$1" | sed '1,/^HTTP\/1\.1 /d' | sed '1,/^$/d'
}

# hook JQ: something of each webhook that came.
hook() {
	jq -r "$1" "$SB/webhooks.jsonl"
}

# hmac KEY: base64 of the HMAC-SHA256 of stdin, computed by openssl.
hmac() {
	openssl dgst -sha256 -mac HMAC -macopt "key:$1" -binary | base64
}

# --- the page and its tests ---------------------------------------------------

# sentences: those of the page, one a line, without its examples.
sentences() {
	sed '/^\.Bd/,/^\.Ed/d' "$PAGE" | mandoc -T ascii -O width=1000 |
		col -bx | awk '
			/^[A-Z]/ { on = !/^(JIBRI|NAME|SEE ALSO|STANDARDS)/ }
			on && /^     / { sub(/^ */, ""); print }
		' | sed -E 's/([.:)])  +([^ ])/\1\n\2/g; s/  +/ /g'
}

# titles: of all tests, one a line.
titles() {
	local f
	sed -n 's/^@test "\(.*\)" {$/\1/p' "$ROOT"/tests/*.bats
	for f in "$ROOT"/tests/unit/*.c; do
		tr -d '\n' <"$f" | sed -E 's/"[[:space:]]*"//g' |
			grep -oE 'TEST\([[:space:]]*"[^"]*' | sed 's/^[^"]*"//'
	done
}

@test "each sentence of the API manual has its row, and each row its sentence" {
	command -v mandoc >/dev/null || skip "there is no mandoc here"
	sentences >"$DIR/sentences"
	(($(wc -l <"$DIR/sentences") > 150))
	grep -v $'^#\|^\t' "$RULES" >"$DIR/rows"
	# A row is the beginning of one sentence, in the order of the page.
	awk 'NR == FNR { row[NR] = $0; next }
		index($0, row[FNR]) != 1 {
			printf "sentence: %s\n     row: %s\n", $0, row[FNR]
			exit 1
		}' "$DIR/rows" "$DIR/sentences"
	assert_equal "$(wc -l <"$DIR/rows")" "$(wc -l <"$DIR/sentences")"
}

@test "each row names existing tests, or says why it has none" {
	titles >"$DIR/titles"
	printf '%s\n' "says no rule" "no test yet" >>"$DIR/titles"
	run ! grep -vxF -f "$DIR/titles" <(sed -n 's/^\t//p' "$RULES")
	awk '!/^#/ && !/^\t/ { if (open) print open; open = $0 }
		/^\t/ { open = "" }
		END { if (open) print open }' "$RULES" >"$DIR/open"
	assert_equal "$(cat "$DIR/open")" ''
}

# --- the examples -------------------------------------------------------------

# manual_recording: the one in the page's examples, and services for it.
manual_recording() {
	SESSION=rec-abc123
	REC=$DIR/recordings/$SESSION
	mkdir "$REC"
	recording
	printf '{ "meeting_url": "https://meet.example.org/%s" }' "$ROOM" \
		>"$REC/metadata.json"
	start_sandbox --oauth jibri c1ient
	export JIBRI_FINALIZE_OAUTH_TOKEN_URL=$URL/oauth/token
	export JIBRI_FINALIZE_OAUTH_CLIENT_ID=jibri
	export JIBRI_FINALIZE_OAUTH_CLIENT_SECRET=c1ient
}

# shape: a request as text, without what differs from one to the next.
shape() {
	sed '/^$/,$d' | sed -E '1s/ HTTP.*//; 2,$s/^([^:]*)/\L\1/
		/^(user-agent|accept|accept-encoding):/!{2,$s/:.*//}
		s,/[0-9.]+$,,' | paste -sd '|'
}

# shapes STAGE: of each request that came, one a line.
shapes() {
	jq -r --arg s "$1" 'select(.stage == $s) | "\(.method) \(.target)\n" +
		(.headers | to_entries | map("\(.key): \(.value)\n") | add) +
		"\u0000"' "$SB/requests.jsonl" |
		while IFS= read -r -d '' one; do shape <<<"${one#$'\n'}"; done
}

@test "the program sends the requests that the API manual shows" {
	local name
	manual_recording
	run_finalize 0
	run_command 0 verify --deep "$REC"
	run "$BIN" check
	for name in lookup list upload download webhook token health; do
		shapes "$name" >"$DIR/shapes"
		example_request "$name" | shape >"$DIR/shape"
		grep -xF -f "$DIR/shape" "$DIR/shapes" ||
			{ cat "$DIR/shape" "$DIR/shapes"; false; }
	done
	jq -e -s 'map(select(.bodyBytes > 0)) |
		all(.headers["content-length"] != null and
			.headers["transfer-encoding"] == null)' \
		"$SB/requests.jsonl"
	request lookup .target | grep -x /api/meetings/room/jibri-finalize-check
	request list .target | grep -xF '/metadata?referenceId=0'
}

@test "the program accepts the answers that the API manual shows" {
	local name
	manual_recording
	for name in lookup upload list webhook; do
		example_answer "$name" >"$SB/$name.json"
		jq -e . "$SB/$name.json"
	done
	# The media's may be the same, but for this.
	sed -i 's/"id":1,/"id":17,/' "$SB/upload.json"
	faults 'lookup * * body lookup.json' 'webhook * * body webhook.json' \
		'upload metadata.json * body-stored upload.json'
	run_finalize 0
	refute_output_has warning
	assert_equal "$(requests upload)" 2
	rm "$REC/.jibri-finalize" "$REC/$MEDIA"
	faults 'list * * body list.json'
	run finalize
	assert_output_has "metadata.json: the server has it already"
	assert_equal "$(requests upload)" 2
}

# raw_service: an old file-service, which never answers 100; what it gets is in
# $DIR/raw, how long it waited for each body in $DIR/waited.
raw_service() {
	perl -MIO::Socket::INET -MTime::HiRes=time -e '
		my $s = IO::Socket::INET->new(Listen => 8,
			LocalAddr => "127.0.0.1") or die;
		open(my $port, ">", "$ARGV[0]/port") or die;
		print $port $s->sockport, "\n";
		close($port);
		while (my $c = $s->accept) {
			my ($head, $body, $got) = ("", "", "");
			$head .= $got
				while $head !~ /\r\n\r\n/ && sysread($c, $got, 1);
			my ($size) = $head =~ /^content-length: (\d+)/mi;
			my $began = time;
			while (length($body) < $size && sysread($c, $got, 65536)) {
				$waited = time - $began if $body eq "";
				$body .= $got;
			}
			open(my $raw, ">>", "$ARGV[0]/raw") or die;
			print $raw $head, length($body) < 1000 ? $body : "";
			close($raw);
			open(my $file, ">>", "$ARGV[0]/waited") or die;
			printf $file "%d %.3f\n", length($body), $waited if $size;
			close($file);
			my $answer = $size ? "{\"id\":" . ++$id . "}" : "[]";
			print $c "HTTP/1.1 200 OK\r\nConnection: close\r\n",
				"Content-Length: ", length($answer), "\r\n\r\n",
				$answer;
		}' "$DIR" 3>&- &
	RAW_PID=$!
	wait_for test -s "$DIR/port"
	PORT=$(<"$DIR/port")
	export FILE_SERVICE_URL=http://127.0.0.1:$PORT
}

@test "the request line and the part on the wire are as the API manual shows them" {
	local boundary shown
	manual_recording
	unset JIBRI_FINALIZE_OAUTH_{TOKEN_URL,CLIENT_ID,CLIENT_SECRET}
	stop_sandbox
	start_sandbox
	raw_service
	run_finalize 0
	tr -d '\r' <"$DIR/raw" >"$DIR/text"
	grep -xF "$(example list | head -n 1)" "$DIR/text"
	grep -xF "$(example upload | head -n 1)" "$DIR/text"
	boundary=$(grep -om1 'boundary=.*' "$DIR/text" | cut -d= -f2)
	assert_equal "${#boundary}" 32
	shown=$(example upload | sed -n 's/.*boundary=//p')
	example_request upload | sed '1,/^$/d' | sed '$d' |
		sed "s/$shown/$boundary/; s/\$/\r/" >"$DIR/part"
	grep -c . "$DIR/part"
	perl -0777 -e 'open(A, $ARGV[0]); open(B, $ARGV[1]);
		exit(index(<A>, <B>) < 0)' "$DIR/raw" "$DIR/part"
}

@test "a server that never answers 100 gets the body after 0.3 s" {
	start_sandbox
	raw_service
	sparse "$REC/$MEDIA" 3000000
	run_finalize 0 --answer-timeout 20s --stall-timeout 20s
	assert_output_has "$MEDIA: stored"
	awk '$1 > 3000000 { exit !($2 > 0.25 && $2 < 5) }' "$DIR/waited"
	assert_equal "$(wc -l <"$DIR/waited")" 2
}

@test "the webhook in the API manual has the signatures that the page says" {
	local body id at
	body=$(example_request webhook | sed '1,/^$/d' | tr -d '\n')
	example_request webhook >"$DIR/shown"
	field() { sed -n "s/^$1: //p" "$DIR/shown"; }
	assert_equal "${#body}" "$(field Content-Length)"
	id=$(field webhook-id) at=$(field webhook-timestamp)
	assert_equal "$(field X-Webhook-Signature)" \
		"$(printf %s "$body" | hmac "$(field X-Webhook-Secret)")"
	assert_equal "$(field webhook-signature)" "v1,$(printf %s \
		"$id.$at.$body" | hmac "$(field X-Webhook-Secret)")"
}

@test "the API manual's example of a replaced name is what the program does" {
	local name
	name=$(sed -n 's/^\.Ql \(a_b~.*\) ,$/\1/p' "$PAGE")
	[ -n "$name" ]
	start_sandbox
	cp "$REC/$MEDIA" "$REC/a&b.mp4"
	run_finalize 0
	cmp "$REC/$MEDIA" "$SB/store/$ROOM/$SESSION/$name"
}

# --- verifying a webhook ------------------------------------------------------

# needs PROGRAM: only `make check-api` requires it.
needs() {
	command -v "$1" >/dev/null && return
	[ -z "${CHECK_API:-}" ] || { echo "there is no $1 here" >&2; return 1; }
	skip "there is no $1 here (make check-api)"
}

# a_case NAME SECRET: one webhook, the last that came, for the programs.
a_case() {
	mkdir -p "$DIR/cases/$1"
	printf %s "$2" >"$DIR/cases/$1/secret"
	tail -n 1 "$SB/webhooks.jsonl" | jq -j '.body' >"$DIR/cases/$1/body"
	tail -n 1 "$SB/webhooks.jsonl" | jq -r '.headers | to_entries[] |
		"\(.key): \(.value)"' >"$DIR/cases/$1/secret-headers"
}

# signed_at NAME SECONDS: the same, signed so long from now.
signed_at() {
	local dir=$DIR/cases/$1 at=$((EPOCHSECONDS + $2)) id mac
	a_case "$1" "$CANARY"
	id=$(sed -n 's/^webhook-id: //p' "$dir/secret-headers")
	mac=$({ printf %s "$id.$at."; cat "$dir/body"; } | hmac "$CANARY")
	sed -i "s|^webhook-timestamp: .*|webhook-timestamp: $at|
		s|^webhook-signature: .*|webhook-signature: v1,$mac|" \
		"$dir/secret-headers"
}

# webhook_cases: all of them, and in $DIR/verdicts what is to come out: whether
# the secret is right, the signature, and the standard one.
webhook_cases() {
	local whsec=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
	start_sandbox
	run_finalize 0
	a_case good "$CANARY"
	a_case wrong-secret "$CANARY-not"
	a_case changed "$CANARY"
	sed -i s/STOPPED/STARTED/ "$DIR/cases/changed/body"
	a_case bare "$CANARY"
	: >"$DIR/cases/bare/secret-headers"
	a_case odd "$CANARY"
	sed -i 's/^\(webhook-[a-z]*\|x-webhook[a-z-]*\): .*/\1: odd/' \
		"$DIR/cases/odd/secret-headers"
	signed_at recent -200
	signed_at old -400
	signed_at early 400
	WEBHOOK_SECRET=new JIBRI_FINALIZE_WEBHOOK_SECRET_PREVIOUS=old \
		run_finalize 77 --force
	a_case rotated-new new
	a_case rotated-old old
	WEBHOOK_SECRET=$whsec run_finalize 77 --force
	a_case whsec "$whsec"
	sort >"$DIR/verdicts" <<-'END'
		bare false false false
		changed true false false
		early true true false
		good true true true
		odd false false false
		old true true false
		recent true true true
		rotated-new true true true
		rotated-old false false true
		whsec true true true
		wrong-secret false false false
	END
}

# verdicts COMMAND...: it judges each case correctly.
verdicts() {
	"$@" "$DIR"/cases/* >"$DIR/said"
	diff "$DIR/verdicts" "$DIR/said"
}

@test "the API manual verifies webhooks in Python" {
	needs python3
	webhook_cases
	{
		example python
		cat <<-'END'
			import os, sys
			for case in sys.argv[1:]:
			    def read(name):
			        return open(os.path.join(case, name), "rb").read()
			    secret, body = read("secret").decode(), read("body")
			    headers = dict(line.split(": ", 1) for line in
			                   read("secret-headers").decode().splitlines())
			    said = [secret_ok(secret, headers),
			            signature_ok(secret, headers, body),
			            standard_ok(secret, headers, body)]
			    print(os.path.basename(case), *(str(b).lower() for b in said))
		END
	} >"$DIR/verify.py"
	verdicts python3 "$DIR/verify.py"
}

@test "the API manual verifies webhooks in Node" {
	needs node
	webhook_cases
	{
		example node
		cat <<-'END'
			const fs = require("fs"), path = require("path");
			for (const dir of process.argv.slice(2)) {
			    const read = name => fs.readFileSync(path.join(dir, name));
			    const secret = read("secret").toString(), body = read("body");
			    const h = Object.fromEntries(read("secret-headers").toString()
			        .split("\n").filter(Boolean).map(s => s.split(": ")));
			    console.log(path.basename(dir), secretOk(secret, h),
			        signatureOk(secret, h, body), standardOk(secret, h, body));
			}
		END
	} >"$DIR/verify.js"
	verdicts node "$DIR/verify.js"
}

# bats test_tags=slow
@test "the API manual verifies webhooks in Java" {
	needs javac
	webhook_cases
	{
		cat <<-'END'
			import static java.nio.charset.StandardCharsets.UTF_8;
			import java.nio.file.*;
			import java.security.MessageDigest;
			import java.util.*;
			import java.util.function.UnaryOperator;
			import java.util.stream.Stream;
			import javax.crypto.Mac;
			import javax.crypto.spec.SecretKeySpec;
			public class Verify {
		END
		example java
		cat <<-'END'
			    public static void main(String[] dirs) throws Exception {
			        for (String dir : dirs) {
			            Path at = Path.of(dir);
			            Map<String, String> map = new HashMap<>();
			            for (String line : Files.readAllLines(at.resolve("secret-headers")))
			                map.put(line.split(": ")[0], line.split(": ")[1]);
			            UnaryOperator<String> header = s -> map.get(s.toLowerCase());
			            String secret = Files.readString(at.resolve("secret"));
			            byte[] body = Files.readAllBytes(at.resolve("body"));
			            System.out.println(at.getFileName() + " "
			                + secretOk(secret, header) + " "
			                + signatureOk(secret, header, body) + " "
			                + standardOk(secret, header, body));
			        }
			    }
			}
		END
	} >"$DIR/Verify.java"
	verdicts java "$DIR/Verify.java"
}

# --- requests and answers -----------------------------------------------------

@test "without the optional requests a recording is delivered" {
	start_sandbox
	faults 'list * * status 404' 'download * * status 404' \
		'health * * status 404' 'other * * status 404'
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(requests other) $(requests download)" "0 0"
}

@test "a large body has its length, and asks before it is sent" {
	start_sandbox
	sparse "$REC/$MEDIA" 3000000
	sparse "$REC/small.mp4" 1000000
	run_finalize 0
	assert_equal "$(request upload '[.bodyBytes > 1048576,
		.headers.expect, .headers["content-length"] ==
		(.bodyBytes | tostring)] | map(tostring) | join(" ")' |
		sort | uniq -c | xargs)" \
		"2 false null true 1 true 100-continue true"
	run_finalize 0 --force --expect-continue=no
	assert_equal "$(request upload .headers.expect | sort | uniq -c |
		xargs)" "1 100-continue 5 null"
}

# ends CODE REQUESTS STAGE FAULT...: a delivery and how often that was asked.
ends() {
	local code=$1 n=$2 stage=$3 before
	shift 2
	another_recording "$stage-$((++ENDS))"
	before=$(requests "$stage")
	[ "$stage" != upload ] || set -- upload metadata.json "${@:2}"
	[ "$stage" = upload ] || set -- "$1" '*' "${@:2}"
	faults "$1 $2 * ${*:3}"
	if [ "$stage" = webhook ]; then
		run_finalize "$code" --failed-webhook never
	else
		run_finalize "$code"
	fi
	[ "$stage" != upload ] || n=$((n + 1)) # the media
	assert_equal "$stage ${*:3}: $(($(requests "$stage") - before))" \
		"$stage ${*:3}: $n"
}

# bats test_tags=slow
@test "each status means the same of every request" {
	local stage code answer
	export JIBRI_FINALIZE_TRIES=2
	start_sandbox
	for stage in lookup upload webhook; do
		ends 78 1 "$stage" redirect 302 https://elsewhere.example/
		for answer in 401 403; do
			ends 77 1 "$stage" status "$answer"
		done
		for answer in 408 425 429 500 503; do
			ends 75 2 "$stage" status "$answer"
		done
		for answer in 400 409 422; do
			ends 65 1 "$stage" status "$answer"
		done
		assert_output_has held
	done
	# A list is asked for only where it is needed.
	faults
	another_recording listed
	run_finalize 0
	while read -r code answer; do
		faults "list * * status $answer"
		run_command "$code" verify "$REC"
	done <<-'END'
		77 401
		77 403
		78 404
		75 429
		75 503
	END
}

@test "an upload to a URL without a file-service is a configuration error" {
	start_sandbox
	ends 78 1 upload status 404
	ends 78 1 upload status 405
}

@test "an upload that is answered 409 holds the recording" {
	start_sandbox
	faults "upload $MEDIA * status 409"
	run_finalize 65
	assert_output_has "held: 1 of 2"
}

@test "any 2xx with a record stores a file" {
	local answer
	start_sandbox
	echo '{"id": 77}' >"$SB/record"
	for answer in 201 202 206; do
		another_recording "status-$answer"
		faults "upload metadata.json * status-body $answer record"
		run_finalize 0
		refute_output_has warning
		assert_equal "$(journal 'select(.path == "metadata.json") |
			.id // empty')" 77
	done
	assert_equal "$(requests upload)" 6
}

@test "404 and 204 do not count as an empty list" {
	start_sandbox
	run_finalize 0
	faults 'list * * status 204'
	run_command 78 verify --tries 1 "$REC"
	assert_output_has "is not a list in JSON: (empty)"
	faults 'list * * status 404'
	run_command 78 verify --tries 1 "$REC"
	faults 'list * * body empty'
	echo '[]' >"$SB/empty"
	run_command 65 verify "$REC"
	assert_output_has "2 missing"
}

@test "any member that reports a failure makes a lookup fail" {
	local text
	start_sandbox
	faults 'lookup * * body odd'
	for text in '"success": false' '"ok": false' '"status": 400' \
		'"status": 599' '"error": "x"' '"error": true' \
		'"error": {"code": 1}'; do
		echo "{\"id\": 123, $text}" >"$SB/odd"
		run_finalize 78
		assert_output_has "reports a failure"
	done
	assert_equal "$(requests upload)" 0
	echo '{"id": 123, "success": true, "ok": true, "status": 200,
		"error": ""}' >"$SB/odd"
	run_finalize 0
}

@test "a file that the server keeps under a longer path or in another case is found" {
	local change
	start_sandbox
	run_finalize 0
	for change in '"/bucket/x" + .' 'ascii_upcase' \
		'"/bucket" + ascii_upcase' 'ltrimstr("/")'; do
		curl -sSf "$URL/metadata?referenceId=123" |
			jq -c "map(.path |= ($change) | .id += 100)" >"$SB/list"
		faults 'list * * body list'
		rm "$REC/.jibri-finalize"
		run_finalize 0
		faults
		assert_output_has "$MEDIA: the server has it already"
	done
	assert_equal "$(requests upload)" 2
	# The path in an upload's answer does not make it doubtful.
	another_recording moved
	echo '{"id": 900, "path": "/elsewhere/x"}' >"$SB/record"
	faults 'upload metadata.json * body-stored record'
	run_finalize 0
	refute_output_has warning
	assert_equal "$(requests upload)" 4
}

@test "--force sends everything again with new idempotency keys" {
	start_sandbox
	run_finalize 0
	run_finalize 0 --force
	assert_equal "$(request upload '.headers["idempotency-key"]' |
		sort -u | wc -l)" 4
}

@test "a file is sent again at once after 500 and 501, and only after a pause after 502" {
	local answer start
	start_sandbox
	for answer in 500 501 502; do
		another_recording "after-$answer"
		faults "upload $MEDIA 1 status $answer"
		start=${EPOCHREALTIME/./}
		run_finalize 0 --answer-timeout 4s
		is_stored metadata.json "$MEDIA"
		if ((answer == 502)); then
			((${EPOCHREALTIME/./} - start >= 4000000))
		else
			((${EPOCHREALTIME/./} - start < 4000000))
		fi
	done
}

@test "a file that was accepted and never listed is not sent again" {
	start_sandbox
	faults "upload $MEDIA * status 202"
	run_finalize 78
	assert_output_has "the server accepted it, but its list does not show it"
	assert_equal "$(request upload .part.filename | grep -cx "$MEDIA")" 1
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
}

@test "a download of fewer or more bytes is a temporary error" {
	local size
	start_sandbox
	run_finalize 0
	for size in 5 9999; do
		head -c "$size" /dev/zero >"$SB/bytes"
		faults 'download * * body bytes video/mp4'
		run_command 75 verify --deep --tries 1 "$REC"
		assert_output_has "the server sends"
	done
}

# padded BYTES JSON: with blanks in front of its end.
padded() {
	printf '%s%*s}' "${2%?}" "$(($1 - ${#2}))" ''
}

@test "an answer may have exactly as many bytes as the limit says" {
	start_sandbox
	padded 262144 '{"id": 123}' >"$SB/room"
	padded 65536 '{"id": 9}' >"$SB/record"
	padded 65536 '{}' >"$SB/taken"
	faults 'lookup * * body room' 'webhook * * body taken' \
		'upload metadata.json * body-stored record'
	run_finalize 0
	refute_output_has warning
	export JIBRI_FINALIZE_TRIES=1
	another_recording longer
	padded 262145 '{"id": 123}' >"$SB/room"
	run_finalize 75
	assert_output_has "the answer is longer than 262144 bytes"
	padded 65537 '{"id": 9}' >"$SB/record"
	padded 65537 '{}' >"$SB/taken"
	faults 'upload metadata.json * body-stored record' \
		'webhook * * body taken'
	run_finalize 75
	assert_output_has "metadata.json: the server has it already"
	assert_output_has "the answer is longer than 65536 bytes"
}

# bats test_tags=slow
@test "lookup and webhook wait at most 20 s for an answer, whatever uploads may take" {
	local lookup webhook start=$SECONDS
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s JIBRI_FINALIZE_TRIES=1
	export JIBRI_FINALIZE_FAILED_WEBHOOK=never
	start_sandbox
	another_recording told
	rooms "{\"$ROOM\": 123, \"silent\": 5}"
	faults 'lookup */silent * stall-answer 90' \
		'webhook * * stall-answer 90'
	timeout 50 "$BIN" "$REC" silent one >"$DIR/lookup" 2>&1 3>&- &
	lookup=$!
	another_recording asked
	timeout 50 "$BIN" "$REC" >"$DIR/webhook" 2>&1 3>&- &
	webhook=$!
	wait "$lookup" || assert_equal $? 75
	wait "$webhook" || assert_equal $? 75
	((SECONDS - start >= 20 && SECONDS - start < 40))
	grep "no complete answer within 20.0 s" "$DIR/lookup"
	grep "no complete answer within 20.0 s" "$DIR/webhook"
}

@test "a sweep makes each request once" {
	start_sandbox
	touch -d '1 hour ago' "$REC"/* "$REC"
	faults 'lookup * * status 503'
	run_command 75 sweep "$DIR/recordings"
	assert_equal "$(requests lookup)" 1
	faults
	run_command 0 upload "$REC"
	faults "upload more.txt * status 503"
	echo more >"$REC/more.txt"
	run_command 75 sweep --settle 0s "$DIR/recordings"
	assert_equal "$(request upload 'select(.status == 503) | .n' |
		wc -l)" 1
}

# --- webhooks -----------------------------------------------------------------

@test "STOPPED follows the last answer to an upload" {
	start_sandbox
	faults 'upload metadata.json 1 slow-store 0.5'
	run_finalize 0
	assert_equal "$(jq -r .stage "$SB/requests.jsonl" | tail -n 3 |
		xargs)" "upload upload webhook"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "STOPPED carries the time of the last file, FAILED that of the failure" {
	start_sandbox
	faults 'upload metadata.json * status 413'
	run_finalize 65
	assert_equal "$(hook '.body | fromjson | .timestamp')" \
		"$(journal 'select(.event == "failed") | .at / 1000 | floor')"
	faults
	run_finalize 0 --failed-webhook never
	assert_equal "$(hook '.body | fromjson | .timestamp' | tail -n 1)" \
		"$(journal 'select(.event == "complete") |
			.moment / 1000 | floor')"
}

@test "the error of FAILED is one line of at most 4 KiB" {
	local i
	start_sandbox
	for i in {1..9}; do
		echo x >"$REC/$i$(printf '\xff%.0s' {1..200})"
	done
	jq -n '{message: ("x\n" * 3000)}' >"$SB/why"
	faults 'upload * * status-body 422 why'
	run_finalize 65
	assert_equal "$(hook '.body | fromjson | .error |
		(utf8bytelength > 50 and utf8bytelength <= 4096) and
		(contains("\n") | not)')" true
}

@test "the url of a listed file is that of its download" {
	local url
	start_sandbox
	run_finalize 0 --webhook-files
	url=$(hook ".body | fromjson | .files[] |
		select(.path == \"$MEDIA\") | .url")
	[[ $url == "$URL/files/"*/download ]]
	curl -sSf -o "$DIR/again" "$url"
	cmp "$DIR/again" "$REC/$MEDIA"
}

# --- tokens and health --------------------------------------------------------

@test "a token request has the scope, and without a secret the client's ID" {
	local form='grant_type=client_credentials'
	manual_recording
	run_finalize 0 --oauth-scope 'recordings files'
	assert_equal "$(request token '.headers["content-length"]')" \
		"$(printf %s "$form&scope=recordings%20files" | wc -c)"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 1 -subj /CN=jibri -keyout "$DIR/cert.pem" \
		-out "$DIR/cert" 2>/dev/null
	cat "$DIR/cert" >>"$DIR/cert.pem"
	JIBRI_FINALIZE_OAUTH_CLIENT_SECRET='' run finalize --force \
		--tls-cert "$DIR/cert.pem"
	assert_equal "$(request token '[.headers["content-length"],
		.headers.authorization // "none"] | join(" ")' | tail -n 1)" \
		"$(printf %s "$form&client_id=jibri" | wc -c) none"
}

@test "the type of a token may be missing or in capitals" {
	local text
	manual_recording
	stop_sandbox
	start_sandbox --token abc --oauth jibri c1ient
	export JIBRI_FINALIZE_OAUTH_TOKEN_URL=$URL/oauth/token
	faults 'token * * body token.json'
	for text in '{"access_token": "abc"}' \
		'{"access_token": "abc", "token_type": "BEARER"}'; do
		echo "$text" >"$SB/token.json"
		run_finalize 0 --force
	done
	assert_equal "$(requests upload)" 4
}

@test "check also reads DOWN from a 503" {
	start_sandbox
	echo '{"status": "DOWN"}' >"$SB/down"
	faults 'health * * status-body 503 down application/json'
	run "$BIN" check
	assert_output_has "$URL reports: DOWN"
}

# --- parts --------------------------------------------------------------------

# takes_parts [SANDBOX_FLAG...]: a file-service with parts of 64 KiB, and a
# file of four of them.
takes_parts() {
	export JIBRI_FINALIZE_PARTS_FROM=100k
	start_sandbox --parts 65536 "$@"
	sparse "$REC/a.mp4" 200000
}

# parts_are_there: the file is stored once, and no upload is left.
parts_are_there() {
	is_stored metadata.json "$MEDIA" a.mp4
	assert_equal "$(jq length "$SB/uploads.json" 2>/dev/null || echo 0)" 0
}

# next: another recording with such a file.
next() {
	another_recording "parts-$((++PARTS))"
	sparse "$REC/a.mp4" 200000
}

@test "the program sends the requests for parts that the API manual shows" {
	local name
	SESSION=rec-abc123
	REC=$DIR/recordings/$SESSION
	mkdir "$REC"
	recording
	takes_parts --parts-header "x-storage-class: hot" --token t0ken
	export JIBRI_FINALIZE_TOKEN=t0ken
	faults 'part */3?* * status 500'
	run_finalize 75 --tries 1 --parallel 1 --expect-continue=no
	faults
	run_finalize 0
	parts_are_there
	echo >>"$REC/a.mp4"
	faults 'part */3?* * status 500'
	run_finalize 75 --tries 1 --parallel 1
	run_command 0 forget --yes "$REC"
	for name in begin urls parts complete abort; do
		assert_equal "$(request "$name" '"\(.method) \(.target)"' |
			sed -E 's,/uploads/[^/?]*,/uploads/u1,' | sort -u)" \
			"$(example "$name" | head -n 1)"
		assert_equal "$(request "$name" .headers.authorization |
			sort -u)" "Bearer t0ken"
	done
	example part | shape | sed 's/^PUT [^|]*|//' >"$DIR/shape"
	shapes part | sed 's/^PUT [^|]*|//' | sort -u >"$DIR/shapes"
	diff "$DIR/shape" "$DIR/shapes"
	# What they carry is JSON, too.
	for name in begin urls complete; do
		example "$name" | sed '1d; /^$/,$d' | jq -e .
		example "$name" | sed '1,/^$/d; s/^20[01] //' | jq -e .
	done
}

@test "a file goes in parts although the answers are in an envelope" {
	takes_parts --shape data
	run_finalize 0
	parts_are_there
	assert_equal "$(requests part)" 4
}

@test "an upload in parts may have any short id, from any 2xx" {
	local id encoded
	takes_parts
	encoded=$(printf '%0512d' 0 | tr 0 u)
	for id in '"u v?ä"' 5 "\"$encoded\""; do
		next
		echo "{\"uploadId\": $id, \"partSize\": 65536}" >"$SB/begun"
		# The upload is gone, as the next request finds out.
		faults 'begin * 1 status-body 202 begun'
		run_finalize 0
		parts_are_there
		jq -rn --argjson id "$id" '$id | tostring | @uri' >"$DIR/id"
		request urls 'select(.status == 404) | .target' | tail -n 1 |
			grep -xF "/files/structured/123/uploads/$(<"$DIR/id")/parts"
	done
	next
	echo "{\"uploadId\": \"u$encoded\", \"partSize\": 65536}" >"$SB/begun"
	faults 'begin * 1 status-body 202 begun'
	run_finalize 0
	assert_output_has "has no upload id"
	assert_output_has "sending it in one piece"
}

@test "a partSize that would make more than 10,000 parts is refused" {
	takes_parts
	truncate -s $((65536 * 10000 + 1)) "$REC/a.mp4"
	echo '{"uploadId": "u", "partSize": 65536}' >"$SB/begun"
	faults 'upload a.mp4 * early 413' 'begin * 1 body begun'
	run finalize --tries 1
	assert_output_has "has an invalid partSize"
	assert_output_has "a.mp4: too large for the server"
	assert_equal "$(requests part)" 0
}

@test "a 500 to the first request for parts counts for that file alone" {
	takes_parts
	sparse "$REC/b.mp4" 210000
	sparse "$REC/c.mp4" 220000
	faults 'begin * 2 status 500'
	run_finalize 0 --parallel 1
	is_stored metadata.json "$MEDIA" a.mp4 b.mp4 c.mp4
	refute_output_has warning
	assert_equal "$(request begin .status | xargs)" "500 500 201"
}

@test "a refusal after an upload was begun does not say that the service takes no parts" {
	takes_parts
	sparse "$REC/b.mp4" 210000
	faults 'begin * 1 slow-store 0.1' 'begin * * status 403'
	run_finalize 77 --parallel 1
	assert_equal "$(request begin .status | xargs)" "201 403"
	run ! grep -x b.mp4 <(request upload .part.filename)
	faults
	run_finalize 0
	assert_equal "$(requests begin)" 3
}

@test "a service may give one URL at a time" {
	takes_parts
	# The URL of a part that expired long ago.
	echo "{\"urls\": {\"1\": \"$URL/storage/x/1?expires=1&signature=x\"}}" \
		>"$SB/urls"
	faults 'urls * 1 body urls'
	run_finalize 0
	refute_output_has warning
	parts_are_there
	(($(requests urls) >= 2))
}

@test "a URL of a part has at most 8 KiB, and there are at most 32 headers" {
	local long
	takes_parts
	long=$(printf '%08192d' 0)
	jq -n --arg u "$URL/$long" '{urls: {"1": $u}}' >"$SB/urls"
	faults 'urls * 1 body urls'
	run_finalize 0
	assert_output_has "the URL of a part is not an http or https URL"
	next
	jq -n --arg u "$URL/x" '{urls: {"1": $u}, headers:
		([range(33) | {key: "x-\(.)", value: "v"}] | from_entries)}' \
		>"$SB/urls"
	faults 'urls * 1 body urls'
	run_finalize 0
	assert_output_has "has no URLs and headers"
	parts_are_there
}

@test "a part without an ETag, or with a redirect, sends the file in one piece" {
	local fault
	takes_parts
	for fault in 'status 200' 'redirect 307 http://127.0.0.1:9/'; do
		next
		faults "part * * $fault"
		run_finalize 0
		assert_output_has "sending it in one piece"
		parts_are_there
	done
}

@test "without a list of parts the journal says which are there" {
	local answer
	takes_parts
	for answer in 405 501; do
		next
		: >"$SB/requests.jsonl"
		faults "part */3?* * status 500"
		run_finalize 75 --tries 1 --parallel 1
		faults "parts * * status $answer"
		run_finalize 0
		parts_are_there
		assert_equal "$(request part 'select(.stored) | .target' |
			wc -l)" 4
	done
}

@test "--force aborts the parts that were sent" {
	takes_parts
	faults "part */3?* * status 500"
	run_finalize 75 --tries 1 --parallel 1
	faults
	run_finalize 0 --force
	assert_equal "$(requests abort) $(requests begin)" "1 2"
	assert_equal "$(jq length "$SB/uploads.json")" 0
}

@test "a part that gets a 503 or loses its connection is sent again" {
	local fault
	takes_parts
	for fault in 'status 503' 'drop-at 50%' drop-after; do
		next
		faults "part */2?* 1 $fault"
		run_finalize 0
		parts_are_there
	done
	assert_equal "$(requests upload)" 6
}

@test "only the parts that differ of a changed file are sent again" {
	takes_parts
	head -c 200000 /dev/urandom >"$REC/a.mp4"
	mv "$REC/a.mp4" "$REC/a.bin"
	faults "part */4?* * status 500"
	run_finalize 75 --tries 1 --parallel 1
	printf x | dd of="$REC/a.bin" bs=1 seek=70000 conv=notrunc 2>/dev/null
	: >"$SB/requests.jsonl"
	faults
	run_finalize 0
	is_stored metadata.json "$MEDIA" a.bin
	assert_equal "$(request part '.target | split("?")[0] |
		split("/")[-1]' | sort | xargs)" "2 4"
}

@test "an upload that is gone when a part arrives is begun again" {
	takes_parts
	faults 'part * 1 status 404'
	run_finalize 0
	is_stored metadata.json "$MEDIA" a.mp4
	assert_equal "$(requests begin)" 2
}
