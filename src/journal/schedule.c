#include "journal/schedule.h"

#include "base/retry.h"

static int64_t
clamp(int64_t value, int64_t most)
{
	return value < 0 ? 0 : value > most ? most : value;
}

/* A part of the second half is taken away, so that a fleet spreads out. */
static int64_t
shorten(int64_t pause_ms, uint32_t random)
{
	return pause_ms - (int64_t)((uint64_t)(pause_ms / 2) * random >> 32);
}

int64_t
schedule_next_ms(const struct schedule_policy *policy, const struct err *e,
    int64_t failures, int64_t now_ms, uint32_t random)
{
	int64_t pause = policy->delay_ms;
	int64_t least = clamp(e->retry_after_ms, RETRY_AFTER_MAX_MS);

	if (e->class != ERR_TEMPORARY)
		return now_ms + least;
	for (; failures > 0 && pause < policy->delay_max_ms; failures--)
		pause *= 2;
	pause = shorten(clamp(pause, policy->delay_max_ms), random);
	return now_ms + (pause > least ? pause : least);
}

int64_t
schedule_artifact_ms(const struct fact *fact)
{
	return fact->refusals >= SCHEDULE_REFUSALS
	    ? fact->refused_ms + SCHEDULE_LONG_PAUSE_MS
	    : 0;
}

bool
schedule_is_due(const struct schedule_policy *policy, const struct progress *p,
    int64_t now_ms)
{
	int64_t longest = policy->delay_max_ms > SCHEDULE_LONG_PAUSE_MS
	    ? policy->delay_max_ms
	    : SCHEDULE_LONG_PAUSE_MS;

	return now_ms >= p->retry_at_ms || now_ms < p->failed_ms ||
	    now_ms >= p->failed_ms + longest;
}

bool
schedule_gives_up(const struct schedule_policy *policy,
    const struct progress *p, const struct err *e, int64_t now_ms)
{
	return e->class == ERR_TEMPORARY && p->struggling_since_ms > 0 &&
	    now_ms - p->struggling_since_ms >= policy->give_up_ms;
}
