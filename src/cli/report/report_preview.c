#include "cli/report/report.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/report/table.h"

static const struct {
	const char *word, *sum;
} verdicts[] = {
	[PREVIEW_SEND] = { "send", "to send" },
	[PREVIEW_THERE] = { "there", "there already" },
	[PREVIEW_DOUBT] = { "doubt", "in doubt" },
	[PREVIEW_FAIL] = { "fail", "cannot be sent" },
	[PREVIEW_SKIP] = { "skip", "skipped" },
};

enum { KINDS = sizeof(verdicts) / sizeof(verdicts[0]) };

static void
add_row(struct buf *out, const struct preview_row *row)
{
	autofree char *size = table_size(row->size);
	autofree char *cells = xasprintf("  %-5s %13s %-16s",
	    verdicts[row->verdict].word, size, row->type ? row->type : "-");

	table_add_row(out, cells, row->path, row->why, "        ");
}

static void
add_sum(struct buf *out, const struct preview *preview)
{
	autobuf struct buf line = { 0 };

	for (size_t i = 0; i < KINDS; i++)
		table_add_count(&line,
		    preview_count(preview, (enum preview_verdict)i),
		    verdicts[i].sum, false);
	(void)buf_addf(&line, "%s; then %s", line.len ? "" : "no artifact",
	    preview->then);
	table_add_wrapped(out, buf_str(&line), "  ", table_width());
}

void
report_preview(const struct attempt_result *r)
{
	autobuf struct buf out = { 0 };
	autobuf struct buf head = { 0 };

	(void)buf_addf(&head, "%s: dry run, room %s", r->session,
	    r->room ? r->room : "unknown");
	if (r->meeting_id)
		(void)buf_addf(&head, ", meeting %s", r->meeting_id);
	table_add_wrapped(&out, buf_str(&head), "", table_width());
	for (size_t i = 0; i < r->preview.n; i++)
		add_row(&out, &r->preview.rows[i]);
	add_sum(&out, &r->preview);
	log_result(buf_str(&out));
}

static json_t *
json_of_row(const struct preview_row *row)
{
	return json_pack("{s:o, s:s, s:o, s:o, s:o}", "path",
	    report_json_text(row->path), "plan", verdicts[row->verdict].word,
	    "size", report_json_number(row->size != -1, row->size), "type",
	    report_json_text(row->type), "why", report_json_text(row->why));
}

void
report_preview_json(const struct attempt_result *r)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < r->preview.n; i++)
		(void)json_array_append_new(rows,
		    json_of_row(&r->preview.rows[i]));
	report_recording(json_pack("{s:o, s:o, s:o, s:o, s:o, s:s}", "session",
	    report_json_text(r->session), "path", report_json_text(r->path),
	    "room", report_json_text(r->room), "meetingId",
	    report_json_text(r->meeting_id), "artifacts", rows, "then",
	    r->preview.then));
}
