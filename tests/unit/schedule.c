#include "unit.h"

#include "journal/schedule.h"
#include "sweep/sweep.h"
#include "sweep/verdict.h"

enum { NOW = 1000 * 1000 * 1000 };

static const struct verdict_policy usual = {
	.schedule = {
	    .delay_ms = 60 * 1000,
	    .delay_max_ms = 3600 * 1000,
	    .give_up_ms = 7 * 86400 * INT64_C(1000),
	},
	.settle_ms = 30 * 60 * 1000,
};

static const struct err temporary = { .class = ERR_TEMPORARY };

static int64_t
pause_after(int failures, uint32_t random)
{
	return schedule_next_ms(&usual.schedule, &temporary, failures, NOW,
		   random) -
	    NOW;
}

static void
test_pause(void **state)
{
	static const int minutes[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };

	static const struct schedule_policy none = { .delay_max_ms = 1 };

	(void)state;
	/* Of a forged journal: it must not take years to compute. */
	assert_int_equal(schedule_next_ms(&none, &temporary, INT64_MAX, NOW, 0),
	    NOW);
	for (int i = 0; i < (int)LENGTH(minutes); i++) {
		int64_t longest = (int64_t)minutes[i] * 60 * 1000;
		int64_t shortest = pause_after(i, UINT32_MAX);

		check(pause_after(i, 0) == longest, "after %d: %lld", i,
		    (long long)pause_after(i, 0));
		check(shortest >= longest / 2 && shortest <= longest / 2 + 1,
		    "at least half: %lld", (long long)shortest);
	}
	assert_int_equal(pause_after(1 << 30, 0), 3600 * 1000);
}

static void
test_pause_of_others(void **state)
{
	static const enum err_class others[] = { ERR_CONFIG, ERR_REFUSED };
	struct err e = temporary;

	(void)state;
	for (size_t i = 0; i < LENGTH(others); i++) {
		e.class = others[i];
		assert_int_equal(schedule_next_ms(&usual.schedule, &e, 3, NOW,
				     0),
		    NOW + 8 * 60 * 1000);
	}
	e.class = ERR_INTERRUPTED;
	assert_int_equal(schedule_next_ms(&usual.schedule, &e, 3, NOW, 0), NOW);
	e = (struct err){ .class = ERR_TEMPORARY, .retry_after_ms = 600000 };
	for (uint32_t r = 0; r < 10; r++)
		assert_int_equal(schedule_next_ms(&usual.schedule, &e, 0, NOW,
				     r * 400000000),
		    NOW + 600000);
	e.retry_after_ms = INT64_MAX;
	assert_int_equal(schedule_next_ms(&usual.schedule, &e, 0, NOW, 0),
	    NOW + 3600 * 1000);
}

static void
test_pause_of_outage(void **state)
{
	static const int minutes[] = { 1, 2, 4, 8, 15, 15, 15 };
	struct schedule_policy brief = usual.schedule;
	struct err e = { .class = ERR_TEMPORARY, .is_outage = true };

	(void)state;
	for (size_t i = 0; i < LENGTH(minutes); i++)
		assert_int_equal(schedule_next_ms(&usual.schedule, &e,
				     (int64_t)i, NOW, 0),
		    NOW + minutes[i] * INT64_C(60000));
	brief.delay_max_ms = 60000;
	assert_int_equal(schedule_next_ms(&brief, &e, 9, NOW, 0), NOW + 60000);
	e.retry_after_ms = 1800000;
	assert_int_equal(schedule_next_ms(&usual.schedule, &e, 9, NOW, 0),
	    NOW + 1800000);
}

