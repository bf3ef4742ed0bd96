/* sweep/survey_owner.c: every process here is a coroutine. */
#include "sweep/survey_internal.h"

#include "base/mem.h"
#include "base/stop.h"

int __wrap_survey_as_owners(const struct survey_root *, struct survey_entry *,
    size_t n, struct err *e);

int
__wrap_survey_as_owners(const struct survey_root *root,
    struct survey_entry *entries, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct finding f = {
			.name = xstrdup(entries[i].name),
			.path = xasprintf("%s/%s", root->path, entries[i].name),
		};

		if (stop_check(e) == 0) {
			survey_judge(root->survey, root->fd, root->path,
			    entries[i].refusal, &f);
			root->found(root->ctx, &f);
		}
		survey_free_finding(&f);
	}
	return stop_check(e);
}
