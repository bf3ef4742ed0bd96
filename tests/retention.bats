#!/usr/bin/env bats
# Removing delivered recordings: only those that the server proves to have, the
# oldest first, and so that the next sweep finishes after a crash.

load lib

setup() {
	common_setup
	recordings_root
	start_sandbox
}

teardown() {
	if mountpoint -q "$DIR/small" 2>/dev/null; then umount "$DIR/small"; fi
	common_teardown
}

# deliver SESSION: a recording that is done.
deliver() {
	another_recording "$1"
	mkdir "$REC/sub"
	echo "$1" >"$REC/sub/notes.txt"
	"$BIN" "$REC" >"$DIR/out" 2>&1
}

# long_ago SESSION: its journal is a year old.
long_ago() {
	sed -i -E 's/"at":[0-9]+/"at":1767323045000/' "$TOP/$1/.jibri-finalize"
}

# left: what is in the recordings directory, everything.
left() {
	(cd "$TOP" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort)
}

# whole SESSION: all four files of deliver() and the journal.
whole() {
	[ "$(find "$TOP/$1" -type f | wc -l)" = 4 ]
}

@test "by default nothing is ever removed" {
	deliver one
	touch -d '10 years ago' "$TOP/one"
	sweep 0
	whole one
}

@test "recordings delivered longer ago than retention are removed, and nothing else" {
	local journal=$TOP/old/.jibri-finalize
	deliver old
	jq -c '.at -= 7200000' "$journal" >"$DIR/aged"
	cat "$DIR/aged" >"$journal"
	deliver new
	another_recording undelivered
	rooms '{}'
	sweep 65 --retention 1h
	[ ! -e "$TOP/old" ]
	whole new
	assert_equal "$(find "$TOP/undelivered" -type f | wc -l)" 3
	assert_equal "$output" \
		"0 delivered, 0 waiting, 1 held, 1 done, 1 removed"
	assert_equal "$(find "$SB/store" -type f | wc -l)" 6
	# The journal counts where the mark is missing.
	touch "$TOP/new/.jibri-finalize"
	sweep 0 --retention 1h
	whole new
}

