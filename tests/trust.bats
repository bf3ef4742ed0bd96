#!/usr/bin/env bats
# Whose files are delivered: those that others own, link or can write to are
# refused or, with trust = any, cause a warning.  These tests need root, for a
# second user.

load lib

JIBRI=65534 # runs the program
OTHER=65533 # has no business there

setup() {
	[ "$(id -u)" = 0 ] || skip "only root can play two users"
	common_setup
	start_sandbox
	TOP=$DIR/recordings
	recording
	hand_over "$JIBRI"
}

teardown() {
	[ -z "${DIR:-}" ] || common_teardown
}

# as USER CODE [ARGUMENT...]
as() {
	local who=$1 want=$2
	shift 2
	run timeout -k 5 60 setpriv --reuid "$who" --regid "$who" \
		--clear-groups "$DIR/bin" "$@"
	ended_with "$want"
}

# refused_as USER WHY [ARGUMENT...]: with 65; nothing is sent.
refused_as() {
	local who=$1 why=$2
	shift 2
	as "$who" 65 "$@"
	assert_output_has "$why"
	assert_equal "$(requests)" 0
}

# state: the recording's state, by status as Jibri's user.
state() {
	setpriv --reuid "${1:-$JIBRI}" --regid "${1:-$JIBRI}" --clear-groups \
		"$DIR/bin" status --json "$TOP" |
		jq -r '.recordings[] | "\(.state): \(.lastError)"'
}

@test "a directory of another user is refused, and with trust = any a warning" {
	chmod 777 "$REC"
	refused_as "$OTHER" "its directory belongs to user $JIBRI" "$REC"
	[ ! -e "$REC/.jibri-finalize" ]
	as "$OTHER" 0 --trust any "$REC"
	assert_output_has "warning: its directory belongs to user $JIBRI"
	is_stored metadata.json "$MEDIA"
}

@test "Jibri's user delivers their own directory, and what root left in it" {
	chown 0:0 "$REC/$MEDIA"
	chmod 644 "$REC/$MEDIA"
	as "$JIBRI" 0 "$REC"
	refute_output_has warning
	is_stored metadata.json "$MEDIA"
}

@test "a file or folder of another user holds the recording, and chown fixes it" {
	local what
	mkdir "$REC/sub"
	echo 1 >"$REC/a.txt"
	chown -R "$JIBRI" "$REC"
	for what in a.txt sub metadata.json; do
		chown "$OTHER" "$REC/$what"
		refused_as "$JIBRI" "$what: belongs to user $OTHER" "$REC"
		refute_output_has "$REC: $what"
		[[ $(state) == "held: "*"belongs to user $OTHER"* ]]
		chown "$JIBRI" "$REC/$what"
	done
	as "$JIBRI" 0 "$REC"
	assert_equal "$(stored)" "$(printf '%s\n' a.txt "$MEDIA" metadata.json |
		LC_ALL=C sort)"
}

