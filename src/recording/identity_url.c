#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/json.h"
#include "recording/identity_internal.h"

enum { MAX_SEGMENT_BYTES = 1024 };

int
identity_check_segment(const char *what, const char *s, struct err *e)
{
	const char *problem = NULL;

	if (*s == '\0')
		problem = "is empty";
	else if (strlen(s) > MAX_SEGMENT_BYTES)
		problem = "is too long";
	else if (strchr(s, '/'))
		problem = "contains a slash";
	else if (text_has_control(s))
		problem = "contains a control character";
	else if (strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		problem = "would leave its folder";
	else if (!text_is_utf8(s))
		problem = "is not UTF-8";
	if (problem == NULL)
		return 0;
	return err_set(e, ERR_PERMANENT, "the %s '%s' %s", what, s, problem);
}

char *
identity_format_room(const char *format, const char *tenant, const char *room)
{
	static const char tenant_mark[] = "{tenant}", room_mark[] = "{room}";
	struct buf out = { 0 };

	(void)buf_adds(&out, "");
	while (*format) {
		if (strncmp(format, tenant_mark, strlen(tenant_mark)) == 0) {
			(void)buf_adds(&out, tenant);
			format += strlen(tenant_mark);
		} else if (strncmp(format, room_mark, strlen(room_mark)) == 0) {
			(void)buf_adds(&out, room);
			format += strlen(room_mark);
		} else {
			(void)buf_add(&out, format++, 1);
		}
	}
	return out.data;
}

/* The first segments of a path, decoded; false if one is invalid. */
static bool
split_path(const char *path, size_t len, struct text_list *segments)
{
	enum { MOST = 64 };

	while (len > 0 && segments->n < MOST) {
		const char *slash = memchr(path, '/', len);
		size_t n = slash ? (size_t)(slash - path) : len;
		autofree char *segment = text_percent_decode(path, n);

		if (segment == NULL)
			return false;
		if (*segment)
			text_list_add(segments, segment);
		path += n + (slash != NULL);
		len -= n + (slash != NULL);
	}
	return true;
}

int
identity_check_brackets(const char *name, const struct identity_policy *policy,
    struct err *e)
{
	if (!strpbrk(policy->room_format, "[]") || !strpbrk(name, "[]"))
		return 0;
	return err_set(e, ERR_PERMANENT,
	    "unknown room: %.128s contains a bracket, which room-format uses "
	    "for a tenant",
	    name);
}

char *
identity_room_of_url(const char *url, const struct identity_policy *policy,
    struct err *e)
{
	const char *base = policy->base_path, *path = strstr(url, "://");
	autolist struct text_list below = { 0 }, all = { 0 };
	bool is_below;
	char **rest;

	(void)err_set(e, ERR_PERMANENT,
	    "unknown room: meeting_url does not name a room below %s", base);
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return NULL;
	path += 3;
	path += strcspn(path, "/?#");
	is_below = split_path(base, strlen(base), &below) &&
	    split_path(path, strcspn(path, "?#"), &all) && all.n > below.n;
	for (size_t i = 0; is_below && i < below.n; i++)
		is_below = strcmp(below.items[i], all.items[i]) == 0;
	if (!is_below)
		return NULL;
	rest = all.items + below.n;
	for (size_t i = below.n; i < all.n; i++)
		if (identity_check_brackets(all.items[i], policy, e) == -1)
			return NULL;
	if (all.n == below.n + 1)
		return xstrdup(rest[0]);
	if (all.n == below.n + 2 &&
	    identity_check_segment("tenant", rest[0], e) == 0 &&
	    identity_check_segment("room", rest[1], e) == 0)
		return identity_format_room(policy->room_format, rest[0],
		    rest[1]);
	return NULL;
}

int
identity_hint_room(struct err *e, const struct recording *rec,
    const char *before)
{
	autofree char *path = text_shell_word(rec->path);
	autofree char *hint =
	    xasprintf("%sname its room: jibri-finalize upload --room ROOM %s",
		before, path);

	return err_hint(e, hint);
}

const char *
identity_meeting_url(const struct recording *rec)
{
	return json_member_string(rec->metadata, RECORDING_MEETING_URL);
}
