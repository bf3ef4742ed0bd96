#include "cli/settings/settings_internal.h"

static const char *const levels[] = { "error", "warning", "info", "debug",
	"trace", NULL };
static const char *const formats[] = { "text", "json", NULL };
static const char *const progresses[] = { "auto", "always", "never", NULL };

static const struct setting rows[] = {
	{
	    .name = "log-file",
	    TEXT(log.file),
	    .initial = "",
	    .arg = "FILE",
	    .help = "append the log lines to this file too",
	    .manual = "With their time.  A file that cannot be written is "
		      "warned of and stops nothing.",
	},
	{
	    .name = "log-format",
	    CHOICE(log.format, formats),
	    .initial = "text",
	    .arg = "FORMAT",
	    .help = "how log lines look: text or json",
	    .manual = "json is one object a line, with time (RFC 3339 in "
		      "milliseconds), level, session and message.",
	},
	{
	    .name = "log-level",
	    CHOICE(log.level, levels),
	    .initial = "info",
	    .arg = "LEVEL",
	    .help = "error, warning, info, debug or trace",
	    .manual = "trace shows every request and answer without their "
		      "bodies; a value that could be secret is hidden.",
	},
	{
	    .name = "progress",
	    CHOICE(progress, progresses),
	    .initial = "auto",
	    .arg = "WHEN",
	    .help = "live lines: auto, always or never",
	    .manual = "auto draws them where standard error is a terminal, "
		      "and elsewhere logs a line every 30 seconds for an "
		      "artifact that takes longer.  never does neither.  "
		      "Bytes count once the other end has acknowledged them.",
	},
};

const struct setting_group settings_output = GROUP("output", rows);
