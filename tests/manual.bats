#!/usr/bin/env bats
# The manuals are true: their sessions are run as printed, and their output is
# what the page shows.

load lib
load manual

setup() {
	common_setup
	mkdir "$DIR/bin"
	ln -s "$BIN" "$DIR/bin/jibri-finalize"
	PATH=$DIR/bin:$PATH
}
teardown() { common_teardown; }

# sessions_of PAGE LEAST: each is as shown; there are so many at least.
sessions_of() {
	local page=$ROOT/man/$1 line world n=0 bad=0
	blocks "$page" >"$DIR/blocks"
	while read -r line world <&5; do
		session "$page" "$line" "$world" >"$DIR/got"
		as_shown "$page" "$line" >"$DIR/shown"
		n=$((n + 1))
		matches "$(<"$DIR/shown")" "$(<"$DIR/got")" || {
			echo "$page:$line ($world) is not what is printed:"
			diff "$DIR/shown" "$DIR/got"
			bad=$((bad + 1))
		}
	done 5<"$DIR/blocks"
	((bad == 0 && n >= $2))
}

# bats test_tags=slow
@test "each session of the troubleshooting manual prints what the page shows" {
	sessions_of jibri-finalize-troubleshooting.7 25
}

# bats test_tags=slow
@test "each session of the manual of commands prints what the page shows" {
	sessions_of jibri-finalize.1 4
}

# bats test_tags=slow
@test "each session of the manual of sweeps prints what the page shows" {
	sessions_of jibri-finalize-sweep.8 5
}

@test "each message that the troubleshooting manual quotes is one of the program" {
	local part n=0
	# What servers and libcurl say is theirs; paths and numbers differ.
	sed -n '/^\.It Ql/d; s/^\.It \([a-zP].*\)/\1/p' \
		"$ROOT/man/jibri-finalize-troubleshooting.7" |
		grep -v -e '^invalid_' -e '^public key' >"$DIR/quoted"
	sed 's/PATH\|200\|\.\.\./\n/g; s/[:,] /\n/g' "$DIR/quoted" |
		sed 's/^ *//; s/ *$//' | grep ..... >"$DIR/parts"
	while read -r part; do
		grep -aqF -e "$part" "$BIN" || { echo "$part" >&2; false; }
		n=$((n + 1))
	done <"$DIR/parts"
	((n >= 12))
}

# endings: COMMAND CODE WORLD ARGUMENT...: what makes each command end with each
# code that its help and the manual name.
endings() {
	cat <<'END'
finalize 0 fresh $REC
finalize 64 fresh $W/srv/recordings
finalize 65 damaged-here $REC
finalize 66 fresh $W/none
finalize 75 waiting-log $REC
finalize 77 wrong-secret $REC
finalize 78 redirect $REC
upload 0 fresh $REC
upload 64 fresh $W/srv/recordings
upload 65 damaged-here $REC
upload 66 fresh $W/none
upload 75 waiting-log $REC
upload 77 wrong-secret $REC
upload 78 redirect $REC
verify 0 done $REC
verify 64 done
verify 65 damaged-there --deep $REC
verify 66 fresh $W/none
verify 75 down $REC
verify 77 refused $REC
verify 78 done --config $W/none $REC
notify 0 done stopped $REC
notify 64 done $REC
notify 65 fresh stopped $REC
notify 66 fresh started $W/none
notify 75 down failed --error lost $REC
notify 77 wrong-secret failed --error lost $REC
notify 78 fresh --config $W/none failed $REC
pack 0 fresh $REC
pack 64 fresh
pack 65 packed $REC
pack 66 fresh $W/none
pack 75 busy $REC
pack 78 fresh --config $W/none $REC
sweep 0 fresh
sweep 64 fresh --deep
sweep 65 other-room
sweep 75 waiting-log
sweep 77 wrong-secret
sweep 78 redirect
watch 0 done
watch 64 fresh --deep
watch 75 waiting-log
watch 78 fresh --config $W/none
status 0 held
status 1 late --check
status 2 held --check
status 3 fresh --check $W/none
status 64 fresh --deep
status 66 fresh $W/none
status 78 fresh --config $W/none
show 0 fresh $REC
show 64 fresh
show 66 fresh $W/none
show 78 fresh --config $W/none $REC
pause 0 fresh
pause 64 fresh --for ever
pause 66 fresh $W/none
pause 78 fresh --config $W/none
resume 0 fresh
resume 64 fresh --deep
resume 66 fresh $W/none
resume 78 fresh --config $W/none
forget 0 fresh --yes $REC
forget 64 fresh $REC
forget 66 fresh --yes $W/none
forget 75 busy --yes $REC
forget 78 fresh --yes --config $W/none $REC
check 64 fresh --deep
check 78 no-host
config 0 fresh
config 64 fresh --deep
config 78 fresh --config $W/none
help 0 fresh upload
help 64 fresh uplaod
END
}

@test "each exit code that the manual gives a command is tried below" {
	# Whether check finds nothing (0) or has warnings (1) depends on the
	# machine, too: check.bats.
	diff <("${TABLES:-$ROOT/build/tables}" | jq -r '.commands[] |
			"\(.name) \(.exits[].code)"' |
			grep -vx 'check [01]' | sort) \
		<(endings | awk '{ print $1, $2 }' | sort)
}

