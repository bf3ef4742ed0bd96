#!/usr/bin/env bats
# Recordings in archives: packed on a node that dies, delivered from the
# archive; and archives made by others, friendly or hostile.

load lib
load points

FORGE=${BUILD:-$ROOT/build}/forge

setup() {
	common_setup
	start_sandbox
	recording
	A=$DIR/carried
	mkdir "$A"
	RUN=
	OPEN=
}

teardown() {
	[ -z "$RUN" ] || kill -KILL "$RUN" 2>/dev/null || true
	! mountpoint -q "$A" || umount -l "$A"
	common_teardown
	[ -z "$OPEN" ] || rm -rf "$OPEN"
}

# pack CODE [ARGUMENT...]
pack() {
	local want=$1
	shift
	run timeout -k 5 60 "$BIN" pack "$@"
	assert_equal "$status" "$want" || { echo "$output" >&2; return 1; }
}

# upload CODE [ARGUMENT...]
upload() {
	local want=$1
	shift
	run timeout -k 5 60 "$BIN" upload "$@"
	assert_equal "$status" "$want" || { echo "$output" >&2; return 1; }
}

# The node is gone; what was on it is kept for comparison.
node_dies() {
	mv "$REC" "$DIR/gone"
	REC=$DIR/gone
	rm -f "$REC/.jibri-finalize"
}

# holds_only NAME...: the archives are there, and nothing else.
holds_only() {
	diff <(for name; do echo "$name"; done | sort) <(find "$A" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort) >&2
}

# unpacked FILE DIR: with the usual tool for the format.
unpacked() {
	mkdir -p "$2"
	tar -xf "$1" -C "$2"
}

# manifest FILE: as JSON, a line each.
manifest() {
	tar -xOf "$1" "$SESSION/.jibri-finalize-manifest.jsonl"
}

# --- packing -----------------------------------------------------------------

@test "a recording whose node is gone is delivered whole from its archive, in each format" {
	local suffix
	mkdir "$REC/sub"
	echo 'more' >"$REC/sub/ä b.txt"
	for suffix in tar tar.gz tar.zst zip; do
		rm -rf "$SB/store" "$SB/records.jsonl"
		stop_sandbox
		: >"$SB/webhooks.jsonl"
		start_sandbox
		pack 0 -o "$A/x.$suffix" "$REC"
		cp -r "$REC" "$DIR/copy"
		node_dies
		upload 0 "$A/x.$suffix"
		is_stored "$MEDIA" metadata.json "sub/ä b.txt"
		assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
		assert_output_has "$SESSION: done: 3 artifacts stored (3 sent now"
		holds_only "x.$suffix"
		rm -r "$REC" "$A/x.$suffix"
		REC=$DIR/recordings/$SESSION
		mv "$DIR/copy" "$REC"
	done
}

@test "an archive holds plain sorted files of root, and a manifest that tells the truth" {
	pack 0 -o "$A/x.tar" "$REC"
	tar -tvf "$A/x.tar" --numeric-owner >"$DIR/list"
	assert_equal "$(awk '{ print $1, $2 }' "$DIR/list" | sort -u)" \
		"-rw-r--r-- 0/0"
	assert_equal "$(awk '{ print $6 }' "$DIR/list")" \
		"$(printf "$SESSION/%s\n" .jibri-finalize-journal.jsonl \
			"$MEDIA" metadata.json .jibri-finalize-manifest.jsonl)"
	assert_equal "$(manifest "$A/x.tar" | jq -c 'select(.manifest)')" \
		"$("$BIN" --version | sed -n "1s/.* \(.*\)/{\"manifest\":1,\"version\":\"\1\",\"session\":\"$SESSION\",\"room\":\"$ROOM\",\"files\":3}/p")"
	unpacked "$A/x.tar" "$DIR/out"
	manifest "$A/x.tar" | jq -r 'select(.path) | "\(.sha256)  \(.path)"' \
		>"$DIR/sums"
	(cd "$DIR/out/$SESSION" && sha256sum -c --quiet "$DIR/sums")
	assert_equal "$(wc -l <"$DIR/sums")" 3
	assert_equal "$(manifest "$A/x.tar" | jq 'select(.path == "metadata.json") | .size')" \
		"$(stat -c %s "$REC/metadata.json")"
}

