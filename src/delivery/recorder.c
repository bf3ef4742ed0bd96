#include "delivery/recorder.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"

enum { WATCHED_MS = 10 * 1000, LOOK_MS = 250 };

static int
stat_artifact(const struct recording *rec, const struct artifact *a,
    struct stat *st)
{
	return fstatat(rec->dirfd, a->path, st, AT_SYMLINK_NOFOLLOW);
}

static int
watch_file(const struct recording *rec, const struct artifact *a, struct err *e)
{
	int64_t now_ms = clock_mono_ms();
	int64_t end_ms = now_ms + WATCHED_MS;
	struct stat st;

	log_info("%s: a process has it open for writing; watching it for %d s",
	    a->path, WATCHED_MS / 1000);
	for (; now_ms < end_ms && stop_check(e) == 0;
	     now_ms = clock_mono_ms()) {
		stop_sleep_until(now_ms + LOOK_MS);
		if (stat_artifact(rec, a, &st) == -1 ||
		    file_stamp(&st) != a->stamp)
			return err_set(e, ERR_BUSY,
			    "%s: still being recorded; deliver it once the "
			    "recording has ended",
			    a->path);
	}
	if (stop_check(e) == -1)
		return -1;
	log_warn("%s: a process still has it open for writing, but nothing was "
		 "written for %d s; delivering it",
	    a->path, WATCHED_MS / 1000);
	return 0;
}

int
recorder_await(struct openfiles *open_files, const struct recording *rec,
    struct err *e)
{
	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		struct stat st;

		if (a->is_media && stat_artifact(rec, a, &st) == 0 &&
		    openfiles_mode(open_files, &st) == OPEN_WRITING &&
		    watch_file(rec, a, e) == -1)
			return -1;
	}
	return 0;
}
