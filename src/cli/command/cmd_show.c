#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confine.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/command/commands.h"
#include "cli/report/report_json.h"
#include "cli/report/report_show.h"

static void
keep(void *ctx, struct finding *f)
{
	struct finding *kept = ctx;

	*kept = *f;
	*f = (struct finding){ 0 };
}

/* The finding of status, made for the directory's parent. */
static int
survey(struct show *s, const struct loaded *l, struct err *e)
{
	const struct recording *rec = &s->recording;
	autofree char *parent = file_parent(rec->path);
	autofree char *name = xstrdup(recording_name(rec));
	const struct text_list root = { &parent, 1 }, names = { &name, 1 };
	struct survey survey = {
		.policy = &l->config.verdict,
		.recording = &s->policy,
		.is_deep = true,
		.is_onlooking = s->is_onlooking,
		.names = &names,
	};

	return survey_roots(&survey, &root, keep, &s->finding, e);
}

/* A user who would not deliver it may also look. */
static int
open_recording(struct show *s, const struct loaded *l, const char *directory,
    struct err *e)
{
	struct recording *rec = &s->recording;

	s->policy = l->config.pipeline.recording;
	if (geteuid() != 0)
		s->policy.trust = TRUST_ANY;
	if (recording_open(rec, directory, &s->policy, e) == -1)
		return -1;
	s->is_onlooking = geteuid() != 0 && geteuid() != rec->owner;
	if (!s->is_onlooking)
		s->policy.trust = l->config.pipeline.recording.trust;
	if (survey(s, l, e) == -1 || recording_enter(rec, e) == -1)
		return -1;
	confine_reading(s->policy.confine, rec->dirfd);
	return 0;
}

static void
identify(struct show *s, const struct identity_policy *policy)
{
	const struct identity_hints none = { 0 };
	struct err e;

	if (identity_find(&s->identity, &s->recording, policy, &none, &e) == -1)
		s->no_room = xstrdup(e.text);
}

static int
set_unreadable(const struct show *s, struct err *e)
{
	autofree char *word = text_shell_word(s->recording.path);
	autofree char *hint =
	    xasprintf("look as its owner: sudo -u '#%u' jibri-finalize show %s",
		(unsigned)s->recording.owner, word);

	(void)err_wrap(e, "%s", s->recording.path);
	return s->is_onlooking ? err_hint(e, hint) : -1;
}

/* A damaged journal is shown as such, as in status. */
static int
look(struct show *s, const struct loaded *l, const char *directory,
    struct err *e)
{
	const struct event_reader reader = { history_add, &s->history };
	struct err ignored;

	if (open_recording(s, l, directory, e) == -1)
		return -1;
	trace_log_session(recording_name(&s->recording));
	if (journal_look(&s->journal, s->recording.dirfd, s->recording.path,
		&reader, e) == -1) {
		s->is_busy = e->class == ERR_BUSY;
		if (!s->is_busy && !s->journal.is_damaged)
			return set_unreadable(s, e);
	}
	(void)recording_glance(&s->recording, &ignored);
	identify(s, &l->config.pipeline.identity);
	return 0;
}

static void
free_show(struct show *s)
{
	free(s->no_room);
	identity_free(&s->identity);
	history_free(&s->history);
	journal_close(&s->journal);
	survey_free_finding(&s->finding);
	recording_close(&s->recording);
}

static int
show(struct loaded *l, const struct options *o, const char *directory,
    struct err *e)
{
	struct show s = {
		.recording = { .dirfd = -1 },
		.journal = { .fd = -1 },
		.now_ms = clock_unix_ms(),
		.is_utc = o->given & (OPTION_UTC | OPTION_LOG),
	};
	int result = look(&s, l, directory, e);

	if (result == 0)
		(report_is_json()               ? report_show_json
			: o->given & OPTION_LOG ? report_show_log
						: report_show)(&s);
	free_show(&s);
	return result;
}

int
cmd_show(struct loaded *l, const struct options *o, struct err *e)
{
	return handle(l, o, o->words[0], true, show, e);
}
