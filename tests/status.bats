#!/usr/bin/env bats
# status and its flags, on a terminal, in a pipe, and for a monitoring system.

load lib

LONG=7c4a8d09-ca37-4f2b-b1d0-5e884898da28

setup() {
	common_setup
	TOP=$DIR/recordings
	rmdir "$REC"
	export JIBRI_FINALIZE_RECORDINGS_DIR=$TOP
	# So that nothing depends on how long the test takes.
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=10m
}

teardown() {
	common_teardown
}

# lay_out: recordings that are done, waiting, held, due and given up.
lay_out() {
	start_sandbox
	another_recording finished
	finalize >/dev/null
	unstamp
	another_recording waits
	faults "upload * * status 503"
	finalize >/dev/null || true
	another_recording "$LONG"
	faults "upload * * status 413"
	finalize >/dev/null || true
	faults
	another_recording crashed
	touch -d '3 hours ago' "$REC"/* "$REC"
	another_recording left
	"$BIN" forget --yes "$REC" >/dev/null 2>&1
}

# on_terminal COLUMNS COMMAND...: as a UTF-8 terminal of that width shows it,
# without colours.
on_terminal() {
	local columns=$1 line
	shift
	printf -v line '%q ' "$@"
	TERM=xterm NO_COLOR=1 "${PTS[@]}" script -qec \
		"stty cols $columns rows 40; $line" /dev/null </dev/null |
		tr -d '\r'
}

# states: the first word of each row.
states() {
	sed '1d; /^[0-9]/,$d; /^ /d; /^and /d; s/ .*//' <<<"$output"
}

