#include "laws.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "disk.h"
#include "fate.h"
#include "jibri.h"
#include "parts_model.h"
#include "s3_model.h"
#include "server.h"
#include "told.h"
#include "trace.h"
#include "world.h"

enum {
	VISIT_BYTES = 1024,
	IGNORED = 30,
	SKEW_MS = 300000,
	HELD_UP_MS = 600000
};

const char *const law_names[LAW_COUNT] = {
#define X(name, text) text,
	LAWS(X)
#undef X
};
bool law_is_watched[LAW_COUNT];

static enum law broken;
static char why[512];
static int n_ignored;

/* What the laws know about a recording. */
static struct ledger {
	int last_sender;
	int stores, ambiguous, unclear;
	int64_t lost_ms;   /* when its journal was removed */
	bool is_planted;   /* the old script has sent it */
	bool is_unwritten; /* a run could not write the journal */
	bool is_begun;     /* by a host with a wrong clock */
	bool is_excused;
	int visits; /* that sent something, since the faults ended */
} ledgers[RECORDINGS];

static int64_t out_since_ms[2];
static int out_requests[2];

void
laws_reset(void)
{
	told_reset();
	memset(ledgers, 0, sizeof(ledgers));
	memset(out_since_ms, 0, sizeof(out_since_ms));
	memset(out_requests, 0, sizeof(out_requests));
	broken = LAW_COUNT;
	n_ignored = 0;
}

enum law
laws_broken(const char **text)
{
	*text = why;
	return broken;
}

void
law_break(enum law law, const char *fmt, ...)
{
	va_list ap;

	if (broken != LAW_COUNT)
		return;
	/* For a law that is not watched, count it. */
	if (!law_is_watched[law]) {
		if (++n_ignored > IGNORED)
			actor_give_up();
		return;
	}
	broken = law;
	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	trace("LAW %s: %s", law_names[law], why);
	actor_give_up();
}

void
laws_excuse(int recording, const char *reason)
{
	if (!ledgers[recording].is_excused)
		trace("%s: nothing is known of it any more: %s",
		    sessions[recording].name, reason);
	ledgers[recording].is_excused = true;
	told_changed(recording);
}

void
laws_counted(int recording, int64_t ambiguous)
{
	if (ambiguous > ledgers[recording].ambiguous)
		ledgers[recording].ambiguous = (int)ambiguous;
}

void
laws_planted(int recording)
{
	ledgers[recording].is_planted = true;
}

void
laws_unwritten(int recording)
{
	if (recording < 0)
		return;
	ledgers[recording].is_unwritten = true;
	parts_forgotten(recording);
	told_nothing(recording);
}

void
laws_forget_told(int recording)
{
	told_lost(recording);
	parts_forgotten(recording);
	ledgers[recording].lost_ms = now_ms;
}

void
laws_unclear(int recording)
{
	if (recording >= 0)
		ledgers[recording].unclear++;
}

/* Earlier statements do not apply to its present state. */
void
laws_changed(int recording)
{
	ledgers[recording].visits = 0;
	told_changed(recording);
}

/* One worker at a time */

/* Pauses of an hour mean nothing if clocks differ by more. */
static bool
is_skewed(void)
{
	for (size_t i = 0; i < world.n_hosts; i++)
		if (llabs(host_unix_ms(&world.hosts[i]) - host_unix_ms(NULL)) >
		    1800000)
			return true;
	return false;
}

static void
count_visit(int recording)
{
	int visits = ++ledgers[recording].visits;
	int64_t hours = (now_ms - world.calm_ms) / 3600000;

	if (visits > 12 + 2 * hours && !is_skewed())
		law_break(LAW_BOUNDED,
		    "%s: %d visits have sent it in %lld hours without a fault",
		    sessions[recording].name, visits, (long long)hours);
}

/* A visit does later what a sweep has decided by a clock. */
static bool
is_wrong(const struct host *h)
{
	if (h->was_wrong_ms > 0 && now_ms - h->was_wrong_ms < HELD_UP_MS)
		return true;
	return llabs(host_unix_ms(h) - host_unix_ms(NULL)) >= SKEW_MS;
}

/* Jibri writes metadata.json last, and so does a second Jibri. */
static bool
looks_finished(int recording)
{
	struct node *dir = jibri_directory(recording);

	return dir && disk_lookup(dir, "metadata.json");
}

static bool
is_of_two_rooms(int recording)
{
	return jibri_current(recording, LAWS_STRANGER) != NULL;
}

/* By a wrong clock, a lagging list looks like a loss. */
bool
laws_may_stay(int recording)
{
	return laws_has_withheld(recording) || is_of_two_rooms(recording) ||
	    (personality.lag_ms > 0 && is_skewed());
}