static void
test_due(void **state)
{
	struct progress p = { .failed_ms = NOW, .retry_at_ms = NOW + 5000 };

	(void)state;
	assert_false(schedule_is_due(&usual.schedule, &p, NOW));
	assert_false(schedule_is_due(&usual.schedule, &p, NOW + 4999));
	assert_true(schedule_is_due(&usual.schedule, &p, NOW + 5000));
	/* The clock was set back: it must not wait for years. */
	assert_true(
	    schedule_is_due(&usual.schedule, &p, NOW - 3600 * 1000 - 1));
	/* But that of another host may be a little behind. */
	assert_false(schedule_is_due(&usual.schedule, &p, NOW - 1));
	/* Nor must a journal that somebody else has written make it. */
	p.retry_at_ms = INT64_C(99999999999999);
	assert_true(schedule_is_due(&usual.schedule, &p, NOW + 3600 * 1000));
}

static void
test_died(void **state)
{
	struct progress p = {
		.state = REC_RESOLVED,
		.is_running = true,
		.last_event_ms = NOW,
		.failures = 2,
		.retry_at_ms = NOW - 5000,
		.failed_ms = NOW - 6000,
	};

	(void)state;
	assert_int_equal(schedule_due_ms(&usual.schedule, &p),
	    NOW + 4 * 60 * 1000);
	assert_false(
	    schedule_is_due(&usual.schedule, &p, NOW + 4 * 60 * 1000 - 1));
	assert_true(schedule_is_due(&usual.schedule, &p, NOW + 4 * 60 * 1000));
	assert_true(
	    schedule_is_due(&usual.schedule, &p, NOW - 3600 * 1000 - 1));
	/* A delivered recording cannot fail any more. */
	p.state = REC_ANNOUNCED;
	assert_int_equal(schedule_due_ms(&usual.schedule, &p), NOW - 5000);
}

static void
test_give_up(void **state)
{
	const int64_t since = 1000;
	struct progress p = { .struggling_since_ms = since, .failures = 9 };
	int64_t end = since + usual.schedule.give_up_ms;

	(void)state;
	assert_false(schedule_gives_up(&usual.schedule, &p, end - 1));
	assert_true(schedule_gives_up(&usual.schedule, &p, end));
	/*
	 * A jump of the clock, or a host that was off, does not make a series.
	 */
	p.failures = 8;
	assert_false(schedule_gives_up(&usual.schedule, &p, end));
	p = (struct progress){ .failures = 9 };
	assert_false(schedule_gives_up(&usual.schedule, &p, end));
}

/* The fold: what lengthens a pause, and what ends a series. */
static void
fail_run(struct progress *p, const char *kind, int64_t at_ms)
{
	const struct event began = { .kind = EVENT_BEGAN, .at_ms = at_ms };
	const struct event failed = {
		.kind = EVENT_FAILED,
		.at_ms = at_ms,
		.class = kind,
		.retry_at_ms = at_ms + 7,
	};

	progress_apply(p, &began);
	progress_apply(p, &failed);
}

static void
test_series(void **state)
{
	const struct event stored = {
		.kind = EVENT_STORED,
		.path = "a",
		.at_ms = 50,
	};
	struct progress p = { 0 };

	(void)state;
	fail_run(&p, "temporary", 10);
	fail_run(&p, "configuration", 20);
	fail_run(&p, "refused", 30);
	fail_run(&p, "interrupted", 35);
	fail_run(&p, "temporary", 40);
	assert_int_equal(p.failures, 4);
	assert_int_equal(p.struggling_since_ms, 10);
	assert_int_equal(p.retry_at_ms, 47);
	progress_apply(&p, &stored);
	assert_int_equal(p.failures, 0);
	assert_int_equal(p.struggling_since_ms, 10);
	fail_run(&p, "permanent", 60);
	fail_run(&p, "temporary", 70);
	assert_int_equal(p.struggling_since_ms, 70);
	assert_int_equal(p.failures, 1);
	progress_free(&p);
}

