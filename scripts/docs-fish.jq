# The completion for fish.
include "docs-flags";

def head: "# fish completion for jibri-finalize, written by scripts/docs.

# Is the first word that names a command this one? Without an argument: is there
# none? If none is named, the first command applies.
function _jibri_finalize_command
    for word in (commandline -opc)[2..]
        if contains -- $word \(command_names)
            test \"$word\" = \"$argv\"
            return
        end
    end
    test -z \"$argv\" -o \"$argv\" = \(.commands[0].name)
end

# The sessions below recordings-dir; names that need quoting in a shell have to
# be given by path. Without a command no session is offered.
function _jibri_finalize_sessions
    set -l command
    for word in (commandline -opc)[2..]
        contains -- $word \(command_names); and set command $word
    end
    test -n \"$command\"; or return
    set -l dir (jibri-finalize config --json 2>/dev/null |
        sed -n '/\"recordings-dir\"/{n;s/.*\"value\": \"\\(.*\\)\".*/\\1/p;}')
    test -n \"$dir\"; or return
    for path in $dir/*/
        string match -r '^[A-Za-z0-9._-]+$' (string replace -r '.*/(.*)/$' '$1' $path)
    end
end

complete -c jibri-finalize -f";

def quoted: "'\(gsub("(?<c>['\\\\])"; "\\\(.c)"))'";

def complete($condition; rest):
	"complete -c jibri-finalize -n '\($condition)' \(rest)";

def flag: [
	"-l " + .name,
	(.letter // empty | "-s " + .),
	(select(.arg) | if .isFile then "-r -F" else "-x" end),
	(select(.arg and .choices) | "-a '\(.choices | join(" "))'"),
	"-d " + (.help | quoted)
] | join(" ");

# The words of a command, and its own flags.
def command($tables): . as $command |
	def complete(rest): complete("_jibri_finalize_command \(.name)"; rest);
	if takes_command then complete("-a '\($tables | command_names)'")
	elif literals != [] then complete("-a '\(literals | join(" "))'")
	else empty end,
	if takes_file then complete("-F")
	elif takes_directory then complete("-a '(__fish_complete_directories)'")
	else empty end,
	if takes_session then complete("-a '(_jibri_finalize_sessions)'")
	else empty end,
	complete($tables | own_options($command) | flag);

. as $tables |
head,
(.commands[] |
	"-a \(.name) -d \(.help | quoted)" as $rest |
	complete("_jibri_finalize_command"; $rest)),
(.commands[] | command($tables)),
(.commands[] | select(takes_setting).name as $name | $tables.settings[] |
	complete("_jibri_finalize_command \($name)";
		"-a \(.name) -d \(.help | quoted)")),
(flags | select(.isGlobal) | "complete -c jibri-finalize " + flag),
(flags | select(.isSetting) |
	complete("not _jibri_finalize_command help"; flag))
