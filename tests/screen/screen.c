/*
 * A terminal without a window: runs a program on it and records what a person
 * would have seen.
 *
 *     screen COLUMNS[:LATER] ROWS FRAMES PROGRAM [ARGUMENT...]
 *
 * Each screen that differs from the one before is written to the file FRAMES,
 * without blanks at the ends of lines, followed by a form feed.  With LATER the
 * terminal has so many columns from the fifth frame on, announced by a frame
 * "resized".  The last line of FRAMES is "wraps N", how often a line ran over
 * the edge.
 *
 * It knows what the program uses: CR, LF, cursor up (A), erase to the end of
 * the line (K) and of the screen (J), colours (m); anything else ends it with
 * 2.  Otherwise the exit code is the program's.
 */
#include <err.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	EXIT_UNABLE = 2,
	MOST = 512, /* columns, rows */
	RESIZE_AT = 5,
	FIXED_ARGUMENTS = 4,
};

static struct {
	int columns, rows, later;
	int x, y;
	char cells[MOST][MOST + 1];
	long wraps;
} screen;

static FILE *frames;
static char *last_frame;
static long n_frames;

static void
clear(int row, int from)
{
	memset(screen.cells[row] + from, ' ', (size_t)(MOST - from));
	screen.cells[row][MOST] = '\0';
}

static void
go_down(void)
{
	if (++screen.y < screen.rows)
		return;
	screen.y--;
	memmove(screen.cells[0], screen.cells[1],
	    sizeof(screen.cells[0]) * (size_t)(screen.rows - 1));
	clear(screen.rows - 1, 0);
}

static void
put(char c)
{
	if (screen.x >= screen.columns) {
		screen.wraps++;
		screen.x = 0;
		go_down();
	}
	screen.cells[screen.y][screen.x++] = c;
}

static void
obey(char what, int n)
{
	switch (what) {
	case 'A':
		screen.y -= n ? n : 1;
		if (screen.y < 0)
			errx(EXIT_UNABLE, "the cursor leaves the screen");
		break;
	case 'J':
		for (int row = screen.y + 1; row < screen.rows; row++)
			clear(row, 0);
		clear(screen.y, screen.x);
		break;
	case 'K':
		clear(screen.y, screen.x);
		break;
	case 'm':
		break;
	default:
		errx(EXIT_UNABLE, "unknown sequence ending in '%c'", what);
	}
}

/* One byte of the program's output; a sequence can come in pieces. */
static void
take(char c)
{
	static enum { TEXT, ESCAPE, NUMBER } state;
	static int n;

	if (state == ESCAPE) {
		if (c != '[')
			errx(EXIT_UNABLE, "unknown escape '%c'", c);
		state = NUMBER;
		n = 0;
	} else if (state == NUMBER && (c == ';' || (c >= '0' && c <= '9'))) {
		n = c == ';' ? 0 : n * 10 + c - '0';
	} else if (state == NUMBER) {
		obey(c, n);
		state = TEXT;
	} else if (c == '\033') {
		state = ESCAPE;
	} else if (c == '\r') {
		screen.x = 0;
	} else if (c == '\n') {
		go_down();
	} else if (c >= ' ' && c <= '~') {
		put(c);
	} else {
		errx(EXIT_UNABLE, "byte %#x on the terminal", (unsigned char)c);
	}
}

static void
keep_frame(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		err(EXIT_UNABLE, "memory");
	for (int row = 0; row < screen.rows; row++) {
		int end = MOST;

		while (end > 0 && screen.cells[row][end - 1] == ' ')
			end--;
		(void)fprintf(f, "%.*s\n", end, screen.cells[row]);
	}
	(void)fclose(f);
	if (last_frame && strcmp(text, last_frame) == 0) {
		free(text);
		return;
	}
	(void)fprintf(frames, "%s\f\n", text);
	free(last_frame);
	last_frame = text;
	n_frames++;
}

static void
resize(int terminal)
{
	struct winsize ws = {
		.ws_col = (unsigned short)screen.later,
		.ws_row = (unsigned short)screen.rows,
	};

	screen.columns = screen.later;
	screen.later = 0;
	if (ioctl(terminal, TIOCSWINSZ, &ws) == -1)
		err(EXIT_UNABLE, "resize");
	(void)fprintf(frames, "resized\n\f\n");
}

static void
show(int terminal)
{
	char bytes[65536];
	ssize_t n;

	while ((n = read(terminal, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			take(bytes[i]);
		keep_frame();
		if (screen.later && n_frames >= RESIZE_AT)
			resize(terminal);
	}
}

int
main(int argc, char **argv)
{
	struct winsize ws = { 0 };
	int terminal, status;
	char *end;
	pid_t pid;

	if (argc <= FIXED_ARGUMENTS)
		errx(EXIT_UNABLE,
		    "usage: screen COLUMNS[:LATER] ROWS FRAMES PROGRAM ...");
	screen.columns = (int)strtol(argv[1], &end, 10);
	screen.later = *end == ':' ? (int)strtol(end + 1, NULL, 10) : 0;
	screen.rows = (int)strtol(argv[2], NULL, 10);
	if (screen.columns < 1 || screen.columns > MOST || screen.rows < 1 ||
	    screen.rows > MOST)
		errx(EXIT_UNABLE, "no such terminal");
	for (int row = 0; row < MOST; row++)
		clear(row, 0);
	frames = fopen(argv[3], "w");
	if (frames == NULL)
		err(EXIT_UNABLE, "%s", argv[3]);
	ws.ws_col = (unsigned short)screen.columns;
	ws.ws_row = (unsigned short)screen.rows;
	pid = forkpty(&terminal, NULL, NULL, &ws);
	if (pid == -1)
		err(EXIT_UNABLE, "forkpty");
	if (pid == 0) {
		(void)execvp(argv[FIXED_ARGUMENTS], argv + FIXED_ARGUMENTS);
		_exit(EXIT_UNABLE);
	}
	show(terminal);
	if (waitpid(pid, &status, 0) == -1)
		err(EXIT_UNABLE, "wait");
	(void)fprintf(frames, "wraps %ld\n", screen.wraps);
	(void)fclose(frames);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_UNABLE;
}
