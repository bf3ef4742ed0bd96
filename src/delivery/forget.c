#include "delivery/forget.h"

#include <unistd.h>

#include "base/clock.h"
#include "delivery/pipeline.h"
#include "journal/journal.h"

/* A recording that cannot be read is not delivered, and can be given up. */
static bool
is_delivered(const struct journal *j, struct recording *rec)
{
	struct err unreadable;
	const char *changed = NULL;

	if (recording_glance(rec, &unreadable) == -1)
		return false;
	return pipeline_is_finished(&(struct job){ .recording = *rec,
					.journal = *j },
	    &changed);
}

static int
open_journal(struct journal *j, const struct recording *rec, bool is_dry_run,
    struct err *e)
{
	return is_dry_run
	    ? journal_look(j, rec->dirfd, rec->path, NULL, e)
	    : journal_open(j, rec->dirfd, rec->path, rec->policy->locking, e);
}

/* Note it on disk or not at all: the next run might find it in the file. */
static int
note_for_good(struct journal *j, const struct event *ev, const char *what,
    struct err *e)
{
	bool was_degraded = j->is_degraded;
	int64_t size = j->size;

	if (j->is_peeking)
		return 0;
	journal_note(j, *ev);
	journal_commit(j);
	if (!j->is_degraded)
		return 0;
	if (!was_degraded && !j->is_lost && ftruncate(j->fd, size) == -1)
		return err_sys(e, "truncate the journal");
	return err_set(e, ERR_PERMANENT,
	    "%s, because the journal cannot be written", what);
}

static int
give_up(struct journal *j, struct recording *rec, enum forget_outcome *outcome,
    struct err *e)
{
	const struct event given_up = { .kind = EVENT_GIVEN_UP };

	*outcome = FORGET_DELIVERED;
	if (is_delivered(j, rec))
		return 0;
	*outcome = FORGET_GIVEN_UP_BEFORE;
	if (j->progress.is_given_up)
		return 0;
	*outcome = FORGET_GIVEN_UP;
	return note_for_good(j, &given_up, "it was not given up", e);
}

int
forget_recording(struct recording *rec, bool is_dry_run,
    enum forget_outcome *outcome, struct err *e)
{
	struct journal j;
	int result = open_journal(&j, rec, is_dry_run, e);

	if (result == 0)
		result = give_up(&j, rec, outcome, e);
	journal_close(&j);
	return result;
}

static int
check_doubt(const struct progress *p, struct recording *rec,
    const struct destination_policy *policy, struct err *e)
{
	int64_t now = clock_unix_ms();

	/* An incomplete list of a recording with too many files is enough. */
	(void)recording_glance(rec, e);
	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		const struct fact *fact = progress_fact(p, a->path);
		int64_t patience = destination_patience_ms(policy, a->size);
		int64_t left;

		if (fact == NULL || !(fact->is_unknown || fact->is_sending))
			continue;
		left = p->last_event_ms + patience - now;
		if (left > 0 && left <= patience)
			return err_set(e, ERR_TEMPORARY,
			    "%s: the server may still be storing it; "
			    "retry in %lld s",
			    a->path, (long long)(left + 999) / 1000);
	}
	return 0;
}

/* Keep when the backend was last told something: it does not forget. */
static int
clear(struct journal *j, struct err *e)
{
	const struct event reset = {
		.kind = EVENT_RESET,
		.moment_ms = j->progress.told_ms,
	};

	if (j->is_damaged && !j->is_peeking && journal_clear(j, e) == -1)
		return -1;
	return note_for_good(j, &reset, "its journal was not cleared", e);
}

int
forget_journal(struct recording *rec, bool is_dry_run,
    const struct destination_policy *policy, struct err *e)
{
	struct journal j;
	int result = open_journal(&j, rec, is_dry_run, e);

	if (result == 0)
		result = check_doubt(&j.progress, rec, policy, e);
	else if (j.is_damaged)
		result = 0;
	if (result == 0)
		result = clear(&j, e);
	journal_close(&j);
	return result;
}

int
forget_parts(const struct recording *rec, bool is_dry_run,
    const struct pipeline_policy *policy, size_t *n, struct err *e)
{
	struct job job = {
		.policy = policy,
		.session_argument = recording_name(rec),
	};
	int result;

	*n = 0;
	result = open_journal(&job.journal, rec, is_dry_run, e);
	if (job.journal.progress.session)
		job.session_argument = job.journal.progress.session;
	if (result == 0)
		result = pipeline_abort_parts(&job, n, e);
	else if (job.journal.is_damaged)
		result = 0;
	auth_close(job.auth);
	http_close(job.http);
	journal_close(&job.journal);
	return result == -1
	    ? err_wrap(e, "the store may keep parts of it; run it again")
	    : 0;
}
