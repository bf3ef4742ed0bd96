# Those parts of packaging/ that can be tested without a package: units, the
# crontab, alert rules, and the scripts of the Debian package.  tests/packages/
# tests the packages.

load lib

setup() {
	common_setup
	UNITS=$ROOT/packaging/systemd
	MONITORING=$ROOT/packaging/monitoring
	CRON_PID=
}

teardown() {
	end_child "${CRON_PID-}" KILL
	common_teardown
}

# need COMMAND: skip the test without it.
need() {
	command -v "$1" >/dev/null || skip "no $1"
}

# --- Debian's package --------------------------------------------------------

# deb: what rules installs, with its scripts, as $DIR/jibri-finalize.deb;
# debhelper is imitated: the program is installed, and a file in etc/ is a
# conffile.
deb() {
	local work=$DIR/work built=$DIR/work/built script
	mkdir -p "$work/bin" "$built/DEBIAN"
	ln -s "$ROOT/packaging" "$work/packaging"
	ln -s "$(dirname "$BIN")" "$work/build"
	cat >"$work/bin/dh_auto_install" <<-EOT
		#!/bin/sh
		install -D build/jibri-finalize $built/usr/bin/jibri-finalize
		mkdir -p $built/usr/share/zsh/site-functions
	EOT
	chmod 755 "$work/bin/dh_auto_install"
	(cd "$work" && PATH=$work/bin:$PATH make -s \
		-f packaging/debian/rules root="$built" override_dh_auto_install)
	for script in postinst prerm postrm; do
		grep -v '^#DEBHELPER#' \
			"$ROOT/packaging/debian/jibri-finalize.$script" \
			>"$built/DEBIAN/$script"
		chmod 755 "$built/DEBIAN/$script"
	done
	(cd "$built" && find etc -type f -printf '/%p\n' 2>/dev/null) \
		>"$built/DEBIAN/conffiles" || true
	package 1
}

# package VERSION
package() {
	printf '%s\n' 'Package: jibri-finalize' "Version: $1" \
		'Architecture: all' 'Maintainer: nobody <nobody@example.org>' \
		'Description: of a test' >"$DIR/work/built/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$DIR/work/built" \
		"$DIR/jibri-finalize.deb" >/dev/null
}

# in_tree DPKG-ARGUMENT...: its scripts run outside, as dpkg's manual has it.
in_tree() {
	dpkg --root="$TREE" --force-script-chrootless --force-not-root "$@" \
		>"$DIR/dpkg" 2>&1 || { cat "$DIR/dpkg" >&2; return 1; }
}

new_tree() {
	((EUID == 0)) || skip "not root"
	need dpkg-deb
	TREE=$DIR/tree
	CONF=$TREE/etc/jitsi/jibri/finalize.conf
	mkdir -p "$TREE/var/lib/dpkg/updates" "$TREE/var/lib/dpkg/info" \
		"$TREE/etc/jitsi"
	touch "$TREE/var/lib/dpkg/status"
	deb
}

@test "dpkg keeps /etc/jitsi/jibri as a dangling link, and says what is missing" {
	new_tree
	ln -s /run/jibri/config "$TREE/etc/jitsi/jibri"
	in_tree -i "$DIR/jibri-finalize.deb"
	assert_equal "$(readlink "$TREE/etc/jitsi/jibri")" /run/jibri/config
	grep -q 'leads nowhere' "$DIR/dpkg"
	run ! grep -q 'sudo editor' "$DIR/dpkg"
	# The command that it prints does what is missing.
	mkdir -p "$DIR/run"
	ln -sfn "$DIR/run" "$TREE/etc/jitsi/jibri"
	sed -n "s|^    sudo \(install .*\)-g jibri \(.*\) \(/.*\) \(/.*\)|\1\2 $TREE\3 $TREE\4|p" \
		"$DIR/dpkg" >"$DIR/command"
	[ -s "$DIR/command" ]
	sh -e "$DIR/command"
	grep -q '^#file-service-url' "$DIR/run/finalize.conf"
	in_tree -P jibri-finalize
	[ ! -e "$DIR/run/finalize.conf" ]
	assert_equal "$(readlink "$TREE/etc/jitsi/jibri")" "$DIR/run"
}

