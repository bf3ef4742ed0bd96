#include "cli/settings/settings_internal.h"

static const struct setting rows[] = {
	{ "recordings-dir", TEXT(recordings_dir), "/tmp/recordings", "DIR",
	    "where Jibri puts its recordings",
	    "sweep, watch and status use it unless a directory is named.  "
	    "Jibri has the same default." },
	{ "jibri-config", TEXT(jibri_config), "/etc/jitsi/jibri/jibri.conf",
	    "FILE", "Jibri's own configuration, for check",
	    "It is read as HOCON, with the files that it includes.  As with "
	    "Jibri, a config.json beside it takes precedence." },
	{ "defer", BOOL(is_deferred), "no", NULL,
	    "leave Jibri's calls to watch or sweep",
	    "A call by Jibri is only noted, so Jibri can record again at "
	    "once.  Without watch or a sweep, nothing is delivered." },
	{ "jobs", COUNT(sweep.jobs, 1, 64), "2", "N",
	    "recordings delivered at the same time",
	    "A recording that takes longer than five minutes no longer counts, "
	    "so up to twice as many may run; with limit-rate, it still "
	    "counts." },
	{ "splay", MILLIS(sweep.splay_ms), "0s", "TIME",
	    "start delay, up to this long, fixed per host",
	    "The delay depends on the name of the host, so the hosts of a "
	    "fleet do not all sweep at once." },
	{ "max-time", MILLIS(sweep.max_time_ms), "0s", "TIME",
	    "end a sweep after this time; 0s: no limit",
	    "Deliveries in progress end as on SIGTERM; the next sweep "
	    "resumes." },
	{ "settle", MILLIS(verdict.settle_ms), "30m", "TIME",
	    "quiet time after which a recording is finished",
	    "This applies to a recording that Jibri never called for and that "
	    "has no complete metadata.json: it is finished when nothing has "
	    "changed for this long.  With a complete metadata.json it is "
	    "finished after ten seconds (for watch, half a second), or after "
	    "this time if that is less." },
	{ "sweep-retry-delay", MILLIS(attempt.schedule.delay_ms), "1m", "TIME",
	    "longest pause before a sweep tries again",
	    "It doubles with each run that failed or was killed.  A random "
	    "part of it, up to half, is subtracted." },
	{ "sweep-retry-delay-max", MILLIS(attempt.schedule.delay_max_ms), "1h",
	    "TIME", "upper limit of sweep-retry-delay as it doubles",
	    "After an outage the pause is at most 15 minutes, or "
	    "sweep-retry-delay if that is longer." },
	{ "give-up", MILLIS(attempt.schedule.give_up_ms), "7d", "TIME",
	    "hold a recording that has failed for this long",
	    "It must also have failed at least ten times.  FAILED is sent "
	    "once, and nothing is deleted." },
};

const struct setting_group settings_sweep = GROUP("sweep", rows);
