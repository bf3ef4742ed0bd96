#include "base/log.h"
#include "cli/command/commands.h"
#include "cli/report/report.h"

static int
verify(struct loaded *l, const struct options *o, const char *directory,
    struct err *e)
{
	bool is_deep = o->given & OPTION_DEEP;
	struct verify_result result;
	int outcome =
	    verify_run(directory, is_deep, &l->config.pipeline, &result, e);

	if (outcome == -1)
		log_error("%s", e->text);
	if (report_is_json())
		report_verify_json(&result, is_deep, outcome == 0 ? NULL : e);
	else if (result.is_compared &&
	    (outcome == -1 || !(o->given & OPTION_QUIET)))
		report_verify(&result, is_deep);
	verify_result_free(&result);
	e->text[0] = '\0';
	return outcome;
}

int
cmd_verify(struct loaded *l, const struct options *o, struct err *e)
{
	return handle_each(l, o, verify, e);
}
