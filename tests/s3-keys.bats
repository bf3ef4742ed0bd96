#!/usr/bin/env bats
# Temporary keys of S3: read again from their files once they have expired.

load lib
load s3/s3

setup() {
	common_setup
	needs_sandbox
	start_s3
	recording
	TOP=$DIR/recordings
	KEYS=$DIR/credentials
	export JIBRI_FINALIZE_S3_PART_SIZE=5M JIBRI_FINALIZE_ANSWER_TIMEOUT=10s
	unset JIBRI_FINALIZE_S3_ACCESS_KEY JIBRI_FINALIZE_S3_SECRET_KEY
	export JIBRI_FINALIZE_S3_ACCESS_KEY_FILE=$KEYS/s3-access-key
	export JIBRI_FINALIZE_S3_SECRET_KEY_FILE=$KEYS/s3-secret-key
	export JIBRI_FINALIZE_S3_SESSION_TOKEN_FILE=$KEYS/s3-session-token
	mkdir -m 700 "$KEYS"
	write_keys old
	accept old
}

teardown() { common_teardown; }

text_of() {
	[ "$1" = s3-access-key ] && echo "AKID$2" || echo "$S3_SECRET-$1-$2"
}

# write_keys NAME: the keys of a session, its token last, each in one step.
write_keys() {
	local name
	for name in s3-access-key s3-secret-key s3-session-token; do
		(umask 077 && text_of "$name" "$1" >"$KEYS/new")
		mv "$KEYS/new" "$KEYS/$name"
	done
}

# accept NAME: the server takes the keys of that session alone.
accept() {
	echo "$(text_of s3-session-token "$1") $(text_of s3-access-key "$1")" \
		"$(text_of s3-secret-key "$1")" >"$DIR/secret"
	mv "$DIR/secret" "$SB/secret-sessions"
}

has_event() {
	grep -q "\"event\": *\"$1\"" "$TOP"/*/.jibri-finalize
}

# renewed STAGE EVENT COMMAND...: while the server takes its time for a first
# request of that stage, after that event, the keys expire and are replaced.
renewed() {
	faults "$1 * 1 slow-store 3"
	"${@:3}" >"$DIR/out" 2>&1 &
	local pid=$!
	wait_for has_event "$2"
	write_keys new
	accept new
	wait "$pid" || { cat "$DIR/out" >&2; return 1; }
}

refused() {
	jq -r 'select(.status == 400) | .stage' "$SB/requests.jsonl"
}

@test "keys that expire within a run are read again from their files" {
	renewed list resolved "$BIN" "$REC"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	# Together, and for each request that was under way.
	refused | grep -qx upload
}

@test "so are those of an upload in parts, and no part is sent once more than that" {
	head -c $((23 << 20)) /dev/urandom >"$REC/talk.bin"
	JIBRI_FINALIZE_PARALLEL=1 renewed part uploadBegun "$BIN" "$REC"
	is_stored metadata.json "$MEDIA" talk.bin
	refused | grep -qx part
	assert_equal "$(request part 'select(.status == 200) | .status' |
		wc -l)" 5
	assert_equal "$(requests begin)" 1
}

@test "and those of systemd's credentials, in a sweep" {
	unset "${!JIBRI_FINALIZE_S3_@}"
	export JIBRI_FINALIZE_S3_URL=$S3_URL JIBRI_FINALIZE_S3_BUCKET=$S3_BUCKET
	another_recording "$SESSION-2"
	touch -d '2 hours ago' "$TOP"/*/* "$TOP"/*
	# The visits behind it begin with the new ones.
	CREDENTIALS_DIRECTORY=$KEYS renewed list resolved \
		"$BIN" sweep --jobs 1 "$TOP"
	assert_equal "$(requests upload)" "$((4 + $(refused | wc -l)))"
	[ "$(refused | sort -u)" = upload ]
	[ "$(refused | wc -l)" -le 2 ]
}

@test "keys that nobody replaced end the run with 77, and nothing is asked twice" {
	accept new
	run_finalize 77
	assert_output_has ExpiredToken
	assert_output_has "look at s3-session-token"
	assert_equal "$(refused | sort)" "$(printf '%s\n' list upload upload)"
	# The next run has the new ones.
	write_keys new
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "keys without a session token that expired end the run with 77, and nothing is asked twice" {
	unset "${!JIBRI_FINALIZE_S3_@}"
	export JIBRI_FINALIZE_S3_URL=$S3_URL JIBRI_FINALIZE_S3_BUCKET=$S3_BUCKET
	export JIBRI_FINALIZE_S3_ACCESS_KEY=$S3_KEY
	export JIBRI_FINALIZE_S3_SECRET_KEY=$S3_SECRET
	faults "list * * s3-error 400 ExpiredToken" \
		"upload * * s3-error 400 ExpiredToken"
	run_finalize 77 --deadline 2s
	assert_output_has ExpiredToken
	assert_equal "$(refused | sort)" "$(printf '%s\n' list upload upload)"
}

@test "settings that are missing are said before what a recording lacks" {
	unset JIBRI_FINALIZE_S3_BUCKET
	rm "$REC/metadata.json"
	mv "$REC/$MEDIA" "$REC/unnamed.mp4"
	run_finalize 78
	assert_output_has "s3-bucket is not set"
	refute_output_has "unknown room"
}

@test "keys that are replaced in part are not taken: their token is written last" {
	faults "list * 1 slow-store 3"
	"$BIN" "$REC" >"$DIR/out" 2>&1 &
	wait_for has_event resolved
	cp -p "$KEYS/s3-session-token" "$KEYS/token"
	write_keys new
	mv "$KEYS/token" "$KEYS/s3-session-token"
	accept new
	local code=0
	wait "$!" || code=$?
	assert_equal "$code" 77
	grep -q ExpiredToken "$DIR/out"
	run ! grep -e SignatureDoesNotMatch -e InvalidAccessKeyId "$DIR/out"
}
