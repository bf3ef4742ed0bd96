#!/usr/bin/env bats
# Servers that others wrote: lists and records in every form, names that
# parsers change, ids of any kind, and what a server says when it refuses.

load lib

setup() {
	common_setup
	recording
}

teardown() { common_teardown; }

# there_once [SANDBOX_FLAG...]: on such a server each file is stored once,
# whatever is run, and the server can prove it.
there_once() {
	start_sandbox "$@"
	run_finalize 0
	refute_output_has warning
	is_stored metadata.json "$MEDIA"
	run_command 0 upload "$REC"
	run_command 0 verify --deep "$REC"
	assert_output_has "2 the same"
	# Without a journal only the list can tell.
	rm "$REC/.jibri-finalize"
	run_finalize 0
	refute_output_has warning
	assert_output_has "the server has it already"
	assert_equal "$(requests upload)" 2
	assert_equal "$(request list '.status' | sort -u)" 200
}

# --- the form of lists and records -------------------------------------------

# bats test_tags=slow
@test "a list is found inside any wrapper" {
	local shape
	for shape in data items results embedded page model attributes \
		data,attributes,strings; do
		fresh "$shape"
		there_once --shape "$shape"
	done
}

# fresh NAME: another server and another recording.
fresh() {
	stop_sandbox
	rm -rf "$SB"
	mkdir "$SB"
	rooms "{\"$ROOM\": 123}"
	another_recording "$1"
}

# bats test_tags=slow
@test "a list in pages is read to its end" {
	local shape
	for shape in page page,from-one model slice slice,from-one link \
		results,next model,strings,bom link,html; do
		fresh "${shape//,/-}"
		there_once --shape "$shape" --page-size 1
		# The second page of the last list, and no third one.
		assert_equal "$(request list .target | tail -n 2 |
			grep -c 'page=[12]$')" 1
	done
}

@test "a list in many pages is read to its end" {
	local i
	for i in {1..30}; do echo "$i" >"$REC/$i.txt"; done
	start_sandbox --shape page --page-size 7
	run_finalize 0
	rm "$REC/.jibri-finalize"
	run_finalize 0
	assert_equal "$(requests upload)" 32
	assert_equal "$(request list .target | grep -c 'page=4$')" 1
	run_command 0 verify --deep "$REC"
	# A page that fails is requested again.
	faults 'list *page=3 2 status 503' 'list *page=4 1 truncate'
	run_command 0 verify "$REC"
	assert_output_has "32 the same"
	rm "$REC/.jibri-finalize"
	faults 'list *page=3 1 status 503' 'list *page=4 1 truncate'
	run_finalize 0
	assert_equal "$(requests upload)" 32
	run_command 0 upload --dry-run "$REC"
	assert_output_has "32"
}

@test "a missing page is not the end of the list" {
	echo x >"$REC/x.txt"
	start_sandbox --shape page --page-size 2
	run_finalize 0
	faults 'list *page=1 * status 503'
	run_command 75 verify --tries 2 "$REC"
	run_command 75 upload --tries 2 "$REC"
	faults 'list *page=1 * truncate'
	run_command 75 verify --tries 2 "$REC"
	faults 'list *page=1 * body empty.json'
	: >"$SB/empty.json"
	run_command 78 verify --tries 2 "$REC"
	assert_equal "$(requests upload)" 3
}

@test "pages of another server are not requested" {
	local shape
	for shape in link,astray results,next,astray; do
		fresh "${shape//,/-}"
		start_sandbox --shape "$shape" --page-size 1
		run_finalize 0
		JIBRI_FINALIZE_TOKEN=t0ken run_command 78 verify "$REC"
		assert_output_has "continues at http://127.0.0.1:9/"
	done
}

