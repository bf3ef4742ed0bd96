#include "cli/command/commands.h"

static int
upload(struct loaded *l, const struct options *o, const char *directory,
    struct err *e)
{
	const struct attempt_request request = {
		.directory = directory,
		.room = o->room,
		.session = o->session,
		.meeting_id = o->meeting_id,
		.only = &o->only,
		.is_forced = o->given & OPTION_FORCE,
		.is_silent = o->given & OPTION_NO_WEBHOOK,
		.is_dry_run = o->given & OPTION_DRY_RUN,
		.is_by_hand = true,
	};

	return deliver(l, o, &request, e);
}

int
cmd_upload(struct loaded *l, const struct options *o, struct err *e)
{
	if (o->n_words > 1 && o->session)
		return err_set(e, ERR_USAGE,
		    "one --session cannot be that of several recordings");
	return deliver_each(l, o, upload, e);
}
