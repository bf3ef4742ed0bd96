#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "archive/bundle_internal.h"
#include "base/child.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/owned.h"
#include "io/archive.h"
#include "io/digest.h"
#include "recording/identity.h"
#include "sweep/visit.h"

/* --- names ---------------------------------------------------------------- */

enum { HASH_CHARACTERS = 12 };

char *
bundle_name(const char *prefix, const char *stem, const char *suffix)
{
	size_t room = NAME_MAX - strlen(prefix) - strlen(suffix);
	size_t kept = room - HASH_CHARACTERS - 1;
	char hex[DIGEST_HEX_BYTES];

	if (strlen(stem) <= room)
		return xasprintf("%s%s%s", prefix, stem, suffix);
	digest_once(stem, strlen(stem), hex);
	/* Not within a character: some file systems accept only UTF-8. */
	while (kept > 0 && ((unsigned char)stem[kept] & 0xc0) == 0x80)
		kept--;
	return xasprintf("%s%.*s~%.*s%s", prefix, (int)kept, stem,
	    HASH_CHARACTERS, hex, suffix);
}

/* --- the archive ---------------------------------------------------------- */

static int
open_archive(struct bundle *b, int64_t ratio, struct err *e)
{
	const struct archive_limits limits = {
		.entries = BUNDLE_MAX_ENTRIES,
		.ratio = ratio,
	};
	const char *path = b->archive;
	struct stat st;

	b->archive_fd = owned_open_file(path, O_RDONLY, 0);
	if (b->archive_fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_NO_INPUT, "%s: no such archive", path);
	if (b->archive_fd == -1 && errno == EMLINK)
		return err_set(e, ERR_PERMANENT,
		    "%s is not a regular file without hard links", path);
	if (b->archive_fd == -1 || fstat(b->archive_fd, &st) == -1)
		return err_sys(e, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_NO_INPUT,
		    "%s is neither a directory nor a file", path);
	/* The folder's lock ends with its child, before it is renamed. */
	if (flock(b->archive_fd, LOCK_EX | LOCK_NB) == -1 &&
	    errno == EWOULDBLOCK)
		return err_set(e, ERR_BUSY,
		    "another process is working on this archive");
	/* The same for the same archive, wherever it is unpacked. */
	b->archive_id = xasprintf("%s:%" PRId64 ":%" PRId64, basename(path),
	    (int64_t)st.st_size, file_mtime_ns(&st));
	b->hidden =
	    bundle_name(".", basename(path), b->is_dry_run ? ".dry" : ".new");
	b->reader = bundle_reader_start(b->archive_fd, &limits,
	    b->pipeline->recording.confine, e);
	return b->reader ? 0 : -1;
}

/* --- the place ------------------------------------------------------------ */

static bool
enter(struct bundle *b, const char *parent)
{
	bool is_writable;

	mem_close(&b->parentfd);
	mem_replace(&b->parent, parent);
	b->parentfd = owned_open(parent, O_RDONLY | O_DIRECTORY);
	if (b->parentfd == -1)
		return false;
	owned_become(b->parentfd);
	is_writable = faccessat(b->parentfd, ".", W_OK | X_OK, AT_EACCESS) == 0;
	owned_leave();
	return is_writable;
}

/* Beside the archive, otherwise in the work-dir. */
static int
find_place(struct bundle *b, const char *work_dir, struct err *e)
{
	autofree char *beside = file_parent(b->archive);

	if (enter(b, beside) || (work_dir && *work_dir && enter(b, work_dir)))
		return 0;
	return err_set(e, ERR_CONFIG,
	    "%s is not writable, so the archive cannot be unpacked: %s",
	    b->parent,
	    work_dir && *work_dir ? "set another work-dir" : "set work-dir");
}

/* --- unpacking, in a process of its own ----------------------------------- */

/* Anyone else who can write there could forge what is delivered. */
static bool
is_private(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 022) == 0;
}

static bool
is_unpacked_from(int parentfd, const char *name, const char *archive_id)
{
	autoclose int fd =
	    file_open_beneath(parentfd, name, O_RDONLY | O_DIRECTORY);
	struct progress p = { 0 };
	struct err ignored;
	bool is_it;

	if (fd == -1 || !is_private(fd) ||
	    journal_peek(fd, name, &p, &ignored) == -1)
		return false;
	is_it = p.archive && strcmp(p.archive, archive_id) == 0;
	progress_free(&p);
	return is_it;
}

