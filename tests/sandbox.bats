#!/usr/bin/env bats
# The other tests rely on the sandbox, so it is tested itself: with curl, which
# shares no code with it.

# Each test is its own process and sets these for itself.
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0

setup() {
	unset {http,https,all,no}_proxy {HTTPS,ALL,NO}_PROXY
	SANDBOX=$(realpath "${SANDBOX:-build/sandbox}")
	dir=$BATS_TEST_TMPDIR/box
	file=$BATS_TEST_TMPDIR/a.mp4
	answer=$BATS_TEST_TMPDIR/answer
	sandbox_pid=
	mkdir "$dir"
	printf '0123456789' >"$file"
	echo '{"abc-defg-hij": 123, "room b": "str-id"}' >"$dir/rooms.json"
}

teardown() {
	[ -z "$sandbox_pid" ] || stop
}

start() {
	rm -f "$dir/url"
	"$SANDBOX" --dir "$dir" "$@" 3>&- &
	sandbox_pid=$!
	wait_for test -e "$dir/url"
	url=$(<"$dir/url")
}

stop() {
	local end=0

	kill "$sandbox_pid"
	wait "$sandbox_pid" || end=$?
	sandbox_pid=
	return "$end"                   # not 0 after a sanitizer's finding
}

wait_for() {
	local i

	for ((i = 0; i < 200; i++)); do
		if "$@"; then
			return 0
		fi
		sleep 0.05
	done
	echo "gave up waiting for: $*" >&2
	return 1
}

# faults LINE...: replaced atomically, as the sandbox may read it at any time.
faults() {
	printf '%s\n' "$@" >"$dir/faults.new"
	mv "$dir/faults.new" "$dir/faults"
}

# ask PATH [CURL-ARG...]: sets code and rc; the body is in $answer.
ask() {
	local path=$1

	shift
	rc=0
	code=$(curl --silent --globoff --path-as-is --max-time 10 \
		--output "$answer" --write-out '%{http_code}' "$@" \
		"$url$path") || rc=$?
}

# upload [CURL-ARG...]: upload $file under its own name.
upload() {
	ask '/files/structured/123?path=/room/session/' \
		--form "file=@$file;type=video/mp4" "$@"
}

# post TYPE CURL-ARG...: a body that is not a form made by curl.
post() {
	local type=$1

	shift
	ask '/files/structured/123?path=/room/session/' \
		--header "Content-Type: $type" "$@"
}

# part HEADER-LINE...: a whole form with that part header.
part() {
	{
		printf -- '--xyz\r\n'
		printf '%s\r\n' "$@"
		printf '\r\ncontent\r\n--xyz--\r\n'
	} >"$BATS_TEST_TMPDIR/form"
	post 'multipart/form-data; boundary=xyz' \
		--data-binary "@$BATS_TEST_TMPDIR/form"
}

stored() {
	find "$dir/store" -type f | wc -l
}

has_stored() {
	[ "$(stored)" -eq "$1" ]
}

# last FILTER: of the last line of requests.jsonl.
last() {
	tail -n 1 "$dir/requests.jsonl" | jq -r "$1"
}

# --- the contract's good answers ---

@test "a known room has its ID, a number or a string, and an unknown one has none" {
	start
	ask /api/meetings/room/abc-defg-hij
	[ "$code" = 200 ]
	[ "$(jq .id "$answer")" = 123 ]
	ask /api/meetings/room/room%20b
	[ "$(jq .id "$answer")" = '"str-id"' ]
	ask /api/meetings/room/stranger
	[ "$code" = 404 ]
	echo '{"stranger": 5}' >"$dir/rooms.json"
	ask /api/meetings/room/stranger
	[ "$(jq .id "$answer")" = 5 ]
	[ "$(last '.stage + .target')" = lookup/api/meetings/room/stranger ]
}

