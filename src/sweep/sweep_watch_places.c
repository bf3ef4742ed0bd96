#include <errno.h>
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

/* A file appeared or was moved away, or its writer closed it. */
static const uint32_t NEWS = IN_CREATE | IN_CLOSE_WRITE | IN_MOVE;

/* A place that still has a turn is only forgotten. */
static void
drop(struct places *p, struct place *place)
{
	if (place->wd != -1)
		(void)inotify_rm_watch(p->fd, place->wd);
	place->wd = -1;
	place->verdict = VERDICT_NONE;
	place->look_ms = INT64_MAX;
	sweep_drop(p->run, place);
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
places_note(struct places *p, const struct finding *f)
{
	struct place *place;

	if (f->path == NULL)
		return;
	if (f->verdict == VERDICT_DONE || f->verdict == VERDICT_GIVEN_UP) {
		place = map_find(&p->run->places, f->path);
		if (place != NULL)
			drop(p, place);
		return;
	}
	place = sweep_place(p->run, f->path);
	if (survey_is_refused(f) && place->verdict != VERDICT_HELD)
		log_error("%s: not delivered: %s", f->path, f->why);
	place->verdict = f->verdict;
	place->is_live = f->facts.is_live;
	place->round = p->round;
	place->look_ms = next_look_ms(f, p->run->sweep->verdict->settle_ms);
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

void
places_end(struct places *p)
{
	autofree struct place **all = map_all(&p->run->places);

	for (struct place **place = all; *place; place++)
		if ((*place)->round != p->round)
			drop(p, *place);
}

void
places_touch(struct places *p, const char *path, int64_t look_ms)
{
	struct place *place = sweep_place(p->run, path);

	if (look_ms < place->look_ms)
		place->look_ms = look_ms;
}

/* --- events --------------------------------------------------------------- */

/* The root with this watch, or NULL. */
static const char *
root_of(const struct places *p, int wd)
{
	for (size_t i = 0; i < p->roots->n; i++)
		if (p->root_wds[i] == wd)
			return p->roots->items[i];
	return NULL;
}

/* An event in a watched directory, or the end of its watch. */
static void
take_event(struct places *p, const struct inotify_event *event)
{
	autofree struct place **all = map_all(&p->run->places);
	const char *root = root_of(p, event->wd);
	int64_t soon_ms = clock_mono_ms() + SOON_MS;

	p->is_lost |= event->mask & IN_Q_OVERFLOW;
	if (root && event->len > 0 && event->mask & IN_ISDIR) {
		autofree char *path = xasprintf("%s/%s", root, event->name);

		places_touch(p, path, soon_ms);
	}
	for (struct place **place = all; !root && *place; place++) {
		if ((*place)->wd != event->wd)
			continue;
		places_touch(p, (*place)->path, soon_ms);
		if (event->mask & IN_IGNORED)
			(*place)->wd = -1;
	}
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

int64_t
places_next_ms(const struct places *p)
{
	autofree struct place **all = map_all(&p->run->places);
	int64_t next_ms = INT64_MAX;

	for (struct place **place = all; *place; place++)
		if ((*place)->look_ms < next_ms)
			next_ms = (*place)->look_ms;
	return next_ms;
}

static bool
is_directly_below(const char *root, const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path);

	return strlen(root) == len && strncmp(path, root, len) == 0;
}

void
places_take(struct places *p, const char *root, struct text_list *names)
{
	autofree struct place **all = map_all(&p->run->places);
	int64_t now_ms = clock_mono_ms();

	for (struct place **at = all; *at; at++) {
		struct place *place = *at;

		if (place->look_ms > now_ms ||
		    !is_directly_below(root, place->path))
			continue;
		place->look_ms = INT64_MAX;
		if (access(place->path, F_OK) == -1 && errno == ENOENT)
			drop(p, place);
		else
			text_list_add(names, strrchr(place->path, '/') + 1);
	}
}

struct places_count
places_count(const struct places *p)
{
	autofree struct place **all = map_all(&p->run->places);
	struct places_count n = { 0 };

	for (struct place **place = all; *place; place++)
		if ((*place)->verdict == VERDICT_NONE)
			continue;
		else if ((*place)->is_live)
			n.live++;
		else if ((*place)->verdict == VERDICT_HELD)
			n.held++;
		else
			n.due++;
	return n;
}

size_t
places_tell(const struct places *p)
{
	autofree struct place **all = map_all(&p->run->places);
	size_t n = 0;

	for (struct place **place = all; *place; place++) {
		if ((*place)->verdict == VERDICT_NONE)
			continue;
		n++;
		log_warn("%s: not delivered yet: %s", (*place)->path,
		    verdict_name((*place)->verdict));
	}
	return n;
}

void
places_open(struct places *p, struct run *run, const struct text_list *roots)
{
	autofree struct place **all = map_all(&run->places);

	*p = (struct places){
		.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC),
		.run = run,
		.roots = roots,
		.root_wds = xcalloc(roots->n + 1, sizeof(int)),
		.round = p->round,
	};
	for (struct place **place = all; *place; place++)
		(*place)->wd = -1;
	if (p->fd == -1)
		log_warn("inotify: %s; examining everything only every "
			 "watch-interval; raise fs.inotify.max_user_instances",
		    strerror(errno));
}

void
places_close(struct places *p)
{
	mem_close(&p->fd);
	free(p->root_wds);
}
