#include "sweep/pause.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/owned.h"
#include "io/json.h"

enum { MOST_BYTES = 4096 };

/* Otherwise anyone who can create a file there could stop all deliveries. */
static bool
counts(int rootfd, const struct stat *st)
{
	struct stat root;

	return S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	    fstat(rootfd, &root) == 0 &&
	    (st->st_uid == root.st_uid || st->st_uid == 0 ||
		st->st_uid == geteuid());
}

/* A file that is not ours is a pause without end. */
static void
parse(int fd, struct pause *p)
{
	autobuf struct buf text = { .limit = MOST_BYTES };
	autojson json_t *json = NULL;
	struct err ignored;

	*p = (struct pause){ 0 };
	if (file_read_all(fd, &text) == -1)
		return;
	json = json_parse(buf_str(&text), text.len, &ignored);
	p->until_ms = json_member_int(json, "until", 0);
	p->by = xstrdup(json_member_string(json, "by"));
}

static bool
read_pause(int rootfd, struct pause *p, struct stat *st)
{
	autoclose int fd = file_open_beneath(rootfd, PAUSE_FILE, O_RDONLY);

	if (fd == -1 || fstat(fd, st) == -1 || !counts(rootfd, st))
		return false;
	parse(fd, p);
	return true;
}

static bool
is_over(const struct pause *p)
{
	return p->until_ms > 0 && p->until_ms <= clock_unix_ms();
}

/* A new pause may have replaced it. */
static void
expire(int rootfd, const char *root, const struct stat *st)
{
	struct stat there;

	owned_become(rootfd);
	if (fstatat(rootfd, PAUSE_FILE, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    there.st_ino == st->st_ino && unlinkat(rootfd, PAUSE_FILE, 0) == 0)
		log_info("%s: the pause is over", root);
	owned_leave();
}

/* ending: the root whose pause is removed if it is over, or NULL. */
static bool
is_paused(int rootfd, const char *ending, struct pause *p)
{
	struct stat st;

	if (rootfd == -1 || !read_pause(rootfd, p, &st))
		return false;
	if (!is_over(p))
		return true;
	if (ending != NULL)
		expire(rootfd, ending, &st);
	pause_free(p);
	return false;
}

bool
pause_of_root(const char *root, struct pause *p)
{
	autoclose int fd = owned_open(root, O_RDONLY | O_DIRECTORY);

	return is_paused(fd, NULL, p);
}

bool
pause_of_sweep(const char *root, struct pause *p)
{
	autoclose int fd = owned_open(root, O_RDONLY | O_DIRECTORY);

	return is_paused(fd, root, p);
}

size_t
pause_count(const struct text_list *roots)
{
	size_t n = 0;

	for (size_t i = 0; i < roots->n; i++) {
		struct pause p = { 0 };

		n += pause_of_root(roots->items[i], &p);
		pause_free(&p);
	}
	return n;
}

bool
pause_above(const char *path, struct pause *p)
{
	autoclose int dirfd = owned_open(path, O_RDONLY | O_DIRECTORY);
	autofree char *parent = file_parent(path);
	autoclose int fd = dirfd == -1
	    ? owned_open(parent, O_RDONLY | O_DIRECTORY)
	    : openat(dirfd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return is_paused(fd, NULL, p);
}

void
pause_free(struct pause *p)
{
	free(p->by);
	*p = (struct pause){ 0 };
}

char *
pause_text(const struct pause *p)
{
	char until[CLOCK_TEXT_BYTES] = "resumed";

	if (p->until_ms > 0)
		clock_rfc3339(p->until_ms, until);
	return xasprintf("paused%s%s until %s", p->by ? " by " : "",
	    p->by ? p->by : "", until);
}

static int
open_root(const char *root, struct err *e)
{
	int fd = owned_open(root, O_RDONLY | O_DIRECTORY);

	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_NO_INPUT,
		    "%s: no such recordings directory", root);
	return fd == -1 ? err_sys(e, "open %s", root) : fd;
}

static int
write_pause(int rootfd, const struct pause *p)
{
	autojson json_t *json = json_pack("{s:I, s:s?}", "until",
	    (json_int_t)p->until_ms, "by", p->by);
	autofree char *text = json_dumps(json, JSON_COMPACT);
	autobuf struct buf line = { 0 };

	(void)buf_addf(&line, "%s\n", text);
	return file_replace(rootfd, PAUSE_FILE, 0644, &line);
}

int
pause_begin(const char *root, const struct pause *p, struct err *e)
{
	autoclose int fd = open_root(root, e);
	struct stat st;
	int result;

	if (fd == -1)
		return -1;
	if (geteuid() != 0 && fstat(fd, &st) == 0 && st.st_uid != geteuid())
		return err_set(e, ERR_PERMANENT,
		    "%s belongs to user %u, whose sweeps would ignore the "
		    "pause; "
		    "run it as that user, or as root",
		    root, st.st_uid);
	owned_become(fd);
	result = write_pause(fd, p);
	if (result == -1)
		(void)err_sys(e, "write %s/" PAUSE_FILE, root);
	owned_leave();
	return result;
}

int
pause_end(const char *root, bool *was, struct err *e)
{
	autoclose int fd = open_root(root, e);
	int result;

	if (fd == -1)
		return -1;
	owned_become(fd);
	result = unlinkat(fd, PAUSE_FILE, 0);
	*was = result == 0;
	if (result == -1 && errno == ENOENT)
		result = 0;
	if (result == -1)
		(void)err_sys(e, "remove %s/" PAUSE_FILE, root);
	owned_leave();
	return result;
}