/* A run that ends without an event, and how it counts. */
static void
test_series_of_deaths(void **state)
{
	const struct event began = { .kind = EVENT_BEGAN, .at_ms = 10 };
	const struct event resolved = {
		.kind = EVENT_RESOLVED,
		.at_ms = 20,
		.session = "s",
		.room = "r",
		.meeting_id = "1",
	};
	const struct event checked = { .kind = EVENT_CHECKED, .at_ms = 30 };
	const struct event complete = { .kind = EVENT_COMPLETE, .at_ms = 31 };
	const struct event stopped = {
		.kind = EVENT_ANNOUNCED,
		.at_ms = 32,
		.webhook = "STOPPED",
	};
	const struct event reopened = {
		.kind = EVENT_REOPENED,
		.at_ms = 33,
		.path = "a",
	};
	struct progress p = { 0 };

	(void)state;
	fail_run(&p, "permanent", 5);
	progress_apply(&p, &began);
	/* It is not held any more, whatever becomes of this run. */
	assert_int_equal(p.failed_class, ERR_NONE);
	assert_true(progress_has_died(&p));
	assert_int_equal(p.failures, 0);
	progress_apply(&p, &resolved);
	progress_apply(&p, &began);
	assert_int_equal(p.failures, 1);
	assert_int_equal(p.struggling_since_ms, 20);
	progress_apply(&p, &began);
	assert_int_equal(p.failures, 2);
	fail_run(&p, "temporary", 40);
	assert_int_equal(p.failures, 4);
	assert_false(progress_has_died(&p));
	progress_apply(&p, &began);
	progress_apply(&p, &checked);
	assert_false(progress_has_died(&p));
	/* What opens again later does so between two runs. */
	progress_apply(&p, &began);
	progress_apply(&p, &resolved);
	progress_apply(&p, &complete);
	progress_apply(&p, &stopped);
	progress_apply(&p, &reopened);
	assert_false(progress_has_died(&p));
	progress_free(&p);
}

/* A call of the hook is a new chance, but takes nothing back from forget. */
static void
test_deferred(void **state)
{
	const struct event deferred = { .kind = EVENT_DEFERRED, .at_ms = 9 };
	const struct event given_up = { .kind = EVENT_GIVEN_UP, .at_ms = 8 };
	struct progress p = { 0 };

	(void)state;
	fail_run(&p, "permanent", 5);
	progress_apply(&p, &given_up);
	progress_apply(&p, &deferred);
	assert_int_equal(p.failed_class, ERR_NONE);
	assert_int_equal(p.failures, 0);
	assert_int_equal(p.retry_at_ms, 0);
	assert_true(p.is_given_up);
	progress_free(&p);
}

/* Version 0.1.0's event for a server that asked to be left alone. */
static void
test_postponed(void **state)
{
	static const char line[] =
	    "{\"at\":5,\"event\":\"postponed\",\"retryAt\":99}";
	struct progress p = { 0 };

	(void)state;
	assert_true(event_replay(NULL, &p, line, sizeof(line) - 1));
	assert_int_equal(p.retry_at_ms, 0);
	assert_int_equal(p.failed_ms, 0);
	progress_free(&p);
}

/* What a directory is, one row each. */

enum { LIVE = 1, JOURNAL = 2, LOCKED = 4, METADATA = 8, WHOLE = 16 };
enum { MEDIA = 32, READ_ONLY = 64, STORED = 128, NEW = 256, WRITTEN = 512 };

