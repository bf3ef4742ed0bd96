#include "cli/settings/settings_internal.h"

static const char *const proofs[] = {
	[REMOVAL_LIST] = "list", [REMOVAL_DEEP] = "deep", NULL
};

static const struct setting rows[] = {
	{ "retention", MILLIS(retention.keep_ms), "0s", "TIME",
	    "remove a recording this long after delivery",
	    "0s: never.  The time counts from the acknowledged STOPPED.  The "
	    "server must prove that it has every file (see "
	    "retention-verify).  A recording with files that were never sent, "
	    "such as excluded ones, is kept.  Empty directories of this age "
	    "are removed." },
	{ "retention-verify", CHOICE(retention.proof, proofs), "list", "HOW",
	    "proof before removal: list or deep",
	    "list: the server lists each file under the id that the upload "
	    "got, with the right size; without an id or a size, the recording "
	    "is kept.  deep: in addition, the file is downloaded, and its "
	    "SHA-256 is the same." },
	{ "min-free", PERCENT(retention.min_free), "0%", "PERCENT",
	    "remove recordings early to keep this much free",
	    "The oldest delivered recordings are removed first, until this "
	    "much of the disk is free.  What is not delivered is never "
	    "removed." },
};

const struct setting_group settings_retention = GROUP("retention", rows);
