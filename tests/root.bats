#!/usr/bin/env bats
# Run as root: nothing of another user's is handled as root, nor through a name
# that this user can swap.

load lib

JIBRI=65534

setup() {
	[ "$(id -u)" = 0 ] || skip "only root can be another user"
	common_setup
	start_sandbox
	TOP=$DIR/recordings
	export JIBRI_FINALIZE_RECORDINGS_DIR=$TOP
	recording
	mkdir "$DIR/jibris"
	chown "$JIBRI:$JIBRI" "$DIR/jibris"
	hand_over "$JIBRI"
	# What must not be touched.
	mkdir "$DIR/roots"
	echo mine >"$DIR/roots/file"
}

teardown() {
	[ -z "${DIR:-}" ] || common_teardown
}

# planted TARGET LINK: as Jibri's user.
planted() {
	ln -s "$1" "$2"
	chown -h "$JIBRI:$JIBRI" "$2"
}

untouched() {
	assert_equal "$(cat "$DIR/roots/file")" mine
	assert_equal "$(ls "$DIR/roots")" file
}

# --- what root opens for itself ----------------------------------------------

@test "root follows no link in place of the log file or of its directory" {
	planted "$DIR/roots/file" "$DIR/jibris/log"
	planted "$DIR/roots" "$DIR/jibris/dir"
	run_finalize 0 --log-file "$DIR/jibris/log"
	assert_output_has "warning: open the log file $DIR/jibris/log: "
	run_finalize 0 --force --log-file "$DIR/jibris/dir/log"
	assert_output_has "warning: open the log file $DIR/jibris/dir/log: "
	run_command 0 sweep --log-file "$DIR/jibris/log" "$TOP"
	untouched
	# Root's own links may lead to a directory.
	ln -s "$DIR/roots" "$DIR/link"
	run_finalize 0 --force --log-file "$DIR/link/log"
	refute_output_has warning
	grep -q "done" "$DIR/roots/log"
}

@test "a log file with a second name is not written" {
	ln "$DIR/roots/file" "$DIR/jibris/log"
	chmod 666 "$DIR/roots/file"
	run_finalize 0 --log-file "$DIR/jibris/log"
	assert_output_has "is not a regular file without hard links"
	untouched
}

@test "a log that root creates belongs to the owner of its directory" {
	run_finalize 0 --log-file "$DIR/jibris/log"
	assert_equal "$(stat -c %u:%g:%a "$DIR/jibris/log")" \
		"$JIBRI:$JIBRI:640"
	grep -q "done" "$DIR/jibris/log"
}

@test "commands that only look open no log file, and do not upload it" {
	local log=$REC/run.log
	export JIBRI_FINALIZE_LOG_FILE=$log
	run "$BIN" status "$TOP"
	run "$BIN" config
	run "$BIN" verify "$REC"
	run "$BIN" check
	run "$BIN" help
	[ ! -e "$log" ]
	run_finalize 0
	stat -c '%s %y %Z' "$log" >"$DIR/before"
	run_command 0 verify "$REC"
	refute_output_has run.log
	run "$BIN" status "$TOP"
	assert_output_has "done"
	diff "$DIR/before" <(stat -c '%s %y %Z' "$log")
}

@test "the metrics are written as the owner of their directory, whatever is there" {
	planted "$DIR/roots/file" "$DIR/jibris/m.prom"
	planted "$DIR/roots/file" "$DIR/jibris/m.prom.state"
	planted "$DIR/roots" "$DIR/jibris/dir"
	run_command 0 sweep --metrics-file "$DIR/jibris/m.prom" "$TOP"
	assert_equal "$(stat -c %u "$DIR"/jibris/m.prom{,.state})" \
		"$(printf '%s\n%s' "$JIBRI" "$JIBRI")"
	run_command 0 sweep --metrics-file "$DIR/jibris/dir/m.prom" "$TOP"
	assert_output_has "warning: metrics-file: write "
	untouched
	assert_equal "$(find "$DIR/jibris" -name '.*')" ""
}

