#include "remote/page.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "io/json.h"

enum { PAGES_MAX = 10000 };

static const char parameter[] = "&page=";

/* The target of the header's link to the next page, or NULL. */
static char *
find_link(const char *link)
{
	while (link && (link = strchr(link, '<')) != NULL) {
		const char *target = link + 1;
		size_t len = strcspn(target, ">");
		autofree char *rest =
		    xstrndup(target + len, strcspn(target + len, "<"));
		const char *rel = strcasestr(rest, "rel=");

		/* "next", or "next last"; the parameters end with ; or , */
		if (rel && strcasestr(rel, "next") &&
		    strcasestr(rel, "next") < rel + strcspn(rel, ";,"))
			return xstrndup(target, len);
		link = target + len;
	}
	return NULL;
}

/* The value at these names, each preceded by a slash; or NULL. */
static const json_t *
value_at(const json_t *json, const char *path)
{
	while (*path == '/') {
		size_t len = strcspn(++path, "/");

		json = json_object_getn(json, path, len);
		path += len;
	}
	return json;
}

static const char *
find_member(const json_t *around)
{
	static const char *const paths[] = { "/_links/next/href",
		"/links/next/href", "/links/next", "/next" };
	const char *found = NULL;

	for (size_t i = 0; i < 4 && (found == NULL || !*found); i++)
		found = json_string_value(value_at(around, paths[i]));
	return found && *found ? found : NULL;
}

/* The first of these names with a number, around the list or near it. */
static int64_t
find_number(const json_t *around, const char *const names[4])
{
	static const char *const places[] = { "", "/page", "/data", "/meta" };
	int64_t n = -1;

	for (size_t i = 0; i < 16 && n < 0; i++)
		n = json_member_number(value_at(around, places[i / 4]),
		    names[i % 4], -1);
	return n;
}

/* Is there a page after this one? 1 or 0; -1 with *e. */
static int
has_more(struct page *p, const json_t *around, struct err *e)
{
	static const char *const totals[] = { "totalPages", "total_pages",
		"lastPage", "last_page" };
	static const char *const numbers[] = { "number", "page", "currentPage",
		"current_page" };
	const json_t *last = json_object_get(around, "last");
	bool is_slice = json_is_false(last);
	int64_t total = find_number(around, totals);
	int64_t number = find_number(around, numbers);

	if (!is_slice && total < (p->count == 1 ? 2 : 0) &&
	    (p->asked == p->first || json_is_true(last)))
		return 0;
	if (p->count == 1)
		p->first = p->asked = number;
	if (number != p->asked || p->first < 0 || p->first > 1)
		return err_set(e, ERR_CONFIG,
		    "is page %" PRId64 " of %" PRId64 ", not page %" PRId64,
		    number, total, p->count == 1 ? 0 : p->asked);
	p->asked++;
	return is_slice || p->asked - p->first < total;
}

/* What a member around a list means. */
static const struct word {
	const char *name; /* lower-case, without - _ @ $ */
	enum { INSIDE, FAILED, GOOD, STATUS, MORE, RECORDS, PAGES, LIMIT } says;
} words[] = { { "page", INSIDE }, { "pageinfo", INSIDE }, { "data", INSIDE },
	{ "meta", INSIDE }, { "metadata", INSIDE }, { "pagination", INSIDE },
	{ "paging", INSIDE }, { "error", FAILED }, { "errors", FAILED },
	{ "success", GOOD }, { "ok", GOOD }, { "status", STATUS },
	{ "code", STATUS }, { "hasmore", MORE }, { "hasnext", MORE },
	{ "hasnextpage", MORE }, { "next", MORE }, { "nextcursor", MORE },
	{ "nextpage", MORE }, { "nextpagetoken", MORE }, { "nexttoken", MORE },
	{ "nextoffset", MORE }, { "continue", MORE },
	{ "continuationtoken", MORE }, { "odata.nextlink", MORE },
	{ "total", RECORDS }, { "totalcount", RECORDS }, { "count", RECORDS },
	{ "totalelements", RECORDS }, { "totalitems", RECORDS },
	{ "totalrecords", RECORDS }, { "totalresults", RECORDS },
	{ "odata.count", RECORDS }, { "totalpages", PAGES },
	{ "pagecount", PAGES }, { "lastpage", PAGES }, { "limit", LIMIT },
	{ "perpage", LIMIT }, { "pagesize", LIMIT } };