# bats test_tags=slow
@test "if /etc/jitsi/jibri is a link, the sample is written to its target once, and later changes stay" {
	new_tree
	mkdir "$DIR/config"
	ln -s "$DIR/config" "$TREE/etc/jitsi/jibri"
	echo jibri >"$DIR/config/jibri.conf"
	in_tree -i "$DIR/jibri-finalize.deb"
	[ -L "$TREE/etc/jitsi/jibri" ]
	assert_equal "$(stat -c %a "$DIR/config/finalize.conf")" 640
	grep -q '^log-file = /var/log/jibri-finalize/' "$DIR/config/finalize.conf"
	grep -q 'sudo editor' "$DIR/dpkg"

	echo mine >"$CONF"
	package 2
	in_tree -i "$DIR/jibri-finalize.deb"
	assert_equal "$(<"$CONF")" mine
	[ -L "$TREE/etc/jitsi/jibri" ]
	rm "$CONF"
	package 3
	in_tree -i "$DIR/jibri-finalize.deb"
	[ ! -e "$CONF" ]
	in_tree -P jibri-finalize
	assert_equal "$(ls "$DIR/config")" jibri.conf
}

@test "without a link the sample is written, existing files stay, and a planted link is not followed" {
	new_tree
	in_tree -i "$DIR/jibri-finalize.deb"
	assert_equal "$(stat -c '%a %F' "$CONF")" "640 regular file"
	in_tree -r jibri-finalize
	[ -e "$CONF" ]
	in_tree -P jibri-finalize
	[ ! -e "$TREE/etc/jitsi" ]

	mkdir -p "${CONF%/*}"
	echo mine >"$CONF"
	in_tree -i "$DIR/jibri-finalize.deb"
	assert_equal "$(<"$CONF")" mine
	in_tree -P jibri-finalize

	mkdir -p "${CONF%/*}"
	ln -s "$DIR/victim" "$CONF"
	in_tree -i "$DIR/jibri-finalize.deb"
	[ ! -e "$DIR/victim" ]
	[ -L "$CONF" ]
}

@test "purge copes with directories and links in place of files" {
	new_tree
	in_tree -i "$DIR/jibri-finalize.deb"
	local logs=$TREE/var/log/jibri-finalize old=$TREE/var/log/jitsi/jibri
	assert_equal "$(stat -c '%a %F' "$logs/finalize.log")" \
		"640 regular empty file"
	touch "$logs/finalize.log.1.gz"
	mkdir -p "$logs/finalize.log.d" "$old/finalize.log.old" \
		"$old/finalize.log.2"
	touch "$old/finalize.log" "$old/finalize.log.1" "$DIR/victim"
	ln -s "$DIR/victim" "$old/finalize.log.3"
	rm "$CONF"
	mkdir "$CONF"
	in_tree -P jibri-finalize
	assert_equal "$(cd "$logs" && echo *)" finalize.log.d
	assert_equal "$(cd "$old" && echo *)" "finalize.log.2 finalize.log.old"
	[ -e "$DIR/victim" ]
}

@test "logrotate does not work as root where others can write" {
	run ! grep -q '^\s*su root' "$ROOT/packaging/debian/jibri-finalize.logrotate"
}

# --- systemd -----------------------------------------------------------------

