#!/usr/bin/env bats
# The doctor: each thing that can be wrong is found and named, its suggested fix
# works, and nothing is changed.

load lib
setup() {
	common_setup
	unset_all
	# check looks for a user jibri, which the machine may have.
	open_program
	BIN=$DIR/bin
	CONF=$DIR/finalize.conf
	ROOMS=$DIR/recordings
	SCRIPT=$DIR/jibri.conf
	export JIBRI_FINALIZE_CONFIG=$CONF
	export JIBRI_FINALIZE_RECORDINGS_DIR=$ROOMS
	export JIBRI_FINALIZE_JIBRI_CONFIG=$SCRIPT
	start_sandbox
	echo "tries = 3" >"$CONF"
	jibri_conf "$BIN" "$ROOMS"
}
teardown() {
	[ -z "${RAM:-}" ] || umount "$RAM" 2>/dev/null ||
		rmdir "$RAM" 2>/dev/null || true
	common_teardown
}

# jibri_conf SCRIPT DIRECTORY: Jibri's own configuration.
jibri_conf() {
	cat >"$SCRIPT" <<-END
		jibri {
		  // finalize-script = "/commented/out"
		  recording {
		    recordings-directory = "$2"
		    finalize-script = "$1"
		  }
		}
	END
}

# checks CODE [ARGUMENT...]: findings go to the file `found`, one a line:
# "RESULT CHECK: TEXT".  The exit code is that of the worst; CODE is that of the
# worst that does not depend on this machine.
checks() {
	local want=$1 rc=0
	shift
	"$BIN" check --json "$@" >"$DIR/json" || rc=$?
	jq -r '.findings[] | "\(.result) \(.check): \(.text)"' "$DIR/json" \
		>"$DIR/found"
	[ "$rc" = "$(worst <"$DIR/found")" ] &&
		jq -e 'all(.findings[]; .result == "ok" or
			(.fix | test(":$")) and (.command | length > 5))' \
			"$DIR/json" >/dev/null &&
		[ "$want" = "$(apart_from_the_machine | worst)" ] && return
	echo "exit code $rc; apart from the machine not $want" >&2
	cat "$DIR/found" >&2
	return 1
}

# worst: the exit code for such lines.
worst() {
	awk '$1 == "warning" { code = code ? code : 1 }
		$1 == "failed" { code = 78 } END { print code + 0 }'
}

found() {
	grep -e "$1" "$DIR/found" || { cat "$DIR/found" >&2; false; }
}

# Findings that depend on this machine do not count: the user, and the disk of
# $ROOMS.
apart_from_the_machine() {
	grep -vE "^[a-z]+ (libmagic|user|sweeper|failed-webhook): |^[a-z]+ disk: (.* )?${ROOMS}[ ,]" \
		"$DIR/found"
}

@test "on a good installation every line is ok, and nothing is changed anywhere" {
	"$BIN" check >"$DIR/text" || true
	checks 0
	run -1 grep -v "^ok " <(apart_from_the_machine)
	found "^ok configuration: $CONF is read"
	found "^ok settings: [0-9]* of [0-9]* settings differ from their default"
	found "^ok setting: tries = 3, from $CONF:1"
	found "^ok setting: recordings-dir = .*, from JIBRI_FINALIZE_RECORDINGS_DIR"
	found "^ok meeting-service: $URL is reachable and UP"
	found "^ok file-service: $URL is reachable and UP"
	found "^ok file-service: its clock agrees with this host"
	found "^ok file-service: it answers, and requires no token"
	found "^ok webhook-secret: set; only"
	found "^ok finalize-script: $BIN, as $SCRIPT says"
	found "^ok libmagic: its database can be loaded"
	[ ! -e "$SB/webhooks.jsonl" ]
	jq -es 'length == 8 and all(.method == "GET")' "$SB/requests.jsonl"
	[ -z "$(stored)" ]
}

