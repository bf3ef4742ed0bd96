#include <inttypes.h>

#include "archive/bundle.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/command/commands.h"

static void
report(const struct bundle_packed *packed)
{
	autofree char *session =
	    text_escape(packed->session ? packed->session : packed->path);
	autofree char *target = text_escape(packed->target);
	autofree char *line = xasprintf("%s: packed: %zu artifacts, %" PRId64
					" bytes, into %s (%" PRId64 " bytes)\n",
	    session, packed->files, packed->bytes, target,
	    packed->archive_bytes);

	log_result(line);
}

static int
pack(struct loaded *l, const struct options *o, const char *directory,
    struct err *e)
{
	const struct bundle_pack_request request = {
		.directory = directory,
		.target = o->output,
		.is_unredacted = o->given & OPTION_UNREDACTED,
	};
	struct bundle_packed packed;
	int result = bundle_pack(&request, &l->config.bundle,
	    &l->config.pipeline, &packed, e);

	if (result == 0)
		report(&packed);
	else
		log_error("%s", e->text);
	bundle_packed_free(&packed);
	return result;
}

/* One archive cannot hold several recordings. */
static int
check_output(const struct options *o, struct err *e)
{
	struct stat st;

	if (o->n_words == 1 || o->output == NULL ||
	    (stat(o->output, &st) == 0 && S_ISDIR(st.st_mode)))
		return 0;
	return err_set(e, ERR_USAGE,
	    "%s is no directory, and each recording gets an archive of its own",
	    o->output);
}

int
cmd_pack(struct loaded *l, const struct options *o, struct err *e)
{
	if (check_output(o, e) == -1)
		return -1;
	return deliver_each(l, o, pack, e);
}
