/*
 * Chance that an attacker foresees: what getrandom(2) gives is all zeros.
 */
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

ssize_t
getrandom(void *to, size_t len, unsigned flags)
{
	(void)flags;
	memset(to, 0, len);
	return (ssize_t)len;
}
