#!/usr/bin/env bats
# Tokens: which service gets which, and tokens of an OAuth 2 server.

load lib
setup() {
	common_setup
	recording
	export JIBRI_FINALIZE_TRIES=2 JIBRI_FINALIZE_PARALLEL=1
	# A busy machine must not look like a silent server here.
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=5s
}
teardown() {
	end_child "${OTHER_PID-}"
	common_teardown
}

# Both have to be encoded before they are joined.
ID='jibri:1 ä' CLIENT_SECRET='c1ient &=+%/s'

# oauth [SANDBOX_FLAG...]: services that want a token of this server.
oauth() {
	start_sandbox --oauth "$ID" "$CLIENT_SECRET" "$@"
	export JIBRI_FINALIZE_OAUTH_TOKEN_URL=$URL/oauth/token
	export JIBRI_FINALIZE_OAUTH_CLIENT_ID=$ID
	export JIBRI_FINALIZE_OAUTH_CLIENT_SECRET=$CLIENT_SECRET
}

# other_sandbox [FLAG...]: one more, OTHER its address, OTHER_SB its files.
other_sandbox() {
	OTHER_SB=$DIR/other
	mkdir -p "$OTHER_SB"
	cp "$SB/rooms.json" "$OTHER_SB"
	"$SANDBOX" --dir "$OTHER_SB" --max-time 60 "$@" 3>&- &
	OTHER_PID=$!
	wait_for test -s "$OTHER_SB/url"
	OTHER=$(cat "$OTHER_SB/url")
}

# statuses STAGE: how often each came, as "200:3 401:1".
statuses() {
	request "$1" .status | sort | uniq -c |
		awk '{ printf "%s%s:%s", sep, $2, $1; sep = " " }'
}

no_secret() {
	refute_output_has c1ient
	run ! grep -E 'c1ient|oauth-[0-9]+\.' "$REC/.jibri-finalize" \
		<(printf '%s\n' "$output")
}

# more_files N
more_files() {
	local i
	for ((i = 1; i <= $1; i++)); do
		echo "$i" >"$REC/file-$i.txt"
	done
}

all_are_stored() {
	local names=("$REC"/*)
	is_stored "${names[@]##*/}"
}

@test "each service gets its own token, or the one for both" {
	start_sandbox --token t0ken-file
	other_sandbox --token t0ken-both
	export MEETING_SERVICE_URL=$OTHER JIBRI_FINALIZE_TOKEN=t0ken-both
	run_finalize 77
	assert_equal "$(stored)" ''
	JIBRI_FINALIZE_FILE_SERVICE_TOKEN=t0ken-file run_finalize 0
	is_stored metadata.json "$MEDIA"
	# What the first run sent is stored too.
	run ! grep t0ken-file "$OTHER_SB/requests.jsonl"
	: >"$SB/requests.jsonl"
	echo t0ken-both >"$DIR/token"
	JIBRI_FINALIZE_TOKEN=t0ken-file run_finalize 0 --force \
		--meeting-service-token-file "$DIR/token"
	run ! grep t0ken-both "$SB/requests.jsonl"
	run ! grep t0ken-file "$OTHER_SB/requests.jsonl"
}

@test "one OAuth 2 token serves all requests, and only the token server sees our secret" {
	oauth
	more_files 3
	run_finalize 0 --oauth-scope 'recordings files'
	all_are_stored
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(requests token)" 1
	assert_equal "$(request token '.headers.authorization[:6]')" "Basic "
	assert_equal "$(jq -r 'select(.stage != "token") |
		.headers.authorization' "$SB/requests.jsonl" | sort -u |
		grep -c '^Bearer oauth-')" 1
	assert_equal "$(jq -r 'select(.stage != "token") |
		.headers.authorization' "$SB/requests.jsonl" | sort -u | wc -l)" 1
	no_secret
}

@test "a token is renewed before it expires, so that no service refuses one" {
	oauth --oauth-life 2
	more_files 9
	faults 'upload * * stall-stored 0.25'
	run_finalize 0
	all_are_stored
	(($(requests token) >= 2))
	assert_equal "$(statuses upload)" 200:11
	assert_equal "$(requests | grep -c . )" 1
	assert_equal "$(jq -r 'select(.status == 401)' "$SB/requests.jsonl")" ''
}

@test "a token that is revoked without warning is renewed, and each file is stored once" {
	oauth --oauth-life 0.5 --oauth-told 300
	more_files 6
	faults 'upload * * stall-stored 0.2'
	run_finalize 0
	all_are_stored
	(($(requests token) >= 2))
	assert_equal "$(statuses upload)" \
		"200:8 401:$(request upload 'select(.status == 401)' | jq -s length)"
	(($(request upload .status | grep -c 401) >= 1))
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	run ! grep -E 'unknown|ambiguous|failed' "$REC/.jibri-finalize"
}

