# A bare Debian with git, and nothing but the two commands of the README.

load ../lib
load machine

setup() {
	common_setup
	need_root
}

# condition NAME=VALUE: the command that sets this up on a bare machine.  Debian
# 13 has /tmp in memory, with these options; a Jibri node has Jibri's user; and
# some chroots and containers have no devpts.
condition() {
	case $1 in
	/tmp=tmpfs) echo mount -t tmpfs -o mode=1777,nosuid,nodev none /tmp ;;
	jibri=yes) echo useradd --system --create-home jibri ;;
	pts=no) echo umount /dev/pts ;;
	/tmp=disk | jibri=no | pts=yes) echo : ;;
	*) echo "unknown condition: $1" >&2 && return 1 ;;
	esac
}

# quick_start N SUITE [CONDITION...]: the Nth command of the README's quick
# start, in a checkout below /root of such a machine.
quick_start() {
	local each commands=
	for each in "${@:3}"; do
		commands+=$(condition "$each")$'\n'
	done
	commands+=$'cd /root/jibri-finalize\n'
	commands+=$(sed -n '/^## Quick start/,/^## Install/s/^    //p' \
		"$ROOT/README.md" | sed -n "$1p")
	FRESH=$DIR/fresh
	cp -a "$(SUITE=$2 base_tree git git)" "$FRESH"
	# The files in git, not others in this directory.
	git clone -q --no-hardlinks "$ROOT" "$FRESH/root/jibri-finalize"
	in_tree "$FRESH" bash -ec "$commands" >"$DIR/said" 2>&1 ||
		{ tail -n 40 "$DIR/said" >&2; return 1; }
}

shows_a_delivery() {
	quick_start 1 "$@"
	grep -q 'STOPPED acknowledged' "$DIR/said"
}

# No test of the everyday run is skipped under any condition.
passes_every_test() {
	local results=$DIR/fresh/root/jibri-finalize/build/check.tap
	quick_start 2 "$@"
	[[ $(tail -n 1 "$DIR/said") =~ ^[1-9][0-9]*\ passed,\ 0\ failed ]]
	run -1 grep -v 'make check-' <(grep '# skip' "$results")
}

@test "on a bare Debian 12 the README's first command shows a delivery" {
	shows_a_delivery bookworm
}

@test "on a bare Debian 13 the README's first command shows a delivery" {
	shows_a_delivery trixie
}

# The README's second command, on each Debian as it comes, and with everything
# that may differ.

@test "every test passes on Debian 12 as it comes" {
	passes_every_test bookworm /tmp=disk  jibri=no  pts=yes
}

@test "every test passes on Debian 12 with /tmp in memory, a user jibri, no devpts" {
	passes_every_test bookworm /tmp=tmpfs jibri=yes pts=no
}

@test "every test passes on Debian 13 as it comes" {
	passes_every_test trixie   /tmp=tmpfs jibri=no  pts=yes
}

@test "every test passes on Debian 13 with /tmp on disk, a user jibri, no devpts" {
	passes_every_test trixie   /tmp=disk  jibri=yes pts=no
}
