#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/mimetype.h"
#include "recording/identity.h"

enum { CUT_NAME_CHARACTERS = 125, RSYNC_CHARACTERS = 6 };

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
	static const char twice[] = "two meeting_urls";
	size_t skip = 0;
	const char *at = contradiction;
	const char *last;
	struct buf text = { 0 };

	if (contradiction == NULL)
		return NULL;
	if (strncmp(at, twice, strlen(twice)) == 0)
		skip = strlen(twice);
	at += skip;
	last = strrchr(at, ' ');
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

bool
identity_is_media(const char *path)
{
	/* macOS keeps attributes of NAME in ._NAME. */
	return strncmp(path, "._", 2) != 0 && mimetype_is_video_name(path) &&
	    identity_media_stem(path) > 0;
}

char *
identity_media_of_copy(const char *path)
{
	const char *dot = strrchr(path, '.');
	bool is_hidden = *path == '.';
	bool is_rsync = is_hidden && dot && strlen(dot) == 1 + RSYNC_CHARACTERS;
	bool is_part = dot &&
	    (strcasecmp(dot, ".part") == 0 ||
		(!is_hidden && strcasecmp(dot, ".tmp") == 0));
	autofree char *name = NULL;

	if (!is_rsync && !is_part)
		return identity_is_media(path) ? xstrdup(path) : NULL;
	name = xstrndup(path + is_rsync, (size_t)(dot - path) - is_rsync);
	return identity_is_media(name) ? steal(&name) : NULL;
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