@test "text and JSON agree, and both count the findings" {
	"$BIN" check --json >"$DIR/json" || true
	"$BIN" check >"$DIR/text" || true
	run -1 grep -nE '.{81}|[^ -~]' "$DIR/text"
	jq -e '(.findings | length) == .ok + .warning + .failed and
		all(.findings[]; (.fix == null) == (.result == "ok") and
			(.command == null) == (.result == "ok"))' "$DIR/json"
	assert_equal "$(tail -n 1 "$DIR/text")" \
		"$(jq -r '"\(.ok) ok, \(.warning) warning\(if .warning == 1 then "" else "s" end), \(.failed) failed"' \
			"$DIR/json")"
	assert_equal "$(grep -cE '^(ok|warning|failed) ' "$DIR/text")" \
		"$(jq '.findings | length' "$DIR/json")"
}

@test "each failed or warned line is followed by how to fix it; --quiet leaves out the rest" {
	unset WEBHOOK_SECRET
	"$BIN" check --quiet >"$DIR/text" || true
	grep -A 1 '^warning  webhook-secret: is empty' "$DIR/text" |
		grep '^         -> Enter the meeting-service'
	run -1 grep '^ok' "$DIR/text"
}

@test "no secret is shown" {
	export JIBRI_FINALIZE_TOKEN=hush-1 WEBHOOK_SECRET=hush-2
	"$BIN" check >"$DIR/text" 2>&1 || true
	run -1 grep hush- "$DIR/text"
}

# --- configuration -----------------------------------------------------------

@test "a configuration that cannot be read is one failed line that names the place" {
	echo "tires = 3" >>"$CONF"
	checks 78
	assert_equal "$(wc -l <"$DIR/found")" 1
	found "^failed configuration: $CONF:2: unknown setting 'tires'; did you mean tries?"
	assert_equal "$(requests)" 0
}

@test "the command that fixes a wrong flag or variable leaves it out" {
	checks 78 --tries abc
	jq -e '.findings[0].command == "jibri-finalize check"' "$DIR/json"
	JIBRI_FINALIZE_TRIES=abc checks 78
	jq -e '.findings[0].command == "unset JIBRI_FINALIZE_TRIES"' "$DIR/json"
}

@test "a wrong value from a file is fixed in that file" {
	mkdir "$DIR/keys"
	printf 'a\tb' >"$DIR/keys/token"
	CREDENTIALS_DIRECTORY=$DIR/keys checks 78
	jq -e --arg f "$DIR/keys/token" '.findings[0].command | endswith(" " + $f)' \
		"$DIR/json"
}

@test "a secret file that everybody can read is closed by the command for it" {
	echo x >"$DIR/token"
	chmod 644 "$DIR/token"
	checks 78 --token-file "$DIR/token" --strict-permissions
	jq -e --arg f "$DIR/token" '.findings[0].command |
		endswith("chmod o-rwx " + $f)' "$DIR/json"
}

@test "root edits a file without sudo" {
	((EUID == 0)) || skip "needs root"
	JIBRI_FINALIZE_CONFIG=$DIR/none checks 78
	jq -e '.findings[0].command | startswith("${EDITOR:-vi} ")' "$DIR/json"
}

@test "a variable that is not a setting is warned of, with the nearest name" {
	JIBRI_FINALIZE_TIRES=3 checks 1
	found "^warning environment: JIBRI_FINALIZE_TIRES is not a setting; did you mean JIBRI_FINALIZE_TRIES?"
	JIBRI_FINALIZE_RECORDING_SCRIPT_PATH=/x checks 0
	run -1 grep SCRIPT_PATH "$DIR/found"
}

@test "contradicting settings cause a warning" {
	JIBRI_FINALIZE_RETRY_DELAY=2h checks 1
	found "^warning retry-delay: is longer than retry-delay-max"
	JIBRI_FINALIZE_FILE_SERVICE_URL=$URL/ checks 1
	found "^warning environment: FILE_SERVICE_URL and JIBRI_FINALIZE_FILE_SERVICE_URL differ"
	unset WEBHOOK_SECRET
	JIBRI_FINALIZE_WEBHOOK_SECRET_PREVIOUS=x checks 1
	found "^warning webhook-secret-previous: has no effect without webhook-secret"
	JIBRI_FINALIZE_MIN_FREE=10% checks 1
	found "^warning min-free: has no effect while retention"
}