# bats test_tags=slow
@test "each command ends with each code that the manual gives it" {
	local command code where arguments words bad=0
	endings >"$DIR/endings"
	while read -r command code where arguments <&5; do
		world "$where"
		eval "words=($arguments)"
		status=0
		timeout --preserve-status 3 "$BIN" "$command" "${words[@]}" \
			</dev/null >"$DIR/out" 2>&1 || status=$?
		not_busy
		[ "$status" = "$code" ] || {
			echo "$command $arguments ($where): $status, not $code"
			cat "$DIR/out"
			bad=$((bad + 1))
		}
	done 5<"$DIR/endings"
	((bad == 0))
}

# configurations: "LINE [SETTING...]" for each in the manual of the settings:
# where it is, and what else it needs.
configurations() {
	sed -n '/^\.\\" configuration/{=; s/.*configuration\( with\)\?//; p}' \
		"$ROOT/man/jibri-finalize.conf.5" | paste -d ' ' - -
}

@test "each configuration in the manual of the settings works as it stands" {
	local page=$ROOT/man/jibri-finalize.conf.5 line more n=0 lines
	world fresh
	mkdir -p "$W/etc/jitsi/s3-keys"
	for line in jibri/{webhook,oauth}-secret s3-keys/{access,secret}-key \
		s3-keys/session-token; do
		echo any >"$W/etc/jitsi/$line"
		chmod 600 "$W/etc/jitsi/$line"
	done
	configurations >"$DIR/configurations"
	while read -r line more <&5; do
		block "$page" "$line" | here >"$DIR/conf"
		lines=$(grep -c '^[^#]' "$DIR/conf")
		for more in $more; do
			echo "$more = ${URL}" >>"$DIR/conf"
		done
		"$BIN" config --config "$DIR/conf" >"$DIR/out"
		(($(grep -c "$DIR/conf:" "$DIR/out") >= lines))
		n=$((n + 1))
	done 5<"$DIR/configurations"
	((n >= 4))
}

@test "check finds nothing to fix in the complete configuration of the manual" {
	local page=$ROOT/man/jibri-finalize.conf.5 line
	world fresh
	mkdir -p "$W/var/log/jibri-finalize"
	line=$(configurations | sed -n '1s/ .*//p')
	block "$page" "$line" | here |
		sed "s,/var/log,$W&,; s,https://[a-z.]*org,$URL,
			s,webhook-secret$,secret," >"$DIR/conf"
	echo "jibri-config = $W/none" >>"$DIR/conf"
	"$BIN" check --config "$DIR/conf" >"$DIR/out" || true
	# With defer it wants a sweeper, and none runs here.
	run -1 grep '^failed' <(grep -v '^failed *sweeper: no sweeper' "$DIR/out")
	grep '^ok .*webhook-secret: set;' "$DIR/out"
	# The configuration also delivers.
	run_command 0 upload --config "$DIR/conf" rec-abc123
	assert_equal "$(webhooks)" "STOPPED standup rec-abc123"
}

# unit HEADING: the literal block of the manual that begins with it.
unit() {
	sed -n "/^\[$1\]\$/,/^\.Ed/{/^\.Ed/d; s/\\\\e/\\\\/g; p}" \
		"$ROOT/man/jibri-finalize.1"
}

@test "the units in the manual that send STARTED are valid, and send it for a new recording" {
	world fresh
	unit Path >"$DIR/jibri-started.path"
	unit Service >"$DIR/jibri-started.service"
	# systemd and the shell agree on these words.
	sed -n '/^ExecStart=/,$p' "$DIR/jibri-started.service" | here |
		sed "s,^ExecStart=,,; s,/usr/bin/jibri-finalize,$BIN," \
			>"$DIR/command"
	run -0 bash "$DIR/command"
	assert_equal "$(webhooks)" "STARTED standup rec-abc123"
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
	run -0 systemd-analyze verify --man=no --recursive-errors=no \
		"$DIR"/jibri-started.{path,service}
	assert_equal "$output" ""
}

# command_lines: our command lines in the texts, one a line: in quotes, indented,
# or in a literal block.  "jibri-finalize trace" is hashed for the trace id.
command_lines() {
	cd "$ROOT" || return
	sed -nE '/^\.(Ql|Dl) .*jibri-finalize /p; /^\.Bd/,/^\.Ed/p' man/*.[1-8] |
		sed -e ':a' -e '/\\e$/{N; s/\\e\n *//; ba' -e '}' >"$DIR/texts"
	cat README.md .github/*.md packaging/*/*.md |
		grep -oE '^    .*|`jibri-finalize [^`]*`' |
		grep -v '^ *tar ' >>"$DIR/texts"
	grep -oE '(^|[ `/])jibri-finalize [-a-z][^|;&<>`'"'"')#\]*' "$DIR/texts" |
		sed -E 's/^.*jibri-finalize //' | grep -v '^trace'
}

@test "each command line in the manuals and our Markdown has a command and flags that exist" {
	local words command flag n=0
	"${TABLES:-$ROOT/build/tables}" | jq -r '
		(.settings[] | "* \(.name)", "* \(.name)-file"),
		(.options[] | select(.isGlobal) | "* \(.name)"),
		(.commands[] | .name as $c | .options[] | "\($c) \(.)")' |
		sort -u >"$DIR/known"
	command_lines | sort -u >"$DIR/lines"
	while read -ra words; do
		command=${words[0]}
		[[ $command != -* ]] || command=finalize
		"$BIN" help "$command" >/dev/null ||
			{ echo "${words[*]}" >&2; false; }
		for flag in "${words[@]}"; do
			[[ $flag == --?* ]] || continue
			flag=${flag#--}
			grep -qxF -e "$command ${flag%%=*}" -e "* ${flag%%=*}" \
				"$DIR/known" || { echo "${words[*]}" >&2; false; }
		done
		n=$((n + 1))
	done <"$DIR/lines"
	((n > 60))
}
