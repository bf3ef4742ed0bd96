#!/usr/bin/env bats
# A bucket as the destination: the same laws as with the file-service.

load lib
load s3/s3
setup() {
	common_setup
	start_s3
	recording
}
teardown() { common_teardown; }

@test "everything is delivered to the bucket, and STOPPED sent" {
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a delivered recording is not sent again by a call, an upload or a sweep" {
	run_finalize 0
	local before
	before=$(puts)
	run_finalize 0
	run_command 0 upload "$REC"
	run_command 0 sweep "$DIR/recordings"
	# Nor if only the bucket knows.
	run_command 0 forget --reset --yes "$REC"
	run_finalize 0
	assert_equal "$(puts)" "$before"
	is_stored metadata.json "$MEDIA"
}

@test "verify tells files that are the same, lost, of another size or with other content" {
	run_finalize 0
	run_command 0 verify "$REC"
	run_command 0 verify --deep "$REC"
	s3_remove "$ROOM/$SESSION/metadata.json"
	age_journal
	run_command 65 verify "$REC"
	assert_output_has "missing"
	assert_output_has "metadata.json"
	run_command 0 upload "$REC"
	is_stored metadata.json "$MEDIA"
	run_command 0 verify --deep "$REC"
}

@test "verify --deep finds one changed byte" {
	needs_sandbox
	local there=$SB/store/$ROOM/$SESSION
	run_finalize 0
	printf X | dd of="$there/$MEDIA" bs=1 seek=100 conv=notrunc status=none
	run_command 0 verify "$REC"
	run_command 65 verify --deep "$REC"
	assert_output_has content
	truncate -s 10 "$there/metadata.json"
	run_command 65 verify "$REC"
	assert_output_has size
}

@test "an empty file becomes an empty object" {
	: >"$REC/empty.txt"
	run_finalize 0
	is_stored empty.txt metadata.json "$MEDIA"
	run_command 0 verify --deep "$REC"
}

@test "a changed file replaces its object" {
	run_finalize 0
	echo one more >"$REC/notes.txt"
	run_finalize 0
	echo a longer text >"$REC/notes.txt"
	run_finalize 0
	is_stored metadata.json notes.txt "$MEDIA"
	run_command 0 verify --deep "$REC"
	assert_equal "$(webhooks | wc -l)" 3
}

@test "a sweep delivers what is due, and status and metrics say so" {
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
	run_command 0 sweep --metrics-file "$DIR/m.prom"
	grep -q 'requests_total{service="s3",code="200"} [1-9]' "$DIR/m.prom"
	assert_equal "$(jq -r 'select(.headers.traceparent) | .stage' \
		"$SB/requests.jsonl" | sort -u | paste -sd ' ')" "lookup webhook"
	is_stored metadata.json "$MEDIA"
	grep -qx 'jibri_finalize_recordings{state="done"} 1' "$DIR/m.prom"
	run_command 0 status --json "$DIR/recordings"
	assert_equal "$(jq -r '.recordings[0].state' <<<"$output")" "done"
}

