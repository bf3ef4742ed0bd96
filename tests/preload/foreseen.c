/* Random bits that an attacker can guess: getrandom(2) returns only zeros. */
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
