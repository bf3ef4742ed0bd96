#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "delivery/upload.h"
#include "journal/journal.h"
#include "recording/media.h"
#include "sweep/survey_internal.h"

enum {
	MOST_MEDIA = 8,         /* that are examined */
	GROWING_MS = 10 * 1000, /* Jibri writes several times a second */
	HOST_BYTES = 256,
	MB = 1000 * 1000
};

void
survey_free_finding(struct finding *f)
{
	free(f->path);
	free(f->name);
	free(f->why);
	free(f->session);
	free(f->room);
	free(f->meeting_id);
}

bool
survey_is_refused(const struct finding *f)
{
	return f->verdict == VERDICT_HELD &&
	    f->facts.failed_class != ERR_PERMANENT;
}

void
survey_hold(struct finding *f, const struct err *e)
{
	f->verdict = VERDICT_HELD;
	mem_replace(&f->why, e->text);
}

static bool
has_whole_media(const struct recording *rec)
{
	int left = recording_lacks_own(rec, NULL) ? 0 : MOST_MEDIA;

	for (size_t i = 0; i < rec->n && left > 0; i++) {
		const struct artifact *a = &rec->artifacts[i];
		struct err ignored;
		struct stat st;
		char why[1];
		autoclose int fd = a->is_media && left-- > 0
		    ? recording_open_artifact(rec, a->path, &st, &ignored)
		    : -1;

		if (fd != -1 &&
		    media_check(fd, st.st_size, why, sizeof(why)) ==
			MEDIA_WHOLE)
			return true;
	}
	return false;
}

/* A new owner or mode is not a new content. */
static bool
is_written(const struct progress *p, const struct artifact *a)
{
	const struct fact *fact = progress_fact(p, a->path);

	return fact == NULL || fact->mtime_ns != a->mtime_ns;
}

/* Was this version read before, and found to be private? */
static bool
is_private(const struct artifact *a, const struct progress *p)
{
	const struct fact *fact = progress_fact(p, a->path);

	return a->is_unreadable && fact && fact->private_stamp == a->stamp;
}

/* What the directory itself shows. */
static void
list(struct finding *f, const struct recording *rec, struct evidence *ev)
{
	const struct skipped *arriving = NULL;
	int64_t newest_ns = recording_newest_ns(rec);

	f->facts.is_listed = true;
	ev->has_metadata = rec->metadata_state != METADATA_MISSING;
	ev->is_metadata_whole = rec->metadata_state == METADATA_PARSED;
	ev->is_all_stored = rec->trouble.class == ERR_NONE;
	ev->is_any_written = !ev->is_all_stored;
	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		bool is_stored = upload_is_stored(ev->progress, a);
		int64_t size = a->size < FINDING_MOST ? a->size : FINDING_MOST;

		if (is_private(a, ev->progress))
			continue;
		f->facts.artifacts++;
		f->facts.stored += is_stored;
		f->facts.bytes += size;
		f->facts.undelivered += is_stored ? 0 : size;
		ev->has_media |= a->is_media;
		if (a->is_media && a->mtime_ns / 1000000 > f->facts.media_ms)
			f->facts.media_ms = a->mtime_ns / 1000000;
		ev->is_any_new |= !is_stored;
		ev->is_any_written |= is_written(ev->progress, a);
		ev->is_all_stored &= is_stored;
	}
	if (ev->is_metadata_whole &&
	    (!ev->has_journal || progress_lacks_media(ev->progress)))
		ev->has_whole_media = has_whole_media(rec);
	f->facts.newest_ms = newest_ns / 1000000;
	if (rec->mtime_ns > newest_ns)
		newest_ns = rec->mtime_ns;
	/* It may be arriving. */
	while ((arriving = recording_lacks_own(rec, arriving)) != NULL)
		if (arriving->mtime_ns > newest_ns)
			newest_ns = arriving->mtime_ns;
	ev->newest_ms = newest_ns / 1000000;
}

