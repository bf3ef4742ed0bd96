#!/usr/bin/env bats
# The sandbox as a file-service with its parts at S3, which is another sandbox
# or, with make check-s3, a real gateway.

load lib
load s3/s3
load sandbox-parts
setup() {
	common_setup
	parts_setup $((5 * 1024 * 1024))
}
teardown() {
	stop_parts_at_s3
	common_teardown
}

@test "parts sent to S3 become a file of the file-service" {
	start_parts_at_s3 "$SIZE"
	declare -A ETAGS
	begin
	assert_equal "$(jq .partSize "$DIR/answer")" "$SIZE"
	put 3
	[[ $PART = "$S3_URL/$S3_BUCKET/"* ]]
	put 1 "$DIR/part-2"
	put 2
	put 1
	ask GET "$AT"
	assert_equal "$(jq -c '.parts | map([.number, .size]) | sort' \
		"$DIR/answer")" "[[1,$SIZE],[2,$SIZE],[3,10]]"
	assert_equal "$(jq -r '.parts[] | select(.number == 2).etag | fromjson' \
		"$DIR/answer")" "${ETAGS[2]}"
	finish "$(fitting)" 1 2 3
	is 200 '"path":"/room/session/a.mp4"'
	cmp "$DIR/whole" "$SB/store/room/session/a.mp4"
	nothing_left
	assert_equal "$(s3_keys)" ''
	assert_equal "$(requests part)" 0
}

# settle MEMBERS N...: finish an upload of "-".
settle() {
	QUERY='?path=/a/b/' finish "$1, \"meetingId\": \"7\"" "${@:2}"
}

@test "parts at S3 that do not make the file are refused, and are kept" {
	start_parts_at_s3 "$SIZE"
	declare -A ETAGS
	MEETING=- begin null
	put 1
	put 3
	settle "$(fitting)" 1 3
	is 409
	ETAGS[2]=${ETAGS[1]}
	settle "$(fitting)" 1 2 3
	is 409 missing
	put 2
	ETAGS[2]=${ETAGS[1]}
	settle "$(fitting)" 1 2 3
	is 409 etag
	put 2
	settle "\"size\": 1" 1 2 3
	is 422 size
	faults 'complete * 1 status 503' 'complete * 1 drop-stored'
	settle "$(fitting)" 1 2 3
	is 503
	assert_equal "$(stored_files)" 0
	settle "$(fitting)" 1 2 3
	is 000
	cmp "$DIR/whole" "$SB/store/a/b/a.mp4"
	settle "$(fitting)" 1 2 3
	is 404
}

@test "a file with a wrong SHA-256 is not stored" {
	start_parts_at_s3 "$SIZE"
	declare -A ETAGS
	begin
	put 1
	put 2
	put 3
	finish "\"size\": $((2 * SIZE + 10)), \"sha256\": \"${SHA//[0-9]/0}\"" \
		1 2 3
	is 422 sha256
	assert_equal "$(stored_files)" 0
	ask GET "$AT"
	is 404
}

@test "an upload that S3 has dropped is not found, nor is one that is aborted" {
	local key
	start_parts_at_s3 "$SIZE"
	begin
	url 1
	ask DELETE "$AT"
	is 204
	bare "$PART" "$DIR/part-3"
	is 404 NoSuchUpload
	ask GET "$AT"
	is 404 'unknown upload'
	begin
	key=$(jq -r '.[].s3Key' "$SB/uploads.json")
	s3_curl -H "x-amz-content-sha256: $(sha256_of '')" -X DELETE \
		"$S3_URL/$S3_BUCKET/$key?uploadId=$(jq -r \
			'.[].s3Id | @uri' "$SB/uploads.json")"
	ask GET "$AT"
	is 404 NoSuch
	json POST "$AT/parts" '{"numbers": [1]}'
	is 404 NoSuch
	ask DELETE "$AT"
	is 404 NoSuch
}

@test "an S3 URL expires, and is valid for one part with the given header" {
	start_parts_at_s3 "$SIZE" --parts-life 2 --parts-header 'x-amz-meta-a: b'
	begin
	assert_equal "$(jq .expiresIn "$DIR/answer")" 2
	url 1
	assert_equal "$(jq -c .headers "$DIR/answer")" '{"x-amz-meta-a":"b"}'
	bare "$PART" "$DIR/part-3"
	is 403
	bare "${PART/partNumber=1/partNumber=2}" "$DIR/part-3" \
		-H 'x-amz-meta-a: b'
	is 403
	bare "$PART" "$DIR/part-3" -H 'x-amz-meta-a: b'
	is 200
	wait_for is_expired
}

is_expired() {
	bare "$PART" "$DIR/part-3" -H 'x-amz-meta-a: b'
	[ "$code" = 403 ]
}
