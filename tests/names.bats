#!/usr/bin/env bats
# What is an artifact, under which name, of which type, and what never leaves
# the machine.

load lib

setup() {
	common_setup
	start_sandbox
	recording
}

teardown() { common_teardown; }

# content NAME: make a file that contains its name.
content() {
	mkdir -p "$REC/$(dirname -- "$1")"
	printf 'content of %s' "$1" >"$REC/$1"
}

# arrives NAME: all files do, this one under its own name.
arrives() {
	content "$1"
	run_finalize 0
	is_stored metadata.json "$MEDIA" "$1"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	refute_output_has "keeps this name"
}

# repeat TEXT N
repeat() {
	local i
	for ((i = 0; i < $2; i++)); do printf %s "$1"; done
}

# no_double: after the journal is lost another run sends nothing.
no_double() {
	local before
	before=$(requests upload)
	rm "$REC/.jibri-finalize"
	run_finalize 0
	assert_equal "$(requests upload)" "$before"
}

# --- names that any server can take ------------------------------------------

@test "names with spaces, semicolons, commas and percent signs arrive" {
	local name names=('a b.txt' 'last .txt' "a'b.txt" 'a;b.txt' 'a,b.txt'
		'a;type=x.txt' 'a%b.txt' '100%' '%' 'a+b.txt'
		'a#b.txt' 'a?b.txt' 'a:b.txt' 'a|b.txt' 'a<b>.txt' 'a*b.txt'
		'a[b].txt' 'a{b}.txt' 'a`b.txt' 'a$b.txt' '$(id).txt' 'a!b.txt'
		'a^b.txt' 'a~b.txt' 'a@b.txt' '@a' 'a=b' '(a)' 'filename=x'
		'no extension' 'dot.' 'two..dots' 'tab' '~a')
	for name in "${names[@]}"; do content "$name"; done
	run_finalize 0
	is_stored metadata.json "$MEDIA" "${names[@]}"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	refute_output_has "keeps this name"
	no_double
}

@test "names that look like flags arrive" {
	content -rf
	content --help
	content -
	run_finalize 0
	is_stored metadata.json "$MEDIA" -rf --help -
}

@test "names in UTF-8 arrive" {
	local name names=('Grüße.txt' '会議.txt' 'совещание.txt' 'اجتماع.txt'
		'🎥.txt' $'e\u0301.txt' $'\u00e9.txt' $'☂\ufe0f.txt')
	for name in "${names[@]}"; do content "$name"; done
	run_finalize 0
	is_stored metadata.json "$MEDIA" "${names[@]}"
	refute_output_has "keeps this name"
	# Our own log is ASCII anyway.
	run ! grep -qP '[^\x00-\x7f]' <<<"$output"
	no_double
}

@test "a name of 255 bytes arrives" {
	arrives "$(repeat x 251).txt"
	no_double
}

@test "a name of 255 bytes in UTF-8 arrives" {
	arrives "$(repeat ü 125).txtx"
}

@test "a name of 255 bytes that is half quotes arrives in a part header that Tomcat accepts" {
	content "$(repeat '"x' 127)y"
	run_finalize 0
	assert_equal "$(stored | wc -l)" 3
	(($(request upload .part.headerBytes | sort -n | tail -n 1) <= 512))
	no_double
}

@test "Tomcat accepts each part header, and none has filename*" {
	content "$(repeat '"' 150)"
	content "$(repeat ü 100)"
	content 'a b;c.txt'
	run_finalize 0
	assert_equal "$(stored | wc -l)" 5
	(($(request upload .part.headerBytes | sort -n | tail -n 1) <= 512))
	run ! grep -F 'filename*' "$SB/requests.jsonl"
	assert_equal "$(request upload .status | sort -u)" 200
}

# --- names that no server can take -------------------------------------------

# renamed NAME: it arrives under a safe name, and the log says which.
renamed() {
	local safe
	content "$1"
	run_finalize 0
	safe=$(stored | grep -vxe metadata.json -e "$MEDIA")
	assert_equal "$(wc -l <<<"$safe")" 1
	cmp -- "$REC/$1" "$SB/store/$ROOM/$SESSION/$safe"
	assert_output_has "not every server keeps this name; storing it as /$ROOM/$SESSION/$safe"
	run ! grep -qP '[^\x20-\x7e]' <<<"$safe"
	(($(request upload .part.headerBytes | sort -n | tail -n 1) <= 512))
	no_double
}