@test "with trust = any twenty files of other users are named, and the others counted" {
	local i
	for i in {1..30}; do echo "$i" >"$REC/$i.txt"; done
	chown "$OTHER" "$REC"/*.txt
	as "$JIBRI" 0 --trust any "$REC"
	assert_equal "$(grep -c "warning: [0-9]*\.txt: " <<<"$output")" 20
	assert_output_has "and 10 more like these"
}

@test "a file of another user is sent with trust = any, with a warning" {
	echo 1 >"$REC/a.txt"
	chown "$OTHER" "$REC/a.txt"
	as "$JIBRI" 0 --trust any "$REC"
	assert_output_has "warning: a.txt: belongs to user $OTHER"
	is_stored a.txt metadata.json "$MEDIA"
}

@test "excluded files may belong to anybody" {
	echo 1 >"$REC/a.tmp"
	chown "$OTHER" "$REC/a.tmp"
	as "$JIBRI" 0 "$REC"
	assert_equal "$(stored)" "$(printf '%s\n' "$MEDIA" metadata.json)"
}

@test "a hard link to another user's file is never sent, not even by root" {
	echo private >"$DIR/letter"
	chmod 644 "$DIR/letter"
	ln "$DIR/letter" "$REC/letter.txt"
	refused_as "$JIBRI" "letter.txt: is a hard link to a file of user 0" \
		"$REC"
	refused_as 0 "letter.txt: is a hard link to a file of user 0" "$REC"
	# A user's own hard links are common: backups make them.
	chown "$JIBRI" "$DIR/letter"
	as "$JIBRI" 0 "$REC"
	is_stored letter.txt metadata.json "$MEDIA"
}

@test "a journal that is a link to another user's file is not written, whatever trust is" {
	printf 'my own notes, torn' >"$DIR/notes"
	chmod 666 "$DIR/notes"
	ln "$DIR/notes" "$REC/.jibri-finalize"
	refused_as "$JIBRI" "hard link to another user's file" "$REC"
	refused_as 0 "hard link to another user's file" --trust any "$REC"
	assert_equal "$(cat "$DIR/notes")" "my own notes, torn"
}

@test "a sweep leaves a directory that others can write to, and it and status say why" {
	local mode
	for mode in 775 757 777; do
		chmod "$mode" "$REC"
		as "$JIBRI" 65 sweep "$TOP"
		assert_equal "${#lines[@]}" 1
		assert_output_has "$SESSION: not delivered: its directory is writable"
		assert_equal "$(requests)" 0
		[[ $(state) == "held: its directory is writable by "* ]]
	done
	as "$JIBRI" 0 sweep --trust any "$TOP"
	assert_output_has "warning: its directory is writable by everybody"
	is_stored metadata.json "$MEDIA"
}

@test "a delivered or given-up recording that others can write to is not held" {
	cp -a "$REC" "$TOP/lost"
	cp -a "$REC" "$TOP/never"
	chmod 775 "$REC" "$TOP/lost" "$TOP/never"
	as "$JIBRI" 0 "$REC"
	as "$JIBRI" 0 forget --yes "$TOP/lost"
	as "$JIBRI" 0 status --json "$TOP"
	assert_equal "$(jq -r '.recordings[] |
		select(.path | endswith("never") | not) |
		"\(.state) \(.room) \(.stored) \(.artifacts) \(.bytes > 0)"' \
		<<<"$output" | sort)" "$(printf '%s\n' "done $ROOM 2 2 true" \
		"given-up $ROOM 0 2 true")"
	assert_equal "$(jq -r '.recordings[] | select(.state == "held") |
		"\(.room) \(.stored) \(.artifacts) \(.bytes > 0)"' \
		<<<"$output")" "$ROOM 0 2 true"
	as "$JIBRI" 65 sweep "$TOP"
	assert_equal "${#lines[@]}" 1
	assert_output_has "$TOP/never: not delivered: its directory is writable by its group"
	rm -r "$TOP/never"
	as "$JIBRI" 0 sweep "$TOP"
	assert_equal "$output" ""
	# No sweep can remove it, and none says so.
	as "$JIBRI" 0 sweep --retention 1ms "$TOP"
	assert_equal "$output" ""
	[ -e "$REC/$MEDIA" ]
	as "$JIBRI" 0 status --check "$TOP"
	as "$JIBRI" 0 show "$REC"
	assert_output_has "Artifacts: 2 of 2 stored"
	as 0 0 status --check "$TOP"
	# A new file is not delivered, so the refusal counts again.
	echo 1 >"$REC/new.txt"
	chown "$JIBRI" "$REC/new.txt"
	touch -d '1 hour ago' "$REC" "$REC/new.txt"
	as "$JIBRI" 65 sweep "$TOP"
	[[ $(state) == *"held: its directory is writable by its group"* ]]
}

@test "a sweep by root delivers what the directory's owner put there, and nothing that others could" {
	chmod 1777 "$TOP"
	chown 0:0 "$TOP"
	as 0 65 sweep "$TOP"
	assert_output_has "$SESSION: not delivered: "
	assert_equal "$(requests)" 0
	[[ $(state 0) == "held: "*"anybody could have put it there"* ]]
	chown "$JIBRI" "$TOP"
	as 0 0 sweep "$TOP"
	is_stored metadata.json "$MEDIA"
}

@test "what no sweep may deliver is said in a line each, with 65, at every sweep until it is fixed" {
	cp -a "$REC" "$TOP/open"
	cp -a "$REC" "$TOP/closed"
	cp -a "$REC" "$TOP/full"
	mv "$REC" "$TOP/.hidden"
	mkdir -m 700 "$TOP/lost+found"
	chmod 775 "$TOP/open"
	chown "$OTHER" "$TOP/closed"
	chmod 700 "$TOP/closed"
	chmod 555 "$TOP/full"
	chown 0 "$TOP/full"
	touch -d '1 hour ago' "$TOP"/*/metadata.json
	local i
	for i in 1 2; do
		as "$JIBRI" 65 sweep "$TOP"
		assert_equal "${#lines[@]}" 3
		assert_output_has "$TOP/open: not delivered: its directory is writable by its group"
		assert_output_has "$TOP/closed: not delivered: its directory belongs to user $OTHER"
		assert_output_has "$TOP/full: not delivered: its directory is not writable"
		assert_equal "$(requests)" 0
	done
	chmod 755 "$TOP/open"
	rm -r "$TOP/closed"
	chown "$JIBRI" "$TOP/full"
	chmod 755 "$TOP/full"
	as "$JIBRI" 0 sweep "$TOP"
	assert_equal "$(webhooks | sort)" "$(printf "STOPPED $ROOM %s\n" full open)"
}

