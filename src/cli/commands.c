#include "cli/commands.h"

#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "cli/help.h"
#include "cli/report.h"

static int
run_finalize(const struct loaded *l, const struct options *o,
    char *const *words, size_t n, struct err *e)
{
	const struct attempt_request request = {
		.directory = words[0],
		.room = n > 1 ? words[1] : NULL,
		.session = n > 2 ? words[2] : NULL,
		.is_forced = o->is_forced,
	};
	struct attempt_result result;
	int outcome = attempt_run(&request, &l->config.attempt,
	    &l->config.pipeline, &result, e);

	if (outcome == -1 && !result.is_logged)
		log_error("%s", e->text);
	if (o->is_json)
		report_attempt_json(&result, outcome == 0 ? NULL : e);
	else
		report_attempt(&result, outcome == 0 ? NULL : e);
	attempt_result_free(&result);
	e->text[0] = '\0';
	return outcome;
}

static int
run_config(const struct loaded *l, const struct options *o, char *const *words,
    size_t n, struct err *e)
{
	(void)words, (void)n;
	if (o->is_json)
		report_config_json(l);
	else
		report_config(l);
	return pipeline_check(&l->config.pipeline, e);
}

static int
run_help(const struct loaded *l, const struct options *o, char *const *words,
    size_t n, struct err *e)
{
	autofree char *text = o->is_mdoc ? help_mdoc() : help_text();

	(void)l, (void)words, (void)n, (void)e;
	log_result(text);
	return 0;
}

const struct command commands[] = {
	{
	    .name = "finalize",
	    .synopsis = "DIR [ROOM [SESSION]]",
	    .help = "deliver the recording in DIR now",
	    .min_words = 1,
	    .max_words = 3,
	    .takes_force = true,
	    .takes_json = true,
	    .run = run_finalize,
	},
	{
	    .name = "config",
	    .synopsis = "",
	    .help = "show every setting and where it is from",
	    .takes_json = true,
	    .run = run_config,
	},
	{
	    .name = "help",
	    .synopsis = "",
	    .help = "print this help",
	    .takes_mdoc = true,
	    .needs_no_config = true,
	    .run = run_help,
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
	if (n < c->min_words || n > c->max_words)
		return err_set(e, ERR_USAGE, "usage: jibri-finalize %s%s%s",
		    c->name, *c->synopsis ? " " : "", c->synopsis);
	if (o->is_forced && !c->takes_force)
		return err_set(e, ERR_USAGE, "%s takes no --force", c->name);
	if (o->is_json && !c->takes_json)
		return err_set(e, ERR_USAGE, "%s takes no --json", c->name);
	if (o->is_mdoc && !c->takes_mdoc)
		return err_set(e, ERR_USAGE, "%s takes no --mdoc", c->name);
	return 0;
}

static int
run_loaded(struct loaded *l, const struct command *command,
    const struct options *o, char *const *words, size_t n, struct err *e)
{
	struct err no_log;

	l->config.log.is_quiet = o->is_json;
	if (log_configure(&l->config.log, &no_log) == -1)
		log_warn("%s; going on without it", no_log.text);
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

	if (o->is_help || o->is_version) {
		report_help_or_version(o->is_help);
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
	if (command->needs_no_config)
		return command->run(NULL, o, words, n, e);
	result = config_load(&l, o->config_path, o->flags, o->n_flags, e);
	if (result == 0)
		result = run_loaded(&l, command, o, words, n, e);
	config_free(&l);
	return result;
}
