#!/usr/bin/env bats
# The sandbox as a file-service that takes files in parts, asked by curl.

load lib
load sandbox-parts
setup() {
	common_setup
	parts_setup 65536
}
teardown() { common_teardown; }

@test "without --parts no parts are offered" {
	start_sandbox
	json POST "/files/structured/123/uploads?path=$FOLDER" '{}'
	is 404 'no such path'
	assert_equal "$(request other .target)" \
		"/files/structured/123/uploads?path=$FOLDER"
}

@test "parts in any order become one file, with a record like that of an upload" {
	start
	declare -A ETAGS
	begin
	assert_equal "$(jq -c '[.partSize, .expiresIn]' "$DIR/answer")" \
		"[$SIZE,3600]"
	put 3
	put 1
	put 2
	finish "$(fitting)" 1 2 3
	is 200
	assert_equal "$(jq -c '[.filename, .path, .mimeType, .size]' \
		"$DIR/answer")" '["a.mp4","/room/session/a.mp4","video/mp4",131082]'
	cmp "$DIR/whole" "$SB/store/room/session/a.mp4"
	ask GET '/metadata?referenceId=123'
	assert_equal "$(jq length "$DIR/answer")" 1
	nothing_left
	assert_equal "$(jq -r .stage "$SB/requests.jsonl" | sort | uniq -c |
		awk '{ print $2 $1 }' | xargs)" \
		'begin1 complete1 list1 part3 urls3'
}

@test "an upload that is gone, or another meeting's, is not found" {
	start
	declare -A ETAGS
	begin
	put 1
	local own=$AT at
	for at in "${AT/123/124}" "${AT/123/-}" "${AT}x"; do
		AT=$at
		ask GET "$AT"
		is 404 'unknown upload'
		json POST "$AT/parts" '{"numbers": [1]}'
		is 404 'unknown upload'
		finish "$(fitting)" 1
		is 404 'unknown upload'
		ask DELETE "$AT"
		is 404 'unknown upload'
	done
	AT=$own
	ask DELETE "$AT"
	is 204
	nothing_left
	bare "$PART" "$DIR/part-1"
	is 404 'unknown upload'
	ask DELETE "$AT"
	is 404 'unknown upload'
	assert_equal "$(jq -r .error "$DIR/answer")" 'unknown upload'
}

