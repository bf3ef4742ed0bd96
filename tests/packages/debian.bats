# The Debian package, built and checked.  life.bats installs and uses it.

load ../lib
load machine

setup() {
	common_setup
}

@test "lintian has no complaint about the package" {
	run lintian --pedantic --fail-on error,warning,info,pedantic \
		"$BUILD"/deb/*.changes
	refute_output_has jibri-finalize
	ended_with 0
}

@test "the tarball has the same bytes wherever it is made" {
	local tar
	tar=$(tarball)
	# Another place, another time, another umask, and no git.
	mkdir "$DIR/elsewhere"
	tar -C "$DIR/elsewhere" -xzf "$tar" --no-same-permissions
	cd "$DIR/elsewhere"/*
	rm NEWS
	find . -exec touch -d yesterday {} +
	umask 077
	chmod -R go= .
	BUILD=$DIR/again run -0 scripts/dist tar
	cmp "$tar" "$DIR/again/${tar##*/}"
	tar -xzOf "$tar" "jibri-finalize-$(version)/NEWS" |
		cmp - "$ROOT/packaging/debian/changelog"
}

@test "autopkgtest: the installed package delivers recordings" {
	need_root
	cp -a "$(base_tree bare)" "$DIR/tree"
	ln -sfn /proc/self/fd "$DIR/tree/dev/fd"
	unshare --mount bash -ec '
		mount -t proc proc "$1/proc"
		exec autopkgtest "$2" "$3" -- chroot "$1"
	' autopkgtest "$DIR/tree" "$(this_deb)" "$BUILD/deb"/*.dsc >"$DIR/log" 2>&1 ||
		{ tail -n 40 "$DIR/log" >&2; return 1; }
	grep -Eq '^deliver +PASS' "$DIR/log"
}
