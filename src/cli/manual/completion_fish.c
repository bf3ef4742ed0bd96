#include "cli/manual/generate.h"
#include "cli/settings/flags.h"

/* Text inside single quotes. */
static void
add_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			(void)buf_adds(out, "\\");
		(void)buf_add(out, text, 1);
	}
}

static void
add_flag(struct buf *out, const struct flag_view *f, const char *condition)
{
	(void)buf_addf(out, "complete -c jibri-finalize%s -l %s", condition,
	    f->name);
	if (f->letter)
		(void)buf_addf(out, " -s %c", f->letter);
	if (f->arg)
		(void)buf_adds(out, f->is_file ? " -r -F" : " -x");
	if (f->arg && f->choices)
		(void)buf_adds(out, " -a '");
	for (size_t i = 0; f->arg && f->choices && f->choices[i]; i++)
		(void)buf_addf(out, "%s%s", f->choices[i],
		    f->choices[i + 1] ? " " : "'");
	(void)buf_adds(out, " -d '");
	add_text(out, f->help);
	(void)buf_adds(out, "'\n");
}

/* A command's own flags; those of the first also stand without its name. */
static void
add_own_flags(struct buf *out, size_t index)
{
	const struct command *c = &commands[index];
	autobuf struct buf condition = { 0 };
	struct flag_view f;

	(void)buf_addf(&condition, " -n '_jibri_finalize_command %s'", c->name);
	for (size_t at = 0; flag_next(&at, &f);)
		if (f.option && !(f.option & OPTIONS_GLOBAL) &&
		    flag_fits(&f, c))
			add_flag(out, &f, buf_str(&condition));
}

static void
add_words(struct buf *out, const struct command *c)
{
	autobuf struct buf literals = { 0 };
	unsigned kinds = command_words(c, &literals);

	if (kinds & WORD_COMMAND)
		for (size_t i = 0; i < commands_n; i++)
			(void)buf_addf(&literals, "%s%s", i ? " " : "",
			    commands[i].name);
	if (literals.len)
		(void)buf_addf(out,
		    "complete -c jibri-finalize -n "
		    "'_jibri_finalize_command %s' -a '%s'\n",
		    c->name, literals.data);
	if (kinds & WORD_FILE)
		(void)buf_addf(out,
		    "complete -c jibri-finalize -n "
		    "'_jibri_finalize_command %s' -F\n",
		    c->name);
	else if (kinds & WORD_DIRECTORY)
		(void)buf_addf(out,
		    "complete -c jibri-finalize -n "
		    "'_jibri_finalize_command %s' "
		    "-a '(__fish_complete_directories)'\n",
		    c->name);
}

static void
add_names(struct buf *out)
{
	for (size_t i = 0; i < commands_n; i++) {
		(void)buf_addf(out,
		    "complete -c jibri-finalize -n '_jibri_finalize_command' "
		    "-a %s -d '",
		    commands[i].name);
		add_text(out, commands[i].help);
		(void)buf_adds(out, "'\n");
	}
}

void
completion_fish(struct buf *out)
{
	struct flag_view f;

	(void)buf_adds(out,
	    "# fish completion for jibri-finalize, written by scripts/docs.\n"
	    "\n"
	    "# Is the first word that is the name of a command this one? "
	    "None: is there none?\n"
	    "# Without a name it is the first command.\n"
	    "function _jibri_finalize_command\n"
	    "    for word in (commandline -opc)[2..]\n"
	    "        if contains -- $word");
	for (size_t i = 0; i < commands_n; i++)
		(void)buf_addf(out, " %s", commands[i].name);
	(void)buf_addf(out,
	    "\n"
	    "            test \"$word\" = \"$argv\"\n"
	    "            return\n"
	    "        end\n"
	    "    end\n"
	    "    test -z \"$argv\" -o \"$argv\" = %s\n"
	    "end\n"
	    "\n"
	    "complete -c jibri-finalize -f\n",
	    commands[0].name);
	add_names(out);
	for (size_t i = 0; i < commands_n; i++) {
		add_words(out, &commands[i]);
		add_own_flags(out, i);
	}
	for (size_t at = 0; flag_next(&at, &f);)
		if (f.setting || (f.option & OPTIONS_GLOBAL))
			add_flag(out, &f,
			    f.setting ? " -n 'not _jibri_finalize_command help'"
				      : "");
}
