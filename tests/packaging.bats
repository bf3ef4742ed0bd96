# What packaging/ holds that needs no package to be built: units, the crontab,
# alert rules.  The packages themselves: tests/packages/.

load lib

setup() {
	common_setup
	UNITS=$ROOT/packaging/systemd
	MONITORING=$ROOT/packaging/monitoring
	CRON_PID=
}

teardown() {
	[ -z "$CRON_PID" ] || kill -KILL "$CRON_PID" 2>/dev/null || true
	common_teardown
}

# need COMMAND: a test that lacks it says so.
need() {
	command -v "$1" >/dev/null || skip "no $1"
}

# --- systemd -----------------------------------------------------------------

# units DIR: as installed, but for the program, which is where it was built.
units() {
	mkdir -p "$1"
	cp "$UNITS"/*.timer "$1"
	sed "s|^ExecStart=jibri-finalize |ExecStart=$BIN |" \
		"$UNITS/jibri-finalize-sweep.service" \
		>"$1/jibri-finalize-sweep.service"
	grep -q "^ExecStart=$BIN sweep\$" "$1/jibri-finalize-sweep.service"
}

verify() {
	systemd-analyze verify --man=no --recursive-errors=no \
		"$1/jibri-finalize-sweep.service" \
		"$1/jibri-finalize-sweep.timer" 2>&1
}

@test "systemd has nothing to say against the units" {
	need systemd-analyze
	units "$DIR/units"
	run -0 verify "$DIR/units"
	assert_equal "$output" ""

	# What it is told it does hear.
	echo 'Nonsense=yes' >>"$DIR/units/jibri-finalize-sweep.service"
	run verify "$DIR/units"
	assert_output_has Nonsense
}

@test "the service is exposed by 2.0 at most" {
	need systemd-analyze
	run -0 systemd-analyze security --offline=true --threshold=20 \
		"$UNITS/jibri-finalize-sweep.service"
}

@test "a recording that waits is no failure of the unit, and everything else is" {
	assert_equal "$(grep SuccessExitStatus \
		"$UNITS/jibri-finalize-sweep.service")" SuccessExitStatus=75
}

@test "the timer spreads the machines" {
	grep -q '^RandomizedDelaySec=[1-9]' "$UNITS/jibri-finalize-sweep.timer"
}

# --- cron --------------------------------------------------------------------

# A machine of its own for cron: the file in /etc/cron.d, a user jibri, and a
# program that writes down who called it and how.  300 times faster, so that
# five minutes are a second.
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

@test "cron's parser takes the file" {
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

@test "each alert fires when it should, and rests when it should" {
	need promtool
	run -0 promtool check rules "$MONITORING/jibri-finalize.rules.yml"
	run -0 promtool test rules "$MONITORING/jibri-finalize.rules.test.yml"

	# No alert is without a test.
	run -0 comm -23 <(alerts '- alert:' rules) <(alerts 'alertname[:=]' rules.test)
	assert_equal "$output" ""
}

@test "rules and dashboard ask only for what a sweep writes" {
	JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings \
		JIBRI_FINALIZE_METRICS_FILE=$DIR/metrics.prom run -0 "$BIN" sweep
	sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$DIR/metrics.prom" |
		sort -u >"$DIR/written"
	grep -ohE 'jibri_finalize_[a-z_]+' "$MONITORING"/*.{yml,json} | sort -u |
		comm -23 - "$DIR/written" >"$DIR/unknown"
	assert_equal "$(cat "$DIR/unknown")" ""
}

@test "the dashboard asks only what Prometheus understands" {
	need promtool
	jq '{groups: [{name: "panels", rules: [.panels[].targets[] |
		{record: "a:b", labels: {expr: .expr},
		 expr: (.expr | gsub("\\$instance"; "x"))}]}]}' \
		"$MONITORING/jibri-finalize.dashboard.json" >"$DIR/panels.yml"
	run -0 promtool check rules "$DIR/panels.yml"
	assert_output_has "SUCCESS: 14 rules found"
}
