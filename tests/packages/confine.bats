# Code injected into the packaged unit, on a machine booted with systemd,
# reaches this recording and nothing else.

load ../lib
load machine
load recorder

setup() {
	common_setup
	need_root
}

teardown() {
	machine_stop
	common_teardown
}

# intruded SESSION: the unit delivers it; prints what the intruder got.
intruded() {
	put "$1"
	machine systemctl start jibri-finalize-sweep.service ||
		{ machine journalctl -u jibri-finalize-sweep >&2; return 1; }
	machine cat /run/said >"$DIR/said"
	sed -n 's/^.*intruder: //p' "$DIR/said"
}

machine_with_intruder() {
	recorder_start
	install_deb
	configure
	cp "$BUILD/preload-intruder.so" "$MACHINE/usr/lib/intruder.so"
	as_jibri sh -c 'echo private >/home/jibri/letter'
	DROP_INS=$MACHINE/etc/systemd/system/jibri-finalize-sweep.service.d
	mkdir "$DROP_INS"
	printf '%s\n' '[Service]' StandardError=file:/run/said \
		Environment=LD_PRELOAD=/usr/lib/intruder.so \
		Environment=INTRUDER_READ=/srv/recordings/other/metadata.json \
		Environment=INTRUDER_WRITE=/srv/recordings/other/new \
		Environment=INTRUDER_CONFIG=/etc/jitsi/jibri/finalize.conf \
		Environment=INTRUDER_HOME=/home/jibri/letter \
		>"$DROP_INS/intruder.conf"
	machine systemctl daemon-reload
	# Not delivered while it is being recorded.
	put other
	touch "$REC"/*
}

nothing_outside_is_reached() {
	start_sandbox
	machine_with_intruder
	intruded first >"$DIR/got"
	assert_equal "$(cat "$DIR/got")" "$(printf '%s\n' \
		"shadow: EACCES" "read: EACCES" "write: EACCES" "mode: EPERM" \
		"owner: EPERM" "length: EPERM" "exec: EPERM" \
		"ptrace: EPERM" "unshare: EPERM" "clone: EPERM" \
		"newer: ENOSYS" "type: EPERM" "type more: EPERM" \
		"paste: EPERM" "configuration: EACCES" "home: EACCES" \
		"raw: EPERM" "socket: done" "local: EPERM" "memory: EPERM" \
		"limit: EPERM" "kill: EPERM" "root: EPERM")"
	is_stored metadata.json "$MEDIA"
	run ! grep warning "$DIR/said"
	[ ! -e "$MACHINE/srv/recordings/other/new" ]

	# Debian 12's @system-service alone, without our calls (S2).
	printf '%s\n' '[Service]' \
		'SystemCallFilter=~landlock_create_ruleset seccomp' \
		>"$DROP_INS/filter.conf"
	machine systemctl daemon-reload
	intruded second >"$DIR/got"
	grep -qx "read: done" "$DIR/got"
	assert_equal "$(grep -c "warning: confine is only partly in effect" \
		"$DIR/said")" 1
	rm "$DROP_INS/filter.conf"
	machine systemctl daemon-reload

	# The unit alone would allow far more.
	configure 'confine = no'
	intruded third >"$DIR/got"
	grep -qx "read: done" "$DIR/got"
	grep -qx "write: done" "$DIR/got"
	grep -qx "configuration: done" "$DIR/got"
	grep -qx "home: done" "$DIR/got"
}

@test "on Debian 12 code injected into the unit reaches nothing outside its recording" {
	SUITE=bookworm nothing_outside_is_reached
}

@test "on Debian 13 code injected into the unit reaches nothing outside its recording" {
	SUITE=trixie nothing_outside_is_reached
}

# The shared memory of a recorder that was started by hand.
record_in_memory() {
	as_jibri sh -c 'ipcmk -M 4096 && echo frames >/dev/shm/frames' >&2
}

memory_is_there() {
	machine grep -q frames /dev/shm/frames &&
		machine ipcs -m | grep -q jibri
}

@test "the shared memory of a recorder outside of systemd survives the sweeper" {
	start_sandbox
	machine_with_intruder
	record_in_memory
	intruded first >/dev/null
	memory_is_there

	# This setting would remove it at the end of the same unit.
	printf '%s\n' '[Service]' RemoveIPC=yes \
		>"$DROP_INS/ipc.conf"
	machine systemctl daemon-reload
	intruded second >/dev/null
	wait_for memory_is_gone
}

memory_is_gone() {
	machine test ! -e /dev/shm/frames && ! machine ipcs -m | grep jibri
}
