#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "journal/progress.h"
#include "journal/schedule.h"

/* What is to become of a directory below a recordings directory?  Pure. */

/* The most urgent first. */
enum verdict {
	VERDICT_HELD,     /* an operator must look */
	VERDICT_WAITING,  /* for the moment of its next try */
	VERDICT_DUE,      /* to be delivered now */
	VERDICT_BUSY,     /* another process works on it */
	VERDICT_SETTLING, /* perhaps still being recorded */
	VERDICT_GIVEN_UP, /* by an operator */
	VERDICT_DONE,
	VERDICT_NONE, /* no recording */
	VERDICTS
};

struct verdict_policy {
	struct schedule_policy schedule;
	int64_t settle_ms; /* nothing may have changed for so long */
	bool is_watching;  /* and so Jibri's call is hardly waited for */
};

/* Times are milliseconds since 1970. */
struct evidence {
	bool has_journal; /* with an event that says more than STARTED */
	bool is_locked;
	bool is_recording; /* STARTED and parts sent ahead are all there is */
	bool is_writable;  /* the directory */
	/* Of the journal, where there is one. */
	const struct progress *progress;
	bool is_all_stored; /* every artifact, as it is now */
	bool is_any_new;    /* an artifact was not stored as it is now */
	/* Of the directory; needed where nothing was announced. */
	bool has_metadata, is_metadata_whole, has_media, has_whole_media;
	int64_t newest_ms; /* the last change of anything in it */
	int64_t now_ms;
};

/* *why is set where there is more to say than the verdict's name. */
enum verdict verdict_of(const struct verdict_policy *, const struct evidence *,
    const char **why);

/* "held", "waiting", ... */
const char *verdict_name(enum verdict);
