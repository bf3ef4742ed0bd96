#!/usr/bin/env bats
# The sweeper: which recordings it delivers, when, and what it prints.
#
# The recordings directory is $DIR/recordings; each test lays out what it
# needs there.  Times are short: a pause of 200 ms, a settle of an hour.

load lib

setup() {
	common_setup
	recordings_root
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=200ms
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=400ms
}

teardown() {
	common_teardown
}

# place SESSION: a finished recording for which the hook was never called.
place() {
	another_recording "$1"
}

# old PATH...: make these two hours old.
old() {
	find "$@" -exec touch -d '2 hours ago' {} +
}

# state SESSION: its state by status, or nothing.
state() {
	"$BIN" status --json 2>/dev/null |
		jq -r --arg n "$TOP/$1" '.recordings[] | select(.path == $n) | .state'
}

# objects: how many files the server has in all.
objects() {
	find "$SB/store" -type f 2>/dev/null | wc -l
}

@test "a sweep delivers what is due and reports it in one line; the next one has nothing to do" {
	start_sandbox
	place one
	place two
	sweep 0
	assert_equal "$(objects)" 4
	assert_equal "$(webhooks | sort)" "STOPPED $ROOM one
STOPPED $ROOM two"
	assert_equal "$output" "2 delivered, 0 waiting, 0 held, 0 done"
	local before
	before=$(requests)
	sweep 0
	assert_equal "$output$log" ""
	assert_equal "$(requests)" "$before"
	assert_equal "$(state one) $(state two)" "done done"
}

