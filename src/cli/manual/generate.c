#include "cli/manual/generate.h"

#include <string.h>

static const struct {
	const char *name;
	void (*add)(struct buf *);
} pieces[] = {
	{ "mdoc-synopsis", mdoc_synopsis },
	{ "mdoc-commands", mdoc_commands },
	{ "mdoc-examples", mdoc_examples },
	{ "mdoc-options", mdoc_options },
	{ "mdoc-settings", mdoc_settings },
	{ "markdown-settings", markdown_settings },
	{ "completion-bash", completion_bash },
	{ "completion-zsh", completion_zsh },
	{ "completion-fish", completion_fish },
};

char *
generate(const char *what, struct err *e)
{
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct buf out = { 0 };

		if (strcmp(pieces[i].name, what) != 0)
			continue;
		pieces[i].add(&out);
		return out.data;
	}
	(void)err_set(e, ERR_USAGE, "nobody knows how to generate '%s'", what);
	return NULL;
}
