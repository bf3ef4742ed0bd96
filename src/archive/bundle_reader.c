#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "archive/bundle_internal.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/user.h"

enum frame_kind {
	FRAME_ENTRY, /* followed by its path */
	FRAME_DATA,  /* bytes of it; empty at its end */
	FRAME_END,   /* of the archive */
	FRAME_ERROR, /* followed by a struct err */
};

struct frame {
	int64_t kind, length;
	int64_t is_folder, size, mtime_ns; /* of an entry */
};

struct bundle_reader {
	struct child child;
	struct child_inbox inbox;
	struct archive_limits limits;
	int64_t archive_bytes, entries, total;
	bool is_in_file;
	int64_t left;       /* of the file */
	int64_t chunk_left; /* of the frame */
	char *path;
};

/* --- the process that reads ----------------------------------------------- */

struct task {
	int archive_fd;
	struct stat st;
	struct archive_limits limits;
	const struct confine_policy *confine;
};

static int
send(int fd, struct frame frame, const void *data, struct err *e)
{
	if (file_write_all(fd, &frame, sizeof(frame)) == 0 &&
	    file_write_all(fd, data, (size_t)frame.length) == 0)
		return 0;
	return err_sys(e, "pass on the archive's content");
}

static int
send_file(struct archive_reader *r, int fd, char *chunk, struct err *e)
{
	ssize_t n;

	do {
		n = archive_reader_read(r, chunk, BUNDLE_CHUNK_BYTES, e);
		if (n == -1 || stop_check(e) == -1 ||
		    send(fd, (struct frame){ FRAME_DATA, .length = n }, chunk,
			e) == -1)
			return -1;
	} while (n > 0);
	return 0;
}

static int
send_all(struct archive_reader *r, int fd, char *chunk, struct err *e)
{
	struct archive_entry_info info;
	int result;

	while ((result = archive_reader_next(r, &info, e)) == 1) {
		const struct frame frame = {
			.kind = FRAME_ENTRY,
			.length = (int64_t)strlen(info.path),
			.is_folder = info.is_folder,
			.size = info.size,
			.mtime_ns = info.mtime_ns,
		};

		if (stop_check(e) == -1 ||
		    send(fd, frame, info.path, e) == -1 ||
		    (!info.is_folder && send_file(r, fd, chunk, e) == -1))
			return -1;
	}
	return result;
}

static void
work(const void *ctx, int fd)
{
	const struct task *t = ctx;
	autofree char *chunk = xmalloc(BUNDLE_CHUNK_BYTES);
	uid_t owner = t->st.st_uid ? t->st.st_uid : USER_NOBODY;
	gid_t group = t->st.st_uid ? t->st.st_gid : USER_NOBODY;
	struct archive_reader *r = NULL;
	const struct confine_policy offline = {
		.is_on = t->confine && t->confine->is_on,
		.is_offline = true,
	};
	struct err e = { 0 }, ignored;
	bool is_whole;

	(void)fcntl(fd, F_SETFL, 0);
	/* If root may not become nobody, it stays root without capabilities. */
	is_whole = user_work_as(owner, group, &e) == 0 || !t->st.st_uid;
	confine_files(&offline, &(struct text_list){ 0 });
	if (is_whole)
		r = archive_reader_open(t->archive_fd, &t->limits, &e);
	is_whole = r && send_all(r, fd, chunk, &e) == 0;
	(void)send(fd,
	    (struct frame){ is_whole ? FRAME_END : FRAME_ERROR,
		.length = is_whole ? 0 : sizeof(e) },
	    &e, &ignored);
	archive_reader_free(r);
}

/* --- the process that receives it ----------------------------------------- */

struct bundle_reader *
bundle_reader_start(int archive_fd, const struct archive_limits *limits,
    const struct confine_policy *confine, struct err *e)
{
	struct task task = { archive_fd, { 0 }, *limits, confine };
	struct bundle_reader *r;
	struct child child;

	if (fstat(archive_fd, &task.st) == -1) {
		(void)err_sys(e, "read the archive");
		return NULL;
	}
	if (child_start(&child, work, &task, stop_deadline_ms(), e) == -1)
		return NULL;
	r = xcalloc(1, sizeof(*r));
	r->child = child;
	r->inbox.fd = child.fd;
	r->limits = *limits;
	r->archive_bytes = task.st.st_size;
	return r;
}

