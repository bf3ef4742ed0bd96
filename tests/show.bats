#!/usr/bin/env bats
# One recording on one screen, and by its session.

load lib
setup() {
	common_setup
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
	start_sandbox
	recording
}
teardown() { common_teardown; }

# show [ARGUMENT...]: show the recording; the output fits 80 columns, except for
# commands to copy.
show() {
	run_command 0 show "$REC" "$@"
}

fits() {
	assert_equal "$(grep -v '^  jibri-finalize ' <<<"$output" |
		grep -E '.{81}')" ""
}

# shown JQ: a value of the JSON document.
shown() {
	jq -r "$1" <<<"$("$BIN" show "$REC" --json)"
}

@test "a delivered recording is shown with its files, attempts and webhooks" {
	run_finalize 0
	show
	fits
	assert_output_has "$SESSION: done"
	assert_output_has "  room       $ROOM (from metadata.json)"
	assert_output_has "  meeting    123 (from the journal)"
	assert_output_has "Artifacts: 2 of 2 stored"
	assert_output_has "Attempts: 1"
	assert_equal "$(shown '[.artifacts[].state] | join(" ")')" \
		"stored stored"
	assert_equal "$(shown '.artifacts[] | select(.path == "metadata.json").sha256')" \
		"$(sha256sum "$REC/metadata.json" | cut -d ' ' -f 1)"
	assert_equal "$(shown '.artifacts[].id')" \
		"$(journal 'select(.event == "stored") | [.path, .id] | @tsv' |
			sort | cut -f 2)"
	assert_output_has "$(journal 'select(.event == "announced").id')"
	assert_equal "$(shown '.webhooks[] | .event + " " + .id')" \
		"$(journal 'select(.event == "announced") | "STOPPED " + .id')"
	assert_equal "$(shown '.history[].result')" 'done'
}

# first_command: run the first suggested command as printed.
# shellcheck disable=SC2329
jibri-finalize() { timeout -k 5 120 "$BIN" "$@"; }
first_command() {
	local line
	line=$(sed -nE 's/^  (jibri-finalize .*)$/\1/p' <<<"$output" | head -n 1)
	[[ $line == *"$1"* ]]
	run eval "$line"
	ended_with "${2:-0}"
}

