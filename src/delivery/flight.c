#include "delivery/flight.h"

#include <errno.h>
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

/* From here on a thread for the hash is worth its start. */
enum { LARGE_BYTES = 8 * 1024 * 1024 };

static ssize_t
read_chunk(int fd, int64_t offset, char *to, size_t len, struct err *e)
{
	ssize_t n = file_read_at(fd, to, len, offset);

	return n == -1 ? err_sys(e, "cannot be read") : n;
}

static ssize_t
read_file(int fd, int64_t offset, char *to, size_t len, struct err *e)
{
	ssize_t n = read_chunk(fd, offset, to, len, e);

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
	else if ((n = read_file(f->fd, f->offset, to, len, e)) == -1)
		return -1;
	if (f->digest)
		digest_add(f->digest, to, (size_t)n);
	f->offset += n;
	return n;
}

int
flight_recheck(struct flight *f, struct err *e)
{
	const struct artifact *a = f->artifact;
	struct stat now;

	if (f->fd != -1)
		return recording_recheck(f->recording, a->path, &f->st, e);
	if (file_stat_beneath(f->recording->dirfd, a->path, &now) == -1
		? err_is_passing(errno)
		: file_stamp(&now) == a->stamp)
		return 0;
	f->is_stale = true;
	return err_set(e, ERR_TEMPORARY, "was written to meanwhile");
}

static int
check_body(void *ctx, struct err *e)
{
	return flight_recheck(ctx, e);
}

/* The same for every repeat of these bytes to this place. */
static void
add_idempotency_key(struct flight *f, const struct flight_target *target)
{
	autofree char *identity =
	    xasprintf("%s\n%s\n%" PRId64 "\n%" PRId64 "\n%" PRId64 "\n%" PRId64,
		target->meeting_id, target->name->path, f->size, f->mtime_ns,
		target->forced, target->generation);
	struct digest *d = digest_new();
	char hex[DIGEST_HEX_BYTES];
	autofree char *header = NULL;

	digest_add(d, identity, strlen(identity));
	digest_hex(d, hex);
	digest_free(d);
	header = xasprintf("Idempotency-Key: %.32s", hex);
	text_list_add(&f->headers, header);
}

/*
 * The announcement asks for it; here the file is open.  Of a large one it can
 * take long, while others are on their way.
 */
static bool
is_whole_media(const struct flight *f)
{
	const struct artifact *a = f->artifact;
	enum media_health health;
	char why[128];

	if (f->fd == -1 || f->size >= LARGE_BYTES ||
	    (!a->is_media && !mimetype_is_media(f->type)))
		return false;
	health = f->bytes
	    ? media_check_bytes(f->bytes->data, f->bytes->len, a->path, why,
		  sizeof(why))
	    : media_check(f->fd, a->path, f->size, why, sizeof(why));
	return health == MEDIA_WHOLE;
}

/* What cannot be read now is read again for the wire, which says why. */
static void
read_small(struct flight *f)
{
	char chunk[FLIGHT_SMALL_BYTES];
	ssize_t n;

	if (f->size > FLIGHT_SMALL_BYTES)
		return;
	n = file_read_at(f->fd, chunk, (size_t)f->size, 0);
	if (n != f->size)
		return;
	(void)buf_add(&f->content, chunk, (size_t)n);
	f->bytes = &f->content;
}

static int
open_file(struct flight *f, struct err *e)
{
	const struct artifact *a = f->artifact;

	f->fd = recording_open_artifact(f->recording, a->path, &f->st, e);
	f->is_passing = f->fd == -1 && err_is_passing(errno);
	if (f->fd == -1)
		return -1;
	/* It would go out with what is private in it. */
	if (a->is_unreadable)
		return err_set(e, ERR_TEMPORARY, "could not be read before");
	f->size = f->st.st_size;
	f->mtime_ns = file_mtime_ns(&f->st);
	f->stamp = file_stamp(&f->st);
	read_small(f);
	return 0;
}

static int
open_content(struct flight *f, struct mimetype *mimetype, struct err *e)
{
	const struct artifact *a = f->artifact;
	const char *type;

	if (a->content.data != NULL) {
		if (flight_recheck(f, e) == -1)
			return -1;
		f->size = a->size;
		f->mtime_ns = a->mtime_ns;
		f->stamp = a->stamp;
		f->bytes = &a->content;
	} else if (open_file(f, e) == -1) {
		return -1;
	}
	type = f->bytes ? mimetype_of_bytes(mimetype, f->bytes->data,
			      f->bytes->len, a->path)
			: mimetype_of(mimetype, f->fd, a->path);
	f->type = xstrdup(type);
	f->is_whole = is_whole_media(f);
	if (a->is_media && !mimetype_is_media(type))
		log_warn("%s: its content is no media (%s)", a->path, type);
	return 0;
}

int
flight_open(struct flight *f, const struct recording *rec,
    const struct artifact *a, struct mimetype *mimetype,
    const struct flight_target *target, struct err *e)
{
	autofree char *folder = remote_name_folder(target->name);

	*f = (struct flight){
		.recording = rec,
		.artifact = a,
		.fd = -1,
		.started_ms = clock_mono_ms(),
	};
	if (auth_add_header(target->auth, AUTH_FILE_SERVICE, target->use,
		&f->headers, e) == -1 ||
	    open_content(f, mimetype, e) == -1)
		return -1;
	if (target->is_hashed)
		f->digest =
		    f->size < LARGE_BYTES ? digest_new() : digest_new_beside();
	f->url =
	    filestore_upload_url(target->policy, target->meeting_id, folder);
	add_idempotency_key(f, target);
	f->body = (struct http_body){
		.size = f->size,
		.read = read_body,
		.check = check_body,
		.ctx = f,
	};
	f->request = (struct http_request){
		.url = f->url,
		.headers = &f->headers,
		.body = &f->body,
		.content_type = f->type,
		.part_filename = target->name->filename,
		.answer_timeout_ms =
		    filestore_answer_timeout_ms(target->policy, f->size),
		.answer_limit = 64 * 1024,
	};
	return 0;
}

const char *
flight_hex(struct flight *f, char hex[DIGEST_HEX_BYTES])
{
	if (f->digest == NULL)
		return NULL;
	digest_hex(f->digest, hex);
	return hex;
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

static int
hash_file(int fd, char hex[DIGEST_HEX_BYTES], struct err *e)
{
	enum { CHUNK_BYTES = 256 * 1024 };
	autofree char *chunk = xmalloc(CHUNK_BYTES);
	struct digest *d = digest_new();
	int64_t offset = 0;
	int result = 1;

	while (result == 1) {
		ssize_t n = 0;

		result = stop_check(e);
		if (result == -1)
			break;
		n = read_chunk(fd, offset, chunk, CHUNK_BYTES, e);
		if (n > 0)
			digest_add(d, chunk, (size_t)n);
		offset += n;
		result = n > 0 ? 1 : (int)n;
	}
	digest_hex(d, hex);
	digest_free(d);
	return result;
}

int
flight_hash_artifact(const struct recording *rec, const struct artifact *a,
    char hex[DIGEST_HEX_BYTES], struct err *e)
{
	autoclose int fd = -1;
	struct digest *d;
	struct stat st;

	if (a->content.data == NULL) {
		fd = recording_open_artifact(rec, a->path, &st, e);
		return fd == -1 ? -1 : hash_file(fd, hex, e);
	}
	d = digest_new();
	digest_add(d, a->content.data, a->content.len);
	digest_hex(d, hex);
	digest_free(d);
	return 0;
}
