#!/usr/bin/env bats
# A changing environment: files that change during their upload, a full or
# read-only disk, a damaged or replaced journal, and our own death.

load lib

setup() {
	common_setup
	start_sandbox
	recording
	MOUNTED=
}

teardown() {
	local dir
	end_quietly
	for dir in $MOUNTED; do umount -l "$dir"; done
	common_teardown
}

# begin: a run in the background; sets RUN.
begin() {
	"$BIN" "$REC" >"$DIR/output" 2>&1 3>&- &
	RUN=$!
}

# ended CODE: wait for the run, which ends with that code.
ended() {
	status=0
	wait "$RUN" || status=$?
	RUN=
	output=$(<"$DIR/output")
	assert_equal "$status" "$1" && return
	cat "$DIR/output" >&2
	return 1
}

end_quietly() {
	[ -n "${RUN:-}" ] || return 0
	kill -KILL "$RUN" 2>/dev/null || true
	wait "$RUN" 2>/dev/null || true
	RUN=
}

root_only() {
	[ "$(id -u)" = 0 ] || skip "needs root"
}

ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

# is_arriving BYTES: the server holds that much of an unfinished upload.
is_arriving() {
	[ -n "$(find "$SB/incoming" -size "+$1c")" ]
}

# --- files that move ---------------------------------------------------------

# moves TEXT COMMAND...: COMMAND changes the file moving.bin during its upload;
# within 2 s this is noticed and logged.
moves() {
	local text=$1 t0
	shift
	head -c 8000000 /dev/urandom >"$REC/moving.bin"
	echo note >"$REC/notes.txt"
	export JIBRI_FINALIZE_TRIES=1 JIBRI_FINALIZE_STALL_TIMEOUT=20s
	faults "upload moving.bin 1 slow 100000"
	begin
	wait_for is_arriving 100000
	wait_for grep -q "metadata.json: stored" "$DIR/output"
	t0=$(ms)
	"$@"
	wait_for grep -q "moving.bin: .*$text" "$DIR/output"
	(($(ms) - t0 <= 2000)) || {
		echo "found after $(($(ms) - t0)) ms" >&2
		return 1
	}
	# Not stored, neither at the server nor by the journal; the others are.
	is_stored metadata.json notes.txt "$MEDIA"
	ended 75
	assert_equal "$(journal 'select(.event == "stored") | .path' |
		grep -c moving)" 0
	assert_output_has "error: moving.bin: "
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
	faults
}

# then_stores FILE...: the next run does.
then_stores() {
	run_finalize 0
	is_stored "$@"
	assert_equal "$(webhooks | cut -d ' ' -f 1 | xargs)" "FAILED STOPPED"
}

@test "a file that shrinks during its upload is noticed and sent in its new form" {
	moves "shrank while it was being read" truncate -s 5000000 "$REC/moving.bin"
	then_stores metadata.json moving.bin notes.txt "$MEDIA"
}

@test "a file that becomes empty during its upload is noticed" {
	moves "shrank while it was being read" truncate -s 0 "$REC/moving.bin"
	then_stores metadata.json moving.bin notes.txt "$MEDIA"
}

@test "a file that grows during its upload is noticed and sent in its new form" {
	grow() { head -c 100000 /dev/urandom >>"$REC/moving.bin"; }
	moves "grew while it was being read" grow
	then_stores metadata.json moving.bin notes.txt "$MEDIA"
}

@test "a file that is changed in place during its upload is noticed" {
	touch_up() {
		printf other | dd of="$REC/moving.bin" bs=1 seek=7000000 \
			conv=notrunc status=none
	}
	moves "was written to while it was being read" touch_up
	then_stores metadata.json moving.bin notes.txt "$MEDIA"
}

@test "a file that is replaced during its upload is noticed" {
	replace() {
		head -c 8000000 /dev/urandom >"$DIR/new"
		touch -r "$REC/moving.bin" "$DIR/new"
		mv "$DIR/new" "$REC/moving.bin"
	}
	moves "was replaced while it was being read" replace
	then_stores metadata.json moving.bin notes.txt "$MEDIA"
}

