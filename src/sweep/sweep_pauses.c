#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sweep/pause.h"
#include "sweep/sweep_internal.h"

/* A watch logs it at a visible level, as nobody runs it interactively. */
static void
say(const struct run *run, const char *root, const char *what)
{
	log_line(run->ended ? LOG_INFO : LOG_DEBUG, "%s: %s", root, what);
}

static void
note_root(struct run *run, struct text_list *paused, const char *root)
{
	bool was_paused = text_list_has(&run->paused, root);
	struct pause p;

	if (pause_of_sweep(root, &p)) {
		autofree char *text = pause_text(&p);

		text_list_add(paused, root);
		if (!was_paused)
			say(run, root, text);
		pause_free(&p);
	} else if (was_paused) {
		say(run, root, "no longer paused");
	}
}

bool
sweep_note_pauses(struct run *run, const struct text_list *roots)
{
	struct text_list paused = { 0 };
	bool has_resumed = false;

	for (size_t i = 0; i < roots->n; i++)
		note_root(run, &paused, roots->items[i]);
	for (size_t i = 0; i < run->paused.n; i++)
		has_resumed |= !text_list_has(&paused, run->paused.items[i]);
	text_list_free(&run->paused);
	run->paused = paused;
	return has_resumed;
}

bool
sweep_is_paused(const struct run *run, const char *path)
{
	for (size_t i = 0; path && i < run->paused.n; i++) {
		const char *root = run->paused.items[i];
		size_t len = strlen(root);

		if (strncmp(path, root, len) == 0 &&
		    (path[len] == '/' || (len > 0 && root[len - 1] == '/')))
			return true;
	}
	return false;
}
