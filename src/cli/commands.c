#include "cli/commands.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "cli/help.h"
#include "cli/report.h"

const struct command commands[] = {
	{
	    .name = "finalize",
	    .synopsis = "DIR [ROOM [SESSION]]",
	    .help = "deliver the recording in DIR now",
	    .min_words = 1,
	    .max_words = 3,
	    .options = OPTION_FORCE | OPTION_JSON,
	    .run = cmd_finalize,
	},
	{
	    .name = "upload",
	    .synopsis = "[FLAG...] DIR...",
	    .help = "deliver by hand, check at the server",
	    .min_words = 1,
	    .max_words = SIZE_MAX,
	    .options = OPTION_ROOM | OPTION_SESSION | OPTION_MEETING_ID |
		OPTION_ONLY | OPTION_FORCE | OPTION_NO_WEBHOOK | OPTION_JSON,
	    .run = cmd_upload,
	},
	{
	    .name = "sweep",
	    .synopsis = "[--held] [--dry-run] [ROOT...]",
	    .help = "deliver every recording that is due",
	    .max_words = SIZE_MAX,
	    .options = OPTION_HELD | OPTION_DRY_RUN,
	    .run = cmd_sweep,
	},
	{
	    .name = "status",
	    .synopsis = "[--json] [--state LIST] [--check] [ROOT...]",
	    .help = "show what became of every recording",
	    .max_words = SIZE_MAX,
	    .options = OPTION_JSON | OPTION_STATE | OPTION_CHECK,
	    .run = cmd_status,
	},
	{
	    .name = "forget",
	    .synopsis = "[--reset] [--yes] DIR",
	    .help = "give a recording up, or clear its journal",
	    .min_words = 1,
	    .max_words = 1,
	    .options = OPTION_RESET | OPTION_YES,
	    .run = cmd_forget,
	},
	{
	    .name = "config",
	    .synopsis = "",
	    .help = "show every setting and where it is from",
	    .options = OPTION_JSON | OPTION_SAMPLE,
	    .run = cmd_config,
	},
	{
	    .name = "help",
	    .synopsis = "",
	    .help = "print this help",
	    .options = OPTION_MDOC,
	    .needs_no_config = true,
	    .run = cmd_help,
	},
};

const size_t commands_n = sizeof(commands) / sizeof(commands[0]);

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < commands_n; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* Jibri gives a directory and nothing else. */
static bool
is_hook_form(const char *word)
{
	struct stat st;

	return strchr(word, '/') ||
	    (stat(word, &st) == 0 && S_ISDIR(st.st_mode));
}

static int
check_usage(const struct command *c, const struct options *o, size_t n,
    struct err *e)
{
	const struct option_switch *beyond;

	if (n < c->min_words || n > c->max_words)
		return err_set(e, ERR_USAGE, "usage: jibri-finalize %s%s%s",
		    c->name, *c->synopsis ? " " : "", c->synopsis);
	beyond = options_beyond(o, c->options | OPTIONS_GLOBAL);
	if (beyond != NULL)
		return err_set(e, ERR_USAGE, "%s takes no --%s", c->name,
		    beyond->name);
	return 0;
}

static int
run_loaded(struct loaded *l, const struct command *command,
    const struct options *o, char *const *words, size_t n, struct err *e)
{
	struct err no_log;

	l->config.log.is_quiet = o->given & OPTION_JSON;
	if (log_configure(&l->config.log, &no_log) == -1)
		log_warn("%s; going on without it", no_log.text);
	for (size_t i = 0; i < l->lax.n; i++)
		log_warn("%s", l->lax.items[i]);
	stop_at(clock_mono_ms() + l->config.deadline_ms);
	return command->run(l, o, words, n, e);
}

int
commands_run(const struct options *o, struct err *e)
{
	const struct command *command = NULL;
	char *const *words = o->words;
	size_t n = o->n_words;
	struct loaded l;
	int result;

	if (o->given & (OPTION_HELP | OPTION_VERSION)) {
		report_help_or_version(o->given & OPTION_HELP);
		return 0;
	}
	if (n == 0)
		return err_set(e, ERR_USAGE,
		    "no recording is named; see jibri-finalize --help");
	command = find_command(words[0]);
	if (command != NULL)
		words++, n--;
	else if (is_hook_form(words[0]))
		command = find_command("finalize");
	else
		return err_set(e, ERR_USAGE,
		    "'%s' is neither a command nor a directory; see "
		    "jibri-finalize --help",
		    words[0]);
	if (check_usage(command, o, n, e) == -1)
		return -1;
	if (command->needs_no_config || (o->given & OPTION_SAMPLE))
		return command->run(NULL, o, words, n, e);
	result = config_load(&l, o->config_path, o->flags, o->n_flags, e);
	if (result == 0)
		result = run_loaded(&l, command, o, words, n, e);
	config_free(&l);
	return result;
}