@test "retention removes recordings that the bucket still has, and keeps those it lost" {
	run_finalize 0
	another_recording 11111111-aaaa-4bbb-8ccc-1234567890ab
	run_finalize 0
	s3_remove "$ROOM/$SESSION/$MEDIA"
	sed -i -E 's/"at":[0-9]+/"at":1767323045000/' \
		"$DIR"/recordings/*/.jibri-finalize
	run_command 65 sweep --retention 1d "$DIR/recordings"
	assert_equal "$(ls "$DIR/recordings")" "$SESSION"
}

@test "a webhook by hand is refused while the bucket lacks a file" {
	run_finalize 0
	run_command 0 notify stopped --force "$REC"
	run_command 0 notify stopped --room "$ROOM" --session "$SESSION"
	run_command 65 notify stopped --room "$ROOM" --session another
}

@test "a meeting's ID with any characters is one folder of a key" {
	local key='rec/{meeting}/{session}/{path}'
	rooms "$(jq -n --arg r "$ROOM" '{($r): "7/../é\n"}')"
	run_finalize 0 --s3-key "$key"
	assert_equal "$(s3_keys | grep -v metadata)" \
		"rec/7%252F..%252F%25C3%25A9%250A/$SESSION/$MEDIA"
	run_command 0 verify --deep "$REC" --s3-key "$key"
}

@test "a tenant's room is stored below the tenant, and s3-key can name both" {
	rooms '{"[acme]room": 77}'
	run_finalize 0 '[acme]room' --s3-key 'rec/{tenant}/{meeting}/{session}/{path}'
	assert_equal "$(s3_keys | grep -v metadata)" \
		"rec/acme/77/$SESSION/$MEDIA"
	run_command 0 verify --deep "$REC" \
		--s3-key 'rec/{tenant}/{meeting}/{session}/{path}'
}

# hard_names: the hardest file names.
hard_names() {
	local long
	printf '%s\0' '[tenant] x.txt' 'two  blanks.txt' ' first.txt' 'last ' \
		'übung.txt' $'u\xcc\x88.txt' '日本語.txt' '🎥.txt' 'a+b.txt' \
		'a=b.txt' 'a%b.txt' 'a%20b.txt' 'a%2Fb.txt' '100%.txt' \
		"it's.txt" 'a(b).txt' 'a"b".txt' 'a&b.txt' 'a&amp;b.txt' \
		'a<b>.txt' 'a?b.txt' 'a#b.txt' 'a;b.txt' 'a:b.txt' 'a,b.txt' \
		'a!b.txt' 'a*b.txt' 'a~b.txt' 'a`b.txt' 'a$b.txt' 'a@b.txt' \
		'a^b.txt' 'a|b.txt' 'a{b}.txt' 'a\b.txt' '{path}.txt' \
		'{room}.txt' '-a.txt' '_a.txt' 'a..b.txt' 'x...' \
		$'a\tb.txt' $'a\nb.txt' $'a\rb.txt' $'a\x01b.txt' $'a\x7fb.txt' \
		'?list-type=2' '?uploads' 'uploadId=1' 'null' 'true' '0' '%' '+' \
		'=' '&' "'" 'a/b c/d+e/ü.txt' 'CON' 'a.' 'ß'
	long=$(printf 'n%.0s' {1..220})
	printf '%s\0' "$long/$long/$long/$long.txt"
}

# bats test_tags=slow
@test "each of 60 hard names becomes one object of that name, and is found again" {
	local name
	cd "$REC"
	while IFS= read -rd '' name; do
		mkdir -p "$(dirname -- "$name")"
		printf '%s' "$name" >"./$name"
	done < <(hard_names)
	run_finalize 0
	# Each file contains its name; names that no server accepts are
	# replaced.
	s3_mirror
	cd "$SB/store/$ROOM/$SESSION"
	find . -type f ! -name "$MEDIA" ! -name metadata.json -printf '%P\0' |
		while IFS= read -rd '' name; do
			cat -- "./$name"
			printf '\0'
			[[ $name =~ ~[0-9a-f]{12} ]] ||
				[ "$(cat -- "./$name")" = "$name" ]
		done >"$DIR/names"
	diff <(hard_names | LC_ALL=C sort -z | tr '\0\n' '\n~') \
		<(LC_ALL=C sort -z "$DIR/names" | tr '\0\n' '\n~')
	(($(find . -name '*~*' | wc -l) <= 15))
	run_command 0 verify --deep "$REC"
	run_command 0 forget --reset --yes "$REC"
	local before
	before=$(puts)
	run_finalize 0
	assert_equal "$(puts)" "$before"
}

# bats test_tags=slow
@test "a list in pages is read to its end" {
	needs_sandbox
	stop_sandbox
	rm "$SB/url"
	start_s3 --page-size 3
	for i in {1..10}; do echo "$i" >"$REC/n+$i.txt"; done
	run_finalize 0
	run_command 0 verify --deep "$REC"
	run_command 0 forget --reset --yes "$REC"
	run_finalize 0
	assert_equal "$(puts)" 12
	(($(requests list) >= 9))
}

# page NAME TOKEN: a page of a list that goes on there.
page() {
	printf '<ListBucketResult><IsTruncated>true</IsTruncated>%s' \
		"<NextContinuationToken>$2</NextContinuationToken>" >"$SB/$1"
	echo '</ListBucketResult>' >>"$SB/$1"
}

@test "a list that loops is not understood, whatever the length of the loop" {
	needs_sandbox
	run_finalize 0
	page first B
	page second A
	faults "list *continuation-token=B* * body second" \
		"list * * body first"
	rm "$SB/requests.jsonl"
	run_command 78 verify --deadline 9s "$REC"
	assert_output_has "goes in circles"
	assert_equal "$(requests list)" 4
}

@test "an ETag with a slash cannot name another path" {
	needs_sandbox
	local name list=$SB/list
	printf '<ListBucketResult>' >"$list"
	for name in metadata.json "$MEDIA"; do
		printf '<Contents><Key>%s</Key><Size>%s</Size><ETag>%s%s' \
			"$ROOM/$SESSION/$name" "$(stat -c %s "$REC/$name")" \
			'"a/../../other"' '</ETag></Contents>' >>"$list"
	done
	echo '</ListBucketResult>' >>"$list"
	faults "list * * body list"
	run_finalize 0 --webhook-files
	assert_equal "$(requests upload)" 0
	assert_equal "$(jq -r '.body | fromjson | .files[].url' \
		"$SB/webhooks.jsonl" | sort)" "$(printf '%s\n' \
		"$S3_URL/$S3_BUCKET/$ROOM/$SESSION/"{metadata.json,"$MEDIA"} |
		sort)"
	run_command 65 verify --deep "$REC"
	request download .target | grep -v "^/$S3_BUCKET/$ROOM/$SESSION/" &&
		false
	assert_equal "$(requests download)" 2
}

@test "with s3-addressing = host the same bucket is used" {
	local port=${S3_URL##*:}
	run_finalize 0 --s3-addressing host --s3-url "http://s3.localhost:$port"
	is_stored metadata.json "$MEDIA"
	run_command 0 verify --deep "$REC" --s3-addressing host \
		--s3-url "http://s3.localhost:$port"
}

# --- what is wrong -----------------------------------------------------------

# broken FAULT: for all requests to the bucket.
broken() {
	faults "list * * $1" "upload * * $1"
}

# refused CODE TEXT [FLAG...]: the output has TEXT, and nothing was stored.
refused() {
	local code=$1 text=$2
	shift 2
	run_finalize "$code" --tries 1 --failed-webhook never "$@"
	assert_output_has "$text"
	assert_equal "$(stored)" ""
}

@test "a wrong setting is named, in one line, with the right exit code" {
	refused 78 "NoSuchBucket" --s3-bucket nowhere-to-be-found
	assert_output_has "fix s3-bucket"
	refused 77 "InvalidAccessKeyId" --s3-access-key NOBODY
	assert_output_has "fix s3-access-key"
	JIBRI_FINALIZE_S3_SECRET_KEY=wrong refused 77 "SignatureDoesNotMatch"
	assert_output_has "fix s3-secret-key"
	[ -n "${CHECK_S3:-}" ] ||
		refused 78 "fix s3-region" --s3-region eu-west-7
	refused 78 "s3-url" --s3-url nonsense
	refused 78 "s3-bucket is not set" --s3-bucket ''
	refused 78 "s3-access-key is not set" --s3-access-key ''
	JIBRI_FINALIZE_S3_SECRET_KEY='' refused 78 "s3-secret-key is not set"
	refused 78 "s3-key {room}/{session}: must end with /{path}" \
		--s3-key '{room}/{session}'
	refused 78 "s3-key {rome}/{session}/{path}" \
		--s3-key '{rome}/{session}/{path}'
	refused 78 "without {session}" --s3-key '{room}/{path}'
}

@test "an address without S3 is a wrong s3-url" {
	needs_sandbox
	broken html
	refused 78 "list"
	broken 'redirect 301 https://elsewhere.invalid/'
	refused 78 "301"
	broken 's3-error 301 PermanentRedirect'
	refused 78 "fix s3-url and s3-region"
	rm "$REC/.jibri-finalize"
	refused 75 "GET http://127.0.0.1:1/$S3_BUCKET/: Couldn't connect" --s3-url http://127.0.0.1:1
}

@test "each S3 error code has its class, whichever request gets it" {
	needs_sandbox
	local http code class
	while read -r http code class; do
		broken "s3-error $http $code"
		rm -f "$REC/.jibri-finalize"
		run_finalize "$class" --tries 1 --failed-webhook never
		assert_output_has "HTTP $http: $code: as it was asked to"
		assert_equal "$(stored)" ""
	done <<-END
		403 AccessDenied 77
		403 InvalidAccessKeyId 77
		403 SignatureDoesNotMatch 77
		400 InvalidToken 77
		403 RequestTimeTooSkewed 78
		404 NoSuchBucket 78
		400 AuthorizationHeaderMalformed 78
		503 SlowDown 75
		500 InternalError 75
		503 ServiceUnavailable 75
		400 RequestTimeout 75
		409 OperationAborted 75
	END
	faults 'upload * * s3-error 400 EntityTooLarge'
	run_finalize 65 --tries 1 --failed-webhook never
}

@test "with permission to write but not to list, recordings are delivered with a warning" {
	needs_sandbox
	faults 'list * * s3-error 403 AccessDenied'
	run_finalize 0
	assert_output_has "AccessDenied"
	assert_output_has "sending only what was never sent"
	is_stored metadata.json "$MEDIA"
}

@test "an upload damaged in transit is refused and sent again" {
	needs_sandbox
	faults 'upload *.mp4 1 s3-error 400 BadDigest'
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(request upload '.headers["content-md5"]' | sort | uniq -d)" \
		"$(openssl md5 -binary "$REC/$MEDIA" | base64)"
	assert_equal "$(request upload '.headers["content-md5"]' | grep -c null)" 0
}

# bats test_tags=slow
@test "a lost answer makes nothing go twice and loses nothing" {
	needs_sandbox
	local fault
	for fault in drop-stored reset-stored drop-after 'status 503' \
		'status-stored 500' garbage-stored truncate 's3-error-stored 500 InternalError' \
		'drop-at 50%' 'late-store 0.2 504' 'html-stored'; do
		faults "upload *.mp4 1 $fault"
		run finalize --force
		faults
		run_finalize 0
		is_stored metadata.json "$MEDIA"
		rm -rf "$SB/store" "$REC/.jibri-finalize" "$SB/records.jsonl"
	done
}

@test "a clock that is off by 20 minutes is reported" {
	command -v faketime >/dev/null || skip "there is no faketime here"
	[ "${SAN:-}" != 1 ] || skip "faketime and the sanitizers do not mix"
	run -78 faketime -f +1200s "$BIN" "$REC" --tries 1
	assert_output_has RequestTimeTooSkewed
	assert_output_has "fix this machine's clock"
}

# --- secrets -----------------------------------------------------------------

@test "no log, trace or error shows the secret or the session token" {
	run_finalize 0 --log-level trace --log-file "$DIR/log"
	refute_output_has "$S3_SECRET"
	grep -q '> Authorization: (hidden)' "$DIR/log"
	run ! grep -E 'Signature=|Credential=' "$DIR/log"
	JIBRI_FINALIZE_S3_SESSION_TOKEN=t0ken+of/canary== run finalize --force \
		--log-level trace --log-file "$DIR/log2"
	run ! grep -F t0ken "$DIR/log2" "$REC/.jibri-finalize"
	grep -q '> x-amz-security-token: (hidden)' "$DIR/log2"
	run "$BIN" config
	refute_output_has "$S3_SECRET"
}

@test "the secret comes from a file, systemd, AWS's variables; never a flag" {
	unset JIBRI_FINALIZE_S3_ACCESS_KEY JIBRI_FINALIZE_S3_SECRET_KEY
	echo "$S3_SECRET" >"$DIR/secret"
	chmod 600 "$DIR/secret"
	run_finalize 0 --s3-access-key "$S3_KEY" --s3-secret-key-file "$DIR/secret"
	run -64 "$BIN" check --s3-secret-key x
	mkdir "$DIR/credentials"
	cp "$DIR/secret" "$DIR/credentials/s3-secret-key"
	CREDENTIALS_DIRECTORY=$DIR/credentials run_finalize 0 --force \
		--s3-access-key "$S3_KEY"
	AWS_ACCESS_KEY_ID=$S3_KEY AWS_SECRET_ACCESS_KEY=$S3_SECRET \
		run_finalize 0 --force
	# Our own settings win.
	AWS_ACCESS_KEY_ID=other AWS_SECRET_ACCESS_KEY=other \
		JIBRI_FINALIZE_S3_ACCESS_KEY=$S3_KEY \
		JIBRI_FINALIZE_S3_SECRET_KEY=$S3_SECRET run_finalize 0 --force
	AWS_ACCESS_KEY_ID=$S3_KEY AWS_SECRET_ACCESS_KEY=other \
		run_finalize 77 --force
	needs_sandbox
	export AWS_ACCESS_KEY_ID=$S3_KEY AWS_SECRET_ACCESS_KEY=$S3_SECRET
	AWS_SESSION_TOKEN=t0ken run_finalize 0 --force
	AWS_SESSION_TOKEN=t0ken JIBRI_FINALIZE_S3_SESSION_TOKEN=ours \
		run_finalize 0 --force
	assert_equal "$(request upload '.headers["x-amz-security-token"]' |
		uniq | tail -n 2 | xargs)" "t0ken ours"
}

# --- the doctor --------------------------------------------------------------

# checks [FLAG...]: findings about the bucket, in the file `found`.
checks() {
	"$BIN" check --json "$@" >"$DIR/json" || true
	jq -r '.findings[] | select(.check == "s3") |
		"\(.result): \(.text)", .fix // empty' "$DIR/json" >"$DIR/found"
}

found() {
	grep -e "$1" "$DIR/found" || { cat "$DIR/found" >&2; false; }
}

@test "check reports good endpoint, bucket, clock and keys" {
	checks
	found "^ok: $S3_URL is reachable"
	found "^ok: its clock agrees with this host"
	found "^ok: bucket $S3_BUCKET can be listed with these credentials"
	assert_equal "$(wc -l <"$DIR/found")" 3
	run ! jq -e '.findings[] | select(.check == "file-service")' "$DIR/json"
	assert_equal "$(s3_keys)" ''
}

@test "check --write puts an object, and removes it" {
	checks --write
	found "^ok: /jibri-finalize-check/check/check.txt was written there and removed"
	assert_equal "$(s3_keys)" ''
	[ -n "${CHECK_S3:-}" ] || assert_equal "$(puts)" 1
	"$BIN" check --write -n >"$DIR/found" || true
	found "^ok *write: dry run: a test object would be written"
	run -1 grep "was written there" "$DIR/found"
	[ -n "${CHECK_S3:-}" ] || assert_equal "$(puts)" 1
	checks --write --s3-key 'a/{tenant}{session}/{path}'
	found "^ok: /a/check/check.txt was written"
}

@test "check --write without permission to write, or to remove, says so" {
	needs_sandbox
	faults 'upload * 1 s3-error 403 AccessDenied'
	checks --write
	found "^failed: PUT .*AccessDenied"
	found "s3:PutObject"
	faults 'delete * 1 s3-error 403 AccessDenied'
	checks --write
	found "^failed: DELETE .*AccessDenied"
}

@test "check names the setting that is wrong" {
	checks --s3-bucket nowhere-to-be-found
	found "^failed: .*NoSuchBucket.*fix s3-bucket"
	checks --s3-access-key NOBODY
	found "^failed: .*fix s3-access-key"
	JIBRI_FINALIZE_S3_SECRET_KEY=wrong checks
	found "^failed: .*fix s3-secret-key"
	checks --s3-url http://127.0.0.1:1
	found "^failed: .*connect"
	found "^Start it, or put its real address in place of URL"
	"$BIN" check --s3-key '{room}' --json >"$DIR/found" || true
	found 's3-key {room}: must end with'
}

@test "check finds a clock that S3 would refuse" {
	command -v faketime >/dev/null || skip "there is no faketime here"
	[ "${SAN:-}" != 1 ] || skip "faketime and the sanitizers do not mix"
	faketime -f +1200s "$BIN" check --json >"$DIR/json" || true
	jq -r '.findings[] | select(.check == "s3") | .text' "$DIR/json" \
		>"$DIR/found"
	found "this host's clock is 1200 s ahead of the service's"
	found RequestTimeTooSkewed
}

# --- without a meeting-service -----------------------------------------------

# alone: unset all that a bucket alone does not need.
alone() {
	unset MEETING_SERVICE_URL WEBHOOK_SECRET
	export JIBRI_FINALIZE_MEETING_SERVICE_URL=none
}

# store_of FLAG...: the value of store with the five lines, and its origin.
store_of() {
	"$BIN" config --json --config "$DIR/secret.conf" "$@" |
		jq -r '.settings[] | select(.name == "store") | "\(.value) \(.origin)"'
}

@test "with nothing but a bucket, README's five lines are enough" {
	local config=$DIR/secret.conf
	sed -n '/^    s3-url = /,/^$/s/^    //p' "$ROOT/README.md" >"$config"
	assert_equal "$(wc -l <"$config")" 5
	sed -i -e "s|^\(s3-url = \).*|\1$S3_URL|" \
		-e "s|^\(s3-bucket = \).*|\1$S3_BUCKET|" \
		-e "s|^\(s3-access-key = \).*|\1$S3_KEY|" \
		-e "s|^\(s3-secret-key = \).*|\1$S3_SECRET|" "$config"
	chmod 600 "$config"
	unset "${!JIBRI_FINALIZE_S3_@}" JIBRI_FINALIZE_STORE \
		MEETING_SERVICE_URL WEBHOOK_SECRET
	JIBRI_FINALIZE_CONFIG=$config run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests lookup) $(requests webhook)" "0 0"
	refute_output_has "warning"
	JIBRI_FINALIZE_CONFIG=$config run_finalize 0
	refute_output_has "warning"
	JIBRI_FINALIZE_CONFIG=$config run_command 0 sweep "$DIR/recordings"
	JIBRI_FINALIZE_CONFIG=$config run_command 0 verify --deep "$REC"
	JIBRI_FINALIZE_CONFIG=$config run "$BIN" check
	assert_output_has "meeting-service: not used (meeting-service-url = none)"
	assert_output_has "no webhook is sent"
	# A bucket selects s3; store overrides that.
	assert_equal "$(store_of)" "s3 $config:2"
	assert_equal "$(store_of --s3-bucket '' | cut -d ' ' -f 1)" file-service
	assert_equal "$(store_of --store file-service)" "file-service --store"
}

@test "without a meeting-service, settings that need one are refused" {
	alone
	refused 78 "meeting-service-url = none, but {meeting} in s3-key needs" \
		--s3-key '{meeting}/{session}/{path}'
	refused 78 "meeting-service-url = none, but the file-service needs" \
		--store file-service
	run_command 78 notify started --force "$REC"
	assert_output_has "meeting-service-url = none: no webhook is configured"
	run_command 78 notify started --force --webhook-url none \
		--meeting-service-url "$URL" "$REC"
	assert_output_has "webhook-url = none: no webhook is configured"
	refused 78 "webhook-url" --webhook-url nonsense
}

@test "webhook-url gets FAILED and STOPPED without a meeting-service" {
	alone
	export WEBHOOK_SECRET=$CANARY
	export JIBRI_FINALIZE_WEBHOOK_URL=$URL/webhooks/jitsi/recording
	export JIBRI_FINALIZE_TOKEN=t0ken
	run_finalize 78 --s3-bucket nowhere-to-be-found --tries 1
	run_finalize 0
	assert_equal "$(webhooks | cut -d ' ' -f 1)" $'FAILED\nSTOPPED'
	assert_equal "$(requests lookup)" 0
	# The token is the meeting-service's.
	assert_equal "$(request webhook '.headers.authorization // "none"' |
		sort -u)" none
}

@test "a webhook to another path of the meeting-service carries its token" {
	export JIBRI_FINALIZE_MEETING_SERVICE_TOKEN=t0ken
	run_finalize 0 --webhook-url "$URL/webhooks/jitsi/recording"
	assert_equal "$(request webhook '.headers.authorization')" "Bearer t0ken"
	run finalize --force --webhook-url "${URL/127.0.0.1/localhost}/webhooks/jitsi/recording"
	assert_equal "$(request webhook '.headers.authorization // "none"' |
		tail -n 1)" none
}

@test "with webhook-files STOPPED lists the stored files after its usual members" {
	local body
	printf 'über' >"$REC/a b.txt"
	run_finalize 0 --webhook-files
	body=$(jq -r .body "$SB/webhooks.jsonl")
	assert_equal "$(jq -c keys_unsorted <<<"$body")" \
		'["eventType","roomName","sessionId","timestamp","files"]'
	assert_equal "$(jq -c '.files | map(keys_unsorted) | unique' \
		<<<"$body")" '[["path","size","mimeType","sha256","url"]]'
	assert_equal "$(jq -c '.files | map(.path)' <<<"$body")" \
		"[\"a b.txt\",\"$MEDIA\",\"metadata.json\"]"
	assert_equal "$(jq -c '.files[0] | [.size, .mimeType, .sha256, .url]' \
		<<<"$body")" "[5,\"text/plain\",\"$(sha256_of über)\",\"$S3_URL/$S3_BUCKET/$ROOM/$SESSION/a%20b.txt\"]"
	run_finalize 0 --force
	assert_equal "$(tail -n 1 "$SB/webhooks.jsonl" | jq -r .body |
		jq -c keys_unsorted)" '["eventType","roomName","sessionId","timestamp"]'
}

@test "the URL of a listed file ends with bucket and key, whatever s3-addressing is" {
	local port=${S3_URL##*:}
	run_finalize 0 --webhook-files --s3-addressing host \
		--s3-url "http://s3.localhost:$port"
	assert_equal "$(jq -r .body "$SB/webhooks.jsonl" | jq -r '.files[0].url')" \
		"http://s3.localhost:$port/$S3_BUCKET/$ROOM/$SESSION/$MEDIA"
}
