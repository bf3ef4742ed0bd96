#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/term.h"
#include "cli/command/commands.h"
#include "cli/report/report.h"

enum { EVERY_MS = 2000, SECONDS = 19 };

/* The screen behind the shell's, and back to that. */
#define ENTER "\033[?1049h"
#define LEAVE "\033[?1049l"

/* Over what was there, so that nothing flickers. */
static void
put_frame(const char *text)
{
	autobuf struct buf frame = { 0 };

	(void)buf_adds(&frame, "\033[H");
	while (*text) {
		size_t len = strcspn(text, "\n");

		(void)buf_addf(&frame, "%.*s\033[K\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
	(void)buf_adds(&frame, "\033[J");
	log_result(frame.data);
}

static int
draw(const struct loaded *l, const struct text_list *roots,
    const struct status_query *query, bool is_utc, struct err *e)
{
	size_t rows = term_size(STDOUT_FILENO).rows;
	/* One is the title's, one the cursor's. */
	const struct status_view view = { .is_utc = is_utc,
		.rows = rows > 6 ? rows - 2 : 4 };
	char now[CLOCK_TEXT_BYTES];
	autobuf struct buf text = { 0 };

	clock_rfc3339(clock_unix_ms(), now);
	(void)buf_addf(&text, "%.*sZ, every 2 s; Ctrl-C ends\n", SECONDS, now);
	if (draw_status(l, roots, query, &view, &text, e) == -1)
		return -1;
	put_frame(text.data);
	return 0;
}

static int
check_usage(const struct options *o, struct err *e)
{
	if (o->given & (OPTION_JSON | OPTION_CHECK))
		return err_set(e, ERR_USAGE,
		    "--watch is for people, it does not go with --%s",
		    o->given & OPTION_JSON ? "json" : "check");
	if (!term_is_able(STDOUT_FILENO))
		return err_set(e, ERR_USAGE,
		    "--watch: stdout is not a terminal that can be redrawn; "
		    "run status without it");
	return 0;
}

int
watch_status(const struct loaded *l, const struct options *o,
    const struct text_list *roots, const struct status_query *query,
    struct err *e)
{
	struct err stopped;
	int result;

	if (check_usage(o, e) == -1)
		return -1;
	stop_at(INT64_MAX);
	log_result(ENTER);
	do {
		int64_t next_ms = clock_mono_ms() + EVERY_MS;

		result = draw(l, roots, query, o->given & OPTION_UTC, e);
		if (result == 0)
			stop_sleep_until(next_ms);
	} while (result == 0 && stop_check(&stopped) == 0);
	log_result(LEAVE);
	return stop_signal() != 0 ? 0 : result;
}
