#include <string.h>

#include "base/parse.h"
#include "base/text.h"
#include "cli/settings/settings_internal.h"

const char *
check_pointers(const char *text)
{
	enum { MOST = 24 };
	struct text_list list;
	const char *problem = NULL;

	text_list_parse(&list, text);
	if (list.n > MOST)
		problem = "has more than 24 pointers";
	for (size_t i = 0; i < list.n; i++)
		if (list.items[i][0] != '/')
			problem = "is no list of JSON pointers: each begins "
				  "with a slash";
	text_list_free(&list);
	return problem;
}

const char *
check_room_format(const char *text)
{
	return strstr(text, "{room}") ? NULL : "does not hold {room}";
}

const char *
check_webhook_auth(const char *text)
{
	static const char *const known[] = { "secret", "signature",
		"standard" };
	struct text_list list;
	size_t good = 0, n;

	text_list_parse(&list, text);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		good += text_list_has(&list, known[i]);
	n = list.n;
	text_list_free(&list);
	return n > 0 && good == n
	    ? NULL
	    : "is no list of secret, signature and standard";
}

/* One pin and a semicolon more; "" at the end. */
static const char *
after_pin(const char *pin)
{
	static const char prefix[] = "sha256//";
	size_t len = strcspn(pin, ";");

	/* 32 bytes are 43 letters of base64 and a pad. */
	if (strncmp(pin, prefix, strlen(prefix)) != 0 ||
	    len != strlen(prefix) + 44 || pin[len - 1] != '=' ||
	    strspn(pin + strlen(prefix),
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789+/") != 43)
		return NULL;
	return pin + len + (pin[len] == ';');
}

const char *
check_pins(const char *text)
{
	while (text != NULL && *text != '\0')
		text = after_pin(text);
	return text ? NULL : "is no list of sha256//BASE64";
}

const char *
check_proxy(const char *text)
{
	return strchr(text, '@') ? "holds a user: that is for proxy-auth"
				 : NULL;
}

/* Less would look like a transfer that does not move. */
const char *
check_rate(const char *text)
{
	int64_t bytes;

	return parse_size(text, &bytes) && bytes > 0 && bytes < 16 * 1024
	    ? "is less than 16k"
	    : NULL;
}

const char *
check_header(const char *text)
{
	if (text_has_control(text))
		return "holds a control character";
	/* libcurl leaves a header out that has no value. */
	return *text && text[strspn(text, " ")] == '\0' ? "is blank" : NULL;
}
