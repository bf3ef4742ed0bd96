#include "cli/command/commands.h"
#include "cli/command/deliver.h"

int
cmd_finalize(struct loaded *l, const struct options *o, char *const *words,
    size_t n, struct err *e)
{
	const struct attempt_request request = {
		.directory = words[0],
		.room = n > 1 ? words[1] : NULL,
		.session = n > 2 ? words[2] : NULL,
		.is_forced = o->given & OPTION_FORCE,
		.is_dry_run = o->given & OPTION_DRY_RUN,
		.is_deferred = l->config.is_deferred,
	};

	return deliver(l, o, &request, e);
}
