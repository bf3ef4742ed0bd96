#!/usr/bin/env bats
# make check-live: ffmpeg records in real time with Jibri's options, a watch
# sends ahead, and the uplink is 2.5 times the bitrate.  The store is a Ceph
# gateway.

load ../lib
load ../s3/s3

# 16 Mbit/s are recorded; RATE is bytes a second of the uplink.
RATE=5000000

setup_file() {
	export SOURCE=$BATS_FILE_TMPDIR/source.mkv
	ffmpeg -nostdin -v error -f lavfi \
		-i testsrc2=s=1280x720:r=30,noise=alls=40:allf=t -t 20 \
		-c:v mpeg4 -b:v 16M -minrate 16M -maxrate 16M -bufsize 4M \
		-y "$SOURCE"
}

setup() {
	[ -n "${CHECK_S3:-}" ] || skip "make check-live runs this"
	common_setup
	rmdir "$REC"
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
	export JIBRI_FINALIZE_S3_PART_SIZE=5M JIBRI_FINALIZE_STALL_TIMEOUT=20s
	export JIBRI_FINALIZE_DEADLINE=2h
	WATCH_PID=
}

teardown() {
	end_child "${WATCH_PID-}" KILL
	stop_proxy
	stop_parts_at_s3
	common_teardown
}

# uplink: put S3 behind a slow uplink.
uplink() {
	start_proxy "$RATE"
	export JIBRI_FINALIZE_S3_URL=$S3_PROXY
}

watch() {
	"$BIN" watch "$@" >"$DIR/log" 2>&1 3>&- &
	WATCH_PID=$!
}

# records SESSION SECONDS KIND [FLAG...]: sets ended, in milliseconds.
records() {
	local seconds=$2 kind=$3
	SESSION=$1
	REC=$DIR/recordings/$1
	MEDIA=${ROOM}_2026-01-02-03-04-05.$kind
	shift 3
	mkdir "$REC"
	ffmpeg -nostdin -v error -re -stream_loop -1 -i "$SOURCE" \
		-t "$seconds" -c copy "$@" -y "$REC/$MEDIA"
	ended=$(date +%s%3N)
	metadata "https://meet.example.org/$ROOM"
}

announced() {
	webhooks | grep -qF "STOPPED $ROOM $SESSION"
}

# available: how long after ffmpeg's end it was announced, in milliseconds.
available() {
	local i
	for ((i = 0; i < 40000; i++)); do
		announced && break
		sleep 0.05
	done
	announced
	took=$(($(journal 'select(.event == "announced") | .at') - ended))
}

uploads() {
	s3_curl -H "x-amz-content-sha256: $(sha256_of '')" \
		"$S3_URL/$S3_BUCKET?uploads=" | grep -o '<UploadId>[^<]*' || true
}

# key_of_media: where the bucket has it.  The file-service has it keep large
# files as parts/N, and N is the last one's.
key_of_media() {
	[ -n "${S3_PID:-}" ] || { echo "$ROOM/$SESSION/$MEDIA"; return; }
	s3_curl -H "x-amz-content-sha256: $(sha256_of '')" \
		"$S3_URL/$S3_BUCKET?prefix=parts%2F" |
		grep -o 'parts/[0-9]*' | sort -V | tail -n 1
}

# is_there: stored byte for byte, and no upload is left.
is_there() {
	curl -sfg "$S3_URL/$S3_BUCKET/$(key_of_media)" | cmp - "$REC/$MEDIA"
	assert_equal "$(uploads)" ""
	assert_equal "$(webhooks | grep -cF "STOPPED $ROOM $SESSION")" 1
}

ahead() {
	[ -e "$REC/.jibri-finalize" ] &&
		journal 'select(.event == "began" or .event == "partStored") |
			.event' | sed '/began/,$d' | wc -l
}

# lengths: a recording of each of MINUTES is available soon after its end, as
# its bytes were sent once before.
lengths() {
	local minutes took ended live=() later size before
	for minutes in $MINUTES; do
		watch
		before=$(sent)
		records "live-$minutes" "$((minutes * 60))" mp4
		available
		live+=("$took")
		is_there
		kill "$WATCH_PID"
		wait "$WATCH_PID"
		size=$(stat -c %s "$REC/$MEDIA")
		before=$(($(sent) - before))
		echo "# $minutes min, $((size / 1000000)) MB: there after" \
			"$took ms, $((before * 100 / size)) % of it were sent" >&3
		((before * 10 <= size * 11))
		cp -r "$REC" "$DIR/recordings/later-$minutes"
		rm "$DIR/recordings/later-$minutes/.jibri-finalize"
		REC=$DIR/recordings/later-$minutes
		SESSION=later-$minutes
		later=$(date +%s%3N)
		"$BIN" "$REC" >"$DIR/log" 2>&1 || { cat "$DIR/log" >&2; false; }
		later=$(($(date +%s%3N) - later))
		echo "# sent afterwards: $later ms," \
			"$((took * 100 / later)) %" >&3
		((took * 100 <= later * 15))
	done
	# A longer recording takes no longer, except for its last part.
	((live[-1] <= live[0] + 2000))
}

@test "a recording is available seconds after its end, however long it was" {
	start_s3
	uplink
	lengths
}

@test "the same is true of a file-service that takes parts" {
	UPLINK=1 start_parts_at_s3 $((5 * 1024 * 1024)) --discard-over 1000000
	lengths
}

@test "fragmented MP4, Matroska and a file rewritten at its end arrive intact" {
	start_s3
	watch
	records fragmented 20 mp4 -movflags frag_keyframe+empty_moov
	(($(ahead) >= 3))
	available
	is_there
	records matroska 20 mkv
	(($(ahead) >= 3))
	available
	is_there
	records faststart 20 mp4 -movflags faststart
	(($(ahead) >= 3))
	available
	is_there
}

@test "whenever watch is killed, the recording arrives intact" {
	local i recorder ended=0
	start_s3
	for i in 1 2 3 4; do
		watch
		records "killed-$i" 12 mp4 3>&- &
		recorder=$!
		sleep "$((RANDOM % 12)).$((RANDOM % 10))"
		kill -KILL "$WATCH_PID"
		wait "$WATCH_PID" || true
		watch
		wait "$recorder"
		SESSION=killed-$i
		REC=$DIR/recordings/$SESSION
		MEDIA=${ROOM}_2026-01-02-03-04-05.mp4
		available
		is_there
		kill "$WATCH_PID"
		wait "$WATCH_PID" || true
	done
}

@test "a tenant's recording is started again under its key, and arrives intact" {
	start_s3
	rooms "{\"[acme]$ROOM\": 7}"
	watch
	records tenant 12 mp4
	(($(ahead) >= 2))
	metadata "https://meet.example.org/acme/$ROOM"
	ROOM="[acme]$ROOM"
	available
	is_there
}
