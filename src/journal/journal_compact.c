#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "journal/journal_internal.h"
#include "recording/recording.h"

enum { PIECE_BYTES = 64 * 1024 };

struct copy {
	const struct journal *of;
	int fd; /* -1: only count */
	int64_t bytes;
	struct buf piece;
};

static bool
flush(struct copy *c)
{
	bool is_written =
	    file_write_all(c->fd, c->piece.data, c->piece.len) == 0;

	buf_drop(&c->piece, c->piece.len);
	return is_written;
}

static bool
copy_line(void *ctx, const struct buf *line)
{
	struct copy *c = ctx;

	c->bytes += (int64_t)line->len;
	/*
	 * At most half of the line limit, which applies to what is read at
	 * once.
	 */
	if (line->len > JOURNAL_LINE_BYTES / 2 ||
	    !progress_is_bloated(c->of->size, c->bytes))
		return false;
	return c->fd == -1 ||
	    (buf_add(&c->piece, line->data, line->len) &&
		(c->piece.len < PIECE_BYTES || flush(c)));
}

/* On disk before it gets the name, and locked before anybody can open it. */
static int
fill(struct copy *c)
{
	const struct journal new = { .fd = c->fd };
	struct stat st;

	if (c->fd == -1 || fstat(c->of->fd, &st) == -1 ||
	    fchown(c->fd, st.st_uid, st.st_gid) == -1 ||
	    fchmod(c->fd, st.st_mode & 0777) == -1 ||
	    !progress_compact(&c->of->progress, copy_line, c) || !flush(c) ||
	    fsync(c->fd) == -1 || journal_lock_file(&new) != LOCK_OURS)
		return -1;
	/* If NFS has passed the lock to another client, that one may write. */
	if (journal_lock_file(c->of) == LOCK_OURS &&
	    fstat(c->of->fd, &st) == 0 && st.st_size == c->of->size)
		return 0;
	errno = EBUSY;
	return -1;
}

static int
put_in_place(struct copy *c, struct err *e)
{
	int dirfd = c->of->dirfd;

	if (fill(c) == -1)
		return err_sys(e, "write %s", RECORDING_JOURNAL_NEW);
	if (journal_check(c->of, e) == -1)
		return -1;
	if (renameat(dirfd, RECORDING_JOURNAL_NEW, dirfd, RECORDING_JOURNAL) ==
	    -1)
		return err_sys(e, "rename %s", RECORDING_JOURNAL_NEW);
	return 0;
}

void
journal_compact(struct journal *j)
{
	struct copy c = { .of = j, .fd = -1 };
	struct err e;

	if (!progress_is_bloated(j->size, 0) || j->is_degraded ||
	    j->has_rubbish || journal_lock_file(j) != LOCK_OURS ||
	    !progress_compact(&j->progress, copy_line, &c))
		return;
	(void)unlinkat(j->dirfd, RECORDING_JOURNAL_NEW, 0);
	c.bytes = 0;
	c.fd = openat(j->dirfd, RECORDING_JOURNAL_NEW,
	    O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (put_in_place(&c, &e) == -1) {
		log_warn("%s is large and could not be compacted (%s); "
			 "continuing with it",
		    RECORDING_JOURNAL, e.text);
		mem_close(&c.fd);
		(void)unlinkat(j->dirfd, RECORDING_JOURNAL_NEW, 0);
	} else {
		log_debug("%s: compacted", RECORDING_JOURNAL);
		mem_close(&j->fd);
		j->fd = c.fd;
		j->size = c.bytes;
		/* Otherwise the first commit tries again. */
		j->is_new = fsync(j->dirfd) == -1;
	}
	buf_free(&c.piece);
}
