#include "sweep/counters.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "io/json.h"

/* Seconds; the last bin is unlimited. */
static const int bounds[COUNTER_BINS - 1] = { 5, 10, 30, 60, 120, 300, 600,
	1800, 3600, 4 * 3600, 24 * 3600 };

#define MOST (INT64_C(1) << 52) /* exact in JSON and in Prometheus */

static void
add(int64_t *to, int64_t n)
{
	if (n > 0)
		*to = n < MOST - *to ? *to + n : MOST;
}

static int
bin_of(int64_t ms)
{
	int bin = 0;

	while (bin < COUNTER_BINS - 1 && ms > INT64_C(1000) * bounds[bin])
		bin++;
	return bin;
}

void
counters_add(int64_t to[COUNTERS], const struct counts *c)
{
	add(&to[COUNTER_BYTES], c->upload_bytes);
	add(&to[COUNTER_STORED], c->uploads);
	add(&to[COUNTER_FAILED], c->upload_failures);
	add(&to[COUNTER_UNKNOWN], c->upload_doubts);
	add(&to[COUNTER_TOLD_STARTED], c->started);
	add(&to[COUNTER_TOLD_STOPPED], c->stopped);
	add(&to[COUNTER_TOLD_FAILED], c->failed);
	add(&to[COUNTER_AVAILABLE_MS], c->available_ms);
	add(&to[COUNTER_AVAILABLE + bin_of(c->available_ms)],
	    c->available_ms > 0);
	for (int i = 0; i < HTTP_TALLY; i++)
		if (c->requests.key[i] >= 0 &&
		    c->requests.key[i] < COUNTERS - COUNTER_REQUESTS)
			add(&to[COUNTER_REQUESTS + c->requests.key[i]],
			    c->requests.count[i]);
}

static int64_t
risen(const struct counters *c, int i)
{
	return c->now[i] + c->gone[i] - c->seen[i];
}

static void
judge_service(struct counters *c, int service)
{
	bool is_answered = false, is_failed = false;

	for (int status = 0; status < COUNTER_STATUSES; status++) {
		bool is_new = risen(c,
				  COUNTER_REQUESTS +
				      service * COUNTER_STATUSES + status) > 0;
		bool is_failure = status == 0 || status >= 500;

		is_answered |= is_new && !is_failure;
		is_failed |= is_new && is_failure;
	}
	if (is_answered)
		c->service[service] = SERVICE_UP;
	else if (is_failed)
		c->service[service] = SERVICE_DOWN;
}

void
counters_advance(struct counters *c)
{
	for (int i = 0; i < HTTP_SERVICES; i++)
		judge_service(c, i);
	for (int i = 0; i < COUNTERS; i++) {
		add(&c->published[i], risen(c, i));
		c->seen[i] = c->now[i];
	}
}

/* --- names ---------------------------------------------------------------- */

static const char *const plain[COUNTER_AVAILABLE] = {
	[COUNTER_BYTES] = "uploaded_bytes_total",
	[COUNTER_STORED] = "uploads_total{outcome=\"stored\"}",
	[COUNTER_FAILED] = "uploads_total{outcome=\"failed\"}",
	[COUNTER_UNKNOWN] = "uploads_total{outcome=\"unknown\"}",
	[COUNTER_TOLD_STARTED] = "webhooks_total{event=\"STARTED\"}",
	[COUNTER_TOLD_STOPPED] = "webhooks_total{event=\"STOPPED\"}",
	[COUNTER_TOLD_FAILED] = "webhooks_total{event=\"FAILED\"}",
	[COUNTER_AVAILABLE_MS] = "time_to_available_milliseconds",
};

/* The name with its labels; the caller frees it. */
static char *
name_of(int i)
{
	int request = i - COUNTER_REQUESTS;
	int status = request % COUNTER_STATUSES;
	char code[16] = "none";

	if (i < COUNTER_AVAILABLE)
		return xstrdup(plain[i]);
	if (request < 0)
		return xasprintf("time_to_available_bin{bin=\"%d\"}",
		    i - COUNTER_AVAILABLE);
	if (status > 0)
		(void)snprintf(code, sizeof(code), "%d", status);
	return xasprintf("requests_total{service=\"%s\",code=\"%s\"}",
	    http_service_name((enum http_service)(request / COUNTER_STATUSES)),
	    code);
}

/* --- the state ------------------------------------------------------------ */

static json_t *
to_json(const int64_t values[COUNTERS])
{
	json_t *json = json_object();

	for (int i = 0; i < COUNTERS; i++) {
		autofree char *name = values[i] ? name_of(i) : NULL;

		if (name)
			json_object_set_new(json, name,
			    json_integer(values[i]));
	}
	return json;
}

static void
from_json(int64_t values[COUNTERS], const json_t *json)
{
	for (int i = 0; i < COUNTERS; i++) {
		autofree char *name = name_of(i);

		values[i] = 0;
		add(&values[i], json_member_int(json, name, 0));
	}
}

