# The life of the Debian package on a machine booted with systemd: version 0.1.0
# installed, configured, called; upgraded, removed, purged.

load ../lib
load machine
load recorder

# The last commit of version 0.1.0.
OLD_COMMIT=f36f31f
OLD_SCRIPT=/usr/local/bin/jibri-finalize.sh

setup() {
	common_setup
}

teardown() {
	machine_stop
	# The secret is in it.
	[ -z "${MACHINE-}" ] || rm -f "$MACHINE/etc/jitsi/jibri/finalize.conf"
	common_teardown
}

# With the old script, and an operator who sets the addresses of the services and
# does what the comments ask for.
used_recorder() {
	recorder_start
	echo 'exit 1 # the old script' >"$MACHINE$OLD_SCRIPT"
	echo "$CANARY" >"$MACHINE/root/secret"
	an_operator <<-EOT
		sed -i -e 's|^#file-service-url = .*|file-service-url = $URL|' \\
			-e 's|^#meeting-service-url = .*|meeting-service-url = $URL|' \\
			-e "s|^#webhook-secret =\\\$|webhook-secret = \$(cat /root/secret)|" \\
			-e 's|^#recordings-dir = .*|recordings-dir = /srv/recordings|' \\
			-e 's|^#sweep-retry-delay = .*|sweep-retry-delay = 1s|' \\
			-e 's|^#failed-webhook = final|failed-webhook = final|' \\
			-e 's|^#answer-timeout = .*|answer-timeout = 10s|' \\
			-e 's|^#tries = .*|tries = 1|' "\$1"
	EOT
}

# Run each command that the package printed.
obey_messages() {
	local line
	grep -q '^    sudo editor' "$DIR/apt" || return 1
	while read -r line; do
		machine bash -c "$line" </dev/null >>"$DIR/obeyed" 2>&1 ||
			lacks_a_sweeper "$line" "$DIR/obeyed" ||
			{ cat "$DIR/obeyed" >&2; return 1; }
	done < <(sed -n 's/^    \(sudo .*\)/\1/p' "$DIR/apt")
	HOOK=$(sed -n 's/^    finalize-script = "\(.*\)"/\1/p' "$DIR/apt")
}

# hook SESSION: one argument.
hook() {
	as_jibri "$HOOK" "/srv/recordings/$1"
}

# states: what status says of each recording.
states() {
	as_jibri /usr/bin/jibri-finalize status --all --json |
		jq -r '.recordings[] | .session + " " + (.state | sub(" "; "-"))' |
		sort
}

# uploads_of SESSION
uploads_of() {
	request upload .path | grep -c "$1" || true
}

# A journal of each kind that version 0.1.0 leaves, by that version itself.
journals_of_every_state() {
	put delivered
	run -0 hook delivered
	put held no-such-room
	run -65 hook held
	put given-up no-such-room
	run -65 hook given-up
	as_jibri /usr/bin/jibri-finalize forget --yes /srv/recordings/given-up
	faults 'upload *.mp4 * status 503'
	put waiting
	run -75 hook waiting
	grep -q "waiting: error: .*HTTP 503" "$MACHINE$(log_file)"
	faults 'upload *.mp4 * stall-answer 60'
	put killed
	kill_in_mid_upload
	put deferred
	as_jibri JIBRI_FINALIZE_DEFER=yes "$HOOK" /srv/recordings/deferred
	put uncalled
	faults
}

kill_in_mid_upload() {
	hook killed 3>&- &
	wait_for grep -q '"sending"' "$REC/.jibri-finalize"
	machine sh -c "kill -KILL $(journal 'select(.event == "began") | .pid')"
	wait $! || true
}

log_file() {
	sed -n 's/^log-file = *//p' "$MACHINE/etc/jitsi/jibri/finalize.conf"
}

