#include "cli/settings/settings_internal.h"

static const struct setting rows[] = {
	{ "work-dir", TEXT(bundle.work_dir), "", "DIR",
	    "fallback directory for unpacking archives",
	    "It is used if the archive's own directory cannot be written.  It "
	    "needs room for the whole archive.  Until it is delivered, the "
	    "recording stays there under the name of its session." },
	{ "unpack-ratio", COUNT(bundle.unpack_ratio, 1, 1000000), "200", "N",
	    "an archive unpacks to N times its size at most",
	    "This applies above 64 MiB, so that a few bytes cannot fill the "
	    "disk." },
};

const struct setting_group settings_archive = GROUP("archive", rows);
