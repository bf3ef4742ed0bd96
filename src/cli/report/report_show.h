#pragma once

#include "delivery/upload.h"
#include "journal/history.h"
#include "recording/identity.h"
#include "recording/trace_id.h"
#include "sweep/survey.h"

/* The facts about one recording for the command show. */
struct show {
	struct recording_policy policy;
	struct recording recording;
	struct finding finding; /* as in status */
	struct journal journal;
	struct history history;
	struct identity identity; /* from the directory alone */
	char *no_room;            /* why the room is unknown; or NULL */
	bool is_onlooking;        /* the user would not deliver it */
	bool is_busy;             /* another process works on it */
	int64_t now_ms;           /* when it was examined */
	bool is_utc;              /* show times instead of ages */
};

/* Everything, at most 80 columns wide except for commands to copy. */
void report_show(const struct show *);
void report_show_json(const struct show *);

/* The attempts with their times, oldest first, one per line. */
void report_show_log(const struct show *);

/* Where a part of the identity comes from. */
enum show_origin {
	FROM_NOWHERE, /* unknown */
	FROM_ARGUMENT,
	FROM_JOURNAL, /* decided by an earlier run */
	FROM_METADATA,
	FROM_MEDIA,
	FROM_DIRECTORY,
};

/* The journal's, or else the directory's; NULL: unknown.  Borrowed. */
struct show_part {
	const char *text;
	enum show_origin from;
};
struct show_identity {
	struct show_part session, room, meeting_id;
	char trace_id[TRACE_ID_BYTES]; /* of its requests and JSON log lines */
};
void show_identify(const struct show *, struct show_identity *);

/* The state of an artifact in a word. */
const char *show_artifact_state(const struct show *, const struct artifact *);

/* Is an artifact that is known no longer in the directory? */
bool show_is_gone(const struct show *, const struct fact *);

/* The number of its parts in the store. */
size_t show_parts(const struct begun *);

/* The result of an attempt in a word. */
const char *show_result(const struct show *, const struct history_attempt *);

/* The number of attempts that are only counted in the journal. */
int64_t show_summed_up(const struct show *);

/* The next steps: a heading and a command for each; the caller frees both. */
void show_commands(const struct show *, struct text_list *heads,
    struct text_list *commands);
