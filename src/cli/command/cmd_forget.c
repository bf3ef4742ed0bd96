#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/command/commands.h"
#include "delivery/forget.h"

static const char *const outcomes[] = {
	[FORGET_GIVEN_UP] =
	    ("given up: nothing is sent, nothing is deleted; "
	     "'jibri-finalize upload DIR' delivers it all the same"),
	[FORGET_GIVEN_UP_BEFORE] = "was given up before",
	[FORGET_DELIVERED] = "is delivered, nothing is left to give up",
};

static void
report(const struct recording *rec, const char *what)
{
	autofree char *name = text_escape(recording_name(rec));
	autofree char *line = xasprintf("%s: %s\n", name, what);

	log_result(line);
}

static int
forget(struct loaded *l, const struct options *o, struct recording *rec,
    struct err *e)
{
	bool is_reset = o->given & OPTION_RESET;
	enum forget_outcome outcome;
	autofree char *question = xasprintf(is_reset
		? "Clear the journal of %s, so that the next run starts anew?"
		: "Give %s up, so that nothing more is sent?",
	    rec->path);

	if (!(o->given & OPTION_YES) && ask(question, e) == -1)
		return -1;
	if (is_reset) {
		if (forget_journal(rec, &l->config.pipeline.filestore, e) == -1)
			return -1;
		report(rec, "its journal is cleared, the next run starts anew");
		return 0;
	}
	if (forget_recording(rec, &outcome, e) == -1)
		return -1;
	report(rec, outcomes[outcome]);
	return 0;
}

int
cmd_forget(struct loaded *l, const struct options *o, struct err *e)
{
	struct recording rec;
	int result =
	    recording_open(&rec, o->words[0], &l->config.pipeline.recording, e);

	if (result == 0) {
		log_set_session(recording_name(&rec));
		recording_enter(&rec, false);
		result = forget(l, o, &rec, e);
	}
	recording_close(&rec);
	return result;
}