/*
 * A file that is open for writing is still being recorded, whatever else is in
 * the directory.  Without a journal and whole metadata, so is one that is open
 * for reading.
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

/* If it is unknown who has it open, a growing file is enough. */
static bool
is_live(struct survey *s, const struct recording *rec,
    const struct evidence *ev)
{
	int64_t age_ms = ev->now_ms - ev->newest_ms;

	return ev->has_media &&
	    (is_open(s, rec, OPEN_WRITING) ||
		(!ev->has_metadata && age_ms < GROWING_MS &&
		    -age_ms < GROWING_MS));
}

/* At most this much: the file may have shrunk. */
static int64_t
bytes_ahead(const struct progress *p, int64_t most)
{
	autofree struct begun **begun = map_all(&p->begun);
	int64_t bytes = 0;

	for (struct begun **at = begun; *at && bytes < most; at++)
		for (size_t k = 0; k < (*at)->n; k++)
			if ((*at)->parts[k].etag)
				bytes += (*at)->part_bytes;
	return bytes < most ? bytes : most;
}

static void
tell_live(const struct progress *p, struct finding *f)
{
	f->facts.is_live = true;
	f->facts.was_started = p->is_started;
	f->facts.ahead = bytes_ahead(p, f->facts.bytes);
	free(f->why);
	f->why = f->facts.ahead == 0
	    ? xstrdup("live")
	    : xasprintf("live, %" PRId64 " of %" PRId64 " MB sent",
		  f->facts.ahead / MB, f->facts.bytes / MB);
}

static bool
needs_list(const struct survey *s, const struct evidence *ev)
{
	return s->is_deep || !ev->has_journal ||
	    ev->progress->state == REC_ANNOUNCED ||
	    progress_lacks_media(ev->progress) ||
	    schedule_is_due(&s->policy->schedule, ev->progress, ev->now_ms);
}

/* Fill in an artifact that was not read, if it is the version that was sent. */
static bool
recall(struct artifact *a, const struct progress *p)
{
	const struct fact *fact = progress_fact(p, a->path);

	if (is_private(a, p))
		return true;
	/* If it was redacted and has no stamp, only reading it could tell. */
	if (!upload_is_stored(p, a) || (!fact->stamp && fact->size != a->size))
		return false;
	a->size = fact->size;
	return true;
}

/* A recording that is done is not read again. */
static int
look(struct recording *rec, const struct progress *p, struct err *e)
{
	size_t known = 0;

	if (p->state == REC_ANNOUNCED && recording_list(rec, e) == -1)
		return -1;
	while (known < rec->n && recall(&rec->artifacts[known], p))
		known++;
	return known > 0 && known == rec->n ? 0 : recording_glance(rec, e);
}

static void
tell_progress(const struct survey *s, const struct progress *p,
    struct finding *f)
{
	struct finding_facts *facts = &f->facts;

	mem_replace(&f->session, p->session);
	mem_replace(&f->room, p->room);
	mem_replace(&f->meeting_id, p->meeting_id);
	facts->is_copy = p->archive != NULL;
	facts->failed_class = p->failed_class;
	facts->attempts = p->attempts;
	facts->ambiguous = p->ambiguous;
	facts->damaged = p->damaged;
	facts->first_event_ms = p->first_event_ms;
	facts->last_event_ms = p->last_event_ms;
	facts->next_ms = schedule_due_ms(&s->policy->schedule, p);
	facts->done_ms = p->announced_ms;
	for (int c = 0; c < ERR_CLASSES; c++)
		facts->failed_runs[c] = p->failed_runs[c];
	facts->counts = p->counts;
}

/* Judged for the user who delivers it. */
static bool
is_writable(const struct recording *rec)
{
	struct stat st;

	if (rec->user == geteuid())
		return faccessat(rec->dirfd, ".", W_OK, AT_EACCESS) == 0;
	return fstat(rec->dirfd, &st) == 0 && (st.st_mode & S_IWUSR);
}

static void
tell_holder(const struct progress *p, const struct err *busy, struct finding *f)
{
	char host[HOST_BYTES] = "";

	(void)gethostname(host, sizeof(host) - 1);
	f->facts.is_elsewhere =
	    p->is_running && p->host && strcmp(p->host, host) != 0;
	mem_replace(&f->why, busy->text);
}

