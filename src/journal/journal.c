#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "recording/recording.h"

enum {
	OPEN_TRIES = 10,
	LINE_BYTES = 1024 * 1024,
	CHUNK_BYTES = 64 * 1024,
	SYNC_MS = 100
};

static void
degrade(struct journal *j, const char *what)
{
	struct err e;

	(void)err_sys(&e, "%s", what);
	log_warn("the journal cannot be written (%s); going on without, the "
		 "next run will ask the server what it has",
	    e.text);
	j->is_degraded = true;
}

/* What stands there is none of ours: going on without it would hide that. */
static bool
is_foreign(int number)
{
	return number == ELOOP || number == ENOENT || number == ENOTDIR ||
	    number == EISDIR || number == ENXIO;
}

static int
open_journal(int dirfd, int flags)
{
	int fd;

	do
		fd = openat(dirfd, RECORDING_JOURNAL,
		    flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
		    0644);
	while (fd == -1 && errno == EINTR);
	return fd;
}

static int
open_file(struct journal *j, struct err *e)
{
	struct stat st, directory;

	j->fd = open_journal(j->dirfd, O_RDWR | O_CREAT | O_APPEND);
	if (j->fd == -1 && !is_foreign(errno)) {
		degrade(j, RECORDING_JOURNAL);
		j->fd = open_journal(j->dirfd, O_RDONLY);
		if (j->fd == -1)
			return 0;
	}
	if (j->fd == -1)
		return err_sys(e, "%s", RECORDING_JOURNAL);
	if (fstat(j->fd, &st) == -1)
		return err_sys(e, "%s", RECORDING_JOURNAL);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_PERMANENT, "%s is no regular file",
		    RECORDING_JOURNAL);
	/* With a link, whoever made it has us write into another's file. */
	if (st.st_nlink > 1 &&
	    (fstat(j->dirfd, &directory) == -1 ||
		directory.st_uid != st.st_uid))
		return err_set(e, ERR_PERMANENT,
		    "%s is a hard link to another user's file",
		    RECORDING_JOURNAL);
	j->is_new = st.st_size == 0;
	if (j->is_new && !j->is_degraded)
		(void)fchmod(j->fd, 0644);
	return 0;
}

