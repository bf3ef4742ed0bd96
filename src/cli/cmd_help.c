#include "base/log.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/help.h"

int
cmd_help(struct loaded *l, const struct options *o, char *const *words,
    size_t n, struct err *e)
{
	autofree char *text =
	    o->given & OPTION_MDOC ? help_mdoc() : help_text();

	(void)l, (void)words, (void)n, (void)e;
	log_result(text);
	return 0;
}