widest() {
	local line max=0
	while IFS= read -r line; do
		((${#line} <= max)) || max=${#line}
	done
	echo "$max"
}

@test "done recordings are only counted, unless --all or --state asks for them" {
	lay_out
	run_command 0 status
	assert_equal "$(states | xargs)" "held waiting due given-up"
	assert_output_has $'\n1 held, 1 waiting, 1 due, 1 given-up, 1 done\nHeld: '
	run_command 0 status --all
	assert_equal "$(states | xargs)" "held waiting due given-up done"
	run_command 0 status --state "done"
	assert_equal "$(states)" "done"
	# --json has all recordings.
	run_command 0 status --json
	assert_equal "$(jq ".recordings | length" <<<"$output")" 5
	rm -rf "${TOP:?}"/{waits,crashed,left,"$LONG"}
	run_command 0 status
	assert_equal "$output" "1 done"
}

@test "times are relative, and absolute with --utc" {
	lay_out
	run_command 0 status
	assert_equal "$(tr -s ' ' <<<"${lines[0]}")" \
		"STATE SESSION ROOM SIZE STORED AGE NEXT"
	grep -Eq '^waiting .* 0/2 +[0-9]+ m in [0-9]+ m$' <<<"$output"
	grep -Eq '^ +tried [0-9]+ s ago: ' <<<"$output"
	grep -Eq '^due .* 0/2 +3 h now$' <<<"$output"
	REC=$TOP/waits finalize >/dev/null
	run_command 0 status --state "done,waiting" --utc
	assert_equal "$(tr -s ' ' <<<"${lines[0]}")" \
		"STATE SESSION ROOM SIZE STORED SINCE NEXT"
	grep -Eq "^done .* $(date -u +%Y-)[0-9-]{5}T[0-9:]{5}Z -\$" \
		<<<"$output"
	faults "upload * * status 503"
	another_recording later
	finalize >/dev/null || true
	finalize >/dev/null || true
	run_command 0 status --state waiting --utc
	grep -Eq "^waiting .*T[0-9:]{5}Z $(date -u +%Y-)[0-9-]{5}T[0-9:]{5}Z\$" \
		<<<"$output"
	grep -Eq '^ +2 tries, the last at [0-9-]{10}T[0-9:]{5}Z:' <<<"$output"
}

@test "the age is that of the media, and without media that of the journal" {
	start_sandbox
	another_recording one
	faults "upload * * status 503"
	finalize >/dev/null || true
	touch -d '5 days ago' "$REC/$MEDIA"
	run_command 0 status --json
	jq -e '.recordings[0].age / 86400 | floor == 5' <<<"$output"
	rm "$REC/$MEDIA"
	age_journal
	run_command 0 status --json
	jq -e '.recordings[0].age / 3600 | floor == 1' <<<"$output"
	mkdir "$TOP/two"
	metadata "https://meet.example.org/$ROOM"
	cp "$REC/metadata.json" "$TOP/two"
	run_command 0 status --json
	jq -e '.recordings[] | select(.session == "two").age == null' <<<"$output"
}

@test "a room that is not resolved yet is read from metadata.json, if possible" {
	another_recording one
	metadata https://meet.example.org/another-room
	run_command 0 status --json
	assert_equal "$(jq -r '.recordings[].room' <<<"$output")" another-room
	run_command 0 status
	assert_output_has " another-room "
	echo '{' >"$REC/metadata.json"
	run_command 0 status --json
	assert_equal "$(jq -r '.recordings[].room' <<<"$output")" null
	run_command 0 status
	[[ $(tr -s ' ' <<<"${lines[1]}") == "settling one - "* ]]
}

@test "rows can be chosen by age, sorted and limited, and the count covers all" {
	lay_out
	run_command 0 status --older-than 2h
	assert_equal "$(states)" due
	assert_equal "${lines[-1]}" \
		"1 held, 1 waiting, 1 due, 1 given-up, 1 done"
	head -c 100000 /dev/zero >>"$TOP/left/$MEDIA"
	run_command 0 status --sort size --limit 1
	assert_equal "$(states)" given-up
	assert_equal "${lines[-2]}" "and 3 more, see --limit"
	run_command 0 status --sort age --limit 1
	assert_equal "$(states)" due
	run_command 0 status --json --sort session
	assert_equal "$(jq -r '.recordings[].session' <<<"$output" | xargs)" \
		"$LONG crashed finished left waits"
	run_command 0 status --json --limit 2 --sort state
	assert_equal "$(jq -r '.recordings[].state' <<<"$output" | xargs)" "held waiting"
}

@test "an invalid value is refused with the list of valid ones" {
	run_command 64 status --sort name
	assert_output_has "--sort: 'name' is not one of age, size, state, session"
	run_command 64 status --older-than yesterday
	assert_output_has "--older-than: 'yesterday' is not a time, such as 90s"
	# Only flags of the command are suggested: --for is one of pause.
	run_command 64 status --foo
	assert_equal "$output" "jibri-finalize: error: unknown flag --foo"
	run_command 64 pause --foo
	assert_output_has "did you mean --for?"
	run_command 66 status 888888
	assert_output_has "; one recording: jibri-finalize show 888888"
	run_command 66 status "$DIR/888888"
	refute_output_has show
	run_command 64 status --limit 0
	assert_output_has "--limit: '0' is not a number of 1 or more"
}

@test "--check prints one line, as monitoring plugins do" {
	lay_out
	run_command 2 status --check
	assert_equal "$output" "CRITICAL - 1 held, 1 given-up: $LONG left"
	local i
	for i in {1..9}; do cp -a "$TOP/$LONG" "$TOP/copy-$i-of-that"; done
	run_command 2 status --check
	assert_equal "${#lines[@]}" 1
	((${#output} <= 80))
	[[ $output == "CRITICAL - 10 held, 1 given-up: "*" and "*" more" ]]
	rm -rf "${TOP:?}/$LONG" "$TOP"/copy*
	run_command 1 status --check
	assert_equal "$output" \
		"WARNING - 1 undelivered for over 2 h, 1 given-up: crashed left"
	rm -rf "$TOP/crashed"
	run_command 0 status --check
	assert_equal "$output" "OK - 1 waiting, 1 given-up, 1 done"
	rm -rf "${TOP:?}"/*
	run_command 0 status --check
	assert_equal "$output" "OK - no recordings"
	run_command 3 status --check "$DIR/nowhere"
	[[ $output == "UNKNOWN - "*"$DIR/nowhere"* && ${#lines[@]} == 1 ]]
	run_command 3 status --check --config "$DIR/nowhere"
	[[ $output == "UNKNOWN - "*"$DIR/nowhere"* && ${#lines[@]} == 1 ]]
	run_command 64 status --check --deep
}

@test "--check: undelivered for hours is a warning, for a day critical, paused or not" {
	another_recording one
	touch -d '110 minutes ago' "$REC"/* "$REC"
	run_command 0 status --check
	assert_equal "$output" "OK - 1 due"
	touch -d '130 minutes ago' "$REC"/* "$REC"
	run_command 1 status --check
	assert_equal "$output" "WARNING - 1 undelivered for over 2 h: one"
	run_command 0 pause
	run_command 1 status --check
	assert_equal "$output" \
		"WARNING - 1 undelivered for over 2 h, paused: one"
	another_recording two
	touch -d '25 hours ago' "$REC"/* "$REC"
	run_command 2 status --check
	assert_equal "$output" \
		"CRITICAL - 1 undelivered for over 24 h, paused: two"
	rm -r "$TOP"/{one,two}
	run_command 0 status --check
	assert_equal "$output" "OK - no recordings, paused"
}

@test "--check fits 80 columns, however long the sessions are" {
	local i
	for i in {1..3}; do
		another_recording "$i$(printf 's%.0s' {1..240})"
		touch -d '3 hours ago' "$REC"/* "$REC"
		run_command 1 status --check
		assert_equal "${#lines[@]}" 1
		((${#output} <= 80))
		[[ $output == *": "[123]ssssss*"..."* ]]
	done
	[[ $output == *"... and 2 more" ]]
}

@test "lines have at most 80 columns, however long room and session are" {
	start_sandbox
	rooms "{\"$(printf 'r%.0s' {1..120})\": 1, \"päivä 会議 会議 会議 会議\": 2}"
	another_recording "$(printf 's%.0s' {1..200})"
	metadata "https://meet.example.org/$(printf 'r%.0s' {1..120})"
	another_recording "$LONG"
	metadata "https://meet.example.org/p%C3%A4iv%C3%A4%20会議%20会議%20会議%20会議"
	mv "$REC/$MEDIA" "$REC/päivä 会議 会議 会議 会議_2026-01-02-03-04-05.mp4"
	faults "upload * * status 413"
	finalize >/dev/null || true
	local flag
	for flag in --all --utc; do
		run_command 0 status "$flag"
		# Commands to copy are not wrapped.
		(($(grep -v '^  jibri-finalize' <<<"$output" | widest) <= 80))
	done
	needs_terminal
	output=$(on_terminal 80 "$BIN" status | grep -v '^  jibri-finalize')
	# Each takes two columns.
	(($(widest <<<"${output//[会議]/xx}") <= 80))
	output=$(on_terminal 200 "$BIN" status)
	output=$(tr -s ' ' <<<"$output")
	assert_output_has " $LONG päivä 会議 会議 会議 会議 "
}

@test "UTF-8 is text on a terminal that shows it, and ASCII elsewhere" {
	start_sandbox
	needs_terminal
	local name=$'K\u00fcche\e[31m\u202e'
	rooms '{"Küche": 7}'
	another_recording one
	metadata https://meet.example.org/K%C3%BCche
	mv "$REC/$MEDIA" "$REC/Küche_2026-01-02-03-04-05.mp4"
	echo x >"$REC/$name"
	output=$(LC_ALL=C.UTF-8 on_terminal 100 "$BIN" status)
	assert_output_has " Küche "
	output=$(LC_ALL=C on_terminal 100 "$BIN" status)
	assert_output_has ' K\xC3\xBCche '
	# The log, and control characters of a name.
	output=$(LC_ALL=C.UTF-8 on_terminal 100 "$BIN" "$REC" \
		--log-file "$DIR/log" --progress never)
	assert_output_has "room Küche is meeting 7"
	assert_output_has 'Küche\x1B[31m\xE2\x80\xAE: stored'
	run -1 env LC_ALL=C grep -n '[^ -~]' "$DIR/log"
	grep -qF 'room K\xC3\xBCche is meeting 7' "$DIR/log"
	run_command 0 status --all
	assert_output_has ' K\xC3\xBCche '
}

# watched SECONDS ARGUMENT...: what a terminal of 12 lines gets until Ctrl-C.
watched() {
	local seconds=$1 line
	shift
	printf -v line '%q ' "$BIN" status --watch "$@"
	(sleep "$seconds"; printf '\003'; sleep 1) |
		TERM=xterm NO_COLOR=1 "${PTS[@]}" script -qec \
			"stty cols 80 rows 12; $line; echo ended with \$?" \
			/dev/null | tr -d '\r'
}

@test "--watch redraws what fits until Ctrl-C, and leaves the terminal as it was" {
	needs_terminal
	lay_out
	watched 3 >"$DIR/screen"
	output=$(<"$DIR/screen")
	[[ $output == *$'\e[?1049h'*$'\e[?1049l'* ]]
	(($(grep -c $'\e\\[H[0-9-]*T.*every 2 s; Ctrl-C ends' "$DIR/screen") >= 2))
	assert_output_has "and 3 more, not shown"
	grep -q '^1 held, 1 waiting, 1 due, 1 given-up, 1 done' "$DIR/screen"
	grep -q 'ended with 0$' "$DIR/screen"
	# No frame is higher than the screen.
	(($(awk '/\033\[H/ { n = 0 } { n++ } n > most { most = n }
		END { print most }' "$DIR/screen") <= 13))
}

@test "--watch names the commands that help, on at most half of the screen" {
	needs_terminal
	lay_out
	rm -r "${TOP:?}"/{waits,crashed,left}
	# Only --watch says so in its title.
	"$BIN" pause
	watched 1 >"$DIR/screen"
	output=$(<"$DIR/screen")
	assert_output_has "Ctrl-C ends; paused"
	assert_output_has $'Held: fix the cause, then run:\e[K\n'
	assert_output_has "  jibri-finalize upload $TOP/$LONG"
	refute_output_has "leave out --watch"
	local i
	for i in {1..9}; do cp -a "$TOP/$LONG" "$TOP/copy-$i-of-that"; done
	watched 1 >"$DIR/screen"
	output=$(<"$DIR/screen")
	assert_output_has "For more, leave out --watch."
	assert_output_has "more, not shown"
	# How many fit depends on how long the path is.
	(($(grep -c '^  jibri-finalize upload ' "$DIR/screen") >= 1))
	(($(awk '/\033\[H/ { n = 0 } { n++ } n > most { most = n }
		END { print most }' "$DIR/screen") <= 13))
}

@test "--watch is refused without a terminal" {
	run_command 64 status --watch
	assert_output_has "--watch: stdout is not a terminal"
	run_command 64 status --watch --json
	assert_output_has "--watch cannot be used with --json"
}

@test "a user who may not read the configuration is told so once, and sees the same" {
	[ "$EUID" = 0 ] || skip "only root can play two users"
	lay_out
	hand_over 65534
	find "$TOP" -name .jibri-finalize -exec chmod 644 {} +
	printf 'recordings-dir = %s\nwebhook-secret-file = %s\n' "$TOP" \
		"$DIR/secret" >"$DIR/conf"
	echo x >"$DIR/secret"
	chmod 640 "$DIR/conf" "$DIR/secret"
	local me=(setpriv --reuid 65533 --regid 65533 --clear-groups "$DIR/bin")
	unset JIBRI_FINALIZE_RECORDINGS_DIR
	setpriv --reuid 65534 --regid 65534 --clear-groups "$DIR/bin" \
		status --config /dev/null --json "$TOP" >"$DIR/theirs"
	run --separate-stderr "${me[@]}" status --json --config "$DIR/conf" \
		"$TOP"
	ended_with 0
	diff <(jq '.recordings | map(del(.age))' "$DIR/theirs") \
		<(jq '.recordings | map(del(.age))' <<<"$output")
	# shellcheck disable=SC2154
	assert_equal "$(wc -l <<<"$stderr")" 1
	[[ $stderr == *"$DIR/conf cannot be read: Permission denied; continuing "* ]]
	# Without a directory it is unclear what to show.
	run --separate-stderr "${me[@]}" status --config "$DIR/conf"
	ended_with 78
	assert_equal "$output" ""
	[[ $stderr == *"$DIR/conf cannot be read"*"jibri-finalize status ROOT"* ]]
	run --separate-stderr "${me[@]}" status --check --config "$DIR/conf"
	ended_with 3
	[[ $output == "UNKNOWN - $DIR/conf cannot be read"* ]]
	# status does not need the secrets.
	chmod 644 "$DIR/conf"
	run --separate-stderr "${me[@]}" status --config "$DIR/conf"
	ended_with 0
	[[ $stderr == *"$DIR/secret cannot be read"* ]]
	assert_output_has "1 held, 1 waiting, 1 due, 1 given-up, 1 done"
	# A delivery needs all of the configuration.
	run "${me[@]}" sweep --config "$DIR/conf"
	ended_with 78
}

@test "who cannot read the recordings is told once for all how to look as their owner" {
	[ "$EUID" = 0 ] || skip "only root can play two users"
	lay_out
	hand_over 65534
	local me=(setpriv --reuid 65533 --regid 65533 --clear-groups)
	chmod 700 "$TOP/crashed"
	run "${me[@]}" "$DIR/bin" status
	ended_with 0
	assert_output_has "Permission denied; look as its owner: sudo -u"
	assert_equal "$(sed -n '/^Unreadable: /,$p' <<<"$output")" \
		"Unreadable: look as the owner with:
  sudo -u '#65534' jibri-finalize status $TOP"
	refute_output_has "jibri-finalize upload"
	run setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$DIR/bin" status "$TOP"
	assert_output_has "1 held, 1 waiting, 1 due, 1 given-up, 1 done"
}

@test "recordings that wait for another token or URL: check is named once" {
	start_sandbox
	local s
	faults "lookup * * status 401"
	for s in one two; do
		another_recording "$s"
		finalize >/dev/null || true
	done
	run_command 0 status
	assert_equal "$(states | xargs)" "waiting waiting"
	assert_equal "$(tail -n 2 <<<"$output")" \
		"Find what to fix with:
  jibri-finalize check"
	assert_equal "$(grep -c '^Find ' <<<"$output")" 1
	run_command 0 show two
	assert_output_has $'Find what to fix:\n  jibri-finalize check\nTry it now:'
	faults "lookup * * status 503"
	finalize >/dev/null || true
	run_command 0 show two
	refute_output_has "jibri-finalize check"
}

@test "commands of one kind are together, whatever order the rows have" {
	start_sandbox
	local s
	faults "upload * * status 413"
	for s in a c; do
		another_recording "$s"
		finalize >/dev/null || true
	done
	another_recording b
	chmod 777 "$REC"
	run_command 0 status --sort session
	assert_equal "$(states | xargs)" "held held held"
	assert_equal "$(sed -n '/^Held: /,$p' <<<"$output")" \
		"Held: fix the cause, then run:
  jibri-finalize upload $TOP/a
  jibri-finalize upload $TOP/c
Held: fix and deliver with:
  chmod go-w $REC
  jibri-finalize upload $REC"
}

@test "a full disk is named, with the command that says what to do" {
	[ "$EUID" = 0 ] || skip "only root can mount"
	another_recording one
	touch "$REC/metadata.json"
	mkdir "$DIR/full"
	run unshare --mount sh -c "mount -t tmpfs -o size=64k tmpfs '$DIR/full' &&
		cp -a '$REC' '$DIR/full' && { cat /dev/zero >'$DIR/full/x'
		'$BIN' status '$DIR/full'; } 2>/dev/null"
	ended_with 0
	assert_equal "${lines[1]%% *}: $(xargs <<<"${lines[2]}")" \
		"settling: its disk is full"
	assert_equal "$(tail -n 2 <<<"$output")" "Find what to fix with:
  jibri-finalize check"
}

@test "a refused recording is shown with the reason" {
	another_recording open
	chmod 777 "$REC"
	run_command 0 status
	assert_output_has "held  open"
	assert_output_has "its directory is writable by everybody; restrict it: see below"
	assert_equal "${lines[-3]}" "Held: fix and deliver with:"
	assert_equal "${lines[-2]}" "  chmod go-w $REC"
}

@test "--check is not narrowed by flags that choose rows" {
	local flag
	for flag in '--state held' '--sort age' '--older-than 1h' '--limit 3'; do
		# shellcheck disable=SC2086
		run_command 3 status --check $flag "$DIR/recordings"
		assert_output_has "--check judges all recordings; leave out ${flag% *}"
	done
}
