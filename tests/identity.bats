#!/usr/bin/env bats
# Whose recording is it?  Session, room and meeting id, and that nobody but
# the operator can redirect a recording.

load lib
setup() {
	common_setup
	sessions=0
	start_sandbox
	recording
}
teardown() { common_teardown; }

# One more recording in the same test: of another session, as the server has
# not forgotten the last one.
fresh_recording() {
	rm -rf "$REC" "$SB"/*.jsonl
	SESSION=session-$((++sessions))
	REC=$DIR/recordings/$SESSION
	mkdir -p "$REC"
	recording
}

# is_delivered ROOM ID WIRE: lookup, path and webhook agree on the room.
is_delivered() {
	assert_equal "$(request lookup .target)" "/api/meetings/room/$3" &&
		assert_equal "$(request upload .target | sort -u)" \
			"/files/structured/$2?path=/$3/$SESSION/" &&
		assert_equal "$(ROOM=$1; stored | wc -l)" \
			"$(find "$REC" -type f ! -name '.*' | wc -l)" &&
		assert_equal "$(webhooks)" "STOPPED $1 $SESSION"
}

nothing_sent() {
	assert_equal "$(requests)" 0
	assert_equal "$(webhooks)" ""
}

# rewrite SCRIPT: metadata.json with a change that no JSON writer makes.
rewrite() {
	sed -i "$1" "$REC/metadata.json"
}

# --- the room in meeting_url -------------------------------------------------

@test "a tenant's room is one string in lookup, path and webhook, and Tomcat takes it" {
	rooms '{"[sales]stand-up": 7}'
	metadata https://meet.example.org/sales/stand-up
	run_finalize 0
	is_delivered '[sales]stand-up' 7 %5Bsales%5Dstand-up
}

@test "room-format decides how tenant and room become one name" {
	rooms '{"stand-up.sales": 7}'
	metadata https://meet.example.org/sales/stand-up
	run_finalize 0 --room-format '{room}.{tenant}'
	is_delivered stand-up.sales 7 stand-up.sales
}

@test "query, fragment and a trailing slash are no part of the room" {
	local tail
	for tail in '/' '?jwt=a/b' '#config.x=1/2' '/?a=1#b' '?#' '#?/'; do
		fresh_recording
		metadata "https://meet.example.org/$ROOM$tail"
		run_finalize 0
		is_delivered "$ROOM" 123 "$ROOM"
	done
}

@test "what stands before the base path's end is neither tenant nor room" {
	metadata "https://meet.example.org/jitsi/deep/$ROOM"
	run_finalize 0 --base-path /jitsi/deep/
	is_delivered "$ROOM" 123 "$ROOM"
}

@test "a meeting_url outside of the base path names no room" {
	metadata "https://meet.example.org/$ROOM"
	run_finalize 65 --base-path /jitsi
	nothing_sent
	assert_output_has "unknown room"
}

@test "three segments or none are an unknown room, and nothing is sent" {
	local path
	for path in a/b/c '' / '?room=x' '#x'; do
		fresh_recording
		metadata "https://meet.example.org/$path"
		run_finalize 65
		nothing_sent
		assert_output_has "unknown room"
	done
}

@test "a room with blanks and foreign letters is encoded once on the wire" {
	rooms '{"my été": 9}'
	metadata https://meet.example.org/my%20%c3%a9t%c3%a9
	run_finalize 0
	is_delivered "my été" 9 my%20%C3%A9t%C3%A9
}

@test "the room is decoded once, not twice" {
	rooms '{"a%2fb": 9, "a/b": 10}'
	metadata https://meet.example.org/a%252fb
	run_finalize 0
	is_delivered "a%2fb" 9 a%252fb
}

@test "a room that would leave its folder or split a line is refused with nothing sent" {
	local name
	for name in a%2Fb .. . %2e%2e %2E a%00b a%0ab %1b%5b31m a%7f a%zz a% \
		%ff ../x tenant/.. ../room tenant/a%2fb x%2f../room; do
		fresh_recording
		metadata "https://meet.example.org/$name"
		run_finalize 65
		nothing_sent
		[[ $output != *[![:print:][:space:]]* ]]
	done
}

@test "a meeting_url that is none names no room" {
	local url
	for url in "$ROOM" "ftp://meet.example.org/$ROOM" "file:///$ROOM" ""; do
		fresh_recording
		metadata "$url"
		run_finalize 65
		nothing_sent
	done
}

# --- the arguments and the journal -------------------------------------------

@test "ROOM and SESSION of the command line win over metadata.json and the directory" {
	rooms '{"other room": 5}'
	run_finalize 0 "other room" ses-1
	assert_equal "$(request upload .target | sort -u)" \
		'/files/structured/5?path=/other%20room/ses-1/'
	assert_equal "$(webhooks)" "STOPPED other room ses-1"
}

@test "a ROOM or SESSION argument that cannot be is a usage error, and nothing is sent" {
	local bad
	for bad in a/b .. . "" $'a\nb' $'a\xff'; do
		run_finalize 64 "$bad"
		run_finalize 64 "$ROOM" "$bad"
	done
	nothing_sent
}

@test "room and session that were given once are remembered by the journal" {
	rooms '{"other room": 5}'
	faults "webhook * * status 503"
	run_finalize 75 "other room" ses-1
	faults
	run_finalize 0
	assert_equal "$(requests lookup)" 1
	assert_equal "$(webhooks)" "STOPPED other room ses-1"
}

@test "the session is the directory's own name, however the directory is called" {
	local call
	for call in ../SELF/ ../SELF/../SELF ./ . "$DIR/link"; do
		fresh_recording
		ln -sfn "$REC" "$DIR/link"
		cd "$REC"
		run -0 "$BIN" "${call//SELF/$SESSION}"
		cd "$DIR"
		is_delivered "$ROOM" 123 "$ROOM"
	done
}

@test "a room name that no server would take is not sent to any" {
	metadata "https://meet.example.org/$(printf 'a%.0s' {1..2000})"
	run_finalize 65
	nothing_sent
}

# --- without metadata.json ---------------------------------------------------

# spoil HOW: what a crash or a full disk leaves of metadata.json.
spoil() {
	case $1 in
	missing) rm "$REC/metadata.json" ;;
	empty) : >"$REC/metadata.json" ;;
	cut) truncate -s -5 "$REC/metadata.json" ;;
	esac
}

# only_media NAME: a recording that is nothing but this file.
only_media() {
	fresh_recording
	rm "$REC/metadata.json"
	mv "$REC/$MEDIA" "$REC/$1"
}

@test "without a whole metadata.json the media file's name tells the room" {
	local how
	for how in missing empty cut; do
		fresh_recording
		spoil "$how"
		run_finalize 0
		is_stored "$MEDIA"
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	done
}

@test "with room-from-media=no a lost metadata.json leaves the room unknown" {
	local how
	for how in missing empty cut; do
		fresh_recording
		spoil "$how"
		run_finalize 65 --room-from-media=no
		nothing_sent
		assert_output_has "unknown room"
	done
}

@test "the room in a media file's name is decoded once" {
	rooms '{"my%20room": 5, "my room": 6}'
	only_media my%2520room_2026-01-02-03-04-05.mp4
	run_finalize 0
	is_delivered my%20room 5 my%2520room
}

@test "a media file's name of 125 characters was cut, so the room is unknown" {
	local long
	long=$(printf 'r%.0s' {1..101})
	rooms "{\"$long\": 1, \"${long%r}\": 2}"
	only_media "${long}_2026-01-02-03-04-05.mp4"
	run_finalize 65
	nothing_sent
	assert_output_has "unknown room"
	only_media "${long%r}_2026-01-02-03-04-05.mp4"
	run_finalize 0
	is_delivered "${long%r}" 2 "${long%r}"
}

@test "a media file's name without the date names no room" {
	local name
	for name in "$ROOM.mp4" "${ROOM}_2026-01-02.mp4" \
		_2026-01-02-03-04-05.mp4 "${ROOM}_2026-01-02-03-04-0x.mp4" \
		..%2f_2026-01-02-03-04-05.mp4 a%zz_2026-01-02-03-04-05.mp4; do
		only_media "$name"
		run_finalize 65
		nothing_sent
	done
}

@test "media files that name two rooms name none" {
	rooms "{\"$ROOM\": 1, \"other\": 2}"
	rm "$REC/metadata.json"
	cp "$REC/$MEDIA" "$REC/other_2026-01-02-03-04-06.mp4"
	run_finalize 65
	nothing_sent
}

@test "a whole metadata.json without meeting_url does not fall back on the media name" {
	local text
	for text in '{"participants":[]}' '{"meeting_url":5}' '[]' \
		'{"meeting_url":null}'; do
		fresh_recording
		echo "$text" >"$REC/metadata.json"
		run_finalize 65
		nothing_sent
	done
}

@test "only the recording's own metadata.json tells the room" {
	mkdir "$REC/sub"
	echo '{"meeting_url":"https://meet.example.org/stranger"}' \
		>"$REC/sub/metadata.json"
	run_finalize 0
	assert_equal "$(request lookup .target)" "/api/meetings/room/$ROOM"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

# --- what the one who started the recording added ----------------------------

@test "a second meeting_url is tampering: held, nothing sent, nobody told" {
	local key
	rooms "{\"$ROOM\": 123, \"stranger\": 666}"
	for key in meeting_url 'meeting\\u005furl' '\\u006deeting_url' \
		'meeting_ur\\u006C'; do
		fresh_recording
		rewrite "s#\$# #; s#^}#, \"$key\": \"https://x/stranger\"}#"
		jq . "$REC/metadata.json" >/dev/null
		run_finalize 65
		nothing_sent
		assert_output_has tampered
		run_finalize 65         # no second call changes its mind
		nothing_sent
	done
}

@test "a second meeting_url in front of the first, or with the same value, is tampering too" {
	rewrite "s#^{#{\"meeting_url\": 1,#"
	run_finalize 65
	nothing_sent
	fresh_recording
	rewrite "s#^}#,\"meeting_url\": \"https://meet.example.org/$ROOM\"}#"
	run_finalize 65
	nothing_sent
}

@test "tampering cannot be hidden behind strings that look like structure" {
	rewrite 's#^{#{"a": "}{\\"\\\\", "b": ["{", {"meeting_url": 1}],#'
	rewrite 's#^}#,"c": {"]": "\\"}"}, "meeting_url" : "https://x/y"}#'
	jq . "$REC/metadata.json" >/dev/null
	run_finalize 65
	nothing_sent
	assert_output_has tampered
}

@test "a duplicate of a member that nobody reads does no harm" {
	rewrite 's#^}#,"extra": 1, "extra": 2, "meeting_urls": 1#'
	printf ', "note": "\\"meeting_url\\":", "a": {"meeting_url": 1}}' \
		>>"$REC/metadata.json"
	jq . "$REC/metadata.json" >/dev/null
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "an operator who names the room overrides a doubtful metadata.json" {
	rewrite 's#^}#,"meeting_url": "https://x/stranger"}#'
	run_finalize 0 "$ROOM"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a second list of credentials is tampering, and none of them leaves" {
	rewrite 's#^}#, "upload_credentials": {"t": "one"}#'
	echo ', "upload_credentials": {"t": "two"}}' >>"$REC/metadata.json"
	run_finalize 65
	nothing_sent
}

# --- the meeting id ----------------------------------------------------------

@test "a meeting id in metadata.json counts only where the operator names it" {
	rewrite 's#^}#,"meeting": {"id": 666}, "meetingId": "666"}#'
	run_finalize 0
	assert_equal "$(request upload .target | sort -u)" \
		"/files/structured/123?path=/$ROOM/$SESSION/"
}

@test "a meeting id that the operator names spares the lookup" {
	local id
	for id in 42 '"m-4_2"'; do
		fresh_recording
		rewrite "s#^}#,\"meeting\": {\"id\": $id}}#"
		run_finalize 0 --meeting-id-keys /nothing,/meeting/id
		assert_equal "$(requests lookup)" 0
		assert_equal "$(request upload .target | sort -u)" \
			"/files/structured/$(jq -rn "$id")?path=/$ROOM/$SESSION/"
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	done
}

@test "a meeting id in metadata.json that is not plain is ignored and said so" {
	local id
	for id in '"../../x"' '"a b"' '"a?b"' '""' '-1' '1.5' '{}' true \
		'"%2e"' '"é"' '"a\\nb"'; do
		fresh_recording
		rewrite "s#^}#,\"meetingId\": $id}#"
		run_finalize 0 --meeting-id-keys /meetingId
		assert_output_has "/meetingId is no plain id"
		assert_equal "$(request upload .target | sort -u)" \
			"/files/structured/123?path=/$ROOM/$SESSION/"
	done
}

@test "a second meeting id where one is read is tampering" {
	rewrite 's#^}#,"meetingId": 1, "meetingId": 2}#'
	run_finalize 65 --meeting-id-keys /meetingId
	nothing_sent
	assert_output_has tampered
}

@test "the service's id may be a number or a plain string" {
	local id
	for id in 0 9007199254740993 '"abc-DEF_09"' \
		'"67e55044-10b1-426f-9247-bb680e5fe0c8"'; do
		fresh_recording
		rooms "{\"$ROOM\": $id}"
		run_finalize 0
		is_delivered "$ROOM" "${id//\"/}" "$ROOM"
	done
}

@test "an id of the service that is not plain never enters a path" {
	local id
	for id in '"../x"' '"a/b"' '"a b"' '"x?path=/y/"' '""' null '{}' '[1]' \
		-5 1.5 '"%41"' '"é"' "\"$(printf 'i%.0s' {1..200})\""; do
		fresh_recording
		rooms "{\"$ROOM\": $id}"
		run_finalize 65
		assert_equal "$(requests upload) $(requests list)" "0 0"
	done
}

# --- the lookup --------------------------------------------------------------

@test "a room that the meeting-service does not know is held as an unknown room" {
	rooms '{}'
	run_finalize 65
	assert_equal "$(requests upload)" 0
	assert_equal "$(requests lookup)" 1
	assert_equal "$(webhooks | cut -d' ' -f1-3)" "FAILED $ROOM $SESSION"
	assert_output_has "unknown room"
	assert_output_has "held"
}

# lookup_ends CODE LOOKUPS FAULT...: the fault's exit code and tries; then
# the next run, without it, delivers.
lookup_ends() {
	local code=$1 lookups=$2
	shift 2
	fresh_recording
	faults "lookup * * $*"
	run_finalize "$code"
	assert_equal "$(requests upload)" 0 || return 1
	assert_equal "$(requests lookup)" "$lookups" || return 1
	faults
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "a lookup that is refused ends with 77, at once, and is taken up again" {
	lookup_ends 77 1 status 401
	lookup_ends 77 1 status 403
}

@test "an HTML page as the lookup's answer is a configuration error" {
	lookup_ends 78 1 html
	assert_equal "$(webhooks | tail -n1)" "STOPPED $ROOM $SESSION"
}

@test "a lookup that fails in passing is repeated, then waits" {
	lookup_ends 75 5 status 503
	lookup_ends 75 5 status 429
	lookup_ends 75 5 garbage
	lookup_ends 75 5 truncate
	lookup_ends 75 5 drop-after
}

@test "a lookup's answer that is no JSON or has no end is not believed" {
	printf '{"id": 12' >"$SB/cut.json"
	lookup_ends 75 5 body cut.json application/json
	faults "lookup * * endless"
	fresh_recording
	run finalize
	[ "$status" != 0 ]
	assert_equal "$(requests upload)" 0
}

@test "a lookup's answer without id holds the recording" {
	printf '{"meeting": 12}' >"$SB/other.json"
	faults "lookup * * body other.json application/json"
	run_finalize 65
	assert_equal "$(requests upload)" 0
}

@test "service URLs may have a path and a trailing slash" {
	stop_sandbox
	start_sandbox --prefix /backend/v1
	local base=${URL%/backend/v1}/backend/v1
	FILE_SERVICE_URL=$base/ MEETING_SERVICE_URL=$base// run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(request webhook .target)" \
		/backend/v1/webhooks/jitsi/recording
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}
