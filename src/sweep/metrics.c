#include "sweep/metrics.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/owned.h"

static bool
is_undelivered(enum verdict verdict)
{
	return verdict == VERDICT_DUE || verdict == VERDICT_WAITING ||
	    verdict == VERDICT_HELD || verdict == VERDICT_BUSY;
}

static void
on_found(void *ctx, struct finding *f)
{
	struct metrics *m = ctx;
	const struct finding_facts *facts = &f->facts;

	m->count[f->verdict]++;
	m->attempts += facts->attempts;
	m->ambiguous += facts->ambiguous;
	for (int c = 0; c < ERR_CLASSES; c++)
		m->failures[c] += facts->failed_runs[c];
	m->ahead_bytes += facts->ahead;
	if (facts->done_ms > m->success_ms) {
		m->success_ms = facts->done_ms;
		m->delay_ms =
		    facts->newest_ms > 0 && facts->newest_ms < facts->done_ms
		    ? facts->done_ms - facts->newest_ms
		    : 0;
	}
	if (!is_undelivered(f->verdict))
		return;
	m->undelivered_bytes += facts->undelivered;
	if (facts->newest_ms > 0 &&
	    (m->oldest_ms == 0 || facts->newest_ms < m->oldest_ms))
		m->oldest_ms = facts->newest_ms;
}

static void
add_disk(struct metrics *m, const char *root)
{
	struct statvfs vfs;
	uint64_t free_bytes, total;

	if (statvfs(root, &vfs) == -1 || vfs.f_blocks == 0)
		return;
	free_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	total = (uint64_t)vfs.f_blocks * vfs.f_frsize;
	if (m->total_bytes != 0 &&
	    (double)free_bytes / (double)total >
		(double)m->free_bytes / (double)m->total_bytes)
		return;
	m->free_bytes = free_bytes;
	m->total_bytes = total;
}

void
metrics_collect(struct metrics *m, const struct verdict_policy *policy,
    const struct recording_policy *recording, const struct text_list *roots)
{
	struct survey survey = {
		.policy = policy,
		.recording = recording,
		.is_deep = true,
	};
	struct err ignored;

	*m = (struct metrics){ 0 };
	(void)survey_roots(&survey, roots, on_found, m, &ignored);
	for (size_t i = 0; i < roots->n; i++)
		add_disk(m, roots->items[i]);
}

static void
add_head(struct buf *out, const char *name, const char *help)
{
	(void)buf_addf(out,
	    "# HELP jibri_finalize_%s %s\n# TYPE jibri_finalize_%s gauge\n",
	    name, help, name);
}

static void
add_gauge(struct buf *out, const char *name, const char *help, double value)
{
	add_head(out, name, help);
	(void)buf_addf(out, "jibri_finalize_%s %.15g\n", name, value);
}

static void
add_states(struct buf *out, const struct metrics *m)
{
	add_head(out, "recordings", "Recordings by state.");
	for (int v = 0; v < VERDICT_NONE; v++)
		(void)buf_addf(out,
		    "jibri_finalize_recordings{state=\"%s\"} %zu\n",
		    verdict_name((enum verdict)v), m->count[v]);
}

static void
add_failures(struct buf *out, const struct metrics *m)
{
	static const enum err_class shown[] = { ERR_TEMPORARY, ERR_PERMANENT,
		ERR_REFUSED, ERR_CONFIG };

	add_head(out, "failures", "Failed runs by class.");
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		(void)buf_addf(out,
		    "jibri_finalize_failures{class=\"%s\"} %" PRId64 "\n",
		    err_class_name(shown[i]), m->failures[shown[i]]);
}

void
metrics_format(const struct metrics *m, int64_t now_ms, struct buf *out)
{
	double age = m->oldest_ms > 0 && m->oldest_ms < now_ms
	    ? (double)(now_ms - m->oldest_ms) / 1000
	    : 0;

	add_states(out, m);
	add_gauge(out, "undelivered_bytes",
	    "Bytes of artifacts that are not stored yet.",
	    (double)m->undelivered_bytes);
	add_gauge(out, "oldest_undelivered_age_seconds",
	    "Age of the oldest recording that is not delivered.", age);
	add_gauge(out, "last_success_timestamp_seconds",
	    "When the last STOPPED was acknowledged.",
	    (double)m->success_ms / 1000);
	add_gauge(out, "last_success_delay_seconds",
	    "From its last write to that STOPPED.", (double)m->delay_ms / 1000);
	add_gauge(out, "sent_ahead_bytes",
	    "Bytes at the store of recordings that are still made.",
	    (double)m->ahead_bytes);
	add_gauge(out, "attempts", "Runs over all recordings.",
	    (double)m->attempts);
	add_failures(out, m);
	add_gauge(out, "ambiguous_repeats",
	    "Uploads repeated where the server could not be asked.",
	    (double)m->ambiguous);
	add_gauge(out, "last_sweep_timestamp_seconds",
	    "When the last sweep began.", (double)m->began_ms / 1000);
	add_gauge(out, "last_sweep_duration_seconds",
	    "How long the last sweep took.", (double)m->duration_ms / 1000);
	if (m->total_bytes == 0)
		return;
	add_gauge(out, "disk_free_bytes",
	    "Free bytes of the fullest recordings disk.",
	    (double)m->free_bytes);
	add_gauge(out, "disk_free_ratio", "The same as a part of its size.",
	    (double)m->free_bytes / (double)m->total_bytes);
}

/* A name of its own: two sweeps may end at once. */
static int
replace(int dirfd, const char *path, const struct buf *text, struct err *e)
{
	autofree char *stem = xasprintf(".%s", basename(path));
	autofree char *beside = NULL;
	autoclose int fd = file_make_temporary(dirfd, stem, &beside);

	if (fd == -1)
		return err_sys(e, "write %s", path);
	if (fchmod(fd, 0644) == 0 &&
	    file_write_all(fd, text->data, text->len) == 0 &&
	    renameat(dirfd, beside, dirfd, basename(path)) == 0)
		return 0;
	(void)err_sys(e, "write %s", path);
	(void)unlinkat(dirfd, beside, 0);
	return -1;
}

int
metrics_write(const struct metrics *m, const char *path, struct err *e)
{
	autobuf struct buf text = { 0 };
	autoclose int dirfd = -1;
	int result;

	metrics_format(m, clock_unix_ms(), &text);
	dirfd = owned_enter(path);
	if (dirfd == -1)
		return err_sys(e, "write %s", path);
	result = replace(dirfd, path, &text, e);
	owned_leave();
	return result;
}