bool
laws_has_withheld(int recording)
{
	for (const struct version *v = versions; v; v = v->next)
		if (v->recording == recording && v->to_ms == INT64_MAX &&
		    v->is_withheld)
			return true;
	return false;
}

void
laws_sending(int recording)
{
	struct ledger *l = &ledgers[recording];
	struct actor *a = actor_now;
	struct actor *last = actor_find(l->last_sender);

	/* By a clock that is so wrong, everything looks old. */
	l->is_begun |= is_wrong(a->host);
	if (sessions[recording].is_live && a->is_visit &&
	    !looks_finished(recording) && !l->is_begun)
		law_break(LAW_LIVE,
		    "%s is still being recorded, and a sweep sends something",
		    sessions[recording].name);
	if (a->is_overtaken[recording] && !a->is_stale)
		law_break(LAW_ALONE,
		    "%s: process %d goes on though another worked on it "
		    "meanwhile",
		    sessions[recording].name, a->id);
	/* Without locks of directories, only the file's lock counts. */
	if (last && last != a && !last->is_ended && !last->is_stale &&
	    !(disk.flock_error && l->lost_ms > 0)) {
		last->is_overtaken[recording] = true;
		if (last->in_flight[recording] > 0)
			law_break(LAW_ALONE,
			    "%s: processes %d and %d send at once",
			    sessions[recording].name, last->id, a->id);
	}
	l->last_sender = a->id;
	a->in_flight[recording]++;
	if (!a->has_sent && a->is_visit && world.is_calm)
		count_visit(recording);
	a->has_sent = true;
	a->n_sent++;
}

void
laws_sent(int recording)
{
	actor_now->in_flight[recording]--;
	actor_now->unnoted[recording]++;
}

void
laws_actor_ended(struct actor *a)
{
	if (a->recording >= 0 && a->has_begun)
		sessions[a->recording].died_last = a->is_killed &&
		    !a->is_cut_off && !a->is_visit && !a->has_concluded;
	for (int i = 0; i < RECORDINGS; i++)
		/*
		 * Only a process that got the answer could recognize it in a
		 * list.
		 */
		if (a->is_killed &&
		    (personality.store == UPSERTS_SAME_ID ||
			personality.path == PATH_OWN))
			ledgers[i].unclear += a->in_flight[i] + a->unnoted[i] +
			    (a->is_cut_off ? a->unsynced[i] : 0);
	if (a->is_visit && !a->is_killed && !a->has_achieved &&
	    a->journal_bytes > VISIT_BYTES)
		law_break(LAW_JOURNAL,
		    "%s achieved nothing, and wrote %zu bytes of journal",
		    a->name, a->journal_bytes);
}

void
laws_synced(const struct node *n)
{
	if (actor_now && n->recording >= 0 && !n->version)
		actor_now->unsynced[n->recording] = 0;
	if (n->recording >= 0 && !n->version)
		parts_synced(n->recording);
}

void
laws_written(const struct node *n, const void *data, size_t len)
{
	static const char event[] = "\"ambiguous\"", end[] = "\"failed\"";
	const char *p = data;

	if (n->recording < 0 || n->version)
		return;
	/* A rewritten event is not news. */
	if (disk_lookup(n->parent, ".jibri-finalize.new") == n) {
		trace("compact journal: %.*s", (int)len - 1, p);
		return;
	}
	trace("journal: %.*s", (int)len - 1, p);
	/* Nobody reads a removed journal. */
	if (disk_lookup(n->parent, ".jibri-finalize") == n)
		parts_noted(n->recording, data, len);
	/* From now on it is known that a list showed it. */
	if (memmem(data, len, "\"stored\"", 8))
		parts_stored(n->recording, data, len);
	if (memmem(data, len, "\"stored\"", 8) ||
	    memmem(data, len, "\"superseded\"", 12))
		actor_now->has_achieved = true;
	if (actor_now->is_visit && is_wrong(actor_now->host))
		ledgers[n->recording].is_begun = true;
	/* A file that could not be read may have changed. */
	if (memmem(data, len, "\"telling\"", 9) ||
	    (actor_now->is_failed && memmem(data, len, "\"reopened\"", 10)))
		told_perhaps(n->recording);
	/* The process that wrote it may die before it reports that. */
	if (memmem(data, len, "\"given-up\"", 10))
		sessions[n->recording].has_left = true;
	if (memmem(data, len, "\"reset\"", 7))
		laws_excuse(n->recording, "its journal was reset");
	actor_now->journal_bytes += len;
	actor_now->unsynced[n->recording] += actor_now->unnoted[n->recording];
	actor_now->unnoted[n->recording] = 0;
	actor_now->has_begun |= memmem(p, len, "\"began\"", 7) != NULL;
	actor_now->has_concluded |= memmem(p, len, end, strlen(end)) != NULL;
	while ((p = memmem(p, len - (size_t)(p - (const char *)data), event,
		    strlen(event))) != NULL) {
		ledgers[n->recording].ambiguous++;
		actor_now->n_sent++;
		p += strlen(event);
	}
}

