# Shared by all tests of the program: a sandbox server, recordings as Jibri
# leaves them, and assertions on what the server saw.
#
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

export LC_ALL=C.UTF-8
ROOT=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
BIN=${BIN:-$ROOT/build/jibri-finalize}
SANDBOX=${SANDBOX:-$ROOT/build/sandbox}
SESSION=9f1c2d3e-aaaa-4bbb-8ccc-1234567890ab
ROOM=abc-defg-hij
MEDIA=${ROOM}_2026-01-02-03-04-05.mp4

# The webhook's secret in every test; no_canary looks for it in what is left.
CANARY=canary-s3cret

# Each test: a sandbox with one room, and settings that point to it.  Pauses are
# short, so that retries cost no time.
common_setup() {
	unset_all
	unset CREDENTIALS_DIRECTORY WEBHOOK_SECRET
	unset {http,https,all,no}_proxy {HTTPS,ALL,NO}_PROXY MAGIC NO_COLOR
	umask 022
	DIR=$BATS_TEST_TMPDIR
	SB=$DIR/sandbox
	REC=$DIR/recordings/$SESSION
	mkdir -p "$SB" "$REC"
	echo "{\"$ROOM\": 123}" >"$SB/rooms.json"
	export JIBRI_FINALIZE_CONFIG=/dev/null
	export JIBRI_FINALIZE_RETRY_DELAY=20ms JIBRI_FINALIZE_RETRY_DELAY_MAX=100ms
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=1s JIBRI_FINALIZE_STALL_TIMEOUT=2s
	export JIBRI_FINALIZE_DEADLINE=60s
}

# unset_all: as if nobody had set anything.  The sanitizers look into /proc, and
# take more memory than a confined process may.
unset_all() {
	unset "${!JIBRI_FINALIZE_@}"
	[ "${SAN:-}" != 1 ] || export JIBRI_FINALIZE_CONFINE=no
}

# open_program: $DIR/bin is a copy of the program that every user can start;
# the checkout may be where only its owner can go.
open_program() {
	chmod o+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$DIR"
	install -m 755 "$BIN" "$DIR/bin"
}

# hand_over USER: the recordings are theirs, and they can start $DIR/bin.
hand_over() {
	open_program
	chown -R "$1:$1" "$DIR/recordings"
}

common_teardown() {
	stop_sandbox
	no_canary
}

# The secret is in nothing that the program left behind: not in a file (except
# those in which a test keeps it, named secret* or below credentials/, and
# copies of this one), not in the output, and at the server only in headers.
no_canary() {
	local found
	[[ ${output-} != *"$CANARY"* ]] ||
		{ echo "the output holds the canary: $output" >&2; return 1; }
	# One process for all of it, as there are a thousand tests.
	found=$(find "$DIR" -type f \
		\( \( -name requests.jsonl -o -name webhooks.jsonl \) \
		-exec sed -n 's/"headers": *{[^}]*}//; \|'"$CANARY"'|p' {} + \
		-o -size -4096k ! -name 'secret*' ! -path '*/credentials/*' \
		! -path '*/tests/lib.bash' \
		-exec grep -lF -- "$CANARY" {} + \) 2>/dev/null) || true
	[ -z "$found" ] || { echo "here is the canary: $found" >&2; return 1; }
}

# --- the server --------------------------------------------------------------

# start_sandbox [SANDBOX_FLAG...]: sets URL and the old script's variables.
# SECRET= makes one that asks for no proof of the webhook's sender.
start_sandbox() {
	local secret=(--webhook-secret "$CANARY") life=${SANDBOX_LIFE:-300}
	[ "${LONG:-}" != 1 ] || life=36000
	[ -n "${SECRET-$CANARY}" ] || secret=()
	rm -f "$SB/url"
	"$SANDBOX" --dir "$SB" --max-time "$life" "${secret[@]}" "$@" 3>&- &
	SANDBOX_PID=$!
	wait_for test -s "$SB/url"
	URL=$(cat "$SB/url")
	export FILE_SERVICE_URL=$URL MEETING_SERVICE_URL=$URL
	export WEBHOOK_SECRET=$CANARY
}

# end_child PID [SIGNAL]: unless it has ended: its number may be another's now.
end_child() {
	local pid
	for pid in $(jobs -pr); do
		[ "$pid" != "$1" ] || kill "-${2:-TERM}" "$pid" || true
	done
}

