#include "journal/progress.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "journal/progress_internal.h"

void
progress_free(struct progress *p)
{
	progress_free_facts(p);
	progress_free_parts(p);
	free(p->session);
	free(p->room);
	free(p->meeting_id);
	free(p->overruled);
	free(p->host);
	free(p->failed_text);
	free(p->archive);
	*p = (struct progress){ 0 };
}

static void
end_series(struct progress *p)
{
	p->failures = 0;
	p->struggling_since_ms = 0;
	p->retry_at_ms = 0;
}

static void
count_failure(struct progress *p, int64_t at_ms)
{
	p->failures++;
	if (p->struggling_since_ms == 0)
		p->struggling_since_ms = at_ms;
}

/* Trying a held recording gives it a new chance, even if the run dies. */
static void
unhold(struct progress *p)
{
	if (p->failed_class != ERR_PERMANENT)
		return;
	p->failed_class = ERR_NONE;
	end_series(p);
}

bool
progress_has_died(const struct progress *p)
{
	/* For a delivered recording, a run is only a check. */
	return p->is_running && p->state < REC_ANNOUNCED;
}

bool
progress_lacks_media(const struct progress *p)
{
	return p->failed_class == ERR_PERMANENT && p->state == REC_STORED;
}

/*
 * What a dead run was sending may be at the server.  This run may not get to
 * it, and its orderly end would hide that.
 */
static void
doubt_interrupted(struct progress *p)
{
	autofree struct fact **facts = map_all(&p->facts);

	for (struct fact **fact = facts; *fact; fact++) {
		if (!(*fact)->is_sending)
			continue;
		(*fact)->is_unknown = true;
		(*fact)->status = 0;
	}
}

static void
apply_began(struct progress *p, const struct event *ev)
{
	if (progress_has_died(p))
		count_failure(p, p->last_event_ms);
	unhold(p);
	doubt_interrupted(p);
	p->attempts++;
	p->is_running = true;
	p->is_given_up = false;
	mem_replace(&p->host, ev->host);
	p->pid = ev->pid;
}

static void
apply_forced(struct progress *p, const struct event *ev)
{
	(void)ev;
	progress_forget_facts(p);
	mem_replace(&p->meeting_id, NULL);
	p->generation++;
	p->is_forced = true;
	p->forced++;
	p->state = REC_NEW;
	end_series(p);
}

static bool
is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static void
apply_resolved(struct progress *p, const struct event *ev)
{
	/* What is stored for another meeting is not stored for this one. */
	if (!is_same(p->session, ev->session) || !is_same(p->room, ev->room) ||
	    !is_same(p->meeting_id, ev->meeting_id))
		progress_forget_facts(p);
	mem_replace(&p->session, ev->session);
	mem_replace(&p->room, ev->room);
	mem_replace(&p->meeting_id, ev->meeting_id);
	mem_replace(&p->overruled, ev->overruled);
	p->state = REC_RESOLVED;
}

static void
apply_sending(struct progress *p, const struct event *ev)
{
	for (size_t i = 0; ev->paths && i < ev->paths->n; i++) {
		struct fact *fact = progress_fact_of(p, ev->paths->items[i]);
		int64_t stamp = ev->stamps ? ev->stamps[i] : 0;

		/* The same version again keeps its recorded status. */
		if (!fact->is_unknown || stamp == 0 || fact->stamp != stamp) {
			fact->is_unknown = false;
			fact->status = 0;
			mem_replace(&fact->sha256, NULL);
		}
		fact->is_sending = true;
		fact->unknown_ms = ev->at_ms;
		fact->mtime_ns = ev->mtimes_ns ? ev->mtimes_ns[i] : 0;
		fact->stamp = stamp;
		fact->is_stored = false;
	}
}

static void
apply_stored(struct progress *p, const struct event *ev)
{
	struct fact *fact = progress_fact_of(p, ev->path);

	fact->size = ev->size;
	fact->mtime_ns = ev->mtime_ns;
	fact->stamp = ev->stamp;
	fact->stored_ms = ev->at_ms;
	mem_replace(&fact->type, ev->type);
	mem_replace(&fact->sha256, ev->sha256);
	mem_replace(&fact->id, ev->id);
	/* A server that keeps one record per path reuses its id. */
	progress_drop_outdated(p, fact->id);
	progress_end_parts(p, ev->path);
	fact->is_stored = true;
	fact->is_whole = ev->is_whole;
	fact->is_sending = fact->is_unknown = false;
	fact->has_older = fact->has_anonymous = false;
	fact->status = 0;
	p->failures = 0;
}

static void
apply_refused(struct progress *p, const struct event *ev)
{
	for (size_t i = 0; ev->paths && i < ev->paths->n; i++) {
		struct fact *fact = progress_fact_of(p, ev->paths->items[i]);

		fact->is_stored = false;
		fact->is_unknown = true;
		fact->unknown_ms = ev->at_ms;
		fact->status = ev->status;
	}
}

