#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/bundle_internal.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "io/archive.h"
#include "journal/journal.h"
#include "recording/identity.h"
#include "recording/recording.h"
#include "recording/trace_id.h"

enum { MS_IN_NS = 1000000 };

struct pack {
	const struct bundle_pack_request *request;
	const struct identity_policy *policy;
	struct target target;
	struct recording recording;
	struct journal journal;
	struct identity identity;
	struct archive_writer *writer;
	struct buf manifest;
	char *chunk;
};

/* The source of an entry: a file or memory. */
struct source {
	int fd; /* -1: in memory */
	const char *data;
	int64_t size, mtime_ns;
};

/* --- entries -------------------------------------------------------------- */

static int
add_bytes(struct pack *p, struct digest *digest, const char *data, ssize_t len,
    struct err *e)
{
	digest_add(digest, data, (size_t)len);
	return archive_writer_add(p->writer, data, (size_t)len, e);
}

/* Up to its size, or to the end of a file that has shrunk. */
static int
copy(struct pack *p, const struct source *s, struct digest *digest,
    struct err *e)
{
	int64_t left = s->fd == -1 ? 0 : s->size;

	if (s->fd == -1 && add_bytes(p, digest, s->data, s->size, e) == -1)
		return -1;
	while (left > 0) {
		size_t want = left < BUNDLE_CHUNK_BYTES ? (size_t)left
							: BUNDLE_CHUNK_BYTES;
		ssize_t n = file_read_at(s->fd, p->chunk, want, s->size - left);

		if (n == -1)
			return err_sys(e, "cannot be read");
		if (n == 0)
			break;
		if (stop_check(e) == -1 ||
		    add_bytes(p, digest, p->chunk, n, e) == -1)
			return -1;
		left -= n;
	}
	return archive_writer_end(p->writer, e);
}

static int
add_entry(struct pack *p, const char *name, const struct source *s,
    struct err *e)
{
	autofree char *path =
	    xasprintf("%s/%s", recording_name(&p->recording), name);
	struct manifest_file file = {
		.path = name,
		.size = s->size,
		.mtime_ns = s->mtime_ns,
	};
	struct digest *digest = digest_new();
	int result =
	    archive_writer_begin(p->writer, path, s->size, s->mtime_ns, e);

	if (result == 0)
		result = copy(p, s, digest, e);
	digest_hex(digest, file.sha256);
	digest_free(digest);
	if (result == 0)
		manifest_add_file(&p->manifest, &file);
	return result;
}

static int
add_artifact(struct pack *p, const struct artifact *a, struct err *e)
{
	struct stat st = { 0 };
	autoclose int fd =
	    recording_open_artifact(&p->recording, a->path, &st, e);
	struct source s = { fd, NULL, st.st_size, file_mtime_ns(&st) };
	autobuf struct buf text = { 0 };
	int kind;

	if (fd == -1)
		return -1;
	/* It would be packed with its private members. */
	if (a->is_unreadable)
		return err_set(e, ERR_TEMPORARY, "could not be read");
	kind = recording_read_json(&p->recording, a->path, fd, &st, &text, e);
	if (kind == -1)
		return -1;
	if (kind == 1)
		s = (struct source){ -1, text.data, (int64_t)text.len,
			s.mtime_ns };
	if (add_entry(p, a->path, &s, e) == -1)
		return -1;
	return recording_recheck(&p->recording, a->path, &st, e);
}

static int
add_journal(struct pack *p, struct err *e)
{
	struct source s = { .fd = p->journal.fd };
	struct stat st;

	if (s.fd != -1 && fstat(s.fd, &st) == 0) {
		s.size = st.st_size;
		s.mtime_ns = file_mtime_ns(&st);
	}
	return add_entry(p, RECORDING_JOURNAL_COPY, &s, e);
}

static int
add_manifest(struct pack *p, struct err *e)
{
	struct buf text = p->manifest;
	const struct source s = {
		.fd = -1,
		.data = text.data,
		.size = (int64_t)text.len,
		.mtime_ns = clock_unix_ms() * MS_IN_NS,
	};
	int result;

	/* The manifest does not list itself. */
	p->manifest = (struct buf){ 0 };
	result = add_entry(p, RECORDING_MANIFEST, &s, e);
	buf_free(&text);
	return result;
}