# written SUFFIX: the temporary files of the metrics and of an archive, by name.
written() {
	rm -f "$DIR/jibris/$SESSION.tar.zst"
	strace -f -qq -e trace=openat,open -o "$DIR/trace" \
		"$BIN" sweep --metrics-file "$DIR/jibris/m.prom" "$TOP" >&2
	strace -f -qq -A -e trace=openat,open -o "$DIR/trace" \
		"$BIN" pack -o "$DIR/jibris" "$REC" >&2
	sed -n 's/.*"\(\.\(m\.prom\|'"$SESSION"'\.tar\.zst\)\..*\)".*/\1/p' \
		"$DIR/trace"
}

@test "nobody can foresee the name of a file that is written in another user's directory" {
	needs_strace
	written >"$DIR/first"
	written >"$DIR/second"
	assert_equal "$(wc -l <"$DIR/first") $(wc -l <"$DIR/second")" "3 3"
	run ! grep -vE '\.[0-9a-f]{16}$' "$DIR/first" "$DIR/second"
	# Not from a clock or a process ID, whose last digits change first.
	assert_equal "$(sed -E 's/.{8}$//' "$DIR/first" "$DIR/second" |
		sort -u | wc -l)" 6
}

@test "guessing a temporary name gains nothing: an existing file is not opened" {
	local name
	export LD_PRELOAD=${BUILD:-$ROOT/build}/preload-foreseen.so
	for name in .m.prom ".$SESSION.tar.zst"; do
		mkfifo "$DIR/jibris/$name.0000000000000000"
		chown "$JIBRI" "$DIR/jibris/$name.0000000000000000"
	done
	foreseen "write $DIR/jibris/m.prom" "create $DIR/jibris/$SESSION.tar"
	for name in .m.prom ".$SESSION.tar.zst"; do
		ln -f "$DIR/jibris/theirs" "$DIR/jibris/$name.0000000000000000"
	done
	foreseen "write $DIR/jibris/m.prom" "create $DIR/jibris/$SESSION.tar"
	assert_equal "$(cat "$DIR/jibris/theirs")" theirs
	# It is that name.
	rm "$DIR"/jibris/.*.0000000000000000
	run_command 0 pack -o "$DIR/jibris" "$REC"
}

# foreseen METRICS ARCHIVE: both report with these texts that the name exists.
foreseen() {
	echo theirs >"$DIR/jibris/theirs"
	chown "$JIBRI" "$DIR/jibris/theirs"
	run timeout -k 1 20 "$BIN" sweep --metrics-file "$DIR/jibris/m.prom" \
		"$TOP"
	ended_with 0
	assert_output_has "warning: metrics-file: $1: File exists"
	run timeout -k 1 20 "$BIN" pack -o "$DIR/jibris" "$REC"
	((status != 0 && status < 100))
	assert_output_has "$2"
	assert_output_has "File exists"
}

# --- what it is asked to do --------------------------------------------------

@test "root does not handle a directory that is a link or behind another user's directory" {
	local command
	mv "$REC" "$DIR/elsewhere"
	planted "$DIR/elsewhere" "$REC"
	planted "$DIR" "$TOP/way"
	for command in "upload --room $ROOM" finalize "notify started" pack \
		verify "forget --yes"; do
		# shellcheck disable=SC2086
		(cd "$DIR/roots" && run_command 65 $command "$REC" &&
			assert_output_has "which root does not follow; use the real path: $DIR/elsewhere")
		# shellcheck disable=SC2086
		(cd "$DIR/roots" && run_command 65 $command "$TOP/way/elsewhere")
	done
	ln -sfn "$DIR/elsewhere" "$REC"
	run_command 65 upload --room "$ROOM" "$REC"
	run_command 65 sweep "$TOP/way"
	assert_equal "$(requests)" 0
	untouched
	# Root's own are followed, where nobody else could have put them.
	ln -s "$DIR" "$DIR/roots/way"
	ln -s way/elsewhere "$DIR/roots/rec"
	run_command 0 upload --room "$ROOM" "$DIR/roots/rec"
}

