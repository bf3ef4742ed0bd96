#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "archive/bundle_internal.h"
#include "base/child.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/owned.h"
#include "base/user.h"
#include "delivery/flight.h"

/*
 * What is known becomes the first events of our own journal; the one in the
 * archive was not unpacked.
 */
static int
seed_journal(const struct bundle *b, const struct recording *rec,
    const struct manifest_head *head, struct err *e)
{
	/* Whoever packed it has accepted these contradictions. */
	autofree char *overruled = head->room
	    ? identity_contradiction(rec, &b->pipeline->identity, head->room)
	    : NULL;
	const struct event unpacked = {
		.kind = EVENT_UNPACKED,
		.id = b->archive_id,
	};
	const struct event resolved = {
		.kind = EVENT_RESOLVED,
		.session = b->session,
		.room = head->room,
		.meeting_id = head->meeting_id,
		.overruled = overruled,
	};
	struct journal j;
	int result = journal_open(&j, rec->dirfd, rec->path,
	    b->pipeline->recording.locking, e);

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

/* Files that would never be sent stay in the archive only. */
static void
remove_excluded(const struct recording *rec)
{
	for (size_t i = 0; i < rec->n_skipped; i++) {
		const char *path = rec->skipped[i].path;

		if (recording_excluded_by(rec, path) &&
		    file_remove_tree(rec->dirfd, path) == 0)
			log_info("%s: left in the archive, excluded", path);
	}
}

/* Does the other recording have everything that would be sent of this one? */
static bool
is_within(const struct recording *rec, const struct recording *other)
{
	char mine[DIGEST_HEX_BYTES], theirs[DIGEST_HEX_BYTES];
	struct err ignored;
	size_t k = 0;

	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i], *c;

		while (k < other->n &&
		    strcmp(other->artifacts[k].path, a->path) < 0)
			k++;
		if (k == other->n)
			return false;
		c = &other->artifacts[k];
		if (strcmp(a->path, c->path) != 0 || a->size != c->size ||
		    flight_hash_artifact(rec, a, mine, &ignored) == -1 ||
		    flight_hash_artifact(other, c, theirs, &ignored) == -1 ||
		    strcmp(mine, theirs) != 0)
			return false;
	}
	return true;
}

int
bundle_prepare(struct bundle *b, int hiddenfd, const struct manifest_head *head,
    const char *root, struct err *e)
{
	const char *sub = strcmp(root, ".") == 0 ? "" : root;
	autofree char *from =
	    xasprintf(BUNDLE_NEW "%s%s", *sub ? "/" : "", sub);
	autofree char *hidden = xasprintf("%s/%s", b->parent, b->hidden);
	struct recording rec;
	int result = recording_open_entry(&rec, hiddenfd, hidden, from,
	    &b->pipeline->recording, e);

	if (result == 0)
		result = recording_scan(&rec, e);
	if (result == 0)
		remove_excluded(&rec);
	if (result == 0 && !b->is_dry_run)
		result = seed_journal(b, &rec, head, e);
	if (result == 0)
		b->directory = xasprintf("%s/%s", b->hidden, from);
	recording_close(&rec);
	return result;
}

int
bundle_become_owner(const struct bundle *b, struct err *e)
{
	struct stat st;

	if (fstat(b->parentfd, &st) == -1)
		return err_sys(e, "%s", b->parent);
	return user_work_as(st.st_uid, st.st_gid, e);
}

static void
work_comparing(const void *ctx, int fd)
{
	const struct bundle *b = ctx;
	const struct recording_policy *policy = &b->pipeline->recording;
	struct recording rec, other;
	struct err e = { 0 };
	bool is_same = bundle_become_owner(b, &e) == 0;

	if (policy->confine != NULL)
		confine_reading(policy->confine, b->parentfd);
	is_same = is_same &&
	    recording_open_entry(&rec, b->parentfd, b->parent, b->directory,
		policy, &e) == 0 &&
	    recording_scan(&rec, &e) == 0 &&
	    recording_open_entry(&other, b->parentfd, b->parent, b->session,
		policy, &e) == 0 &&
	    recording_scan(&other, &e) == 0 && is_within(&rec, &other);
	e.class = is_same ? ERR_NONE : ERR_PERMANENT;
	(void)file_write_all(fd, &e, sizeof(e));
}

/* The session's directory exists: is it this recording? */
static int
take_existing(const struct bundle *b, struct err *e)
{
	const char *session = b->session;
	struct err report;

	if (child_run(work_comparing, b, &report, sizeof(report), e) == -1)
		return -1;
	if (report.class != ERR_NONE)
		return err_set(e, ERR_PERMANENT,
		    "%s/%s exists and is another recording; nothing was "
		    "changed; name another --session or move the archive",
		    b->parent, session);
	log_info("%s/%s already exists and is delivered instead", b->parent,
	    session);
	return 0;
}

/* Atomic, without overwriting; an empty directory is replaced. */
int
bundle_settle(struct bundle *b, struct err *e)
{
	int result, number;

	owned_become(b->parentfd);
	result = renameat(b->parentfd, b->directory, b->parentfd, b->session);
	number = errno;
	owned_leave();
	errno = number;
	if (result == -1 &&
	    (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR))
		result = take_existing(b, e);
	else if (result == -1)
		(void)err_sys(e, "rename to %s/%s", b->parent, b->session);
	else if (fsync(b->parentfd) == -1 || syncfs(b->parentfd) == -1)
		result = err_sys(e, "sync %s/%s", b->parent, b->session);
	mem_replace(&b->directory, b->session);
	mem_replace(&b->session, NULL);
	return result;
}