@test "a setting that cannot work is a failure, and no service is asked" {
	checks 78 --webhook-auth standard --file-service-url none
	found "^failed configuration: file-service-url: "
	assert_equal "$(requests)" 0
}

# --- services ----------------------------------------------------------------

@test "an unreachable service is a failure that names the setting" {
	checks 78 --file-service-url http://127.0.0.1:1
	found "^failed file-service: GET http://127.0.0.1:1/actuator/health: "
	found "^ok meeting-service: .* UP"
	jq -e '.findings[] | select(.check == "file-service") | .command ==
		"jibri-finalize check --file-service-url URL"' "$DIR/json"
}

@test "services that do not answer are given up at the deadline" {
	faults 'health * * stall-answer 9'
	checks 78 --answer-timeout 8s --deadline 500ms
	found "^failed file-service: .*the deadline has passed"
	found "^failed meeting-service: .*the deadline has passed"
}

@test "hanging services are asked in parallel, and check ends within 10 s" {
	faults 'health * * stall-answer 60'
	SECONDS=0
	checks 78 --answer-timeout 60s
	((SECONDS < 10))
	found "^failed file-service: .*no complete answer within 3.5 s"
	found "^failed meeting-service: .*no complete answer within 3.5 s"
	assert_equal "$(request health .path | wc -l)" 2
}

@test "an interrupted check blames no service" {
	local pid rc=0
	faults "health * * stall-answer 60"
	"$BIN" check >"$DIR/text" 2>&1 3>&- &
	pid=$!
	wait_for test -s "$SB/requests.jsonl"
	kill -INT "$pid"
	wait "$pid" || rc=$?
	assert_equal "$rc" 75
	run -1 grep failed "$DIR/text"
}

@test "DOWN is a failure; a service that hides its health is reachable" {
	echo '{"status": "DOWN"}' >"$SB/down"
	faults 'health * 1 status 404' 'health * * body down application/json'
	checks 78
	# Both are asked at once, so either may come first.
	found "^ok [mf].*-service: $URL is reachable; it reports no health (HTTP 404)"
	found "^failed [mf].*-service: $URL reports: DOWN"
}

@test "a refused or missing token is a failure, an accepted one is reported" {
	stop_sandbox
	start_sandbox --token t0ken
	checks 78
	found "^failed meeting-service: it requires a token, but none is set (HTTP 401)"
	found "^failed file-service: it requires a token, but none is set (HTTP 401)"
	JIBRI_FINALIZE_TOKEN=other checks 78
	found "^failed file-service: it refuses the token (HTTP 401)"
	JIBRI_FINALIZE_TOKEN=t0ken checks 0
	found "^ok meeting-service: it answers, and accepts the token"
	found "^ok file-service: it answers, and accepts the token"
}

@test "a web page in place of the service is a failure, and so is a redirect" {
	faults 'list * * html'
	checks 78
	found "^failed file-service: .*: a web page answers, not the service"
	faults 'health * * redirect 301 https://elsewhere.example/'
	checks 78
	found "^failed file-service: .*a redirect to https://elsewhere.example/"
}

@test "a clock that is wrong is found by the server's Date" {
	command -v faketime >/dev/null || skip "there is no faketime here"
	[ "${SAN:-}" != 1 ] || skip "faketime and the sanitizers do not mix"
	faketime -f +120s "$BIN" check --json >"$DIR/json" || true
	jq -e '[.findings[] | select(.result == "warning") | .text |
		select(test("^this host.s clock is 1[12][0-9] s ahead of the service.s$"))] |
		length == 2' "$DIR/json"
	faketime -f -3600s "$BIN" check --json >"$DIR/json" || true
	jq -e '[.findings[] | select(.result == "failed") | .text |
		select(test("^this host.s clock is 3[56][0-9][0-9] s behind the service.s$"))] |
		length == 2' "$DIR/json"
}

