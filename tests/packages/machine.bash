# A small Debian machine for a test: a tree made by debootstrap, booted by
# systemd-nspawn.  It shares the network, so that it sees the sandbox.
#
# shellcheck shell=bash

SUITE=${SUITE:-bookworm}
BUILD=${BUILD:-$ROOT/build}
TREES=$BUILD/trees

# Seconds; a machine may have packages to fetch first.
export SANDBOX_LIFE=3600

# Only root can boot a machine, and not in every container.
need_root() {
	((EUID == 0)) || skip "not root"
	unshare --mount --pid --fork true 2>/dev/null || skip "no namespaces"
}

# The tree uses the same package sources as this machine.
mirror() {
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
		grep -m 1 '/debian/*$'
}

# This version.
version() {
	sed -n '1s/.*(\(.*\)).*/\1/p' "$ROOT/packaging/debian/changelog"
}

# What make dist has made.
tarball() {
	echo "$BUILD/jibri-finalize-$(version).tar.gz"
}

# base_tree NAME PACKAGE...: made once and kept; its path is printed.
base_tree() {
	local lock tree=$TREES/$SUITE-$1 packages
	shift
	packages=$(IFS=, && echo "ca-certificates${*:+,$*}")
	# Another test file may be building it.
	mkdir -p "$TREES"
	exec {lock}>"$tree.lock"
	flock "$lock"
	if [ ! -e "$tree.made" ]; then
		rm -rf "$tree"
		debootstrap --variant=minbase --include="$packages" "$SUITE" \
			"$tree" "$(mirror)" >"$tree.log" 2>&1 || {
			tail -n 5 "$tree.log" >&2
			return 1
		}
		cp --remove-destination /etc/resolv.conf "$tree/etc/"
		: >"$tree.made"
	fi
	exec {lock}>&-
	echo "$tree"
}

# in_tree TREE COMMAND...: as root of that tree, without booting it.  A process
# whose root is not a mount point cannot have its own mounts.
in_tree() {
	unshare --mount --pid --fork --kill-child bash -ec '
		mount --bind "$1" "$1"
		mount -t proc proc "$1/proc"
		mount -t devpts devpts "$1/dev/pts"
		mount -t tmpfs tmpfs "$1/dev/shm"
		exec chroot "$@"
	' in_tree "$1" env -i HOME=/root TERM=dumb DEBIAN_FRONTEND=noninteractive \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		"${@:2}" </dev/null
}

# there COMMAND: as root of $TREE, in the sources if they are there; what it says
# goes to $DIR/said.
there() {
	# shellcheck disable=SC2153 # a test's own
	in_tree "$TREE" sh -ec "cd /root/source 2>/dev/null || cd
		$1" >"$DIR/said" 2>&1 ||
		{ tail -n 40 "$DIR/said" >&2; return 1; }
}

# with_sources TREE TARBALL: a copy of the bare Debian that has these sources.
with_sources() {
	mkdir -p "$1"
	cp -a "$(base_tree bare)/." "$1"
	mkdir "$1/root/source"
	tar -C "$1/root/source" --strip-components=1 -xzf "$2"
}

# within LIMIT SECONDS WHAT: prints the figure.  Where others keep the processors
# busy, the limit grows as their load does.
within() {
	local load
	load=$(awk -v n="$(nproc)" '{ print int($1 / n) + 1 }' /proc/loadavg)
	echo "# measured: $2 s of $1 s $3 (load: $load)" >&3
	(($2 <= $1 * load))
}

# source_of COMMIT FILE: the sources of an older version.  A shallow clone and a
# tarball do not have them.
source_of() {
	git -C "$ROOT" cat-file -e "$1^{commit}" 2>/dev/null ||
		skip "no history of git here"
	git -C "$ROOT" archive --format=tar.gz --prefix=source/ -o "$2" "$1"
}

# built_deb TARBALL: the package that this SUITE makes of these sources, made
# once and kept; its path is printed.
built_deb() {
	local lock out tree
	out=$BUILD/debs/$SUITE-$(sha256sum <"$1" | cut -c-16)
	mkdir -p "$out"
	exec {lock}>"$out.lock"
	flock "$lock"
	if [ ! -e "$out/made" ]; then
		tree=$(mktemp -d "$out/tree.XXXXXX")
		with_sources "$tree" "$1"
		in_tree "$tree" sh -ec 'cd /root/source
			ln -s packaging/debian debian
			apt-get -qq update
			apt-get -qq -y install --no-install-recommends dpkg-dev
			apt-get -qq -y --no-install-recommends build-dep ./
			DEB_BUILD_OPTIONS=nocheck make deb' >"$out/log" 2>&1 || {
			tail -n 20 "$out/log" >&2
			return 1
		}
		cp "$tree"/root/source/build/jibri-finalize_*.deb "$out"
		rm -rf "$tree"
		: >"$out/made"
	fi
	exec {lock}>&-
	echo "$out"/jibri-finalize_*.deb
}

# this_deb: the package of these sources.  make deb built it for the Debian that
# it ran on.
this_deb() {
	if [ "$SUITE" = "$(. /etc/os-release && echo "$VERSION_CODENAME")" ]; then
		echo "$BUILD/jibri-finalize_$(version)_$(dpkg --print-architecture).deb"
	else
		built_deb "$(tarball)"
	fi
}

# machine_start: a copy of the tree, booted; machine CMD... runs there.
machine_start() {
	local base
	MACHINE=$BATS_TEST_TMPDIR/machine
	base=$(base_tree systemd systemd systemd-sysv dbus) || return 1
	cp -a "$base" "$MACHINE"
	# As on a real machine, programs may confine themselves.
	systemd-nspawn --quiet --directory="$MACHINE" --boot --register=no \
		--system-call-filter='landlock_create_ruleset landlock_add_rule landlock_restrict_self' \
		--keep-unit --resolv-conf=off --machine="t$$" \
		>"$BATS_TEST_TMPDIR/console" 2>&1 </dev/null 3>&- &
	NSPAWN_PID=$!
	wait_for machine_is_up
}

machine_leader() {
	pgrep -P "$NSPAWN_PID" -x systemd
}

machine_is_up() {
	machine systemctl is-system-running | grep -qE 'running|degraded'
}

machine() {
	nsenter --all --target "$(machine_leader)" env -i TERM=dumb \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		DEBIAN_FRONTEND=noninteractive "$@"
}

machine_stop() {
	[ -n "${NSPAWN_PID-}" ] || return 0
	kill -KILL "$(machine_leader)" 2>/dev/null || true
	wait "$NSPAWN_PID" 2>/dev/null || true
	NSPAWN_PID=
}
