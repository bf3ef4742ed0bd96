# A bare Debian with git, and nothing but the two commands of the README.

load ../lib
load machine

setup() {
	common_setup
	need_root
	FRESH=$DIR/fresh
	cp -a "$(base_tree git git)" "$FRESH"
	# What a clone of it gives, not what lies about here.
	git clone -q --no-hardlinks "$ROOT" "$FRESH/root/jibri-finalize"
}

# quick_start N: the Nth command of the README's quick start, run there.
quick_start() {
	local command
	command=$(sed -n '/^## Quick start/,/^## Build/s/^    //p' \
		"$ROOT/README.md" | sed -n "$1p")
	in_tree "$FRESH" bash -c "cd /root/jibri-finalize && $command" \
		>"$DIR/said" 2>&1 || { tail -n 40 "$DIR/said" >&2; return 1; }
}

@test "on a bare Debian the README's first command shows a delivery" {
	quick_start 1
	grep -q 'STOPPED acknowledged' "$DIR/said"
}

@test "on a bare Debian the README's second command passes every test" {
	quick_start 2
	[[ $(tail -n 1 "$DIR/said") =~ ^[1-9][0-9]*\ passed,\ 0\ failed ]]
}