@test "255 quotes arrive under a safe name" {
	renamed "$(repeat '"' 255)"
}

@test "a name with a newline arrives under a safe name, in one line of the log" {
	renamed $'a\nb: done: 9 artifacts stored.txt'
	# It cannot look like one of our lines.
	assert_equal "$(grep -c '^b: done' <<<"$output")" 0
}

@test "a name with CR LF cannot add a header" {
	renamed $'x"\r\nX-Evil: 1\r\n\r\n.txt'
	assert_equal "$(request upload '.headers["x-evil"]' | sort -u)" null
	assert_equal "$(request upload .part.disposition | wc -l)" 3
}

@test "a name with control characters arrives under a safe name" {
	renamed $'bell\a esc\e[31m del\x7f.txt'
	run ! grep -q $'[\a\e\x7f]' <<<"$output"
}

@test "a name that Python calls unprintable arrives under a safe name" {
	renamed $'\ufeffa\u202eb\u200bc\u3000.txt'
}

@test "a name with a backslash arrives under a safe name" {
	renamed 'a\..\b.txt'
}

@test "a name that is not UTF-8 arrives under a safe name" {
	renamed $'caf\xe9.txt'
}

@test "overlong forms and surrogates are not UTF-8" {
	renamed $'a\xc0\xafb\xed\xa0\x80.txt'
}

@test "different names that no server accepts stay different" {
	local name names=($'a\x01.txt' $'a\x02.txt' $'a\xff.txt' $'a\xfe.txt'
		'a\.txt' $'a\t.txt' $'a\n.txt' $'a\r.txt')
	for name in "${names[@]}"; do content "$name"; done
	run_finalize 0
	assert_equal "$(stored | wc -l)" 10
	run ! grep -q '~2$' <(stored)
	for name in "${names[@]}"; do
		grep -rqFz -- "content of $name" "$SB/store/$ROOM/$SESSION"
	done
	no_double
}

@test "a safe name is the same in every run" {
	content $'caf\xe9.txt'
	run_finalize 0
	local first
	first=$(stored)
	run_finalize 0 --force
	assert_equal "$(stored | grep -v '~2')" "$first"
}

@test "a file whose name is another's safe name arrives as well" {
	local safe
	content $'caf\xe9.txt'
	run_finalize 0
	safe=$(stored | grep '^caf')
	printf '%-*s' "$(stat -c %s "$REC"/caf*)" other >"$REC/$safe"
	run_finalize 0
	run_finalize 0
	assert_equal "$(stored | grep -c '^caf')" 2
	grep -rqx 'other *' "$SB/store/$ROOM/$SESSION"
}

@test "a renamed artifact keeps its extension" {
	cp "$REC/$MEDIA" "$REC/"$'m\xe9dia.mp4'
	run_finalize 0
	stored | grep -qx 'm.*\.mp4'
}

# --- folders -----------------------------------------------------------------

@test "sub-folders keep their relative path" {
	content sub/a.txt
	content sub/sub/b.txt
	content 'with space/c.txt'
	content 'per%zent;semi,colon/d.txt'
	content 'ünï/e.txt'
	content -dash/f.txt
	run_finalize 0
	is_stored metadata.json "$MEDIA" sub/a.txt sub/sub/b.txt \
		'with space/c.txt' 'per%zent;semi,colon/d.txt' \
		'ünï/e.txt' -dash/f.txt
	assert_equal "$(request upload \
		'select(.part.filename == "b.txt") | .target')" \
		"/files/structured/123?path=/$ROOM/$SESSION/sub/sub/"
	no_double
}

@test "a folder whose name no server accepts gets a safe one" {
	content $'bad\xff/a.txt'
	content 'back\slash/a.txt'
	content $'new\nline/a.txt'
	run_finalize 0
	assert_equal "$(stored | grep -c '/a.txt$')" 3
	assert_equal "$(grep -c 'not every server keeps this name' \
		<<<"$output")" 3
	no_double
}

@test "the same name in two folders is two artifacts" {
	content one/a.txt
	content two/a.txt
	content a.txt
	run_finalize 0
	is_stored metadata.json "$MEDIA" a.txt one/a.txt two/a.txt
}

