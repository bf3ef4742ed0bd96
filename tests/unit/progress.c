#include "unit.h"

#include "base/mem.h"
#include "journal/progress.h"

/* Apply it, and replay the line that the journal would hold. */
static void
both(struct progress *live, struct progress *replayed, struct event ev)
{
	autobuf struct buf line = { 0 };

	progress_apply(live, &ev);
	event_format(&ev, &line);
	check(line.len > 1 && line.data[line.len - 1] == '\n' &&
		!memchr(line.data, '\n', line.len - 1),
	    "%s", buf_str(&line));
	check(event_replay(NULL, replayed, line.data, line.len - 1), "%s",
	    buf_str(&line));
}

static void
check_same(const struct progress *a, const struct progress *b)
{
	assert_int_equal(a->state, b->state);
	assert_true(is_equal(a->session, b->session));
	assert_true(is_equal(a->room, b->room));
	assert_true(is_equal(a->meeting_id, b->meeting_id));
	assert_int_equal(a->attempts, b->attempts);
	assert_int_equal(a->generation, b->generation);
	assert_int_equal(a->ambiguous, b->ambiguous);
	assert_int_equal(a->complete_ms, b->complete_ms);
	assert_int_equal(a->told_ms, b->told_ms);
	assert_int_equal(a->first_event_ms, b->first_event_ms);
	assert_int_equal(a->last_event_ms, b->last_event_ms);
	assert_int_equal(a->is_failed_announced, b->is_failed_announced);
	assert_int_equal(a->failed_class, b->failed_class);
	assert_true(is_equal(a->failed_text, b->failed_text));
	assert_int_equal(a->pid, b->pid);
	assert_true(is_equal(a->host, b->host));
	assert_int_equal(a->is_given_up, b->is_given_up);
	assert_int_equal(a->is_withheld, b->is_withheld);
}

static void
check_same_fact(const struct progress *a, const struct progress *b,
    const char *path)
{
	const struct fact *x = progress_fact(a, path);
	const struct fact *y = progress_fact(b, path);

	check(x && y, "'%s' is not known", path);
	assert_int_equal(x->size, y->size);
	assert_int_equal(x->mtime_ns, y->mtime_ns);
	assert_int_equal(x->stamp, y->stamp);
	assert_int_equal(x->private_stamp, y->private_stamp);
	assert_int_equal(x->has_older, y->has_older);
	assert_int_equal(x->has_anonymous, y->has_anonymous);
	assert_int_equal(x->status, y->status);
	assert_int_equal(x->stored_ms, y->stored_ms);
	assert_true(is_equal(x->sha256, y->sha256));
	assert_true(is_equal(x->type, y->type));
	assert_true(is_equal(x->id, y->id));
	assert_int_equal(x->is_stored, y->is_stored);
	assert_int_equal(x->is_sending, y->is_sending);
	assert_int_equal(x->is_unknown, y->is_unknown);
	assert_int_equal(x->unknown_ms, y->unknown_ms);
}

#define RESOLVED(room_, id_) \
	{ \
		.kind = EVENT_RESOLVED, .session = "s", .room = (room_), \
		.meeting_id = (id_) \
	}