/* What is stored */

void
laws_seen(const void *data, size_t len, const char *where)
{
	if (len > 0 && memmem(data, len, CANARY, strlen(CANARY)))
		law_break(LAW_SECRET, "a redacted member left in %s", where);
}

static size_t
sent_len(const struct version *v)
{
	return v->redacted ? strlen(v->redacted) : v->len;
}

static bool
is_version(const struct version *v, int recording, const char *path,
    const void *data, size_t len)
{
	const struct session *s = &sessions[recording];
	const char *want = v->redacted ? v->redacted : v->data;
	size_t want_len = sent_len(v);
	size_t room = strlen(s->room), name = strlen(s->name);

	return v->recording == recording && want_len == len &&
	    memcmp(want, data, len) == 0 && strlen(path) > room + name + 3 &&
	    strcmp(path + room + name + 3, v->path) == 0;
}

void
laws_stored(int recording, const char *path, const void *data, size_t len,
    int meeting)
{
	struct ledger *l = &ledgers[recording < 0 ? 0 : recording];

	laws_seen(data, len, path);
	/* Alone with metadata.json, it may be the recording's own. */
	if (strstr(path, LAWS_STRANGER) && recording >= 0 &&
	    laws_is_recording(recording))
		law_break(LAW_STRANGER, "%s was stored", path);
	if (recording < 0)
		return;
	/* Except if an operator named the other meeting. */
	if (meeting != 100 + recording && meeting != LAWS_ELSEWHERE)
		law_break(LAW_STRANGER, "%s was stored for meeting %d", path,
		    meeting);
	if (actor_now)
		actor_now->has_achieved = true;
	/* It cannot be noted as ambiguous or stored. */
	if (l->is_unwritten)
		l->unclear++;
	for (struct version *v = versions; v; v = v->next) {
		if (!is_version(v, recording, path, data, len))
			continue;
		/* For another meeting it is another file. */
		if (meeting == 100 + recording && v->stores++ > 0)
			l->stores++;
		break;
	}
	if (l->stores > l->ambiguous + l->unclear && !l->is_excused)
		law_break(LAW_DOUBLED,
		    "%s was stored again (%d times in all, %d counted as "
		    "ambiguous)",
		    path, l->stores, l->ambiguous);
}

/* According to the list alone, is it already there? */
static bool
looks_there(const struct version *now)
{
	const struct ledger *l = &ledgers[now->recording];

	for (const struct version *v = versions; v; v = v->next)
		if (v->recording == now->recording &&
		    strcmp(v->path, now->path) == 0 && server_has(v) &&
		    (personality.size == SIZE_NONE ||
			sent_len(v) == sent_len(now)) &&
		    (l->is_excused || l->is_unwritten || l->is_planted))
			return true;
	return personality.size == SIZE_NONE && l->is_planted;
}

static bool
is_ours(const struct version *v)
{
	const char *name = strrchr(v->path, '/');

	name = name ? name + 1 : v->path;
	return *name != '.' && !strstr(name, ".part") && !v->is_withheld;
}

void
laws_removed(const struct node *n)
{
	const struct version *v = n->version;

	if (v == NULL && n->recording >= 0 &&
	    disk_lookup(n->parent, ".jibri-finalize") == n) {
		laws_excuse(n->recording, "it was removed here");
		parts_forgotten(n->recording);
		told_nothing(n->recording);
	}
	if (actor_now == NULL || v == NULL || !is_ours(v) || server_has(v) ||
	    looks_there(v))
		return;
	/* No call can check and remove atomically. */
	if (v->from_ms >= actor_now->call_ms)
		return;
	law_break(LAW_REMOVED, "%s/%s is removed, and not at the server",
	    sessions[v->recording].name, v->path);
}

/* Webhooks */

/* Is a version stored that it could mean, or must one not be sent? */
static bool
is_any_there(const struct version *now, int64_t since_ms)
{
	for (const struct version *v = versions; v; v = v->next)
		if (v->recording == now->recording && v->to_ms >= since_ms &&
		    strcmp(v->path, now->path) == 0 &&
		    (server_has(v) || looks_there(v) || !is_ours(v)))
			return true;
	return false;
}