static void
apply_unknown(struct progress *p, const struct event *ev)
{
	struct fact *fact;

	if (ev->path == NULL) {
		apply_refused(p, ev);
		return;
	}
	fact = progress_fact_of(p, ev->path);
	fact->is_stored = fact->is_sending = false;
	fact->is_unknown = true;
	fact->unknown_ms = ev->at_ms;
	fact->size = ev->size;
	if (ev->mtime_ns || ev->stamp) {
		fact->mtime_ns = ev->mtime_ns;
		fact->stamp = ev->stamp;
	}
	fact->status = ev->status;
	mem_replace(&fact->sha256, ev->sha256);
}

static void
forget_doubt(struct progress *p, const char *path)
{
	struct fact *fact = progress_fact_of(p, path);

	fact->is_stored = fact->is_sending = fact->is_unknown = false;
	fact->has_older = false;
	fact->status = 0;
}

static void
apply_absent(struct progress *p, const struct event *ev)
{
	if (ev->path)
		forget_doubt(p, ev->path);
	for (size_t i = 0; ev->path == NULL && i < ev->paths->n; i++)
		forget_doubt(p, ev->paths->items[i]);
}

/* An interrupted upload may have arrived, whatever happens to the repeat. */
static void
doubt_paths(struct progress *p, const struct text_list *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		struct fact *fact = progress_fact_of(p, paths->items[i]);

		fact->is_unknown |= fact->is_sending;
	}
}

static void
apply_ambiguous(struct progress *p, const struct event *ev)
{
	struct fact *fact;

	if (ev->path == NULL) {
		p->ambiguous += (int64_t)ev->paths->n;
		doubt_paths(p, ev->paths);
		apply_sending(p, ev);
		return;
	}
	fact = progress_fact_of(p, ev->path);
	/* An earlier upload may have arrived anyway. */
	p->ambiguous++;
	fact->is_stored = fact->is_sending = false;
	fact->status = 0;
}

/*
 * Its replacement is sent under new keys: the old ones belong to the stored
 * version.
 */
static void
apply_superseded(struct progress *p, const struct event *ev)
{
	struct fact *fact = progress_fact_of(p, ev->path);

	fact->is_stored = false;
	fact->has_older = true;
	fact->has_anonymous |= ev->id == NULL;
	fact->generation++;
	progress_outdate(p, ev);
	p->generation++;
}

/* A record that is gone is not looked for by its id any more. */
static void
apply_lost(struct progress *p, const struct event *ev)
{
	struct fact *fact = progress_fact_of(p, ev->path);

	apply_superseded(p, ev);
	if (is_same(fact->id, ev->id))
		mem_replace(&fact->id, NULL);
}

static void
apply_idle(struct progress *p, const struct event *ev)
{
	autofree struct fact **facts = map_all(&p->facts);

	(void)ev;
	for (struct fact **fact = facts; *fact; fact++)
		(*fact)->is_sending = false;
}

static void
tell(struct progress *p, int64_t moment_ms)
{
	if (moment_ms > p->told_ms)
		p->told_ms = moment_ms;
}

static void
apply_complete(struct progress *p, const struct event *ev)
{
	p->is_forced = false;
	if (p->state != REC_RESOLVED)
		return;
	p->state = REC_STORED;
	/* 0.1.0 has no moment. */
	p->complete_ms = ev->moment_ms ? ev->moment_ms : ev->at_ms;
	tell(p, p->complete_ms);
}

static void
apply_reopened(struct progress *p, const struct event *ev)
{
	(void)ev;
	p->is_withheld = false;
	/* The next announcement is new, even within the same second. */
	p->generation++;
	if (p->state > REC_RESOLVED)
		p->state = REC_RESOLVED;
}

static void
forget_failure(struct progress *p)
{
	p->failed_class = ERR_NONE;
	p->failed_since_ms = 0;
	mem_replace(&p->failed_text, NULL);
	end_series(p);
}

static void
settle(struct progress *p, const struct event *ev)
{
	p->state = REC_ANNOUNCED;
	p->is_running = false;
	p->announced_ms = ev->at_ms;
	p->damaged = ev->damaged;
	forget_failure(p);
}

static void
apply_checked(struct progress *p, const struct event *ev)
{
	(void)ev;
	p->is_running = false;
	if (p->state == REC_ANNOUNCED)
		forget_failure(p);
}

