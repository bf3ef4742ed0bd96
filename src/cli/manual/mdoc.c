#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "cli/manual/generate.h"
#include "cli/manual/help.h"
#include "cli/settings/flags.h"

/* A character that mdoc must not interpret. */
static void
add_char(struct buf *out, char c)
{
	if (c == '\\')
		(void)buf_adds(out, "\\e");
	else
		(void)buf_add(out, &c, 1);
}

/* A line that mdoc must not take for a macro. */
static void
add_line(struct buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		(void)buf_adds(out, "\\&");
	while (*text)
		add_char(out, *text++);
	(void)buf_adds(out, "\n");
}

/* Sentences: a new one is a new line, and a long one several. */
static void
add_text(struct buf *out, const char *text)
{
	while (*text) {
		const char *end = strstr(text, ".  ");
		size_t len = end ? (size_t)(end + 1 - text) : strlen(text);
		autofree char *sentence = xstrndup(text, len);
		autobuf struct buf lines = { 0 };
		char *rest, *line;

		help_wrap(&lines, sentence, "");
		rest = lines.data;
		while ((line = strsep(&rest, "\n")) != NULL && *line)
			add_line(out, line);
		text += len;
		text += strspn(text, " ");
	}
}

/* A few words as a sentence. */
static void
add_sentence(struct buf *out, const char *words)
{
	(void)buf_addf(out, "%c", toupper((unsigned char)*words));
	add_line(out, words + 1);
	out->len--;
	(void)buf_adds(out, ".\n");
}

/* "DIR [ROOM]" as macros. */
static void
add_commands_of(struct buf *out, const struct flag_view *f)
{
	const char *before = "Of ";

	for (size_t i = 0; i < commands_n; i++) {
		if (!flag_fits(f, &commands[i]))
			continue;
		(void)buf_addf(out, "%s%s", before, commands[i].name);
		before = ", ";
	}
	(void)buf_adds(out, ".\n");
}

static void
add_synopsis(struct buf *out, const char *s)
{
	while (*s) {
		size_t len = strcspn(s, "[]()| .");

		if (len > 0)
			(void)buf_addf(out, " %s %.*s",
			    strncmp(s, "--", 2) == 0         ? "Fl"
				: islower((unsigned char)*s) ? "Cm"
							     : "Ar",
			    (int)len - (*s == '-'), s + (*s == '-'));
		else if (*s == '[')
			(void)buf_adds(out, " Oo");
		else if (*s == ']')
			(void)buf_adds(out, " Oc");
		else if (*s == '(')
			(void)buf_adds(out, " Po");
		else if (*s == ')')
			(void)buf_adds(out, " Pc");
		else if (*s == '|')
			(void)buf_adds(out, " |");
		else if (strncmp(s, "...", 3) == 0)
			(void)buf_adds(out, " ..."), len = 3;
		s += len ? len : 1;
	}
	(void)buf_adds(out, "\n");
}

void
mdoc_synopsis(struct buf *out)
{
	for (size_t i = 0; i < commands_n; i++) {
		autobuf struct buf words = { 0 };

		add_synopsis(&words, commands[i].synopsis);
		(void)buf_addf(out, ".Nm\n.Cm %s\n", commands[i].name);
		if (words.len > 1)
			(void)buf_addf(out, ".%s", words.data + 1);
	}
}

void
mdoc_commands(struct buf *out)
{
	(void)buf_adds(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < commands_n; i++) {
		const struct command *c = &commands[i];

		(void)buf_addf(out, ".It Cm %s", c->name);
		add_synopsis(out, c->synopsis);
		add_text(out, c->manual ? c->manual : c->help);
	}
	(void)buf_adds(out, ".El\n");
}

void
mdoc_examples(struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < commands_n; i++) {
		const struct command_example *x = commands[i].examples;

		for (; x && x->line; x++) {
			(void)buf_addf(out, "%s%c", n++ ? ".Pp\n" : "",
			    toupper((unsigned char)*x->what));
			add_line(out, x->what + 1);
			out->len--;
			(void)buf_adds(out, ":\n.Bd -literal -offset indent\n");
			add_line(out, x->line);
			(void)buf_adds(out, ".Ed\n");
		}
	}
}

void
mdoc_options(struct buf *out)
{
	struct flag_view f;

	(void)buf_adds(out, ".Bl -tag -width Ds\n");
	for (size_t at = 0; flag_next(&at, &f);) {
		if (f.setting)
			continue;
		(void)buf_adds(out, ".It ");
		if (f.letter)
			(void)buf_addf(out, "Fl %c , ", f.letter);
		(void)buf_addf(out, "Fl -%s%s%s\n", f.name, f.arg ? " Ar " : "",
		    f.arg ? f.arg : "");
		add_sentence(out, f.help);
		if (!(f.option & OPTIONS_GLOBAL))
			add_commands_of(out, &f);
	}
	(void)buf_adds(out, ".El\n");
}

/* The flag names a file; the variable and the key hold the secret itself. */
static void
add_secret(struct buf *out, const struct setting *s, const char *variable)
{
	(void)buf_addf(out,
	    "The secret itself may stand here or in the variable\n");
	if (s->legacy)
		(void)buf_addf(out, ".Ev %s\nor\n", s->legacy);
	(void)buf_addf(out,
	    ".Ev %s ;\nthe name of a file that holds it as\n"
	    ".Ic %s-file ,\nin\n.Ev %s_FILE\nor behind\n"
	    ".Fl -%s-file .\n",
	    variable, s->name, variable, s->name);
}

static void
add_setting(struct buf *out, const struct setting *s)
{
	autofree char *variable = setting_variable(s->name);

	(void)buf_addf(out, ".It Ic %s No = Ar %s\n", s->name,
	    s->type == SETTING_BOOL ? "yes|no" : s->arg);
	add_sentence(out, s->help);
	if (s->manual)
		add_text(out, s->manual);
	if (*s->initial)
		(void)buf_addf(out, "Default:\n.Ql %s .\n", s->initial);
	if (s->type == SETTING_SECRET) {
		add_secret(out, s, variable);
		return;
	}
	(void)buf_addf(out, "Also\n.Fl -%s\nand\n.Ev %s", s->name, variable);
	if (s->legacy)
		(void)buf_addf(out, "\nor\n.Ev %s", s->legacy);
	(void)buf_adds(out, " .\n");
}

void
mdoc_settings(struct buf *out)
{
	(void)buf_adds(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < settings_count(); i++)
		add_setting(out, setting_at(i));
	(void)buf_adds(out, ".El\n");
}
