#include "base/log.h"
#include "cli/commands.h"
#include "cli/report.h"

int
cmd_finalize(struct loaded *l, const struct options *o, char *const *words,
    size_t n, struct err *e)
{
	const struct attempt_request request = {
		.directory = words[0],
		.room = n > 1 ? words[1] : NULL,
		.session = n > 2 ? words[2] : NULL,
		.is_forced = o->given & OPTION_FORCE,
		.is_deferred = l->config.is_deferred,
	};
	struct attempt_result result;
	int outcome = attempt_run(&request, &l->config.attempt,
	    &l->config.pipeline, &result, e);

	if (outcome == -1 && !result.is_logged)
		log_error("%s", e->text);
	if (o->given & OPTION_JSON)
		report_attempt_json(&result, outcome == 0 ? NULL : e);
	else
		report_attempt(&result, outcome == 0 ? NULL : e);
	attempt_result_free(&result);
	e->text[0] = '\0';
	return outcome;
}
