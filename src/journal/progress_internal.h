#pragma once

#include "journal/progress.h"

/* Shared by the files of progress. */

/* Creates the fact if needed; never NULL.  It lives as long as p. */
struct fact *progress_fact_of(struct progress *p, const char *path);

void progress_forget_facts(struct progress *p);

/* An event without an id is ignored; a size <= 0 matches every size. */
void progress_outdate(struct progress *, const struct event *);
void progress_drop_outdated(struct progress *p, const char *id);

/* Update progress.counts before the event is applied. */
void progress_count(struct progress *, const struct event *);

/* Uploads in parts, for EVENT_UPLOAD_BEGUN and EVENT_PART_STORED. */
void progress_begin_parts(struct progress *, const struct event *);
void progress_add_part(struct progress *, const struct event *);
void progress_end_parts(struct progress *, const char *path);
void progress_free_parts(struct progress *);

/* Both facts and outdated records. */
void progress_free_facts(struct progress *p);

/* Members of the lines of the compact form. */
void progress_add_fact(struct buf *line, const struct fact *);
void progress_add_summary(struct buf *line, const struct progress *);
