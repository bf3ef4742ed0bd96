#include "cli/manual/text.h"

const struct command_text text_finalize = {
	.manual =
	    "Deliver the recording in DIR: find its room, upload every file "
	    "that the server does not have, and send STOPPED.  This is what "
	    "Jibri runs; the word finalize can be left out.",
	.flags = {
		{ "force",
		    "This includes the webhook, and a recording that an "
		    "operator gave up." },
		{ "dry-run", "Both services are asked; nothing is sent." },
	},
	.more =
	    "Completed work is not repeated.  ROOM and SESSION "
	    "override what the directory says.  If another process has a media "
	    "file open for writing, the file is watched for up to 10 seconds: "
	    "if it grows, nothing is sent, not even a webhook.",
	.exits = {
		{ 0,
		    "STOPPED is acknowledged, now or by an earlier run; or the "
		    "recording was given up, or defer leaves it to a "
		    "sweeper." },
		{ 64, "The command line is wrong, or DIR holds recordings." },
		{ 65, "The recording is held: an operator must act." },
		{ 66, EXIT_66 },
		{ 75,
		    "Not delivered yet: a service is down, another process "
		    "works on the recording or still records it, or the run "
		    "was interrupted." },
		{ 77, EXIT_77 },
		{ 78, EXIT_78 },
	},
	.examples = {
		{ "as Jibri calls it",
		    "jibri-finalize "
		    "/srv/recordings/9f1c2d3e-0a4b-4c5d-8e6f-1234567890ab" },
		{ "with room and session, like the old script",
		    "jibri-finalize /srv/recordings/rec-abc123 abc-defg-hij "
		    "rec-abc123" },
		{ "send everything again, the webhook too",
		    "jibri-finalize --force /srv/recordings/rec-abc123" },
	},
};

const struct command_text text_upload = {
	.manual =
	    "Deliver recordings by hand, even those that are waiting, held or "
	    "given up.  The server is asked whether it still has the files "
	    "that the journal lists as stored.  Files that are missing there "
	    "or have another size are sent again, followed by STOPPED with a "
	    "new id.",
	.flags = {
		{ "room",
		    "Its meeting is looked up again; if the meeting's id has "
		    "changed, the whole recording is sent under the new "
		    "id." },
		{ "only",
		    "GLOB is matched against the file's name, or against its "
		    "path in the recording if GLOB has a slash.  STOPPED is "
		    "sent only if no other file is missing." },
		{ "force",
		    "Everything is sent, or whatever --only matches, followed "
		    "by the webhook." },
		{ "no-webhook",
		    "The recording then counts as done, and no later run "
		    "tells the backend either." },
		{ "dry-run",
		    "Both services are asked, nothing is sent, and a line for "
		    "each file shows what would be done, its size and its "
		    "type." },
	},
	.more =
	    "If no file had to be sent and STOPPED was acknowledged before, "
	    "no webhook is sent.  A recording that fails does not stop the "
	    "others; the exit code is that of the worst failure.  A regular "
	    "file is treated as an archive, made by pack or by another tool.",
	.exits = {
		{ 0, "Every recording is done." },
		{ 64, "The command line is wrong, or DIR holds recordings." },
		{ 65, "A recording is held, or an archive was refused." },
		{ 66, "There is no such directory or archive." },
		{ 75, "A recording is not delivered yet; run it again." },
		{ 77, EXIT_77 },
		{ 78, EXIT_78 },
	},
	.examples = {
		{ "send again whatever the server has lost",
		    "jibri-finalize upload /srv/recordings/9f1c* "
		    "/srv/recordings/rec-*" },
		{ "show what would be sent",
		    "jibri-finalize upload --dry-run "
		    "/srv/recordings/rec-abc123" },
		{ "send again a file that is damaged at the server",
		    "jibri-finalize upload --force --only '*.mp4' "
		    "/srv/recordings/rec-abc123" },
	},
};

const struct command_text text_sweep = {
	.manual =
	    "Deliver every recording below ROOT that is due: those whose "
	    "delivery failed, and those that Jibri never called for.  Run it "
	    "from cron or a timer; see jibri-finalize-sweep(8).",
	.flags = {
		{ "held", "Use it once the cause is fixed." },
		{ "dry-run",
		    "A line for each recording shows its state and whether the "
		    "sweep would remove it." },
	},
	.more =
	    "Without ROOT, recordings-dir is swept.  A recording that is done, "
	    "held or still being recorded is left alone.",
	.exits = {
		{ 0,
		    "Nothing was due, or everything that was due is "
		    "delivered." },
		{ 64, EXIT_64 },
		{ 65, "A recording has become held." },
		{ 75, "A recording will be tried again." },
		{ 77, EXIT_77 },
		{ 78,
		    "The configuration is wrong, or a service's answer "
		    "suggests that it is." },
	},
	.examples = {
		{ "deliver everything that is due",
		    "jibri-finalize sweep /srv/recordings" },
		{ "show what a sweep would do",
		    "jibri-finalize sweep --dry-run /srv/recordings" },
		{ "also try what is held, once the cause is fixed",
		    "jibri-finalize sweep --held /srv/recordings" },
	},
};

const struct command_text text_watch = {
	.manual =
	    "Keep running, and deliver each recording as soon as it is "
	    "finished or its next try is due.  Run it as a service instead "
	    "of the timer; see jibri-finalize-sweep(8).",
	.more =
	    "Without ROOT, recordings-dir is watched.  On SIGHUP it rereads "
	    "the configuration and the secrets.  On SIGTERM or SIGINT it exits "
	    "within two seconds, or after drain-for at the latest, and names "
	    "each recording that is not delivered.  Sweeps may run at the same "
	    "time.",
	.exits = {
		{ 0, "It was told to exit, and everything was delivered." },
		{ 64, EXIT_64 },
		{ 75, "It was told to exit before everything was delivered." },
		{ 78, EXIT_78 },
	},
	.examples = {
		{ "as a service does", "jibri-finalize watch /srv/recordings" },
	},
};