@test "an empty folder is ignored" {
	mkdir -p "$REC/empty/empty"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "endlessly nested folders are refused" {
	local deep
	deep=$(repeat d/ 40)
	mkdir -p "$REC/$deep"
	content "${deep}x.txt"
	run finalize
	assert_equal "$(webhooks | grep -c STOPPED)" 0
	assert_equal "$status" 65
}

# --- what is skipped ---------------------------------------------------------

@test "symbolic links, FIFOs, sockets and devices are skipped with a warning" {
	echo secret >"$DIR/secret"
	ln -s "$DIR/secret" "$REC/link.mp4"
	ln -s "$DIR" "$REC/linked-folder"
	ln -s nowhere "$REC/dangling"
	mkfifo "$REC/fifo.mp4"
	perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
		chdir $ARGV[0] or die;
		bind($s, sockaddr_un("socket.mp4")) or die' "$REC"
	local devices=()
	if [ "$(id -u)" = 0 ] && mknod "$REC/device.mp4" c 1 3 2>/dev/null &&
		mknod "$REC/block.mp4" b 7 0 2>/dev/null; then
		devices=(device.mp4 block.mp4)
	fi
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_output_has "link.mp4: skipped, a symbolic link"
	assert_output_has "linked-folder: skipped, a symbolic link"
	assert_output_has "dangling: skipped, a symbolic link"
	assert_output_has "fifo.mp4: skipped, a FIFO"
	assert_output_has "socket.mp4: skipped, a socket"
	local name
	for name in "${devices[@]}"; do
		assert_output_has "$name: skipped, a device"
	done
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	run_finalize 0
	assert_output_has "done already"
}

@test "a link to a media file does not count as media" {
	mv "$REC/$MEDIA" "$DIR/real.mp4"
	ln -s "$DIR/real.mp4" "$REC/$MEDIA"
	run_finalize 65
	is_stored metadata.json
	assert_equal "$(webhooks)" \
		"FAILED $ROOM $SESSION $MEDIA, the recording's media file, is a symbolic link: put the file itself there"
}

@test "a journal is not an artifact, not even in a sub-folder" {
	content sub/.jibri-finalize
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	run_finalize 0 --force --exclude ''
	assert_equal "$(stored | grep -c '^.jibri-finalize')" 0
}

@test "files that exclude names by default are skipped with a log line" {
	content .hidden
	content movie.mp4.part
	content x.tmp
	content sub/y.tmp
	content .git/config
	content notes.txt~
	content notes.bak
	content notes.txt.orig
	content .notes.swp
	content notes.swp
	content .movie.mp4.Ab3x9Z
	content '#notes.txt#'
	content notes.swo
	content NOTES.BAK
	content notes.Tmp
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_output_has ".hidden: skipped, excluded"
	assert_output_has "movie.mp4.part: skipped, excluded"
	assert_output_has "x.tmp: skipped, excluded"
	assert_output_has "sub/y.tmp: skipped, excluded"
	assert_output_has ".git: skipped, excluded"
	assert_output_has "notes.txt~: skipped, excluded"
}

@test "the first twenty skipped files are named, the others counted" {
	local i
	for i in {1..30}; do content "$i.tmp"; done
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(grep -c 'tmp: skipped, excluded' <<<"$output")" 20
	assert_output_has "10 more skipped; see --dry-run"
	run_finalize 0 --dry-run
	assert_equal "$(grep -c '[0-9]\.tmp' <<<"$output")" 30
}

@test "if exclude matches the media file, the error says so, also beside a whole clip" {
	cp "$REC/$MEDIA" "$REC/clip.mp4"
	run_finalize 65 --exclude '*_2026-*'
	assert_output_has "error: $MEDIA: the media file is excluded by '*_2026-*'"
	refute_output_has "no media file"
	rm "$REC/clip.mp4"
	run_finalize 65 --exclude '*_2026-*'
	assert_output_has "error: $MEDIA: the media file is excluded by '*_2026-*'"
	run_command 0 upload "$REC"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
	# Another file that Jibri named is enough.
	another_recording remuxed
	cp "${ROOT:?}/tests/data/video.mkv" "$REC/${MEDIA%mp4}mkv"
	run_finalize 0 --exclude '*.mkv'
}

@test "a media file that Jibri named is sent though its room begins with a dot" {
	ROOM=.hid
	rooms "{\"$ROOM\": 9}"
	metadata "https://meet.example.org/$ROOM"
	mv "$REC/$MEDIA" "$REC/${ROOM}_2026-01-02-03-04-05.mp4"
	content "._${ROOM}_2026-01-02-03-04-05.mp4"
	content .hidden
	run_finalize 0
	is_stored metadata.json "${ROOM}_2026-01-02-03-04-05.mp4"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a whole clip does not hide that the media file is a partial copy, a link or a FIFO" {
	local name
	for name in "$MEDIA.part" "$MEDIA.tmp" ".$MEDIA.a1B2c3" link fifo; do
		another_recording "session-${name//[^a-z]/}"
		mv "$REC/$MEDIA" "$REC/clip.mp4"
		case $name in
		link) ln -s clip.mp4 "$REC/$MEDIA" ;;
		fifo) mkfifo "$REC/$MEDIA" ;;
		*) echo partial >"$REC/$name" ;;
		esac
		run_finalize 65
		[[ $(webhooks | tail -n 1) == "FAILED $ROOM $SESSION "*"media file"* ]]
		rm -f "$REC/$MEDIA" "$REC/$name"
		cp "$ROOT/tests/data/video.mp4" "$REC/$MEDIA"
		run_finalize 0
		assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
	done
}

