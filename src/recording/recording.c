#include "recording/recording_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/mimetype.h"
#include "recording/identity.h"

enum { LISTED = 20 };

static void
forget_scan(struct recording *rec)
{
	for (size_t i = 0; i < rec->n; i++)
		free(rec->artifacts[i].path);
	rec->n = 0;
	for (size_t i = 0; i < rec->n_skipped; i++) {
		free(rec->skipped[i].path);
		free(rec->skipped[i].own);
	}
	rec->n_skipped = 0;
	text_list_free(&rec->doubts);
	json_decref(rec->metadata);
	rec->metadata = NULL;
	text_list_free(&rec->metadata_twice);
	rec->metadata_state = METADATA_MISSING;
	rec->trouble = (struct err){ 0 };
	rec->has_folders = false;
	rec->examined_bytes = 0;
}

void
recording_close(struct recording *rec)
{
	forget_scan(rec);
	free(rec->artifacts);
	free(rec->skipped);
	free(rec->doubt);
	free(rec->path);
	mem_close(&rec->dirfd);
}

const char *
recording_name(const struct recording *rec)
{
	return strrchr(rec->path, '/') + 1;
}

static bool
matches(const char *glob, const char *path, int flags)
{
	bool is_path = strchr(glob, '/') != NULL;

	return fnmatch(glob, is_path ? path : basename(path),
		   is_path ? flags | FNM_PATHNAME : flags) == 0;
}

bool
recording_matches(const struct text_list *globs, const char *path)
{
	for (size_t i = 0; i < globs->n; i++)
		if (matches(globs->items[i], path, 0))
			return true;
	return false;
}

const char *
recording_excluded_by(const struct recording *rec, const char *path)
{
	const struct text_list *globs = &rec->policy->exclude;

	for (size_t i = 0; i < globs->n; i++)
		if (matches(globs->items[i], path, FNM_CASEFOLD) &&
		    (strcmp(globs->items[i], ".*") != 0 ||
			!identity_is_media(path)))
			return globs->items[i];
	return NULL;
}

static int
compare_artifacts(const void *a, const void *b)
{
	return strcmp(((const struct artifact *)a)->path,
	    ((const struct artifact *)b)->path);
}

const struct artifact *
recording_find(const struct recording *rec, const char *path)
{
	const struct artifact key = { .path = (char *)path };

	if (rec->n == 0)
		return NULL;
	return bsearch(&key, rec->artifacts, rec->n, sizeof(key),
	    compare_artifacts);
}

const struct skipped *
recording_lacks_own(const struct recording *rec, const struct skipped *after)
{
	size_t i = after ? (size_t)(after - rec->skipped) + 1 : 0;

	for (; i < rec->n_skipped; i++) {
		const char *own = rec->skipped[i].own;

		if (own && recording_find(rec, own) == NULL)
			return &rec->skipped[i];
	}
	return NULL;
}

int64_t
recording_newest_ns(const struct recording *rec)
{
	int64_t newest_ns = 0;

	for (size_t i = 0; i < rec->n; i++)
		if (rec->artifacts[i].mtime_ns > newest_ns)
			newest_ns = rec->artifacts[i].mtime_ns;
	return newest_ns;
}

static void
skip(struct recording *rec, const char *path, const struct stat *st,
    const char *why)
{
	xgrow((void **)&rec->skipped, &rec->cap_skipped, rec->n_skipped + 1,
	    sizeof(*rec->skipped));
	rec->skipped[rec->n_skipped++] =
	    (struct skipped){ .path = xstrdup(path),
		    .why = why,
		    .own = S_ISDIR(st->st_mode) ? NULL
						: identity_media_of_copy(path),
		    .mtime_ns = file_mtime_ns(st),
		    .stamp = file_stamp(st) };
}

void
recording_log_doubts(const struct recording *rec)
{
	if (rec->doubt)
		log_warn("%s", rec->doubt);
	for (size_t i = 0; i < rec->doubts.n && i < LISTED; i++)
		log_warn("%s", rec->doubts.items[i]);
	if (rec->doubts.n > LISTED)
		log_warn("and %zu more like these", rec->doubts.n - LISTED);
	for (size_t i = 0; i < rec->n_skipped && i < LISTED; i++)
		log_info("%s: skipped, %s", rec->skipped[i].path,
		    rec->skipped[i].why);
	if (rec->n_skipped > LISTED)
		log_info("%zu more skipped; see --dry-run",
		    rec->n_skipped - LISTED);
}