# --- injected code -----------------------------------------------------------

# intruder PLACE COMMAND...: what the code injected at PLACE got, without
# duplicates.  It tries another recording of the user, a configuration, and a
# new file.
intruder() {
	local place=$1
	shift
	mkdir -p "$DIR/jibris/other"
	echo private >"$DIR/jibris/other/letter"
	chown -R "$JIBRI:$JIBRI" "$DIR/jibris/other"
	install -m 600 /dev/null "$DIR/roots/conf"
	env LD_PRELOAD="${BUILD:-$ROOT/build}/preload-intruder.so" \
		INTRUDER_AT="$place" INTRUDER_CONFIG="$DIR/roots/conf" \
		INTRUDER_READ="$DIR/jibris/other/letter" \
		INTRUDER_WRITE="$DIR/jibris/new" \
		timeout 60 "$BIN" "$@" >"$DIR/out" 2>&1 ||
		{ cat "$DIR/out" >&2; return 1; }
	sed -n 's/^intruder: //p' "$DIR/out" | LC_ALL=C sort -u
}

# nothing [USER]: what it should get, as this user, where nothing is sent.
nothing() {
	local user=${1:-$JIBRI} root=
	((user == 0)) || root='root: EPERM'
	printf '%s\n' "clone: EPERM" "configuration: EACCES" "exec: EPERM" \
		"kill: EPERM" "length: EPERM" "limit: EPERM" "local: EPERM" \
		"memory: EPERM" "mode: EPERM" "newer: ENOSYS" "owner: EPERM" \
		"paste: EPERM" "ptrace: EPERM" \
		"raw: EPERM" "read: EACCES" "shadow: EACCES" "socket: EPERM" \
		"type more: EPERM" "type: EPERM" "unshare: EPERM" \
		"user: $user" "write: EACCES" \
		${root:+"$root"} | LC_ALL=C sort
}

# but_sockets [USER]: the same, plus the sockets that a delivery needs.
but_sockets() {
	nothing "$@" | sed 's/^socket: .*/socket: done/'
}

# of_both [USER]: processes of either kind were broken into.
of_both() {
	{ nothing "$@"; but_sockets "$@"; } | LC_ALL=C sort -u
}

needs_kernel() {
	[ "${SAN:-}" != 1 ] || skip "the sanitizers look into /proc and trace"
	[[ $("$BIN" check || true) == *"seccomp, Landlock"* ]] ||
		skip "no seccomp or Landlock"
}

@test "code injected while root handles a recording runs as its owner, and gets nothing" {
	local command
	needs_kernel
	for command in finalize upload verify "notify failed --error x" \
		"pack -o $DIR/roots" "forget --yes" "forget --reset --yes"; do
		echo "# $command"
		# shellcheck disable=SC2086
		intruder scan $command "$REC" >"$DIR/got"
		case $command in
		pack*) diff "$DIR/got" <(nothing) ;;
		*) diff "$DIR/got" <(but_sockets) ;;
		esac
	done
	assert_equal "$(stat -c %U "$DIR/roots/$SESSION.tar.zst")" root
}

