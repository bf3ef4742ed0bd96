#include "errand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "cli/settings/options.h"
#include "delivery/ahead.h"
#include "delivery/attempt.h"
#include "delivery/forget.h"
#include "delivery/notify.h"
#include "delivery/verify.h"
#include "io/xml.h"
#include "jibri.h"
#include "laws.h"
#include "parts_model.h"
#include "sweep/retention.h"
#include "sweep/status.h"
#include "sweep/sweep.h"
#include "trace.h"
#include "world.h"

/* Kept: the visits of a dead process still read its policies. */
struct errand_of {
	enum errand errand;
	int recording;
	struct pipeline_policy pipeline;
	struct parts_offer *offer; /* its own */
	struct sweep sweep;
	struct errand_of *next;
};

static struct loaded loaded;
static struct text_list roots;
static struct errand_of *all;

/*
 * Who remembers whether the file-service takes parts: nobody, each process and
 * its visits, or, as in a watch, all sweeps of a host.
 */
static enum { OFFER_RUN, OFFER_WATCH, OFFER_NEVER, OFFERS } offers;
static struct parts_offer *watched[HOSTS];

static const struct setting *
find(const char *name)
{
	const struct setting *s = setting_find(name);

	if (s)
		return s;
	(void)fprintf(stderr, "sim: there is no setting %s\n", name);
	exit(EXIT_FAILURE);
}

void
errand_set(const char *name, const char *value)
{
	struct err e;

	if (setting_set(&loaded.config, find(name), value, &e) == 0)
		return;
	(void)fprintf(stderr, "sim: %s: %s\n", name, e.text);
	exit(EXIT_FAILURE);
}

/* Smaller than any that S3 takes; a large file (plan.c) has four of them. */
enum { PART_BYTES = 20000 };

static int64_t
bucket_part_bytes(const struct destination_policy *policy, int64_t size)
{
	(void)policy;
	return size > PART_BYTES ? PART_BYTES : 0;
}

static int64_t
part_bytes(const struct destination_policy *policy, int64_t size)
{
	return file_service.parts->bytes(policy, size) > 0 ? PART_BYTES : 0;
}

/* The part size that the service reports; see parts_model.h. */
struct scaled {
	void (*found)(void *ctx, const struct part_record *);
	void *ctx;
};

static void
scale(void *ctx, const struct part_record *record)
{
	const struct scaled *s = ctx;
	struct part_record small = *record;

	small.size /= PARTS_SCALE;
	s->found(s->ctx, &small);
}

static enum part_outcome
judge(const struct destination_policy *policy, const struct part_call *call,
    const struct http_answer *answer,
    void (*found)(void *ctx, const struct part_record *), void *ctx,
    struct err *e)
{
	struct scaled s = { found, ctx };

	return call->step == PART_BEGIN
	    ? file_service.parts->judge(policy, call, answer, scale, &s, e)
	    : file_service.parts->judge(policy, call, answer, found, ctx, e);
}

/* Signatures are costly, pure, and tested elsewhere. */
static int
authorize(const struct destination *to, const struct http_request *request,
    struct auth_use *use, struct text_list *headers, struct err *e)
{
	(void)to, (void)request, (void)use, (void)headers, (void)e;
	return 0;
}

static struct part_ops bucket_parts, service_parts;
static struct destination_ops bucket, service;

static void
make_stores(void)
{
	bucket_parts = *s3.parts;
	bucket_parts.bytes = bucket_part_bytes;
	bucket = s3;
	bucket.parts = &bucket_parts;
	bucket.authorize = authorize;
	service_parts = *file_service.parts;
	service_parts.bytes = part_bytes;
	service_parts.judge = judge;
	service = file_service;
	service.parts = &service_parts;
}

void
errand_use_store(bool is_s3, bool wants_parts)
{
	loaded.config.pipeline.destination.ops = is_s3 ? &bucket : &service;
	errand_set("file-service-parts", wants_parts ? "auto" : "no");
	offers = draw(DRAW_WORLD, OFFERS);
}

/* What it remembers of the file-service. */
static struct parts_offer *
offer_of(struct errand_of *it, const struct host *host)
{
	bool is_watch =
	    it->errand == ERRAND_SWEEP || it->errand == ERRAND_AHEAD;
	struct parts_offer **offer = offers == OFFER_WATCH && is_watch
	    ? &watched[host - world.hosts]
	    : &it->offer;

	if (!world.takes_parts || offers == OFFER_NEVER)
		return NULL;
	if (*offer == NULL)
		*offer = parts_offer_new();
	return *offer;
}