static struct artifact *
add_artifact(struct recording *rec, const char *path, const struct stat *st)
{
	struct artifact *a;

	xgrow((void **)&rec->artifacts, &rec->cap, rec->n + 1, sizeof(*a));
	a = &rec->artifacts[rec->n++];
	*a = (struct artifact){
		.path = xstrdup(path),
		.size = st->st_size,
		.mtime_ns = file_mtime_ns(st),
		.stamp = file_stamp(st),
		.is_media = mimetype_is_media_name(path),
	};
	return a;
}

static int
add_file(struct recording *rec, const char *path, const struct stat *st,
    struct err *e)
{
	int64_t size = st->st_size;
	bool is_metadata = strcmp(path, RECORDING_METADATA) == 0;
	bool is_enough = rec->examined_bytes >= rec->most_bytes &&
	    (!is_metadata || rec->most_bytes == 0);
	enum examined examined = is_enough
	    ? EXAMINED_UNREADABLE
	    : recording_examine(rec, path, &size);
	struct artifact *a;

	/* Other excluded files were skipped before. */
	if (is_metadata && recording_excluded_by(rec, path)) {
		skip(rec, path, st, "excluded");
		return 0;
	}
	if (examined == EXAMINED_WITHHELD || examined == EXAMINED_NAMING) {
		skip(rec, path, st,
		    examined == EXAMINED_NAMING
			? "withheld: it has the name of a private member, "
			  "which cannot be removed"
			: st->st_size > RECORDING_JSON_BYTES
			? "withheld: it is larger than 16 MiB, so private "
			  "members cannot be removed"
			: "withheld: it cannot be parsed, so private "
			  "members cannot be removed");
		rec->skipped[rec->n_skipped - 1].is_private = true;
		return 0;
	}
	a = add_artifact(rec, path, st);
	a->size = size;
	a->is_json = examined == EXAMINED_JSON;
	a->is_unreadable = examined == EXAMINED_UNREADABLE;
	if (rec->n <= RECORDING_MAX_ARTIFACTS)
		return 0;
	return err_set(e, ERR_PERMANENT, "it contains more than %d files",
	    RECORDING_MAX_ARTIFACTS);
}

/* Sockets and the like are never read. */
static int
check_file(struct recording *rec, const char *path, const struct stat *st,
    struct err *e)
{
	autofree char *doubt = NULL;
	struct err why;

	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return 0;
	if (recording_judge(rec,
		trust_check_file(rec->user, rec->owner, st, &why), &why, &doubt,
		e) == -1) {
		autofree char *full = xasprintf("%s/%s", rec->path, path);

		(void)trust_hint_file(rec->owner, full, st, e);
		return err_wrap(e, "%s", path);
	}
	if (doubt != NULL) {
		autofree char *text = xasprintf("%s: %s", path, doubt);

		text_list_add(&rec->doubts, text);
	}
	return 0;
}

/* A link or the like is not read, so its content is unknown. */
static bool
is_metadata_file(struct recording *rec, const char *path, mode_t mode)
{
	if (strcmp(path, RECORDING_METADATA) != 0)
		return false;
	if (S_ISREG(mode))
		return true;
	rec->metadata_state = METADATA_UNREADABLE;
	(void)err_set(&rec->metadata_err, ERR_PERMANENT,
	    "is %s: put the file itself there", file_kind(mode));
	return false;
}

static int scan_directory(struct recording *rec, const char *prefix, int depth,
    struct err *e);

static int
scan_entry(struct recording *rec, const char *path, const struct stat *st,
    int depth, struct err *e)
{
	bool is_log = log_is_file(st);
	bool is_ours = is_log || recording_is_own_name(basename(path));
	bool is_metadata = is_metadata_file(rec, path, st->st_mode);

	if (!is_ours && !is_metadata && recording_excluded_by(rec, path)) {
		skip(rec, path, st, "excluded");
		return 0;
	}
	if (!is_log && check_file(rec, path, st, e) == -1)
		return -1;
	if (is_ours) {
		log_debug("%s: skipped, our own", path);
		return 0;
	}
	rec->has_folders |= S_ISDIR(st->st_mode);
	if (S_ISDIR(st->st_mode))
		return scan_directory(rec, path, depth + 1, e);
	if (S_ISREG(st->st_mode))
		return add_file(rec, path, st, e);
	skip(rec, path, st, file_kind(st->st_mode));
	return 0;
}