static void
test_replay(void **state)
{
	struct text_list sending;
	const struct event events[] = {
		{ .kind = EVENT_BEGAN, .host = "h", .pid = 7, .version = "1" },
		RESOLVED("[t]r \xc3\xa9", "12"),
		{ .kind = EVENT_SENDING, .paths = &sending },
		{ .kind = EVENT_STORED,
		    .path = "a",
		    .size = 5,
		    .mtime_ns = 1767323045678901234,
		    .type = "video/mp4",
		    .sha256 = "00ff",
		    .id = "9" },
		{ .kind = EVENT_UNKNOWN, .path = "b" },
		{ .kind = EVENT_UNKNOWN, .paths = &sending, .status = 500 },
		{ .kind = EVENT_AMBIGUOUS, .path = "b" },
		{ .kind = EVENT_SUPERSEDED, .path = "a", .id = "9" },
		{ .kind = EVENT_ABSENT, .path = "c" },
		{ .kind = EVENT_IDLE },
		{ .kind = EVENT_FAILED,
		    .class = "refused",
		    .text = "no \xff\n\"" },
		{ .kind = EVENT_ANNOUNCED, .webhook = "FAILED", .id = "m" },
		{ .kind = EVENT_COMPLETE, .count = 3, .bytes = 5 },
		{ .kind = EVENT_ANNOUNCED, .webhook = "STOPPED", .id = "m" },
		{ .kind = EVENT_CHECKED },
		{ .kind = EVENT_LOST, .path = "a", .id = "10" },
		{ .kind = EVENT_REOPENED, .path = "a" },
		{ .kind = EVENT_COMPLETE },
		{ .kind = EVENT_PRIVATE, .path = "a", .stamp = 7 },
		{ .kind = EVENT_WITHHELD },
		{ .kind = EVENT_GIVEN_UP },
		{ .kind = EVENT_FORCED },
	};
	struct progress live = { 0 }, replayed = { 0 };

	(void)state;
	text_list_parse(&sending, "a,b,c");
	for (size_t i = 0; i < LENGTH(events); i++) {
		struct event ev = events[i];

		ev.at_ms = 1767323045678 + (int64_t)i;
		both(&live, &replayed, ev);
		mem_replace(&live.failed_text, replayed.failed_text);
		check_same(&live, &replayed);
		for (size_t k = 0; i >= 2 && i + 1 < LENGTH(events) && k < 3;
		     k++)
			check_same_fact(&live, &replayed, sending.items[k]);
	}
	text_list_free(&sending);
	progress_free(&live);
	progress_free(&replayed);
}

static void
test_paths(void **state)
{
	static const char *const paths[] = { "a.mp4", "sub/b", "%", "%41",
		"a%2fb", "\xff", "\xc3\xa9", "\xc3\xa9%\xff", "a\nb", "\"\\",
		"\x01\x7f", " ", "~!@#$%^&*()_+{}|:<>?`-=[];',./" };

	(void)state;
	for (size_t i = 0; i < LENGTH(paths); i++) {
		struct progress live = { 0 }, replayed = { 0 };
		char *list[] = { (char *)paths[i] };
		const struct text_list sending = { list, 1 };

		both(&live, &replayed,
		    (struct event){ .kind = EVENT_SENDING, .paths = &sending });
		check_same_fact(&live, &replayed, paths[i]);
		both(&live, &replayed,
		    (struct event){ .kind = EVENT_STORED,
			.path = paths[i],
			.size = 3 });
		check_same_fact(&live, &replayed, paths[i]);
		progress_free(&live);
		progress_free(&replayed);
	}
}

static void
apply(struct progress *p, struct event ev)
{
	progress_apply(p, &ev);
}

static void
stored_and_complete(struct progress *p)
{
	apply(p, (struct event)RESOLVED("r", "1"));
	apply(p, (struct event){ .kind = EVENT_STORED, .path = "a" });
	apply(p, (struct event){ .kind = EVENT_COMPLETE });
}

static void
announced(struct progress *p, const char *webhook)
{
	apply(p, (struct event){ .kind = EVENT_ANNOUNCED, .webhook = webhook });
}

static void
test_done(void **state)
{
	struct progress p = { 0 };

	(void)state;
	/* Out of its turn a STOPPED makes nothing done. */
	announced(&p, "STOPPED");
	assert_int_equal(p.state, REC_NEW);
	apply(&p, (struct event){ .kind = EVENT_COMPLETE });
	assert_int_equal(p.state, REC_NEW);
	stored_and_complete(&p);
	assert_int_equal(p.state, REC_STORED);
	announced(&p, "FAILED");
	announced(&p, "of a later version");
	announced(&p, NULL);
	assert_int_equal(p.state, REC_STORED);
	announced(&p, "STOPPED");
	assert_int_equal(p.state, REC_ANNOUNCED);
	apply(&p, (struct event){ .kind = EVENT_REOPENED, .path = "a" });
	assert_int_equal(p.state, REC_RESOLVED);
	assert_true(progress_fact(&p, "a")->is_stored);
	progress_free(&p);
}

