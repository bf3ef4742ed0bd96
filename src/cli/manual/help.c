#include "cli/manual/help.h"

#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/report/table.h"

enum { HELP_COLUMN = 34, WIDTH = 79 };

static void
add_row(struct buf *out, const char *left, const char *right)
{
	if (strlen(left) + 2 > HELP_COLUMN)
		(void)buf_addf(out, "  %s\n%*s%s\n", left, HELP_COLUMN, "",
		    right);
	else
		(void)buf_addf(out, "  %-*s%s\n", HELP_COLUMN - 2, left, right);
}

static void
add_uses(struct buf *out, const struct command *all)
{
	(void)buf_adds(out,
	    "usage: jibri-finalize RECORDING_DIR [ROOM [SESSION]]\n"
	    "       jibri-finalize COMMAND [FLAG...] [...]\n"
	    "\n"
	    "Delivers a Jibri recording: uploads every artifact and tells the "
	    "backend.\n"
	    "  As Jibri's finalize-script    set it in jibri.conf; Jibri adds "
	    "the directory\n"
	    "  By a timer                    jibri-finalize sweep: finishes "
	    "what is stuck\n"
	    "  By hand                       jibri-finalize DIR, as often as "
	    "you like\n"
	    "\n"
	    "Commands:\n");
	for (const struct command *c = all; c->name; c++) {
		autofree char *left = xasprintf("%s %s", c->name, c->synopsis);

		add_row(out, left, c->help);
	}
}

static void
add_switches(struct buf *out, unsigned wanted)
{
	for (const struct option_switch *s = option_switches; s->name; s++) {
		autofree char *letter =
		    s->letter ? xasprintf("-%c, ", s->letter) : xstrdup("");
		autofree char *left = xasprintf("%s--%s%s%s", letter, s->name,
		    s->arg ? " " : "", s->arg ? s->arg : "");

		if (s->option & wanted)
			add_row(out, left, s->help);
	}
}

/* "--retry-delay TIME", "--token-file FILE", "--expect-continue[=no]". */
static char *
flag_of(const struct setting *s)
{
	if (s->type == SETTING_SECRET)
		return xasprintf("--%s-file FILE", s->name);
	if (s->type == SETTING_BOOL)
		return xasprintf("--%s[=no]", s->name);
	return xasprintf("--%s %s", s->name, s->arg);
}

static void
add_settings(struct buf *out)
{
	(void)buf_adds(out,
	    "\nSettings, each also 'name = value' in the file and "
	    "JIBRI_FINALIZE_NAME:\n");
	for (size_t i = 0; i < settings_count(); i++) {
		autofree char *left = flag_of(setting_at(i));

		add_row(out, left, setting_at(i)->help);
	}
}

static void
add_program(struct buf *out, const struct command *all)
{
	add_uses(out, all);
	(void)buf_adds(out, "\nFlags of every command:\n");
	add_switches(out, OPTIONS_GLOBAL);
	add_settings(out);
	(void)buf_adds(out,
	    "\nExit: 0 done, 64 usage, 65 held, 66 no such recording, "
	    "75 will be retried,\n77 refused, 78 configuration.  Settings "
	    "are read from\n" CONFIG_DEFAULT_FILE
	    " and shown by 'jibri-finalize config'.\n"
	    "One command: jibri-finalize help COMMAND.  "
	    "Manual: man jibri-finalize.\n");
}

static void
add_examples(struct buf *out, const struct command *c)
{
	(void)buf_adds(out, "\nExamples:\n");
	for (const struct command_example *x = c->examples; x->line; x++)
		(void)buf_addf(out, "  # %s\n  %s\n", x->what, x->line);
}

static void
add_command(struct buf *out, const struct command *c)
{
	autofree char *use =
	    xasprintf("jibri-finalize %s %s", c->name, c->synopsis);

	table_add_wrapped(out, use, "       ", WIDTH);
	memcpy(out->data, "usage: ", strlen("usage: "));
	(void)buf_adds(out, "\n");
	table_add_wrapped(out, c->manual, "", WIDTH);
	(void)buf_adds(out, "\nFlags:\n");
	add_switches(out, c->options);
	add_switches(out, OPTIONS_GLOBAL);
	if (!c->needs_no_config)
		(void)buf_adds(out,
		    "\nEvery setting is a flag too: see "
		    "'jibri-finalize --help'.\n");
	add_examples(out, c);
}

void
help_print(const struct command *all, const struct command *one)
{
	autobuf struct buf out = { 0 };

	if (one)
		add_command(&out, one);
	else
		add_program(&out, all);
	log_result(out.data);
}

static void
add_sample(struct buf *out, const struct setting *s)
{
	autofree char *text =
	    xasprintf("%c%s.  %s", toupper((unsigned char)*s->help),
		s->help + 1, s->manual ? s->manual : "");

	(void)buf_adds(out, "\n");
	table_add_wrapped(out, text, "# ", WIDTH);
	if (setting_takes_file(s))
		(void)buf_addf(out, "# Or %s-file = FILE, which holds it.\n",
		    s->name);
	(void)buf_addf(out, "#%s =%s%s\n", s->name, *s->initial ? " " : "",
	    s->initial);
}

void
help_sample(void)
{
	autobuf struct buf out = { 0 };

	(void)buf_adds(&out,
	    "# The settings of jibri-finalize, each with its default.  To "
	    "change one, take\n"
	    "# the '#' from the front of its line.  Comments stand on lines "
	    "of their own.\n"
	    "# Check what you wrote with 'jibri-finalize config', as the user "
	    "that records.\n");
	for (size_t i = 0; i < settings_count(); i++)
		add_sample(&out, setting_at(i));
	log_result(out.data);
}
