/*
 * Usage: fuzz-replay TARGET FILE...
 *
 * Run each file through the target.  Ends at the first broken law, after the
 * file's name.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"

static int
replay(const struct fuzz_target *target, const char *path)
{
	struct buf text = { 0 };
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *exact;

	if (fd == -1 || file_read_all(fd, &text) == -1) {
		perror(path);
		return -1;
	}
	(void)printf("%s\n", path);
	(void)fflush(stdout);
	/*
	 * Exactly as long as the input, so that a read past the end is found.
	 */
	exact = xmalloc(text.len ? text.len : 1);
	for (size_t i = 0; i < text.len; i++)
		exact[i] = text.data[i];
	target->run(exact, text.len);
	free(exact);
	buf_free(&text);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct fuzz_target *target = argc > 2 ? fuzz_find(argv[1]) : NULL;

	if (target == NULL) {
		(void)fprintf(stderr, "usage: fuzz-replay TARGET FILE...\n");
		return 64;
	}
	fuzz_init();
	for (int i = 2; i < argc; i++)
		if (replay(target, argv[i]) == -1)
			return 66;
	return 0;
}
