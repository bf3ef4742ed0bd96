# Shared by the tests of S3: the sandbox in that role or, with CHECK_S3=URL
# (make check-s3), a real gateway, the same for every test.  Load lib first.
#
# shellcheck shell=bash

MIB=$((1024 * 1024))
S3_KEY=AKIDTEST
# The canary of these tests is the gateway's only secret.
CANARY=secret/of+the=tester
S3_SECRET=$CANARY

# start_s3 [SANDBOX_FLAG...]: sets S3_URL and S3_BUCKET and the settings that
# lead there.  Rooms and webhooks are the sandbox's in either case.
start_s3() {
	# Requests to a gateway can take long; the sandbox has to live as long.
	[ -z "${CHECK_S3:-}" ] || SANDBOX_LIFE=7200
	start_sandbox --s3 "$S3_KEY" "$S3_SECRET" "$@"
	S3_URL=${CHECK_S3:-$URL}
	S3_BUCKET=b$(tr -dc a-z0-9 </dev/urandom | head -c 16)
	s3_bucket "$S3_BUCKET"
	unset FILE_SERVICE_URL
	unset "${!AWS_@}"
	export JIBRI_FINALIZE_STORE=s3 JIBRI_FINALIZE_S3_URL=$S3_URL
	export JIBRI_FINALIZE_S3_BUCKET=$S3_BUCKET
	export JIBRI_FINALIZE_S3_ACCESS_KEY=$S3_KEY
	export JIBRI_FINALIZE_S3_SECRET_KEY=$S3_SECRET
	# A gateway takes longer than the sandbox.
	[ -z "${CHECK_S3:-}" ] || export JIBRI_FINALIZE_ANSWER_TIMEOUT=20s
}

# start_parts_at_s3 BYTES [SANDBOX_FLAG...]: a file-service at URL that takes
# files in parts of that size (5 MiB or more) and has them put to S3_URL; with
# UPLINK=1 that is a proxy in front of it.
start_parts_at_s3() {
	local box=$SB bytes=$1
	shift
	SB=$DIR/s3
	mkdir -p "$SB"
	start_s3
	unset "${!JIBRI_FINALIZE_S3_@}" JIBRI_FINALIZE_STORE
	S3_PID=$SANDBOX_PID
	SB=$box
	S3_PROXY=$S3_URL
	[ -z "${UPLINK:-}" ] || start_proxy ${RATE:+"$RATE"}
	SANDBOX_PARTS_S3_SECRET=$S3_SECRET start_sandbox --parts "$bytes" \
		--parts-s3 "$S3_PROXY $S3_BUCKET $S3_KEY" "$@"
	export JIBRI_FINALIZE_PART_HOSTS=${S3_PROXY#http://}
}

# start_proxy [RATE]: what goes to S3_PROXY goes to S3_URL, so many bytes a second
# at most, and is counted; see tests/s3/proxy.
start_proxy() {
	mkdir "$DIR/proxy"
	[ -z "${1:-}" ] || echo "$1" >"$DIR/proxy/rate"
	coproc PROXY {
		exec "$ROOT/tests/s3/proxy" "${S3_URL##*:}" "$DIR/proxy" \
			>/dev/null 3>&-
	}
	exec {PROXY_IN}>&"${PROXY[1]}"
	wait_for test -s "$DIR/proxy/proxy-port"
	S3_PROXY=http://127.0.0.1:$(<"$DIR/proxy/proxy-port")
}

stop_proxy() {
	[ -z "${PROXY_IN:-}" ] || exec {PROXY_IN}>&-
}

sent() {
	cat "$DIR/proxy/sent" 2>/dev/null || echo 0
}

has_sent() {
	(($(sent) >= $1))
}

# big MIB [FILE]: a file of that size with random bytes.
big() {
	random_file "${2:-$REC/talk.bin}" "$(($1 * MIB))"
}

# killed_after MIB: kill the run once so much has gone through the proxy.
killed_after() {
	local pid at=$(($(sent) + $1 * MIB))
	"$BIN" "$REC" --limit-rate 100M >"$DIR/log" 2>&1 3>&- &
	pid=$!
	wait_for has_sent "$at"
	kill -9 "$pid"
	! wait "$pid" 2>/dev/null
	(($(sent) < at + 40 * MIB))
}

# After start_parts_at_s3, besides common_teardown.
stop_parts_at_s3() {
	end_child "${S3_PID:-}"
	[ -z "${S3_PID:-}" ] || wait "$S3_PID" 2>/dev/null || true
}

# Faults and broken servers are the sandbox's alone.
needs_sandbox() {
	[ -z "${CHECK_S3:-}" ] || skip "only the sandbox fails on request"
}

# s3_curl ARGUMENT...: a request signed by curl, whose queries need a "=".
s3_curl() {
	curl -sf --path-as-is --aws-sigv4 aws:amz:us-east-1:s3 \
		--user "$S3_KEY:$S3_SECRET" "$@"
}

sha256_of() {
	printf %s "$1" | sha256sum | cut -d ' ' -f 1
}

# s3_bucket NAME: make it, and let everybody read it at a gateway.
s3_bucket() {
	local policy
	s3_curl -H "x-amz-content-sha256: $(sha256_of '')" -X PUT "$S3_URL/$1"
	[ -n "${CHECK_S3:-}" ] || return 0
	policy=$(jq -nc --arg b "arn:aws:s3:::$1" '{Statement: [{Effect: "Allow",
		Principal: "*", Action: ["s3:GetObject", "s3:ListBucket"],
		Resource: [$b, $b + "/*"]}]}')
	s3_curl -H "x-amz-content-sha256: $(sha256_of "$policy")" -X PUT \
		-H 'Content-Type: application/json' -d "$policy" \
		"$S3_URL/$1?policy="
}

# s3_keys: the keys of the bucket, percent-encoded.
s3_keys() {
	if [ -n "${CHECK_S3:-}" ]; then
		curl -sf "$S3_URL/$S3_BUCKET?list-type=2&encoding-type=url" |
			grep -o '<Key>[^<]*' |
			sed "s/<Key>//; s/&apos;/'/g; s/%2F/\//g"
	else
		(cd "$SB/store" 2>/dev/null && find . -type f -printf '%P\0') |
			jq -Rrs 'split("\u0000")[:-1][] | @uri | gsub("%2F"; "/")'
	fi
}

# stored, as in lib.bash: of a gateway there is a copy first.
eval "s3_$(declare -f stored)"
stored() {
	s3_mirror
	s3_stored
}

s3_mirror() {
	local key name
	[ -n "${CHECK_S3:-}" ] || return 0
	rm -rf "$SB/store"
	for key in $(s3_keys); do
		printf -v name '%b' "${key//%/\\x}"
		curl -sf --path-as-is --create-dirs -o "$SB/store/$name" \
			"$S3_URL/$S3_BUCKET/$key" || return
	done
}

# s3_remove KEY: the server loses an object; percent-encoded.
s3_remove() {
	s3_curl -H "x-amz-content-sha256: $(sha256_of '')" -X DELETE \
		"$S3_URL/$S3_BUCKET/$1"
}

# s3_clear: the server loses all of the session.
s3_clear() {
	local key
	for key in $(s3_keys | grep -F "$ROOM/$SESSION/"); do
		s3_remove "$key"
	done
}

# puts: how many objects were sent; unknown for a gateway.
puts() {
	requests upload
}
