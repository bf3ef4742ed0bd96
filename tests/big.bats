#!/usr/bin/env bats
# Large and many files: constant memory, few connections, media first.

load lib
load points

LIMIT_KIB=$((32 * 1024))
SMALL_KIB=$((16 * 1024))        # for a thousand files and fewer

setup() {
	common_setup
	export JIBRI_FINALIZE_DEADLINE=5m
}

teardown() {
	end_child "${POURING_PID-}"
	common_teardown
}

# measured CODE [ARGUMENT...]: a run whose VmHWM at its end goes into PEAK_KIB,
# and its processor time into CPU_MS; not ru_maxrss, which is inherited from
# whoever starts it.  The time is read until the run ends: where it counts, let
# the webhook be slow, so that the last look comes after all the rest.
measured() {
	local want=$1 pid words preload=${BUILD:-$ROOT/build}/preload-peak.so
	shift
	# The sanitizers want to be loaded first, and take what they like.
	[ "${SAN:-}" != 1 ] || preload=
	rm -f "$DIR/peak"
	LD_PRELOAD=$preload PEAK_FILE=$DIR/peak "$BIN" "$REC" "$@" \
		>"$DIR/output" 2>&1 3>&- &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		read -ra words 2>/dev/null <"/proc/$pid/stat" &&
			((words[13] + words[14] > 0)) &&
			CPU_MS=$(((words[13] + words[14]) * 10))
		sleep 0.03
	done
	status=0
	wait "$pid" || status=$?
	output=$(<"$DIR/output")
	assert_equal "$status" "$want" || {
		tail -n 20 "$DIR/output" >&2
		return 1
	}
	[ -z "$preload" ] ||
		PEAK_KIB=$(awk '$1 > most { most = $1 } END { print most + 0 }' \
			"$DIR/peak")
}

# is_modest [KIB]: PEAK_KIB is below that limit, or the general one.
is_modest() {
	if [ "${SAN:-}" = 1 ]; then
		return 0                # its shadow memory is not ours
	fi
	((PEAK_KIB > 1000))             # something was measured
	((PEAK_KIB <= ${1:-$LIMIT_KIB})) || {
		echo "VmHWM $PEAK_KIB KiB" >&2
		return 1
	}
}

connections() {
	jq -s 'map(.connection) | unique | length' "$SB/requests.jsonl"
}

# bats test_tags=slow
@test "a recording over 4 GiB is delivered in 16 MB of memory, with the right hash" {
	start_sandbox --discard-over 1000000
	recording
	sparse "$REC/$MEDIA" 4300000000
	faults "webhook * * slow-store 0.3"
	measured 0
	assert_equal "$(request upload \
		"select(.part.filename == \"$MEDIA\") | .part.bytes")" 4300000000
	assert_equal "$(requests upload)" 2
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(journal 'select(.event == "stored" and .size == 4300000000) |
		.sha256' | uniq)" \
		"$(request upload "select(.part.filename == \"$MEDIA\") |
			.part.sha256")"
	is_modest "$SMALL_KIB"
}

@test "a large file gets the right hash even if no thread can be started" {
	[ "${SAN:-}" != 1 ] || skip "the sanitizers need more address space"
	start_sandbox
	recording
	sparse "$REC/$MEDIA" 20000000
	# With this stack limit no thread can be started.
	run -0 bash -c 'ulimit -s 4000000 -v 3000000 && exec "$@"' - \
		strace -f -qq -o "$DIR/trace" -e trace=mmap,clone,clone3 \
		"$BIN" "$REC"
	grep -q 'mmap.* ENOMEM' "$DIR/trace"
	assert_equal "$(grep -c clone "$DIR/trace")" 0
	assert_equal "$(journal 'select(.size == 20000000) | .sha256' | uniq)" \
		"$(sha256sum "$REC/$MEDIA" | cut -d ' ' -f 1)"
}

@test "checksum = none delivers and notes no hash" {
	start_sandbox
	recording
	sparse "$REC/$MEDIA" 20000000
	run_finalize 0 --checksum none
	is_stored metadata.json "$MEDIA"
	assert_equal "$(journal 'select(.event == "stored") | .sha256' |
		sort -u)" null
	run_finalize 0 --checksum none
	assert_output_has "done already"
	# Without a hash, touched and changed look the same.
	touch "$REC/$MEDIA"
	run_finalize 0
	assert_equal "$(request upload .part.filename | grep -c mp4)" 2
}

