#include "journal/journal_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/text.h"
#include "recording/recording.h"

enum {
	OPEN_TRIES = 10,
	CHUNK_BYTES = 64 * 1024,
	SYNC_MS = 100,
	GIVE_WAY_MS = 3000, /* longer than a run that sends ahead needs */
	GIVE_WAY_STEP_MS = 20,
	MOST_RUBBISH = 1000 * 1000, /* invalid lines, since they take time */
};

static void
degrade(struct journal *j, const char *what)
{
	struct err e;

	(void)err_sys(&e, "%s", what);
	log_warn("the journal cannot be written (%s); continuing without it; "
		 "the next run will ask the server what it has",
	    e.text);
	j->is_degraded = true;
}

/*
 * A write failed.  A full disk does not affect the lock; an NFS server that has
 * passed the lock to another client answers EIO, and that client may write.
 */
static void
fail_write(struct journal *j, const char *what)
{
	struct stat st;
	int number = errno;

	j->is_lost = journal_lock_file(j) == LOCK_BUSY ||
	    fstat(j->fd, &st) == -1 ||
	    st.st_size > j->size + (int64_t)j->pending.len;
	errno = number;
	degrade(j, what);
}

/* The name is taken by something else, which must not be ignored. */
static bool
is_foreign(int number)
{
	return number == ELOOP || number == EISDIR || number == ENXIO;
}

static int
refuse(const struct journal *j, const char *why, struct err *e)
{
	autofree char *here = xasprintf("%s/" RECORDING_JOURNAL, j->path);
	autofree char *away = xasprintf("%s.bad", here);
	autofree char *from = text_shell_word(here);
	autofree char *to = text_shell_word(away);
	autofree char *hint = xasprintf("move it away: mv %s %s", from, to);

	(void)err_set(e, ERR_PERMANENT, RECORDING_JOURNAL " is %s", why);
	return err_hint(e, hint);
}

/* It could not be opened. */
static int
refuse_unopened(const struct journal *j, struct err *e)
{
	return is_foreign(errno) ? refuse(j, "not a regular file", e)
				 : err_sys(e, "%s", RECORDING_JOURNAL);
}

static int
check_file(struct journal *j, struct err *e)
{
	struct stat st, directory;

	if (fstat(j->fd, &st) == -1)
		return err_sys(e, "%s", RECORDING_JOURNAL);
	if (!S_ISREG(st.st_mode))
		return refuse(j, "not a regular file", e);
	/*
	 * Through a hard link, its creator could make us write to another
	 * user's file.
	 */
	if (st.st_nlink > 1 &&
	    (fstat(j->dirfd, &directory) == -1 ||
		directory.st_uid != st.st_uid))
		return refuse(j, "a hard link to another user's file", e);
	/* Its creator may have died before its name was on disk. */
	j->is_new = true;
	if (st.st_size == 0 && !j->is_degraded)
		(void)fchmod(j->fd, 0640);
	return 0;
}

/* 0 also without a file when none can be created. */
static int
open_file(struct journal *j, struct err *e)
{
	j->fd = journal_open_file(j->dirfd, O_RDWR | O_CREAT | O_APPEND);
	if (j->fd == -1 && !is_foreign(errno) && errno != ENOENT) {
		degrade(j, RECORDING_JOURNAL);
		j->fd = journal_open_file(j->dirfd, O_RDONLY);
		if (j->fd == -1)
			return 0;
	}
	if (j->fd == -1)
		return refuse_unopened(j, e);
	return check_file(j, e);
}

/* Only once: every line may be invalid. */
static void
warn_of_rubbish(struct journal *j)
{
	if (j->has_rubbish || j->is_peeking)
		return;
	j->has_rubbish = true;
	log_warn("%s: ignoring lines that are not events", RECORDING_JOURNAL);
}

/*
 * Replay the complete lines in b; bytes after the last newline stay.  Returns
 * the number of lines that are not events.
 */
