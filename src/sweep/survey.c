#include "sweep/survey.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "delivery/upload.h"
#include "journal/journal.h"

void
finding_free(struct finding *f)
{
	free(f->path);
	free(f->name);
	free(f->why);
	progress_free(&f->progress);
	*f = (struct finding){ 0 };
}

void
survey_free(struct survey *s)
{
	openfiles_free(&s->open_files);
}

static void
hold(struct finding *f, const struct err *e)
{
	f->verdict = VERDICT_HELD;
	mem_replace(&f->why, e->text);
}

/* What the directory itself shows. */
static void
list(struct finding *f, const struct recording *rec, struct evidence *ev)
{
	int64_t newest_ns = 0;

	f->is_listed = true;
	f->artifacts = rec->n;
	ev->has_metadata = rec->metadata_state != METADATA_MISSING;
	ev->is_metadata_whole = rec->metadata_state == METADATA_PARSED;
	ev->is_all_stored = rec->trouble.class == ERR_NONE;
	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		bool is_stored = upload_is_stored(&f->progress, a);

		f->stored += is_stored;
		f->bytes += a->size;
		f->undelivered += is_stored ? 0 : a->size;
		ev->has_media |= a->is_media;
		ev->is_all_stored &= is_stored;
		if (a->mtime_ns > newest_ns)
			newest_ns = a->mtime_ns;
	}
	f->newest_ms = newest_ns / 1000000;
	if (rec->mtime_ns > newest_ns)
		newest_ns = rec->mtime_ns;
	ev->newest_ms = newest_ns / 1000000;
}

/*
 * A file that somebody writes to is still being recorded, whatever else is
 * in the directory; an orphan must not even be read by anybody.
 */
static bool
is_open(struct survey *s, const struct recording *rec, enum open_mode least)
{
	for (size_t i = 0; i < rec->n; i++) {
		struct stat st;

		if (fstatat(rec->dirfd, rec->artifacts[i].path, &st,
			AT_SYMLINK_NOFOLLOW) == 0 &&
		    openfiles_mode(&s->open_files, &st) >= least)
			return true;
	}
	return false;
}

static bool
needs_list(const struct survey *s, const struct evidence *ev)
{
	return s->is_deep || !ev->has_journal ||
	    ev->progress->state == REC_ANNOUNCED ||
	    schedule_is_due(&s->policy->schedule, ev->progress, ev->now_ms);
}

static int
judge(struct survey *s, struct recording *rec, struct finding *f, struct err *e)
{
	struct evidence ev = {
		.progress = &f->progress,
		.is_writable =
		    faccessat(rec->dirfd, ".", W_OK, AT_EACCESS) == 0,
		.now_ms = clock_unix_ms(),
	};
	int peek = journal_peek(rec->dirfd, &f->progress, e);
	const char *why;

	if (peek == -1)
		return -1;
	/* That it has started makes no recording one that Jibri handed over. */
	ev.has_journal = f->progress.has_events && !f->progress.is_recording;
	ev.is_locked = peek == JOURNAL_BUSY;
	if (needs_list(s, &ev)) {
		if (recording_scan(rec, e) == -1)
			return -1;
		list(f, rec, &ev);
	}
	f->verdict = verdict_of(s->policy, &ev, &why);
	f->done_ms = f->progress.announced_ms;
	mem_replace(&f->why, why);
	if (f->verdict == VERDICT_DUE &&
	    is_open(s, rec,
		ev.has_journal || ev.is_metadata_whole ? OPEN_WRITING
						       : OPEN_READING)) {
		f->verdict = VERDICT_SETTLING;
		mem_replace(&f->why, "a process has a file in it open");
	}
	return 0;
}

/*
 * Jibri's own folder for what it could not finalize, ext4's, and what is
 * hidden, as an archive while it is unpacked.  Version 0.1.0 renamed what it
 * removed: that is a delivered recording.
 */
static bool
is_other(const char *name)
{
	return strcmp(name, "failed") == 0 || strcmp(name, "lost+found") == 0 ||
	    (*name == '.' &&
		strncmp(name, RECORDING_TOMBSTONE,
		    strlen(RECORDING_TOMBSTONE)) != 0);
}

void
survey_entry(struct survey *s, int rootfd, const char *root, const char *name,
    struct finding *f)
{
	struct recording rec;
	struct err e;

	*f = (struct finding){
		.verdict = VERDICT_NONE,
		.name = xstrdup(name),
	};
	if (is_other(name) ||
	    fstatat(rootfd, name, &f->st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISDIR(f->st.st_mode))
		return;
	f->path = xasprintf("%s/%s", root, name);
	if (recording_open_entry(&rec, rootfd, root, name, s->recording, &e) ==
		-1 ||
	    judge(s, &rec, f, &e) == -1)
		hold(f, &e);
	recording_close(&rec);
}

int
survey_root(struct survey *s, const char *root,
    void (*found)(void *ctx, struct finding *), void *ctx, struct err *e)
{
	autoclosedir DIR *dir = opendir(root);
	const struct dirent *entry;

	if (dir == NULL && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_NO_INPUT,
		    "%s: there is no such recordings directory", root);
	if (dir == NULL)
		return err_sys(e, "open %s", root);
	for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
		struct finding f;

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (stop_check(e) == -1)
			return -1;
		survey_entry(s, dirfd(dir), root, entry->d_name, &f);
		found(ctx, &f);
		finding_free(&f);
	}
	return errno == 0 ? 0 : err_sys(e, "read %s", root);
}
