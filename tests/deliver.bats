#!/usr/bin/env bats
# The main job: from Jibri's call to an acknowledged webhook.

load lib
setup() {
	common_setup
	start_sandbox
	recording
}
teardown() { common_teardown; }

@test "Jibri's call with one argument delivers every file and sends STOPPED" {
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_output_has "$SESSION: done: 2 artifacts stored"
}

@test "the old script's three arguments and three variables work unchanged" {
	mv "$REC" "$DIR/recordings/rec-abc123"
	REC=$DIR/recordings/rec-abc123
	SESSION=20250105-143022-abc123
	rm "$REC/metadata.json"
	run -0 env -u JIBRI_FINALIZE_CONFIG "$BIN" "$REC" "$ROOM" "$SESSION"
	is_stored "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a second call does nothing and sends no request" {
	run_finalize 0
	local before
	before=$(requests)
	cp "$REC/.jibri-finalize" "$DIR/journal"
	run_finalize 0
	assert_equal "$(requests)" "$before"
	cmp "$REC/.jibri-finalize" "$DIR/journal"
	assert_output_has "done already"
}

@test "a file added to a finished recording reopens it, and a new STOPPED follows" {
	run_finalize 0
	echo late >"$REC/late.txt"
	run_finalize 0
	is_stored late.txt metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 3
	assert_equal "$(webhooks | grep -c '^STOPPED')" 2
	assert_equal "$(jq -r '.headers["webhook-id"]' "$SB/webhooks.jsonl" |
		sort -u | wc -l)" 2
}

@test "a finished recording whose file was only touched is not sent again" {
	run_finalize 0
	touch -d '2030-01-01' "$REC/$MEDIA"
	run_finalize 0
	assert_equal "$(requests upload)" 2
	is_stored metadata.json "$MEDIA"
	run_finalize 0
	assert_output_has "done already"
}

@test "a file rewritten with as many bytes is sent again" {
	echo one >"$REC/notes.txt"
	run_finalize 0
	echo two >"$REC/notes.txt"
	run_finalize 0
	assert_equal "$(cat "$SB/store/$ROOM/$SESSION/notes.txt~2")" two
	assert_equal "$(requests upload)" 4
}

@test "--force sends everything and the webhook again under a new webhook-id" {
	run_finalize 0
	run_finalize 0 --force
	assert_equal "$(stored | grep -c '~2$')" 2
	assert_equal "$(webhooks | wc -l)" 2
	assert_equal "$(jq -r '.headers["webhook-id"]' "$SB/webhooks.jsonl" |
		sort -u | wc -l)" 2
}

@test "files that the server already has are not sent again" {
	run_finalize 0
	rm "$REC/.jibri-finalize"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 2
	assert_output_has "the server has it already"
}

@test "a call while another process works exits 75 and names that process" {
	# The server stores it within answer-timeout.
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=20s
	faults "upload * 1 slow-store 3"
	finalize >"$DIR/first" &
	local first=$!
	wait_for test -s "$REC/.jibri-finalize"
	run_finalize 75
	assert_output_has "is working on this recording"
	assert_output_has "process "
	wait "$first"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a call after a SIGKILL during an upload resumes and doubles nothing" {
	sparse "$REC/$MEDIA" 20000000
	faults "upload $MEDIA 1 slow 2000000"
	finalize >"$DIR/first" &
	local first=$!
	# shellcheck disable=SC2016
	wait_for sh -c 'find "$1" -size +64k | grep -q .' - "$SB/incoming"
	kill -KILL "$(journal 'select(.event == "began") | .pid')"
	wait "$first" || true
	faults
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a foreign process that locks the journal is named by its own pid" {
	local holder
	faults 'upload *.mp4 * status 503'
	run finalize --tries 1
	faults
	perl -e 'use Fcntl;
		open my $f, "<", $ARGV[0] or die;
		my $lock = pack "s s x4 q q i", F_RDLCK, 0, 0, 0, 0;
		fcntl $f, F_SETLK, $lock or die;
		print STDERR "locked\n";
		sleep 60' "$REC/.jibri-finalize" 2>"$DIR/locked" 3>&- &
	holder=$!
	wait_for grep -q locked "$DIR/locked"
	run -75 finalize
	kill "$holder"
	assert_output_has "another program, process $holder, has locked"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "the journal has no secret in it and mode 0640" {
	export JIBRI_FINALIZE_TOKEN=t0ken
	run_finalize 0
	run -1 grep -e s3cret -e t0ken "$REC/.jibri-finalize"
	assert_equal "$(stat -c %a "$REC/.jibri-finalize")" 640
}
