# The portable bundle, in containers that have none of its libraries, and
# stricter than docker-jitsi-meet's: only the recordings can be written.

load ../lib
load machine

setup_file() {
	export BUNDLE=$BATS_FILE_TMPDIR/bundle HAS_BUNDLE ARCHIVE
	ARCHIVE=$(echo "${BUILD:-$ROOT/build}"/jibri-finalize-*-linux-"$(uname -m)".tar.gz)
	[ -e "$ARCHIVE" ] || return 0
	HAS_BUNDLE=1
	mkdir "$BUNDLE"
	tar -C "$BUNDLE" --strip-components 1 -xzf "$ARCHIVE"
}

setup() {
	common_setup
	need_root
	[ -n "${HAS_BUNDLE-}" ] || skip "the bundle is made on Debian 12"
	USER_ID=1000
	COMPOSE=$ROOT/packaging/docker/docker-compose.portable.yml
}

teardown() {
	[ -z "${WATCH-}" ] || kill -KILL "$WATCH" 2>/dev/null || true
	common_teardown
}

# container SUITE COMMAND...: what PREPARE says is done to the tree first.  The
# bundle is mounted read-only at /opt/jibri-finalize, /etc/jitsi/jibri is a link
# as in Jibri's image, and USER_ID is nobody that /etc/passwd knows.
container() {
	local base
	base=$(SUITE=$1 base_tree bare)
	find "$DIR/recordings" ! -user "$USER_ID" \
		-exec chown "$USER_ID:$USER_ID" {} +
	mkdir -p "$DIR/scratch"
	unshare --mount --pid --fork --kill-child bash -ec '
		base=$1 scratch=$2 bundle=$3 recordings=$4 user=$5 prepare=$6
		shift 6
		mount -t tmpfs none "$scratch"
		cd "$scratch"
		mkdir upper work root
		mount -t overlay overlay \
			-o "lowerdir=$base,upperdir=upper,workdir=work" root
		cd root
		mkdir -p opt/jibri-finalize storage/recordings etc/jitsi
		ln -s /run/jibri/config etc/jitsi/jibri
		eval "$prepare"
		mount --bind "$bundle" opt/jibri-finalize
		mount -o remount,bind,ro,nosuid,nodev opt/jibri-finalize
		mount --bind "$recordings" storage/recordings
		mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 none tmp
		mount -t tmpfs -o noexec,nosuid,nodev,mode=755 none run
		mkdir -p run/jibri/config
		mount -t proc proc proc
		mount -o remount,ro .
		exec chroot --userspec="$user:$user" . "$@"
	' container "$base" "$DIR/scratch" "$BUNDLE" "$DIR/recordings" \
		"$USER_ID" "${PREPARE:-:}" env -i PATH=/usr/bin:/bin \
		FILE_SERVICE_URL="${FILE_SERVICE_URL-}" \
		MEETING_SERVICE_URL="${MEETING_SERVICE_URL-}" \
		WEBHOOK_SECRET="$CANARY" JIBRI_FINALIZE_TRIES=2 \
		JIBRI_FINALIZE_RETRY_DELAY=20ms "${@:2}" </dev/null
}

# bundled SUITE ARGUMENT...: the bundle's program there.
bundled() {
	container "$1" env "${SETTINGS[@]}" \
		/opt/jibri-finalize/jibri-finalize "${@:2}"
}

# Everything but libc is the bundle's, also what is loaded late; and there is
# nothing else to be had.
uses_its_own() {
	local said SETTINGS=(LD_TRACE_LOADED_OBJECTS=1)
	said=$(bundled "$1")
	SETTINGS=()
	grep -q 'libcurl.so.4 => /opt/jibri-finalize/lib/' <<<"$said"
	grep -vE '/opt/jibri-finalize/lib/|vdso|/lib(c|resolv)\.so|/ld-linux' \
		<<<"$said" >"$DIR/others" || true
	assert_equal "$(cat "$DIR/others")" ''
	run bundled "$1" --version
	assert_output_has 'Bundled from Debian 12:'
	assert_output_has 'libarchive 3.'
	assert_output_has 'expat 2.'
	# make portable-aarch64 needs that of another architecture, too.
	assert_output_has "$(dpkg-query -W -f '${Version}' \
		"libcurl4:$(dpkg --print-architecture)")"
	refute_output_has 'no libarchive'
}

