#include "base/term.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

struct term_size
term_size(int fd)
{
	struct winsize ws;

	if (ioctl(fd, TIOCGWINSZ, &ws) == -1 || ws.ws_col == 0 ||
	    ws.ws_row == 0)
		return (struct term_size){ .columns = 80, .rows = 24 };
	return (struct term_size){ .columns = ws.ws_col, .rows = ws.ws_row };
}

bool
term_is_able(int fd)
{
	const char *kind = getenv("TERM");

	return isatty(fd) && kind && *kind && strcmp(kind, "dumb") != 0;
}

bool
term_has_color(int fd)
{
	const char *forbidden = getenv("NO_COLOR");

	return term_is_able(fd) && (forbidden == NULL || *forbidden == '\0');
}

bool
term_is_utf8(int fd)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *locale = NULL;

	for (size_t i = 0; i < 3 && (locale == NULL || *locale == '\0'); i++)
		locale = getenv(names[i]);
	return locale &&
	    (strcasestr(locale, "UTF-8") || strcasestr(locale, "UTF8")) &&
	    isatty(fd);
}

char *
term_text(int fd, const char *s)
{
	return term_is_utf8(fd) ? text_escape_utf8(s) : text_escape(s);
}

bool
term_is_elsewhere(int fd)
{
	pid_t group = tcgetpgrp(fd);

	return group != -1 && group != getpgrp();
}

bool
term_is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (stream == NULL || fstat(fd, &st) == -1)
		return false;
	(void)snprintf(own, sizeof(own), "%" PRIuMAX ":%" PRIuMAX,
	    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, own) == 0;
}
