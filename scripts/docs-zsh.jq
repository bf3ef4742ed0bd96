# The completion for zsh.
include "docs-flags";

# Text inside quotes, brackets and colons of _arguments and _describe.
def quoted: gsub("'"; "'\\''") | gsub("(?<c>[][:])"; "\\\(.c)");

def flag:
	"[\(.help | quoted)]" as $help |
	(if .isFile then "_files"
	elif .choices then "(\(.choices | join(" ")))"
	else "" end) as $values |
	"	'--\(.name)" +
		(if .arg then "=\($help):\(.arg):"
		elif .choices then "=-\($help)::yes or no:"
		else $help end) + "\($values)'",
	(select(.letter) | if .arg then "	'-\(.letter)+:\(.arg):\($values)'"
		else "	-" + .letter end);

def words_of: [
	if takes_command then "_describe command commands" else empty end,
	if takes_setting then "compadd -- $setting_names"
	elif literals != [] then "compadd " + (literals | join(" "))
	else empty end,
	if takes_file then "_files"
	elif takes_directory then "_files -/"
	else empty end,
	if takes_session then "_jibri_finalize_sessions" else empty end
] | join("; ");

# The arguments of a command; $pattern matches its name.
def command($tables; $pattern): . as $command |
	"\($pattern))",
	"	own=(",
	($tables | own_options($command) | flag),
	"	)",
	if .needsConfig then empty else "	settings=()" end,
	"	words_of='\(words_of)'",
	"	;;";

. as $tables |
"#compdef jibri-finalize
# zsh completion for jibri-finalize, written by scripts/docs.

local -a everywhere settings commands own
local -a setting_names
local command words_of word program=$words[1]

everywhere=(",
(flags | select(.isGlobal) | flag),
")",
"settings=(",
(flags | select(.isSetting) | flag),
")",
"setting_names=(",
(setting_names[] | "	" + .),
")",
"commands=(",
(.commands[] | "	'\(.name):\(.help | quoted)'"),
")
# The first word that names a command is the command.
for word in ${words[2,CURRENT-1]}; do
	if (( ${commands[(I)$word:*]} )); then
		command=$word
		break
	fi
done
case $command in",
(.commands | to_entries[] | .key as $i | .value |
	command($tables; .name + if $i == 0 then " | ''" else "" end)),
"esac
[[ -n $command ]] ||
	words_of='_describe command commands; '$words_of

# The sessions below recordings-dir; names that need quoting in a shell have to
# be given by path. Without a command no session is offered.
_jibri_finalize_sessions() {
	local dir name
	local -a sessions
	[[ -n $command ]] || return
	dir=$($program config --json 2>/dev/null |
		sed -n '/\"recordings-dir\"/{n;s/.*\"value\": \"\\(.*\\)\".*/\\1/p;}')
	[[ -n $dir ]] || return
	for name in $dir/*(N/:t); do
		[[ $name == *[^A-Za-z0-9._-]* ]] || sessions+=($name)
	done
	compadd -- $sessions
}

_jibri_finalize_words() {
	eval $words_of
}

_arguments $everywhere $own $settings '*: :_jibri_finalize_words'"
