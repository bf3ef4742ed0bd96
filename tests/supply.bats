#!/usr/bin/env bats
# What is shipped: hardening, libraries, and reproducible builds.

load lib
setup() {
	common_setup
	[ "${SAN:-}" != 1 ] || skip "the sanitizers' program is not shipped"
}

# assert_matches TEXT REGEX
assert_matches() {
	[[ $1 =~ $2 ]] && return 0
	printf 'no match for %s in:\n%s\n' "$2" "$1" >&2
	return 1
}

@test "the program is hardened: PIE, RELRO, bound at start, canaries, checked calls" {
	local headers dynamic symbols
	headers=$(readelf -Wl "$BIN")
	dynamic=$(readelf -Wd "$BIN")
	symbols=$(readelf -W --dyn-syms "$BIN")
	assert_matches "$headers" 'DYN \(Position-Independent Executable'
	assert_matches "$headers" GNU_RELRO
	assert_matches "$dynamic" 'FLAGS_1\) +Flags: NOW PIE'
	assert_matches "$symbols" __stack_chk_fail
	assert_matches "$symbols" __snprintf_chk
	# No writable and executable stack or segment, no library search path,
	# no relocations in code.
	assert_matches "$headers" 'GNU_STACK[ 0-9a-fx]+ RW '
	run ! grep -E '(LOAD|GNU_STACK).* RWE ' <<<"$headers"
	run ! grep -E 'RPATH|RUNPATH|TEXTREL' <<<"$dynamic"
}

# bats test_tags=slow
@test "functions are guarded branch targets" {
	local want object
	# libc's own start code is not, so the linked program does not say so.
	case $(uname -m) in
	x86_64) want='IBT, SHSTK' ;;
	aarch64) want='BTI, PAC' ;;
	*) skip "not known for this processor" ;;
	esac
	for object in "${BIN%/*}"/obj/src/*/{,*/}*.o; do
		assert_matches "$(readelf -nW "$object")" "$want"
	done
}

@test "the program needs only the documented system libraries" {
	local lib
	for lib in $(readelf -Wd "$BIN" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'); do
		assert_matches "$lib" \
			'^(libcurl|libjansson|libarchive|libmagic|libcrypto|libc|ld-linux-[a-z0-9-]+)\.so\.[0-9]+$'
	done
	run -0 ldd "$BIN"
	run ! grep -vE '^[[:space:]]*(linux-vdso|/lib|[^ ]+ => /(usr/)?lib/)' \
		<<<"$output"
}

# build_in DIR COMMAND...: the sources there, built by `COMMAND... make`.
build_in() {
	local place=$1
	shift
	mkdir -p "$place"
	(cd "$ROOT" && cp -r --parents Makefile src packaging/debian/changelog \
		"$place")
	(cd "$place" && "$@" make -s all) || return 1
}

# bats test_tags=slow
@test "builds in different places, at different times and by different users have the same bytes" {
	build_in "$DIR/one" env -i PATH="$PATH" LC_ALL=C TZ=UTC
	umask 077
	build_in "$DIR/two/with a/longer-path" faketime '+400 days' \
		env HOME=/nonexistent USER=another LC_ALL=C.UTF-8 \
		TZ=Pacific/Auckland MAKEFLAGS=-j2
	cmp "$DIR/one/build/jibri-finalize" \
		"$DIR/two/with a/longer-path/build/jibri-finalize"
	# Also in the debug information, which would contain paths.
	run ! grep -c "$DIR" "$DIR/one/build/jibri-finalize"
}

# bats test_tags=slow
@test "the bill of materials names the program and each library with its package" {
	local name version
	"$ROOT/packaging/sbom" "$BIN" 1.2.3 >"$DIR/sbom.json"
	jq -e '.bomFormat == "CycloneDX" and .specVersion == "1.5" and
		.metadata.component.version == "1.2.3"' "$DIR/sbom.json"
	assert_equal "$(jq -r '.metadata.component.hashes[0].content' \
		"$DIR/sbom.json")" "$(sha256sum "$BIN" | cut -d ' ' -f 1)"
	assert_equal "$(jq -r '.components[].properties[0].value' \
		"$DIR/sbom.json" | sort)" \
		"$(readelf -Wd "$BIN" |
			sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' | sort)"
	# dpkg confirms each package.
	while read -r name version; do
		assert_equal "$(dpkg-query -W -f '${Version}\n' "$name" |
			uniq)" "$version"
	done < <(jq -r '.components[] | "\(.name) \(.version)"' \
		"$DIR/sbom.json")
	# Every reference resolves.
	jq -e '[.dependencies[].dependsOn // [] | .[]] -
		[.components[]["bom-ref"]] == []' "$DIR/sbom.json"
	"$ROOT/packaging/sbom" "$BIN" 1.2.3 | cmp - "$DIR/sbom.json"
}
