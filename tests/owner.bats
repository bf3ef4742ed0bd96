#!/usr/bin/env bats
# Run as root, every command works on a recording as its directory's owner, so
# that Jibri's user can continue after a sudo.

load lib

JIBRI=65534

setup() {
	[ "$(id -u)" = 0 ] || skip "only root can be another user"
	common_setup
	start_sandbox
	TOP=$DIR/recordings
	recording
	hand_over "$JIBRI"
	# Files that only root can read are read first, and its output is opened
	# first.
	mkdir -m 700 "$DIR/root"
	echo "log-file = $DIR/root/log" >"$DIR/root/conf"
	chmod 600 "$DIR/root/conf"
	export JIBRI_FINALIZE_CONFIG=$DIR/root/conf
}

teardown() {
	[ -z "${DIR:-}" ] || common_teardown
}

# all_jibris: whatever is below the recordings is the owner's.
all_jibris() {
	assert_equal "$(find "$TOP" ! -user "$JIBRI" -o ! -group "$JIBRI")" ""
}

# as_jibri CODE [ARGUMENT...]
as_jibri() {
	local want=$1
	shift
	JIBRI_FINALIZE_CONFIG=/dev/null run timeout -k 5 60 setpriv \
		--reuid "$JIBRI" --regid "$JIBRI" --clear-groups \
		"$DIR/bin" "$@"
	ended_with "$want"
}

@test "after root delivered a recording Jibri's user can continue with its journal" {
	faults 'webhook * * status 503'
	run_command 75 --tries 1 "$REC"
	all_jibris
	faults
	as_jibri 0 "$REC"
	refute_output_has warning
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
	# Root's log was opened first.
	grep -q "stored, " "$DIR/root/log"
}

@test "the same is true of sweep, upload, notify, verify, pack and forget" {
	local command
	another_recording two
	chown -R "$JIBRI:$JIBRI" "$TOP"
	run_command 0 sweep "$TOP"
	all_jibris
	for command in "notify started" upload verify "forget --yes" \
		"forget --reset --yes" "pack --output $DIR/root"; do
		rm -f "$REC/.jibri-finalize"
		# shellcheck disable=SC2086
		run "$BIN" $command "$REC"
		all_jibris
	done
	# The archive is root's, in a place that the owner cannot enter.
	assert_equal "$(stat -c %U "$DIR/root/two.tar.zst")" root
	assert_equal "$(find "$DIR/root" -name '.*.tar.zst.*')" ""
}

@test "several recordings may each have another owner" {
	local first=$REC
	another_recording two
	chown -R 12345:12345 "$REC"
	run_command 0 upload "$first" "$REC"
	assert_equal "$(stat -c %u:%g "$first/.jibri-finalize")" "$JIBRI:$JIBRI"
	assert_equal "$(stat -c %u:%g "$REC/.jibri-finalize")" 12345:12345
}

@test "a visit of a sweep cannot become root again, and has none of root's groups" {
	local pid visit
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=20s
	faults 'upload * 1 slow-store 2'
	setpriv --groups 0,4,27 "$BIN" sweep "$TOP" >"$DIR/out" 2>&1 3>&- &
	pid=$!
	wait_for grep -q sending "$REC/.jibri-finalize"
	visit=$(pgrep -P "$pid")
	# Real, effective, saved, of the file system.
	assert_equal "$(grep Uid: "/proc/$visit/status" | tr -s '\t' ' ')" \
		"Uid: $JIBRI $JIBRI $JIBRI $JIBRI"
	assert_equal "$(grep Gid: "/proc/$visit/status" | tr -s '\t' ' ')" \
		"Gid: $JIBRI $JIBRI $JIBRI $JIBRI"
	assert_equal "$(grep Groups: "/proc/$visit/status" | tr -s '\t ' ' ')" \
		"Groups: $JIBRI "
	assert_equal "$(grep CapEff: "/proc/$visit/status" | tr -s '\t' ' ')" \
		"CapEff: 0000000000000000"
	[ "$(stat -c %u "/proc/$visit/mem")" = 0 ]       # not dumpable
	wait "$pid"
	is_stored metadata.json "$MEDIA"
}

@test "a visit that has become another user still ends with its sweep" {
	local pid visit
	# Only the end of its sweep can end it in time.
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	faults 'upload * 1 slow-store 60'
	"$BIN" sweep "$TOP" >"$DIR/out" 2>&1 3>&- &
	pid=$!
	wait_for grep -q sending "$REC/.jibri-finalize"
	visit=$(pgrep -P "$pid")
	kill -KILL "$pid"
	wait_for test ! -e "/proc/$visit"
}

# capless COMMAND...: as root without the right to become another user.
capless() {
	run timeout 60 setpriv --bounding-set=-setuid,-setgid \
		--inh-caps=-setuid,-setgid "$BIN" "$@"
}

@test "where root may not become another user, it handles only its own recordings" {
	local command
	for command in finalize upload verify "notify started" \
		"pack -o $DIR/root" "forget --yes"; do
		# shellcheck disable=SC2086
		capless $command "$REC"
		ended_with 65
		assert_output_has "cannot work as user $JIBRI, its owner"
		assert_output_has "CAP_SETUID"
	done
	capless sweep "$TOP"
	assert_output_has "error: $TOP: root cannot work as user $JIBRI"
	capless status --json "$TOP"
	jq -e '.recordings[0] | .state == "held" and (.lastError |
		contains("cannot work as user"))' <(sed -n '/^{/,$p' <<<"$output")
	assert_equal "$(requests)" 0
	[ ! -e "$REC/.jibri-finalize" ]
	chown -R 0:0 "$TOP"
	tar -cf "$DIR/root/x.tar" -C "$TOP" "$SESSION"
	capless "$REC"
	ended_with 0
	refute_output_has warning
	is_stored metadata.json "$MEDIA"
	rm -rf "$SB/store" "$SB/records.jsonl"
	capless upload "$DIR/root/x.tar"
	ended_with 0
	is_stored metadata.json "$MEDIA"
}

@test "what root delivers of its own recordings belongs to root" {
	chown -R 0:0 "$TOP"
	run_command 0 "$REC"
	refute_output_has warning
	assert_equal "$(stat -c %u "$REC/.jibri-finalize")" 0
}
