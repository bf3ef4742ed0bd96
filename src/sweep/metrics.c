#include "sweep/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/owned.h"
#include "sweep/pause.h"

enum { STATE_BYTES = 1024 * 1024 };

/* Do sweeps still try to deliver it? */
static bool
is_pending(enum verdict verdict)
{
	return verdict == VERDICT_DUE || verdict == VERDICT_WAITING ||
	    verdict == VERDICT_BUSY;
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
	counters_add(m->counters->now, &facts->counts);
	m->live += (size_t)facts->is_live;
	m->live_bytes += facts->is_live ? facts->bytes : 0;
	m->ahead_bytes += facts->ahead;
	if (facts->done_ms > m->counters->success_ms)
		m->counters->success_ms = facts->done_ms;
	/* Its files stay here as long as it is held. */
	if (is_pending(f->verdict) || f->verdict == VERDICT_HELD)
		m->undelivered_bytes += facts->undelivered;
	if (is_pending(f->verdict) && facts->newest_ms > 0 &&
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

	*m = (struct metrics){ .counters = m->counters };
	(void)survey_roots(&survey, roots, on_found, m, &ignored);
	m->paused = pause_count(roots);
	for (size_t i = 0; i < roots->n; i++)
		add_disk(m, roots->items[i]);
}

static void
add_head(struct buf *out, const char *name, const char *help)
{
	counters_head(out, name, "gauge", help);
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

	add_head(out, "failures",
	    "Failed runs of the present recordings, by class.");
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

	add_head(out, "build_info", "The program's version.");
	(void)buf_adds(out,
	    "jibri_finalize_build_info{version=\"" VERSION "\"} 1\n");
	add_states(out, m);
	add_gauge(out, "paused", "Recordings directories that are paused.",
	    (double)m->paused);
	add_gauge(out, "undelivered_bytes",
	    "Bytes not stored yet, including held recordings.",
	    (double)m->undelivered_bytes);
	add_gauge(out, "oldest_pending_age_seconds",
	    "Age of the oldest recording that sweeps still try to deliver.",
	    age);
	add_gauge(out, "last_success_timestamp_seconds",
	    "When the last STOPPED was acknowledged.",
	    (double)m->counters->success_ms / 1000);
	add_gauge(out, "live_recordings", "Recordings in progress.",
	    (double)m->live);
	add_gauge(out, "live_bytes", "Size of the recordings in progress.",
	    (double)m->live_bytes);
	add_gauge(out, "sent_ahead_bytes",
	    "Bytes of them already in the store.", (double)m->ahead_bytes);
	add_gauge(out, "attempts", "Runs over the present recordings.",
	    (double)m->attempts);
	add_failures(out, m);
	add_gauge(out, "ambiguous_repeats",
	    "Uploads repeated where the server could not be asked.",
	    (double)m->ambiguous);
	add_gauge(out, "last_sweep_end_timestamp_seconds",
	    "When the last sweep ended.",
	    (double)(m->began_ms + m->duration_ms) / 1000);
	add_gauge(out, "last_sweep_duration_seconds",
	    "How long the last sweep took.", (double)m->duration_ms / 1000);
	counters_format(m->counters, out);
	if (m->total_bytes == 0)
		return;
	add_gauge(out, "disk_free_bytes",
	    "Free bytes of the fullest recordings disk.",
	    (double)m->free_bytes);
	add_gauge(out, "disk_free_ratio",
	    "Free part of the fullest recordings disk.",
	    (double)m->free_bytes / (double)m->total_bytes);
}

/* Without a readable state the counters start at 0. */
static void
load(int dirfd, const char *name, struct counters *c)
{
	autobuf struct buf text = { .limit = STATE_BYTES };
	autoclose int fd =
	    openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    file_read_all(fd, &text) == -1)
		return;
	if (!counters_load(c, buf_str(&text), text.len))
		log_warn("metrics-file: %s is damaged; counters begin at 0",
		    name);
}

/* Locked, so that two sweeps that end at once count nothing twice. */
static int
advance(int dirfd, const char *path, struct counters *c)
{
	autofree char *name = xasprintf("%s.state", basename(path));
	autobuf struct buf text = { 0 };
	bool is_alone =
	    flock(dirfd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;

	load(dirfd, name, c);
	if (!is_alone)
		return 0;
	counters_advance(c);
	counters_save(c, &text);
	return file_replace(dirfd, name, 0640, &text);
}

int
metrics_write(const struct metrics *m, const char *path, struct err *e)
{
	autobuf struct buf text = { 0 };
	autoclose int dirfd = owned_enter(path);
	int result;

	if (dirfd == -1)
		return err_sys(e, "write %s", path);
	result = advance(dirfd, path, m->counters);
	metrics_format(m, clock_unix_ms(), &text);
	if (result == 0)
		result = file_replace(dirfd, basename(path), 0644, &text);
	if (result == -1)
		(void)err_sys(e, "write %s", path);
	owned_leave();
	return result;
}
