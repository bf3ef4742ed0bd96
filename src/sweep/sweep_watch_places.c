#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sweep/sweep_watch_internal.h"

enum {
	SOON_MS = 200,       /* combine several events */
	FINISHED_MS = 500,   /* after its last write, see verdict.c */
	LATER_MS = 10 * 1000 /* being written to, or busy */
};

/* A file appeared, or its writer closed it. */
static const uint32_t NEWS = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO;

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->path,
	    ((const struct place *)b)->path);
}

static struct place *
find(const struct places *p, const char *path)
{
	const struct place key = { .path = (char *)path };
	void *const *node = tfind(&key, &p->by_path, compare);

	return node ? *node : NULL;
}

static struct place *
find_or_add(struct places *p, const char *path)
{
	struct place *place = find(p, path);

	if (place != NULL)
		return place;
	place = xcalloc(1, sizeof(*place));
	*place = (struct place){
		.path = xstrdup(path),
		.wd = -1,
		.verdict = VERDICT_NONE,
		.look_ms = INT64_MAX,
		.round = p->round,
	};
	if (tsearch(place, &p->by_path, compare) == NULL)
		mem_exhausted();
	return place;
}

static void
free_place(void *node)
{
	struct place *place = node;

	free(place->path);
	free(place);
}

static void
drop(struct places *p, struct place *place)
{
	if (place->wd != -1)
		(void)inotify_rm_watch(p->fd, place->wd);
	(void)tdelete(place, &p->by_path, compare);
	free_place(place);
}

static int
watch(struct places *p, const char *path)
{
	int wd = inotify_add_watch(p->fd, path, NEWS | IN_ONLYDIR);

	if (wd == -1 && errno == ENOSPC && !p->is_full) {
		p->is_full = true;
		log_warn("cannot watch more directories; changes in some "
			 "are noticed only every watch-interval; raise "
			 "fs.inotify.max_user_watches");
	}
	return wd;
}

static int64_t
next_look_ms(const struct finding *f, int64_t settle_ms)
{
	int64_t now_ms = clock_unix_ms();
	int64_t left_ms = LATER_MS;

	if (f->verdict == VERDICT_WAITING)
		left_ms = f->facts.next_ms - now_ms;
	else if (f->verdict == VERDICT_SETTLING && !f->facts.is_live &&
	    f->facts.newest_ms + FINISHED_MS > now_ms)
		left_ms = f->facts.newest_ms + FINISHED_MS - now_ms;
	else if (f->verdict == VERDICT_SETTLING &&
	    f->facts.newest_ms + settle_ms > now_ms &&
	    f->facts.newest_ms + settle_ms < now_ms + LATER_MS)
		left_ms = f->facts.newest_ms + settle_ms - now_ms;
	else if (f->verdict != VERDICT_SETTLING && f->verdict != VERDICT_BUSY)
		return INT64_MAX;
	if (left_ms > LATER_MS && f->verdict == VERDICT_SETTLING)
		left_ms = LATER_MS;
	return clock_mono_ms() + (left_ms > SOON_MS ? left_ms : SOON_MS);
}

void
places_note(struct places *p, const struct finding *f, int64_t settle_ms)
{
	struct place *place;

	if (f->path == NULL)
		return;
	if (f->verdict == VERDICT_DONE || f->verdict == VERDICT_GIVEN_UP) {
		places_drop(p, f->path);
		return;
	}
	place = find_or_add(p, f->path);
	if (survey_is_refused(f) && place->verdict != VERDICT_HELD)
		log_error("%s: not delivered: %s", f->path, f->why);
	place->verdict = f->verdict;
	place->is_live = f->facts.is_live;
	place->round = p->round;
	place->look_ms = next_look_ms(f, settle_ms);
	if (place->wd == -1)
		place->wd = watch(p, place->path);
}

void
places_begin(struct places *p)
{
	p->round++;
	p->is_lost = false;
	for (size_t i = 0; i < p->roots->n; i++)
		p->root_wds[i] = watch(p, p->roots->items[i]);
}

/* twalk_r(3) must not see its tree change: collect first. */
struct walk {
	const struct places *places;
	struct place **found;
	size_t n, cap;
	int wd;
	int64_t ms;
	struct text_list *names;
	const char *root;
	struct places_count count;
};

static bool
is_first(VISIT which)
{
	return which == preorder || which == leaf;
}

static void
add_gone(const void *node, VISIT which, void *ctx)
{
	struct place *place = *(struct place *const *)node;
	struct walk *w = ctx;

	if (!is_first(which) || place->round == w->places->round)
		return;
	xgrow((void **)&w->found, &w->cap, w->n + 1, sizeof(struct place *));
	w->found[w->n++] = place;
}

void
places_end(struct places *p)
{
	struct walk w = { .places = p };

	twalk_r(p->by_path, add_gone, &w);
	for (size_t i = 0; i < w.n; i++)
		drop(p, w.found[i]);
	free(w.found);
}

