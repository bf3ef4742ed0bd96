#!/usr/bin/env bats
# The webhook: what the backend is told, when, and how it verifies that.

load lib
setup() {
	common_setup
	start_sandbox
	recording
}
teardown() { common_teardown; }

# hook JQ: the result of JQ for each webhook, acknowledged or not.
hook() {
	[ -e "$SB/webhooks.jsonl" ] || return 0
	jq -r "$1" "$SB/webhooks.jsonl"
}

# how_many EVENT: requests with this event, acknowledged or not.
how_many() {
	hook '.body | fromjson | .eventType' | grep -cx "$1" || true
}

# told_once_per_id: every repeat of a webhook-id carried the same body.
told_once_per_id() {
	local ids bodies
	ids=$(hook '.headers["webhook-id"]' | sort -u | wc -l)
	bodies=$(hook '.headers["webhook-id"] + " " + .body' | sort -u | wc -l)
	assert_equal "$bodies" "$ids"
}

# later_than SECOND
later_than() {
	(($(date +%s) > $1))
}

# The clock shows a later second than at the start.
wait_a_second() {
	wait_for later_than "$(date +%s)"
}

# hmac KEY: base64 of the HMAC-SHA256 of stdin, computed by openssl.
hmac() {
	openssl dgst -sha256 -mac HMAC -macopt "key:$1" -binary | base64
}

# --- body and signatures -----------------------------------------------------

@test "the webhook's body has the contract's keys in its order and the time in seconds" {
	local before body
	before=$(date +%s)
	run_finalize 0
	body=$(hook .body)
	[[ $body =~ ^'{"eventType":"STOPPED","roomName":"'$ROOM'","sessionId":"'$SESSION'","timestamp":'([0-9]+)'}'$ ]]
	((BASH_REMATCH[1] >= before && BASH_REMATCH[1] <= $(date +%s)))
	assert_equal "$(hook '.headers["content-type"]')" application/json
}

@test "the webhook is signed in all three ways, and the server verifies each" {
	run_finalize 0
	assert_equal "$(hook '[.secretOk, .signatureOk, .standardOk] | join(" ")')" \
		"true true true"
	assert_equal "$(hook '.headers["x-webhook-signature"]')" \
		"$(hook .body | tr -d '\n' | hmac "$CANARY")"
	assert_equal "$(hook '.headers["webhook-signature"]')" \
		"v1,$(jq -j '.headers["webhook-id"] + "." +
			.headers["webhook-timestamp"] + "." + .body' \
			"$SB/webhooks.jsonl" | hmac "$CANARY")"
}

@test "webhook-auth limits the signatures to the named ones" {
	local auth want names='["x-webhook-secret", "x-webhook-signature",
		"webhook-signature"] as $n | .headers as $h |
		$n | map(in($h)) | join(" ")'
	while read -r auth want; do
		rm -f "$SB/webhooks.jsonl"
		run_finalize 0 --force --webhook-auth "$auth"
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
		assert_equal "$(hook "$names")" "$want"
	done <<-'END'
		secret true false false
		signature false true false
		standard false false true
		secret,standard true false true
	END
}

@test "in a rotation both secrets sign, so a server that knows only the old one believes it" {
	stop_sandbox
	start_sandbox --webhook-secret old
	export WEBHOOK_SECRET=new JIBRI_FINALIZE_WEBHOOK_SECRET_PREVIOUS=old
	run_finalize 0 --webhook-auth standard
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	local message
	message=$(jq -j '.headers["webhook-id"] + "." +
		.headers["webhook-timestamp"] + "." + .body' \
		"$SB/webhooks.jsonl")
	assert_equal "$(hook '.headers["webhook-signature"]')" \
		"v1,$(printf %s "$message" | hmac new) v1,$(printf %s \
			"$message" | hmac old)"
}

@test "a whsec_ secret is decoded from base64 for the standard signature only" {
	stop_sandbox
	start_sandbox --webhook-secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
	export WEBHOOK_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
	run_finalize 0
	assert_equal "$(hook '[.secretOk, .signatureOk, .standardOk] | join(" ")')" \
		"true true true"
}

@test "a whsec_ secret that is not base64 is a configuration error and not shown" {
	export WEBHOOK_SECRET='whsec_n0:base64!'
	run_finalize 78
	assert_equal "$(how_many STOPPED)" 0
	refute_output_has n0:base64
}

@test "an empty secret causes a warning, and the webhook is unsigned" {
	stop_sandbox
	SECRET='' start_sandbox
	WEBHOOK_SECRET='' run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(hook '.headers | keys | map(select(test(
		"^x-webhook|^webhook-(signature|timestamp)"))) | length')" 0
	assert_output_has "webhook-secret is empty"
}