static const struct {
	const char *what;
	unsigned is;
	struct progress progress;
	enum verdict verdict;
} rows[] = {
	{ "an empty directory", 0, { 0 }, VERDICT_NONE },
	{ "files of another kind", LIVE, { 0 }, VERDICT_NONE },
	{ "a live recording", LIVE | MEDIA, { 0 }, VERDICT_SETTLING },
	{ "half a metadata.json, just now", LIVE | MEDIA | METADATA, { 0 },
	    VERDICT_SETTLING },
	{ "half a metadata.json, long ago", MEDIA | METADATA, { 0 },
	    VERDICT_DUE },
	{ "Jibri died long ago", MEDIA, { 0 }, VERDICT_DUE },
	{ "Jibri has just ended, its call is to come",
	    LIVE | MEDIA | METADATA | WHOLE, { 0 }, VERDICT_SETTLING },
	{ "Jibri has ended, nobody called", MEDIA | METADATA | WHOLE, { 0 },
	    VERDICT_DUE },
	{ "the same, read-only", MEDIA | METADATA | WHOLE | READ_ONLY, { 0 },
	    VERDICT_HELD },
	{ "live and read-only", LIVE | MEDIA | READ_ONLY, { 0 },
	    VERDICT_SETTLING },
	{ "deferred", LIVE | JOURNAL, { 0 }, VERDICT_DUE },
	{ "being worked on", LIVE | JOURNAL | LOCKED, { 0 }, VERDICT_BUSY },
	{ "failed, its time has come", JOURNAL,
	    { .failed_class = ERR_TEMPORARY,
		.retry_at_ms = NOW,
		.failed_ms = NOW - 5 },
	    VERDICT_DUE },
	{ "failed, its time is to come", JOURNAL,
	    { .failed_class = ERR_TEMPORARY,
		.retry_at_ms = NOW + 1,
		.failed_ms = NOW - 5 },
	    VERDICT_WAITING },
	{ "waiting, read-only", JOURNAL | READ_ONLY,
	    { .failed_class = ERR_TEMPORARY,
		.retry_at_ms = NOW + 1,
		.failed_ms = NOW - 5 },
	    VERDICT_HELD },
	{ "held", JOURNAL, { .failed_class = ERR_PERMANENT }, VERDICT_HELD },
	{ "held for its media", JOURNAL | STORED,
	    { .state = REC_STORED, .failed_class = ERR_PERMANENT },
	    VERDICT_HELD },
	{ "held for its media, and there are others", JOURNAL | NEW,
	    { .state = REC_STORED, .failed_class = ERR_PERMANENT },
	    VERDICT_DUE },
	{ "held for its media, and others come", JOURNAL | NEW | LIVE,
	    { .state = REC_STORED, .failed_class = ERR_PERMANENT },
	    VERDICT_SETTLING },
	{ "held for its media, others come, metadata.json is whole",
	    JOURNAL | NEW | LIVE | MEDIA | METADATA | WHOLE,
	    { .state = REC_STORED, .failed_class = ERR_PERMANENT },
	    VERDICT_SETTLING },
	{ "held for anything else, and there are others", JOURNAL | NEW,
	    { .state = REC_RESOLVED, .failed_class = ERR_PERMANENT },
	    VERDICT_HELD },
	{ "metadata.json is whole, the media are to come",
	    LIVE | METADATA | WHOLE, { 0 }, VERDICT_SETTLING },
	{ "metadata.json is whole, no media came", METADATA | WHOLE, { 0 },
	    VERDICT_DUE },
	{ "lost on the server", JOURNAL | STORED,
	    { .state = REC_ANNOUNCED, .failed_class = ERR_PERMANENT },
	    VERDICT_HELD },
	{ "given-up", JOURNAL,
	    { .failed_class = ERR_PERMANENT, .is_given_up = true },
	    VERDICT_GIVEN_UP },
	{ "done", JOURNAL | STORED, { .state = REC_ANNOUNCED }, VERDICT_DONE },
	{ "done, read-only", JOURNAL | STORED | READ_ONLY,
	    { .state = REC_ANNOUNCED }, VERDICT_DONE },
	{ "done, then another file, just now", LIVE | JOURNAL | WRITTEN,
	    { .state = REC_ANNOUNCED }, VERDICT_SETTLING },
	{ "done, then another file, long ago", JOURNAL | WRITTEN,
	    { .state = REC_ANNOUNCED }, VERDICT_DUE },
	{ "done just now, then another owner", LIVE | JOURNAL | NEW,
	    { .state = REC_ANNOUNCED }, VERDICT_DUE },
};