void
places_touch(struct places *p, const char *path, int64_t look_ms)
{
	struct place *place = find_or_add(p, path);

	if (look_ms < place->look_ms)
		place->look_ms = look_ms;
}

void
places_drop(struct places *p, const char *path)
{
	struct place *place = find(p, path);

	if (place != NULL)
		drop(p, place);
}

/* --- events --------------------------------------------------------------- */

static void
touch_wd(const void *node, VISIT which, void *ctx)
{
	struct place *place = *(struct place *const *)node;
	const struct walk *w = ctx;

	if (!is_first(which) || place->wd != w->wd)
		return;
	if (w->ms < place->look_ms)
		place->look_ms = w->ms;
	if (w->n > 0)
		place->wd = -1;
}

/* An event in a watched directory, or the end of its watch. */
static void
take_event(struct places *p, const struct inotify_event *event)
{
	bool is_ended = event->mask & IN_IGNORED;
	struct walk w = {
		.wd = event->wd,
		.ms = clock_mono_ms() + SOON_MS,
		.n = is_ended,
	};

	p->is_lost |= event->mask & IN_Q_OVERFLOW;
	for (size_t i = 0; i < p->roots->n; i++)
		if (p->root_wds[i] == event->wd) {
			autofree char *path = xasprintf("%s/%s",
			    p->roots->items[i], event->len ? event->name : "");

			if (event->mask & IN_ISDIR)
				places_touch(p, path, w.ms);
			return;
		}
	twalk_r(p->by_path, touch_wd, &w);
}

void
places_read(struct places *p)
{
	_Alignas(struct inotify_event) char events[16 * 1024];
	ssize_t n;

	while ((n = read(p->fd, events, sizeof(events))) > 0)
		for (char *at = events; at < events + n;) {
			const struct inotify_event *event =
			    (const struct inotify_event *)at;

			take_event(p, event);
			at += sizeof(*event) + event->len;
		}
}

/* --- all of them ---------------------------------------------------------- */

static void
find_next(const void *node, VISIT which, void *ctx)
{
	const struct place *place = *(struct place *const *)node;
	struct walk *w = ctx;

	if (is_first(which) && place->look_ms < w->ms)
		w->ms = place->look_ms;
}

int64_t
places_next_ms(const struct places *p)
{
	struct walk w = { .ms = INT64_MAX };

	twalk_r(p->by_path, find_next, &w);
	return w.ms;
}

static void
take(const void *node, VISIT which, void *ctx)
{
	struct place *place = *(struct place *const *)node;
	struct walk *w = ctx;
	const char *name = strrchr(place->path, '/') + 1;
	size_t len = (size_t)(name - place->path) - 1;

	if (!is_first(which) || place->look_ms > w->ms ||
	    strlen(w->root) != len || strncmp(place->path, w->root, len) != 0)
		return;
	place->look_ms = INT64_MAX;
	text_list_add(w->names, name);
}

void
places_take(struct places *p, const char *root, struct text_list *names)
{
	struct walk w = {
		.ms = clock_mono_ms(),
		.names = names,
		.root = root,
	};

	twalk_r(p->by_path, take, &w);
}

static void
count(const void *node, VISIT which, void *ctx)
{
	const struct place *place = *(struct place *const *)node;
	struct walk *w = ctx;

	if (!is_first(which) || place->verdict == VERDICT_NONE)
		return;
	if (place->is_live)
		w->count.live++;
	else if (place->verdict == VERDICT_HELD)
		w->count.held++;
	else
		w->count.due++;
}

struct places_count
places_count(const struct places *p)
{
	struct walk w = { 0 };

	twalk_r(p->by_path, count, &w);
	return w.count;
}

static void
tell(const void *node, VISIT which, void *ctx)
{
	const struct place *place = *(struct place *const *)node;
	struct walk *w = ctx;

	if (!is_first(which) || place->verdict == VERDICT_NONE)
		return;
	w->n++;
	log_warn("%s: not delivered yet: %s", place->path,
	    verdict_name(place->verdict));
}

size_t
places_tell(const struct places *p)
{
	struct walk w = { 0 };

	twalk_r(p->by_path, tell, &w);
	return w.n;
}

void
places_open(struct places *p, const struct text_list *roots)
{
	*p = (struct places){
		.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC),
		.roots = roots,
		.root_wds = xcalloc(roots->n + 1, sizeof(int)),
	};
	if (p->fd == -1)
		log_warn("inotify: %s; examining everything only every "
			 "watch-interval",
		    strerror(errno));
}

void
places_close(struct places *p)
{
	mem_close(&p->fd);
	free(p->root_wds);
	tdestroy(p->by_path, free_place);
	*p = (struct places){ .fd = -1 };
}
