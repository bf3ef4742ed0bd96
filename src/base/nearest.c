#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The optimal string alignment distance. */
size_t
nearest_distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	size_t d[NEAREST_LONGEST + 1][NEAREST_LONGEST + 1];

	if (na > NEAREST_LONGEST || nb > NEAREST_LONGEST)
		return SIZE_MAX;
	for (size_t i = 0; i <= na; i++)
		for (size_t j = 0; j <= nb; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] =
			    least(d[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
				least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[na][nb];
}

/* One error per three characters: more would match anything. */
void
nearest_offer(struct nearest *n, const char *name)
{
	size_t distance = nearest_distance(n->typed, name);

	if (distance > (strlen(name) + 1) / 3 ||
	    (*n->best && distance >= n->distance))
		return;
	memcpy(n->best, name, strlen(name) + 1);
	n->distance = distance;
}

char *
nearest_question(const struct nearest *n, const char *prefix)
{
	return *n->best ? xasprintf("; did you mean %s%s?", prefix, n->best)
			: xstrdup("");
}