/* An earlier run may have unpacked it, under any session's name. */
static bool
find_unpacked(struct bundle *b)
{
	autoclosedir DIR *dir = file_open_folder(b->parentfd, ".");
	const char *name;

	while (dir && b->directory == NULL && (name = file_next_name(dir)))
		if (*name != '.' &&
		    is_unpacked_from(dirfd(dir), name, b->archive_id))
			b->directory = xstrdup(name);
	return b->directory != NULL;
}

static int
refuse_hidden(const struct bundle *b, struct err *e)
{
	autofree char *path = xasprintf("%s/%s", b->parent, b->hidden);
	autofree char *word = text_shell_word(path);

	return err_set(e, ERR_PERMANENT,
	    "%s can be changed by other users; remove it: rm -r %s", path,
	    word);
}

/* The lock is an empty journal.  0 without a folder. */
static int
open_hidden(struct bundle *b, bool may_create, int *fd, struct journal *lock,
    struct err *e)
{
	if (may_create && mkdirat(b->parentfd, b->hidden, 0700) == -1 &&
	    errno != EEXIST)
		return err_sys(e, "create %s/%s", b->parent, b->hidden);
	*fd = openat(b->parentfd, b->hidden,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd == -1 && errno == ENOENT && !may_create)
		return 0;
	if (*fd == -1)
		return err_sys(e, "open %s/%s", b->parent, b->hidden);
	if (!is_private(*fd))
		return refuse_hidden(b, e);
	return journal_open(lock, *fd, b->hidden,
	    b->pipeline->recording.locking, e);
}

static int
unpack(struct bundle *b, int fd, struct err *e)
{
	const char *name = basename(b->archive);
	autofree char *stem = xstrdup(name);
	autofree char *root = NULL;
	size_t stem_len;
	struct manifest_head head = { 0 };
	autoclose int newfd = -1;
	int result;

	(void)archive_type_of(name, &stem_len);
	stem[stem_len] = '\0';
	log_info("%s: unpacking into %s/%s", b->archive, b->parent, b->hidden);
	if (file_remove_tree(fd, BUNDLE_NEW) == -1 ||
	    mkdirat(fd, BUNDLE_NEW, 0700) == -1 ||
	    (newfd = file_open_beneath(fd, BUNDLE_NEW,
		 O_RDONLY | O_DIRECTORY)) == -1)
		return err_sys(e, "create %s/%s/" BUNDLE_NEW, b->parent,
		    b->hidden);
	result = bundle_unpack(b->reader, newfd, &root, &head, e);
	b->session = xstrdup(b->wish ? b->wish
		: head.session       ? head.session
				     : stem);
	if (result == 0)
		result = identity_check_segment("session", b->session, e);
	if (result == 0 && strlen(b->session) > NAME_MAX) {
		errno = ENAMETOOLONG;
		result = err_sys(e, "create %s/%s", b->parent, b->session);
	}
	if (result == 0)
		result = bundle_prepare(b, fd, &head, root, e);
	manifest_head_free(&head);
	return result;
}

/* The result of unpacking. */
struct report {
	struct err err;
	int64_t is_found; /* unpacked by an earlier run */
	int64_t has_hidden;
	char directory[2048]; /* below parent */
	char session[NAME_MAX + 1];
};

_Static_assert(sizeof(struct report) <= PIPE_BUF, "a small report");

static void
fill_report(struct report *r, const struct bundle *b, int result)
{
	if (result == 0)
		r->err.class = ERR_NONE;
	if (result == 0 && strlen(b->directory) >= sizeof(r->directory))
		(void)err_set(&r->err, ERR_PERMANENT,
		    "the archive's folder names are too long");
	if (result == 0)
		(void)snprintf(r->directory, sizeof(r->directory), "%s",
		    b->directory);
	if (b->session != NULL)
		(void)snprintf(r->session, sizeof(r->session), "%s",
		    b->session);
}

static void
work(const void *ctx, int fd)
{
	struct bundle b = *(const struct bundle *)ctx;
	const struct confine_policy *policy = b.pipeline->recording.confine;
	const struct confine_policy confine = {
		.is_on = policy->is_on,
		.is_offline = true,
	};
	struct journal lock = { .fd = -1 };
	autoclose int hiddenfd = -1;
	struct report r = { 0 };
	int result = bundle_become_owner(&b, &r.err);

	confine_directory(&confine, b.parentfd);
	r.is_found = result == 0 && find_unpacked(&b);
	if (result == 0)
		result = open_hidden(&b, !r.is_found, &hiddenfd, &lock, &r.err);
	r.has_hidden = result == 0 && hiddenfd != -1;
	if (result == 0 && !r.is_found) {
		confine_directory(&confine, hiddenfd);
		result = unpack(&b, hiddenfd, &r.err);
	}
	fill_report(&r, &b, result);
	(void)file_write_all(fd, &r, sizeof(r));
}