@test "packing leaves the journal of a recording that is being delivered, or that is damaged" {
	faults 'upload * 1 slow-store 2'
	"$BIN" "$REC" >"$DIR/log" 2>&1 3>&- &
	RUN=$!
	wait_for grep -q sending "$REC/.jibri-finalize"
	pack 75 -o "$A/x.tar" "$REC"
	grep -q sending "$REC/.jibri-finalize"
	wait "$RUN"
	RUN=
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	head -c 2000000 /dev/zero | tr '\0' x >"$REC/.jibri-finalize"
	pack 65 -o "$A/x.tar" "$REC"
	assert_equal "$(stat -c %s "$REC/.jibri-finalize")" 2000000
	holds_only
}

@test "the manifest names the meeting once a run has found it, and the journal is packed too" {
	faults 'webhook * * status 503'
	JIBRI_FINALIZE_TRIES=1 run_finalize 75
	pack 0 -o "$A/x.tar" "$REC"
	assert_equal "$(manifest "$A/x.tar" | jq -r 'select(.manifest) | .meetingId')" 123
	unpacked "$A/x.tar" "$DIR/out"
	cmp "$DIR/out/$SESSION/.jibri-finalize-journal.jsonl" "$REC/.jibri-finalize"
	node_dies
	faults 'lookup * * status 503'
	upload 0 "$A/x.tar"             # nobody need be asked for the meeting
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(requests upload)" 2     # by the first run
}

@test "no archive contains the credentials of metadata.json, unless --unredacted asks for it" {
	jq '.upload_credentials = {token: "hush"}' "$REC/metadata.json" >"$DIR/m"
	mv "$DIR/m" "$REC/metadata.json"
	pack 0 -o "$A/x.tar" "$REC"
	run ! grep -q hush "$A/x.tar"
	pack 0 --unredacted -o "$A/y.tar" "$REC"
	tar -xOf "$A/y.tar" "$SESSION/metadata.json" | cmp - "$REC/metadata.json"
	node_dies
	upload 0 "$A/y.tar"             # redacted on its way anyway
	run ! grep -rq hush "$SB/store"
}

