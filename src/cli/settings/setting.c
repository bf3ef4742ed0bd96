#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/parse.h"
#include "cli/settings/settings.h"

const struct setting *
setting_find(const char *name)
{
	for (size_t i = 0; i < settings_count(); i++)
		if (strcmp(setting_at(i)->name, name) == 0)
			return setting_at(i);
	return NULL;
}

bool
setting_takes_file(const struct setting *s)
{
	return s->type == SETTING_SECRET || s->file != 0;
}

const struct setting *
setting_find_key(const char *key, bool *is_file)
{
	static const char suffix[] = "-file";
	const struct setting *s = setting_find(key);
	size_t len = strlen(key);
	autofree char *stem = NULL;

	*is_file = false;
	if (s != NULL || len < sizeof(suffix) ||
	    strcmp(key + len - (sizeof(suffix) - 1), suffix) != 0)
		return s;
	stem = xstrndup(key, len - (sizeof(suffix) - 1));
	s = setting_find(stem);
	*is_file = true;
	return s && setting_takes_file(s) ? s : NULL;
}

void
settings_offer(struct nearest *near, bool is_flag)
{
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *s = setting_at(i);
		autofree char *file = xasprintf("%s-file", s->name);

		if (s->type != SETTING_SECRET || !is_flag)
			nearest_offer(near, s->name);
		if (setting_takes_file(s))
			nearest_offer(near, file);
	}
}

static bool
set_choice(int *field, const struct setting *s, const char *text)
{
	for (int i = 0; s->choices[i]; i++) {
		if (strcmp(s->choices[i], text) != 0)
			continue;
		*field = i;
		return true;
	}
	return false;
}

static const char *
set_field(void *field, const struct setting *s, const char *text)
{
	switch (s->type) {
	case SETTING_TEXT:
	case SETTING_SECRET:
		mem_free_secret(field);
		*(char **)field = xstrdup(text);
		return NULL;
	case SETTING_LIST:
		text_list_free(field);
		text_list_parse(field, text);
		return NULL;
	case SETTING_MILLIS:
		return parse_duration_ms(text, field)
		    ? NULL
		    : "is not a time like 250ms, 2s, 15m, 1h or 7d";
	case SETTING_SIZE:
		return parse_size(text, field)
		    ? NULL
		    : "is not a size like 0, 500k, 10M or 1G";
	case SETTING_PERCENT:
		return parse_percent(text, field)
		    ? NULL
		    : "is not a percentage from 0% to 99%";
	case SETTING_COUNT:
		return parse_integer(text, s->min, s->max, field)
		    ? NULL
		    : "is not a whole number";
	case SETTING_BOOL:
		return parse_bool(text, field) ? NULL : "is not yes or no";
	case SETTING_CHOICE:
		return set_choice(field, s, text) ? NULL
						  : "is not a valid choice";
	}
	return "has an unknown type";
}

/* A URL can contain a password: "http://user:pw@host". */
static char *
hide_user(const char *text, bool is_url)
{
	const char *scheme = strstr(text, "://");
	const char *user = scheme ? scheme + 3 : text;
	const char *at = scheme || is_url ? strrchr(user, '@') : NULL;

	if (at == NULL)
		return xstrdup(text);
	return xasprintf("%.*s(hidden)%s", (int)(user - text), text, at);
}

int
setting_set(struct config *config, const struct setting *s, const char *text,
    struct err *e)
{
	const char *problem = s->check ? s->check(text) : NULL;
	autofree char *shown = NULL;

	if (problem == NULL)
		problem = set_field((char *)config + s->offset, s, text);
	if (problem == NULL)
		return 0;
	if (s->type == SETTING_SECRET)
		return err_set(e, ERR_CONFIG, "%s", problem);
	if (s->type == SETTING_COUNT)
		return err_set(e, ERR_CONFIG,
		    "'%s' %s from %" PRId64 " to %" PRId64, text, problem,
		    s->min, s->max);
	shown = hide_user(text, true);
	return err_set(e, ERR_CONFIG, "'%s' %s (%s)", shown, problem, s->help);
}

static char *
show_list(const struct text_list *list)
{
	struct buf out = { 0 };

	(void)buf_adds(&out, "");
	for (size_t i = 0; i < list->n; i++)
		(void)buf_addf(&out, "%s%s", i ? "," : "", list->items[i]);
	return out.data;
}

struct unit {
	int64_t factor;
	const char *name;
};

/* In the largest unit that divides it; the last one is 1. */
static char *
show_scaled(int64_t value, const struct unit *unit)
{
	while (unit->factor > 1 && (value == 0 || value % unit->factor != 0))
		unit++;
	return xasprintf("%" PRId64 "%s", value / unit->factor, unit->name);
}

char *
setting_show(const struct config *config, const struct setting *s)
{
	static const struct unit times[] = { { 86400000, "d" },
		{ 3600000, "h" }, { 60000, "m" }, { 1000, "s" }, { 1, "ms" } };
	static const struct unit sizes[] = { { 1 << 30, "G" }, { 1 << 20, "M" },
		{ 1 << 10, "k" }, { 1, "" } };
	const void *field = (const char *)config + s->offset;
	const char *text;

	switch (s->type) {
	case SETTING_SECRET:
		text = *(char *const *)field;
		return xstrdup(text && *text ? "(set)" : "");
	case SETTING_LIST:
		return show_list(field);
	case SETTING_MILLIS:
		return show_scaled(*(const int64_t *)field, times);
	case SETTING_SIZE:
		return show_scaled(*(const int64_t *)field, sizes);
	case SETTING_PERCENT:
		return xasprintf("%" PRId64 "%%", *(const int64_t *)field);
	case SETTING_COUNT:
		return xasprintf("%" PRId64, *(const int64_t *)field);
	case SETTING_BOOL:
		return xstrdup(*(const bool *)field ? "yes" : "no");
	case SETTING_CHOICE:
		return xstrdup(s->choices[*(const int *)field]);
	default:
		text = *(char *const *)field;
		return hide_user(text ? text : "", false);
	}
}

char *
setting_variable(const char *name)
{
	char *variable = xasprintf("JIBRI_FINALIZE_%s", name);

	for (char *c = variable; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	return variable;
}
