#include <string.h>

#include "base/mem.h"
#include "base/parse.h"
#include "base/text.h"
#include "cli/settings/settings_internal.h"
#include "io/digest.h"
#include "io/json.h"
#include "io/json_text.h"

const char *
check_pointers(const char *text)
{
	enum { MOST = 24 };
	autolist struct text_list list = { 0 };

	text_list_parse(&list, text);
	if (list.n > MOST)
		return "has more than 24 pointers";
	for (size_t i = 0; i < list.n; i++) {
		autolist struct text_list tokens;

		json_pointer_split(list.items[i], &tokens);
		if (tokens.n == 0)
			return "is not a list of JSON pointers: each begins "
			       "with a slash";
		if (tokens.n > JSON_TEXT_TOKENS)
			return "has a pointer with more than 62 parts";
	}
	return NULL;
}

const char *
check_room_format(const char *text)
{
	return strstr(text, "{room}") ? NULL : "does not contain {room}";
}

const char *
check_webhook_auth(const char *text)
{
	static const char *const known[] = { "secret", "signature",
		"standard" };
	autolist struct text_list list = { 0 };
	size_t good = 0;

	text_list_parse(&list, text);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		good += text_list_has(&list, known[i]);
	return list.n > 0 && good == list.n
	    ? NULL
	    : "is not a list of secret, signature and standard";
}

const char *
check_pins(const char *text)
{
	static const char problem[] = "is not a list of sha256//BASE64";
	autofree char *copy = xstrdup(text);
	char *rest = *copy ? copy : NULL, *pin;

	/* A semicolon may be at the end. */
	while ((pin = strsep(&rest, ";")) != NULL && (*pin || rest)) {
		autobuf struct buf key = { 0 };
		struct err e;

		if (strncmp(pin, "sha256//", 8) != 0 ||
		    digest_base64_decode(pin + 8, &key, &e) == -1 ||
		    key.len != DIGEST_SHA256_BYTES)
			return problem;
	}
	return NULL;
}

const char *
check_proxy(const char *text)
{
	return strchr(text, '@') ? "contains a user: set proxy-auth instead"
				 : NULL;
}

const char *
check_hosts(const char *text)
{
	return strchr(text, '/') ? "is a URL, not a HOST or HOST:PORT" : NULL;
}

/* A slower transfer would look stalled. */
const char *
check_rate(const char *text)
{
	int64_t bytes;

	return parse_size(text, &bytes) && bytes > 0 && bytes < 16 * 1024
	    ? "is less than 16k"
	    : NULL;
}

const char *
check_interval(const char *text)
{
	int64_t ms;

	return parse_duration_ms(text, &ms) && ms < 1000 ? "is less than 1s"
							 : NULL;
}

const char *
check_header(const char *text)
{
	if (text_has_control(text))
		return "contains a control character";
	/* libcurl omits a header without a value. */
	return *text && text[strspn(text, " ")] == '\0' ? "is blank" : NULL;
}