static size_t
replay_lines(struct journal *j, struct buf *b)
{
	size_t done = 0, rubbish = 0;
	const char *newline;

	while (b->len > done &&
	    (newline = memchr(b->data + done, '\n', b->len - done)) != NULL) {
		size_t len = (size_t)(newline - (b->data + done));

		if (!event_replay(j->reader, &j->progress, b->data + done,
			len)) {
			warn_of_rubbish(j);
			rubbish++;
		}
		done += len + 1;
	}
	buf_drop(b, done);
	return rubbish;
}

/* The offset after the last complete line, or -1 with *e. */
static off_t
replay(struct journal *j, struct err *e)
{
	autobuf struct buf b = { .limit = JOURNAL_LINE_BYTES };
	autofree char *chunk = xmalloc(CHUNK_BYTES);
	off_t offset = 0;
	size_t rubbish = 0;

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
			    "%s is damaged: a line is too long",
			    RECORDING_JOURNAL);
		rubbish += replay_lines(j, &b);
		if (rubbish > MOST_RUBBISH)
			return err_set(e, ERR_PERMANENT,
			    "%s is damaged: it has more than %d lines that are "
			    "not events",
			    RECORDING_JOURNAL, MOST_RUBBISH);
	}
}

static int
set_busy(const struct journal *j, struct err *e)
{
	const struct progress *p = &j->progress;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	/* The kernel reports our own kind of locks without a process. */
	if (j->fd != -1 && fcntl(j->fd, F_OFD_GETLK, &lock) == 0 &&
	    lock.l_type != F_UNLCK && lock.l_pid > 0)
		return err_set(e, ERR_BUSY,
		    "another program, process %lld, has locked %s; "
		    "run again once it has ended",
		    (long long)lock.l_pid, RECORDING_JOURNAL);
	if (p->host == NULL || !p->is_running)
		return err_set(e, ERR_BUSY,
		    "another process is working on this recording");
	return err_set(e, ERR_BUSY,
	    "process %lld on %s is working on this recording",
	    (long long)p->pid, p->host);
}

/* A process that has locked only the directory may have no journal. */
static int
name_holder(struct journal *j, struct err *e)
{
	if (j->fd == -1)
		j->fd = journal_open_file(j->dirfd, O_RDONLY);
	if (j->fd != -1)
		(void)replay(j, e);
	return set_busy(j, e);
}

static int
load(struct journal *j, struct err *e)
{
	off_t end = replay(j, e);

	j->is_damaged = end == -1 && e->class == ERR_PERMANENT;
	if (end == -1)
		return -1;
	/* The next event must not be appended to an incomplete line. */
	if (!j->is_degraded && lseek(j->fd, 0, SEEK_END) > end &&
	    ftruncate(j->fd, end) == -1)
		degrade(j, "drop a torn line");
	j->size = end;
	j->has_history = j->progress.has_events;
	j->was_cut_off = j->progress.is_running;
	journal_compact(j);
	return 0;
}

int
journal_open_free(struct journal *j, int dirfd, const char *path, bool locking,
    struct err *e)
{
	enum lock directory;

	*j = (struct journal){ .fd = -1, .dirfd = dirfd, .path = path };
	directory = journal_lock_directory(j);
	if (directory == LOCK_BUSY)
		return name_holder(j, e);
	if (directory == LOCK_FAILED)
		return err_sys(e, "lock the directory");
	j->is_directory_locked = directory == LOCK_OURS;
	for (int i = 0; i < OPEN_TRIES && stop_check(e) == 0; i++) {
		int locked, in_place;

		if (open_file(j, e) == -1)
			return -1;
		locked = journal_lock_both(j, locking, e);
		if (locked == LOCK_BUSY)
			return name_holder(j, e);
		if (locked == -1 || j->fd == -1)
			return locked;
		in_place = journal_is_in_place(j, e);
		if (in_place != 0)
			return in_place == 1 ? load(j, e) : -1;
		/* Its last holder has removed it. */
		mem_close(&j->fd);
		j->fd = -1;
	}
	return stop_check(e) == -1
	    ? -1
	    : err_set(e, ERR_TEMPORARY, "%s keeps being replaced",
		  RECORDING_JOURNAL);
}

