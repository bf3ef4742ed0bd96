#include "fault.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"
#include "text.h"

struct fault_rule {
	bool is_any_stage;
	enum stage stage;
	char match[256];
	bool is_endless;
	unsigned percent; /* of the requests, at random; 0: all of them */
	unsigned long uses_left;
	struct fault fault;
};

#define HEAD FAULT_AT_HEADER
#define SPOT FAULT_AT_POSITION
#define BODY FAULT_AFTER_BODY
#define NO FAULT_STORES_NOTHING
#define YES FAULT_STORES
#define WAIT FAULT_WAITS_AND_STORES
#define LATER FAULT_STORES_LATER

static const struct fault_kind kind_none = {
	.word = "",
	.args = "",
	.moment = BODY,
	.storing = YES,
	.ending = ENDING_GOOD,
};

static const struct fault_kind kinds[] = {
	{ "status", "ch", BODY, NO, ENDING_STATUS, 0, 0, 0 },
	{ "status-stored", "ch", BODY, YES, ENDING_STATUS, 0, 0, 0 },
	{ "status-body", "cwo", BODY, NO, ENDING_PAGE, 0, 0, 0 },
	{ "s3-error", "cw", BODY, NO, ENDING_S3_ERROR, 0, 0, 0 },
	{ "s3-error-stored", "cw", BODY, YES, ENDING_S3_ERROR, 0, 0, 0 },
	{ "unexpected", "ch", HEAD, NO, ENDING_STATUS, 0, 1, 0 },
	{ "unexpected-late", "ch", BODY, NO, ENDING_STATUS, 0, 1, 0 },
	{ "early", "ch", HEAD, NO, ENDING_STATUS, 0, 0, 0 },
	{ "early-200", "", HEAD, NO, ENDING_GOOD, 0, 0, 0 },
	{ "drop-at", "p", SPOT, NO, ENDING_CLOSE, 0, 0, 0 },
	{ "reset-at", "p", SPOT, NO, ENDING_RESET, 0, 0, 0 },
	{ "stall-at", "ps", SPOT, NO, ENDING_SILENT, 0, 0, 0 },
	{ "drop-after", "", BODY, NO, ENDING_CLOSE, 0, 0, 0 },
	{ "drop-stored", "", BODY, YES, ENDING_CLOSE, 0, 0, 0 },
	{ "drop-stored-reused", "", BODY, YES, ENDING_CLOSE, 1, 0, 0 },
	{ "reset-stored", "", BODY, YES, ENDING_RESET, 0, 0, 0 },
	{ "stall-answer", "s", BODY, NO, ENDING_SILENT, 0, 0, 0 },
	{ "stall-stored", "s", BODY, YES, ENDING_LATE, 0, 0, 0 },
	{ "slow-store", "s", BODY, WAIT, ENDING_GOOD, 0, 0, 0 },
	{ "late-store", "sc", BODY, LATER, ENDING_STATUS, 0, 0, 0 },
	{ "html", "", BODY, NO, ENDING_HTML, 0, 0, 0 },
	{ "html-stored", "", BODY, YES, ENDING_HTML, 0, 0, 0 },
	{ "garbage", "", BODY, NO, ENDING_GARBAGE, 0, 0, 0 },
	{ "garbage-stored", "", BODY, YES, ENDING_GARBAGE, 0, 0, 0 },
	{ "truncate", "", BODY, YES, ENDING_TRUNCATED, 0, 0, 0 },
	{ "truncate-lost", "", BODY, NO, ENDING_TRUNCATED, 0, 0, 0 },
	{ "redirect", "cw", BODY, NO, ENDING_REDIRECT, 0, 0, 0 },
	{ "lie-size", "n", BODY, YES, ENDING_LIE, 0, 0, 0 },
	{ "body", "wo", BODY, NO, ENDING_FILE, 0, 0, 0 },
	{ "body-stored", "wo", BODY, YES, ENDING_FILE, 0, 0, 0 },
	{ "endless", "", BODY, NO, ENDING_ENDLESS, 0, 0, 0 },
	{ "slow", "n", BODY, YES, ENDING_GOOD, 0, 0, 1 },
	{ "dribble", "s", BODY, YES, ENDING_DRIBBLE, 0, 0, 0 },
};

/* Remove and return the next word of the line; NULL at its end. */
static char *
word_next(char **line)
{
	char *word = *line + strspn(*line, " \t");
	size_t n = strcspn(word, " \t");

	if (n == 0)
		return NULL;
	*line = word + n;
	if (**line != '\0')
		*(*line)++ = '\0';
	return word;
}

static unsigned long long
number_read(const char *word, const char *tail)
{
	char *end;
	unsigned long long n = strtoull(word, &end, 10);

	if (*word < '0' || *word > '9' || strcmp(end, tail) != 0)
		sandbox_die("faults: no number: %s", word);
	return n;
}

