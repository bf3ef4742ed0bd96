#include "cli/command/commands.h"

#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/text.h"

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

int
ask(const char *question, struct err *e)
{
	autofree char *safe = text_escape(question);
	autofree char *prompt = xasprintf("%s [y/N] ", safe);
	char answer[ANSWER_BYTES] = "";
	ssize_t n;

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return err_set(e, ERR_USAGE,
		    "nobody can be asked here; say --yes");
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
