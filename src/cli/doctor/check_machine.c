#include "cli/doctor/check.h"

/* In the order of the report. */
static void (*const checks[])(struct diagnoses *, const struct loaded *) = {
	check_config,
	check_user,
	check_recordings,
	check_places,
	check_units,
	check_sweeper,
	check_jibri,
};

void
check_machine(struct diagnoses *f, const struct loaded *l)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](f, l);
}