int
journal_open(struct journal *j, int dirfd, const char *path, bool locking,
    struct err *e)
{
	int64_t until_ms = clock_mono_ms() + GIVE_WAY_MS;
	int result = journal_open_free(j, dirfd, path, locking, e);
	autoclose int wish =
	    result == -1 && journal_may_be_had(j) ? journal_want(dirfd) : -1;

	while (wish != -1 && result == -1 && e->class == ERR_BUSY &&
	    clock_mono_ms() < until_ms) {
		journal_close(j);
		(void)poll(NULL, 0, GIVE_WAY_STEP_MS);
		result = journal_open_free(j, dirfd, path, locking, e);
	}
	return result;
}

/* Is the file locked by anybody, even if we could not lock it? */
static bool
is_locked(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* -1: there is no progress.  JOURNAL_BUSY: *e names the holder. */
static int
peek(struct journal *j, struct err *e)
{
	autoclose int fd = journal_open_file(j->dirfd, O_RDONLY);
	struct stat st;
	bool is_busy;
	off_t end;

	if (fd == -1 && errno == ENOENT)
		return JOURNAL_ABSENT;
	if (fd == -1 || fstat(fd, &st) == -1)
		return refuse_unopened(j, e);
	if (!S_ISREG(st.st_mode))
		return refuse(j, "not a regular file", e);
	j->fd = fd;
	end = replay(j, e);
	is_busy = end != -1 && is_locked(fd) && set_busy(j, e) == -1;
	j->fd = -1;
	if (end != -1)
		return is_busy ? JOURNAL_BUSY : JOURNAL_FREE;
	j->is_damaged = e->class == ERR_PERMANENT;
	progress_free(&j->progress);
	return -1;
}

int
journal_peek(int dirfd, const char *path, struct progress *p, struct err *e)
{
	struct journal j = {
		.fd = -1,
		.dirfd = dirfd,
		.path = path,
		.is_peeking = true,
	};
	int found = peek(&j, e);

	*p = j.progress;
	return found;
}

int
journal_look(struct journal *j, int dirfd, const char *path,
    const struct event_reader *reader, struct err *e)
{
	int found;

	*j = (struct journal){
		.fd = -1,
		.dirfd = dirfd,
		.path = path,
		.is_degraded = true,
		.is_peeking = true,
		.reader = reader,
	};
	found = peek(j, e);
	j->has_history = j->progress.has_events;
	j->was_cut_off = j->progress.is_running;
	return found == -1 || found == JOURNAL_BUSY ? -1 : 0;
}

void
journal_close(struct journal *j)
{
	journal_commit(j);
	buf_free(&j->pending);
	progress_free(&j->progress);
	mem_close(&j->fd);
	j->fd = -1;
	if (j->is_directory_locked)
		(void)flock(j->dirfd, LOCK_UN);
	j->is_directory_locked = false;
}

int
journal_clear(struct journal *j, struct err *e)
{
	if (j->is_degraded)
		return err_set(e, ERR_PERMANENT, "%s cannot be written",
		    RECORDING_JOURNAL);
	if (ftruncate(j->fd, 0) == -1 || fsync(j->fd) == -1)
		return err_sys(e, "clear %s", RECORDING_JOURNAL);
	(void)unlinkat(j->dirfd, RECORDING_JOURNAL_NEW, 0);
	buf_free(&j->pending);
	progress_free(&j->progress);
	j->size = 0;
	j->is_new = true;
	j->is_damaged = false;
	return 0;
}

void
journal_note(struct journal *j, struct event ev)
{
	ev.at_ms = clock_unix_ms();
	/*
	 * Format first: ev's texts may belong to the progress, which may free
	 * them.
	 */
	if (!j->is_degraded)
		event_format(&ev, &j->pending);
	progress_apply(&j->progress, &ev);
}

/* Write what is pending to the kernel. */
static void
append(struct journal *j)
{
	if (j->pending.len == 0 || j->is_degraded)
		return;
	if (file_write_all(j->fd, j->pending.data, j->pending.len) == -1)
		fail_write(j, "append to " RECORDING_JOURNAL);
	j->size += (int64_t)j->pending.len;
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
		fail_write(j, "sync " RECORDING_JOURNAL);
	else if (j->is_new && fsync(j->dirfd) == -1)
		fail_write(j, "sync the directory");
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