@test "an entry that becomes a link between the look and the visit is not followed" {
	local sweeper
	mkdir "$DIR/elsewhere"
	mv "$REC" "$TOP/1-first"
	cp -a "$TOP/1-first" "$TOP/2-second"
	cp -a "$TOP/1-first" "$DIR/elsewhere/2-second"
	# Both are due; the second is visited after the first.
	faults 'upload * 1 slow-store 1'
	setpriv --reuid "$JIBRI" --regid "$JIBRI" --clear-groups \
		"$DIR/bin" sweep --jobs 1 "$TOP" >"$DIR/log" 2>&1 3>&- &
	sweeper=$!
	wait_for grep -q sending "$TOP/1-first/.jibri-finalize"
	mv "$TOP/2-second" "$DIR/gone"
	ln -s "$DIR/elsewhere/2-second" "$TOP/2-second"
	run wait "$sweeper"
	wait_for test ! -e "/proc/$sweeper"
	grep -q "2-second: its directory cannot be opened: Too many levels" \
		"$DIR/log"
	[ ! -e "$DIR/elsewhere/2-second/.jibri-finalize" ]
	assert_equal "$(ls "$SB/store/$ROOM")" 1-first
}

@test "ROOT and a named directory may be links themselves" {
	ln -s "$TOP" "$DIR/top"
	as "$JIBRI" 0 sweep "$DIR/top"
	is_stored metadata.json "$MEDIA"
	ln -s "$REC" "$DIR/rec"
	as "$JIBRI" 0 "$DIR/rec"
	assert_output_has "done"
}

@test "a pipe without a writer is refused as configuration or secret, and hangs nothing" {
	mkfifo "$DIR/pipe"
	run timeout 20 "$BIN" config --config "$DIR/pipe"
	ended_with 78
	assert_output_has "$DIR/pipe is a pipe that nobody writes to"
	run timeout 20 "$BIN" config --webhook-secret-file "$DIR/pipe"
	ended_with 78
	run timeout 20 "$BIN" config --ca-file "$DIR/pipe"
	ended_with 78
	assert_output_has "ca-file $DIR/pipe: is a pipe, not a file"
	# A pipe with a writer is read to its end, however slowly.
	{ printf 'tries '; sleep 0.3; echo '= 9'; } >"$DIR/pipe" 3>&- &
	run timeout 20 "$BIN" config --config "$DIR/pipe"
	ended_with 0
	assert_output_has "tries"
	[[ $output =~ tries\ +9 ]]
}
