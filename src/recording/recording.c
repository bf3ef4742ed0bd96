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
#include "io/json.h"
#include "io/mimetype.h"

static void
forget_scan(struct recording *rec)
{
	for (size_t i = 0; i < rec->n; i++) {
		free(rec->artifacts[i].path);
		buf_free(&rec->artifacts[i].content);
	}
	rec->n = 0;
	for (size_t i = 0; i < rec->n_skipped; i++)
		free(rec->skipped[i].path);
	rec->n_skipped = 0;
	text_list_free(&rec->doubts);
	json_decref(rec->metadata);
	rec->metadata = NULL;
	buf_free(&rec->metadata_text);
	rec->metadata_state = METADATA_MISSING;
	rec->trouble = (struct err){ 0 };
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
	recording_leave(rec);
}

const char *
recording_name(const struct recording *rec)
{
	return strrchr(rec->path, '/') + 1;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool
recording_matches(const struct text_list *globs, const char *path)
{
	for (size_t i = 0; i < globs->n; i++) {
		const char *glob = globs->items[i];
		bool is_path = strchr(glob, '/') != NULL;

		if (fnmatch(glob, is_path ? path : base_name(path),
			is_path ? FNM_PATHNAME : 0) == 0)
			return true;
	}
	return false;
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
skip(struct recording *rec, const char *path, const char *why)
{
	xgrow((void **)&rec->skipped, &rec->cap_skipped, rec->n_skipped + 1,
	    sizeof(*rec->skipped));
	rec->skipped[rec->n_skipped++] =
	    (struct skipped){ .path = xstrdup(path), .why = why };
}

void
recording_log_doubts(const struct recording *rec)
{
	if (rec->doubt)
		log_warn("%s", rec->doubt);
	for (size_t i = 0; i < rec->doubts.n; i++)
		log_warn("%s", rec->doubts.items[i]);
	for (size_t i = 0; i < rec->n_skipped; i++)
		log_info("%s: skipped, %s", rec->skipped[i].path,
		    rec->skipped[i].why);
}

static const char *
kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
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

static enum metadata_state
read_metadata(struct recording *rec, const char *path, struct buf *text,
    json_t **json)
{
	struct err *e = &rec->metadata_err;
	struct err ignored;
	struct stat st;
	autoclose int fd = recording_open_artifact(rec, path, &st, e);

	text->limit = RECORDING_METADATA_BYTES;
	if (fd == -1)
		return METADATA_UNREADABLE;
	if (file_read_all(fd, text) == -1) {
		/* A beginning that is whole says nothing of the rest. */
		if (errno == EFBIG)
			return METADATA_UNPARSABLE;
		(void)err_sys(e, "cannot be read");
		return METADATA_UNREADABLE;
	}
	*json = json_parse(buf_str(text), text->len, &ignored);
	return *json ? METADATA_PARSED : METADATA_UNPARSABLE;
}

/*
 * Take the members away that must not leave; true when the file cannot go as
 * it is.  Of a member that stands in the text twice the tree holds only one:
 * writing the tree leaves the other behind.
 */
static bool
redact(json_t *metadata, const struct buf *text,
    const struct text_list *pointers)
{
	bool is_changed = json_has_duplicate(text->data, text->len, pointers);

	for (size_t i = 0; i < pointers->n; i++)
		is_changed |= json_pointer_remove(metadata, pointers->items[i]);
	return is_changed;
}

static void
set_content(struct artifact *a, const json_t *json)
{
	autofree char *text = json_dumps(json, JSON_INDENT(2));

	if (text == NULL)
		mem_exhausted();
	(void)buf_adds(&a->content, text);
	(void)buf_adds(&a->content, "\n");
}

/*
 * What is sent is the text that was parsed here: the file may be another one
 * when it is sent.  What cannot be parsed cannot be redacted either: it stays
 * here, as a token in it must never leave the machine.
 */
static void
add_redacted(struct recording *rec, const char *path, const struct stat *st,
    enum metadata_state state, const struct buf *text, json_t *json)
{
	const struct text_list *pointers = &rec->policy->redact;
	struct artifact *a;

	if (recording_matches(&rec->policy->exclude, path)) {
		skip(rec, path, "excluded");
		return;
	}
	if (state == METADATA_UNPARSABLE && pointers->n > 0) {
		skip(rec, path,
		    "withheld: it cannot be parsed, so what is "
		    "private in it cannot be taken out");
		return;
	}
	a = add_artifact(rec, path, st);
	a->is_unreadable = state == METADATA_UNREADABLE;
	if (json != NULL && redact(json, text, pointers))
		set_content(a, json);
	else if (json != NULL)
		(void)buf_add(&a->content, text->data, text->len);
	if (json != NULL)
		a->size = (int64_t)a->content.len;
}

static void
add_metadata(struct recording *rec, const char *path, const struct stat *st)
{
	autobuf struct buf text = { 0 };
	autojson json_t *json = NULL;
	enum metadata_state state = read_metadata(rec, path, &text, &json);

	if (strcmp(path, RECORDING_METADATA) == 0) {
		rec->metadata_state = state;
		rec->metadata = json_deep_copy(json);
		(void)buf_add(&rec->metadata_text, text.data, text.len);
	}
	add_redacted(rec, path, st, state, &text, json);
}

/* Nearly all of it is the owner's: who runs us need not be asked. */
static int
check_trust(const struct recording *rec, const struct stat *st, struct err *e)
{
	return st->st_uid == rec->owner
	    ? 0
	    : trust_check_file(geteuid(), rec->owner, st, e);
}

/* Sockets and the like are never read; the log file is ours. */
static int
check_file(struct recording *rec, const char *path, const struct stat *st,
    struct err *e)
{
	autofree char *doubt = NULL;
	struct err why;

	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return 0;
	if (recording_judge(rec, check_trust(rec, st, &why), &why, &doubt, e) ==
	    -1)
		return err_wrap(e, "%s", path);
	if (doubt != NULL) {
		autofree char *text = xasprintf("%s: %s", path, doubt);

		text_list_add(&rec->doubts, text);
	}
	return 0;
}

static int scan_directory(struct recording *rec, const char *prefix, int depth,
    struct err *e);

static int
scan_entry(struct recording *rec, const char *path, const struct stat *st,
    int depth, struct err *e)
{
	bool is_ours = recording_is_own_name(base_name(path));
	bool is_metadata = S_ISREG(st->st_mode) &&
	    strcmp(base_name(path), RECORDING_METADATA) == 0;

	if (log_is_file(st)) {
		log_debug("%s: skipped, our own", path);
		return 0;
	}
	if (!is_ours && !is_metadata &&
	    recording_matches(&rec->policy->exclude, path)) {
		skip(rec, path, "excluded");
		return 0;
	}
	if (check_file(rec, path, st, e) == -1)
		return -1;
	if (is_ours) {
		log_debug("%s: skipped, our own", path);
		return 0;
	}
	if (is_metadata) {
		add_metadata(rec, path, st);
		return 0;
	}
	if (S_ISDIR(st->st_mode))
		return scan_directory(rec, path, depth + 1, e);
	if (!S_ISREG(st->st_mode)) {
		skip(rec, path, kind_of(st->st_mode));
		return 0;
	}
	(void)add_artifact(rec, path, st);
	if (rec->n <= RECORDING_MAX_ARTIFACTS)
		return 0;
	return err_set(e, ERR_PERMANENT, "it holds more than %d files",
	    RECORDING_MAX_ARTIFACTS);
}

bool
recording_is_own_name(const char *name)
{
	return strcmp(name, RECORDING_JOURNAL) == 0 ||
	    strcmp(name, RECORDING_JOURNAL_COPY) == 0 ||
	    strcmp(name, RECORDING_MANIFEST) == 0;
}

static DIR *
open_directory(const struct recording *rec, const char *path)
{
	int fd = file_open_beneath(rec->dirfd, *path ? path : ".",
	    O_RDONLY | O_DIRECTORY);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	if (dir == NULL)
		mem_close(&fd);
	return dir;
}

/* What cannot be read stops nothing else; the first of it is kept. */
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

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
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
	autoclosedir DIR *dir = open_directory(rec, prefix);
	const struct dirent *entry;

	if (dir == NULL && *prefix == '\0')
		return err_sys(e, "read the directory");
	if (dir == NULL) {
		note_trouble(rec, "open the folder", prefix);
		return 0;
	}
	if (depth > RECORDING_MAX_DEPTH)
		return err_set(e, ERR_PERMANENT,
		    "its folders are deeper than %d", RECORDING_MAX_DEPTH);
	for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0)
		if (scan_name(rec, dir, prefix, entry->d_name, depth, e) == -1)
			return -1;
	if (errno != 0)
		note_trouble(rec, "read the folder", prefix);
	return 0;
}

