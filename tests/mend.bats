#!/usr/bin/env bats
# README's troubleshooting, as it is written: each test breaks a recording in
# one way, and settles it with the command that README gives for it.

load lib
setup() {
	common_setup
	start_sandbox
	recording
	export JIBRI_FINALIZE_RECORDINGS_DIR=${REC%/*}
	SERVER=$SB/store/$ROOM/$SESSION
}
teardown() { common_teardown; }

# commands SECTION: those that README's section shows, as they stand.
commands() {
	awk -v section="### $1" '
		/^##/ { is_in = $0 == section }
		is_in && /^  +(sudo -u jibri )?jibri-finalize / {
			sub(/^ +(sudo -u jibri )?/, "")
			print
		}' "$ROOT/README.md"
}

# readme CODE SECTION [N]: the Nth command of that section, with the names of
# this recording in the place of README's.
readme() {
	local want=$1 line
	line=$(commands "$2" | sed -n "${3:-1}p")
	[ -n "$line" ] || { echo "README has no command: $*" >&2; return 1; }
	line=${line//456/${MEETING-}}
	line=${line//\/srv\/recordings\/SESSION/$REC}
	line=${line//\/srv\/recordings/${REC%/*}}
	line=${line//\/media\/usb/$DIR/usb}
	line=${line//NAME/$MEDIA}
	line=${line//ROOM/$ROOM}
	# It would ask, on a terminal.
	line=${line/forget /forget --yes }
	run timeout -k 5 120 bash -c "exec \"\$BIN\" ${line#jibri-finalize}"
	ended_with "$want"
}
export BIN

# delivered: all of it is at the server, and the last word was STOPPED.
delivered() {
	cmp "$REC/$MEDIA" "$SERVER/$MEDIA"
	[ -s "$SERVER/metadata.json" ]
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

state() {
	"$BIN" status --json | jq -r '.recordings[].state'
}

# bats test_tags=slow
@test "every row of the table of symptoms leads to a section with a command" {
	local anchor title
	while read -r anchor; do
		title=$(sed -n 's/^### //p' "$ROOT/README.md" | while read -r t; do
			[ "$(tr 'A-Z ' 'a-z-' <<<"$t" | tr -d '?,')" != \
				"$anchor" ] || echo "$t"
		done)
		[ -n "$title" ] || { echo "no section: $anchor" >&2; false; }
		[ -n "$(commands "$title")" ] ||
			{ echo "no command: $title" >&2; false; }
	done < <(sed -n '/^| symptom/,/^$/s/.*(#\([^)]*\)).*/\1/p' \
		"$ROOT/README.md")
}

@test "the server has lost a file" {
	run_finalize 0
	rm "$SERVER/$MEDIA"
	age_journal
	run_finalize 0
	readme 0 "The server has lost a file"
	is_stored metadata.json "$MEDIA"
	delivered
	assert_equal "$(requests upload)" 3
}

@test "a file is damaged at the server" {
	run_finalize 0
	printf X | dd of="$SERVER/$MEDIA" conv=notrunc status=none
	readme 65 "A file is damaged at the server" 1
	assert_output_has "$MEDIA"
	readme 0 "A file is damaged at the server" 2
	cmp "$REC/$MEDIA" "$SERVER/$MEDIA~2"
	assert_equal "$(requests upload)" 3
	assert_equal "$(webhooks | wc -l)" 2
}

@test "the node is gone, only the archive is left" {
	mkdir "$DIR/usb"
	readme 0 "The node dies, its disk can still be read" 1
	mv "$REC" "$DIR/gone"
	readme 0 "The node dies, its disk can still be read" 2
	REC=$DIR/gone
	is_stored metadata.json "$MEDIA"
	delivered
}

@test "the meeting was renamed" {
	metadata https://meet.example.org/old-name
	mv "$REC/$MEDIA" "$REC/${MEDIA/$ROOM/old-name}"
	MEDIA=${MEDIA/$ROOM/old-name}
	run_finalize 65
	assert_output_has "unknown room"
	assert_equal "$(state)" held
	readme 0 "The meeting is not found" 1
	assert_output_has "old-name"
	readme 0 "The meeting is not found" 2
	delivered
	assert_equal "$(state)" "done"
}

@test "the room's meeting was made anew" {
	faults "upload * * status 404"
	run_finalize 78
	faults
	rooms "{\"$ROOM\": 777}"
	MEETING=777 readme 0 "The meeting is not found" 2
	delivered
	assert_equal "$(request upload .target | tail -n 1 | grep -c /777)" 1
}

@test "the secret was changed half-way" {
	faults "upload $MEDIA 1 status 503"
	run_finalize 75 --tries 1
	faults
	stop_sandbox
	start_sandbox --webhook-secret another-one
	run_finalize 77
	assert_output_has "fix webhook-secret, it has to be the meeting-service's"
	assert_equal "$(webhooks | grep -c STOPPED)" 0
	export WEBHOOK_SECRET=another-one
	readme 0 "The webhook is not received"
	is_stored metadata.json "$MEDIA"
	delivered
	assert_equal "$(requests upload)" 3
}

@test "a recording waits" {
	faults "upload * * status 503"
	run_finalize 75 --tries 1
	faults
	assert_equal "$(state)" waiting
	readme 0 "A recording waits"
	is_stored metadata.json "$MEDIA"
	delivered
}

@test "a recording is held" {
	faults "upload *.mp4 * status 413"
	run_finalize 65
	assert_output_has "once the cause is fixed: jibri-finalize upload $REC"
	assert_equal "$(state)" held
	faults
	readme 0 "A recording is held"
	delivered
	assert_equal "$(requests upload)" 3
}

@test "the backend has forgotten STOPPED" {
	run_finalize 0
	readme 0 "The status is stuck in PROCESSING"
	assert_equal "$(webhooks | grep -c STOPPED)" 2
	assert_equal "$(requests upload)" 2
}

@test "the disk is full of what was delivered" {
	run_finalize 0
	local delivered=$REC
	another_recording waits
	faults "upload * * status 503"
	run_finalize 75 --tries 1
	readme 0 "The disk is full" 1
	makes_room() {
		readme 0 "The disk is full" 2
		[ ! -e "$delivered" ]
	}
	wait_for makes_room
	[ -s "$REC/$MEDIA" ]
}

@test "the recording is damaged, and good enough" {
	truncate -s 3000 "$REC/$MEDIA"
	run_finalize 65
	assert_equal "$(webhooks)" "FAILED $ROOM $SESSION recording is damaged: \
$(sed -n "s/.*warning: \($MEDIA: \)damaged: /\1/p" <<<"$output")"
	readme 0 "The recording is damaged"
	delivered
	assert_equal "$(state)" "done"
}

@test "a recording shall not be delivered" {
	faults "upload * * status 413"
	run_finalize 65
	readme 0 "A recording that shall not be delivered"
	faults
	run_finalize 0
	assert_equal "$(stored)" ""
	[ -s "$REC/$MEDIA" ]
}

@test "the journal is damaged" {
	run_finalize 0
	head -c 2000000 /dev/zero | tr '\0' x >"$REC/.jibri-finalize"
	run_finalize 65
	readme 0 "The journal is damaged" 1
	readme 0 "The journal is damaged" 2
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 2
}
