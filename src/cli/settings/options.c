#include "cli/settings/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"

#define VALUE(field) .offset = offsetof(struct options, field)

const struct option_switch option_switches[] = {
	{
	    .name = "config",
	    .option = OPTION_CONFIG,
	    VALUE(config_path),
	    .arg = "FILE",
	    .help = "read the settings from this file",
	},
	{
	    .name = "force",
	    .option = OPTION_FORCE,
	    .help = "send everything again, the webhook too",
	},
	{
	    .name = "json",
	    .option = OPTION_JSON,
	    .help = "print the result as JSON",
	},
	{
	    .name = "sample",
	    .option = OPTION_SAMPLE,
	    .help = "print a sample configuration",
	},
	{
	    .name = "room",
	    .option = OPTION_ROOM,
	    VALUE(room),
	    .arg = "ROOM",
	    .help = "the name of the room",
	},
	{
	    .name = "session",
	    .option = OPTION_SESSION,
	    VALUE(session),
	    .arg = "SESSION",
	    .help = "the session",
	},
	{
	    .name = "meeting-id",
	    .option = OPTION_MEETING_ID,
	    VALUE(meeting_id),
	    .arg = "ID",
	    .help = "the meeting's id, instead of asking",
	},
	{
	    .name = "only",
	    .option = OPTION_ONLY,
	    VALUE(only),
	    .is_list = true,
	    .arg = "GLOB",
	    .help = "send these only; can be repeated",
	},
	{
	    .name = "no-webhook",
	    .option = OPTION_NO_WEBHOOK,
	    .help = "tell the backend nothing",
	},
	{
	    .name = "error",
	    .option = OPTION_ERROR,
	    VALUE(error),
	    .arg = "TEXT",
	    .help = "what failed",
	},
	{
	    .name = "deep",
	    .option = OPTION_DEEP,
	    .help = "download and compare the contents",
	},
	{
	    .name = "output",
	    .letter = 'o',
	    .option = OPTION_OUTPUT,
	    VALUE(output),
	    .arg = "FILE",
	    .help = "the archive, or a directory for it",
	},
	{
	    .name = "unredacted",
	    .option = OPTION_UNREDACTED,
	    .help = "take metadata.json as it is",
	},
	{
	    .name = "reset",
	    .option = OPTION_RESET,
	    .help = "clear the journal instead",
	},
	{
	    .name = "yes",
	    .option = OPTION_YES,
	    .help = "do it without asking",
	},
	{
	    .name = "held",
	    .option = OPTION_HELD,
	    .help = "try what is held, too",
	},
	{
	    .name = "dry-run",
	    .option = OPTION_DRY_RUN,
	    .help = "only show what would be done",
	},
	{
	    .name = "state",
	    .option = OPTION_STATE,
	    VALUE(states),
	    .arg = "LIST",
	    .help = "show only these, such as held,waiting",
	},
	{
	    .name = "check",
	    .option = OPTION_CHECK,
	    .help = "exit with 1 when anything is held",
	},
	{
	    .name = "quiet",
	    .letter = 'q',
	    .option = OPTION_QUIET,
	    .help = "print errors only, and no summary of success",
	},
	{
	    .name = "verbose",
	    .letter = 'v',
	    .option = OPTION_VERBOSE,
	    .help = "the same as --log-level debug",
	    .sets = "log-level",
	    .to = "debug",
	},
	{
	    .name = "help",
	    .letter = 'h',
	    .option = OPTION_HELP,
	    .help = "print this help",
	},
	{
	    .name = "version",
	    .letter = 'V',
	    .option = OPTION_VERSION,
	    .help = "print the version, and the libraries'",
	},
};

const size_t option_switches_n =
    sizeof(option_switches) / sizeof(option_switches[0]);

/* Where the parser stands. */
struct cursor {
	int argc, i;
	char **argv;
	const char *value; /* behind '=', or NULL */
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

static int
apply_switch(struct options *o, const struct option_switch *s, struct cursor *c,
    struct err *e)
{
	void *field = (char *)o + s->offset;
	const char *value = NULL;

	o->given |= s->option;
	if (s->sets)
		o->flags[o->n_flags++] = (struct flag){
			.setting = setting_find(s->sets),
			.value = s->to,
		};
	if (s->arg == NULL)
		return c->value == NULL
		    ? 0
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
unknown_flag(const char *name, struct err *e)
{
	struct nearest near = { .typed = name };
	autofree char *question = NULL;

	for (size_t i = 0; i < option_switches_n; i++)
		nearest_offer(&near, option_switches[i].name);
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
		return unknown_flag(name, e);
	if (s->type == SETTING_SECRET && !is_file)
		return err_set(e, ERR_USAGE,
		    "--%s: a secret is never a flag, as everyone could read "
		    "it; use --%s-file",
		    name, name);
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
	for (size_t i = 0; i < option_switches_n; i++)
		if (strcmp(option_switches[i].name, name) == 0)
			return apply_switch(o, &option_switches[i], c, e);
	return parse_setting(o, name, c, e);
}

static int
parse_letter(struct options *o, const char *word, struct cursor *c,
    struct err *e)
{
	c->value = NULL;
	for (size_t i = 0; i < option_switches_n && word[2] == '\0'; i++)
		if (option_switches[i].letter == word[1])
			return apply_switch(o, &option_switches[i], c, e);
	return err_set(e, ERR_USAGE, "unknown flag %s", word);
}

int
options_parse(struct options *o, int argc, char **argv, struct err *e)
{
	struct cursor c = { .argc = argc, .argv = argv };
	bool is_ended = false;

	*o = (struct options){ 0 };
	/* No word of the command line is more than one of either. */
	o->words = xcalloc((size_t)argc + 1, sizeof(*o->words));
	o->flags = xcalloc((size_t)argc + 1, sizeof(*o->flags));
	for (c.i = 1; c.i < argc; c.i++) {
		char *word = argv[c.i];
		int result = 0;

		if (is_ended || word[0] != '-' || word[1] == '\0')
			o->words[o->n_words++] = word;
		else if (strcmp(word, "--") == 0)
			is_ended = true;
		else if (word[1] == '-')
			result = parse_long(o, word + 2, &c, e);
		else
			result = parse_letter(o, word, &c, e);
		if (result == -1)
			return -1;
	}
	return 0;
}

const struct option_switch *
options_beyond(const struct options *o, unsigned allowed)
{
	for (size_t i = 0; i < option_switches_n; i++)
		if (option_switches[i].option & o->given & ~allowed)
			return &option_switches[i];
	return NULL;
}

void
options_free(struct options *o)
{
	free(o->flags);
	free(o->words);
	text_list_free(&o->only);
	*o = (struct options){ 0 };
}
