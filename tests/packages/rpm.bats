# The RPM package, built by Debian's rpmbuild.

load ../lib
load machine

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
	# The scripts of the Debian package make two files, one from a sample.
	{
		dpkg-deb --fsys-tarfile "$BUILD"/jibri-finalize_*.deb | tar -t |
			installed | grep -vx usr/share/jibri-finalize/finalize.conf
		printf '%s\n' etc/jitsi/jibri/finalize.conf \
			var/log/jibri-finalize/finalize.log
	} | sort >"$DIR/deb"
	diff "$DIR/deb" "$DIR/rpm"
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

@test "rpm installs it, tells what to do once, keeps an edited configuration on upgrade and removes the rest" {
	need_root
	TREE=$DIR/tree
	cp -a "$(base_tree bare)" "$TREE"
	cp "$BUILD"/*.rpm "$TREE/root/new.rpm"
	# What the package depends on has other names here.
	there 'apt-get -qq update
		apt-get -qq -y install --no-install-recommends rpm \
			libcurl4 libjansson4 libmagic1 libssl3'
	there 'rpm -i --nodeps /root/new.rpm'
	grep -q '    sudo systemctl enable --now jibri-finalize-watch.service' \
		"$DIR/said"
	there 'rpm -V --nodeps jibri-finalize && jibri-finalize --version'
	local conf=$TREE/etc/jitsi/jibri/finalize.conf
	assert_equal "$(stat -c %a "$conf")" 640

	# The same version again is what rpm has for an upgrade here.
	echo mine >"$conf"
	there 'rpm -U --nodeps --force /root/new.rpm'
	assert_equal "$(<"$conf")" mine
	run ! grep -q 'sudo systemctl' "$DIR/said"

	there 'rpm -e jibri-finalize'
	[ ! -e "$TREE/usr/bin/jibri-finalize" ]
	[ ! -e "$conf" ]
	assert_equal "$(<"$conf.rpmsave")" mine
}
