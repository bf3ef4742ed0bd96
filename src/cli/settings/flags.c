#include "cli/settings/flags.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const truths[] = { "yes", "no", NULL };

static void
view_option(const struct option_switch *s, struct flag_view *f)
{
	*f = (struct flag_view){
		.letter = s->letter,
		.arg = s->arg,
		.help = s->help,
		.option = s->option,
		.is_file = s->arg && strcmp(s->arg, "FILE") == 0,
	};
	(void)snprintf(f->name, sizeof(f->name), "%s", s->name);
}

static void
view_setting(const struct setting *s, struct flag_view *f)
{
	bool is_secret = s->type == SETTING_SECRET;
	bool is_truth = s->type == SETTING_BOOL;

	*f = (struct flag_view){
		.arg = is_secret ? "FILE"
		    : is_truth   ? NULL
				 : s->arg,
		.help = s->help,
		.choices = is_truth ? truths : s->choices,
		.setting = s,
	};
	f->is_file = f->arg && strcmp(f->arg, "FILE") == 0;
	(void)snprintf(f->name, sizeof(f->name), "%s%s", s->name,
	    is_secret ? "-file" : "");
}

bool
flag_next(size_t *at, struct flag_view *f)
{
	while (*at < option_switches_n && option_switches[*at].is_hidden)
		(*at)++;
	if (*at < option_switches_n)
		view_option(&option_switches[*at], f);
	else if (*at < option_switches_n + settings_count())
		view_setting(setting_at(*at - option_switches_n), f);
	else
		return false;
	(*at)++;
	return true;
}

bool
flag_fits(const struct flag_view *f, const struct command *c)
{
	if (f->option)
		return f->option & (c->options | OPTIONS_GLOBAL);
	return !c->needs_no_config;
}

static const struct {
	const char *name;
	enum word_kind kind;
} word_names[] = {
	{ "DIR", WORD_DIRECTORY },
	{ "ROOT", WORD_DIRECTORY },
	{ "ARCHIVE", WORD_FILE },
	{ "FILE", WORD_FILE },
	{ "COMMAND", WORD_COMMAND },
};

static unsigned
kind_of_word(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(word_names) / sizeof(word_names[0]); i++)
		if (strlen(word_names[i].name) == len &&
		    strncmp(word_names[i].name, word, len) == 0)
			return word_names[i].kind;
	return 0;
}

unsigned
command_words(const struct command *c, struct buf *literals)
{
	const char *s = c->synopsis;
	unsigned kinds = 0;

	while (*s) {
		size_t len = 0;

		while (isalnum((unsigned char)s[len]) || s[len] == '-')
			len++;
		if (islower((unsigned char)*s))
			(void)buf_addf(literals, "%s%.*s",
			    literals->len ? " " : "", (int)len, s);
		else
			kinds |= kind_of_word(s, len);
		s += len ? len : 1;
	}
	return kinds;
}
