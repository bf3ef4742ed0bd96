#include "cli/settings/settings_internal.h"

static const char *const levels[] = { "error", "warning", "info", "debug",
	"trace", NULL };
static const char *const formats[] = { "text", "json", NULL };
static const char *const progresses[] = { "auto", "always", "never", NULL };

static const struct setting rows[] = {
	{ "log-file", TEXT(log.file), "", "FILE",
	    "file to write the log lines to as well",
	    "There, each line begins with its time.  A file that cannot be "
	    "written causes a warning.  Root opens it as the owner of its "
	    "directory and follows no link of another user there.  status, "
	    "show, config, verify, check and help do not write to it." },
	{ "log-format", CHOICE(log.format, formats), "text", "FORMAT",
	    "format of log lines: text or json",
	    "With json, each line is an object with time (RFC 3339 in "
	    "milliseconds), level, session, traceId and message.  traceId is "
	    "the trace id in the traceparent header of requests to both "
	    "services." },
	{ "log-level", CHOICE(log.level, levels), "info", "LEVEL",
	    "one of error, warning, info, debug, trace",
	    "trace shows every request and answer without bodies; a value that "
	    "could be secret is hidden." },
	{ "progress", CHOICE(progress, progresses), "auto", "WHEN",
	    "live lines: auto, always or never",
	    "auto: live lines if standard error is a terminal, otherwise a log "
	    "line every 30 seconds for a file that takes longer.  never: "
	    "neither.  Bytes count once the other end has acknowledged them." },
};

const struct setting_group settings_output = GROUP("output", rows);