static void
test_given_up(void **state)
{
	struct progress p = { 0 };

	(void)state;
	stored_and_complete(&p);
	apply(&p, (struct event){ .kind = EVENT_GIVEN_UP });
	assert_true(p.is_given_up);
	assert_int_equal(p.state, REC_STORED);
	assert_true(progress_fact(&p, "a")->is_stored);
	apply(&p, (struct event){ .kind = EVENT_BEGAN, .host = "h" });
	assert_false(p.is_given_up);
	progress_free(&p);
}

static void
test_withheld(void **state)
{
	struct progress p = { 0 };

	(void)state;
	apply(&p, (struct event){ .kind = EVENT_WITHHELD });
	assert_int_equal(p.state, REC_NEW);
	stored_and_complete(&p);
	apply(&p, (struct event){ .kind = EVENT_WITHHELD });
	assert_int_equal(p.state, REC_ANNOUNCED);
	assert_true(p.is_withheld);
	/* Told after all. */
	announced(&p, "STOPPED");
	assert_int_equal(p.state, REC_ANNOUNCED);
	assert_false(p.is_withheld);
	progress_free(&p);
}

static void
test_lost(void **state)
{
	struct progress p = { 0 };

	(void)state;
	stored_and_complete(&p);
	announced(&p, "STOPPED");
	apply(&p, (struct event){ .kind = EVENT_FAILED, .class = "permanent" });
	apply(&p, (struct event){ .kind = EVENT_CHECKED });
	assert_int_equal(p.failed_class, ERR_NONE);
	apply(&p, (struct event){ .kind = EVENT_LOST, .path = "a", .id = "5" });
	assert_false(progress_fact(&p, "a")->is_stored);
	assert_true(progress_is_superseded(&p, "5", 7));
	assert_int_equal(p.generation, 1);
	/* Not done any more, so that a failure stays one. */
	apply(&p, (struct event){ .kind = EVENT_REOPENED, .path = "a" });
	apply(&p, (struct event){ .kind = EVENT_FAILED, .class = "permanent" });
	apply(&p, (struct event){ .kind = EVENT_CHECKED });
	assert_int_equal(p.failed_class, ERR_PERMANENT);
	progress_free(&p);
}

static void
test_failed_until_stopped(void **state)
{
	struct progress p = { 0 };

	(void)state;
	stored_and_complete(&p);
	announced(&p, "FAILED");
	assert_true(p.is_failed_announced);
	apply(&p, (struct event){ .kind = EVENT_FORCED });
	stored_and_complete(&p);
	assert_true(p.is_failed_announced);
	announced(&p, "STOPPED");
	assert_false(p.is_failed_announced);
	assert_int_equal(p.failed_class, ERR_NONE);
	progress_free(&p);
}

static void
test_elsewhere(void **state)
{
	static const struct event elsewhere[] = { RESOLVED("other", "1"),
		RESOLVED("r", "2"),
		{ .kind = EVENT_RESOLVED,
		    .session = "t",
		    .room = "r",
		    .meeting_id = "1" },
		{ .kind = EVENT_FORCED } };
	struct progress p = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(elsewhere); i++) {
		stored_and_complete(&p);
		apply(&p, (struct event)RESOLVED("r", "1"));
		assert_true(progress_fact(&p, "a")->is_stored);
		apply(&p, elsewhere[i]);
		assert_null(progress_fact(&p, "a"));
	}
	assert_int_equal(p.generation, 1);
	progress_free(&p);
}

