#include "delivery/forget.h"

#include "base/clock.h"
#include "delivery/pipeline.h"
#include "journal/journal.h"

/* What cannot be read is not delivered, and can be given up like the rest. */
static bool
is_delivered(const struct journal *j, struct recording *rec)
{
	struct err unreadable;
	const char *changed = NULL;

	if (recording_scan(rec, &unreadable) == -1)
		return false;
	return pipeline_is_finished(&(struct job){ .recording = *rec,
					.journal = *j },
	    &changed);
}

static int
give_up(struct journal *j, struct recording *rec, enum forget_outcome *outcome,
    struct err *e)
{
	*outcome = FORGET_DELIVERED;
	if (is_delivered(j, rec))
		return 0;
	*outcome = FORGET_GIVEN_UP_BEFORE;
	if (j->progress.is_given_up)
		return 0;
	*outcome = FORGET_GIVEN_UP;
	journal_note(j, (struct event){ .kind = EVENT_GIVEN_UP });
	journal_commit(j);
	if (!j->is_degraded)
		return 0;
	return err_set(e, ERR_PERMANENT,
	    "it is not given up, as its journal cannot be written");
}

int
forget_recording(struct recording *rec, enum forget_outcome *outcome,
    struct err *e)
{
	struct journal j;
	int result = journal_open(&j, rec->dirfd, rec->policy->locking, e);

	if (result == 0)
		result = give_up(&j, rec, outcome, e);
	journal_close(&j);
	return result;
}

static int
check_doubt(const struct progress *p, struct recording *rec,
    const struct filestore_policy *policy, struct err *e)
{
	int64_t now = clock_unix_ms();

	/* What is listed of one that has too many files is better than none. */
	(void)recording_scan(rec, e);
	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		const struct fact *fact = progress_fact(p, a->path);
		int64_t patience = filestore_answer_timeout_ms(policy, a->size);
		int64_t left;

		if (fact == NULL || !(fact->is_unknown || fact->is_sending))
			continue;
		left = fact->unknown_ms + patience - now;
		if (left > 0 && left <= patience)
			return err_set(e, ERR_TEMPORARY,
			    "%s: the server may still be storing it; say it "
			    "again in %lld s",
			    a->path, (long long)(left + 999) / 1000);
	}
	return 0;
}

/* But for when the backend was told something, which it does not forget. */
static int
clear(struct journal *j, struct err *e)
{
	int64_t told_ms = j->progress.told_ms;

	if (journal_clear(j, e) == -1)
		return -1;
	if (told_ms > 0)
		journal_note(j,
		    (struct event){
			.kind = EVENT_ANNOUNCED,
			.moment_ms = told_ms,
		    });
	return 0;
}

int
forget_journal(struct recording *rec, const struct filestore_policy *policy,
    struct err *e)
{
	struct journal j;
	int result = journal_open(&j, rec->dirfd, rec->policy->locking, e);

	if (result == 0)
		result = check_doubt(&j.progress, rec, policy, e);
	else if (j.is_damaged)
		result = 0;
	if (result == 0)
		result = clear(&j, e);
	journal_close(&j);
	return result;
}