static double
seconds_read(const char *word)
{
	char *end;
	double s = strtod(word, &end);

	if (end == word || *end != '\0' || !(s >= 0 && s <= 86400))
		sandbox_die("faults: no seconds: %s", word);
	return s;
}

static void
text_put(char *to, size_t room, const char *word)
{
	size_t n = strlen(word);

	if (n >= room)
		sandbox_die("faults: too long: %s", word);
	memcpy(to, word, n + 1);
}

static void
arg_read(struct fault *f, char letter, const char *word)
{
	switch (letter) {
	case 'c':
		f->code = (unsigned)number_read(word, "");
		if (f->code < 200 || f->code > 599)
			sandbox_die("faults: no status: %s", word);
		break;
	case 'p':
		f->is_percent = strchr(word, '%') != NULL;
		f->number = number_read(word, f->is_percent ? "%" : "");
		break;
	case 's':
		f->seconds = seconds_read(word);
		break;
	case 'n':
		f->number = number_read(word, "");
		break;
	case 'o':
		text_put(f->type, sizeof(f->type), word);
		break;
	default:
		text_put(f->text, sizeof(f->text), word);
		break;
	}
}

static void
args_read(struct fault *f, char *line)
{
	for (const char *letter = f->kind->args; *letter != '\0'; letter++) {
		char *word;

		if (*letter == 'h') {
			arg_read(f, *letter, line + strspn(line, " \t"));
			return;
		}
		word = word_next(&line);
		if (word != NULL)
			arg_read(f, *letter, word);
		else if (*letter != 'o')
			sandbox_die("faults: incomplete: %s", f->spelling);
	}
	if (word_next(&line) != NULL)
		sandbox_die("faults: too many words: %s", f->spelling);
}

static void
fault_read(struct fault *f, char *line)
{
	char *word;

	line += strspn(line, " \t");
	text_put(f->spelling, sizeof(f->spelling), line);
	word = word_next(&line);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (word == NULL || strcmp(kinds[i].word, word) != 0)
			continue;
		f->kind = &kinds[i];
		args_read(f, line);
		return;
	}
	sandbox_die("faults: unknown fault: %s", f->spelling);
}

static void
rule_read(struct fault_rule *rule, char *line)
{
	char *stage = word_next(&line);
	char *match = word_next(&line);
	char *times = word_next(&line);

	if (times == NULL)
		sandbox_die("faults: incomplete: %s", stage);
	rule->is_any_stage = strcmp(stage, "any") == 0;
	if (!rule->is_any_stage && !target_stage(stage, &rule->stage))
		sandbox_die("faults: unknown stage: %s", stage);
	text_put(rule->match, sizeof(rule->match), match);
	rule->is_endless = strcmp(times, "*") == 0;
	if (strchr(times, '%') != NULL) {
		rule->is_endless = true;
		rule->percent = (unsigned)number_read(times, "%");
	} else if (!rule->is_endless) {
		rule->uses_left = number_read(times, "");
	}
	fault_read(&rule->fault, line);
}

static void
rules_read(struct fault_list *list, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		size_t start = strspn(line, " \t\r");

		line[start + strcspn(line + start, "\r")] = '\0';
		if (line[start] == '\0' || line[start] == '#')
			continue;
		list->rules = text_must(reallocarray(list->rules,
		    list->count + 1, sizeof(*list->rules)));
		list->rules[list->count] = (struct fault_rule){ 0 };
		rule_read(&list->rules[list->count++], line + start);
	}
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

void
fault_refresh(struct fault_list *list)
{
	struct stat now = { 0 };
	autofree char *text = NULL;

	if (stat("faults", &now) == -1)
		now = (struct stat){ 0 };
	if (is_same_file(&now, &list->seen))
		return;
	fault_release(list);
	list->seen = now;
	text = text_read("faults", NULL);
	if (text != NULL)
		rules_read(list, text);
}

bool
fault_decide(struct fault_list *list, enum stage stage, const char *subject,
    bool is_reused, bool has_expect, struct fault *f)
{
	*f = (struct fault){ .kind = &kind_none };
	for (size_t i = 0; i < list->count; i++) {
		struct fault_rule *rule = &list->rules[i];
		bool is_for_all = strcmp(rule->match, "*") == 0;

		if (!rule->is_any_stage && rule->stage != stage)
			continue;
		if (!rule->is_endless && rule->uses_left == 0)
			continue;
		if ((rule->fault.kind->is_reused_only && !is_reused) ||
		    (rule->fault.kind->is_expect_only && !has_expect))
			continue;
		if (!is_for_all && subject == NULL)
			return false;
		if (!is_for_all && fnmatch(rule->match, subject, 0) != 0)
			continue;
		if (rule->percent != 0 &&
		    (unsigned)rand_r(&list->chance) % 100 >= rule->percent)
			continue;
		if (!rule->is_endless)
			rule->uses_left--;
		*f = rule->fault;
		return true;
	}
	return true;
}

void
fault_release(struct fault_list *list)
{
	free(list->rules);
	*list = (struct fault_list){ .chance = list->chance };
}