@test "code injected while root handles its own recordings has none of root's rights" {
	local command other
	needs_kernel
	chown -R 0:0 "$TOP"
	other=$REC
	another_recording two
	for command in finalize upload verify "notify failed --error x" \
		"pack -o $DIR/roots" "forget --yes" "forget --reset --yes"; do
		echo "# $command"
		# shellcheck disable=SC2086
		intruder scan $command "$REC" >"$DIR/got"
		case $command in
		pack*) diff "$DIR/got" <(nothing 0) ;;
		*) diff "$DIR/got" <(but_sockets 0) ;;
		esac
	done
	rm "$DIR/roots"/*.zst
	for command in upload verify "pack -o $DIR/roots"; do
		echo "# $command, two"
		# shellcheck disable=SC2086
		intruder scan $command "$REC" "$other" >"$DIR/got"
		case $command in
		pack*) diff "$DIR/got" <(nothing 0) ;;
		*) diff "$DIR/got" <(but_sockets 0) ;;
		esac
		assert_equal "$(grep -c "user: 0" "$DIR/out")" 2
	done
	intruder scan sweep --held --retention 1ms "$TOP" >"$DIR/got"
	diff "$DIR/got" <(of_both 0)
}

@test "notify --room runs as nobody when root starts it" {
	needs_kernel
	# The server's list is compared with exclude.
	assert_equal "$(intruder request notify failed --error lost \
		--room "$ROOM" --session x)" "$(but_sockets 65534)"
}

@test "the report of a hijacked process is not believed, and crashes nothing" {
	local command
	needs_kernel
	export INTRUDER_LIES=1000
	for command in finalize "pack -o $DIR/roots" sweep; do
		rm -f "$REC/.jibri-finalize"
		touch -d '1 minute ago' "$REC"
		[ "$command" != sweep ] || REC=$TOP
		echo "# $command"
		# shellcheck disable=SC2086
		LD_PRELOAD=${BUILD:-$ROOT/build}/preload-intruder.so \
			run_command 75 $command "$REC"
		assert_output_has "its process sent an invalid "
	done
	# The report of a survey is shorter.
	INTRUDER_LIES=100 LD_PRELOAD=${BUILD:-$ROOT/build}/preload-intruder.so \
		run_command 0 status "$TOP"
	assert_output_has "held"
	assert_output_has "examined it sent an invalid report"
	untouched
}

@test "a signal to root's process ends its worker, and then the command" {
	local pid signal rc
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	faults 'upload * * slow-store 60'
	for signal in TERM INT HUP; do
		rm -f "$REC/.jibri-finalize"
		rc=0
		bash -c "trap - INT; exec '$BIN' upload '$REC'" \
			>"$DIR/out" 2>&1 3>&- &
		pid=$!
		wait_for grep -q sending "$REC/.jibri-finalize"
		kill "-$signal" "$pid"
		wait "$pid" || rc=$?
		assert_equal "$rc" 75
		grep -q "ended by SIG$signal" "$DIR/out"
		run -1 pgrep -f "upload $REC"
		assert_equal "$(journal 'select(.event == "failed").class')" \
			interrupted
	done
}

@test "a worker of root that dies fails its recording, and no other" {
	local first=$REC pid rc=0
	another_recording two
	chown -R "$JIBRI:$JIBRI" "$TOP"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	faults 'upload * 1 slow-store 60'
	"$BIN" upload "$first" "$REC" >"$DIR/out" 2>&1 3>&- &
	pid=$!
	wait_for grep -q sending "$first/.jibri-finalize"
	pkill -KILL -P "$pid"
	wait "$pid" || rc=$?
	assert_equal "$rc" 75
	grep -q "$first: its process was ended by SIGKILL" "$DIR/out"
	is_stored metadata.json "$MEDIA"
}

@test "code injected into root's survey runs as the recordings' owner, and can at most read them" {
	local command want other=$TOP/other
	needs_kernel
	cp -a "$REC" "$other"
	chown -R 12345:12345 "$other"
	for command in status "sweep --dry-run" "sweep --metrics-file $DIR/m"; do
		rm -f "$TOP"/*/.jibri-finalize
		echo "# $command"
		# shellcheck disable=SC2086
		intruder scan $command "$TOP" >"$DIR/got"
		want=nothing
		[[ $command != *--metrics* ]] || want=of_both
		diff "$DIR/got" <({ $want; $want 12345; } |
			LC_ALL=C sort -u)
	done
	assert_equal "$("$BIN" status --json "$TOP" |
		jq -r '.recordings[].state')" \
		"$(printf 'done\ndone')"
}