survives_an_upgrade() {
	start_sandbox
	source_of "$OLD_COMMIT" "$DIR/old.tar.gz"
	used_recorder
	install_deb "$(built_deb "$DIR/old.tar.gz")"
	assert_equal "$(machine stat -c '%a %U:%G' /etc/jitsi/jibri/finalize.conf)" \
		"640 root:jibri"
	assert_equal "$(machine systemctl is-enabled jibri-finalize-sweep.timer)" \
		disabled
	# The old script is replaced by a link when the operator does so.
	grep -q 'the old script' "$MACHINE$OLD_SCRIPT"
	obey_messages
	assert_equal "$(readlink "$MACHINE$OLD_SCRIPT")" /usr/bin/jibri-finalize
	assert_equal "$(machine systemctl is-active jibri-finalize-sweep.timer)" active
	machine systemctl stop jibri-finalize-sweep.timer
	journals_of_every_state
	sha256sum "$MACHINE/etc/jitsi/jibri/finalize.conf" >"$DIR/conf"
	local uploads
	uploads=$(uploads_of delivered)

	# Upgraded: the configuration is as it was left, and so are the units.
	install_deb
	sha256sum --quiet -c "$DIR/conf"
	assert_equal "$(sed -n '/^    sudo/p' "$DIR/apt")" ""
	assert_equal "$(machine systemctl is-enabled jibri-finalize-sweep.timer)" \
		enabled
	assert_equal "$(machine systemctl is-enabled jibri-finalize-watch.service)" \
		disabled
	# The pause is a second, and may be over.
	states | sed 's/^waiting due/waiting waiting/' >"$DIR/states"
	diff - "$DIR/states" <<-'EOT'
		deferred due
		delivered done
		given-up given-up
		held held
		killed due
		uncalled due
		waiting waiting
	EOT

	# The unit delivers what can be delivered, with all its restrictions.
	machine systemctl enable --now jibri-finalize-watch.service
	machine systemctl disable --now jibri-finalize-sweep.timer
	for SESSION in deferred killed uncalled waiting; do
		wait_for is_announced "$SESSION" ||
			{ machine journalctl -u jibri-finalize-watch >&2; return 1; }
		REC=$MACHINE/srv/recordings/$SESSION is_stored metadata.json "$MEDIA"
	done
	# Nothing was sent again, and nobody was told twice.
	assert_equal "$(uploads_of delivered)" "$uploads"
	assert_equal "$(webhooks | grep STOPPED | sort | uniq -d)" ""
	states | diff - <(sed -E 's/ (due|waiting)/ done/' "$DIR/states")

	log_moves
	all_is_ok
	machine systemctl stop jibri-finalize-watch.service
	goes_without_a_trace
}

# The message about the log of 0.1.0 is obeyed, and the new one is rotated.
log_moves() {
	local to
	to=$(sed -n 's/^    log-file = //p' "$DIR/apt")
	if [ -n "$to" ]; then
		sed -i "s|^log-file = .*|log-file = $to|" \
			"$MACHINE/etc/jitsi/jibri/finalize.conf"
		machine systemctl reload jibri-finalize-watch.service
	fi
	put late
	wait_for is_announced late
	wait_for grep -q late "$MACHINE/var/log/jibri-finalize/finalize.log"
	machine logrotate --force /etc/logrotate.d/jibri-finalize
	assert_equal "$(machine stat -c '%a %U' /var/log/jibri-finalize/finalize.log{,.1})" \
		"$(printf '640 jibri\n640 jibri')"
}

# With two addresses and a secret; held recordings are none of its questions.
all_is_ok() {
	as_jibri /usr/bin/jibri-finalize check >"$DIR/check" 2>&1 ||
		{ cat "$DIR/check" >&2; return 1; }
}

