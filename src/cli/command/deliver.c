#include "cli/command/commands.h"

#include "base/log.h"
#include "base/stop.h"
#include "cli/report/meter.h"
#include "cli/report/report.h"

static void
report(const struct attempt_result *result, const struct options *o,
    const struct err *e)
{
	bool is_json = o->given & OPTION_JSON;

	if (result->is_previewed && is_json)
		report_preview_json(result);
	else if (result->is_previewed)
		report_preview(result);
	else if (is_json)
		report_attempt_json(result, e);
	else if (e != NULL || !(o->given & OPTION_QUIET))
		report_attempt(result, e);
}

/* By hand, a file is an archive. */
static int
run(const struct config *c, const struct attempt_request *request,
    struct attempt_result *result, struct err *e)
{
	struct stat st;

	if (request->is_by_hand && stat(request->directory, &st) == 0 &&
	    S_ISREG(st.st_mode))
		return bundle_deliver(request, &c->bundle, &c->attempt,
		    &c->pipeline, result, e);
	return attempt_run(request, &c->attempt, &c->pipeline, result, e);
}

int
deliver(const struct loaded *l, const struct options *o,
    const struct attempt_request *request, struct err *e)
{
	bool is_quiet = o->given & (OPTION_JSON | OPTION_QUIET);
	struct meter meter;
	struct attempt_request watched = *request;
	struct attempt_result result;
	int outcome;

	watched.watch =
	    meter_init(&meter, (enum meter_when)l->config.progress, is_quiet);
	outcome = run(&l->config, &watched, &result, e);

	if (outcome == -1 && !result.is_logged)
		log_error("%s", e->text);
	report(&result, o, outcome == 0 ? NULL : e);
	attempt_result_free(&result);
	e->text[0] = '\0';
	return outcome;
}

int
deliver_each(struct loaded *l, const struct options *o,
    int (*one)(struct loaded *, const struct options *, const char *word,
	struct err *),
    struct err *e)
{
	enum err_class worst = ERR_NONE;

	for (size_t i = 0; i < o->n_words; i++) {
		int result = stop_check(e);

		log_set_session(NULL);
		if (result == -1)
			log_error("%s; nothing was done with %s and the rest",
			    e->text, o->words[i]);
		else if (one(l, o, o->words[i], e) == 0)
			continue;
		worst = err_worse(worst, e->class);
		if (result == -1)
			break;
	}
	*e = (struct err){ .class = worst };
	return worst == ERR_NONE ? 0 : -1;
}