@test "a recording that the server no longer lists is kept and held, and can be sent again" {
	deliver one
	deliver two
	local id
	id=$(jq -r 'select(.event == "stored" and .path == "sub/notes.txt") |
		.id' "$TOP/one/.jibri-finalize")
	forget_stored "$id"
	# It may still come.
	JIBRI_FINALIZE_ANSWER_TIMEOUT=1h sweep 0 --retention 1ms
	whole one
	long_ago one
	sweep 65 --retention 1ms
	whole one
	[ ! -e "$TOP/two" ]
	[[ $log == *"lost on the server: sub/notes.txt ("* ]]
	"$BIN" status --json | jq -e '.recordings[0] | .state == "held" and
		(.lastError | startswith("lost on the server"))'
	sweep 0 --held
	assert_equal "$(webhooks | grep -c ' one$')" 2
	sweep 0 --retention 1ms
	assert_equal "$(left)" ""
}

# forget_stored ID: the server loses this file.
forget_stored() {
	local path
	path=$(curl -s "$URL/metadata?referenceId=123" |
		jq -r --arg id "$1" '.[] | select((.id | tostring) == $id) | .path')
	stop_sandbox
	rm "$SB/store$path"
	sed -i "\\|\"$path\"|d" "$SB"/records.jsonl 2>/dev/null || true
	start_sandbox
}

@test "everything is kept while the server cannot be asked" {
	deliver one
	faults "list * * status 503"
	sweep 75 --retention 1ms
	whole one
	[[ $log == *"one: not removed:"*"HTTP 503"* ]]
	faults "list * * status 403"
	sweep 77 --retention 1ms
	whole one
	stop_sandbox
	sweep 75 --retention 1ms
	whole one
}

@test "a record of another size proves nothing" {
	deliver one
	stop_sandbox
	echo more >>"$SB/store/$ROOM/one/sub/notes.txt"
	start_sandbox
	curl -s "$URL/metadata?referenceId=123" >"$DIR/list"
	jq 'map(if .filename == "notes.txt" then .size = 1 else . end)' \
		"$DIR/list" >"$SB/list.json"
	faults "list * * body list.json application/json"
	long_ago one
	sweep 65 --retention 1ms
	whole one
}

@test "a recording with a file that was never sent is kept, without a message" {
	deliver one
	echo x >"$TOP/one/rest.part"
	sweep 0 --retention 1ms
	assert_equal "$output$log" ""
	[ -e "$TOP/one/rest.part" ]
	[ -e "$TOP/one/$MEDIA" ]
	# So is one that somebody works on.
	rm "$TOP/one/rest.part"
	flock_journal one
	sweep 0 --retention 1ms
	[ -e "$TOP/one/$MEDIA" ]
}

# flock_journal SESSION: another process holds its lock.
flock_journal() {
	another_recording "$1"
	echo again >"$REC/b.txt"
	faults "upload b.txt * stall-answer 50"
	"$BIN" "$REC" >"$DIR/out2" 2>&1 3>&- &
	wait_for grep -qs b.txt "$SB/requests.jsonl"
}

@test "sweep --dry-run names what would be removed, and removes nothing" {
	deliver one
	local before
	before=$(requests)
	sweep 0 --retention 1ms --dry-run
	assert_output_has "would be removed if the server has all of it: $TOP/one"
	whole one
	assert_equal "$(requests)" "$before"
}

@test "min-free without retention is refused, as it would do nothing" {
	sweep 78 --min-free 10%
	[[ $log == *"min-free has no effect without retention"* ]]
}

@test "min-free removes the oldest first, until enough is free, and never an undelivered recording" {
	((EUID == 0)) || skip "needs root to mount"
	mkdir "$DIR/small"
	mount -t tmpfs -o size=10m tmpfs "$DIR/small"
	TOP=$DIR/small
	local s
	for s in a b c; do
		mkdir -p "$TOP/$s"
		REC=$TOP/$s SESSION=$s recording
		head -c 2000000 /dev/zero >"$TOP/$s/data.bin"
		"$BIN" "$TOP/$s" >/dev/null 2>&1
		sleep 0.02
	done
	sweep 0 "$TOP" --retention 30d --min-free 50%
	[ ! -e "$TOP/a" ]
	[ -e "$TOP/b/data.bin" ]
	[ -e "$TOP/c/data.bin" ]
	# Undelivered data fill the disk: everything else is removed, with a
	# message.
	mkdir "$TOP/d"
	REC=$TOP/d SESSION=d recording
	head -c 6000000 /dev/zero >"$TOP/d/data.bin"
	find "$TOP/d" -exec touch -d '1 minute ago' {} +
	faults "lookup * * status 404"
	sweep 65 "$TOP" --retention 30d --min-free 50%
	assert_equal "$(ls "$TOP")" d
	[ -e "$TOP/d/data.bin" ]
	[[ $log == *"nothing is left that may be removed; 1 recordings are not delivered"* ]]
}

@test "a record of the same path and size is not enough: the ID in the journal has to be listed" {
	deliver one
	stop_sandbox
	# Another client stored these; the files of the journal are gone.
	jq -c '.id += 1000' "$SB/records.jsonl" >"$DIR/others"
	cp "$DIR/others" "$SB/records.jsonl"
	start_sandbox
	long_ago one
	sweep 65 --retention 1ms
	whole one
	[[ $log == *"lost on the server: "*" is no longer there"* ]]
	# A run by hand accepts them, and they are known from now on.
	run -0 "$BIN" upload "$TOP/one"
	assert_equal "$(requests upload)" 3
	sweep 0 --retention 1ms
	[ ! -e "$TOP/one" ]
}

@test "a call of the hook, also with --defer, looks for files held as lost and sends them again" {
	local how
	for how in '' --defer; do
		deliver one
		forget_stored "$(jq -r 'select(.event == "stored" and
			.path == "sub/notes.txt") | .id' \
			"$TOP/one/.jibri-finalize")"
		long_ago one
		sweep 65 --retention 1ms
		run -0 "$BIN" ${how:+"$how"} "$TOP/one"
		is_stored metadata.json "$MEDIA" sub/notes.txt
		sweep 0 --retention 1ms
		[ ! -e "$TOP/one" ]
	done
}

