# The life of the Debian package on a machine that systemd runs: installed,
# configured, called, upgraded, purged.

load ../lib
load machine

OLD_SESSION=0b1c2d3e-aaaa-4bbb-8ccc-1234567890ac
NEW_SESSION=5d1c2d3e-aaaa-4bbb-8ccc-1234567890ad
OLD_SCRIPT=/usr/local/bin/jibri-finalize.sh

setup() {
	common_setup
	VERSION=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$ROOT/packaging/debian/changelog")
	DEB=$BUILD/jibri-finalize_${VERSION}_$(dpkg --print-architecture).deb
}

teardown() {
	machine_stop
	common_teardown
}

# The same package with a lower version number, to upgrade from.
previous_deb() {
	dpkg-deb -R "$DEB" "$DIR/previous"
	sed -i 's/^Version: .*/Version: 0.0.1/' "$DIR/previous/DEBIAN/control"
	dpkg-deb -b "$DIR/previous" "$MACHINE/root/previous.deb" >/dev/null
}

# What the package expects: Jibri's user and log directory, as Jibri's package
# creates them; the recordings, the old script, and an operator's tools.
jibri_is_there() {
	machine groupadd jitsi
	machine useradd --system --create-home jibri
	machine usermod -a -G jibri,jitsi,audio,video jibri
	machine install -d -g jitsi -m 775 /var/log/jitsi/jibri
	machine install -d -o jibri -g jibri /srv/recordings
	echo 'exit 1 # the old script' >"$MACHINE$OLD_SCRIPT"
	cat >"$MACHINE/usr/local/bin/sudo" <<-'EOT'
		#!/bin/sh
		[ "$1" = -u ] || exec "$@"
		user=$2
		shift 2
		exec setpriv --reuid "$user" --regid "$user" --init-groups "$@"
	EOT
	# An editor that sets the addresses of the services, and does what the
	# comments ask for.
	echo "$CANARY" >"$MACHINE/root/secret"
	cat >"$MACHINE/usr/local/bin/editor" <<-EOT
		#!/bin/sh
		sed -i -e 's|^#file-service-url = .*|file-service-url = $URL|' \\
			-e 's|^#meeting-service-url = .*|meeting-service-url = $URL|' \\
			-e "s|^#webhook-secret =\\\$|webhook-secret = \$(cat /root/secret)|" \\
			-e 's|^#recordings-dir = .*|recordings-dir = /srv/recordings|' \\
			-e 's|^#sweep-retry-delay = .*|sweep-retry-delay = 1s|' \\
			-e 's|^#failed-webhook = final|failed-webhook = final|' \\
			-e 's|^#tries = .*|tries = 1|' "\$1"
	EOT
	chmod 755 "$MACHINE"/usr/local/bin/{sudo,editor}
}

# apt_get ARGUMENT...: what it says goes to $DIR/apt.
apt_get() {
	machine apt-get -y -o Dpkg::Use-Pty=0 "$@" >"$DIR/apt" 2>&1 </dev/null ||
		{ tail -n 20 "$DIR/apt" >&2; return 1; }
}

# Run each command that the package printed.
obey_messages() {
	local line
	grep -q '^    sudo editor' "$DIR/apt" || return 1
	while read -r line; do
		machine bash -c "$line" </dev/null >>"$DIR/obeyed" 2>&1 ||
			{ cat "$DIR/obeyed" >&2; return 1; }
	done < <(sed -n 's/^    \(sudo .*\)/\1/p' "$DIR/apt")
	HOOK=$(sed -n 's/^    finalize-script = "\(.*\)"/\1/p' "$DIR/apt")
}

