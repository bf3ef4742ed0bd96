#include "base/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t factor;
};

static bool
parse_number(const char *s, int64_t *out, const char **rest)
{
	char *end;
	long long value;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	value = strtoll(s, &end, 10);
	if (errno != 0)
		return false;
	*out = value;
	*rest = end;
	return true;
}

/* A number and one of the units; the last has no name. */
static bool
parse_scaled(const char *s, const struct unit *units, int64_t most,
    int64_t *out)
{
	const char *rest;
	int64_t value;

	if (!parse_number(s, &value, &rest))
		return false;
	for (; units->name; units++) {
		if (strcmp(rest, units->name) != 0)
			continue;
		if (value > most / units->factor)
			return false;
		*out = value * units->factor;
		return true;
	}
	return false;
}

bool
parse_duration_ms(const char *s, int64_t *out)
{
	static const struct unit units[] = { { "ms", 1 }, { "s", 1000 },
		{ "m", 60 * 1000 }, { "h", 3600 * 1000 }, { "d", 86400 * 1000 },
		{ NULL, 0 } };

	return parse_scaled(s, units, PARSE_MAX_DURATION_MS, out);
}

bool
parse_size(const char *s, int64_t *out)
{
	static const struct unit units[] = { { "", 1 }, { "k", 1024 },
		{ "M", 1024 * 1024 }, { "G", 1024 * 1024 * 1024 },
		{ NULL, 0 } };

	return parse_scaled(s, units, INT64_C(1) << 60, out);
}

bool
parse_percent(const char *s, int64_t *out)
{
	static const struct unit units[] = { { "%", 1 }, { "", 1 },
		{ NULL, 0 } };

	return parse_scaled(s, units, 99, out);
}

bool
parse_integer(const char *s, int64_t min, int64_t max, int64_t *out)
{
	const char *rest;
	int64_t value;

	if (!parse_number(s, &value, &rest) || *rest != '\0' || value < min ||
	    value > max)
		return false;
	*out = value;
	return true;
}

bool
parse_bool(const char *s, bool *out)
{
	/* No and yes alternate. */
	static const char *const words[] = { "no", "yes", "false", "true",
		"off", "on", "0", "1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(s, words[i]) != 0)
			continue;
		*out = i % 2 == 1;
		return true;
	}
	return false;
}