@test "a delivered recording that gets its owner and mode again is looked at, and nothing is sent" {
	local before
	start_sandbox
	place one
	sweep 0
	before=$(requests upload)
	chown "$(id -u)" "$TOP/one"/*
	assert_equal "$(state one)" due
	sweep 0
	assert_equal "$(state one) $(requests upload)" "done $before"
	assert_equal "$(webhooks)" "STOPPED $ROOM one"
}

@test "files added or changed after a recording was done are delivered, in any folder" {
	start_sandbox
	place one
	mkdir "$TOP/one/chat"
	echo a >"$TOP/one/chat/a.txt"
	old "$TOP/one"
	sweep 0
	assert_equal "$(objects)" 3
	# Not at once, as a second Jibri may still be writing.
	echo more >"$TOP/one/more.txt"
	assert_equal "$(state one)" settling
	sweep 0
	assert_equal "$(objects)" 3
	old "$TOP/one"
	assert_equal "$(state one)" due
	sweep 0
	assert_equal "$(objects)" 4
	# Neither changes the mtime of the recording's directory.
	echo b >"$TOP/one/chat/b.txt"
	old "$TOP/one/chat"
	sweep 0
	assert_equal "$(objects)" 5
	echo longer >"$TOP/one/chat/b.txt"
	touch -d '1 hour ago' "$TOP/one/chat/b.txt"
	sweep 0
	assert_equal "$(objects)" 6
	assert_equal "$(state one)" "done"
	assert_equal "$(webhooks | wc -l)" 4
}

@test "what is withheld for its content does not reopen a recording, however large it is" {
	local i before
	start_sandbox
	place one
	for i in {1..4}; do
		{ head -c 8000000 /dev/zero && echo '"upload_credentials"'; } \
			>"$TOP/one/$i.log"
	done
	old "$TOP/one"
	sweep 0
	assert_equal "$(objects)" 2
	assert_equal "$(state one)" "done"
	before=$(cksum <"$TOP/one/.jibri-finalize")
	sweep 0
	assert_equal "$(cksum <"$TOP/one/.jibri-finalize")" "$before"
	# A new one is noted by the visit that reads it.
	cp "$TOP/one/1.log" "$TOP/one/5.log"
	old "$TOP/one"
	assert_equal "$(state one)" due
	sweep 0
	assert_equal "$(state one)" "done"
	# It can be sent now.
	echo '"nothing"' >"$TOP/one/5.log"
	old "$TOP/one"
	sweep 0
	assert_equal "$(objects)" 3
	run_command 0 show "$TOP/one"
	refute_output_has gone
}

@test "a recording whose media file is arriving settles, whatever clip is beside it" {
	start_sandbox
	place one
	mv "$TOP/one/$MEDIA" "$TOP/one/clip.mp4"
	echo partial >"$TOP/one/.$MEDIA.a1B2c3"
	old "$TOP/one"
	touch "$TOP/one/.$MEDIA.a1B2c3"
	assert_equal "$(state one)" settling
	sweep 0
	assert_equal "$(webhooks)" ""
	cp "$TOP/one/clip.mp4" "$TOP/one/$MEDIA"
	old "$TOP/one"
	assert_equal "$(state one)" due
	sweep 0
	assert_equal "$(webhooks)" "STOPPED $ROOM one"
}

@test "an orphan is delivered when metadata.json is whole, or when nothing has changed for settle" {
	start_sandbox
	place whole
	place live
	rm "$TOP/live/metadata.json"
	head -c 48 /dev/zero >"$TOP/live/$MEDIA"
	place cut
	head -c -20 "$TOP/cut/metadata.json" >"$TOP/cut/part"
	mv "$TOP/cut/part" "$TOP/cut/metadata.json"
	assert_equal "$(state whole) $(state live) $(state cut)" \
		"due settling settling"
	sweep 0
	assert_equal "$(webhooks)" "STOPPED $ROOM whole"
	# Without metadata.json the media file's name has the room.
	old "$TOP/cut"
	cp "$ROOT/tests/data/video.mp4" "$TOP/live/$MEDIA"
	old "$TOP/live"
	sweep 0
	assert_equal "$(webhooks | sort)" "STOPPED $ROOM cut
STOPPED $ROOM live
STOPPED $ROOM whole"
}

@test "if metadata.json comes before the media, a sweep waits for them, and a recording held for them reopens" {
	start_sandbox
	place one
	rm "$TOP/one/$MEDIA"
	touch -d '1 minute ago' "$TOP/one"
	assert_equal "$(state one)" settling
	head -c 3000 "$ROOT/tests/data/video.mp4" >"$TOP/one/$MEDIA"
	touch -d '1 minute ago' "$TOP/one/$MEDIA" "$TOP/one"
	assert_equal "$(state one)" settling
	sweep 0
	assert_equal "$(requests)" 0
	old "$TOP/one"
	sweep 65
	assert_equal "$(webhooks | cut -d' ' -f1)" FAILED
	assert_equal "$(state one)" held
	# Nothing new: it stays held, without a request.
	local before
	before=$(requests)
	sweep 0
	assert_equal "$(requests)" "$before"
	cp "$ROOT/tests/data/video.mp4" "$TOP/one/$MEDIA"
	assert_equal "$(state one)" settling
	old "$TOP/one"
	assert_equal "$(state one)" due
	sweep 0
	assert_equal "$(webhooks | cut -d' ' -f1 | tr '\n' ' ')" "FAILED STOPPED "
	assert_equal "$(state one)" "done"
}

@test "a recording held for its media is due ten seconds after it is complete" {
	start_sandbox
	place one
	mv "$TOP/one/$MEDIA" "$DIR/later"
	old "$TOP/one"
	sweep 65
	assert_equal "$(state one)" held
	cp "$DIR/later" "$TOP/one/$MEDIA"
	touch -d '15 seconds ago' "$TOP/one"/* "$TOP/one"
	assert_equal "$(state one)" due
	sweep 0
	assert_equal "$(webhooks | cut -d' ' -f1 | tr '\n' ' ')" "FAILED STOPPED "
	# Half a media file is awaited longer.
	place two
	mv "$TOP/two/$MEDIA" "$DIR/later"
	old "$TOP/two"
	sweep 65
	head -c 3000 "$DIR/later" >"$TOP/two/$MEDIA"
	touch -d '15 seconds ago' "$TOP/two"/* "$TOP/two"
	assert_equal "$(state two)" settling
}

@test "a recording held for its media is tried once for each change, not at each sweep" {
	start_sandbox
	place one
	: >"$TOP/one/$MEDIA"
	old "$TOP/one"
	sweep 65
	echo "still nothing" >"$TOP/one/$MEDIA"
	old "$TOP/one"
	sweep 65
	assert_equal "$(state one)" held
	local before
	before=$(requests)
	sweep 0
	assert_equal "$(requests)" "$before"
	assert_equal "$(webhooks | cut -d' ' -f1)" FAILED
}

@test "a recording that a process of this host has open is left alone" {
	start_sandbox
	place orphan
	rm "$TOP/orphan/metadata.json"
	old "$TOP/orphan"
	place whole
	tail -f "$TOP/orphan/$MEDIA" >/dev/null 3>&- &
	local reader=$!
	exec 7>>"$TOP/whole/$MEDIA"
	assert_equal "$(state orphan) $(state whole)" "settling settling"
	sweep 0
	assert_equal "$(requests)" 0
	exec 7>&-
	# Once metadata.json is whole, a process that only reads is not Jibri.
	exec 7<"$TOP/whole/$MEDIA"
	assert_equal "$(state whole)" due
	exec 7<&-
	kill "$reader"
	wait "$reader" || true
	sweep 0
	assert_equal "$(webhooks | sort)" "STOPPED $ROOM orphan
STOPPED $ROOM whole"
}

@test "files, links, other directories, failed and lost+found are skipped" {
	start_sandbox
	mkdir -p "$TOP/empty" "$TOP/failed" "$TOP/lost+found" "$TOP/text"
	echo x >"$TOP/file"
	echo x >"$TOP/text/notes.txt"
	cp "$ROOT/tests/data/video.mp4" "$TOP/failed/$MEDIA"
	cp "$ROOT/tests/data/video.mp4" "$TOP/lost+found/$MEDIA"
	old "$TOP/failed" "$TOP/lost+found" "$TOP/text"
	mkdir "$DIR/outside"
	TOP=$DIR REC=$DIR/outside recording
	ln -s "$DIR/outside" "$TOP/link"
	sweep 0
	assert_equal "$output$log" ""
	assert_equal "$(requests)" 0
	assert_equal "$("$BIN" status)" "no recordings"
}

@test "while the server is down recordings wait, and none is lost" {
	start_sandbox
	place one
	stop_sandbox
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1h JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=3h
	sweep 75
	assert_equal "$(state one)" waiting
	assert_equal "$output" "0 delivered, 1 waiting, 0 held, 0 done"
	# Not due yet: no output.  A call by name does not wait.
	sweep 0
	assert_equal "$output$log" ""
	local i pause
	for i in 1 2 3; do run_finalize_of one 75; done
	for i in 0 1 2 3; do
		pause=$(jq -s "map(select(.event == \"failed\"))[$i] |
			(.retryAt - .at) / 3600000 * 1000 | floor" \
			"$TOP/one/.jibri-finalize")
		# After an outage the pause does not double beyond 15 minutes or
		# the delay itself; jitter takes up to half of it.
		((pause >= 500 && pause <= 1000))
	done
}

# fails_for SESSION MS: it first failed this long ago.
fails_for() {
	local first
	first=$(jq -s 'map(select(.event == "failed"))[0].at' \
		"$TOP/$1/.jibri-finalize")
	((${EPOCHREALTIME/./} / 1000 - first >= $2))
}

# bats test_tags=slow
@test "two failures do not give a recording up, however long ago the first one was" {
	start_sandbox
	place one
	faults "upload * * status 503"
	run_finalize_of one 75
	sed -i 's/"at":[0-9]*/"at":1000/; s/"retryAt":[0-9]*/"retryAt":1001/' \
		"$TOP/one/.jibri-finalize"
	sweep 75
	[ "$(state one)" != held ]
	faults
	run_finalize_of one 0
	assert_equal "$(webhooks | tail -1)" "STOPPED $ROOM one"
}