@test "a partial copy beside the whole media file, or after it was delivered, does not matter" {
	echo partial >"$REC/.$MEDIA.a1B2c3"
	run_finalize 0
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	rm "$REC/$MEDIA"
	content notes.txt
	run_finalize 0
	# What is here decides, not the copy.
	another_recording damaged
	truncate -s 48 "$REC/$MEDIA"
	echo partial >"$REC/.$MEDIA.a1B2c3"
	run_finalize 65
	assert_output_has "recording is damaged: $MEDIA: "
}

@test "exclude accepts other globs, for names and for paths" {
	content .hidden
	content a.log
	content keep/a.log
	content 'sub/x y.dat'
	content other/b.dat
	run_finalize 0 --exclude 'sub/*.dat,[a-z].log'
	is_stored .hidden metadata.json "$MEDIA" other/b.dat
	assert_output_has "sub/x y.dat: skipped, excluded"
}

@test "an excluded metadata.json is read and not sent" {
	run_finalize 0 --exclude metadata.json
	is_stored "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "artifacts are sent in order" {
	local n
	for n in b a d c B 10 9; do content "$n.txt"; done
	run_finalize 0 --parallel 1
	assert_equal "$(request upload .part.filename)" \
		"$(request upload .part.filename | LC_ALL=C sort)"
	assert_equal "$(requests upload)" 9
}

# --- types -------------------------------------------------------------------

# type_of NAME: the type of its part.
type_of() {
	request upload "select(.part.filename == \"$1\") | .part.contentType"
}

@test "each part has the type of its content" {
	local name type
	cp "$BATS_TEST_DIRNAME"/data/video.{mkv,webm} "$REC/"
	cp "$REC/$MEDIA" "$REC/no-extension"
	cp "$REC/$MEDIA" "$REC/wrong.txt"
	echo '{"a": 1}' >"$REC/a.json"
	echo '[1, 2]' >"$REC/array.json"
	printf '\xef\xbb\xbf{"a": 1}\n' >"$REC/bom.json"
	printf '{"a": 1}\n{"a": 2}\n' >"$REC/a.jsonl"
	echo 'some text' >"$REC/a.txt"
	printf 'WEBVTT\n\n00:00.000 --> 00:01.000\nHi\n' >"$REC/a.vtt"
	printf '1\n00:00:00,000 --> 00:00:01,000\nHi\n' >"$REC/a.srt"
	printf '#EXTM3U\n#EXT-X-VERSION:3\n' >"$REC/a.m3u8"
	printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\2\0\0\0' \
		>"$REC/a.png"
	# Two packets of an MPEG transport stream: PAT and null.
	{
		printf '\x47\x40\0\x10\0\0\xb0\r\0\1\xc1\0\0\0\1\xf0\0\x2a\xb1\x04\xb2'
		head -c 167 /dev/zero | tr '\0' '\377'
		printf '\x47\x1f\xff\x10'
		head -c 184 /dev/zero | tr '\0' '\377'
	} >"$REC/a.ts"
	: >"$REC/empty.json"
	: >"$REC/empty"
	head -c 100 /dev/urandom >"$REC/unknown.xyz"
	cp "$REC/a.png" "$REC/png.json"
	echo '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>' \
		>"$REC/a.svg"
	run_finalize 0
	while read -r name type; do
		# libmagic spells it video/MP2T; the case does not matter.
		assert_equal "$name $(type_of "$name" | tr MPT mpt)" \
			"$name $type"
	done <<-END
		$MEDIA video/mp4
		video.mkv video/x-matroska
		video.webm video/webm
		no-extension video/mp4
		wrong.txt video/mp4
		metadata.json application/json
		a.json application/json
		array.json application/json
		bom.json application/json
		a.jsonl application/x-ndjson
		a.txt text/plain
		a.vtt text/vtt
		a.srt application/x-subrip
		a.m3u8 application/vnd.apple.mpegurl
		a.png image/png
		a.ts video/mp2t
		empty.json application/json
		empty application/octet-stream
		unknown.xyz application/octet-stream
		png.json image/png
		a.svg image/svg+xml
	END
}

