#!/usr/bin/env bats
# The output of a run, for people, programs and systemd's journal.

load lib
setup() {
	common_setup
	start_sandbox
	recording
}
teardown() { common_teardown; }

# on_terminal COMMAND...: its stderr and stdout are a terminal; what it writes
# there is the output.
on_terminal() {
	local command
	printf -v command '%q ' "$@"
	"${PTS[@]}" script -qec "$command" /dev/null </dev/null | tr -d '\r'
}

# to_file NAME [FLAG...]: its stderr goes to that file.
to_file() {
	local name=$1
	shift
	"$BIN" "$REC" "$@" 2>"$DIR/$name"
}

# --- log lines ---------------------------------------------------------------

# below_run SCRIPT COMMAND...: with a /run of its own, in which SCRIPT has run.
below_run() {
	local ns=(unshare --mount) back=() script=$1
	shift
	if ((EUID != 0)); then
		ns=(unshare --user --map-root-user --mount)
		back=(unshare --user --map-user="$EUID" --map-group="$(id -g)")
	fi
	"${ns[@]}" mount -t tmpfs tmpfs /run 2>/dev/null ||
		skip "nothing may be mounted here"
	"${ns[@]}" sh -c "mount -t tmpfs tmpfs /run && $script" \
		"$DIR" "${back[@]}" "$@"
}

# stream NAME: pretend that systemd connected this file.
stream() {
	: >"$DIR/$1"
	JOURNAL_STREAM=$(stat -c %d:%i "$DIR/$1")
	export JOURNAL_STREAM
}

# with_journal COMMAND...: journald listens; $DIR/entries has one JSON object
# for each entry.  Both streams of the command go to it.
with_journal() {
	stream journal
	# shellcheck disable=SC2016
	below_run 'mkdir -p /run/systemd/journal || exit
		timeout 60 perl -MIO::Socket::UNIX -MJSON::PP -e "$JOURNALD" \
			>"$0/entries" 3>&- & server=$!
		while kill -0 "$server" && ! [ -S /run/systemd/journal/socket ]
		do sleep 0.05; done
		"$@" >>"$0/journal" 2>&1; rc=$?
		printf END | socat - UNIX-SENDTO:/run/systemd/journal/socket
		wait "$server"; exit $rc' "$@"
}

# Fields are NAME=VALUE; a name alone is followed by length and value.
export JOURNALD='
	my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
		Local => "/run/systemd/journal/socket") or die;
	my $m;
	$| = 1;
	while (defined $s->recv($m, 1 << 20) && $m ne "END") {
		my %e;
		while ($m =~ s/^([A-Z_]+)(=([^\n]*)\n|\n)//) {
			my ($name, $value) = ($1, $3);
			$value = substr($m, 0, 9 + unpack("Q<", $m), "")
				unless defined $value;
			$e{$name} = $value;
		}
		$e{rest} = $m if length $m;
		print JSON::PP->new->latin1->canonical->encode(\%e), "\n";
	}'

@test "an entry in systemd's journal has session, room and priority, and does not repeat our name" {
	faults 'upload *.mp4 1 status 503' 'webhook * * status 500'
	export JIBRI_FINALIZE_TRIES=2
	run -75 with_journal "$BIN" "$REC" --log-level debug \
		--log-file "$DIR/file"
	[ ! -s "$DIR/journal" ]
	jq -es --arg s "$SESSION" --arg r "$ROOM" '
		(map(.PRIORITY) | unique) == ["3", "4", "6", "7"] and
		all(.SYSLOG_IDENTIFIER == "jibri-finalize") and
		all(has("rest") | not) and
		(map(select(.MESSAGE | startswith($s + ": error: "))) |
			length > 0 and all(.PRIORITY == "3" and
				.JIBRI_SESSION == $s and .JIBRI_ROOM == $r)) and
		all(.MESSAGE | startswith("jibri-finalize: ") | not)' \
		"$DIR/entries"
	run -1 grep '<[3467]>' "$DIR/file"
	# There is no session.
	run -64 with_journal "$BIN" --no-such-flag
	assert_equal "$(jq -r .MESSAGE "$DIR/entries")" \
		"error: unknown flag --no-such-flag"
}

