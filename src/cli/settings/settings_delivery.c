#include "cli/settings/settings_internal.h"

static const char *const checksums[] = { "sha256", "none", NULL };

static const struct setting rows[] = {
	{ "parallel", COUNT(pipeline.upload.parallel, 1, 64), "4", "N",
	    "files that are uploaded at the same time" },
	{ "checksum", CHOICE(pipeline.upload.checksum, checksums), "sha256",
	    "KIND", "checksum recorded for each file: sha256, none",
	    "With sha256, a file whose time has changed but whose content has "
	    "not is not sent again." },
	{ "tries", COUNT(pipeline.retry.tries, 1, 1000), "5", "N",
	    "maximum number of attempts for each request" },
	{ "retry-delay", MILLIS(pipeline.retry.base_ms), "2s", "TIME",
	    "longest pause before the second try",
	    "It doubles with each try.  The pause is a random part of it, but "
	    "never shorter than the server's Retry-After." },
	{ "retry-delay-max", MILLIS(pipeline.retry.max_ms), "60s", "TIME",
	    "upper limit of retry-delay as it doubles" },
	{ "retry-for", MILLIS(pipeline.retry.for_ms), "2m", "TIME",
	    "retry for this long after the first failure",
	    "Jibri cannot record during this time.  First tries and transfers "
	    "that make progress are not limited.  After two files in a row "
	    "have failed because the server is down, or eight for any reason, "
	    "the run tries no other files." },
	{ "deadline", MILLIS(deadline_ms), "6h", "TIME",
	    "end a run after this time",
	    "The exit code is 75, and the next run resumes.  The run counts as "
	    "failed: FAILED is tried once, for at most 4 seconds, and the next "
	    "try waits.  A run that hangs is killed 5 seconds later." },
	{ "connect-timeout", MILLIS(pipeline.http.connect_timeout_ms), "20s",
	    "TIME", "limit for name lookup, connection and TLS" },
	{ "stall-timeout", MILLIS(pipeline.http.stall_timeout_ms), "60s",
	    "TIME", "limit for a transfer without progress" },
	{ "answer-timeout", MILLIS(pipeline.destination.answer_timeout_ms),
	    "60s", "TIME", "limit for the answer after the last byte",
	    "An upload is allowed one more second per 20 MiB; the room lookup "
	    "and the webhook have at most 20 seconds.  If the connection is "
	    "lost after the last byte of an upload, the server has this long "
	    "to store the file before it is sent again." },
	{ "limit-rate", SIZE(pipeline.http.rate_bytes), "0", "SIZE",
	    "bytes per second for all uploads together",
	    "500k, 10M or 1G, for example; 0 means no limit.  A sweep divides "
	    "it among its jobs.",
	    .check = check_rate },
	{ "expect-continue", BOOL(pipeline.http.expect_continue), "yes", NULL,
	    "ask before a body over 1 MiB is sent",
	    "This sends the header Expect: 100-continue.  If a server ignores "
	    "it, each large file takes 0.3 seconds longer." },
};

const struct setting_group settings_delivery = GROUP("delivery", rows);