static bool
is_valid(const struct bundle *b, const struct report *r)
{
	size_t len = strlen(b->hidden);
	autofree char *clean = NULL;
	struct err ignored;

	if (!err_is_valid(&r->err) ||
	    memchr(r->directory, '\0', sizeof(r->directory)) == NULL ||
	    memchr(r->session, '\0', sizeof(r->session)) == NULL)
		return false;
	if (r->err.class != ERR_NONE)
		return true;
	clean = archive_clean_path(r->directory);
	if (clean == NULL || strcmp(clean, r->directory) != 0 || !*clean)
		return false;
	return r->is_found
	    ? strchr(clean, '/') == NULL
	    : strncmp(clean, b->hidden, len) == 0 && clean[len] == '/' &&
		identity_check_segment("session", r->session, &ignored) == 0;
}

/* --- the whole ------------------------------------------------------------ */

static void
remove_hidden(struct bundle *b)
{
	int result;

	if (!b->has_hidden)
		return;
	b->has_hidden = false;
	owned_become(b->parentfd);
	result = file_remove_tree(b->parentfd, b->hidden);
	owned_leave();
	if (result == -1)
		log_warn("%s/%s cannot be removed: %s", b->parent, b->hidden,
		    strerror(errno));
}

static int
unpack_or_find(struct bundle *b, struct err *e)
{
	struct report r;
	int result = child_run(work, b, &r, sizeof(r), e);

	if (result == 0 && !is_valid(b, &r))
		return err_set(e, ERR_TEMPORARY,
		    "the process that unpacks it sent an invalid report");
	if (result == -1)
		return -1;
	b->has_hidden = r.has_hidden;
	*e = r.err;
	if (e->class != ERR_NONE)
		return -1;
	mem_replace(&b->directory, r.directory);
	if (r.is_found)
		return 0;
	mem_replace(&b->session, r.session);
	return b->is_dry_run ? 0 : bundle_settle(b, e);
}

int
bundle_open(struct bundle *b, const struct attempt_request *request,
    const struct bundle_policy *policy, const struct pipeline_policy *pipeline,
    struct err *e)
{
	int result;

	*b = (struct bundle){
		.archive = request->directory,
		.pipeline = pipeline,
		.wish = request->session,
		.is_dry_run = request->is_dry_run,
		.archive_fd = -1,
		.parentfd = -1,
	};
	if (identity_check_arguments(request->room, request->session,
		request->meeting_id, e) == -1 ||
	    open_archive(b, policy->unpack_ratio, e) == -1)
		return -1;
	result = find_place(b, policy->work_dir, e);
	if (result == 0)
		result = unpack_or_find(b, e);
	bundle_reader_free(steal(&b->reader));
	if (result == -1 || !b->is_dry_run)
		remove_hidden(b);
	(void)flock(b->archive_fd, LOCK_UN);
	return result == -1 ? err_wrap(e, "%s", b->archive) : 0;
}

void
bundle_end(struct bundle *b, enum err_class how)
{
	const struct removal removal = {
		.pipeline = b->pipeline,
		.proof = REMOVAL_NONE,
		.rootfd = b->parentfd,
		.root = b->parent,
		.name = b->directory,
		.archive = b->archive_id,
	};
	struct err e = { 0 };

	if (b->is_dry_run) {
		remove_hidden(b);
	} else if (how == ERR_NONE) {
		/* The archive still exists. */
		if (visit_remove(&removal, &e) != REMOVAL_DONE && *e.text)
			log_info("%s remains unpacked in %s/%s: %s", b->archive,
			    b->parent, b->directory, e.text);
	} else if (how != ERR_BUSY) {
		log_info("%s remains unpacked in %s/%s for the next run",
		    b->archive, b->parent, b->directory);
	}
}

void
bundle_close(struct bundle *b)
{
	bundle_reader_free(b->reader);
	mem_close(&b->parentfd);
	mem_close(&b->archive_fd);
	free(b->archive_id);
	free(b->parent);
	free(b->hidden);
	free(b->directory);
	free(b->session);
}
