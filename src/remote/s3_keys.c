#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "remote/s3_internal.h"

enum { KEY_BYTES = 64 * 1024 };

bool
s3_keys_signed(const struct s3_keys *keys, const struct http_request *request)
{
	const char *token = keys->texts[S3_SESSION_TOKEN];
	autowipe char *header = token && *token
	    ? xasprintf("x-amz-security-token: %s", token)
	    : NULL;

	return header == NULL || text_list_has(request->headers, header);
}

/* NULL: unreadable, or not valid in a header. */
static char *
read_key(const char *path)
{
	struct buf text = { .limit = KEY_BYTES };
	struct stat st;
	char *key = NULL;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    file_read_named(path, &text, &st) == 0 && text.data)
		key = xstrdup(text_trim(text.data));
	mem_wipe(text.data, text.len);
	buf_free(&text);
	if (key && (*key == '\0' || text_has_control(key)))
		mem_free_secret(&key);
	return key;
}

bool
s3_keys_renew(struct s3_keys *keys)
{
	char *read[S3_KEYS] = { NULL };
	bool is_new = keys->files[S3_SESSION_TOKEN] != NULL;

	for (size_t left = S3_KEYS; is_new && left > 0; left--) {
		size_t i = left - 1;

		if (keys->files[i] == NULL)
			continue;
		read[i] = read_key(keys->files[i]);
		is_new = read[i] &&
		    (i != S3_SESSION_TOKEN ||
			strcmp(read[i], keys->texts[i]) != 0);
	}
	for (size_t i = 0; i < S3_KEYS; i++) {
		if (is_new && read[i]) {
			mem_free_secret(&keys->texts[i]);
			keys->texts[i] = steal(&read[i]);
		}
		mem_free_secret(&read[i]);
	}
	if (is_new)
		log_info("s3-session-token was replaced; reading its file "
			 "again");
	return is_new;
}