@test "a large JSON file has the type of JSON" {
	jq -nc '[range(200000) | {"speaker": "x", "text": "some words \(.)"}]' \
		>"$REC/transcript.json"
	(($(stat -c %s "$REC/transcript.json") > 7340032))
	run_finalize 0
	assert_equal "$(type_of transcript.json)" application/json
	is_stored metadata.json transcript.json "$MEDIA"
}

@test "MAGIC in the environment does no harm" {
	local value
	echo 'rubbish' >"$DIR/rubbish"
	printf '0 string x text/evil\n' >"$DIR/magic"
	mkfifo "$DIR/fifo"
	for value in "$DIR/rubbish" "$DIR/magic" "$DIR/none" /dev/null \
		"$DIR/fifo"; do
		export MAGIC=$value
		run_finalize 0 --force
		assert_equal "$(type_of "$MEDIA" | sort -u)" video/mp4
	done
}

@test "a user's own database of types does no harm" {
	echo rubbish >"$DIR/.magic.mgc"
	echo text >"$REC/a.bin"
	HOME=$DIR run_finalize 0
	is_stored a.bin metadata.json "$MEDIA"
	[[ $output != *libmagic* ]]
}

@test "a file with a media name and other content is sent with a warning" {
	echo '{"no": "video"}' >"$REC/odd.mkv"
	run_finalize 0
	is_stored metadata.json odd.mkv "$MEDIA"
	assert_output_has "odd.mkv: its content is not audio or video"
}

# --- metadata.json and redaction ---------------------------------------------

# private_metadata: with credentials, at the top and inside.
private_metadata() {
	jq -n --arg url "https://meet.example.org/$ROOM" '{
		meeting_url: $url,
		participants: [{user: {name: "Ann", token: "t0p-s3cret-1"}},
			{user: {name: "Bob", token: "t0p-s3cret-2"}}],
		upload_credentials: {token: "t0p-s3cret-3",
			r_token: "t0p-s3cret-4"},
		title: "Grüße \u0001 1e400"}' >"$REC/metadata.json"
}

sent_metadata() {
	cat "$SB/store/$ROOM/$SESSION/metadata.json"
}

@test "upload_credentials never leave the machine" {
	private_metadata
	run_finalize 0
	assert_equal "$(sent_metadata | jq -S .)" \
		"$(jq -S 'del(.upload_credentials)' "$REC/metadata.json")"
	run ! grep -rE 't0p-s3cret-[34]' "$SB" "$REC/.jibri-finalize"
	refute_output_has t0p-s3cret
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	# The file here is as it was.
	grep -q t0p-s3cret-3 "$REC/metadata.json"
}

@test "size and hash of a redacted metadata.json are those of what was sent" {
	private_metadata
	run_finalize 0
	assert_equal "$(journal 'select(.event == "stored" and
		.path == "metadata.json") | "\(.size) \(.sha256)"')" \
		"$(sent_metadata | wc -c) $(sent_metadata | sha256sum |
			cut -d ' ' -f 1)"
	# One JSON text, without stray bytes after it.
	assert_equal "$(sent_metadata | tr '\0' '?' | tail -n 1)" "}"
	sent_metadata | jq -e . >/dev/null
	no_double
	run_finalize 0
	assert_output_has "done already"
}

