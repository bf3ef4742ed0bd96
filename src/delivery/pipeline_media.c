#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "delivery/pipeline_internal.h"
#include "io/mimetype.h"
#include "recording/identity.h"
#include "recording/media.h"
#include "remote/inventory.h"

/* Kinds of media files.  The highest kind present decides. */
enum rank { OTHER, VIDEO, OWN, RANKS };

static bool
is_media_fact(const struct fact *fact)
{
	return fact->type && mimetype_is_media(fact->type);
}

/* Sound extracted from the recording has its name, too. */
static enum rank
rank_of(const char *path)
{
	if (strchr(path, '/') || !mimetype_is_video_name(path))
		return OTHER;
	return identity_is_media(path) ? OWN : VIDEO;
}

/* Is it intact?  1 or 0, or -1 with *e: it cannot be read. */
static int
look_at(const struct recording *rec, const struct artifact *a, char *why,
    size_t len, struct err *e)
{
	struct stat st;
	autoclose int fd = recording_open_artifact(rec, a->path, &st, e);
	enum media_health health;

	if (fd == -1)
		return err_wrap(e, "%s", a->path);
	health = media_check(fd, st.st_size, why, len);
	if (health == MEDIA_UNREADABLE)
		return err_set(e, ERR_TEMPORARY, "%s: cannot be read", a->path);
	return health == MEDIA_WHOLE;
}

struct media_count {
	size_t n[RANKS], whole[RANKS], damaged;
	struct buf damage;
};

/* All that Jibri named must be intact, or else all others. */
static bool
is_recorded(const struct media_count *n)
{
	enum rank rank = n->n[OWN] > 0 ? OWN : VIDEO;

	return n->n[rank] > 0 ? n->whole[rank] == n->n[rank]
			      : n->whole[OTHER] > 0;
}

/* A file with another name counts as media only if it is intact media. */
static int
judge(struct job *job, const struct artifact *a, struct media_count *n,
    struct err *e)
{
	const struct progress *p = &job->journal.progress;
	const struct fact *fact = progress_fact(p, a->path);
	bool is_media = a->is_media || (fact && is_media_fact(fact));
	bool is_stored = upload_is_stored(p, a);
	int is_whole = is_stored && fact && fact->is_whole;
	char why[128] = "";

	if (!is_media && mimetype_is_other_name(a->path))
		return 0;
	if (stop_check(e) == -1)
		return -1;
	if (!is_whole)
		is_whole = look_at(&job->recording, a, why, sizeof(why), e);
	if (is_whole == -1 || (!is_whole && !is_media))
		return is_whole;
	n->n[rank_of(a->path)]++;
	n->whole[rank_of(a->path)] += is_whole == 1;
	/* The file may be gone when it is needed later. */
	if (is_whole && is_stored && fact && !fact->is_whole)
		upload_restate(&job->journal, fact, fact->id, true);
	if (is_whole)
		return 0;
	n->damaged++;
	log_warn("%s: damaged: %s", a->path, why);
	(void)buf_addf(&n->damage, "%s%s: %s", n->damage.len ? "; " : "",
	    a->path, why);
	return 0;
}

static int
set_excluded(struct err *e, const char *path, const char *glob)
{
	return err_set(e, ERR_PERMANENT,
	    "%s: the media file is excluded by '%s'; remove that from exclude",
	    path, glob);
}

/* A whole file that Jibri named may take the place of one that is excluded. */
static int
check_skipped(const struct job *job, const struct skipped *own,
    const struct media_count *n, struct err *e)
{
	const struct recording *rec = &job->recording;
	const struct fact *fact =
	    progress_fact(&job->journal.progress, own->own);
	const char *glob = recording_excluded_by(rec, own->path);

	if (fact && fact->is_stored && fact->is_whole)
		return 0;
	if (strcmp(own->own, own->path) != 0)
		return err_set(e, ERR_PERMANENT,
		    "%s is an incomplete copy of the recording's media file; "
		    "complete %s",
		    own->path, own->own);
	if (glob)
		return n->whole[OWN] > 0 ? 0 : set_excluded(e, own->path, glob);
	return err_set(e, ERR_PERMANENT,
	    "%s, the recording's media file, is %s: put the file itself there",
	    own->path, own->why);
}

