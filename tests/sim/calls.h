#ifndef SIM_CALLS_H
#define SIM_CALLS_H

#include <dirent.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* What ld's --wrap calls __wrap_, and libc's own as __real_. */

int __wrap_open64(const char *path, int flags, ...);
int __wrap_openat64(int dirfd, const char *path, int flags, ...);
int __wrap___open64_2(const char *path, int flags);
int __wrap___openat64_2(int dirfd, const char *path, int flags);
long __wrap_syscall(long number, ...);
int __wrap_close(int fd);
int __real_close(int fd);
int __wrap_fstat64(int fd, struct stat *st);
int __real_fstat64(int fd, struct stat *st);
int __wrap_fstatat64(int dirfd, const char *path, struct stat *st, int flags);
int __wrap_stat64(const char *path, struct stat *st);
int __wrap_statx(int dirfd, const char *path, int flags, unsigned mask,
    struct statx *stx);
int __wrap_fstatvfs64(int fd, struct statvfs *vfs);
int __wrap_faccessat(int dirfd, const char *path, int mode, int flags);
char *__wrap_realpath(const char *path, char *resolved);
ssize_t __wrap_pread64(int fd, void *to, size_t len, off_t offset);
ssize_t __real_pread64(int fd, void *to, size_t len, off_t offset);
ssize_t __wrap_read(int fd, void *to, size_t len);
ssize_t __real_read(int fd, void *to, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __real_write(int fd, const void *data, size_t len);
off_t __wrap_lseek64(int fd, off_t offset, int whence);
off_t __real_lseek64(int fd, off_t offset, int whence);
int __wrap_ftruncate64(int fd, off_t size);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_futimens(int fd, const struct timespec times[2]);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fchown(int fd, uid_t owner, gid_t group);
int __wrap_fcntl64(int fd, int command, ...);
int __wrap_flock(int fd, int how);
int __wrap_unlinkat(int dirfd, const char *path, int flags);
int __wrap_renameat2(int from, const char *path, int to, const char *new_path,
    unsigned flags);
int __wrap_renameat(int from, const char *path, int to, const char *new_path);
int __wrap_mkdirat(int dirfd, const char *path, mode_t mode);
DIR *__wrap_fdopendir(int fd);
DIR *__wrap_opendir(const char *path);
int __wrap_dirfd(DIR *dir);
struct dirent *__wrap_readdir64(DIR *dir);
int __wrap_closedir(DIR *dir);

int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __real_clock_gettime(clockid_t id, struct timespec *ts);
ssize_t __wrap_getrandom(void *to, size_t len, unsigned flags);
int __wrap_gethostname(char *to, size_t len);
pid_t __wrap_getpid(void);
uid_t __wrap_geteuid(void);
int __wrap_kill(pid_t pid, int number);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);

#endif
