#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "journal/progress.h"
#include "journal/schedule.h"

/* What should happen with a directory below a recordings directory?  Pure. */

/* Most urgent first. */
enum verdict {
	VERDICT_HELD,     /* an operator must look */
	VERDICT_WAITING,  /* for its next try */
	VERDICT_DUE,      /* to be delivered now */
	VERDICT_BUSY,     /* another process works on it */
	VERDICT_SETTLING, /* possibly still being recorded */
	VERDICT_GIVEN_UP, /* by an operator */
	VERDICT_DONE,
	VERDICT_NONE, /* not a recording */
	VERDICTS
};

struct verdict_policy {
	struct schedule_policy schedule;
	int64_t settle_ms; /* no changes for so long */
	bool is_watching;  /* hardly waits for Jibri's call */
};

/* Times are milliseconds since 1970. */
struct evidence {
	bool has_journal; /* with an event other than STARTED */
	bool is_locked;
	bool is_recording; /* only STARTED and parts sent ahead */
	bool is_writable;  /* the directory */
	/* From the journal, if there is one. */
	const struct progress *progress;
	bool is_all_stored; /* every artifact, in its present state */
	bool is_any_new;    /* an artifact in its present state is not stored */
	bool is_any_written; /* and was modified since it was stored */
	/* From the directory; needed unless announced. */
	bool has_metadata, is_metadata_whole, has_media, has_whole_media;
	int64_t newest_ms; /* last change of anything in it */
	int64_t now_ms;
};

/* *why is set if there is more to say than the verdict's name. */
enum verdict verdict_of(const struct verdict_policy *, const struct evidence *,
    const char **why);

/* "held", "waiting", ... */
const char *verdict_name(enum verdict);
