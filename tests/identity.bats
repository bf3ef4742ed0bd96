#!/usr/bin/env bats
# Session, room and meeting ID of a recording; only the operator can redirect
# it.

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

# media_of NAME: the media file, named as Jibri names that of this call.
media_of() {
	mv "$REC/$MEDIA" "$REC/$1_2026-01-02-03-04-05.mp4"
}

# rewrite SCRIPT: change metadata.json as text, not as JSON.
rewrite() {
	sed -i "$1" "$REC/metadata.json"
}

# --- the room in meeting_url -------------------------------------------------

@test "a tenant's room is the same string in lookup, path and webhook, and Tomcat accepts it" {
	rooms '{"[sales]stand-up": 7}'
	metadata https://meet.example.org/sales/stand-up
	media_of stand-up
	run_finalize 0
	is_delivered '[sales]stand-up' 7 %5Bsales%5Dstand-up
}

@test "room-format decides how tenant and room become one name" {
	rooms '{"stand-up.sales": 7}'
	metadata https://meet.example.org/sales/stand-up
	media_of stand-up
	run_finalize 0 --room-format '{room}.{tenant}'
	is_delivered stand-up.sales 7 stand-up.sales
}

@test "query, fragment and a trailing slash are not part of the room" {
	local tail
	for tail in '/' '?jwt=a/b' '#config.x=1/2' '/?a=1#b' '?#' '#?/'; do
		fresh_recording
		metadata "https://meet.example.org/$ROOM$tail"
		run_finalize 0
		is_delivered "$ROOM" 123 "$ROOM"
	done
}

@test "segments of the base path are neither tenant nor room" {
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

@test "a room with blanks and non-ASCII letters is encoded once on the wire" {
	rooms '{"my été": 9}'
	metadata https://meet.example.org/my%20%c3%a9t%c3%a9
	media_of my%20%c3%a9t%c3%a9
	run_finalize 0
	is_delivered "my été" 9 my%20%C3%A9t%C3%A9
}

@test "the room is decoded once, not twice" {
	rooms '{"a%2fb": 9, "a/b": 10}'
	metadata https://meet.example.org/a%252fb
	media_of a%252fb
	run_finalize 0
	is_delivered "a%2fb" 9 a%252fb
}

# bats test_tags=slow
@test "a room that would leave its folder or split a line is refused, and nothing is sent" {
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

@test "an invalid meeting_url names no room" {
	local url
	for url in "$ROOM" "ftp://meet.example.org/$ROOM" "file:///$ROOM" ""; do
		fresh_recording
		metadata "$url"
		run_finalize 65
		nothing_sent
	done
}

# --- the arguments and the journal -------------------------------------------

@test "ROOM and SESSION of the command line override metadata.json and the directory" {
	rooms '{"other room": 5}'
	run_finalize 0 "other room" ses-1
	assert_equal "$(request upload .target | sort -u)" \
		'/files/structured/5?path=/other%20room/ses-1/'
	assert_equal "$(webhooks)" "STOPPED other room ses-1"
}

@test "an impossible ROOM or SESSION argument is a usage error, and nothing is sent" {
	local bad
	for bad in a/b .. . "" $'a\nb' $'a\xff'; do
		run_finalize 64 "$bad"
		run_finalize 64 "$ROOM" "$bad"
	done
	nothing_sent
}

@test "the journal remembers a room and session that were given once" {
	rooms '{"other room": 5}'
	faults "webhook * * status 503"
	run_finalize 75 "other room" ses-1
	faults
	run_finalize 0
	assert_equal "$(requests lookup)" 1
	assert_equal "$(webhooks)" "STOPPED other room ses-1"
}

@test "the session is the directory's real name, whatever path leads to it" {
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
	blank) printf ' \r\n\t\n' >"$REC/metadata.json" ;;
	cut) truncate -s 9 "$REC/metadata.json" ;;
	zeros) head -c 300 /dev/zero >"$REC/metadata.json" ;;
	no-json) echo "meeting_url: https://x/$ROOM" >"$REC/metadata.json" ;;
	bom) printf '\xef\xbb\xbf' >"$REC/metadata.json" ;;
	bom16) printf '\xff\xfe' >"$REC/metadata.json" ;;
	blank16) printf '\xfe\xff\0 ' >"$REC/metadata.json" ;;
	link) mv "$REC/metadata.json" "$DIR" &&
		ln -s "$DIR/metadata.json" "$REC" ;;
	dangling) ln -sf "$DIR/no/where" "$REC/metadata.json" ;;
	folder) rm "$REC/metadata.json" && mkdir "$REC/metadata.json" ;;
	fifo) rm "$REC/metadata.json" && mkfifo "$REC/metadata.json" ;;
	esac
}