static void
test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct evidence ev = {
			.has_journal = rows[i].is & JOURNAL,
			.is_locked = rows[i].is & LOCKED,
			.is_writable = !(rows[i].is & READ_ONLY),
			.progress = &rows[i].progress,
			.is_all_stored = rows[i].is & STORED,
			.has_metadata = rows[i].is & METADATA,
			.is_metadata_whole = rows[i].is & WHOLE,
			.has_media = rows[i].is & MEDIA,
			.has_whole_media = rows[i].is & MEDIA,
			.is_any_new = rows[i].is & NEW,
			.is_any_written = rows[i].is & WRITTEN,
			.newest_ms = rows[i].is & LIVE ? NOW : 0,
			.now_ms = NOW,
		};
		const char *why;
		enum verdict got = verdict_of(&usual, &ev, &why);

		check(got == rows[i].verdict, "%s: %s", rows[i].what,
		    verdict_name(got));
	}
}

static void
test_settle(void **state)
{
	static const struct verdict_policy brisk = { .settle_ms = 100 };
	struct evidence ev = {
		.is_writable = true,
		.has_media = true,
		.now_ms = NOW,
	};
	const char *why;

	(void)state;
	ev.newest_ms = NOW - usual.settle_ms;
	assert_int_equal(verdict_of(&usual, &ev, &why), VERDICT_DUE);
	ev.newest_ms++;
	assert_int_equal(verdict_of(&usual, &ev, &why), VERDICT_SETTLING);
	/* Where metadata.json is whole, ten seconds are enough. */
	ev.has_metadata = ev.is_metadata_whole = true;
	assert_int_equal(verdict_of(&usual, &ev, &why), VERDICT_SETTLING);
	ev.has_whole_media = true;
	assert_int_equal(verdict_of(&usual, &ev, &why), VERDICT_DUE);
	ev.newest_ms = NOW - 9999;
	assert_int_equal(verdict_of(&usual, &ev, &why), VERDICT_SETTLING);
	ev.newest_ms = NOW - 10000;
	assert_int_equal(verdict_of(&usual, &ev, &why), VERDICT_DUE);
	assert_int_equal(verdict_of(&brisk, &ev, &why), VERDICT_DUE);
	ev.newest_ms = NOW - 99;
	assert_int_equal(verdict_of(&brisk, &ev, &why), VERDICT_SETTLING);
	ev.newest_ms = NOW - 100;
	assert_int_equal(verdict_of(&brisk, &ev, &why), VERDICT_DUE);
	/* A clock that was set back by years must not hold it for years. */
	ev.newest_ms = INT64_C(2) * NOW;
	assert_int_equal(verdict_of(&usual, &ev, &why), VERDICT_DUE);
}

static void
test_splay(void **state)
{
	static const char *const hosts[] = { "", "a", "b", "jibri-1", "jibri-2",
		"jibri-3", "jibri-4" };
	int64_t sum = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(hosts); i++) {
		int64_t ms = sweep_splay_ms(hosts[i], 300000);

		assert_true(ms >= 0 && ms < 300000);
		assert_int_equal(sweep_splay_ms(hosts[i], 300000), ms);
		assert_int_equal(sweep_splay_ms(hosts[i], 0), 0);
		for (size_t k = 0; k < i; k++)
			assert_true(sweep_splay_ms(hosts[k], 300000) != ms);
	}
	for (int i = 0; i < 1000; i++) {
		char host[16];

		(void)snprintf(host, sizeof(host), "jibri-%d", i);
		sum += sweep_splay_ms(host, 300000);
	}
	/* Evenly: the mean of a thousand hosts is the middle. */
	assert_in_range(sum / 1000, 140000, 160000);
}

#define REPORT(...) \
	{ \
		.err = { __VA_ARGS__ } \
	}

