# Pieces of the manuals, in mdoc(7): $piece.
include "docs-flags";

# A line that mdoc must not read as a macro.
def line: split("\\") | join("\\e") |
	if test("^[.']") then "\\&" + . else . end;

# A word as a macro, with the punctuation after it, or null: a flag, a setting,
# a variable, a page, a path, or an argument.  A setting that is also a common
# word stays plain, except for those that our texts never use as words.
def macro($settings):
	def kind:
		if test("^--[a-z]") then "Fl " + .[1:]
		elif test("^-[a-z]$") then "Fl " + .[1:]
		elif IN($settings[]) and (contains("-") or
			IN("defer", "exclude", "redact", "retention", "splay"))
		then "Ic " + .
		elif test("^[A-Z]+_[A-Z_]+$") then "Ev " + .
		elif test("^(DIR|ROOT|ROOM|SESSION|GLOB|TIME|LIST|NAME)$")
		then "Ar " + .
		elif test("^([a-z]+[.](json|conf)|[.]jibri-finalize[a-z-]*|/[a-z]+/.*)$")
		then "Pa " + .
		else null end;
	def spaced: [scan(".")] | join(" ");
	if test("^[a-z_.-]+[(][0-9][)][.,;:]*$") then
		capture("^(?<page>.*)[(](?<section>.)[)](?<rest>.*)$") |
		"Xr \(.page) \(.section) \(.rest | spaced)"
	else
		capture("^(?<open>[(]?)(?<core>.*?)(?<close>[.,;:)]*)$") |
		(.core | kind) as $kind |
		if $kind == null then null
		elif .open == "" then "\($kind) \(.close | spaced)"
		elif .close | startswith(")")
		then "Pq \($kind) \(.close[1:] | spaced)"
		else null end
	end | if . then "." + sub(" +$"; "") else null end;

# Lines of less than 80 columns; each macro has its own line.
def wrap($settings):
	reduce (split(" ")[] | select(. != "")) as $word ({lines: []};
		($word | macro($settings)) as $macro |
		if $macro then .lines += [$macro] | .open = false
		elif .open and (.lines[-1] + " " + $word | length) < 80
		then .lines[-1] += " " + $word
		else .lines += [$word] | .open = true end) |
	.lines[];

# Sentences: each begins a new line, and a long one is broken.
def text($settings):
	splits("(?<=[.])  +") | wrap($settings) |
	if test("^[.][A-Z][a-z] ") then . else line end;

def capital: (.[:1] | ascii_upcase) + .[1:];
def sentence: capital + "." | line;

# "DIR [ROOM]" as macros.
def synopsis:
	{"[": "Oo", "]": "Oc", "(": "Po", ")": "Pc", "|": "|", "...": "..."}
	as $macros |
	[.synopsis | scan("[^][()| .]+|[.]{3}|[][()|]") |
		if $macros[.] then $macros[.]
		elif startswith("-") then "Fl " + .[1:]
		elif test("^[a-z]") then "Cm " + .
		else "Ar " + . end];

def example:
	(.what | capital + ":" | line),
	".Bd -literal -offset 2n", (.line | line), ".Ed";

def option:
	".It \(if .letter then "Fl \(.letter) , " else "" end)" +
		"Fl -\(.name)\(if .arg then " Ar \(.arg)" else "" end)",
	(.help | sentence);

def list(items): ".Bl -tag -width Ds", items, ".El";

# A command: summary, flags, details, exit codes, examples.
def command($options; $settings):
	. as $command |
	".Ss \(.name)",
	".D1 Nm jibri-finalize Cm \([.name] + synopsis | join(" "))",
	".Pp",
	(.manual | text($settings)),
	([$options[] | select((.name | IN($command.options[])) or
		$command.notes[.name])] | select(length > 0) |
		list(.[] | option,
			($command.notes[.name] // empty | text($settings)))),
	(.more // empty | ".Pp", text($settings)),
	".Pp", "Exit codes:",
	".Bl -tag -width 4n -compact",
	(.exits[] | ".It Li \(.code)", (.when | text($settings))),
	".El",
	(.examples[] | ".Pp", example);

# The flag and variable of a setting follow from its name: say only the rest.
def setting($settings):
	".It Ic \(.name) No = Ar \(if .type == "bool" then "yes|no"
		else .arg end)",
	(.help | sentence),
	(.manual // empty | text($settings)),
	if .initial != "" then "Default:", ".Ql \(.initial) ." else empty end,
	if .legacy then "Also", ".Ev \(.legacy) ." else empty end,
	if .takesFile then "See", ".Sx SECRETS ." else empty end;

[.settings[].name] as $names |
if $piece == "synopsis" then
	.commands[] | ".Nm", ".Cm \(.name)",
		(synopsis | select(. != []) | "." + join(" "))
elif $piece == "commands" then
	.options as $options | .commands[] | command($options; $names)
elif $piece == "options" then
	list(.options[] | select(.isGlobal) | option)
elif $piece | startswith("settings-") then
	list(.settings[] | select("settings-" + .subject == $piece) |
		setting($names))
else
	error("there is no piece \($piece)")
end
