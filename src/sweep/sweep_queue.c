#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sweep/sweep_internal.h"

enum {
	AGAIN_MS = 60 * 1000, /* unless the journal has changed */
	LEAST_MS = 1000       /* between two visits to the same, always */
};

static bool
is_wanted(const struct run *run, const struct finding *f)
{
	return f->verdict == VERDICT_DUE ||
	    (f->verdict == VERDICT_HELD && run->sweep->visit.takes_held &&
		f->facts.failed_class == ERR_PERMANENT);
}

static bool
is_over(const struct run *run, const struct place *place,
    const struct finding *f)
{
	int64_t age_ms = clock_mono_ms() - place->ended_ms;

	if (place->turn == TURN_RUNNING)
		return true;
	if (place->turn != TURN_OVER)
		return false;
	return run->ended == NULL || age_ms < LEAST_MS ||
	    (f->facts.last_event_ms == place->tried_ms && age_ms < AGAIN_MS);
}

bool
sweep_offer(struct run *run, struct finding *f)
{
	struct place *place = map_find(&run->places, f->path);

	if (place && is_over(run, place, f))
		return false;
	if (!is_wanted(run, f) || sweep_is_paused(run, f->path) ||
	    (place && place->turn == TURN_QUEUED))
		return true;
	place = sweep_place(run, f->path);
	place->turn = TURN_QUEUED;
	place->tried_ms = f->facts.last_event_ms;
	place->is_held = f->verdict == VERDICT_HELD;
	if (run->next == run->n && run->ended)
		run->next = run->n = 0;
	xgrow((void **)&run->queue, &run->cap, run->n + 1,
	    sizeof(struct place *));
	run->queue[run->n++] = place;
	return true;
}

struct place *
sweep_place(struct run *run, const char *path)
{
	struct place *place = map_find(&run->places, path);

	if (place != NULL)
		return place;
	place = map_add(&run->places, path, sizeof(*place));
	place->wd = -1;
	place->verdict = VERDICT_NONE;
	place->look_ms = INT64_MAX;
	return place;
}

static void
free_place(void *entry)
{
	struct place *place = entry;

	free(place->path);
	free(place);
}

void
sweep_drop(struct run *run, struct place *place)
{
	if (place->turn == TURN_QUEUED || place->turn == TURN_RUNNING ||
	    place->is_ahead)
		return;
	map_remove(&run->places, place);
	free_place(place);
}

static int
compare(const void *a, const void *b)
{
	const struct place *x = *(struct place *const *)a;
	const struct place *y = *(struct place *const *)b;

	if (x->tried_ms != y->tried_ms)
		return x->tried_ms < y->tried_ms ? -1 : 1;
	return strcmp(x->path, y->path);
}

void
sweep_sort(struct run *run)
{
	if (run->n > run->next)
		qsort(run->queue + run->next, run->n - run->next,
		    sizeof(struct place *), compare);
}

void
sweep_open(struct run *run, const struct sweep *sweep,
    struct sweep_result *result)
{
	*result = (struct sweep_result){ 0 };
	*run = (struct run){
		.sweep = sweep,
		.result = result,
		.turns =
		    xcalloc(SWEEP_TURNS + SWEEP_AHEAD, sizeof(struct turn)),
	};
}

void
sweep_close(struct run *run)
{
	auth_token_free(&run->token);
	text_list_free(&run->paused);
	map_free(&run->places, free_place);
	free(run->queue);
	free(run->turns);
}