@test "uploaded files are listed and can be fetched, also after a restart" {
	start
	upload
	[ "$code" = 200 ]
	cmp "$file" "$dir/store/room/session/a.mp4"
	[ "$(jq -c '[.filename, .path, .mimeType, .size]' "$answer")" = \
		'["a.mp4","/room/session/a.mp4","video/mp4",10]' ]
	stop
	start
	ask '/metadata?referenceId=123'
	[ "$(jq -c '.[0] | keys' "$answer")" = \
		'["filename","id","mimeType","path","size","uploadedAt"]' ]
	ask "/files/$(jq '.[0].id' "$answer")/download"
	cmp "$file" "$answer"
	ask '/file-service/metadata?referenceId=124'
	[ "$(<"$answer")" = '[]' ]
	[ "$(last .n)" = 4 ]            # it counts on, too
}

@test "a file that is sent twice is stored twice" {
	start
	upload
	upload
	upload
	[ -e "$dir/store/room/session/a.mp4~2" ]
	[ -e "$dir/store/room/session/a.mp4~3" ]
	[ "$(stored)" = 3 ]
	ask '/metadata?referenceId=123'
	[ "$(jq -c 'map(.path) | unique' "$answer")" = \
		'["/room/session/a.mp4"]' ]
}

@test "health, unknown paths and wrong methods answer as Spring does" {
	start
	ask /actuator/health
	[ "$(jq -r .status "$answer")" = UP ]
	ask /nothing
	[ "$code" = 404 ]
	ask /actuator/health --request DELETE
	[ "$code" = 405 ]
	ask '/files/structured/1/2?path=/a/'
	[ "$code" = 404 ]
}

@test "with --prefix, only paths below it are served" {
	start --prefix /gateway
	[[ $url == */gateway ]]
	upload
	[ "$code" = 200 ]
	url=${url%/gateway}
	ask /actuator/health
	[ "$code" = 404 ]
	ask /gatewayx/actuator/health
	[ "$code" = 404 ]
}