/* --- the recording -------------------------------------------------------- */

/* Identifies the present versions of all files; a rename changes it. */
static int
scan(struct pack *p, uint64_t *fingerprint, struct err *e)
{
	const struct recording *rec = &p->recording;

	if (recording_scan(&p->recording, e) == -1)
		return -1;
	*e = rec->trouble;
	if (e->class != ERR_NONE)
		return -1;
	*fingerprint = rec->n;
	for (size_t i = 0; i < rec->n; i++)
		*fingerprint =
		    *fingerprint * 31 + (uint64_t)rec->artifacts[i].stamp;
	return 0;
}

/* The identity, as far as known without network. */
static void
add_head(struct pack *p)
{
	const struct progress *known = &p->journal.progress;
	const struct identity_hints hints = {
		.room_journal = known->room,
		.session_journal = known->session,
		.overruled = known->overruled,
	};
	struct manifest_head head = {
		.files = (int64_t)p->recording.n + 1,
	};
	struct err e;

	if (identity_find(&p->identity, &p->recording, p->policy, &hints, &e) ==
	    -1)
		log_warn("%s; the archive will not name it", e.text);
	head.session = p->identity.session;
	head.room = p->identity.room;
	head.meeting_id =
	    known->meeting_id ? known->meeting_id : p->identity.meeting_id;
	manifest_add_head(&p->manifest, &head);
}

/* Everything before the first byte. */
static int
begin(struct pack *p, uint64_t *fingerprint, struct err *e)
{
	if (scan(p, fingerprint, e) == -1)
		return -1;
	recording_log_doubts(&p->recording);
	if (p->recording.n == 0)
		return err_set(e, ERR_PERMANENT, "there is nothing to pack");
	add_head(p);
	return 0;
}

static int
look(struct pack *p, struct err *e)
{
	uint64_t fingerprint;

	if (begin(p, &fingerprint, e) == -1)
		return -1;
	for (size_t i = 0; i < p->recording.n; i++)
		if (p->recording.artifacts[i].is_unreadable)
			return err_set(e, ERR_TEMPORARY, "%s: cannot be read",
			    p->recording.artifacts[i].path);
	return 0;
}

static int
add_all(struct pack *p, struct err *e)
{
	uint64_t before, after;

	if (begin(p, &before, e) == -1 || add_journal(p, e) == -1)
		return -1;
	for (size_t i = 0; i < p->recording.n; i++)
		if (add_artifact(p, &p->recording.artifacts[i], e) == -1)
			return err_wrap(e, "%s",
			    p->recording.artifacts[i].path);
	if (scan(p, &after, e) == -1)
		return -1;
	if (before != after)
		return err_set(e, ERR_TEMPORARY,
		    "files were added, removed or changed while it was packed");
	return add_manifest(p, e);
}

/* --- all of it ------------------------------------------------------------ */

static int
write_archive(struct pack *p, struct err *e)
{
	p->writer = archive_writer_open(p->target.fd, p->target.type, e);
	if (p->writer == NULL)
		return -1;
	p->chunk = xmalloc(BUNDLE_CHUNK_BYTES);
	if (add_all(p, e) == -1)
		return -1;
	return archive_writer_close(p->writer, e);
}

/* The report of the packing process. */
struct report {
	struct err err; /* ERR_NONE: the archive is whole */
	char session[NAME_MAX + 1];
	size_t files;
	int64_t bytes;
};

static bool
is_valid(const struct report *r)
{
	return err_is_valid(&r->err) && r->bytes >= 0 &&
	    memchr(r->session, '\0', sizeof(r->session)) != NULL;
}

static void
fill_report(struct report *r, const struct pack *p)
{
	const struct recording *rec = &p->recording;

	(void)snprintf(r->session, sizeof(r->session), "%s",
	    p->identity.session ? p->identity.session : recording_name(rec));
	r->files = rec->n;
	for (size_t i = 0; i < rec->n; i++)
		r->bytes += rec->artifacts[i].size;
}

