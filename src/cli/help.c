#include "cli/help.h"

#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"

enum { HELP_COLUMN = 34, SAMPLE_WIDTH = 78 };

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
add_uses(struct buf *out)
{
	(void)buf_adds(out,
	    "usage: jibri-finalize RECORDING_DIR [ROOM [SESSION]]\n"
	    "       jibri-finalize COMMAND [FLAG...] ...\n"
	    "\n"
	    "Delivers a Jibri recording: uploads every artifact and tells the "
	    "backend.\n"
	    "  As Jibri's finalize-script    set it in jibri.conf; Jibri adds "
	    "the directory\n"
	    "  By hand                       jibri-finalize DIR, as often as "
	    "you like\n"
	    "\n"
	    "Commands:\n");
	for (size_t i = 0; i < commands_n; i++) {
		autofree char *left =
		    xasprintf("%s %s", commands[i].name, commands[i].synopsis);

		add_row(out, left, commands[i].help);
	}
}

static void
add_switches(struct buf *out)
{
	(void)buf_adds(out, "\nFlags:\n");
	for (size_t i = 0; i < option_switches_n; i++) {
		const struct option_switch *s = &option_switches[i];
		autofree char *letter =
		    s->letter ? xasprintf("-%c, ", s->letter) : xstrdup("");
		autofree char *left = xasprintf("%s--%s%s%s", letter, s->name,
		    s->arg ? " " : "", s->arg ? s->arg : "");

		if (!s->is_hidden)
			add_row(out, left, s->help);
	}
}

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
	for (size_t i = 0; i < settings_n; i++) {
		autofree char *left = flag_of(&settings[i]);

		add_row(out, left, settings[i].help);
	}
}

char *
help_text(void)
{
	struct buf out = { 0 };

	add_uses(&out);
	add_switches(&out);
	add_settings(&out);
	(void)buf_adds(&out,
	    "\nExit: 0 done, 64 usage, 65 held, 66 no such recording, "
	    "75 will be retried,\n77 refused, 78 configuration.  Settings "
	    "are read from\n" CONFIG_DEFAULT_FILE
	    " and shown by 'jibri-finalize config'.\n"
	    "Manual: man jibri-finalize.\n");
	return out.data;
}

/* A line of text that mdoc must not take for a macro. */
static void
add_text(struct buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		(void)buf_adds(out, "\\&");
	for (; *text; text++) {
		/* A new sentence is a new line. */
		if (strncmp(text, ".  ", 3) == 0) {
			(void)buf_adds(out, ".\n");
			text += 2;
		} else if (*text == '\\') {
			(void)buf_adds(out, "\\e");
		} else {
			(void)buf_add(out, text, 1);
		}
	}
	(void)buf_adds(out, "\n");
}

/* The flag names a file; the variable and the key hold the secret itself. */
static void
add_mdoc_secret(struct buf *out, const struct setting *s)
{
	autofree char *variable = setting_variable(s->name);

	(void)buf_addf(out, "The secret itself may stand in the variable\n");
	if (s->legacy)
		(void)buf_addf(out, ".Ev %s\nor\n", s->legacy);
	(void)buf_addf(out,
	    ".Ev %s ,\nor in the configuration file as\n.Ql %s ;\n"
	    "the name of a file that holds it in\n.Ev %s_FILE\nor as\n"
	    ".Ql %s-file .\n",
	    variable, s->name, variable, s->name);
}

static void
add_mdoc_setting(struct buf *out, const struct setting *s)
{
	if (s->type == SETTING_SECRET)
		(void)buf_addf(out, ".It Fl -%s-file Ar FILE\n", s->name);
	else if (s->type == SETTING_BOOL)
		(void)buf_addf(out, ".It Fl -%s Ns Op Ns = Ns Cm no\n",
		    s->name);
	else
		(void)buf_addf(out, ".It Fl -%s Ar %s\n", s->name, s->arg);
	(void)buf_addf(out, "%c",
	    s->help[0] >= 'a' ? s->help[0] - 32 : s->help[0]);
	add_text(out, s->help + 1);
	out->len--; /* the help has no full stop */
	(void)buf_adds(out, ".\n");
	if (s->manual)
		add_text(out, s->manual);
	if (*s->initial)
		(void)buf_addf(out, "Default:\n.Ql %s .\n", s->initial);
	if (s->type == SETTING_SECRET)
		add_mdoc_secret(out, s);
	else if (s->legacy)
		(void)buf_addf(out, "The variable\n.Ev %s\nsets it too.\n",
		    s->legacy);
}

char *
help_mdoc(void)
{
	struct buf out = { 0 };

	(void)buf_adds(&out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < option_switches_n; i++) {
		const struct option_switch *s = &option_switches[i];

		if (s->is_hidden)
			continue;
		(void)buf_adds(&out, ".It ");
		if (s->letter)
			(void)buf_addf(&out, "Fl %c , ", s->letter);
		(void)buf_addf(&out, "Fl -%s%s%s\n%c%s.\n", s->name,
		    s->arg ? " Ar " : "", s->arg ? s->arg : "", s->help[0] - 32,
		    s->help + 1);
	}
	for (size_t i = 0; i < settings_n; i++)
		add_mdoc_setting(&out, &settings[i]);
	(void)buf_adds(&out, ".El\n");
	return out.data;
}

/* Words as comment lines; *column is where the last of them ends. */
static void
add_comment(struct buf *out, const char *text, size_t *column)
{
	while (*text) {
		size_t len = strcspn(text, " ");
		bool fits = *column + 1 + len <= SAMPLE_WIDTH;
		const char *gap = fits ? " " : "\n# ";

		if (*column == 0)
			gap = "# ";
		(void)buf_addf(out, "%s%.*s", gap, (int)len, text);
		*column = len + (fits && *column > 0 ? *column + 1 : 2);
		text += len;
		text += strspn(text, " ");
	}
}

static void
add_sample_setting(struct buf *out, const struct setting *s)
{
	autofree char *help = xasprintf("%c%s.",
	    s->help[0] >= 'a' ? s->help[0] - 32 : s->help[0], s->help + 1);
	size_t column = 0;

	(void)buf_adds(out, "\n");
	add_comment(out, help, &column);
	if (s->manual)
		add_comment(out, s->manual, &column);
	if (s->type == SETTING_SECRET)
		(void)buf_addf(out, "\n# Or %s-file = FILE, which holds it.",
		    s->name);
	(void)buf_addf(out, "\n#%s =%s%s\n", s->name, *s->initial ? " " : "",
	    s->initial);
}

char *
help_sample(void)
{
	struct buf out = { 0 };

	(void)buf_adds(&out,
	    "# The settings of jibri-finalize, each with its default.  To "
	    "change one, take\n"
	    "# the '#' from the front of its line.  Comments stand on lines "
	    "of their own.\n"
	    "# Check what you wrote with 'jibri-finalize config', as the user "
	    "that records.\n");
	for (size_t i = 0; i < settings_n; i++)
		add_sample_setting(&out, &settings[i]);
	return out.data;
}