/* 1 while the name leads to the file that was opened, 0, or -1 with *e. */
static int
is_in_place(const struct journal *j, struct err *e)
{
	struct stat mine, there;

	if (fstat(j->fd, &mine) == -1)
		return err_sys(e, "%s", RECORDING_JOURNAL);
	if (fstatat(j->dirfd, RECORDING_JOURNAL, &there, AT_SYMLINK_NOFOLLOW) ==
	    -1)
		return errno == ENOENT ? 0
				       : err_sys(e, "%s", RECORDING_JOURNAL);
	return mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

/*
 * Without a journal that can be locked, the directory is: on a local file
 * system that works even when it is read-only.
 */
static int
lock_directory(const struct journal *j)
{
	if (flock(j->dirfd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return 1;
	log_warn("the recording cannot be locked: %s", strerror(errno));
	return 0;
}

/* 0 locked, 1 held by another process, -1 with *e. */
static int
lock_file(const struct journal *j, struct err *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (j->is_degraded)
		lock.l_type = F_RDLCK;
	if (fcntl(j->fd, F_OFD_SETLK, &lock) == 0)
		return j->is_degraded ? lock_directory(j) : 0;
	if (errno == EAGAIN || errno == EACCES)
		return 1;
	return err_sys(e, "lock %s", RECORDING_JOURNAL);
}

/* Replay the whole lines in b; what is behind the last newline stays. */
/* Once: a journal may be rubbish from end to end. */
static void
warn_of_rubbish(struct journal *j)
{
	if (j->has_rubbish || j->is_peeking)
		return;
	j->has_rubbish = true;
	log_warn("%s: what is no event in it is ignored", RECORDING_JOURNAL);
}

static void
replay_lines(struct journal *j, struct buf *b)
{
	size_t done = 0;
	const char *newline;

	while (b->len > done &&
	    (newline = memchr(b->data + done, '\n', b->len - done)) != NULL) {
		size_t len = (size_t)(newline - (b->data + done));

		if (!event_replay(&j->progress, b->data + done, len))
			warn_of_rubbish(j);
		done += len + 1;
	}
	buf_drop(b, done);
}

/* The offset behind the last whole line, or -1 with *e. */
static off_t
replay(struct journal *j, struct err *e)
{
	autobuf struct buf b = { .limit = LINE_BYTES };
	autofree char *chunk = xmalloc(CHUNK_BYTES);
	off_t offset = 0;

	for (;;) {
		ssize_t n = pread(j->fd, chunk, CHUNK_BYTES, offset);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(e, "read %s", RECORDING_JOURNAL);
		if (n == 0)
			return offset - (off_t)b.len;
		offset += n;
		if (!buf_add(&b, chunk, (size_t)n))
			return err_set(e, ERR_PERMANENT,
			    "%s is damaged: it has an endless line",
			    RECORDING_JOURNAL);
		replay_lines(j, &b);
	}
}

static int
set_busy(const struct progress *p, struct err *e)
{
	if (p->host == NULL)
		return err_set(e, ERR_BUSY,
		    "another process works on this recording");
	return err_set(e, ERR_BUSY,
	    "process %lld on %s works on this recording", (long long)p->pid,
	    p->host);
}

static int
load(struct journal *j, bool is_busy, struct err *e)
{
	off_t end = replay(j, e);

	if (end != -1 && is_busy)
		return set_busy(&j->progress, e);
	j->is_damaged = end == -1 && !is_busy && e->class == ERR_PERMANENT;
	if (end == -1)
		return -1;
	/* A torn line must not merge with what comes next. */
	if (!j->is_degraded && lseek(j->fd, 0, SEEK_END) > end &&
	    ftruncate(j->fd, end) == -1)
		degrade(j, "drop a torn line");
	return 0;
}

int
journal_open(struct journal *j, int dirfd, struct err *e)
{
	*j = (struct journal){ .fd = -1, .dirfd = dirfd };
	for (int i = 0; i < OPEN_TRIES && stop_check(e) == 0; i++) {
		int busy, in_place;

		if (open_file(j, e) == -1)
			return -1;
		if (j->fd == -1)
			return lock_directory(j) ? set_busy(&j->progress, e)
						 : 0;
		busy = lock_file(j, e);
		in_place = busy == 0 ? is_in_place(j, e) : 1;
		if (busy == -1 || in_place == -1)
			return -1;
		if (in_place)
			return load(j, busy, e);
		/* Its last holder has removed it. */
		mem_close(&j->fd);
		j->fd = -1;
	}
	return stop_check(e) == -1
	    ? -1
	    : err_set(e, ERR_TEMPORARY, "%s keeps being replaced",
		  RECORDING_JOURNAL);
}

/* Is the file locked by anybody?  Also where we could not lock it. */
static bool
is_locked(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int
journal_peek(int dirfd, struct progress *p, struct err *e)
{
	struct journal j = { .dirfd = dirfd, .is_peeking = true };
	autoclose int fd = open_journal(dirfd, O_RDONLY);
	struct stat st;

	*p = (struct progress){ 0 };
	if (fd == -1 && errno == ENOENT)
		return JOURNAL_ABSENT;
	if (fd == -1 || fstat(fd, &st) == -1)
		return err_sys(e, "%s", RECORDING_JOURNAL);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_PERMANENT, "%s is no regular file",
		    RECORDING_JOURNAL);
	j.fd = fd;
	if (replay(&j, e) == -1) {
		progress_free(&j.progress);
		return -1;
	}
	*p = j.progress;
	return is_locked(fd) ? JOURNAL_BUSY : JOURNAL_FREE;
}

int
journal_look(struct journal *j, int dirfd, struct err *e)
{
	int found;

	*j = (struct journal){
		.fd = -1,
		.dirfd = dirfd,
		.is_degraded = true,
	};
	found = journal_peek(dirfd, &j->progress, e);
	if (found == JOURNAL_BUSY)
		return set_busy(&j->progress, e);
	return found == -1 ? -1 : 0;
}

void
journal_seal(const struct journal *j, int64_t directory_mtime_ns)
{
	const int64_t second = 1000 * 1000 * 1000;
	int64_t mark = directory_mtime_ns - 1;
	const struct timespec times[] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = mark / second, .tv_nsec = mark % second },
	};

	/* Without the mark it is only read more often. */
	if (j->fd != -1 && !j->is_degraded && mark > 0)
		(void)futimens(j->fd, times);
}

bool
journal_is_sealed(const struct stat *directory, const struct stat *journal)
{
	return S_ISREG(journal->st_mode) &&
	    file_mtime_ns(journal) == file_mtime_ns(directory) - 1;
}

void
journal_close(struct journal *j)
{
	journal_commit(j);
	buf_free(&j->pending);
	progress_free(&j->progress);
	mem_close(&j->fd);
	j->fd = -1;
}

int
journal_clear(struct journal *j, struct err *e)
{
	if (j->is_degraded)
		return err_set(e, ERR_PERMANENT, "%s cannot be written",
		    RECORDING_JOURNAL);
	if (ftruncate(j->fd, 0) == -1 || fsync(j->fd) == -1)
		return err_sys(e, "clear %s", RECORDING_JOURNAL);
	buf_free(&j->pending);
	progress_free(&j->progress);
	j->is_new = true;
	j->is_damaged = false;
	return 0;
}

void
journal_note(struct journal *j, struct event ev)
{
	ev.at_ms = clock_unix_ms();
	progress_apply(&j->progress, &ev);
	if (!j->is_degraded)
		event_format(&ev, &j->pending);
}

/* Hand what is pending to the kernel. */
static void
append(struct journal *j)
{
	if (j->pending.len == 0 || j->is_degraded)
		return;
	if (file_write_all(j->fd, j->pending.data, j->pending.len) == -1)
		degrade(j, "append to " RECORDING_JOURNAL);
	buf_drop(&j->pending, j->pending.len);
	if (!j->is_unsynced)
		j->sync_due_ms = clock_mono_ms() + SYNC_MS;
	j->is_unsynced = true;
}

void
journal_commit(struct journal *j)
{
	append(j);
	if (!j->is_unsynced || j->is_degraded)
		return;
	if (fdatasync(j->fd) == -1)
		degrade(j, "sync " RECORDING_JOURNAL);
	else if (j->is_new && fsync(j->dirfd) == -1)
		degrade(j, "sync the directory");
	j->is_new = j->is_unsynced = false;
}

int64_t
journal_commit_soon(struct journal *j)
{
	append(j);
	if (j->is_unsynced && clock_mono_ms() >= j->sync_due_ms)
		journal_commit(j);
	return j->is_unsynced && !j->is_degraded ? j->sync_due_ms : INT64_MAX;
}
