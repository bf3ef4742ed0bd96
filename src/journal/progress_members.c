#include <string.h>

#include "journal/member.h"
#include "journal/progress_internal.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct member fact_members[] = {
	MEMBER("size", fact, size, NUMBER),
	MEMBER("mtime", fact, mtime_ns, NUMBER),
	MEMBER("stamp", fact, stamp, NUMBER),
	MEMBER("type", fact, type, TEXT),
	MEMBER("sha256", fact, sha256, TEXT),
	MEMBER("id", fact, id, TEXT),
	MEMBER("isStored", fact, is_stored, FLAG),
	MEMBER("isWhole", fact, is_whole, FLAG),
	MEMBER("isSending", fact, is_sending, FLAG),
	MEMBER("isUnknown", fact, is_unknown, FLAG),
	MEMBER("status", fact, status, NUMBER),
	MEMBER("hasOlder", fact, has_older, FLAG),
	MEMBER("hasAnonymous", fact, has_anonymous, FLAG),
	MEMBER("unknownAt", fact, unknown_ms, COUNT),
	MEMBER("generation", fact, generation, COUNT),
	MEMBER("privateStamp", fact, private_stamp, NUMBER),
};

/* Without what the events before it say. */
static const struct member summary_members[] = {
	MEMBER("host", progress, host, TEXT),
	MEMBER("pid", progress, pid, NUMBER),
	MEMBER("text", progress, failed_text, TEXT),
	MEMBER("archive", progress, archive, TEXT),
	MEMBER("overruled", progress, overruled, TEXT),
	MEMBER("attempts", progress, attempts, COUNT),
	MEMBER("generation", progress, generation, COUNT),
	MEMBER("forced", progress, forced, COUNT),
	MEMBER("ambiguous", progress, ambiguous, COUNT),
	MEMBER("failures", progress, failures, COUNT),
	MEMBER("damaged", progress, damaged, COUNT),
	MEMBER("firstAt", progress, first_event_ms, COUNT),
	MEMBER("completeAt", progress, complete_ms, COUNT),
	MEMBER("toldAt", progress, told_ms, COUNT),
	MEMBER("announcedAt", progress, announced_ms, COUNT),
	MEMBER("failedAt", progress, failed_ms, COUNT),
	MEMBER("failedSince", progress, failed_since_ms, COUNT),
	MEMBER("strugglingSince", progress, struggling_since_ms, COUNT),
	MEMBER("retryAt", progress, retry_at_ms, COUNT),
	MEMBER("hasEvents", progress, has_events, FLAG),
	MEMBER("isRunning", progress, is_running, FLAG),
	MEMBER("isForced", progress, is_forced, FLAG),
	MEMBER("isFailedAnnounced", progress, is_failed_announced, FLAG),
	MEMBER("isWithheld", progress, is_withheld, FLAG),
	MEMBER("isStarted", progress, is_started, FLAG),
	MEMBER("isRecording", progress, is_recording, FLAG),
	MEMBER("uploads", progress, counts.uploads, COUNT),
	MEMBER("uploadBytes", progress, counts.upload_bytes, COUNT),
	MEMBER("uploadFailures", progress, counts.upload_failures, COUNT),
	MEMBER("uploadDoubts", progress, counts.upload_doubts, COUNT),
	MEMBER("startedTold", progress, counts.started, COUNT),
	MEMBER("stoppedTold", progress, counts.stopped, COUNT),
	MEMBER("failedTold", progress, counts.failed, COUNT),
	MEMBER("availableAfter", progress, counts.available_ms, COUNT),
	MEMBER("requests", progress, counts.requests, TALLY),
	/* The number of runs that failed with each class. */
	MEMBER("none", progress, failed_runs[ERR_NONE], COUNT),
	MEMBER("temporary", progress, failed_runs[ERR_TEMPORARY], COUNT),
	MEMBER("busy", progress, failed_runs[ERR_BUSY], COUNT),
	MEMBER("interrupted", progress, failed_runs[ERR_INTERRUPTED], COUNT),
	MEMBER("permanent", progress, failed_runs[ERR_PERMANENT], COUNT),
	MEMBER("refused", progress, failed_runs[ERR_REFUSED], COUNT),
	MEMBER("configuration", progress, failed_runs[ERR_CONFIG], COUNT),
	MEMBER("alarm", progress, failed_runs[ERR_ALARM], COUNT),
	MEMBER("critical", progress, failed_runs[ERR_CRITICAL], COUNT),
	MEMBER("unknown", progress, failed_runs[ERR_UNKNOWN], COUNT),
	MEMBER("no-input", progress, failed_runs[ERR_NO_INPUT], COUNT),
	MEMBER("usage", progress, failed_runs[ERR_USAGE], COUNT),
};

void
progress_add_fact(struct buf *line, const struct fact *fact)
{
	members_add(line, fact_members, LENGTH(fact_members), fact);
}

void
progress_add_summary(struct buf *line, const struct progress *p)
{
	members_add(line, summary_members, LENGTH(summary_members), p);
}

bool
progress_restore(struct progress *p, const char *path, const struct line *line)
{
	const char *name = line_member(line, "event")->text;
	struct fact *fact;

	if (name && strcmp(name, "summary") == 0) {
		p->last_event_ms = line_count(line, "at");
		members_take(p, summary_members, LENGTH(summary_members), line);
		return true;
	}
	if (name == NULL || path == NULL ||
	    (strcmp(name, "fact") != 0 && !line_has(line, "isStored")))
		return false;
	fact = progress_fact_of(p, path);
	fact->stored_ms = line_count(line, "at");
	members_take(fact, fact_members, LENGTH(fact_members), line);
	return true;
}
