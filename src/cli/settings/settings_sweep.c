#include "cli/settings/settings_internal.h"

static const char *const proofs[] = {
	[REMOVAL_LIST] = "list", [REMOVAL_DEEP] = "deep", NULL
};

static const struct setting rows[] = {
	{ "recordings-dir", TEXT(recordings_dir), "/tmp/recordings", "DIR",
	    "where Jibri puts its recordings",
	    "What sweep and status look at when no directory is named.  "
	    "Jibri's own default is the same." },
	{ "jibri-config", TEXT(jibri_config), "/etc/jitsi/jibri/jibri.conf",
	    "FILE", "Jibri's own configuration, for check",
	    "It is read as HOCON, with what it includes.  Like Jibri, check "
	    "prefers what config.json beside it says." },

	{ "defer", BOOL(is_deferred), "no", NULL,
	    "the hook leaves the delivery to watch or sweep",
	    "The hook only notes what it knows, so that Jibri is free at "
	    "once.  Without a watch or a sweep nothing is delivered." },
	{ "jobs", COUNT(sweep.jobs, 1, 64), "2", "N",
	    "recordings that are delivered at once",
	    "One that has taken five minutes no longer counts, up to twice as "
	    "many; with limit-rate it does." },
	{ "splay", MILLIS(sweep.splay_ms), "0s", "TIME",
	    "start delay, up to this long, fixed per host",
	    "The delay follows from the host's name, so that the hosts of a "
	    "fleet do not all sweep at once." },
	{ "max-time", MILLIS(sweep.max_time_ms), "0s", "TIME",
	    "ends a sweep; 0s: it has no limit",
	    "What is running then ends as by SIGTERM; the next sweep resumes "
	    "it." },
	{ "watch-interval", MILLIS(watch.interval_ms), "1m", "TIME",
	    "how often watch looks at everything",
	    "inotify(7) reports changes at once, but not those that other "
	    "hosts make on a shared file system.",
	    .check = check_interval },
	{ "drain-for", MILLIS(watch.drain_ms), "0s", "TIME",
	    "how long watch keeps delivering after SIGTERM",
	    "It leaves as soon as nothing is due or being recorded.  Give it "
	    "that much time to stop: TimeoutStopSec, or "
	    "terminationGracePeriodSeconds of Kubernetes." },
	{ "live", BOOL(ahead.is_wanted), "yes", NULL,
	    "a recording is sent while it is made",
	    "Where the store takes parts: every part but the first is sent "
	    "once a MiB of the file is behind it, and compared with the file "
	    "when that is finished.  Finished recordings come first.  Not "
	    "where s3-key needs {tenant} or {meeting}, or with "
	    "room-from-media = no, as nobody knows yet where it belongs." },
	{ "live-limit-rate", SIZE(ahead.rate_bytes), "0", "SIZE",
	    "bytes a second of each live recording",
	    "500k, 10M or 1G; 0: no other than limit-rate.",
	    .check = check_rate },
	{ "settle", MILLIS(verdict.settle_ms), "30m", "TIME",
	    "an orphan counts as finished after this long",
	    "For a recording that Jibri never called us for and that has no "
	    "complete metadata.json.  One that has it counts as finished "
	    "after ten seconds, in watch after half a second, or after this "
	    "time if that is less." },
	{ "sweep-retry-delay", MILLIS(attempt.schedule.delay_ms), "1m", "TIME",
	    "pause before the next visit, at most",
	    "Doubles with each failed or killed run; jitter takes off up to "
	    "half." },
	{ "sweep-retry-delay-max", MILLIS(attempt.schedule.delay_max_ms), "1h",
	    "TIME", "the longest such pause" },
	{ "give-up", MILLIS(attempt.schedule.give_up_ms), "7d", "TIME",
	    "hold a recording that has failed for this long",
	    "After at least ten failures.  FAILED is sent once; nothing is "
	    "deleted." },
	{ "retention", MILLIS(retention.keep_ms), "0s", "TIME",
	    "a sweep removes what is delivered this long",
	    "0s: never.  Counted from the acknowledged STOPPED.  The server "
	    "has to prove that it has every file (see retention-verify), and a "
	    "recording with files that were never sent, such as excluded ones, "
	    "is kept.  Empty directories of this age are removed." },
	{ "retention-verify", CHOICE(retention.proof, proofs), "list", "HOW",
	    "proof before removal: list or deep",
	    "list: the server lists the id that the journal has of the upload, "
	    "with the right size; without id or size the recording is kept.  "
	    "deep: the id is listed, and the file is downloaded and has the "
	    "same SHA-256." },
	{ "min-free", PERCENT(retention.min_free), "0%", "PERCENT",
	    "free disk below which a sweep removes earlier",
	    "The oldest delivered recordings go first, until this much of the "
	    "disk is free.  What is not delivered is never removed." },
	{ "metrics-file", TEXT(metrics_file), "", "FILE",
	    "where a sweep leaves Prometheus metrics",
	    "For node_exporter's textfile collector: NAME.prom in its "
	    "directory.  Only a sweep or watch of recordings-dir writes it, "
	    "and reads every journal for it.  What counters need is beside "
	    "it, in FILE.state.  Root writes both as the owner of their "
	    "directory." },
	{ "metrics-push-url", TEXT(metrics_push_url), "", "URL",
	    "Pushgateway that a sweep sends them to",
	    "For pods that nothing scrapes: PUT to "
	    "URL/metrics/job/jibri-finalize/instance/HOST.  A failure is a "
	    "warning.  Without metrics-file a counter falls when a recording "
	    "is removed." },
	{ "work-dir", TEXT(bundle.work_dir), "", "DIR",
	    "where archives are unpacked otherwise",
	    "Used when the archive's own directory cannot be written.  Needs "
	    "room for the whole archive.  Until it is delivered the recording "
	    "stays there, under its session's name." },
	{ "unpack-ratio", COUNT(bundle.unpack_ratio, 1, 1000000), "200", "N",
	    "an archive unpacks to at most N times its size",
	    "Counts above 64 MiB, so that a few bytes cannot fill the disk." },
};

const struct setting_group settings_sweep = GROUP("sweep", rows);