@test "a sweep's token is fetched by a process of nobody, which gets nothing else and is not believed" {
	needs_kernel
	stop_sandbox
	start_sandbox --oauth id "$CANARY"
	export JIBRI_FINALIZE_OAUTH_TOKEN_URL=$URL/oauth/token
	export JIBRI_FINALIZE_OAUTH_CLIENT_ID=id
	export JIBRI_FINALIZE_OAUTH_CLIENT_SECRET=$CANARY
	chown -R 12345:12345 "$TOP"
	INTRUDER_LIES=5000 LD_PRELOAD=${BUILD:-$ROOT/build}/preload-intruder.so \
		run_command 75 sweep "$TOP"
	assert_output_has "token endpoint: its process sent an invalid report"
	[ ! -e "$REC/.jibri-finalize" ]
	intruder request sweep "$TOP" >"$DIR/got"
	diff "$DIR/got" <({ but_sockets; but_sockets 12345; } |
		LC_ALL=C sort -u)
	is_stored metadata.json "$MEDIA"
}

@test "check runs as nobody by the time servers answer" {
	needs_kernel
	mkdir -p "$DIR/jibris/other" && echo private >"$DIR/jibris/other/letter"
	install -m 600 /dev/null "$DIR/roots/conf"
	INTRUDER_AT=request INTRUDER_CONFIG=$DIR/roots/conf \
		INTRUDER_READ=$DIR/jibris/other/letter \
		INTRUDER_WRITE=$DIR/jibris/new \
		LD_PRELOAD=${BUILD:-$ROOT/build}/preload-intruder.so \
		run "$BIN" check
	diff <(sed -n 's/^intruder: //p' <<<"$output" | LC_ALL=C sort -u) \
		<(but_sockets)
	assert_output_has "is reachable"
}

@test "code injected into a delivery of root's own recording reads no key of this machine" {
	needs_kernel
	unshare --mount true 2>/dev/null || skip "no namespaces here"
	chown -R 0:0 "$TOP"
	cp -a /etc "$DIR/etc"
	mkdir -p "$DIR"/etc/ssl/{private,certs}
	(umask 077 && echo key >"$DIR/etc/ssl/private/key.pem")
	export LD_PRELOAD=${BUILD:-$ROOT/build}/preload-intruder.so
	INTRUDER_READ=/etc/ssl/private/key.pem INTRUDER_HOME=/etc/ssl/certs \
		run unshare --mount sh -c 'mount --bind "$1" /etc && exec "$2" "$3"' \
		_ "$DIR/etc" "$BIN" "$REC"
	ended_with 0
	assert_output_has "intruder: read: EACCES"
	assert_output_has "intruder: home: done"
	is_stored metadata.json "$MEDIA"
}

@test "a recording that kills its survey is held, and does not stop the others" {
	local SESSION_ONE=$SESSION
	needs_kernel
	another_recording two
	another_recording three
	echo 1 >"$TOP/two/poison"
	touch -d '1 minute ago' "$TOP/two/poison" "$TOP/two"
	chown -R "$JIBRI:$JIBRI" "$TOP"
	INTRUDER_DIES=poison LD_PRELOAD=${BUILD:-$ROOT/build}/preload-intruder.so \
		run_command 0 status --json "$TOP"
	assert_equal "$(jq -r '.recordings[] | "\(.state) \(.path | split("/")[-1])"' \
		<<<"$output" | sort)" "$(printf '%s\n' "due $SESSION_ONE" \
		"due three" "held two")"
	assert_equal "$(jq -r '.recordings[] | select(.state == "held").lastError' \
		<<<"$output")" "its process was ended by SIGABRT"
}

@test "code injected into retention runs as the recording's owner, who need not be able to remove the directory" {
	needs_kernel
	chown 0:0 "$TOP"
	run_finalize 0
	assert_equal "$(intruder scan sweep --retention 1ms "$TOP")" \
		"$(of_both)"
	grep -q "user: $JIBRI" "$DIR/out"
	[ ! -e "$REC" ]
}