@test "without a name the archive is SESSION.tar.zst in the current directory, and -o may be a directory" {
	(cd "$A" && "$BIN" pack "$REC")
	holds_only "$SESSION.tar.zst"
	rm "$A"/*
	pack 0 -o "$A" "$REC"
	holds_only "$SESSION.tar.zst"
	assert_output_has "$SESSION: packed: 2 artifacts, "
	# Nothing says that a run was here.
	[ ! -e "$REC/.jibri-finalize" ]
}

@test "recordings with names of 255 bytes that differ only at the end get different archives" {
	local name n
	name=$(printf 'ü%.0s' {1..127})
	for n in a b; do
		another_recording "$name$n"
		pack 0 -o "$A" "$REC"
	done
	assert_equal "$(find "$A" -mindepth 1 -name 'üü*ü~*.tar.zst' | wc -l)" 2
	run -0 ls -A "$A"
	assert_equal "$output" "$(iconv -f utf-8 -t utf-8 <<<"$output")"
	assert_equal "$(wc -l <<<"$output")" 2
}

@test "an existing file is not replaced, and a name without an archive's suffix is refused" {
	echo mine >"$A/x.tar"
	pack 65 -o "$A/x.tar" "$REC"
	assert_equal "$(<"$A/x.tar")" mine
	pack 64 -o "$A/x.rar" "$REC"
	pack 64 -o "$REC/x.tar" "$REC"
	assert_output_has "would be inside the recording itself"
	pack 66 -o "$A/y.tar" "$DIR/nowhere"
	holds_only x.tar
}

@test "each of several recordings gets an archive, and one that fails does not stop the others" {
	local first=$REC
	another_recording second
	pack 66 -o "$A" "$first" "$DIR/nowhere" "$REC"
	holds_only "$(basename "$first").tar.zst" second.tar.zst
	pack 64 -o "$A/one.tar" "$first" "$REC"
	assert_output_has "is not a directory"
}

@test "a recording that is being worked on is not packed" {
	faults "upload $MEDIA 1 stall-at 0 10"
	"$BIN" "$REC" >"$DIR/output" 2>&1 3>&- &
	RUN=$!
	wait_for test -s "$REC/.jibri-finalize"
	pack 75 -o "$A/x.tar" "$REC"
	assert_output_has "process $RUN on"
	holds_only
}

# When an archive is given up, libarchive 3.6 forgets to free its last block.
given_up_leaks() {
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
}

# worker: the process that handles the recording; root's is a child of RUN's.
worker() { pgrep -P "$RUN" || echo "$RUN"; }
has_open() { readlink /proc/"$(worker | tail -n 1)"/fd/* | grep -q "/$1$"; }

# packs_while COMMAND...: run COMMAND while a large file is being packed.
packs_while() {
	sparse "$REC/large.mp4" 700000000
	"$BIN" pack -o "$A/x.tar.zst" "$REC" >"$DIR/output" 2>&1 3>&- &
	RUN=$!
	wait_for has_open large.mp4
	"$@"
	status=0
	wait "$RUN" || status=$?
	RUN=
	output=$(<"$DIR/output")
}

# bats test_tags=slow
@test "a file that changes, comes or goes while it is packed leaves no archive" {
	given_up_leaks
	append() { echo more >>"$REC/large.mp4"; }
	come() { echo new >"$REC/new.txt"; }
	packs_while append
	assert_equal "$status" 75
	assert_output_has "large.mp4: "
	holds_only

	packs_while come
	assert_equal "$status" 75
	assert_output_has "files were added, removed or changed while it was packed"
	holds_only

	packs_while truncate -s 1000 "$REC/large.mp4"
	assert_equal "$status" 75
	assert_output_has "large.mp4: shrank while it was being read"
	holds_only
}

@test "SIGTERM ends packing within two seconds and leaves nothing behind" {
	local t0=$EPOCHSECONDS
	given_up_leaks
	stop() { kill -TERM "$RUN"; }
	packs_while stop
	assert_equal "$status" 75
	((EPOCHSECONDS - t0 <= 4))
	holds_only
}

@test "a full disk leaves no archive, not even a part of one" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	given_up_leaks
	mount -t tmpfs -o size=1m none "$A"
	head -c 3000000 /dev/urandom >"$REC/large.bin"
	pack 75 -o "$A/x.tar" "$REC"
	holds_only
	umount "$A"
	assert_output_has "No space left on device"
}

# --- archives of other tools -------------------------------------------------

@test "archives of other tools are accepted, with the recording's folder or without" {
	# With the folder, deep inside, its name is the session.
	tar -cf "$A/any.tar" -C "$DIR" "recordings/$SESSION"
	upload 0 "$A/any.tar"
	is_stored "$MEDIA" metadata.json
	holds_only any.tar

	# Without, the archive's is.
	tar -czf "$A/flat.tar.gz" -C "$REC" .
	upload 0 "$A/flat.tar.gz"
	SESSION=flat is_stored "$MEDIA" metadata.json

	(cd "$DIR/recordings" && zip -qr "$A/any.zip" "$SESSION")
	(cd "$REC" && zip -qr "$A/bare.zip" .)
	upload 0 "$A/any.zip" "$A/bare.zip"
	SESSION=bare is_stored "$MEDIA" metadata.json

	# An argument overrides both.
	upload 0 --session named "$A/flat.tar.gz"
	SESSION=named is_stored "$MEDIA" metadata.json
	assert_equal "$(webhooks | sort | uniq -c | sort -n | awk '{ print $1, $4 }')" \
		"$(printf '%s\n' "1 bare" "1 flat" "1 named" "2 $SESSION")"
	holds_only any.tar flat.tar.gz any.zip bare.zip
}

@test "a journal in an archive is not believed" {
	faults 'webhook * * status 503'
	JIBRI_FINALIZE_TRIES=1 run_finalize 75
	sed -i '/"failed"/d' "$REC/.jibri-finalize"
	echo '{"at":1,"event":"announced","webhook":"STOPPED","id":"x"}' \
		>>"$REC/.jibri-finalize"
	tar -cf "$A/x.tar" -C "$DIR/recordings" "$SESSION"
	node_dies
	faults
	rm -r "$SB/store"
	stop_sandbox
	rm "$SB/records.jsonl"
	start_sandbox
	upload 0 "$A/x.tar"
	assert_output_has "left out: a journal in an archive is not used"
	is_stored "$MEDIA" metadata.json
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "an archive of an unknown recording is held until its room is named" {
	rm "$REC/metadata.json"
	mv "$REC/$MEDIA" "$REC/any.mp4"
	tar -cf "$A/x.tar" -C "$DIR/recordings" "$SESSION"
	upload 65 "$A/x.tar"
	assert_output_has "unknown room"
	assert_output_has "remains unpacked in $A/$SESSION"
	upload 0 --room "$ROOM" "$A/x.tar"
	is_stored any.mp4
	holds_only x.tar
}

# --- resuming ----------------------------------------------------------------

@test "an archive that another process works on is left alone" {
	pack 0 -o "$A/x.tar" "$REC"
	node_dies
	exec 9<"$A/x.tar"
	flock 9
	upload 75 "$A/x.tar"
	assert_output_has "another process is working on this archive"
	exec 9<&-
	upload 0 "$A/x.tar"
	is_stored metadata.json "$MEDIA"
}

@test "an interrupted upload of an archive resumes and sends nothing twice" {
	local pid
	echo one >"$REC/a.txt"
	pack 0 -o "$A/x.tar.zst" "$REC"
	node_dies
	faults "upload $MEDIA 1 stall-at 0 10"
	"$BIN" upload "$A/x.tar.zst" >"$DIR/output" 2>&1 3>&- &
	RUN=$!
	wait_for grep -q "a.txt: stored" "$DIR/output"
	upload 75 "$A/x.tar.zst"        # one at a time
	pid=$(worker)
	assert_output_has "process $pid on"
	kill -KILL "$RUN" "$pid"
	wait "$RUN" || true
	RUN=
	wait_for test ! -e "/proc/$pid"
	faults
	upload 0 "$A/x.tar.zst"
	refute_output_has "unpacking"
	is_stored a.txt "$MEDIA" metadata.json
	assert_equal "$(request upload .part.filename | sort | uniq -c | awk '{ print $1, $2 }')" \
		"$(printf '%s\n' "2 $MEDIA" "1 a.txt" "1 metadata.json" | sort -k2)"
	holds_only x.tar.zst
}

# bats test_tags=slow
@test "after SIGKILL at any system call the next run completes an archive's upload" {
	local n total step pid
	needs_strace
	# The search for leaks does not work under strace.
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=100ms
	pack 0 -o "$A/x.tar" "$REC"
	node_dies
	strace -f -qq -o "$DIR/trace" "$BIN" upload "$A/x.tar" >"$DIR/log" 2>&1
	# From the first call on the archive on; the loader is behind it.
	n=$(grep -n 'x\.tar"' "$DIR/trace" | head -1 | cut -d: -f1)
	total=$(tail -n +"$n" "$DIR/trace" |
		awk '$2 ~ /^(openat|mkdirat|write|renameat|unlinkat|fsync|syncfs|fdatasync|utimensat|sendto)\(/ {
			sub(/\(.*/, "", $2); print $2 }' | sort | uniq -c)
	step=$(is_long && echo 1 || echo 12)
	points=0
	while read -r pid call; do
		for ((n = 1 + points % step; n <= pid; n += step)); do
			rm -rf "$SB/store" "$A"/.x.tar.new "${A:?}/$SESSION"
			stop_sandbox
			rm -f "$SB"/{records,webhooks,requests}.jsonl
			start_sandbox
			strace -f -qq -o "$DIR/trace" -e trace="$call" \
				-e inject="$call:signal=KILL:when=$n" \
				"$BIN" upload "$A/x.tar" >"$DIR/log" 2>&1 || true
			upload 0 "$A/x.tar" || { echo "$call $n" >&2; return 1; }
			is_stored "$MEDIA" metadata.json
			holds_only x.tar
			points=$((points + 1))
		done
	done <<<"$total"
	((points > 5))
	say "points: $points"
}

