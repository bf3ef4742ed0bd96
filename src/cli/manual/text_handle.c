#include "cli/manual/text.h"
#include "sweep/pause.h"

const struct command_text text_notify = {
	.manual =
	    "Send one webhook, STARTED, STOPPED or FAILED, for the recording "
	    "in DIR, or for the room and session that --room and --session "
	    "name.  An acknowledged webhook is noted in the journal of DIR.",
	.flags = {
		{ "room", "Needed without DIR." },
		{ "session", "Needed without DIR." },
		{ "error", "By default, it is the error of the last run." },
		{ "force",
		    "This includes a STOPPED that would not be true." },
	},
	.more =
	    "The webhook is signed like those of a delivery.  STARTED is sent "
	    "once, and not after Jibri has called the program for the "
	    "recording.  STOPPED is refused while a file is missing at the "
	    "server or no media file is whole; without DIR, while the server "
	    "has no file of the session.  A repeated webhook has the same "
	    "webhook-id.",
	.exits = {
		{ 0, "The webhook is acknowledged, or was before." },
		{ 64, EXIT_64 },
		{ 65, "STOPPED would not be true." },
		{ 66, EXIT_66 },
		{ 75, EXIT_75 },
		{ 77, EXIT_77 },
		{ 78, EXIT_78 },
	},
	.examples = {
		{ "a recording begins",
		    "jibri-finalize notify started "
		    "/srv/recordings/rec-abc123" },
		{ "a recording is lost together with its directory",
		    "jibri-finalize notify failed --error lost --room abc "
		    "--session rec-1" },
	},
};

const struct command_text text_pack = {
	.manual =
	    "Put each recording into an archive that upload accepts, on this "
	    "host or another one.  Nothing is sent, and nothing is removed.",
	.flags = {
		{ "output",
		    "The suffix determines the format: .tar.zst, .tar.gz, .tar "
		    "or .zip.  By default, the archive is NAME.tar.zst in the "
		    "current directory, where NAME is the name of the "
		    "recording's directory." },
		{ "unredacted", "The members listed in redact stay in it." },
	},
	.more =
	    "An existing file is not replaced.  A recording that another "
	    "process works on, or that changes meanwhile, is not packed.",
	.exits = {
		{ 0, "Every recording is packed." },
		{ 64, EXIT_64 },
		{ 65,
		    "The archive exists already, or there is nothing to "
		    "pack." },
		{ 66, EXIT_66 },
		{ 75,
		    "Another process works on the recording, or it changed "
		    "meanwhile." },
		{ 78, EXIT_78 },
	},
	.examples = {
		{ "into rec-abc123.tar.zst in the current directory",
		    "jibri-finalize pack /srv/recordings/rec-abc123" },
		{ "deliver it from another machine",
		    "jibri-finalize upload rec-abc123.tar.zst" },
	},
};

const struct command_text text_pause = {
	.manual =
	    "Start no deliveries below ROOT until resume is run or TIME has "
	    "passed.  Without ROOT, recordings-dir is paused.",
	.flags = {
		{ "for", "Without it, the pause has no end." },
	},
	.more =
	    "Sweeps and watch neither deliver nor remove anything there; a "
	    "call by Jibri is only noted, as with defer.  Deliveries in "
	    "progress are completed, and upload and notify still work.  A "
	    "second pause replaces the first.  The pause is the "
	    "file " PAUSE_FILE
	    " in ROOT, which counts only if root or the owner of ROOT owns it.",
	.exits = {
		{ 0, "ROOT is paused." },
		{ 64, EXIT_64 },
		{ 66, "There is no such ROOT." },
		{ 78, EXIT_78 },
	},
	.examples = {
		{ "while the server is updated",
		    "jibri-finalize pause --for 2h /srv/recordings" },
		{ "until further notice",
		    "jibri-finalize pause /srv/recordings" },
	},
};

const struct command_text text_resume = {
	.manual =
	    "End the pause of ROOT, or of recordings-dir.  A running watch "
	    "continues within seconds; otherwise the next sweep delivers what "
	    "has arrived in the meantime.",
	.exits = {
		{ 0, "ROOT is not paused." },
		{ 64, EXIT_64 },
		{ 66, "There is no such ROOT." },
		{ 78, EXIT_78 },
	},
	.examples = {
		{ "continue", "jibri-finalize resume /srv/recordings" },
	},
};

const struct command_text text_forget = {
	.manual =
	    "Give recordings up: nothing more of them is sent, and nothing is "
	    "deleted here.  The backend is not told.  A later upload delivers "
	    "them anyway.",
	.flags = {
		{ "reset",
		    "The next run starts over, even if the recording was given "
		    "up.  It asks the server first, so nothing is sent twice; "
		    "but a file that is there under the same path with the "
		    "same size then counts as stored." },
		{ "yes", "Required if standard input is not a terminal." },
	},
	.more =
	    "If the store keeps parts of an unfinished upload, they are "
	    "removed there.",
	.exits = {
		{ 0, "Each recording is given up, or was delivered before." },
		{ 64, "The command line is wrong, or the command was not "
		      "confirmed." },
		{ 66, EXIT_66 },
		{ 75, "Another process works on the recording." },
		{ 78, EXIT_78 },
	},
	.examples = {
		{ "send nothing more of a recording",
		    "jibri-finalize forget --yes /srv/recordings/rec-abc123" },
		{ "let the next run start over",
		    "jibri-finalize forget --reset --yes "
		    "/srv/recordings/rec-abc123" },
	},
};
