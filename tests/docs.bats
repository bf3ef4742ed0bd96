#!/usr/bin/env bats
# What the program says about itself: help, completions and manuals come from
# the tables of commands, flags and settings, and are true.

load lib
load points
export TABLES=${BUILD:-$ROOT/build}/tables

setup() {
	common_setup
	unset_all
	export JIBRI_FINALIZE_CONFIG=/dev/null
}
teardown() { common_teardown; }

commands() {
	"$BIN" --help | sed -nE 's/^.{9} ([a-z][a-z-]*)  .*/\1/p'
}

# --- help --------------------------------------------------------------------

# bats test_tags=slow
@test "each command has its own help: synopsis, description, flags, examples" {
	local command
	commands >"$DIR/commands"
	(($(wc -l <"$DIR/commands") >= 3))
	while read -r command; do
		"$BIN" help "$command" >"$DIR/help"
		diff "$DIR/help" <("$BIN" "$command" --help)
		diff "$DIR/help" <("$BIN" --help "$command")
		head -n 1 "$DIR/help" |
			grep "^usage: jibri-finalize $command"
		# A full paragraph, not only the short text of --help.
		sed '1,/^$/d' "$DIR/help" | head -n 1 | grep '^[A-Z].\{30\}'
		grep '^Flags:' "$DIR/help"
		grep "^  jibri-finalize\|| *jibri-finalize\|sudo" "$DIR/help" |
			grep -w "$command\|srv"
		run -1 grep -nE '.{81}|[^ -~]' "$DIR/help"
	done <"$DIR/commands"
}

@test "--help fits on a screen of 24 lines, each command below its task" {
	"$BIN" --help >"$DIR/help"
	# The last line of the screen is the prompt's.
	(($(wc -l <"$DIR/help") < 24))
	run -1 grep -nE '.{81}|[^ -~]' "$DIR/help"
	assert_equal "$(sed -nE '/^Flags/q; s/^([A-Z].{8}) [a-z].*/\1/p' \
		"$DIR/help" | sed 's/ *$//' | xargs -d '\n')" \
		"Deliver Look By hand Set up"
	local before
	before=$(sed -n '/^Look/q; p' "$DIR/help")
	[[ $before == *" sweep "* && $before != *" status "* ]]
	diff "$DIR/help" <("$BIN" help)
	diff "$DIR/help" <("$BIN" -h)
}

@test "help --all has every flag and setting, by its subject, and fits 80 columns" {
	"$BIN" help --all >"$DIR/help"
	diff "$DIR/help" <("$BIN" --help --all)
	run -1 grep -nE '.{81}|[^ -~]' "$DIR/help"
	"$TABLES" | jq -r '.settings[] | .subject + " " + .name' >"$DIR/wanted"
	# "Sweep:" is the heading of its settings; a secret's flag is its -file
	# form.
	sed -nE '/^Settings/,$ {
		s/^([A-Z][a-z0-9]*):$/\1/p
		s/^  --([a-z0-9-]*).*/ \1/p
	}' "$DIR/help" | while read -r name; do
		[[ $name == [A-Z]* ]] && subject=${name,} || echo "$subject $name"
	done >"$DIR/got"
	diff <(sed 's/-file$//' "$DIR/wanted") <(sed 's/-file$//' "$DIR/got")
	# The text of a flag does not touch its name.
	run -1 grep -E '\][a-z]' "$DIR/help"
}

@test "help explains each setting: what, default, values, and where it is set" {
	local name
	for name in $("$TABLES" | jq -r '.settings[].name' | some 10); do
		"$BIN" help "$name" >"$DIR/help"
		head -n 1 "$DIR/help" | grep "^$name = "
		run -1 grep -nE '.{81}|[^ -~]' "$DIR/help"
		"$TABLES" | jq -r --arg n "$name" '.settings[] |
			select(.name == $n) | .variable,
			(.initial | select(. != "")), .choices[]?' |
			while read -r word; do
				grep -F -e "$word" "$DIR/help"
			done
		diff "$DIR/help" <("$BIN" --help "$name")
	done
	run -0 "$BIN" help token-file
	assert_output_has "Flag:      --token-file FILE"
	assert_output_has "JIBRI_FINALIZE_TOKEN_FILE=FILE"
	run -64 "$BIN" help retry-dely
	assert_output_has "did you mean retry-delay?"
}

