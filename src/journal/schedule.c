#include "journal/schedule.h"

#include "base/retry.h"

enum { OUTAGE_MAX_MS = 15 * 60 * 1000 };

static int64_t
clamp(int64_t value, int64_t most)
{
	return value < 0 ? 0 : value > most ? most : value;
}

static int64_t
pause_ms(const struct schedule_policy *policy, int64_t failures)
{
	int64_t pause = policy->delay_ms;

	/* A forged journal can have any number of failures. */
	for (; failures > 0 && pause > 0 && pause < policy->delay_max_ms;
	     failures--)
		pause *= 2;
	return clamp(pause, policy->delay_max_ms);
}

/* Reduce the second half at random, to spread a fleet. */
static int64_t
shorten(int64_t pause, uint32_t random)
{
	return pause - (int64_t)((uint64_t)(pause / 2) * random >> 32);
}

int64_t
schedule_next_ms(const struct schedule_policy *policy, const struct err *e,
    int64_t failures, int64_t now_ms, uint32_t random)
{
	/* A sweep leaves a service that is out alone, whatever is due. */
	int64_t longest = !e->is_outage        ? INT64_MAX
	    : policy->delay_ms > OUTAGE_MAX_MS ? policy->delay_ms
					       : OUTAGE_MAX_MS;
	int64_t pause =
	    shorten(clamp(pause_ms(policy, failures), longest), random);
	int64_t least = clamp(e->retry_after_ms, RETRY_AFTER_MAX_MS);

	if (e->class == ERR_INTERRUPTED)
		pause = 0;
	return now_ms + (pause > least ? pause : least);
}

static int64_t
failed_ms(const struct progress *p)
{
	return progress_has_died(p) ? p->last_event_ms : p->failed_ms;
}

int64_t
schedule_due_ms(const struct schedule_policy *policy, const struct progress *p)
{
	return progress_has_died(p)
	    ? p->last_event_ms + pause_ms(policy, p->failures)
	    : p->retry_at_ms;
}

bool
schedule_is_due(const struct schedule_policy *policy, const struct progress *p,
    int64_t now_ms)
{
	int64_t longest = policy->delay_max_ms > RETRY_AFTER_MAX_MS
	    ? policy->delay_max_ms
	    : RETRY_AFTER_MAX_MS;

	return now_ms >= schedule_due_ms(policy, p) ||
	    now_ms >= failed_ms(p) + longest || now_ms < failed_ms(p) - longest;
}

bool
schedule_gives_up(const struct schedule_policy *policy,
    const struct progress *p, int64_t now_ms)
{
	return p->failures + 1 >= SCHEDULE_LEAST_FAILURES &&
	    p->struggling_since_ms > 0 &&
	    now_ms - p->struggling_since_ms >= policy->give_up_ms;
}