# dies N: a sweep whose visit is killed at its Nth lookup.
dies() {
	"$BIN" sweep >"$DIR/out" 2>"$DIR/log" 3>&- &
	local pid=$! rc=0
	wait_for asked "$1"
	kill -KILL "$(pgrep -P "$pid")"
	wait "$pid" || rc=$?
	assert_equal "$rc" 75
}

asked() {
	[ "$(requests lookup)" = "$1" ]
}

@test "a recording whose visits die has a pause after each, and is given up after ten" {
	start_sandbox
	place one
	faults "lookup * * stall-answer 50"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=50s JIBRI_FINALIZE_GIVE_UP=300ms
	dies 1
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1h JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=3h
	assert_equal "$(state one)" waiting
	[[ $("$BIN" status) == *"its last run died"* ]]
	sweep 0
	assert_equal "$(requests lookup)" 1
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=1ms
	local i
	for i in {2..10}; do dies "$i"; done
	sweep 65
	assert_equal "$(requests lookup)" 10
	assert_equal "$(state one)" held
	[[ $(webhooks) == "FAILED $ROOM one held, as it has failed since"* ]]
}

@test "a held recording whose run was killed is tried again" {
	start_sandbox
	place one
	mv "$TOP/one/$MEDIA" "$DIR/media"
	run_finalize_of one 65
	assert_equal "$(state one)" held
	mv "$DIR/media" "$TOP/one/$MEDIA"
	faults "upload *.mp4 * stall-answer 50"
	"$BIN" "$TOP/one" >"$DIR/out" 2>&1 3>&- &
	local pid=$!
	wait_for grep -qs "\"$MEDIA\"" "$SB/requests.jsonl"
	kill -KILL "$pid"
	wait "$pid" || true
	faults
	wait_for is_due one
	sweep 0
	assert_equal "$(webhooks | tail -1)" "STOPPED $ROOM one"
	assert_equal "$(objects)" 2
}

