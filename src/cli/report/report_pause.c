#include "cli/report/report.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/term.h"
#include "cli/report/table.h"
#include "sweep/pause.h"

static json_t *
json_of(const char *root, const struct pause *p)
{
	return json_pack("{s:o, s:o, s:o}", "root", report_json_text(root),
	    "until", report_json_time(p->until_ms), "by",
	    report_json_text(p->by));
}

void
report_root(const char *root, const char *text)
{
	autofree char *sentence = xasprintf("%s: %s", root, text);
	autobuf struct buf out = { 0 };

	table_add_wrapped(&out, sentence, "", table_width());
	log_result(buf_str(&out));
}

static void
print_pause(const char *root, const struct pause *p)
{
	/* The command may be run elsewhere. */
	autofree char *path = realpath(root, NULL);
	autofree char *word =
	    text_shell_word(*root != '/' && path ? path : root);
	autofree char *command = xasprintf("jibri-finalize resume %s", word);
	autofree char *safe = term_text(STDOUT_FILENO, command);
	autofree char *line = xasprintf("  %s\n", safe);
	autofree char *text = pause_text(p);

	report_root(root, text);
	log_result(line);
}

void
report_pauses(const struct text_list *roots)
{
	json_t *list = json_array();

	for (size_t i = 0; i < roots->n; i++) {
		const char *root = roots->items[i];
		struct pause p;

		if (!pause_of_root(root, &p))
			continue;
		if (!report_is_json())
			print_pause(root, &p);
		(void)json_array_append_new(list, json_of(root, &p));
		pause_free(&p);
	}
	report_set("paused", list);
}