void
bundle_reader_free(struct bundle_reader *r)
{
	char more;

	if (r == NULL)
		return;
	r->child.kill_at_ms = 0;
	(void)child_end(&r->child, &more, sizeof(more), &(struct err){ 0 });
	free(r->path);
	free(r);
}

static int
set_made_up(struct err *e)
{
	return err_set(e, ERR_PERMANENT,
	    "the process that reads the archive sent invalid data");
}

static int
take_bytes(struct bundle_reader *r, void *to, size_t len, struct err *e)
{
	if (child_receive(&r->inbox, to, len) == 0)
		return 0;
	if (stop_check(e) == -1)
		return -1;
	return err_set(e, ERR_TEMPORARY,
	    "the process that reads the archive has died");
}

/* Receive a frame of this or the other kind, or the error sent instead. */
static int
take_frame(struct bundle_reader *r, struct frame *f, enum frame_kind kind,
    enum frame_kind other, struct err *e)
{
	if (take_bytes(r, f, sizeof(*f), e) == -1)
		return -1;
	if (f->kind != FRAME_ERROR)
		return f->kind == kind || f->kind == other ? 0 : set_made_up(e);
	if (take_bytes(r, e, sizeof(*e), e) == 0 &&
	    (!err_is_valid(e) || e->class == ERR_NONE))
		(void)set_made_up(e);
	return -1;
}

static int
take_path(struct bundle_reader *r, int64_t len, struct err *e)
{
	autofree char *clean = NULL;

	if (len < 0 || len > ARCHIVE_MAX_PATH_BYTES)
		return set_made_up(e);
	free(r->path);
	r->path = xcalloc(1, (size_t)len + 1);
	if (take_bytes(r, r->path, (size_t)len, e) == -1)
		return -1;
	clean = archive_clean_path(r->path);
	return clean && strlen(clean) == (size_t)len ? 0 : set_made_up(e);
}

static int
take_entry(struct bundle_reader *r, const struct frame *f, struct err *e)
{
	if (take_path(r, f->length, e) == -1)
		return -1;
	if (f->size < 0 || f->size > INT64_MAX / 2 - r->total ||
	    f->mtime_ns < 0 || (f->is_folder ? f->size != 0 : !*r->path) ||
	    ++r->entries > r->limits.entries)
		return set_made_up(e);
	r->total += f->size;
	r->left = f->size;
	r->is_in_file = !f->is_folder;
	return archive_is_modest(r->total, r->archive_bytes, r->limits.ratio)
	    ? 0
	    : set_made_up(e);
}

int
bundle_reader_next(struct bundle_reader *r, struct archive_entry_info *info,
    struct err *e)
{
	struct frame f;
	char rest[4096];

	while (r->is_in_file)
		if (bundle_reader_read(r, rest, sizeof(rest), e) == -1)
			return -1;
	if (take_frame(r, &f, FRAME_ENTRY, FRAME_END, e) == -1)
		return -1;
	if (f.kind == FRAME_END)
		return 0;
	if (take_entry(r, &f, e) == -1)
		return -1;
	*info = (struct archive_entry_info){
		.path = r->path,
		.is_folder = f.is_folder != 0,
		.size = f.size,
		.mtime_ns = f.mtime_ns,
	};
	return 1;
}

ssize_t
bundle_reader_read(struct bundle_reader *r, void *to, size_t len, struct err *e)
{
	struct frame f;

	if (r->chunk_left == 0) {
		if (take_frame(r, &f, FRAME_DATA, FRAME_DATA, e) == -1)
			return -1;
		if (f.length < 0 || f.length > r->left ||
		    (f.length == 0 && r->left > 0))
			return set_made_up(e);
		r->chunk_left = f.length;
		r->is_in_file = f.length > 0;
	}
	if ((int64_t)len > r->chunk_left)
		len = (size_t)r->chunk_left;
	if (take_bytes(r, to, len, e) == -1)
		return -1;
	r->chunk_left -= (int64_t)len;
	r->left -= (int64_t)len;
	return (ssize_t)len;
}