is_due() {
	[ "$(state "$1")" = due ]
}

# bats test_tags=slow
@test "after give-up a recording is held, and FAILED is sent once" {
	start_sandbox
	place one
	export JIBRI_FINALIZE_GIVE_UP=300ms JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=1ms
	faults "upload * * status 503"
	local i
	for i in {1..9}; do sweep 75; done
	assert_equal "$(webhooks | cut -d' ' -f1)" FAILED
	wait_for fails_for one 300
	sweep 65
	assert_equal "$(state one)" held
	assert_equal "$(webhooks | cut -d' ' -f1)" "FAILED
FAILED"
	[[ $(webhooks | tail -1) == *"held, as it has failed since"* ]]
	# It stays held, whatever the sweeper does.
	faults
	sweep 0
	assert_equal "$output$log" ""
	# Nothing is deleted, and after the cause is fixed it can be tried
	# again.
	sweep 0 --held
	assert_equal "$(webhooks | tail -1)" "STOPPED $ROOM one"
	assert_equal "$(state one)" "done"
}

# run_finalize_of SESSION CODE [FLAG...]
run_finalize_of() {
	local rc=0
	timeout 60 "$BIN" "$TOP/$1" "${@:3}" >"$DIR/out" 2>&1 || rc=$?
	assert_equal "$rc" "$2"
}

@test "three recordings refused for the same reason end the sweep, and the others come first next time" {
	start_sandbox
	local i
	for i in 1 2 3 4 5; do place "r$i"; done
	faults "lookup * * status 401"
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=1ms
	sweep 77 --jobs 1
	[[ $log == *"3 recordings in a row failed in the same way"*"2 recordings are left for the next"* ]]
	assert_equal "$(grep -c 'in a row' "$DIR/log")" 1
	assert_equal "$(find "$TOP" -name .jibri-finalize | wc -l)" 3
	assert_equal "$output" "0 delivered, 5 waiting, 0 held, 0 done"
	# Those that were not tried come first.
	sweep 77 --jobs 1
	assert_equal "$(find "$TOP" -name .jibri-finalize | wc -l)" 5
	faults
	sweep 0
	assert_equal "$(objects)" 10
	assert_equal "$output" "5 delivered, 0 waiting, 0 held, 0 done"
}

