/*
 * Prints the program's tables as JSON: commands, options and settings.
 * Manuals and completions are made of it (scripts/docs), so that they
 * cannot differ.
 */
#include "base/log.h"
#include "base/mem.h"
#include "cli/command/commands.h"
#include "cli/report/report.h"

static const char *const types[] = {
	[SETTING_TEXT] = "text",
	[SETTING_SECRET] = "secret",
	[SETTING_LIST] = "list",
	[SETTING_MILLIS] = "time",
	[SETTING_SIZE] = "size",
	[SETTING_PERCENT] = "percent",
	[SETTING_COUNT] = "count",
	[SETTING_BOOL] = "bool",
	[SETTING_CHOICE] = "choice",
};

static json_t *
notes_of(const struct command_text *text)
{
	json_t *notes = json_object();

	for (const struct command_note *n = text->flags; n->flag; n++)
		(void)json_object_set_new(notes, n->flag, json_string(n->text));
	return notes;
}

static json_t *
exits_of(const struct command_text *text)
{
	json_t *exits = json_array();

	for (const struct command_exit *x = text->exits; x->when; x++)
		(void)json_array_append_new(exits,
		    json_pack("{s:i, s:s}", "code", x->code, "when", x->when));
	return exits;
}

static json_t *
examples_of(const struct command_text *text)
{
	json_t *examples = json_array();

	for (const struct command_example *x = text->examples; x->line; x++)
		(void)json_array_append_new(examples,
		    json_pack("{s:s, s:s}", "what", x->what, "line", x->line));
	return examples;
}

static json_t *
of_command(size_t at)
{
	const struct command *c = &commands[at];
	json_t *options = json_array();

	for (size_t i = 0; option_switches[i].name; i++)
		if (option_switches[i].option & c->options)
			(void)json_array_append_new(options,
			    json_string(option_switches[i].name));
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:o, s:o, s:o, s:o, s:b}",
	    "name", c->name, "synopsis", c->synopsis, "help", c->help, "manual",
	    c->text->manual, "more", c->text->more, "notes", notes_of(c->text),
	    "exits", exits_of(c->text), "examples", examples_of(c->text),
	    "options", options, "needsConfig", !c->needs_no_config);
}

static json_t *
of_option(size_t at)
{
	const struct option_switch *s = &option_switches[at];

	return json_pack("{s:s, s:o, s:s?, s:s, s:b}", "name", s->name,
	    "letter", s->letter ? json_stringn(&s->letter, 1) : json_null(),
	    "arg", s->arg, "help", s->help, "isGlobal",
	    (s->option & OPTIONS_GLOBAL) != 0);
}

static json_t *
of_setting(size_t at)
{
	const struct setting *s = setting_at(at);
	autofree char *variable = setting_variable(s->name);
	json_t *choices = s->choices ? json_array() : json_null();

	for (size_t i = 0; s->choices && s->choices[i]; i++)
		(void)json_array_append_new(choices,
		    json_string(s->choices[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s?, s:s, s:s?, "
			 "s:o, s:b}",
	    "name", s->name, "subject", setting_subject(at), "type",
	    types[s->type], "initial", s->initial, "arg", s->arg, "help",
	    s->help, "manual", s->manual, "variable", variable, "legacy",
	    s->legacy, "choices", choices, "takesFile", setting_takes_file(s));
}

static json_t *
table(size_t n, json_t *of_row(size_t at))
{
	json_t *rows = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(rows, of_row(i));
	return rows;
}

int
main(void)
{
	size_t n_commands = 0, n_options = 0;

	while (commands[n_commands].name)
		n_commands++;
	while (option_switches[n_options].name)
		n_options++;
	log_init();
	report_begin(NULL, REPORT_OBJECT);
	report_set_all(json_pack("{s:o, s:o, s:o}", "commands",
	    table(n_commands, of_command), "options",
	    table(n_options, of_option), "settings",
	    table(settings_count(), of_setting)));
	report_end(NULL);
	(void)log_finish();
	return 0;
}
