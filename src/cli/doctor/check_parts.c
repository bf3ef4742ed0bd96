#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/doctor/check.h"
#include "remote/part_request.h"
#include "remote/request.h"

/* A recording that nobody has, of a meeting that does not exist. */
static struct progress nobody = {
	.room = (char[]){ "jibri-finalize-check" },
	.session = (char[]){ "check" },
};

/* Begin an upload, send a part, and abort it. */
struct trial {
	const struct destination *to;
	struct remote_name name;
	char *key, *id, *url;
	struct text_list headers;
};

static void
found(void *ctx, const struct part_record *record)
{
	struct trial *t = ctx;

	if (record->id)
		mem_replace(&t->id, record->id);
	if (record->url)
		mem_replace(&t->url, record->url);
	for (size_t i = 0; record->headers && i < record->headers->n; i++)
		text_list_add(&t->headers, record->headers->items[i]);
}

static enum part_outcome
ask(struct trial *t, enum part_step step, struct err *e)
{
	autofree char *id = t->id ? xstrdup(t->id) : NULL;
	const struct part_call call = {
		.step = step,
		.key = t->key,
		.id = id,
		.number = 1,
		.n = 1,
		.progress = &nobody,
		.name = &t->name,
		.type = "text/plain",
		.size = -1,
	};

	return part_request_run(t->to, &call, found, t, e);
}

static enum part_outcome
put(const struct trial *t, struct err *e)
{
	struct request_text text;
	const struct http_request request = {
		.method = "PUT",
		.url = t->url,
		.headers = &t->headers,
		.body = &text.body,
		.is_bare = true,
		.answer_timeout_ms = t->to->policy->answer_timeout_ms,
		.answer_limit = 64 * 1024,
	};
	const struct part_call call = { .step = PART_PUT, .number = 1 };
	struct http_transfer *transfer;
	enum part_outcome outcome;

	request_text_init(&text, "jibri-finalize check --write\n");
	transfer = http_perform(t->to->http, &request);
	outcome = t->to->policy->ops->parts->judge(t->to->policy, &call,
	    http_answer_of(transfer), found, &(struct trial){ 0 }, e);
	http_release(transfer);
	return outcome;
}

static void
note(struct diagnoses *f, const struct loaded *l, enum part_outcome outcome,
    const struct err *e)
{
	if (outcome == PART_DONE)
		check_ok(f, "file-service",
		    "it accepts parts: one was sent and discarded");
	else if (outcome == PART_UNFIT && *e->text == '\0')
		check_ok(f, "file-service",
		    "it does not accept parts: large files are sent in "
		    "one piece");
	else
		check_warn(f, "file-service",
		    "Compare its answers with jibri-finalize-api(7), and "
		    "part-hosts with the hosts in its URLs.  Until then, "
		    "disable parts:",
		    "it does not handle parts correctly: %s", e->text);
	check_run_set(f, l, "file-service-parts", "no");
}

void
check_parts(struct diagnoses *f, const struct loaded *l,
    const struct destination *to, bool may_write)
{
	struct trial t = { .to = to };
	enum part_outcome outcome, end;
	struct err e = { 0 }, ignored;

	if (to->policy->file.parts == WANTED_NO || !may_write) {
		check_ok(f, "file-service",
		    to->policy->file.parts == WANTED_NO
			? "large files are sent in one piece, as configured"
			: "check --write tells whether it accepts parts");
		return;
	}
	destination_name(&t.name, to->policy, &nobody, "check.txt");
	t.key = to->policy->ops->parts->key(&nobody, &t.name);
	outcome = ask(&t, PART_BEGIN, &e);
	if (outcome == PART_DONE)
		outcome = ask(&t, PART_URLS, &e);
	if (outcome == PART_DONE)
		outcome = put(&t, &e);
	end = t.id ? ask(&t, PART_ABORT, outcome == PART_DONE ? &e : &ignored)
		   : PART_DONE;
	note(f, l, outcome == PART_DONE ? end : outcome, &e);
	remote_name_free(&t.name);
	free(t.key);
	free(t.id);
	free(t.url);
	text_list_free(&t.headers);
}
