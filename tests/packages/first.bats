# From a bare Debian to the first delivered recording, by the README's lines, and
# how long they take.

load ../lib
load machine
load recorder

setup() {
	common_setup
	need_root
}

teardown() {
	machine_stop
	[ -z "${MACHINE-}" ] || rm -f "$MACHINE/etc/jitsi/jibri/webhook-secret"
	common_teardown
}

# of_readme FROM: the lines of code from this one to the next that is prose.
of_readme() {
	sed -n "/^$1/,\$p" "$ROOT/README.md" |
		awk '/^    /{ print substr($0, 5); seen = 1; next } seen { exit }'
}

# typed LINE: at a terminal; the package manager wants a yes, and what writes the
# secret wants the secret.
typed() {
	local answer=
	case $1 in
	*'apt install'*) answer=y ;;
	*/dev/stdin*) answer=$CANARY ;;
	esac
	machine env HOME=/root bash -c "cd /root/source && $1" \
		<<<"$answer" >"$DIR/said" 2>&1 && return
	lacks_a_sweeper "$1" "$DIR/said" && return
	printf '%s\n' "$1" "$(tail -n 40 "$DIR/said")" >&2
	return 1
}

first_delivery() {
	local line start installed
	start_sandbox
	recorder_start
	mkdir "$MACHINE/root/source"
	tar -C "$MACHINE/root/source" --strip-components=1 -xzf "$(tarball)"
	of_readme 'Set the service addresses' |
		sed "s|= https://.*|= $URL|" >"$MACHINE/root/settings"
	an_operator <<<'cat /root/settings >>"$1"'
	of_readme '\*\*Debian and Ubuntu' >"$DIR/lines"
	assert_equal "$(wc -l <"$DIR/lines")" 6

	start=$SECONDS
	while read -r line; do
		[[ $line != *'apt install'* ]] || installed=$SECONDS
		typed "$line"
	done <"$DIR/lines"
	put first
	as_jibri /usr/bin/jibri-finalize /srv/recordings/first
	wait_for is_announced first
	is_stored metadata.json "$MEDIA"
	echo "# measured: $((SECONDS - start)) s $1, with the tools and the build" >&3
	within 60 $((SECONDS - installed)) "$1, from the package"
}

@test "a bare Debian 12 has its first delivery within 60 s of the package" {
	SUITE=bookworm first_delivery "on Debian 12"
}

@test "a bare Debian 13 has its first delivery within 60 s of the package" {
	SUITE=trixie first_delivery "on Debian 13"
}
