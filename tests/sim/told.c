#include "told.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "disk.h"
#include "fate.h"
#include "jibri.h"
#include "laws.h"
#include "world.h"

enum { WEBHOOKS = 256 };

static struct told {
	int64_t timestamp; /* the newest that was acknowledged */
	int64_t lost_ms;   /* nobody knows what was sent before */
	int64_t changed_ms;
	char *stopped_id; /* of the one that would be repeated; NULL: any */
} told[RECORDINGS];

static struct heard {
	char *id, *body;
} heard[WEBHOOKS];
static size_t n_heard;

void
told_reset(void)
{
	for (size_t i = 0; i < n_heard; i++) {
		free(heard[i].id);
		free(heard[i].body);
	}
	n_heard = 0;
	for (size_t i = 0; i < RECORDINGS; i++)
		free(told[i].stopped_id);
	memset(told, 0, sizeof(told));
}

void
told_perhaps(int recording)
{
	mem_replace(&told[recording].stopped_id, NULL);
}

void
told_changed(int recording)
{
	told_perhaps(recording);
	told[recording].changed_ms = now_ms;
}

void
told_nothing(int recording)
{
	told[recording].timestamp = 0;
	told_changed(recording);
}

void
told_lost(int recording)
{
	told_nothing(recording);
	told[recording].lost_ms = now_ms;
}

/* What no journal says binds nobody. */
static bool
is_binding(const struct told *t)
{
	return !actor_now->is_unwritten && actor_now->began_ms > t->lost_ms;
}

/* A process that began before the change may not have seen it. */
static bool
is_repeated(const struct told *t)
{
	return is_binding(t) && actor_now->began_ms > t->changed_ms;
}

static void
look_at_repeat(struct told *t, const struct arrival *a)
{
	if (strcmp(a->event, "STARTED") == 0)
		return;
	if (strcmp(a->event, "STOPPED") != 0) {
		mem_replace(&t->stopped_id, NULL);
		return;
	}
	if (t->stopped_id && strcmp(t->stopped_id, a->webhook_id) != 0)
		law_break(LAW_SAME_ID, "STOPPED of %s as %s and %s",
		    sessions[a->recording].name, t->stopped_id, a->webhook_id);
	/* By hand, it may be sent before a run has noted completion. */
	if (actor_now->has_begun || actor_now->is_unwritten)
		mem_replace(&t->stopped_id,
		    is_repeated(t) ? a->webhook_id : NULL);
}

/* A process that lost its lock does not know of the other. */
static bool
is_unaware(const struct told *t)
{
	return actor_now->is_stale ||
	    (disk.flock_error && t->lost_ms > actor_now->began_ms);
}

void
laws_webhook(const struct arrival *a)
{
	const char *body = buf_str(&a->body);
	struct told *t = &told[a->recording];
	size_t i = 0;

	/* STARTED is sent whenever somebody asks for it. */
	if (a->timestamp < t->timestamp && !is_unaware(t) &&
	    strcmp(a->event, "STARTED") != 0)
		law_break(LAW_OLDER,
		    "%s of %s says %lld, and %lld was told before", a->event,
		    sessions[a->recording].name, (long long)a->timestamp,
		    (long long)t->timestamp);
	if (a->webhook_id == NULL)
		return;
	look_at_repeat(t, a);
	while (i < n_heard && strcmp(heard[i].id, a->webhook_id) != 0)
		i++;
	if (i < n_heard && strcmp(heard[i].body, body) != 0)
		law_break(LAW_SAME_BODY, "webhook-id %s with %s and %s",
		    a->webhook_id, heard[i].body, body);
	if (i == n_heard && n_heard < WEBHOOKS)
		heard[n_heard++] = (struct heard){
			.id = xstrdup(a->webhook_id),
			.body = xstrdup(body),
		};
}

void
laws_acknowledged(const struct arrival *a)
{
	struct told *t = &told[a->recording];

	if (a->timestamp > t->timestamp && is_binding(t))
		t->timestamp = a->timestamp;
	actor_now->has_achieved = true;
	told_perhaps(a->recording);
}