# list_as JQ: from now on the server's list is changed by this filter.
list_as() {
	curl -s "$URL/metadata?referenceId=123" | jq "$1" >"$SB/list.json"
	faults "list * * body list.json application/json"
}

@test "a file listed without a size, or stored without an ID, is kept and named once, without an error" {
	deliver one
	deliver two
	list_as 'map(del(.size))'
	sweep 0 --retention 1ms
	whole one
	whole two
	assert_equal "$(grep -c 'kept: the server lists no size for' "$DIR/log")" 1
	faults
	sed -i 's/,"id":"[0-9]*"}$/}/' "$TOP/one/.jibri-finalize"
	sweep 0 --retention 1ms
	whole one
	[ ! -e "$TOP/two" ]
	[[ $log == *"one: kept: $MEDIA was stored without an id"* ]]
}

@test "retention-verify = deep removes only files with the same bytes at the server, and needs no sizes" {
	deliver one
	deliver two
	list_as 'map(del(.size))'
	local path=$SB/store/$ROOM/one/sub/notes.txt
	tr '[:lower:]' '[:upper:]' <"$path" >"$DIR/other"
	cat "$DIR/other" >"$path"
	sweep 65 --retention 1ms --retention-verify deep
	whole one
	[ ! -e "$TOP/two" ]
	[[ $log == *"lost on the server: sub/notes.txt has different content there"* ]]
}

# between FIRST SECOND FILE: the lines from the last one that FIRST matches on
# to the next that SECOND matches.
between() {
	awk -v first="$1" -v second="$2" '$0 ~ first { text = ""; is_in = 1 }
		is_in { text = text $0 "\n" } $0 ~ second { is_in = 0 }
		END { printf "%s", text }' "$3"
}

@test "retention needs no rename, no open file at its end and no longer name, as on NFS" {
	local name fd
	needs_strace
	# The search for leaks does not work under strace.
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	name=$(printf 'n%.0s' {1..250})
	deliver "$name"
	strace -f -qq -o "$DIR/trace" -e trace=openat,openat2,close,unlinkat,renameat2 \
		-e inject=renameat2:error=EINVAL \
		"$BIN" sweep --retention 1ms >"$DIR/out" 2>&1
	assert_equal "$(left)" ""
	fd=$(sed -n 's/.*"\.jibri-finalize", O_RDWR.* = \([0-9]*\)$/\1/p' \
		"$DIR/trace" | tail -1)
	between 'unlinkat.*"\\.jibri-finalize", 0' 'AT_REMOVEDIR' "$DIR/trace" |
		grep -q "close($fd)"
	run ! grep -q renameat2 "$DIR/trace"
}

@test "our own files in a recording are removed with it" {
	deliver one
	echo '{}' >"$TOP/one/.jibri-finalize-journal.jsonl"
	echo '{}' >"$TOP/one/sub/.jibri-finalize-manifest.jsonl"
	JIBRI_FINALIZE_LOG_FILE=$TOP/one/finalize.log sweep 0 --retention 1ms
	assert_equal "$(left)" ""
	assert_equal "$output" "0 delivered, 0 waiting, 0 held, 0 done, 1 removed"
}

@test "a directory moved away while the server is asked is left alone, and so is another one under its name" {
	deliver one
	faults "list * * stall-stored 1"
	JIBRI_FINALIZE_ANSWER_TIMEOUT=10s "$BIN" sweep --retention 1ms >"$DIR/out" 2>&1 3>&- &
	local pid=$!
	wait_for list_begun
	mv "$TOP/one" "$DIR/moved"
	another_recording one
	wait "$pid"
	assert_equal "$(find "$DIR/moved" -type f | wc -l)" 4
	assert_equal "$(find "$TOP/one" -type f | wc -l)" 2
}

list_begun() {
	(($(requests list) > 1))
}

