#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/confine.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/user.h"
#include "cli/command/commands.h"
#include "cli/report/report_json.h"

struct task {
	struct loaded *l;
	const struct options *o;
	const char *word;
	word_run *run;
	int report_fd;
};

/* In a command with several words, each is one of its recordings. */
static int
run_word(const struct task *t, struct err *e)
{
	size_t before = report_recordings();
	int result = t->run(t->l, t->o, t->word, e);

	report_seal_recording(before, t->word, result == 0 ? NULL : e);
	return result;
}

/* This process reports everything except how it ended. */
static void
work(const void *ctx, int fd)
{
	const struct task *t = ctx;
	struct err e = { 0 };

	report_restart();
	if (run_word(t, &e) == 0)
		e.class = ERR_NONE;
	else if (*e.text != '\0')
		log_error("%s", e.text);
	report_error(e.class == ERR_NONE ? "" : e.text);
	report_leave(t->report_fd);
	e.text[0] = '\0';
	(void)log_finish();
	(void)file_write_all(fd, &e, sizeof(e));
}

/*
 * An archive is handled by its own processes.  A directory that could get
 * another owner before it is opened would make this process that owner's.
 */
static bool
needs_process(const char *word, bool is_last)
{
	struct stat st;

	return geteuid() == 0 && word && stat(word, &st) == 0 &&
	    S_ISDIR(st.st_mode) && (!is_last || st.st_uid != 0);
}

/* *e has only a class: the process has reported the rest. */
static void
run_process(const struct task *t, struct err *e)
{
	struct err report;

	if (child_run(work, t, &report, sizeof(report), e) == -1) {
		log_error("%s: %s", t->word, e->text);
		report_error(e->text);
		report = *e;
	} else if (!err_is_valid(&report)) {
		log_error("%s: its process sent an invalid result", t->word);
		report.class = ERR_TEMPORARY;
	}
	*e = (struct err){ .class = report.class };
}

int
handle(struct loaded *l, const struct options *o, const char *word,
    bool is_last, word_run *run, struct err *e)
{
	autoclose int fd = -1;
	struct task task = { l, o, word, run, -1 };
	size_t before = report_recordings();

	l->config.pipeline.recording.is_alone = geteuid() == 0;
	if (word == NULL) {
		(void)user_work_as(USER_NOBODY, USER_NOBODY, e);
		confine_directory(&l->config.confine, -1);
	}
	if (!needs_process(word, is_last))
		return run_word(&task, e);
	task.report_fd = fd = report_share();
	run_process(&task, e);
	report_take(fd);
	report_seal_recording(before, word, e->class == ERR_NONE ? NULL : e);
	return e->class == ERR_NONE ? 0 : -1;
}

int
handle_each(struct loaded *l, const struct options *o, word_run *run,
    struct err *e)
{
	enum err_class worst = ERR_NONE;

	for (size_t i = 0; i < o->n_words; i++) {
		int result = stop_check(e);

		log_set_session(NULL);
		if (result == -1)
			log_error("%s; %s and what follows was not processed",
			    e->text, o->words[i]);
		else if (handle(l, o, o->words[i], i + 1 == o->n_words, run,
			     e) == 0)
			continue;
		worst = err_worse(worst, e->class);
		report_error(e->text);
		if (result == -1)
			break;
	}
	*e = (struct err){ .class = worst };
	return worst == ERR_NONE ? 0 : -1;
}
