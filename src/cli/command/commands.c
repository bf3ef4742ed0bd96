#include "cli/command/commands.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "cli/manual/help.h"
#include "cli/manual/text.h"
#include "cli/report/report.h"

const struct command commands[] = {
	{ "finalize", TASK_DELIVER,
	    "[--force] [--dry-run] DIR [ROOM [SESSION]]",
	    "deliver the recording in DIR now", &text_finalize, .min_words = 1,
	    .max_words = 3, .options = OPTION_FORCE | OPTION_DRY_RUN,
	    .scope = SCOPE_FIRST, .run = cmd_finalize },
	{ "upload", TASK_DELIVER, "[FLAG...] (DIR | ARCHIVE)...",
	    "deliver by hand, after asking the server", &text_upload,
	    .min_words = 1, .max_words = SIZE_MAX,
	    .options = OPTION_ROOM | OPTION_SESSION | OPTION_MEETING_ID |
		OPTION_ONLY | OPTION_FORCE | OPTION_NO_WEBHOOK | OPTION_DRY_RUN,
	    .scope = SCOPE_ALL, .has_list = true, .run = cmd_upload },
	{ "verify", TASK_LOOK, "[--deep] DIR...",
	    "compare recordings with the server", &text_verify, .min_words = 1,
	    .max_words = SIZE_MAX, .options = OPTION_DEEP, .scope = SCOPE_ALL,
	    .has_list = true, .is_looking = true, .run = cmd_verify },
	{ "notify", TASK_HANDLE, "started|stopped|failed [FLAG...] [DIR]",
	    "send one webhook to the backend", &text_notify, .min_words = 1,
	    .max_words = 2,
	    .options = OPTION_ROOM | OPTION_SESSION | OPTION_ERROR |
		OPTION_FORCE | OPTION_DRY_RUN,
	    .scope = SCOPE_SECOND, .run = cmd_notify },
	{ "pack", TASK_HANDLE,
	    "[--output FILE] [--unredacted] [--dry-run] DIR...",
	    "put each recording into an archive", &text_pack, .min_words = 1,
	    .max_words = SIZE_MAX,
	    .options = OPTION_OUTPUT | OPTION_UNREDACTED | OPTION_DRY_RUN,
	    .scope = SCOPE_AND_OUTPUT, .has_list = true, .run = cmd_pack },
	{ "sweep", TASK_DELIVER, "[--held] [--dry-run] [ROOT...]",
	    "deliver every recording that is due", &text_sweep,
	    .max_words = SIZE_MAX, .options = OPTION_HELD | OPTION_DRY_RUN,
	    .scope = SCOPE_ROOTS, .visits = true, .run = cmd_sweep },
	{ "watch", TASK_DELIVER, "[ROOT...]",
	    "keep running, and deliver what becomes due", &text_watch,
	    .max_words = SIZE_MAX, .scope = SCOPE_ROOTS, .visits = true,
	    .run = cmd_watch },
	{ "status", TASK_LOOK, "[FLAG...] [ROOT...]",
	    "list the recordings that are not done", &text_status,
	    .max_words = SIZE_MAX,
	    .options = OPTION_STATE | OPTION_CHECK | OPTION_ALL | OPTION_ROWS |
		OPTION_UTC | OPTION_WATCH,
	    .is_looking = true, .needs_no_rights = true, .scope = SCOPE_ROOTS,
	    .run = cmd_status },
	{ "show", TASK_LOOK, "[--log | --utc] DIR",
	    "show everything about one recording", &text_show, .min_words = 1,
	    .max_words = 1, .options = OPTION_LOG | OPTION_UTC,
	    .is_looking = true, .needs_no_rights = true, .scope = SCOPE_READ,
	    .run = cmd_show },
	{ "pause", TASK_HANDLE, "[--for TIME] [--dry-run] [ROOT...]",
	    "stop deliveries from a recordings directory", &text_pause,
	    .max_words = SIZE_MAX, .options = OPTION_FOR | OPTION_DRY_RUN,
	    .run = cmd_pause },
	{ "resume", TASK_HANDLE, "[--dry-run] [ROOT...]", "end a pause",
	    &text_resume, .max_words = SIZE_MAX, .options = OPTION_DRY_RUN,
	    .run = cmd_resume },
	{ "forget", TASK_HANDLE, "[--reset] [--yes] [--dry-run] DIR...",
	    "give recordings up, or clear their journals", &text_forget,
	    .min_words = 1, .max_words = SIZE_MAX,
	    .options = OPTION_RESET | OPTION_YES | OPTION_DRY_RUN,
	    .scope = SCOPE_ALL, .has_list = true, .run = cmd_forget },
	{ "check", TASK_SET_UP, "[--write [--dry-run]]",
	    "find what is wrong with the installation", &text_check,
	    .options = OPTION_WRITE | OPTION_DRY_RUN, .loads_config = true,
	    .run = cmd_check },
	{ "config", TASK_SET_UP, "[--sample]",
	    "show every setting and where it comes from", &text_config,
	    .options = OPTION_SAMPLE, .is_looking = true, .run = cmd_config },
	{ "help", TASK_SET_UP, "[--all] [COMMAND | SETTING]",
	    "explain a command or a setting", &text_help, .max_words = 1,
	    .options = OPTION_ALL, .needs_no_config = true, .run = cmd_help },
	{ 0 },
};

