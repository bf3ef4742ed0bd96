# Debian 13: the tarball is built there as anyone would, and the resulting
# package is used.

# shellcheck disable=SC2034 # machine.bash has it.
SUITE=trixie
load ../lib
load machine

setup() {
	common_setup
	need_root
	TREE=$DIR/tree
	with_sources "$TREE" "$(tarball)"
}

teardown() {
	common_teardown
}

@test "Debian 13 builds the package without a warning, and the package delivers a recording" {
	there 'ln -s packaging/debian debian
		apt-get -qq update
		apt-get -qq -y install --no-install-recommends dpkg-dev lintian
		apt-get -qq -y --no-install-recommends build-dep ./
		make deb'
	run grep -E '^[a-z].*: warning:' "$TREE/root/source/build/deb/log"
	assert_equal "$output" ""
	there 'lintian -i --pedantic --fail-on error,warning,info,pedantic \
		build/deb/*.changes'
	there 'apt-get -y install --no-install-recommends ./build/jibri-finalize_*.deb'

	start_sandbox
	REC=$TREE/srv/$SESSION
	mkdir "$REC"
	recording
	in_tree "$TREE" env FILE_SERVICE_URL="$URL" MEETING_SERVICE_URL="$URL" \
		WEBHOOK_SECRET="$WEBHOOK_SECRET" JIBRI_FINALIZE_CONFIG=/dev/null \
		jibri-finalize "/srv/$SESSION"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}