@test "a command's help names its own flags and no other's" {
	"$BIN" help finalize >"$DIR/help"
	grep -e '  --force ' "$DIR/help"
	"$BIN" help config >"$DIR/help"
	grep -e '  --json ' "$DIR/help"
	run -1 grep -e --force "$DIR/help"
	run -1 grep -e --tries "$DIR/help"
}

@test "a command's synopsis names all of its own flags" {
	local command flag
	commands >"$DIR/commands"
	while read -r command; do
		"$BIN" help "$command" >"$DIR/help"
		sed -nE '/^Flags:/,/--config/s/^  (-., )?(--[a-z-]+).*/\2/p' \
			"$DIR/help" | sed '$d' >"$DIR/own"
		# A long list is abbreviated with a note.
		! grep -q '^usage: .*\[FLAG...\]' "$DIR/help" || continue
		while read -r flag; do
			sed '/^$/q' "$DIR/help" | grep -e "\[.*$flag\b"
		done <"$DIR/own"
	done <"$DIR/commands"
}

@test "a mistyped command, flag or setting gets the nearest name as a suggestion" {
	local typed meant
	while read -r typed meant; do
		run -64 "$BIN" "$typed"
		assert_output_has "did you mean $meant?"
		run -64 "$BIN" help "$typed"
		assert_output_has "did you mean $meant?"
	done <<-'END'
		finalise finalize
		finlaize finalize
		confg config
		hlep help
	END
	while read -r typed meant; do
		run -64 "$BIN" config "$typed"
		assert_output_has "did you mean $meant?"
	done <<-'END'
		--tires --tries
		--retry_delay --retry-delay
		--log-fromat=json --log-format
		--jsno --json
		--webhook-secret-fil=/x --webhook-secret-file
		--hepl --help
	END
	while read -r typed meant; do
		echo "$typed = 1" >"$DIR/conf"
		run -78 "$BIN" config --config "$DIR/conf"
		assert_output_has "$DIR/conf:1: unknown setting '$typed'"
		assert_output_has "did you mean $meant?"
	done <<-'END'
		tires tries
		retry_delay retry-delay
		token-fle token-file
		webhook-secrets webhook-secret
	END
}

@test "a word that resembles nothing gets no suggestion" {
	run -64 "$BIN" frobnicate
	refute_output_has "did you mean"
	assert_output_has "jibri-finalize --help"
	run -64 "$BIN" config --xyzzy
	refute_output_has "did you mean"
	run -64 "$BIN" help tabels
	refute_output_has "did you mean"
}

# --- completions -------------------------------------------------------------

completions=$ROOT/packaging/completions

setting_names() {
	"$BIN" config --json | jq -r '.settings[].name'
}

# ask_SHELL WORD...: what the shell offers for the last word, one a line.
ask_bash() {
	bash --norc -c '
		. "$1/jibri-finalize.bash"
		shift
		COMP_WORDS=(jibri-finalize "$@") COMP_CWORD=$#
		_jibri_finalize
		printf "%s\n" "${COMPREPLY[@]}"
	' bash "$completions" "$@" | sort -u
}

ask_zsh() {
	timeout 20 "${PTS[@]}" "$BATS_TEST_DIRNAME/complete.zsh" "$completions" \
		"$BATS_FILE_TMPDIR/zcompdump" "jibri-finalize $*"
}

# fish 4 also offers what only has these letters in this order.
ask_fish() {
	local word=${*: -1}
	HOME=$DIR fish --no-config -c "
		source $completions/jibri-finalize.fish
		complete -C 'jibri-finalize $*'" |
		sed 's/\t.*//; s/^--[a-z-]*=//; s,/$,,' | grep -v '^-.$' |
		grep -e "^${word##*=}" | sort -u
}

