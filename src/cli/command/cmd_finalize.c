#include "cli/command/commands.h"

int
cmd_finalize(struct loaded *l, const struct options *o, struct err *e)
{
	const struct attempt_request request = {
		.directory = o->words[0],
		.room = o->n_words > 1 ? o->words[1] : NULL,
		.session = o->n_words > 2 ? o->words[2] : NULL,
		.is_forced = o->given & OPTION_FORCE,
		.is_dry_run = o->given & OPTION_DRY_RUN,
		.is_deferred = l->config.is_deferred,
	};

	return deliver(l, o, &request, e);
}
