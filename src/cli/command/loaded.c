#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "cli/command/commands.h"

enum { FRESH_S = 60 };

static void
tell_unread(const struct loaded *l)
{
	if (l->unread.n > 0)
		log_warn("%s cannot be read: Permission denied; continuing "
			 "with the defaults and the given directories",
		    l->unread.items[0]);
}

/* Was a file in it written to within the last minute? */
static bool
is_fresh(const char *path)
{
	autoclosedir DIR *dir = opendir(path);
	int64_t oldest_s = clock_unix_ms() / 1000 - FRESH_S;
	const char *name;
	struct stat st;

	while (dir && (name = file_next_name(dir)) != NULL)
		if (*name != '.' &&
		    fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_mtime >= oldest_s)
			return true;
	return false;
}

/* A confined process cannot see this in /proc. */
static void
ask_who_writes(struct loaded *l, const struct command *command,
    const struct options *o)
{
	size_t first, end;

	command_recordings(command, o, &first, &end);
	for (size_t i = first; i < end; i++)
		if (is_fresh(o->words[i]))
			openfiles_load(&l->open_files);
}

static int
run_resolved(struct loaded *l, const struct command *command,
    const struct options *o, struct err *e)
{
	autolist struct text_list paths = { 0 };
	autofree char **words = xcalloc(o->n_words + 1, sizeof(*words));
	struct options named = *o;
	int result;

	for (size_t i = 0; i < o->n_words; i++)
		words[i] = o->words[i];
	named.words = words;
	if (command->scope != SCOPE_NONE)
		confine_calls(&l->config.confine);
	if (sessions_resolve(l, command, &named, &paths, e) == -1)
		return -1;
	heed_pauses(l, command, &named);
	if (command->task == TASK_DELIVER && !command->visits)
		ask_who_writes(l, command, &named);
	confine_command(l, command, &named);
	result = command->run(l, &named, e);
	confine_tell();
	return result;
}

int
command_run_loaded(struct loaded *l, const struct command *command,
    const struct options *o, struct err *e)
{
	struct err no_log;

	/* An answer that ignores the configuration must come with a warning. */
	l->config.log.is_quiet = (o->given & OPTION_QUIET) ||
	    ((o->given & OPTION_JSON) && l->unread.n == 0);
	l->config.log.is_looking = command->is_looking;
	if (log_configure(&l->config.log, &no_log) == -1)
		log_warn("%s; continuing without it", no_log.text);
	for (size_t i = 0; i < l->lax.n; i++)
		log_warn("%s", l->lax.items[i]);
	tell_unread(l);
	stop_at(clock_mono_ms() + l->config.deadline_ms);
	return run_resolved(l, command, o, e);
}