/* C25: who sorts by timestamp ends with what was told last. */
static void
test_moments(void **state)
{
	struct progress p = { 0 };

	(void)state;
	apply(&p, (struct event)RESOLVED("r", "1"));
	apply(&p,
	    (struct event){ .kind = EVENT_ANNOUNCED,
		.webhook = "FAILED",
		.at_ms = 10,
		.moment_ms = 50 });
	assert_int_equal(p.told_ms, 50);
	apply(&p,
	    (struct event){ .kind = EVENT_COMPLETE,
		.at_ms = 20,
		.moment_ms = 60 });
	assert_int_equal(p.complete_ms, 60);
	assert_int_equal(p.told_ms, 60);
	/* 0.1.0 wrote no moment. */
	apply(&p, (struct event){ .kind = EVENT_REOPENED, .path = "a" });
	apply(&p, (struct event){ .kind = EVENT_COMPLETE, .at_ms = 70 });
	assert_int_equal(p.complete_ms, 70);
	/* A repeat of STOPPED says the same. */
	apply(&p,
	    (struct event){ .kind = EVENT_FAILED,
		.at_ms = 80,
		.class = "temporary" });
	assert_int_equal(p.told_ms, 70);
	/* Told by a host whose clock is behind. */
	apply(&p,
	    (struct event){ .kind = EVENT_ANNOUNCED,
		.webhook = "STOPPED",
		.moment_ms = 5 });
	assert_int_equal(p.told_ms, 70);
	progress_free(&p);
}

static void
test_cleared(void **state)
{
	const struct event told = { .kind = EVENT_RESET, .moment_ms = 50 };
	const struct event began = { .kind = EVENT_BEGAN };
	const struct event telling = { .kind = EVENT_TELLING, .moment_ms = 55 };
	const struct event started = {
		.kind = EVENT_ANNOUNCED,
		.webhook = "STARTED",
		.moment_ms = 60,
	};
	struct progress p = { 0 };

	(void)state;
	apply(&p, began);
	apply(&p, told);
	assert_int_equal(p.told_ms, 50);
	assert_int_equal(p.attempts, 0);
	apply(&p, telling);
	assert_int_equal(p.told_ms, 55);
	assert_false(p.has_events);
	assert_int_equal(p.last_event_ms, 0);
	/* A recording in progress is not due. */
	apply(&p, started);
	assert_true(p.is_recording);
	progress_free(&p);
}

/* Until a run begins, parts sent ahead are not a history of a delivery. */
static void
test_sent_ahead(void **state)
{
	struct event begun = {
		.kind = EVENT_UPLOAD_BEGUN,
		.path = "a.mp4",
		.id = "u",
		.key = "/r/s/a.mp4",
		.size = 10,
	};
	const struct event part = {
		.kind = EVENT_PART_STORED,
		.path = "a.mp4",
		.count = 2,
		.size = 10,
		.etag = "e",
		.md5 = "m",
	};
	struct progress p = { 0 };

	(void)state;
	apply(&p, begun);
	apply(&p, part);
	assert_true(p.is_recording);
	assert_int_equal(p.attempts, 0);
	assert_false(progress_has_died(&p));
	apply(&p, (struct event){ .kind = EVENT_BEGAN });
	assert_false(p.is_recording);
	assert_int_equal(p.begun.n, 1);
	assert_string_equal(progress_begun(&p, "a.mp4")->parts[1].etag, "e");
	apply(&p, part);
	assert_false(p.is_recording);
	/* Of a forged journal: the sum of its parts would overflow. */
	begun.path = "b.mp4";
	begun.size = INT64_MAX / PARTS_MOST;
	apply(&p, begun);
	assert_null(progress_begun(&p, "b.mp4"));
	progress_free(&p);
}

