#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "recording/identity.h"

enum { CUT_NAME_CHARACTERS = 125 };

/* Does it begin with "_yyyy-MM-dd-HH-mm-ss."? */
static bool
is_date_suffix(const char *s)
{
	static const char form[] = "_dddd-dd-dd-dd-dd-dd.";

	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)s[i])
				   : s[i] != form[i])
			return false;
	return true;
}

char *
identity_join_rooms(const char *contradiction)
{
	static const char twice[] = "two meeting_urls ";
	size_t skip = strncmp(contradiction, twice, strlen(twice)) == 0
	    ? strlen(twice)
	    : 0;
	const char *at = contradiction + skip;
	const char *last = strrchr(at, ' ');
	struct buf text = { 0 };

	(void)buf_add(&text, contradiction, skip);
	for (; *at; at++)
		if (*at != ' ')
			(void)buf_add(&text, at, 1);
		else
			(void)buf_adds(&text, at == last ? " and " : ", ");
	return text.data;
}

size_t
identity_media_stem(const char *name)
{
	enum { DATE_CHARACTERS = 20 };
	const char *dot = strrchr(name, '.');

	if (dot == NULL || dot - name <= DATE_CHARACTERS || strchr(name, '/') ||
	    !is_date_suffix(dot - DATE_CHARACTERS))
		return 0;
	return (size_t)(dot - DATE_CHARACTERS - name);
}

char *
identity_room_of_media(const char *name)
{
	size_t len = identity_media_stem(name);

	if (len == 0 || text_utf16_units(name) >= CUT_NAME_CHARACTERS)
		return NULL;
	return text_percent_decode(name, len);
}

char *
identity_cut_room_of_media(const char *name)
{
	size_t len = identity_media_stem(name);

	if (len == 0 || text_utf16_units(name) < CUT_NAME_CHARACTERS)
		return NULL;
	for (size_t n = 1; n <= 2 && n < len; n++)
		if (name[len - n] == '%')
			len -= n;
	return text_percent_decode(name, len);
}