@test "quotes, backslashes and non-ASCII letters arrive intact in the JSON" {
	rooms '{"a\"b\\c é": 5}'
	run_finalize 0 'a"b\c é' 'se"s\1'
	assert_equal "$(hook '.body | fromjson | .roomName')" 'a"b\c é'
	assert_equal "$(hook '.body | fromjson | .sessionId')" 'se"s\1'
}

# --- acknowledgement and repeats ---------------------------------------------

@test "any 2xx acknowledges" {
	faults "webhook * * status 204"
	run_finalize 0
	assert_equal "$(how_many STOPPED)" 1
}

@test "an HTML page with 200 is not an acknowledgement" {
	faults "webhook * * html"
	run finalize
	[ "$status" != 0 ]
	run -1 grep announced "$REC/.jibri-finalize"
	faults
	run_finalize 0
	assert_equal "$(hook 'select(.stored) | .body | fromjson | .eventType')" \
		STOPPED
}

@test "repeats have the same webhook-id, key and body, within a run and across runs" {
	faults "webhook * * status 503"
	run_finalize 75
	wait_a_second
	run_finalize 75
	wait_a_second
	faults "webhook * 1 drop-after"
	run_finalize 0
	assert_equal "$(how_many STOPPED)" 12
	assert_equal "$(hook '[.headers["webhook-id"],
		.headers["idempotency-key"], .body] | join(" ")' |
		sort -u | wc -l)" 1
	# Each try signs its own time.
	(($(hook '.headers["webhook-timestamp"]' | sort -u | wc -l) >= 3))
	assert_equal "$(hook .standardOk | sort -u)" true
	assert_equal "$(requests upload)" 2
}

@test "a refused webhook ends with 77 at once, and the next run needs nothing else" {
	WEBHOOK_SECRET=wrong run_finalize 77
	assert_equal "$(how_many STOPPED) $(how_many FAILED)" "1 0"
	refute_output_has wrong
	is_stored metadata.json "$MEDIA"
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(requests upload)" 2
	told_once_per_id
}