# files N BYTES: that many more, each of another content.
files() {
	local n
	for ((n = 100000; n < 100000 + $1; n++)); do
		printf '%0*d' "$2" "$n" >"$REC/file-$n.txt"
	done
}

# delivers_many N: once each, on few connections, and the next run sends none.
delivers_many() {
	faults "webhook * * slow-store 0.3"
	measured 0
	diff -r --exclude=.jibri-finalize "$REC" "$SB/store/$ROOM/$SESSION"
	assert_equal "$(requests upload)" "$(($1 + 2))"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	(($(connections) <= 5))
	say "$1 files: $PEAK_KIB KiB, $CPU_MS ms of processor time"
}

@test "a thousand files are delivered once each, in 16 MB, on few connections" {
	start_sandbox
	recording
	files 1000 4096
	delivers_many 1000
	is_modest "$SMALL_KIB"
}

# unknown NAME BYTES: a file whose type only libmagic knows.  How much of its
# database is read depends on the random content.
unknown() {
	head -c 10000000 /dev/urandom >"$REC/$1"
	truncate -s "$2" "$REC/$1"
}

# bats test_tags=slow
@test "libmagic fits into 16 MB too, whatever the number and size of the files" {
	local n
	start_sandbox --discard-over 1000000
	recording
	unknown small.xyz 100
	echo text >"$REC/text.xyz"
	for n in 1 2 3 4 5; do
		unknown "large-$n.xyz" 20000000
	done
	faults "webhook * * slow-store 0.3"
	measured 0
	assert_equal "$(requests upload)" 9
	say "libmagic, large files: $PEAK_KIB KiB"
	is_modest "$SMALL_KIB"
	another_recording small
	for n in {1..100}; do
		unknown "$n.xyz" 4000
	done
	measured 0
	assert_equal "$(requests upload)" 111
	say "libmagic, small files: $PEAK_KIB KiB"
	is_modest "$SMALL_KIB"
}

