#include "cli/manual/text.h"

const struct command_text text_verify = {
	.manual =
	    "Compare each file with the server's list, by path and size, and "
	    "print a line for each.  Nothing is changed on either side.",
	.flags = {
		{ "deep",
		    "The SHA-256 of each file is compared with that of the "
		    "local file and with the journal." },
	},
	.more =
	    "Each line begins with same, missing (not at the server), size "
	    "(different size there), content (different content there), extra "
	    "(only at the server), twice (several records for one path) or "
	    "failed (could not be compared).  Versions that the journal lists "
	    "as superseded are ignored.",
	.exits = {
		{ 0, "Everything agrees." },
		{ 64, EXIT_64 },
		{ 65, "Something differs." },
		{ 66, EXIT_66 },
		{ 75, EXIT_75 },
		{ 77, EXIT_77 },
		{ 78, EXIT_78 },
	},
	.examples = {
		{ "check that the server lists every file",
		    "jibri-finalize verify /srv/recordings/rec-abc123" },
		{ "compare every byte",
		    "jibri-finalize verify --deep /srv/recordings/rec-*" },
	},
};

const struct command_text text_status = {
	.manual =
	    "Show the state of every recording below ROOT that is not done, "
	    "the most urgent first.  Recordings that are done are only "
	    "counted, in the last line.",
	.flags = {
		{ "state",
		    "Separate several states with commas." },
		{ "all", "This includes recordings that are done." },
		{ "json", "This includes recordings that are done." },
	},
	.more =
	    "Without ROOT, recordings-dir is shown.  AGE is the time since the "
	    "last write to the media file, NEXT the time until the next try.  "
	    "Before a room is resolved, the table shows the name in "
	    "metadata.json or in the media file's name.  The command takes no "
	    "lock and writes "
	    "nothing; any user who can read the directories can run it, even "
	    "without access to the configuration.",
	.exits = {
		{ 0, "The table was printed." },
		{ 1,
		    "With --check, WARNING: a recording has been undelivered "
		    "for over 2 hours." },
		{ 2,
		    "With --check, CRITICAL: a recording is held, or has been "
		    "undelivered for over 24 hours." },
		{ 3,
		    "With --check, UNKNOWN: the state could not be "
		    "determined." },
		{ 64, EXIT_64 },
		{ 66, "There is no such ROOT." },
		{ 78, EXIT_78 },
	},
	.examples = {
		{ "what is not done, the most urgent first",
		    "jibri-finalize status /srv/recordings" },
		{ "the ten oldest that are not done",
		    "jibri-finalize status --sort age --limit 10 "
		    "/srv/recordings" },
		{ "one line for a monitoring system",
		    "jibri-finalize status --check /srv/recordings" },
	},
};

const struct command_text text_show = {
	.manual =
	    "Show everything that is known about one recording: its room and "
	    "where its name comes from, its state and the reason, its files, "
	    "its attempts, its webhooks, its trace id, and the command to run "
	    "next.  The command takes no lock and writes nothing; any user who "
	    "can read the directory can run it.",
	.flags = {
		{ "utc", "By default times are relative to now." },
		{ "log",
		    "Each has its date; the oldest comes first." },
	},
	.more =
	    "A journal over 1 MiB is compacted.  Its older attempts are then "
	    "only counted, and their webhooks are not listed.",
	.exits = {
		{ 0, "The recording was shown." },
		{ 64, EXIT_64 },
		{ 66, EXIT_66 },
		{ 78, EXIT_78 },
	},
	.examples = {
		{ "everything about one recording",
		    "jibri-finalize show /srv/recordings/rec-abc123" },
		{ "one recording, by the beginning of its session",
		    "jibri-finalize show 9f1c2d3e" },
		{ "the attempts and why they failed",
		    "jibri-finalize show --log /srv/recordings/rec-abc123" },
	},
};