@test "an upload's ID is understood only in its encoded form" {
	start
	begin
	[[ $(jq -r .uploadId "$DIR/answer") = *[?\#\ +\&]* ]]
	ask GET "${AT//%2B/%20}"
	is 404
	ask GET "$AT"
	is 200 '{"parts":[]}'
}

@test "the list has the parts that were sent, and a repeated number replaces its part" {
	start
	declare -A ETAGS
	begin
	put 1 "$DIR/part-2"
	put 2
	put 3
	put 1
	ask GET "$AT"
	is 200
	assert_equal "$(jq -c '.parts | map([.number, .size]) | sort' \
		"$DIR/answer")" "[[1,$SIZE],[2,$SIZE],[3,10]]"
	for n in 1 2 3; do
		assert_equal "$(jq -r --argjson n $n '.parts[] |
			select(.number == $n).etag | ltrimstr("\"") |
			rtrimstr("\"")' "$DIR/answer")" "${ETAGS[$n]}"
	done
	finish "$(fitting)" 1 2 3
	is 200
	cmp "$DIR/whole" "$SB/store/room/session/a.mp4"
}

@test "an ETag is an MD5 unless the part's number is divisible by 3" {
	start
	declare -A ETAGS
	begin
	put 2
	put 3
	assert_equal "${ETAGS[2]}" "$(md5sum <"$DIR/part-2" | cut -d ' ' -f 1)"
	[[ ${ETAGS[3]} != "$(md5sum <"$DIR/part-3" | cut -d ' ' -f 1)" ]]
	[[ ${ETAGS[3]} = *\\* ]]
}

@test "parts that do not make the file are refused with 409, and are kept" {
	start
	declare -A ETAGS
	begin
	put 1
	put 2
	put 3
	finish "$(fitting)" 1 3
	is 409 'not 1, 2, 3'
	finish "$(fitting)" 2 1 3
	is 409 'not 1, 2, 3'
	finish "$(fitting)" 2 3
	is 409 'not 1, 2, 3'
	local etag=${ETAGS[3]}
	ETAGS[3]=${ETAGS[2]}
	finish "$(fitting)" 1 2 3
	is 409 etag
	ETAGS[3]=$etag
	put 2 "$DIR/part-3"
	finish "$(fitting)" 1 2 3
	is 409 'wrong size'
	put 2
	etag=${ETAGS[3]}
	put 3
	ETAGS[3]=$etag
	finish "$(fitting)" 1 2 3
	is 409 etag
	put 3
	finish "$(fitting)" 1 2 3
	is 200
	begin
	put 1
	finish "$(fitting)" 1 2
	is 409 missing
}

@test "a last part may not be longer than the others" {
	start
	declare -A ETAGS
	begin null
	cat "$DIR/part-1" "$DIR/part-3" >"$DIR/part-long"
	put 1 "$DIR/part-long"
	finish "\"size\": $((SIZE + 10))" 1
	is 409 'wrong size'
}

@test "a wrong size or SHA-256 is refused with 422, and the upload stays" {
	start
	declare -A ETAGS
	begin null
	put 1
	put 2
	put 3
	finish "\"size\": 131081" 1 2 3
	is 422 size
	finish "\"size\": 131072" 1 2 3
	is 422 size
	finish "\"size\": 131082, \"sha256\": \"${SHA//[0-9]/0}\"" 1 2 3
	is 422 sha256
	assert_equal "$(stored_files)" 0
	finish '"size": 131082' 1 2 3
	is 200
	nothing_left
	begin 65537
	put 1
	finish "\"size\": $SIZE" 1
	is 422 size
}

@test "an upload of - gets its path and meeting at the end, and no other may" {
	start
	declare -A ETAGS
	MEETING=- FOLDER=/provisional/ begin null
	put 2
	put 3
	put 1
	finish "$(fitting), \"meetingId\": \"77\"" 1 2 3
	is 400 'no path'
	QUERY='?path=/a%20b/s/' finish "$(fitting)" 1 2 3
	is 400 meetingId
	QUERY='?path=/a/../b/' finish "$(fitting), \"meetingId\": \"77\"" 1 2 3
	is 400 'bad path'
	QUERY='?path=/a%20b/s/' finish "$(fitting), \"meetingId\": \"77\"" 1 2 3
	is 200 '"path":"/a b/s/a.mp4"'
	cmp "$DIR/whole" "$SB/store/a b/s/a.mp4"
	assert_equal "$(jq -r .referenceId "$SB/records.jsonl")" 77

	begin
	put 1
	put 2
	put 3
	finish "$(fitting), \"meetingId\": \"123\"" 1 2 3
	is 400 meetingId
	QUERY='?path=/room/session/' finish "$(fitting)" 1 2 3
	is 400 path
	finish "$(fitting)" 1 2 3
	is 200
}

@test "bodies are JSON, with these members and no others" {
	start
	declare -A ETAGS
	local uploads="/files/structured/123/uploads?path=$FOLDER" body
	local name='"filename": "a"' type='"mimeType": "a/b"'
	TYPE=text/plain json POST "$uploads" "{$name, $type, \"size\": 1}"
	is 415
	for body in '' '[]' "{$name, $type}" "{$name, \"size\": 1}" \
		"{$type, \"size\": 1}" "{$name, $type, \"size\": \"1\"}" \
		"{$name, $type, \"size\": -1}" "{$name, $type, \"size\": 1.0}" \
		"{$name, $type, \"size\": 1, \"x\": 1}" \
		"{$name, $name, $type, \"size\": 1}" \
		"{\"filename\": \"a/b\", $type, \"size\": 1}"; do
		json POST "$uploads" "$body"
		is 400 '"error"'
	done
	json POST /files/structured/123/uploads "{$name, $type, \"size\": 1}"
	is 400 'bad path'
	json POST "$uploads" "{$name, $type, \"size\": 655360001}"
	is 400 parts
	begin
	TYPE='' json POST "$AT/parts" '{"numbers": [1]}'
	is 415
	for body in '{}' '{"numbers": []}' '{"numbers": 1}' '{"numbers": [0]}' \
		'{"numbers": [4]}' '{"numbers": ["1"]}' '{"numbers": [1, 1]}' \
		'{"numbers": [1], "x": 1}'; do
		json POST "$AT/parts" "$body"
		is 400 '"error"'
	done
	put 1
	TYPE=text/json finish "$(fitting)" 1
	is 415
	for body in '' '"size": "1"' '"size": -1' '"size": 1, "x": 2' \
		'"size": 1, "sha256": "00"' "\"size\": 1, \"sha256\": \"${SHA^^}\""; do
		finish "$body" 1
		is 400 '"error"'
	done
	finish "$(fitting)"
	is 400 'no parts'
	json POST "$AT/complete" '{"parts": [{"number": 1, "etag": "x", "y": 1}],
		"size": 1}'
	is 400 'bad parts'
}

@test "at most 16 URLs are given at once" {
	start
	begin null
	json POST "$AT/parts" "{\"numbers\": $(seq 16 | jq -sc .)}"
	is 200
	assert_equal "$(jq '.urls | length' "$DIR/answer")" 16
	json POST "$AT/parts" "{\"numbers\": $(seq 17 | jq -sc .)}"
	is 400 numbers
	json POST "$AT/parts" '{"numbers": [10001]}'
	is 400 numbers
}

@test "a PUT with an extra header is refused" {
	start
	begin
	url 1
	local header
	for header in 'Authorization: Bearer x' 'Cookie: a=b' 'User-Agent: x' \
		'Accept: */*' 'Accept-Encoding: gzip' 'Content-Type: video/mp4' \
		'Content-MD5: x' 'X-Other: y'; do
		bare "$PART" "$DIR/part-1" -H "$header"
		is 400 "${header%%:*}"
	done
	bare "$PART" - -H 'Transfer-Encoding: chunked' <"$DIR/part-1"
	is 400 Transfer-Encoding
	ask PUT "$PART" -H 'Accept:' -H 'User-Agent:'
	is 411 Content-Length
	bare "$PART" "$DIR/part-1" -H 'Expect: 100-continue'
	is 200
}

@test "a given header is required" {
	start --parts-header 'x-storage-class: hot; fast'
	begin
	url 1
	assert_equal "$(jq -c .headers "$DIR/answer")" \
		'{"x-storage-class":"hot; fast"}'
	bare "$PART" "$DIR/part-1"
	is 400 x-storage-class
	bare "$PART" "$DIR/part-1" -H 'x-storage-class: cold'
	is 400 x-storage-class
	bare "$PART" "$DIR/part-1" -H 'x-storage-class: hot; fast'
	is 200
}

@test "a URL is valid for one upload, number and time" {
	start --parts-life 600 --parts-told 7
	begin
	assert_equal "$(jq .expiresIn "$DIR/answer")" 7
	url 1
	local other=${PART/\/1\?/\/2?}
	[ "$other" != "$PART" ]
	bare "$other" "$DIR/part-2"
	is 403 signature
	bare "${PART/expires=/expires=9}" "$DIR/part-1"
	is 403 signature
	bare "${PART%%\?*}" "$DIR/part-1"
	is 403 signature
	other=$PART
	begin
	bare "${other%%/storage/*}/storage/${AT##*/}/1?${other#*\?}" "$DIR/part-1"
	is 403 signature
	bare "$other" "$DIR/part-1"
	is 200
}

is_expired() {
	bare "$PART" "$DIR/part-1"
	[[ $code = 403 && $answer = *expired* ]]
}

@test "a URL expires" {
	start --parts-life 0.5
	begin
	url 1
	bare "$PART" "$DIR/part-1"
	is 200
	wait_for is_expired
	url 1
	bare "$PART" "$DIR/part-1"
	is 200
}

@test "uploads and URLs outlive a restart" {
	start
	declare -A ETAGS
	begin
	put 1
	put 2
	url 3
	local before=$URL
	stop_sandbox
	start
	bare "${PART/"$before"/"$URL"}" "$DIR/part-3"
	is 200
	ETAGS[3]=$(sed -n 's/^ETag: "\(.*\)"\r$/\1/ip' "$DIR/headers")
	finish "$(fitting)" 1 2 3
	is 200
	cmp "$DIR/whole" "$SB/store/room/session/a.mp4"
}

@test "URLs begin with the host of the request, or with --parts-origin" {
	start --prefix /api
	begin
	json POST "$AT/parts" '{"numbers": [1]}' -H 'Host: files.example:81'
	is 200 '"http://files.example:81/api/storage/'
	put 1
	stop_sandbox
	start --parts-origin https://storage.example
	begin
	url 1
	[[ $PART = https://storage.example/storage/* ]]
}

@test "all requests but a PUT need the token" {
	start --token t0k
	json POST "/files/structured/123/uploads?path=$FOLDER" '{}'
	is 401
	local auth=(-H 'Authorization: Bearer t0k')
	json POST "/files/structured/123/uploads?path=$FOLDER" '{"filename": "a",
		"mimeType": "a/b", "size": 65536}' "${auth[@]}"
	is 201
	AT=/files/structured/123/uploads/$(jq -r '.uploadId | @uri' "$DIR/answer")
	json POST "$AT/parts" '{"numbers": [1]}'
	is 401
	json POST "$AT/parts" '{"numbers": [1]}' "${auth[@]}"
	is 200
	bare "$(jq -r '.urls["1"]' "$DIR/answer")" "$DIR/part-1"
	is 200
	json POST "$AT/complete" '{}'
	is 401
	ask GET "$AT"
	is 401
	ask DELETE "$AT"
	is 401
	ask DELETE "$AT" "${auth[@]}"
	is 204
}

@test "a file over the limit is refused as soon as its size is known" {
	start --max-file 100000
	declare -A ETAGS
	json POST "/files/structured/123/uploads?path=$FOLDER" '{"filename": "a",
		"mimeType": "a/b", "size": 100001}'
	is 413
	begin null
	put 1
	put 2
	finish '"size": 131072' 1 2
	is 413
	assert_equal "$(stored_files)" 0
}

@test "each stage has its faults" {
	start
	declare -A ETAGS
	faults 'begin * 1 status 503' 'urls * 1 status 500' \
		'part */3?* 1 status 403' 'part */1?* 1 drop-at 100' \
		'part */2?* 1 drop-stored' 'parts * 1 html' \
		'complete * 1 status 409' 'complete * 1 drop-stored' \
		'abort * 1 status 500'
	json POST "/files/structured/123/uploads?path=$FOLDER" '{}'
	is 503
	begin
	json POST "$AT/parts" '{"numbers": [1]}'
	is 500
	local n
	for n in 1:000 2:000 3:403; do
		url "${n%:*}"
		bare "$PART" "$DIR/part-${n%:*}" -H 'Expect:'
		is "${n#*:}"
	done
	ask GET "$AT"
	is 200 html
	ask GET "$AT"
	assert_equal "$(jq -c '.parts | map(.number)' "$DIR/answer")" '[2]'
	put 1
	put 2
	put 3
	finish "$(fitting)" 1 2 3
	is 409
	assert_equal "$(stored_files)" 0
	finish "$(fitting)" 1 2 3
	is 000
	cmp "$DIR/whole" "$SB/store/room/session/a.mp4"
	finish "$(fitting)" 1 2 3
	is 404
	begin
	ask DELETE "$AT"
	is 500
	ask DELETE "$AT"
	is 204
}

@test "a waiting complete stores nothing after another one has" {
	start
	declare -A ETAGS
	begin
	put 1
	put 2
	put 3
	faults 'complete * 1 slow-store 1'
	finish "$(fitting)" 1 2 3 &
	wait_for test -e "$SB/incoming/$(($(wc -l <"$SB/requests.jsonl") + 1))"
	finish "$(fitting)" 1 2 3
	is 200
	wait "$!"
	assert_equal "$(requests complete)" 2
	assert_equal "$(stored_files)" 1
}

@test "answers can be in an envelope" {
	start --shape data,strings
	json POST "/files/structured/123/uploads?path=$FOLDER" '{"filename": "a",
		"mimeType": "a/b", "size": 65536}'
	is 201
	AT=/files/structured/123/uploads/$(jq -er '.data.uploadId | @uri' \
		"$DIR/answer")
	json POST "$AT/parts" '{"numbers": [1]}'
	bare "$(jq -er '.data.urls["1"]' "$DIR/answer")" "$DIR/part-1"
	is 200
	ask GET "$AT"
	local etag
	etag=$(jq -er '.data.parts[0].etag' "$DIR/answer")
	json POST "$AT/complete" "{\"parts\": [{\"number\": 1,
		\"etag\": \"$etag\"}], \"size\": 65536}"
	is 200 '"size":"65536"'
	jq -e .data.id "$DIR/answer"
}