static int
compare_artifacts(const void *a, const void *b)
{
	return strcmp(((const struct artifact *)a)->path,
	    ((const struct artifact *)b)->path);
}

int
recording_scan(struct recording *rec, struct err *e)
{
	struct stat st;

	forget_scan(rec);
	rec->mtime_ns = fstat(rec->dirfd, &st) == 0 ? file_mtime_ns(&st) : 0;
	if (scan_directory(rec, "", 0, e) == -1)
		return err_wrap(e, "%s", rec->path);
	if (rec->n > 0)
		qsort(rec->artifacts, rec->n, sizeof(*rec->artifacts),
		    compare_artifacts);
	return 0;
}

/* It was one when the directory was read. */
static const char not_regular[] = "is no regular file any more";

int
recording_open_artifact(const struct recording *rec, const char *path,
    struct stat *st, struct err *e)
{
	autoclose int fd = file_open_beneath(rec->dirfd, path, O_RDONLY);

	if (fd == -1 && errno == ELOOP)
		return err_set(e, ERR_TEMPORARY, "%s", not_regular);
	if (fd == -1)
		return err_sys(e, "cannot be opened");
	if (fstat(fd, st) == -1)
		return err_sys(e, "cannot be examined");
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_TEMPORARY, "%s", not_regular);
	/* The scan has warned of it. */
	if (rec->policy->trust != TRUST_ANY && check_trust(rec, st, e) == -1)
		return -1;
	return steal_fd(&fd);
}

static int
compare_stats(const struct stat *was, const struct stat *is, struct err *e)
{
	if (is->st_dev != was->st_dev || is->st_ino != was->st_ino)
		return err_set(e, ERR_TEMPORARY,
		    S_ISREG(is->st_mode)
			? "was replaced while it was being read"
			: "is no regular file any more");
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
		return err_set(e, ERR_TEMPORARY, "%s", not_regular);
	/* That says nothing of the file. */
	if (result == -1 && err_is_passing(errno))
		return 0;
	if (result == -1)
		return err_sys(e, "cannot be examined any more");
	return compare_stats(st, &now, e);
}
