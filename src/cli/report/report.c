#include "cli/report/report.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/archive.h"
#include "io/digest.h"
#include "io/http.h"
#include "io/json.h"
#include "io/mimetype.h"

static const char *const next_steps[ERR_CLASSES] = {
	[ERR_TEMPORARY] = "run again to resume",
	[ERR_INTERRUPTED] = "run again to resume",
	[ERR_PERMANENT] = "nothing is deleted; mend the cause, then run "
			  "'jibri-finalize upload DIR'",
	[ERR_REFUSED] = "mend the credentials, then run again",
	[ERR_CONFIG] = "mend the configuration (see 'jibri-finalize check'), "
		       "then run again",
};

static const char *
next_step(enum err_class kind)
{
	return next_steps[kind] ? next_steps[kind] : "nothing was done";
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static const char *
webhook_state(const struct attempt_result *r)
{
	return r->is_withheld ? "STOPPED withheld" : "STOPPED acknowledged";
}

static void
add_done(struct buf *out, const struct attempt_result *r)
{
	if (r->is_given_up) {
		(void)buf_adds(out,
		    "given up by an operator, nothing was done; "
		    "'jibri-finalize upload DIR' delivers it all the same");
		return;
	}
	if (r->was_done) {
		(void)buf_addf(out, "done already: %zu artifact%s, %s",
		    r->artifacts, plural(r->artifacts), webhook_state(r));
		return;
	}
	if (r->is_partial) {
		(void)buf_addf(out,
		    "waiting: %zu of %zu artifacts stored (%zu sent now, "
		    "%" PRId64 " bytes), the others were not selected",
		    r->stored, r->artifacts, r->totals.sent,
		    r->totals.sent_bytes);
		return;
	}
	if (r->was_deferred) {
		(void)buf_addf(out,
		    "waiting: %zu of %zu artifacts stored; left to the "
		    "sweeper",
		    r->stored, r->artifacts);
		return;
	}
	(void)buf_addf(out,
	    "done: %zu artifact%s stored (%zu sent now, %" PRId64 " bytes), %s",
	    r->stored, plural(r->stored), r->totals.sent, r->totals.sent_bytes,
	    webhook_state(r));
}

void
report_attempt(const struct attempt_result *r, const struct err *e)
{
	autobuf struct buf out = { 0 };

	/* There is no recording to speak of. */
	if (e && (e->class == ERR_NO_INPUT || e->class == ERR_USAGE))
		return;
	if (e == NULL)
		add_done(&out, r);
	else if (r->is_listed)
		(void)buf_addf(&out, "%s: %zu of %zu artifacts stored; %s",
		    r->state, r->stored, r->artifacts, next_step(e->class));
	else
		(void)buf_addf(&out, "%s: %s", r->state, next_step(e->class));
	log_set_session(r->session);
	log_outcome(buf_str(&out));
}

json_t *
report_json_text(const char *s)
{
	autofree char *safe = s && !text_is_utf8(s) ? text_escape(s) : NULL;

	return s ? json_string(safe ? safe : s) : json_null();
}

void
report_json(json_t *json)
{
	autofree char *text =
	    json_dumps(json, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	autofree char *line = NULL;

	if (text == NULL)
		mem_exhausted();
	line = xasprintf("%s\n", text);
	log_result(line);
	json_decref(json);
}

json_t *
report_json_number(bool is_known, int64_t number)
{
	return is_known ? json_integer(number) : json_null();
}

void
report_attempt_json(const struct attempt_result *r, const struct err *e)
{
	report_json(json_pack(
	    "{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:o}",
	    "session", report_json_text(r->session), "path",
	    report_json_text(r->path), "room", report_json_text(r->room),
	    "meetingId", report_json_text(r->meeting_id), "state", r->state,
	    "artifacts",
	    report_json_number(r->is_listed, (int64_t)r->artifacts), "stored",
	    report_json_number(r->is_listed, (int64_t)r->stored), "bytes",
	    report_json_number(r->is_listed, r->bytes), "sent",
	    (json_int_t)r->totals.sent, "attempts", (json_int_t)r->attempts,
	    "ambiguous", (json_int_t)r->ambiguous, "lastError",
	    report_json_text(e ? e->text : NULL)));
}

void
report_config(const struct loaded *l)
{
	for (size_t i = 0; i < settings_count(); i++) {
		autofree char *value = setting_show(&l->config, setting_at(i));
		autofree char *safe = text_escape(value);
		autofree char *origin = text_escape(l->origins[i]);
		autofree char *line = xasprintf("%-24s %-30s %s\n",
		    setting_at(i)->name, *safe ? safe : "-", origin);

		log_result(line);
	}
}

void
report_config_json(const struct loaded *l)
{
	json_t *array = json_array();

	for (size_t i = 0; i < settings_count(); i++) {
		autofree char *value = setting_show(&l->config, setting_at(i));

		(void)json_array_append_new(array,
		    json_pack("{s:s, s:o, s:o}", "name", setting_at(i)->name,
			"value", report_json_text(value), "origin",
			report_json_text(l->origins[i])));
	}
	report_json(array);
}

void
report_version(void)
{
	static char *(*const libraries[])(void) = { http_library, json_library,
		mimetype_library, digest_library, archive_library };
	autobuf struct buf out = { 0 };

	(void)buf_adds(&out, "jibri-finalize " VERSION "\n");
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		autofree char *library = libraries[i]();

		(void)buf_addf(&out, "%s%s", i ? ", " : "", library);
	}
	(void)buf_adds(&out, "\n");
	log_result(buf_str(&out));
}
