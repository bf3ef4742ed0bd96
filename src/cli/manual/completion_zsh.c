#include "cli/manual/generate.h"
#include "cli/settings/flags.h"

/* Text inside quotes, brackets and colons of _arguments and _describe. */
static void
add_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			(void)buf_adds(out, "'\\'");
		else if (*text == '[' || *text == ']' || *text == ':')
			(void)buf_adds(out, "\\");
		(void)buf_add(out, text, 1);
	}
}

static void
add_flag(struct buf *out, const struct flag_view *f)
{
	(void)buf_addf(out, "\t'--%s%s[", f->name,
	    f->arg           ? "="
		: f->choices ? "=-"
			     : "");
	add_text(out, f->help);
	(void)buf_adds(out, "]");
	if (f->arg || f->choices)
		(void)buf_addf(out, "%s%s:", f->arg ? ":" : "::",
		    f->arg ? f->arg : "yes or no");
	if (f->is_file)
		(void)buf_adds(out, "_files");
	for (size_t i = 0; f->choices && f->choices[i]; i++)
		(void)buf_addf(out, "%s%s", i ? " " : "(", f->choices[i]);
	(void)buf_addf(out, "%s'\n", f->choices ? ")" : "");
	if (f->letter)
		(void)buf_addf(out, "\t-%c\n", f->letter);
}

/* The flags of one command, or those that go with every one. */
static void
add_flags(struct buf *out, const struct command *c)
{
	struct flag_view f;

	for (size_t at = 0; flag_next(&at, &f);) {
		bool is_global = f.option & OPTIONS_GLOBAL;

		if (c == NULL ? is_global
			      : !is_global && f.option && flag_fits(&f, c))
			add_flag(out, &f);
	}
}

static void
add_settings(struct buf *out)
{
	struct flag_view f;

	(void)buf_adds(out, ")\nsettings=(\n");
	for (size_t at = 0; flag_next(&at, &f);)
		if (f.setting)
			add_flag(out, &f);
}

static void
add_commands(struct buf *out)
{
	(void)buf_adds(out, ")\ncommands=(\n");
	for (size_t i = 0; i < commands_n; i++) {
		(void)buf_addf(out, "\t'%s:", commands[i].name);
		add_text(out, commands[i].help);
		(void)buf_adds(out, "'\n");
	}
	(void)buf_adds(out, ")\n");
}

static void
add_words(struct buf *out, const struct command *c)
{
	autobuf struct buf literals = { 0 };
	unsigned kinds = command_words(c, &literals);

	(void)buf_adds(out, "\twords_of='");
	if (kinds & WORD_COMMAND)
		(void)buf_adds(out, "_describe command commands");
	else if (literals.len)
		(void)buf_addf(out, "compadd %s", literals.data);
	if (kinds & (WORD_FILE | WORD_DIRECTORY))
		(void)buf_addf(out, "%s_files%s", literals.len ? "; " : "",
		    kinds & WORD_FILE ? "" : " -/");
	(void)buf_adds(out, "'\n");
}

static void
add_cases(struct buf *out)
{
	(void)buf_adds(out, "case $command in\n");
	for (size_t i = 0; i < commands_n; i++) {
		const struct command *c = &commands[i];

		/* The first row is the command without a name. */
		(void)buf_addf(out, "%s%s)\n\town=(\n", c->name,
		    i == 0 ? " | ''" : "");
		add_flags(out, c);
		(void)buf_addf(out, "\t)\n%s",
		    c->needs_no_config ? "\tsettings=()\n" : "");
		add_words(out, c);
		(void)buf_adds(out, "\t;;\n");
	}
	(void)buf_adds(out, "esac\n");
}

void
completion_zsh(struct buf *out)
{
	(void)buf_adds(out,
	    "#compdef jibri-finalize\n"
	    "# zsh completion for jibri-finalize, written by scripts/docs.\n"
	    "\n"
	    "local -a everywhere settings commands own\n"
	    "local command words_of word\n"
	    "\n"
	    "everywhere=(\n");
	add_flags(out, NULL);
	add_settings(out);
	add_commands(out);
	(void)buf_adds(out,
	    "# The first word that is the name of a command is the command.\n"
	    "for word in ${words[2,CURRENT-1]}; do\n"
	    "\tif (( ${commands[(I)$word:*]} )); then\n"
	    "\t\tcommand=$word\n"
	    "\t\tbreak\n"
	    "\tfi\n"
	    "done\n");
	add_cases(out);
	(void)buf_adds(out,
	    "[[ -n $command ]] ||\n"
	    "\twords_of='_describe command commands; '$words_of\n"
	    "\n"
	    "_jibri_finalize_words() {\n"
	    "\teval $words_of\n"
	    "}\n"
	    "\n"
	    "_arguments $everywhere $own $settings "
	    "'*: :_jibri_finalize_words'\n");
}
