/*
 * A journal that anyone may have written: the directory can be open to others.
 * Nothing in it may enter a path at the server that could not come from us, and
 * a torn end must not affect the lines before it.  Compacted, or with blanks,
 * which only jansson reads, it means the same.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "journal/journal.h"
#include "recording/identity.h"
#include "recording/recording.h"

static void
check_identity(const struct progress *p)
{
	struct err e;

	must(!p->session ||
	    identity_check_segment("session", p->session, &e) == 0);
	must(!p->room || identity_check_segment("room", p->room, &e) == 0);
	if (p->state == REC_NEW)
		return;
	must(p->session && p->room && p->meeting_id);
	must(fuzz_is_id(p->meeting_id));
}

/* The complete lines are still there, followed by one of ours. */
static void
check_file(int dirfd, const char *data, size_t len)
{
	autobuf struct buf now = { 0 };
	autoclose int fd = openat(dirfd, RECORDING_JOURNAL, O_RDONLY);
	const char *last = len ? memrchr(data, '\n', len) : NULL;
	size_t whole = last ? (size_t)(last + 1 - data) : 0;

	must(fd != -1 && file_read_all(fd, &now) == 0);
	must(now.len > whole && memcmp(buf_str(&now), data, whole) == 0);
	must(memchr(now.data + whole, '\n', now.len - whole) ==
	    now.data + now.len - 1);
}

static bool
replay_line(void *progress, const struct buf *line)
{
	must(memchr(line->data, '\n', line->len) == line->data + line->len - 1);
	must(event_replay(NULL, progress, line->data, line->len - 1));
	return true;
}

/* Its compact form is the same progress. */
static void
check_compact(const struct progress *p, const char *dump)
{
	autobuf struct buf now = { 0 };
	struct progress compact = { 0 };

	must(progress_compact(p, replay_line, &compact));
	fuzz_dump_progress(&compact, &now);
	must(strcmp(dump, now.data) == 0);
	progress_free(&compact);
}

static void
replay_both(const char *line, size_t len, struct progress *plain,
    struct progress *tree)
{
	autobuf struct buf spaced = { 0 };

	(void)buf_add(&spaced, " ", 1);
	(void)buf_add(&spaced, line, len);
	must(event_replay(NULL, plain, line, len) ==
	    event_replay(NULL, tree, spaced.data, spaced.len));
}

static void
check_readers(const char *data, size_t len)
{
	struct progress plain = { 0 }, tree = { 0 };
	autobuf struct buf is = { 0 }, was = { 0 };
	const char *end;

	while ((end = memchr(data, '\n', len)) != NULL) {
		replay_both(data, (size_t)(end - data), &plain, &tree);
		len -= (size_t)(end + 1 - data);
		data = end + 1;
	}
	fuzz_dump_progress(&plain, &is);
	fuzz_dump_progress(&tree, &was);
	must(strcmp(is.data, was.data) == 0);
	progress_free(&plain);
	progress_free(&tree);
}

static void
run(const char *data, size_t len)
{
	autoclose int dirfd = open(fuzz_scratch(), O_RDONLY | O_DIRECTORY);
	autobuf struct buf before = { 0 }, after = { 0 };
	struct journal j;
	struct err e = { 0 };

	check_readers(data, len);
	fuzz_scratch_file(RECORDING_JOURNAL, data, len);
	must(journal_open(&j, dirfd, ".", true, &e) == 0);
	check_identity(&j.progress);
	journal_note(&j,
	    (struct event){ .kind = EVENT_ABSENT, .path = "\xff%\n" });
	journal_commit(&j);
	must(!j.is_degraded);
	fuzz_dump_progress(&j.progress, &before);
	journal_close(&j);
	check_file(dirfd, data, len);

	must(journal_open(&j, dirfd, ".", true, &e) == 0);
	fuzz_dump_progress(&j.progress, &after);
	must(strcmp(before.data, after.data) == 0);
	check_compact(&j.progress, after.data);
	journal_close(&j);
}

const struct fuzz_target fuzz_journal = { "journal", run };
