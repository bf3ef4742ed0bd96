#!/usr/bin/env bats
# watch: what a sweep would do, at once, until a signal ends it.
#
# The recordings directory is $DIR/recordings; full looks are an hour apart
# unless a test says otherwise, so that changes are noticed by inotify or a
# timer.

load lib

setup() {
	common_setup
	recordings_root
	export JIBRI_FINALIZE_WATCH_INTERVAL=1h JIBRI_FINALIZE_SETTLE=1s
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=200ms
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=400ms
	WATCH_PID=
}

teardown() {
	end_child "${WATCH_PID-}" KILL
	common_teardown
}

# watch [ARGUMENT...]: start it, with its lines in $DIR/log, and wait until it
# has looked at everything.
watch() {
	manager
	NOTIFY_SOCKET=$DIR/manager "$BIN" watch "$@" >"$DIR/log" 2>&1 3>&- &
	WATCH_PID=$!
	wait_for grep -q READY=1 "$DIR/states"
}

# manager: write to $DIR/states what a service manager would get.
manager() {
	rm -f "$DIR/manager"
	: >"$DIR/states"
	perl -MIO::Socket::UNIX -e '
		my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
			Local => shift) or die $!;
		my $m;
		$| = 1;
		alarm 120;
		print "$m\n" while defined $s->recv($m, 4096);
	' "$DIR/manager" >>"$DIR/states" 3>&- &
	MANAGER_PID=$!
	wait_for test -S "$DIR/manager"
}

# leave CODE [SIGNAL]: the watch ends with CODE within 2 s.
leave() {
	local want=$1 rc=0 began
	began=$(date +%s%3N)
	kill -"${2:-TERM}" "$WATCH_PID"
	wait "$WATCH_PID" || rc=$?
	took=$(($(date +%s%3N) - began))
	WATCH_PID=
	kill "$MANAGER_PID"
	wait "$MANAGER_PID" || true
	log=$(<"$DIR/log")
	[ "$rc" = "$want" ] && return 0
	printf 'exit code %s, not %s\n%s\n' "$rc" "$want" "$log" >&2
	return 1
}

# arrives SESSION: move a finished recording into the watched directory.
arrives() {
	SESSION=$1
	REC=$DIR/elsewhere/$1
	mkdir -p "$REC"
	recording
	mv "$REC" "$TOP/$1"
	REC=$TOP/$1
}

# announced SESSION: its STOPPED was acknowledged.
announced() {
	webhooks | grep -q "STOPPED $ROOM $1"
}

# log_has TEXT
log_has() {
	grep -qF -- "$1" "$DIR/log"
}

@test "a recording that appears is delivered at once, completely and only once, without a message" {
	start_sandbox
	watch
	arrives one
	wait_for announced one
	arrives two
	wait_for announced two
	leave 0
	is_stored "$MEDIA" metadata.json
	assert_equal "$(webhooks | wc -l)" 2
	assert_equal "$(grep -cE 'error|warn' "$DIR/log" || true)" 0
}

@test "a recording written below a watched directory is delivered once it is finished" {
	start_sandbox
	watch
	export SESSION=one
	REC=$TOP/one
	mkdir "$REC"
	exec 7>"$REC/$MEDIA"
	head -c 1000 "$ROOT/tests/data/video.mp4" >&7
	sleep 1.5
	assert_equal "$(requests)" 0
	grep -q 'STATUS=1 live, 0 due, 0 held' "$DIR/states"
	tail -c +1001 "$ROOT/tests/data/video.mp4" >&7
	exec 7>&-
	metadata "https://meet.example.org/$ROOM"
	wait_for announced one
	leave 0
	is_stored "$MEDIA" metadata.json
}

@test "with unusable settings watch ends at once and says so" {
	JIBRI_FINALIZE_STORE=s3 run -78 timeout 10 "$BIN" watch
	assert_output_has "s3-url is not set"
	JIBRI_FINALIZE_MEETING_SERVICE_URL=nowhere \
		run -78 timeout 10 "$BIN" watch
	assert_output_has "meeting-service-url: is not an http or https URL"
	JIBRI_FINALIZE_CA_FILE=$DIR/nowhere run -78 timeout 10 "$BIN" watch
	assert_output_has "ca-file $DIR/nowhere"
}

# bats test_tags=slow
@test "a failed recording is tried again when its pause is over" {
	start_sandbox
	faults "upload *.mp4 1 status 500" "upload *.mp4 2 status 500"
	watch
	arrives one
	wait_for announced one
	leave 0
	is_stored "$MEDIA" metadata.json
	assert_equal "$(stored | wc -l)" 2
}