# certificate DAYS: sets CERT and KEY, for 127.0.0.1.
certificate() {
	CERT=$DIR/cert.pem KEY=$DIR/key.pem
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days "$1" -subj /CN=127.0.0.1 \
		-addext subjectAltName=IP:127.0.0.1 \
		-keyout "$KEY" -out "$CERT" 2>/dev/null
}

@test "a trusted certificate is shown with its remaining days, and one that expires soon is a warning" {
	certificate 90
	stop_sandbox
	start_sandbox --tls "$CERT" "$KEY"
	checks 0 --ca-file "$CERT"
	found "^ok meeting-service: its certificate is trusted and valid for \(89\|90\) days"
	checks 78
	found "^failed file-service: .*certificate"
	certificate 5
	stop_sandbox
	start_sandbox --tls "$CERT" "$KEY"
	checks 1 --ca-file "$CERT"
	found "^warning meeting-service: its certificate is trusted and valid for [45] days"
}

# --- the machine -------------------------------------------------------------

@test "a missing directory, a file in its place, and foreign files in it are found" {
	checks 78 --recordings-dir "$DIR/none"
	found "^failed recordings-dir: $DIR/none: No such file"
	touch "$DIR/file"
	checks 78 --recordings-dir "$DIR/file"
	found "^failed recordings-dir: $DIR/file is not a directory"
}

# ram_disk SIZE: sets RAM, a directory on a new RAM disk, or on the machine's
# where none can be mounted.
ram_disk() {
	RAM=$DIR/ram
	mkdir "$RAM"
	mount -t tmpfs -o size="$1" none "$RAM" 2>/dev/null && return
	RAM=/dev/shm/check-$$
	[[ $(stat -f -c %T /dev/shm 2>/dev/null) = tmpfs ]] && mkdir "$RAM"
}

@test "a RAM disk is a warning" {
	ram_disk 1g || skip "no RAM disk, and none can be mounted"
	checks 1 --recordings-dir "$RAM" || checks 78 --recordings-dir "$RAM"
	found "^warning disk: $RAM is a RAM disk"
}

@test "a full disk is found" {
	ram_disk 120m && [ "$RAM" = "$DIR/ram" ] || skip "needs root to mount"
	head -c 115M /dev/zero >"$RAM/x"
	checks 78 --recordings-dir "$RAM"
	found "^failed disk: 5 MiB, 4 % of the disk of $RAM, are free"
}

@test "an unwritable log file is found, and none is created" {
	checks 0 --log-file "$DIR/log"
	found "^ok log-file: $DIR/log is writable"
	[ ! -e "$DIR/log" ]
	checks 1 --log-file "$DIR/none/log"
	found "^warning log-file: $DIR/none/log cannot be written: No such file"
}

@test "a directory that this user cannot write is a failure" {
	[ "$(id -u)" != 0 ] || command -v setpriv >/dev/null || skip "no setpriv"
	chmod 555 "$ROOMS"
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups \
			"$BIN" check --json >"$DIR/json" || true
	else
		"$BIN" check --json >"$DIR/json" || true
	fi
	chmod 755 "$ROOMS"
	jq -e '.findings[] | select(.check == "recordings-dir" and
		.result == "failed") | .text | test("cannot write there")' \
		"$DIR/json"
}

# --- what Jibri's configuration says -----------------------------------------

@test "a finalize-script that is unset, missing, not executable or another program is found" {
	jibri_conf "$DIR/none" "$ROOMS"
	checks 78
	found "^failed finalize-script: $DIR/none: No such file"
	touch "$DIR/script"
	jibri_conf "$DIR/script" "$ROOMS"
	checks 78
	found "^failed finalize-script: $DIR/script cannot be executed by"
	chmod 755 "$DIR/script"
	checks 1
	found "^warning finalize-script: $DIR/script is a different program"
	echo 'jibri { recording { } }' >"$SCRIPT"
	checks 78
	found "^failed finalize-script: $SCRIPT sets none"
	rm "$SCRIPT"
	checks 0
	found "^ok finalize-script: there is no $SCRIPT to check"
}