# The ids of the webhooks, and each with its body, without repeats.
ids() { jq -r '.headers["webhook-id"]' "$SB/webhooks.jsonl"; }
announcements() {
	jq -c '[.headers["webhook-id"], .body]' "$SB/webhooks.jsonl" | sort -u
}

is_later_than() { (($(date +%s) > $1)); }

@test "a repeated webhook keeps its id, and that of another upload has a new one" {
	pack 0 -o "$A/x.zip" "$REC"
	faults "webhook * 1 status-stored 503"
	upload 0 "$A/x.zip"
	assert_equal "$(ids | wc -l) $(announcements | wc -l)" "2 1"
	wait_for is_later_than "$(date +%s)"
	upload 0 "$A/x.zip"             # of another moment
	assert_equal "$(requests upload)" 2
	wait_for is_later_than "$(date +%s)"
	run_finalize 0                  # and so does the recording itself
	assert_equal "$(requests upload)" 2
	assert_equal "$(ids | sort -u | wc -l)" 3
	assert_equal "$(announcements | wc -l)" 3
}

@test "a dry run of an archive says what would be sent, and removes its copy" {
	pack 0 -o "$A/x.tar" "$REC"
	upload 0 --dry-run "$A/x.tar"
	assert_output_has "$MEDIA"
	assert_equal "$(requests upload)" 0
	assert_equal "$(webhooks)" ""
	holds_only x.tar
	# An interrupted one stays.
	faults 'webhook * * status 503'
	JIBRI_FINALIZE_TRIES=1 JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms \
		upload 75 "$A/x.tar"
	upload 0 --dry-run "$A/x.tar"
	faults
	upload 0 "$A/x.tar"
	refute_output_has "unpacking"
	assert_equal "$(requests upload)" 2
	holds_only x.tar
}

