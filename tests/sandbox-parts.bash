# Shared by the tests that ask the sandbox for files in parts, by curl.  Load
# lib first.
#
# shellcheck shell=bash

# parts_setup BYTES: two whole parts of that size and a rest, whole and as
# part-1 to part-3, and where they go.
parts_setup() {
	SIZE=$1
	FOLDER=/room/session/
	MEETING=123
	head -c $((2 * SIZE + 10)) /dev/urandom >"$DIR/whole"
	split -a 1 -b "$SIZE" --numeric-suffixes=1 "$DIR/whole" "$DIR/part-"
	SHA=$(sha256sum <"$DIR/whole" | cut -d ' ' -f 1)
}

# start [SANDBOX_FLAG...]
start() {
	start_sandbox --parts "$SIZE" "$@"
}

# ask METHOD TARGET|URL [CURL_FLAG...]: sets code, and answer.
ask() {
	local method=$1 target=$2
	shift 2
	[[ $target = http* ]] || target=$URL$target
	code=$(curl -s -o "$DIR/answer" -D "$DIR/headers" -w '%{http_code}' -g \
		--path-as-is -X "$method" "$@" "$target") || true
	answer=$(tr -d '\0' <"$DIR/answer")
}

# json METHOD TARGET BODY [CURL_FLAG...]
json() {
	printf %s "$3" >"$DIR/body"
	ask "$1" "$2" -H "Content-Type: ${TYPE-application/json}" \
		--data-binary "@$DIR/body" "${@:4}"
}

# is CODE [TEXT]: the last answer.
is() {
	assert_equal "$code $answer" "$1 $answer"
	[[ -z ${2:-} || $answer == *"$2"* ]] ||
		{ echo "no $2: $answer" >&2; return 1; }
}

# begin [SIZE]: sets AT, where the upload is.
begin() {
	json POST "/files/structured/$MEETING/uploads?path=$FOLDER" \
		"{\"filename\": \"a.mp4\", \"mimeType\": \"video/mp4\",
		\"size\": ${1-$(stat -c %s "$DIR/whole")}}"
	is 201
	AT=/files/structured/$MEETING/uploads/$(jq -r '.uploadId | @uri' \
		"$DIR/answer")
}

# url N: sets PART, where that part goes.
url() {
	json POST "$AT/parts" "{\"numbers\": [$1]}"
	is 200
	PART=$(jq -er --arg n "$1" '.urls[$n]' "$DIR/answer")
}

# bare URL FILE [CURL_FLAG...]: a PUT without extra headers.
bare() {
	ask PUT "$1" -T "$2" -H 'Accept:' -H 'User-Agent:' "${@:3}"
}

# put N [FILE]: sets ETAGS[N].
put() {
	url "$1"
	bare "$PART" "${2:-$DIR/part-$1}"
	is 200
	ETAGS[$1]=$(sed -n 's/^ETag: "\(.*\)"\r$/\1/ip' "$DIR/headers")
}

# finish MEMBERS N...: these parts; MEMBERS are added to the body, or ''.
finish() {
	local members=$1 list
	shift
	list=$(for n; do
		jq -nc --argjson n "$n" --arg e "${ETAGS[$n]}" \
			'{number: $n, etag: $e}'
	done | jq -sc .)
	json POST "$AT/complete${QUERY:-}" "{\"parts\": $list${members:+,
		$members}}"
}

# The members that fit the whole file.
fitting() {
	echo "\"size\": $(stat -c %s "$DIR/whole"), \"sha256\": \"$SHA\""
}

nothing_left() {
	assert_equal "$(ls "$SB/incoming")" ''
	assert_equal "$(jq -c . "$SB/uploads.json")" '{}'
}

stored_files() {
	find "$SB/store" -type f | wc -l
}
