#include <inttypes.h>

#include "archive/bundle.h"
#include "base/log.h"
#include "cli/command/commands.h"
#include "cli/report/report_json.h"
#include "recording/trace_id.h"

static int
pack(struct loaded *l, const struct options *o, const char *directory,
    struct err *e)
{
	const struct bundle_pack_request request = {
		.directory = directory,
		.target = o->output,
		.is_unredacted = o->given & OPTION_UNREDACTED,
		.is_dry_run = o->given & OPTION_DRY_RUN,
	};
	struct bundle_packed packed;
	int result = bundle_pack(&request, &l->config.bundle,
	    &l->config.pipeline, &packed, e);

	if (result == -1) {
		log_error("%s", e->text);
		e->text[0] = '\0';
	} else if (report_is_json()) {
		report_recording(json_pack("{s:o, s:o, s:o, s:I, s:I, s:o}",
		    "session", report_json_text(packed.session), "path",
		    report_json_text(directory), "archive",
		    report_json_text(packed.target), "artifacts",
		    (json_int_t)packed.files, "bytes", (json_int_t)packed.bytes,
		    "archiveBytes",
		    report_json_number(!request.is_dry_run,
			packed.archive_bytes)));
	} else if (request.is_dry_run) {
		trace_log_session(packed.session);
		log_outcome("dry run: %zu artifacts, %" PRId64
			    " bytes, would be packed into %s",
		    packed.files, packed.bytes, packed.target);
	} else {
		trace_log_session(packed.session);
		log_success("packed: %zu artifacts, %" PRId64
			    " bytes, into %s (%" PRId64 " bytes)",
		    packed.files, packed.bytes, packed.target,
		    packed.archive_bytes);
	}
	bundle_packed_free(&packed);
	return result;
}

/* An archive contains one recording. */
static int
check_output(const struct options *o, struct err *e)
{
	struct stat st;

	if (o->n_words == 1 || o->output == NULL ||
	    (stat(o->output, &st) == 0 && S_ISDIR(st.st_mode)))
		return 0;
	return err_set(e, ERR_USAGE,
	    "%s is not a directory, and each recording gets its own archive",
	    o->output);
}

int
cmd_pack(struct loaded *l, const struct options *o, struct err *e)
{
	if (check_output(o, e) == -1)
		return -1;
	return handle_each(l, o, pack, e);
}