delivers() {
	start_sandbox
	recording
	uses_its_own "$1"
	# Only the magic database knows what this is.
	base64 -d >"$REC/thumbnail" <<-EOT
		iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9
		awAAAABJRU5ErkJggg==
	EOT
	run -0 bundled "$1" "/storage/recordings/$SESSION"
	is_stored metadata.json thumbnail "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(request upload 'select(.part.filename == "thumbnail") |
		.part.contentType')" image/png
	refute_output_has 'confine'
	# It is there, so the silence above means that it is on.
	run bundled "$1" check
	assert_output_has 'confine: this kernel has seccomp, Landlock'
}

@test "in a bare Debian 12 the bundle delivers, as a user that nobody knows" {
	delivers bookworm
}

@test "in a bare Debian 13 the bundle delivers, with none of its libraries" {
	delivers trixie
}

@test "as root in a container it delivers, too" {
	start_sandbox
	recording
	USER_ID=0 run -0 bundled bookworm "/storage/recordings/$SESSION"
	is_stored metadata.json "$MEDIA"
}

@test "confined, it packs and delivers archives of every format" {
	local suffix
	start_sandbox
	recording
	for suffix in tar tar.gz tar.zst zip; do
		rm -rf "$SB/store" "$SB/records.jsonl" "$REC/.jibri-finalize"
		run -0 bundled bookworm pack "/storage/recordings/$SESSION" \
			-o "/storage/recordings/a.$suffix"
		run -0 bundled bookworm upload "/storage/recordings/a.$suffix"
		is_stored metadata.json "$MEDIA"
		rm "$DIR/recordings/a.$suffix"
	done
}

@test "confined, it reads the XML of S3" {
	load ../s3/s3
	start_s3
	recording
	SETTINGS=(JIBRI_FINALIZE_STORE=s3 JIBRI_FINALIZE_S3_URL="$S3_URL"
		JIBRI_FINALIZE_S3_BUCKET="$S3_BUCKET"
		JIBRI_FINALIZE_S3_ACCESS_KEY="$S3_KEY"
		JIBRI_FINALIZE_S3_SECRET_KEY="$S3_SECRET")
	run -0 bundled trixie upload "/storage/recordings/$SESSION"
	run -0 bundled trixie verify "/storage/recordings/$SESSION"
}

# --- as in packaging/docker --------------------------------------------------

# watch: the compose file's second container, until it is told to end.
watch() {
	local SETTINGS=(JIBRI_FINALIZE_RECORDINGS_DIR=/storage/recordings
		JIBRI_FINALIZE_SETTLE=0s)
	bundled trixie watch >"$DIR/log" 2>&1 3>&- &
	WATCH=$!
}

is_announced() {
	[ "$(webhooks)" = "STOPPED $ROOM $SESSION" ] &&
		grep -q '"event":"announced"' "$REC/.jibri-finalize"
}

@test "the compose file mounts the bundle where it is called, and only to be read" {
	assert_equal "$(sed -n 's/^ *- \.\/jibri-finalize:\(.*\),z$/\1/p' \
		"$COMPOSE" | sort -u)" /opt/jibri-finalize:ro
	assert_equal "$(grep -oE '/opt/[a-z/-]+' "$COMPOSE" | sort -u)" \
		"$(printf '%s\n' /opt/jibri-finalize{,/jibri-finalize})"
	# What is listed there is a setting; but for Jibri's path.
	"$BUNDLE/jibri-finalize" config --json | jq -r '.settings[].name' |
		sed 's/^/JIBRI_FINALIZE_/; s/-/_/g' | tr '[:lower:]' '[:upper:]' | sort >"$DIR/names"
	run -0 comm -23 <(grep -oE 'JIBRI_FINALIZE_[A-Z_]+' "$COMPOSE" |
		sort -u) "$DIR/names"
	assert_equal "$output" JIBRI_FINALIZE_RECORDING_SCRIPT_PATH
}

@test "beside Jibri, watch delivers from the bundle, is healthy, and ends when told" {
	local pids
	start_sandbox
	recording
	watch
	wait_for is_announced
	SETTINGS=(JIBRI_FINALIZE_RECORDINGS_DIR=/storage/recordings)
	run -0 bundled trixie status --check
	# Of all processes with this name, those of this test.
	mapfile -t pids < <(pgrep -fx '/opt/jibri-finalize/jibri-finalize watch' |
		sed 's|.*|/proc/&/environ|' |
		xargs grep -lzx "FILE_SERVICE_URL=$URL" | cut -d / -f 3)
	kill -TERM "${pids[@]}"
	wait "$WATCH" || { cat "$DIR/log" >&2; return 1; }
	WATCH=
}

