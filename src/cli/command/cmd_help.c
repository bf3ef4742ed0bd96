#include "base/log.h"
#include "base/mem.h"
#include "cli/manual/generate.h"
#include "cli/manual/help.h"

int
cmd_help(struct loaded *l, const struct options *o, char *const *words,
    size_t n, struct err *e)
{
	const struct command *command = NULL;
	autofree char *text = NULL;

	(void)l;
	if (n > 0 && (command = command_find(words[0], e)) == NULL)
		return -1;
	if (o->given & OPTION_GENERATE)
		text = generate(o->generate, e);
	else
		text = command ? help_command(command) : help_text();
	if (text == NULL)
		return -1;
	log_result(text);
	return 0;
}
