# What the packaged units write into systemd's journal, on a machine that
# systemd runs.

load ../lib
load machine
load recorder

DONE_ID=5c67311e4dce4f09a1c34c0fef6637b5
HELD_ID=f017f18b00a34b03b907425cdea9dedb

setup() {
	common_setup
	need_root
}

teardown() {
	machine_stop
	common_teardown
}

# entries MATCH...: those of the journal that journalctl finds by these, in $DIR.
entries() {
	machine journalctl --sync
	machine journalctl -o json --no-pager "$@" >"$DIR/entries"
	[ -s "$DIR/entries" ]
}

# sessions: the sessions of these entries.
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
	recorder_start
	install_deb
	configure 'log-level = debug'
	put one
	put two
	faults "upload *.mp4 1 status 413"
	machine systemctl start jibri-finalize-sweep.service || true
	entries MESSAGE_ID="$DONE_ID" + MESSAGE_ID="$HELD_ID"
	assert_equal "$(sessions)" "$(printf '%s\n' one two)"
	of_unit jibri-finalize-sweep.service
	entries MESSAGE_ID="$HELD_ID"
	assert_equal "$(wc -l <"$DIR/entries")" 1
	local held delivered=one
	held=$(sessions)
	[ "$held" != one ] || delivered=two
	entries JIBRI_SESSION="$held" PRIORITY=3
	grep -q "HTTP 413" "$DIR/entries"
	of_unit jibri-finalize-sweep.service
	assert_equal "$(sessions)" "$held"
	entries JIBRI_SESSION="$delivered" PRIORITY=7

	# A watch keeps running, and its visits write their own entries.
	machine systemctl start jibri-finalize-watch.service
	put later
	wait_for entries MESSAGE_ID="$DONE_ID" JIBRI_SESSION=later
	of_unit jibri-finalize-watch.service
}
