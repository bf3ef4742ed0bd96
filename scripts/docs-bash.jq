# The completion for bash.
include "docs-flags";

def head: "# bash completion for jibri-finalize, written by scripts/docs.
# shellcheck shell=bash

# Add the sessions below recordings-dir, as $1 is configured, that begin with
# $2. Names that need quoting in a shell have to be given by path.
_jibri_finalize_sessions() {
	local dir name
	dir=$(\"$1\" config --json 2>/dev/null |
		sed -n '/\"recordings-dir\"/{n;s/.*\"value\": \"\\(.*\\)\".*/\\1/p;}')
	[ -n \"$dir\" ] || return
	for name in \"$dir\"/*/; do
		name=${name%/}
		name=${name##*/}
		case $name in
		*[!A-Za-z0-9._-]*) ;;
		\"$2\"*) COMPREPLY+=(\"$name\") ;;
		esac
	done
}

_jibri_finalize() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local command='' flags='' words='' kind='' joint='' word settings
	local sessions=''

	# \"--flag=value\" arrives as three words.
	if [ \"$cur\" = = ]; then
		cur='' joint='='
	elif [ \"$prev\" = = ]; then
		prev=${COMP_WORDS[COMP_CWORD-2]} joint='='
	fi
	COMPREPLY=()
	for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do
		case $word in
		\([.commands[].name] | join(" | ")))
			command=$word
			break
			;;
		esac
	done";

def tail: "	case $cur in
	-*)
		mapfile -t COMPREPLY < <(compgen -W \"$flags\" -- \"$cur\")
		return
		;;
	esac
	[ -z \"$kind\" ] || compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen $kind -W \"$words\" -- \"$cur\")
	[ -z \"$sessions\" ] ||
		_jibri_finalize_sessions \"${COMP_WORDS[0]}\" \"$cur\"
}

complete -F _jibri_finalize jibri-finalize";

def dashed(flags): [flags | "--" + .name];

# Four on a line.
def lines: [range(0; length; 4) as $i | .[$i:$i + 4] | join(" ")] |
	join("\n\t\t\t");

# The arguments of a command; $pattern matches its name.
def command($tables; $pattern): . as $command | "	\($pattern))
		flags=\"\($tables | dashed(options($command)) | lines)\(
			if .needsConfig then " $settings" else "" end)\"
		words='\(if takes_command then $tables | command_names
			else literals | join(" ") end)\(if takes_setting then
			"\n\t\t\t" + ($tables | setting_names | lines)
			else "" end)'
		kind=\(if takes_file then "-f" elif takes_directory then "-d"
			else "''" end)\(if takes_session then "
		[ -z \"$command\" ] || sessions=yes" else "" end)
		;;";

def choices($sign): "	--\(.name)\($sign))
		flags='' kind='' sessions='' words='\(.choices | join(" "))'
		;;";

# The flags with a value that cannot be listed.
def others(is_wanted):
	[flags | select(.arg and .choices == null and is_wanted) |
		"--" + .name, (.letter // empty | "-" + .)] |
	"	\(join(" | \\\n\t")))";

. as $tables |
head,
# One on a line, so that a diff shows what changed.
"	settings='\(dashed(flags | select(.isSetting)) | join("\n\t"))'",
"	case $command in",
(.commands | to_entries[] | .key as $i | .value |
	command($tables; .name + if $i == 0 then " | ''" else "" end)),
"	esac",
"	[ -n \"$command\" ] || words='\(command_names)'",
# An optional value is completed only after "=".
"	case $prev$joint in",
(flags | select(.choices and .arg == null) | choices("=")),
"	esac",
"	case $prev in",
(flags | select(.choices and .arg) | choices("")),
others(.isFile),
"		flags='' words='' sessions='' kind=-f",
"		;;",
others(.isFile | not),
"		flags='' words='' sessions='' kind=''",
"		;;",
"	esac",
tail