# event ID: the session of the one entry that is of this kind.
event() {
	jq -rs --arg i "$1" 'map(select(.MESSAGE_ID == $i)) |
		if length == 1 then .[0].JIBRI_SESSION else "not one" end' \
		"$DIR/entries"
}

@test "done and held have message IDs in systemd's journal, from the hook and from a sweep" {
	local done=5c67311e4dce4f09a1c34c0fef6637b5
	local held=f017f18b00a34b03b907425cdea9dedb
	grep -q "$done" "$ROOT/man/jibri-finalize.1"
	grep -q "$held" "$ROOT/man/jibri-finalize.1"
	run -0 with_journal "$BIN" "$REC"
	assert_equal "$(event $done)" "$SESSION"
	[ ! -s "$DIR/journal" ]
	another_recording second
	faults 'upload *.mp4 * status 413'
	run -65 with_journal "$BIN" "$REC"
	assert_equal "$(event $held)" second
	another_recording third
	run -65 with_journal "$BIN" sweep "$DIR/recordings"
	assert_equal "$(event $held)" third
	faults
	another_recording fourth
	run -0 with_journal "$BIN" sweep "$DIR/recordings"
	assert_equal "$(event $done)" fourth
}

@test "without the journal's socket each line has a priority prefix, and elsewhere none has" {
	faults 'upload *.mp4 1 status 503' 'webhook * * status 500'
	export JIBRI_FINALIZE_TRIES=2
	stream journal
	run -75 below_run 'exec "$@" 2>"$0/journal"' "$BIN" "$REC" \
		--log-level debug --log-file "$DIR/file"
	grep "^<3>$SESSION: error: " "$DIR/journal"
	grep "^<4>$SESSION: warning: " "$DIR/journal"
	grep "^<6>$SESSION: .*: stored, " "$DIR/journal"
	grep "^<7>$SESSION: stage: " "$DIR/journal"
	run -1 grep -v '^<[3467]>' "$DIR/journal"
	run -1 grep '<[3467]>' "$DIR/file"

	: >"$DIR/other"
	run -75 to_file other
	grep "^$SESSION: error: " "$DIR/other"
	run -1 grep '<[3467]>' "$DIR/other"
}

@test "JSON lines in systemd's journal follow the priority prefix" {
	stream journal
	run -0 below_run 'exec "$@" 2>"$0/journal"' "$BIN" "$REC" \
		--log-format json
	sed 's/^<6>//' "$DIR/journal" | jq -es 'length > 2 and
		all(keys_unsorted - ["traceId"] ==
			["time", "level", "session", "message"])'
}

