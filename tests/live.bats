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

# has_at_store NUMBERS: the parts that the store itself has of what was begun;
# who is killed may not have noted the last ones.
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

@test "status says what is there already, and the watch that one is live" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	run_command 0 status
	assert_output_has "settling"
	assert_output_has "live, 10 of 17 MB sent"
	run_command 0 status --json
	assert_equal "$(jq -c '.[0] | [.live, .sentAhead]' <<<"$output")" \
		"[true,10485760]"
	run_command 0 sweep --metrics-file "$DIR/m.prom"
	grep -qx "jibri_finalize_sent_ahead_bytes 10485760" "$DIR/m.prom"
	finish
	arrived
	run_command 0 status --json
	assert_equal "$(jq -c '.[0] | [.live, .sentAhead]' <<<"$output")" \
		"[false,0]"
	leave 0
}

@test "a file that is rewritten, cut or written again under its name arrives as it is" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	finish rewrite
	arrived
	# The part that was rewritten went once more, and the other did not.
	assert_equal "$(journal 'select(.event == "partStored") | .count' |
		sort -n | xargs)" "1 2 2 3 4"
	another_recording again
	rm "$REC/$MEDIA" "$REC/metadata.json"
	jibri 17
	wait_for has_ahead "2 3"
	kill -KILL "$JIBRI_PID"
	rm "$REC/$MEDIA"
	jibri 12
	finish
	wait_for is_stored "$MEDIA" metadata.json
	assert_equal "$(uploads)" ""
	leave 0
}

@test "one that ends up too small for parts leaves none behind" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	leave 75
	kill -KILL "$JIBRI_PID"
	recording
	run_finalize 0
	arrived
}

@test "another file in its place leaves no parts behind" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	leave 75
	finish
	mv "$REC/$MEDIA" "$REC/other.mp4"
	run_finalize 0
	wait_for announced
	is_stored other.mp4 metadata.json
	assert_equal "$(uploads)" ""
}

@test "a key that turns out wrong is begun anew under the right one" {
	rooms "{\"[acme]$ROOM\": 7}"
	watch
	jibri 17
	wait_for has_ahead "2 3"
	finish well "https://meet.example.org/acme/$ROOM"
	wait_for announced
	ROOM="[acme]$ROOM"
	is_stored "$MEDIA" metadata.json
	assert_equal "$(uploads)" ""
	leave 0
}

@test "nothing is sent ahead where the place is not known, or live is no" {
	local setting
	for setting in S3_KEY='{tenant}/{session}/{path}' LIVE=no \
		S3_KEY='{meeting}/{session}/{path}' ROOM_FROM_MEDIA=no; do
		export "JIBRI_FINALIZE_$setting"
		watch
		unset "JIBRI_FINALIZE_${setting%%=*}"
		[ -n "$JIBRI_PID" ] || jibri 17
		sleep 2.5
		assert_equal "$(uploads)" ""
		assert_equal "$(ahead)" ""
		leave 75
	done
	finish
}

@test "the hook takes over within two seconds, and goes on with the parts that are there" {
	local began
	faults "part * * slow-store 0.2"
	watch
	jibri 60
	wait_for has_parts 3
	began=$(date +%s%3N)
	dies
	run_finalize 0
	say_lock "$began"
	arrived_media
	assert_equal "$(journal 'select(.event == "partStored") | .count' |
		sort | uniq -d | wc -l)" 0
	leave 0
}

has_parts() {
	(($(ahead | wc -w) >= $1))
}

# say_lock BEGAN: how long the hook waited for the journal.
say_lock() {
	local ms
	ms=$(($(journal 'select(.event == "began") | .at') - $1))
	echo "# the hook had it after $ms ms" >&3
	((ms < ${SAN:-0} * 3000 + 2000))
}

arrived_media() {
	wait_for announced
	is_stored "$MEDIA"
	assert_equal "$(uploads)" ""
}

@test "the hook with defer leaves it to the watch" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	finish
	run_finalize 0 --defer
	arrived
	leave 0
}

@test "killed at any moment, watch and its visits leave nothing wrong" {
	jibri 40
	for _ in 1 2 3 4 5; do
		watch
		sleep "0.$((RANDOM % 9))"
		kill -KILL "$WATCH_PID"
		wait "$WATCH_PID" || true
	done
	watch
	wait_for has_at_store "2 3 4 5 6 7"
	finish
	arrived
	leave 0
}