@test "a file that is removed during its upload is noticed and no longer required" {
	moves "was removed while it was being read" rm "$REC/moving.bin"
	then_stores metadata.json notes.txt "$MEDIA"
}

@test "a file that becomes unreadable during its upload is noticed" {
	moves "changed its permissions while it was being read" \
		chmod 000 "$REC/moving.bin"
	chmod 644 "$REC/moving.bin"
	then_stores metadata.json moving.bin notes.txt "$MEDIA"
}

@test "a file that becomes a FIFO during its upload is noticed" {
	become() {
		mkfifo "$DIR/fifo"
		mv "$DIR/fifo" "$REC/moving.bin"
	}
	moves "is no longer a regular file" become
	run_finalize 0
	assert_equal "$(stored)" "$(printf '%s\n' "$MEDIA" metadata.json \
		notes.txt | LC_ALL=C sort)"
	assert_output_has "moving.bin: skipped, a FIFO"
}

@test "a file that becomes a symbolic link during its upload is not followed" {
	become() {
		head -c 8000000 /dev/urandom >"$DIR/secret"
		ln -s "$DIR/secret" "$DIR/link"
		mv "$DIR/link" "$REC/moving.bin"
	}
	moves "" become
	run_finalize 0
	assert_output_has "moving.bin: skipped, a symbolic link"
	assert_equal "$(stored | grep -c moving)" 0
}

@test "with tries left the same run sends a changed file in its new form" {
	head -c 8000000 /dev/urandom >"$REC/moving.bin"
	export JIBRI_FINALIZE_STALL_TIMEOUT=20s
	faults "upload moving.bin 1 slow 100000"
	begin
	wait_for is_arriving 100000
	truncate -s 3000000 "$REC/moving.bin"
	ended 0
	is_stored metadata.json moving.bin "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a file that changes while its answer is awaited is sent again" {
	echo one >"$REC/notes.txt"
	faults "upload notes.txt 1 slow-store 1"
	begin
	wait_for grep -qsx one -r "$SB/incoming"
	echo another >"$REC/notes.txt"
	ended 0
	# The stored version is out of date; the last one counts.
	assert_equal "$(requests upload)" 4
	cmp "$REC/notes.txt" "$SB/store/$ROOM/$SESSION/notes.txt~2"
	assert_equal "$(journal 'select(.event == "stored" and
		.path == "notes.txt") | .size')" 8
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	run_finalize 0
	assert_equal "$(requests upload)" 4
}

