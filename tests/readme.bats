#!/usr/bin/env bats
# The README is true: its links and pictures lead somewhere, its settings are
# accepted, and its commands run as they stand and print what it shows.

load lib
load manual

setup() {
	common_setup
	README=$ROOT/README.md
	mkdir "$DIR/bin"
	ln -s "$BIN" "$DIR/bin/jibri-finalize"
	PATH=$DIR/bin:$PATH
}
teardown() { common_teardown; }

# examples: the lines of its blocks, continued ones joined, without sessions.
examples() {
	sed -n '/^<!-- run: /,/^[^ <]/d; s/^    //p' "$README" |
		sed -e ':a' -e '/\\$/{N; s/\\\n */ /; ba' -e '}'
}

@test "the README has at most 250 lines" {
	(($(wc -l <"$README") <= 250))
}

# bats test_tags=slow
@test "each link and picture of our Markdown leads to a file, each anchor to a heading" {
	local page link file n=0 anchor
	cd "$ROOT"
	for page in $(git ls-files '*.md' 2>/dev/null ||
		find . -name '*.md' -not -path './build/*'); do
		while read -r link; do
			file=${link%%#*} anchor=
			[[ $link != *#* ]] || anchor=${link#*#}
			[ -n "$file" ] || file=${page##*/}
			[ -e "$(dirname "$page")/$file" ] ||
				{ echo "$page: $link" >&2; return 1; }
			[ -z "$anchor" ] || sed -n 's/^##* //p' \
				"$(dirname "$page")/$file" | tr 'A-Z ' 'a-z-' |
				tr -cd 'a-z0-9_\n-' | grep -qx -e "$anchor" ||
				{ echo "$page: $link" >&2; return 1; }
			n=$((n + 1))
		done < <(tr '\n' ' ' <"$page" |
			grep -o '\](\([^)]*\))' | sed 's/^](//; s/)$//' |
			grep -v '^[a-z]*://')
	done
	((n > 50))
}

@test "each picture in .github is in the README, and is text without links to elsewhere" {
	local picture
	cd "$ROOT"
	for picture in .github/*.svg; do
		grep -qF "]($picture)" "$README"
		(($(wc -c <"$picture") < 100000))
		run -1 grep -E '<(image|script|foreignObject)|(href|src)=.http|@import' \
			"$picture"
	done
	# shellcheck disable=SC2012
	(($(ls .github/*.svg | wc -l) >= 4))
}

@test "the picture of the dashboard is what its JSON and the sample data give" {
	command -v python3 >/dev/null || skip "no python3"
	cd "$ROOT"
	scripts/dashboard.py packaging/monitoring/jibri-finalize.dashboard.json \
		"$DIR/dashboard.svg"
	cmp "$DIR/dashboard.svg" .github/dashboard.svg
	while read -r title; do
		grep -qF ">$title<" .github/dashboard.svg
	done < <(jq -r '.panels[].title' \
		packaging/monitoring/jibri-finalize.dashboard.json)
}

@test "the picture of a terminal has what the command printed, in its colours" {
	command -v python3 >/dev/null || skip "no python3"
	needs_terminal
	"${PTS[@]}" "$ROOT/scripts/terminal.py" --replace "old=new" "$DIR/one.svg" \
		bash -c 'echo "$1"; printf "a \e[31mred\e[0m <old>\n"' x \
		"$(printf '%085d' 0)"
	grep -qF "a <tspan fill='#ff7b72'>red</tspan> &lt;new&gt;<" "$DIR/one.svg"
	# Blanks stay: browsers follow the one, older renderers the other.
	grep -qF 'white-space:pre' "$DIR/one.svg"
	grep -qF "xml:space='preserve'" "$DIR/one.svg"
	# On 80 columns, a line of 85 takes two rows.
	assert_equal "$(grep -o '>0*</text>' "$DIR/one.svg" | tr -dc '0\n' |
		awk '{ print length }' | xargs)" "80 5"
	run -3 "${PTS[@]}" "$ROOT/scripts/terminal.py" --rows 4 "$DIR/two.svg" \
		bash -c 'seq 9; exit 3'
	# The ninth line moves the window of four rows by five.
	grep -qE '@keyframes m\{.*translateY\(-90px\)\}\}' "$DIR/two.svg"
	run -1 grep -E 'translateY\(-108px\)' "$DIR/two.svg"
}

@test "the settings for an installation are accepted" {
	sed -n '/^    file-service-url = /,/^$/s/^    //p' "$README" |
		sed "s,/etc/jitsi/jibri,$DIR," >"$DIR/conf"
	echo s3cret >"$DIR/webhook-secret"
	chmod 600 "$DIR/webhook-secret"
	"$BIN" config --config "$DIR/conf" >"$DIR/out"
	assert_equal "$(grep -c "$DIR/conf:" "$DIR/out")" 6
}

@test "each session prints what the README shows" {
	local n=0 line world bad=0
	# As a page of the manual that tests/manual.bash reads.
	sed -nE '/^<!-- run: (.*) -->$/{
		s//.\\" run: \1\n.Bd/p; n; :a; n
		/^    /{ s/^    //; p; ba }
		s/.*/.Ed/p
	}' "$README" >"$DIR/page"
	blocks "$DIR/page" >"$DIR/blocks"
	while read -r line world <&5; do
		session "$DIR/page" "$line" "$world" |
			sed "s/by [^ ]*@[^ ]* until/by jibri@jibri-1 until/" \
				>"$DIR/got"
		as_shown "$DIR/page" "$line" >"$DIR/shown"
		n=$((n + 1))
		matches "$(<"$DIR/shown")" "$(<"$DIR/got")" || {
			diff "$DIR/shown" "$DIR/got" || true
			bad=1
		}
	done 5<"$DIR/blocks"
	((n == 2 && !bad))
}

@test "each row of the table of symptoms is a section of the manual with a command" {
	local section n=0
	while read -r section; do
		grep -qxF ".Ss $section" \
			"$ROOT/man/jibri-finalize-troubleshooting.7" ||
			{ echo "no section: $section" >&2; return 1; }
		n=$((n + 1))
	done < <(sed -n '/^| symptom/,/^$/s/^| .* | \[\(.*\)\](man.*/\1/p' \
		"$README")
	((n >= 12))
}

# section BEGINNING: the commands below the line that begins so.
section() {
	awk -v beginning="$1" 'index($0, beginning) == 1 { is_in = 1 }
		is_in && /^    / { sub(/^    /, ""); print; n++ }
		n && /^$/ { exit }' "$README"
}

# In a separate tree: sudo prefixes each path with it, the editor writes the
# README's settings, and systemctl requires the units to exist.
@test "the commands for an installation without a package leave a program, its settings and its units" {
	local tree=$DIR/tree
	mkdir -p "$tree/etc/jitsi/jibri" "$tree/etc/systemd/system"
	cat >"$DIR/bin/sudo" <<-'END'
		#!/bin/bash
		for word; do
			shift
			case $word in
			-g | jibri) continue ;;
			/etc/*) word=$TREE$word ;;
			esac
			set -- "$@" "$word"
		done
		case $1 in
		make) DESTDIR=$TREE "$@" BUILD="$BUILD" -o "$BIN" ;;
		editor) cat "$SETTINGS" >"$2" ;;
		systemctl)
			[ "$2" = daemon-reload ] || [ -e "$TREE/etc/systemd/system/${*: -1}" ]
			;;
		*) "$@" ;;
		esac
	END
	chmod 755 "$DIR/bin/sudo"
	sed -n '/^    file-service-url = /,/^$/s/^    //p' "$README" |
		sed "s,/etc/jitsi,$tree/etc/jitsi," >"$DIR/settings"
	{
		section '**Without a package**' | sed 's/.*make && //'
		section '**Debian and Ubuntu**' | sed '1,/apt install/d; / check$/d'
	} >"$DIR/commands"
	(($(wc -l <"$DIR/commands") == 7))
	(cd "$ROOT" && echo s3cret | TREE=$tree SETTINGS=$DIR/settings BIN=$BIN \
		BUILD=${BUILD:-$ROOT/build} bash -euo pipefail "$DIR/commands")
	"$tree/usr/local/bin/jibri-finalize" config \
		--config "$tree/etc/jitsi/jibri/finalize.conf" >"$DIR/out"
	assert_equal "$(grep -c "$tree/etc/jitsi/jibri/finalize.conf:" "$DIR/out")" 6
	assert_equal "$(cat "$tree/etc/jitsi/jibri/webhook-secret")" s3cret
	assert_equal "$(stat -c %a "$tree/etc/jitsi/jibri/"* | xargs)" "640 640"
}

@test "each command of the README is valid shell" {
	local line n=0
	examples | grep -vE '^[a-z0-9-]+ = |^\$ ' >"$DIR/lines"
	while read -r line; do
		bash -n -c "$line"
		n=$((n + 1))
	done <"$DIR/lines"
	((n >= 15))
}

# command_texts PAGE: its literal lines, and the code within its sentences.
command_texts() {
	case $1 in
	*.md) grep -oE '^    .*|`[^`]+`' "$1" | tr -d '`' ;;
	*) sed -n '/^\.Bd/,/^\.Ed/p; s/^\.Dl //p' "$1" ;;
	esac
}

# tests/packages/ runs on other machines what installs; here it must not name
# anything that does not exist.
@test "each command in our Markdown and manuals names files, targets, stages and units that exist" {
	local page word before n=0
	cd "$ROOT"
	make -pnq none 2>/dev/null | sed -n 's/^\([a-z][a-z0-9-]*\):.*/\1/p' \
		>"$DIR/targets"
	for page in $(git ls-files '*.md' 2>/dev/null ||
		find . -name '*.md' -not -path './build/*') man/*.[1-8]; do
		command_texts "$page" | sed 's/$/ ./' | tr -s ' ;()' '\n' \
			>"$DIR/words"
		before=
		while read -r word; do
			case $before:$word in
			make:*[!a-z0-9-]*) before=$word && continue ;;
			make:*) grep -qxF -e "$word" "$DIR/targets" ;;
			scripts/deps:* | ./scripts/deps:*)
				grep -q "^sets=.*\b$word\b" scripts/deps
				;;
			-f:*.yaml) compgen -G "$word" || compgen -G "${page%/*}/$word" ;;
			--target:*) grep -q " AS $word\$" packaging/docker/Dockerfile ;;
			*:jibri-finalize-*.service | *:jibri-finalize-*.timer)
				[ -e "packaging/systemd/$word" ]
				;;
			*:scripts/[a-z]* | *:./scripts/[a-z]* | *:packaging/[a-z]*)
				compgen -G "$word"
				;;
			*) before=$word && continue ;;
			esac >/dev/null || { echo "$page: $before $word" >&2; return 1; }
			before=$word n=$((n + 1))
		done <"$DIR/words"
	done
	((n > 100))
}

# In a tree where everything is built.
# bats test_tags=slow
@test "the demo delivers everything once, and says so on lines of 80 columns" {
	local tree=$DIR/tree
	mkdir -p "$tree/scripts" "$tree/build" "$tree/tests"
	cp "$ROOT/scripts/demo" "$tree/scripts"
	ln -s "$(type -P true)" "$tree/scripts/deps"
	echo 'all build/sandbox:' >"$tree/Makefile"
	ln -s "$BIN" "$tree/build/jibri-finalize"
	ln -s "$SANDBOX" "$tree/build/sandbox"
	ln -s "$ROOT/tests/data" "$tree/tests/data"
	run -0 timeout 300 "$tree/scripts/demo"
	[[ $output =~ delivered\ 4\ recordings\ through\ [1-9][0-9]*\ failed\ requests ]]
	assert_output_has "0 lost, 0 doubled"
	assert_output_has "MB sent"
	# A command stays whole, so that it can be pasted.
	run -1 grep -E '.{81}' <<<"${output//jibri-finalize upload/}"
}