stop_sandbox() {
	[ -n "${SANDBOX_PID:-}" ] || return 0
	end_child "$SANDBOX_PID"
	wait "$SANDBOX_PID" 2>/dev/null || true
	SANDBOX_PID=
}

# rooms JSON: the rooms that the meeting-service knows.
rooms() {
	printf '%s\n' "$1" >"$SB/rooms.json.new"
	mv "$SB/rooms.json.new" "$SB/rooms.json"
}

# faults LINE...: from now on, the server has these faults.
faults() {
	printf '%s\n' "$@" >"$SB/faults.new"
	mv "$SB/faults.new" "$SB/faults"
}

# --- recordings --------------------------------------------------------------

# recording: the directory as Jibri leaves it, some time ago: a sweep leaves
# what has just been finished to Jibri's call.
recording() {
	cp "$ROOT/tests/data/video.mp4" "$REC/$MEDIA"
	metadata "https://meet.example.org/$ROOM"
	touch -d '1 minute ago' "$REC/$MEDIA" "$REC/metadata.json" "$REC"
}

# recordings_root: TOP, an empty recordings directory, is recordings-dir.
recordings_root() {
	TOP=$DIR/recordings
	rmdir "$REC"
	export JIBRI_FINALIZE_RECORDINGS_DIR=$TOP
}

# another_recording SESSION: one more of the same room, which becomes REC.
another_recording() {
	SESSION=$1
	REC=$DIR/recordings/$1
	mkdir -p "$REC"
	recording
}

