#!/usr/bin/env bats
# The keys of S3: expired ones are read again from their files, and none that a
# server repeats is kept or shown.

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

@test "keys that expire during a run are read again from their files" {
	renewed list resolved "$BIN" "$REC"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	# Together, and for each request in flight.
	refused | grep -qx upload
}

@test "keys of an upload in parts are read again too, and at most one part is repeated" {
	head -c $((23 << 20)) /dev/urandom >"$REC/talk.bin"
	JIBRI_FINALIZE_PARALLEL=1 renewed part uploadBegun "$BIN" "$REC"
	is_stored metadata.json "$MEDIA" talk.bin
	refused | grep -qx part
	assert_equal "$(request part 'select(.status == 200) | .status' |
		wc -l)" 5
	assert_equal "$(requests begin)" 1
}

@test "keys in systemd's credentials are read again too, in a sweep" {
	unset "${!JIBRI_FINALIZE_S3_@}"
	export JIBRI_FINALIZE_S3_URL=$S3_URL JIBRI_FINALIZE_S3_BUCKET=$S3_BUCKET
	another_recording "$SESSION-2"
	touch -d '2 hours ago' "$TOP"/*/* "$TOP"/*
	# Later visits start with the new ones.
	CREDENTIALS_DIRECTORY=$KEYS renewed list resolved \
		"$BIN" sweep --jobs 1 "$TOP"
	assert_equal "$(requests upload)" "$((4 + $(refused | wc -l)))"
	[ "$(refused | sort -u)" = upload ]
	[ "$(refused | wc -l)" -le 2 ]
}

@test "expired keys that nobody replaced end the run with 77, without repeats" {
	accept new
	run_finalize 77
	assert_output_has ExpiredToken
	assert_output_has "fix s3-session-token"
	assert_equal "$(refused | sort)" "$(printf '%s\n' list upload upload)"
	# The next run uses the new ones.
	write_keys new
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "expired keys without a session token end the run with 77, without repeats" {
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

@test "missing settings are reported before problems of the recording" {
	unset JIBRI_FINALIZE_S3_BUCKET
	rm "$REC/metadata.json"
	mv "$REC/$MEDIA" "$REC/unnamed.mp4"
	run_finalize 78
	assert_output_has "s3-bucket is not set"
	refute_output_has "unknown room"
}

@test "keys that are only partly replaced are not used, as the token is written last" {
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

# --- what a server repeats ---------------------------------------------------

# repeats CODE TEXT FAULT XML: the answer contains the secret key, which must
# not be shown or noted in the journal.
repeats() {
	local secret
	secret=$(text_of s3-secret-key old)
	printf '%s\n' "${4//SECRET/$secret}" >"$SB/secret-answer"
	faults "$3 secret-answer application/xml"
	run_finalize "$1" --tries 2 --log-level trace
	assert_output_has "$2"
	hides_it
	run ! grep -F -e "$CANARY" -e "${CANARY//\//%2F}" "$REC/.jibri-finalize"
}

xml() { echo "<$1Result>$2</$1Result>"; }

hides_it() {
	refute_output_has "$CANARY"
	refute_output_has "${CANARY//\//%2F}"
}

big_recording() {
	another_recording "$1"
	head -c $((11 << 20)) /dev/urandom >"$REC/talk.bin"
}

@test "a secret that S3 repeats in an upload's ID or in an ETag is neither kept nor shown" {
	local object
	local found="<Key>$ROOM/id/talk.bin</Key><UploadId>SECRET</UploadId>"
	big_recording id
	repeats 78 'has no upload id: ' 'begin * * body' \
		"$(xml InitiateMultipartUpload '<UploadId>SECRET</UploadId>')"
	repeats 0 'talk.bin: stored' 'uploads * * body' \
		"$(xml ListMultipartUploads "<Upload>$found</Upload>")"
	is_stored metadata.json "$MEDIA" talk.bin
	big_recording whole
	repeats 0 'talk.bin: stored' 'complete * * body-stored' \
		"$(xml CompleteMultipartUpload '<ETag>SECRET</ETag>')"
	is_stored metadata.json "$MEDIA" talk.bin
	another_recording listed
	object="<Key>$ROOM/listed/$MEDIA</Key><ETag>SECRET</ETag>"
	object+="<Size>$(stat -c %s "$REC/$MEDIA")</Size>"
	repeats 0 "$MEDIA: the server has it already" 'list * * body' \
		"$(xml ListBucket "<Contents>$object</Contents>")"
	assert_equal "$(journal 'select(.path == "'"$MEDIA"'" and
		.event == "stored") | .id' | sort -u)" null
}

@test "verify masks a secret that S3 repeats in a key" {
	local object="<Key>$ROOM/$SESSION/SECRET</Key><ETag>x</ETag>"
	run_finalize 0
	repeats 0 'done already' 'list * * body' \
		"$(xml ListBucket "<Contents>$object</Contents>")"
	run_command 65 verify "$REC"
	assert_output_has "extra"
	assert_output_has "/$ROOM/$SESSION/***"
	hides_it
	run_command 65 verify --json "$REC"
	assert_output_has '"extra"'
	hides_it
}

@test "a secret that is part of our own keys does not hide an ID" {
	export JIBRI_FINALIZE_TOKEN=all-recordings
	export JIBRI_FINALIZE_S3_KEY="$JIBRI_FINALIZE_TOKEN/{session}/{path}"
	run_finalize 0
	run_command 0 verify --deep "$REC"
}