@test "a file that appears while the others are sent is delivered with them" {
	faults "upload $MEDIA 1 slow-store 1"
	begin
	wait_for test -e "$SB/store/$ROOM/$SESSION/metadata.json"
	echo late >"$REC/late.txt"
	ended 0
	is_stored late.txt metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a file that vanishes after the scan stops nothing else" {
	echo gone >"$REC/zz.txt"
	export JIBRI_FINALIZE_PARALLEL=1 JIBRI_FINALIZE_TRIES=2
	faults "upload $MEDIA 1 slow-store 1"
	begin
	wait_for is_arriving 100
	rm "$REC/zz.txt"
	status=0
	wait "$RUN" || status=$?
	RUN=
	is_stored metadata.json "$MEDIA"
	[ "$status" = 0 ] || assert_equal "$status" 75
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

@test "a file that never stops changing ends the run without STOPPED" {
	echo x >"$REC/busy.log"
	while :; do echo x >>"$REC/busy.log"; sleep 0.01; done 3>&- &
	local writer=$!
	faults "upload busy.log * slow-store 0.3"
	run finalize
	kill "$writer"
	assert_equal "$status" 75
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
	assert_output_has "busy.log: "
	[ -e "$SB/store/$ROOM/$SESSION/$MEDIA" ]
	faults
	run_finalize 0
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

# --- what may not be read or written -----------------------------------------

# as_nobody [ARGUMENT...]: run the program as a user bound by permissions.
as_nobody() {
	timeout 60 "${BOUND[@]}" "$BIN" "$REC" "$@" 2>&1
}

bound() {
	BOUND=()
	[ "$(id -u)" = 0 ] || return 0
	BOUND=(setpriv --bounding-set='-dac_override,-dac_read_search')
	"${BOUND[@]}" true 2>/dev/null || skip "may not drop capabilities"
}

# open_for COMMAND...: some process has the media file open for writing, and
# runs the command there until it is killed.
open_for() {
	touch "$REC/$MEDIA"
	"$@" >>"$REC/$MEDIA" 2>/dev/null 3>&- &
	RUN=$!
}

@test "what is still being recorded is not sent, and the backend is told nothing" {
	mkfifo "$DIR/never"
	open_for bash -c 'while ! read -rt 0.3 <>"$1"; do echo more; done' \
		bash "$DIR/never"
	for command in finalize upload; do
		run -75 "$BIN" "$command" "$REC"
		assert_output_has "$MEDIA: still being recorded"
	done
	assert_equal "$(requests)" 0
	end_quietly
	finalize
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	cmp "$SB/store/$ROOM/$SESSION/$MEDIA" "$REC/$MEDIA"
}

# bats test_tags=slow
@test "what a process forgot to close is delivered ten seconds later, with a warning" {
	open_for sleep 60
	run_finalize 0
	assert_output_has "$MEDIA: a process still has it open for writing"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "an unreadable file fails alone: FAILED names it, the rest is delivered" {
	echo private >"$REC/private.txt"
	chmod 000 "$REC/private.txt"
	bound
	run as_nobody
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "FAILED $ROOM $SESSION private.txt: cannot be opened: Permission denied"
	assert_equal "$status" 65
	assert_output_has "error: private.txt: cannot be opened: Permission denied"
	chmod 644 "$REC/private.txt"
	run as_nobody
	is_stored metadata.json private.txt "$MEDIA"
	assert_equal "$status" 0
	assert_equal "$(requests upload)" 3
}

@test "an unreadable metadata.json is not sent unredacted" {
	chmod 000 "$REC/metadata.json"
	bound
	run as_nobody "$ROOM"
	is_stored "$MEDIA"
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
	assert_equal "$status" 65
	assert_output_has "metadata.json: cannot be opened: Permission denied"
}

@test "an unreadable folder fails alone" {
	mkdir "$REC/sub"
	echo x >"$REC/sub/x.txt"
	chmod 000 "$REC/sub"
	bound
	run as_nobody
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | grep -c STOPPED)" 0
	[ "$status" != 0 ]
	assert_output_has "sub"
	chmod 755 "$REC/sub"
	run_finalize 0
	is_stored metadata.json "$MEDIA" sub/x.txt
}

@test "a recording in an unwritable directory is delivered, and nothing twice" {
	chmod 555 "$REC"
	bound
	run as_nobody
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$status" 0
	assert_output_has "the journal cannot be written"
	run as_nobody
	chmod 755 "$REC"
	assert_equal "$status" 0
	assert_equal "$(requests upload)" 2
	is_stored metadata.json "$MEDIA"
}

# mounted TYPE OPTION...: over the directory of recordings.
mounted() {
	root_only
	may_mount "$@" || skip "may not mount"
}

may_mount() {
	mount "$@" "$DIR/recordings" 2>/dev/null || return
	MOUNTED="$DIR/recordings $MOUNTED"
}

@test "a recording on a full disk is delivered with a warning, and nothing twice" {
	mounted -t tmpfs -o size=256k tmpfs
	another_recording "$SESSION"
	cat /dev/zero >"$REC/filler.tmp" 2>/dev/null || true
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_output_has "the journal cannot be written"
	assert_output_has "No space left on device"
	run_finalize 0
	assert_equal "$(requests upload)" 2
	# There is space again, so the journal is written.
	rm "$REC/filler.tmp"
	run_finalize 0
	run_finalize 0
	assert_output_has "done already"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 2
}

@test "a disk that fills up during a run loses and doubles nothing" {
	local n names=()
	mounted -t tmpfs -o size=512k tmpfs
	another_recording "$SESSION"
	for ((n = 100; n < 150; n++)); do
		names+=("a-rather-long-name-to-fill-the-journal-$n.txt")
		echo "$n" >"$REC/${names[-1]}"
	done
	# All but the last two pages.
	cat /dev/zero >"$REC/filler.tmp" 2>/dev/null || true
	truncate -s -8192 "$REC/filler.tmp"
	run_finalize 0
	is_stored metadata.json "$MEDIA" "${names[@]}"
	assert_output_has "the journal cannot be written"
	[ -s "$REC/.jibri-finalize" ]
	run_finalize 0
	is_stored metadata.json "$MEDIA" "${names[@]}"
	assert_equal "$(requests upload)" 52
	rm "$REC/filler.tmp"
	run_finalize 0
	is_stored metadata.json "$MEDIA" "${names[@]}"
	run_finalize 0
	assert_output_has "done already"
	assert_equal "$(requests upload)" 52
}

@test "a recording on a read-only disk is delivered with a warning, and nothing twice" {
	mounted --bind "$DIR/recordings"
	mount -o remount,ro,bind "$DIR/recordings" || skip "may not mount"
	faults "upload $MEDIA 1 drop-stored"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_output_has "the journal cannot be written"
	run_finalize 0
	assert_equal "$(requests upload)" 2
	mount -o remount,rw,bind "$DIR/recordings"
	run_finalize 0
	run_finalize 0
	assert_output_has "done already"
	assert_equal "$(requests upload)" 2
}

@test "the journal still counts on a disk that became read-only" {
	echo note >"$REC/notes.txt"
	faults "upload $MEDIA * status 503"
	run_finalize 75
	mounted --bind "$DIR/recordings"
	mount -o remount,ro,bind "$DIR/recordings" || skip "may not mount"
	faults "list * * status 404"
	run_finalize 0
	is_stored metadata.json notes.txt "$MEDIA"
}

# --- the journal -------------------------------------------------------------

# bats test_tags=slow
@test "a journal torn at any byte loses and doubles nothing" {
	local size cut
	echo note >"$REC/notes.txt"
	run_finalize 0
	cp "$REC/.jibri-finalize" "$DIR/whole"
	size=$(stat -c %s "$DIR/whole")
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=100ms
	for ((cut = 0; cut <= size; cut += size / 12 + 1)); do
		head -c "$cut" "$DIR/whole" >"$REC/.jibri-finalize"
		run_finalize 0
		is_stored metadata.json notes.txt "$MEDIA"
		run_finalize 0
		assert_output_has "done already"
		jq -e . "$REC/.jibri-finalize" >/dev/null
	done
	assert_equal "$(requests upload)" 3
}

@test "junk in the journal is ignored with a warning, and the facts beside it count" {
	run_finalize 0
	{
		printf '\0\377\376 rubbish\n{}\n[]\n"event"\n{"event":"stored"}\n'
		printf '{"event":"stored","path":"x","size":"big"}\n'
		printf '{"event":"future","path":"x"}\n{"event":7}\nnull\n\n'
		cat "$REC/.jibri-finalize"
		head -c 5000 /dev/urandom
	} >"$DIR/journal"
	cat "$DIR/journal" >"$REC/.jibri-finalize"
	run_finalize 0
	assert_equal "$(requests upload)" 2
	is_stored metadata.json "$MEDIA"
	assert_equal "$(grep -c "ignoring lines that are not events" \
		<<<"$output")" 1
	assert_output_has "done already"
}

@test "a journal that is one endless line is damaged, and nothing is sent" {
	local before
	run_finalize 0
	before=$(requests)
	head -c 3000000 /dev/zero | tr '\0' x >"$REC/.jibri-finalize"
	run_finalize 65
	assert_equal "$(requests)" "$before"
	assert_output_has ".jibri-finalize"
	assert_equal "$(stat -c %s "$REC/.jibri-finalize")" 3000000
}

@test "a journal that is a symbolic link is refused and not followed" {
	echo precious >"$DIR/target"
	ln -s "$DIR/target" "$REC/.jibri-finalize"
	run_finalize 65
	assert_equal "$(requests)" 0
	assert_equal "$(cat "$DIR/target")" precious
	assert_output_has ".jibri-finalize"
	ln -sfn "$DIR/none" "$REC/.jibri-finalize"
	run_finalize 65
	run ! test -e "$DIR/none"
	assert_equal "$(requests)" 0
}

@test "a journal that is a directory or a FIFO is refused" {
	mkdir "$REC/.jibri-finalize"
	run_finalize 65
	rmdir "$REC/.jibri-finalize"
	mkfifo "$REC/.jibri-finalize"
	run_finalize 65
	assert_equal "$(requests)" 0
	assert_output_has ".jibri-finalize"
}

@test "a journal that is a device is refused" {
	root_only
	# Below /tmp no device can be opened where it is mounted with nodev.
	! may_mount -t tmpfs tmpfs || another_recording "$SESSION"
	mknod "$REC/.jibri-finalize" c 1 3 || skip "may not make a device"
	cat "$REC/.jibri-finalize" || skip "no device can be opened here"
	run_finalize 65
	assert_equal "$(requests)" 0
	assert_output_has ".jibri-finalize"
}

@test "a journal that is a hard link to another user's file does not harm that file" {
	echo '{"precious": true}' >"$DIR/target"
	ln "$DIR/target" "$REC/.jibri-finalize"
	run finalize
	assert_equal "$(head -n 1 "$DIR/target")" '{"precious": true}'
	assert_equal "$(stat -c %a "$DIR/target")" 644
}

# --- our own death -----------------------------------------------------------

# has_requests N
has_requests() {
	(($(wc -l <"$SB/requests.jsonl") >= $1))
}

# is_past N: that many requests came, or the run ended.
is_past() {
	has_requests "$1" || ! kill -0 "$RUN"
}

# bats test_tags=slow
@test "a run killed at any moment and repeated loses and doubles nothing" {
	local n killed=0 names=() f
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=300ms JIBRI_FINALIZE_PARALLEL=2
	for n in 1 2 3 4 5; do
		another_recording "killed-$n"
		names=(metadata.json "$MEDIA")
		for f in a b c d e f; do
			names+=("$f.txt")
			head -c "$((n * 1000))" /dev/urandom >"$REC/$f.txt"
		done
		: >"$SB/requests.jsonl"
		faults "any * * slow-store 0.05"
		begin
		wait_for has_requests "$((n * 2 - 1))"
		kill -KILL "$RUN" 2>/dev/null && killed=$((killed + 1))
		wait "$RUN" || true
		# And a second time, at a random moment.
		begin
		wait_for is_past "$((n * 2 + RANDOM % 4))"
		end_quietly
		faults
		run_finalize 0
		is_stored "${names[@]}"
		# A repeat after a lost answer is identical.
		assert_equal "$(jq -r --arg s "$SESSION" \
			'select(.acked and (.body | contains($s))) |
			[.headers["webhook-id"], .body] | @csv' \
			"$SB/webhooks.jsonl" | sort -u | wc -l)" 1
		run_finalize 0
		assert_output_has "done already"
	done
	# Most runs were still alive when they were killed.
	((killed >= 3))
}

@test "a kill between the server's storing and its answer doubles nothing" {
	local n
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=1s
	for n in 1 2 3; do
		another_recording "between-$n"
		faults "upload $MEDIA 1 stall-stored 0.3"
		begin
		wait_for test -e "$SB/store/$ROOM/$SESSION/$MEDIA"
		kill -KILL "$RUN"
		wait "$RUN" || true
		run_finalize 0
		is_stored metadata.json "$MEDIA"
	done
}

@test "a kill before the server has stored an upload doubles nothing" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=1s
	faults "upload $MEDIA 1 slow-store 0.7"
	begin
	wait_for is_arriving 5000
	kill -KILL "$RUN"
	wait "$RUN" || true
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}
