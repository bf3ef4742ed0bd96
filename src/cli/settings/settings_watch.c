#include "cli/settings/settings_internal.h"

static const struct setting rows[] = {
	{ "watch-interval", MILLIS(watch.interval_ms), "1m", "TIME",
	    "how often watch looks at everything",
	    "inotify(7) reports changes at once, but not those that other "
	    "hosts make on a shared file system.",
	    .check = check_interval },
	{ "drain-for", MILLIS(watch.drain_ms), "0s", "TIME",
	    "how long watch keeps delivering after SIGTERM",
	    "It exits earlier if nothing is due or being recorded.  The "
	    "service manager must allow this much time: see TimeoutStopSec of "
	    "systemd and terminationGracePeriodSeconds of Kubernetes." },
	{ "live", BOOL(ahead.is_wanted), "yes", NULL,
	    "send a recording while it is being made",
	    "This requires a store that takes parts.  Every part but the first "
	    "is sent once 1 MiB of the file follows it, and is compared with "
	    "the file when the recording is finished.  Finished recordings "
	    "come first.  The setting has no effect if s3-key has {tenant} or "
	    "{meeting}, or with room-from-media = no, as the key or the room "
	    "is not known yet." },
	{ "live-limit-rate", SIZE(ahead.rate_bytes), "0", "SIZE",
	    "bytes per second of each live recording",
	    "500k, 10M or 1G, for example; 0 means that only limit-rate "
	    "applies.",
	    .check = check_rate },
};

const struct setting_group settings_watch = GROUP("watch", rows);
