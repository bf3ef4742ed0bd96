#include "cli/manual/generate.h"
#include "cli/settings/flags.h"

static const char head[] =
    "# bash completion for jibri-finalize, written by scripts/docs.\n"
    "# shellcheck shell=bash\n"
    "\n"
    "_jibri_finalize() {\n"
    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "\tlocal command='' flags='' words='' kind='' joint='' word settings\n"
    "\n"
    "\t# \"--flag=value\" comes as three words.\n"
    "\tif [ \"$cur\" = = ]; then\n"
    "\t\tcur='' joint='='\n"
    "\telif [ \"$prev\" = = ]; then\n"
    "\t\tprev=${COMP_WORDS[COMP_CWORD-2]} joint='='\n"
    "\tfi\n"
    "\tCOMPREPLY=()\n";

static const char tail[] =
    "\tcase $cur in\n"
    "\t-*)\n"
    "\t\tmapfile -t COMPREPLY < <(compgen -W \"$flags\" -- \"$cur\")\n"
    "\t\treturn\n"
    "\t\t;;\n"
    "\tesac\n"
    "\t[ -z \"$kind\" ] || compopt -o filenames 2>/dev/null\n"
    "\tmapfile -t COMPREPLY < <(compgen $kind -W \"$words\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "complete -F _jibri_finalize jibri-finalize\n";

/* A value that need not be there is asked for by "=" only. */
static void
add_choices(struct buf *out, bool is_optional)
{
	struct flag_view f;

	for (size_t at = 0; flag_next(&at, &f);) {
		if (f.choices == NULL || is_optional != (f.arg == NULL))
			continue;
		(void)buf_addf(out, "\t--%s%s)\n\t\tflags='' kind='' words='",
		    f.name, is_optional ? "=" : "");
		for (size_t i = 0; f.choices[i]; i++)
			(void)buf_addf(out, "%s%s", i ? " " : "", f.choices[i]);
		(void)buf_adds(out, "'\n\t\t;;\n");
	}
}

/* All flags whose value is a file, or is nothing that we know. */
static void
add_pattern(struct buf *out, bool is_file)
{
	struct flag_view f;
	size_t n = 0;

	for (size_t at = 0; flag_next(&at, &f);)
		if (f.arg && f.choices == NULL && f.is_file == is_file)
			(void)buf_addf(out, "%s--%s", n++ ? " | \\\n\t" : "\t",
			    f.name);
}

/* The flag's value instead of the command's word. */
static void
add_values(struct buf *out)
{
	(void)buf_adds(out, "\tcase $prev$joint in\n");
	add_choices(out, true);
	(void)buf_adds(out, "\tesac\n\tcase $prev in\n");
	add_choices(out, false);
	add_pattern(out, true);
	(void)buf_adds(out, ")\n\t\tflags='' words='' kind=-f\n\t\t;;\n");
	add_pattern(out, false);
	(void)buf_adds(out,
	    ")\n\t\tflags='' words='' kind=''\n\t\t;;\n\tesac\n");
}

static void
add_names(struct buf *out, const char *separator)
{
	for (size_t i = 0; i < commands_n; i++)
		(void)buf_addf(out, "%s%s", i ? separator : "",
		    commands[i].name);
}

/* The first word that is the name of a command is the command. */
static void
add_search(struct buf *out)
{
	(void)buf_adds(out,
	    "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	    "\t\tcase $word in\n\t\t");
	add_names(out, " | ");
	(void)buf_adds(out,
	    ")\n\t\t\tcommand=$word\n\t\t\tbreak\n\t\t\t;;\n"
	    "\t\tesac\n\tdone\n");
}

/* One a line, so that a change of them is seen as what it is. */
static void
add_settings(struct buf *out)
{
	struct flag_view f;

	(void)buf_adds(out, "\tsettings='");
	for (size_t n = 0, at = 0; flag_next(&at, &f);)
		if (f.setting)
			(void)buf_addf(out, "%s--%s", n++ ? "\n\t" : "",
			    f.name);
	(void)buf_adds(out, "'\n");
}

static void
add_command(struct buf *out, const struct command *c)
{
	autobuf struct buf literals = { 0 };
	unsigned kinds = command_words(c, &literals);
	struct flag_view f;

	(void)buf_adds(out, "\t\tflags=\"");
	for (size_t n = 0, at = 0; flag_next(&at, &f);)
		if (f.option && flag_fits(&f, c))
			(void)buf_addf(out, "%s--%s",
			    n++ == 0         ? ""
				: n % 4 == 1 ? "\n\t\t\t"
					     : " ",
			    f.name);
	(void)buf_addf(out, "%s\"\n\t\twords='",
	    c->needs_no_config ? "" : " $settings");
	if (kinds & WORD_COMMAND)
		add_names(out, " ");
	(void)buf_addf(out, "%s'\n\t\tkind=%s\n\t\t;;\n", buf_str(&literals),
	    kinds & WORD_FILE            ? "-f"
		: kinds & WORD_DIRECTORY ? "-d"
					 : "''");
}

static void
add_commands(struct buf *out)
{
	(void)buf_adds(out, "\tcase $command in\n");
	for (size_t i = 0; i < commands_n; i++) {
		/* The first row is the command without a name. */
		(void)buf_addf(out, "\t%s%s)\n", commands[i].name,
		    i == 0 ? " | ''" : "");
		add_command(out, &commands[i]);
	}
	(void)buf_adds(out, "\tesac\n\t[ -n \"$command\" ] || words='");
	add_names(out, " ");
	(void)buf_adds(out, "'\n");
}

void
completion_bash(struct buf *out)
{
	(void)buf_adds(out, head);
	add_search(out);
	add_settings(out);
	add_commands(out);
	add_values(out);
	(void)buf_adds(out, tail);
}