# offers SHELL "WANTED..." WORD...
offers() {
	local shell=$1 wanted=$2
	shift 2
	assert_equal "$("ask_$shell" "$@")" \
		"$(tr ' ' '\n' <<<"$wanted" | sort -u)"
}

# answers SHELL: it knows commands, flags, values, files and folders.
answers() {
	local shell=$1
	mkdir -p "$DIR/empty/folder"
	cd "$DIR/empty" || return
	offers "$shell" "$(commands | tr '\n' ' ')folder" ""
	offers "$shell" "$({ commands; setting_names; } | tr '\n' ' ' |
		sed 's/ $//')" help ""
	offers "$shell" "retry-delay retry-delay-max" help retry-d
	offers "$shell" folder finalize ""
	offers "$shell" finalize fina
	offers "$shell" "--force" --forc
	offers "$shell" "--force" finalize folder --forc
	offers "$shell" "" config --forc
	offers "$shell" "--json" config --js
	offers "$shell" "--tries" config --tri
	offers "$shell" "" help --tri
	offers "$shell" "json text" --log-format ""
	offers "$shell" json config --log-format j
	touch file
	offers "$shell" "file folder" config --ca-file f
	offers "$shell" "file folder" pack -o f
	offers "$shell" folder verify --webhook-files f
}

# offers_sessions SHELL: as a recording it offers those below recordings-dir,
# each as a single shell word.
offers_sessions() {
	local shell=$1
	mkdir -p "$DIR/root/9f1c2d3e-aa" "$DIR/root/9f1c77" \
		"$DIR/root/9f1\$(touch $DIR/oops)" "$DIR/root/9f1 x" \
		"$DIR/path" "$DIR/empty"
	touch "$DIR/root/9f1file"
	ln -sf "$BIN" "$DIR/path/jibri-finalize"
	cd "$DIR/empty" || return
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/root
	PATH=$DIR/path:$PATH
	offers "$shell" "9f1c2d3e-aa 9f1c77" show 9f1
	offers "$shell" "9f1c2d3e-aa 9f1c77" notify stopped 9f1
	offers "$shell" 9f1c77 upload 9f1c2d3e-aa 9f1c7
	offers "$shell" "" status 9f1
	offers "$shell" "" show --config 9f1
	offers "$shell" "" 9f1
	[ ! -e "$DIR/oops" ]
}

@test "bash completes commands, flags, values and files" {
	answers bash
	offers_sessions bash
	offers bash "json text" --log-format = ""
	offers bash json --log-format = j
	offers bash "no yes" --expect-continue = ""
	offers bash "" --tries ""
}

# bats test_tags=slow
@test "zsh completes commands, flags, values and files" {
	command -v zsh >/dev/null || skip "there is no zsh here"
	needs_terminal
	answers zsh
	offers_sessions zsh
	offers zsh "json text" --log-format=
	offers zsh "no yes" --expect-continue=
}

@test "fish completes commands, flags, values and files" {
	command -v fish >/dev/null || skip "there is no fish here"
	answers fish
	offers_sessions fish
	offers fish "json text" --log-format=
}

# bats test_tags=slow
@test "the shells complete every flag of the help" {
	local shell
	needs_terminal
	cd "$DIR"
	{
		"$BIN" help --all
		for c in $(commands); do "$BIN" help "$c"; done
	} | sed -nE 's/^  (-., )?(--[a-z0-9-]+).*/\2/p' | sort -u >"$DIR/flags"
	(($(wc -l <"$DIR/flags") > 30))
	for shell in $(printf '%s\n' bash zsh fish | some 3); do
		command -v "$shell" >/dev/null || continue
		{
			"ask_$shell" --
			commands | while read -r c; do "ask_$shell" "$c" --; done
		} </dev/null | sort -u >"$DIR/offered"
		diff "$DIR/flags" <(grep -xF -f "$DIR/flags" "$DIR/offered")
	done
}

