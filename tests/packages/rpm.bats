# The RPM package, built by Debian's rpmbuild.

load ../lib

setup() {
	common_setup
}

# What both packages install, without what each has in a place of its own.
installed() {
	sed -E 's|^\.?/||; s|\.gz$||; /^$/d; /\/$/d; s|^lib/|usr/lib/|;
		s|vendor-completions/|site-functions/|;
		\|usr/share/doc/.*/(changelog\|copyright\|NEWS)$|d;
		\|usr/share/lintian\|usr/share/licenses\|build-id|d;
		s|usr/share/doc/jibri-finalize[^/]*/(examples/)?|doc/|' | sort
}

@test "the RPM package has the same files as the Debian package" {
	rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$BUILD"/*.rpm |
		sed -n 's/^-[^ ]* //p' | installed >"$DIR/rpm"
	dpkg-deb --fsys-tarfile "$BUILD"/jibri-finalize_*.deb | tar -t |
		installed >"$DIR/deb"
	diff "$DIR/deb" "$DIR/rpm"
	grep -qx etc/jitsi/jibri/finalize.conf "$DIR/rpm"
}

@test "an upgrade of the RPM keeps the configuration, which only root and a group can read" {
	rpm -qp --qf '[%{FILENAMES} %{FILEMODES:perms} %{FILEFLAGS:fflags}\n]' \
		"$BUILD"/*.rpm | grep /finalize.conf >"$DIR/conf"
	assert_equal "$(cat "$DIR/conf")" \
		"/etc/jitsi/jibri/finalize.conf -rw-r----- cn"
}

@test "the program of the RPM delivers a recording" {
	start_sandbox
	recording
	(cd "$DIR" && rpm2cpio "$BUILD"/*.rpm | cpio -idm --quiet)
	BIN=$DIR/usr/bin/jibri-finalize run_finalize 0
	is_stored metadata.json "$MEDIA"
}