/* C1, C26: which records of a path are out of date? */
static void
test_superseded(void **state)
{
	struct progress p = { 0 };
	const struct fact *fact;

	(void)state;
	stored_and_complete(&p);
	fact = progress_fact(&p, "a");
	apply(&p,
	    (struct event){ .kind = EVENT_SUPERSEDED,
		.path = "a",
		.id = "5",
		.size = 7 });
	assert_true(fact->has_older && !fact->has_anonymous);
	assert_int_equal(p.generation, 1);
	assert_true(progress_is_superseded(&p, "5", 7));
	assert_true(progress_is_superseded(&p, "5", -1));
	/* A server that keeps one record a path: the same id, newly stored. */
	assert_false(progress_is_superseded(&p, "5", 8));
	assert_false(progress_is_superseded(&p, "6", 7));
	assert_false(progress_is_superseded(&p, NULL, 7));
	apply(&p, (struct event){ .kind = EVENT_ABSENT, .path = "a" });
	assert_false(fact->has_older);
	apply(&p,
	    (struct event){ .kind = EVENT_STORED, .path = "a", .id = "5" });
	assert_false(progress_is_superseded(&p, "5", 7));
	/* One without an id can never be told from a newer one. */
	apply(&p, (struct event){ .kind = EVENT_SUPERSEDED, .path = "a" });
	apply(&p, (struct event){ .kind = EVENT_ABSENT, .path = "a" });
	assert_true(fact->has_anonymous && !fact->has_older);
	/* 0.1.0 wrote no sizes. */
	apply(&p,
	    (struct event){ .kind = EVENT_SUPERSEDED, .path = "a", .id = "9" });
	assert_true(progress_is_superseded(&p, "9", 1));
	progress_free(&p);
}

static void
test_torn_lines(void **state)
{
	static const char line[] =
	    "{\"at\":5,\"event\":\"stored\",\"path\":\"a\",\"size\":3,"
	    "\"mtime\":4,\"type\":\"x/y\",\"sha256\":\"00\",\"id\":\"1\"}";

	(void)state;
	for (size_t len = 0; len < sizeof(line) - 1; len++) {
		struct progress p = { 0 };

		check(!event_replay(NULL, &p, line, len), "%zu bytes", len);
		assert_null(progress_fact(&p, "a"));
		assert_int_equal(p.last_event_ms, 0);
		progress_free(&p);
	}
}

static void
test_hostile_lines(void **state)
{
	static const char *const rows[] = { "", "{}", "[]", "null", "5", "x",
		"{\"event\":5}", "{\"event\":null}", "{\"event\":\"none\"}",
		"{\"event\":\"stored\"}",
		"{\"event\":\"stored\",\"path\":\"\"}",
		"{\"event\":\"stored\",\"path\":5}",
		"{\"event\":\"stored\",\"path\":\"%\"}",
		"{\"event\":\"stored\",\"path\":\"%00\"}",
		"{\"event\":\"stored\",\"path\":\"a\\u0000b\"}",
		"{\"event\":\"unknown\"}", "{\"event\":\"absent\"}",
		"{\"event\":\"ambiguous\"}", "{\"event\":\"superseded\"}",
		"{\"event\":\"reopened\"}", "{\"event\":\"resolved\"}",
		"{\"event\":\"resolved\",\"session\":\"s\",\"room\":\"r\"}",
		("{\"event\":\"resolved\",\"session\":\"s\",\"room\":\"..\","
		 "\"meetingId\":\"1\"}"),
		("{\"event\":\"resolved\",\"session\":\"a/b\",\"room\":\"r\","
		 "\"meetingId\":\"1\"}"),
		("{\"event\":\"resolved\",\"session\":\"s\",\"room\":\"r\","
		 "\"meetingId\":\"..\"}"),
		("{\"event\":\"resolved\",\"session\":5,\"room\":[],"
		 "\"meetingId\":{}}") };
	struct progress p = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check(!event_replay(NULL, &p, rows[i], strlen(rows[i])), "%s",
		    rows[i]);
	assert_int_equal(p.state, REC_NEW);
	assert_int_equal(p.facts.n, 0);
	assert_null(p.room);
	progress_free(&p);
}

