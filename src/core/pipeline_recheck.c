#include "core/pipeline.h"

bool
pipeline_is_anything_selected(const struct job *job)
{
	const struct recording *rec = &job->recording;

	for (size_t i = 0; i < rec->n; i++)
		if (upload_is_selected(job->only, &rec->artifacts[i]))
			return true;
	return job->only == NULL || job->only->n == 0;
}

int
pipeline_recheck(struct job *job, struct err *e)
{
	const struct progress *p = &job->journal.progress;
	bool is_named = job->room_argument || job->meeting_id_argument;
	struct upload_deps deps;
	const char *changed;

	if (pipeline_prepare(job, is_named, &deps, e) == -1)
		return -1;
	if (upload_recheck(&deps, job->is_partly_forced, e) == -1)
		return -1;
	if (p->state > REC_RESOLVED && !pipeline_is_finished(job, &changed) &&
	    changed != NULL)
		pipeline_reopen(job, changed);
	return 0;
}
