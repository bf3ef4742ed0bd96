#!/usr/bin/env bats
# The command that a message names works as it is printed, also where the
# path has a blank, a quote and an umlaut.

load lib
setup() {
	common_setup
	REC="$DIR/it's ä b/$SESSION"
	mkdir -p "$REC"
	start_sandbox
	recording
}
teardown() { common_teardown; }

# shellcheck disable=SC2329
jibri-finalize() { timeout -k 5 120 "$BIN" "$@"; }

# hinted CODE: run the command at the end of the last output, as printed; it
# ends with CODE.  Only a person can fill in ROOM.
hinted() {
	local line
	line=$(sed -nE 's/^(.*: |  )(jibri-finalize .*)$/\2/p' <<<"$output")
	assert_equal "$(grep -c . <<<"$line")" 1
	[[ $output != *[\ \']DIR* ]]
	line=${line/--room ROOM/--room $ROOM}
	run eval "$line"
	ended_with "$1"
}

# status_on_terminal: its text below the table, where reasons are wrapped.
status_on_terminal() {
	local command
	printf -v command '%q ' "$BIN" status "${REC%/*}"
	output=$("${PTS[@]}" script -qec "$command" /dev/null </dev/null |
		tr -d '\r' | sed -n '/^Held: /,$p')
}

delivered() {
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

@test "held: the result names the upload command that delivers it once the cause is fixed" {
	faults "upload *.mp4 * status 413"
	run_finalize 65
	faults
	hinted 0
	delivered
}

@test "an unknown room: name it, and no other command is suggested" {
	metadata "https://meet.example.org/renamed"
	rm "$REC/$MEDIA"
	cp "$ROOT/tests/data/video.mp4" "$REC/$MEDIA"
	run_finalize 65 renamed
	assert_output_has "unknown room: GET $URL/api/meetings/room/renamed: HTTP 404"
	hinted 0
	delivered
}

@test "a metadata.json without a room: name it" {
	echo '{}' >"$REC/metadata.json"
	run_finalize 65
	hinted 0
	delivered
}

@test "given up: forget and each later call name the upload command that delivers it anyway" {
	run_command 0 forget --yes "$REC"
	local said=$output
	run_finalize 0
	hinted 0
	delivered
	output=$said
	hinted 0
}

@test "STOPPED is refused: the upload that sends the missing files is named" {
	run_command 65 notify stopped "$REC"
	hinted 0
	delivered
}

@test "a directory of recordings: its sweep is named" {
	mkdir "$DIR/none"
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/none
	run_command 64 upload "${REC%/*}"
	hinted 0
	delivered
}

@test "accepted, but never listed: the upload that sends just that file again is named" {
	local odd="a, [1] it's ö *.txt"
	echo odd >"$REC/$odd"
	touch -d '1 minute ago' "$REC/$odd"
	faults "upload *.txt * status 202"
	run_finalize 78
	faults
	hinted 0
	assert_equal "$(request upload .part.filename | grep -c txt)" 2
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

@test "lost at the server: the upload that sends it again is named" {
	run_finalize 0
	rm "$SB/store/$ROOM/$SESSION/$MEDIA"
	age_journal
	run timeout -k 5 120 "$BIN" sweep "${REC%/*}" --retention 1ms
	output=$(grep "lost on the server" <<<"$output")
	hinted 0
	delivered
}

@test "a temporary failure: the upload that resumes it is named" {
	faults "upload *.mp4 * status 503"
	run_finalize 75 --tries 1
	faults
	output=$(grep "; to resume: " <<<"$output")
	hinted 0
	delivered
}

@test "wrong settings: check is named, which shows the setting and a command" {
	export JIBRI_FINALIZE_MEETING_SERVICE_URL=none
	run_finalize 78
	output=$(grep "find what to fix: " <<<"$output")
	hinted 78
	assert_output_has "export JIBRI_FINALIZE_MEETING_SERVICE_URL=URL"
}

@test "writable for others: chmod is named, and the sweep then delivers it" {
	local command
	chmod 777 "$REC"
	run -0 timeout -k 5 120 "$BIN" status --json "${REC%/*}"
	command=$(jq -r '.recordings[0].lastError' <<<"$output" | sed 's/.*: chmod/chmod/')
	eval "$command"
	run_command 0 sweep "${REC%/*}"
	delivered
}

@test "a file of another user: chown is named, and the upload then delivers it" {
	[ "$(id -u)" = 0 ] || skip "only root can be another user"
	local command
	chown -R 12345 "$REC"
	chown 23456 "$REC/$MEDIA"
	run_finalize 65
	command=$(sed -n 's/.*: chown/chown/p' <<<"$output" | head -n 1)
	eval "$command"
	hinted 0
	delivered
}

# printed COMMAND: what the output's line ends with, from this word on.
printed() {
	sed -nE "s/^.*: ($1 .*)\$/\1/p" <<<"$output" | head -n 1
}

# fixed: run all commands that status prints below "Held:".
fixed() {
	local command
	run -0 timeout -k 5 120 "$BIN" status "${REC%/*}"
	while read -r command; do
		eval "$command"
	done < <(sed -n '/^Held: /,$p' <<<"$output" | sed -n 's/^  //p')
}

@test "a hard link to another user's file: the link is broken, and the upload then delivers it" {
	[ "$(id -u)" = 0 ] || skip "only root can be another user"
	echo private >"$DIR/private"
	chown 23456 "$DIR/private"
	chown -R 12345 "$REC"
	ln "$DIR/private" "$REC/it's a link"
	run_finalize 65
	assert_output_has "if it is the recording's: install"
	eval "$(printed install)"
	assert_equal "$(cat "$DIR/private")" private
	assert_equal "$(stat -c %h:%u "$DIR/private")" 1:23456
	assert_equal "$(stat -c %h:%u "$REC/it's a link")" 1:12345
	hinted 0
	is_stored "it's a link" metadata.json "$MEDIA"
}

@test "status and show print each fix on a line of its own, which works as it is printed" {
	[ "$(id -u)" = 0 ] || skip "only root can be another user"
	local other commands
	chmod 777 "$REC"
	fixed
	delivered
	chown -R 12345 "$REC"
	other=$REC/$(printf 'n%.0s' {1..90}).txt
	echo 1 >"$other"
	chown 23456 "$other"
	touch -d '1 hour ago' "$other"
	run_finalize 65
	run -0 timeout -k 5 120 "$BIN" show "$REC"
	[[ $output == *"Fix it:"*"  chown -h 12345 "*"Then deliver it:"* ]]
	run -0 timeout -k 5 120 "$BIN" show --json "$REC"
	commands=$(jq -r '.commands[].command' <<<"$output")
	[[ $commands == "chown -h 12345 "*"jibri-finalize upload "* ]]
	fixed
	is_stored "$(basename "$other")" metadata.json "$MEDIA"
}

@test "another kind of file has the journal's name: each command names the mv, which fixes it" {
	local kind command
	for kind in mkfifo mkdir "ln -s elsewhere" "ln -s ." \
		"python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])'"; do
		(cd "$REC" && eval "$kind .jibri-finalize")
		run_finalize 65
		assert_output_has "is not a regular file; move it away: mv "
		assert_output_has "once the cause is fixed: jibri-finalize upload "
		for command in show verify "forget --yes" "forget --reset --yes" \
			"notify stopped" "upload --dry-run" "pack --dry-run"; do
			# shellcheck disable=SC2086
			run_command 65 $command "$REC"
			assert_output_has "; move it away: mv "
		done
		run -65 timeout -k 5 120 "$BIN" sweep "${REC%/*}"
		assert_output_has "; move it away: mv "
		fixed
		delivered
		rm -r "$REC"/.jibri-finalize*
	done
}

@test "a journal that is a hard link to another user's file: the mv is named, and fixes it" {
	[ "$(id -u)" = 0 ] || skip "only root can be another user"
	chown -R 12345 "$REC"
	echo private >"$DIR/private"
	ln "$DIR/private" "$REC/.jibri-finalize"
	run_finalize 65
	assert_output_has "hard link to another user's file; move it away: mv "
	fixed
	delivered
	assert_equal "$(cat "$DIR/private")" private
}

@test "a damaged recording: the notify that announces it as it is is named" {
	head -c 2000 "$REC/$MEDIA" >"$DIR/part"
	cp "$DIR/part" "$REC/$MEDIA"
	run_finalize 65
	assert_output_has "to announce it as it is: jibri-finalize notify stopped --force"
	run -0 timeout -k 5 120 "$BIN" show "$REC"
	assert_output_has "Announce it as it is:"
	fixed
	delivered
}

@test "status does not print a command of a server that changes files elsewhere" {
	local command
	for command in "chown -h 0 /etc/passwd" "chown -h 0 $DIR/x" \
		"chown -h 0 $REC/../x" "rm -r $REC" "chown -h 0 '$REC' ; touch x"; do
		faults "upload *.mp4 * status-body 422 forged application/json"
		printf '{"message": "x; if it is the recording'"'"'s: %s"}' \
			"$command" >"$SB/forged"
		run_finalize 65
		faults
		run -0 timeout -k 5 120 "$BIN" status "${REC%/*}"
		assert_equal "$(sed -n '/^Held: /,$p' <<<"$output" | wc -l)" 2
		[[ ${lines[-1]} == "  jibri-finalize upload "* ]]
	done
}

@test "a recording that anybody may have put there: the upload by hand is named" {
	[ "$(id -u)" = 0 ] || skip "only root can be another user"
	chown -R 12345 "${REC%/*}"
	chown -R 23456 "$REC"
	chmod 777 "${REC%/*}"
	run timeout -k 5 120 "$BIN" sweep "${REC%/*}"
	assert_equal "$(stored)" ""
	run -0 timeout -k 5 120 "$BIN" status --json "${REC%/*}"
	output=$(jq -r '.recordings[0].lastError' <<<"$output")
	hinted 0
	delivered
}

@test "a secret that everybody can read: chmod is named, and the warning ends" {
	unset WEBHOOK_SECRET
	local file="$DIR/secret, it's ä"
	echo "$CANARY" >"$file"
	chmod 644 "$file"
	export JIBRI_FINALIZE_WEBHOOK_SECRET_FILE=$file
	run_finalize 0
	eval "$(printed chmod)"
	delivered
	run_finalize 0
	refute_output_has "everybody can"
}

@test "a configuration that another user can write to: chown is named, and the warning ends" {
	[ "$(id -u)" = 0 ] || skip "root alone is warned"
	export JIBRI_FINALIZE_CONFIG="$DIR/it's ä.conf"
	echo 'tries = 3' >"$JIBRI_FINALIZE_CONFIG"
	chown 12345 "$JIBRI_FINALIZE_CONFIG"
	chmod 666 "$JIBRI_FINALIZE_CONFIG"
	run_finalize 0
	assert_output_has "another user can write to it"
	eval "$(printed chown)"
	assert_equal "$(stat -c '%u %a' "$JIBRI_FINALIZE_CONFIG")" "0 644"
	run_finalize 0
	refute_output_has "another user can write"
}

@test "recordings-dir itself: the sweep is named" {
	export JIBRI_FINALIZE_RECORDINGS_DIR=${REC%/*}
	run_command 64 upload "${REC%/*}"
	hinted 0
	delivered
}

@test "a pause: the resume that ends it is named" {
	run_command 0 pause "${REC%/*}"
	run_command 0 sweep "${REC%/*}"
	assert_equal "$(stored)" ""
	run_command 0 status "${REC%/*}"
	output=$(grep resume <<<"$output")
	hinted 0
	run_command 0 sweep "${REC%/*}"
	delivered
}

@test "status does not print a command that a server made up" {
	faults "upload *.mp4 * status-body 422 forged application/json"
	printf '{"message": "x: jibri-finalize upload $(touch %s)"}' "$DIR/pwned" \
		>"$SB/forged"
	run_finalize 65
	[[ $output == *touch* ]]
	faults
	status_on_terminal
	assert_equal "$(tail -n 1 <<<"$output" | grep -c touch)" 0
	hinted 0
	[ ! -e "$DIR/pwned" ]
	delivered
}

@test "status on a terminal names a command for each held recording" {
	faults "upload *.mp4 * status 413"
	run_finalize 65
	faults
	status_on_terminal
	hinted 0
	delivered
}

@test "status on a terminal keeps the command on one line, even where the reason wraps" {
	echo '{}' >"$REC/metadata.json"
	run_finalize 65
	status_on_terminal
	hinted 0
	delivered
}