static void
test_odd_lines(void **state)
{
	/* Members of a wrong type count as absent, the event does not. */
	static const char *const rows[] = {
		"{\"event\":\"sending\",\"paths\":[\"a\",5,null,\"\",\"%z\"]}",
		"{\"event\":\"sending\",\"paths\":\"a\"}",
		("{\"event\":\"stored\",\"path\":\"b\",\"size\":\"3\","
		 "\"sha256\":7,\"mtime\":1e99}"),
		"{\"event\":\"superseded\",\"path\":\"b\",\"id\":null}",
		"{\"event\":\"announced\",\"webhook\":7}",
		"{\"event\":\"failed\"}",
		"{\"event\":\"began\",\"pid\":\"x\",\"host\":[]}",
	};
	struct progress p = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check(event_replay(NULL, &p, rows[i], strlen(rows[i])), "%s",
		    rows[i]);
	assert_true(progress_fact(&p, "a")->is_sending);
	assert_int_equal(progress_fact(&p, "b")->size, 0);
	assert_int_equal(p.state, REC_NEW);
	assert_int_equal(p.attempts, 1);
	progress_free(&p);
}

static void
replay(struct progress *p, const char *line)
{
	check(event_replay(NULL, p, line, strlen(line)), "%s", line);
}

static void
test_doubt(void **state)
{
	static const char sending[] =
	    "{\"event\":\"sending\",\"paths\":[\"a\"],\"stamps\":[7]}";
	static const char ambiguous[] =
	    "{\"event\":\"ambiguous\",\"paths\":[\"a\"],\"stamps\":[7]}";
	struct progress p = { 0 };
	const struct fact *a;

	(void)state;
	replay(&p, sending);
	replay(&p, "{\"event\":\"began\"}");
	replay(&p, "{\"event\":\"idle\"}");
	a = progress_fact(&p, "a");
	assert_false(a->is_sending);
	assert_true(a->is_unknown);
	replay(&p, "{\"event\":\"ambiguous\",\"path\":\"a\"}");
	replay(&p, sending);
	replay(&p, "{\"event\":\"idle\"}");
	assert_true(a->is_unknown);
	assert_int_equal(p.ambiguous, 1);
	replay(&p, "{\"event\":\"absent\",\"path\":\"a\"}");
	assert_false(a->is_unknown);
	/* Sent without asking, and refused: only what was sent before may be
	 * there. */
	replay(&p, ambiguous);
	replay(&p, "{\"event\":\"idle\"}");
	assert_false(a->is_unknown);
	replay(&p, sending);
	replay(&p, ambiguous);
	replay(&p, "{\"event\":\"idle\"}");
	assert_true(a->is_unknown);
	progress_free(&p);
}

static const struct CMUnitTest tests[] = {
	TEST("what is replayed from the journal is what was known live",
	    test_replay),
	TEST("a path of any bytes survives the journal", test_paths),
	TEST("only a STOPPED in its turn makes a recording done", test_done),
	TEST("given up is a mark that a run takes away, and nothing else",
	    test_given_up),
	TEST("withheld is done, and told later it is only done", test_withheld),
	TEST(
	    "what is lost goes out under new keys, what is there is no failure",
	    test_lost),
	TEST("a FAILED counts until there is a STOPPED",
	    test_failed_until_stopped),
	TEST("what is stored elsewhere is not stored here", test_elsewhere),
	TEST("no webhook is older than one that was told before it",
	    test_moments),
	TEST("what a cleared journal still says is not a history",
	    test_cleared),
	TEST("parts sent ahead are not a history", test_sent_ahead),
	TEST(
	    "a record that is out of date proves nothing until it is stored again",
	    test_superseded),
	TEST("a torn line changes nothing, wherever it is torn",
	    test_torn_lines),
	TEST("a line that is not an event changes nothing", test_hostile_lines),
	TEST("an event with odd members does no harm", test_odd_lines),
	TEST("a doubt stays until it is known to be absent, or stored",
	    test_doubt),
};

const struct unit_tests progress_tests = { tests, LENGTH(tests) };