# Permissions do not bind root, and others cannot read its files.
@test "an archive is unpacked into work-dir where its own directory cannot be written" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	local as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	OPEN=$(mktemp -d)
	A=$OPEN
	pack 0 -o "$A/x.tar" "$REC"
	install -m 755 "$BIN" "$OPEN/program"
	chmod 755 "$OPEN"
	chmod 644 "$A/x.tar"
	"${as[@]}" "$OPEN/program" --version >/dev/null 2>&1 ||
		skip "may not become another user"
	run "${as[@]}" "$OPEN/program" upload "$A/x.tar"
	assert_equal "$status" 78
	assert_output_has "set work-dir"
	mkdir -m 777 "$OPEN/work"
	chmod 777 "$OPEN/work"
	run "${as[@]}" "$OPEN/program" upload --work-dir "$OPEN/work" "$A/x.tar"
	assert_equal "$status" 0
	is_stored "$MEDIA" metadata.json
	assert_equal "$(ls -A "$OPEN/work")" ""
	holds_only program work x.tar
}

@test "a folder that another user could have prepared is not used" {
	pack 0 -o "$A/x.tar" "$REC"
	mkdir -m 770 "$A/.x.tar.new"
	upload 65 "$A/x.tar"
	assert_output_has "can be changed by other users"
	rmdir "$A/.x.tar.new"
	# Nor is one that says it came from this archive.
	faults 'webhook * * status 503'
	JIBRI_FINALIZE_TRIES=1 JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms \
		upload 75 "$A/x.tar"
	assert_equal "$(stat -c %a "$A/$SESSION")" 700
	chmod 777 "$A/$SESSION"
	faults
	upload 65 "$A/x.tar"
	assert_equal "$(webhooks)" ""
}

# --- a recording like any other ----------------------------------------------

# fails_to_upload ARCHIVE: it is unpacked, and the backend is out.
fails_to_upload() {
	faults "upload $MEDIA * status 503"
	JIBRI_FINALIZE_TRIES=1 JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms upload 75 "$1"
	faults
}

# sweep CODE: the directory of the archives, without settle or pauses.
sweep() {
	JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms \
		run_command "$1" sweep "${@:2}" "$A"
}

@test "an archive whose upload failed is shown, swept and removed when done, like any recording" {
	pack 0 -o "$A/x.tar" "$REC"
	node_dies
	fails_to_upload "$A/x.tar"
	holds_only x.tar "$SESSION"
	assert_equal "$("$BIN" status --json "$A" |
		jq -r '.recordings[] | .session, .state')" "$(printf '%s\ndue' "$SESSION")"
	wait_for is_due
	sweep 0
	assert_output_has "1 delivered, 0 waiting, 0 held, 0 done, 1 removed"
	is_stored "$MEDIA" metadata.json
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
	holds_only x.tar
}

# bats test_tags=slow
@test "a recording and an archive whose names have 255 bytes are packed, delivered, swept and removed" {
	local archive
	another_recording "$(printf 'x%.0s' {1..255})"
	archive=$A/$(printf 'y%.0s' {1..251}).tar
	pack 0 -o "$archive" "$REC"
	holds_only "${archive##*/}"
	node_dies
	upload 0 --dry-run "$archive"
	holds_only "${archive##*/}"
	# A session can be longer than a file name may be.
	upload 65 --session "${SESSION}z" "$archive"
	assert_output_has "File name too long"
	holds_only "${archive##*/}"
	fails_to_upload "$archive"
	holds_only "${archive##*/}" "$SESSION"
	wait_for is_due
	sweep 0
	assert_output_has "1 delivered, 0 waiting, 0 held, 0 done, 1 removed"
	is_stored "$MEDIA" metadata.json
	holds_only "${archive##*/}"
}