@test "a server that repeats a page is not believed" {
	start_sandbox --shape page --page-size 1
	run_finalize 0
	echo '{"content": [], "number": 0, "totalPages": 2}' >"$SB/stuck"
	faults 'list * * body stuck'
	run_command 78 verify "$REC"
	assert_output_has "is page 0 of 2, not page 1"
	echo '{"content": [], "totalPages": 2}' >"$SB/stuck"
	run_command 78 verify "$REC"
	(($(requests list) <= 4))
}

# bats test_tags=slow
@test "numbers may be strings or floats, and ids any text" {
	local shape
	for shape in strings floats odd-ids; do
		fresh "$shape"
		# The meeting's ID too.
		rooms "{\"$ROOM\": 123}"
		there_once --shape "$shape"
	done
	assert_equal "$(request download .target | cut -d/ -f3 | sort | xargs)" \
		"f%3A1%2B2.0%20%C3%A9%3F%26%3D1 f%3A1%2B2.0%20%C3%A9%3F%26%3D2"
}

# bats test_tags=slow
@test "a BOM, an HTML content type, odd elements and wrapped records do no harm" {
	local shape
	for shape in bom html bad data,bom,html,bad,floats; do
		fresh "${shape//,/-}"
		there_once --shape "$shape"
	done
}

# bats test_tags=slow
@test "a meeting's ID may be any text, and is encoded as one segment of a URL" {
	local id encoded
	start_sandbox
	for id in 'a.b:c+d' 'a b?x=1&y#' 'é' '..x' '%2e' $'a\nb\e' \
		"$(printf '%01024d' 0)"; do
		encoded=$(jq -rn --arg id "$id" '$id | @uri')
		another_recording "id-${encoded:0:50}"
		rooms "$(jq -n --arg r "$ROOM" --arg id "$id" '{($r): $id}')"
		run_finalize 0
		is_stored metadata.json "$MEDIA"
		assert_equal "$(request list .target | tail -n 1)" \
			"/metadata?referenceId=$encoded"
		assert_equal "$(request upload '.target | split("?")[0]' |
			tail -n 1)" "/files/structured/$encoded"
		run_command 0 verify --deep "$REC"
		# It is always shown as one line of text.
		run ! grep -q $'[\e]\|^b' <<<"$output"
		run_command 0 status --json "$DIR/recordings"
		assert_equal "$(jq -r --arg s "$SESSION" '.recordings[] |
			select(.session == $s).meetingId' <<<"$output")" "$id"
	done
}

@test "the server is asked not to compress" {
	start_sandbox
	run_finalize 0
	run_command 0 verify --deep "$REC"
	assert_equal "$(jq -r '.headers["accept-encoding"]' \
		"$SB/requests.jsonl" | sort -u)" identity
}

# --- what is not understood --------------------------------------------------

@test "a list that is not understood is a configuration error that shows it" {
	local text
	start_sandbox
	run_finalize 0
	for text in 'OK' '{"files": []}' '<files><file/></files>' '"x"' '' \
		$'a\tb' '{"content": 5}'; do
		printf %s "$text" >"$SB/odd"
		faults 'list * * body odd'
		run_command 78 verify "$REC"
		assert_output_has "is not a list in JSON: $(printf %s \
			"${text:-(empty)}" | sed 's/\t/\\x09/g')"
		run_command 78 upload "$REC"
	done
	assert_equal "$(requests upload)" 2
}

@test "a failure in an answer of 200 is not a meeting, whatever its ID" {
	local text
	start_sandbox
	for text in '{"status": 404, "message": "none", "id": 0}' \
		'{"success": false, "id": 5}' '{"error": "none", "id": 5}'; do
		printf %s "$text" >"$SB/odd"
		faults 'lookup * * body odd'
		run_finalize 78
		assert_output_has ": $text"
	done
	assert_equal "$(requests upload)" 0
	echo '{"id": 5, "status": 1, "error": null, "success": true}' >"$SB/odd"
	run_finalize 0
}

