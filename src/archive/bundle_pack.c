#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/bundle_internal.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "io/archive.h"
#include "journal/journal.h"
#include "recording/identity.h"
#include "recording/recording.h"

enum { MS_IN_NS = 1000000 };

/* The archive under a name of its own, until it is whole. */
struct target {
	char *directory, *path;
	char *temporary; /* NULL: there is nothing to remove */
	enum archive_type type;
	int fd, dirfd;
};

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

/* Where an entry's bytes are: in a file, or in memory. */
struct source {
	int fd; /* -1: in memory */
	const char *data;
	int64_t size, mtime_ns;
};

/* --- entries -------------------------------------------------------------- */

/* The next bytes, at most a chunk; 0 where a file has shrunk. */
static ssize_t
next_bytes(const struct pack *p, const struct source *s, int64_t offset,
    const char **data, struct err *e)
{
	int64_t left = s->size - offset;
	size_t len =
	    left < BUNDLE_CHUNK_BYTES ? (size_t)left : BUNDLE_CHUNK_BYTES;
	ssize_t n;

	if (s->fd == -1) {
		*data = s->data + offset;
		return (ssize_t)len;
	}
	*data = p->chunk;
	n = file_read_at(s->fd, p->chunk, len, offset);
	return n == -1 ? err_sys(e, "cannot be read") : n;
}

static int
copy(struct pack *p, const struct source *s, struct digest *digest,
    struct err *e)
{
	int64_t offset = 0;

	while (offset < s->size) {
		const char *data;
		ssize_t n;

		if (stop_check(e) == -1)
			return -1;
		n = next_bytes(p, s, offset, &data, e);
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		if (archive_writer_add(p->writer, data, (size_t)n, e) == -1)
			return -1;
		digest_add(digest, data, (size_t)n);
		offset += n;
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

	if (fd == -1)
		return -1;
	/* It would go out with what is private in it. */
	if (a->is_unreadable)
		return err_set(e, ERR_TEMPORARY, "could not be read before");
	if (a->content.data != NULL)
		s = (struct source){ -1, a->content.data, a->size,
			a->mtime_ns };
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

	/* Its own line goes nowhere. */
	p->manifest = (struct buf){ 0 };
	result = add_entry(p, RECORDING_MANIFEST, &s, e);
	buf_free(&text);
	return result;
}

/* --- the recording -------------------------------------------------------- */

/* What the recording is made of now. */
static void
fingerprint(const struct recording *rec, char hex[DIGEST_HEX_BYTES])
{
	struct digest *d = digest_new();

	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		autofree char *line = xasprintf("%s%c%" PRId64 " %" PRId64 "\n",
		    a->path, '\n', a->size, a->mtime_ns);

		digest_add(d, line, strlen(line));
	}
	digest_hex(d, hex);
	digest_free(d);
}

static int
scan(struct pack *p, char hex[DIGEST_HEX_BYTES], struct err *e)
{
	if (recording_scan(&p->recording, e) == -1)
		return -1;
	*e = p->recording.trouble;
	if (e->class != ERR_NONE)
		return -1;
	fingerprint(&p->recording, hex);
	return 0;
}

/* Whose it is, as far as that is known without asking anybody. */
static void
add_head(struct pack *p)
{
	const struct progress *known = &p->journal.progress;
	const struct identity_hints hints = {
		.room_journal = known->room,
		.session_journal = known->session,
	};
	struct manifest_head head = {
		.files = (int64_t)p->recording.n + 1,
	};
	struct err e;

	if (identity_find(&p->identity, &p->recording, p->policy, &hints, &e) ==
	    -1)
		log_warn("%s; the archive names none", e.text);
	head.session = p->identity.session;
	head.room = p->identity.room;
	head.meeting_id =
	    known->meeting_id ? known->meeting_id : p->identity.meeting_id;
	manifest_add_head(&p->manifest, &head);
}

static int
add_all(struct pack *p, struct err *e)
{
	char before[DIGEST_HEX_BYTES], after[DIGEST_HEX_BYTES];

	if (scan(p, before, e) == -1)
		return -1;
	recording_log_doubts(&p->recording);
	if (p->recording.n == 0)
		return err_set(e, ERR_PERMANENT, "there is nothing to pack");
	add_head(p);
	if (add_journal(p, e) == -1)
		return -1;
	for (size_t i = 0; i < p->recording.n; i++)
		if (add_artifact(p, &p->recording.artifacts[i], e) == -1)
			return err_wrap(e, "%s",
			    p->recording.artifacts[i].path);
	if (scan(p, after, e) == -1)
		return -1;
	if (strcmp(before, after) != 0)
		return err_set(e, ERR_TEMPORARY,
		    "files came, went or changed while it was packed");
	return add_manifest(p, e);
}

/* --- the target ----------------------------------------------------------- */

static int
choose_target(struct target *t, const char *wish, const struct recording *rec,
    struct err *e)
{
	autofree char *name = xasprintf("%s.tar.zst", recording_name(rec));
	autofree char *real = NULL;
	struct stat st;
	size_t len;

