#include <ctype.h>

#include "base/mem.h"
#include "cli/manual/help.h"

static void
add_setting(struct buf *out, const struct setting *s)
{
	autofree char *text =
	    xasprintf("%c%s.  %s", toupper((unsigned char)*s->help),
		s->help + 1, s->manual ? s->manual : "");

	(void)buf_adds(out, "\n");
	help_wrap(out, text, "# ");
	if (s->type == SETTING_SECRET)
		(void)buf_addf(out, "# Or %s-file = FILE, which holds it.\n",
		    s->name);
	(void)buf_addf(out, "#%s =%s%s\n", s->name, *s->initial ? " " : "",
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
	for (size_t i = 0; i < settings_count(); i++)
		add_setting(&out, setting_at(i));
	return out.data;
}
