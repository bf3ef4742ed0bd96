# arm64, compiled on this machine by Debian's cross compiler and run by qemu.

load ../lib
load machine

setup() {
	common_setup
	need_root
}

@test "compiled for arm64, the unit tests pass and recordings are delivered" {
	[ "$(dpkg --print-architecture)" != arm64 ] || skip "this is arm64"
	local tree=$DIR/tree
	cp -a "$(base_tree bare)" "$tree"
	tar -C "$tree/root" -xzf "$BUILD"/jibri-finalize-*.tar.gz
	in_tree "$tree" sh -ec 'cd /root/jibri-finalize-*
		scripts/deps cross
		make -s check-cross' >"$DIR/said" 2>&1 ||
		{ tail -n 40 "$DIR/said" >&2; return 1; }
	grep -q '^jibri-finalize [0-9]' "$DIR/said"
	grep -Eq '^[1-9][0-9]+ tests are ok, 0 are not' "$DIR/said"
	readelf -h "$tree"/root/jibri-finalize-*/build/arm64/jibri-finalize |
		grep -q 'Machine: *AArch64'
}