@test "the first 200 bytes of an answer are shown, escaped, without our secrets" {
	start_sandbox
	run_finalize 0
	printf '\037\213\010\000%s' "$CANARY t0ken" >"$SB/secret-odd"
	head -c 100000 /dev/zero | tr '\0' x >>"$SB/secret-odd"
	faults 'list * * body secret-odd'
	JIBRI_FINALIZE_TOKEN=t0ken run_command 78 verify "$REC"
	assert_output_has '\x1F\x8B\x08?'
	refute_output_has t0ken
	refute_output_has "$(printf '%0201d' 0 | tr 0 x)"
	assert_output_has "$(printf '%0100d' 0 | tr 0 x)"
}

@test "a list that is not understood is requested again while an outcome is unknown" {
	start_sandbox
	echo OK >"$SB/odd"
	faults "upload $MEDIA 1 drop-stored" 'list * 2 body odd'
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 2
}

# bats test_tags=slow
@test "a room that is not understood is a configuration error that shows it" {
	local text
	start_sandbox
	for text in 'OK' '{"meeting": 12}' '{"id": []}' '[]' '<room id="1"/>' \
		'[{"id": 5, "name": "other"}]' \
		'{"data": [{"id": 5, "roomName": "other"}]}' \
		'{"id": 5, "roomName": "other"}' '{"id": 5, "room": "other"}'; do
		printf %s "$text" >"$SB/odd"
		faults 'lookup * * body odd'
		run_finalize 78
		assert_output_has ": $text"
		assert_equal "$(requests list) $(requests upload)" "0 0"
	done
	# A title, or the room in another case, does not count.
	echo "{\"id\": 123, \"name\": \"A title\", \"roomName\": \"${ROOM^^}\"}" \
		>"$SB/odd"
	run_finalize 0
	another_recording titled
	echo '{"data": {"id": 123, "name": "A cut title \ud83d"}}' >"$SB/odd"
	run_finalize 0
}

# partly ANSWER...: none of these is taken for the whole list, and nothing is
# sent twice; the answer is shown.
partly() {
	local text
	for text in "$@"; do
		printf %s "$text" >"$SB/odd"
		faults "list * * ${STATUS:-body} odd"
		run_command 78 verify "$REC"
		assert_output_has "${text:0:60}"
		run_command 78 upload "$REC"
	done
	assert_equal "$(requests upload)" 2
}

# bats test_tags=slow
@test "a part of a list is not taken for the whole" {
	local one
	start_sandbox
	run_finalize 0
	one=[$(curl -s "$URL/metadata?referenceId=123" | jq -c '.[0]')]
	partly "{\"total\": 2, \"items\": $one}" \
		"{\"data\": $one, \"meta\": {\"total_count\": \"2\"}}" \
		"{\"results\": $one, \"hasMore\": true}" \
		"{\"items\": $one, \"nextPageToken\": \"x\"}" \
		"{\"items\": $one, \"metadata\": {\"continue\": \"x\"}}" \
		"{\"data\": $one, \"per_page\": 1}"
	STATUS='status-body 206' partly "$one"
	# Without paging this is the whole list.
	fresh counted
	start_sandbox --shape counted --page-size 1
	run_finalize 0
	run_command 78 verify "$REC"
	assert_output_has "only a part of the list"
	run_command 78 upload "$REC"
	assert_equal "$(requests upload)" 2
}

# bats test_tags=slow
@test "a failure, several lists, or incomprehensible elements are not a list" {
	local all one
	start_sandbox
	run_finalize 0
	all=$(curl -s "$URL/metadata?referenceId=123" | jq -c .)
	partly '{"data": null, "errors": [{"message": "down"}]}' \
		'{"success": false, "data": []}' \
		'{"status": 500, "content": null}' \
		"{\"results\": [], \"items\": $all}" \
		"{\"_embedded\": {\"warnings\": [], \"files\": $all}}" \
		"{\"_links\": {}, \"files\": $all}" \
		"{\"data\": null, \"files\": $all}" \
		"$(jq -c 'map(.id)' <<<"$all")" \
		"$(jq -c 'map({file: .})' <<<"$all")"
	# These are empty, and clearly so.
	for one in '[]' 'null' '{"data": null}' '{"data": [], "errors": []}' \
		'{"_links": {}, "page": {"totalElements": 0}}'; do
		printf %s "$one" >"$SB/odd"
		run_command 65 verify "$REC"
		assert_output_has "2 missing"
	done
}

