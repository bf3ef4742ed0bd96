# arm64, compiled on this machine by Debian's cross compiler and run by qemu.

load ../lib
load machine

setup() {
	common_setup
	need_root
	[ "$(dpkg --print-architecture)" != arm64 ] || skip "this is arm64"
	# A tree of Debian 12 for all of this file.
	TREE=$BATS_FILE_TMPDIR/tree
	[ -e "$TREE" ] || with_sources "$TREE" "$(tarball)"
}

teardown() {
	common_teardown
}

@test "compiled for arm64, the unit tests pass and recordings are delivered" {
	there 'scripts/deps cross
		make -s check-cross'
	grep -q '^jibri-finalize [0-9]' "$DIR/said"
	grep -Eq '^[1-9][0-9]+ tests are ok, 0 are not' "$DIR/said"
	readelf -h "$TREE/root/source/build/arm64/jibri-finalize" |
		grep -q 'Machine: *AArch64'
}

@test "the portable bundle for arm64 brings its own libraries, and delivers" {
	local run=/root/bundle/jibri-finalize
	there 'scripts/deps portable cross
		make -s portable-aarch64
		mkdir /root/bundle
		tar -xzf build/jibri-finalize-*-linux-aarch64.tar.gz \
			-C /root/bundle --strip-components 1'
	there "qemu-aarch64 -E LD_TRACE_LOADED_OBJECTS=1 $run"
	grep -q 'libcurl.so.4 => /root/bundle/lib/' "$DIR/said"
	run -1 grep -vE '/root/bundle/lib/|vdso|/lib(c|resolv)\.so|/ld-linux' \
		"$DIR/said"

	start_sandbox
	REC=$TREE/srv/$SESSION
	mkdir "$REC"
	recording
	there "export FILE_SERVICE_URL=$URL MEETING_SERVICE_URL=$URL \
		WEBHOOK_SECRET=$WEBHOOK_SECRET JIBRI_FINALIZE_CONFIG=/dev/null
		qemu-aarch64 $run /srv/$SESSION
		qemu-aarch64 $run pack -o /srv/packed.tar.zst /srv/$SESSION"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	[ -s "$TREE/srv/packed.tar.zst" ]
}
