#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "journal/member.h"
#include "journal/progress_internal.h"

struct compacting {
	bool (*line)(void *ctx, const struct buf *);
	void *ctx;
	struct buf buf;
	bool is_over;
};

static void
end_line(struct compacting *c)
{
	c->is_over = c->is_over || !c->line(c->ctx, &c->buf);
	buf_drop(&c->buf, c->buf.len);
}

static void
say_event(struct compacting *c, int64_t at_ms, struct event ev)
{
	ev.at_ms = at_ms;
	event_format(&ev, &c->buf);
	end_line(c);
}

static void
say_fact(void *ctx, const struct fact *fact)
{
	struct compacting *c = ctx;

	if (c->is_over)
		return;
	members_begin(&c->buf, fact->stored_ms,
	    fact->is_stored ? "stored" : "fact", fact->path);
	progress_add_fact(&c->buf, fact);
	(void)buf_adds(&c->buf, "}\n");
	end_line(c);
}

static void
say_outdated(void *c, const struct outdated *old)
{
	say_event(c, 0,
	    (struct event){ .kind = EVENT_OUTDATED,
		.id = old->id,
		.size = old->size });
}

static void
say_begun(struct compacting *c, const struct begun *b)
{
	say_event(c, 0,
	    (struct event){ .kind = EVENT_UPLOAD_BEGUN,
		.path = b->path,
		.id = b->id,
		.key = b->key,
		.size = b->part_bytes,
		.count = b->forced });
	for (size_t i = 0; i < b->n; i++)
		if (b->parts[i].etag)
			say_event(c, 0,
			    (struct event){ .kind = EVENT_PART_STORED,
				.path = b->path,
				.count = (int64_t)i + 1,
				.etag = b->parts[i].etag,
				.md5 = b->parts[i].md5,
				.sha256 = b->parts[i].sha256 });
}

/* For readers that know only events. */
static void
say_state(struct compacting *c, const struct progress *p)
{
	if (p->state >= REC_STORED)
		say_event(c, p->complete_ms,
		    (struct event){ .kind = EVENT_COMPLETE,
			.moment_ms = p->complete_ms });
	if (p->state == REC_ANNOUNCED && p->is_withheld)
		say_event(c, p->announced_ms,
		    (struct event){ .kind = EVENT_WITHHELD });
	else if (p->state == REC_ANNOUNCED)
		say_event(c, p->announced_ms,
		    (struct event){ .kind = EVENT_ANNOUNCED,
			.webhook = "STOPPED",
			.moment_ms = p->complete_ms });
	if (p->failed_class != ERR_NONE)
		say_event(c, p->failed_ms,
		    (struct event){ .kind = EVENT_FAILED,
			.class = err_class_name(p->failed_class),
			.text = p->failed_text,
			.retry_at_ms = p->retry_at_ms });
	if (p->is_given_up)
		say_event(c, p->last_event_ms,
		    (struct event){ .kind = EVENT_GIVEN_UP });
}

bool
progress_compact(const struct progress *p,
    bool (*line)(void *ctx, const struct buf *), void *ctx)
{
	struct compacting c = { .line = line, .ctx = ctx };
	autofree struct begun **begun = map_all(&p->begun);

	if (p->session || p->room)
		say_event(&c, p->last_event_ms,
		    (struct event){ .kind = p->meeting_id ? EVENT_RESOLVED
							  : EVENT_DEFERRED,
			.session = p->session,
			.room = p->room,
			.meeting_id = p->meeting_id });
	progress_each(p, say_fact, &c);
	progress_each_outdated(p, say_outdated, &c);
	for (struct begun **at = begun; *at; at++)
		say_begun(&c, *at);
	say_state(&c, p);
	members_begin(&c.buf, p->last_event_ms, "summary", NULL);
	progress_add_summary(&c.buf, p);
	(void)buf_adds(&c.buf, "}\n");
	end_line(&c);
	buf_free(&c.buf);
	return !c.is_over;
}

bool
progress_is_bloated(int64_t bytes, int64_t compact_bytes)
{
	return bytes > 1024 * 1024 && bytes > 4 * compact_bytes;
}
