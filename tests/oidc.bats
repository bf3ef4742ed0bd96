#!/usr/bin/env bats
# Tokens of a certified OpenID provider, which `make check-oidc` installs;
# otherwise this is skipped.

load lib
setup() {
	OIDC=${BUILD:-$ROOT/build}/oidc
	[ -d "$OIDC/node_modules/oidc-provider" ] ||
		skip "the provider is not installed (make check-oidc)"
	common_setup
	recording
	start_sandbox
	export JIBRI_FINALIZE_PARALLEL=1
}
teardown() {
	end_child "${PROVIDER_PID-}"
	[ -z "${DIR:-}" ] || common_teardown
}

# provider LIFETIME: its tokens live so many seconds.
provider() {
	P=$DIR/provider
	mkdir "$P"
	: >"$P/refused"
	(cd "$OIDC" && exec node provider.mjs "$P" "$URL" "$1") \
		>"$P/log" 2>&1 < <(sleep 120) 3>&- &
	PROVIDER_PID=$!
	wait_for test -s "$P/gateway"
	export FILE_SERVICE_URL MEETING_SERVICE_URL
	FILE_SERVICE_URL=$(cat "$P/gateway")
	MEETING_SERVICE_URL=$FILE_SERVICE_URL
	export JIBRI_FINALIZE_OAUTH_TOKEN_URL JIBRI_FINALIZE_OAUTH_CLIENT_SECRET
	JIBRI_FINALIZE_OAUTH_TOKEN_URL=$(cat "$P/issuer")/token
	JIBRI_FINALIZE_OAUTH_CLIENT_SECRET='c1ient &=+%/s'
	export JIBRI_FINALIZE_OAUTH_CLIENT_ID=jibri:1
	export JIBRI_FINALIZE_OAUTH_SCOPE='recordings files'
}

@test "one token of the provider serves a whole run" {
	provider 300
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(cat "$P/tokens")" "recordings files"
	assert_equal "$(cat "$P/refused")" ''
}

@test "a token that expires during a run is renewed before it is refused" {
	local i
	provider 4
	for i in {1..20}; do echo "$i" >"$REC/file-$i.txt"; done
	faults 'upload * * stall-stored 0.3'
	run_finalize 0
	assert_equal "$(stored | wc -l)" 22
	(($(wc -l <"$P/tokens") >= 2))
	assert_equal "$(cat "$P/refused")" ''
}

@test "the provider's refusals are shown" {
	provider 300
	JIBRI_FINALIZE_OAUTH_CLIENT_SECRET=wrong run_finalize 77
	assert_output_has "token endpoint: invalid_client: POST"
	JIBRI_FINALIZE_OAUTH_CLIENT_ID=nobody run_finalize 77
	assert_output_has "token endpoint: invalid_client: POST"
	run_finalize 78 --oauth-scope admin
	assert_output_has "token endpoint: invalid_scope: POST"
	run_finalize 78 --oauth-token-url "$(cat "$P/issuer")/elsewhere"
	assert_equal "$(stored)" ''
}
