#!/usr/bin/env bats
# The sandbox as S3, asked by curl, which has its own code for signatures.

load lib
load s3/s3
setup() {
	unset CHECK_S3
	common_setup
	start_s3 --page-size 2
	AT=$S3_URL/$S3_BUCKET
}
teardown() { common_teardown; }

# ask METHOD TARGET [CURL_FLAG...]: sets code and answer; uses the valid key.
ask() {
	local method=$1 target=$2 body=
	shift 2
	[ ! -f "$DIR/body" ] || body=$(sha256sum <"$DIR/body" | cut -d ' ' -f 1)
	code=$(curl -s -o "$DIR/answer" -D "$DIR/headers" -w '%{http_code}' -g \
		--path-as-is -X "$method" --aws-sigv4 \
		"aws:amz:${REGION:-us-east-1}:s3" \
		--user "${KEY:-$S3_KEY}:${KEYS_SECRET:-$S3_SECRET}" \
		-H "x-amz-content-sha256: ${body:-$(sha256_of '')}" \
		${body:+--data-binary "@$DIR/body"} "$@" "$AT$target") || true
	answer=$(tr -d '\0' <"$DIR/answer")
	rm -f "$DIR/body"
}

# is CODE [TEXT]: the last answer.
is() {
	assert_equal "$code" "$1"
	[[ -z ${2:-} || $answer == *"$2"* ]] ||
		{ echo "no $2: $answer" >&2; return 1; }
}

etag() {
	sed -n 's/^ETag: "\(.*\)"\r$/\1/ip' "$DIR/headers"
}

# value NAME: of an element of the last answer.
value() {
	grep -o "<$1>[^<]*" "$DIR/answer" | sed 's/<.*>//'
}

encoded() {
	jq -rn --arg text "$1" '$text | @uri' | sed "s|'|%27|g"
}

# put TARGET TEXT
put() {
	printf %s "$2" >"$DIR/body"
	ask PUT "$1" -H 'Content-Type: text/plain'
}

@test "what is put can be listed, read and deleted" {
	put /a/b.txt hello
	is 200
	assert_equal "$(etag)" "$(printf hello | md5sum | cut -d ' ' -f 1)"
	ask GET /a/b.txt
	is 200 hello
	ask GET '?list-type=2&prefix=a%2F'
	is 200 '<Key>a/b.txt</Key>'
	is 200 '<Size>5</Size>'
	put /a/b.txt other
	ask GET /a/b.txt
	is 200 other
	ask DELETE /a/b.txt
	is 204
	ask GET /a/b.txt
	is 404 NoSuchKey
	ask DELETE /a/b.txt
	is 204
}

@test "only requests signed correctly, with the right key, now, are accepted" {
	KEYS_SECRET=wrong ask GET '?list-type=2'
	is 403 SignatureDoesNotMatch
	KEY=nobody ask GET '?list-type=2'
	is 403 InvalidAccessKeyId
	REGION=eu-west-1 ask GET '?list-type=2'
	is 400 AuthorizationHeaderMalformed
	code=$(curl -s -o "$DIR/answer" -w '%{http_code}' "$AT?list-type=2")
	answer=$(<"$DIR/answer")
	is 403 AccessDenied
	ask GET '?list-type=2' -H "x-amz-date: 20200101T000000Z"
	is 403 RequestTimeTooSkewed
	ask GET '?list-type=2'
	is 200 ListBucketResult
}

