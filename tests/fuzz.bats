#!/usr/bin/env bats
# The inputs below fuzz/: seeds, and every past finding.  `make fuzz` looks for
# more.

load lib
setup() {
	common_setup
	REPLAY=${BUILD:-$ROOT/build}/fuzz-replay
}

@test "no input in the corpus breaks a law of its fuzz target" {
	local place n=0
	for place in "$BATS_TEST_DIRNAME"/fuzz/*/; do
		TMPDIR=$DIR timeout 60 "$REPLAY" "$(basename "$place")" \
			"$place"/* >"$DIR/log" 2>&1 || {
			cat "$DIR/log"
			return 1
		}
		n=$((n + $(wc -l <"$DIR/log")))
	done
	assert_equal "$n" "$(find "$BATS_TEST_DIRNAME"/fuzz/*/ -type f | wc -l)"
}

@test "each fuzz target has inputs, and each directory of inputs a target" {
	assert_equal "$(cd "$BATS_TEST_DIRNAME/fuzz" && printf '%s\n' */ |
		tr -d / | sort)" \
		"$(sed -n 's/^const struct fuzz_target fuzz_[a-z]* = { "\([a-z]*\)",.*/\1/p' \
			"$BATS_TEST_DIRNAME"/fuzz/*.c | sort)"
}

@test "a broken law ends the replay and is named" {
	printf 's\0%s' "$(printf 'x%.0s' {1..100})" >"$DIR/input"
	run -64 "$REPLAY" none "$DIR/input"
	# Without a memory file there is no log, which breaks the law that a
	# line was written.
	run -134 bash -c "ulimit -c 0; ulimit -f 0; trap '' XFSZ;
		exec '$REPLAY' log '$DIR/input'"
	assert_output_has "does not hold"
}
