#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/stop.h"
#include "base/term.h"
#include "cli/command/commands.h"
#include "cli/report/report.h"
#include "sweep/pause.h"

enum { PENDING = ~(1U << VERDICT_DONE) };
enum { EVERY_MS = 2000, SECONDS = 19 };

/* Switch to the terminal's alternate screen, and back. */
#define ENTER "\033[?1049h"
#define LEAVE "\033[?1049l"

void
roots_of(const struct loaded *l, const struct options *o,
    struct text_list *roots)
{
	if (o->n_words == 0)
		text_list_add(roots, l->config.recordings_dir);
	for (size_t i = 0; i < o->n_words; i++)
		text_list_add(roots, o->words[i]);
}

static int
collect(struct status *status, const struct loaded *l,
    const struct text_list *roots, const struct status_query *query,
    bool is_looking, struct err *e)
{
	struct recording_policy recording = l->config.pipeline.recording;
	const struct status_policy policy = {
		.verdict = &l->config.verdict,
		.recording = &recording,
		.identity = &l->config.pipeline.identity,
	};

	recording.is_looking = is_looking;
	return status_collect(status, &policy, roots, query, e);
}

static void
print_table(const struct status *status, bool is_utc)
{
	const struct status_view view = { .is_utc = is_utc };
	autobuf struct buf text = { 0 };

	report_status(&text, status, &view);
	log_result(text.data);
}

int
show_pending(const struct loaded *l, const struct text_list *roots,
    struct err *e)
{
	const struct status_query query = { .verdicts = PENDING };
	struct status status;
	int result = collect(&status, l, roots, &query, false, e);

	/* If nothing could be read, "no recordings" may be wrong. */
	if (report_is_json())
		report_status_json(&status);
	else if (result == 0 || status.n > 0)
		print_table(&status, false);
	report_pauses(roots);
	status_free(&status);
	return result;
}

static int
parse_states(const struct options *o, unsigned *verdicts, struct err *e)
{
	*verdicts = o->given & (OPTION_ALL | OPTION_JSON) ? ~0U : PENDING;
	if (!(o->given & OPTION_STATE))
		return 0;
	*verdicts = status_parse_verdicts(o->states);
	return *verdicts != 0 ? 0
			      : err_set(e, ERR_USAGE,
				    "--state: unknown state in '%s'; valid "
				    "states: held, waiting, due, busy, "
				    "settling, given-up, done",
				    o->states);
}

static int
parse_query(const struct options *o, struct status_query *query, struct err *e)
{
	int sort = o->sort ? status_parse_sort(o->sort) : STATUS_BY_STATE;

	*query = (struct status_query){ .sort = (enum status_sort)sort };
	if (sort == -1)
		return err_set(e, ERR_USAGE,
		    "--sort: '%s' is not one of age, size, state, session",
		    o->sort);
	if (o->older_than &&
	    !parse_duration_ms(o->older_than, &query->older_ms))
		return err_set(e, ERR_USAGE,
		    "--older-than: '%s' is not a time, such as 90s, 30m, 12h "
		    "or 7d",
		    o->older_than);
	if (o->limit && !parse_integer(o->limit, 1, INT32_MAX, &query->limit))
		return err_set(e, ERR_USAGE,
		    "--limit: '%s' is not a number of 1 or more", o->limit);
	return parse_states(o, &query->verdicts, e);
}

/* Its one line can name each that is not delivered. */
static void
narrow_to_check(struct status_query *query)
{
	*query = (struct status_query){
		.verdicts = PENDING & ~(1U << VERDICT_SETTLING),
	};
}

/* The exit codes are those of monitoring plugins. */
static int
set_level(const struct status *status, struct err *e)
{
	static const enum err_class classes[STATUS_LEVELS] = {
		[STATUS_WARNING] = ERR_ALARM,
		[STATUS_CRITICAL] = ERR_CRITICAL,
	};
	enum status_level level = status_level(status);

	return level == STATUS_OK ? 0 : err_set(e, classes[level], "%s", "");
}

static void
print(const struct status *status, const struct options *o,
    const struct text_list *roots)
{
	if (report_is_json())
		report_status_json(status);
	else if (o->given & OPTION_CHECK)
		report_status_check(status, roots);
	else
		print_table(status, o->given & OPTION_UTC);
}