@test "a list that loops is not understood" {
	start_sandbox --shape circle
	run_finalize 0
	run_command 78 verify "$REC"
	assert_output_has "goes in circles"
	(($(requests list) < 20))
	run_command 78 upload "$REC"
	assert_equal "$(requests upload)" 2
}

# --- why a server refuses ----------------------------------------------------

# says BODY TEXT [TYPE]: for a 422 with this body log, status and FAILED show
# this text.
says() {
	printf %s "$1" >"$SB/secret-why"
	another_recording "why-$((++SAID))"
	faults "upload * * status-body 422 secret-why ${3-application/json}"
	run_finalize 65
	assert_output_has "HTTP 422: $2"
	"$BIN" status --json "$DIR/recordings" |
		jq -r '.recordings[].lastError // empty' >"$DIR/status"
	grep -qF "HTTP 422: $2" "$DIR/status"
	assert_equal "$(webhooks | tail -n 1 | grep -cF "HTTP 422: $2")" 1
}

# bats test_tags=slow
@test "the reason of a refusal is in the log, in status and in FAILED" {
	start_sandbox
	says '{"message": "quota exceeded", "error": "Unprocessable"}' \
		'quota exceeded'
	says '{"status": 422, "error": "too many files", "detail": "x"}' \
		'too many files'
	says '{"type": "about:blank", "title": "Full", "detail": "disk full"}' \
		'disk full' application/problem+json
	says '{"title": "Full"}' 'Full'
	says '{"error": {"code": 7, "message": "inner"}}' inner
	says '{"message": ["first", "second"]}' first
	says '{"message": "", "error": "fallback"}' fallback
	says '{"errors": ["too long", {"detail": "no room"}]}' \
		'too long; no room'
	says '{"title": "Invalid", "errors": {"path": ["too long"]}}' \
		'Invalid; too long' application/problem+json
	says '{"message": "bad", "errors": [{"defaultMessage": "not blank"}]}' \
		'bad; not blank'
	says '"a string"' 'a string'
	says 'plain   text
of two lines' 'plain text of two lines' text/plain
	says '<html><head><title>Oops</title></head><p>no <b>room</b></html>' \
		'Oops no room' text/html
}

@test "a reason is one line of at most 200 characters" {
	start_sandbox
	says "{\"message\": \"$(printf '%0300d' 0)\"}" "$(printf '%0200d' 0)"
	refute_output_has "$(printf '%0201d' 0)"
	says '{"message": "a\u001b[31m\nb\u0000c"}' 'a [31m b'
	printf '{"message": "%s"}' "$(printf 'é%.0s' {1..100})" >"$SB/secret-why"
	faults 'upload * * status-body 422 secret-why'
	another_recording accents
	run_finalize 65
	assert_output_has "HTTP 422: $(printf '\\xC3\\xA9%.0s' {1..25})"
	refute_output_has "$(printf '\\xC3\\xA9%.0s' {1..26})"
}

@test "no reason shows one of our secrets" {
	start_sandbox --oauth jibri c1ient
	export JIBRI_FINALIZE_OAUTH_TOKEN_URL=$URL/oauth/token
	export JIBRI_FINALIZE_OAUTH_CLIENT_ID=jibri
	export JIBRI_FINALIZE_OAUTH_CLIENT_SECRET=c1ient
	says "{\"message\": \"not $CANARY, not c1ient\"}" \
		"not $(tr -c '' '*' <<<"${CANARY:1}"), not ******"
	# A fetched token is not in any setting.
	run_finalize 65
	jq -r 'select(.stage == "upload") | .headers.authorization' \
		"$SB/requests.jsonl" | tail -n 1 | cut -d' ' -f2 >"$DIR/secret"
	[ -s "$DIR/secret" ]
}

