#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/command/commands.h"
#include "delivery/notify.h"

static const struct {
	const char *word, *name;
} events[] = {
	[NOTIFY_STARTED] = { "started", "STARTED" },
	[NOTIFY_STOPPED] = { "stopped", "STOPPED" },
	[NOTIFY_FAILED] = { "failed", "FAILED" },
};

static int
parse_event(const char *word, enum notify_event *event, struct err *e)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (strcmp(events[i].word, word) != 0)
			continue;
		*event = (enum notify_event)i;
		return 0;
	}
	return err_set(e, ERR_USAGE,
	    "'%s' is none of started, stopped and failed", word);
}

int
cmd_notify(struct loaded *l, const struct options *o, struct err *e)
{
	struct notify_request request = {
		.directory = o->n_words > 1 ? o->words[1] : NULL,
		.room = o->room,
		.session = o->session,
		.error = o->error,
		.is_forced = o->given & OPTION_FORCE,
	};
	struct notify_result result;
	int outcome;

	if (parse_event(o->words[0], &request.event, e) == -1)
		return -1;
	if (o->error && request.event != NOTIFY_FAILED)
		return err_set(e, ERR_USAGE, "--error is for failed alone");
	outcome = notify_run(&request, &l->config.pipeline, &result, e);
	/* What was sent is in the log. */
	if (outcome == 0 && !result.is_told && !(o->given & OPTION_QUIET)) {
		autofree char *session = text_escape(result.session);
		autofree char *line = xasprintf(
		    "%s: the recording is past %s, nothing was sent\n", session,
		    events[request.event].name);

		log_result(line);
	}
	notify_result_free(&result);
	return outcome;
}