@test "redaction is deterministic" {
	private_metadata
	run_finalize 0
	run_finalize 0 --force
	cmp "$SB/store/$ROOM/$SESSION/metadata.json" \
		"$SB/store/$ROOM/$SESSION/metadata.json~2"
}

@test "numbers, order and strings survive redaction" {
	printf '{"meeting_url":"https://x/%s","z":1.50,"a":12345678901234567,%s}' \
		"$ROOM" '"upload_credentials":1,"e":"\u00e9\ud83c\udfa5\/"' \
		>"$REC/metadata.json"
	run_finalize 0
	assert_equal "$(sent_metadata | jq -c 'keys_unsorted')" \
		'["meeting_url","z","a","e"]'
	sent_metadata | grep -q 12345678901234567
	assert_equal "$(sent_metadata | jq .z)" 1.5
	assert_equal "$(sent_metadata | jq -r .e)" 'é🎥/'
}

@test "a metadata.json with nothing to redact is sent byte for byte" {
	printf '{ "meeting_url":"https://x/%s" ,\t"n": 1.0e2,\r\n"n2":[] }\n\n' \
		"$ROOM" >"$REC/metadata.json"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "redact can name other members, also nested and in arrays" {
	private_metadata
	jq '. + {"a/b": {"m~n": "t0p-s3cret-5"}, keep: 1}' \
		"$REC/metadata.json" >"$DIR/m" && cp "$DIR/m" "$REC/metadata.json"
	run_finalize 0 --redact '/upload_credentials,/participants/0/user/token,/participants/1/user,/a~1b/m~0n,/none/of/it'
	run ! grep -r t0p-s3cret "$SB"
	assert_equal "$(sent_metadata | jq -c '[.participants, .["a/b"], .keep]')" \
		'[[{"user":{"name":"Ann"}},{}],{},1]'
}

@test "an escaped member name does not escape redaction" {
	printf '{"meeting_url":"https://x/%s","upload\\u005fcredentials":%s}' \
		"$ROOM" '{"token":"t0p-s3cret"}' >"$REC/metadata.json"
	run_finalize 0
	run ! grep -r t0p-s3cret "$SB"
	assert_equal "$(sent_metadata | jq -c keys)" '["meeting_url"]'
}

@test "a second upload_credentials does not leave the machine either" {
	printf '{"upload_credentials":"t0p-s3cret-1","meeting_url":"https://x/%s",%s}' \
		"$ROOM" '"upload_credentials":"t0p-s3cret-2"' >"$REC/metadata.json"
	run finalize
	run ! grep -r t0p-s3cret "$SB"
}

@test "a metadata.json that cannot be parsed is withheld, and STOPPED is sent" {
	local text n=0
	for text in '' '{' '{"upload_credentials":{"token":"t0p-s3cret"' \
		'{"upload_credentials":"t0p-s3cret"}}' \
		$'{"upload_credentials":"t0p-s3cret\xff"}' \
		'{"upload_credentials":"t0p-s3cret",}' 'no JSON t0p-s3cret'; do
		another_recording "withheld-$((++n))"
		printf %s "$text" >"$REC/metadata.json"
		run_finalize 0 "$ROOM"
		is_stored "$MEDIA"
		assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
		assert_output_has "metadata.json: skipped, withheld: it cannot be parsed"
		run_finalize 0
		assert_output_has "done already"
	done
	run ! grep -r t0p-s3cret "$SB"
}

@test "a huge metadata.json is withheld, not trusted" {
	{
		printf '{"upload_credentials":"t0p-s3cret","x":"'
		head -c 17000000 /dev/zero | tr '\0' x
		printf '"}'
	} >"$REC/metadata.json"
	run_finalize 0 "$ROOM"
	is_stored "$MEDIA"
	run ! grep -r t0p-s3cret "$SB"
}

@test "with an empty redact metadata.json is sent as it is, broken or not" {
	export JIBRI_FINALIZE_CONFIG=$DIR/conf
	echo 'redact =' >"$DIR/conf"
	printf '{"upload_credentials":"x"' >"$REC/metadata.json"
	run_finalize 0 "$ROOM"
	is_stored metadata.json "$MEDIA"
}

@test "no JSON object is sent with a redacted member, whatever the file's name" {
	local name names=('metadata (1).json' Metadata.JSON metadata.json.save
		METADATA info.json transcript.jsonl odd.mkv no-extension
		sub/metadata-old.json)
	private_metadata
	mkdir "$REC/sub"
	for name in "${names[@]}"; do cp "$REC/metadata.json" "$REC/$name"; done
	jq -c . "$REC/metadata.json" "$REC/metadata.json" >"$REC/transcript.jsonl"
	jq -s . "$REC/metadata.json" "$REC/metadata.json" >"$REC/array.json"
	{ printf '\xef\xbb\xbf \n' && cat "$REC/metadata.json"; } >"$REC/bom.json"
	{ head -c 9000 /dev/zero | tr '\0' '\n' && cat "$REC/metadata.json"; } \
		>"$REC/blanks.json"
	{
		printf '{"upload_credentials":"t0p-s3cret-3","x":"'
		head -c 15000000 /dev/zero | tr '\0' x
		printf '"}'
	} >"$REC/large.json"
	run_finalize 0
	run ! grep -rlE 't0p-s3cret-[34]' "$SB"
	for name in metadata.json "${names[@]}" array.json bom.json blanks.json \
		large.json; do
		[ -s "$SB/store/$ROOM/$SESSION/$name" ]
	done
	run_finalize 0
	assert_output_has "done already"
}

@test "a redacted member is removed at every depth" {
	local name j='{"meeting_url":"https://x/y","upload_credentials":"t0p-s3cret"}'
	printf '{"outer":{"a":[1,%s]}}' "$j" >"$REC/outer.json"
	printf '{"items":[%s],"upload_credentials":%s}' "$j" "$j" \
		>"$REC/items.json"
	printf '[[%s],{"a":{"b":%s}}]' "$j" "$j" >"$REC/arrays.json"
	run_finalize 0
	run ! grep -r t0p-s3cret "$SB"
	for name in outer items arrays; do
		[ -s "$SB/store/$ROOM/$SESSION/$name.json" ]
	done
	assert_equal "$(jq -c . "$SB/store/$ROOM/$SESSION/arrays.json")" \
		'[[{"meeting_url":"https://x/y"}],{"a":{"b":{"meeting_url":"https://x/y"}}}]'
	run_command 0 verify --deep "$REC"
}

@test "an unparsable file that contains a redacted member's name is withheld, whatever its own name" {
	local i=0 j='{"meeting_url":"x","upload_credentials":"t0p-s3cret"}' text
	for text in "${j%?}" "// a comment
$j" "$j garbage" "{\"x\":[1,],${j:1}" "{\"x\":NaN,${j:1}" \
		$'\x1e'"$j" "note: $j" $'{"x":"\xff",'"${j:1}" \
		"{\"upload_credentials\":\"t0p-s3cret\",\"a\":$(
			repeat '[' 3000)$(repeat ']' 3000)}"; do
		i=$((i + 1))
		printf %s "$text" >"$REC/Copy $i.json"
	done
	printf '%s\0\0' "$j" >"$REC/padded"
	echo 'The [upload_credentials] are secret.' >"$REC/a.txt"
	run_finalize 0
	is_stored metadata.json "$MEDIA" a.txt
	assert_equal "$(grep -c 'Copy .*skipped, withheld' <<<"$output")" 9
	run ! grep -r t0p-s3cret "$SB"
}

