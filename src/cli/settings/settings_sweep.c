#include "cli/settings/settings_internal.h"

static const char *const proofs[] = {
	[REMOVAL_LIST] = "list", [REMOVAL_DEEP] = "deep", NULL
};

static const struct setting rows[] = {
	{
	    .name = "recordings-dir",
	    TEXT(recordings_dir),
	    .initial = "/tmp/recordings",
	    .arg = "DIR",
	    .help = "where Jibri puts its recordings",
	    .manual = "What sweep and status look at when no directory is "
		      "named.  Jibri's own default is the same.",
	},
	{
	    .name = "jibri-config",
	    TEXT(jibri_config),
	    .initial = "/etc/jitsi/jibri/jibri.conf",
	    .arg = "FILE",
	    .help = "Jibri's own configuration, for check",
	},

	{
	    .name = "defer",
	    BOOL(is_deferred),
	    .initial = "no",
	    .help = "the hook leaves the delivery to the sweeper",
	    .manual = "It only writes down what it knows, so that Jibri is "
		      "free at once.  Without a sweeper nothing is "
		      "delivered.",
	},
	{
	    .name = "jobs",
	    COUNT(sweep.jobs, 1, 64),
	    .initial = "2",
	    .arg = "N",
	    .help = "recordings that a sweep delivers at once",
	    .manual = "One that has lasted for five minutes does not count, "
		      "up to twice as many; with limit-rate it does.",
	},
	{
	    .name = "splay",
	    MILLIS(sweep.splay_ms),
	    .initial = "0s",
	    .arg = "TIME",
	    .help = "a sweep waits a part of it first",
	    .manual = "Which part follows from the host's name, so that the "
		      "hosts of a fleet do not come all at once.",
	},
	{
	    .name = "max-time",
	    MILLIS(sweep.max_time_ms),
	    .initial = "0s",
	    .arg = "TIME",
	    .help = "ends a sweep; 0s: it has no limit",
	    .manual = "What is under way then ends as by SIGTERM, and the "
		      "next sweep goes on from there.",
	},
	{
	    .name = "settle",
	    MILLIS(verdict.settle_ms),
	    .initial = "30m",
	    .arg = "TIME",
	    .help = "an orphan has not changed for so long",
	    .manual = "A recording that Jibri never called us for, and that "
		      "has no whole metadata.json, is taken for finished "
		      "then.  With a whole one it is after ten seconds, or "
		      "after this time if that is less.",
	},
	{
	    .name = "sweep-retry-delay",
	    MILLIS(attempt.schedule.delay_ms),
	    .initial = "1m",
	    .arg = "TIME",
	    .help = "pause before the next visit, at most",
	    .manual = "The pause doubles with each run that failed, whatever "
		      "it failed of; jitter takes up to half of it away.  A "
		      "run that was killed counts as well.",
	},
	{
	    .name = "sweep-retry-delay-max",
	    MILLIS(attempt.schedule.delay_max_ms),
	    .initial = "1h",
	    .arg = "TIME",
	    .help = "the longest such pause",
	},
	{
	    .name = "give-up",
	    MILLIS(attempt.schedule.give_up_ms),
	    .initial = "7d",
	    .arg = "TIME",
	    .help = "of failing, then a recording is held",
	    .manual = "After ten failures at least.  FAILED says so, once; "
		      "nothing is deleted.",
	},
	{
	    .name = "retention",
	    MILLIS(retention.keep_ms),
	    .initial = "0s",
	    .arg = "TIME",
	    .help = "a sweep removes what was delivered so long ago",
	    .manual = "0s: recordings are kept for ever.  Counted from the "
		      "acknowledged STOPPED; the server has to prove that it "
		      "has every file, see retention-verify, else the "
		      "recording is kept.  One that holds what was never "
		      "sent, such as an excluded file, is kept too.  An empty "
		      "directory of this age is removed.",
	},
	{
	    .name = "retention-verify",
	    CHOICE(retention.proof, proofs),
	    .initial = "list",
	    .arg = "HOW",
	    .help = "proof before removal: list or deep",
	    .manual = "list: the server lists the id that the journal has of "
		      "the upload, with the right size; a recording with a "
		      "file without id or size is kept.  deep: the id is "
		      "listed, and the file is downloaded and has the same "
		      "SHA-256.",
	},
	{
	    .name = "min-free",
	    PERCENT(retention.min_free),
	    .initial = "0%",
	    .arg = "PERCENT",
	    .help = "below it, a sweep removes earlier",
	    .manual = "The oldest of what was delivered goes first, until so "
		      "much of the disk is free.  What is not delivered is "
		      "never touched.",
	},
	{
	    .name = "metrics-file",
	    TEXT(metrics_file),
	    .initial = "",
	    .arg = "FILE",
	    .help = "where a sweep leaves Prometheus metrics",
	    .manual = "For node_exporter's textfile collector: a name that "
		      "ends in .prom, in its directory.  Each sweep then "
		      "reads every journal.",
	},
	{
	    .name = "work-dir",
	    TEXT(bundle.work_dir),
	    .initial = "",
	    .arg = "DIR",
	    .help = "where archives are unpacked in need",
	    .manual = "Only when the directory that the archive is in cannot "
		      "be written.  It needs room for all that is in the "
		      "archive.  Until it is delivered the recording stays "
		      "there, under its session's name.",
	},
	{
	    .name = "unpack-ratio",
	    COUNT(bundle.unpack_ratio, 1, 1000000),
	    .initial = "200",
	    .arg = "N",
	    .help = "an archive unpacks to at most N times its size",
	    .manual = "Counts above 64 MiB, so that a few bytes cannot fill "
		      "the disk.",
	},
};

const struct setting_group settings_sweep = GROUP("sweep", rows);
