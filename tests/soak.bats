#!/usr/bin/env bats
# A short `make soak`: it passes for the program, and fails for a broken one.

load lib

setup() {
	BUILD=${BUILD:-$ROOT/build}
	[ "${SAN:-}" != 1 ] || skip "its limits are those of the plain build"
	export BIN SANDBOX BUILD DIR=$BATS_TEST_TMPDIR/soak
}

# bats test_tags=slow
@test "30 recordings, 30 % faults: each file once, each announced, nothing grows" {
	RECORDINGS=30 run -0 "$ROOT/scripts/soak" 3>&-
	assert_equal "$(grep -c '^{' "$DIR/sandbox/records.jsonl")" 90
	assert_output_has "files lost                   0"
	assert_output_has "files doubled                0"
	assert_output_has "wrongly announced            0"
	(($(grep -o 'faults met *[0-9]*' <<<"$output" | grep -o '[0-9]*$') > 20))
}

@test "the soak fails for a program that loses and repeats uploads" {
	# It loses its journal after each run, and sometimes a file.
	cat >"$BATS_TEST_TMPDIR/program" <<-END
		#!/bin/sh
		case \$1 in
		*-3) mv "\$1/notes.txt" "\$1/other.txt" ;;
		*-5)
			for try in 1 2 3 4 5 6 7 8; do
				"$BIN" "\$@" && break
			done
			"$BIN" --force "\$@"
			;;
		esac
		"$BIN" "\$@" && case \$1 in
		*-4) echo more >>"\$1/notes.txt" ;;
		esac
	END
	chmod +x "$BATS_TEST_TMPDIR/program"
	BIN=$BATS_TEST_TMPDIR/program RECORDINGS=6 run -1 "$ROOT/scripts/soak" \
		3>&-
	assert_output_has "files doubled"
	refute_output_has "files doubled                0"
	refute_output_has "files damaged                0"
	refute_output_has "wrongly announced            0"
}
