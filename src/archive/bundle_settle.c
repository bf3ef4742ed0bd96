#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "archive/bundle_internal.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/flight.h"

/*
 * What is known of it becomes the first facts of a journal of our own; one
 * from the archive never got here.
 */
static int
seed_journal(const struct workspace *w, int dirfd,
    const struct manifest_head *head, struct err *e)
{
	const struct event unpacked = {
		.kind = EVENT_UNPACKED,
		.id = w->archive_id,
	};
	const struct event resolved = {
		.kind = EVENT_RESOLVED,
		.session = w->session,
		.room = head->room,
		.meeting_id = head->meeting_id,
	};
	struct journal j;
	int result = journal_open(&j, dirfd, w->pipeline->recording.locking, e);

	if (result == 0) {
		journal_note(&j, unpacked);
		if (head->room && head->meeting_id)
			journal_note(&j, resolved);
		journal_commit(&j);
		if (j.is_degraded)
			result = err_set(e, ERR_TEMPORARY,
			    "the journal cannot be written");
	}
	journal_close(&j);
	return result;
}

/* What would never be sent stays in the archive alone. */
static void
remove_excluded(const struct recording *rec)
{
	for (size_t i = 0; i < rec->n_skipped; i++) {
		const char *path = rec->skipped[i].path;

		if (recording_matches(&rec->policy->exclude, path) &&
		    file_remove_tree(rec->dirfd, path) == 0)
			log_info("%s: left in the archive, excluded", path);
	}
}

/* Does the other one hold all that would be sent of this one? */
static bool
is_within(const struct recording *rec, const struct recording *other)
{
	char mine[DIGEST_HEX_BYTES], theirs[DIGEST_HEX_BYTES];
	struct err ignored;
	size_t k = 0;

	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i], *b;

		while (k < other->n &&
		    strcmp(other->artifacts[k].path, a->path) < 0)
			k++;
		if (k == other->n)
			return false;
		b = &other->artifacts[k];
		if (strcmp(a->path, b->path) != 0 || a->size != b->size ||
		    flight_hash_artifact(rec, a, mine, &ignored) == -1 ||
		    flight_hash_artifact(other, b, theirs, &ignored) == -1 ||
		    strcmp(mine, theirs) != 0)
			return false;
	}
	return true;
}

/* The session's directory is there: is it this recording? */
static int
take_existing(const struct workspace *w, const struct recording *rec,
    struct err *e)
{
	const char *session = w->session;
	struct recording other;
	bool is_same = recording_open_entry(&other, w->parentfd, w->parent,
			   session, rec->policy, e) == 0 &&
	    recording_scan(&other, e) == 0 && is_within(rec, &other);

	recording_close(&other);
	if (!is_same)
		return err_set(e, ERR_PERMANENT,
		    "%s/%s is there and is not this recording; nothing was "
		    "done with it; name another --session or move the archive",
		    w->parent, session);
	log_info("%s/%s is there already, and is delivered instead", w->parent,
	    session);
	return 0;
}

/* In one step, and nothing is overwritten; an empty directory holds nothing. */
static int
settle(struct workspace *w, const struct recording *rec, const char *from,
    struct err *e)
{
	const char *session = w->session;

	w->directory = xstrdup(session);
	if (renameat(w->fd, from, w->parentfd, session) == -1)
		return errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR
		    ? take_existing(w, rec, e)
		    : err_sys(e, "rename to %s/%s", w->parent, session);
	return fsync(rec->dirfd) == -1 || syncfs(rec->dirfd) == -1
	    ? err_sys(e, "sync %s/%s", w->parent, session)
	    : 0;
}

int
bundle_settle(struct workspace *w, const struct manifest_head *head,
    const char *root, struct err *e)
{
	const char *sub = strcmp(root, ".") == 0 ? "" : root;
	autofree char *from =
	    xasprintf(BUNDLE_NEW "%s%s", *sub ? "/" : "", sub);
	autofree char *hidden = xasprintf("%s/%s", w->parent, w->hidden);
	struct recording rec;
	int result = recording_open_entry(&rec, w->fd, hidden, from,
	    &w->pipeline->recording, e);

	if (result == 0)
		result = recording_scan(&rec, e);
	if (result == 0)
		remove_excluded(&rec);
	if (result == 0 && w->request->is_dry_run)
		w->directory = xasprintf("%s/%s", w->hidden, from);
	else if (result == 0)
		result = seed_journal(w, rec.dirfd, head, e) == -1
		    ? -1
		    : settle(w, &rec, from, e);
	recording_close(&rec);
	return result;
}