@test "a failure of STOPPED itself sends no FAILED" {
	local fault
	for fault in 'status 503' 'status 403' 'status 400' drop-after; do
		faults "webhook *STOPPED* * $fault"
		run finalize
		[ "$status" != 0 ]
		assert_equal "$(how_many FAILED)" 0
	done
	faults
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

# --- FAILED ------------------------------------------------------------------

@test "at-once: a failed run sends FAILED with the reason" {
	faults "upload *.mp4 * status 503"
	run_finalize 75
	assert_equal "$(webhooks | cut -d' ' -f1-3)" "FAILED $ROOM $SESSION"
	[[ $(hook '.body | fromjson | .error') == *"HTTP 503"* ]]
	[[ $(hook .body) =~ ^'{"eventType":"FAILED","roomName":"'.*'","sessionId":"'.*'","error":"'.*'","timestamp":'[0-9]+'}'$ ]]
	assert_equal "$(hook '[.secretOk, .signatureOk, .standardOk] | join(" ")')" \
		"true true true"
}

@test "final: FAILED is sent only when no retry can help" {
	export JIBRI_FINALIZE_FAILED_WEBHOOK=final
	faults "upload *.mp4 * status 503"
	run_finalize 75
	faults "upload *.mp4 * status 401"
	run_finalize 77
	assert_equal "$(requests webhook)" 0
	faults "upload *.mp4 * status 413"
	run_finalize 65
	assert_equal "$(webhooks | cut -d' ' -f1)" FAILED
}

@test "never: failures are not reported, success is" {
	export JIBRI_FINALIZE_FAILED_WEBHOOK=never
	faults "upload *.mp4 * status 413"
	run_finalize 65
	assert_equal "$(requests webhook)" 0
	faults
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "FAILED is sent only when no artifact is in flight any more" {
	sparse "$REC/$MEDIA" 300000
	faults "upload metadata.json * status 413" \
		"upload *.mp4 1 slow 2000000"
	run_finalize 65
	assert_equal "$(request upload .status | sort | tr '\n' ' ')" "200 413 "
	assert_equal "$(jq -r .stage "$SB/requests.jsonl" | tail -n 1)" webhook
	assert_equal "$(webhooks | cut -d' ' -f1)" FAILED
}

@test "at most one FAILED is acknowledged until there is a STOPPED" {
	faults "upload *.mp4 * status 413"
	run_finalize 65
	run_finalize 65
	faults "upload *.mp4 * status 503"
	run_finalize 75
	assert_equal "$(how_many FAILED)" 1
	faults
	run_finalize 0
	echo more >"$REC/more.txt"
	faults "upload more.txt * status 413"
	run_finalize 65
	run_finalize 65
	assert_equal "$(webhooks | cut -d' ' -f1 | tr '\n' ' ')" \
		"FAILED STOPPED FAILED "
}

@test "a FAILED that is followed by success is followed by STOPPED" {
	faults "upload *.mp4 * status 401"
	run_finalize 77
	faults
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | cut -d' ' -f1 | tr '\n' ' ')" \
		"FAILED STOPPED "
	told_once_per_id
}

@test "an undelivered FAILED is dropped once STOPPED is due" {
	faults "upload *.mp4 * status 413" "webhook *FAILED* * status 503"
	run_finalize 65
	assert_equal "$(how_many FAILED)" 5
	faults "webhook *FAILED* * status 503"
	run_finalize 0
	assert_equal "$(how_many FAILED)" 5
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "an undelivered FAILED is repeated with the same ID and body" {
	faults "upload *.mp4 * status 413" "webhook * * status 503"
	run_finalize 65
	wait_a_second
	faults "upload *.mp4 * status 413"
	run_finalize 65
	assert_equal "$(how_many FAILED)" 6
	assert_equal "$(webhooks | cut -d' ' -f1)" FAILED
	told_once_per_id
}

@test "after a failed run and a refused FAILED the worse error decides the exit code" {
	faults "upload *.mp4 * status 413" "webhook * * status 401"
	run_finalize 77
	faults "upload *.mp4 * status 401" "webhook * * status 400"
	run_finalize 77
	assert_equal "$(webhooks)" ""
}

@test "without a room nobody is told anything" {
	metadata https://meet.example.org/a/b/c
	run_finalize 65
	assert_equal "$(requests)" 0
}

# bats test_tags=slow
@test "the deadline ends a run with 75, and FAILED is tried once, briefly" {
	sparse "$REC/$MEDIA" 20000000
	faults "upload *.mp4 * slow 1000000" "webhook * 1 status 503"
	run_finalize 75 --deadline 1s
	assert_output_has "the deadline has passed"
	assert_equal "$(requests webhook)" 1
	assert_equal "$(webhooks)" ""
	assert_equal "$(journal 'select(.event == "failed") | .class')" temporary
	run_finalize 75 --deadline 1s
	assert_equal "$(webhooks)" "FAILED $ROOM $SESSION the deadline has passed"
	# A silent backend gets its time, but not more.
	faults "upload *.mp4 * slow 1000000" "webhook * * stall-answer 60"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	rm "$REC/.jibri-finalize"
	local begun=$SECONDS
	run_finalize 75 --deadline 1s
	((SECONDS - begun <= 7))
}

@test "a file name that is not UTF-8 does not spoil the FAILED that names it" {
	local name=$'bad\xff"\n\e[31m.mp4'
	mv "$REC/$MEDIA" "$REC/$name"
	faults "upload *.mp4 * status 413"
	run_finalize 65
	assert_equal "$(webhooks | head -n1 | cut -d' ' -f1)" FAILED
	[[ $(hook '.body | fromjson | .error') == *bad* ]]
	[[ $output != *[![:print:][:space:]]* ]]
}

# --- is the recording whole? -------------------------------------------------

# box SIZE TYPE: the head of an MP4 box.
box() {
	# shellcheck disable=SC2059
	printf "$(printf %08x "$1" | sed 's/../\\x&/g')$2"
}

# damage HOW: damage the media file as a crash does.
damage() {
	local file=$REC/$MEDIA
	case $1 in
	empty) : >"$file" ;;
	cut) truncate -s -200 "$file" ;;
	young) truncate -s 48 "$file" ;;
	no-moov) { box 16 ftyp; echo -n isomisom; box 12 mdat; echo -n data; } ;;
	cut-moov) { box 16 ftyp; echo -n isomisom; box 400 moov; echo half; } ;;
	open-mdat) { box 16 ftyp; echo -n isomisom; box 0 mdat; echo -n rest; } ;;
	overrun) { box 16 moov; echo -n 12345678; box 1000 mdat; echo rest; } ;;
	tiny-box) { box 16 moov; echo -n 12345678; box 3 free; echo -n rest; } ;;
	stub) { box 16 ftyp; echo -n isomisom; box 8 moov; } ;;
	zeros)
		box 16 ftyp
		echo -n isomisom
		box 108 mdat
		head -c 100 /dev/zero
		moov 24
		;;
	text) echo "this is not a video, whatever its name says" ;;
	esac >"$DIR/damaged"
	[ ! -s "$DIR/damaged" ] || cp "$DIR/damaged" "$file"
}