# put SESSION: a recording of Jibri's; from here on it is SESSION.
put() {
	SESSION=$1
	REC=$MACHINE/srv/recordings/$1
	mkdir "$REC"
	cp "$ROOT/tests/data/video.mp4" "$REC/$MEDIA"
	printf '{"meeting_url":"https://meet.example.org/%s","participants":[]}' \
		"$ROOM" >"$REC/metadata.json"
	touch -d @1767323045 "$REC"/*
	machine chown -R jibri: "/srv/recordings/$1"
}

# as_jibri SCRIPT SESSION: as Jibri's unit starts it: its user, no environment,
# one argument.
as_jibri() {
	machine setpriv --reuid jibri --regid jibri --init-groups \
		env -i "$1" "/srv/recordings/$2"
}

@test "the package is installed, configured by its own messages alone, called by Jibri, upgraded over a journal of the version before, and purged" {
	need_root
	start_sandbox
	machine_start
	jibri_is_there
	previous_deb
	machine apt-get -qq update
	apt_get install /root/previous.deb
	assert_equal "$(stat -c '%a %U:%G' "$MACHINE/etc/jitsi/jibri/finalize.conf" |
		sed "s/:.*/:$(machine stat -c %G /etc/jitsi/jibri/finalize.conf)/")" \
		"640 root:jibri"
	run machine systemctl is-enabled jibri-finalize-sweep.timer
	assert_equal "$output" disabled

	# The old script is replaced by a link when the operator does so.
	grep -q 'the old script' "$MACHINE$OLD_SCRIPT"

	# It is configured by its own messages alone.
	obey_messages
	assert_equal "$(readlink "$MACHINE$OLD_SCRIPT")" /usr/bin/jibri-finalize
	assert_equal "$(machine systemctl is-active jibri-finalize-sweep.timer)" active
	machine setpriv --reuid jibri --regid jibri --init-groups \
		jibri-finalize config >"$DIR/config"
	grep -q "^failed-webhook *final */etc/jitsi" "$DIR/config"

	# Called as Jibri calls it, while the file-service is out.
	faults 'upload *.mp4 * status 503'
	put "$SESSION"
	run -75 as_jibri "$HOOK" "$SESSION"
	assert_equal "$(stored)" metadata.json
	assert_equal "$(webhooks)" ""
	grep -q "$SESSION: error: .*HTTP 503" \
		"$MACHINE/var/log/jibri-finalize/finalize.log"

	# And a recording left by an older version.
	put "$OLD_SESSION"
	cp "$ROOT/tests/data/journal-0.1.0.jsonl" "$REC/.jibri-finalize"
	machine chown jibri: "/srv/recordings/$OLD_SESSION/.jibri-finalize"

	# Upgraded: the configuration is as it was left, and so is the timer.
	cp "$DEB" "$MACHINE/root/"
	apt_get install "/root/${DEB##*/}"
	assert_equal "$(sed -n '/^    sudo/p' "$DIR/apt")" ""
	assert_equal "$(machine systemctl is-active jibri-finalize-sweep.timer)" active
	machine setpriv --reuid jibri --regid jibri --init-groups \
		jibri-finalize config | diff "$DIR/config" -
	faults

	# The unit delivers both, with all its restrictions.
	machine systemctl start jibri-finalize-sweep.service ||
		{ machine journalctl -u jibri-finalize-sweep >&2; return 1; }
	for SESSION in 9f1c2d3e-aaaa-4bbb-8ccc-1234567890ab "$OLD_SESSION"; do
		REC=$MACHINE/srv/recordings/$SESSION
		wait_for sweep_delivered
	done
	assert_equal "$(webhooks | sort)" "$(printf 'STOPPED %s %s\n' \
		"$ROOM" "$OLD_SESSION" "$ROOM" 9f1c2d3e-aaaa-4bbb-8ccc-1234567890ab)"
	# What the older version had stored was not sent again.
	SESSION=$OLD_SESSION assert_equal "$(stored)" "$MEDIA"

	# Its log is rotated.
	machine logrotate --force /etc/logrotate.d/jibri-finalize
	assert_equal "$(machine stat -c '%a %U' /var/log/jibri-finalize/finalize.log{,.1})" \
		"$(printf '640 jibri\n640 jibri')"

	# A jibri.conf that names the old script still works.
	put "$NEW_SESSION"
	run -0 as_jibri "$OLD_SCRIPT" "$NEW_SESSION"
	is_stored metadata.json "$MEDIA"

	# Purged: nothing of the package is left, and nothing else is gone.
	apt_get purge jibri-finalize
	grep -q "$OLD_SCRIPT leads nowhere now" "$DIR/apt"
	machine rm "$OLD_SCRIPT"
	[ ! -e "$MACHINE/etc/jitsi/jibri/finalize.conf" ]
	[ ! -e "$MACHINE/usr/bin/jibri-finalize" ]
	[ ! -e "$MACHINE/var/log/jibri-finalize" ]
	run machine systemctl is-active jibri-finalize-sweep.timer
	assert_equal "$output" inactive
	run machine find /etc /usr /var/lib/systemd -name '*jibri-finalize*'
	assert_equal "$output" ""
	for SESSION in 9f1c2d3e-aaaa-4bbb-8ccc-1234567890ab "$OLD_SESSION" \
		"$NEW_SESSION"; do
		assert_equal "$(cd "$MACHINE/srv/recordings/$SESSION" && echo .j* *)" \
			".jibri-finalize $MEDIA metadata.json"
	done
}

# The service is started again by its timer, at the latest when a retry is due.
sweep_delivered() {
	machine systemctl start jibri-finalize-sweep.service
	webhooks | grep -q "STOPPED $ROOM $SESSION"
}

@test "without Jibri the package installs and rotates its log, and Jibri can take over later" {
	need_root
	local tree=$DIR/tree conf=/etc/jitsi/jibri/finalize.conf
	cp -a "$(base_tree bare)" "$tree"
	cp "$DEB" "$tree/root/"
	in_tree "$tree" apt-get -qq update
	in_tree "$tree" apt-get -y install "/root/${DEB##*/}" >"$DIR/apt" 2>&1
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