static void
test_streak(void **state)
{
	static const struct {
		const char *what;
		struct visit_report reports[4];
		enum sweep_end ends[4];
	} streaks[] = {
		{ "refused alike",
		    { REPORT(.class = ERR_REFUSED),
			REPORT(.class = ERR_REFUSED), REPORT(.class = ERR_BUSY),
			REPORT(.class = ERR_REFUSED) },
		    { SWEEP_GOES_ON, SWEEP_GOES_ON, SWEEP_GOES_ON,
			SWEEP_IS_HOPELESS } },
		{ "one was delivered between",
		    { REPORT(.class = ERR_CONFIG), REPORT(.class = ERR_CONFIG),
			REPORT(.class = ERR_NONE),
			REPORT(.class = ERR_CONFIG) },
		    { 0 } },
		{ "first one thing, then another",
		    { REPORT(.class = ERR_CONFIG), REPORT(.class = ERR_CONFIG),
			REPORT(.class = ERR_REFUSED),
			REPORT(.class = ERR_REFUSED) },
		    { 0 } },
		{ "temporary failures",
		    { REPORT(.class = ERR_TEMPORARY),
			REPORT(.class = ERR_TEMPORARY),
			REPORT(.class = ERR_TEMPORARY),
			REPORT(.class = ERR_TEMPORARY) },
		    { 0 } },
		{ "what was answered to their uploads",
		    { { .err = { .class = ERR_REFUSED }, .is_own = true },
			{ .err = { .class = ERR_REFUSED }, .is_own = true },
			{ .err = { .class = ERR_REFUSED }, .is_own = true },
			{ .err = { .class = ERR_CONFIG }, .is_own = true } },
		    { 0 } },
		{ "a service is out",
		    { REPORT(.class = ERR_TEMPORARY),
			{ .err = { .class = ERR_TEMPORARY },
			    .outage = { .service = OUTAGE_FILE } },
			{ .err = { .class = ERR_PERMANENT },
			    .outage = { .service = OUTAGE_MEETING } },
			REPORT(.class = ERR_NONE) },
		    { SWEEP_GOES_ON, SWEEP_IS_OUT, SWEEP_IS_OUT,
			SWEEP_GOES_ON } },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(streaks); i++) {
		struct sweep_streak streak = { 0 };

		for (int k = 0; k < 4; k++)
			check(sweep_judge(&streak, &streaks[i].reports[k]) ==
				streaks[i].ends[k],
			    "%s, number %d", streaks[i].what, k + 1);
	}
}

static const struct CMUnitTest tests[] = {
	TEST(
	    "each host of a fleet has its own part of the splay, evenly spread",
	    test_splay),
	TEST("a service that is out ends a sweep at once, three in a row that "
	     "fail alike do, and what is their own never does",
	    test_streak),
	TEST(
	    "across runs the pause doubles up to its maximum, and jitter takes "
	    "at most the half",
	    test_pause),
	TEST("each class of failure has the same pause, an interruption none, "
	     "and Retry-After is never undercut",
	    test_pause_of_others),
	TEST("after an outage the pause grows to 15 minutes at most",
	    test_pause_of_outage),
	TEST("a run that died has its pause from its last event on", test_died),
	TEST("a run that died counts, and leaves nothing held",
	    test_series_of_deaths),
	TEST("a deferred call ends a hold, and not what an operator gave up",
	    test_deferred),
	TEST("a postponed of an older version is read and means nothing",
	    test_postponed),
	TEST("no clock and no journal makes a recording wait forever",
	    test_due),
	TEST("a recording is given up after failing for so long and so often",
	    test_give_up),
	TEST("a series of failures ends with something stored, or when it was "
	     "held",
	    test_series),
	TEST("each kind of directory has its verdict", test_verdicts),
	TEST("an orphan is left alone until nothing has changed for settle",
	    test_settle),
};

const struct unit_tests schedule_tests = { tests, LENGTH(tests) };
