#include "draw.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct script taken;
static const struct script *replayed;
static uint64_t states[DRAW_STREAMS + 1];

/* SplitMix64, by Sebastiano Vigna (public domain). */
static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void
draw_begin(uint64_t seed, const struct script *script)
{
	uint64_t state = seed;

	for (int i = 0; i <= DRAW_STREAMS; i++)
		states[i] = next(&state);
	for (int i = 0; i < DRAW_STREAMS; i++)
		taken.n[i] = 0;
	replayed = script;
}

uint32_t
draw(enum draw_stream stream, uint32_t n)
{
	struct script *t = &taken;
	size_t at = t->n[stream];
	uint32_t value = 0;

	if (n <= 1)
		return 0;
	if (replayed == NULL)
		value = (uint32_t)(next(&states[stream]) >> 32);
	else if (at < replayed->n[stream])
		value = replayed->v[stream][at];
	value %= n;
	xgrow((void **)&t->v[stream], &t->cap[stream], at + 1,
	    sizeof(*t->v[stream]));
	t->v[stream][at] = value;
	t->n[stream] = at + 1;
	return value;
}

bool
draw_chance(enum draw_stream stream, uint32_t permille)
{
	return permille > 0 && draw(stream, 1000) >= 1000 - permille;
}

int64_t
draw_gap(enum draw_stream stream, uint32_t mean)
{
	uint32_t gap = mean ? draw(stream, 2 * mean + 1) : 0;

	return gap ? gap : INT64_MAX;
}

uint32_t
draw_bits(void)
{
	return (uint32_t)(next(&states[DRAW_STREAMS]) >> 32);
}

const struct script *
draw_script(void)
{
	return &taken;
}

void
script_copy(struct script *to, const struct script *from)
{
	*to = (struct script){ 0 };
	for (int i = 0; i < DRAW_STREAMS; i++) {
		to->n[i] = to->cap[i] = from->n[i];
		to->v[i] = xcalloc(from->n[i] + 1, sizeof(*to->v[i]));
		if (from->n[i] > 0)
			memcpy(to->v[i], from->v[i],
			    from->n[i] * sizeof(*to->v[i]));
	}
}

void
script_free(struct script *s)
{
	for (int i = 0; i < DRAW_STREAMS; i++)
		free(s->v[i]);
	*s = (struct script){ 0 };
}