# metadata URL: metadata.json as Jibri writes it.
metadata() {
	if [[ $1 = *[\"\\[:cntrl:]]* ]]; then
		jq -n --arg url "$1" '{meeting_url: $url}' >"$REC/metadata.json"
		return
	fi
	printf '{\n  "meeting_url": "%s",\n  "participants": []\n}\n' "$1" \
		>"$REC/metadata.json"
}

# moov OFFSET: of an MP4 with one frame, which has 4 bytes at this offset.
moov() {
	printf '\0\0\0\200moov\0\0\0\170trak\0\0\0\160mdia'
	printf '\0\0\0\024hdlr\0\0\0\0\0\0\0\0vide\0\0\0\124minf'
	printf '\0\0\0\114stbl\0\0\0\024stsz\0\0\0\0\0\0\0\4\0\0\0\1'
	printf '\0\0\0\034stsc\0\0\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1'
	# shellcheck disable=SC2059
	printf "\\0\\0\\0\\024stco\\0\\0\\0\\0\\0\\0\\0\\1\\0\\0\\0\\x$(
		printf %x "$1")"
}

# sparse FILE BYTES: an MP4 of that size that is whole: ftyp, a mdat that
# holds a frame and a hole, and a moov.
sparse() {
	local mdat=$(($2 - 16 - 128))
	{
		printf '\0\0\0\020ftypisom\0\0\0\0'
		# A size of 1 is followed by the real one in 64 bits.
		printf '\0\0\0\001mdat'
		# shellcheck disable=SC2059
		printf "$(printf '%016x' "$mdat" | sed 's/../\\x&/g')"
		echo -n data
	} >"$1"
	truncate -s "$((16 + mdat))" "$1"
	moov 32 >>"$1"
}

# random_file FILE BYTES: 32 zeros, so that it never begins like media, then
# random bytes.
random_file() {
	{
		printf '%032d' 0
		head -c "$(($2 - 32))" /dev/urandom
	} >"$1"
}

# --- running -----------------------------------------------------------------

# finalize [ARGUMENT...]: as Jibri calls it; stdout and stderr in one pipe.
finalize() {
	timeout -k 5 120 "$BIN" "$REC" "$@" 2>&1
}

# run_finalize CODE [ARGUMENT...]: run it, and show its output when it ends
# with another code.
run_finalize() {
	local want=$1
	shift
	run finalize "$@"
	ended_with "$want"
}

# run_command CODE COMMAND [ARGUMENT...]: the same for any command.
run_command() {
	local want=$1
	shift
	run timeout -k 5 120 "$BIN" "$@"
	ended_with "$want"
}

# sweep CODE [ARGUMENT...]: sets output (stdout) and log (stderr).
sweep() {
	local want=$1 rc=0
	shift
	timeout -k 5 60 "$BIN" sweep "$@" >"$DIR/out" 2>"$DIR/log" || rc=$?
	output=$(<"$DIR/out")
	log=$(<"$DIR/log")
	[ "$rc" = "$want" ] && return 0
	printf 'exit code %s, not %s\n%s\n%s\n' "$rc" "$want" "$log" "$output" >&2
	return 1
}

ended_with() {
	[ "$status" = "$1" ] && return 0
	printf 'exit code %s, not %s; output:\n%s\n' "$status" "$1" \
		"$output" >&2
	return 1
}

wait_for() {
	local i
	for ((i = 0; i < 600; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	echo "gave up waiting for: $*" >&2
	return 1
}

# --- what the server saw -----------------------------------------------------

# Paths of stored files below the session's folder, sorted; doubles end in ~2.
stored() {
	(cd "$SB/store/$ROOM/$SESSION" 2>/dev/null &&
		find . -type f -printf '%P\n' | LC_ALL=C sort)
}

# is_stored FILE...: exactly these are stored, byte for byte.
is_stored() {
	local f
	diff <(printf '%s\n' "$@" | LC_ALL=C sort) <(stored) || return 1
	for f in "$@"; do
		cmp "$REC/$f" "$SB/store/$ROOM/$SESSION/$f" || return 1
	done
}

# requests [STAGE]: how many came.
requests() {
	[ -e "$SB/requests.jsonl" ] || { echo 0; return; }
	jq -s --arg s "${1:-}" \
		'map(select($s == "" or .stage == $s)) | length' "$SB/requests.jsonl"
}

# request STAGE JQ: the result of JQ for each request of that stage.
request() {
	jq -r --arg s "$1" "select(.stage == \$s) | $2" "$SB/requests.jsonl"
}

# webhooks: the acknowledged ones, "EVENT ROOM SESSION [ERROR]" each.
webhooks() {
	[ -e "$SB/webhooks.jsonl" ] || return 0
	jq -r 'select(.acked) | .body | fromjson |
		[.eventType, .roomName, .sessionId, .error // empty] | join(" ")' \
		"$SB/webhooks.jsonl"
}

# The events of the journal, one a line.
journal() {
	jq -r "${1:-.event}" "$REC/.jibri-finalize"
}

# age_journal: make it an hour older.
age_journal() {
	jq -c '.at -= 3600000' "$REC/.jibri-finalize" >"$DIR/aged"
	cat "$DIR/aged" >"$REC/.jibri-finalize"
}

# unstamp: drop the stamps, which a copy of the directory does not match, as
# version 0.1.0 had none.
unstamp() {
	# Not by jq, which rounds the nanoseconds of mtime.
	sed -E 's/,"stamp":[0-9]+//; s/,"stamps":\[[0-9,]*\]//' \
		"$REC/.jibri-finalize" >"$DIR/unstamped"
	cat "$DIR/unstamped" >"$REC/.jibri-finalize"
}

assert_equal() {
	[ "$1" = "$2" ] && return 0
	printf 'expected: %q\n     got: %q\n' "$2" "$1" >&2
	return 1
}

# assert_output_has TEXT
assert_output_has() {
	[[ $output == *"$1"* ]] && return 0
	printf 'output lacks: %s\n--- output:\n%s\n' "$1" "$output" >&2
	return 1
}

refute_output_has() {
	[[ $output != *"$1"* ]] && return 0
	printf 'output has: %s\n--- output:\n%s\n' "$1" "$output" >&2
	return 1
}

# needs_terminal: "${PTS[@]}" COMMAND... can make terminals.  Without a mounted
# devpts it gets its own, for which an ordinary user becomes root in a
# namespace, and then itself again in another.
needs_terminal() {
	# script's shell: where it is dash, Ctrl-C ends it with what it runs.
	export SHELL=/bin/bash
	local mount='mount -t devpts -o ptmxmode=666 devpts /dev/pts && exec "$@"'
	PTS=()
	makes_terminals && return
	PTS=(unshare --mount sh -c "$mount" sh)
	((EUID == 0)) || PTS=(unshare --user --map-root-user --mount
		sh -c "$mount" sh unshare --user --map-user="$EUID"
		--map-group="$(id -g)")
	makes_terminals ||
		skip "no devpts on /dev/pts, and none can be mounted there"
}

makes_terminals() {
	"${PTS[@]}" script -qec true /dev/null </dev/null >/dev/null 2>&1
}

needs_strace() {
	strace -f -qq -o /dev/null true 2>/dev/null ||
		skip "strace may not trace here"
	# The search for leaks does not work under strace.
	[ "${SAN:-}" != 1 ] || export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
}
