#include "cli/command/commands.h"
#include "cli/report/report.h"

void
roots_of(const struct loaded *l, const struct options *o,
    struct text_list *roots)
{
	if (o->n_words == 0)
		text_list_add(roots, l->config.recordings_dir);
	for (size_t i = 0; i < o->n_words; i++)
		text_list_add(roots, o->words[i]);
}

int
show_status(const struct loaded *l, const struct text_list *roots,
    unsigned verdicts, bool is_json, size_t *held, struct err *e)
{
	struct status status;
	int result = status_collect(&status, &l->config.verdict,
	    &l->config.pipeline.recording, roots, verdicts, e);

	/* Where nothing could be read, "no recordings" is not known. */
	if ((result == 0 || status.n > 0) && is_json)
		report_status_json(&status);
	else if (result == 0 || status.n > 0)
		report_status(&status);
	*held = status.count[VERDICT_HELD];
	status_free(&status);
	return result;
}

int
cmd_status(struct loaded *l, const struct options *o, struct err *e)
{
	unsigned verdicts = ~0U;
	autolist struct text_list roots = { 0 };
	size_t held;
	int result;

	if (o->given & OPTION_STATE)
		verdicts = status_parse_verdicts(o->states);
	if (verdicts == 0)
		return err_set(e, ERR_USAGE,
		    "--state: unknown state in '%s'; valid states: held, "
		    "waiting, due, busy, settling, given-up, done",
		    o->states);
	roots_of(l, o, &roots);
	result =
	    show_status(l, &roots, verdicts, o->given & OPTION_JSON, &held, e);
	if (result == 0 && (o->given & OPTION_CHECK) && held > 0)
		return err_set(e, ERR_ALARM, "%s", "");
	return result;
}
