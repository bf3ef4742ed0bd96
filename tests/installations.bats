#!/usr/bin/env bats
# Broken installations: each is fixed with the command that the program prints,
# run as printed.  Only a person can know URL, PATH and ROOM.

load lib

NOBODY=65534

setup() {
	common_setup
	start_sandbox
	SERVICE=$URL
	recording
	CONF=$DIR/finalize.conf
	export JIBRI_FINALIZE_CONFIG=$CONF
	export JIBRI_FINALIZE_JIBRI_CONFIG=$DIR/jibri.conf
	open_program
	tools
	# As in an installation, the settings are in the file.
	unset FILE_SERVICE_URL MEETING_SERVICE_URL WEBHOOK_SECRET URL
	echo "$CANARY" >"$DIR/secret"
	chmod 600 "$DIR/secret"
	configure "file-service-url = $SERVICE" "meeting-service-url = $SERVICE"
}

teardown() {
	[ -z "${WATCH:-}" ] || kill "$WATCH" 2>/dev/null || true
	common_teardown
}

# configure LINE...: the whole configuration.
configure() {
	printf '%s\n' "recordings-dir = $DIR/recordings" \
		"webhook-secret-file = $DIR/secret" "$@" >"$CONF"
}

# tools: what an operator's shell finds: this program, a sudo without a
# password, and stand-ins for commands that would change the machine.
tools() {
	mkdir "$DIR/path"
	tool jibri-finalize 'exec "$BIN" "$@"'
	tool sudo '[ "$1" != -u ] || {
		user=${2#\#} && shift 2
		exec setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
	}
	exec "$@"'
	tool systemctl '[ "$1" != enable ] || {
		mkdir -p /etc/systemd/system/timers.target.wants
		ln -s x "/etc/systemd/system/timers.target.wants/$3"
	}'
	PATH=$DIR/path:$PATH
	export BIN=$DIR/bin
}

tool() {
	printf '#!/bin/sh\n%s\n' "$2" >"$DIR/path/$1"
	chmod 755 "$DIR/path/$1"
}

# printed CHECK: the command that check prints below this finding.
printed() {
	awk -v what="$1:" '
		/^[a-z]/ { is_in = $1 != "ok" && $2 == what; is_command = 0 }
		is_in && is_command {
			sub(/^            /, "")
			print
			if (!/\\$/)
				exit
		}
		is_in && /^         (->|  ) .*:$/ { is_command = 1 }' "$DIR/text"
}

# check: its output, which has to be ASCII within 80 columns.
check() {
	"${AS[@]}" jibri-finalize check >"$DIR/text" || true
	if grep -v "$DIR" "$DIR/text" | grep -nE '^.{81}|[^ -~]'; then
		return 1
	fi
}

# wrong CHECK TEXT: check finds it; sets COMMAND to the command that it prints.
wrong() {
	check
	COMMAND=$(printed "$1")
	[ -n "$COMMAND" ] && grep -F "$2" <(tr -s ' \n' ' ' <"$DIR/text") && return
	cat "$DIR/text"
	false
}

# fixed CHECK [NAME VALUE]: after COMMAND, with VALUE in place of NAME, the
# check is ok.
fixed() {
	echo "$COMMAND"
	bash -c "${COMMAND//${2:-$'\n\n'}/${3-}}"
	check
	[ -z "$(printed "$1")" ] && return
	cat "$DIR/text"
	false
}

# hint: the command at the end of the last output's only line.
hint() {
	sed -nE 's/^.*: ((jibri-finalize|sudo|chmod|chown|rm) .*)$/\1/p' \
		<<<"$output" | head -n 1
}

