# Shared by the generators: the program's tables, interpreted as its help and
# its parser do.

# Every flag, an option or a setting, in the same form; arg is null if it needs
# no value.
def flags:
	.options[],
	(.settings[] | .isSetting = true |
		if .type == "secret" then .name += "-file" | .arg = "FILE"
		elif .takesFile then ., (.name += "-file" | .arg = "FILE")
		elif .type == "bool" then .choices = ["yes", "no"]
		else . end) |
	.isFile = (.arg == "FILE");

# The options of a command; own_options leaves out those of every command.
def own_options($command):
	flags | select(.name | IN($command.options[]));
def options($command):
	flags | select(.isGlobal or (.name | IN($command.options[])));

# For a command: its literal words, and the kinds of the others.
def words: .synopsis | scan("[A-Za-z0-9-]+");
def literals: [words | select(test("^[a-z]"))];
def takes_command: any(words; . == "COMMAND");
def takes_setting: any(words; . == "SETTING");
def takes_file: any(words; IN("ARCHIVE", "FILE"));
def takes_directory: any(words; IN("DIR", "ROOT"));
def takes_session: any(words; . == "DIR");

def setting_names: [.settings[].name];
def command_names: [.commands[].name] | join(" ");
