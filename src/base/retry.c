#include "base/retry.h"

#include <sys/random.h>

#include "base/clock.h"

static int64_t
clamp(int64_t value, int64_t min, int64_t max)
{
	return value < min ? min : value > max ? max : value;
}

bool
retry_is_allowed(const struct retry_policy *policy, const struct retry *r,
    int64_t at_ms)
{
	return r->failures == 0 ||
	    (r->failures < policy->tries &&
		at_ms - r->first_failure_ms <= policy->for_ms);
}

bool
retry_next(const struct retry_policy *policy, struct retry *r, int64_t now_ms,
    int64_t retry_after_ms, uint32_t random, int64_t *at_ms)
{
	int64_t pause = policy->base_ms;

	if (policy->run && policy->run->first_failure_ms == 0)
		policy->run->first_failure_ms = now_ms;
	if (r->failures++ == 0)
		r->first_failure_ms =
		    policy->run ? policy->run->first_failure_ms : now_ms;
	for (int64_t i = 1; i < r->failures && pause < policy->max_ms; i++)
		pause *= 2;
	pause = clamp(pause, 0, policy->max_ms);
	*at_ms = now_ms + clamp(retry_after_ms, 0, RETRY_AFTER_MAX_MS) +
	    (int64_t)((uint64_t)random * (uint64_t)(pause + 1) >> 32);
	return retry_is_allowed(policy, r, *at_ms);
}

uint32_t
retry_random(void)
{
	uint32_t bits = 0;

	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != sizeof(bits))
		bits = (uint32_t)clock_mono_ms() * 2654435761U;
	return bits;
}