@test "a change that inotify does not report is found by the next full look" {
	start_sandbox
	export JIBRI_FINALIZE_WATCH_INTERVAL=1s
	watch
	arrives one
	wait_for announced one
	# inotify does not watch a finished directory.
	echo late >"$REC/late.txt"
	touch -d '1 minute ago' "$REC/late.txt" "$REC"
	wait_for test -s "$SB/store/$ROOM/one/late.txt"
	told_twice() { [ "$(webhooks | grep -c STOPPED)" = 2 ]; }
	wait_for told_twice
	leave 0
}

@test "on SIGTERM watch leaves within 2 s, and names what is not delivered" {
	start_sandbox
	faults "upload *.mp4 * stall-answer 60"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	watch
	arrives one
	wait_for test -s "$TOP/one/.jibri-finalize"
	sleep 0.3
	leave 75
	((took < 2000)) || { echo "$took ms" >&2; return 1; }
	[[ $log == *"$TOP/one: not delivered yet"* ]]
	grep -q STOPPING=1 "$DIR/states"
	# This does not count as a failure, and the next watch resumes.
	faults
	JIBRI_FINALIZE_ANSWER_TIMEOUT=1s "$BIN" sweep
	announced one
	assert_equal "$(stored | wc -l)" 2
}

@test "with drain-for watch delivers what is due, and then leaves" {
	start_sandbox
	faults "upload *.mp4 1 slow-store 1"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10s JIBRI_FINALIZE_DRAIN_FOR=30s
	watch
	arrives one
	wait_for test -s "$TOP/one/.jibri-finalize"
	leave 0
	((took < 15000)) || { echo "$took ms" >&2; return 1; }
	announced one
	# It is not ready any more.
	[[ $(sed '1,/STOPPING/d' "$DIR/states") != *READY* ]]
	is_stored "$MEDIA" metadata.json
}

@test "drain-for ends after its time, or at a second signal" {
	start_sandbox
	faults "upload *.mp4 * stall-answer 60"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s JIBRI_FINALIZE_DRAIN_FOR=60s
	watch
	arrives one
	wait_for test -s "$TOP/one/.jibri-finalize"
	kill -TERM "$WATCH_PID"
	sleep 0.5
	kill -0 "$WATCH_PID"
	leave 75 INT
	((took < 2000)) || { echo "$took ms" >&2; return 1; }
}

@test "SIGHUP reloads the settings, and secrets from the environment are kept" {
	start_sandbox
	unset JIBRI_FINALIZE_RECORDINGS_DIR
	echo "recordings-dir = $DIR/first" >"$DIR/conf"
	mkdir "$DIR/first" "$DIR/second"
	watch --config "$DIR/conf"
	echo "recordings-dir = $DIR/second" >"$DIR/conf"
	kill -HUP "$WATCH_PID"
	wait_for log_has 'settings reloaded'
	TOP=$DIR/second
	arrives one
	wait_for announced one
	leave 0
}

# kept N: settings were refused N times.
kept() {
	[ "$(grep -cF 'keeping the previous settings' "$DIR/log")" = "$1" ]
}

@test "after a SIGHUP with wrong settings watch continues with the old ones" {
	local wrong n=0
	start_sandbox
	unset JIBRI_FINALIZE_RECORDINGS_DIR
	echo "recordings-dir = $TOP" >"$DIR/conf"
	watch --config "$DIR/conf"
	for wrong in "recordings-dirr = $TOP" "store = s3" "min-free = 5%"; do
		echo "$wrong" >"$DIR/conf"
		kill -HUP "$WATCH_PID"
		wait_for kept "$((n += 1))"
	done
	arrives one
	wait_for announced one
	leave 0
}

@test "a service that is out is asked once a minute, and reported once" {
	start_sandbox
	faults "lookup * * status 503"
	watch
	arrives one
	wait_for log_has 'is down'
	arrives two
	arrives three
	sleep 1
	assert_equal "$(requests lookup)" 1
	assert_equal "$(grep -c 'is down' "$DIR/log")" 1
	leave 75
}

@test "a recording that is moved away is no longer counted" {
	start_sandbox
	faults "upload *.mp4 * status 413"
	watch
	arrives one
	wait_for tail_has 'STATUS=0 live, 0 due, 1 held'
	mv "$TOP/one" "$DIR/away"
	wait_for tail_has 'STATUS=0 live, 0 due, 0 held'
	mv "$DIR/away" "$TOP/two"
	wait_for tail_has 'STATUS=0 live, 0 due, 1 held'
	leave 75
	[[ $log == *"$TOP/two: not delivered yet"* ]]
}

