#include "cli/manual/text.h"

const struct command_text text_check = {
	.manual =
	    "Examine the installation and suggest a fix for each problem.  Run "
	    "it as Jibri's user.  Unless --write is given, it changes nothing "
	    "on either side.",
	.flags = {
		{ "write",
		    "One object is written to the bucket and removed, or one "
		    "part is sent to the file-service and dropped." },
	},
	.more =
	    "It examines the settings and where each comes from, Jibri's own "
	    "configuration, the directories and whether the packaged units may "
	    "write there, the sweeper, the program itself, and both services, "
	    "or the bucket: health, certificate, clock, and whether the token "
	    "is accepted.  It cannot know whether the webhook's secret is "
	    "right.  It knows the timer, watch and cron; a sweep that "
	    "something else starts counts for a day if it writes "
	    "metrics-file.  The services are asked at the same time, and the "
	    "command "
	    "ends within 10 seconds.  Each line begins with ok, warning or "
	    "failed.  A problem comes with a command to copy; replace each "
	    "word in capitals in it with your own value.  jibri.conf is read "
	    "as Jibri reads it, with included files and substitutions; an old "
	    "config.json beside it takes precedence.  A value that Jibri takes "
	    "from its environment cannot be read, and causes a warning.",
	.exits = {
		{ 0, "All is well." },
		{ 1, "There are warnings." },
		{ 64, EXIT_64 },
		{ 78, "Something has to be fixed." },
	},
	.examples = {
		{ "as Jibri's user", "sudo -u jibri jibri-finalize check" },
		{ "each finding as JSON, for a script",
		    "jibri-finalize check --json | jq -c '.findings[]'" },
	},
};

const struct command_text text_config = {
	.manual =
	    "Print each setting with its value and where the value comes "
	    "from.  A secret is shown as (set).",
	.flags = {
		{ "sample",
		    "It has every setting with its default, commented out." },
	},
	.exits = {
		{ 0, "The settings are usable." },
		{ 64, EXIT_64 },
		{ 78, "The settings are not usable; the message says why." },
	},
	.examples = {
		{ "the settings as Jibri's user gets them",
		    "sudo -u jibri jibri-finalize config" },
		{ "the names of all settings, for a script",
		    "jibri-finalize config --json | jq -r '.settings[].name'" },
	},
};

const struct command_text text_help = {
	.manual =
	    "Explain a command or a setting; without a name, list the "
	    "commands.  For a command it prints the flags, exit codes and "
	    "examples; for a setting, the meaning, the default, and where it "
	    "can be set.",
	.flags = {
		{ "all", "Every flag and setting is listed." },
	},
	.exits = {
		{ 0, "The help was printed." },
		{ 64, "There is no such command or setting." },
	},
	.examples = {
		{ "the flags of one command", "jibri-finalize help finalize" },
		{ "the meaning of one setting",
		    "jibri-finalize help retry-delay" },
		{ "every flag and setting", "jibri-finalize help --all" },
	},
};
