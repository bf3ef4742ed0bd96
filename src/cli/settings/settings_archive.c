#include "cli/settings/settings_internal.h"

static const struct setting rows[] = {
	{ "work-dir", TEXT(bundle.work_dir), "", "DIR",
	    "fallback directory for unpacking archives",
	    "It is used if the archive's own directory is not writable.  It "
	    "needs room for the unpacked archive.  Until the recording is "
	    "delivered, it stays there under the name of its session." },
	{ "unpack-ratio", COUNT(bundle.unpack_ratio, 1, 1000000), "200", "N",
	    "maximum ratio of unpacked to packed size",
	    "This applies above 64 MiB, so that a small archive cannot fill "
	    "the disk." },
};

const struct setting_group settings_archive = GROUP("archive", rows);