# held_without_a_room: nothing is sent, and the message says what to do.
held_without_a_room() {
	run_finalize 65
	nothing_sent
	assert_output_has "unknown room"
	assert_output_has "jibri-finalize upload --room ROOM $REC"
}

# only_media NAME: a recording that is nothing but this file.
only_media() {
	fresh_recording
	rm "$REC/metadata.json"
	mv "$REC/$MEDIA" "$REC/$1"
}

@test "without metadata.json, or with an empty one, the media file's name gives the room" {
	local how
	for how in missing empty blank; do
		fresh_recording
		spoil "$how"
		run_finalize 0
		is_stored "$MEDIA"
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	done
}

@test "an unreadable metadata.json holds the recording until the room is named, whatever the media's name says" {
	local how
	for how in cut zeros no-json bom bom16 blank16; do
		fresh_recording
		spoil "$how"
		held_without_a_room
		run_command 0 upload --room "$ROOM" "$REC"
		is_stored "$MEDIA"
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	done
}

@test "a metadata.json that is not a file holds the recording, and does not count as missing" {
	local how
	for how in link dangling folder fifo; do
		fresh_recording
		spoil "$how"
		held_without_a_room
		assert_output_has "metadata.json: is a "
		assert_output_has "put the file itself there"
		run_command 0 upload --room "$ROOM" "$REC"
		is_stored "$MEDIA"
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	done
}

@test "a recording held for its room is shown by status with the next step, and skipped by sweeps" {
	spoil cut
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
	export JIBRI_FINALIZE_SETTLE=0s
	run -65 "$BIN" sweep
	nothing_sent
	run -0 "$BIN" sweep
	nothing_sent
	run -0 "$BIN" status --json
	assert_output_has "upload --room ROOM $REC"
	[[ $output == *'"held"'* ]]
}

