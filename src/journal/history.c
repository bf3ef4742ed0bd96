#include "journal/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void
free_attempt(struct history_attempt *a)
{
	free(a->host);
	free(a->text);
}

static void
free_webhook(struct history_webhook *w)
{
	free(w->event);
	free(w->id);
}

static struct history_attempt *
add_attempt(struct history *h, const struct event *ev,
    enum history_result result)
{
	struct history_attempt *a;

	if (h->n == HISTORY_MOST) {
		free_attempt(h->attempts);
		memmove(h->attempts, h->attempts + 1, --h->n * sizeof(*a));
	}
	xgrow((void **)&h->attempts, &h->cap, h->n + 1, sizeof(*a));
	a = &h->attempts[h->n++];
	*a = (struct history_attempt){ .result = result };
	*(result == HISTORY_OPEN ? &a->began_ms : &a->ended_ms) = ev->at_ms;
	return a;
}

static void
add_webhook(struct history *h, const struct event *ev)
{
	struct history_webhook *w;

	if (h->n_webhooks == HISTORY_MOST) {
		free_webhook(h->webhooks);
		memmove(h->webhooks, h->webhooks + 1,
		    --h->n_webhooks * sizeof(*w));
	}
	xgrow((void **)&h->webhooks, &h->cap_webhooks, h->n_webhooks + 1,
	    sizeof(*w));
	h->webhooks[h->n_webhooks++] = (struct history_webhook){
		.at_ms = ev->at_ms,
		.moment_ms = ev->moment_ms,
		.event = xstrdup(ev->webhook),
		.id = xstrdup(ev->id),
	};
}

/* The attempt in progress, or NULL. */
static struct history_attempt *
running(const struct history *h)
{
	struct history_attempt *last = h->n ? &h->attempts[h->n - 1] : NULL;

	return last && last->result == HISTORY_OPEN ? last : NULL;
}

static struct history_attempt *
end_attempt(struct history *h, const struct event *ev,
    enum history_result result)
{
	struct history_attempt *a = running(h);

	if (a == NULL)
		return NULL;
	a->result = result;
	a->ended_ms = ev->at_ms;
	return a;
}

static void
begin(struct history *h, const struct event *ev)
{
	h->began++;
	add_attempt(h, ev, HISTORY_OPEN)->host = xstrdup(ev->host);
}

static void
fail(struct history *h, const struct event *ev)
{
	struct history_attempt *a = end_attempt(h, ev, HISTORY_FAILED);

	/* A compacted journal does not say when it began. */
	if (a == NULL)
		a = add_attempt(h, ev, HISTORY_FAILED);
	a->class = err_class_parse(ev->class ? ev->class : "");
	a->text = xstrdup(ev->text);
	a->retry_at_ms = ev->retry_at_ms;
}

static void
announce(struct history *h, const struct event *ev)
{
	add_webhook(h, ev);
	if (ev->webhook && strcmp(ev->webhook, "STOPPED") == 0)
		(void)end_attempt(h, ev, HISTORY_DONE);
}

void
history_add(void *history, const struct event *ev)
{
	struct history *h = history;

	switch (ev->kind) {
	case EVENT_BEGAN:
		begin(h, ev);
		break;
	case EVENT_FAILED:
		fail(h, ev);
		break;
	case EVENT_ANNOUNCED:
		announce(h, ev);
		break;
	case EVENT_WITHHELD:
		(void)end_attempt(h, ev, HISTORY_WITHHELD);
		break;
	case EVENT_CHECKED:
		(void)end_attempt(h, ev, HISTORY_CHECKED);
		break;
	case EVENT_DEFERRED:
		(void)add_attempt(h, ev, HISTORY_DEFERRED);
		break;
	case EVENT_GIVEN_UP:
		(void)add_attempt(h, ev, HISTORY_GIVEN_UP);
		break;
	case EVENT_RESET:
		(void)add_attempt(h, ev, HISTORY_RESET);
		break;
	default:
		break;
	}
}

void
history_free(struct history *h)
{
	for (size_t i = 0; i < h->n; i++)
		free_attempt(&h->attempts[i]);
	for (size_t i = 0; i < h->n_webhooks; i++)
		free_webhook(&h->webhooks[i]);
	free(h->attempts);
	free(h->webhooks);
	*h = (struct history){ 0 };
}
