#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "calls.h"
#include "trial.h"

/* The pieces of a script that are left out, from large to small. */

enum { SECONDS = 60 };

static time_t end_s;

static time_t
clock_s(void)
{
	struct timespec ts;

	(void)__real_clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static bool
still_breaks(uint64_t seed, enum law law, const struct script *s)
{
	return trial_replay(seed, s, false).law == law;
}

/* Keep the change if the law still breaks; else undo it. */
static bool
try_zeros(uint64_t seed, enum law law, struct script *s, int stream, size_t at,
    size_t n)
{
	uint32_t *v = s->v[stream] + at;
	uint32_t *was;
	bool is_any = false;

	for (size_t i = 0; i < n; i++)
		is_any |= v[i] != 0;
	if (!is_any)
		return false;
	was = xcalloc(n, sizeof(*was));
	memcpy(was, v, n * sizeof(*v));
	memset(v, 0, n * sizeof(*v));
	is_any = still_breaks(seed, law, s);
	if (!is_any)
		memcpy(v, was, n * sizeof(*v));
	free(was);
	return is_any;
}

static bool
try_cut(uint64_t seed, enum law law, struct script *s, int stream, size_t at,
    size_t n)
{
	struct script shorter;
	uint32_t *v;

	script_copy(&shorter, s);
	v = shorter.v[stream] + at;
	memmove(v, v + n, (s->n[stream] - at - n) * sizeof(*v));
	shorter.n[stream] -= n;
	if (!still_breaks(seed, law, &shorter)) {
		script_free(&shorter);
		return false;
	}
	script_free(s);
	*s = shorter;
	return true;
}

/* Move one choice nearer to 0. */
static bool
try_less(uint64_t seed, enum law law, struct script *s, int stream, size_t at,
    size_t n)
{
	uint32_t *v = &s->v[stream][at], was = *v;

	if (n > 1 || was == 0)
		return false;
	*v = was / 2;
	if (still_breaks(seed, law, s))
		return true;
	*v = was - 1;
	if (still_breaks(seed, law, s))
		return true;
	*v = was;
	return false;
}

static bool
pass(uint64_t seed, enum law law, struct script *s,
    bool (*change)(uint64_t, enum law, struct script *, int, size_t, size_t))
{
	bool is_better = false;

	for (int stream = 0; stream < DRAW_STREAMS; stream++)
		for (size_t n = s->n[stream]; n > 0; n /= 2)
			for (size_t at = 0; at < s->n[stream];) {
				size_t left = s->n[stream] - at;

				if (clock_s() >= end_s)
					return false;
				if (change(seed, law, s, stream, at,
					n < left ? n : left))
					is_better = true;
				else
					at += n;
			}
	return is_better;
}

void
shrink(uint64_t seed, enum law law, struct script *s)
{
	end_s = clock_s() + SECONDS;
	while (pass(seed, law, s, try_zeros) || pass(seed, law, s, try_cut) ||
	    pass(seed, law, s, try_less))
		continue;
}
