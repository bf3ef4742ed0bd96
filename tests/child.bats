#!/usr/bin/env bats
# As Jibri's child: what the program may do to its parent, and the parent to it.

load lib
setup() {
	common_setup
	start_sandbox
	recording
}
teardown() { common_teardown; }

# is_ascii FILE: nothing but printable ASCII and newlines.
is_ascii() {
	[ -s "$1" ] && run -1 env LC_ALL=C grep -n '[^ -~]' "$1"
}

# Non-ASCII bytes in every place where a name can be.
hostile_names() {
	local name
	for name in $'esc\e[31mred' $'new\nline: done' 'tür' $'\xff\xfe' \
		$'c1\xc2\x9b31m' $'del\x7f' 'back\slash' $'tab\there'; do
		echo x >"$REC/$name.txt"
		ln -s nowhere "$REC/link $name"
	done
}

# start [ARGUMENT...]: in the background, to a file; sets PID.
start() {
	: >"$DIR/out"                   # at once: tests wait for its content
	"$BIN" "$REC" "$@" >"$DIR/out" 2>&1 3>&- &
	PID=$!
}

# ends_within MS CODE: the started program does.
ends_within() {
	local from=$EPOCHREALTIME rc=0
	wait "$PID" || rc=$?
	assert_equal "$rc" "$2" || return 1
	(((${EPOCHREALTIME/./} - ${from/./}) / 1000 <= $1))
}

# Part of the upload has arrived.
is_uploading() {
	find "$SB/incoming" -type f -size +0 | grep -q .
}

# journal_is_whole: each line is one event, and the last line is complete.
journal_is_whole() {
	jq -e 'has("event") and has("at")' "$REC/.jibri-finalize" \
		>/dev/null && [ -z "$(tail -c 1 "$REC/.jibri-finalize")" ]
}

is_delivered() {
	[ "$(webhooks)" = "STOPPED $ROOM $SESSION" ]
}

# --- output ------------------------------------------------------------------