@test "in an outage retention asks once, reports it, and stops for this sweep" {
	local s before
	for s in a b c d; do deliver "$s"; done
	faults "list * * status 503"
	before=$(requests list)
	sweep 75 --retention 1ms
	assert_equal "$(($(requests list) - before))" 1
	[[ $log == *"a: not removed:"*"HTTP 503; retention ends for this sweep"* ]]
	assert_equal "$(find "$TOP" -mindepth 1 -maxdepth 1 | wc -l)" 4
	# A problem with one does not stop the others.
	faults "list * 1 status 500"
	sweep 75 --retention 1ms
	assert_equal "$(ls "$TOP")" a
}

@test "an empty directory older than retention and settle is removed, a younger one stays" {
	mkdir -p "$TOP/old" "$TOP/new"
	touch -d '2 hours ago' "$TOP/old"
	sweep 0 --retention 90m
	assert_equal "$(left)" new
	touch -d '2 hours ago' "$TOP/new"
	sweep 0 --retention 1d
	sweep 0 --retention 1s --settle 1d
	sweep 0
	assert_equal "$(left)" new
}

# half_removed SESSION: a removal that a crash has cut short.
half_removed() {
	deliver "$1"
	strace -f -qq -o "$DIR/trace" -e trace=unlinkat \
		-e inject=unlinkat:signal=SIGKILL:when=2 \
		"$BIN" sweep --retention 1ms >"$DIR/out" 2>&1 || true
	(($(find "$TOP/$1" -type f | wc -l) < 4))
	[ -s "$TOP/$1/.jibri-finalize" ]
}

@test "a half-removed recording counts as done everywhere, and nothing is sent again" {
	half_removed one
	assert_equal "$("$BIN" status --json |
		jq -r '.recordings[0].state')" "done"
	: >"$SB/requests.jsonl"
	sweep 0
	"$BIN" "$TOP/one" >"$DIR/out" 2>&1
	"$BIN" upload "$TOP/one" >"$DIR/out" 2>&1
	assert_equal "$(requests upload)" 0
	assert_equal "$(webhooks)" "STOPPED $ROOM one"
	sweep 0 --retention 1ms
	assert_equal "$(left)" ""
}

@test "a file put into a half-removed recording is kept and delivered, without FAILED" {
	half_removed one
	echo late >"$TOP/one/late.txt"
	sweep 0 --retention 1ms
	[ -e "$TOP/one/late.txt" ]
	sweep 0 --settle 1ms
	[ -e "$SB/store/$ROOM/one/late.txt" ]
	assert_equal "$(webhooks | sort -u)" "STOPPED $ROOM one"
}

# tombstone SESSION: what version 0.1.0 left when a crash cut its removal short.
tombstone() {
	deliver "$1"
	echo '{"at":1795948569587,"event":"removing"}' >>"$TOP/$1/.jibri-finalize"
	rm "$TOP/$1/$MEDIA"
	mv "$TOP/$1" "$TOP/.jibri-finalize-removing-$1"
}

@test "a tombstone of version 0.1.0 is removed once the server lists what is left in it" {
	tombstone one
	assert_equal "$("$BIN" status --json |
		jq -r '.recordings[0] | .session, .state')" \
		"$(printf 'one\ndone')"
	faults "list * * status 503"
	sweep 75 --retention 1ms
	[ -e "$TOP/.jibri-finalize-removing-one/metadata.json" ]
	faults
	sweep 0 --retention 1ms
	assert_equal "$(left)" ""
	refute_rubbish
	# The last step of one was to remove an empty directory.
	mkdir "$TOP/.jibri-finalize-removing-two"
	touch -d '2 hours ago' "$TOP/.jibri-finalize-removing-two"
	sweep 0 --retention 1h
	assert_equal "$(left)" ""
}

refute_rubbish() {
	[[ $log != *"not events"* ]]
}

@test "a new file in a tombstone of version 0.1.0 is delivered to its old session" {
	tombstone one
	echo late >"$TOP/.jibri-finalize-removing-one/late.txt"
	sweep 0 --settle 1ms
	refute_rubbish
	[ -e "$SB/store/$ROOM/one/late.txt" ]
	assert_equal "$(webhooks | sort -u)" "STOPPED $ROOM one"
	sweep 0 --retention 1ms
	assert_equal "$(left)" ""
}

