#include "cli/settings/options.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/parse.h"

/* NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define VALUE(field, what) \
	.offset = offsetof(struct options, field), .arg = (what)
#define NO_VALUE .arg = NULL

const struct option_switch option_switches[] = {
	{ "config", 0, OPTION_CONFIG, VALUE(config_path, "FILE"),
	    "read the settings from this file" },
	{ "force", 0, OPTION_FORCE, NO_VALUE,
	    "send again what was already sent" },
	{ "json", 0, OPTION_JSON, NO_VALUE, "print the result as JSON" },
	{ "sample", 0, OPTION_SAMPLE, NO_VALUE,
	    "print a sample configuration" },
	{ "room", 0, OPTION_ROOM, VALUE(room, "ROOM"), "the name of the room" },
	{ "session", 0, OPTION_SESSION, VALUE(session, "SESSION"),
	    "the session, by default the directory's name" },
	{ "meeting-id", 0, OPTION_MEETING_ID, VALUE(meeting_id, "ID"),
	    "the meeting's id, instead of looking it up" },
	{ "only", 0, OPTION_ONLY, VALUE(only, "GLOB"),
	    "send only these files; repeatable", .is_list = true },
	{ "no-webhook", 0, OPTION_NO_WEBHOOK, NO_VALUE, "send no webhook" },
	{ "error", 0, OPTION_ERROR, VALUE(error, "TEXT"),
	    "the text of FAILED" },
	{ "deep", 0, OPTION_DEEP, NO_VALUE,
	    "download and compare the contents" },
	{ "output", 'o', OPTION_OUTPUT, VALUE(output, "FILE"),
	    "the archive, or a directory for it" },
	{ "unredacted", 0, OPTION_UNREDACTED, NO_VALUE,
	    "pack metadata.json as it is" },
	{ "reset", 0, OPTION_RESET, NO_VALUE, "clear the journal instead" },
	{ "yes", 'y', OPTION_YES, NO_VALUE, "do not ask for confirmation" },
	{ "held", 0, OPTION_HELD, NO_VALUE,
	    "also try recordings that are held" },
	{ "dry-run", 'n', OPTION_DRY_RUN, NO_VALUE,
	    "only show what would be done" },
	{ "for", 0, OPTION_FOR, VALUE(lasts, "TIME"),
	    "how long, such as 30m or 2h" },
	{ "state", 0, OPTION_STATE, VALUE(states, "LIST"),
	    "show only these states, such as held,waiting" },
	{ "older-than", 0, OPTION_ROWS, VALUE(older_than, "TIME"),
	    "show only recordings older than this" },
	{ "sort", 0, OPTION_ROWS, VALUE(sort, "KEY"),
	    "sort by state, age, size or session" },
	{ "limit", 0, OPTION_ROWS, VALUE(limit, "N"), "show only the first N" },
	{ "utc", 0, OPTION_UTC, NO_VALUE, "show times as dates, in UTC" },
	{ "watch", 0, OPTION_WATCH, NO_VALUE,
	    "redraw every 2 seconds until Ctrl-C" },
	{ "check", 0, OPTION_CHECK, NO_VALUE,
	    "one line, and the exit code for monitoring" },
	{ "all", 0, OPTION_ALL, NO_VALUE, "show everything" },
	{ "write", 0, OPTION_WRITE, NO_VALUE,
	    "also try to write to the store" },
	{ "log", 0, OPTION_LOG, NO_VALUE, "print the attempts, one per line" },
	{ "quiet", 'q', OPTION_QUIET, NO_VALUE,
	    "print errors only, and no summary of success" },
	{ "verbose", 'v', OPTION_VERBOSE, NO_VALUE,
	    "the same as --log-level debug" },
	{ "help", 'h', OPTION_HELP, NO_VALUE, "print the help" },
	{ "version", 'V', OPTION_VERSION, NO_VALUE,
	    "print the versions of program and libraries" },
	{ 0 },
};

/* The parser's position. */
struct cursor {
	int argc, i;
	char **argv;
	const char *value; /* after '=', or NULL */
	options_of *accepted;
};

static int
take_value(struct cursor *c, const char *name, const char **value,
    struct err *e)
{
	if (c->value != NULL)
		*value = c->value;
	else if (c->i + 1 < c->argc)
		*value = c->argv[++c->i];
	else
		return err_set(e, ERR_USAGE, "--%s needs a value", name);
	return 0;
}

