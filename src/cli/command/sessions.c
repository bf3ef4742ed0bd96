#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/owned.h"
#include "cli/command/commands.h"

/* LEAST: shortest beginning of a session that is accepted. */
enum { LEAST = 6, LISTED = 5 };

struct search {
	const char *word;
	size_t len;
	struct text_list exact, others; /* possible directories */
};

static bool
begins_so(const struct search *s, const char *text)
{
	return strncmp(text, s->word, s->len) == 0;
}

static bool
is_directory(int rootfd, const char *name)
{
	struct stat st;

	return fstatat(rootfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);
}

static int
search_names(struct search *s, const char *root, struct err *e)
{
	int rootfd = owned_open(root, O_RDONLY | O_DIRECTORY);
	autoclosedir DIR *dir = rootfd == -1 ? NULL : fdopendir(rootfd);
	const char *name;

	if (dir == NULL && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (dir == NULL)
		return err_sys(e, "look for the session %s in %s", s->word,
		    root);
	if (is_directory(rootfd, s->word)) {
		text_list_add(&s->exact, s->word);
		return 0;
	}
	while (s->len >= LEAST && (name = file_next_name(dir)) != NULL)
		if (begins_so(s, name) && is_directory(rootfd, name))
			text_list_add(&s->others, name);
	return 0;
}

/* A session given as an argument is not the name of its directory. */
static void
look_inside(void *ctx, struct finding *f)
{
	struct search *s = ctx;

	if (f->session == NULL || f->path == NULL || !begins_so(s, f->session))
		return;
	if (f->session[s->len] == '\0')
		text_list_add(&s->exact, f->name);
	else if (s->len >= LEAST)
		text_list_add(&s->others, f->name);
}

static void
search_sessions(struct search *s, const struct loaded *l)
{
	struct survey survey = {
		.policy = &l->config.verdict,
		.recording = &l->config.pipeline.recording,
	};
	autolist struct text_list roots = { 0 };
	struct err ignored;

	text_list_add(&roots, l->config.recordings_dir);
	(void)survey_roots(&survey, &roots, look_inside, s, &ignored);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
set_ambiguous(const char *word, const char *root, struct text_list *names,
    struct err *e)
{
	autobuf struct buf list = { 0 };

	qsort(names->items, names->n, sizeof(*names->items), compare);
	for (size_t i = 0; i < names->n && i < LISTED; i++)
		(void)buf_addf(&list, "%s%.128s",
		    i == 0                 ? ""
			: i + 1 < names->n ? ", "
					   : " or ",
		    names->items[i]);
	if (names->n > LISTED)
		(void)buf_addf(&list, " or %zu others", names->n - LISTED);
	return err_set(e, ERR_USAGE,
	    "'%s' is not unique below %s: it could be %s; give more of it, or "
	    "the path",
	    word, root, buf_str(&list));
}

/* *path stays NULL if nothing is found. */
static int
find(const struct loaded *l, const char *word, char **path, struct err *e)
{
	const char *root = l->config.recordings_dir;
	struct search s = { .word = word, .len = strlen(word) };
	struct text_list *found;
	int result = search_names(&s, root, e);

	if (result == 0 && s.exact.n + s.others.n == 0)
		search_sessions(&s, l);
	found = s.exact.n > 0 ? &s.exact : &s.others;
	if (result == 0 && found->n == 1)
		*path = xasprintf("%s/%s", root, found->items[0]);
	else if (result == 0 && found->n > 1)
		result = set_ambiguous(word, root, found, e);
	text_list_free(&s.exact);
	text_list_free(&s.others);
	return result;
}

/* A path, or the name of an existing file, is not a session. */
static bool
is_session(const char *word)
{
	struct stat st;

	return *word != '\0' && *word != '.' && strchr(word, '/') == NULL &&
	    stat(word, &st) == -1;
}

int
sessions_resolve(const struct loaded *l, const struct command *command,
    struct options *o, struct text_list *paths, struct err *e)
{
	size_t first, end;

	command_recordings(command, o, &first, &end);
	for (size_t i = first; i < end; i++) {
		autofree char *path = NULL;

		if (!is_session(o->words[i]))
			continue;
		if (find(l, o->words[i], &path, e) == -1)
			return -1;
		if (path == NULL)
			continue;
		text_list_add(paths, path);
		o->words[i] = paths->items[paths->n - 1];
	}
	return 0;
}