/* A word that is not a directory may have been meant as a session. */
static void
hint_at_show(const struct options *o, struct err *e)
{
	for (size_t i = 0; i < o->n_words; i++) {
		autofree char *word = text_shell_word(o->words[i]);
		autofree char *hint =
		    xasprintf("one recording: jibri-finalize show %s", word);

		if (strchr(o->words[i], '/') == NULL &&
		    access(o->words[i], F_OK) == -1) {
			(void)err_hint(e, hint);
			return;
		}
	}
}

static int
show(const struct loaded *l, const struct options *o,
    const struct text_list *roots, const struct status_query *query,
    struct err *e)
{
	bool is_check = o->given & OPTION_CHECK;
	struct status status;
	int result = collect(&status, l, roots, query, true, e);

	/* If nothing could be read, "no recordings" may be wrong. */
	if (result == 0 || report_is_json() || (status.n > 0 && !is_check))
		print(&status, o, roots);
	if (report_is_json() || !is_check)
		report_pauses(roots);
	if (result == 0 && is_check)
		result = set_level(&status, e);
	else if (result == -1 && e->class == ERR_NO_INPUT)
		hint_at_show(o, e);
	status_free(&status);
	return result;
}

/* Draw over the old frame, to avoid flicker. */
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
	/* One row for the title, one for the cursor. */
	const struct status_view view = { .is_utc = is_utc,
		.rows = rows > 6 ? rows - 2 : 4 };
	char now[CLOCK_TEXT_BYTES];
	autobuf struct buf text = { 0 };
	struct status status;
	int result;

	clock_rfc3339(clock_unix_ms(), now);
	(void)buf_addf(&text, "%.*sZ, every 2 s; Ctrl-C ends%s\n", SECONDS, now,
	    pause_count(roots) > 0 ? "; paused" : "");
	result = collect(&status, l, roots, query, true, e);
	report_status(&text, &status, &view);
	status_free(&status);
	if (result == 0)
		put_frame(text.data);
	return result;
}

static int
check_watch(const struct options *o, struct err *e)
{
	if (o->given & (OPTION_JSON | OPTION_CHECK))
		return err_set(e, ERR_USAGE, "--watch cannot be used with --%s",
		    o->given & OPTION_JSON ? "json" : "check");
	if (!term_is_able(STDOUT_FILENO))
		return err_set(e, ERR_USAGE,
		    "--watch: stdout is not a terminal that can be redrawn; "
		    "run status without it");
	return 0;
}

/* Until a signal; then restore the terminal. */
static int
watch(const struct loaded *l, const struct options *o,
    const struct text_list *roots, const struct status_query *query,
    struct err *e)
{
	struct err stopped;
	int result;

	if (check_watch(o, e) == -1)
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

/* Nobody knows where the recordings are; the default would show none. */
static int
check_roots(const struct loaded *l, const struct options *o, struct err *e)
{
	if (o->n_words > 0 || l->unread.n == 0 ||
	    !config_is_default(l, "recordings-dir"))
		return 0;
	return err_set(e, ERR_CONFIG,
	    "%s cannot be read, so the recordings directory is unknown; name "
	    "it: jibri-finalize status ROOT",
	    l->unread.items[0]);
}

/* The first flag that chooses or orders rows, or NULL. */
static const char *
flag_of_rows(const struct options *o)
{
	return o->given & OPTION_STATE ? "--state"
	    : o->sort                  ? "--sort"
	    : o->older_than            ? "--older-than"
	    : o->limit                 ? "--limit"
				       : NULL;
}

static int
check_line(const struct options *o, struct status_query *query, struct err *e)
{
	const char *flag = flag_of_rows(o);

	if (flag)
		return err_set(e, ERR_USAGE,
		    "--check judges all recordings; leave out %s", flag);
	narrow_to_check(query);
	return 0;
}

int
cmd_status(struct loaded *l, const struct options *o, struct err *e)
{
	autolist struct text_list roots = { 0 };
	struct status_query query;

	if (parse_query(o, &query, e) == -1 || check_roots(l, o, e) == -1)
		return -1;
	roots_of(l, o, &roots);
	if (o->given & OPTION_WATCH)
		return watch(l, o, &roots, &query, e);
	if ((o->given & (OPTION_CHECK | OPTION_JSON)) == OPTION_CHECK &&
	    check_line(o, &query, e) == -1)
		return -1;
	return show(l, o, &roots, &query, e);
}