@test "a service that is out is asked by one visit of a sweep, and then left alone" {
	start_sandbox
	local i
	for i in 1 2 3 4 5 6; do place "r$i"; done
	faults "any * * status 503"
	sweep 75 --jobs 4
	assert_equal "$(requests)" 1
	[[ $log == *"the meeting-service is down; trying it again after "*"the sweep ends early, "*" recordings are left for the next"* ]]
	assert_equal "$output" "0 delivered, 6 waiting, 0 held, 0 done"
	# The other service, which retention needs too.
	rm -r "$TOP"
	faults
	place before
	sweep 0
	rm "$SB/requests.jsonl"
	for i in 1 2 3; do place "f$i"; done
	faults "upload * * status 503" "list * * status 503"
	sweep 75 --jobs 4 --retention 1ms
	[[ $log == *"the file-service is down; trying it again after "* ]]
	assert_equal "$(requests lookup)" 1
	# One visit, in which one upload is enough.
	assert_equal "$(requests list) $(requests upload)" "1 1"
	[ -d "$TOP/before" ]
}

@test "Cloudflare's errors for an unreachable server are an outage, and cost one upload and 1 KiB of journal" {
	start_sandbox
	local i
	place r1
	for i in 1 2 3 4; do echo "$i" >"$TOP/r1/$i.txt"; done
	old "$TOP/r1"
	place r2
	faults "upload * * status 520"
	sweep 75 --jobs 1
	[[ $log == *"the file-service is down; trying it again after "* ]]
	assert_equal "$(requests upload)" 1
	(($(cat "$TOP"/r*/.jibri-finalize | wc -c) <= 1024))
}

@test "a visit sends nothing to a file-service that asks to be left alone" {
	start_sandbox
	place r1
	faults "list * 1 status 503 Retry-After: 120"
	sweep 75
	[[ $log == *"asking what is stored failed"* ]]
	assert_equal "$(requests list) $(requests upload)" "1 0"
	# Nor if nothing listens there: the lookup goes to another service.
	export FILE_SERVICE_URL=http://127.0.0.1:1 JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms
	place r2
	sweep 75
	[[ $log == *"asking what is stored failed"* ]]
	run ! grep -q sending "$TOP/r2/.jibri-finalize"
}

@test "recordings whose uploads are refused do not keep others from their turn, and get a pause" {
	start_sandbox
	local i n
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1h JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=1h
	for i in 301 400 401 403 404 405 413 422; do
		place "a$i"
		echo "$i" >"$TOP/a$i/bad-$i.txt"
		old "$TOP/a$i"
	done
	# Three alike in a row.
	for i in a404-2 a404-3; do
		place "$i"
		cp "$TOP/a404/bad-404.txt" "$TOP/$i"
		old "$TOP/$i"
	done
	place b1
	faults "upload bad-301.txt * redirect 301 https://elsewhere.example/" \
		"$(for i in 400 401 403 404 405 413 422; do
			echo "upload bad-$i.txt * status $i"
		done)"
	sweep 78 --jobs 1
	[[ $(webhooks) == *"STOPPED $ROOM b1"* ]]
	n=$(request upload .part.filename | grep -c bad)
	assert_equal "$n" 10
	# Each one's pause is still running; permanently refused ones are held.
	sweep 0
	assert_equal "$(request upload .part.filename | grep -c bad)" 10
	for i in 301 401 403 404 405; do
		assert_equal "$(state "a$i")" waiting
	done
}