@test "jibri.conf is read as HOCON" {
	local line
	while IFS= read -r line; do
		printf '%b\n' "$line" >"$SCRIPT"
		checks 0
		found "^ok finalize-script: $BIN, as"
	done <<-END
		jibri.recording.finalize-script = "$BIN"
		jibri { recording { finalize-script: $BIN } }
		jibri { recording { x = [1, 2], finalize-script = $BIN // here\n}}
		jibri { recording {\nfinalize-script =\n  "$BIN" } }
		jibri.recording { finalize-script = /none }\njibri.recording { finalize-script = \${?NONE}\nfinalize-script = $BIN }
		base = "${BIN%/*}"\njibri.recording.finalize-script = \${base}/${BIN##*/}
	END
	# In the files that it includes, and in the environment.
	echo "recording.finalize-script = \${?HOCON_BIN}" >"$DIR/more.conf"
	echo 'jibri { include "more.conf" }' >"$SCRIPT"
	HOCON_BIN=$BIN checks 0
	found "^ok finalize-script: $BIN, as"
}

@test "a key in the wrong place of jibri.conf, and an empty one, count as unset" {
	local line
	while IFS= read -r line; do
		echo "$line" >"$SCRIPT"
		checks 78
		found "^failed finalize-script: $SCRIPT sets none, so Jibri calls nothing"
	done <<-END
		finalize-script = "$BIN"
		jibri.finalize-script = "$BIN"
		jibri.recording.finalize-script = ""
		jibri.recording.finalize-script = null
		# jibri.recording.finalize-script = "$BIN"
		jibri.recording { finalize-script = "$BIN" }, jibri.recording = null
	END
}

@test "an unreadable part of jibri.conf is a warning, never a failure" {
	local line
	while IFS= read -r line; do
		echo "$line" >"$SCRIPT"
		checks 1
		found "^warning finalize-script: not understood: $SCRIPT:"
		run -1 grep "calls nothing" "$DIR/found"
	done <<-END
		jibri { recording { finalize-script = "$BIN"
		jibri { recording { finalize-script = $BIN } } }
		jibri.recording.finalize-script = [ "$BIN" ]
		jibri.recording.finalize-script = \${HOCON_NONE}
		jibri.recording.finalize-script = \${?HOCON_NONE}
		jibri.recording = \${?HOCON_NONE}
		include url("http://127.0.0.1:1/jibri.conf")
		jibri { include classpath("more.conf") }
	END
	mkdir "$DIR/folder.conf"
	echo 'include "folder.conf"' >"$SCRIPT"
	checks 1
	found "^warning finalize-script: not understood: $SCRIPT: $DIR/folder.conf: "
	found "Is a directory"
	# Keys that check does not read may have any value.
	printf 'include url("http://127.0.0.1:1/")\njibri.id = ${HOCON_NONE}
		jibri.recording { finalize-script = "%s"
		recordings-directory = "%s" }' "$BIN" "$ROOMS" >"$SCRIPT"
	checks 0
}

@test "an oversized jibri.conf is reported as not understood" {
	head -c 1100000 /dev/zero | tr '\0' '#' >"$SCRIPT"
	checks 1
	found "^warning finalize-script: not understood: $SCRIPT: File too large"
}

@test "a variable that is unset here may be set where Jibri runs" {
	local line
	unset FINALIZE_X
	for line in '${?FINALIZE_X}' '/b${?FINALIZE_X}'; do
		printf 'jibri.recording.finalize-script = %s\n' /a "$line" \
			>"$SCRIPT"
		checks 1
		found "^warning finalize-script: not understood: .*FINALIZE_X} is not set here"
	done
	printf 'jibri.recording.finalize-script = %s\n' "$BIN" \
		'${?FINALIZE_X}' >"$SCRIPT"
	checks 0
	found "^ok finalize-script: "
}

@test "what depends on the environment is a warning, as Jibri may have another" {
	# The user who checks has another home than Jibri's user.
	printf 'jibri.recording { finalize-script = %s\n%s }' \
		'${HOME}/finalize' 'recordings-directory = ${HOME}/recordings' \
		>"$SCRIPT"
	HOME=/none checks 1
	found "^warning finalize-script: not understood: $SCRIPT: \${HOME} may be different where Jibri runs"
	found "^warning recordings-directory: not understood: $SCRIPT: \${HOME} may"
	# What is right with this value is reported as ok.
	ln -s "$BIN" "$DIR/finalize"
	HOME=$DIR checks 0
	found "^ok finalize-script: $DIR/finalize, as"
	run -1 grep "not understood" "$DIR/found"
	# A variable defined in the file itself has the same value for Jibri.
	echo "base = $DIR, jibri.recording.finalize-script = \${base}/none" \
		>"$SCRIPT"
	base=/b checks 78
	found "^failed finalize-script: $DIR/none: No such file"
}

@test "config.json beside jibri.conf takes precedence key by key, as in Jibri" {
	jibri_conf "$DIR/none" "$ROOMS"
	cat >"$DIR/config.json" <<-END
		{
		    // Jibri allows comments
		    "recording_directory": "/srv/elsewhere",
		    "finalize_recording_script_path": "$BIN",
		    "xmpp_environments": [ { "name": "a {}", "usage_timeout": 0 } ]
		}
	END
	checks 1
	found "^ok finalize-script: $BIN, as $DIR/config.json says"
	found "^warning recordings-directory: .* Jibri records into /srv/elsewhere"
	# Keys that it lacks come from jibri.conf.
	jibri_conf "$BIN" "$ROOMS"
	echo '{ "jibri_id": "a", "recording_directory": null }' >"$DIR/config.json"
	checks 0
	found "^ok finalize-script: $BIN, as $SCRIPT says"
	# config.json alone is enough.
	rm "$SCRIPT"
	echo "{ \"finalize_recording_script_path\": \"$BIN\" }" \
		>"$DIR/config.json"
	checks 0
	found "^ok finalize-script: $BIN, as $DIR/config.json says"
	echo '{ "finalize_recording_script_path": "" }' >"$DIR/config.json"
	checks 78
	found "^failed finalize-script: $DIR/config.json sets none"
	grep -q 'finalize_recording_script_path in config.json' "$DIR/json"
	echo '{ "finalize_recording_script_path": "/a" ' >"$DIR/config.json"
	checks 1
	found "^warning finalize-script: not understood: $DIR/config.json:2:"
}

@test "a sweep that looks elsewhere than Jibri records is a warning" {
	jibri_conf "$BIN" "$ROOMS/"
	checks 0
	run -1 grep "a sweep would not find them" "$DIR/found"
	jibri_conf "$BIN" /srv/elsewhere
	checks 1
	found "^warning recordings-directory: $ROOMS, but Jibri records into /srv/elsewhere"
}

@test "a path in Jibri's configuration adds no command to the one that fixes ours" {
	# It goes into a command of sed, which a line break would end.
	jibri_conf "$BIN" "/srv/elsewhere\\ne touch $DIR/entered"
	unset JIBRI_FINALIZE_RECORDINGS_DIR
	EDITOR=true run "$BIN" check --json
	jq -r '.findings[] | select(.check == "recordings-directory").command' \
		<<<"$output" >"$DIR/command"
	[ -s "$DIR/command" ]
	EDITOR=true bash "$DIR/command"
	[ ! -e "$DIR/entered" ]
}

@test "a directory that others can write to is a warning with trust = any alone" {
	chmod 1777 "$ROOMS"
	checks 0
	found "^ok trust: owner: "
	checks 1 --trust any
	found "^warning trust: any: others can write to $ROOMS"
	chmod 755 "$ROOMS"
	checks 0 --trust any
	found "^ok trust: any: "
}
