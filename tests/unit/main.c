#include <stdlib.h>

#include "unit.h"

int
main(void)
{
	static const struct unit_tests *const files[] = {
		&base_tests,
		&compact_tests,
		&digest_tests,
		&http_tests,
		&identity_tests,
		&json_tests,
		&media_tests,
		&meter_tests,
		&mimetype_tests,
		&parts_tests,
		&plain_tests,
		&progress_tests,
		&remote_tests,
		&retry_tests,
		&s3_tests,
		&schedule_tests,
		&text_tests,
		&trust_tests,
		&webhook_tests,
	};
	struct CMUnitTest *all;
	size_t n = 0, failed;

	for (size_t i = 0; i < LENGTH(files); i++)
		n += files[i]->n;
	all = calloc(n, sizeof(*all));
	if (all == NULL)
		return 1;
	n = 0;
	for (size_t i = 0; i < LENGTH(files); i++)
		for (size_t k = 0; k < files[i]->n; k++)
			all[n++] = files[i]->tests[k];
	/* The macro of cmocka takes an array only. */
	failed = (size_t)_cmocka_run_group_tests("unit", all, n, NULL, NULL);
	free(all);
	return failed != 0;
}