# units DIR: as installed, but with the program from the build directory.
units() {
	mkdir -p "$1"
	cp "$UNITS"/*.timer "$1"
	local name
	for name in sweep watch; do
		sed "s|^ExecStart=jibri-finalize |ExecStart=$BIN |" \
			"$UNITS/jibri-finalize-$name.service" \
			>"$1/jibri-finalize-$name.service"
		grep -q "^ExecStart=$BIN $name\$" \
			"$1/jibri-finalize-$name.service"
	done
}

verify() {
	systemd-analyze verify --man=no --recursive-errors=no \
		"$1/jibri-finalize-sweep.service" \
		"$1/jibri-finalize-sweep.timer" \
		"$1/jibri-finalize-watch.service" 2>&1
}

@test "systemd-analyze verify accepts the units" {
	need systemd-analyze
	units "$DIR/units"
	run -0 verify "$DIR/units"
	assert_equal "$output" ""

	# It does see a real mistake.
	echo 'Nonsense=yes' >>"$DIR/units/jibri-finalize-sweep.service"
	run verify "$DIR/units"
	assert_output_has Nonsense
}

@test "systemd-analyze rates the services' exposure at 2.0 or less" {
	need systemd-analyze
	local name
	for name in sweep watch; do
		run -0 systemd-analyze security --offline=true --threshold=20 \
			"$UNITS/jibri-finalize-$name.service"
	done
}

@test "the services let the program confine itself, and do not remove the user's shared memory" {
	local unit call
	for unit in "$UNITS"/*.service; do
		for call in landlock_create_ruleset landlock_add_rule \
			landlock_restrict_self seccomp; do
			grep -Eq "^SystemCallFilter=(.* )?$call( |\$)" "$unit"
		done
		run ! grep -q '^RemoveIPC=' "$unit"
	done
}

@test "both services are confined alike" {
	diff <(sed -n '/^User=/,/^SystemCallFilter=~/p' \
		"$UNITS/jibri-finalize-sweep.service") \
		<(sed -n '/^User=/,/^SystemCallFilter=~/p' \
			"$UNITS/jibri-finalize-watch.service")
}

@test "a waiting recording does not fail a unit, and any other error does" {
	assert_equal "$(grep -h SuccessExitStatus "$UNITS"/*.service | uniq)" \
		SuccessExitStatus=75
}

@test "the timer spreads the machines" {
	grep -q '^RandomizedDelaySec=[1-9]' "$UNITS/jibri-finalize-sweep.timer"
}

# --- Kubernetes ---------------------------------------------------------------

@test "each pod mounts its Secret for its own group alone" {
	local manifest
	for manifest in cronjob sidecar; do
		manifest=$ROOT/packaging/kubernetes/$manifest.yaml
		assert_equal "$(grep -c 'secretName: .*, defaultMode: 0400 }' \
			"$manifest")" 1
		assert_equal "$(grep -c secretName: "$manifest")" 1
		grep -q '^ *fsGroup: 1000$' "$manifest"
	done
}

# of_manifest FILE NAME: the number that a manifest gives it.
of_manifest() {
	sed -n "s/.*\<$2: \([0-9]*\).*/\1/p" \
		"$ROOT/packaging/kubernetes/$1.yaml"
}

# mount_secret MODE GROUP: as the kubelet does it, links and all; fsGroup lets
# the group read, whatever the mode.
mount_secret() {
	rm -rf "$DIR/credentials"
	mkdir -p "$DIR/credentials/..2026"
	(umask 077 && echo "$CANARY" >"$DIR/credentials/..2026/webhook-secret")
	chmod "$1" "$DIR/credentials/..2026/webhook-secret"
	[ -z "$2" ] || chgrp -R "$2" "$DIR/credentials"
	[ -z "$2" ] || chmod g+r "$DIR/credentials/..2026/webhook-secret"
	ln -s ..2026 "$DIR/credentials/..data"
	ln -s ..data/webhook-secret "$DIR/credentials/webhook-secret"
}

# as USER COMMAND...: in a pod the group is the user's, and fsGroup's.
as() {
	setpriv --reuid "$1" --regid "$1" --groups "$1" "${@:2}"
}

@test "the mounted Secret signs the webhook without a warning, and nobody else can read it" {
	local manifest user group mode secret=$DIR/credentials/webhook-secret
	((EUID == 0)) || skip "not root"
	start_sandbox
	unset WEBHOOK_SECRET
	export JIBRI_FINALIZE_WEBHOOK_SECRET_FILE=$secret
	for manifest in cronjob sidecar; do
		user=$(of_manifest $manifest runAsUser)
		group=$(of_manifest $manifest fsGroup)
		mode=$(of_manifest $manifest defaultMode)
		another_recording "$manifest"
		hand_over "$user"
		mount_secret "$mode" "$group"
		run as "$user" "$DIR/bin" sweep "$DIR/recordings"
		ended_with 0
		refute_output_has warning
		assert_equal "$(webhooks | tail -n 1)" \
			"STOPPED $ROOM $manifest"
		run ! as 12345 cat "$secret"
	done
	# By default everybody can read it, and each sweep warns.
	mount_secret 0644 "$group"
	run as "$user" "$DIR/bin" sweep "$DIR/recordings"
	assert_output_has "webhook-secret holds a secret, and everybody can read it"
	[ "$(as 12345 cat "$secret")" = "$CANARY" ]
	# Without fsGroup the sweep cannot read it.
	mount_secret "$mode" ''
	run as "$user" "$DIR/bin" sweep "$DIR/recordings"
	ended_with 78
}