@test "TLS serves the same answers" {
	openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=sandbox \
		-addext subjectAltName=IP:127.0.0.1 \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
	start --tls "$dir/cert.pem" "$dir/key.pem"
	[[ $url == https://127.0.0.1:* ]]
	upload --cacert "$dir/cert.pem"
	[ "$code" = 200 ]
	faults 'upload * 1 reset-at 50%' 'upload * 1 truncate'
	upload --cacert "$dir/cert.pem"
	[ "$rc" -ne 0 ]
	[ "$(stored)" = 1 ]
	upload --cacert "$dir/cert.pem"
	[ "$rc" -ne 0 ]
	[ "$(stored)" = 2 ]
}

@test "with --token, all requests but webhooks and health need exactly this token" {
	start --token sesame
	upload
	[ "$code" = 401 ]
	upload --header 'Authorization: Bearer sesam'
	[ "$code" = 401 ]
	ask '/metadata?referenceId=1' --header 'Authorization: Basic sesame'
	[ "$code" = 401 ]
	[ "$(stored)" = 0 ]
	upload --header 'Authorization: Bearer sesame'
	[ "$code" = 200 ]
	ask /actuator/health
	[ "$code" = 200 ]
}

@test "a file over the limit gets 413, one at the limit is kept" {
	start --max-file 10
	upload
	[ "$code" = 200 ]
	printf x >>"$file"
	upload
	[ "$code" = 413 ]
	[ "$(last .bodyBytes)" -gt 10 ]
	[ "$(stored)" = 1 ]
}

@test "discarded bytes are counted and hashed" {
	start --discard-over 4
	upload
	[ "$(jq .size "$answer")" = 10 ]
	[ "$(<"$dir/store/room/session/a.mp4")" = 0123 ]
	[ "$(last .part.sha256)" = "$(sha256sum <"$file" | cut -d ' ' -f 1)" ]
}

# --- the parser of bodies ---

@test "any content arrives, wherever the boundary falls" {
	local n

	start
	for n in 0 1 2 43 262000 262144 262145 524288 1000003; do
		# Full of beginnings of the delimiter.
		yes $'\r\n--------------------------\r\n--' |
			head -c $((n / 2)) >"$file" || true
		head -c $((n - n / 2)) /dev/urandom >>"$file"
		rm -rf "$dir"/store/*
		upload
		cmp "$file" "$dir/store/room/session/a.mp4"
		[ "$(jq .size "$answer")" = "$n" ]
		[ "$(last .part.sha256)" = \
			"$(sha256sum <"$file" | cut -d ' ' -f 1)" ]
	done
}

@test "a file name is read as Tomcat reads it" {
	local sent name

	start
	while read -r sent name; do
		part "Content-Disposition: form-data; name=\"file\"; $sent"
		[ "$code" = 200 ]
		[ "$(jq -r .filename "$answer")" = "$name" ]
		[ -e "$dir/store/room/session/$name" ]
	done <<-'END'
		filename="a;b,c.mp4" a;b,c.mp4
		filename="a\"b\\c.mp4" a"b\c.mp4
		filename="a%22b.mp4" a%22b.mp4
		filename="Grüße.mp4" Grüße.mp4
		filename=token.mp4 token.mp4
		filename="x.mp4";filename*=UTF-8''y.mp4 x.mp4
		FileName="case.mp4" case.mp4
	END
}

@test "a body that Tomcat refuses is refused, and nothing is stored" {
	local line pad

	start
	for line in 'name="file"; filename=""' 'name="file"' \
		'name="file"; filename*=UTF-8'\'\''y.mp4' \
		'name="file"; filename=".."' 'name="file"; filename="a/b"' \
		'name="other"; filename="a.mp4"' 'filename="a.mp4"' \
		$'name="file"; filename="\xff.mp4"'; do
		part "Content-Disposition: form-data; $line"
		[ "$code" = 400 ]
	done
	printf -- '--xyz\r\nContent-Disposition: form-data; name="file"; %s' \
		$'filename="a.mp4"\r\n\r\ncontent\r\n--xyz' \
		>"$BATS_TEST_TMPDIR/cut"
	post 'multipart/form-data; boundary=xyz' \
		--data-binary "@$BATS_TEST_TMPDIR/cut"
	[ "$code" = 400 ]
	post application/json --data '{}'
	[ "$code" = 400 ]
	post multipart/form-data --data ''
	[ "$code" = 400 ]
	[ "$(stored)" = 0 ]

	# 512 bytes with the empty line pass, 513 do not.
	line='Content-Disposition: form-data; name="file"; filename="a.mp4"'
	printf -v pad '%*s' $((512 - ${#line} - 2 - 3 - 4)) ''
	part "$line" "X: ${pad// /x}"
	[ "$(last .part.headerBytes)" = 512 ]
	[ "$code" = 200 ]
	part "$line" "X: ${pad// /x}x"
	[ "$code" = 400 ]
	[ "$(stored)" = 1 ]
	[ -z "$(ls "$dir/incoming")" ]
}

@test "a target that Tomcat refuses is refused" {
	local target

	start
	for target in '/metadata?referenceId=[1]' '/metadata?referenceId=a"b' \
		'/metadata?referenceId={}' '/metadata?referenceId=<>' \
		$'/metadata?referenceId=\xc3\xbc' '/metadata?referenceId=a|b' \
		'/metadata?referenceId=%' '/metadata?referenceId=%4' \
		'/metadata?referenceId=%zz' '/metadata?referenceId=%00' \
		'/metadata?referenceId=%ff' /metadata \
		/api/meetings/room/a%2Fb /api/meetings/room/a%2fb \
		'/api/meetings/room/[t]r' '/api/meetings/room/a^b' \
		/api/meetings/room/%4 /api/meetings/room/%ff; do
		ask "$target"
		echo "$target: rc $rc, status $code"
		[ "$code" = 400 ]
	done
	# curl cannot send this.
	exec 9<>"/dev/tcp/127.0.0.1/${url##*:}"
	printf 'GET /api/meetings/room/a b HTTP/1.1\r\nHost: x\r\n\r\n' >&9
	read -r target <&9
	exec 9>&-
	[[ $target == "HTTP/1.1 400"* ]]
	ask '/metadata?referenceId=%5Ba%2Fb%5D%41'
	[ "$code" = 200 ]
	[ "$(last .target)" = '/metadata?referenceId=%5Ba%2Fb%5D%41' ]
}

@test "a path that leads out of the store is refused" {
	local path

	start
	for path in /../x/ /a/../b/ /a/./b/ /a//b/ / '' %2e%2e/ /a/%2E%2E/; do
		ask "/files/structured/1?path=$path" --form "file=@$file"
		[ "$code" = 400 ]
	done
	[ "$(stored)" = 0 ]
	ask '/files/structured/1?path=/a%20b+c%2Bd/s/' --form "file=@$file"
	[ "$code" = 200 ]
	[ -e "$dir/store/a b c+d/s/a.mp4" ]
}

@test "bytes that are not UTF-8 do not break the log" {
	start
	ask /actuator/health --header $'X-Odd: \xff\xfe' --header 'x-odd: two'
	[ "$code" = 200 ]
	[ "$(last '.headers["x-odd"]')" = $'\xef\xbf\xbd\xef\xbf\xbd, two' ]
	part $'Content-Disposition: form-data; name="file"; filename="\xff"'
	[ "$(last .stage)" = upload ]
}

@test "requests of different connections are distinguished" {
	start
	curl --silent --fail "$url/actuator/health" "$url/actuator/health" \
		>"$answer"
	ask /actuator/health
	run -0 jq -c '[.connection, .reused]' "$dir/requests.jsonl"
	[ "$output" = $'[1,false]\n[1,true]\n[2,false]' ]
}

# --- webhooks ---

body='{"eventType":"STOPPED","roomName":"r","sessionId":"s","timestamp":1}'

# hook BODY [CURL-ARG...]
hook() {
	local data=$1

	shift
	ask /webhooks/jitsi/recording --data-binary "$data" \
		--header 'Content-Type: application/json' "$@"
}

hmac() {
	printf %s "$1" | openssl dgst -sha256 -hmac "$2" -binary | base64
}

# last_hook FILTER: of the last line of webhooks.jsonl.
last_hook() {
	tail -n 1 "$dir/webhooks.jsonl" | jq -r "$1"
}

@test "each of the three signatures is accepted, with a wrong secret none is" {
	local mac triple

	start --webhook-secret sesame
	hook "$body"
	[ "$code" = 401 ]
	[ "$(last_hook .acked)" = false ]

	hook "$body" -H 'X-Webhook-Secret: sesame'
	[ "$code" = 200 ]
	[ "$(last_hook .body)" = "$body" ]
	[ "$(last_hook '[.acked,.secretOk,.signatureOk,.standardOk] | @csv')" \
		= true,true,false,false ]

	mac=$(hmac "$body" sesame)
	hook "$body" -H "X-Webhook-Signature: $mac"
	[ "$code" = 200 ]
	[ "$(last_hook '[.secretOk,.signatureOk] | @csv')" = false,true ]

	triple=(-H 'webhook-id: 7' -H 'webhook-timestamp: 9')
	mac=$(hmac "7.9.$body" sesame)
	hook "$body" "${triple[@]}" -H "webhook-signature: v1,AAA= v1,$mac"
	[ "$code" = 200 ]
	[ "$(last_hook .standardOk)" = true ]
	hook "$body" "${triple[@]}" -H "webhook-signature: v1,$mac" \
		-H 'X-Webhook-Secret: wrong'
	[ "$code" = 401 ]
	hook "$body " "${triple[@]}" -H "webhook-signature: v1,$mac"
	[ "$code" = 401 ]
}

@test "the reference vector of Standard Webhooks verifies, also with two secrets" {
	local secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw

	vector() {
		hook '{"test": 2432232314}' \
			-H 'webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek' \
			-H 'webhook-timestamp: 1614265330' -H "webhook-signature: \
v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	}

	start --webhook-secret "$secret"
	vector
	[ "$(last_hook .standardOk)" = true ]
	[ "$code" = 400 ]               # proved, but no event
	stop
	start --webhook-secret new --webhook-secret-previous "$secret"
	vector
	[ "$(last_hook .standardOk)" = true ]
	stop
	start --webhook-secret new --webhook-secret-previous other
	vector
	[ "$code" = 401 ]
}

@test "a malformed webhook is refused" {
	local data

	start
	for data in '' '{' '[]' '{"eventType":"STOPPED"}' \
		"${body/STOPPED/PAUSED}" "${body/:1\}/:\"1\"\}}" \
		"${body/:1\}/:1704463822000\}}" "${body/\"r\"/\"\"}" \
		"${body/sessionId/session}" "{\"eventType\":\"FAILED\",${body:1}"; do
		hook "$data"
		[ "$code" = 400 ]
	done
	ask /webhooks/jitsi/recording --data-binary "$body"
	[ "$code" = 415 ]
	hook "$body"
	[ "$code" = 200 ]
	[ "$(jq -s 'map(select(.acked)) | length' "$dir/webhooks.jsonl")" = 1 ]
}

@test "a webhook may be accepted without being acknowledged" {
	start
	faults 'webhook *STOPPED* 1 drop-stored' 'webhook *STOPPED* 1 status 503'
	hook "${body/STOPPED/STARTED}"
	[ "$code" = 200 ]
	hook "$body"
	[ "$rc" = 52 ]
	[ "$(last_hook '[.acked, .stored, .status] | @csv')" = false,true,0 ]
	hook "$body"
	[ "$code" = 503 ]
	[ "$(last_hook '[.acked, .stored] | @csv')" = false,false ]
	hook "$body"
	[ "$(last_hook '[.acked, .stored] | @csv')" = true,true ]
}

# --- faults ---

# patience RC: curl's timeout, short if curl should time out.
patience() {
	case $1 in
	28) echo 0.5 ;;
	*) echo 10 ;;
	esac
}

# bats test_tags=slow
@test "each fault of an upload does what its name says" {
	local codes want_rc want_code want_stored fault

	echo '{"odd":1}' >"$dir/odd.json"
	head -c 20000 /dev/urandom >"$file"
	start
	# curl's exit codes, status, objects stored, fault
	while read -r codes want_code want_stored fault; do
		rm -rf "$dir"/store/*
		faults "upload a.mp? 1 $fault"
		upload --max-time "$(patience "$codes")"
		echo "$fault: rc $rc, status $code, stored $(stored)"
		want_rc=",$codes,"
		[[ $want_rc == *",$rc,"* ]]
		[ "$code" = "$want_code" ]
		wait_for has_stored "$want_stored"
		[ "$(last .fault)" = "$fault" ]
		upload                  # used up: all is well again
		[ "$rc $code" = '0 200' ]
		[ "$(stored)" -eq $((want_stored + 1)) ]
	done <<-'END'
		0 503 0 status 503 Retry-After: 7 | X-Other: 1
		0 500 1 status-stored 500
		0 422 0 status-body 422 odd.json text/x-odd
		0,55,56 413 0 early 413
		0,55,56 200 0 early-200
		52,55,56 000 0 drop-at 10000
		52,55,56 000 0 drop-at 50%
		52 000 0 drop-at 100%
		52 000 0 drop-at 999999
		55,56 000 0 reset-at 10000
		55,56 000 0 reset-at 0
		28 000 0 stall-at 50% 30
		52 000 0 drop-after
		52 000 1 drop-stored
		56 000 1 reset-stored
		28 000 0 stall-answer 30
		52 000 0 stall-answer 0.1
		28 000 1 stall-stored 30
		0 200 1 stall-stored 0.1
		0 200 1 slow-store 0.1
		0 502 1 late-store 0.2 502
		0 200 0 html
		0 200 1 html-stored
		1 000 0 garbage
		1 000 1 garbage-stored
		18 200 1 truncate
		18 200 0 truncate-lost
		0 302 0 redirect 302 http://127.0.0.1:1/
		0 200 1 lie-size 7
		0 200 0 body odd.json text/x-odd
		0 200 1 body-stored odd.json
		28 200 0 endless
		0 200 1 slow 100000
		28 200 1 dribble 30
		0 200 1 dribble 0.3
	END
}

@test "Expect is refused where it was sent, early or after the body" {
	local fault
	start
	for fault in 'unexpected 417' 'unexpected-late 417'; do
		rm -rf "$dir"/store/*
		faults "upload * * $fault"
		upload -H 'Expect:'
		[ "$rc $code $(stored)" = '0 200 1' ]
		# curl repeats the request by itself if it has not sent the
		# body.
		upload -H 'Expect: 100-continue'
		[ "$(grep -c '"status":417' "$dir/requests.jsonl")" -ge 1 ]
	done
}

@test "good answers have the form that --shape asks for" {
	start --shape page,strings,bom,html --page-size 1
	upload
	upload
	ask '/metadata?referenceId=123&page=1' --dump-header "$dir/headers"
	grep -q $'^Content-Type: text/html' "$dir/headers"
	[ "$(head -c 3 "$answer")" = $'\ufeff' ]
	tail -c +4 "$answer" | jq -e '.number == "1" and .totalPages == "2" and
		(.content | length) == 1 and .content[0].id == "2"'
}

# bats test_tags=slow
@test "each fault strikes requests without a body, too" {
	local want_rc want_code fault

	echo '{"odd":1}' >"$dir/odd.json"
	start
	while read -r want_rc want_code fault; do
		faults "any * 1 $fault"
		ask /api/meetings/room/abc-defg-hij \
			--max-time "$(patience "$want_rc")"
		echo "$fault: rc $rc, status $code"
		[ "$rc $code" = "$want_rc $want_code" ]
		[ "$(last .fault)" = "$fault" ]
		ask /api/meetings/room/abc-defg-hij
		[ "$rc $code" = '0 200' ]
	done <<-'END'
		0 500 status 500
		0 401 early 401
		0 200 early-200
		52 000 drop-at 10
		56 000 reset-at 0
		28 000 stall-at 0 30
		52 000 drop-after
		56 000 reset-stored
		28 000 stall-answer 30
		0 502 late-store 1 502
		1 000 garbage
		18 200 truncate
		0 307 redirect 307 http://127.0.0.1:1/
		0 200 body odd.json
		28 200 endless
		0 200 dribble 0.2
	END
}

@test "the answer that a fault defines arrives" {
	start
	echo '{"odd":1}' >"$dir/odd.json"
	faults 'any * 1 status 429 Retry-After: 7 | X-Other: a:b' \
		'any * 1 redirect 307 http://other/x' \
		'any * 1 body odd.json text/x-odd' 'any * 1 html' \
		'upload * 1 lie-size 7' 'list * 1 lie-size 8'
	ask /actuator/health --dump-header "$dir/headers"
	grep -q $'^Retry-After: 7\r$' "$dir/headers"
	grep -q $'^X-Other: a:b\r$' "$dir/headers"
	ask /actuator/health --dump-header "$dir/headers"
	grep -q $'^Location: http://other/x\r$' "$dir/headers"
	ask /actuator/health --dump-header "$dir/headers"
	grep -q $'^Content-Type: text/x-odd\r$' "$dir/headers"
	cmp "$dir/odd.json" "$answer"
	ask /actuator/health --dump-header "$dir/headers"
	grep -q $'^Content-Type: text/html\r$' "$dir/headers"
	upload
	[ "$(jq .size "$answer")" = 7 ]
	ask '/metadata?referenceId=123'
	[ "$(jq '.[0].size' "$answer")" = 8 ]
	ask '/metadata?referenceId=123'
	[ "$(jq '.[0].size' "$answer")" = 10 ]
}

@test "an early answer leaves the body unread" {
	truncate -s 50M "$file"
	start
	faults 'upload * 1 early-200' 'upload *.mp4 1 early-200' \
		'upload * 1 drop-at 1000000'
	upload
	[ "$(last .bodyBytes)" = 0 ]
	upload
	[ "$(last .bodyBytes)" -le 1024 ]
	[ "$(last .status)" = 200 ]
	upload
	[ "$rc" -ne 0 ]
	[ "$(last .bodyBytes)" = 1000000 ]
	[ "$(stored)" = 0 ]
}

@test "an upload that its sender aborts is logged and not stored" {
	truncate -s 50M "$file"
	start
	upload --limit-rate 1M --max-time 0.5
	[ "$rc" = 28 ]
	wait_for test -s "$dir/requests.jsonl"
	[ "$(last .status)" = 0 ]
	[ "$(last .bodyBytes)" -gt 0 ]
	[ "$(stored)" = 0 ]
	[ -z "$(ls "$dir/incoming")" ]
}

@test "an incoming file can be watched while it grows" {
	head -c 300000 /dev/urandom >"$file"
	start
	faults 'upload * 1 stall-at 200000 30'
	upload --max-time 10 &
	wait_for test -s "$dir/incoming/1"
	ask /actuator/health            # a stalled request hinders no other
	[ "$code" = 200 ]
	stop                            # nor the end
	wait || true
}

@test "the first matching line with uses left applies" {
	start
	faults '# a remark' '' 'list * * status 500' 'upload b* * status 501' \
		'upload *.mp4 1 status 502' 'upload * 1 status 503' \
		'any * 1 status 504'
	upload
	[ "$code" = 502 ]
	upload
	[ "$code" = 503 ]
	upload
	[ "$code" = 504 ]
	upload
	[ "$code" = 200 ]
	ask '/metadata?referenceId=1'
	ask '/metadata?referenceId=1'
	[ "$code" = 500 ]
	faults 'upload *.mp4 1 status 505'
	upload
	[ "$code" = 505 ]
	rm "$dir/faults"
	ask '/metadata?referenceId=1'
	[ "$code" = 200 ]
}

@test "a fault of reused connections spares the first request" {
	start
	faults 'any * * drop-stored-reused'
	upload
	[ "$code" = 200 ]
	rc=0
	curl --silent --fail "$url/actuator/health" \
		--next --silent --form "file=@$file" \
		"$url/files/structured/123?path=/room/session/" || rc=$?
	# curl repeats the request by itself on a new connection.
	[ "$(stored)" -ge 2 ]
	[ "$(jq -s 'map(select(.reused and .status == 0 and .stored)) |
		length' "$dir/requests.jsonl")" -ge 1 ]
}

# bats test_tags=slow
@test "a share of the requests fails at random, and the same ones with the same seed" {
	local n
	start --seed 3
	faults 'list * 30% status 500'
	for ((n = 0; n < 100; n++)); do ask '/metadata?referenceId=1'; done
	jq -c .status "$dir/requests.jsonl" >"$dir/first"
	n=$(grep -c 500 "$dir/first")
	((n > 15 && n < 45))
	stop
	rm "$dir/requests.jsonl"
	start --seed 3
	for ((n = 0; n < 100; n++)); do ask '/metadata?referenceId=1'; done
	jq -c .status "$dir/requests.jsonl" | cmp "$dir/first"
}

@test "a typo in the file of faults ends the sandbox with 2" {
	local line

	for line in 'upload * 1 statsu 500' 'uplaod * 1 drop-after' \
		'upload * 1' 'upload * x drop-after' 'upload * 1 status 5000' \
		'upload * 1 status' 'upload * 1 drop-after 5' \
		'upload * 1 drop-at 5%%' 'upload * 1 stall-at 5'; do
		faults "$line"
		run -2 "$SANDBOX" --dir "$dir"
		[[ $output == "sandbox: faults: "* ]]
	done
	rm "$dir/faults"
	start
	faults 'any * 1 drop-aftre'
	ask /actuator/health
	[ "$rc" = 52 ]
	rc=0
	wait "$sandbox_pid" || rc=$?
	sandbox_pid=
	[ "$rc" = 2 ]
}

@test "the sandbox ends with its parent and after its time" {
	gone() {
		! curl --silent "$(<"$dir/url")"
	}

	run -0 "$SANDBOX" --dir "$dir" --max-time 0
	[ -z "$output" ]
	rm "$dir/url"
	bash -c '"$1" --dir "$2" &
		until [ -e "$2/url" ]; do sleep 0.05; done
		curl --silent "$(<"$2/url")"' - "$SANDBOX" "$dir" 3>&-
	wait_for gone
}

@test "a stored file that is removed is lost, one that is cut is listed with its new size" {
	start
	upload
	rm "$dir/store/room/session/a.mp4"
	ask '/metadata?referenceId=123'
	[ "$(<"$answer")" = '[]' ]
	ask /files/1/download
	[ "$code" = 404 ]
	upload
	truncate -s 4 "$dir/store/room/session/a.mp4"
	ask '/metadata?referenceId=123'
	[ "$(jq -c 'map([.id, .size])' "$answer")" = '[[2,4]]' ]
	ask /files/2/download
	[ "$(<"$answer")" = 0123 ]
}
