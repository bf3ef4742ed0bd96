#include <string.h>

#include "base/log.h"
#include "cli/command/commands.h"
#include "cli/report/report_json.h"
#include "delivery/notify.h"
#include "recording/trace_id.h"

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
	    "unknown event '%s'; valid events: started, stopped, failed", word);
}

/* What was sent is in the log. */
static void
report(const struct notify_request *request, const struct notify_result *r)
{
	const char *name = events[request->event].name;

	trace_log_session(r->session);
	if (!r->is_told)
		log_success("%sthe recording is past %s, nothing %s sent",
		    request->is_dry_run ? "dry run: " : "", name,
		    request->is_dry_run ? "would be" : "was");
	else if (request->is_dry_run)
		log_outcome("dry run: %s would be sent, room %s%s%s", name,
		    r->room, r->error ? ", error " : "",
		    r->error ? r->error : "");
}

static int
notify(struct loaded *l, const struct options *o, const char *directory,
    struct err *e)
{
	struct notify_request request = {
		.directory = directory,
		.room = o->room,
		.session = o->session,
		.error = o->error,
		.is_forced = o->given & OPTION_FORCE,
		.is_dry_run = o->given & OPTION_DRY_RUN,
	};
	struct notify_result result;
	int outcome;

	if (parse_event(o->words[0], &request.event, e) == -1)
		return -1;
	outcome = notify_run(&request, &l->config.pipeline, &result, e);
	report_set_all(json_pack("{s:s, s:o, s:o, s:b}", "event",
	    events[request.event].name, "session",
	    report_json_text(result.session), "room",
	    report_json_text(result.room), "sent",
	    (int)(result.is_told && !request.is_dry_run)));
	if (outcome == 0 && !report_is_json())
		report(&request, &result);
	notify_result_free(&result);
	return outcome;
}

int
cmd_notify(struct loaded *l, const struct options *o, struct err *e)
{
	enum notify_event event = NOTIFY_STARTED;

	if (parse_event(o->words[0], &event, e) == -1)
		return -1;
	if (o->error && event != NOTIFY_FAILED)
		return err_set(e, ERR_USAGE, "--error is only for failed");
	return handle(l, o, o->n_words > 1 ? o->words[1] : NULL, true, notify,
	    e);
}