/* The combined meaning: the name of a member for each, or NULL. */
struct said {
	const char *failed, *more, *full, *whole;
};

static const struct word *
word_of(const char *name)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *a = name, *b = words[i].name;

		for (; *a; a++)
			if (tolower((unsigned char)*a) == *b)
				b++;
			else if (!strchr("-_@$", *a))
				break;
		if (!*a && !*b)
			return &words[i];
	}
	return NULL;
}

static bool
is_nothing(const json_t *json)
{
	const char *s = json_string_value(json);

	return !json_is_true(json) && json_number_value(json) <= 0 &&
	    json_object_size(json) == 0 && json_array_size(json) == 0 &&
	    (s == NULL || !*s || strcmp(s, "false") == 0);
}

static void
hear(struct said *said, const struct page *p, const struct word *word,
    const char *name, const json_t *value, int64_t n)
{
	int64_t read = word->says == PAGES ? p->count : p->elements;

	switch (word->says) {
	case FAILED:
	case GOOD:
	case STATUS:
		if (word->says == FAILED     ? !is_nothing(value)
			: word->says == GOOD ? json_is_false(value)
					     : n >= 400)
			said->failed = name;
		break;
	case MORE:
		*(is_nothing(value) ? &said->whole : &said->more) = name;
		break;
	case RECORDS:
	case PAGES:
		if (n >= 0)
			*(n <= read ? &said->whole : &said->more) = name;
		break;
	case LIMIT:
		if (n > 0 && read > 0 && read % n == 0)
			said->full = name;
		break;
	case INSIDE:
		break;
	}
}

static void
listen_to(struct said *said, const struct page *p, const json_t *around,
    int depth)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)around, name, value)
	{
		const struct word *word = word_of(name);

		if (word && word->says == INSIDE && depth > 0)
			listen_to(said, p, value, depth - 1);
		else if (word)
			hear(said, p, word, name, value,
			    json_member_number(around, name, -1));
	}
}

/* There is no link to more: is the list complete? */
static int
check_end(const struct page *p, const struct http_answer *answer,
    const struct said *said, struct err *e)
{
	const char *more = said->more           ? said->more
	    : answer->total > p->elements       ? "the total in its headers"
	    : said->full && said->whole == NULL ? said->full
						: NULL;

	if (more == NULL && answer->status == 206 && answer->total == -1)
		more = "status 206";
	return more ? err_set(e, ERR_CONFIG,
			  "is only a part of the list, according to %s", more)
		    : 0;
}

/* Brent's algorithm: in a circle, a remembered page comes again. */
bool
page_is_circle(struct page *p)
{
	bool is_known = p->count > 1 && p->print == p->mark;

	if ((p->count & (p->count - 1)) == 0)
		p->mark = p->print;
	return is_known || p->count >= PAGES_MAX;
}

int
page_next(struct page *p, const char *url, const struct http_answer *answer,
    const json_t *around, char **next, struct err *e)
{
	autofree char *by_link = find_link(answer->link);
	const char *to = by_link ? by_link : find_member(around);
	const char *end = strstr(url, parameter);
	int more = to ? -1 : has_more(p, around, e);
	struct said said = { 0 };

	*next = NULL;
	listen_to(&said, p, around, 3);
	if (said.failed)
		return err_set(e, ERR_CONFIG, "reports a failure in \"%s\"",
		    said.failed);
	if (more == 0)
		return check_end(p, answer, &said, e);
	if (more == 1)
		*next = xasprintf("%.*s%s%" PRId64,
		    end ? (int)(end - url) : (int)strlen(url), url, parameter,
		    p->asked);
	else if (to && !http_has_secret(answer, to))
		*next = http_url_resolve(url, to);
	if (*next && !page_is_circle(p))
		return 0;
	if (to || *next) {
		const char *where = to ? to : *next;
		autofree char *shown =
		    http_excerpt(answer, where, strlen(where));

		(void)err_set(e, ERR_CONFIG, "%s at %s",
		    *next ? "goes in circles" : "continues", shown);
	}
	mem_replace(next, NULL);
	return -1;
}
