#!/usr/bin/env bats
# Removing what is delivered: only what the server shows now, the oldest
# first, and so that a crash leaves everything or what the next sweep ends.

load lib

setup() {
	common_setup
	TOP=$DIR/recordings
	rmdir "$REC"
	export JIBRI_FINALIZE_RECORDINGS_DIR=$TOP
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

# sweep CODE [ARGUMENT...]: sets output (stdout) and log (stderr).
sweep() {
	local want=$1 rc=0
	shift
	timeout -k 5 60 "$BIN" sweep "$@" >"$DIR/out" 2>"$DIR/log" || rc=$?
	output=$(<"$DIR/out")
	log=$(<"$DIR/log")
	[ "$rc" = "$want" ] && return 0
	printf 'exit code %s, not %s\n%s\n%s\n' "$rc" "$want" "$log" "$output" >&2
	return 1
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

@test "what was delivered longer ago than retention is removed, and nothing else" {
	deliver old
	sleep 1.1
	deliver new
	another_recording undelivered
	rooms '{}'
	sweep 65 --retention 1s
	[ ! -e "$TOP/old" ]
	whole new
	assert_equal "$(find "$TOP/undelivered" -type f | wc -l)" 3
	assert_equal "$output" \
		"0 delivered, 0 waiting, 1 held, 1 done, 1 removed"
	assert_equal "$(find "$SB/store" -type f | wc -l)" 6
	# What the journal itself says counts where the mark is missing.
	touch "$TOP/new/.jibri-finalize"
	sweep 0 --retention 1h
	whole new
}

@test "what the server no longer shows is kept, held, and can be sent again" {
	deliver one
	deliver two
	local id
	id=$(jq -r 'select(.event == "stored" and .path == "sub/notes.txt") |
		.id' "$TOP/one/.jibri-finalize")
	forget_stored "$id"
	sweep 65 --retention 1ms
	whole one
	[ ! -e "$TOP/two" ]
	[[ $log == *"lost on the server: sub/notes.txt is not there any more"* ]]
	"$BIN" status --json | jq -e '.[0] | .state == "held" and
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

@test "while the server cannot be asked everything is kept" {
	deliver one
	faults "list * * status 503"
	sweep 75 --retention 1ms
	whole one
	[[ $log == *"one: is not removed:"*"HTTP 503"* ]]
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
	sweep 65 --retention 1ms
	whole one
}

@test "a recording that holds what was never sent is kept, without a word" {
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
	assert_output_has "would be removed, if the server has all of it: $TOP/one"
	whole one
	assert_equal "$(requests)" "$before"
}

@test "min-free without retention is refused: it would do nothing" {
	sweep 78 --min-free 10%
	[[ $log == *"min-free: it shortens retention, which is not set"* ]]
}

@test "min-free removes the oldest first, until enough is free, and never what is undelivered" {
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
	# Undelivered data fills it: everything else goes, and that is said.
	mkdir "$TOP/d"
	REC=$TOP/d SESSION=d recording
	head -c 6000000 /dev/zero >"$TOP/d/data.bin"
	faults "lookup * * status 404"
	sweep 65 "$TOP" --retention 30d --min-free 50%
	assert_equal "$(ls "$TOP")" d
	[ -e "$TOP/d/data.bin" ]
	[[ $log == *"nothing is left that may be removed; 1 recordings are not delivered"* ]]
}

@test "what is put into a recording while it is being removed brings it back, and is delivered" {
	deliver one
	strace -f -qq -o "$DIR/trace" -e trace=unlinkat \
		-e inject=unlinkat:signal=SIGKILL:when=1 \
		"$BIN" sweep --retention 1ms >"$DIR/out" 2>&1 || true
	local half=$TOP/.jibri-finalize-removing-one
	[ -d "$half" ]
	assert_equal "$("$BIN" status --json | jq -r '.[0].state')" removing
	echo late >"$half/late.txt"
	sweep 0 --retention 1ms
	[ -e "$TOP/one/late.txt" ]
	find "$TOP/one" -exec touch -d '2 hours ago' {} +
	sweep 0
	[ -e "$SB/store/$ROOM/one/late.txt" ]
}

# removal CALL N: one recording, the removal killed at the Nth CALL.  What is
# left is all of it under its own name, or under that of the tombstone; the
# next sweep ends it.  Sets is_over where there was no such call.  Not for a
# condition: there bash would pass over what fails.
removal() {
	local session=k-$1-$2 rc=0 left
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
	left=$(cd "$TOP" && ls -A)
	case $left in
	"$session") whole "$session" ;;
	".jibri-finalize-removing-$session" | "") ;;
	*)
		echo "$session: left: $left" >&2
		return 1
		;;
	esac
	sweep 0 --retention 1ms
	assert_equal "$(left)" ""
	assert_equal "$(find "$SB/store/$ROOM/$session" -type f | wc -l)" 3
	(($(requests list) <= 2 && $(requests upload) == 0))
}

@test "killed at any call, a removal leaves everything, or a tombstone that the next sweep ends" {
	# LeakSanitizer cannot work under strace.
	[ "${SAN:-}" != 1 ] || export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	local call n points=0 is_over
	for call in renameat2 unlinkat fsync fdatasync write; do
		for n in 1 2 3 4 5 6 7 8; do
			removal "$call" "$n"
			((!is_over)) || break
		done
	done
	echo "# points: $points" >&3
	((points >= 8))
}