# tail_has TEXT: of what the service manager was told last.
tail_has() {
	[ "$(grep STATUS "$DIR/states" | tail -n 1)" = "$1" ]
}

@test "watch waits for a recordings directory that does not exist yet" {
	start_sandbox
	rmdir "$TOP"
	export JIBRI_FINALIZE_WATCH_INTERVAL=1s
	watch
	wait_for log_has 'no such recordings directory'
	mkdir "$TOP"
	arrives one
	wait_for announced one
	leave 0
	assert_equal "$(grep -c 'no such recordings' "$DIR/log")" 1
}

@test "two watches and a sweep at the same time deliver each recording once" {
	start_sandbox
	watch
	NOTIFY_SOCKET='' "$BIN" watch >"$DIR/log2" 2>&1 3>&- &
	local second=$! i
	for i in 1 2 3 4 5; do
		arrives "rec-$i"
		"$BIN" sweep >/dev/null 2>&1 || true
	done
	for i in 1 2 3 4 5; do wait_for announced "rec-$i"; done
	kill "$second"
	wait "$second"
	leave 0
	assert_equal "$(find "$SB/store" -type f | wc -l)" 10
	assert_equal "$(webhooks | wc -l)" 5
}

@test "watch applies retention and writes the metrics, as a sweep does" {
	start_sandbox
	export JIBRI_FINALIZE_RETENTION=1s JIBRI_FINALIZE_WATCH_INTERVAL=3s
	export JIBRI_FINALIZE_METRICS_FILE=$DIR/jibri.prom
	watch
	arrives one
	wait_for announced one
	wait_for test -s "$DIR/jibri.prom"
	wait_for test ! -e "$TOP/one"
	leave 0
}

@test "a SIGKILL during an upload ends the visits too, and the next watch resumes" {
	start_sandbox
	faults "upload *.mp4 1 stall-answer 60"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	watch
	arrives one
	wait_for test -s "$TOP/one/.jibri-finalize"
	sleep 0.3
	kill -KILL "$WATCH_PID"
	wait "$WATCH_PID" || true
	kill "$MANAGER_PID"
	export JIBRI_FINALIZE_WATCH_INTERVAL=1s JIBRI_FINALIZE_ANSWER_TIMEOUT=1s
	watch
	wait_for announced one
	leave 0
	is_stored "$MEDIA" metadata.json
	assert_equal "$(stored | wc -l)" 2
}

@test "watch feeds the watchdog of a service manager" {
	start_sandbox
	export WATCHDOG_USEC=400000
	watch
	sleep 2
	(($(grep -c WATCHDOG=1 "$DIR/states") >= 5))
	leave 0
}

# bats test_tags=slow
@test "with 1,000 finished recordings watch takes 12 MiB and, looking once a minute, 0.2 % of a core" {
	[ "${SAN:-}" != 1 ] || skip "the sanitizers have costs of their own"
	start_sandbox
	export JIBRI_FINALIZE_WATCH_INTERVAL=1s
	another_recording one
	"$BIN" "$REC"
	unstamp
	local i r before after
	mkdir "$DIR/some"
	for i in {1..111}; do cp -al "$TOP/one" "$DIR/some/r$i"; done
	for i in {1..9}; do
		cp -al "$DIR/some" "$DIR/more"
		for r in "$DIR"/more/*; do mv "$r" "$TOP/$i-${r##*/}"; done
		rmdir "$DIR/more"
	done
	assert_equal "$("$BIN" status | tail -n 1)" "1000 done"
	watch
	before=$(ticks)
	sleep 6
	after=$(ticks)
	# Six or seven looks; normally there is one a minute.  The goal is 0.1
	# %.
	((after - before <= 7 * 12)) || {
		echo "$((after - before)) hundredths of a second" >&2
		return 1
	}
	(($(awk '/^VmHWM/ { print $2 }' "/proc/$WATCH_PID/status") <= 12288))
	leave 0
}

# ticks: hundredths of a second of processor time, with its children's.
ticks() {
	awk '{ print $14 + $15 + $16 + $17 }' "/proc/$WATCH_PID/stat"
}

@test "an interval of less than a second is refused" {
	run_command 64 watch --watch-interval 100ms
	assert_output_has "watch-interval"
}