/* A file that Jibri named decides even if it is not sent. */
static int
check_own(const struct job *job, const struct media_count *n, struct err *e)
{
	const struct skipped *own = NULL;

	while ((own = recording_lacks_own(&job->recording, own)) != NULL)
		if (check_skipped(job, own, n, e) == -1)
			return -1;
	return 0;
}

static int
lacks_media(const struct recording *rec, struct err *e)
{
	for (size_t i = 0; i < rec->n_skipped; i++) {
		const char *path = rec->skipped[i].path;
		const char *glob = mimetype_is_media_name(path)
		    ? recording_excluded_by(rec, path)
		    : NULL;

		if (glob)
			return set_excluded(e, path, glob);
	}
	return err_set(e, ERR_PERMANENT, "the recording has no media file");
}

struct removed {
	const struct destination_policy *policy;
	const struct progress *progress;
	struct inventory list;
	bool is_own; /* only a file that Jibri named counts */
	bool has_media;
};

static bool
is_wanted(const struct removed *r, const char *path)
{
	const char *slash = strrchr(path, '/');

	return !r->is_own || identity_is_media(slash ? slash + 1 : path);
}

static void
find_media(void *ctx, const struct fact *fact)
{
	struct removed *r = ctx;

	r->has_media |= fact->is_stored && fact->is_whole &&
	    is_media_fact(fact) && is_wanted(r, fact->path);
}

/* The stored version was not verified to be intact. */
static void
doubt_record(void *ctx, const struct fact *fact)
{
	struct removed *r = ctx;
	struct remote_name name;
	struct remote_record *record;

	if (!fact->is_stored || !is_media_fact(fact))
		return;
	destination_name(&name, r->policy, r->progress, fact->path);
	record = inventory_has(&r->list, fact, name.path, fact->size, NULL);
	if (record)
		record->is_claimed = true;
	remote_name_free(&name);
}

/* Of this recording only: its whole folder is in the path. */
static bool
is_listed_media(const struct remote_record *record, const char *folder)
{
	return !record->is_claimed && record->size != 0 &&
	    strcasestr(record->path, folder) &&
	    mimetype_is_media_name(record->path);
}

/*
 * What was stored and then removed here is still on the server, and so may be
 * what an earlier journal knew.
 */
static int
check_removed(struct job *job, bool is_own, struct err *e)
{
	const struct destination from = pipeline_destination(job);
	const struct progress *p = &job->journal.progress;
	struct removed r = { .policy = from.policy,
		.progress = p,
		.is_own = is_own };
	autofree char *folder = from.policy->ops->folder(from.policy, p);
	bool is_refused = false;
	int result;

	progress_each(p, find_media, &r);
	if (r.has_media)
		return 0;
	result = inventory_read(&r.list, &from, p, &is_refused, e);
	progress_each(p, doubt_record, &r);
	for (size_t i = 0; result == 0 && i < r.list.n; i++)
		r.has_media |= is_listed_media(&r.list.records[i], folder) &&
		    is_wanted(&r, r.list.records[i].path);
	inventory_free(&r.list);
	if (r.has_media || (result == -1 && !is_refused))
		return result;
	return lacks_media(&job->recording, e);
}

int
pipeline_check_media(struct job *job, struct err *e)
{
	const struct recording *rec = &job->recording;
	struct media_count n = { 0 };
	autobuf struct buf damage = { 0 };
	int result = 0;

	for (size_t i = 0; i < rec->n && result == 0; i++)
		result = judge(job, &rec->artifacts[i], &n, e);
	damage = n.damage;
	if (result == -1)
		return -1;
	job->damaged = (int64_t)n.damaged;
	if (check_own(job, &n, e) == -1)
		return -1;
	if (is_recorded(&n))
		return 0;
	/* Without a file that Jibri named, these may have been added later. */
	if (n.n[OWN] == 0) {
		result = check_removed(job, n.damaged > 0, e);
		if (result == 0 || n.damaged == 0 || e->class != ERR_PERMANENT)
			return result;
	}
	return err_set(e, ERR_PERMANENT, PIPELINE_DAMAGED "%s",
	    buf_str(&damage));
}