# The README's lines for Docker, from the copy of the compose file to what
# unpacks the bundle.
readme_lines() {
	sed -n '/^\*\*Docker\*\*/,/^\*\*Kubernetes/s/^    //p' "$ROOT/README.md" |
		sed -n '/^cp /,/^tar /p'
}

@test "by the README's lines, a bare Debian has its first delivery within 20 s" {
	local start sources=/storage/recordings/sources
	start_sandbox
	recording
	mkdir -p "$DIR/recordings"/{sources/{build,packaging},docker-jitsi-meet}
	cp "$ARCHIVE" "$DIR/recordings/sources/build"
	cp -r "$ROOT/packaging/docker" "$DIR/recordings/sources/packaging"
	assert_equal "$(readme_lines | wc -l)" 3
	start=$SECONDS
	container bookworm bash -ec "cd $sources
		$(readme_lines)
		[ -s docker-compose.override.yml ]
		jibri-finalize/jibri-finalize /storage/recordings/$SESSION"
	is_stored metadata.json "$MEDIA"
	within 20 $((SECONDS - start)) "from the bundle to the first delivery"
}

# --- whom it trusts ----------------------------------------------------------

# serve_tls: the sandbox behind a certificate of an authority of our own, which
# is $DIR/recordings/ca.pem.
serve_tls() {
	local d=$DIR/recordings
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=Our CA" -keyout "$DIR/ca.key" \
		-out "$d/ca.pem" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /CN=server -keyout "$DIR/server.key" \
		-out "$DIR/server.csr" 2>/dev/null
	openssl x509 -req -in "$DIR/server.csr" -CA "$d/ca.pem" \
		-CAkey "$DIR/ca.key" -CAcreateserial -days 2 \
		-out "$DIR/server.pem" \
		-extfile <(echo subjectAltName=IP:127.0.0.1) 2>/dev/null
	start_sandbox --tls "$DIR/server.pem" "$DIR/server.key"
	recording
	export CA=$d/ca.pem
}

@test "it trusts whom the container trusts, in Debian's place and in Fedora's" {
	local place
	serve_tls
	run -78 bundled trixie "/storage/recordings/$SESSION"
	assert_equal "$(stored)" ''
	for place in ssl/certs/ca-certificates.crt pki/tls/certs/ca-bundle.crt \
		ssl/ca-bundle.pem; do
		rm -rf "$SB/store" "$SB/records.jsonl" "$REC/.jibri-finalize"
		PREPARE="rm etc/ssl/certs/*; mkdir -p etc/${place%/*}
			cp '$CA' etc/$place" \
			run -0 bundled trixie "/storage/recordings/$SESSION"
		is_stored metadata.json "$MEDIA"
	done
}

@test "where the container trusts nobody it says so, and ca-file helps" {
	serve_tls
	PREPARE='rm -r etc/ssl/certs' \
		run -78 bundled bookworm "/storage/recordings/$SESSION"
	assert_output_has 'install ca-certificates or set ca-file'
	SETTINGS=(JIBRI_FINALIZE_CA_FILE=/storage/recordings/ca.pem)
	PREPARE='rm -r etc/ssl/certs' \
		run -0 bundled bookworm "/storage/recordings/$SESSION"
	is_stored metadata.json "$MEDIA"
}

# --- what it is --------------------------------------------------------------

@test "the bundle is small, hardened, and has what it says" {
	local file
	(($(stat -c %s "$ARCHIVE") <= 12000000))
	[ -s "$BUNDLE/lib/magic.mgc" ]
	"$BUNDLE/jibri-finalize" config --sample | cmp - "$BUNDLE/finalize.conf"
	for file in man/jibri-finalize.1 LICENSE NEWS licenses/libcurl4; do
		[ -s "$BUNDLE/$file" ]
	done
	for file in "$BUNDLE"/jibri-finalize "$BUNDLE"/lib/*.so.*; do
		run ! grep -E '(LOAD|GNU_STACK).* RWE ' <(readelf -Wl "$file")
		run ! grep -E 'TEXTREL|RUNPATH' <(readelf -Wd "$file")
	done
	readelf -Wd "$BUNDLE/jibri-finalize" | grep -qF 'rpath: [$ORIGIN/lib]'
	# Each file of lib/ is in the bill, and nothing else.
	assert_equal "$(jq -r '.components[].properties[].value' \
		"$BUNDLE/sbom.json" | sort)" \
		"$(find "$BUNDLE/lib" -type f -printf "%f\n" | sort)"
	assert_equal "$(jq -r '.metadata.component.hashes[0].content' \
		"$BUNDLE/sbom.json")" \
		"$(sha256sum "$BUNDLE/jibri-finalize" | cut -d ' ' -f 1)"
}