@test "recordings that version 0.1.0 sealed or was about to remove are done and removed" {
	deliver one
	echo '{"at":1795948569587,"event":"removing"}' >>"$TOP/one/.jibri-finalize"
	deliver two
	# The seal: one nanosecond older than the directory.
	touch -d "@1767323045.000000001" "$TOP/two"
	touch -d "@1767323045.000000000" "$TOP/two/.jibri-finalize"
	assert_equal "$("$BIN" status --json |
		jq -r '.recordings[].state' | sort -u)" "done"
	sweep 0 --retention 1ms
	refute_rubbish
	assert_equal "$(left)" ""
}

# removal CALL N: one recording, its removal killed at the Nth CALL.  What is
# left is done, or an empty directory; the next sweeps finish, and nothing is
# sent again.  Sets is_over if there was no such call.  Do not use it in a
# condition, where bash ignores failures.
removal() {
	local session=k-$1-$2 rc=0
	deliver "$session"
	# As the sandbox logs all requests, each point begins with none.
	: >"$SB/requests.jsonl"
	strace -f -qq -o "$DIR/trace" -e trace="$1" \
		-e inject="$1":signal=SIGKILL:when="$2" \
		"$BIN" sweep --retention 1ms >"$DIR/out" 2>&1 || rc=$?
	is_over=$((rc == 0))
	if ((is_over)); then
		[ ! -e "$TOP/$session" ]
		return 0
	fi
	points=$((points + 1))
	if [ -n "$(find "$TOP" -mindepth 2)" ]; then
		assert_equal "$("$BIN" status --json |
			jq -r '.recordings[] | .session, .state')" \
			"$(printf '%s\ndone' "$session")"
	fi
	sweep 0 --retention 1ms
	find "$TOP" -mindepth 1 -exec touch -d '2 hours ago' {} +
	sweep 0 --retention 1ms
	assert_equal "$(left)" ""
	assert_equal "$(find "$SB/store/$ROOM/$session" -type f | wc -l)" 3
	(($(requests list) <= 2 && $(requests upload) == 0))
}

# bats test_tags=slow
@test "a removal killed at any call leaves a done recording, and the next sweeps finish it" {
	# LeakSanitizer cannot work under strace.
	[ "${SAN:-}" != 1 ] || export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	local call n points=0 is_over
	for call in unlinkat fsync close; do
		for n in 1 2 3 4 5 6 7 8; do
			removal "$call" "$n"
			((!is_over)) || break
		done
	done
	echo "# points: $points" >&3
	((points >= 8))
}

@test "two files that the server keeps as one are not removed, and status names both" {
	local id
	another_recording two
	echo one >"$REC/Notes.txt"
	echo two >"$REC/notes.txt"
	"$BIN" "$REC" >"$DIR/out" 2>&1
	# As an earlier version left it: both are stored under one id.
	id=$(jq -r 'select(.path == "notes.txt" and .id).id' \
		"$REC/.jibri-finalize")
	sed -i "/Notes.txt/s/\"id\":\"[0-9]*\"/\"id\":\"$id\"/" \
		"$REC/.jibri-finalize"
	assert_equal "$(grep -c "\"id\":\"$id\"" "$REC/.jibri-finalize")" 2
	long_ago two
	sweep 65 --retention 1s
	[ -e "$REC/Notes.txt" ]
	[ -e "$REC/notes.txt" ]
	"$BIN" status --json "$TOP" >"$DIR/status" || true
	grep -q "keeps one file for Notes.txt and notes.txt" "$DIR/status"
	# With different names both are sent, and the recording may be removed.
	mv "$REC/notes.txt" "$REC/other.txt"
	"$BIN" upload "$REC" >"$DIR/out" 2>&1
	assert_equal "$(requests upload)" 6
	sleep 1.1
	sweep 0 --retention 1s
	[ ! -e "$REC" ]
}