@test "on SIGTERM it leaves within 2 s, in the middle of a part" {
	faults "part * * slow-store 5"
	watch
	jibri 17
	sleep 2
	leave 75
	faults
	finish
	run_finalize 0
	arrived
}

# bats test_tags=slow
@test "a Jibri that dies leaves what is on disk, delivered once it has settled" {
	export JIBRI_FINALIZE_SETTLE=3s
	watch
	jibri 17
	wait_for has_ahead "2 3"
	dies
	# Who sends ahead waits a minute for it to go on.
	wait_for announced || true
	arrived_media
	leave 0
}

@test "a sweep sends what is there, and does not wait for more" {
	jibri 17
	run_command 0 sweep
	assert_equal "$output" ""
	assert_equal "$(ahead)" "2 3"
	run_command 0 status
	assert_output_has "live, 10 of 17 MB sent"
	run_command 0 sweep
	finish
	run_finalize 0
	arrived
	assert_equal "$(journal 'select(.event == "partStored") | .count' |
		sort -n | xargs)" "1 2 3 4"
}

@test "a sweep that is stopped while it sends ahead leaves within 2 s" {
	faults "part * * slow-store 5"
	jibri 17
	"$BIN" sweep >"$DIR/log" 2>&1 3>&- &
	WATCH_PID=$!
	wait_for has_begun
	sleep 0.5
	leave 75
	assert_equal "$(grep -c . "$DIR/log")" 1
	assert_equal "$(ahead)" ""
	faults
	finish
	run_finalize 0
	arrived
}

@test "a sweep tells STARTED, once" {
	export JIBRI_FINALIZE_STARTED_WEBHOOK=yes
	export JIBRI_FINALIZE_ROOM_FORMAT='{room}'
	jibri 1
	run_command 0 sweep
	run_command 0 sweep
	assert_equal "$(webhooks | cut -d ' ' -f 1 | xargs)" STARTED
}

@test "forget aborts what was sent ahead" {
	watch
	jibri 17
	wait_for has_ahead "2 3"
	run_command 0 forget --yes "$REC"
	assert_output_has "1 upload in parts is aborted"
	assert_equal "$(uploads)" ""
	sleep 2
	assert_equal "$(uploads)" ""
	leave 0
}

@test "a store that fails is left alone for a minute, and the delivery does not mind" {
	faults "part * 1 status 503"
	watch
	jibri 17
	wait_for grep -q "nothing is sent ahead for a minute" "$DIR/log"
	finish
	arrived
	leave 0
}

@test "started-webhook tells once that it has begun, where the room is certain" {
	export JIBRI_FINALIZE_STARTED_WEBHOOK=yes
	watch
	jibri 1
	sleep 2.5
	assert_equal "$(webhooks)" ""
	leave 75
	watch --room-format '{room}'
	wait_for started
	leave 75
	watch --room-format '{room}'
	sleep 2
	finish
	arrived
	assert_equal "$(webhooks | cut -d ' ' -f 1 | xargs)" "STARTED STOPPED"
	leave 0
}

started() {
	webhooks | grep -q STARTED
}

@test "two of them on one recording do it no harm, and do not quarrel" {
	local first
	watch
	first=$WATCH_PID
	watch
	jibri 17
	wait_for has_ahead "2 3"
	sleep 3
	# One has it, the other looks now and then.
	(($(ticks "$first") + $(ticks "$WATCH_PID") < ${SAN:-0} * 1000 + 150))
	finish
	arrived
	leave 0
	WATCH_PID=$first
	leave 0
	assert_equal "$(journal 'select(.event == "partStored") | .count' |
		sort -n | xargs)" "1 2 3 4"
}

# ticks PID: hundredths of a second of processor time, with its children's.
ticks() {
	awk '{ print $14 + $15 + $16 + $17 }' "/proc/$1/stat"
}

@test "the hook that follows metadata.json has it within two seconds, in the middle of a part" {
	local began
	faults "part * 2 slow-store 6"
	watch
	jibri 17
	wait_for has_begun
	sleep 1
	finish
	# A visit that only waits for its part has seen that Jibri is done.
	sleep 0.4
	began=$(date +%s%3N)
	run_finalize 0
	say_lock "$began"
	arrived
	leave 0
}

has_begun() {
	[ -s "$REC/.jibri-finalize" ]
}
