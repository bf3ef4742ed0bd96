# Pieces of the manuals, in mdoc(7): $piece.
include "docs-flags";

# A line that mdoc must not take for a macro.
def line: split("\\") | join("\\e") |
	if test("^[.']") then "\\&" + . else . end;

def wrap: reduce (split(" ")[] | select(. != "")) as $word ([];
	if length > 0 and (.[-1] + " " + $word | length) < 80
	then .[-1] += " " + $word
	else . + [$word] end) | .[];

# Sentences: a new one is a new line, and a long one several.
def text: splits("(?<=[.])  +") | wrap | line;

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
	(.what | capital + (if endswith("?") then "" else ":" end) | line),
	".Bd -literal -offset indent", (.line | line), ".Ed";

def option($commands):
	.name as $name |
	".It \(if .letter then "Fl \(.letter) , " else "" end)" +
		"Fl -\(.name)\(if .arg then " Ar \(.arg)" else "" end)",
	(.help | sentence),
	if .isGlobal then empty else
		[$commands[] | select(any(.options[]; . == $name)).name] |
			"Of \(join(", "))."
	end;

def ways_of_file:
	"the name of a file that holds it as",
	".Ic \(.name)-file ,",
	"in",
	".Ev \(.variable)_FILE",
	"or behind",
	".Fl -\(.name)-file .";

# The flag names a file; the variable and the key hold the secret itself.
def ways_of_secret:
	"The secret itself may stand here or in the variable",
	if .legacy then ".Ev \(.legacy)", "or" else empty end,
	".Ev \(.variable) ;",
	ways_of_file;

def ways:
	(if .takesFile then " ;" else " ." end) as $stop |
	"Also",
	".Fl -\(.name)",
	"and",
	if .legacy then ".Ev \(.variable)", "or", ".Ev \(.legacy)\($stop)"
	else ".Ev \(.variable)\($stop)" end,
	if .takesFile then ways_of_file else empty end;

def setting:
	".It Ic \(.name) No = Ar \(if .type == "bool" then "yes|no"
		else .arg end)",
	(.help | sentence),
	(.manual // empty | text),
	if .initial != "" then "Default:", ".Ql \(.initial) ." else empty end,
	if .type == "secret" then ways_of_secret else ways end;

def list(items): ".Bl -tag -width Ds", items, ".El";

if $piece == "synopsis" then
	.commands[] | ".Nm", ".Cm \(.name)",
		(synopsis | select(. != []) | "." + join(" "))
elif $piece == "commands" then
	list(.commands[] | ".It Cm \([.name] + synopsis | join(" "))",
		(.manual | text))
elif $piece == "examples" then
	[.commands[].examples[]] | to_entries[] |
		if .key > 0 then ".Pp" else empty end, (.value | example)
elif $piece == "options" then
	list(.commands as $commands | .options[] | option($commands))
elif $piece == "settings" then
	list(.settings[] | setting)
else
	error("there is no piece \($piece)")
end
