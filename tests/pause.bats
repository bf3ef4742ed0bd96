#!/usr/bin/env bats
# pause and resume: while a recordings directory is paused, only commands by
# hand send anything below it, and nothing is forgotten.

load lib

setup() {
	common_setup
	start_sandbox
	recording
	TOP=$DIR/recordings
	PAUSE=$TOP/.jibri-finalize-paused
	export JIBRI_FINALIZE_RECORDINGS_DIR=$TOP
	WATCH_PID=
}

teardown() {
	end_child "${WATCH_PID-}" KILL
	common_teardown
}

paused() {
	"$BIN" status --json | jq -c '[.paused[].until]'
}

is_told() {
	webhooks | grep -q "STOPPED $ROOM $SESSION"
}

@test "a sweep sends and removes nothing below a paused root, and all of it after resume" {
	run_command 0 pause
	assert_output_has "$TOP: paused by "
	assert_output_has "  jibri-finalize resume $TOP"
	run_command 0 sweep --retention 1ms
	assert_equal "$(requests)" 0
	run_command 0 resume
	assert_equal "$output" "$TOP: no longer paused"
	run_command 0 sweep
	is_told
	run_command 0 pause "$TOP"
	run_command 0 sweep --retention 1ms
	[ -e "$REC/$MEDIA" ]
	run_command 0 resume "$TOP"
	run_command 0 sweep --retention 1ms
	[ ! -e "$REC" ]
}

@test "a call of the hook is only noted, and delivered after the pause" {
	run_command 0 pause
	run_finalize 0 "$ROOM"
	[[ $output == *"paused by "*" until resumed; this call is only"* ]]
	assert_output_has "left to the sweeper"
	assert_equal "$(requests)" 0
	assert_equal "$(journal)" deferred
	run_command 0 resume
	run_command 0 sweep
	is_told
}

@test "a dry run shows what the hook would send, paused or not" {
	run_command 0 pause
	run_finalize 0 --dry-run
	assert_output_has "dry run, room $ROOM"
	refute_output_has "paused"
}

@test "upload by hand delivers, and says that the directory is paused" {
	run_command 0 pause
	run_command 0 upload "$REC"
	assert_output_has "$REC: paused by "
	assert_output_has "upload sends it anyway"
	is_told
}

@test "an expired pause has no effect, and the next sweep removes it" {
	run_command 0 pause --for 1h
	assert_equal "$(paused | jq length)" 1
	run_command 0 sweep
	assert_equal "$(requests)" 0
	sed -i 's/"until":[0-9]*/"until":1000/' "$PAUSE"
	assert_equal "$(paused)" "[]"
	[ -e "$PAUSE" ]
	run_command 0 sweep
	is_told
	[ ! -e "$PAUSE" ]
}

@test "status, its JSON and the metrics show a pause and when it ends" {
	local until
	run_command 0 pause --for 90m
	until=$(jq -r .until "$PAUSE")
	until=$(date -u -d "@$((until / 1000))" +%Y-%m-%dT%H:%M)
	run_command 0 status
	[[ $output == *"$TOP: paused by "*"$until"* ]]
	[[ $(paused) == "[\"$until"* ]]
	run_command 0 sweep --metrics-file "$DIR/m.prom"
	grep -qx "jibri_finalize_paused 1" "$DIR/m.prom"
	run_command 0 resume
	run_command 0 sweep --metrics-file "$DIR/m.prom"
	grep -qx "jibri_finalize_paused 0" "$DIR/m.prom"
	run_command 0 status
	refute_output_has paused
}

@test "a watch stops at once, and goes on within seconds after resume" {
	run_command 0 pause
	export JIBRI_FINALIZE_WATCH_INTERVAL=1h
	"$BIN" watch >"$DIR/log" 2>&1 3>&- &
	WATCH_PID=$!
	wait_for grep -q "$TOP: paused by" "$DIR/log"
	another_recording second
	sleep 1
	assert_equal "$(requests)" 0
	run_command 0 resume
	wait_for is_told
	wait_for grep -q "$TOP: no longer paused" "$DIR/log"
	# A recording that appears after a second pause waits too.
	run_command 0 pause
	wait_for eval '(($(grep -c "paused by" "$DIR/log") == 2))'
	another_recording third
	sleep 1
	run -1 is_told
	kill "$WATCH_PID"
	wait "$WATCH_PID" || assert_equal $? 75
	WATCH_PID=
}

@test "a pause counts only as a plain file of the root's owner or of root" {
	echo '{}' >"$DIR/elsewhere"
	ln -s "$DIR/elsewhere" "$PAUSE"
	assert_equal "$(paused)" "[]"
	rm "$PAUSE"
	ln "$DIR/elsewhere" "$PAUSE"
	assert_equal "$(paused)" "[]"
	rm "$PAUSE"
	mkfifo "$PAUSE"
	assert_equal "$(paused)" "[]"
	rm "$PAUSE"
	# touch(1) is enough, though.
	touch "$PAUSE"
	assert_equal "$(paused)" "[null]"
	((EUID == 0)) || return 0
	chown 65534 "$PAUSE"
	assert_equal "$(paused)" "[]"
	run_command 0 sweep
	is_told
}

@test "root's pause is the owner's file, and a stranger's is refused" {
	((EUID == 0)) || skip "not root"
	hand_over 1000
	run_command 0 pause
	assert_equal "$(stat -c '%u %a' "$PAUSE")" "1000 644"
	run_command 0 resume
	chmod 777 "$TOP"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$DIR/bin" pause
	assert_equal "$status" 65
	assert_output_has "$TOP belongs to user 1000"
	[ ! -e "$PAUSE" ]
}

@test "impossible arguments are refused" {
	run_command 64 pause --for soon
	assert_output_has "--for: 'soon' is not a time such as 30m or 2h"
	run_command 64 pause --for 0s
	run_command 66 pause "$DIR/nowhere"
	run_command 66 resume "$DIR/nowhere"
	run_command 0 resume
	assert_output_has "$TOP: was not paused"
}

@test "a recording cannot be paused, only the directory that it is in" {
	local file
	run_command 64 pause "$REC"
	assert_output_has "is not a recordings directory but a recording"
	assert_output_has "jibri-finalize pause $TOP"
	[ ! -e "$REC/.jibri-finalize-paused" ]
	# Below recordings-dir whatever is in it, elsewhere by what is in it.
	mkdir "$TOP/empty" "$DIR/other"
	run_command 64 pause "$TOP/empty"
	for file in metadata.json "$MEDIA" .jibri-finalize; do
		touch "$DIR/other/$file"
		run_command 64 pause "$DIR/other"
		rm "$DIR/other/$file"
	done
	# If one is refused, none is paused.
	run_command 64 pause "$TOP" "$REC"
	[ ! -e "$PAUSE" ]
	run_command 0 pause "$DIR/other"
}

@test "the printed resume names the whole path" {
	cd "$DIR"
	run_command 0 pause recordings
	assert_output_has "  jibri-finalize resume $TOP"
}

@test "-n of pause and resume says what would be done, and changes nothing" {
	run_command 0 pause -n --for 1h
	assert_output_has "$TOP: would be paused by "
	[ ! -e "$PAUSE" ]
	run_command 0 resume -n
	assert_equal "$output" "$TOP: was not paused"
	run_command 0 pause
	run_command 0 resume -n
	assert_equal "$output" "$TOP: would be resumed"
	[ -e "$PAUSE" ]
}
