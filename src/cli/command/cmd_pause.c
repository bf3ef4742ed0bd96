#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/parse.h"
#include "cli/command/commands.h"
#include "cli/report/report.h"
#include "sweep/pause.h"

enum { HOST_BYTES = 256 };

/* "anna@recorder-1", to ask about the reason. */
static char *
whoami(void)
{
	const char *name = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *pw = name ? NULL : getpwuid(getuid());
	char host[HOST_BYTES] = "";

	if (name == NULL && pw != NULL)
		name = pw->pw_name;
	(void)gethostname(host, sizeof(host) - 1);
	return name ? xasprintf("%s@%s", name, host)
		    : xasprintf("user %u@%s", getuid(), host);
}

static int
set_until(struct pause *p, const struct options *o, struct err *e)
{
	int64_t lasts_ms = 0;

	if (!(o->given & OPTION_FOR))
		return 0;
	if (!parse_duration_ms(o->lasts, &lasts_ms) || lasts_ms == 0)
		return err_set(e, ERR_USAGE,
		    "--for: '%s' is not a time such as 30m or 2h", o->lasts);
	p->until_ms = clock_unix_ms() + lasts_ms;
	return 0;
}

int
cmd_pause(struct loaded *l, const struct options *o, struct err *e)
{
	autolist struct text_list roots = { 0 };
	autofree char *by = whoami();
	struct pause p = { .by = by };

	roots_of(l, o, &roots);
	if (set_until(&p, o, e) == -1)
		return -1;
	for (size_t i = 0; i < roots.n; i++)
		if (pause_begin(roots.items[i], &p, e) == -1)
			return -1;
	report_pauses(&roots);
	return 0;
}

int
cmd_resume(struct loaded *l, const struct options *o, struct err *e)
{
	autolist struct text_list roots = { 0 };
	json_t *list = json_array();
	int result = 0;

	roots_of(l, o, &roots);
	for (size_t i = 0; result == 0 && i < roots.n; i++) {
		bool was = false;

		result = pause_end(roots.items[i], &was, e);
		if (was)
			(void)json_array_append_new(list,
			    report_json_text(roots.items[i]));
		if (result == 0 && !report_is_json())
			report_root(roots.items[i],
			    was ? "no longer paused" : "was not paused");
	}
	report_set("resumed", list);
	return result;
}

void
heed_pauses(struct loaded *l, const struct command *command,
    const struct options *o)
{
	bool is_hook =
	    command->run == cmd_finalize && !(o->given & OPTION_DRY_RUN);
	size_t n = is_hook ? 1 : o->n_words;

	for (size_t i = 0; (is_hook || command->run == cmd_upload) && i < n;
	     i++) {
		struct pause p;
		autofree char *text = NULL;

		if (!pause_above(o->words[i], &p))
			continue;
		text = pause_text(&p);
		if (is_hook)
			log_info("%s; this call is only noted", text);
		else
			log_info(
			    "%s: %s; upload sends it anyway, as it is run by "
			    "hand",
			    o->words[i], text);
		l->config.is_deferred |= is_hook;
		pause_free(&p);
	}
}
