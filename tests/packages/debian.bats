# The Debian package: built and checked.  Lived with: life.bats.

load ../lib

setup() {
	common_setup
	VERSION=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$ROOT/packaging/debian/changelog")
}

@test "lintian has nothing to say against the package" {
	run -0 lintian --pedantic --fail-on error,warning,info,pedantic \
		"$BUILD"/deb/*.changes
	refute_output_has jibri-finalize
}

@test "the tarball is the same bytes wherever it is made" {
	local tar=$BUILD/jibri-finalize-$VERSION.tar.gz
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
	tar -xzOf "$tar" "jibri-finalize-$VERSION/NEWS" |
		cmp - "$ROOT/packaging/debian/changelog"
}
