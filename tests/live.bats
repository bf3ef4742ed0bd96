#!/usr/bin/env bats
# A recording is sent while it is made, and arrives right whatever becomes of
# it.  Jibri is a process that writes as ffmpeg does: a header that is filled in
# at the end, pictures, an index.

load lib
load s3/s3

setup() {
	common_setup
	start_s3
	TOP=$DIR/recordings
	MIB=$((1024 * 1024))
	export JIBRI_FINALIZE_RECORDINGS_DIR=$TOP
	export JIBRI_FINALIZE_WATCH_INTERVAL=1s JIBRI_FINALIZE_SETTLE=1m
	export JIBRI_FINALIZE_S3_PART_SIZE=5M JIBRI_FINALIZE_ANSWER_TIMEOUT=5s
	JIBRI_PID='' WATCH_PID=''
}

teardown() {

	local pid
	for pid in $JIBRI_PID $WATCH_PID; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	common_teardown
}

# jibri MIB [FILE]: begins to write so much of a recording, and holds it open;
# finish lets it end.
jibri() {
	local file=$REC/${2:-$MEDIA}
	rm -f "$DIR/end" "$DIR/written"
	mkfifo "$DIR/end"
	perl -e '
		my ($file, $mib, $end, $written) = @ARGV;
		open my $f, ">", $file or die; binmode $f; $f->autoflush;
		open my $r, "<", "/dev/urandom" or die;
		print $f "\0\0\0\020ftypisom\0\0\0\0", "\0\0\0\001mdat", "\0" x 8;
		for (1 .. $mib) { read $r, my $b, 1 << 20; print $f $b }
		open my $w, ">", $written or die; close $w;
		open my $e, "<", $end or die;
		my $how = <$e>;
		exit if $how =~ /die/;
		if ($how =~ /rewrite/) {
			seek $f, 6 << 20, 0; print $f "rewritten" x 9;
			seek $f, 0, 2;
		}
		seek $f, 24, 0; print $f pack("Q>", 16 + ($mib << 20));
		seek $f, 0, 2;
		open my $m, "<", "$file.moov" or die; binmode $m; local $/;
		print $f scalar <$m>; close $f; unlink "$file.moov";
	' "$file" "$1" "$DIR/end" "$DIR/written" 3>&- &
	JIBRI_PID=$!
	moov 32 >"$file.moov"
	wait_for test -e "$DIR/written"
}

# finish [HOW] [URL]: Jibri ends the file and writes metadata.json.
finish() {
	echo "${1:-well}" >"$DIR/end"
	wait "$JIBRI_PID"
	JIBRI_PID=
	metadata "${2:-https://meet.example.org/$ROOM}"
}

watch() {
	"$BIN" watch --log-level debug "$@" >"$DIR/log" 2>&1 3>&- &
	WATCH_PID=$!
}

# leave CODE: within 2 s.
leave() {
	local rc=0 began
	began=$(date +%s%3N)
	kill -TERM "$WATCH_PID"
	wait "$WATCH_PID" || rc=$?
	WATCH_PID=
	(($(date +%s%3N) - began < ${SAN:-0} * 3000 + 2500))
	assert_equal "$rc" "$1"
}

uploads() {
	s3_curl -H "x-amz-content-sha256: $(sha256_of '')" \
		"$S3_URL/$S3_BUCKET?uploads=" | grep -o '<UploadId>[^<]*' || true
}

# ahead: the numbers of the parts that the journal has.
ahead() {
	[ -e "$REC/.jibri-finalize" ] || return 0
	journal 'select(.event == "partStored") | .count' | sort -n | uniq |
		xargs
}

has_ahead() {
	[ "$(ahead)" = "$1" ]
}

announced() {
	webhooks | grep -q STOPPED
}

# arrived: whole, once, told once, and nothing half done.
arrived() {
	wait_for announced
	is_stored "$MEDIA" metadata.json
	assert_equal "$(webhooks | grep -c STOPPED)" 1
	assert_equal "$(uploads)" ""
}

@test "what is behind the first part and ahead of the last MiB is sent while it is written" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	assert_equal "$(webhooks | wc -l)" 0
	assert_equal "$(requests resolve)" 0
	finish
	arrived
	leave 0
	# Each but the first and the last went once.
	assert_equal "$(journal 'select(.event == "partStored") | .count' |
		sort -n | xargs)" "1 2 3 4"
}
