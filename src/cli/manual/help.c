#include "cli/manual/help.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "cli/report/report_json.h"
#include "cli/report/table.h"

enum { HELP_COLUMN = 34, WIDTH = 79 };

static void
add_row(struct buf *out, const char *left, const char *right)
{
	if (strlen(left) + 3 > HELP_COLUMN)
		(void)buf_addf(out, "  %s\n%*s%s\n", left, HELP_COLUMN, "",
		    right);
	else
		(void)buf_addf(out, "  %-*s%s\n", HELP_COLUMN - 2, left, right);
}

static const char *const tasks[TASKS] = {
	[TASK_DELIVER] = "Deliver",
	[TASK_LOOK] = "Look",
	[TASK_HANDLE] = "By hand",
	[TASK_SET_UP] = "Set up",
};

static void
add_uses(struct buf *out)
{
	(void)buf_adds(out,
	    "usage: jibri-finalize DIR [ROOM [SESSION]]     "
	    "(as Jibri calls it: finalize)\n"
	    "       jibri-finalize COMMAND [FLAG...] [...]\n\n");
}

/* The commands of a task; the first one's line begins with its name. */
static void
add_task(struct buf *out, const struct command *all, enum command_task task)
{
	const char *title = tasks[task];

	for (const struct command *c = all; c->name; c++) {
		if (c->task != task)
			continue;
		(void)buf_addf(out, "%-9s %-10s %s\n", title, c->name, c->help);
		title = "";
	}
}

static void
add_synopses(struct buf *out, const struct command *all, enum command_task task)
{
	(void)buf_addf(out, "%s%s:\n", task ? "\n" : "", tasks[task]);
	for (const struct command *c = all; c->name; c++) {
		autofree char *left = xasprintf("%s %s", c->name, c->synopsis);

		if (c->task == task)
			add_row(out, left, c->help);
	}
}

/* What the flag means to one command. */
static void
add_note(struct buf *out, const struct command_text *text, const char *flag)
{
	static const char indent[] = "                                  ";

	for (const struct command_note *n = text->flags; n->flag; n++)
		if (strcmp(n->flag, flag) == 0)
			table_add_wrapped(out, n->text, indent, WIDTH);
}