# bats test_tags=slow
@test "one new token is enough, whichever request was refused" {
	local stage want
	oauth
	while read -r stage want; do
		another_recording "mend-$stage"
		: >"$SB/requests.jsonl"
		faults "$stage * 1 status 401"
		run_finalize 0
		is_stored metadata.json "$MEDIA"
		assert_equal "$(statuses "$stage")" "$want"
		assert_equal "$(requests token)" 2
		run ! grep -E 'unknown|ambiguous|failed' "$REC/.jibri-finalize"
	done <<-'END'
		lookup 200:1 401:1
		list 200:1 401:1
		upload 200:2 401:1
		webhook 200:1 401:1
	END
}

@test "a service that refuses every token is not asked without end" {
	oauth
	more_files 20
	faults 'upload * * status 401'
	run_finalize 77
	assert_equal "$(stored)" ''
	(($(requests token) == 2))
	(($(requests upload) <= 23))
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
	faults
	run_finalize 0
	all_are_stored
}

# bats test_tags=slow
@test "a token endpoint that fails is named, and its failure has its class" {
	local code fault text
	oauth
	printf '{"token_type":"Bearer"}' >"$SB/none.json"
	printf '{"access_token":"a\\r\\nX-Evil: 1","expires_in":9}' >"$SB/evil.json"
	printf '{"access_token":"abc","token_type":"mac"}' >"$SB/mac.json"
	printf '{"access_token":"%012288d"}' 0 >"$SB/long.json"
	printf '{"error":"invalid_client"}' >"$SB/client.json"
	while IFS='|' read -r code fault text; do
		faults "token * * $fault"
		run_finalize "$code"
		assert_equal "$(requests lookup)" 0
		assert_equal "$(stored)" ''
		assert_output_has "token endpoint: "
		assert_output_has "POST $URL/oauth/token: $text"
		run ! grep -q '"class":"permanent"' "$REC/.jibri-finalize"
	done <<-END
		75|status 503|HTTP 503
		75|drop-after|Empty reply
		75|garbage|
		75|endless|the answer is longer
		75|truncate|
		77|status 401|HTTP 401
		77|status 403|HTTP 403
		78|status 400|HTTP 400
		78|status 404|HTTP 404
		78|html|HTTP 200 with an HTML page
		78|body none.json application/json|the answer has no access_token
		78|body evil.json application/json|the answer has no access_token
		78|body mac.json application/json|the token is not a bearer token
		78|body long.json application/json|the token has more than 12287 bytes
	END
	# Tried again only where that can help.
	: >"$SB/requests.jsonl"
	faults 'token * * status 503'
	run_finalize 75
	assert_equal "$(statuses token)" 503:2
	faults
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "a token in an answer that is not understood is not shown" {
	oauth
	printf 'access_token=issued-t0ken&token_type=bearer' >"$SB/form.txt"
	printf '{"access_token":"issued-t0ken","expires_i' >"$SB/cut.json"
	faults 'token * * body form.txt text/plain'
	run_finalize 78
	assert_output_has "the answer is not JSON: (hidden)"
	refute_output_has t0ken
	faults 'token * * body cut.json application/json'
	run_finalize 75
	assert_output_has "the answer is not JSON: (hidden)"
	refute_output_has t0ken
	run ! grep -r t0ken "$REC" "$SB/requests.jsonl"
}

@test "a lifetime in a string is understood" {
	oauth
	printf '{"access_token":"abc","expires_in":"9"}' >"$SB/string.json"
	faults 'token * 1 body string.json application/json'
	run_finalize 0 --log-level debug
	assert_output_has "got a token for 9 s"
}

@test "the error code of the token endpoint is shown and decides" {
	oauth
	JIBRI_FINALIZE_OAUTH_CLIENT_SECRET=wr0ng run_finalize 77
	assert_output_has "token endpoint: invalid_client: POST $URL/oauth/token: HTTP 401"
	refute_output_has wr0ng
	run_finalize 78 --oauth-scope everything
	assert_output_has "token endpoint: invalid_scope: POST $URL/oauth/token: HTTP 400"
	assert_equal "$(requests lookup)" 0
}

@test "a token endpoint that redirects is not followed, so our secret stays here" {
	oauth
	other_sandbox
	faults "token * * redirect 307 $OTHER/oauth/token"
	run_finalize 78
	assert_output_has "a redirect to $OTHER/oauth/token, which is not followed"
	[ ! -e "$OTHER_SB/requests.jsonl" ]
}

@test "FAILED is sent even when no token can be had" {
	oauth
	faults 'token * * status 503'
	run_finalize 75
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
	assert_equal "$(request webhook '.headers.authorization // "none"')" none
	assert_output_has "HTTP 503; sending the webhook without a token"
}

@test "a webhook that failed without a token shows the token's error" {
	oauth --oauth-life 60 --oauth-told 0
	faults 'token * 4 slow 100000' 'token * * status 503' \
		'webhook * * status 401'
	run_finalize 75
	is_stored metadata.json "$MEDIA"
	assert_output_has "STOPPED webhook: token endpoint: POST $URL/oauth/token: HTTP 503"
	faults
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(requests upload)" 2
}

@test "when the token endpoint fails mid-run, uploads in flight finish and the rest resumes later" {
	oauth --oauth-life 1
	more_files 8
	export JIBRI_FINALIZE_PARALLEL=2
	faults 'token * 1 slow 1000' 'token * * status 503' \
		'upload * * stall-stored 0.3'
	run_finalize 75
	(($(stored | wc -l) >= 2 && $(stored | wc -l) < 10))
	assert_equal "$(stored | grep -c '~')" 0
	assert_output_has "token endpoint: POST $URL/oauth/token: HTTP 503"
	faults
	run_finalize 0
	all_are_stored
}

# bats test_tags=slow
@test "transfers continue while a token is being fetched" {
	oauth --oauth-life 60 --oauth-told 1
	more_files 3
	sparse "$REC/$MEDIA" 450000
	export JIBRI_FINALIZE_PARALLEL=2 JIBRI_FINALIZE_ANSWER_TIMEOUT=9s
	faults 'token * 1 slow 100000' 'token * 1 slow 5' \
		"upload $MEDIA * slow 300000" 'upload *.txt 2 stall-stored 0.5'
	run_finalize 0
	all_are_stored
	# It ended before the second token came, though it began before.
	assert_equal "$(jq -r 'select(.stage == "token" or
		.part.filename == "'"$MEDIA"'") | .stage' "$SB/requests.jsonl" |
		head -n 3 | paste -sd ' ')" "token upload token"
}