is_due() {
	JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms "$BIN" status --json "$A" |
		jq -e '.recordings[0].state == "due"'
}

@test "a sweep keeps what it delivered of an archive while the server cannot prove that it has it" {
	pack 0 -o "$A/x.tar" "$REC"
	node_dies
	faults 'webhook * * status 503'
	JIBRI_FINALIZE_TRIES=1 JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms \
		upload 75 "$A/x.tar"
	faults 'list * * status 503'
	wait_for is_due
	sweep 75
	assert_equal "$("$BIN" status --json "$A" | jq -r '.recordings[].state')" "done"
	faults
	sweep 0
	holds_only x.tar
	assert_equal "$(requests upload)" 2
}

@test "an upload killed while unpacking leaves a folder that sweeps ignore and the next upload replaces" {
	needs_strace
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	pack 0 -o "$A/x.tar" "$REC"
	node_dies
	strace -f -qq -o "$DIR/trace" -e trace=syncfs \
		-e inject=syncfs:signal=KILL:when=1 \
		"$BIN" upload "$A/x.tar" >"$DIR/log" 2>&1 || true
	holds_only x.tar .x.tar.new
	[ -n "$(find "$A/.x.tar.new" -name "$MEDIA")" ]
	JIBRI_FINALIZE_SETTLE=1ms sweep 0
	assert_equal "$(requests)" 0
	upload 0 "$A/x.tar"
	is_stored "$MEDIA" metadata.json
	holds_only x.tar
}

@test "what version 0.1.0 left unpacked is ignored, and its archive is delivered from the start" {
	local private=$A/.jibri-finalize-unpacked-0123456789abcdef
	pack 0 -o "$A/x.tar" "$REC"
	mkdir -p "$private/ready"
	: >"$private/.jibri-finalize"
	node_dies
	cp -r "$REC" "$private/ready/$SESSION"
	find "$A" -exec touch -d '2 hours ago' {} +
	sweep 0
	assert_equal "$(requests)" 0
	upload 0 "$A/x.tar"
	is_stored "$MEDIA" metadata.json
	holds_only x.tar "${private##*/}"
}

@test "an archive beside its recording delivers the recording, which stays" {
	pack 0 -o "$DIR/recordings/x.tar" "$REC"
	upload 0 "$DIR/recordings/x.tar"
	assert_output_has "$REC already exists and is delivered instead"
	is_stored "$MEDIA" metadata.json
	assert_equal "$(find "$DIR/recordings" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort)" \
		"$(printf '%s\nx.tar' "$SESSION")"
	[ -e "$REC/$MEDIA" ]
}

@test "another recording in the session's directory is neither overwritten nor delivered" {
	pack 0 -o "$A/x.tar" "$REC"
	local before
	mkdir "$A/$SESSION"
	echo mine >"$A/$SESSION/metadata.json"
	before=$(cd "$A" && find . -type f -printf '%p %s %T@\n' | sort)
	upload 65 "$A/x.tar"
	assert_output_has "$A/$SESSION exists and is another recording"
	assert_equal "$(cd "$A" && find . -type f -printf '%p %s %T@\n' | sort)" "$before"
	holds_only x.tar "$SESSION"
	assert_equal "$(requests)" 0
	# An archive does not replace a file either.
	rm -r "${A:?}/$SESSION"
	echo mine >"$A/$SESSION"
	upload 65 "$A/x.tar"
	assert_equal "$(<"$A/$SESSION")" mine
	upload 0 --session other "$A/x.tar"
	SESSION=other is_stored "$MEDIA" metadata.json
}

@test "excluded files stay in the archive, and do not keep its copy here" {
	echo part >"$REC/rest.part"
	mkdir "$REC/.cache"
	echo x >"$REC/.cache/file"
	tar -cf "$A/x.tar" -C "$DIR/recordings" "$SESSION"
	node_dies
	upload 0 "$A/x.tar"
	is_stored "$MEDIA" metadata.json
	holds_only x.tar
}

@test "an archive in another user's directory is unpacked as that user" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	pack 0 -o "$A/x.tar" "$REC"
	chmod o+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$DIR"
	chown 65534:65534 "$A"
	fails_to_upload "$A/x.tar"
	assert_equal "$(find "$A/$SESSION" -uid 65534 -type f | wc -l)" 3
	assert_equal "$(find "$A" ! -uid 65534)" "$A/x.tar"
	upload 0 "$A/x.tar"
	holds_only x.tar
}

