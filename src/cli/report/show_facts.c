#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/report/remedy.h"
#include "cli/report/report_show.h"

static bool
is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static enum show_origin
room_origin(const struct show *s)
{
	const struct progress *p = &s->journal.progress;
	const char *here = s->identity.room;
	bool is_url =
	    json_object_get(s->recording.metadata, RECORDING_MEETING_URL);

	if (here && (p->room == NULL || is_same(p->room, here)))
		return is_url ? FROM_METADATA : FROM_MEDIA;
	/*
	 * Only an operator overrules the room, or knows it before the meeting
	 * id.
	 */
	if (p->overruled || (p->room && p->meeting_id == NULL))
		return FROM_ARGUMENT;
	return p->room ? FROM_JOURNAL : FROM_NOWHERE;
}

static enum show_origin
meeting_id_origin(const struct show *s)
{
	const char *known = s->journal.progress.meeting_id;
	const char *here = s->identity.meeting_id;

	if (here && (known == NULL || is_same(known, here)))
		return FROM_METADATA;
	return known ? FROM_JOURNAL : FROM_NOWHERE;
}

static const char *
first_of(const char *a, const char *b)
{
	return a ? a : b;
}

void
show_identify(const struct show *s, struct show_identity *id)
{
	const struct progress *p = &s->journal.progress;
	const char *name = recording_name(&s->recording);
	bool is_argument = p->session && !is_same(p->session, name);

	id->session.text = first_of(p->session, name);
	id->session.from = is_argument ? FROM_ARGUMENT : FROM_DIRECTORY;
	id->room.text = first_of(p->room, s->identity.room);
	id->room.from = room_origin(s);
	id->meeting_id.text = first_of(p->meeting_id, s->identity.meeting_id);
	id->meeting_id.from = meeting_id_origin(s);
	trace_id(id->session.text, id->trace_id);
}

const char *
show_artifact_state(const struct show *s, const struct artifact *a)
{
	const struct progress *p = &s->journal.progress;
	const struct fact *fact = progress_fact(p, a->path);
	const struct begun *begun = progress_begun(p, a->path);

	if (upload_is_stored(p, a))
		return "stored";
	if (fact && (fact->is_sending || fact->is_unknown))
		return s->is_busy && fact->is_sending ? "sending" : "doubt";
	if (begun != NULL)
		return "parts";
	return fact && (fact->is_stored || fact->has_older) ? "changed" : "new";
}

static int
compare(const void *path, const void *artifact)
{
	return strcmp(path, ((const struct artifact *)artifact)->path);
}

bool
show_is_gone(const struct show *s, const struct fact *fact)
{
	const struct recording *rec = &s->recording;

	/* One that was only ever withheld was never there to be gone. */
	return (fact->stored_ms > 0 || fact->private_stamp == 0) &&
	    (rec->n == 0 ||
		bsearch(fact->path, rec->artifacts, rec->n,
		    sizeof(*rec->artifacts), compare) == NULL);
}

size_t
show_parts(const struct begun *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->parts[i].etag != NULL;
	return n;
}

const char *
show_result(const struct show *s, const struct history_attempt *a)
{
	static const char *const words[HISTORY_RESULTS] = {
		[HISTORY_OPEN] = "died",
		[HISTORY_FAILED] = "failed",
		[HISTORY_DONE] = "done",
		[HISTORY_WITHHELD] = "withheld",
		[HISTORY_CHECKED] = "checked",
		[HISTORY_DEFERRED] = "deferred",
		[HISTORY_GIVEN_UP] = "given-up",
		[HISTORY_RESET] = "reset",
	};
	bool is_last = a == &s->history.attempts[s->history.n - 1];

	if (a->result == HISTORY_OPEN && is_last && s->is_busy)
		return "running";
	return words[a->result];
}

int64_t
show_summed_up(const struct show *s)
{
	int64_t n = s->journal.progress.attempts, known = 0;

	for (size_t i = 0; i < s->history.n; i++)
		known += s->history.attempts[i].began_ms != 0;
	if (s->history.began > n)
		n = s->history.began;
	return n - known;
}

static void
add_command(struct text_list *heads, struct text_list *commands,
    const char *head, const char *verb, const char *path)
{
	autofree char *word = text_shell_word(path);
	autofree char *command = xasprintf("jibri-finalize %s %s", verb, word);

	text_list_add(heads, head);
	text_list_add(commands, command);
}

static const struct {
	const char *head, *verb;
} nexts[VERDICTS] = {
	[VERDICT_HELD] = { "If it is lost", "forget" },
	[VERDICT_WAITING] = { "Try it now", "upload" },
	[VERDICT_DUE] = { "Deliver it now", "upload" },
	[VERDICT_GIVEN_UP] = { "Deliver it anyway", "upload" },
	[VERDICT_DONE] = { "Compare it with the server", "verify" },
};

static void
add_remedy(const struct show *s, struct text_list *heads,
    struct text_list *commands)
{
	static const char *const kinds[REMEDIES] = {
		[REMEDY_DELIVER] = "Fix the cause, then run",
		[REMEDY_FIX] = "Then deliver it",
		[REMEDY_ANNOUNCE] = "Announce it as it is",
		[REMEDY_LOOK] = "Look as its owner",
		[REMEDY_CHECK] = "Find what to fix",
		[REMEDY_RELEASE] = "If that host is gone, release its lock",
	};
	autoremedy struct remedy r = { 0 };

	remedy_of(&r, &s->finding, s->recording.path);
	if (r.fix) {
		text_list_add(heads, "Fix it");
		text_list_add(commands, r.fix);
	}
	text_list_add(heads, kinds[r.kind]);
	text_list_add(commands, r.command);
}

void
show_commands(const struct show *s, struct text_list *heads,
    struct text_list *commands)
{
	enum verdict verdict = s->finding.verdict;
	const char *path = s->recording.path;

	if (s->journal.is_damaged) {
		add_command(heads, commands,
		    "Clear its journal; the next run asks the server",
		    "forget --reset", path);
		return;
	}
	if (remedy_is_needed(&s->finding))
		add_remedy(s, heads, commands);
	if (nexts[verdict].verb)
		add_command(heads, commands, nexts[verdict].head,
		    nexts[verdict].verb, path);
}
