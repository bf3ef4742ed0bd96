#pragma once

#include "journal/progress.h"

/* Between the files of progress. */

/* Made if there is none yet; never NULL. It lives as long as p. */
struct fact *progress_fact_of(struct progress *p, const char *path);

void progress_forget_facts(struct progress *p);

/* id may be NULL: nothing is kept then. size <= 0 matches every size. */
void progress_add_outdated(struct progress *p, const char *id, int64_t size);

void progress_drop_outdated(struct progress *p, const char *id);

void progress_outdate(struct progress *, const struct event *);

/* What the event adds to progress.counts, before it is applied. */
void progress_count(struct progress *, const struct event *);

/* Uploads in parts, by what EVENT_UPLOAD_BEGUN and EVENT_PART_STORED say. */
void progress_begin_parts(struct progress *, const struct event *);
void progress_add_part(struct progress *, const struct event *);
void progress_end_parts(struct progress *, const char *path);
void progress_free_parts(struct progress *);

/* All of both kinds. */
void progress_free_facts(struct progress *p);

/* The members of a line of the compact form. */
void progress_add_fact(struct buf *line, const struct fact *);
void progress_add_summary(struct buf *line, const struct progress *);
