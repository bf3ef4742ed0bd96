#include "cli/settings/settings_internal.h"

static const char *const trusts[] = { "owner", "any", NULL };

static const struct setting rows[] = {
	{ "strict-permissions", BOOL(strict_permissions), "no", NULL,
	    "refuse secret files others can read or write",
	    "Otherwise a file with a secret that everybody can read or write "
	    "only causes a warning." },
	{ "trust", CHOICE(pipeline.recording.trust, trusts), "owner", "WHOM",
	    "whose recordings are delivered: owner, any",
	    "owner: the directory has to belong to root or to the user who "
	    "runs the program, and each file to root, to that user or to the "
	    "owner of the directory.  A hard link has to belong to the owner "
	    "of the directory.  Root delivers the recordings of every user.  A "
	    "sweep also holds a directory that its group or everybody can "
	    "write to and, as root, one that any user could have put below "
	    "ROOT.  "
	    "any: such a recording is delivered with a warning." },
	{ "confine", BOOL(confine.is_on), "yes", NULL,
	    "give up rights that no delivery needs",
	    "With seccomp, the process cannot start programs, inspect other "
	    "processes, mount anything or type into a terminal.  With Landlock "
	    "(Linux 5.19), it can write only to the recording's directory and "
	    "read only what its libraries need.  If the kernel, the unit or "
	    "the container does not allow one of them, a run warns and "
	    "continues; check shows which.  With log-level = debug, the log "
	    "names each call that was refused." },
};

const struct setting_group settings_security = GROUP("security", rows);