delivered() {
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

# --- what it shows ------------------------------------------------------------

@test "a held recording is shown with the server's reason and the FAILED that was sent" {
	echo '{"message": "quota exceeded"}' >"$DIR/why"
	faults "upload *.mp4 * status-body 413 $DIR/why application/json"
	run_finalize 65
	faults
	show
	fits
	assert_output_has "$SESSION: held"
	assert_output_has "quota exceeded"
	assert_output_has "failed (permanent) after "
	assert_output_has "$(journal 'select(.event == "announced").id')"
	assert_equal "$(shown '.history[0].error')" \
		"$(journal 'select(.event == "failed").text')"
	assert_equal "$(shown '.webhooks[0].event')" FAILED
	first_command upload
	delivered
}

@test "each state comes with the command that helps, with a path quoted for the shell" {
	REC="$DIR/it's ä b/$SESSION"
	mkdir -p "$REC"
	recording
	show
	assert_output_has "$SESSION: due"
	faults "upload *.mp4 * status 503"
	run_finalize 75
	show
	assert_output_has "$SESSION: waiting"
	assert_output_has "  next try   in "
	assert_equal "$(shown .nextAttempt)" "$(shown '.history[0].nextAttempt')"
	faults
	"$BIN" forget --yes "$REC"
	show
	assert_output_has "$SESSION: given"
	first_command upload
	delivered
	show
	first_command verify
	head -c 2000000 /dev/zero | tr '\0' x >"$REC/.jibri-finalize"
	show
	assert_output_has "is damaged"
	first_command "forget --reset" 64
	"$BIN" forget --reset --yes "$REC"
	run_finalize 0
	show
	assert_output_has "$SESSION: done"
}

@test "the origin of room and session is shown, also what was overruled" {
	local there
	assert_equal "$(shown '[.sessionFrom, .roomFrom, .meetingIdFrom // "-"] |
		join(" ")')" "directory metadata -"
	rm "$REC/metadata.json"
	assert_equal "$(shown .roomFrom)" media
	mv "$REC/$MEDIA" "$REC/a.mp4"
	assert_equal "$(shown '[.room // "-", .roomFrom // "-"] | join(" ")')" "- -"
	show
	assert_output_has "room       unknown"
	assert_output_has "metadata.json is missing or empty"
	mv "$REC/a.mp4" "$REC/$MEDIA"
	metadata https://meet.example.org/elsewhere
	run_finalize 0 "$ROOM" rec-1
	assert_equal "$(shown '[.session, .sessionFrom, .room, .roomFrom] |
		join(" ")')" "rec-1 argument $ROOM argument"
	show
	fits
	assert_output_has "  files name $ROOM and elsewhere"
	for there in here there; do
		cp "$REC/$MEDIA" "$REC/${there}_2026-01-02-03-04-05.mp4"
	done
	run_command 0 upload "$REC" --room "$ROOM"
	assert_output_has "name $ROOM, here, there and elsewhere; using the room"
	show
	assert_output_has "  files name $ROOM, here, there and elsewhere"
}

@test "a room given to the hook and not resolved yet is shown as an argument" {
	run_finalize 0 "$ROOM" --defer
	refute_output_has "using the room"
	assert_equal "$(shown .roomFrom)" metadata
	show
	refute_output_has "files name"
	metadata https://meet.example.org/elsewhere
	rm "$REC/.jibri-finalize"
	run_finalize 0 "$ROOM" --defer
	assert_equal "$(shown '[.roomFrom, .history[].result] | join(" ")')" \
		"argument deferred"
}

@test "files in doubt, changed, gone, skipped and superseded are shown as such" {
	export JIBRI_FINALIZE_TRIES=1
	echo a >"$REC/a.txt"
	echo b >"$REC/b.txt"
	echo c >"$REC/c.part"
	touch -d '1 minute ago' "$REC"/?.txt
	faults "upload *.mp4 * status 504" "list * * status 503"
	run_finalize 75
	assert_equal "$(shown '.artifacts[] | select(.path == "'"$MEDIA"'") |
		"\(.state) \(.doubtStatus)"')" "doubt 504"
	show
	fits
	assert_output_has "outcome unknown (HTTP 504)"
	assert_output_has "skipped c.part: excluded"
	assert_equal "$(shown '.skipped[].path')" c.part
	echo changed >"$REC/a.txt"
	rm "$REC/b.txt"
	assert_equal "$(shown '[.artifacts[] | select(.path | endswith(".txt")) |
		.state] | join(" ")')" "changed gone"
	faults
	sleep 1
	"$BIN" upload "$REC" || true
	assert_equal "$(shown '.superseded | length')" 1
	show
	assert_output_has "superseded: "
}

@test "the parts of an upload that was interrupted are counted" {
	stop_sandbox
	start_sandbox --parts 65536
	export JIBRI_FINALIZE_PARTS_FROM=100k
	head -c 200000 /dev/urandom >"$REC/talk.bin"
	touch -d '1 minute ago' "$REC/talk.bin"
	faults "complete * * status 503"
	run_finalize 75
	faults
	assert_equal "$(shown '.artifacts[] | select(.path == "talk.bin") |
		"\(.parts.partSize) \(.parts.stored)"')" "65536 4"
	show
	fits
	assert_output_has "4 of 4 parts are at the server"
	run grep -c storage <<<"$output"
	assert_equal "$output" 0
}

@test "the log has a line for each attempt, oldest first" {
	faults "upload *.mp4 * status 413"
	run_finalize 65
	faults "upload *.mp4 * status 503"
	run_command 75 upload "$REC"
	faults
	run_command 0 upload "$REC"
	show --log
	assert_equal "$(cut -d ' ' -f 2 <<<"$output" | paste -sd ' ')" \
		"failed failed done"
	assert_equal "$(sort <<<"$output")" "$output"
	assert_output_has "HTTP 413"
	assert_output_has "(temporary)"
}