@test "a file that names a redacted member in quotes is withheld, wherever the name is" {
	local j='{"meeting_url": "x", "upload_credentials": "t0p-s3cret"}'
	yes 'The recorder starts, and all is well.' | head -c 70000 >"$DIR/log"
	# The name crosses the border between two reads.
	{ head -c 65500 "$DIR/log" && printf %s "$j"; } >"$REC/across.log"
	{ head -c 5000 "$DIR/log" && jq . <<<"$j"; } >"$REC/browser.0.log"
	{ head -c 16000000 /dev/urandom && echo "$j"; } >"$REC/late.bin"
	{ head -c 4096 /dev/zero && echo "$j"; } >"$REC/rotated.log"
	{ head -c 5000 "$DIR/log" && jq -Rs <<<"$j"; } >"$REC/escaped.log"
	# As .NET escapes quotes.
	jq -Rn --arg j "$j" '{$j}' | sed 's/\\"/\\u0022/g' >"$REC/dotnet.json"
	jq -n --arg m "$(jq -Rs <<<"$j")" '{message: $m}' >"$REC/nested.json"
	echo "{'upload_credentials': 't0p-s3cret'}" >"$REC/python.txt"
	{ cat "$DIR/log" && iconv -t UTF-16LE <<<"$j"; } >"$REC/late-16.txt"
	{ printf 'it: ' && iconv -t UTF-32BE <<<"$j"; } >"$REC/late-32.txt"
	tar -C "$REC" -cf "$REC/old.tar" browser.0.log
	# Not in quotes, or only a part of what is, or no name of a member.
	echo 'upload_credentials "upload_credentials_old" "my upload_credentials"' \
		>"$REC/plain.txt"
	echo '{"private":["upload_credentials"],"b":"no upload_credentials: \"x\""}' \
		>"$REC/plain.json"
	run_finalize 0
	assert_equal "$(grep -Po '[^ ]+(?=: skipped, withheld: it has the name)' \
		<<<"$output" | sort | xargs)" \
		'across.log browser.0.log dotnet.json escaped.log late-16.txt late-32.txt late.bin nested.json old.tar python.txt rotated.log'
	is_stored metadata.json "$MEDIA" plain.txt plain.json
	run_finalize 0
	assert_output_has "done already"
}

