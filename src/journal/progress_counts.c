#include <string.h>

#include "base/mem.h"
#include "journal/progress_internal.h"

enum { MS_IN_NS = 1000 * 1000 };

/* As members_count(): a forged journal must not overflow it. */
#define MOST INT64_C(99999999999999)

static void
add(int64_t *to, int64_t n)
{
	if (n > 0)
		*to = n < MOST - *to ? *to + n : MOST;
}

static bool
is_media(const struct fact *fact)
{
	return fact->type &&
	    (strncmp(fact->type, "video/", 6) == 0 ||
		strncmp(fact->type, "audio/", 6) == 0);
}

/* Only the first time: a later announcement is not new. */
static void
count_stopped(struct progress *p, int64_t at_ms)
{
	autofree struct fact **all = map_all(&p->facts);
	struct counts *c = &p->counts;
	int64_t newest_ms = 0;

	add(&c->stopped, 1);
	if (c->available_ms != 0 || p->state < REC_STORED)
		return;
	for (struct fact **fact = all; *fact; fact++)
		if (is_media(*fact) && (*fact)->mtime_ns / MS_IN_NS > newest_ms)
			newest_ms = (*fact)->mtime_ns / MS_IN_NS;
	if (newest_ms > 0 && at_ms < MOST)
		c->available_ms = at_ms > newest_ms ? at_ms - newest_ms : 1;
}

static void
count_webhook(struct progress *p, const struct event *ev)
{
	if (ev->webhook == NULL)
		return;
	if (strcmp(ev->webhook, "STOPPED") == 0)
		count_stopped(p, ev->at_ms);
	else if (strcmp(ev->webhook, "STARTED") == 0)
		add(&p->counts.started, 1);
	else if (strcmp(ev->webhook, "FAILED") == 0)
		add(&p->counts.failed, 1);
}

void
progress_count(struct progress *p, const struct event *ev)
{
	struct counts *c = &p->counts;

	switch (ev->kind) {
	case EVENT_STORED:
		add(&c->uploads, 1);
		add(&c->upload_bytes, ev->size);
		break;
	case EVENT_UNKNOWN:
		add(&c->upload_doubts,
		    ev->path ? 1 : (int64_t)(ev->paths ? ev->paths->n : 0));
		break;
	case EVENT_ANNOUNCED:
		count_webhook(p, ev);
		break;
	case EVENT_COUNTED:
		add(&c->upload_failures, ev->count);
		http_tally_sum(&c->requests, &ev->requests);
		break;
	default:
		break;
	}
}