@test "a run that died is shown without an end, and a running one is named" {
	faults "upload $MEDIA 1 slow-store 20"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=30s
	"$BIN" "$REC" >"$DIR/first" 2>&1 3>&- &
	local first=$!
	wait_for grep -q '"stored"' "$REC/.jibri-finalize"
	cp "$REC/.jibri-finalize" "$DIR/journal"
	show
	fits
	assert_output_has "$SESSION: busy"
	assert_output_has "  process $first on $(hostname) is working on this "
	refute_output_has "release its lock"
	assert_equal "$(shown '.history[-1].result')" running
	cmp "$REC/.jibri-finalize" "$DIR/journal"
	kill -KILL "$first"
	wait "$first" || true
	assert_equal "$(shown '.history[-1].result')" died
}

# bats test_tags=slow
@test "a lock of another host that may be gone: the command that releases it is named" {
	[ "$EUID" = 0 ] || skip "only root can have another host's name"
	needs_strace
	faults "lookup * 1 stall-answer 15"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	touch -d '3 hours ago' "$REC"/*
	# NFS cannot lock directories.
	unshare --uts sh -c "hostname alpha; exec strace -qq -o /dev/null \
		-f -e inject=flock:error=EBADF '$BIN' '$REC'" 3>&- &
	local there=$! command
	wait_for grep -q began "$REC/.jibri-finalize"
	run_command 75 upload "$REC"
	run_command 0 status
	assert_output_has " on alpha is working on this recording"
	assert_output_has "Busy: if that host is gone, release its lock with:"
	show
	command=$(sed -n '/^If that host is gone/{n;p}' <<<"$output")
	eval "$command"
	run_command 0 upload "$REC"
	delivered
	# It comes back, and lets go.
	wait "$there" || true
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(requests upload)" 2
}

@test "older attempts in a compacted journal are only counted" {
	local at
	at=$(date +%s)000
	printf '%s\n' \
		"{\"at\":$at,\"event\":\"failed\",\"class\":\"temporary\",\"text\":\"last\"}" \
		"{\"at\":$at,\"event\":\"summary\",\"attempts\":40,\"failures\":40,\"failedAt\":$at,\"hasEvents\":true}" \
		"{\"at\":$at,\"event\":\"began\",\"pid\":7,\"host\":\"h\"}" \
		"{\"at\":$at,\"event\":\"failed\",\"class\":\"temporary\",\"text\":\"newer\"}" \
		>"$REC/.jibri-finalize"
	assert_equal "$(shown '"\(.attempts) \(.attemptsSummedUp) \(.history | length)"')" \
		"41 40 2"
	show
	assert_output_has "40 earlier ones are only counted"
}

@test "of a long journal only the newest attempts are shown" {
	awk 'BEGIN { for (n = 1; n <= 3000; n++) printf \
		"{\"at\":%d,\"event\":\"began\",\"host\":\"h\"}\n" \
		"{\"at\":%d,\"event\":\"failed\",\"text\":\"no %d\"}\n", n, n, n }' \
		>"$REC/.jibri-finalize"
	assert_equal "$(shown '"\(.attempts) \(.attemptsSummedUp) \(.history |
		length) \(.history[-1].error)"')" "3000 2000 1000 no 3000"
	show
	assert_output_has "no 3000"
	refute_output_has "no 2995"
	fits
}

@test "long names, and many of them, stay on one screen of 80 columns" {
	local long n
	long=$(printf 'r%.0s' {1..110})
	rooms "{\"$long\": 123}"
	metadata "https://meet.example.org/$long"
	mv "$REC/$MEDIA" "$REC/${long}_2026-01-02-03-04-05.mp4"
	touch "$REC/$(printf 'n%.0s' {1..200}) $(printf 'ä%.0s' {1..20})"
	for n in {1..300}; do echo "$n" >"$REC/file-$n"; done
	mv "$REC" "$REC$(printf 's%.0s' {1..180})"
	REC=$REC$(printf 's%.0s' {1..180})
	faults "upload file-* * status 413"
	run_finalize 65
	show
	fits
	assert_output_has "and 290 more not stored"
	(($(wc -l <<<"$output") < 70))
	assert_equal "$(shown '.artifacts | length')" 303
}

@test "a journal written by somebody else stays within 80 columns and is escaped" {
	local id
	id=$(printf 'ä%.0s' {1..20})
	printf '%s\n' \
		'{"at":9223372036854775807,"event":"began","host":"\u001b[31m"}' \
		"{\"at\":1,\"event\":\"uploadBegun\",\"path\":\"$MEDIA\",\"id\":\"u\",\"key\":\"k\",\"size\":9223372036854775807}" \
		"{\"at\":1,\"event\":\"partStored\",\"path\":\"$MEDIA\",\"count\":2,\"size\":9223372036854775807,\"etag\":\"e\",\"md5\":\"m\"}" \
		"{\"at\":1,\"event\":\"superseded\",\"path\":\"metadata.json\",\"id\":\"$id\"}" \
		"{\"at\":2,\"event\":\"stored\",\"path\":\"metadata.json\",\"id\":\"$id\",\"size\":-1,\"sha256\":\"$id\"}" \
		>"$REC/.jibri-finalize"
	show
	fits
	[[ $output != *$'\033'* && $output != *ä* ]]
	assert_output_has "\\xC3\\xA4"
	shown . >/dev/null
}

@test "times are relative, with --utc and in the log they are points in time" {
	local time='20[0-9-]{8}T[0-9:.]{12}Z'
	faults "upload *.mp4 * status 503"
	run_finalize 75
	sed -E 's/"at":[0-9]+/"at":'"$((($(date +%s) - 3 * 3600) * 1000))"'/' \
		"$REC/.jibri-finalize" >"$DIR/aged"
	cat "$DIR/aged" >"$REC/.jibri-finalize"
	show
	fits
	grep -Eq '^  last event 3 h ago$' <<<"$output"
	grep -q '^  3 h ago: failed (temporary) after 0.0 s on ' <<<"$output"
	run ! grep -E "$time" <<<"$output"
	show --utc
	fits
	grep -Eq "^  last event $time\$" <<<"$output"
	grep -Eq "^  $time failed \\(temporary\\) " <<<"$output"
	run ! grep 'h ago' <<<"$output"
	show --log
	grep -Eq "^$time failed \\(temporary\\) " <<<"$output"
}

@test "the trace id is that of its requests, for a session given as an argument too" {
	run_finalize 0 "$ROOM" rec-1
	local trace
	trace=$(jq -r '.headers.traceparent | split("-")[1]' \
		"$SB/requests.jsonl" | sort -u)
	[[ $trace =~ ^[0-9a-f]{32}$ ]]
	assert_equal "$(shown .traceId)" "$trace"
	show
	assert_output_has "  trace id   $trace"
}

@test "on a narrow terminal nothing but commands is wider" {
	needs_terminal
	faults "upload *.mp4 * status 413"
	run_finalize 65
	run -0 "${PTS[@]}" script -qec \
		"stty cols 60 rows 40; export NO_COLOR=1; '$BIN' show '$REC'; '$BIN' check; true" /dev/null \
		</dev/null
	output=$(tr -d '\r' <<<"$output" | grep -v '^ *jibri-finalize ')
	assert_output_has "Artifacts: 1 of 2 stored"
	assert_output_has " failed"
	assert_equal "$(grep -E '.{61}' <<<"$output")" ""
}

@test "rooms, files and commands are text on a terminal with UTF-8, and escaped in a pipe" {
	needs_terminal
	rooms '{"büro": 123}'
	metadata https://meet.example.org/b%c3%bcro
	mv "$REC/$MEDIA" "$REC/b%c3%bcro_2026-01-02-03-04-05.mp4"
	echo x >"$REC/übersicht.txt"
	touch -d '1 minute ago' "$REC"/* "$REC"
	mv "$REC" "$DIR/recordings/müller-1"
	REC=$DIR/recordings/müller-1
	show
	assert_output_has 'room       b\xC3\xBCro'
	assert_output_has '\xC3\xBCbersicht.txt'
	[[ $output != *ü* ]]
	run -0 "${PTS[@]}" script -qec "'$BIN' show '$REC'" /dev/null </dev/null
	assert_output_has 'room       büro'
	assert_output_has ' übersicht.txt'
	assert_output_has "jibri-finalize upload $'$REC'"
	mkdir "$DIR/büro"
	run -0 "${PTS[@]}" script -qec "'$BIN' pause '$DIR/büro'" /dev/null \
		</dev/null
	assert_output_has "  jibri-finalize resume $'$DIR/büro'"
	run -0 "${PTS[@]}" script -qec "LC_ALL=C '$BIN' show '$REC'" /dev/null \
		</dev/null
	[[ $output != *ü* ]]
}

# --- what it does not do -----------------------------------------------------

@test "show writes nothing, takes no lock and opens no log file" {
	needs_strace
	run_finalize 0
	run -0 strace -f -qq -o "$DIR/trace" -e trace=openat,openat2,flock,fcntl \
		"$BIN" show "$REC" --log-file "$DIR/log"
	[ ! -e "$DIR/log" ]
	run ! grep -E 'O_(WRONLY|RDWR|CREAT)[^"]*\) *= *[0-9]' "$DIR/trace"
	run ! grep -E 'flock\(|SETLK' "$DIR/trace"
}

@test "whoever can read the directory can show it, and is told where that is not enough" {
	[ "$(id -u)" = 0 ] || skip "only root can be another user"
	local as=(setpriv --reuid=65533 --regid=65533 --clear-groups)
	open_program
	faults "upload *.mp4 * status 503"
	run_finalize 75
	chown -R 65534:65534 "$DIR/recordings"
	chmod 755 "$DIR/recordings" "$REC"
	chmod 644 "$REC"/* "$REC/.jibri-finalize"
	run "${as[@]}" "$DIR/bin" show "$REC"
	ended_with 0
	assert_output_has "$SESSION: waiting"
	chmod 600 "$REC/.jibri-finalize"
	run "${as[@]}" "$DIR/bin" show "$REC"
	ended_with 65
	assert_output_has "; look as its owner: sudo -u '#65534' jibri-finalize show $REC"
	# shellcheck disable=SC2329
	sudo() {
		local user=${2#\#}
		shift 3
		setpriv --reuid="$user" --regid="$user" --clear-groups \
			"$DIR/bin" "$@"
	}
	eval "run ${output##*owner: }"
	ended_with 0
	assert_output_has "$SESSION: waiting"
	# Root reads as the owner.
	run_command 0 show "$REC"
	assert_output_has "$SESSION: waiting"
	run_command 0 show "${SESSION%????????????}"
	assert_output_has "$SESSION: waiting"
	mkdir "$DIR/roots"
	echo '{"at":1,"event":"began","host":"roots"}' >"$DIR/roots/file"
	chmod 700 "$DIR/roots"
	ln -sf "$DIR/roots/file" "$REC/.jibri-finalize"
	run timeout 20 "$BIN" show "$REC"
	refute_output_has roots
}

# --- by its session -----------------------------------------------------------

@test "every command takes a session, or how it begins, below recordings-dir" {
	local short=${SESSION:0:6}
	run_command 0 finalize --dry-run "$short"
	assert_output_has "$SESSION: dry run"
	run_command 0 notify started "$short"
	run_command 0 upload "$short"
	delivered
	run_command 0 verify "$SESSION"
	run_command 0 show "$short"
	(cd "$DIR" && run_command 0 pack "$short")
	[ -s "$DIR/$SESSION.tar.zst" ]
	run_command 0 forget --yes "$short"
	assert_output_has "$SESSION: is delivered"
}

@test "a session that was given as an argument is found by its name" {
	run_finalize 0 "$ROOM" 20250105-143022-abc123
	run_command 0 show 202501
	assert_output_has "20250105-143022-abc123: done"
	# If two journals have it, the path has to be given.
	cp -R "$REC" "$DIR/recordings/copy"
	run_command 64 show 20250105-143022-abc123
	assert_output_has "$SESSION or copy"
}

@test "a short, unknown or ambiguous session is refused with the directory that was searched" {
	local n
	run_command 66 show "${SESSION:0:5}"
	assert_output_has "$DIR/recordings"
	assert_output_has "6 characters"
	run_command 66 upload nosuch
	assert_output_has "no session below $DIR/recordings"
	for n in {1..7}; do mkdir "$DIR/recordings/9f1c2d-$n"; done
	run_command 64 upload 9f1c2d
	assert_output_has "9f1c2d-1, 9f1c2d-2, 9f1c2d-3, 9f1c2d-4, 9f1c2d-5 or 3 others"
	assert_equal "$(requests)" 0
	mkdir "$DIR/recordings/9f1c2d" "$DIR/recordings/abc"
	run_command 0 show 9f1c2d
	assert_output_has "9f1c2d: none"
	run_command 0 show abc
}

@test "existing names, paths, links and hidden names keep their meaning" {
	mkdir "$DIR/outside" "$DIR/here" "$DIR/here/9f1c2d3e"
	cp "$REC"/* "$DIR/outside"
	ln -s "$DIR/outside" "$DIR/recordings/outside"
	mv "$DIR/recordings" "$DIR/recordings.x"
	mkdir "$DIR/recordings"
	mv "$DIR/recordings.x"/* "$DIR/recordings"
	mkdir "$DIR/recordings/.hidden-one"
	cd "$DIR/here"
	run_command 0 show 9f1c2d3e
	assert_output_has "$DIR/here/9f1c2d3e"
	run_command 66 show outside
	run_command 66 show .hidden
	run_command 66 show ../recordings/9f1c2d
	run_command 0 show 9f1c2d3e-
	assert_output_has "$SESSION: due"
	run_command 66 show "*"
}

@test "a hostile name is shown escaped, and does nothing" {
	local odd
	odd=$(printf 'odd-\033[31m\n$(touch oops)/..' | tr / _)
	mkdir "$DIR/recordings/$odd"
	cp "$REC"/* "$DIR/recordings/$odd"
	cd "$DIR"
	run_command 0 show "${odd:0:8}"
	[[ $output != *$'\033'* ]]
	assert_output_has 'odd-\x1B[31m\x0A$(touch oops)_..'
	mkdir "$DIR/recordings/$odd-2"
	run_command 64 show "${odd:0:8}"
	[[ $output != *$'\033'* ]]
	[ ! -e oops ]
}

# --- several ------------------------------------------------------------------

@test "forget takes several recordings, and a missing one does not stop the others" {
	local second=rec-second
	cp -R "$REC" "$DIR/recordings/$second"
	run_command 66 forget --yes "$REC" "$DIR/none" "$second"
	assert_output_has "$SESSION: given up"
	assert_output_has "$DIR/none"
	assert_output_has "$second: given up"
	run_command 0 forget --reset --yes "$REC" "$second"
	run_finalize 0
	delivered
}

@test "the reason for an unknown room is printed once, above the facts" {
	rm "$REC/metadata.json" "$REC/$MEDIA"
	cp "$ROOT/tests/data/video.mp4" "$REC/x.mp4"
	touch -d '1 hour ago' "$REC" "$REC/x.mp4"
	finalize >/dev/null 2>&1 || true
	run_command 0 show "$REC"
	assert_equal "$(tr -s '\n ' ' ' <<<"$output" | grep -o "unknown room: " |
		wc -l)" 1
	assert_output_has ": see above"
	run_command 0 show --log "$REC"
	assert_output_has "unknown room: "
}
