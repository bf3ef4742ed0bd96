# Shared by the tests of live recordings.  Jibri is a process that writes as
# ffmpeg does: a header that is filled in at the end, frames, an index.
#
# shellcheck shell=bash

live_setup() {
	common_setup
	start_s3
	TOP=$DIR/recordings
	export JIBRI_FINALIZE_RECORDINGS_DIR=$TOP
	export JIBRI_FINALIZE_WATCH_INTERVAL=1s JIBRI_FINALIZE_SETTLE=1m
	export JIBRI_FINALIZE_S3_PART_SIZE=5M JIBRI_FINALIZE_ANSWER_TIMEOUT=5s
	JIBRI_PID='' WATCH_PID=''
}

live_teardown() {
	local pid
	for pid in $JIBRI_PID $WATCH_PID; do
		end_child "$pid" KILL
	done
	common_teardown
}

# jibri MIB [FILE]: start a process that writes so much of a recording and holds
# it open until finish.
jibri() {
	local file=$REC/${2:-$MEDIA}
	rm -f "$DIR/end" "$DIR/written"
	mkfifo "$DIR/end"
	moov 32 >"$DIR/moov"
	perl -e '
		my ($file, $mib, $end, $written, $moov) = @ARGV;
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
		open my $m, "<", $moov or die; binmode $m; local $/;
		print $f scalar <$m>;
	' "$file" "$1" "$DIR/end" "$DIR/written" "$DIR/moov" 3>&- &
	JIBRI_PID=$!
	wait_for test -e "$DIR/written"
}

# finish [HOW] [URL]: Jibri ends the file and writes metadata.json.
finish() {
	echo "${1:-well}" >"$DIR/end"
	wait "$JIBRI_PID"
	JIBRI_PID=
	metadata "${2:-https://meet.example.org/$ROOM}"
}

# dies: Jibri, just after ffmpeg has ended the file.
dies() {
	kill -KILL "$JIBRI_PID"
	wait "$JIBRI_PID" 2>/dev/null || true
	JIBRI_PID=
	perl -e '
		open my $f, "+<", $ARGV[0] or die; binmode $f;
		seek $f, 24, 0; print $f pack("Q>", (-s $f) - 16);
		seek $f, 0, 2; open my $m, "<", $ARGV[1] or die; local $/;
		print $f scalar <$m>;' "$REC/$MEDIA" "$DIR/moov"
}

watch() {
	"$BIN" watch --log-level debug "$@" >"$DIR/log" 2>&1 3>&- &
	WATCH_PID=$!
}

# leave CODE: end the watch, with this code, within 2 s.
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

# has_at_store NUMBERS: the store has these parts; a killed process may not have
# noted the last ones.
has_at_store() {
	local there empty key id
	empty="x-amz-content-sha256: $(sha256_of '')"
	there=$(s3_curl -H "$empty" "$S3_URL/$S3_BUCKET?uploads=")
	key=$(grep -o '<Key>[^<]*' <<<"$there" | sed 's/<Key>//; q')
	there=$(for id in $(grep -o '<UploadId>[^<]*' <<<"$there" |
		sed 's/<UploadId>//' | jq -Rr @uri); do
		s3_curl -H "$empty" "$S3_URL/$S3_BUCKET/$key?uploadId=$id"
	done | grep -o '<PartNumber>[^<]*' | tr -dc '0-9\n' | sort -nu | xargs)
	[ "$there" = "$1" ]
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

# arrived: complete, once, announced once, and no upload is left.
arrived() {
	wait_for announced
	is_stored "$MEDIA" metadata.json
	assert_equal "$(webhooks | grep -c STOPPED)" 1
	assert_equal "$(uploads)" ""
}

has_begun() {
	[ -s "$REC/.jibri-finalize" ]
}

started() {
	webhooks | grep -q STARTED
}

has_parts() {
	(($(ahead | wc -w) >= $1))
}
