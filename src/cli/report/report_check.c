#include "cli/report/report.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/term.h"
#include "cli/report/table.h"

static const struct {
	const char *name, *color;
} results[CHECK_RESULTS] = {
	[CHECK_OK] = { "ok", "\033[32m" },
	[CHECK_WARNING] = { "warning", "\033[33m" },
	[CHECK_FAILED] = { "failed", "\033[1;31m" },
};

#define INDENT "         "

static void
add_finding(struct buf *out, const struct diagnosis *item, bool is_colored)
{
	const char *name = results[item->result].name;
	autofree char *sentence = xasprintf("%s: %s", item->what, item->text);
	autobuf struct buf lines = { 0 };

	table_add_wrapped(&lines, sentence, INDENT, table_width());
	(void)buf_addf(out, "%s%-8s%s ",
	    is_colored ? results[item->result].color : "", name,
	    is_colored ? "\033[0m" : "");
	(void)buf_adds(out, buf_str(&lines) + strlen(INDENT));
	if (item->fix) {
		size_t at = out->len + strlen(INDENT);

		table_add_wrapped(out, item->fix, INDENT "   ", table_width());
		memcpy(out->data + at, "->", 2);
	}
	if (item->command)
		table_add_command(out, item->command, INDENT "   ");
}

void
report_check(const struct diagnoses *f, bool is_quiet)
{
	bool is_colored = term_has_color(STDOUT_FILENO);
	size_t counts[CHECK_RESULTS] = { 0 };
	autobuf struct buf out = { 0 };

	for (size_t i = 0; i < f->n; i++) {
		counts[f->items[i].result]++;
		if (!is_quiet || f->items[i].result != CHECK_OK)
			add_finding(&out, &f->items[i], is_colored);
	}
	if (!is_quiet)
		(void)buf_addf(&out, "%zu ok, %zu warning%s, %zu failed\n",
		    counts[CHECK_OK], counts[CHECK_WARNING],
		    counts[CHECK_WARNING] == 1 ? "" : "s",
		    counts[CHECK_FAILED]);
	log_result(buf_str(&out));
}

void
report_check_json(const struct diagnoses *f)
{
	json_t *array = json_array();
	size_t counts[CHECK_RESULTS] = { 0 };

	for (size_t i = 0; i < f->n; i++) {
		const struct diagnosis *item = &f->items[i];

		counts[item->result]++;
		(void)json_array_append_new(array,
		    json_pack("{s:s, s:o, s:o, s:o, s:o}", "result",
			results[item->result].name, "check",
			report_json_text(item->what), "text",
			report_json_text(item->text), "fix",
			report_json_text(item->fix), "command",
			report_json_text(item->command)));
	}
	report_set_all(json_pack("{s:I, s:I, s:I, s:o}", "ok",
	    (json_int_t)counts[CHECK_OK], "warning",
	    (json_int_t)counts[CHECK_WARNING], "failed",
	    (json_int_t)counts[CHECK_FAILED], "findings", array));
}
