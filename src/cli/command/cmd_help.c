#include <string.h>

#include "cli/manual/help.h"

int
cmd_help(struct loaded *l, const struct options *o, struct err *e)
{
	const struct command *command = NULL;

	(void)l;
	/* A word that no help names: scripts/docs asks for it. */
	if (o->n_words > 0 && strcmp(o->words[0], "tables") == 0) {
		help_tables();
		return 0;
	}
	if (o->n_words > 0 && (command = command_find(o->words[0], e)) == NULL)
		return -1;
	help_print(command);
	return 0;
}
