/*
 * The entry points of libFuzzer.  FUZZ_TARGET names the target, as the
 * processes that libFuzzer starts inherit it.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const char *data, size_t len);

static const struct fuzz_target *target;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ_TARGET");

	(void)argc, (void)argv;
	target = name ? fuzz_find(name) : NULL;
	if (target == NULL) {
		(void)fprintf(stderr, "FUZZ_TARGET names no target\n");
		_Exit(64);
	}
	fuzz_init();
	return 0;
}

int
LLVMFuzzerTestOneInput(const char *data, size_t len)
{
	target->run(data, len);
	return 0;
}
