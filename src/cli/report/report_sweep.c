#include "cli/report/report.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/report/table.h"

enum { COUNTS = 9 };

static const struct {
	const char *word;
	bool shows_zero;
} counts[COUNTS] = {
	{ "delivered", true },
	{ "waiting", true },
	{ "paused", false },
	{ "held", true },
	{ "busy", false },
	{ "settling", false },
	{ "given-up", false },
	{ "done", true },
	{ "removed", false },
};

static void
count(const struct sweep_result *r, size_t values[COUNTS])
{
	const size_t *found = r->found;
	/* Those delivered by this sweep were not done when it looked. */
	size_t done = found[VERDICT_DONE] + r->was_done + r->removed_new;
	const size_t all[COUNTS] = {
		r->delivered,
		found[VERDICT_WAITING] + r->failed + r->left,
		r->paused,
		found[VERDICT_HELD] + r->newly_held - r->tried_held,
		found[VERDICT_BUSY] + r->busy,
		found[VERDICT_SETTLING],
		found[VERDICT_GIVEN_UP],
		done > r->removed ? done - r->removed : 0,
		r->removed,
	};

	memcpy(values, all, sizeof(all));
}

void
report_sweep(const struct sweep_result *r)
{
	autobuf struct buf out = { 0 };
	size_t values[COUNTS];

	count(r, values);
	for (size_t i = 0; i < COUNTS; i++)
		table_add_count(&out, values[i], counts[i].word,
		    counts[i].shows_zero);
	(void)buf_adds(&out, "\n");
	log_result(buf_str(&out));
}

void
report_sweep_json(const struct sweep_result *r)
{
	size_t values[COUNTS];

	count(r, values);
	for (size_t i = 0; i < COUNTS; i++)
		report_set(counts[i].word, json_integer((json_int_t)values[i]));
}

void
report_visit_json(const char *path, const struct visit_report *visit,
    int64_t took_ms)
{
	const struct err *e = &visit->err;

	report_line(json_pack("{s:o, s:s, s:s, s:i, s:I, s:I, s:I, s:I, s:f, "
			      "s:o}",
	    "visit", report_json_text(path), "state",
	    attempt_state_name(e->class), "class", err_class_name(e->class),
	    "exitCode", err_exit_code(e->class), "artifacts",
	    (json_int_t)visit->artifacts, "stored", (json_int_t)visit->stored,
	    "sent", (json_int_t)visit->sent, "sentBytes",
	    (json_int_t)visit->sent_bytes, "seconds", (double)took_ms / 1000,
	    "lastError",
	    report_json_text(e->class == ERR_NONE ? NULL : e->text)));
}
