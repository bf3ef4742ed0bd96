/*
 * The configuration file.  Accepted values can be shown, and mean the same when
 * set again; errors name the place, but no secrets.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/settings/options.h"

/* Shown, and set again: the same. */
static void
check_shown(const struct config *config, const struct setting *s)
{
	autofree char *shown = setting_show(config, s);
	autofree char *again = NULL;
	struct loaded other;
	struct err e = { 0 };

	if (s->type == SETTING_SECRET) {
		must(strcmp(shown, "") == 0 || strcmp(shown, "(set)") == 0);
		return;
	}
	if (strstr(shown, "(hidden)"))
		return;
	must(
	    config_load(&other, &(struct options){ .config_path = "/dev/null" },
		false, &e) == 0);
	must(setting_set(&other.config, s, shown, &e) == 0);
	again = setting_show(&other.config, s);
	must(strcmp(shown, again) == 0);
	config_free(&other);
}

/* The value of a line that names a secret, if it stands nowhere else. */
static void
check_hidden(const char *data, size_t len, const char *text)
{
	autofree char *file = xstrndup(data, len);
	autofree char *copy = xstrdup(file);
	char *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		char *value = strchr(line, '=');
		const char *first = value ? strstr(file, ++value) : NULL;

		if (strncmp(line, "token", 5) != 0 ||
		    strncmp(line, "token-file", 10) == 0 || first == NULL ||
		    strlen(value) < 12 || strstr(first + 1, value))
			continue;
		must(strstr(text, value) == NULL);
	}
}

static void
run(const char *data, size_t len)
{
	autoclose int fd = fuzz_memfd(data, len);
	autofree char *path = xasprintf("/proc/self/fd/%d", fd);
	const struct options options = { .config_path = path };
	struct loaded l;
	struct err e = { 0 };

	if (config_load(&l, &options, false, &e) == 0) {
		for (size_t i = 0; i < settings_count(); i++)
			check_shown(&l.config, setting_at(i));
	} else {
		must(*e.text != '\0');
		must(e.class == ERR_CONFIG || e.class == ERR_TEMPORARY);
		check_hidden(data, len, e.text);
	}
	config_free(&l);
}

const struct fuzz_target fuzz_config = { "config", run };