# bats test_tags=slow
@test "no reason shows a secret in another encoding, nor anybody's credentials" {
	local text
	start_sandbox
	export JIBRI_FINALIZE_FILE_SERVICE_TOKEN='t0k/en+A"&b=='
	for text in 't0k\/en+A\"&b==' 't0k\u002fen+A\u0022&b==' \
		't0k%2Fen%2BA%22%26b%3d%3D' 't0k&#47;en&#x2B;A&quot;&amp;b==' \
		"$(printf %s "$JIBRI_FINALIZE_FILE_SERVICE_TOKEN" | base64)" \
		"$(printf %s "$JIBRI_FINALIZE_FILE_SERVICE_TOKEN" | base64 |
			tr +/ -_)" 'Bearer xyz.ABC-1' 'basic dXNlcjpwYXNz'; do
		says "{\"why\": {\"x\": \"<$text>\"}}" '{"why": {"x": "'
		refute_output_has "$text"
		run ! grep -rF -e "$text" "$REC/.jibri-finalize" \
			"$SB/webhooks.jsonl"
	done
	# This is an ordinary sentence.
	says '{"message": "Bearer token, Basic authentication"}' \
		'Bearer token, Basic authentication'
}

@test "directional characters from a server or a name do not reorder the text of FAILED" {
	start_sandbox
	says '{"message": "a\u202eb\u2066c\u009bd\u200fe\u001bf"}' 'a b c d e f'
	echo x >"$REC/"$'a\u202eb.txt'
	faults 'upload a*.txt * status 422'
	run_finalize 65
	run ! grep -qP '\x{202e}|\\u202e' "$SB/webhooks.jsonl"
}

@test "a refusal without a reason shows none" {
	start_sandbox
	faults 'upload * * status 422'
	run_finalize 65
	assert_output_has "files/structured/123: HTTP 422"
	run ! grep -q 'HTTP 422:' <<<"$output"
}

@test "the reason is shown for a lookup, a list, a webhook and a token" {
	start_sandbox
	echo '{"message":"why not"}' >"$SB/secret-why"
	faults 'lookup * * status-body 403 secret-why'
	run_finalize 77
	assert_output_has "HTTP 403: why not"
	faults 'list * * status-body 503 secret-why'
	run_finalize 0 --tries 1
	assert_output_has "HTTP 503: why not"
	fresh other
	start_sandbox
	echo '{"message":"why not"}' >"$SB/secret-why"
	faults 'webhook * * status-body 500 secret-why'
	run_finalize 75 --tries 1
	assert_output_has "HTTP 500: why not"
}

# --- Expect ------------------------------------------------------------------

@test "a server that refuses Expect gets this file and all others without it" {
	local fault
	for fault in 'unexpected 417' 'unexpected-late 417'; do
		fresh "${fault// /-}"
		sparse "$REC/$MEDIA" 3000000
		sparse "$REC/two.mp4" 3000001
		sparse "$REC/three.mp4" 3000002
		start_sandbox
		faults "upload * * $fault"
		JIBRI_FINALIZE_PARALLEL=1 run_finalize 0
		is_stored metadata.json "$MEDIA" two.mp4 three.mp4
		assert_equal "$(request upload 'select(.headers.expect) |
			.status')" 417
		assert_equal "$(request upload 'select(.status == 200) |
			.headers.expect' | sort | uniq -c | xargs)" "4 null"
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	done
}

@test "417 to a request without Expect is an ordinary error" {
	start_sandbox
	faults 'upload * * status 417'
	run_finalize 65
	(($(requests upload) <= 4))
}

# --- names -------------------------------------------------------------------