# grow N: each of so many recordings is written to while its media is sent.
grow() {
	local i
	for ((i = 1; i <= $1; i++)); do
		wait_for is_coming "$i"
		printf x >>"$TOP/a$i/a$i.mp4"
	done
}

# is_coming N: a file of the Nth recording that was looked up.
is_coming() {
	asked "$1" && [ -n "$(ls "$SB/incoming")" ]
}

@test "files that grow during their upload do not count against the server" {
	start_sandbox
	local i
	for i in 1 2 3 4; do
		place "a$i"
		rm "$TOP/a$i/$MEDIA"
		sparse "$TOP/a$i/a$i.mp4" 1500000
		old "$TOP/a$i"
	done
	place b
	grow 4 3>&- &
	sweep 75 --jobs 1 --limit-rate 1M --exclude metadata.json
	wait "$!"
	[[ $(webhooks) == *"STOPPED $ROOM b"* ]]
}

@test "a recording that cannot be sent within its deadline gets a pause, and the backend is told" {
	start_sandbox
	place one
	faults "upload *.mp4 * stall-answer 60"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1h
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=1h
	sweep 75 --deadline 500ms
	assert_equal "$(state one)" waiting
	assert_equal "$(webhooks)" "FAILED $ROOM one the deadline has passed"
	sweep 0
	assert_equal "$(requests lookup)" 1
}

# bats test_tags=slow
@test "a hanging visit is killed after its deadline, and the sweep continues" {
	start_sandbox
	place one
	faults "lookup * 1 stall-answer 60"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	"$BIN" sweep --jobs 1 --deadline 3s >"$DIR/out" 2>"$DIR/log" 3>&- &
	local pid=$! rc=0
	wait_for asked 1
	kill -STOP "$(pgrep -P "$pid")"
	place two
	wait "$pid" || rc=$?
	assert_equal "$rc" 75
	grep -q "recordings/one: its process was ended by SIGKILL" "$DIR/log"
	assert_equal "$(webhooks)" "STOPPED $ROOM two"
}

@test "recordings that appear during a sweep are delivered by it, and none is visited twice" {
	start_sandbox
	place one
	place two
	echo x >"$TOP/two/bad.txt"
	old "$TOP/two"
	faults "upload bad.txt * status 404" "upload *.mp4 1 slow-store 1"
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=1ms
	"$BIN" sweep --jobs 1 >"$DIR/out" 2>"$DIR/log" 3>&- &
	local pid=$! rc=0
	wait_for asked 1
	place three
	wait "$pid" || rc=$?
	assert_equal "$rc" 78
	[[ $(webhooks) == *"STOPPED $ROOM three"* ]]
	assert_equal "$(request upload .part.filename | grep -c bad.txt)" 1
	assert_equal "$(<"$DIR/out")" "2 delivered, 1 waiting, 0 held, 0 done"
}

@test "a recording delivered and removed by one sweep is counted as both" {
	start_sandbox
	place old
	sweep 0
	place new
	sweep 0 --retention 1h --min-free 99%
	assert_equal "$output" "1 delivered, 0 waiting, 0 held, 0 done, 2 removed"
}

@test "a recording that someone else delivers during a sweep counts as done" {
	local pid
	start_sandbox
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=9s
	place one
	place two
	faults "upload *.mp4 1 slow-store 1"
	"$BIN" sweep --jobs 1 >"$DIR/out" 3>&- &
	pid=$!
	wait_for test -s "$TOP/one/.jibri-finalize"
	run_finalize 0
	wait "$pid"
	assert_equal "$(<"$DIR/out")" "1 delivered, 0 waiting, 0 held, 1 done"
}

@test "a recording that Jibri has just finished is left to its call for ten seconds, or for settle" {
	start_sandbox
	place one
	touch "$TOP/one/metadata.json"
	assert_equal "$(state one)" settling
	sweep 0
	assert_equal "$(requests)" 0
	rooms '{"other-room": 7, "'"$ROOM"'": 123}'
	run_finalize_of one 0 other-room my-session
	assert_equal "$(webhooks)" "STOPPED other-room my-session"
	place two
	touch "$TOP/two/metadata.json"
	sweep 0 --settle 1ms
	[[ $(webhooks) == *"STOPPED $ROOM two"* ]]
}

