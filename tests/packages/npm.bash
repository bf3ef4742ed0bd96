# What the checks of manifests and workflows need from npm, in $BUILD/npm.
#
# shellcheck shell=bash

# with_npm COMMAND...: run it with the packages of package.json, which are
# installed if they are missing or outdated.
with_npm() {
	local lock npm=$BUILD/npm list=$ROOT/tests/packages/package.json
	# Another test file may be installing them.
	exec {lock}>"$npm.lock"
	flock "$lock"
	if ! cmp -s "$list" "$npm/package.json.done"; then
		mkdir -p "$npm"
		cp "$list" "$npm/package.json"
		npm install --silent --no-audit --no-fund --no-package-lock \
			--ignore-scripts --prefix "$npm" >&2 3>&- || return 1
		cp "$list" "$npm/package.json.done"
	fi
	exec {lock}>&-
	NODE_PATH=$npm/node_modules "$@"
}