@test "every line about a recording has its session" {
	faults 'lookup * 1 status 503' 'upload *.mp4 1 drop-stored' \
		'webhook * 1 status 502'
	run -0 --separate-stderr "$BIN" "$REC" --verbose
	((${#stderr_lines[@]} >= 8))
	run -1 grep -v "^$SESSION: " <<<"$stderr"
}

@test "the last line of the log is the result, in JSON too" {
	faults 'upload *.mp4 * status 413'
	run -65 --separate-stderr "$BIN" "$REC" --log-file "$DIR/text"
	tail -n 1 "$DIR/text" | grep "Z $SESSION: held: 1 of 2 artifacts stored; "
	run -65 --separate-stderr "$BIN" "$REC" --log-level error \
		--log-format json --log-file "$DIR/json"
	assert_equal "$output" ""
	diff "$DIR/json" - <<<"$stderr"
	jq -es --arg s "$SESSION" 'all(.session == $s) and
		(last.message | startswith("held: 1 of 2"))' "$DIR/json"
}

@test "--quiet hides successes and shows errors" {
	run -0 "$BIN" "$REC" --quiet
	assert_equal "$output" ""
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	faults 'upload * * status 403'
	run -77 --separate-stderr "$BIN" "$REC" -q --force --log-file "$DIR/file"
	assert_equal "$(grep -vc ': error: ' <<<"$stderr")" 0
	assert_equal "$(wc -l <<<"$output")" 1
	grep "warning: \|acknowledged" "$DIR/file"
}

@test "--quiet keeps every command that changes something silent, except in the log file" {
	local top=$DIR/recordings log=$DIR/file
	run_command 0 sweep -q --log-file "$log" "$top"
	assert_equal "$output" ""
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	run_command 0 pack -q -o "$DIR" --log-file "$log" "$REC"
	assert_equal "$output" ""
	grep -q "packed: " "$log"
	run_command 0 notify -q started "$REC"
	assert_equal "$output" ""
	for words in --reset "" ""; do
		# shellcheck disable=SC2086
		run_command 0 forget -q --yes $words --log-file "$log" "$REC"
		assert_equal "$output" ""
	done
	grep -q "its journal is cleared" "$log"
	grep -q "was given up before" "$log"
	run_command 0 sweep --quiet "$top"
	assert_equal "$output" ""
	# A dry run exists for its output.
	run_command 0 forget -qn "$REC"
	assert_output_has "dry run: "
}

@test "a quiet sweep that fails says why" {
	faults 'upload * * status 403'
	run_command 77 sweep -q "$DIR/recordings"
	assert_output_has "error: "
	assert_output_has "0 delivered, 1 waiting, 0 held, 0 done"
}

@test "--verbose is --log-level debug" {
	run -0 --separate-stderr "$BIN" "$REC" -v
	grep "stage: upload" <<<"$stderr"
	assert_equal "$("$BIN" config --verbose --json |
		jq -r '.settings[] | select(.name == "log-level") | .value')" debug
}

@test "error and warning are coloured on a terminal, unless NO_COLOR forbids it" {
	needs_terminal
	export TERM=xterm JIBRI_FINALIZE_TRIES=2
	faults 'webhook * * status 500'
	on_terminal "$BIN" "$REC" --log-file "$DIR/file" >"$DIR/out" || true
	grep $'\e\\[1;31merror:\e\\[0m ' "$DIR/out"
	grep $'\e\\[33mwarning:\e\\[0m ' "$DIR/out"
	run -1 grep $'\e' "$DIR/file"
	on_terminal env NO_COLOR=1 "$BIN" "$REC" >"$DIR/out" || true
	grep "error: " "$DIR/out"
	run -1 grep $'\e\\[[0-9;]*m' "$DIR/out"
	on_terminal env TERM=dumb "$BIN" "$REC" >"$DIR/out" || true
	run -1 grep $'\e' "$DIR/out"
	run -75 "$BIN" "$REC"
	refute_output_has $'\e'
}

@test "on a terminal a long line breaks between words, and its command is whole" {
	needs_terminal
	rooms '{}'
	local long
	long=$DIR/recordings/$(printf 'long-%.0s' {1..20})
	mv "$REC" "$long"
	on_terminal() {
		# shellcheck disable=SC2016
		TERM=xterm NO_COLOR=1 "${PTS[@]}" script -qec \
			"stty cols 80 rows 24; '$BIN' $1 '$long' || true" \
			/dev/null </dev/null | tr -d '\r'
	}
	on_terminal upload >"$DIR/screen"
	grep -x "  jibri-finalize upload --room ROOM $long" "$DIR/screen"
	run -1 grep -E '^.{81}' <(grep -v "long-long" "$DIR/screen")
	rooms "{\"$ROOM\": 123}"
	on_terminal "forget -n" >"$DIR/screen"
	run -1 grep -E '^.{81}' <(grep -v '^long-' "$DIR/screen")
	# A pipe gets each line unwrapped.
	rooms '{}'
	run -65 "$BIN" upload "$long"
	grep "error: unknown room.*jibri-finalize upload --room ROOM $long\$" \
		<<<"$output"
}
