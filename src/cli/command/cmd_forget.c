#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/term.h"
#include "base/text.h"
#include "cli/command/commands.h"
#include "cli/report/report_json.h"
#include "delivery/forget.h"
#include "recording/trace_id.h"

static const struct {
	const char *name, *text, *would_be;
} outcomes[] = {
	[FORGET_GIVEN_UP] = { "given-up",
	    "given up: nothing is sent, nothing is deleted; "
	    "to deliver it anyway: jibri-finalize upload ",
	    "it would be given up: nothing more would be sent" },
	[FORGET_GIVEN_UP_BEFORE] = { "given-up-before", "was given up before",
	    "nothing: it was given up before" },
	[FORGET_DELIVERED] = { "delivered",
	    "is delivered; there is nothing to give up",
	    "nothing: it is delivered" },
};

enum { ANSWER_BYTES = 64 };

/* Until there is a line, a signal, or the deadline. */
static void
wait_for_line(void)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = stop_fd(), .events = POLLIN },
	};
	int64_t left = stop_left_ms();

	(void)poll(fds, 2, left > INT_MAX ? INT_MAX : (int)left);
}

/*
 * Ask the operator, who must answer y or yes.  -1 with ERR_USAGE for any other
 * answer, or without a terminal.
 */
static int
ask(const char *question, struct err *e)
{
	autofree char *safe = term_text(STDERR_FILENO, question);
	autofree char *prompt = xasprintf("%s [y/N] ", safe);
	char answer[ANSWER_BYTES] = "";
	ssize_t n;

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return err_set(e, ERR_USAGE,
		    "not a terminal; confirm with --yes");
	if (file_write_all(STDERR_FILENO, prompt, strlen(prompt)) == -1)
		return err_sys(e, "ask");
	wait_for_line();
	if (stop_check(e) == -1)
		return -1;
	n = read(STDIN_FILENO, answer, sizeof(answer) - 1);
	answer[n > 0 ? n : 0] = '\0';
	answer[strcspn(answer, "\r\n")] = '\0';
	if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
		return 0;
	return err_set(e, ERR_USAGE, "nothing was done");
}

static void
say(const struct recording *rec, const char *name, const char *text,
    const char *word, bool is_dry_run)
{
	if (is_dry_run && !report_is_json())
		log_outcome("%s%s", text, word);
	else if (!is_dry_run)
		log_success("%s%s", text, word);
	report_recording(json_pack("{s:o, s:o, s:s, s:b}", "session",
	    report_json_text(recording_name(rec)), "path",
	    report_json_text(rec->path), "outcome", name, "isDryRun",
	    (int)is_dry_run));
}

static int
forget_what_was_begun(const struct loaded *l, const struct recording *rec,
    bool is_dry_run, struct err *e)
{
	size_t n;
	int result = forget_parts(rec, is_dry_run, &l->config.pipeline, &n, e);

	if (n > 0 && is_dry_run && !report_is_json())
		log_outcome("dry run: %zu upload%s in parts would be aborted",
		    n, n > 1 ? "s" : "");
	else if (n > 0)
		log_info("%zu %s aborted", n,
		    n > 1 ? "uploads in parts are" : "upload in parts is");
	return result;
}

static int
reset(const struct loaded *l, struct recording *rec, bool is_dry_run,
    struct err *e)
{
	/* Afterwards nobody knows which uploads were begun. */
	if (forget_what_was_begun(l, rec, is_dry_run, e) == -1 ||
	    forget_journal(rec, is_dry_run, &l->config.pipeline.destination,
		e) == -1)
		return -1;
	say(rec, "reset",
	    is_dry_run ? "dry run: its journal would be cleared, and the "
			 "next run would start over"
		       : "its journal is cleared; the next run starts over",
	    "", is_dry_run);
	return 0;
}

static int
give_up(const struct loaded *l, struct recording *rec, bool is_dry_run,
    struct err *e)
{
	autofree char *path = text_shell_word(rec->path);
	enum forget_outcome outcome;

	if (forget_recording(rec, is_dry_run, &outcome, e) == -1)
		return -1;
	if (is_dry_run)
		say(rec, outcomes[outcome].name,
		    "dry run: ", outcomes[outcome].would_be, true);
	else
		say(rec, outcomes[outcome].name, outcomes[outcome].text,
		    outcome == FORGET_GIVEN_UP ? path : "", false);
	return forget_what_was_begun(l, rec, is_dry_run, e);
}

static int
forget_open(struct loaded *l, const struct options *o, struct recording *rec,
    struct err *e)
{
	bool is_reset = o->given & OPTION_RESET;
	bool is_dry_run = o->given & OPTION_DRY_RUN;
	autofree char *question = xasprintf(is_reset
		? "Clear the journal of %s, so that the next run starts over?"
		: "Give %s up, so that nothing more is sent?",
	    rec->path);

	if (!is_dry_run && !(o->given & OPTION_YES) && ask(question, e) == -1)
		return -1;
	return (is_reset ? reset : give_up)(l, rec, is_dry_run, e);
}

static int
forget(struct loaded *l, const struct options *o, const char *directory,
    struct err *e)
{
	struct recording rec;
	int result =
	    recording_open(&rec, directory, &l->config.pipeline.recording, e);

	if (result == 0)
		result = recording_enter(&rec, e);
	if (result == 0) {
		trace_log_session(recording_name(&rec));
		result = forget_open(l, o, &rec, e);
	}
	recording_close(&rec);
	if (result == -1)
		log_error("%s", e->text);
	return result;
}

int
cmd_forget(struct loaded *l, const struct options *o, struct err *e)
{
	return handle_each(l, o, forget, e);
}
