#include "cli/settings/settings_internal.h"

/* The order of --help, the manual and `config`. */
static const struct setting_group *const groups[] = {
	&settings_services,
	&settings_s3,
	&settings_webhook,
	&settings_auth,
	&settings_recording,
	&settings_delivery,
	&settings_network,
	&settings_security,
	&settings_sweep,
	&settings_watch,
	&settings_retention,
	&settings_metrics,
	&settings_archive,
	&settings_output,
};

enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

/* The group of row *i, which becomes the index in the group. */
static const struct setting_group *
group_of(size_t *i)
{
	for (size_t g = 0; g < GROUPS; g++) {
		if (*i < groups[g]->n)
			return groups[g];
		*i -= groups[g]->n;
	}
	return NULL;
}

const struct setting *
setting_at(size_t i)
{
	const struct setting_group *group = group_of(&i);

	return group ? &group->rows[i] : NULL;
}

const char *
setting_subject(size_t i)
{
	return group_of(&i)->subject;
}

size_t
setting_index(const struct setting *s)
{
	size_t i = 0;

	while (setting_at(i) != s)
		i++;
	return i;
}

size_t
settings_count(void)
{
	size_t n = 0;

	for (size_t g = 0; g < GROUPS; g++)
		n += groups[g]->n;
	return n;
}