@test "Retry-After ends the sweep, and the refused recording waits that long" {
	start_sandbox
	local i
	for i in 1 2 3; do place "r$i"; done
	faults "lookup * * status 503 Retry-After: 600"
	sweep 75 --jobs 1
	assert_equal "$(requests lookup)" 1
	assert_equal "$(state r1) $(state r2) $(state r3)" "waiting due due"
	local next
	next=$("$BIN" status --json --state waiting | jq -r '.recordings[].nextAttempt')
	(($(date -d "$next" +%s) >= $(date -d '9 minutes' +%s)))
}

@test "a recording in an unwritable directory is held, and delivered when named" {
	((EUID == 0)) || skip "needs root to mount"
	start_sandbox
	place one
	mount --bind "$TOP/one" "$TOP/one"
	mount -o remount,ro,bind "$TOP/one"
	local rc=0
	sweep 65 || rc=1
	local is
	is=$(state one)
	run_finalize_of one 0 || rc=2
	umount "$TOP/one"
	assert_equal "$rc $is" "0 held"
	assert_equal "$(webhooks)" "STOPPED $ROOM one"
}

@test "SIGTERM ends a sweep within two seconds, and the next one continues" {
	start_sandbox
	place one
	place two
	faults "upload * * stall-answer 50"
	"$BIN" sweep >"$DIR/out" 2>&1 3>&- &
	local pid=$!
	wait_for grep -qs '"stage":"upload"' "$SB/requests.jsonl"
	local begun=$SECONDS rc=0
	kill "$pid"
	wait "$pid" || rc=$?
	assert_equal "$rc" 75
	((SECONDS - begun <= 2))
	faults
	sweep 0
	assert_equal "$(objects)" 4
}

@test "max-time ends a sweep, and the exit code says that more is due" {
	start_sandbox
	place one
	faults "upload * * stall-answer 50"
	local begun=$SECONDS
	sweep 75 --max-time 1s
	((SECONDS - begun <= 4))
	faults
	sweep 0
	assert_equal "$(objects)" 2
}

@test "splay makes each host wait its own share, and a signal ends the wait" {
	local rc=0 begun=$SECONDS
	start_sandbox
	place one
	timeout -s TERM 0.5 "$BIN" sweep --splay 10000h || rc=$?
	assert_equal "$rc" 124 # of timeout
	((SECONDS - begun <= 3))
	assert_equal "$(requests)" 0
	sweep 0 --splay 10ms
	assert_equal "$(objects)" 2
}

@test "jobs limits the recordings delivered at once" {
	local i begun
	start_sandbox
	for i in 1 2 3 4 5; do place "r$i"; done
	faults "upload *.mp4 * slow-store 0.3"
	begun=$(date +%s%N)
	sweep 0 --jobs 2
	# Three rounds of two.
	(($(date +%s%N) - begun >= 900000000))
	assert_equal "$(objects)" 10
}

# quickest COMMAND...: sets took, the least of several runs, as the machine may
# be busy.
quickest() {
	local begun ms
	took=10000
	for _ in {1..8}; do
		begun=$(date +%s%N)
		"$@"
		ms=$((($(date +%s%N) - begun) / 1000000))
		((ms > took)) || took=$ms
	done
}

@test "defer: the hook notes what it knows and returns within 200 ms; the sweeper delivers" {
	start_sandbox
	place one
	local took start
	# A busy machine needs longer to start a process.
	quickest run_command 0 --version
	start=$took
	quickest run_finalize 0 other-room my-session --defer
	# The sanitizers alone take that long.
	((took - start < (${SAN:-0} ? 1000 : 170))) ||
		{ echo "$took ms, of it $start to start" >&2; return 1; }
	assert_equal "$(requests)" 0
	assert_output_has "waiting: 0 of 2 artifacts stored; left to the sweeper"
	rooms '{"other-room": 7}'
	sweep 0
	assert_equal "$(webhooks)" "STOPPED other-room my-session"
}

