#include "delivery/flight.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "recording/media.h"

/* From this size on, hashing in a thread is worth starting one. */
enum { LARGE_BYTES = 8 * 1024 * 1024, CHUNK_BYTES = 256 * 1024 };

enum { MIB = 1024 * 1024 };

static ssize_t
read_chunk(int fd, int64_t offset, char *to, size_t len, struct err *e)
{
	ssize_t n = file_read_at(fd, to, len, offset);

	return n == -1 ? err_sys(e, "cannot be read") : n;
}

static int
add_file(struct digest *d, int fd, struct err *e)
{
	autofree char *chunk = xmalloc(CHUNK_BYTES);
	int64_t offset = 0;
	ssize_t n = 1;

	while (n > 0 && (n = stop_check(e)) == 0 &&
	    (n = read_chunk(fd, offset, chunk, CHUNK_BYTES, e)) > 0) {
		digest_add(d, chunk, (size_t)n);
		offset += n;
	}
	return (int)n;
}

ssize_t
flight_read(const struct flight *f, int64_t offset, char *to, size_t len,
    struct err *e)
{
	ssize_t n = read_chunk(f->fd, offset, to, len, e);

	if (n == 0)
		return err_set(e, ERR_TEMPORARY,
		    "shrank while it was being read (ends at byte %" PRId64 ")",
		    offset);
	return n;
}

static ssize_t
read_body(void *ctx, char *to, size_t len, struct err *e)
{
	struct flight *f = ctx;
	ssize_t n = (ssize_t)len;

	if (f->bytes)
		memcpy(to, f->bytes->data + f->offset, len);
	else if ((n = flight_read(f, f->offset, to, len, e)) == -1)
		return -1;
	if (f->digest)
		digest_add(f->digest, to, (size_t)n);
	f->offset += n;
	return n;
}

static struct digest *
digest_of(const struct flight *f)
{
	return f->size < LARGE_BYTES ? digest_new() : digest_new_beside();
}

void
flight_hash_again(struct flight *f)
{
	if (f->digest == NULL && *f->hex == '\0')
		return;
	*f->hex = '\0';
	digest_free(f->digest);
	f->digest = digest_of(f);
}

static void
add(const struct flight_sums *sums, struct digest *whole, const char *data,
    size_t len)
{
	struct digest *const all[] = { sums->md5, sums->sha256, whole };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i])
			digest_add(all[i], data, len);
}

int
flight_hash_part(struct flight *f, int64_t offset, int64_t len,
    const struct flight_sums *sums, bool is_again, struct err *e)
{
	autofree char *chunk = xmalloc(CHUNK_BYTES);
	ssize_t n = 0;

	/* The disk reads what was written long ago while this is hashed. */
	(void)posix_fadvise(f->fd, offset + len, len, POSIX_FADV_WILLNEED);
	while (len > 0 && (n = stop_check(e)) == 0 &&
	    (n = flight_read(f, offset, chunk,
		 len < CHUNK_BYTES ? (size_t)len : CHUNK_BYTES, e)) > 0) {
		add(sums, is_again ? NULL : f->digest, chunk, (size_t)n);
		offset += n;
		len -= n;
	}
	return n == -1 ? -1 : 0;
}

int64_t
flight_behind(int64_t size, int64_t part_bytes)
{
	int64_t margin = part_bytes < MIB ? part_bytes : MIB;
	int64_t n = (size - margin) / part_bytes;

	if (n > PARTS_MOST)
		n = PARTS_MOST;
	return (n > 1 ? n : 1) * part_bytes;
}

int
flight_recheck(struct flight *f, struct err *e)
{
	const struct artifact *a = f->artifact;

	if (f->is_growing ||
	    recording_recheck(f->recording, a->path, &f->st, e) == 0)
		return 0;
	/* Only another scan can tell what to send now. */
	f->is_stale = a->is_json;
	return -1;
}

static int
check_body(void *ctx, struct err *e)
{
	return flight_recheck(ctx, e);
}

/* Let the store verify that it receives what is read here. */
static int
add_md5(struct flight *f, struct err *e)
{
	struct digest *d = digest_new_md5();
	int result = 0;

	if (f->bytes)
		digest_add(d, f->bytes->data, f->bytes->len);
	else
		result = add_file(d, f->fd, e);
	if (result == 0) {
		autofree char *md5 = digest_in_base64(d);
		autofree char *header = xasprintf("content-md5: %s", md5);

		text_list_add(&f->headers, header);
	}
	digest_free(d);
	return result;
}

/* The same for every repeat of these bytes to this place. */
static void
add_idempotency_key(struct flight *f, const struct flight_target *target)
{
	autofree char *identity =
	    xasprintf("%s\n%s\n%" PRId64 "\n%" PRId64 "\n%" PRId64 "\n%" PRId64,
		target->progress->meeting_id, target->name->path, f->size,
		f->mtime_ns, target->progress->forced, target->generation);
	char hex[DIGEST_HEX_BYTES];
	autofree char *header = NULL;

	digest_once(identity, strlen(identity), hex);
	header = xasprintf("Idempotency-Key: %.32s", hex);
	text_list_add(&f->headers, header);
}

/*
 * Needed for the announcement, and the file is open now.  A large file may take
 * long, so other transfers continue.
 */
static bool
is_whole_media(const struct flight *f)
{
	const struct artifact *a = f->artifact;
	enum media_health health;
	char why[128];

	if (f->size >= LARGE_BYTES ||
	    (!a->is_media && !mimetype_is_media(f->type)))
		return false;
	health = f->bytes
	    ? media_check_bytes(f->bytes->data, f->bytes->len, why, sizeof(why))
	    : media_check(f->fd, f->size, why, sizeof(why));
	return health == MEDIA_WHOLE;
}

