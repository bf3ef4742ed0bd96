#include "delivery/notify.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "recording/trace_id.h"
#include "remote/inventory.h"

/* Is the recording past STARTED? */
static bool
is_past_start(const struct job *job)
{
	const struct progress *p = &job->journal.progress;

	return p->is_started || (p->last_event_ms > 0 && !p->is_recording);
}

int
notify_started(struct job *job, struct err *e)
{
	int64_t at_ms = file_birth_ms(job->recording.dirfd);

	return pipeline_send(job, "STARTED", NULL,
	    at_ms > 0 ? at_ms : clock_unix_ms(), e);
}

/* The server's list and the media decide, not the journal alone. */
static int
check_delivered(struct job *job, struct err *e)
{
	const char *missing;
	autofree char *path = text_shell_word(job->recording.path);

	if (pipeline_recheck(job, e) == -1)
		return -1;
	(void)pipeline_is_finished(job, &missing);
	if (missing != NULL)
		return err_set(e, ERR_PERMANENT,
		    "%s is not on the server; to upload it and send "
		    "STOPPED: jibri-finalize upload %s",
		    missing, path);
	return pipeline_check_media(job, e);
}

/* Without a directory to compare with, at least one file must be stored. */
static int
check_anything_stored(struct job *job, struct err *e)
{
	struct inventory inv = { 0 };
	struct upload_deps deps;
	bool is_refused;
	int result = pipeline_prepare(job, false, &deps, e);

	if (result == 0)
		result = inventory_read(&inv, &deps.to, &job->journal.progress,
		    &is_refused, e);
	if (result == 0 && inv.n == 0)
		result = err_set(e, ERR_PERMANENT,
		    "the server has no file of this session");
	inventory_free(&inv);
	return result;
}

static int
send_stopped(struct job *job, const struct notify_request *request,
    struct err *e)
{
	int result = 0;
	int64_t at_ms;

	if (!request->is_forced)
		result = request->directory ? check_delivered(job, e)
					    : check_anything_stored(job, e);
	if (result == -1)
		return err_wrap(e, "not sending STOPPED");
	at_ms = job->journal.progress.complete_ms;
	return pipeline_send(job, "STOPPED", NULL,
	    at_ms > 0 ? at_ms : clock_unix_ms(), e);
}

static int
send_failed(struct job *job, const char *error, struct notify_result *result,
    struct err *e)
{
	const struct progress *p = &job->journal.progress;

	result->error = xstrdup(error ? error : p->failed_text);
	if (result->error == NULL)
		return err_set(e, ERR_USAGE,
		    "the journal has no error; add --error TEXT");
	return pipeline_send(job, "FAILED", result->error,
	    p->failed_since_ms > 0 ? p->failed_since_ms : clock_unix_ms(), e);
}

static int
open_job(struct job *job, const struct notify_request *request, struct err *e)
{
	if (request->directory != NULL) {
		if (job_open(job, request->directory, request->is_dry_run, e) ==
			-1 ||
		    recording_scan(&job->recording, e) == -1)
			return -1;
		return pipeline_identify(job, e);
	}
	/* A job of names alone, without a journal. */
	job->journal.is_degraded = true;
	job->journal.is_peeking = request->is_dry_run;
	if (job->room_argument == NULL || job->session_argument == NULL)
		return err_set(e, ERR_USAGE,
		    "name the recording's directory, or --room and --session");
	if (identity_check_arguments(job->room_argument, job->session_argument,
		NULL, e) == -1)
		return -1;
	job->recording.path = xstrdup("/");
	trace_log_session(job->session_argument);
	return pipeline_identify(job, e);
}

static int
notify(struct job *job, const struct notify_request *request,
    struct notify_result *result, struct err *e)
{
	if (open_job(job, request, e) == -1)
		return -1;
	result->session = xstrdup(job->identity.session);
	result->room = xstrdup(job->identity.room);
	result->is_told = request->event != NOTIFY_STARTED ||
	    request->is_forced || !is_past_start(job);
	if (!result->is_told)
		return 0;
	switch (request->event) {
	case NOTIFY_STARTED:
		return notify_started(job, e);
	case NOTIFY_STOPPED:
		return send_stopped(job, request, e);
	default:
		return send_failed(job, request->error, result, e);
	}
}

int
notify_run(const struct notify_request *request,
    const struct pipeline_policy *policy, struct notify_result *result,
    struct err *e)
{
	struct job job = {
		.policy = policy,
		.room_argument = request->room,
		.session_argument = request->session,
		.recording = { .dirfd = -1 },
		.journal = { .fd = -1 },
	};
	int outcome;

	*result = (struct notify_result){ 0 };
	outcome = notify(&job, request, result, e);
	pipeline_note_counts(&job);
	job_close(&job);
	return outcome;
}

void
notify_result_free(struct notify_result *r)
{
	free(r->session);
	free(r->room);
	free(r->error);
}
