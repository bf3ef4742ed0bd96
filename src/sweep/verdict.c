#include "sweep/verdict.h"

#include <stddef.h>

/* Time for Jibri's call, which follows its last write; copying takes longer. */
enum { GRACE_MS = 10 * 1000, WATCHING_MS = 500 };

static bool
is_younger(const struct evidence *ev, int64_t ms)
{
	int64_t age = ev->now_ms - ev->newest_ms;

	/* It changed in the future: a clock was set back. */
	return age < ms && -age < ms;
}

static bool
is_settling(const struct verdict_policy *policy, const struct evidence *ev)
{
	return is_younger(ev, policy->settle_ms);
}

/* Nobody has said that it is finished. */
static enum verdict
of_quiet(const struct verdict_policy *policy, const struct evidence *ev)
{
	/* Jibri writes metadata.json last; a copy may not arrive in order. */
	if (ev->is_metadata_whole && ev->has_whole_media &&
	    !is_younger(ev, policy->is_watching ? WATCHING_MS : GRACE_MS))
		return VERDICT_DUE;
	return is_settling(policy, ev) ? VERDICT_SETTLING : VERDICT_DUE;
}

/* Jibri never called us for it. */
static enum verdict
of_orphan(const struct verdict_policy *policy, const struct evidence *ev)
{
	return ev->has_metadata || ev->has_media ? of_quiet(policy, ev)
						 : VERDICT_NONE;
}

static enum verdict
of_journal(const struct verdict_policy *policy, const struct evidence *ev,
    const char **why)
{
	const struct progress *p = ev->progress;
	bool is_held = p->failed_class == ERR_PERMANENT;

	if (p->is_given_up)
		return VERDICT_GIVEN_UP;
	if (progress_lacks_media(p) && ev->is_any_new)
		return of_quiet(policy, ev);
	if (is_held) {
		*why = p->failed_text;
		return VERDICT_HELD;
	}
	if (p->state == REC_ANNOUNCED && ev->is_all_stored)
		return VERDICT_DONE;
	/* Something was added since; a second Jibri may still be recording. */
	if (p->state == REC_ANNOUNCED && ev->is_any_written &&
	    is_settling(policy, ev))
		return VERDICT_SETTLING;
	*why = progress_has_died(p) ? "its last run died" : p->failed_text;
	return schedule_is_due(&policy->schedule, p, ev->now_ms)
	    ? VERDICT_DUE
	    : VERDICT_WAITING;
}

enum verdict
verdict_of(const struct verdict_policy *policy, const struct evidence *ev,
    const char **why)
{
	enum verdict verdict;

	*why = NULL;
	if (ev->is_locked)
		return ev->is_recording ? VERDICT_SETTLING : VERDICT_BUSY;
	verdict = ev->has_journal ? of_journal(policy, ev, why)
				  : of_orphan(policy, ev);
	if (ev->is_writable ||
	    (verdict != VERDICT_DUE && verdict != VERDICT_WAITING))
		return verdict;
	*why = "its directory is not writable, so no journal can be kept; "
	       "deliver it by name";
	return VERDICT_HELD;
}

const char *
verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICTS] = {
		[VERDICT_HELD] = "held",
		[VERDICT_WAITING] = "waiting",
		[VERDICT_DUE] = "due",
		[VERDICT_BUSY] = "busy",
		[VERDICT_SETTLING] = "settling",
		[VERDICT_GIVEN_UP] = "given-up",
		[VERDICT_DONE] = "done",
		[VERDICT_NONE] = "none",
	};

	return names[verdict];
}