# --- cron --------------------------------------------------------------------

# A namespace for cron: the file in /etc/cron.d, a user jibri, and a program
# that notes who called it and how.  Time runs 300 times faster, so that five
# minutes take a second.
start_cron() {
	local d=$DIR/cron
	mkdir -p "$d"/{cron.d,spool,bin}
	mkdir -m 1777 "$d/out"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$d"
	cp "$ROOT/packaging/cron.d/jibri-finalize" "$d/cron.d"
	chmod 644 "$d/cron.d/jibri-finalize"
	{
		grep -v '^jibri:' /etc/passwd
		echo 'jibri:*:4242:4242::/nonexistent:/bin/sh'
	} >"$d/passwd"
	{
		grep -v '^jibri:' /etc/group
		echo 'jibri:x:4242:'
	} >"$d/group"
	: >"$d/crontab"
	printf '#!/bin/sh\necho "$(id -un) $*" >>%s/out/called\n' "$d" \
		>"$d/bin/jibri-finalize"
	chmod 755 "$d/bin/jibri-finalize"
	unshare --mount --pid --fork --kill-child bash -ec '
		cd "$1"
		mount --bind passwd /etc/passwd
		mount --bind group /etc/group
		mount --bind crontab /etc/crontab
		mount --bind cron.d /etc/cron.d
		mount --bind spool /var/spool/cron/crontabs
		mount --bind bin /usr/local/bin
		mount -t tmpfs none /run
		mount -t tmpfs none /dev/shm
		mount -t proc none /proc
		exec faketime -f "+0 x300" cron -f
	' cron "$d" 3>&- &
	CRON_PID=$!
}

@test "cron starts the sweep as jibri, spread over five minutes" {
	need cron
	((EUID == 0)) || skip "not root"
	unshare --mount true 2>/dev/null || skip "no namespaces here"
	start_cron
	wait_for test -s "$DIR/cron/out/called"
	assert_equal "$(head -n 1 "$DIR/cron/out/called")" \
		"jibri sweep --splay 5m"
}

@test "cron's parser accepts the crontab" {
	need crontab
	sed 's/^\([^#P].*\) jibri command/\1 command/' \
		"$ROOT/packaging/cron.d/jibri-finalize" >"$DIR/crontab"
	run -0 crontab -n "$DIR/crontab"
	echo '*/5 * * nonsense * true' >>"$DIR/crontab"
	run crontab -n "$DIR/crontab"
	((status != 0))
}

# --- monitoring --------------------------------------------------------------

# alerts MARK FILE: the names behind the mark.
alerts() {
	grep -oP -e "$1 *\"?\K\w+" "$MONITORING/jibri-finalize.$2.yml" | sort -u
}

@test "each alert fires when it should, and only then" {
	need promtool
	run -0 promtool check rules "$MONITORING/jibri-finalize.rules.yml"
	run -0 promtool test rules "$MONITORING/jibri-finalize.rules.test.yml"

	# No alert is without a test.
	run -0 comm -23 <(alerts '- alert:' rules) <(alerts 'alertname[:=]' rules.test)
	assert_equal "$output" ""
}

@test "rules and dashboard use only metrics that a sweep writes" {
	JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings \
		JIBRI_FINALIZE_METRICS_FILE=$DIR/metrics.prom run -0 "$BIN" sweep
	sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$DIR/metrics.prom" |
		sort -u >"$DIR/written"
	grep -ohE 'jibri_finalize_[a-z_]+' "$MONITORING"/*.{yml,json} |
		sed 's/_seconds_bucket$/_seconds/' | sort -u |
		comm -23 - "$DIR/written" >"$DIR/unknown"
	assert_equal "$(cat "$DIR/unknown")" ""
}

@test "Prometheus understands each query of the dashboard" {
	need promtool
	jq '{groups: [{name: "panels", rules: [.panels[].targets[] |
		{record: "a:b", labels: {expr: .expr},
		 expr: (.expr | gsub("\\$instance"; "x"))}]}]}' \
		"$MONITORING/jibri-finalize.dashboard.json" >"$DIR/panels.yml"
	run -0 promtool check rules "$DIR/panels.yml"
	assert_output_has "SUCCESS: 17 rules found"
}