static int
open_journal(struct pack *p, struct err *e)
{
	const struct recording *rec = &p->recording;

	return p->request->is_dry_run
	    ? journal_look(&p->journal, rec->dirfd, rec->path, NULL, e)
	    : journal_open(&p->journal, rec->dirfd, rec->path,
		  rec->policy->locking, e);
}

/* An empty journal would mean that Jibri has called us. */
static void
drop_empty(const struct journal *j)
{
	if (j->fd != -1 && j->size == 0 && !j->is_degraded)
		(void)unlinkat(j->dirfd, RECORDING_JOURNAL, 0);
}

/* Runs as the recording's owner; the archive is open. */
static void
work(const void *ctx, int fd)
{
	struct pack p = *(const struct pack *)ctx;
	struct recording_policy policy = *p.recording.policy;
	const struct confine_policy offline = {
		.is_on = policy.confine->is_on,
		.is_offline = true,
	};
	struct report r = { 0 };

	policy.confine = &offline;
	policy.is_alone = true;
	p.recording.policy = &policy;
	if (recording_enter(&p.recording, &r.err) == 0 &&
	    open_journal(&p, &r.err) == 0) {
		if ((p.request->is_dry_run ? look : write_archive)(&p,
			&r.err) == -1)
			(void)err_wrap(&r.err, "%s", p.recording.path);
		else
			r.err.class = ERR_NONE;
		drop_empty(&p.journal);
	}
	fill_report(&r, &p);
	journal_close(&p.journal);
	(void)file_write_all(fd, &r, sizeof(r));
}

/* The archive is published with our own rights. */
static int
write_target(struct pack *p, struct report *r, struct err *e)
{
	if (child_run(work, p, r, sizeof(*r), e) == -1)
		return -1;
	if (!is_valid(r))
		return err_set(e, ERR_TEMPORARY,
		    "its process sent an invalid report");
	*e = r->err;
	return e->class == ERR_NONE ? 0 : -1;
}

static void
fill_result(struct bundle_packed *packed, const struct report *r,
    const struct target *t)
{
	struct stat st = { 0 };

	packed->target = xstrdup(t->path);
	packed->session = xstrdup(r->session);
	packed->files = r->files;
	packed->bytes = r->bytes;
	if (fstat(t->fd, &st) == 0)
		packed->archive_bytes = st.st_size;
}

static int
pack(struct pack *p, const struct recording_policy *policy, struct report *r,
    struct err *e)
{
	struct recording *rec = &p->recording;
	struct target *t = &p->target;

	if (recording_open(rec, p->request->directory, policy, e) == -1)
		return -1;
	trace_log_session(recording_name(rec));
	if (target_choose(t, p->request->target, rec, e) == -1)
		return -1;
	if (p->request->is_dry_run)
		return target_look(t, e) == -1 ? -1 : write_target(p, r, e);
	if (target_open(t, e) == -1 || write_target(p, r, e) == -1)
		return -1;
	return target_publish(t, e);
}

int
bundle_pack(const struct bundle_pack_request *request,
    const struct bundle_policy *policy, const struct pipeline_policy *pipeline,
    struct bundle_packed *packed, struct err *e)
{
	struct recording_policy recording = pipeline->recording;
	struct report report = { 0 };
	struct pack p = {
		.request = request,
		.policy = &pipeline->identity,
		.target = { .fd = -1, .dirfd = -1 },
		.recording = { .dirfd = -1 },
		.journal = { .fd = -1 },
	};
	int result;

	if (request->is_unredacted)
		recording.redact = (struct text_list){ 0 };
	*packed = (struct bundle_packed){ 0 };
	result = pack(&p, &recording, &report, e);
	if (result == 0)
		fill_result(packed, &report, &p.target);
	/* Zeros and the like: our own archive must not be refused as a bomb. */
	if (result == 0 && !request->is_dry_run &&
	    !archive_is_modest(packed->bytes, packed->archive_bytes,
		policy->unpack_ratio))
		log_warn("%s unpacks to more than %" PRId64
			 " times its size; upload it with a larger "
			 "--unpack-ratio",
		    packed->target, policy->unpack_ratio);
	target_close(&p.target);
	recording_close(&p.recording);
	return result;
}

void
bundle_packed_free(struct bundle_packed *packed)
{
	free(packed->session);
	free(packed->target);
}