@test "names that some parser changes arrive under a safe name, and the log says so once" {
	local name names=('=?utf-8?B?Li4vLi4vZXZpbA==?=' ' first.txt'
		'last .txt ' ' ' 'a"b.txt' 'a%22b.txt' 'Q&A.txt' '&lt;.txt'
		'%2e%2e%2fevil' '%00.txt' '%0d%0aX: y.txt' 'a\b'
		'"; filename="x.txt' 'b%c3%bcro_2026.mp4' $'\u00a0nbsp.txt'
		$'ideographic\u3000.txt' $'zero\u200bwidth.txt')
	for name in "${names[@]}"; do echo "$name" >"$REC/$name"; done
	mkdir "$REC/ folder "
	echo x >"$REC/ folder /x.txt"
	start_sandbox
	faults 'upload * 1 status 503'
	run_finalize 0
	assert_equal "$(grep -c 'not every server keeps this name' \
		<<<"$output")" 18
	assert_equal "$(stored | wc -l)" 20
	run ! grep -qP '=\?|^ | $|["&\\]|%[0-7]|[^\x20-\x7e]' <<<"$(stored)"
	run_command 0 verify --deep "$REC"
	run_command 0 upload "$REC"
	refute_output_has "keeps this name"
	rm "$REC/.jibri-finalize"
	run_finalize 0
	assert_equal "$(requests upload)" 21
}

@test "a file that an earlier version stored under a name replaced today is not sent again" {
	local old='b%c3%bcro.txt'
	mkdir "$REC/sub"
	echo one >"$REC/$old"
	echo two >"$REC/sub/$old"
	start_sandbox
	curl -sSf -o /dev/null -F "file=@$REC/$old" \
		"$FILE_SERVICE_URL/files/structured/123?path=/$ROOM/$SESSION/"
	curl -sSf -o /dev/null -F "file=@$REC/sub/$old" \
		"$FILE_SERVICE_URL/files/structured/123?path=/$ROOM/$SESSION/sub/"
	run_finalize 0
	assert_equal "$(requests upload)" 4
	is_stored metadata.json "$MEDIA" "$old" "sub/$old"
	run_command 0 verify --deep "$REC"
	assert_output_has "4 the same"
	# A file that is gone here is shown under its name at the server.
	rm "$REC/sub/$old"
	run_command 65 verify "$REC"
	assert_output_has "/sub/$old"
}

# --- downloads ---------------------------------------------------------------

@test "verify --deep compares bytes, whatever the content type" {
	# A recorded file that is a web page.
	printf '<!DOCTYPE html>\n<html><title>Chat</title></html>\n' \
		>"$REC/chat.html"
	start_sandbox --shape html
	run_finalize 0
	run_command 0 verify --deep "$REC"
	# The page of a captive portal is not such a file.
	faults 'download * * html'
	run_command 78 verify --deep "$REC"
	assert_output_has "HTML page"
}

# --- one file for two names ---------------------------------------------------

@test "if the server keeps one file for two artifacts, neither counts as stored" {
	local shape
	for shape in folded folded,new-ids; do
		fresh "$shape"
		keeps_one "$shape"
	done
}

keeps_one() {
	local text="the server keeps one file for Notes.txt and notes.txt"
	: >"$SB/requests.jsonl"
	start_sandbox --shape "$1"
	echo one >"$REC/Notes.txt"
	echo two >"$REC/notes.txt"
	run_finalize 65
	assert_output_has "$text: rename one of them"
	assert_equal "$(webhooks | cut -d: -f1)" "FAILED $ROOM $SESSION $text"
	# Whatever is run, it is neither believed nor sent again and again.
	run_command 65 upload "$REC"
	assert_output_has "$text"
	run_command 65 verify "$REC"
	mv "$REC/notes.txt" "$REC/other.txt"
	run_command 0 upload "$REC"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
	cmp "$REC/Notes.txt" "$SB/store/$ROOM/$SESSION"/[Nn]otes.txt
	cmp "$REC/other.txt" "$SB/store/$ROOM/$SESSION/other.txt"
	run_command 0 verify --deep "$REC"
}