delivered() {
	is_stored metadata.json "$MEDIA"
	# shellcheck disable=SC2153
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

needs_root() {
	[ "$(id -u)" = 0 ] || skip "only root can be another user"
}

# nobody: from now on, this user runs check.
nobody() {
	AS=(setpriv --reuid "$NOBODY" --regid "$NOBODY" --clear-groups)
	chmod o+rx "$DIR/path"
	chown "$NOBODY" "$DIR/secret"
}

# apart BOOTED COMMAND...: run it as if on another machine, with or without
# systemd as PID 1, where the processes of this one are not visible.
apart() {
	unshare --mount --pid --fork --kill-child --mount-proc true 2>/dev/null ||
		skip "no namespaces here"
	export -f check printed wrong fixed
	export DIR CONF ROOT
	unshare --mount --pid --fork --kill-child --mount-proc bash -ec '
		mkdir -p "$DIR/etc"
		mount --bind "$DIR/etc" /etc/systemd/system
		mount -t tmpfs tmpfs /run
		mount -t tmpfs tmpfs /var/spool/cron
		[ "$1" = no ] || mkdir -p /run/systemd/system
		shift
		eval "$1"' - "$@"
}

# --- services ----------------------------------------------------------------

@test "a wrong port: the URL is corrected where it was set" {
	configure "file-service-url = http://127.0.0.1:1" \
		"meeting-service-url = $SERVICE"
	run_finalize 75 --tries 1
	wrong file-service "Couldn't connect"
	[[ $COMMAND == "sed -i "*"'3s|.*|file-service-url = URL|' "*"$CONF" ]]
	fixed file-service URL "$SERVICE"
	assert_equal "$(hint)" "jibri-finalize upload $REC"
	run bash -c "$(hint)"
	delivered
}

@test "an invalid URL: it is corrected where it was set" {
	configure "file-service-url = $SERVICE" \
		"meeting-service-url = meeting-service:2031"
	run_finalize 78
	assert_equal "$(hint)" "jibri-finalize check"
	wrong configuration "meeting-service-url"
	fixed configuration URL "$SERVICE"
	run_finalize 0
	delivered
}

@test "a service that hangs: check ends within 10 s, and the upload resumes" {
	faults 'health * * stall-answer 60' 'lookup * * stall-answer 60'
	SECONDS=0
	wrong file-service "no complete answer within"
	((SECONDS < 10))
	wrong meeting-service "no complete answer within"
	((SECONDS < 20))
	run_finalize 75 --tries 1
	assert_output_has "; to resume: jibri-finalize upload $REC"
	faults
	run bash -c "$(hint)"
	delivered
	fixed meeting-service
}

@test "a missing token: it is read from the terminal into its file" {
	stop_sandbox
	start_sandbox --token "$CANARY"
	configure "file-service-url = $URL" "meeting-service-url = $URL"
	unset FILE_SERVICE_URL MEETING_SERVICE_URL WEBHOOK_SECRET
	wrong file-service "requires a token"
	# Only in a file of this name may a test keep the secret.
	CONF=$DIR/secret.conf
	cp "$DIR/finalize.conf" "$CONF"
	export JIBRI_FINALIZE_CONFIG=$CONF
	wrong file-service "requires a token"
	COMMAND=${COMMAND//"$DIR/token"/"$DIR/secret-token"}
	fixed file-service <<<"$CANARY"
	[ "$(stat -c %a "$DIR/secret-token")" = 600 ] || getent passwd jibri
	run_finalize 0
	delivered
}

@test "a wrong token: its file gets another one" {
	stop_sandbox
	start_sandbox --token "$CANARY"
	echo other >"$DIR/secret-token"
	configure "file-service-url = $URL" "meeting-service-url = $URL" \
		"token-file = $DIR/secret-token"
	unset FILE_SERVICE_URL MEETING_SERVICE_URL WEBHOOK_SECRET
	chmod 600 "$DIR/secret-token"
	wrong file-service "refuses the token"
	assert_equal "$COMMAND" "cat >$DIR/secret-token"
	fixed file-service <<<"$CANARY"
	run_finalize 0
	delivered
}

@test "a token over http through the internet: the URL becomes https" {
	echo "token = x" >>"$CONF"
	sed -i 's|^meeting-service-url.*|meeting-service-url = http://meet.invalid/|' \
		"$CONF"
	wrong http "would go over http"
	fixed http
	grep -qx 'meeting-service-url = https://meet.invalid/' "$CONF"
}

@test "a wrong clock: it is set" {
	command -v faketime >/dev/null || skip "there is no faketime here"
	[ "${SAN:-}" != 1 ] || skip "faketime and the sanitizers do not mix"
	touch "$DIR/skewed"
	tool jibri-finalize '[ ! -e "'"$DIR"'/skewed" ] || exec faketime -f -2h "$BIN" "$@"
		exec "$BIN" "$@"'
	tool timedatectl 'rm "'"$DIR"'/skewed"'
	wrong meeting-service "s behind the service's"
	assert_equal "${COMMAND#sudo }" "timedatectl set-ntp true"
	fixed meeting-service
}

@test "a host that does not exist: its address is asked for" {
	configure "file-service-url = http://nowhere.invalid" \
		"meeting-service-url = $SERVICE"
	wrong file-service "Could not resolve host"
	grep -x " *-> Put its real address in place of URL:" "$DIR/text"
	fixed file-service URL "$SERVICE"
}

# --- who sweeps --------------------------------------------------------------

@test "no timer, no watch, no cron entry: watch is enabled" {
	needs_root
	apart yes '
		wrong sweeper "no sweeper runs"
		[ "$COMMAND" = "systemctl enable --now jibri-finalize-watch.service" ]
		fixed sweeper
		grep "^ok .*watch.service is enabled" "$DIR/text"'
}

@test "a sweeper, and FAILED at the first failure by default: it is set to final" {
	needs_root
	apart yes '
		check
		grep "^ok .*failed-webhook" "$DIR/text" && exit 1
		systemctl enable --now jibri-finalize-sweep.timer
		wrong failed-webhook "though a sweep may deliver"
		fixed failed-webhook
		grep -x "failed-webhook = final" "$CONF"
		sed -i "s/^failed-webhook.*/failed-webhook = at-once/" "$CONF"
		check
		grep "^ok *failed-webhook: at-once is set" "$DIR/text"'
}

@test "a masked unit does not count as a sweeper" {
	needs_root
	apart yes '
		systemctl enable --now jibri-finalize-watch.service
		ln -s /dev/null /etc/systemd/system/jibri-finalize-watch.service
		wrong sweeper "no sweeper runs"
		[[ $COMMAND == "systemctl unmask jibri-finalize-watch.service && "* ]]'
}

@test "no systemd: a running watch, cron or a recent sweep count" {
	needs_root
	apart no '
		wrong sweeper "no sweeper runs"
		[ "$COMMAND" = "jibri-finalize watch" ]
		bash -c "$COMMAND" 2>/dev/null &
		for i in {1..100}; do
			check
			grep -q "^ok *sweeper: watch is running" "$DIR/text" && break
			sleep 0.05
		done
		[ "$i" != 100 ]
		kill %1
		wait || true
		wrong sweeper "no sweeper runs"
		mkdir /var/spool/cron/crontabs
		echo "# */5 * * * * jibri-finalize sweep" >/var/spool/cron/crontabs/a
		wrong sweeper "no sweeper runs"
		echo "*/5 * * * * jibri-finalize sweep" >/var/spool/cron/crontabs/a
		check
		grep "^ok *sweeper: there is an entry in /var/spool/cron" "$DIR/text"
		rm /var/spool/cron/crontabs/a
		echo "metrics-file = $DIR/metrics.prom" >>"$CONF"
		touch "$DIR/metrics.prom"
		check
		grep "^ok *sweeper: the last sweep wrote" "$DIR/text"
		touch -d "2 days ago" "$DIR/metrics.prom"
		wrong sweeper "no sweeper runs"'
}

@test "a watch or a cron entry of another recordings directory does not count" {
	needs_root
	apart no '
		mkdir "$DIR/other" /var/spool/cron/crontabs
		watches() {
			"$@" >"$DIR/log" 2>&1 &
			for i in {1..200}; do
				[ "$(readlink "/proc/$!/exe")" != "$DIR/bin" ] ||
					break
				sleep 0.05
			done
			[ "$i" != 200 ]
		}
		sweeper() {
			check
			grep "^[a-z]* *sweeper: $1" "$DIR/text"
			kill "$!"
			wait || true
		}
		watches jibri-finalize watch "$DIR/other"
		sweeper "no sweeper runs"
		watches jibri-finalize watch "$DIR/other" "$DIR/recordings"
		sweeper "watch is running"
		watches env JIBRI_FINALIZE_RECORDINGS_DIR="$DIR/other" \
			jibri-finalize watch
		sweeper "no sweeper runs"
		cp "$CONF" "$DIR/other.conf"
		watches jibri-finalize watch --config "$DIR/other.conf"
		sweeper "no sweeper runs"
		# It sees another file system at this path.
		watches unshare --mount sh -c "mount -t tmpfs t $DIR/recordings
			exec jibri-finalize watch"
		sweeper "no sweeper runs"
		cron() { echo "*/5 * * * * $*" >/var/spool/cron/crontabs/a; }
		cron "jibri-finalize sweep $DIR/other >/dev/null"
		wrong sweeper "no sweeper runs"
		cron "JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/other jibri-finalize sweep"
		wrong sweeper "no sweeper runs"
		cron "jibri-finalize -q sweep $DIR/recordings 2>&1"
		check
		grep "^ok *sweeper: there is an entry in" "$DIR/text"'
}

@test "defer without a sweeper is a failure, as nothing is ever delivered" {
	needs_root
	apart yes '
		echo "defer = yes" >>"$CONF"
		wrong sweeper "nothing is ever delivered"
		grep "^failed *sweeper" "$DIR/text"'
}

@test "a unit that may not write to recordings-dir: it gets a drop-in" {
	needs_root
	apart yes '
		sed "s/^ProtectSystem=.*/ProtectSystem=strict\nPrivateTmp=yes/" \
			"$ROOT/packaging/systemd/jibri-finalize-sweep.service" \
			>/etc/systemd/system/jibri-finalize-sweep.service
		mkdir "/run/it'"'"'s a"
		sed -i "s|^recordings-dir.*|recordings-dir = /run/it'"'"'s a|" "$CONF"
		wrong recordings-dir "because of ProtectSystem="
		fixed recordings-dir
		grep "^ok *unit: jibri-finalize-sweep.service may write" "$DIR/text"
		mkdir -p "$DIR/home/it'"'"'s x"
		mount --bind "$DIR/home" /home
		echo "log-file = /home/it'"'"'s x/log" >>"$CONF"
		echo "ProtectHome=yes" >>/etc/systemd/system/jibri-finalize-sweep.service
		wrong log-file "because of ProtectHome="
		fixed log-file'
}

# --- this machine ------------------------------------------------------------

@test "a missing recordings-dir: it is created" {
	rm -r "$DIR/recordings"
	wrong recordings-dir "No such file"
	fixed recordings-dir
	[ -d "$DIR/recordings" ]
}

@test "recordings-dir not writable for Jibri's user: it becomes writable" {
	needs_root
	nobody
	getent passwd jibri && skip "that would be its own"
	chmod 755 "$DIR/recordings"
	wrong recordings-dir "cannot write there"
	fixed recordings-dir
}

@test "a configuration that this user cannot read stays closed: root checks it" {
	needs_root
	nobody
	getent passwd jibri && skip "that would be its own"
	chmod 600 "$CONF"
	wrong configuration "Permission denied"
	assert_equal "$COMMAND" "sudo jibri-finalize check"
	# Here that is who runs the tests.
	run bash -c "${COMMAND#sudo }"
	refute_output_has "Permission denied"
	assert_equal "$(stat -c %a:%g "$CONF")" 600:0
}

@test "a missing, full or stale directory for the metrics: each is fixed" {
	needs_root
	echo "metrics-file = $DIR/new/metrics.prom" >>"$CONF"
	wrong metrics-file "No such file"
	fixed metrics-file
	apart no '
		mount -t tmpfs -o size=64k tmpfs "$DIR/new"
		head -c 64K /dev/zero >"$DIR/new/x" || true
		wrong metrics-file "is full"
		fixed metrics-file PATH "$DIR/metrics.prom"
		touch -d "2 days ago" "$DIR/metrics.prom"
		wrong metrics-file "is stale"
		fixed metrics-file'
}

@test "missing directories for log and archives: they are created" {
	printf '%s\n' "log-file = $DIR/a b/log" "work-dir = $DIR/it's/work" \
		>>"$CONF"
	wrong log-file "cannot be written"
	fixed log-file
	wrong work-dir "No such file"
	fixed work-dir
	[ -d "$DIR/it's/work" ]
}

@test "Jibri calls no finalize script: a line is added to its configuration" {
	printf 'jibri { recording {\n  recordings-directory = "%s"\n} }\n' \
		"$DIR/recordings" >"$DIR/jibri.conf"
	wrong finalize-script "Jibri calls nothing"
	fixed finalize-script
	echo "jibri.recording.finalize-script = $DIR/none" >>"$DIR/jibri.conf"
	wrong finalize-script "No such file"
	fixed finalize-script
}

@test "the sweep looks elsewhere than Jibri records: recordings-dir is set" {
	mkdir "$DIR/it's"
	printf '%s\n' "jibri.recording.finalize-script = \"$BIN\"" \
		"jibri.recording.recordings-directory = \"$DIR/it's\"" \
		>"$DIR/jibri.conf"
	wrong recordings-directory "would not find them"
	fixed recordings-directory
	grep -qx "recordings-dir = $DIR/it's" "$CONF"
}

@test "a missing file of a secret: it is created; without its folder, the setting is edited" {
	rm "$DIR/secret"
	wrong configuration "$DIR/secret: No such file"
	fixed configuration <<<"$CANARY"
	assert_equal "$(cat "$DIR/secret")" "$CANARY"
	(($(stat -c %a "$DIR/secret") % 10 == 0))
	run_finalize 0
	delivered
	configure "token-file = $DIR/none/token"
	wrong configuration "$DIR/none/token: No such file"
	[[ $COMMAND == *"$CONF" ]]
}

@test "a secret that everybody can read: its mode is restricted" {
	chmod 644 "$DIR/secret"
	wrong configuration "everybody can read"
	fixed configuration
}

# --- recordings --------------------------------------------------------------

@test "a room that is held: it is named" {
	metadata "https://meet.example.org/renamed"
	mv "$REC/$MEDIA" "$REC/renamed_2026-01-02-03-04-05.mp4"
	MEDIA=renamed_2026-01-02-03-04-05.mp4
	run_finalize 65
	COMMAND=$(hint)
	run bash -c "${COMMAND//ROOM/$ROOM}"
	delivered
}

@test "a recording that was given up: it is delivered anyway" {
	run_command 0 forget --yes "$REC"
	run_finalize 0
	run bash -c "$(hint)"
	delivered
}

@test "a recording of another user: its owner delivers it" {
	needs_root
	nobody
	mv "$REC" "$DIR/recordings/other"
	SESSION=other REC=$DIR/recordings/other
	chown -R 12345:12345 "$DIR/recordings"
	chown "12345:$NOBODY" "$DIR/secret"
	chmod 640 "$DIR/secret"
	chmod 755 "$DIR/recordings"
	chmod o+x "$SB"
	run "${AS[@]}" jibri-finalize upload "$REC"
	ended_with 65
	assert_equal "$(hint)" "sudo -u '#12345' jibri-finalize upload $REC"
	run bash -c "$(hint)"
	ended_with 0
	delivered
}

@test "a recording that others can write to: its mode is restricted, and it is swept" {
	needs_root
	chmod 777 "$REC"
	run jibri-finalize status --json
	output=$(jq -r '.recordings[].lastError' <<<"$output")
	assert_equal "$(hint)" "chmod go-w $REC"
	bash -c "$(hint)"
	run_command 0 sweep
	delivered
}

@test "a configuration with an invalid line: check names the line and opens an editor" {
	echo "tires = 3" >>"$CONF"
	wrong configuration "$CONF:5: unknown setting 'tires'"
	tool editor 'sed -i "s/^tires/tries/" "$1"'
	EDITOR=editor fixed configuration
}