@test "an element of an array is looked for by the name of its array" {
	echo 'note: {"tokens": ["t0p-s3cret"]}' >"$REC/a.txt"
	echo "numbers: '0', \"1\"" >"$REC/b.txt"
	run_finalize 0 --redact /tokens/0,/tokens/1
	is_stored metadata.json "$MEDIA" b.txt
}

@test "copies of metadata.json that cannot be redacted are withheld" {
	local name
	for name in 'metadata (1).json' METADATA.txt sub/Metadata-copy.json; do
		mkdir -p "$REC/sub"
		printf '{"upload_credentials":"t0p-s3cret"' >"$REC/$name"
	done
	cp "$REC/METADATA.txt" "$REC/metadata.json~"
	cp "$REC/METADATA.txt" "$REC/metadata.bak"
	cp "$REC/METADATA.txt" "$REC/metadata.json.orig"
	{
		printf '{"upload_credentials":"t0p-s3cret","x":"'
		head -c 17000000 /dev/zero | tr '\0' x
		printf '"}'
	} >"$REC/metadata-large.json"
	run_finalize 0
	assert_output_has "METADATA.txt: skipped, withheld"
	is_stored metadata.json "$MEDIA"
	run ! grep -r t0p-s3cret "$SB"
}

@test "a room named metadata has media like any other" {
	ROOM=metadata-review
	rooms "{\"$ROOM\": 9}"
	metadata "https://meet.example.org/$ROOM"
	mv "$REC/$MEDIA" "$REC/${ROOM}_2026-01-02-03-04-05.mp4"
	run_finalize 0
	is_stored metadata.json "${ROOM}_2026-01-02-03-04-05.mp4"
}

@test "JSON without a redacted member is sent byte for byte" {
	printf '{"a":1.50,"b":1e400,"c":"\\u0000\\ud83d\\/" ,"d":[ ]}\r\n\n' \
		>"$REC/a.json"
	printf '{"a": "no end' >"$REC/b.json"
	printf '{"a":"\xff"}' >"$REC/c.json"
	run_finalize 0
	is_stored metadata.json "$MEDIA" a.json b.json c.json
}

@test "a metadata.json of a sub-folder is redacted as well" {
	private_metadata
	mkdir "$REC/sub"
	cp "$REC/metadata.json" "$REC/sub/metadata.json"
	metadata "https://meet.example.org/$ROOM"
	run_finalize 0
	run ! grep -rE 't0p-s3cret-[34]' "$SB"
	[ -e "$SB/store/$ROOM/$SESSION/sub/metadata.json" ]
}

@test "a metadata.json that is completed later is sent later" {
	printf '{"meeting_url":"https://x/%s","a' "$ROOM" >"$REC/metadata.json"
	run_finalize 0
	is_stored "$MEDIA"
	metadata "https://meet.example.org/$ROOM"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | wc -l)" 2
}