void
counters_save(const struct counters *c, struct buf *out)
{
	json_t *services = json_object();
	autojson json_t *json =
	    json_pack("{s:i,s:I,s:o,s:o,s:o}", "schema", 1, "lastSuccessAt",
		(json_int_t)c->success_ms, "published", to_json(c->published),
		"seen", to_json(c->seen), "services", services);
	autofree char *text = NULL;

	for (int i = 0; i < HTTP_SERVICES; i++)
		if (c->service[i] != SERVICE_UNASKED)
			json_object_set_new(services,
			    http_service_name((enum http_service)i),
			    json_boolean(c->service[i] == SERVICE_UP));
	text = json_dumps(json, JSON_INDENT(1));
	if (text == NULL)
		mem_exhausted();
	(void)buf_addf(out, "%s\n", text);
}

bool
counters_load(struct counters *c, const char *text, size_t len)
{
	struct err ignored;
	autojson json_t *json = json_parse(text, len, &ignored);
	const json_t *services = json_object_get(json, "services");
	int64_t success_ms = 0;

	if (json_member_int(json, "schema", 0) != 1)
		return false;
	add(&success_ms, json_member_int(json, "lastSuccessAt", 0));
	if (success_ms > c->success_ms)
		c->success_ms = success_ms;
	from_json(c->published, json_object_get(json, "published"));
	from_json(c->seen, json_object_get(json, "seen"));
	for (int i = 0; i < HTTP_SERVICES; i++) {
		const json_t *up = json_object_get(services,
		    http_service_name((enum http_service)i));

		c->service[i] = json_is_true(up) ? SERVICE_UP
		    : json_is_false(up)          ? SERVICE_DOWN
						 : SERVICE_UNASKED;
	}
	return true;
}

/* --- the text ------------------------------------------------------------- */

void
counters_head(struct buf *out, const char *name, const char *type,
    const char *help)
{
	(void)buf_addf(out,
	    "# HELP jibri_finalize_%s %s\n# TYPE jibri_finalize_%s %s\n", name,
	    help, name, type);
}

static void
add_values(const struct counters *c, struct buf *out, int from, int to)
{
	for (int i = from; i < to; i++) {
		autofree char *name = NULL;

		if (i >= COUNTER_REQUESTS && c->published[i] == 0)
			continue;
		name = name_of(i);
		(void)buf_addf(out, "jibri_finalize_%s %" PRId64 "\n", name,
		    c->published[i]);
	}
}

static void
add_histogram(const struct counters *c, struct buf *out)
{
	static const char name[] = "jibri_finalize_time_to_available_seconds";
	int64_t n = 0;

	counters_head(out, "time_to_available_seconds", "histogram",
	    "From the last write of the media to the acknowledged STOPPED.");
	for (int i = 0; i < COUNTER_BINS - 1; i++) {
		n += c->published[COUNTER_AVAILABLE + i];
		(void)buf_addf(out, "%s_bucket{le=\"%d\"} %" PRId64 "\n", name,
		    bounds[i], n);
	}
	n += c->published[COUNTER_AVAILABLE + COUNTER_BINS - 1];
	(void)buf_addf(out,
	    "%s_bucket{le=\"+Inf\"} %" PRId64 "\n%s_sum %.3f\n%s_count %" PRId64
	    "\n",
	    name, n, name, (double)c->published[COUNTER_AVAILABLE_MS] / 1000,
	    name, n);
}

static void
add_services(const struct counters *c, struct buf *out)
{
	counters_head(out, "service_up", "gauge",
	    "1 if the service's last answer was anything but 5xx.");
	for (int i = 0; i < HTTP_SERVICES; i++)
		if (c->service[i] != SERVICE_UNASKED)
			(void)buf_addf(out,
			    "jibri_finalize_service_up{service=\"%s\"} %d\n",
			    http_service_name((enum http_service)i),
			    c->service[i] == SERVICE_UP);
}

void
counters_format(const struct counters *c, struct buf *out)
{
	counters_head(out, "uploaded_bytes_total", "counter",
	    "Bytes of artifacts that were stored.");
	add_values(c, out, COUNTER_BYTES, COUNTER_STORED);
	counters_head(out, "uploads_total", "counter",
	    "Uploads of artifacts by outcome.");
	add_values(c, out, COUNTER_STORED, COUNTER_TOLD_STARTED);
	counters_head(out, "webhooks_total", "counter",
	    "Webhooks that were acknowledged.");
	add_values(c, out, COUNTER_TOLD_STARTED, COUNTER_AVAILABLE_MS);
	counters_head(out, "requests_total", "counter",
	    "Requests by service and HTTP status; none: no answer.");
	add_values(c, out, COUNTER_REQUESTS, COUNTERS);
	add_histogram(c, out);
	add_services(c, out);
}