bool
recording_is_own_name(const char *name)
{
	return strcmp(name, RECORDING_JOURNAL) == 0 ||
	    strcmp(name, RECORDING_JOURNAL_NEW) == 0 ||
	    strcmp(name, RECORDING_JOURNAL_COPY) == 0 ||
	    strcmp(name, RECORDING_MANIFEST) == 0;
}

/* Note the first read error; the scan continues. */
static void
note_trouble(struct recording *rec, const char *what, const char *path)
{
	if (rec->trouble.class == ERR_NONE)
		(void)err_sys(&rec->trouble, "%s %s", what,
		    *path ? path : rec->path);
}

static int
scan_name(struct recording *rec, DIR *dir, const char *prefix, const char *name,
    int depth, struct err *e)
{
	autofree char *path =
	    xasprintf("%s%s%s", prefix, *prefix ? "/" : "", name);
	struct stat st;

	if (fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return scan_entry(rec, path, &st, depth, e);
	if (errno != ENOENT && !recording_is_own_name(name))
		note_trouble(rec, "examine", path);
	return 0;
}

static int
scan_directory(struct recording *rec, const char *prefix, int depth,
    struct err *e)
{
	autoclosedir DIR *dir =
	    file_open_folder(rec->dirfd, *prefix ? prefix : ".");
	const char *name;

	if (dir == NULL && *prefix == '\0')
		return err_sys(e, "read the directory");
	if (dir == NULL) {
		note_trouble(rec, "open the folder", prefix);
		return 0;
	}
	if (depth > RECORDING_MAX_DEPTH)
		return err_set(e, ERR_PERMANENT,
		    "its folders are nested deeper than %d",
		    RECORDING_MAX_DEPTH);
	while ((name = file_next_name(dir)) != NULL)
		if (scan_name(rec, dir, prefix, name, depth, e) == -1)
			return -1;
	if (errno != 0)
		note_trouble(rec, "read the folder", prefix);
	return 0;
}

static int
scan(struct recording *rec, int64_t most_bytes, struct err *e)
{
	struct stat st;

	forget_scan(rec);
	rec->most_bytes = most_bytes;
	rec->mtime_ns = fstat(rec->dirfd, &st) == 0 ? file_mtime_ns(&st) : 0;
	if (scan_directory(rec, "", 0, e) == -1)
		return strstr(e->text, rec->path)
		    ? -1
		    : err_wrap(e, "%s", rec->path);
	if (rec->n > 0)
		qsort(rec->artifacts, rec->n, sizeof(*rec->artifacts),
		    compare_artifacts);
	return 0;
}

int
recording_scan(struct recording *rec, struct err *e)
{
	return scan(rec, INT64_MAX, e);
}

int
recording_glance(struct recording *rec, struct err *e)
{
	return scan(rec, RECORDING_GLANCE_BYTES, e);
}

int
recording_list(struct recording *rec, struct err *e)
{
	return scan(rec, 0, e);
}

static int
compare_stats(const struct stat *was, const struct stat *is, struct err *e)
{
	if (is->st_dev != was->st_dev || is->st_ino != was->st_ino)
		return err_set(e, ERR_TEMPORARY,
		    S_ISREG(is->st_mode)
			? "was replaced while it was being read"
			: "is no longer a regular file");
	if (is->st_size != was->st_size)
		return err_set(e, ERR_TEMPORARY,
		    "%s while it was being read (%lld, now %lld bytes)",
		    is->st_size > was->st_size ? "grew" : "shrank",
		    (long long)was->st_size, (long long)is->st_size);
	if (file_mtime_ns(is) != file_mtime_ns(was))
		return err_set(e, ERR_TEMPORARY,
		    "was written to while it was being read");
	if ((is->st_mode & ALLPERMS) != (was->st_mode & ALLPERMS))
		return err_set(e, ERR_TEMPORARY,
		    "changed its permissions while it was being read");
	return 0;
}

int
recording_recheck(const struct recording *rec, const char *path,
    const struct stat *st, struct err *e)
{
	struct stat now;
	int result = file_stat_beneath(rec->dirfd, path, &now);

	if (result == -1 && errno == ENOENT)
		return err_set(e, ERR_TEMPORARY,
		    "was removed while it was being read");
	if (result == -1 && errno == ELOOP)
		return err_set(e, ERR_TEMPORARY, "is no longer a regular file");
	/* An error about the moment, not about the file. */
	if (result == -1 && err_is_passing(errno))
		return 0;
	if (result == -1)
		return err_sys(e, "can no longer be examined");
	return compare_stats(st, &now, e);
}
