#!/usr/bin/env bats
# Progress on a terminal: every frame of the screen is checked.

load lib
setup() {
	common_setup
	start_sandbox
	recording
	export TERM=xterm JIBRI_FINALIZE_STALL_TIMEOUT=30s
	# A busy server reads slowly; that must not count as a missing answer.
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=20s
}
teardown() { common_teardown; }

SCREEN=${SCREEN:-$BUILD/screen}

# watched COLUMNS[:LATER] ROWS [ARGUMENT...]: run it on such a terminal; its
# summary goes to the file `out`.
watched() {
	local columns=$1 rows=$2
	shift 2
	timeout -k 5 60 "${PTS[@]}" "$SCREEN" "$columns" "$rows" "$DIR/frames" \
		bash -c 'exec "$@" >"$0"' "$DIR/out" "$BIN" "$REC" "$@"
}

# frames: each as one line, its lines joined by "|".
frames() {
	awk 'BEGIN { RS = "\f\n" } { gsub(/\n+$/, ""); gsub(/\n/, "|"); print }' \
		"$DIR/frames"
}

last_frame() {
	frames | tail -n 2 | head -n 1
}

# big NAME...: more than the system's queues hold, so that it takes more than
# a second where it is slow.
big() {
	local name
	for name; do
		head -c 1000000 /dev/zero >"$REC/$name"
	done
}

# totals: of each frame, the percents of its last line.
totals() {
	sed -nE 's/^[0-9]+ of [0-9]+ stored.* ([0-9]+) %.*/\1/p' "$DIR/frames"
}

# bats test_tags=slow
@test "at every width each transfer has one line, none wraps, and none is left at the end" {
	needs_terminal
	local width
	big one.log two.log
	faults 'upload *.log * slow 300000'
	for width in 40 80 200; do
		rm -f "$REC/.jibri-finalize"
		run -0 watched "$width" 20 --log-level error --force
		grep -E '^one.log .* +[0-9]+ %' "$DIR/frames"
		grep -E '^two.log .* +[0-9]+ %' "$DIR/frames"
		grep -E '^[0-9] of 4 stored .* +[0-9]+ %' "$DIR/frames"
		grep -x "wraps 0" "$DIR/frames"
		run -1 grep -E "^.{$width}" "$DIR/frames"
		grep "^$SESSION: done" "$DIR/out"
		assert_equal "$(last_frame)" ""
	done
	# Only where there is room.
	grep -E 'one.log +[0-9]+ %  +[0-9.]+ of 976.6 KiB  +[0-9.]+ .iB/s' "$DIR/frames"
}

@test "no more lines than the terminal has rows, and the rest is counted" {
	needs_terminal
	big one.log two.log three.log
	faults 'upload *.log * slow 300000'
	run -0 watched 80 4 --log-level error
	grep -x "wraps 0" "$DIR/frames"
	grep -E '^[0-9] of 5 stored, [12] more under way .*%' "$DIR/frames"
	# A live part of four rows would push one off the top of the screen.
	run -1 grep -E '%[^|]*[|][^|]*%[^|]*[|][^|]*%[^|]*[|][^|]*%' <(frames)
}

# bats test_tags=slow
@test "log lines appear whole above the live ones" {
	needs_terminal
	big one.log
	faults 'upload one.log * slow 300000' 'upload *.json 2 status 503'
	run -0 watched 200 30 --verbose
	assert_equal "$(last_frame | tr '|' '\n' | grep -c "^$SESSION: ")" \
		"$(last_frame | tr '|' '\n' | grep -c .)"
	frames >"$DIR/flat"
	grep "warning: metadata.json: .*503.*|.*one.log .*%" "$DIR/flat"
	# The live lines are below the log in every frame.
	run -1 grep -E '%[^|]*\|[^%]*9f1c' "$DIR/flat"
}

