#include "base/mem.h"
#include "cli/manual/generate.h"
#include "cli/settings/flags.h"

void
markdown_settings(struct buf *out)
{
	(void)buf_adds(out, "| setting | default | meaning |\n|---|---|---|\n");
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *s = setting_at(i);
		const char *quote = *s->initial ? "`" : "";

		(void)buf_addf(out, "| `%s` | %s%s%s | %s |\n", s->name, quote,
		    *s->initial ? s->initial : "none", quote, s->help);
	}
}
