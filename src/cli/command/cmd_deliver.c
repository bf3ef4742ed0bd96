#include "cli/command/commands.h"

#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/report/meter.h"
#include "cli/report/report.h"

static void
report(const struct attempt_result *result, const struct err *e)
{
	bool is_json = report_is_json();

	report_error(e ? e->text : "");
	if (result->is_previewed && is_json)
		report_preview_json(result);
	else if (result->is_previewed)
		report_preview(result);
	else if (is_json)
		report_attempt_json(result, e);
	else
		report_attempt(result, e);
}

/* One attempt, with its result for people or, with --json, for programs. */
static int
deliver(struct loaded *l, const struct options *o,
    const struct attempt_request *request, struct err *e)
{
	const struct config *c = &l->config;
	bool is_quiet = o->given & (OPTION_JSON | OPTION_QUIET);
	struct meter meter;
	struct attempt_request watched = *request;
	struct attempt_result result;
	int outcome;

	watched.open_files = &l->open_files;
	watched.watch =
	    meter_init(&meter, (enum meter_when)c->progress, is_quiet);
	outcome = attempt_run(&watched, &c->attempt, &c->pipeline, &result, e);
	if (outcome == -1 && !result.is_logged)
		log_error("%s", e->text);
	report(&result, outcome == 0 ? NULL : e);
	attempt_result_free(&result);
	e->text[0] = '\0';
	return outcome;
}

static int
finalize(struct loaded *l, const struct options *o, const char *directory,
    struct err *e)
{
	const struct attempt_request request = {
		.directory = directory,
		.room = o->n_words > 1 ? o->words[1] : NULL,
		.session = o->n_words > 2 ? o->words[2] : NULL,
		.is_forced = o->given & OPTION_FORCE,
		.is_dry_run = o->given & OPTION_DRY_RUN,
		.is_deferred = l->config.is_deferred,
	};

	return deliver(l, o, &request, e);
}

int
cmd_finalize(struct loaded *l, const struct options *o, struct err *e)
{
	return handle(l, o, o->words[0], true, finalize, e);
}

static struct attempt_request
request_of(const struct options *o, const char *directory)
{
	return (struct attempt_request){
		.directory = directory,
		.archive = o->archive,
		.room = o->room,
		.session = o->session,
		.meeting_id = o->meeting_id,
		.only = &o->only,
		.is_forced = o->given & OPTION_FORCE,
		.is_silent = o->given & OPTION_NO_WEBHOOK,
		.is_dry_run = o->given & OPTION_DRY_RUN,
		.is_by_hand = true,
	};
}

static int
upload_recording(struct loaded *l, const struct options *o,
    const char *directory, struct err *e)
{
	const struct attempt_request request = request_of(o, directory);

	return deliver(l, o, &request, e);
}

static int
refuse_archive(const char *archive, struct err *e)
{
	struct attempt_result result = {
		.path = (char *)archive,
		.state = attempt_state_name(e->class),
	};

	log_error("%s", e->text);
	report(&result, e);
	e->text[0] = '\0';
	return -1;
}

static int
upload_archive(struct loaded *l, const struct options *o, const char *archive,
    struct err *e)
{
	const struct attempt_request request = request_of(o, archive);
	const struct config *c = &l->config;
	struct options inner = *o;
	autofree char *directory = NULL;
	struct bundle b;
	int result = bundle_open(&b, &request, &c->bundle, &c->pipeline, e);

	if (result == -1) {
		(void)refuse_archive(archive, e);
	} else {
		directory = xasprintf("%s/%s", b.parent, b.directory);
		inner.archive = archive;
		inner.session = b.session ? b.session : o->session;
		result =
		    handle(l, &inner, directory, false, upload_recording, e);
		bundle_end(&b, result == 0 ? ERR_NONE : e->class);
	}
	bundle_close(&b);
	return result;
}

/* By hand, a file is an archive. */
static int
upload(struct loaded *l, const struct options *o, const char *word,
    struct err *e)
{
	struct stat st;

	return (stat(word, &st) == 0 && S_ISREG(st.st_mode)
		? upload_archive
		: upload_recording)(l, o, word, e);
}

int
cmd_upload(struct loaded *l, const struct options *o, struct err *e)
{
	if (o->n_words > 1 && o->session)
		return err_set(e, ERR_USAGE,
		    "--session needs a single recording");
	return handle_each(l, o, upload, e);
}
