#!/usr/bin/env bats
# The troubleshooting manual as written: each test breaks a recording in one
# way, and fixes it with the command that the manual gives.  tests/manual.bats
# checks what the commands print.

load lib
setup() {
	common_setup
	start_sandbox
	recording
	export JIBRI_FINALIZE_RECORDINGS_DIR=${REC%/*}
	SERVER=$SB/store/$ROOM/$SESSION
}
teardown() { common_teardown; }

PAGE=$ROOT/man/jibri-finalize-troubleshooting.7

# commands SECTION: the commands that the section shows.
commands() {
	awk -v section=".Ss $1" '
		/^\.S[hs] / { is_in = $0 == section }
		is_in && sub(/^[$#] (sudo -u jibri )?jibri-finalize /, "")
	' "$PAGE"
}

# manual CODE SECTION COMMAND: the first command of the section that begins so,
# with the names of this recording in place of the manual's.
manual() {
	local want=$1 line
	line=$(commands "$2" | grep -m 1 -e "^$3") ||
		{ echo "the manual has no command: $*" >&2; return 1; }
	line=${line//456/${MEETING-}}
	line=${line//rec-abc123/$REC}
	line=${line//standup/$ROOM}
	line=${line//\/srv\/recordings/${REC%/*}}
	line=${line//\/media\/usb/$DIR/usb}
	run timeout -k 5 120 bash -c "exec \"\$BIN\" $line"
	ended_with "$want"
}
export BIN

# delivered: all of it is at the server, and the last webhook was STOPPED.
delivered() {
	cmp "$REC/$MEDIA" "$SERVER/$MEDIA"
	[ -s "$SERVER/metadata.json" ]
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

state() {
	"$BIN" status --json | jq -r '.recordings[].state'
}

@test "the server has lost a file" {
	run_finalize 0
	rm "$SERVER/$MEDIA"
	age_journal
	run_finalize 0
	manual 0 "The server has lost a file" upload
	is_stored metadata.json "$MEDIA"
	delivered
	assert_equal "$(requests upload)" 3
}

@test "a file is damaged at the server" {
	run_finalize 0
	printf X | dd of="$SERVER/$MEDIA" conv=notrunc status=none
	manual 65 "Check that the server has everything, undamaged" verify
	assert_output_has "$MEDIA"
	manual 0 "A file is damaged at the server" upload
	cmp "$REC/$MEDIA" "$SERVER/$MEDIA~2"
	assert_equal "$(requests upload)" 3
	assert_equal "$(webhooks | wc -l)" 2
}

@test "the node is gone, only the archive is left" {
	mkdir "$DIR/usb"
	manual 0 "The node dies, its disk can still be read" pack
	mv "$REC" "$DIR/gone"
	manual 0 "The node dies, its disk can still be read" upload
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
	manual 0 "The meeting is not found" show
	assert_output_has "old-name"
	manual 0 "The meeting is not found" "upload --room"
	delivered
	assert_equal "$(state)" "done"
}

@test "the room's meeting was re-created" {
	faults "upload * * status 404"
	run_finalize 78
	faults
	rooms "{\"$ROOM\": 777}"
	MEETING=777 manual 0 "The meeting is not found" "upload --room"
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
	assert_output_has "fix webhook-secret: it must be the meeting-service's"
	assert_equal "$(webhooks | grep -c STOPPED)" 0
	export WEBHOOK_SECRET=another-one
	manual 0 "The webhook is not received" upload
	is_stored metadata.json "$MEDIA"
	delivered
	assert_equal "$(requests upload)" 3
}

@test "a recording waits" {
	faults "upload * * status 503"
	run_finalize 75 --tries 1
	faults
	assert_equal "$(state)" waiting
	manual 0 "A recording waits" upload
	is_stored metadata.json "$MEDIA"
	delivered
}

@test "a recording is held" {
	faults "upload *.mp4 * status 413"
	run_finalize 65
	assert_output_has "once the cause is fixed: jibri-finalize upload $REC"
	assert_equal "$(state)" held
	faults
	manual 0 "A recording is held" upload
	delivered
	assert_equal "$(requests upload)" 3
}

@test "the backend has forgotten STOPPED" {
	run_finalize 0
	manual 0 "The status is stuck in PROCESSING" "notify stopped"
	assert_equal "$(webhooks | grep -c STOPPED)" 2
	assert_equal "$(requests upload)" 2
}

@test "the disk is full of what was delivered" {
	run_finalize 0
	local delivered=$REC
	another_recording waits
	faults "upload * * status 503"
	run_finalize 75 --tries 1
	makes_room() {
		manual 0 "The disk is full" sweep
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
	manual 0 "The recording is damaged" "notify stopped"
	delivered
	assert_equal "$(state)" "done"
}

@test "a recording should not be delivered" {
	faults "upload * * status 413"
	run_finalize 65
	manual 0 "A recording that should not be delivered" forget
	faults
	run_finalize 0
	assert_equal "$(stored)" ""
	[ -s "$REC/$MEDIA" ]
}

@test "the journal is damaged" {
	run_finalize 0
	head -c 2000000 /dev/zero | tr '\0' x >"$REC/.jibri-finalize"
	run_finalize 65
	manual 0 "The journal is damaged" forget
	manual 0 "The journal is damaged" upload
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 2
}