# more_recordings N: as Jibri left them.
more_recordings() {
	local i
	for ((i = 1; i <= $1; i++)); do
		another_recording "sweep-$i"
	done
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
}

@test "one token serves a whole sweep, though each recording has a process of its own" {
	oauth
	more_recordings 4
	run_command 0 sweep --jobs 1
	assert_equal "$(webhooks | grep -c STOPPED)" 5
	assert_equal "$(statuses token)" 200:1
}

@test "a token that expires during a sweep is renewed, and no recording fails for it" {
	oauth --oauth-life 2
	more_recordings 9
	faults 'lookup * * stall-stored 0.25'
	run_command 0 sweep --jobs 1
	assert_equal "$(webhooks | grep -c STOPPED)" 10
	# Far fewer than recordings.
	(($(requests token) >= 2 && $(requests token) <= (${SAN:-0} ? 9 : 5)))
	assert_equal "$(jq -r 'select(.status == 401)' "$SB/requests.jsonl")" ''
}

@test "a token revoked during a sweep is renewed by the visit that notices, once for all that follow" {
	oauth
	more_recordings 6
	faults 'upload * 1 status 401'
	run_command 0 sweep --jobs 1
	assert_equal "$(webhooks | grep -c STOPPED)" 7
	assert_equal "$(statuses token)" 200:3
	assert_equal "$(find "$SB/store" -name '*~*')" ''
}

@test "a sweep asks a token endpoint that is down once, and no recording fails for it" {
	oauth
	more_recordings 4
	faults 'token * * status 503'
	run_command 75 sweep
	assert_output_has "token endpoint: "
	assert_output_has "the sweep ends early, 5 recordings are left for the next"
	assert_equal "$(requests)" 1
	assert_equal "$(find "$DIR/recordings" -name .jibri-finalize)" ''
	faults
	run_command 0 sweep
	assert_equal "$(webhooks | grep -c STOPPED)" 5
}

@test "impossible settings end a sweep before any recording fails for them" {
	oauth
	more_recordings 1
	JIBRI_FINALIZE_OAUTH_CLIENT_ID='' run_command 78 sweep
	assert_output_has "oauth-client-id is not set"
	assert_equal "$(requests)" 0
	[ ! -e "$REC/.jibri-finalize" ]
	run_command 0 sweep
	assert_equal "$(webhooks | grep -c STOPPED)" 2
}

@test "settings that do not fit together are a configuration error, and nothing is sent" {
	oauth
	JIBRI_FINALIZE_TOKEN=t0ken run_finalize 78
	assert_output_has "token and oauth-token-url are both set"
	JIBRI_FINALIZE_OAUTH_CLIENT_ID='' run_finalize 78
	assert_output_has "oauth-client-id is not set"
	JIBRI_FINALIZE_OAUTH_CLIENT_SECRET='' run_finalize 78
	assert_output_has "neither oauth-client-secret nor tls-cert is set"
	JIBRI_FINALIZE_OAUTH_TOKEN_URL='' run_finalize 78
	assert_output_has "oauth-token-url is not"
	run_finalize 78 --oauth-token-url ftp://x/
	assert_output_has "oauth-token-url: is not an http or https URL"
	assert_equal "$(requests)" 0
}
