#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/json_names.h"
#include "recording/recording_internal.h"

enum { CHUNK_BYTES = 64 * 1024 };

/* Without NULs, an ASCII name in UTF-16 or UTF-32 is plain ASCII. */
static size_t
drop_nuls(char *s, size_t len)
{
	size_t kept = 0;

	if (memchr(s, '\0', len) == NULL)
		return len;
	for (size_t i = 0; i < len; i++)
		if (s[i])
			s[kept++] = s[i];
	return kept;
}

int
recording_search(const struct recording *rec, int fd, struct err *e)
{
	const struct text_list *pointers = &rec->policy->redact;
	size_t reach = json_names_reach(pointers), len = 0;
	autofree char *text = xmalloc(reach + CHUNK_BYTES);
	ssize_t n = 1;

	for (int64_t at = 0; at < RECORDING_JSON_BYTES && n > 0; at += n) {
		n = file_read_at(fd, text + len, CHUNK_BYTES, at);
		if (n == -1)
			return err_sys(e, "cannot be read");
		len += drop_nuls(text + len, (size_t)n);
		if (json_names_in(text, len, pointers))
			return 1;
		if (len > reach) {
			memmove(text, text + len - reach, reach);
			len = reach;
		}
	}
	return 0;
}
