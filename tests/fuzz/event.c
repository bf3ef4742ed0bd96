/*
 * Events of the journal: the next run reads from the lines what this run had in
 * memory.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "recording/identity.h"

/* The strings of an event, which borrows them. */
enum { HOST, VERSION_, SESSION, ROOM, ID, WEBHOOK, CLASS, TEXT, PATH, STRINGS };

struct made {
	struct event ev;
	char *strings[STRINGS];
	struct text_list paths;
	int64_t stamps[2];
};

static int64_t
integer(struct fuzz_input *in)
{
	uint64_t bits = 0;

	for (unsigned n = fuzz_byte(in) % 9; n > 0; n--)
		bits = bits << 8 | fuzz_byte(in);
	return (int64_t)bits;
}

/* Never written, as the journal could not bring it back. */
static bool
is_possible(const struct made *m)
{
	struct err e;

	for (size_t i = 0; i < PATH; i++)
		if (m->strings[i] && !text_is_utf8(m->strings[i]))
			return false;
	if (m->ev.kind == EVENT_RESOLVED || m->ev.kind == EVENT_DEFERRED)
		return identity_check_segment("room", m->ev.room, &e) == 0 &&
		    identity_check_segment("session", m->ev.session, &e) == 0 &&
		    fuzz_is_id(m->ev.meeting_id);
	return m->strings[PATH][0] != '\0';
}

static void
make(struct made *m, struct fuzz_input *in)
{
	*m = (struct made){ .ev.kind = fuzz_byte(in) % EVENT_KINDS };
	m->ev.at_ms = integer(in) & 0x3fffffffffff;
	m->ev.pid = integer(in);
	m->ev.size = integer(in);
	m->ev.mtime_ns = integer(in);
	m->ev.stamp = m->ev.mtime_ns;
	m->ev.moment_ms = m->ev.mtime_ns & 0x3fffffffffff;
	m->ev.count = integer(in);
	m->ev.bytes = integer(in);
	m->ev.status = integer(in);
	m->ev.retry_at_ms = integer(in) & 0x3fffffffffff;
	for (size_t i = 0; i < STRINGS; i++)
		m->strings[i] = fuzz_field(in);
	m->ev.host = m->strings[HOST];
	m->ev.version = m->strings[VERSION_];
	m->ev.session = m->strings[SESSION];
	m->ev.room = m->strings[ROOM];
	m->ev.meeting_id = m->ev.id = m->strings[ID];
	m->ev.webhook = m->strings[WEBHOOK];
	m->ev.class = m->strings[CLASS];
	m->ev.text = m->ev.type = m->ev.sha256 = m->strings[TEXT];
	m->ev.path = m->strings[PATH];
	if (m->ev.kind != EVENT_SENDING)
		return;
	text_list_add(&m->paths, m->strings[PATH]);
	text_list_add(&m->paths, "a/b");
	m->stamps[0] = m->ev.mtime_ns;
	m->stamps[1] = m->ev.size;
	m->ev.paths = &m->paths;
	m->ev.stamps = m->stamps;
}

static void
run(const char *data, size_t len)
{
	struct fuzz_input in = { data, len };
	struct progress live = { 0 }, replayed = { 0 };
	autobuf struct buf line = { 0 }, is = { 0 }, was = { 0 };

	while (in.len > 0) {
		struct made m;

		make(&m, &in);
		if (is_possible(&m)) {
			progress_apply(&live, &m.ev);
			event_format(&m.ev, &line);
			must(strchr(line.data, '\n') ==
			    line.data + line.len - 1);
			must(event_replay(NULL, &replayed, line.data,
			    line.len - 1));
			buf_drop(&line, line.len);
		}
		for (size_t i = 0; i < STRINGS; i++)
			free(m.strings[i]);
		text_list_free(&m.paths);
	}
	fuzz_dump_progress(&live, &is);
	fuzz_dump_progress(&replayed, &was);
	must(strcmp(buf_str(&is), buf_str(&was)) == 0);
	progress_free(&live);
	progress_free(&replayed);
}

const struct fuzz_target fuzz_event = { "event", run };