/* The wanted flags; text is that of a single command, or NULL. */
static void
add_switches(struct buf *out, unsigned wanted, const struct command_text *text)
{
	for (const struct option_switch *s = option_switches; s->name; s++) {
		autofree char *letter =
		    s->letter ? xasprintf("-%c, ", s->letter) : xstrdup("");
		autofree char *left = xasprintf("%s--%s%s%s", letter, s->name,
		    s->arg ? " " : "", s->arg ? s->arg : "");

		if (!(s->option & wanted))
			continue;
		add_row(out, left, s->help);
		if (text != NULL)
			add_note(out, text, s->name);
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

/* Grouped by subject, as below "Sweep:". */
static void
add_settings(struct buf *out)
{
	const char *subject = "";

	(void)buf_adds(out,
	    "\nSettings, each also 'name = value' in the file and "
	    "JIBRI_FINALIZE_NAME:\n");
	for (size_t i = 0; i < settings_count(); i++) {
		autofree char *left = flag_of(setting_at(i));

		if (strcmp(subject, setting_subject(i)) != 0) {
			subject = setting_subject(i);
			(void)buf_addf(out, "\n%c%s:\n",
			    toupper((unsigned char)*subject), subject + 1);
		}
		add_row(out, left, setting_at(i)->help);
	}
}

void
help_screen(const struct command *all)
{
	autobuf struct buf out = { 0 };

	add_uses(&out);
	for (enum command_task task = 0; task < TASKS; task++)
		add_task(&out, all, task);
	(void)buf_adds(&out,
	    "\nFlags     -n shows what would be done, -q is quiet, -v is "
	    "verbose; -qn is both\n"
	    "More      jibri-finalize help COMMAND, help SETTING, help --all\n"
	    "          man jibri-finalize\n");
	report_text(out.data);
}

void
help_all(const struct command *all)
{
	autobuf struct buf out = { 0 };

	add_uses(&out);
	for (enum command_task task = 0; task < TASKS; task++)
		add_synopses(&out, all, task);
	(void)buf_adds(&out, "\nFlags of every command:\n");
	add_switches(&out, OPTIONS_GLOBAL, NULL);
	add_settings(&out);
	(void)buf_adds(&out,
	    "\nExit: 0 done, 1 check found something (status --check: also 2 "
	    "and 3), 64 usage,\n"
	    "65 held, 66 no such recording, 75 will be retried, 77 refused, "
	    "78 configuration.\n"
	    "Settings are read from " CONFIG_DEFAULT_FILE
	    "; 'jibri-finalize config'\n"
	    "shows them.  One command or setting: jibri-finalize help NAME.  "
	    "Manual:\n"
	    "man jibri-finalize, man jibri-finalize.conf.\n");
	report_text(out.data);
}

static void
add_exits(struct buf *out, const struct command_text *text)
{
	static const char indent[] = "      ";

	(void)buf_adds(out, "\nExit codes:\n");
	for (const struct command_exit *x = text->exits; x->when; x++) {
		autobuf struct buf lines = { 0 };

		table_add_wrapped(&lines, x->when, indent, WIDTH);
		(void)buf_addf(out, "  %-4d%s", x->code,
		    lines.data + strlen(indent));
	}
}

static void
add_examples(struct buf *out, const struct command_text *text)
{
	(void)buf_adds(out, "\nExamples:\n");
	for (const struct command_example *x = text->examples; x->line; x++)
		(void)buf_addf(out, "  # %s\n  %s\n", x->what, x->line);
}

void
help_command(const struct command *c)
{
	autobuf struct buf text = { 0 };
	struct buf *out = &text;
	autofree char *use =
	    xasprintf("jibri-finalize %s %s", c->name, c->synopsis);

	table_add_wrapped(out, use, "       ", WIDTH);
	memcpy(out->data, "usage: ", strlen("usage: "));
	(void)buf_adds(out, "\n");
	table_add_wrapped(out, c->text->manual, "", WIDTH);
	(void)buf_adds(out, "\nFlags:\n");
	add_switches(out, c->options, c->text);
	add_switches(out, OPTIONS_GLOBAL, c->text);
	if (!c->needs_no_config)
		(void)buf_adds(out,
		    "\nEvery setting is a flag too: see "
		    "'jibri-finalize help --all'.\n");
	if (c->text->more != NULL) {
		(void)buf_adds(out, "\n");
		table_add_wrapped(out, c->text->more, "", WIDTH);
	}
	add_exits(out, c->text);
	add_examples(out, c->text);
	report_text(out->data);
}

static void
add_choices(struct buf *out, const struct setting *s)
{
	if (s->choices == NULL)
		return;
	(void)buf_adds(out, "Values:    ");
	for (size_t i = 0; s->choices[i]; i++)
		(void)buf_addf(out, "%s%s", i ? ", " : "", s->choices[i]);
	(void)buf_adds(out, "\n");
}

/* Where it can be set. */
static void
add_ways(struct buf *out, const struct setting *s)
{
	autofree char *variable = setting_variable(s->name);
	autofree char *flag = flag_of(s);

	(void)buf_addf(out, "Flag:      %s\nVariable:  %s%s%s\n", flag,
	    variable, s->legacy ? " or " : "", s->legacy ? s->legacy : "");
	if (setting_takes_file(s))
		(void)buf_addf(out,
		    "In a file: %s-file = FILE\n           %s_FILE=FILE\n",
		    s->name, variable);
}

static void
add_meaning(struct buf *out, const struct setting *s, const char *indent)
{
	autofree char *text =
	    xasprintf("%c%s.  %s", toupper((unsigned char)*s->help),
		s->help + 1, s->manual ? s->manual : "");

	table_add_wrapped(out, text, indent, WIDTH);
}

void
help_setting(const struct setting *s)
{
	autobuf struct buf out = { 0 };

	(void)buf_addf(&out, "%s = %s\n\n", s->name,
	    s->type == SETTING_BOOL ? "yes|no" : s->arg);
	add_meaning(&out, s, "");
	(void)buf_addf(&out, "\nDefault:   %s\n",
	    *s->initial ? s->initial : "none");
	add_choices(&out, s);
	add_ways(&out, s);
	(void)buf_adds(&out,
	    "\nWhat is set here, and where: jibri-finalize config\n");
	report_text(out.data);
}

static void
add_sample(struct buf *out, const struct setting *s)
{
	(void)buf_adds(out, "\n");
	add_meaning(out, s, "# ");
	if (setting_takes_file(s))
		(void)buf_addf(out, "# Or %s-file = FILE, which contains it.\n",
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
	    "# the '#' from its line.  A comment has a line of its own.  Check "
	    "the result\n"
	    "# with 'jibri-finalize config', as the user that records.\n");
	for (size_t i = 0; i < settings_count(); i++)
		add_sample(&out, setting_at(i));
	report_text(out.data);
}
