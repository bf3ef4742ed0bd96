# What the packaged units write into systemd's journal, on a machine that
# systemd runs.

load ../lib
load machine

DONE_ID=5c67311e4dce4f09a1c34c0fef6637b5
HELD_ID=f017f18b00a34b03b907425cdea9dedb
HELD=4c1c2d3e-aaaa-4bbb-8ccc-1234567890ae
LATER=5d1c2d3e-aaaa-4bbb-8ccc-1234567890ad

setup() {
	common_setup
	need_root
	VERSION=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$ROOT/packaging/debian/changelog")
	DEB=$BUILD/jibri-finalize_${VERSION}_$(dpkg --print-architecture).deb
}

teardown() {
	machine_stop
	common_teardown
}

machine_with_package() {
	machine_start
	cp "$DEB" "$MACHINE/root/"
	machine useradd --system --create-home jibri
	machine install -d -o jibri -g jibri /srv/recordings
	machine apt-get -qq update
	machine apt-get -y install "/root/${DEB##*/}" >"$DIR/apt" 2>&1 </dev/null ||
		{ tail -n 20 "$DIR/apt" >&2; return 1; }
	printf '%s\n' "file-service-url = $URL" "meeting-service-url = $URL" \
		'webhook-secret-file = /etc/jitsi/jibri/secret' \
		'recordings-dir = /srv/recordings' 'log-level = debug' \
		>"$MACHINE/etc/jitsi/jibri/finalize.conf"
	echo "$CANARY" >"$MACHINE/etc/jitsi/jibri/secret"
	machine chown root:jibri /etc/jitsi/jibri/secret
	machine chmod 0640 /etc/jitsi/jibri/secret
}

# put SESSION: a recording of Jibri's, some time ago.
put() {
	local directory=$MACHINE/srv/recordings/$1
	mkdir "$directory"
	cp "$ROOT/tests/data/video.mp4" "$directory/$MEDIA"
	printf '{"meeting_url":"https://meet.example.org/%s"}' "$ROOM" \
		>"$directory/metadata.json"
	touch -d @1767323045 "$directory"{/*,}
	machine chown -R jibri: "/srv/recordings/$1"
}

# entries MATCH...: those of the journal that journalctl finds by these, in $DIR.
entries() {
	machine journalctl --sync
	machine journalctl -o json --no-pager "$@" >"$DIR/entries"
	[ -s "$DIR/entries" ]
}

# sessions: whose they are.
sessions() {
	jq -r .JIBRI_SESSION "$DIR/entries" | sort -u
}

# of_unit UNIT: each entry has the fields, and says who we are nowhere else.
of_unit() {
	jq -es --arg unit "$1" --arg room "$ROOM" '
		all(.SYSLOG_IDENTIFIER == "jibri-finalize" and
			._SYSTEMD_UNIT == $unit and ._COMM == "jibri-finalize" and
			.JIBRI_ROOM == $room) and
		all(.MESSAGE | test("^<[0-7]>|jibri-finalize: ") | not)' \
		"$DIR/entries"
}

@test "journalctl finds a recording by its session, what is held, and errors by their priority" {
	start_sandbox
	machine_with_package
	put "$SESSION"
	put "$HELD"
	faults "upload *.mp4 1 status 413"
	machine systemctl start jibri-finalize-sweep.service || true
	entries MESSAGE_ID="$DONE_ID" + MESSAGE_ID="$HELD_ID"
	assert_equal "$(sessions)" "$(printf '%s\n' "$SESSION" "$HELD" | sort)"
	of_unit jibri-finalize-sweep.service
	entries MESSAGE_ID="$HELD_ID"
	assert_equal "$(wc -l <"$DIR/entries")" 1
	local held
	held=$(sessions)
	entries JIBRI_SESSION="$held" PRIORITY=3
	grep -q "HTTP 413" "$DIR/entries"
	of_unit jibri-finalize-sweep.service
	assert_equal "$(sessions)" "$held"
	entries JIBRI_SESSION="$SESSION" PRIORITY=7

	# A watch stays, and its visits write for themselves.
	machine systemctl start jibri-finalize-watch.service
	put "$LATER"
	wait_for entries MESSAGE_ID="$DONE_ID" JIBRI_SESSION="$LATER"
	of_unit jibri-finalize-watch.service
}