@test "a damaged MP4 is uploaded, reported with FAILED, and held" {
	local how
	for how in empty cut young no-moov cut-moov open-mdat overrun tiny-box \
		stub zeros text; do
		SESSION=damaged-$how
		REC=$DIR/recordings/$SESSION
		mkdir "$REC"
		recording
		damage "$how"
		rm -f "$SB/webhooks.jsonl"
		run_finalize 65
		is_stored metadata.json "$MEDIA"
		[[ $(webhooks) == "FAILED $ROOM $SESSION recording is damaged: "* ]]
		assert_output_has "held"
		[ -e "$REC/$MEDIA" ]
	done
}

@test "a box of size 0 reaches to the end, and one of size 1 has 64 bits" {
	{
		box 16 ftyp
		echo -n isomisom
		box 1 mdat
		printf '\0\0\0\0\0\0\0\024data'
		box 0 moov
		moov 32 | tail -c +9
	} >"$REC/$MEDIA"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a file's content decides what it is, whatever its name says" {
	local pair
	for pair in mp4:mkv mkv:mp4 webm:mov mp4:unknown; do
		SESSION=${pair/:/-as-}
		REC=$DIR/recordings/$SESSION
		mkdir "$REC"
		recording
		rm "$REC/$MEDIA"
		cp "$ROOT/tests/data/video.${pair%:*}" \
			"$REC/${MEDIA%mp4}${pair#*:}"
		run_finalize 0
		assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
	done
}

@test "a stub of a few bytes is not a recording, whatever its name says" {
	local ext
	for ext in mkv wav mp3 ts nut; do
		SESSION=stub-$ext
		REC=$DIR/recordings/$SESSION
		mkdir "$REC"
		recording
		rm "$REC/$MEDIA"
		case $ext in
		mkv) printf '\x1a\x45\xdf\xa3' ;;
		wav) printf 'RIFF\x24\0\0\0WAVEfmt \x10\0\0\0%016ddata\0\0\0\0' 0 ;;
		mp3) echo "this is a text, and no music" ;;
		ts) head -c 100000 /dev/zero ;;
		nut) echo "nut/multimedia container" ;;
		esac >"$REC/${MEDIA%mp4}$ext"
		run_finalize 65
		[[ $(webhooks | tail -n 1) == "FAILED $ROOM $SESSION "* ]]
	done
}

@test "bytes after the end of a media file do no harm" {
	local ext
	for ext in mp4 mkv webm; do
		SESSION=trailer-$ext
		REC=$DIR/recordings/$SESSION
		mkdir "$REC"
		recording
		rm "$REC/$MEDIA"
		cat "$ROOT/tests/data/video.$ext" - <<<"trailer" \
			>"$REC/${MEDIA%mp4}$ext"
		run_finalize 0
		assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
	done
}

