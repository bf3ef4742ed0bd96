#pragma once

#include "journal/progress.h"

/* Between the two files of progress: what is known of each path and id. */

/* Made if there is none yet; never NULL. It lives as long as p. */
struct fact *progress_fact_of(struct progress *p, const char *path);

void progress_forget_facts(struct progress *p);

/* id may be NULL: nothing is kept then. size <= 0 matches every size. */
void progress_add_outdated(struct progress *p, const char *id, int64_t size);

void progress_drop_outdated(struct progress *p, const char *id);

/* All of both kinds. */
void progress_free_facts(struct progress *p);
