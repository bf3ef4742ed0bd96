#!/usr/bin/env bats
# What a run says while it works, to people, to programs and to the journal.

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

@test "in systemd's journal each line has its priority, elsewhere none has" {
	faults 'upload *.mp4 1 status 503' 'webhook * * status 500'
	: >"$DIR/journal"
	JOURNAL_STREAM=$(stat -c %d:%i "$DIR/journal")
	export JOURNAL_STREAM JIBRI_FINALIZE_TRIES=2
	run -75 to_file journal --log-level debug --log-file "$DIR/file"
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

@test "JSON in systemd's journal is JSON behind the priority" {
	: >"$DIR/journal"
	JOURNAL_STREAM=$(stat -c %d:%i "$DIR/journal")
	export JOURNAL_STREAM
	run -0 to_file journal --log-format json
	sed 's/^<6>//' "$DIR/journal" | jq -es 'length > 2 and
		all(keys_unsorted - ["traceId"] ==
			["time", "level", "session", "message"])'
}

@test "the tries of one recording can be followed by its session in every line" {
	faults 'lookup * 1 status 503' 'upload *.mp4 1 drop-stored' \
		'webhook * 1 status 502'
	run -0 --separate-stderr "$BIN" "$REC" --verbose
	((${#stderr_lines[@]} >= 8))
	run -1 grep -v "^$SESSION: " <<<"$stderr"
}

@test "what became of a recording is the log's last line, in JSON like all others" {
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

@test "--quiet says nothing of success, and errors anyway" {
	run -0 "$BIN" "$REC" --quiet
	assert_equal "$output" ""
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	faults 'upload * * status 403'
	run -77 --separate-stderr "$BIN" "$REC" -q --force --log-file "$DIR/file"
	assert_equal "$(grep -vc ': error: ' <<<"$stderr")" 0
	assert_equal "$(wc -l <<<"$output")" 1
	grep "warning: \|acknowledged" "$DIR/file"
}

@test "--quiet keeps every command that changes something silent, but for the log file" {
	local root=$DIR/recordings log=$DIR/file
	run_command 0 sweep -q --log-file "$log" "$root"
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
	run_command 0 sweep --quiet "$root"
	assert_equal "$output" ""
	# A dry run is asked for its words.
	run_command 0 forget -qn "$REC"
	assert_output_has "dry run: "
}

@test "a quiet sweep that fails says how it ended" {
	faults 'upload * * status 403'
	run_command 77 sweep -q "$DIR/recordings"
	assert_output_has "error: "
	assert_output_has "0 delivered, 1 waiting, 0 held, 0 done"
}

@test "--verbose is --log-level debug" {
	run -0 --separate-stderr "$BIN" "$REC" -v
	grep "stage: upload" <<<"$stderr"
	assert_equal "$("$BIN" config --verbose --json |
		jq -r '.[] | select(.name == "log-level") | .value')" debug
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
	# A pipe gets each line as one.
	rooms '{}'
	run -65 "$BIN" upload "$long"
	grep "error: unknown room.*jibri-finalize upload --room ROOM $long\$" \
		<<<"$output"
}
