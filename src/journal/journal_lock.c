#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/mem.h"
#include "journal/journal_internal.h"
#include "recording/recording.h"

int
journal_open_file(int dirfd, int flags)
{
	int fd;

	do
		fd = openat(dirfd, RECORDING_JOURNAL,
		    flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
		    0640);
	while (fd == -1 && errno == EINTR);
	return fd;
}

static enum lock
lock_outcome(int result)
{
	if (result == 0)
		return LOCK_OURS;
	switch (errno) {
	case EAGAIN:
	case EACCES:
		return LOCK_BUSY;
	case EBADF: /* NFS: a directory cannot be opened for writing */
	case EINVAL:
	case ENOLCK:
	case ENOSYS:
	case EOPNOTSUPP:
		return LOCK_NONE;
	default:
		return LOCK_FAILED;
	}
}

enum lock
journal_lock_directory(const struct journal *j)
{
	return lock_outcome(flock(j->dirfd, LOCK_EX | LOCK_NB));
}

/*
 * Bytes beyond those that a run locks.  A process locks the first to ask the
 * run to end; a run locks the second to declare that it does so.
 */
static const off_t WISH_BYTE = INT64_C(1) << 62;
static const off_t AHEAD_BYTE = (INT64_C(1) << 62) + 1;

enum lock
journal_lock_file(const struct journal *j)
{
	struct flock lock = {
		.l_type = j->is_degraded ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
		.l_len = WISH_BYTE,
	};

	if (j->fd == -1)
		return LOCK_NONE;
	return lock_outcome(fcntl(j->fd, F_OFD_SETLK, &lock));
}

/* Locks one of these bytes. */
static struct flock
lock_of(off_t byte)
{
	return (struct flock){
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};
}

static bool
is_taken(const struct journal *j, off_t byte)
{
	struct flock lock = lock_of(byte);

	return j->fd != -1 && fcntl(j->fd, F_OFD_GETLK, &lock) == 0 &&
	    lock.l_type != F_UNLCK;
}

bool
journal_is_wanted(const struct journal *j)
{
	return is_taken(j, WISH_BYTE);
}

bool
journal_may_be_had(const struct journal *j)
{
	return is_taken(j, AHEAD_BYTE);
}

void
journal_offer(const struct journal *j)
{
	const struct flock lock = lock_of(AHEAD_BYTE);

	if (j->fd != -1)
		(void)fcntl(j->fd, F_OFD_SETLK, &lock);
}

int
journal_want(int dirfd)
{
	const struct flock lock = lock_of(WISH_BYTE);
	int fd = journal_open_file(dirfd, O_RDWR);

	if (fd != -1)
		(void)fcntl(fd, F_OFD_SETLK, &lock);
	return fd;
}

static int
refuse_lockless(struct err *e)
{
	return err_set(e, ERR_CONFIG,
	    "this file system has no locks (%s), so two runs could deliver "
	    "a recording twice; if only this host delivers, set locking = no",
	    strerror(errno));
}

/* NFS has no unnamed files. */
static int
open_scratch(int dirfd)
{
	static const char name[] = RECORDING_JOURNAL "-lock-test";
	int fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd != -1)
		return fd;
	fd = openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd != -1)
		(void)unlinkat(dirfd, name, 0);
	return fd;
}

int
journal_try_locks(int dirfd, struct err *e)
{
	autoclose int fd = open_scratch(dirfd);
	const struct journal j = { .fd = fd, .dirfd = dirfd };

	if (fd == -1)
		return err_sys(e, "create a file");
	switch (journal_lock_file(&j)) {
	case LOCK_NONE:
		return refuse_lockless(e);
	case LOCK_FAILED:
		return err_sys(e, "lock a file");
	default:
		return 0;
	}
}

int
journal_lock_both(struct journal *j, bool locking, struct err *e)
{
	enum lock file = journal_lock_file(j);

	if (file == LOCK_BUSY)
		return LOCK_BUSY;
	if (file == LOCK_FAILED)
		return err_sys(e, "lock %s", RECORDING_JOURNAL);
	if (file == LOCK_OURS || !locking ||
	    (j->fd == -1 && j->is_directory_locked))
		return LOCK_OURS;
	return refuse_lockless(e);
}

int
journal_is_in_place(const struct journal *j, struct err *e)
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

int
journal_check(const struct journal *j, struct err *e)
{
	struct err ignored;

	if (j->fd == -1 ||
	    (!j->is_lost && journal_is_in_place(j, &ignored) != 0))
		return 0;
	return err_set(e, ERR_BUSY,
	    "%s was removed or taken over while this run worked",
	    RECORDING_JOURNAL);
}