void
errand_init(void)
{
	struct flag flags[] = {
		{ .setting = find("webhook-secret"), .value = "secret" },
		{ .setting = find("deadline"), .value = "1h" },
		{ .setting = find("parts-from"), .value = "20000" },
		{ .setting = find("part-hosts"), .value = PARTS_HOST },
		{ .setting = find("s3-url"), .value = "http://s3.sim" },
		{ .setting = find("s3-bucket"), .value = "bucket" },
		{ .setting = find("s3-access-key"), .value = "key" },
		{ .setting = find("s3-secret-key"), .value = "secret" },
	};
	const struct options options = {
		.flags = flags,
		.n_flags = sizeof(flags) / sizeof(*flags),
	};
	struct err e;

	text_list_add(&roots, "/rec");
	/* Load the library before its calls go to the simulated disk. */
	xml_free(xml_open(NULL, NULL, &e));
	make_stores();
	if (config_load(&loaded, &options, false, &e) == 0)
		return;
	(void)fprintf(stderr, "sim: %s\n", e.text);
	exit(EXIT_FAILURE);
}

void
errand_reset(void)
{
	while (all) {
		struct errand_of *it = all;

		all = it->next;
		parts_offer_free(it->offer);
		free(it);
	}
	for (size_t i = 0; i < HOSTS; i++) {
		parts_offer_free(watched[i]);
		watched[i] = NULL;
	}
}

static void
attempt(const struct errand_of *it, struct attempt_request request)
{
	struct attempt_result result;
	struct err e = { 0 };
	int outcome;

	request.directory = sessions[it->recording].path;
	outcome = attempt_run(&request, &loaded.config.attempt, &it->pipeline,
	    &result, &e);
	trace("process %d: %s: %s %s", actor_now->id, actor_now->name,
	    result.state, outcome == -1 ? e.text : "");
	laws_counted(it->recording, result.ambiguous);
	attempt_result_free(&result);
}

static void
sweep(struct errand_of *it)
{
	const struct retention_deps retention = {
		.policy = &loaded.config.retention,
		.verdict = &loaded.config.verdict,
		.pipeline = &it->pipeline,
	};
	struct retention_result removed;
	struct sweep_result result;
	struct err e;

	actor_now->is_sweep = true;
	it->sweep = (struct sweep){
		.policy = &loaded.config.sweep,
		.verdict = &loaded.config.verdict,
		.visit = {
			.attempt = &loaded.config.attempt,
			.pipeline = &it->pipeline,
			.ahead = &loaded.config.ahead,
			.deadline_ms = loaded.config.deadline_ms,
			.jobs = loaded.config.sweep.jobs,
		},
	};
	if (sweep_run(&it->sweep, &roots, &result, &e) == -1)
		trace("the sweep: %s", e.text);
	if (result.early.class != ERR_NONE)
		laws_ended_early(result.early.text);
	retention_run(&retention, &roots, &removed);
}

static void
notify(const struct errand_of *it, enum notify_event event)
{
	const struct notify_request request = {
		.event = event,
		.directory = sessions[it->recording].path,
		.error = event == NOTIFY_FAILED ? "it failed" : NULL,
	};
	struct notify_result result;
	struct err e = { 0 };

	if (notify_run(&request, &it->pipeline, &result, &e) == -1)
		trace("process %d: %s", actor_now->id, e.text);
	notify_result_free(&result);
}

static void
forget(const struct errand_of *it)
{
	struct recording rec;
	enum forget_outcome outcome = FORGET_DELIVERED;
	size_t n;
	struct err e = { 0 };
	int result = recording_open(&rec, sessions[it->recording].path,
	    &it->pipeline.recording, &e);

	if (result == 0 && it->errand == ERRAND_FORGET)
		result = forget_recording(&rec, false, &outcome, &e);
	if (result == 0 && outcome != FORGET_DELIVERED)
		sessions[it->recording].has_left = true;
	if (result == 0)
		result = forget_parts(&rec, false, &it->pipeline, &n, &e);
	if (result == 0 && it->errand == ERRAND_RESET)
		result =
		    forget_journal(&rec, false, &it->pipeline.destination, &e);
	recording_close(&rec);
	if (result == -1)
		trace("process %d: %s", actor_now->id, e.text);
	/* What was announced is kept, if possible. */
	else if (it->errand == ERRAND_RESET && actor_now->is_unwritten)
		laws_forget_told(it->recording);
}