# --- manuals -----------------------------------------------------------------

# copy_tree: the files that scripts/docs reads, in $DIR/tree.
copy_tree() {
	mkdir -p "$DIR/tree"
	cp -R --parents README.md man packaging scripts "$DIR/tree"
}

@test "the tables as JSON have every command and setting, by subject" {
	"$TABLES" >"$DIR/tables"
	diff <(commands | sort) <(jq -r '.commands[].name' "$DIR/tables" | sort)
	diff <("$BIN" config --json | jq -r '.settings[].name') \
		<(jq -r '.settings[].name' "$DIR/tables")
	cd "$ROOT/src/cli/settings"
	diff <(grep -H '^	{ "' settings_*.c |
			sed 's|^settings_\(.*\)\.c:.*{ "\([^"]*\)",.*|\1 \2|' | sort) \
		<(jq -r '.settings[] | .subject + " " + .name' "$DIR/tables" |
			sort)
}

@test "manuals, completions and sample match what the tables generate" {
	cd "$ROOT"
	scripts/docs --check
}

# bats test_tags=slow
@test "a single changed word in a generated text is found" {
	local file word
	cd "$ROOT"
	for file in $(printf '%s\n' man/jibri-finalize.1 \
		man/jibri-finalize.conf.5 packaging/completions/* | some 3); do
		word='Deliver the recording in'
		[[ $file == *.1 ]] || word=retry-delay
		[[ $file != *.5 ]] || word='Ic retry-delay'
		rm -rf "$DIR/tree"
		copy_tree
		sed -i "0,/$word/s//differing/" "$DIR/tree/$file"
		run -1 cmp "$file" "$DIR/tree/$file"
		run -1 "$DIR/tree/scripts/docs" --check
		assert_output_has "+++ $file as generated"
		"$DIR/tree/scripts/docs"
		cmp "$file" "$DIR/tree/$file"
	done
}

@test "an example with another version's number is found" {
	local file
	cd "$ROOT"
	copy_tree
	for file in README.md man/jibri-finalize-api.7 \
		man/jibri-finalize-journal.5 packaging/kubernetes/*.yaml \
		packaging/cloud-init/user-data.yaml; do
		sed -i -E '0,/([:/_]|": ?"|tag: ")[0-9]+\.[0-9]+\.[0-9]+\b/s//\19.8.7/' \
			"$DIR/tree/$file"
		cmp -s "$file" "$DIR/tree/$file" && continue
		run -1 "$DIR/tree/scripts/docs" --check
		assert_output_has "+++ $file as generated"
		"$DIR/tree/scripts/docs"
		cmp "$file" "$DIR/tree/$file"
	done
}

@test "every manual passes mandoc's lint and links only to existing pages" {
	command -v mandoc >/dev/null || skip "there is no mandoc here"
	local page
	cd "$ROOT/man"
	for page in *.[1-8]; do
		run -1 grep -v -e 'referenced manual not found' -e mandoc.db \
			<(mandoc -T lint -W style "$page" 2>&1)
		run -1 grep -nE '.{81}' <(mandoc -T ascii "$page" | col -bx)
	done
	grep -ho '^\.Xr jibri[^ ]* [1-8]' -- * | sort -u |
		while read -r _ page; do
			[ -e "${page% *}.${page##* }" ] ||
				{ echo "$page" >&2; false; }
		done
}

# named PATTERN [PAGE...]: each match in the pages, once.
named() {
	grep -ohE "$@" | sort -u
}

@test "each flag, setting, section, unit and file that a manual names is there" {
	cd "$ROOT/man"
	"$TABLES" >"$DIR/tables"
	jq -r '.settings[] | .name, .name + "-file"' "$DIR/tables" \
		>"$DIR/settings"
	jq -r '.options[].name' "$DIR/tables" | cat - "$DIR/settings" |
		sort -u >"$DIR/flags"
	named 'Fl -[a-z][a-z0-9-]+' -- *.[1-8] | sed 's/Fl -//' >"$DIR/got"
	(($(wc -l <"$DIR/got") > 20))
	run -1 grep -vxF -f "$DIR/flags" "$DIR/got"
	# With a hyphen it can be nothing else.
	named '^\.Ic [a-z0-9]+-[a-z0-9-]+' -- jibri-finalize{.1,.conf.5,-*.[78]} |
		sed 's/\.Ic //' >"$DIR/got"
	(($(wc -l <"$DIR/got") > 20))
	run -1 grep -vxF -f "$DIR/settings" "$DIR/got"
	local page title
	for page in *.[1-8]; do
		named '^\.Sx .*' "$page" | sed 's/^\.Sx //; s/ [.,;]$//' |
			while read -r title; do
				grep -q "^\.S[hs] $title\$" "$page" ||
					{ echo "$page: $title" >&2; false; }
			done
	done
	named 'jibri-finalize-[a-z]+\.(timer|service)' -- * >"$DIR/got"
	(($(wc -l <"$DIR/got") > 1))
	while read -r title; do
		[ -e "$ROOT/packaging/systemd/$title" ]
	done <"$DIR/got"
	named '\.Pa packaging/[a-z./-]+' -- * | sed 's/\.Pa //' >"$DIR/got"
	while read -r title; do
		[ -e "$ROOT/$title" ]
	done <"$DIR/got"
}

@test "the manual of the journal has every event and every member" {
	local name missing=()
	sed -n 's/.*\[EVENT_[A-Z_]*\] = { "\([^"]*\)".*/\1/p
		s/.*{ "\([a-zA-Z0-9]*\)", offsetof(.*/\1/p' \
		"$ROOT/src/journal/event.c" >"$DIR/names"
	(($(wc -l <"$DIR/names") > 25))
	printf "%s\n" at event path paths stamps >>"$DIR/names"
	while read -r name; do
		grep -qE "^\.It Ic (.* , )?$name( ,.*)?\$" \
			"$ROOT/man/jibri-finalize-journal.5" || missing+=("$name")
	done <"$DIR/names"
	assert_equal "${missing[*]}" ""
}

# --- examples ----------------------------------------------------------------

# example_world: make the recordings that the examples name, and the program
# available by its name.
example_world() {
	local session
	start_sandbox
	SRV=$DIR/srv/recordings
	# Its absence is the only finding of check.
	export JIBRI_FINALIZE_RECORDINGS_DIR=/no/such/directory
	export JIBRI_FINALIZE_JIBRI_CONFIG=/no/such/file
	for session in 9f1c2d3e-0a4b-4c5d-8e6f-1234567890ab rec-abc123; do
		REC=$SRV/$session
		mkdir -p "$REC"
		recording
	done
	mkdir "$DIR/bin"
	ln -s "$BIN" "$DIR/bin/jibri-finalize"
	PATH=$DIR/bin:$PATH
	cd "$DIR" || return
}

# try LINE: run it as it is printed, but here and as this user.  Warnings of
# check about this machine are ignored.
try() {
	local line=${1//sudo -u jibri /} code=0
	[[ $line != *finalize\ check* ]] || code=78
	[[ $line != *finalize\ show* ]] ||
		local -x JIBRI_FINALIZE_RECORDINGS_DIR=$SRV
	if [[ $line = *finalize\ watch* ]]; then
		# It runs until it gets a signal.
		run timeout --preserve-status 3 \
			bash -c "exec ${line//\/srv\/recordings/$SRV}"
		((status == 0 || status == 75))
		return
	fi
	run "-$code" bash -c "set -o pipefail; ${line//\/srv\/recordings/$SRV}"
}

# bats test_tags=slow
@test "each example of the help works as it stands" {
	local command line n=0
	example_world
	for command in $(commands); do
		"$BIN" help "$command" |
			sed -n '/^Examples:/,$s/^  \([^#]\)/\1/p' >"$DIR/lines"
		while read -r line; do
			try "$line"
			n=$((n + 1))
		done <"$DIR/lines"
	done
	((n >= 6))
}

@test "each example of the journal's manual works as it stands" {
	local line n=0
	example_world
	"$BIN" "$REC"
	cd "$REC"
	sed -n '/^jibri-finalize\|^grep/p' \
		"$ROOT/man/jibri-finalize-journal.5" >"$DIR/lines"
	while read -r line; do
		try "$line"
		# The recordings that are not announced: none.
		[[ $line != grep* ]] || assert_equal "$output" ""
		n=$((n + 1))
	done <"$DIR/lines"
	assert_equal "$n" 3
}

@test "the manual of the settings has each setting once" {
	diff <(sed -nE 's/^\.It Ic ([a-z0-9-]+) No = .*/\1/p' \
		"$ROOT/man/jibri-finalize.conf.5") \
		<("$TABLES" | jq -r '.settings[].name')
}

# --- exit codes --------------------------------------------------------------

# exit_codes: "RANK CODE" of each class of errors.
exit_codes() {
	local rank code
	local -A value=([EX_OK]=0 [EXIT_FAILURE]=1 [EX_USAGE]=64 [EX_DATAERR]=65
		[EX_NOINPUT]=66 [EX_TEMPFAIL]=75 [EX_NOPERM]=77 [EX_CONFIG]=78)
	sed -nE 's/.*\[ERR_[A-Z_]+\] = \{ "[a-z-]+", ([A-Z_]+), ([0-9]) \},/\2 \1/p' \
		"$ROOT/src/base/err.c" | while read -r rank code; do
		echo "$rank ${value[$code]}"
	done
}

@test "the manual names every exit code, and which one wins" {
	local page=$ROOT/man/jibri-finalize.1 code
	sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/p' "$page" >"$DIR/page"
	diff <(exit_codes | cut -d ' ' -f 2 | sort -nu) \
		<(sed -n 's/^\.It \([0-9]*\)$/\1/p' "$DIR/page")
	# Warnings cannot occur together with an error.
	assert_equal "$(grep -m 1 '^When several' "$DIR/page" |
		grep -o '[0-9][0-9]' | xargs)" \
		"$(exit_codes | sort -rn | cut -d ' ' -f 2 |
			grep -v '^[01]$' | awk '!seen[$0]++' | xargs)"
	for code in $(exit_codes | cut -d ' ' -f 2 | sort -u); do
		"$BIN" help --all | sed -n '/^Exit/,$p' | grep -w "$code"
	done
}

# harmless: the commands that the page says are harmless.
harmless() {
	awk '/are harmless when they are not needed/ { exit }
		/^\.Cm/ { gsub(/[.,]|Cm/, ""); print }' \
		<(sed -n '/^A file that is stored is not sent/,/are harmless/p' \
			"$ROOT/man/jibri-finalize-troubleshooting.7") | xargs -n 1
}

@test "the commands that the manual calls harmless send, store and remove nothing of what is done" {
	start_sandbox
	recording
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
	run_finalize 0
	local command before
	state() {
		requests upload
		webhooks
		(cd "$DIR/recordings" && find . -type f ! -name .jibri-finalize \
			-exec sha256sum {} + | sort)
		find "$SB/store" -type f | sort
		"$BIN" status --all --json | jq -c '.recordings[] | [.state, .stored]'
	}
	before=$(state)
	harmless >"$DIR/harmless"
	assert_equal "$(paste -sd ' ' "$DIR/harmless")" \
		"upload verify status show check"
	while read -r command; do
		case $command in
		status) run_command 0 status ;;
		check) run timeout 60 "$BIN" check && ((status <= 1)) ;;
		*) run_command 0 "$command" "$REC" ;;
		esac </dev/null
		assert_equal "$(state)" "$before"
	done <"$DIR/harmless"
}
