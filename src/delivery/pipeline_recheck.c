#include "delivery/pipeline_internal.h"

#include "base/mem.h"

bool
pipeline_is_anything_selected(const struct job *job)
{
	const struct recording *rec = &job->recording;

	for (size_t i = 0; i < rec->n; i++)
		if (upload_is_selected(job->only, &rec->artifacts[i]))
			return true;
	return job->only == NULL || job->only->n == 0;
}

/* What would happen after the upload. */
static char *
announcement(struct job *job, const struct preview *preview)
{
	const struct progress *p = &job->journal.progress;
	struct err e;

	if (preview_count(preview, PREVIEW_FAIL) > 0)
		return xstrdup(
		    "no STOPPED, because not everything can be sent");
	for (size_t i = 0; i < job->recording.n; i++)
		if (!upload_is_selected(job->only,
			&job->recording.artifacts[i]) &&
		    !upload_is_stored(p, &job->recording.artifacts[i]))
			return xstrdup("no STOPPED, because not everything "
				       "is selected");
	if (p->state == REC_ANNOUNCED)
		return xstrdup(p->is_withheld ? "nothing, STOPPED is withheld"
					      : "nothing, STOPPED is "
						"acknowledged");
	if (pipeline_check_media(job, &e) == -1)
		return xasprintf("no STOPPED: %s", e.text);
	return xstrdup(job->is_silent ? "no STOPPED, as asked" : "STOPPED");
}

int
pipeline_preview(struct job *job, struct preview *preview, struct err *e)
{
	struct upload_deps deps;

	if (job->is_by_hand && !job->is_forced &&
	    pipeline_recheck(job, e) == -1)
		return -1;
	if (pipeline_prepare(job, false, &deps, e) == -1 ||
	    pipeline_check_room(job, e) == -1 ||
	    upload_preview(&deps, preview, e) == -1)
		return -1;
	preview->then = announcement(job, preview);
	return 0;
}

int
pipeline_recheck(struct job *job, struct err *e)
{
	bool is_named = job->room_argument || job->meeting_id_argument;
	struct upload_deps deps;
	const char *changed;

	if (pipeline_prepare(job, is_named, &deps, e) == -1)
		return -1;
	if (upload_check_shared(&job->recording, &job->journal, e) == -1 ||
	    upload_recheck(&deps, job->is_partly_forced, e) == -1)
		return -1;
	if (!pipeline_is_finished(job, &changed))
		pipeline_reopen(job, changed);
	return 0;
}
