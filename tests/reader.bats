#!/usr/bin/env bats
# Jibri's reader attaches late, so a quick run has to wait for it.
# reader/reader.c says how Jibri reads.

load lib
load points

READER=${BUILD:-$ROOT/build}/reader

setup() {
	common_setup
	start_sandbox
	recording
	STARTS=20
	! is_long || STARTS=100
}
teardown() { common_teardown; }

# read_late CODE WORD...: many starts with these arguments, each with the same
# lines as one that writes to a file.
read_late() {
	local want=$1 rc=0 lines
	shift
	"$BIN" "$@" >"$DIR/log" 2>&1 || rc=$?
	assert_equal "$rc" "$want"
	lines=$(wc -l <"$DIR/log")
	((lines > 0))
	run "$READER" "$STARTS" 80 "$lines" "$BIN" "$@"
	assert_equal "$output" "$STARTS starts, 0 lines lost, \
0 readers left open, 0 odd, exit code $want"
	assert_equal "$status" 0
	say "$STARTS points: $output"
}

@test "without our pause at the end Jibri's reader would lose output" {
	run -1 "$READER" 5 80 1 /bin/echo quick
	[[ $output == "5 starts, "[1-5]" lines lost, "[1-5]" readers left open, "* ]]
}

@test "a run with nothing to do loses no output and leaves no reader open" {
	run_finalize 0
	read_late 0 "$REC"
}

@test "a wrong call loses no output and leaves no reader open" {
	read_late 64 "$REC" a b c d
}

@test "a refused connection loses no output and leaves no reader open" {
	export FILE_SERVICE_URL=http://127.0.0.1:1
	export MEETING_SERVICE_URL=http://127.0.0.1:1
	export JIBRI_FINALIZE_TRIES=1
	read_late 75 "$REC"
}

@test "held-back output is written while the program still waits" {
	local from before
	faults "lookup * * status 503 Retry-After: 3"
	from=$(ms)
	"$BIN" "$REC" --tries 2 2>&1 3>&- | {
		IFS= read -r _
		ms >"$DIR/first"
		cat >"$DIR/log"
	}
	before=$(($(cat "$DIR/first") - from))
	holds [ "$before" -ge 100 ]
	holds [ "$before" -le 1500 ]
}
