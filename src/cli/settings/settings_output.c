#include "cli/settings/settings_internal.h"

static const char *const levels[] = { "error", "warning", "info", "debug",
	"trace", NULL };
static const char *const formats[] = { "text", "json", NULL };
static const char *const progresses[] = { "auto", "always", "never", NULL };

static const struct setting rows[] = {
	{ "log-file", TEXT(log.file), "", "FILE",
	    "append the log lines to this file too",
	    "With timestamps.  A file that cannot be written causes a "
	    "warning.  Root opens it as the owner of its directory and "
	    "follows no link of another user there.  status, config, verify, "
	    "check and help do not write it." },
	{ "log-format", CHOICE(log.format, formats), "text", "FORMAT",
	    "how log lines look: text or json",
	    "json is one object a line, with time (RFC 3339 in milliseconds), "
	    "level, session, traceId and message.  traceId is what "
	    "traceparent has in the requests to our services." },
	{ "log-level", CHOICE(log.level, levels), "info", "LEVEL",
	    "error, warning, info, debug or trace",
	    "trace shows every request and answer without their bodies; a "
	    "value that could be secret is hidden." },
	{ "progress", CHOICE(progress, progresses), "auto", "WHEN",
	    "live lines: auto, always or never",
	    "auto: where standard error is a terminal, else a log line every "
	    "30 seconds for an artifact that takes longer.  never: neither.  "
	    "Bytes count once the other end has acknowledged them." },
};

const struct setting_group settings_output = GROUP("output", rows);