@test "a signature is valid for one method, path, query, set of headers and body" {
	local signed
	ask GET '?list-type=2&prefix=a'
	is 200
	signed=$(request list '.headers | [.authorization, .["x-amz-date"]] |
		join("|")')
	replay() {
		code=$(curl -s -o "$DIR/answer" -w '%{http_code}' -g \
			-X "$1" -H "Authorization: ${signed%|*}" \
			-H "x-amz-date: ${signed#*|}" \
			-H "x-amz-content-sha256: ${3:-$(sha256_of '')}" "$AT$2")
		answer=$(<"$DIR/answer")
	}
	replay GET '?list-type=2&prefix=a'
	is 200
	replay GET '?list-type=2&prefix=b'
	is 403 SignatureDoesNotMatch
	replay GET '?list-type=2'
	is 403 SignatureDoesNotMatch
	replay GET '/x?list-type=2&prefix=a'
	is 403 SignatureDoesNotMatch
	replay DELETE '?list-type=2&prefix=a'
	is 403 SignatureDoesNotMatch
	replay GET '?list-type=2&prefix=a' UNSIGNED-PAYLOAD
	is 403 SignatureDoesNotMatch
	signed="$(printf %s "${signed%|*}" | sed 's/;x-amz-date//')|${signed#*|}"
	replay GET '?list-type=2&prefix=a'
	is 403 AccessDenied
}

# presigned METHOD TARGET SECONDS [HEADER]: a signed URL, by openssl.
presigned() {
	local method=$1 target=$2 life=$3 header=${4:-} now day names=host
	local scope query hash key text part
	now=${NOW:-$(date -u +%Y%m%dT%H%M%SZ)}
	day=${now%T*}
	scope=$day/us-east-1/s3/aws4_request
	[ -z "$header" ] || names="host;${header%%:*}"
	query=X-Amz-Algorithm=AWS4-HMAC-SHA256
	query+="&X-Amz-Credential=$(encoded "$S3_KEY/$scope")&X-Amz-Date=$now"
	query+="&X-Amz-Expires=$life&X-Amz-SignedHeaders=$(encoded "$names")"
	hash=$(printf '%s\n' "$method" "/$S3_BUCKET$target" "$query" \
		"host:${S3_URL#*://}" ${header:+"$header"} '' "$names" |
		cat - <(printf UNSIGNED-PAYLOAD) | sha256sum | cut -d ' ' -f 1)
	text=$(printf '%s\n' AWS4-HMAC-SHA256 "$now" "$scope" "$hash")
	key=$(printf 'AWS4%s' "$S3_SECRET" | xxd -p -c 200)
	for part in "$day" us-east-1 s3 aws4_request "$text"; do
		key=$(printf %s "$part" | openssl dgst -sha256 -mac HMAC \
			-macopt "hexkey:$key" | sed 's/.* //')
	done
	echo "$AT$target?$query&X-Amz-Signature=$key"
}

# follow METHOD URL [CURL_FLAG...]
follow() {
	code=$(curl -s -o "$DIR/answer" -w '%{http_code}' -X "$1" "${@:3}" "$2")
	answer=$(<"$DIR/answer")
}

@test "a signed URL is valid for one method, key and time, with its headers" {
	local url
	printf hello >"$DIR/file"
	url=$(presigned PUT /x 60)
	follow PUT "$url" -T "$DIR/file"
	is 200
	follow GET "$url"
	is 403 SignatureDoesNotMatch
	follow PUT "${url/\/x\?//y?}" -T "$DIR/file"
	is 403 SignatureDoesNotMatch
	follow PUT "${url/Expires=60/Expires=600}" -T "$DIR/file"
	is 403 SignatureDoesNotMatch
	follow PUT "$url" -T "$DIR/file" -H 'x-amz-meta-a: b'
	is 403 AccessDenied
	follow PUT "$url" -T "$DIR/file" -H 'Authorization: Bearer x'
	is 400 InvalidArgument
	url=$(presigned PUT /x 60 x-other:y)
	follow PUT "$url" -T "$DIR/file"
	is 403 SignatureDoesNotMatch
	follow PUT "$url" -T "$DIR/file" -H 'X-Other: y'
	is 200
	url=$(NOW=$(date -u -d '10 seconds ago' +%Y%m%dT%H%M%SZ) \
		presigned GET /x 5)
	follow GET "$url"
	is 403 'has expired'
	follow GET "$(presigned GET /x 604801)"
	is 400 AuthorizationQueryParametersError
	follow GET "$(presigned GET /x 604800)"
	is 200 hello
}

@test "a body that does not match its hashes is refused and not stored" {
	printf hello >"$DIR/body"
	ask PUT /x -H 'Content-MD5: AAAAAAAAAAAAAAAAAAAAAA=='
	is 400 BadDigest
	printf hello >"$DIR/body"
	ask PUT /x -H 'Content-MD5: short'
	is 400 InvalidDigest
	printf hello >"$DIR/body"
	ask PUT /x -H "Content-MD5: $(printf hello | openssl md5 -binary | base64)"
	is 200
	code=$(curl -s -o "$DIR/answer" -w '%{http_code}' -X PUT --aws-sigv4 \
		aws:amz:us-east-1:s3 --user "$S3_KEY:$S3_SECRET" -d hello \
		-H "x-amz-content-sha256: $(sha256_of other)" "$AT/y")
	answer=$(<"$DIR/answer")
	is 400 XAmzContentSHA256Mismatch
	ask GET '?list-type=2'
	is 200 '<KeyCount>1</KeyCount>'
}

@test "lists come in pages, also with names that need escapes" {
	local i token prefix="x%26y%2F$SESSION%2F"
	recording
	for i in 'a<b' 'a b' 'aüb' "a'b"; do echo "$i" >"$REC/$i"; done
	run_finalize 0 --s3-key 'x&y/{session}/{path}'
	ask GET "?list-type=2&prefix=$prefix"
	is 200 '<IsTruncated>true</IsTruncated>'
	is 200 "<Key>x&#38;y/$SESSION/a b</Key>"
	is 200 "<Key>x&#38;y/$SESSION/a'b</Key>"
	token=$(value NextContinuationToken | sed 's/&#38;/\&/')
	ask GET "?continuation-token=$(encoded "$token")&list-type=2&prefix=$prefix"
	is 200 "/a&#60;b</Key>"
	is 200 "<KeyCount>2</KeyCount>"
	ask GET "?list-type=2&max-keys=1"
	is 200 '<KeyCount>1</KeyCount>'
}

@test "an unknown bucket is not found" {
	AT=$S3_URL/nowhere
	ask GET '?list-type=2'
	is 404 NoSuchBucket
	put /x y
	is 404 NoSuchBucket
}

# --- uploads in parts --------------------------------------------------------

begin() {
	ask POST "$1?uploads="
	is 200 InitiateMultipartUploadResult
	ID=$(encoded "$(value UploadId)")
}

# part TARGET N BYTES: a part of that many of the letter N.
part() {
	head -c "$3" /dev/zero | tr '\0' "$2" >"$DIR/body"
	cp "$DIR/body" "$DIR/part-$2"
	ask PUT "$1?partNumber=$2&uploadId=$ID" -H 'Content-Type: x/y'
	is 200
	ETAGS[$2]=$(etag)
}

# complete TARGET N...: with the ETags that part() got.
complete() {
	local target=$1 n
	shift
	{
		echo '<CompleteMultipartUpload>'
		for n; do
			echo "<Part><PartNumber>$n</PartNumber>"
			echo "<ETag>&quot;${ETAGS[$n]}&quot;</ETag></Part>"
		done
		echo '</CompleteMultipartUpload>'
	} >"$DIR/body"
	ask POST "$target?uploadId=$ID" -H 'Content-Type: application/xml'
}

@test "parts in any order become one object, with the ETag that AWS computes" {
	local five=$((5 * 1024 * 1024)) want
	declare -A ETAGS
	begin /big/one
	part /big/one 2 "$five"
	part /big/one 1 "$five"
	part /big/one 3 7
	ask GET "/big/one?uploadId=$ID"
	is 200 '<IsTruncated>true</IsTruncated>'
	is 200 '<NextPartNumberMarker>2</NextPartNumberMarker>'
	ask GET "/big/one?part-number-marker=2&uploadId=$ID"
	is 200 '<Size>7</Size>'
	is 200 '<IsTruncated>false</IsTruncated>'
	ask GET '?list-type=2'
	is 200 '<KeyCount>0</KeyCount>'
	complete /big/one 1 2 3
	want=$(printf '%s' "${ETAGS[1]}${ETAGS[2]}${ETAGS[3]}" | xxd -r -p |
		md5sum | cut -d ' ' -f 1)-3
	is 200 "<ETag>&#34;$want&#34;</ETag>"
	ask GET /big/one
	cat "$DIR"/part-{1,2,3} | cmp - "$DIR/answer"
	assert_equal "$(etag)" "$want"
	complete /big/one 1 2 3
	is 404 NoSuchUpload
	assert_equal "$(ls "$SB/incoming")" ''
}

@test "parts that do not fit are refused, and the upload continues" {
	declare -A ETAGS
	begin /x
	part /x 1 10
	part /x 2 10
	complete /x 1 2
	is 400 EntityTooSmall
	complete /x 2 1
	is 400 InvalidPartOrder
	ETAGS[3]=${ETAGS[1]}
	complete /x 1 3
	is 400 InvalidPart
	complete /x
	is 400 MalformedXML
	complete /x 2
	is 200
	ask GET /x
	cmp "$DIR/part-2" "$DIR/answer"
}

@test "an aborted upload leaves nothing behind" {
	declare -A ETAGS
	begin /x
	part /x 1 10
	ask GET '?prefix=x&uploads='
	is 200 '<Key>x</Key>'
	is 200 "<UploadId>$(printf '%b' "${ID//%/\\x}")</UploadId>"
	ask DELETE "/x?uploadId=$ID"
	is 204
	ask GET '?uploads='
	[[ $answer != *'<Key>'* ]]
	ask GET "/x?uploadId=$ID"
	is 404 NoSuchUpload
	assert_equal "$(ls "$SB/incoming")" ''
	assert_equal "$(jq -c . "$SB/uploads.json")" '{}'
}

@test "faults have their stages, and a 200 can contain an error" {
	declare -A ETAGS
	begin /x
	faults 'part * 1 s3-error 503 SlowDown' 'complete * 1 s3-error 200 InternalError' \
		'complete * 1 drop-stored'
	printf x >"$DIR/body"
	ask PUT "/x?partNumber=1&uploadId=$ID"
	is 503 SlowDown
	part /x 1 10
	complete /x 1
	is 200 InternalError
	ask GET /x
	is 404
	complete /x 1
	is 000
	ask GET /x
	is 200
}

@test "a session token is accepted with its own key only" {
	printf '%s\n' "tok3n AKID2 other/$S3_SECRET" >"$SB/secret-sessions"
	KEY=AKID2 KEYS_SECRET=other/$S3_SECRET ask GET '?list-type=2' \
		-H 'x-amz-security-token: tok3n'
	is 200
	ask GET '?list-type=2' -H 'x-amz-security-token: tok3n'
	is 403 InvalidAccessKeyId
	KEY=AKID2 KEYS_SECRET=other/$S3_SECRET ask GET '?list-type=2' \
		-H 'x-amz-security-token: old'
	is 400 ExpiredToken
}
