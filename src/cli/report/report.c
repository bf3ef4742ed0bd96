#include "cli/report/report.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/bundled.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/term.h"
#include "base/text.h"
#include "cli/report/remedy.h"
#include "cli/report/table.h"
#include "io/archive.h"
#include "io/digest.h"
#include "io/http.h"
#include "io/json.h"
#include "io/mimetype.h"
#include "io/xml.h"
#include "recording/trace_id.h"

static const char find_fix[] = "find what to fix: jibri-finalize check";

static char *
next_step(const struct attempt_result *r, const struct err *e)
{
	autoremedy struct remedy remedy = { 0 };

	remedy_find(&remedy, e->text, r->path ? r->path : "");
	if (remedy.kind == REMEDY_ANNOUNCE)
		return xasprintf("nothing is deleted; to announce it as it is: "
				 "%s",
		    remedy.command);
	if (remedy.is_own)
		return xstrdup("nothing is deleted");
	if (e->class == ERR_PERMANENT)
		return xasprintf("nothing is deleted; once the cause is fixed: "
				 "%s",
		    remedy.command);
	if (e->class == ERR_TEMPORARY || e->class == ERR_INTERRUPTED)
		return xasprintf("to resume: %s", remedy.command);
	return xstrdup(e->class == ERR_REFUSED || e->class == ERR_CONFIG
		? find_fix
		: "nothing was done");
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
report_done(const struct attempt_result *r)
{
	autofree char *word = text_shell_word(r->path ? r->path : "");

	if (r->is_given_up)
		log_success("given up by an operator, nothing was done; "
			    "to deliver it anyway: jibri-finalize upload %s",
		    word);
	else if (r->was_done)
		log_success("done already: %zu artifact%s, %s", r->artifacts,
		    plural(r->artifacts), webhook_state(r));
	else if (r->is_partial)
		log_success("waiting: %zu of %zu artifacts stored (%zu sent "
			    "now, %" PRId64 " bytes), the others were not "
			    "selected",
		    r->stored, r->artifacts, r->totals.sent,
		    r->totals.sent_bytes);
	else if (r->was_deferred)
		log_success("waiting: %zu of %zu artifacts stored; left to "
			    "the sweeper",
		    r->stored, r->artifacts);
	else {
		log_set_message_id(LOG_DONE_ID);
		log_success("done: %zu artifact%s stored (%zu sent now, "
			    "%" PRId64 " bytes), %s",
		    r->stored, plural(r->stored), r->totals.sent,
		    r->totals.sent_bytes, webhook_state(r));
	}
}

void
report_attempt(const struct attempt_result *r, const struct err *e)
{
	autofree char *step = e ? next_step(r, e) : NULL;

	/* There is no recording to report on. */
	if (e && (e->class == ERR_NO_INPUT || e->class == ERR_USAGE))
		return;
	trace_log_session(r->session);
	log_set_room(r->room);
	if (e && e->class == ERR_PERMANENT)
		log_set_message_id(LOG_HELD_ID);
	if (e == NULL)
		report_done(r);
	else if (r->is_listed)
		log_outcome("%s: %zu of %zu artifacts stored; %s", r->state,
		    r->stored, r->artifacts, step);
	else
		log_outcome("%s: %s", r->state, step);
}

void
report_attempt_json(const struct attempt_result *r, const struct err *e)
{
	report_recording(json_pack(
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
		autofree char *safe = term_text(STDOUT_FILENO, value);
		autofree char *origin = term_text(STDOUT_FILENO, l->origins[i]);
		autofree char *line = xasprintf("%-24s %-30s %s\n",
		    setting_at(i)->name, *safe ? safe : "-", origin);
		autofree char *tall = xasprintf("%s\n    %s\n    %s\n",
		    setting_at(i)->name, *safe ? safe : "-", origin);
		bool is_wide = strlen(line) > table_width() + 1;

		/* On one line, for grep. */
		log_result(is_wide && isatty(STDOUT_FILENO) ? tall : line);
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
	report_set("settings", array);
}

void
report_version(void)
{
	static char *(*const libraries[])(void) = { http_library, json_library,
		mimetype_library, digest_library, archive_library,
		xml_library };
	autobuf struct buf out = { 0 }, names = { 0 };

	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		autofree char *library = libraries[i]();

		(void)buf_addf(&names, "%s%s", i ? ", " : "", library);
	}
	(void)buf_adds(&out, "jibri-finalize " VERSION "\n");
	table_add_wrapped(&out, buf_str(&names), "", table_width());
	if (bundled_packages()) {
		(void)buf_adds(&out, "Bundled from Debian 12:\n");
		table_add_wrapped(&out, bundled_packages(), "", table_width());
	}
	report_text(buf_str(&out));
}
