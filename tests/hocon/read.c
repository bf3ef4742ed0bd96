/*
 * Usage: hocon KEY FILE...
 *
 * What the program's reader makes of KEY in each file, a line each: its name,
 * a tab, "value TEXT", "none" or "not understood", a tab and why.  Newlines, tabs
 * and backslashes of TEXT are escaped.  Reference.java prints the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/hocon.h"

static void
print_escaped(const char *s)
{
	for (; *s; s++)
		if (*s == '\n')
			fputs("\\n", stdout);
		else if (*s == '\t')
			fputs("\\t", stdout);
		else if (*s == '\\')
			fputs("\\\\", stdout);
		else
			putchar(*s);
}

static void
read_key(const char *key, const char *file)
{
	const char *name = strrchr(file, '/');
	struct hocon *h = NULL;
	struct err e = { 0 };
	char *value = NULL;
	int rc = hocon_load(&h, file, &e);

	printf("%s\t", name ? name + 1 : file);
	if (rc == 1)
		rc = hocon_get(h, key, &value, &e);
	if (rc == 1) {
		fputs("value ", stdout);
		print_escaped(value);
		putchar('\t');
	} else {
		fputs(rc == 0 ? "none\t" : "not understood\t", stdout);
		print_escaped(e.text);
	}
	putchar('\n');
	free(value);
	hocon_free(h);
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: hocon KEY FILE...\n", stderr);
		return 64;
	}
	for (int i = 2; i < argc; i++)
		read_key(argv[1], argv[i]);
	return 0;
}