/* A read error is ignored here: reading for the transfer reports it. */
static void
read_small(struct flight *f)
{
	char chunk[FLIGHT_SMALL_BYTES];
	ssize_t n;

	if (f->bytes || f->size > FLIGHT_SMALL_BYTES)
		return;
	n = file_read_at(f->fd, chunk, (size_t)f->size, 0);
	if (n != f->size)
		return;
	(void)buf_add(&f->content, chunk, (size_t)n);
	f->bytes = &f->content;
}

/* A new version may have private members that were not there before. */
static int
read_json(struct flight *f, struct err *e)
{
	const struct artifact *a = f->artifact;
	bool is_changed = f->stamp != a->stamp;
	int result = a->is_json || is_changed
	    ? recording_read_json(f->recording, a->path, f->fd, &f->st,
		  &f->content, e)
	    : 0;

	if (is_changed && (result != 0 || a->is_json)) {
		f->is_stale = true;
		return err_set(e, ERR_TEMPORARY, "was changed meanwhile");
	}
	if (result == 1) {
		f->size = (int64_t)f->content.len;
		f->bytes = &f->content;
	}
	return result == -1 ? -1 : 0;
}

static int
open_file(struct flight *f, struct err *e)
{
	const struct artifact *a = f->artifact;

	f->fd = recording_open_artifact(f->recording, a->path, &f->st, e);
	f->is_passing = f->fd == -1 && err_is_passing(errno);
	if (f->fd == -1)
		return -1;
	/* It would be sent with its private members. */
	if (a->is_unreadable)
		return err_set(e, ERR_TEMPORARY, "could not be read");
	f->size = f->st.st_size;
	f->mtime_ns = file_mtime_ns(&f->st);
	f->stamp = file_stamp(&f->st);
	if (read_json(f, e) == -1)
		return -1;
	read_small(f);
	return 0;
}

static int
open_content(struct flight *f, struct mimetype *mimetype, struct err *e)
{
	const struct artifact *a = f->artifact;
	const char *type;

	if (open_file(f, e) == -1)
		return -1;
	type = f->bytes ? mimetype_of_bytes(mimetype, f->bytes->data,
			      f->bytes->len, a->path)
			: mimetype_of(mimetype, f->fd, a->path);
	f->type = xstrdup(type);
	f->is_whole = is_whole_media(f);
	if (a->is_media && !mimetype_is_media(type))
		log_warn("%s: its content is not audio or video (%s)", a->path,
		    type);
	return 0;
}

int
flight_open(struct flight *f, const struct recording *rec,
    const struct artifact *a, struct mimetype *mimetype,
    const struct flight_target *target, struct err *e)
{
	const struct destination *to = target->to;
	const struct destination_policy *policy = to->policy;

	*f = (struct flight){
		.recording = rec,
		.artifact = a,
		.fd = -1,
		.started_ms = clock_mono_ms(),
	};
	if (open_content(f, mimetype, e) == -1)
		return -1;
	if (target->is_hashed)
		f->digest = digest_of(f);
	f->request.answer_timeout_ms = destination_patience_ms(policy, f->size);
	if (policy->ops->parts && f->bytes == NULL && !target->goes_whole)
		f->part_bytes = policy->ops->parts->bytes(policy, f->size);
	if (f->part_bytes > 0 || target->is_ahead)
		return 0;
	f->body = (struct http_body){
		.size = f->size,
		.read = read_body,
		.check = check_body,
		.ctx = f,
	};
	f->request = (struct http_request){
		.headers = &f->headers,
		.service = policy->ops->service,
		.body = &f->body,
		.content_type = f->type,
		.answer_timeout_ms = destination_patience_ms(policy, f->size),
		.answer_limit = 64 * 1024,
	};
	f->url = policy->ops->put(policy, target->progress, target->name,
	    &f->request);
	/* What is in memory is signed, too. */
	if (policy->ops->wants_md5 && f->bytes) {
		digest_once(buf_str(f->bytes), f->bytes->len, f->sha256);
		f->request.sha256 = f->sha256;
	}
	if (policy->ops->wants_md5) {
		if (add_md5(f, e) == -1)
			return -1;
	} else {
		add_idempotency_key(f, target);
	}
	return policy->ops->authorize(to, &f->request, target->use, &f->headers,
	    e);
}

const char *
flight_hex(struct flight *f)
{
	if (f->digest) {
		digest_hex(f->digest, f->hex);
		digest_free(f->digest);
		f->digest = NULL;
	}
	return *f->hex ? f->hex : NULL;
}

void
flight_free(struct flight *f)
{
	mem_close(&f->fd);
	f->fd = -1;
	digest_free(f->digest);
	buf_free(&f->content);
	free(f->url);
	free(f->type);
	text_list_free(&f->headers);
}

int
flight_hash_artifact(const struct recording *rec, const struct artifact *a,
    char hex[DIGEST_HEX_BYTES], struct err *e)
{
	struct stat st;
	autoclose int fd = recording_open_artifact(rec, a->path, &st, e);
	autobuf struct buf text = { 0 };
	struct digest *d;
	int result;

	if (fd == -1)
		return -1;
	result = a->is_json
	    ? recording_read_json(rec, a->path, fd, &st, &text, e)
	    : 0;
	if (result == -1)
		return -1;
	d = digest_new();
	if (result == 1)
		digest_add(d, text.data, text.len);
	result = result == 1 ? 0 : add_file(d, fd, e);
	digest_hex(d, hex);
	digest_free(d);
	return result;
}
