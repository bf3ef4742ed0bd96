#include "cli/report/report.h"

#include "base/log.h"
#include "base/mem.h"
#include "cli/report/table.h"

struct tally {
	size_t waiting, held, busy, done;
};

/* Those delivered by this sweep were not done when it looked. */
static size_t
still_done(const struct sweep_result *r)
{
	size_t done = r->found[VERDICT_DONE] + r->removed_new;

	return done > r->removed ? done - r->removed : 0;
}

static struct tally
tally_of(const struct sweep_result *r)
{
	return (struct tally){
		.waiting = r->found[VERDICT_WAITING] + r->failed + r->left,
		.held = r->found[VERDICT_HELD] + r->newly_held - r->tried_held,
		.busy = r->found[VERDICT_BUSY] + r->busy,
		.done = still_done(r),
	};
}

void
report_sweep(const struct sweep_result *r)
{
	struct tally n = tally_of(r);
	autobuf struct buf out = { 0 };

	table_add_count(&out, r->delivered, "delivered", true);
	table_add_count(&out, n.waiting, "waiting", true);
	table_add_count(&out, r->paused, "paused", false);
	table_add_count(&out, n.held, "held", true);
	table_add_count(&out, n.busy, "busy", false);
	table_add_count(&out, r->found[VERDICT_SETTLING], "settling", false);
	table_add_count(&out, r->found[VERDICT_GIVEN_UP], "given-up", false);
	table_add_count(&out, n.done, "done", true);
	table_add_count(&out, r->removed, "removed", false);
	(void)buf_adds(&out, "\n");
	log_result(buf_str(&out));
}

void
report_sweep_json(const struct sweep_result *r)
{
	struct tally n = tally_of(r);

	report_set_all(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
				 "s:I}",
	    "delivered", (json_int_t)r->delivered, "waiting",
	    (json_int_t)n.waiting, "paused", (json_int_t)r->paused, "held",
	    (json_int_t)n.held, "busy", (json_int_t)n.busy, "settling",
	    (json_int_t)r->found[VERDICT_SETTLING], "given-up",
	    (json_int_t)r->found[VERDICT_GIVEN_UP], "done", (json_int_t)n.done,
	    "removed", (json_int_t)r->removed));
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