/* No run could note anything. */
static bool
is_full(const struct recording *rec)
{
	struct statvfs fs;

	return fstatvfs(rec->dirfd, &fs) == 0 &&
	    (fs.f_bavail == 0 || (fs.f_files > 0 && fs.f_favail == 0));
}

static void
tell_full(const struct recording *rec, struct finding *f)
{
	autofree char *why = NULL;

	f->facts.is_full =
	    (f->verdict == VERDICT_WAITING || f->verdict == VERDICT_DUE ||
		f->verdict == VERDICT_SETTLING) &&
	    is_full(rec);
	if (!f->facts.is_full)
		return;
	why = xasprintf("its disk is full%s%s", f->why ? "; " : "",
	    f->why ? f->why : "");
	mem_replace(&f->why, why);
}

static int
judge(struct survey *s, struct recording *rec, struct progress *p,
    struct finding *f, struct err *e)
{
	struct evidence ev = {
		.progress = p,
		.is_writable = s->is_onlooking || is_writable(rec),
		.now_ms = clock_unix_ms(),
	};
	int peek = journal_peek(rec->dirfd, rec->path, p, e);
	const char *why;

	if (peek == -1)
		return -1;
	/* STARTED alone does not mean that Jibri has handed it over. */
	ev.has_journal = p->has_events && !p->is_recording;
	ev.is_locked = peek == JOURNAL_BUSY;
	ev.is_recording = p->is_recording;
	if (ev.is_locked && !ev.is_recording)
		tell_holder(p, e, f);
	if (needs_list(s, &ev)) {
		if (look(rec, p, e) == -1)
			return -1;
		list(f, rec, &ev);
	}
	f->verdict = verdict_of(s->policy, &ev, &why);
	if (why)
		mem_replace(&f->why, why);
	if (f->verdict == VERDICT_DUE &&
	    is_open(s, rec,
		ev.has_journal || ev.is_metadata_whole ? OPEN_WRITING
						       : OPEN_READING)) {
		f->verdict = VERDICT_SETTLING;
		mem_replace(&f->why, "a process has one of its files open");
	}
	if (f->verdict == VERDICT_SETTLING && !ev.has_journal &&
	    is_live(s, rec, &ev))
		tell_live(p, f);
	if (s->is_deep)
		tell_full(rec, f);
	return 0;
}

static void
refuse(struct finding *f, const char *why)
{
	if (f->verdict == VERDICT_DONE || f->verdict == VERDICT_GIVEN_UP ||
	    f->verdict == VERDICT_BUSY)
		return;
	f->verdict = VERDICT_HELD;
	mem_replace(&f->why, why);
	/* No run can change it. */
	f->facts.failed_class = ERR_NONE;
	f->facts.is_live = false;
}

/* Whoever else looks sees only that it cannot be read. */
static void
hint_owner(int rootfd, const char *root, const char *name, struct err *e)
{
	autofree char *word = text_shell_word(root);
	autofree char *hint = NULL;
	struct stat st;

	if (geteuid() == 0 || !strstr(e->text, strerror(EACCES)) ||
	    fstatat(rootfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_uid == geteuid())
		return;
	hint = xasprintf("look as its owner: sudo -u '#%u' jibri-finalize "
			 "status %s",
	    (unsigned)st.st_uid, word);
	(void)err_hint(e, hint);
}

void
survey_judge(struct survey *s, int rootfd, const char *root,
    const char *refusal, struct finding *f)
{
	struct recording_policy policy = *s->recording;
	struct progress progress = { 0 };
	struct recording rec;
	struct err e;

	/* It is only looked at. */
	if (refusal)
		policy.trust = TRUST_ANY;
	if (recording_open_entry(&rec, rootfd, root, f->name, &policy, &e) ==
		-1 ||
	    judge(s, &rec, &progress, f, &e) == -1) {
		hint_owner(rootfd, root, f->name, &e);
		survey_hold(f, &e);
	}
	f->facts.directory_ms = rec.mtime_ns / 1000000;
	tell_progress(s, &progress, f);
	f->facts.is_refused = refusal != NULL;
	if (refusal)
		refuse(f, refusal);
	if (s->identity && f->room == NULL && f->facts.is_listed)
		f->room = identity_guess_room(&rec, s->identity);
	recording_close(&rec);
	progress_free(&progress);
}