static const struct command *
find_row(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

unsigned
commands_options(const char *name)
{
	const struct command *c = find_row(name);

	return c ? c->options | OPTIONS_GLOBAL : ~0U;
}

static int
set_unknown(const char *name, bool is_setting_too, struct err *e)
{
	struct nearest near = { .typed = name };
	autofree char *question = NULL;

	for (const struct command *c = commands; c->name; c++)
		nearest_offer(&near, c->name);
	if (is_setting_too)
		settings_offer(&near, false);
	question = nearest_question(&near, "");
	return err_set(e, ERR_USAGE, "'%s' is neither a command nor a %s%s",
	    name, is_setting_too ? "setting" : "directory",
	    *question ? question : "; see jibri-finalize --help");
}

/* Print the help of a command or a setting of this name, if there is one. */
static bool
help_of(const char *name)
{
	const struct command *command = find_row(name);
	bool is_file;
	const struct setting *setting = setting_find_key(name, &is_file);

	if (command != NULL)
		help_command(command);
	else if (setting != NULL)
		help_setting(setting);
	return command || setting;
}

int
cmd_help(struct loaded *l, const struct options *o, struct err *e)
{
	(void)l;
	if (o->n_words > 0 && !help_of(o->words[0]))
		return set_unknown(o->words[0], true, e);
	if (o->n_words == 0)
		(o->given & OPTION_ALL ? help_all : help_screen)(commands);
	return 0;
}

/* Jibri passes a directory and nothing else. */
static bool
is_hook_form(const char *word)
{
	struct stat st;

	return strchr(word, '/') ||
	    (stat(word, &st) == 0 && S_ISDIR(st.st_mode));
}

static int
check_usage(const struct command *c, const struct options *o, struct err *e)
{
	const struct option_switch *beyond;

	if (o->n_words < c->min_words || o->n_words > c->max_words)
		return err_set(e, ERR_USAGE, "usage: jibri-finalize %s%s%s",
		    c->name, *c->synopsis ? " " : "", c->synopsis);
	beyond = options_beyond(o, c->options | OPTIONS_GLOBAL);
	if (beyond != NULL)
		return err_set(e, ERR_USAGE, "%s does not accept --%s", c->name,
		    beyond->name);
	return 0;
}

/* A command that accepts several recordings reports them as a list. */
static void
begin_report(const struct command *c, const struct options *o)
{
	enum report_form form = REPORT_OBJECT;

	if (!(o->given & OPTION_JSON))
		return;
	if (c->visits && !(o->given & OPTION_DRY_RUN))
		form = REPORT_LINES;
	else if (c->has_list)
		form = REPORT_LIST;
	report_begin(c->name, form);
}

static int
run_command(const struct command *command, const struct options *o,
    struct err *e)
{
	struct loaded l = { 0 };
	int result;

	if (command->needs_no_config || command->loads_config ||
	    (o->given & OPTION_SAMPLE))
		return command->run(NULL, o, e);
	result = config_load(&l, o, command->needs_no_rights, e);
	if (result == 0)
		result = command_run_loaded(&l, command, o, e);
	config_free(&l);
	return result;
}

/* A monitoring plugin that cannot tell prints so, in its one line. */
static int
set_unknown_level(struct err *e)
{
	e->class = ERR_UNKNOWN;
	if (!report_is_json()) {
		autofree char *line = xasprintf("UNKNOWN - %s\n", e->text);

		log_result(line);
		*e->text = '\0';
	}
	return -1;
}

int
commands_run(const struct options *given, struct err *e)
{
	struct options rest = *given, *o = &rest;
	const char *word = o->n_words > 0 ? o->words[0] : NULL;
	const struct command *command = word ? find_row(word) : NULL;
	int result;

	if (o->given & OPTION_HELP) {
		if (word == NULL || !help_of(word))
			(o->given & OPTION_ALL ? help_all : help_screen)(
			    commands);
		return 0;
	}
	if (o->given & OPTION_VERSION) {
		report_version();
		return 0;
	}
	if (word == NULL)
		return err_set(e, ERR_USAGE,
		    "no recording given; see jibri-finalize --help");
	if (command != NULL)
		o->words++, o->n_words--;
	else if (is_hook_form(word))
		command = find_row("finalize");
	else
		return set_unknown(word, false, e);
	assert(command != NULL); /* finalize exists */
	begin_report(command, o);
	if (check_usage(command, o, e) == -1)
		return -1;
	result = run_command(command, o, e);
	return result == -1 && (o->given & OPTION_CHECK) && *e->text
	    ? set_unknown_level(e)
	    : result;
}
