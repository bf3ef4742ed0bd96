#!/usr/bin/env bats
# Hostile input: from whoever starts a meeting, from whoever may write into the
# directory, and from broken or foreign services.  Invalid rooms are in
# identity.bats, names in names.bats, answers without an end in big.bats,
# redaction in names.bats.

load lib
load points
setup() {
	common_setup
	recordings=0
	start_sandbox
	recording
}
teardown() { common_teardown; }

# One more recording in the same test, of a session that the server has not
# seen.
fresh_recording() {
	rm -f "$SB"/*.jsonl
	another_recording "session-$((++recordings))"
}

nothing_sent() {
	assert_equal "$(requests)" 0
	assert_equal "$(webhooks)" ""
}

# nested N: an array in an array in an array...
nested() {
	head -c "$1" /dev/zero | tr '\0' '['
	head -c "$1" /dev/zero | tr '\0' ']'
}

# withheld: everything but metadata.json went out, by the media file's name.
withheld() {
	is_stored "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_output_has "metadata.json: skipped, withheld"
}

# --- metadata.json -----------------------------------------------------------

@test "a metadata.json of 17 MB is not sent" {
	jq -nc --arg url "https://x/$ROOM" '{meeting_url: $url,
		upload_credentials: "t0p-s3cret", pad: ("x" * 17000000)}' \
		>"$REC/metadata.json"
	run_finalize 0
	withheld
	assert_output_has "metadata.json: skipped, withheld: it is larger than 16 MiB"
}

# text_of KIND: a text with a token, which is cut, hidden or neither.
text_of() {
	local text='{"meeting_url":"x","upload_credentials":{"t":"t0ken"},"a":1}'
	case $1 in
	cut*) text=${text%,*} ;;
	comment) text="# $text" ;;
	long) text="${text%1*}\"$(head -c 17000000 /dev/zero | tr '\0' a)\"}" ;;
	esac
	case $1 in
	*.gz) gzip -c <<<"$text" ;;
	*UTF*) printf '\ufeff%s' "$text" | iconv -t "${1#cut-}" ;;
	*) echo "$text" ;;
	esac
}

@test "a file named like metadata.json, in any folder, is sent without the token or not at all" {
	local kind name
	local -a whole=(plain)
	local -a bad=(long comment whole.gz cut {,cut-}UTF-{16,32}{LE,BE})
	mkdir "$REC/sub"
	for kind in "${whole[@]}" "${bad[@]}"; do
		for name in Metadata METADATA sub/metadata sub/MetaData; do
			text_of "$kind" >"$REC/$name-$kind.JSON"
		done
	done
	run_finalize 0
	diff <(stored | sed -n 's/^[^-]*-\(.*\)\.JSON/\1/p' | sort) \
		<(for kind in "${whole[@]}"; do
			printf '%s\n' "$kind"{,,,}
		done | sort)
	for name in $(stored | grep JSON); do
		assert_equal "$(tr -d '\357\273\277' \
			<"$SB/store/$ROOM/$SESSION/$name")" \
			'{"meeting_url":"x","a":1}'
	done
}

@test "a metadata.json with text after its object is not read as that object" {
	{
		printf '{"meeting_url":"https://x/%s"}' "$ROOM"
		head -c 1100000 /dev/zero | tr '\0' ' '
		echo '"upload_credentials":"t0p-s3cret"'
	} >"$REC/metadata.json"
	run_finalize 0
	withheld
	run ! grep -r t0p-s3cret "$SB"
}

@test "a metadata.json 10,000 levels deep is not sent" {
	printf '{"meeting_url":"https://x/%s","a":%s}' "$ROOM" \
		"$(nested 10000)" >"$REC/metadata.json"
	run_finalize 0
	withheld
}

@test "a metadata.json 2,000 levels deep is read, redacted and sent" {
	printf '{"meeting_url":"https://x/%s","upload_credentials":%s,"a":%s}' \
		"$ROOM" '"t0p-s3cret"' "$(nested 2000)" >"$REC/metadata.json"
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	run ! grep -r t0p-s3cret "$SB"
	[ -s "$SB/store/$ROOM/$SESSION/metadata.json" ]
}

@test "100,000 members of one name are searched quickly" {
	{
		printf '{"meeting_url":"https://x/%s"' "$ROOM"
		yes ',"a":0' | head -n 100000 | tr -d '\n'
		printf '}'
	} >"$REC/metadata.json"
	SECONDS=0
	run_finalize 0
	((SECONDS < 10))
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a meeting_url of any other type names no room, and nothing is sent" {
	local value
	for value in 5 1.5 true null '[]' '{}' "[\"https://x/$ROOM\"]" \
		"{\"url\":\"https://x/$ROOM\"}"; do
		fresh_recording
		printf '{"meeting_url":%s}' "$value" >"$REC/metadata.json"
		run_finalize 65
		nothing_sent
		assert_output_has "unknown room"
	done
}

@test "upload_credentials of any type are never sent" {
	local value
	for value in '"t0p-s3cret"' '["t0p-s3cret"]' '{"t0p-s3cret":1}' \
		'[[{"a":"t0p-s3cret"}]]'; do
		fresh_recording
		printf '{"meeting_url":"https://x/%s","upload_credentials":%s}' \
			"$ROOM" "$value" >"$REC/metadata.json"
		run_finalize 0
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
		run ! grep -r t0p-s3cret "$SB/store"
	done
}

@test "a metadata.json that is not an object, or has no meeting_url, holds the recording" {
	local text
	for text in 5 '"text"' null true $'\xef\xbb\xbf{}' '{"a":1e999}' \
		'{"a":123456789012345678901234567890}' '{"a":"\u0000"}' \
		'{"a":"\ud800"}' '{}{}' '{"a":01}' "{'a':1}"; do
		fresh_recording
		printf '%s' "$text" >"$REC/metadata.json"
		run_finalize 65
		nothing_sent
	done
}

# --- meeting_url -------------------------------------------------------------

@test "credentials in meeting_url are not part of the room and are shown nowhere" {
	metadata "https://user:hunter2@meet.example.org/$ROOM?jwt=hunter3#hunter4"
	run_finalize 0 --log-level debug
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	refute_output_has hunter
	run ! grep -r hunter "$SB"/*.jsonl "$REC/.jibri-finalize"
	fresh_recording
	metadata "https://user:hunter2@meet.example.org/a/b/c"
	run_finalize 65
	refute_output_has hunter
}

@test "a meeting_url with CR LF, NUL or control characters is refused, encoded or not" {
	local name
	for name in 'a\r\nX-Evil: 1' 'a\nb' 'a\tb' 'a\u001b[31m' 'a\u007f' \
		'a%0d%0aX-Evil:%201' 'a%00' 't/a\r\nb' 't\r\n/a' '%0a/a'; do
		fresh_recording
		printf '{"meeting_url":"https://x/%s"}' "$name" \
			>"$REC/metadata.json"
		run_finalize 65
		nothing_sent
		[[ $output != *[![:print:][:space:]]* ]]
	done
}

@test "a meeting_url of another scheme or form is refused" {
	local url
	for url in "javascript:alert(1)//$ROOM" "file:///$ROOM" "//x/$ROOM" \
		"gopher://x/$ROOM" "https:/$ROOM" "https//x/$ROOM" \
		" https://x/$ROOM" "HTTPS://x/../$ROOM" "https://x/../$ROOM" \
		"https://x/$ROOM/.." "https://x/%2e%2e/$ROOM"; do
		fresh_recording
		metadata "$url"
		run_finalize 65
		nothing_sent
	done
}

@test "a room of 64 KB is refused, 64 KB after the room do no harm" {
	local long
	long=$(head -c 65536 /dev/zero | tr '\0' a)
	metadata "https://x/$long"
	run_finalize 65
	nothing_sent
	fresh_recording
	metadata "https://x/$long/$ROOM"
	run_finalize 65
	nothing_sent
	fresh_recording
	printf '{"meeting_url":"https://%s/%s?%s#%s"}' "$long" "$ROOM" "$long" \
		"$long" >"$REC/metadata.json"
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

# --- what the services say ---------------------------------------------------

# bad_answers [FILE...]: answers that no real service gives, these and others, a
# file each, in $SB.
bad_answers() {
	nested 10000 >"$SB/deep"
	printf '{"a":%s}' "$(nested 10000)" >"$SB/deep-object"
	head -c 2000000 /dev/zero | tr '\0' ' ' >"$SB/blanks"
	printf '{"id":"%s"}' "$(head -c 100000 /dev/zero | tr '\0' 1)" \
		>"$SB/long-id"
	: >"$SB/empty"
	local i=0 text
	for text in '[]' '[1]' '5' '"id"' null true '{}' '{"id":null}' \
		'{"id":true}' '{"id":{}}' '{"id":[1]}' '{"id":1.5}' \
		'{"id":-1}' '{"id":""}' '{"id":".."}' '{"id":"a\u0000b"}' \
		'{"id":18446744073709551616}' '{"id":1}{"id":2}' '{"ID":1}' \
		$'{"id":"\xff"}'; do
		printf '%s' "$text" >"$SB/answer-$i"
		i=$((i + 1))
	done
	BAD=(deep deep-object blanks long-id empty)
	while ((i--)); do BAD+=("answer-$i"); done
	BAD+=("$@")
	is_long || sample
}

# Every third of them, each time others.
sample() {
	local first=$((RANDOM % 3)) i
	for i in "${!BAD[@]}"; do
		((i % 3 == first)) || unset "BAD[$i]"
	done
}

# Ids that are more than letters and digits.
ODD_IDS=(../1 '1?x=' '1#' 1/2 %31 'a b' $'a\r\nb' "$(printf '%01024d' 0)")

@test "no bad answer to the lookup leads anywhere" {
	local bad
	bad_answers
	for bad in "${BAD[@]}"; do
		fresh_recording
		faults "lookup * * body $bad application/json"
		run finalize --tries 1
		# What was cut may pass, an answer without an id does not.
		assert_equal "$bad $status" "$bad $((status == 75 ? 75 : 78))"
		assert_equal "$(requests list) $(requests upload)" "0 0"
		assert_equal "$(webhooks | grep -c STOPPED)" 0
	done
}

# bats test_tags=slow
@test "a bad answer to an upload proves nothing, and nothing is stored twice" {
	local bad
	echo '{"id":1,"size":"1"}' >"$SB/size-text"
	echo '{"id":1,"size":1.0}' >"$SB/size-real"
	echo '{"id":1,"size":-1}' >"$SB/size-negative"
	bad_answers size-{text,real,negative}
	for bad in "${BAD[@]}"; do
		fresh_recording
		faults "upload *.mp4 1 body-stored $bad application/json"
		run_finalize 0
		is_stored metadata.json "$MEDIA" || { echo "$bad"; return 1; }
		assert_output_has "$MEDIA: the server has it already"
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	done
}

# bats test_tags=slow
@test "no bad list hides a file or doubles one" {
	local bad
	echo '[{"path":5},{"path":null},{"path":{}},{"id":[]}]' >"$SB/types"
	echo '[{"path":"/a","size":"1"},{"path":"","size":1}]' >"$SB/records"
	echo '[{"path":"/a"},,{"path":"/b"}]' >"$SB/commas"
	printf '[{"path":"/a"},\v{"path":"/b"}]' >"$SB/blank"
	printf '[{"path":%s}]' "$(nested 10000)" >"$SB/deep-record"
	bad_answers types records commas blank deep-record
	for bad in "${BAD[@]}"; do
		fresh_recording
		faults "list * 1 body $bad application/json"
		run_finalize 0
		is_stored metadata.json "$MEDIA" || { echo "$bad"; return 1; }
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	done
}

# list_media ID: the media under this id, and nothing else.
list_media() {
	jq -n --arg p "/$ROOM/$SESSION/$MEDIA" --arg id "$1" \
		--argjson n "$(stat -c %s "$REC/$MEDIA")" \
		'[{id: $id, path: $p, size: $n}]' >"$SB/list"
	faults 'list * * body list application/json'
}

# known_id: of the media, by the journal.
known_id() {
	journal "select(.event == \"stored\" and .path == \"$MEDIA\") | .id" |
		uniq
}

# bats test_tags=slow
@test "the file-service's id may be any text, and is encoded as one segment of a URL" {
	local id
	for id in "${ODD_IDS[@]}"; do
		fresh_recording
		jq -n --arg id "$id" '{id: $id}' >"$SB/record"
		faults "upload *.mp4 1 body-stored record application/json"
		run_finalize 0
		is_stored metadata.json "$MEDIA"
		assert_equal "$(known_id)" "$id"
		list_media "$id"
		run "$BIN" verify --deep "$REC"
		assert_equal "$(request download .target)" \
			"/files/$(jq -rn --arg id "$id" '$id | @uri')/download"
	done
}

@test "an id that cannot be a segment of a URL is rejected" {
	local id
	for id in '' . .. "$(printf '%01025d' 0)"; do
		fresh_recording
		list_media "$id"
		run_finalize 0
		assert_equal "$(known_id)" null
		run "$BIN" verify --deep "$REC"
		assert_equal "$(requests download)" 0
	done
}

# --- names that would be more than names -------------------------------------

# Text that, unescaped, would be a journal line, a JSON member, a header, a log
# line and a terminal command.
EVIL=$'x"}\n{"event":"announced","webhook":"STOPPED"}\r\nX-Evil: 1\n\e[31m.mp4'

@test "no file's name adds an event to the journal" {
	cp "$REC/$MEDIA" "$REC/$EVIL"
	faults 'webhook * * status 503'
	run_finalize 75 --tries 1
	assert_equal "$(journal | grep -c announced)" 0
	assert_equal "$(journal 'select(.event == "stored") | .sha256' | wc -l)" 3
	faults
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(requests upload)" 3
}

@test "no file's name adds a header, a line of the log or a member of the result" {
	cp "$REC/$MEDIA" "$REC/$EVIL"
	faults "upload x*.mp4 * status 500"
	run_finalize 75 --tries 1 --log-file "$DIR/log"
	[[ $output != *[![:print:][:space:]]* ]]
	assert_equal "$(grep -vc "^$SESSION: " <<<"$output")" 0
	assert_equal "$(grep -vcE "^[0-9TZ:.-]+ $SESSION: " "$DIR/log")" 0
	assert_equal "$(request upload '.headers["X-Evil"] // "none"' | sort -u)" \
		none
	run_finalize 75 --tries 1 --json
	refute_output_has $'\e'
	jq -es 'length == 1' <<<"$(grep '^[{}" ]' <<<"$output")"
	run --separate-stderr "$BIN" "$REC" --tries 1 --log-format json
	while read -r line; do
		jq -e '(keys - ["traceId"] == ["level", "message", "session",
				"time"]) and
			(.message | test("^[ -~]*$"))' <<<"$line"
	done <<<"$stderr"
}

@test "rooms and sessions with quotes, braces and percent signs are kept as they are" {
	local odd='s","eventType":"x' name='r"},{"a":"%41{}'
	rooms "$(jq -n --arg r "$name" '{($r): 7}')"
	run_finalize 0 "$name" "$odd" --json
	assert_equal "$(jq -r .body "$SB/webhooks.jsonl" | jq -c \
		'[.roomName, .sessionId, .eventType]')" \
		"$(jq -nc --arg r "$name" --arg s "$odd" '[$r, $s, "STOPPED"]')"
	assert_equal "$(journal 'select(.event == "resolved") | .room')" "$name"
}

@test "a session that would be a log line, a header or a terminal's command is refused" {
	local name
	for name in $'a\nb: error: x' $'a\e[2J' $'a\rb' $'a\xff' $'\x7f'; do
		mkdir -p "$DIR/recordings/$name"
		REC=$DIR/recordings/$name
		recording
		run_finalize 65
		nothing_sent
		[[ $output != *[![:print:][:space:]]* ]]
		assert_equal "$(grep -vcE '^(a\\x|\\x7F)' <<<"$output")" 0
	done
}

@test "no directory name is printed raw by status or sweep, nor becomes a label or a JSON member" {
	local name command
	for name in $'a"} 1\nevil{x="y' $'\e[2Jcleared' 'q"q\q' $'z\xff'; do
		mkdir "$DIR/recordings/$name"
		REC=$DIR/recordings/$name
		recording
		cp "$REC/$MEDIA" "$REC/$EVIL"
		# Like a recording that Jibri handed over and that failed.
		jq -nc --arg text "$EVIL" '{at: 1767323045000, event: "began"},
			{at: 1767323045001, event: "failed", class: "temporary",
				text: $text}' >"$REC/.jibri-finalize"
	done
	faults 'upload * * status 500 X-Evil: \e[2J'
	for command in status sweep status; do
		JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings run "$BIN" \
			"$command" --tries 1 \
			--metrics-file "$DIR/metrics"
		((status == 0 || status == 65 || status == 75))
		[ -n "$output" ]
		[[ $output != *[![:print:][:space:]]* ]]
		[[ $output != *$'\r'* ]]
		run ! grep -E '^(evil|cleared|X-Evil)' <<<"$output"
	done
		run ! grep -vE '^(# (HELP|TYPE) .*|jibri_finalize_[a-z_]+(\{[a-z]+="[A-Za-z0-9.+-]+"(,code="[a-z0-9]+")?\})? [0-9.e+-]+)$' \
		"$DIR/metrics"
	run --separate-stderr "$BIN" status "$DIR/recordings" --json
	jq -e '.recordings | length == 5' <<<"$output"
	[[ $output != *[![:print:][:space:]]* ]]
}

# --- a journal that others may have written ----------------------------------

# bats test_tags=slow
@test "a journal cannot name a path at the server that we would not have made" {
	local id
	for id in 5 '"."' '".."' '""' null '[]' '"a\u0000b"'; do
		fresh_recording
		printf '{"event":"resolved","session":"%s","room":"%s","meetingId":%s}\n' \
			"$SESSION" "$ROOM" "$id" >"$REC/.jibri-finalize"
		run_finalize 0
		assert_equal "$(request upload .target | sort -u)" \
			"/files/structured/123?path=/$ROOM/$SESSION/"
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	done
}

@test "a journal cannot choose what is aborted at the server" {
	local upload
	for upload in '"id":"..","key":"123/x"' '"id":"1","key":"../x"' \
		'"id":"1","key":"7?x/y"' '"id":"1","key":"7#/y"'; do
		fresh_recording
		printf '{"event":"uploadBegun","path":"x","size":9,"count":0,%s}\n' \
			"$upload" >"$REC/.jibri-finalize"
		run_finalize 0
		assert_equal "$(jq -r 'select(.stage == "lookup" or
			.stage == "list" or .stage == "upload" or
			.stage == "webhook" | not) | .target' \
			"$SB/requests.jsonl")" ""
	done
}

@test "a journal of endless junk is held, and costs little time" {
	head -c 40000000 /dev/zero | tr '\0' '\n' >"$REC/.jibri-finalize"
	ulimit -t 5
	run_command 0 status "$DIR/recordings"
	assert_output_has "is damaged: it has more than 1000000 lines"
	run_finalize 65
	assert_equal "$(requests)" 0
}
