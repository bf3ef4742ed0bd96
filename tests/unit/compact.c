#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "journal/progress.h"

/*
 * A compact journal is the same progress.  Everything is compared, also what
 * is added to the structures later: the strings one by one, the rest as bytes.
 */

/* So that the same seed is the same on every machine. */
static uint32_t
draw(uint64_t *seed, uint32_t n)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(*seed >> 33) % n;
}

static const char *
pick(uint64_t *seed, const char *const *of, uint32_t n)
{
	return of[draw(seed, n)];
}

static struct event
random_event(uint64_t *seed, struct text_list *paths, int64_t *stamps)
{
	static const char *const names[] = { NULL, "a", "b c", "\xc3\xa9\"\n" };
	static const char *const files[] = { "a", "b/c", "%", "\xff", "d", "e",
		"f" };
	static const char *const webhooks[] = { "STOPPED", "STARTED", "FAILED",
		NULL };
	struct event ev = {
		.kind = (enum event_kind)draw(seed, EVENT_KINDS),
		.at_ms = draw(seed, 1000000),
		.host = pick(seed, names, 4),
		.session = pick(seed, names + 1, 1 + draw(seed, 2)),
		.room = "r",
		.overruled = pick(seed, names, 4),
		.meeting_id = draw(seed, 2) ? "1" : "2",
		.path = pick(seed, files, 7),
		.type = pick(seed, names, 4),
		.sha256 = pick(seed, names, 4),
		.id = pick(seed, names, 4),
		.webhook = pick(seed, webhooks, 4),
		.class =
		    err_class_name((enum err_class)draw(seed, ERR_CLASSES)),
		.text = pick(seed, names, 4),
		.key = "k",
		.etag = "e",
		.md5 = pick(seed, names + 1, 3),
		.count = draw(seed, 4),
		.pid = draw(seed, 100000),
		.size = draw(seed, 3),
		.mtime_ns = draw(seed, 1000),
		.stamp = draw(seed, 1000),
		.status = draw(seed, 2) * 500,
		.retry_at_ms = draw(seed, 1000000),
		.moment_ms = draw(seed, 1000000),
		.is_whole = draw(seed, 2),
		.paths = paths,
		.requests = {
		    .key = { 1200 + draw(seed, 20), draw(seed, 5000), 0 },
		    .count = { draw(seed, 3), draw(seed, 2), draw(seed, 2) },
		},
		.stamps = stamps,
		.mtimes_ns = stamps,
	};

	if (ev.kind == EVENT_UNKNOWN && draw(seed, 2))
		ev.path = NULL;
	/* Otherwise it would seldom get that far. */
	if (draw(seed, 4) == 0)
		ev.kind = EVENT_COMPLETE;
	for (size_t i = 0; i < paths->n; i++)
		stamps[i] = draw(seed, 3);
	return ev;
}

/* The same string; then neither is left for the comparison of bytes. */
static void
same_string(char **a, char **b, const char *what)
{
	check(is_equal(*a, *b), "%s: '%s', not '%s'", what, shown(*b),
	    shown(*a));
	*a = *b = NULL;
}

static void
same_bytes(const void *a, const void *b, size_t n, const char *of)
{
	for (size_t i = 0; i < n; i++)
		check(((const char *)a)[i] == ((const char *)b)[i],
		    "byte %zu of %s", i, of);
}

static void
same_fact(const struct fact *was, const struct fact *is)
{
	struct fact a, b;

	memcpy(&a, was, sizeof(a));
	memcpy(&b, is, sizeof(b));
	same_string(&a.path, &b.path, "path");
	same_string(&a.type, &b.type, "type");
	same_string(&a.sha256, &b.sha256, "sha256");
	same_string(&a.id, &b.id, "id");
	same_bytes(&a, &b, sizeof(a), was->path);
}

static void
same_outdated(const struct outdated *was, const struct outdated *is)
{
	struct outdated a, b;

	memcpy(&a, was, sizeof(a));
	memcpy(&b, is, sizeof(b));
	same_string(&a.id, &b.id, "id");
	same_bytes(&a, &b, sizeof(a), was->id);
}

static void
same_trees(const struct progress *was, const struct progress *is)
{
	autofree struct fact **f = map_all(&was->facts);
	autofree struct fact **g = map_all(&is->facts);
	autofree struct outdated **o = map_all(&was->superseded);
	autofree struct outdated **p = map_all(&is->superseded);

	assert_int_equal(was->facts.n, is->facts.n);
	for (size_t i = 0; i < was->facts.n; i++)
		same_fact(f[i], g[i]);
	assert_int_equal(was->superseded.n, is->superseded.n);
	for (size_t i = 0; i < was->superseded.n; i++)
		same_outdated(o[i], p[i]);
}