static void
apply_announced(struct progress *p, const struct event *ev)
{
	tell(p, ev->moment_ms);
	if (is_same(ev->webhook, "FAILED")) {
		p->is_failed_announced = true;
		return;
	}
	p->is_started |= is_same(ev->webhook, "STARTED");
	if (!is_same(ev->webhook, "STOPPED") || p->state < REC_STORED)
		return;
	p->is_withheld = false;
	p->is_failed_announced = false;
	settle(p, ev);
}

static void
apply_withheld(struct progress *p, const struct event *ev)
{
	if (p->state != REC_STORED)
		return;
	p->is_withheld = true;
	settle(p, ev);
}

static void
apply_failed(struct progress *p, const struct event *ev)
{
	enum err_class kind = err_class_parse(ev->class ? ev->class : "");

	p->is_running = false;
	p->failed_runs[kind]++;
	if (kind != ERR_INTERRUPTED)
		count_failure(p, ev->at_ms);
	p->failed_class = kind;
	mem_replace(&p->failed_text, ev->text);
	if (p->failed_since_ms == 0)
		p->failed_since_ms = ev->at_ms;
	/* FAILED announces this moment; a repeat of STOPPED must not change. */
	if (p->state != REC_STORED)
		tell(p, p->failed_since_ms);
	p->failed_ms = ev->at_ms;
	p->retry_at_ms = ev->retry_at_ms;
}

static bool
is_other(const char *was, const char *is)
{
	return was && is && strcmp(was, is) != 0;
}

/* The session and room that the hook was told; the rest is found out later. */
static void
apply_deferred(struct progress *p, const struct event *ev)
{
	if (is_other(p->session, ev->session) || is_other(p->room, ev->room)) {
		progress_forget_facts(p);
		mem_replace(&p->meeting_id, NULL);
		p->state = REC_NEW;
	}
	p->is_running = false;
	unhold(p);
	end_series(p);
	if (ev->session)
		mem_replace(&p->session, ev->session);
	if (ev->room) {
		mem_replace(&p->room, ev->room);
		mem_replace(&p->overruled, ev->overruled);
	}
}

static void
apply_private(struct progress *p, const struct event *ev)
{
	progress_fact_of(p, ev->path)->private_stamp = ev->stamp;
}

static void
apply_unpacked(struct progress *p, const struct event *ev)
{
	mem_replace(&p->archive, ev->id);
}

static void
apply_given_up(struct progress *p, const struct event *ev)
{
	(void)ev;
	p->is_given_up = true;
}

/* Events while Jibri is recording do not make a delivery. */
static bool
is_of_recording(const struct event *ev)
{
	return is_same(ev->webhook, "STARTED") ||
	    ev->kind == EVENT_UPLOAD_BEGUN || ev->kind == EVENT_PART_STORED;
}

void
progress_apply(struct progress *p, const struct event *ev)
{
	static void (*const meaning[EVENT_KINDS])(struct progress *,
	    const struct event *) = {
		[EVENT_BEGAN] = apply_began,
		[EVENT_FORCED] = apply_forced,
		[EVENT_RESOLVED] = apply_resolved,
		[EVENT_SENDING] = apply_sending,
		[EVENT_STORED] = apply_stored,
		[EVENT_UNKNOWN] = apply_unknown,
		[EVENT_ABSENT] = apply_absent,
		[EVENT_AMBIGUOUS] = apply_ambiguous,
		[EVENT_SUPERSEDED] = apply_superseded,
		[EVENT_LOST] = apply_lost,
		[EVENT_IDLE] = apply_idle,
		[EVENT_COMPLETE] = apply_complete,
		[EVENT_REOPENED] = apply_reopened,
		[EVENT_ANNOUNCED] = apply_announced,
		[EVENT_WITHHELD] = apply_withheld,
		[EVENT_CHECKED] = apply_checked,
		[EVENT_FAILED] = apply_failed,
		[EVENT_UNPACKED] = apply_unpacked,
		[EVENT_GIVEN_UP] = apply_given_up,
		[EVENT_OUTDATED] = progress_outdate,
		[EVENT_UPLOAD_BEGUN] = progress_begin_parts,
		[EVENT_PART_STORED] = progress_add_part,
		[EVENT_DEFERRED] = apply_deferred,
		[EVENT_PRIVATE] = apply_private,
	};

	/* These two do not start a history of this recording. */
	if (ev->kind == EVENT_RESET || ev->kind == EVENT_TELLING) {
		if (ev->kind == EVENT_RESET)
			progress_free(p);
		tell(p, ev->moment_ms);
		return;
	}
	progress_count(p, ev);
	if (ev->kind == EVENT_COUNTED)
		return;
	p->is_recording =
	    is_of_recording(ev) && (p->is_recording || !p->has_events);
	meaning[ev->kind](p, ev);
	p->has_events = true;
	p->last_event_ms = ev->at_ms;
	p->first_event_ms = p->first_event_ms ? p->first_event_ms : ev->at_ms;
}
