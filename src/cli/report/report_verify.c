#include "cli/report/report.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/report/table.h"

static const char *const words[VERIFY_FINDINGS] = {
	[VERIFY_SAME] = "same",
	[VERIFY_MISSING] = "missing",
	[VERIFY_SIZE] = "size",
	[VERIFY_CONTENT] = "content",
	[VERIFY_EXTRA] = "extra",
	[VERIFY_TWICE] = "twice",
	[VERIFY_FAILED] = "failed",
};

static void
add_row(struct buf *out, const struct verify_row *row)
{
	autofree char *here = table_size(row->size);
	autofree char *there = table_size(row->remote_size);
	autofree char *cells =
	    xasprintf("  %-7s %13s %13s", words[row->finding], here, there);

	table_add_row(out, cells, row->path, row->why, "          ");
}

static void
add_sum(struct buf *out, const struct verify_result *r, bool is_deep)
{
	autobuf struct buf line = { 0 };
	size_t counts[VERIFY_FINDINGS] = { 0 };

	for (size_t i = 0; i < r->n; i++)
		counts[r->rows[i].finding]++;
	(void)buf_addf(&line, "%s: %zu the same by %s", r->session,
	    counts[VERIFY_SAME], is_deep ? "content" : "path and size");
	for (size_t i = VERIFY_SAME + 1; i < VERIFY_FINDINGS; i++)
		table_add_count(&line, counts[i], words[i], false);
	if (r->outdated > 0)
		(void)buf_addf(&line, "; %zu replaced", r->outdated);
	table_add_wrapped(out, buf_str(&line), "", table_width());
}

void
report_verify(const struct verify_result *r, bool is_deep)
{
	autobuf struct buf out = { 0 };

	(void)buf_addf(&out, "  %-7s %13s %13s %s\n", "RESULT", "BYTES HERE",
	    "THERE", "FILE");
	for (size_t i = 0; i < r->n; i++)
		add_row(&out, &r->rows[i]);
	add_sum(&out, r, is_deep);
	log_result(buf_str(&out));
}

static json_t *
json_of_size(int64_t size)
{
	return report_json_number(size != -1, size);
}

static json_t *
json_of_row(const struct verify_row *row)
{
	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:{s:o, s:o, s:o}, s:o}",
	    "path", report_json_text(row->path), "result", words[row->finding],
	    "size", json_of_size(row->size), "remoteSize",
	    json_of_size(row->remote_size), "id", report_json_text(row->id),
	    "sha256", "here", report_json_text(row->here), "there",
	    report_json_text(row->there), "stored",
	    report_json_text(row->stored), "why", report_json_text(row->why));
}

void
report_verify_json(const struct verify_result *r, bool is_deep,
    const struct err *e)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < r->n; i++)
		(void)json_array_append_new(rows, json_of_row(&r->rows[i]));
	report_recording(
	    json_pack("{s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:I, s:o}",
		"session", report_json_text(r->session), "path",
		report_json_text(r->path), "room", report_json_text(r->room),
		"meetingId", report_json_text(r->meeting_id), "isDeep", is_deep,
		"agrees", e == NULL, "files", rows, "replaced",
		(json_int_t)r->outdated, "lastError",
		report_json_text(e ? e->text : NULL)));
}