static void
same_begun(const struct progress *was, const struct progress *is)
{
	autofree struct begun **all = map_all(&was->begun);

	assert_int_equal(was->begun.n, is->begun.n);
	for (size_t i = 0; i < was->begun.n; i++) {
		const struct begun *a = all[i];
		const struct begun *b = progress_begun(is, a->path);

		assert_non_null(b);
		assert_string_equal(a->path, b->path);
		assert_string_equal(a->key, b->key);
		assert_string_equal(a->id, b->id);
		assert_int_equal(a->part_bytes, b->part_bytes);
		assert_int_equal(a->forced, b->forced);
		assert_int_equal(a->n, b->n);
		for (size_t j = 0; j < a->n; j++) {
			check(is_equal(a->parts[j].etag, b->parts[j].etag),
			    "etag %zu", j);
			check(is_equal(a->parts[j].md5, b->parts[j].md5),
			    "md5 %zu", j);
		}
	}
}

static void
same_progress(const struct progress *was, const struct progress *is)
{
	struct progress a, b;

	same_trees(was, is);
	same_begun(was, is);
	memcpy(&a, was, sizeof(a));
	memcpy(&b, is, sizeof(b));
	a.facts = b.facts = a.superseded = b.superseded = (struct map){ 0 };
	a.begun = b.begun = (struct map){ 0 };
	same_string(&a.session, &b.session, "session");
	same_string(&a.room, &b.room, "room");
	same_string(&a.meeting_id, &b.meeting_id, "meeting_id");
	same_string(&a.host, &b.host, "host");
	same_string(&a.failed_text, &b.failed_text, "failed_text");
	same_string(&a.archive, &b.archive, "archive");
	same_string(&a.overruled, &b.overruled, "overruled");
	same_bytes(&a, &b, sizeof(a), "the progress");
}

static bool
replay(void *progress, const struct buf *line)
{
	check(event_replay(NULL, progress, line->data, line->len - 1), "%s",
	    buf_str(line));
	return true;
}

static void
test_compact(void **state)
{
	struct text_list paths;
	int64_t stamps[8];

	(void)state;
	text_list_parse(&paths, "a,d,g");
	for (uint64_t first = 1; first <= 400; first++) {
		struct progress *was = xcalloc(1, sizeof(*was));
		struct progress *is = xcalloc(1, sizeof(*is));
		uint64_t seed = first;

		for (uint32_t n = draw(&seed, 60); n > 0; n--) {
			struct event ev = random_event(&seed, &paths, stamps);

			progress_apply(was, &ev);
		}
		assert_true(progress_compact(was, replay, is));
		same_progress(was, is);
		progress_free(was);
		progress_free(is);
		free(was);
		free(is);
	}
	text_list_free(&paths);
}

/* Readers that know only these still read what matters. */
static bool
replay_known(void *progress, const struct buf *line)
{
	static const char *const new[] = { "summary", "fact", "outdated",
		"isStored" };

	for (size_t i = 0; i < 3; i++)
		if (strstr(line->data, new[i]))
			return true;
	return replay(progress, line);
}

static void
apply(struct progress *p, struct event ev)
{
	progress_apply(p, &ev);
}

static void
test_known(void **state)
{
	struct progress was = { 0 }, is = { 0 };

	(void)state;
	apply(&was,
	    (struct event){ .kind = EVENT_RESOLVED,
		.session = "s",
		.room = "r",
		.meeting_id = "1" });
	apply(&was,
	    (struct event){ .kind = EVENT_STORED,
		.path = "a",
		.id = "9",
		.stamp = 7 });
	apply(&was, (struct event){ .kind = EVENT_COMPLETE, .moment_ms = 5 });
	apply(&was,
	    (struct event){ .kind = EVENT_ANNOUNCED, .webhook = "STOPPED" });
	assert_true(progress_compact(&was, replay_known, &is));
	assert_int_equal(is.state, REC_ANNOUNCED);
	assert_int_equal(is.complete_ms, 5);
	assert_string_equal(progress_fact(&is, "a")->id, "9");
	progress_free(&is);
	apply(&was, (struct event){ .kind = EVENT_FAILED, .class = "refused" });
	apply(&was, (struct event){ .kind = EVENT_GIVEN_UP });
	assert_true(progress_compact(&was, replay_known, &is));
	assert_int_equal(is.failed_class, ERR_REFUSED);
	assert_true(is.is_given_up);
	progress_free(&is);
	progress_free(&was);
}

static bool
refuse(void *left, const struct buf *line)
{
	(void)line;
	return --*(int *)left > 0;
}

static void
test_refused(void **state)
{
	struct progress p = { 0 };
	int left = 2;

	(void)state;
	apply(&p, (struct event){ .kind = EVENT_STORED, .path = "a" });
	apply(&p, (struct event){ .kind = EVENT_STORED, .path = "b" });
	apply(&p, (struct event){ .kind = EVENT_STORED, .path = "c" });
	assert_false(progress_compact(&p, refuse, &left));
	assert_int_equal(left, 0);
	progress_free(&p);
}

static const struct CMUnitTest tests[] = {
	TEST("a compact journal replays into the same progress, every member",
	    test_compact),
	TEST("of a compact journal, what is stored, announced and failed is "
	     "also said by older events",
	    test_known),
	TEST("a compact journal ends with the first line that is not taken",
	    test_refused),
};

const struct unit_tests compact_tests = { tests, LENGTH(tests) };