# Removed, and the recordings and the configuration stay; purged, and nothing
# of the package does, and nothing else is gone.
goes_without_a_trace() {
	apt_get remove jibri-finalize
	grep -q "$OLD_SCRIPT leads nowhere now" "$DIR/apt"
	machine rm "$OLD_SCRIPT"
	[ ! -e "$MACHINE/usr/bin/jibri-finalize" ]
	[ -e "$MACHINE/etc/jitsi/jibri/finalize.conf" ]
	run machine systemctl is-active jibri-finalize-sweep.timer \
		jibri-finalize-watch.service
	assert_equal "$output" "$(printf 'inactive\ninactive')"
	apt_get purge jibri-finalize
	run machine find /etc /usr /var/lib /var/log /run \
		-name '*jibri-finalize*' -o -path '*jitsi*finalize*'
	assert_equal "$output" ""
	assert_equal "$(ls "$MACHINE/etc/jitsi/jibri")" jibri.conf
	for SESSION in delivered held killed late; do
		assert_equal "$(cd "$MACHINE/srv/recordings/$SESSION" && echo .j* *)" \
			".jibri-finalize $MEDIA metadata.json"
	done
}

@test "on Debian 12 the package takes over from 0.1.0 with journals of every state, is removed and purged" {
	need_root
	SUITE=bookworm survives_an_upgrade
}

@test "on Debian 13 the package takes over from 0.1.0 with journals of every state, is removed and purged" {
	need_root
	SUITE=trixie survives_an_upgrade
}

# new_machine: with the package as its messages configure it.
new_machine() {
	local deb
	start_sandbox
	used_recorder
	install_deb
	# Nothing was asked, and nothing runs before it is configured.
	deb=$(this_deb)
	run ! grep -qi debconf <(dpkg-deb -f "$deb" Depends)
	run ! grep -E 'config|templates' <(dpkg-deb --ctrl-tarfile "$deb" | tar -t)
	assert_equal "$(machine systemctl is-enabled jibri-finalize-sweep.timer \
		jibri-finalize-watch.service | sort -u)" disabled
	obey_messages
}

@test "on Debian 12 two addresses and a secret make a new installation right in all that check looks at" {
	need_root
	SUITE=bookworm new_machine
	all_is_ok
	# Jibri's first call delivers, also under the old script's name.
	put first
	run -0 hook first
	is_stored metadata.json "$MEDIA"
	put second
	run -0 as_jibri "$OLD_SCRIPT" /srv/recordings/second
	is_announced second
}

@test "on Debian 13 two addresses and a secret make a new installation right in all that check looks at" {
	need_root
	SUITE=trixie new_machine
	all_is_ok
	put first
	run -0 hook first
	is_stored metadata.json "$MEDIA"
}

@test "without Jibri the package installs and rotates its log, and Jibri can take over later" {
	need_root
	local tree=$DIR/tree conf=/etc/jitsi/jibri/finalize.conf
	cp -a "$(base_tree bare)" "$tree"
	cp "$(this_deb)" "$tree/root/new.deb"
	in_tree "$tree" apt-get -qq update
	in_tree "$tree" apt-get -y install /root/new.deb >"$DIR/apt" 2>&1
	grep -q 'no group jibri yet' "$DIR/apt"
	assert_equal "$(in_tree "$tree" stat -c '%a %U:%G' $conf)" "640 root:root"

	# Without a log, and then with one.
	in_tree "$tree" logrotate --force /etc/logrotate.d/jibri-finalize
	in_tree "$tree" sh -c 'echo a line >/var/log/jibri-finalize/finalize.log'
	in_tree "$tree" logrotate --force /etc/logrotate.d/jibri-finalize
	[ -e "$tree/var/log/jibri-finalize/finalize.log.1" ]

	in_tree "$tree" groupadd jibri
	in_tree "$tree" sh -c "$(sed -n 's/^    sudo \(dpkg-.*\)/\1/p' "$DIR/apt")"
	assert_equal "$(in_tree "$tree" stat -c '%a %U:%G' $conf)" "640 root:jibri"
}
