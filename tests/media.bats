#!/usr/bin/env bats
# Media as ffmpeg writes them, and what becomes of them in a crash.  `make
# check-media` has them made, and runs this; without them it is skipped.

load lib
setup() {
	FILES=${BUILD:-$ROOT/build}/media
	[ -s "$FILES/reference" ] ||
		skip "the files are not made (make check-media)"
	common_setup
	TOP=$DIR/recordings
	rmdir "$REC"
	LONG=1 start_sandbox
}
teardown() { [ -z "${DIR:-}" ] || common_teardown; }

# place NAME: a recording that consists of this file.
place() {
	SESSION=${1//./_}
	REC=$TOP/$SESSION
	mkdir "$REC"
	cp --sparse=always "$FILES/$1" "$REC/${MEDIA%mp4}${1##*.}"
	metadata "https://meet.example.org/$ROOM"
	find "$REC" -exec touch -d '2 hours ago' {} +
}

# wrong_about: reads "NAME FRAMES STATE EVENT" lines; prints those that must not
# occur.
wrong_about() {
	awk '$4 == "STOPPED" && $2 == 0 { print $1 ": STOPPED without a frame" }
		$4 != "STOPPED" && $2 > 0 && $3 == "clean" {
			print $1 ": held, though ffmpeg decodes it" }'
}

@test "no file without a frame is announced, and no file that ffmpeg decodes without error is held" {
	local name frames state
	grep -v ^large- "$FILES/reference" >"$DIR/reference"
	while read -r name frames state; do
		place "$name"
	done <"$DIR/reference"
	JIBRI_FINALIZE_DEADLINE=20m JIBRI_FINALIZE_ANSWER_TIMEOUT=20s \
		"$BIN" sweep --jobs 4 "$TOP" \
		>"$DIR/out" 2>&1 || [ $? = 65 ]
	webhooks | awk '{ print $3, $1 }' | sort -u >"$DIR/events"
	while read -r name frames state; do
		echo "$name $frames $state" \
			"$(sed -n "s/^${name//./_} //p" "$DIR/events")"
	done <"$DIR/reference" >"$DIR/all"
	# Each was announced once.
	assert_equal "$(grep -cvE ' (STOPPED|FAILED)$' "$DIR/all" || true)" 0
	assert_equal "$(wrong_about <"$DIR/all")" ""
	# The set of files is as large as stated.
	(($(wc -l <"$DIR/all") >= 1000))
	(($(awk '$2 == 0' "$DIR/all" | wc -l) >= 100))
	(($(awk '$2 > 0 && $3 == "clean"' "$DIR/all" | wc -l) >= 100))
}

@test "the same is true of files over 4 GiB" {
	local name frames state event
	while read -r name frames state; do
		[[ $name == large-* ]] || continue
		place "$name"
		run -0 timeout 60 "$BIN" upload --dry-run --json "$REC"
		event=FAILED
		[ "$(jq -r '.recordings[].then' <<<"$output")" != STOPPED ] || event=STOPPED
		echo "$name $frames $state $event"
		rm -r "$REC"
	done <"$FILES/reference" >"$DIR/all"
	assert_equal "$(wrong_about <"$DIR/all")" ""
	assert_equal "$(cut -d' ' -f4 "$DIR/all" | sort | uniq -c |
		awk '{ print $1, $2 }')" "2 FAILED
2 STOPPED"
}
