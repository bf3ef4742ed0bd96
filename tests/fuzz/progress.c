#include <inttypes.h>

#include "fuzz.h"

static void
add_string(struct buf *out, const char *s)
{
	(void)buf_addf(out, "%s|", s ? s : "(none)");
}

static void
add_numbers(struct buf *out, const int64_t *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)buf_addf(out, "%" PRId64 " ", numbers[i]);
	(void)buf_adds(out, "\n");
}

static void
add_fact(void *out, const struct fact *f)
{
	add_string(out, f->path);
	add_string(out, f->type);
	add_string(out, f->sha256);
	add_string(out, f->id);
	(void)buf_addf(out, "%d%d%d%d%d%d ", f->is_stored, f->is_whole,
	    f->is_sending, f->is_unknown, f->has_older, f->has_anonymous);
	add_numbers(out,
	    (const int64_t[]){ f->size, f->mtime_ns, f->stamp, f->unknown_ms,
		f->stored_ms, f->status, f->generation },
	    7);
}

static void
add_id(void *out, const struct outdated *old)
{
	add_string(out, old->id);
	add_numbers(out, &old->size, 1);
}

void
fuzz_dump_progress(const struct progress *p, struct buf *out)
{
	const char *const strings[] = { p->session, p->room, p->meeting_id,
		p->host, p->failed_text, p->archive };
	const int64_t numbers[] = { p->state, p->attempts, p->generation,
		p->is_forced, p->ambiguous, p->complete_ms, p->told_ms,
		p->last_event_ms, p->is_failed_announced, p->is_given_up,
		p->pid, p->failed_class, p->failed_since_ms, p->failed_ms,
		p->retry_at_ms, p->failures, p->struggling_since_ms,
		p->announced_ms, p->damaged, p->has_events, p->is_running,
		p->forced, p->is_withheld, p->is_started, p->is_recording };

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		add_string(out, strings[i]);
	add_numbers(out, numbers, sizeof(numbers) / sizeof(numbers[0]));
	add_numbers(out, p->failed_runs, ERR_CLASSES);
	progress_each(p, add_fact, out);
	progress_each_outdated(p, add_id, out);
}