@test "time grows linearly up to 20,000 files, in 32 MB" {
	local few=150 many=1500 few_ms
	! is_long || few=2000 many=20000
	start_sandbox
	another_recording few
	files "$few" 8
	delivers_many "$few"
	few_ms=$CPU_MS
	another_recording many
	rm "$SB"/*.jsonl
	files "$many" 8
	delivers_many "$many"
	is_modest
	# The time is counted in ticks of 10 ms, and as much again is left for
	# what else the machine does.
	((CPU_MS * few < (few_ms + 10) * many * 2))
	run_finalize 0
	assert_output_has "done already"
}

@test "a metadata.json of 16 MiB is redacted and sent in 32 MB" {
	start_sandbox
	recording
	{
		printf '{"meeting_url":"https://x/%s","upload_credentials":"x","p":[' \
			"$ROOM"
		yes '{"user":{"id":"12345678","name":"Somebody"}},' |
			head -c 16000000 | head -n -1
		printf '{}]}'
	} >"$REC/metadata.json"
	measured 0
	is_modest 32768
	run ! grep -q upload_credentials \
		"$SB/store/$ROOM/$SESSION/metadata.json"
}

@test "a list of 20,000 files is read in little memory" {
	start_sandbox
	recording
	jq -n '[range(20000) | {id: ., filename: "f\(.).mp4",
		path: "/other-room-\(.)/session-\(.)/f\(.).mp4",
		mimeType: "video/mp4", size: (1000 * .),
		uploadedAt: "2026-01-02T03:04:05Z"}]' >"$SB/many.json"
	faults "list * * body many.json" "webhook * * slow-store 0.3"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=30s
	measured 0
	is_stored metadata.json "$MEDIA"
	refute_output_has "warning: list"
	is_modest
}

@test "answers without an end cost little memory" {
	local stage
	start_sandbox
	for stage in lookup list upload webhook; do
		another_recording "endless-$stage"
		faults "$stage * 1 endless" "webhook * * slow-store 0.3"
		measured 0
		is_stored metadata.json "$MEDIA"
		is_modest
	done
}

# pouring KIND: a server that never ends with headers; its URL is $POURING.
pouring() {
	cat >"$DIR/pour" <<-'EOT'
		while read -r line && [ "$line" != $'\r' ]; do :; done
		case $1 in
		header) printf 'HTTP/1.1 200 OK\r\n' ;;
		trailer) printf 'HTTP/1.1 200 OK\r\n%s\r\n%s\r\n\r\n1\r\n1\r\n0\r\n' \
			'Content-Type: application/json' 'Transfer-Encoding: chunked' ;;
		continue) exec yes $'HTTP/1.1 100 Continue\r\n\r' ;;
		line) exec tr '\0' x < <(printf 'HTTP/1.1 200 OK\r\nX: ' && cat /dev/zero) ;;
		esac
		exec yes $'X-Longer-And-Longer: and so on and so on and so on\r'
	EOT
	socat -d -d TCP-LISTEN:0,bind=127.0.0.1,fork \
		EXEC:"bash $DIR/pour $1" 2>"$DIR/$1" 3>&- &
	POURING_PID=$!
	wait_for grep -q 'listening on' "$DIR/$1"
	POURING=http://$(sed -n 's/.*listening on AF=2 //p' "$DIR/$1")
}

@test "headers and trailers without an end cost little memory" {
	local kind text
	start_sandbox
	recording
	for kind in trailer header continue line; do
		pouring "$kind"
		measured 75 --tries 1 --answer-timeout 10s --failed-webhook never \
			--meeting-service-url "$POURING"
		is_modest
		text="more than 262144 bytes of headers"
		[ "$kind" != line ] || text="a header of more than 102400 bytes"
		assert_output_has "the answer has $text"
		kill "$POURING_PID"
	done
}

# bats test_tags=slow
@test "a list that is one huge element costs little memory" {
	start_sandbox
	recording
	{
		printf '[{"path":"'
		head -c 80000000 /dev/zero | tr '\0' x
		printf '"}]'
	} >"$SB/huge.json"
	faults "list * * body huge.json" "webhook * * slow-store 0.3"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=30s
	measured 0
	is_stored metadata.json "$MEDIA"
	assert_output_has "warning: list: "
	is_modest
}

# bats test_tags=slow
@test "an endless list is given up" {
	start_sandbox
	recording
	{
		printf '['
		head -c 300000000 /dev/zero | tr '\0' ' '
		printf ']'
	} >"$SB/many.json"
	faults "list * * body many.json" "webhook * * slow-store 0.3"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=120s JIBRI_FINALIZE_TRIES=1
	measured 0
	is_stored metadata.json "$MEDIA"
	assert_output_has "warning: list: "
	is_modest
}

@test "as many files as parallel says are in flight, on kept-alive connections" {
	local n parallel
	start_sandbox
	for parallel in 1 3; do
		another_recording "parallel-$parallel"
		for n in 1 2 3 4 5 6; do echo "$n" >"$REC/$n.txt"; done
		: >"$SB/requests.jsonl"
		faults "upload * * slow-store 0.1"
		run_finalize 0 --parallel "$parallel"
		is_stored metadata.json "$MEDIA" {1,2,3,4,5,6}.txt
		(($(connections) <= parallel + 1))
		(($(connections) >= parallel))
	done
}

# first_uploads N: the names whose requests came first.
first_uploads() {
	request upload '"\(.n) \(.part.filename)"' | sort -n | head -n "$1" |
		cut -d ' ' -f 2
}

@test "the media go first, and the small files use the other slots meanwhile" {
	local n
	start_sandbox
	recording
	mv "$REC/$MEDIA" "$REC/zzz-last.mp4"
	cp "$REC/zzz-last.mp4" "$REC/zzz-last-2.mp4"
	for n in 10 11 12 13 14 15 16 17; do echo "$n" >"$REC/$n.txt"; done
	# Slow enough that load on the machine does not change the order.
	faults "upload *.mp4 * slow-store 3" "upload * * slow-store 0.5"
	JIBRI_FINALIZE_ANSWER_TIMEOUT=10s run_finalize 0
	assert_equal "$(stored | wc -l)" 11
	# It did not hold up a sidecar ...
	assert_equal "$(request upload .part.filename | head -n 9 |
		grep -c mp4)" 0
	# ... and began before the last of them, one at a time.
	assert_equal "$(first_uploads 7 | grep -c mp4)" 1
}
