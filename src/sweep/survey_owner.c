#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/user.h"
#include "sweep/survey_internal.h"

enum {
	STRINGS = 4,
	STRING_BYTES = 64 * 1024,
	BATCH_BYTES = 16 * 1024,
	ENTRY_S = 10, /* processor time, after which an entry is held */
	SILENCE_MS = 120 * 1000 /* its owner can stop the process */
};

/* Followed by the strings.  Lengths include the NUL; 0 means NULL. */
struct header {
	uint32_t verdict;
	uint32_t lengths[STRINGS];
	struct finding_facts facts;
};

/* The entries of one owner. */
struct group {
	const struct survey_root *root;
	const struct survey_entry *entries;
	size_t n;
	bool is_careful; /* report each at once */
};

/* --- the owner's process -------------------------------------------------- */

static void
add(struct buf *text, const struct finding *f)
{
	const char *const strings[STRINGS] = { f->why, f->session, f->room,
		f->meeting_id };
	struct header head = {
		.verdict = f->verdict,
		.facts = f->facts,
	};

	for (size_t i = 0; i < STRINGS; i++)
		head.lengths[i] =
		    strings[i] ? (uint32_t)strlen(strings[i]) + 1 : 0;
	(void)buf_add(text, (const char *)&head, sizeof(head));
	for (size_t i = 0; i < STRINGS; i++)
		if (strings[i] != NULL)
			(void)buf_add(text, strings[i], head.lengths[i]);
}

static void
work(const void *ctx, int fd)
{
	const struct group *g = ctx;
	const struct survey_root *root = g->root;
	const struct itimerval limit = { .it_value.tv_sec = ENTRY_S };
	autobuf struct buf text = { 0 };
	struct err e, ignored;
	bool is_owner;

	(void)fcntl(fd, F_SETFL, 0);
	is_owner = user_work_as(g->entries->owner, g->entries->group, &e) == 0;
	if (!is_owner)
		log_error("%s: %s", root->path, e.text);
	confine_reading(root->survey->recording->confine, root->fd);
	for (size_t i = 0; i < g->n && stop_check(&ignored) == 0; i++) {
		const struct survey_entry *entry = &g->entries[i];
		struct finding f = { .name = xstrdup(entry->name) };

		(void)setitimer(ITIMER_PROF, &limit, NULL);
		if (is_owner)
			survey_judge(root->survey, root->fd, root->path,
			    entry->refusal, &f);
		else
			survey_hold(&f, &e);
		add(&text, &f);
		survey_free_finding(&f);
		if (i + 1 < g->n && text.len < BATCH_BYTES && !g->is_careful)
			continue;
		if (file_write_all(fd, text.data, text.len) == -1)
			return;
		buf_drop(&text, text.len);
	}
}

/* --- root ----------------------------------------------------------------- */

/* A journal written by a stranger can have any number. */
static void
clamp(struct finding_facts *facts)
{
	int64_t *n = (int64_t *)facts;

	for (size_t i = 0; i < sizeof(*facts) / sizeof(*n); i++)
		n[i] = n[i] < 0 ? 0 : n[i] > FINDING_MOST ? FINDING_MOST : n[i];
}

static bool
is_valid(const struct header *head)
{
	for (size_t i = 0; i < STRINGS; i++)
		if (head->lengths[i] > STRING_BYTES)
			return false;
	return head->verdict < VERDICTS &&
	    (uint64_t)head->facts.failed_class < ERR_CLASSES;
}

static int
receive_string(struct child_inbox *in, char **string, size_t len)
{
	if (len == 0)
		return 0;
	*string = xcalloc(1, len + 1);
	return child_receive(in, *string, len);
}

/* -1 with an empty text at the end of the data. */
static int
receive(struct child_inbox *in, struct finding *f, struct err *e)
{
	char **const strings[STRINGS] = { &f->why, &f->session, &f->room,
		&f->meeting_id };
	struct header head;

	(void)err_set(e, ERR_TEMPORARY, "%s", "");
	if (child_receive(in, &head, sizeof(head)) == -1)
		return -1;
	if (!is_valid(&head))
		return err_set(e, ERR_TEMPORARY,
		    "the process that examined it sent an invalid report");
	f->verdict = (enum verdict)head.verdict;
	f->facts = head.facts;
	clamp(&f->facts);
	for (size_t i = 0; i < STRINGS; i++)
		if (receive_string(in, strings[i], head.lengths[i]) == -1)
			return -1;
	return 0;
}

/* Wait for its end to learn the reason; kill it if its data was invalid. */
static void
end(struct child *c, struct err *e)
{
	struct err how;
	char more;

	if (*e->text != '\0')
		c->kill_at_ms = 0;
	(void)child_end(c, &more, sizeof(more), &how);
	if (*e->text == '\0')
		*e = how;
}

/* *done were reported.  If is_careful, the next one crashed the process. */
static int
look(const struct group *g, size_t *done, struct err *e)
{
	const struct survey_root *root = g->root;
	struct child c;
	struct child_inbox in = { .silence_ms = SILENCE_MS };
	int result = 0;

	if (child_start(&c, work, g, stop_deadline_ms(), e) == -1)
		return -1;
	in.fd = c.fd;
	for (*done = 0; result == 0 && *done < g->n;) {
		const char *name = g->entries[*done].name;
		struct finding f = {
			.name = xstrdup(name),
			.path = xasprintf("%s/%s", root->path, name),
		};
		struct err why;

		result = receive(&in, &f, &why);
		if (result == -1)
			end(&c, &why);
		if (result == -1 && g->is_careful)
			survey_hold(&f, &why);
		if (stop_check(e) == 0 && (result == 0 || g->is_careful)) {
			root->found(root->ctx, &f);
			++*done;
		}
		survey_free_finding(&f);
	}
	if (c.pid != 0)
		end(&c, &(struct err){ 0 });
	return stop_check(e);
}

static int
compare(const void *a, const void *b)
{
	const struct survey_entry *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return (x->group > y->group) - (x->group < y->group);
}

int
survey_as_owners(const struct survey_root *root, struct survey_entry *entries,
    size_t n, struct err *e)
{
	bool is_careful = false;
	size_t done = 0;

	if (n > 0)
		qsort(entries, n, sizeof(*entries), compare);
	while (done < n) {
		struct group g = { root, entries + done, 1, is_careful };
		size_t looked;

		while (done + g.n < n &&
		    compare(entries + done, entries + done + g.n) == 0)
			g.n++;
		if (look(&g, &looked, e) == -1)
			return -1;
		is_careful = looked < g.n;
		done += looked;
	}
	return 0;
}