	if (wish == NULL)
		t->path = xstrdup(name);
	else if (stat(wish, &st) == 0 && S_ISDIR(st.st_mode))
		t->path = xasprintf("%s%s%s", wish,
		    wish[strlen(wish) - 1] == '/' ? "" : "/", name);
	else
		t->path = xstrdup(wish);
	t->directory = file_parent(t->path);
	t->type = archive_type_of(basename(t->path), &len);
	if (t->type == ARCHIVE_TYPE_NONE)
		return err_set(e, ERR_USAGE,
		    "%s names no archive: .tar.zst, .tar.gz, .tar or .zip",
		    t->path);
	real = realpath(t->directory, NULL);
	if (real == NULL)
		return err_sys(e, "%s", t->directory);
	len = strlen(rec->path);
	if (strncmp(real, rec->path, len) == 0 &&
	    (real[len] == '/' || real[len] == '\0'))
		return err_set(e, ERR_USAGE,
		    "%s would lie in the recording itself; name another "
		    "place with -o",
		    t->path);
	return 0;
}

static int
set_exists(const struct target *t, struct err *e)
{
	return err_set(e, ERR_PERMANENT,
	    "%s is there already, and is not replaced", t->path);
}

static int
open_target(struct target *t, struct err *e)
{
	if (access(t->path, F_OK) == 0)
		return set_exists(t, e);
	t->dirfd = open(t->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dirfd == -1)
		return err_sys(e, "open %s", t->directory);
	t->temporary =
	    xasprintf("%s/.%s.XXXXXX", t->directory, basename(t->path));
	t->fd = mkostemp(t->temporary, O_CLOEXEC);
	if (t->fd != -1)
		return 0;
	(void)err_sys(e, "create %s", t->path);
	free(t->temporary);
	t->temporary = NULL;
	return -1;
}

/* FAT has no links: there it takes two steps. */
static int
rename_to_new(const char *from, const char *to)
{
	if (link(from, to) == 0) {
		(void)unlink(from);
		return 0;
	}
	if (errno == EEXIST || access(to, F_OK) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(from, to);
}

static int
publish(struct target *t, struct err *e)
{
	assert(t->temporary != NULL && t->path != NULL);
	if (fsync(t->fd) == -1)
		return err_sys(e, "sync %s", t->path);
	if (rename_to_new(t->temporary, t->path) == -1)
		return errno == EEXIST ? set_exists(t, e)
				       : err_sys(e, "rename to %s", t->path);
	free(t->temporary);
	t->temporary = NULL;
	return fsync(t->dirfd) == -1 ? err_sys(e, "sync %s", t->directory) : 0;
}

static void
target_close(struct target *t)
{
	mem_close(&t->fd);
	mem_close(&t->dirfd);
	if (t->temporary != NULL)
		(void)unlink(t->temporary);
	free(t->temporary);
	free(t->directory);
	free(t->path);
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

static void
fill_result(struct bundle_packed *packed, const struct pack *p)
{
	const struct target *t = &p->target;
	const struct recording *rec = &p->recording;
	struct stat st = { 0 };

	packed->path = xstrdup(rec->path);
	packed->target = t->path ? xstrdup(t->path) : NULL;
	packed->session =
	    p->identity.session ? xstrdup(p->identity.session) : NULL;
	packed->files = rec->n;
	for (size_t i = 0; i < rec->n; i++)
		packed->bytes += rec->artifacts[i].size;
	if (t->fd != -1 && fstat(t->fd, &st) == 0)
		packed->archive_bytes = st.st_size;
}

static int
pack(struct pack *p, const struct recording_policy *policy, struct err *e)
{
	struct recording *rec = &p->recording;
	struct target *t = &p->target;
	int result;

	if (recording_open(rec, p->request->directory, policy, e) == -1)
		return -1;
	log_set_session(recording_name(rec));
	if (choose_target(t, p->request->target, rec, e) == -1)
		return -1;
	/* The recording is its owner's, the archive is ours. */
	recording_enter(rec, false);
	if (journal_open(&p->journal, rec->dirfd, rec->policy->locking, e) ==
	    -1)
		return -1;
	recording_leave(rec);
	if (open_target(t, e) == -1)
		return -1;
	recording_enter(rec, false);
	result = write_archive(p, e);
	recording_leave(rec);
	if (result == -1)
		return err_wrap(e, "%s", rec->path);
	return publish(t, e);
}

int
bundle_pack(const struct bundle_pack_request *request,
    const struct bundle_policy *policy, const struct pipeline_policy *pipeline,
    struct bundle_packed *packed, struct err *e)
{
	struct recording_policy recording = pipeline->recording;
	int64_t ratio = policy->unpack_ratio;
	struct pack p = {
		.request = request,
		.policy = &pipeline->identity,
		.target = { .fd = -1, .dirfd = -1 },
		.recording = { .dirfd = -1 },
		.journal = { .fd = -1 },
	};
	const struct journal *j = &p.journal;
	int result;

	if (request->is_unredacted)
		recording.redact = (struct text_list){ 0 };
	*packed = (struct bundle_packed){ 0 };
	result = pack(&p, &recording, e);
	fill_result(packed, &p);
	/* Zeros and the like: what we made must not be taken for a bomb. */
	if (result == 0 &&
	    !archive_is_modest(packed->bytes, packed->archive_bytes, ratio))
		log_warn("%s unpacks to more than %" PRId64
			 " times its size: upload it with a larger "
			 "unpack-ratio",
		    packed->target, ratio);
	target_close(&p.target);
	archive_writer_free(p.writer);
	free(p.chunk);
	buf_free(&p.manifest);
	identity_free(&p.identity);
	/* An empty one would say that Jibri has called us for it. */
	if (j->fd != -1 && j->size == 0 && !j->is_degraded)
		(void)unlinkat(j->dirfd, RECORDING_JOURNAL, 0);
	journal_close(&p.journal);
	recording_close(&p.recording);
	return result;
}

void
bundle_packed_free(struct bundle_packed *packed)
{
	free(packed->path);
	free(packed->session);
	free(packed->target);
}
