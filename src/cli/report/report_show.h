#pragma once

#include "delivery/upload.h"
#include "journal/history.h"
#include "recording/identity.h"
#include "recording/trace_id.h"
#include "sweep/survey.h"

/* What show has found out about one recording. */
struct show {
	struct recording_policy policy;
	struct recording recording;
	struct finding finding; /* as status has it */
	struct journal journal;
	struct history history;
	struct identity identity; /* by what the directory says alone */
	char *no_room;            /* why that has no room; or NULL */
	bool is_onlooking;        /* the user would not deliver it */
	bool is_busy;             /* another process works on it */
	int64_t now_ms;           /* when that was */
	bool is_utc;              /* points in time instead of ages */
};

/* All of it, at most 80 columns wide, but for commands to be copied. */
void report_show(const struct show *);
void report_show_json(const struct show *);

/* The attempts, oldest first, one a line, with points in time. */
void report_show_log(const struct show *);

/* Where a part of its identity is from. */
enum show_origin {
	FROM_NOWHERE, /* it is not known */
	FROM_ARGUMENT,
	FROM_JOURNAL, /* an earlier run has settled it */
	FROM_METADATA,
	FROM_MEDIA,
	FROM_DIRECTORY,
};
struct show_origins {
	enum show_origin session, room, meeting_id;
};
struct show_origins show_origins(const struct show *);

/* The trace id of its requests and of its lines in JSON logs. */
void show_trace_id(const struct show *, char id[TRACE_ID_BYTES]);

/* A word for what is known of an artifact. */
const char *show_artifact_state(const struct show *, const struct artifact *);

/* Is a file of this path in the directory? */
bool show_is_here(const struct show *, const char *path);

/* How many parts of it the store has: *bytes in all, also of the last. */
size_t show_parts(const struct begun *, int64_t *bytes);

/* A word for how an attempt ended. */
const char *show_result(const struct show *, const struct history_attempt *);

/* Attempts that the journal only counts. */
int64_t show_summed_up(const struct show *);

/* What to do next: a heading and a command for each; both to be freed. */
void show_commands(const struct show *, struct text_list *heads,
    struct text_list *commands);