static void
verify(const struct errand_of *it)
{
	struct verify_result result;
	struct err e = { 0 };

	if (verify_run(sessions[it->recording].path, false, &it->pipeline,
		&result, &e) == -1)
		trace("process %d: %s", actor_now->id, e.text);
	verify_result_free(&result);
}

static void
ahead(const struct errand_of *it)
{
	struct ahead_policy policy = loaded.config.ahead;
	struct err e = { 0 };

	policy.stays = actor_now->id % 2;
	if (ahead_run(sessions[it->recording].path, &policy, &it->pipeline,
		&e) == -1)
		trace("process %d: %s", actor_now->id, e.text);
}

static void
status(const struct errand_of *it)
{
	struct status st = { 0 };
	struct err e;

	(void)status_collect(&st,
	    &(struct status_policy){
		.verdict = &loaded.config.verdict,
		.recording = &it->pipeline.recording,
	    },
	    &roots, &(struct status_query){ .verdicts = 1U << VERDICT_HELD },
	    &e);
	for (int i = 0; i < RECORDINGS; i++) {
		sessions[i].is_held = false;
		for (size_t k = 0; k < st.n; k++)
			sessions[i].is_held |=
			    strcmp(st.rows[k].path, sessions[i].path) == 0;
	}
	status_free(&st);
}

static void
run(void *ctx)
{
	struct errand_of *it = ctx;

	stop_at(clock_mono_ms() + loaded.config.deadline_ms);
	switch (it->errand) {
	case ERRAND_HOOK:
		attempt(it, (struct attempt_request){ 0 });
		break;
	case ERRAND_DEFER:
		attempt(it, (struct attempt_request){ .is_deferred = true });
		break;
	case ERRAND_UPLOAD:
		attempt(it, (struct attempt_request){ .is_by_hand = true });
		break;
	case ERRAND_UPLOAD_ELSEWHERE:
		laws_excuse(it->recording, "it goes to another meeting");
		attempt(it,
		    (struct attempt_request){
			.is_by_hand = true,
			.meeting_id = "900",
		    });
		break;
	case ERRAND_SWEEP:
		/* Its visits have deadlines of their own. */
		stop_at(INT64_MAX);
		sweep(it);
		break;
	case ERRAND_STATUS:
		status(it);
		break;
	case ERRAND_AHEAD:
		ahead(it);
		break;
	case ERRAND_VERIFY:
		verify(it);
		break;
	case ERRAND_STARTED:
		notify(it, NOTIFY_STARTED);
		break;
	case ERRAND_STOPPED:
		notify(it, NOTIFY_STOPPED);
		break;
	case ERRAND_FAILED:
		notify(it, NOTIFY_FAILED);
		break;
	default:
		forget(it);
	}
}

static const char *const names[ERRANDS] = {
	[ERRAND_HOOK] = "finalize",
	[ERRAND_DEFER] = "finalize --defer",
	[ERRAND_SWEEP] = "sweep",
	[ERRAND_UPLOAD] = "upload",
	[ERRAND_UPLOAD_ELSEWHERE] = "upload --meeting-id",
	[ERRAND_VERIFY] = "verify",
	[ERRAND_STARTED] = "notify started",
	[ERRAND_STOPPED] = "notify stopped",
	[ERRAND_FAILED] = "notify failed",
	[ERRAND_FORGET] = "forget",
	[ERRAND_RESET] = "forget --reset",
	[ERRAND_STATUS] = "status",
	[ERRAND_AHEAD] = "send ahead",
};

void
errand_start(struct host *host, enum errand errand, int recording)
{
	struct errand_of *it = xcalloc(1, sizeof(*it));
	char name[48];
	struct actor *a;

	it->errand = errand;
	it->recording = recording;
	it->pipeline = loaded.config.pipeline;
	it->pipeline.destination.file.offer = offer_of(it, host);
	it->next = all;
	all = it;
	if (errand == ERRAND_SWEEP)
		(void)snprintf(name, sizeof(name), "sweep");
	else
		(void)snprintf(name, sizeof(name), "%s %s", names[errand],
		    sessions[recording].name);
	a = actor_start(host, name, run, it);
	if (a)
		a->recording = errand == ERRAND_SWEEP ? -1 : recording;
}