# bats test_tags=slow
@test "a failed try does not count as progress: its bytes are dropped, tries are counted, nothing exceeds 100 %" {
	needs_terminal
	big one.log
	faults 'upload one.log 1 drop-at 60%' 'upload one.log * slow 300000'
	export JIBRI_FINALIZE_RETRY_DELAY=600ms JIBRI_FINALIZE_RETRY_DELAY_MAX=1s
	run -0 watched 120 20 --log-level error
	totals >"$DIR/totals"
	(($(wc -l <"$DIR/totals") >= 3))
	run -1 grep -vE '^([0-9]|[0-9][0-9]|100)$' "$DIR/totals"
	grep -E '^one.log .* try 2' "$DIR/frames"
	grep -E '^2 of 3 stored, 1 failed try' "$DIR/frames"
	# 100 % is shown only once all bytes are acknowledged, together with
	# "storing".
	run -1 grep -E '^one.log .*100 %' "$DIR/frames"
}

@test "once all is sent, the line says that the server is storing it" {
	needs_terminal
	big one.log
	faults 'upload one.log * slow-store 2'
	run -0 watched 80 20 --log-level error
	grep -E '^one.log .*all sent, the server is storing it, [12]s' \
		"$DIR/frames"
}

# bats test_tags=slow
@test "a transfer that waits for its next try is shown with the time" {
	needs_terminal
	export JIBRI_FINALIZE_RETRY_DELAY=3s JIBRI_FINALIZE_RETRY_DELAY_MAX=3s
	faults 'upload *.json 1 status 503 Retry-After: 2'
	run -0 watched 80 20 --log-level error
	grep -E '^1 of 2 stored, 1 failed try, next try in [1-3]s ' "$DIR/frames"
}

@test "when the terminal becomes narrower, so do the lines" {
	needs_terminal
	big one.log two.log
	faults 'upload *.log * slow 300000'
	run -0 watched 100:40 20 --log-level error
	grep -x resized "$DIR/frames"
	# The first frame after the resize was already under way, and may have
	# wrapped; its remains above the live lines stay.
	sed '1,/^resized/d' "$DIR/frames" | sed '1,/\f/d' >"$DIR/after"
	(($(grep -E '%' "$DIR/after" | grep -vE '^.{40}' | sort -u | wc -l) > 5))
	(($(grep -E '^.{40}.*%' "$DIR/after" | sort -u | wc -l) <= 3))
}

@test "--progress=never, --quiet and --json draw nothing on a terminal" {
	needs_terminal
	local flag
	big one.log
	faults 'upload one.log * slow-store 0.7'
	for flag in --progress=never --quiet --json; do
		run -0 watched 80 20 "$flag" --force
		run -1 grep -E '[0-9] %' "$DIR/frames"
	done
	TERM=dumb run -0 watched 80 20 --force
	run -1 grep '[0-9] %' "$DIR/frames"
}

@test "without a terminal nothing is drawn, unless --progress=always" {
	big one.log
	faults 'upload one.log * slow-store 0.7'
	run -0 finalize
	refute_output_has $'\e'
	refute_output_has " %"
	run -0 finalize --progress always --force
	assert_output_has $'\e[2A'
	assert_output_has " of 3 stored "
}

@test "without a terminal a long upload logs a line every 30 seconds, no more" {
	command -v faketime >/dev/null || skip "there is no faketime here"
	[ "${SAN:-}" != 1 ] || skip "faketime and the sanitizers do not mix"
	# More than the sockets hold.
	head -c 1200000 /dev/zero >"$REC/one.log"
	faults 'upload one.log * slow 500000'
	export JIBRI_FINALIZE_DEADLINE=2h JIBRI_FINALIZE_STALL_TIMEOUT=10m
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10m
	# Three seconds look like ninety, or like more on a busy machine.
	run -0 timeout 60 faketime -f '+0 x30' "$BIN" "$REC"
	local n
	n=$(grep -cE "^$SESSION: one.log: +[0-9]+ %  +[0-9.]+ of 1.1 MiB" \
		<<<"$output") || { echo "$output" >&2; return 1; }
	((n >= 1 && n <= 20))
	refute_output_has $'\e'
	refute_output_has "$MEDIA: 1"
}