# --- hostile archives --------------------------------------------------------

# inventory: all files, except the server's and the archive.
inventory() {
	find "$DIR" ! -path "$SB*" ! -path "$A/x" -type f -printf '%p %s %T@\n' |
		sort
}

# refused TEXT [FORGE_ARGUMENT...]: with 65 and this text, leaving no trace here
# or at the server.  Without arguments the archive is the file x.
refused() {
	local text=$1 before
	shift
	before=$(inventory)
	[ $# = 0 ] || "$FORGE" "$@" >"$A/x"
	upload 65 "$A/x" || { echo "$*" >&2; return 1; }
	assert_output_has "$text" || { echo "$*" >&2; return 1; }
	assert_equal "$(inventory)" "$before"
	holds_only x
	assert_equal "$(requests)" 0
}

hostile_setup() {
	echo untouched >"$DIR/bystander"
}

# bats test_tags=slow
@test "no path leaves the folder: absolute, with dots, through a link" {
	local kind
	hostile_setup
	for kind in tar zip; do
		refused "leaves its folder" $kind "file:../bystander:evil"
		refused "leaves its folder" $kind "file:a/../../bystander:evil"
		refused "leaves its folder" $kind "file:a/b/..:evil"
		refused "leaves its folder" $kind "file:$DIR/bystander:evil"
		refused "leaves its folder" $kind "file:a:x" "dir:.."
		refused "a symbolic link" $kind "symlink:a:$DIR" "file:a/bystander:evil"
		refused "a symbolic link" $kind "file:s/a:x" "symlink:s/b:a"
		refused "leaves its folder" $kind "file:/:evil"
		refused "without a name" $kind "file:.:evil"
	done
	refused "leaves its folder" tar "file:$(printf 'x/%.0s' {1..2100})y:evil"
}

@test "only files and folders are taken: no link, no device, no FIFO" {
	hostile_setup
	refused "a hard link" tar "hardlink:a:$DIR/bystander"
	refused "a hard link" tar "file:s/a:x" "hardlink:s/b:s/a"
	refused "a device" tar "char:s/null" "file:s/a:x"
	refused "a device" tar "block:s/disk"
	refused "a FIFO" tar "file:s/a:x" "fifo:s/b"
}

# bats test_tags=slow
@test "an archive with two entries of one name is refused" {
	hostile_setup
	refused "contains it twice" tar "file:s/a:x" "file:s/a:y"
	refused "contains it twice" tar "file:s/a:x" "file:./s//a:y"
	refused "differing only in case" tar "file:s/a.mp4:x" "file:s/A.MP4:y"
	refused "a file and a folder of this name" tar "file:s/a:x" "file:s/a/b:y"
	refused "contains it twice" tar "file:s/a/b:x" "file:s/a:y"
	refused "contains it twice" zip "file:s/a:x" "file:s/a:y"
	refused "deeper than" tar "file:$(printf 'd/%.0s' {1..70})x:y"
	refused "File name too long" tar "file:$(printf 'x%.0s' {1..300}):y"
}

# bats test_tags=slow
@test "a decompression bomb is refused before it fills the disk" {
	hostile_setup
	refused "times its size" tar "sparse:s/a:100000000000"
	refused "times its size" tar "file:s/b:x" "claim:s/a:999999999999"
	refused "times its size" zip "file:s/b:x" "claim:s/a:3000000000"
	"$FORGE" tar "zeros:s/a:200000000" | gzip -1 >"$A/x"
	refused "times its size"
	gzip -c "$A/x" | gzip -1 >"$A/y"
	mv "$A/y" "$A/x"
	refused "times its size"
	"$FORGE" zip "file:s/a:abc" >"$A/x"
	sed -i 's/abc/abd/' "$A/x"
	refused "damaged"
	refused "times its size" tar "claim:s/a:4611686018427387000"
	refused "damaged" tar "claim:s/a:9223372036854775807"
}

@test "an archive with too many entries is refused" {
	hostile_setup
	"$FORGE" tar "folders:s/a:100003" | gzip -1 >"$A/x"
	refused "contains more than 100002 entries"
	is_long || return 0             # a hundred thousand files take a while
	refused "contains more than 100002 entries" tar "many:s/a:100003"
}

# bats test_tags=slow
@test "a file that is not an archive, or only a part of one, is refused" {
	hostile_setup
	: >"$A/x"
	refused "damaged"
	head -c 100000 /dev/urandom >"$A/x"
	refused "damaged"
	cp "$REC/$MEDIA" "$A/x"
	refused "damaged"
	refused "contains no files" tar "dir:a"
	refused "its end is missing" tar "file:s/a:x" "end:"
	refused "damaged" tar "claim:s/a:1000" "end:"
	refused "damaged" zip "file:s/a:x" "end:"
	refused "contains no files" tar "file:s/.jibri-finalize:{}"
}

# bats test_tags=slow
@test "an archive cut at any place is refused" {
	local suffix size n points=0
	hostile_setup
	pack 0 -o "$DIR/x.tar" "$REC"
	pack 0 -o "$DIR/x.tar.gz" "$REC"
	pack 0 -o "$DIR/x.tar.zst" "$REC"
	pack 0 -o "$DIR/x.zip" "$REC"
	for suffix in tar tar.gz tar.zst zip; do
		size=$(stat -c %s "$DIR/x.$suffix")
		for ((n = 1; n < size - 1024; n += size / (LONG ? 300 : 3))); do
			head -c "$n" "$DIR/x.$suffix" >"$A/x"
			refused ""
			points=$((points + 1))
		done
		[ "$suffix" = tar ] || head -c -1 "$DIR/x.$suffix" >"$A/x"
		refused ""
	done
	# Between two entries, where a tar reader sees nothing wrong.
	for ((n = 512; n < $(stat -c %s "$DIR/x.tar") - 1024;
	n += (LONG ? 512 : 3072))); do
		head -c "$n" "$DIR/x.tar" >"$A/x"
		refused ""
		{ cat "$A/x"; head -c 1024 /dev/zero; } >"$A/y"
		mv "$A/y" "$A/x"
		refused ""
		points=$((points + 2))
	done
	say "points: $points"
}

# bats test_tags=slow
@test "an archive that disagrees with its manifest is refused" {
	local out=$DIR/out/$SESSION
	hostile_setup
	repacked() { tar -cf "$A/x" -C "$DIR/out" "$SESSION"; }
	pack 0 -o "$DIR/x.tar" "$REC"
	unpacked "$DIR/x.tar" "$DIR/out"

	printf 'X' | dd of="$out/$MEDIA" bs=1 seek=100 conv=notrunc status=none
	repacked
	refused "$MEDIA: the archive's manifest says"
	cp "$REC/$MEDIA" "$out"
	echo >>"$out/metadata.json"
	repacked
	refused "metadata.json: the archive's manifest says"
	cp "$REC/metadata.json" "$out"
	echo more >"$out/more.txt"
	repacked
	refused "more.txt: the archive's manifest does not list it"
	mv "$out/more.txt" "$DIR/out/beside.txt"
	tar -cf "$A/x" -C "$DIR/out" "$SESSION" beside.txt
	refused "beside.txt: the archive's manifest does not list it"
	mv "$out/$MEDIA" "$DIR/media"
	repacked
	refused "lists it but the archive does not contain it"
	mv "$DIR/media" "$out/$MEDIA"
	sed -i 1d "$out/.jibri-finalize-manifest.jsonl"
	repacked
	refused "manifest is damaged or of an unknown version"
	: >"$out/.jibri-finalize-manifest.jsonl"
	repacked
	refused "manifest is empty"
	rm "$out/.jibri-finalize-manifest.jsonl"
	repacked
	refused "cut short: its manifest is missing"
}

# bats test_tags=slow
@test "packing and unpacking a large recording takes constant memory" {
	sparse "$REC/large.mp4" "$(is_long && echo 5000000000 || echo 200000000)"
	peak() {
		local pid kib=0 now
		"$BIN" "$@" >"$DIR/output" 2>&1 3>&- &
		pid=$!
		while now=$(awk '/^VmHWM:/ { print $2 }' "/proc/$pid/status" 2>/dev/null); do
			((${now:-0} <= kib)) || kib=$now
			sleep 0.02
			kill -0 "$pid" 2>/dev/null || break
		done
		wait "$pid" || { cat "$DIR/output" >&2; return 1; }
		say "VmHWM of $1: $kib KiB"
		((kib > 1000 && (kib <= 32768 || ${SAN:-0} == 1)))
	}
	faults 'webhook * * slow-store 0.4'
	peak pack -o "$A/x.tar.zst" "$REC"
	grep -q "unpacks to more than 200 times its size" "$DIR/output"
	peak upload --unpack-ratio 1000000 "$A/x.tar.zst"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}