/* Was it there for everyone who looked since then? */
static bool
was_there(const struct version *now, int64_t since_ms)
{
	for (const struct version *v = versions; v; v = v->next)
		if (v->recording == now->recording && v->from_ms < since_ms &&
		    v->to_ms >= since_ms && is_ours(v) &&
		    strcmp(v->path, now->path) == 0)
			return true;
	return false;
}

void
laws_stopped(const struct arrival *a)
{
	struct session *s = &sessions[a->recording];

	for (const struct version *v = versions; v; v = v->next)
		if (v->recording == a->recording && v->from_ms <= a->sent_ms &&
		    v->to_ms > a->sent_ms && is_ours(v) &&
		    was_there(v, a->since_ms) && !is_any_there(v, a->since_ms))
			law_break(LAW_STOPPED,
			    "STOPPED for %s, and %s is not at the server as "
			    "it is",
			    s->name, v->path);
	s->stopped_ms = now_ms;
}

void
laws_asked_while_out(bool is_file_service, int64_t since_ms)
{
	int64_t minutes = (now_ms - since_ms) / 60000;
	int64_t limit = 12 + minutes + minutes / 4;
	int64_t at_first = 6 + 2 * minutes;

	if (!actor_now->is_visit && !actor_now->is_sweep)
		return;
	if (out_since_ms[is_file_service] != since_ms)
		out_requests[is_file_service] = 0;
	out_since_ms[is_file_service] = since_ms;
	/*
	 * One visit a minute, which asks and tries to send, and one more while
	 * the first takes long; pauses double.
	 */
	if (limit > at_first)
		limit = at_first;
	/* Two visits a minute at most. */
	if (is_skewed())
		limit = 12 + 4 * minutes;
	if (++out_requests[is_file_service] > limit * (int64_t)world.n_hosts)
		law_break(LAW_OUTAGE,
		    "%d requests to a service that is out for %lld minutes",
		    out_requests[is_file_service], (long long)minutes);
}

/* While a service answers, nothing ends a sweep early. */
void
laws_ended_early(const char *text)
{
	for (size_t i = 0; i < world.n_recordings; i++)
		if (fate_is_of_service((int)i))
			return;
	/* One refused lock is not permanent. */
	if (world.is_calm && actor_now->began_ms >= world.calm_ms &&
	    !strstr(text, "has no locks"))
		law_break(LAW_EARLY, "a sweep ended early: %s", text);
}

/* The end */

static const struct version *
first_missing(int recording)
{
	for (const struct version *v = versions; v; v = v->next)
		if (v->recording == recording && v->to_ms == INT64_MAX &&
		    is_ours(v) && !server_has(v) && !looks_there(v))
			return v;
	return NULL;
}

static int64_t
last_change(int recording)
{
	int64_t last_ms = 0;

	for (const struct version *v = versions; v; v = v->next)
		if (v->recording == recording && v->to_ms == INT64_MAX &&
		    is_ours(v) && v->from_ms > last_ms)
			last_ms = v->from_ms;
	return last_ms;
}

/* A single file left of a removed recording is not a recording. */
bool
laws_is_recording(int recording)
{
	struct node *dir = jibri_directory(recording);

	return dir && disk_lookup(dir, sessions[recording].media);
}

bool
laws_is_delivered(int recording, const char **missing)
{
	const struct version *v = first_missing(recording);

	*missing = v ? v->path : "STOPPED";
	return v == NULL &&
	    sessions[recording].stopped_ms >= last_change(recording) &&
	    sessions[recording].stopped_ms > 0;
}

void
laws_end(void)
{
	for (size_t i = 0; i < world.n_recordings; i++) {
		const char *missing;

		if (!sessions[i].has_left && !fate_is_hopeless((int)i) &&
		    laws_is_recording((int)i) && !is_of_two_rooms((int)i) &&
		    !laws_is_delivered((int)i, &missing))
			law_break(LAW_DELIVERED,
			    "%s is not delivered long after all faults ended: "
			    "%s is missing",
			    sessions[i].name, missing);
	}
}

void
laws_done(void)
{
	for (size_t i = 0; i < world.n_recordings; i++) {
		const char *missing;

		if (laws_is_delivered((int)i, &missing) &&
		    !sessions[i].is_held && !sessions[i].has_left &&
		    (s3_has_upload(sessions[i].name) ||
			parts_has_upload((int)i)))
			law_break(LAW_ORPHAN,
			    "%s is done, and an upload in parts of it is left",
			    sessions[i].name);
	}
}