@test "defer: the FAILED of a recording that cannot be listed names its session" {
	start_sandbox
	place one
	run_finalize_of one 0 "$ROOM" --defer
	mkdir -p "$TOP/one/$(printf 'd/%.0s' {1..34})"
	run_finalize_of one 65
	assert_equal "$(webhooks | cut -d ' ' -f -3)" "FAILED $ROOM one"
}

@test "defer: a call for a held recording makes the sweeper try it again" {
	start_sandbox
	place one
	rooms '{}'
	run_finalize_of one 0 --defer
	sweep 65
	assert_equal "$(state one)" held
	rooms "{\"$ROOM\": 123}"
	sweep 0
	assert_equal "$(state one)" held
	run_finalize_of one 0 --defer
	assert_equal "$(state one)" due
	sweep 0
	assert_equal "$(webhooks | tail -1)" "STOPPED $ROOM one"
}

@test "defer without a journal that can be written delivers at once" {
	((EUID == 0)) || skip "needs root to mount"
	start_sandbox
	place one
	mount --bind "$TOP/one" "$TOP/one"
	mount -o remount,ro,bind "$TOP/one"
	run finalize --defer
	umount "$TOP/one"
	assert_equal "$status" 0
	assert_equal "$(webhooks)" "STOPPED $ROOM one"
	assert_output_has "cannot leave a note for the sweeper"
}

@test "sweep --dry-run shows every verdict, and sends and writes nothing" {
	start_sandbox
	place one
	find "$TOP" -printf '%p %T@\n' | sort >"$DIR/before"
	sweep 0 --dry-run
	assert_equal "$(requests)" 0
	diff "$DIR/before" <(find "$TOP" -printf '%p %T@\n' | sort)
	assert_output_has "due   one "
	assert_output_has "1 due"
}

@test "a missing default directory is not an error" {
	unset JIBRI_FINALIZE_RECORDINGS_DIR
	[ ! -e /tmp/recordings ] || skip "this machine has /tmp/recordings"
	sweep 0
	assert_equal "$output$log" ""
	sweep 0 --dry-run
}

@test "a missing directory named as ROOT is an error" {
	unset JIBRI_FINALIZE_RECORDINGS_DIR
	sweep 66 "$DIR/nowhere"
	[[ $log == *"nowhere: no such recordings directory"* ]]
	JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/nowhere sweep 66
}

@test "two simultaneous sweeps deliver each recording once" {
	start_sandbox
	local i
	for i in 1 2 3 4 5 6; do place "r$i"; done
	"$BIN" sweep >"$DIR/out2" 2>&1 3>&- &
	local pid=$! rc=0
	sweep 0
	wait "$pid" || rc=$?
	assert_equal "$rc" 0
	assert_equal "$(objects)" 12
	assert_equal "$(webhooks | wc -l)" 6
}

# bats test_tags=slow
@test "limit-rate applies to all uploads of a run together, and to those of a sweep" {
	start_sandbox
	place one
	sparse "$TOP/one/a.mp4" 1000000
	sparse "$TOP/one/b.mp4" 1000000
	local begun ended
	begun=$(date +%s%N)
	run_finalize_of one 0 --limit-rate 1M
	ended=$(date +%s%N)
	((ended - begun > 1500000000))
	place two
	sparse "$TOP/two/a.mp4" 1000000
	place three
	sparse "$TOP/three/a.mp4" 1000000
	old "$TOP/two" "$TOP/three"
	begun=$(date +%s%N)
	sweep 0 --limit-rate 1M --jobs 2
	ended=$(date +%s%N)
	((ended - begun > 1500000000))
	assert_equal "$(objects)" 10
}