@test "output is ASCII, whatever the files are called, and a line stays a line" {
	hostile_names
	finalize --log-level debug >"$DIR/out"
	is_ascii "$DIR/out"
	run -1 grep -v "^$SESSION: " "$DIR/out"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "output is ASCII when every upload fails, too" {
	hostile_names
	faults "upload * * status 413"
	finalize --log-level debug >"$DIR/out" || true
	is_ascii "$DIR/out"
	run -1 grep -v "^$SESSION: " "$DIR/out"
}

@test "a session with foreign bytes is escaped in every line" {
	finalize "$ROOM" $'s\u00e9ssion' >"$DIR/out"
	is_ascii "$DIR/out"
	run -1 grep -v '^s\\xC3\\xA9ssion: ' "$DIR/out"
	assert_equal "$(webhooks)" $'STOPPED '"$ROOM"$' s\u00e9ssion'
}

@test "the server's text is escaped too" {
	faults "lookup * * redirect 302 http://x/%1b[31m"
	finalize >"$DIR/out" || true
	is_ascii "$DIR/out"
	run -1 env LC_ALL=C grep $'\e' "$DIR/out"
}

@test "every line has the session, and the last is the summary on stdout" {
	run -0 --separate-stderr "$BIN" "$REC"
	assert_equal "${#lines[@]}" 1
	[[ $output == "$SESSION: done: "* ]]
	run -1 grep -v "^$SESSION: " <<<"$stderr"
}

@test "no environment variable and no secret is ever printed" {
	export XMPP_PASSWORD=hush-1
	export JIBRI_FINALIZE_TOKEN=hush-2
	local words
	faults "upload *.mp4 2 status 500" "upload *.mp4 * status 401"
	for words in "$REC --log-level debug" "$REC --json" config \
		"config --json" --help --version "" --no-such-flag; do
		# shellcheck disable=SC2086
		"$BIN" $words --log-file "$DIR/log" >>"$DIR/out" 2>&1 || true
	done
	[ -s "$DIR/out" ]
	[ -s "$DIR/log" ]
	run -1 grep -e hush- -e s3cret -e PASSWORD "$DIR/out" "$DIR/log" \
		"$REC/.jibri-finalize"
}

# --- the reader that attaches late -------------------------------------------

# piped ARGUMENT...: run it into a pipe; sets FIRST_MS, the moment of the
# first byte, and END_MS, that of the exit, after the start.
piped() {
	local from=$EPOCHREALTIME
	{
		"$BIN" "$@" 2>&1 || true
		echo "$EPOCHREALTIME" >"$DIR/end"
	} | {
		IFS= read -r -n 1 _
		echo "$EPOCHREALTIME" >"$DIR/first"
		cat >"$DIR/piped"
	}
	FIRST_MS=$((($(tr -d . <"$DIR/first") - ${from/./}) / 1000))
	END_MS=$((($(tr -d . <"$DIR/end") - ${from/./}) / 1000))
}

@test "nothing is written to a pipe, and the run does not end, before 100 ms" {
	local words
	run_finalize 0
	for words in "$REC" --help --version "" --no-such-flag no-such-word \
		/no/such/directory config "config --json" "$REC a b c d" \
		"$REC --config /no/such/file"; do
		# shellcheck disable=SC2086
		piped $words
		[ -s "$DIR/piped" ]
		((FIRST_MS >= 100 && END_MS >= 100)) || {
			echo "'$words': $FIRST_MS, $END_MS ms" >&2
			return 1
		}
	done
}

@test "a pipe on stderr alone delays the exit as well" {
	local from=$EPOCHREALTIME
	"$BIN" --version 2> >(cat) >"$DIR/out"
	(((${EPOCHREALTIME/./} - ${from/./}) / 1000 >= 100))
	from=$EPOCHREALTIME
	"$BIN" --version 2>"$DIR/out" | cat >/dev/null
	(((${EPOCHREALTIME/./} - ${from/./}) / 1000 >= 100))
}

@test "output to a file is not delayed" {
	needs_strace
	strace -qq -e trace=poll,ppoll -o "$DIR/trace" \
		"$BIN" --version >"$DIR/out" 2>&1
	[ ! -s "$DIR/trace" ]
	# Output to a pipe is delayed, so this test can fail.
	strace -qq -e trace=poll,ppoll -o "$DIR/trace" \
		"$BIN" --version 2>&1 | cat >"$DIR/out"
	[ -s "$DIR/trace" ]
}

# --- stdin, stdout, the parent -----------------------------------------------

@test "stdin is never read, even if it is a pipe that never closes" {
	local fd line
	mkfifo "$DIR/stdin"
	exec {fd}<>"$DIR/stdin"
	echo untouched >&"$fd"
	"$BIN" "$REC" <&"$fd" >"$DIR/out" 2>&1
	is_delivered
	read -r -t 1 -u "$fd" line
	assert_equal "$line" untouched
}

@test "a reader that has gone does no harm" {
	{
		rc=0
		"$BIN" "$REC" 2>&1 || rc=$?
		echo "$rc" >"$DIR/rc"
	} | true
	is_stored metadata.json "$MEDIA"
	is_delivered
	assert_equal "$(cat "$DIR/rc")" 0
}

@test "a reader that leaves during an upload does no harm" {
	local fd
	mkfifo "$DIR/stdout"
	sparse "$REC/$MEDIA" 300000
	faults "upload *.mp4 1 slow 1000000"
	exec {fd}<>"$DIR/stdout"
	"$BIN" "$REC" >"$DIR/stdout" 2>&1 3>&- {fd}>&- &
	PID=$!
	wait_for is_uploading
	exec {fd}>&-
	wait "$PID"
	is_stored metadata.json "$MEDIA"
	is_delivered
}

# bats test_tags=slow
@test "without stdin, stdout or stderr no log line ends up in another file" {
	local closed
	for closed in '<&- >&- 2>&-' '>&- 2>&-' '>&-' '2>&-' '<&- 2>&-'; do
		SESSION=session-$((++n))
		REC=$DIR/recordings/$SESSION
		mkdir "$REC"
		recording
		rm -f "$SB"/*.jsonl
		faults "upload *.mp4 2 status 503"
		eval '"$BIN" "$REC" --log-level debug --log-file "$DIR/log"' \
			"$closed"
		is_stored metadata.json "$MEDIA"
		is_delivered
		journal_is_whole
		run -1 grep -v "Z $SESSION: " "$DIR/log"
		rm "$DIR/log"
		run_finalize 0
		assert_output_has "done already"
	done
}

@test "a full device as stdout and stderr stops nothing" {
	"$BIN" "$REC" >/dev/full 2>&1
	is_stored metadata.json "$MEDIA"
	is_delivered
}

@test "the delivery finishes although its parent is killed during an upload" {
	mkfifo "$DIR/stdout"
	sparse "$REC/$MEDIA" 300000
	faults "upload *.mp4 1 slow 1000000"
	cat "$DIR/stdout" >/dev/null 3>&- &
	local reader=$!
	bash -c '"$0" "$1" >"$2" 2>&1 & wait' "$BIN" "$REC" "$DIR/stdout" \
		3>&- &
	local parent=$!
	wait_for is_uploading
	kill -KILL "$parent" "$reader"
	wait_for is_delivered
	is_stored metadata.json "$MEDIA"
}

# --- signals -----------------------------------------------------------------

@test "a signal during an upload ends the run with 75 within 2 s, and the next run completes" {
	local signal
	for signal in TERM INT; do
		SESSION=session-$signal
		REC=$DIR/recordings/$SESSION
		mkdir "$REC"
		recording
		sparse "$REC/$MEDIA" 20000000
		rm -f "$SB"/incoming/* "$SB/webhooks.jsonl"
		faults "upload *.mp4 * slow 100000"
		start
		wait_for is_uploading
		kill -"$signal" "$PID"
		ends_within 2000 75
		journal_is_whole
		assert_equal "$(requests webhook)" 0
		grep -q "ended by SIG$signal" "$DIR/out"
		faults
		run_finalize 0
		is_stored metadata.json "$MEDIA"
		is_delivered
		rm "$SB/requests.jsonl"
	done
}

@test "a second signal changes nothing" {
	sparse "$REC/$MEDIA" 20000000
	faults "upload *.mp4 * slow 100000"
	start
	wait_for is_uploading
	kill -TERM "$PID"
	kill -INT "$PID" || true
	kill -TERM "$PID" || true
	ends_within 2000 75
	journal_is_whole
}

# bats test_tags=slow
@test "a signal ends every kind of waiting" {
	local stage
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=50s
	for stage in "lookup * * stall-answer 50" "list * * stall-answer 50" \
		"upload * * stall-answer 50" "webhook * * stall-answer 50" \
		"lookup * * status 503" "upload * * status 503" \
		"webhook * * status 503" "lookup * * endless"; do
		SESSION=session-$((++n))
		REC=$DIR/recordings/$SESSION
		mkdir "$REC"
		recording
		faults "$stage" "${stage%% *} * * stall-answer 50"
		export JIBRI_FINALIZE_RETRY_DELAY=30s
		export JIBRI_FINALIZE_RETRY_DELAY_MAX=30s
		start --log-level debug
		wait_for is_waiting "$stage"
		kill -TERM "$PID"
		ends_within 2000 75 || {
			echo "$stage" >&2
			return 1
		}
		journal_is_whole
	done
}

# is_waiting FAULT: as the program's log says.
is_waiting() {
	case $1 in
	*" status "*) grep -q "next try in" "$DIR/out" ;;
	lookup*) grep -q "stage: resolve" "$DIR/out" ;;
	list* | upload*) grep -q "stage: upload" "$DIR/out" ;;
	webhook*) grep -q "stage: announce" "$DIR/out" ;;
	esac
}

@test "a reader that does not read neither stops the delivery nor delays its end" {
	local fd
	mkfifo "$DIR/stdout"
	exec {fd}<>"$DIR/stdout"
	head -c 65536 /dev/zero >&"$fd"
	"$BIN" "$REC" >"$DIR/stdout" 2>&1 3>&- {fd}>&- &
	PID=$!
	wait_for is_delivered
	kill -TERM "$PID" || true
	ends_within 2000 0
}

@test "a signal ends the run within 2 s although the reader does not read" {
	local fd
	mkfifo "$DIR/stdout"
	sparse "$REC/$MEDIA" 20000000
	faults "upload *.mp4 * slow 100000"
	exec {fd}<>"$DIR/stdout"
	head -c 65536 /dev/zero >&"$fd"
	"$BIN" "$REC" >"$DIR/stdout" 2>&1 3>&- {fd}>&- &
	PID=$!
	wait_for is_uploading
	kill -TERM "$PID"
	ends_within 2000 75
	journal_is_whole
}

# --- log-file, log-format, log-level, --json ---------------------------------

@test "the log file gets the same lines with their time, and keeps the older ones" {
	hostile_names
	for _ in 1 2; do
		"$BIN" "$REC" --force --log-file "$DIR/log" >>"$DIR/err" 2>&1
	done
	is_ascii "$DIR/log"
	run -1 grep -vE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z ' \
		"$DIR/log"
	diff <(cut -d' ' -f2- "$DIR/log") "$DIR/err"
}

@test "a log file that cannot be written warns and stops nothing" {
	local file
	ln -s loop "$DIR/loop"
	for file in "$DIR/no/such/log" "$DIR" "$DIR/loop" /dev/full; do
		run_finalize 0 --force --log-file "$file"
		assert_output_has "warning: "
		assert_output_has "$file"
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
		rm "$SB/webhooks.jsonl"
	done
	assert_equal "$(requests upload)" 8
}

@test "log-format=json is one JSON object a line with time, level, session, trace and message" {
	hostile_names
	run -0 --separate-stderr "$BIN" "$REC" --log-format json \
		--log-level debug --log-file "$DIR/log"
	assert_equal "$(jq -c keys <<<"$stderr" | sort -u)" \
		'["level","message","session","time","traceId"]'
	assert_equal "$(jq -c .session <<<"$stderr" | sort -u)" "\"$SESSION\""
	assert_equal "$(jq -r .level <<<"$stderr" | sort -u | tr '\n' ' ')" \
		"debug info "
	assert_equal "$(jq -c . <<<"$stderr" | wc -l)" "$(wc -l <<<"$stderr")"
	jq -e '.time | test("^[0-9-]{10}T[0-9:]{8}\\.[0-9]{3}Z$")' \
		<<<"$stderr" >/dev/null
	diff "$DIR/log" - <<<"$stderr"
	is_ascii "$DIR/log"
}

@test "log-level selects the lines, and errors are always shown" {
	run -0 --separate-stderr "$BIN" "$REC" --log-level warning
	assert_equal "$stderr" ""
	rooms '{}'
	run -65 --separate-stderr "$BIN" "$REC" --force --log-level error
	[[ $stderr == "$SESSION: error: "* ]]
	assert_equal "${#stderr_lines[@]}" 1
}

@test "--json leaves stderr empty when nothing fails" {
	echo '{"meeting_url": "https://x/'"$ROOM"'", "cut' >"$REC/metadata.json"
	run -0 --separate-stderr "$BIN" "$REC" --json
	assert_equal "$stderr" ""
	assert_equal "$(jq -r '[.session, .room, .meetingId, .state,
		.artifacts, .stored, .sent, .lastError // "none"] |
		join(" ")' <<<"$output")" "$SESSION $ROOM 123 done 1 1 1 none"
}

@test "--json reports failures on stderr, and stdout is still JSON" {
	hostile_names
	faults "upload *.mp4 * status 413"
	run -65 --separate-stderr "$BIN" "$REC" --json
	[[ $stderr == *"error: "*"413"* ]]
	assert_equal "$(jq -r .state <<<"$output")" held
	[[ $(jq -r .lastError <<<"$output") == *413* ]]
	faults "upload *.mp4 * status 503"
	run -75 --separate-stderr "$BIN" "$REC" --json
	assert_equal "$(jq -r .state <<<"$output")" waiting
}

# is_pending PID SIGNAL: the signal is pending for that process.
is_pending() {
	local mask
	mask=$(awk '/^(Sig|Shd)Pnd:/ { print $2 }' "/proc/$1/status" |
		while read -r m; do echo $((0x$m >> ($2 - 1) & 1)); done)
	[[ $mask == *1* ]]
}

@test "the kernel ends a run that hangs past its deadline" {
	local pid rc=0
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	faults "lookup * * stall-answer 60"
	# The caller may have ignored or blocked the signal.
	(trap '' ALRM && exec "$BIN" --deadline 500ms "$REC") \
		>"$DIR/out" 2>&1 3>&- &
	pid=$!
	wait_for grep -qs lookup "$SB/requests.jsonl"
	kill -STOP "$pid"
	wait_for is_pending "$pid" 14
	kill -CONT "$pid"
	wait "$pid" || rc=$?
	assert_equal "$rc" 142
}