/* A yes or no after a flag, in any case, is ambiguous: value or room? */
static int
check_behind(const struct cursor *c, const char *name, struct err *e)
{
	bool is_behind = c->value == NULL && c->i + 1 < c->argc, is_yes;
	autofree char *word = xstrdup(is_behind ? c->argv[c->i + 1] : "");

	for (char *p = word; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (!parse_bool(word, &is_yes))
		return 0;
	return err_set(e, ERR_USAGE,
	    "--%s %s: write --%s%s; if %s is an argument, put it before --%s",
	    name, c->argv[c->i + 1], name,
	    setting_find(name) == NULL ? ""
		: is_yes               ? "=yes"
				       : "=no",
	    c->argv[c->i + 1], name);
}

static int
apply_switch(struct options *o, const struct option_switch *s, struct cursor *c,
    struct err *e)
{
	void *field = (char *)o + s->offset;
	const char *value = NULL;

	o->given |= s->option;
	o->switches[o->n_switches++] = s;
	if (s->option == OPTION_VERBOSE)
		o->flags[o->n_flags++] =
		    (struct flag){ setting_find("log-level"), "debug", false };
	if (s->arg == NULL)
		return c->value == NULL
		    ? check_behind(c, s->name, e)
		    : err_set(e, ERR_USAGE, "--%s takes no value", s->name);
	if (take_value(c, s->name, &value, e) == -1)
		return -1;
	if (s->is_list)
		text_list_add(field, value);
	else
		*(const char **)field = value;
	return 0;
}

static int
unknown_flag(const struct options *o, const char *name, const struct cursor *c,
    struct err *e)
{
	unsigned accepted =
	    c->accepted && o->n_words > 0 ? c->accepted(o->words[0]) : ~0U;
	struct nearest near = { .typed = name };
	autofree char *question = NULL;

	for (const struct option_switch *s = option_switches; s->name; s++)
		if (s->option & accepted)
			nearest_offer(&near, s->name);
	settings_offer(&near, true);
	question = nearest_question(&near, "--");
	return err_set(e, ERR_USAGE, "unknown flag --%s%s", name, question);
}

static int
parse_setting(struct options *o, const char *name, struct cursor *c,
    struct err *e)
{
	bool is_file;
	const struct setting *s = setting_find_key(name, &is_file);
	struct flag *flag;

	if (s == NULL)
		return unknown_flag(o, name, c, e);
	if (s->type == SETTING_SECRET && !is_file)
		return err_set(e, ERR_USAGE,
		    "--%s: a secret is never a flag, as everyone could read "
		    "it; use --%s-file",
		    name, name);
	if (s->type == SETTING_BOOL && check_behind(c, name, e) == -1)
		return -1;
	flag = &o->flags[o->n_flags++];
	*flag = (struct flag){ s, c->value ? c->value : "yes", is_file };
	return s->type == SETTING_BOOL
	    ? 0
	    : take_value(c, s->name, &flag->value, e);
}

static int
parse_long(struct options *o, const char *text, struct cursor *c, struct err *e)
{
	size_t len = strcspn(text, "=");
	autofree char *name = xstrndup(text, len);

	c->value = text[len] ? text + len + 1 : NULL;
	for (const struct option_switch *s = option_switches; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return apply_switch(o, s, c, e);
	return parse_setting(o, name, c, e);
}

static const struct option_switch *
switch_of_letter(char letter)
{
	for (const struct option_switch *s = option_switches; s->name; s++)
		if (s->letter != 0 && s->letter == letter)
			return s;
	return NULL;
}

/* In "-o=X" and "-oX", X is the value of a letter that takes one. */
static int
parse_letters(struct options *o, const char *word, struct cursor *c,
    struct err *e)
{
	for (const char *at = word + 1; *at; at++) {
		const struct option_switch *s = switch_of_letter(*at);
		const char *rest = at + 1;
		bool takes_rest = *rest == '=' || (s && s->arg);

		if (s == NULL)
			return err_set(e, ERR_USAGE,
			    strlen(word) == 2 ? "unknown flag %s"
					      : "unknown flag %s: -%c",
			    word, *at);
		c->value = takes_rest && *rest ? rest + (*rest == '=') : NULL;
		if (apply_switch(o, s, c, e) == -1)
			return -1;
		if (takes_rest)
			return 0;
	}
	return 0;
}

/* Each letter of a word can be a flag. */
static size_t
most_flags(int argc, char **argv)
{
	size_t n = 1;

	for (int i = 1; i < argc; i++)
		n += strlen(argv[i]);
	return n;
}

int
options_parse(struct options *o, int argc, char **argv, options_of *accepted,
    struct err *e)
{
	struct cursor c = { .argc = argc, .argv = argv, .accepted = accepted };
	bool is_ended = false;
	int outcome = 0;

	*o = (struct options){ 0 };
	o->words = xcalloc((size_t)argc + 1, sizeof(*o->words));
	o->flags = xcalloc(most_flags(argc, argv), sizeof(*o->flags));
	o->switches = xcalloc(most_flags(argc, argv),
	    sizeof(const struct option_switch *));
	for (c.i = 1; c.i < argc; c.i++) {
		char *word = argv[c.i];
		struct err later = { 0 };
		struct err *first = outcome == 0 ? e : &later;
		int result = 0;

		if (is_ended || word[0] != '-' || word[1] == '\0')
			o->words[o->n_words++] = word;
		else if (strcmp(word, "--") == 0)
			is_ended = true;
		else if (word[1] == '-')
			result = parse_long(o, word + 2, &c, first);
		else
			result = parse_letters(o, word, &c, first);
		/* --json, which decides the output, may come later. */
		if (result == -1)
			outcome = -1;
	}
	return outcome;
}

const struct option_switch *
options_beyond(const struct options *o, unsigned allowed)
{
	for (size_t i = 0; i < o->n_switches; i++)
		if (o->switches[i]->option & ~allowed)
			return o->switches[i];
	return NULL;
}

void
options_free(struct options *o)
{
	free(o->flags);
	free(o->words);
	free(o->switches);
	text_list_free(&o->only);
	*o = (struct options){ 0 };
}