@test "a whole clip beside Jibri's own file, or in a folder, does not hide that the file is damaged" {
	damage cut
	cp "$ROOT/tests/data/video.mp4" "$REC/clip.mp4"
	mkdir "$REC/sub"
	cp "$ROOT/tests/data/video.mp4" "$REC/sub/$MEDIA"
	run_finalize 65
	is_stored metadata.json "$MEDIA" clip.mp4 "sub/$MEDIA"
	[[ $(webhooks) == "FAILED $ROOM $SESSION recording is damaged: $MEDIA: "* ]]
	refute_output_has "clip.mp4: damaged"
}

@test "audio or a preview with the name of Jibri's own file does not hide that the file is damaged" {
	local name
	for name in mp3 preview.mp4; do
		SESSION=session-$name
		REC=$DIR/recordings/$SESSION
		mkdir "$REC"
		recording
		damage cut
		cp "$ROOT/tests/data/video.mp4" "$REC/${MEDIA%mp4}$name"
		run_finalize 65
		[[ $(webhooks | tail -n 1) == "FAILED $ROOM $SESSION recording is damaged: $MEDIA: "* ]]
	done
}

@test "without a file named by Jibri, each file with video has to be whole" {
	damage cut
	mv "$REC/$MEDIA" "$REC/recording.mp4"
	cp "$ROOT/tests/data/video.mp4" "$REC/clip.mp4"
	run_finalize 65
	[[ $(webhooks) == "FAILED $ROOM $SESSION recording is damaged: recording.mp4: "* ]]
	cp "$ROOT/tests/data/video.mp4" "$REC/recording.mp4"
	echo "no music" >"$REC/noise.mp3"
	run_finalize 0
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

@test "status shows how many media files are damaged beside a whole one" {
	head -c 1000 "$REC/$MEDIA" >"$REC/clip.mp4"
	echo "no music" >"$REC/noise.mp3"
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	run_command 0 status --all "$DIR/recordings"
	assert_output_has "done, 2 damaged"
	run_command 0 status --json "$DIR/recordings"
	assert_equal "$(jq -r '.recordings[] | "\(.state) \(.damaged)"' <<<"$output")" \
		"done 2"
	# A replaced version no longer counts.
	rm "$REC/noise.mp3"
	cp "$REC/$MEDIA" "$REC/clip.mp4"
	run_finalize 0
	run_command 0 status --all "$DIR/recordings"
	refute_output_has "damaged"
}

@test "of two files named by Jibri neither hides that the other is damaged" {
	local second=${ROOM}_2026-01-02-04-00-00.mp4
	head -c 1000 "$REC/$MEDIA" >"$REC/$second"
	run_finalize 65
	is_stored metadata.json "$MEDIA" "$second"
	[[ $(webhooks) == "FAILED $ROOM $SESSION recording is damaged: $second: "* ]]
	rm "$REC/$second"
	run_finalize 0
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

@test "media of the session that the server lists count if none is here" {
	run_finalize 0
	# As after retention, when a transcript arrives later.
	rm -r "$REC"
	mkdir "$REC"
	echo transcript >"$REC/transcript.vtt"
	metadata "https://meet.example.org/$ROOM"
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION
STOPPED $ROOM $SESSION"
	# Those of another session do not.
	SESSION=other
	REC=$DIR/recordings/$SESSION
	mkdir "$REC"
	metadata "https://meet.example.org/$ROOM"
	run_finalize 65
	[[ $(webhooks | tail -n 1) == "FAILED $ROOM other "*"no media file"* ]]
}

@test "media that were never whole do not count after they are removed here" {
	local kind
	for kind in cut empty; do
		SESSION=$kind
		REC=$DIR/recordings/$SESSION
		mkdir "$REC"
		recording
		damage "$kind"
		run_finalize 65
		rm "$REC/$MEDIA"
		run_finalize 65
		assert_output_has "no media file"
	done
	# Not even the journal of this one is left.
	rm "$REC/.jibri-finalize"
	run_finalize 65
	assert_output_has "no media file"
	assert_equal "$(webhooks | grep -c STOPPED || true)" 0
	# A file that was whole counts, whatever its size.
	another_recording whole
	cp "$ROOT/tests/data/video.mp4" "$REC/$MEDIA"
	truncate -s 9M "$REC/$MEDIA"
	faults "webhook * * status 503"
	JIBRI_FINALIZE_RETRY_FOR=200ms run_finalize 75
	rm "$REC/$MEDIA"
	faults
	run_finalize 0
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM whole"
}

@test "a damaged clip brought after the media were delivered and removed here is a warning" {
	run_finalize 0
	rm "$REC/$MEDIA"
	echo "no video" >"$REC/clip.mp4"
	run_finalize 0
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
	run_command 0 status --all "$DIR/recordings"
	assert_output_has "done, 1 damaged"
	# The same without the journal, as after retention.
	rm "$REC/.jibri-finalize"
	run_finalize 0
	# A whole clip is not the recording.
	another_recording clip
	mv "$REC/$MEDIA" "$REC/recording.mp4"
	run_finalize 0
	rm "$REC/recording.mp4"
	echo "no video" >"$REC/clip.mp4"
	run_finalize 65
}

@test "media of another recording that the server lists do not count" {
	rooms "{\"$ROOM\": 123, \"other\": 123}"
	run_finalize 0
	run_command 0 upload --room other --session "$SESSION-2" "$REC"
	run_command 0 upload --room other --session 2 "$REC"
	local session
	for session in "${SESSION%?}" 2 1; do
		SESSION=$session
		REC=$DIR/recordings/$session
		mkdir "$REC"
		metadata "https://meet.example.org/$ROOM"
		run_finalize 65
		[[ $(webhooks | tail -n 1) == "FAILED $ROOM $session "*"no media file"* ]]
	done
}

@test "an unreadable list does not prove that there are no media" {
	rm "$REC/$MEDIA"
	faults "list * 2 status 500" "list * * status 503"
	JIBRI_FINALIZE_RETRY_FOR=200ms run_finalize 75
	assert_equal "$(webhooks | grep -c "no media file" || true)" 0
}

@test "a damaged file beside Jibri's own one is a warning" {
	head -c 1000 "$REC/$MEDIA" >"$REC/clip.mp4"
	run_finalize 0
	is_stored metadata.json "$MEDIA" clip.mp4
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_output_has "warning: clip.mp4: damaged"
}

@test "a recording without any media file is FAILED, and its other files are stored" {
	rm "$REC/$MEDIA"
	echo notes >"$REC/notes.txt"
	run_finalize 65
	is_stored metadata.json notes.txt
	[[ $(webhooks) == "FAILED $ROOM $SESSION "*"no media file"* ]]
}

@test "an empty directory whose room is named is FAILED too" {
	rm "$REC"/*
	run_finalize 65 "$ROOM"
	[[ $(webhooks) == "FAILED $ROOM $SESSION "*"no media file"* ]]
}

@test "media of other kinds and other folders count, too" {
	local ext
	for ext in mkv webm; do
		SESSION=session-$ext
		REC=$DIR/recordings/$SESSION
		mkdir -p "$REC/sub"
		metadata "https://meet.example.org/$ROOM"
		cp "$ROOT/tests/data/video.$ext" "$REC/sub/a.$ext"
		run_finalize 0
		is_stored metadata.json "sub/a.$ext"
		echo "no EBML" >"$REC/sub/a.$ext"
		run_finalize 65
		assert_output_has "recording is damaged"
	done
	assert_equal "$(webhooks | cut -d' ' -f1 | tr '\n' ' ')" \
		"STOPPED FAILED STOPPED FAILED "
}

@test "a damaged recording that was repaired is sent again, and STOPPED follows" {
	damage cut
	run_finalize 65
	run_finalize 65
	assert_equal "$(how_many FAILED)" 1
	cp "$ROOT/tests/data/video.mp4" "$REC/$MEDIA"
	run_finalize 0
	assert_equal "$(webhooks | cut -d' ' -f1 | tr '\n' ' ')" \
		"FAILED STOPPED "
	cmp "$REC/$MEDIA" "$SB/store/$ROOM/$SESSION/$MEDIA~2"
}

@test "a withheld metadata.json does not count as missing" {
	printf '{"meeting_url": "https://x/%s", "upload_credentials": {"t": "sesame' \
		"$ROOM" >"$REC/metadata.json"
	run_finalize 0
	is_stored "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_output_has "metadata.json: skipped, withheld"
	run -1 grep -r sesame "$SB"
}