@test "with room-from-media=no a lost metadata.json leaves the room unknown" {
	local how
	for how in missing empty blank; do
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

@test "media files with two different rooms in their names give no room" {
	rooms "{\"$ROOM\": 1, \"other\": 2}"
	rm "$REC/metadata.json"
	cp "$REC/$MEDIA" "$REC/other_2026-01-02-03-04-06.mp4"
	run_finalize 65
	nothing_sent
}

@test "a complete metadata.json without meeting_url gives no room, whatever the media's name says" {
	local text
	for text in '{"participants":[]}' '{"meeting_url":5}' '[]' \
		'{"meeting_url":null}'; do
		fresh_recording
		echo "$text" >"$REC/metadata.json"
		run_finalize 65
		nothing_sent
	done
}

@test "only the metadata.json at the top level gives the room" {
	mkdir "$REC/sub"
	echo '{"meeting_url":"https://meet.example.org/stranger"}' \
		>"$REC/sub/metadata.json"
	run_finalize 0
	assert_equal "$(request lookup .target)" "/api/meetings/room/$ROOM"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

# --- what callers make of metadata.json --------------------------------------

# tenant MEMBERS: metadata.json of a tenant's room with these members after
# Jibri's own, byte for byte; the room without the tenant is another meeting.
tenant() {
	rooms '{"[sales]stand-up": 7, "stand-up": 8}'
	fresh_recording
	mv "$REC/$MEDIA" "$REC/stand-up_2026-01-02-03-04-05.mp4"
	printf '{"meeting_url":"https://meet.example.org/sales/stand-up",%s' \
		"$1" >"$REC/metadata.json"
}

# is_the_tenants FILE...: the tenant's meeting has exactly these files, and no
# other meeting has any.
is_the_tenants() {
	local ROOM='[sales]stand-up'
	is_stored "$@" || return 1
	assert_equal "$(request upload .target | sort -u)" \
		"/files/structured/7?path=/%5Bsales%5Dstand-up/$SESSION/" &&
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

# bats test_tags=slow
@test "a metadata.json that only a strict parser refuses is read, and sent as it is" {
	local members pad
	pad=$(head -c 1500000 /dev/zero | tr '\0' x)
	for members in '"participants":[],"a":"\u0000"}' \
		'"participants":[{"user":{"name":"\ud83d"}}]}' \
		'"participants":[],"a":"\udfa5\ud83d","\u0000":1}' \
		'"participants":[],"a":9223372036854775808}' \
		'"participants":[],"a":-1e999,"b":123456789012345678901234567890}' \
		"\"a\":\"$pad\"}"; do
		tenant "$members"
		run_finalize 0
		is_the_tenants metadata.json stand-up_2026-01-02-03-04-05.mp4
	done
	tenant '"participants":[]}'
	{ printf '\xef\xbb\xbf' && cat "$REC/metadata.json"; } >"$DIR/m"
	cp "$DIR/m" "$REC/metadata.json"
	run_finalize 0
	is_the_tenants metadata.json stand-up_2026-01-02-03-04-05.mp4
}

@test "JSON in UTF-16 or UTF-32 names no room, and is sent as it is or not at all" {
	local code text='{"meeting_url":"https://h/x","upload_credentials":"s3cr3t","x":"é"}'
	# With or without a byte order mark.
	for code in UTF-{16,32}{LE,BE}; do
		for text in $'\ufeff'"$text" "$text"; do
			fresh_recording
			iconv -t "$code" <<<"$text" >"$REC/metadata.json"
			cp "$REC/metadata.json" "$REC/other.json"
			iconv -t "$code" <<<'{"a":"é"}' >"$REC/plain.json"
			run_finalize 65
			assert_output_has "metadata.json is damaged"
			run_finalize 0 "$ROOM"
			assert_output_has "other.json: skipped, withheld"
			is_stored plain.json "$MEDIA"
		done
	done
}

# bats test_tags=slow
@test "the meeting_url of a cut or invalid metadata.json still counts if it comes first" {
	local members
	for members in '' '"participants":[{"user":{"na' '"a":1}}' '"a":"\xff"}' \
		'"a":NaN}' $'"a":"\xff"}' $'"a":"b\nc"}'; do
		tenant "$members"
		run_finalize 0
		is_the_tenants stand-up_2026-01-02-03-04-05.mp4
		assert_output_has "metadata.json: skipped, withheld"
	done
	# Jackson stops there when a name has half a surrogate pair.
	tenant ''
	truncate -s -1 "$REC/metadata.json"
	run_finalize 0
	is_the_tenants stand-up_2026-01-02-03-04-05.mp4
}

@test "a meeting_url that is cut, or that is not the first member of a cut text, names no room" {
	local text
	for text in '{"meeting_url":"https://meet.example.org/sales' \
		'{"meeting_url":"https://meet.example.org/sales/stand-up' \
		'{"a":1,"meeting_url":"https://meet.example.org/stranger","b' \
		'{"a":{"meeting_url":"https://meet.example.org/stranger","b' \
		'[{"meeting_url":"https://meet.example.org/stranger","b' \
		'{"meeting_url":"https://meet.example.org/\ud83d","b' \
		'{"meeting_url":"https://meet.example.org/a\u0000b"}'; do
		tenant ''
		printf %s "$text" >"$REC/metadata.json"
		held_without_a_room
	done
}

@test "a second meeting_url in a cut metadata.json is tampering too" {
	tenant '"a":1,"meeting_url":"https://x/stranger","b":'
	run_finalize 65
	nothing_sent
	assert_output_has tampered
}

# large BYTES: metadata.json of a tenant's room, with credentials.
large() {
	tenant '"upload_credentials":"t0p-s3cret","a":"'
	head -c "$1" /dev/zero | tr '\0' x >>"$REC/metadata.json"
	printf '"}' >>"$REC/metadata.json"
}

# bats test_tags=slow
@test "a metadata.json of up to 16 MiB is read and redacted; a larger one only gives the room" {
	large 16000000
	run_finalize 0
	ROOM='[sales]stand-up'
	assert_equal "$(stored | tr '\n' ' ')" \
		"metadata.json stand-up_2026-01-02-03-04-05.mp4 "
	cmp "$SB/store/$ROOM/$SESSION/metadata.json" \
		<(sed 's/"upload_credentials":"[^"]*",//' "$REC/metadata.json")
	large 17000000
	run_finalize 0
	is_the_tenants stand-up_2026-01-02-03-04-05.mp4
	# Its beginning is complete JSON.
	tenant '"upload_credentials":"t0p-s3cret"}'
	head -c 17000000 /dev/zero | tr '\0' ' ' >>"$REC/metadata.json"
	run_finalize 0
	is_the_tenants stand-up_2026-01-02-03-04-05.mp4
	run ! grep -r t0p-s3cret "$SB"
}

# --- two rooms ---------------------------------------------------------------

# begun: delivered to $ROOM except for STOPPED, and the server has lost it.
begun() {
	faults "webhook * * status 503"
	run_finalize 75
	faults
	age_journal
	rm -f "$SB"/{requests,webhooks}.jsonl
}

# of_another_room: metadata.json is a second recording's.
of_another_room() {
	rooms "{\"$ROOM\": 123, \"other\": 5}"
	metadata https://meet.example.org/other
}

@test "a large metadata.json that begins with blanks is not empty" {
	rooms "{\"$ROOM\": 123, \"[t]$ROOM\": 124}"
	{
		head -c 17500000 /dev/zero | tr '\0' ' '
		printf '{"meeting_url": "https://m.example/t/%s"}' "$ROOM"
	} >"$REC/metadata.json"
	run_finalize 65
	assert_output_has "metadata.json is damaged or larger than 16 MiB"
	assert_equal "$(requests)" 0
}

@test "a room with brackets in its name is never taken for a tenant's room" {
	local url
	rooms '{"[t]r": 124}'
	for url in https://m.example/%5bt%5dr 'https://m.example/[t]r' \
		'https://m.example/a]b/c'; do
		metadata "$url"
		run_finalize 65
		assert_output_has "contains a bracket"
	done
	rm "$REC/metadata.json"
	mv "$REC/$MEDIA" "$REC/[t]r_2026-01-02-03-04-05.mp4"
	run_finalize 65
	assert_output_has "contains a bracket"
	assert_equal "$(requests)" 0
}

@test "recordings-dir is refused under another mount, too" {
	[ "$EUID" = 0 ] || skip "only root can mount"
	mkdir "$DIR/empty" "$DIR/bind"
	JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/empty run -64 unshare -m sh -c \
		'mount --bind "$1" "$2" && exec "$3" "$2"' - \
		"$DIR/empty" "$DIR/bind" "$BIN"
	assert_equal "$(ls -A "$DIR/empty")" ""
}

@test "a metadata.json that names another room than the journal holds the recording, and nothing more is sent" {
	begun
	of_another_room
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
	run_finalize 65
	nothing_sent
	assert_output_has "its room is $ROOM"
	assert_output_has "jibri-finalize upload --room ROOM $REC"
	run -0 "$BIN" sweep
	run_finalize 65
	run_command 65 upload "$REC"
	assert_equal "$(requests upload)" 0
	assert_equal "$(webhooks)" ""
	run -0 "$BIN" status
	assert_output_has "its room is $ROOM"
}

@test "the same room of another tenant is another room, whatever room-format says" {
	rooms "{\"[t]$ROOM\": 124}"
	metadata "https://meet.example.org/t/$ROOM"
	faults "upload * 1 status 400"
	run_finalize 65
	metadata "https://meet.example.org/u/$ROOM"
	run_finalize 65
	refute_output_has "room-format"
	assert_output_has "[u]$ROOM"
}

@test "a delivered recording is held when files of another room land in its directory, and nothing is sent" {
	run_finalize 0
	rm -f "$SB"/{requests,webhooks}.jsonl
	of_another_room
	cp "$REC/$MEDIA" "$REC/other_2026-01-02-05-06-07.mp4"
	run_finalize 65
	nothing_sent
	assert_output_has "other"
}

@test "media files of two rooms in one directory hold it, whatever metadata.json says" {
	rooms "{\"$ROOM\": 123, \"other\": 5}"
	cp "$REC/$MEDIA" "$REC/other_2026-01-02-05-06-07.mp4"
	run_finalize 65
	nothing_sent
	assert_output_has "name $ROOM and other;"
	spoil missing
	run_finalize 65
	nothing_sent
	rm "$REC/other_2026-01-02-05-06-07.mp4"
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "media that are all of another room than metadata.json's hold it until they are moved or the room is named" {
	rooms "{\"$ROOM\": 123, \"Other\": 5, \"[sales]$ROOM\": 7}"
	mv "$REC/$MEDIA" "$REC/Other_2026-01-02-03-04-05.mp4"
	run_finalize 65
	nothing_sent
	assert_output_has "its room is $ROOM, but metadata.json and the media files name Other and $ROOM"
	assert_output_has "move the files of other rooms to another directory, or name its room: jibri-finalize upload --room ROOM $REC"
	run_command 0 upload --room Other "$REC"
	assert_equal "$(webhooks)" "STOPPED Other $SESSION"
	# Media names do not contain the tenant.
	fresh_recording
	metadata "https://meet.example.org/sales/$ROOM"
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED [sales]$ROOM $SESSION"
}

# media_alone NAME: nothing else is left of the recording but its journal.
media_alone() {
	rm -rf "${REC:?}"/*
	recording
	rm "$REC/metadata.json"
	mv "$REC/$MEDIA" "$REC/$1_2026-02-02-03-04-05.mp4"
}

@test "media of another room than the journal's hold it when metadata.json names no room" {
	local how long
	long=$(printf 'x%.0s' {1..101})
	rooms "{\"$ROOM\": 123, \"other\": 5}"
	run_finalize 0
	rm -f "$SB"/{requests,webhooks}.jsonl
	for how in missing empty cut segments; do
		media_alone other
		case $how in
		empty) : >"$REC/metadata.json" ;;
		cut) printf '{"meeting_url": "https://m.example/oth' \
			>"$REC/metadata.json" ;;
		segments) metadata https://meet.example.org/a/b/other ;;
		esac
		run_finalize 65
		nothing_sent
		assert_output_has "its room is $ROOM, but metadata.json and the media files name other"
		assert_output_has "jibri-finalize upload --room ROOM $REC"
	done
	media_alone "$long"
	run_finalize 65
	nothing_sent
}

@test "media of the journal's room are delivered without metadata.json, whatever tenant it has" {
	local long
	long=$(printf 'x%.0s' {1..120})
	rooms "{\"$ROOM\": 123, \"[t]my été\": 1, \"my été.t\": 2,
		\"[t]$long\": 3}"
	run_finalize 0
	media_alone "${ROOM//-/%2d}"
	cp "$REC"/*.mp4 "$REC/interview.mp4"
	run_finalize 0
	for format in '[{tenant}]{room}' '{room}.{tenant}'; do
		fresh_recording
		metadata https://meet.example.org/t/my%20%c3%a9t%c3%a9
		media_of my%20%C3%A9t%C3%A9
		run_finalize 0 --room-format "$format"
		media_alone my%20%c3%a9t%c3%a9
		run_finalize 0 --room-format "$format"
		media_alone t
		run_finalize 65 --room-format "$format"
	done
	fresh_recording
	metadata "https://meet.example.org/t/$long"
	media_of "${long:0:101}"
	run_finalize 0
	media_alone "${long:0:101}"
	run_finalize 0
}

@test "a room given without metadata.json overrules the media's name, and stays" {
	rooms '{"other": 5}'
	media_alone "$ROOM"
	faults "webhook * * status 503"
	run_finalize 75 other
	assert_output_has "using the room other as given"
	faults
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED other $SESSION"
}

@test "media of another room in a folder, or with a name cut by Jibri, hold it too" {
	local long name
	long=$(printf 'x%.0s' {1..120})
	rooms "{\"$ROOM\": 123, \"$long\": 5}"
	for name in aaaa/other_2026-02-02-03-04-05.mp4 \
		"${long:0:101}_2026-01-02-03-04-05.mp4"; do
		fresh_recording
		mkdir -p "$REC/aaaa"
		cp "$REC/$MEDIA" "$REC/$name"
		run_finalize 65
		nothing_sent
		assert_output_has "move the files of other rooms to another directory"
	done
	# The part that is left of the name fits.
	fresh_recording
	metadata "https://meet.example.org/$long"
	mv "$REC/$MEDIA" "$REC/${long:0:101}_2026-01-02-03-04-05.mp4"
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $long $SESSION"
	# It may be cut inside a character.
	fresh_recording
	metadata "https://meet.example.org/${long:0:98}%c3%a4xx"
	mv "$REC/$MEDIA" "$REC/${long:0:98}%c3_2026-01-02-03-04-05.mp4"
	rooms "{\"${long:0:98}äxx\": 5}"
	run_finalize 0
}

@test "after a change of room-format a tenant's recording says so, and blames no file" {
	rooms "{\"[ten]$ROOM\": 1, \"ten_$ROOM\": 2}"
	metadata "https://meet.example.org/ten/$ROOM"
	begun
	run_finalize 65 --room-format '{tenant}_{room}'
	nothing_sent
	assert_output_has "its room is [ten]$ROOM, which is not what room-format makes of metadata.json"
	assert_output_has "if room-format was changed, set it back, or name its room: jibri-finalize upload --room"
	cp "$REC/$MEDIA" "$REC/other_2026-01-02-05-06-07.mp4"
	run_finalize 65 --room-format '{tenant}_{room}'
	assert_output_has "move the files of other rooms"
	rm "$REC/other_2026-01-02-05-06-07.mp4"
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED [ten]$ROOM $SESSION"
}

@test "several media files of one room, or with other names, are one recording" {
	cp "$REC/$MEDIA" "$REC/${ROOM}_2026-01-02-05-06-07.mp4"
	cp "$REC/$MEDIA" "$REC/${ROOM//-/%2d}_2026-01-02-05-06-08.mp4"
	cp "$REC/$MEDIA" "$REC/interview.mp4"
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a room named by an operator wins, the conflict is shown, and the decision is remembered for this conflict" {
	rooms "{\"$ROOM\": 123, \"other\": 5, \"third\": 6}"
	cp "$REC/$MEDIA" "$REC/other_2026-01-02-05-06-07.mp4"
	run_finalize 65
	faults "webhook * * status 503"
	run_command 75 upload --room other "$REC"
	assert_output_has "using the room other as given"
	faults
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED other $SESSION"
	# The operator's decision does not cover what came later.
	rm -f "$SB"/webhooks.jsonl
	cp "$REC/$MEDIA" "$REC/third_2026-01-02-05-06-07.mp4"
	run_finalize 65
	assert_equal "$(webhooks)" ""
	run_finalize 0 other
	assert_equal "$(webhooks)" "STOPPED other $SESSION"
}

@test "a deferred call's room is remembered, whatever metadata.json says" {
	rooms '{"other": 5}'
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
	run_finalize 0 --defer=yes other
	run -0 "$BIN" sweep
	assert_equal "$(webhooks)" "STOPPED other $SESSION"
}

@test "metadata.json that names another room while files are being sent stops them" {
	echo a >"$REC/a.txt"
	faults "upload a.txt 1 slow-store 1"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10s
	rooms "{\"$ROOM\": 123, \"other\": 5}"
	finalize --parallel 1 >"$DIR/out" &
	wait_for grep -q a.txt "$REC/.jibri-finalize"
	metadata https://meet.example.org/other
	wait $! || status=$?
	assert_equal "$status" 65
	run ! grep -rl other "$SB/store"
	assert_equal "$(webhooks)" ""
}

@test "--dry-run shows that a recording would be held" {
	begun
	of_another_room
	run_finalize 65 --dry-run
	nothing_sent
}

@test "a packed recording keeps the operator's decision" {
	of_another_room
	faults "webhook * * status 503"
	run_finalize 75 "$ROOM"
	faults
	run_command 0 pack -o "$DIR/a.tar" "$REC"
	rm -r "$REC"
	run_command 0 upload "$DIR/a.tar"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

# --- directories that are not recordings
# ---------------------------------------

# refused DIR [NEXT]: by every command that takes a recording; nothing is sent
# or written.
refused() {
	local command before
	before=$(find "$DIR" -path "$SB" -prune -o -print | sort)
	for command in finalize 'finalize --force' upload 'upload --force' pack \
		verify 'forget --yes' 'forget --reset --yes' "upload --room $ROOM"; do
		# shellcheck disable=SC2086
		run_command 64 $command "$1"
		assert_output_has "jibri-finalize sweep"
	done
	run_command 64 "$1" "$ROOM" "$SESSION"
	nothing_sent
	[ "$(find "$DIR" -path "$SB" -prune -o -print | sort)" = "$before" ]
}

@test "a refused directory's recordings are to be swept where they are" {
	mkdir -p "$DIR/top/middle"
	mv "$DIR/recordings" "$DIR/top/middle"
	run_command 64 upload "$DIR/top"
	assert_output_has "jibri-finalize sweep $DIR/top/middle/recordings"
	run_command 64 upload "$DIR/top/middle/recordings"
	assert_output_has "jibri-finalize sweep $DIR/top/middle/recordings"
}

# bats test_tags=slow
@test "a directory of recordings is refused as a recording" {
	refused "$DIR/recordings"
	# One level deeper.
	mkdir "$DIR/deep"
	mv "$DIR/recordings" "$DIR/deep"
	mkdir "$DIR/recordings"
	refused "$DIR/deep"
	ln -s "$DIR/deep" "$DIR/link"
	refused "$DIR/link/."
}

@test "a journal left by a mistaken run does not make a recordings directory a recording" {
	echo '{"event":"began","at":1700000000000}' \
		>"$DIR/recordings/.jibri-finalize"
	refused "$DIR/recordings"
}

@test "a directory of unfinished recordings is refused" {
	rm "$REC/metadata.json"
	refused "$DIR/recordings"
	rm "$REC/$MEDIA"
	echo '{"event":"began","at":1700000000000}' >"$REC/.jibri-finalize"
	refused "$DIR/recordings"
}

# session NAME FILE...: a directory below the root with these media files.
session() {
	local dir=$DIR/root/$1 name
	mkdir -p "$dir"
	for name in "${@:2}"; do
		cp "$REC/$MEDIA" "$dir/$name"
	done
}

# bats test_tags=slow
@test "a directory of recordings is refused with stray files in it, and however deep they are" {
	session s1 "$MEDIA"
	session s2 other_2026-01-02-03-04-05.mp4
	session . stray.mp4
	refused "$DIR/root"
	rm "$DIR/root/stray.mp4"
	cp "$REC/metadata.json" "$DIR/root"
	refused "$DIR/root"
	rm -r "$DIR/root"
	session s1 video.mp4
	session s2 video.mp4
	refused "$DIR/root"
	rm -r "$DIR/root/s2"
	refused "$DIR/root"
	rm -r "$DIR/root"
	session 2026/11/29/h/s1 "$MEDIA"
	refused "$DIR/root"
	refused /
}

@test "recordings-dir is refused even if it is empty, and so are its parents" {
	rm -r "$REC"
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
	refused "$DIR/recordings"
	refused "$DIR"
	refused /
}

@test "a recording with another one inside is refused, and held by a sweep" {
	local outer=$REC
	another_recording inner
	mv "$REC" "$outer/inner"
	refused "$outer"
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
	export JIBRI_FINALIZE_SETTLE=0s
	touch -d '1 minute ago' "$outer"
	run -65 "$BIN" sweep
	nothing_sent
	run -0 "$BIN" status
	assert_output_has "it contains another recording, inner"
	mv "$outer/inner" "$DIR/recordings"
	run -0 "$BIN" sweep --held
	assert_equal "$(webhooks | sort)" \
		"$(printf 'STOPPED %s %s\n' "$ROOM" "${outer##*/}" "$ROOM" inner | sort)"
}

@test "a recording without metadata.json, or with its media in a folder, is not a directory of recordings" {
	local own=("$MEDIA" chapters/1.mp4 chapters/2.mp4 text/a/b/c/text.vtt)
	rm "$REC/metadata.json"
	mkdir -p "$REC/chapters" "$REC/text/a/b/c"
	cp "$REC/$MEDIA" "$REC/chapters/1.mp4"
	cp "$REC/$MEDIA" "$REC/chapters/2.mp4"
	echo text >"$REC/text/a/b/c/text.vtt"
	run_finalize 0
	is_stored "${own[@]}"
	fresh_recording
	mkdir "$REC/video"
	mv "$REC/$MEDIA" "$REC/video"
	run_finalize 0
	is_stored metadata.json "video/$MEDIA"
}

@test "a recording with folders in it is not a directory of recordings" {
	mkdir -p "$REC/clips" "$REC/meta"
	cp "$REC/$MEDIA" "$REC/clips/highlights.mp4"
	cp "$REC/$MEDIA" "$REC/clips/${ROOM}_2026-01-02-03-09-05.mp4"
	cp "$REC/metadata.json" "$REC/meta"
	run_finalize 0
	is_stored metadata.json "$MEDIA" meta/metadata.json \
		clips/highlights.mp4 "clips/${ROOM}_2026-01-02-03-09-05.mp4"
}

# --- what whoever started the recording added --------------------------------

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

@test "a duplicate of an unused member does no harm" {
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

@test "a second list of credentials is tampering, and no credential is sent" {
	rewrite 's#^}#, "upload_credentials": {"t": "one"}#'
	echo ', "upload_credentials": {"t": "two"}}' >>"$REC/metadata.json"
	run_finalize 65
	nothing_sent
}

# --- the meeting id ----------------------------------------------------------

@test "a meeting id in metadata.json counts only where meeting-id-keys names it" {
	rewrite 's#^}#,"meeting": {"id": 666}, "meetingId": "666"}#'
	run_finalize 0
	assert_equal "$(request upload .target | sort -u)" \
		"/files/structured/123?path=/$ROOM/$SESSION/"
}

@test "a meeting id from meeting-id-keys saves the lookup" {
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

@test "a malformed meeting id in metadata.json is ignored with a warning" {
	local id
	for id in '"../../x"' '"a/b"' '""' '-1' '1.5' '{}' true '".."' \
		'"a\\nb"' '"a\\\\b"'; do
		fresh_recording
		rewrite "s#^}#,\"meetingId\": $id}#"
		run_finalize 0 --meeting-id-keys /meetingId
		assert_output_has "/meetingId is not a plain id"
		assert_equal "$(request upload .target | sort -u)" \
			"/files/structured/123?path=/$ROOM/$SESSION/"
	done
}

@test "a second meeting id where one is expected is tampering" {
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

@test "a value that is not an id never enters a path" {
	local id
	for id in '""' null '{}' '[1]' '"."' '".."' -5 1.5 \
		"\"$(printf 'i%.0s' {1..1025})\""; do
		fresh_recording
		rooms "{\"$ROOM\": $id}"
		run_finalize 78
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

# lookup_ends CODE LOOKUPS FAULT...: a run with this fault ends so after so many
# lookups; the next run, without it, delivers.
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

@test "a refused lookup ends the run at once with 77, and a later run resumes" {
	lookup_ends 77 1 status 401
	lookup_ends 77 1 status 403
}

@test "an HTML page as the lookup's answer is a configuration error" {
	lookup_ends 78 1 html
	assert_equal "$(webhooks | tail -n1)" "STOPPED $ROOM $SESSION"
}

@test "a lookup that fails temporarily is repeated, then waits" {
	lookup_ends 75 5 status 503
	lookup_ends 75 5 status 429
	lookup_ends 75 5 garbage
	lookup_ends 75 5 truncate
	lookup_ends 75 5 drop-after
}

@test "a lookup's answer that is not JSON or never ends is not believed" {
	printf '{"id": 12' >"$SB/cut.json"
	lookup_ends 75 5 body cut.json application/json
	faults "lookup * * endless"
	fresh_recording
	run finalize
	[ "$status" != 0 ]
	assert_equal "$(requests upload)" 0
}

@test "a lookup's answer without id is a configuration error" {
	printf '{"meeting": 12}' >"$SB/other.json"
	faults "lookup * * body other.json application/json"
	run_finalize 78
	assert_equal "$(requests upload)" 0
}

@test "a lookup's answer that names another room anywhere, or is an empty page, is not believed" {
	local text
	faults "lookup * * body answer"
	while read -r text; do
		echo "$text" >"$SB/answer"
		run_finalize 78 || { echo "$text"; return 1; }
		assert_output_has "is for another room"
	done <<-'END'
		{"data":{"id":456,"attributes":{"roomName":"zzz-other"}}}
		{"roomName":"zzz-other","data":{"id":456}}
		{"id":456,"meeting":{"roomName":"zzz-other"}}
		{"id":456,"room_name":"zzz-other"}
		{"id":456,"Room-Name":"zzz-other"}
		{"content":[{"id":456,"room_name":"zzz-other"}]}
		[{"id":456,"room":{"name":"zzz-other"}}]
		{"id":456,"room":{"room_name":"zzz-other"}}
	END
	echo '{"content":[],"id":77}' >"$SB/answer"
	run_finalize 78
	assert_output_has "is not a meeting with an id"
	assert_equal "$(requests upload)" 0
}

@test "a lookup's answer that names the room in another case, or a title, is believed" {
	local text
	faults "lookup * * body answer"
	while read -r text; do
		fresh_recording
		echo "${text//ROOM/${ROOM^^}}" >"$SB/answer"
		run_finalize 0 || { echo "$text"; return 1; }
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	done <<-'END'
		{"data":{"id":123,"attributes":{"room-name":"ROOM"}}}
		{"roomName":"ROOM","data":{"id":123,"name":"Weekly"}}
		{"id":123,"name":"Weekly","room":{"id":4,"name":"ROOM"}}
		{"id":123,"participants":[],"roomId":"x","related":{"room":"y"}}
		[{"id":123,"name":"ROOM"}]
	END
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
