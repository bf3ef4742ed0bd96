#include "journal/plain.h"

#include <stddef.h>
#include <string.h>

bool
plain_skip(struct plain *p, char c)
{
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

char *
plain_string(struct plain *p)
{
	char *string = p->at + 1, *end = string;

	if (*p->at != '"')
		return NULL;
	while (*end >= ' ' && *end <= '~' && *end != '"' && *end != '\\')
		end++;
	if (*end != '"')
		return NULL;
	*end = '\0';
	p->at = end + 1;
	return string;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
plain_number(struct plain *p, int64_t *number)
{
	bool has_zero = *p->at == '0';

	if (!is_digit(*p->at) || (has_zero && is_digit(p->at[1])))
		return false;
	for (*number = 0; is_digit(*p->at); p->at++)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, *p->at - '0', number))
			return false;
	return true;
}

bool
plain_true(struct plain *p)
{
	if (strncmp(p->at, "true", 4) != 0)
		return false;
	p->at += 4;
	return true;
}