# archive OWNER: another user's, in a directory of Jibri's user.
archive() {
	tar -cf "$DIR/jibris/x.tar" -C "$TOP" "$SESSION"
	chown "$1:$1" "$DIR/jibris/x.tar"
	rm -rf "${DIR:?}/jibris/$SESSION" "$SB/store" "$SB/records.jsonl"
}

@test "code injected into the reading of an archive runs as its owner, or as nobody, and gets nothing" {
	local owner
	needs_kernel
	for owner in 12345 0; do
		archive "$owner"
		assert_equal "$(intruder unpack upload "$DIR/jibris/x.tar")" \
			"$(nothing "$((owner ? owner : 65534))")"
		is_stored metadata.json "$MEDIA"
		assert_equal "$(ls -A "$DIR/jibris")" "$(printf 'other\nx.tar')"
	done
}

@test "code injected through an archive's contents runs as the directory's owner, and gets nothing" {
	needs_kernel
	archive 0
	assert_equal "$(intruder scan upload "$DIR/jibris/x.tar")" "$(of_both)"
	assert_equal "$(intruder scan upload --dry-run "$DIR/jibris/x.tar")" \
		"$(of_both)"
	# It is there, and is not the same.
	cp -a "$REC" "$DIR/jibris/$SESSION"
	echo more >"$DIR/jibris/$SESSION/metadata.json"
	chown -R "$JIBRI:$JIBRI" "$DIR/jibris/$SESSION"
	INTRUDER_AT=scan LD_PRELOAD=${BUILD:-$ROOT/build}/preload-intruder.so \
		run_command 65 upload "$DIR/jibris/x.tar"
	assert_output_has "is another recording"
	refute_output_has "user: 0"
	assert_equal "$(ls -A "$DIR/jibris")" \
		"$(printf '%s\nother\nx.tar' "$SESSION")"
}

@test "root does not read an archive that is a link or has two names" {
	tar -cf "$DIR/roots/x.tar" -C "$TOP" "$SESSION"
	planted "$DIR/roots/x.tar" "$DIR/jibris/link.tar"
	ln "$DIR/roots/x.tar" "$DIR/jibris/name.tar"
	run_command 65 upload "$DIR/jibris/link.tar"
	run_command 65 upload "$DIR/jibris/name.tar"
	assert_output_has "is not a regular file without hard links"
	assert_equal "$(requests)" 0
}

@test "false reports from an archive's processes are refused, and leave nothing behind" {
	local least
	needs_kernel
	archive 0
	# The reader's report, and the longer one of the process that unpacks.
	for least in 40 3300; do
		INTRUDER_LIES=$least \
			LD_PRELOAD=${BUILD:-$ROOT/build}/preload-intruder.so \
			run "$BIN" upload "$DIR/jibris/x.tar"
		((status == 65 || status == 75))
		assert_output_has "sent an invalid"
		assert_equal "$(requests upload)" 0
		rm -rf "$DIR/jibris/.x.tar.new"
		assert_equal "$(ls -A "$DIR/jibris")" x.tar
	done
}

# --- its configuration
# -----------------------------------------------------------

@test "a configuration that another user can write is a warning for root, or an error" {
	local conf=$DIR/roots/conf
	echo "tries = 2" >"$conf"
	run_command 0 config --config "$conf"
	refute_output_has warning
	chown "$JIBRI" "$conf"
	run_command 0 config --config "$conf"
	assert_output_has "warning: $conf: another user can write to it"
	chown 0:"$JIBRI" "$conf"
	chmod 660 "$conf"
	run_command 0 config --config "$conf"
	assert_output_has "warning: $conf: another user can write to it"
	run_command 78 config --strict-permissions --config "$conf"
	assert_output_has "another user can write to it"
	chmod 640 "$conf"
	run_command 0 config --strict-permissions --config "$conf"
	chown "$JIBRI" "$DIR/roots"
	run_command 78 config --strict-permissions --config "$conf"
	assert_output_has "another user can write to its directory"
}
