#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/owned.h"
#include "base/parse.h"
#include "cli/command/commands.h"
#include "cli/report/report.h"
#include "io/mimetype.h"
#include "recording/recording.h"
#include "sweep/pause.h"

enum { HOST_BYTES = 256 };

/* "anna@recorder-1", to ask about the reason. */
static char *
whoami(void)
{
	const char *name = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *pw = name ? NULL : getpwuid(getuid());
	char host[HOST_BYTES] = "";

	if (name == NULL && pw != NULL)
		name = pw->pw_name;
	(void)gethostname(host, sizeof(host) - 1);
	return name ? xasprintf("%s@%s", name, host)
		    : xasprintf("user %u@%s", getuid(), host);
}

static int
set_until(struct pause *p, const struct options *o, struct err *e)
{
	int64_t lasts_ms = 0;

	if (!(o->given & OPTION_FOR))
		return 0;
	if (!parse_duration_ms(o->lasts, &lasts_ms) || lasts_ms == 0)
		return err_set(e, ERR_USAGE,
		    "--for: '%s' is not a time such as 30m or 2h", o->lasts);
	p->until_ms = clock_unix_ms() + lasts_ms;
	return 0;
}

/* A mark in a recording would have no effect. */
static bool
is_recording(const struct loaded *l, int fd)
{
	autoclosedir DIR *dir = fdopendir(dup(fd));
	struct stat above, root;
	const char *name;

	if (fstatat(fd, "..", &above, 0) == 0 &&
	    stat(l->config.recordings_dir, &root) == 0 &&
	    above.st_dev == root.st_dev && above.st_ino == root.st_ino)
		return true;
	while (dir && (name = file_next_name(dir)) != NULL)
		if (strcmp(name, RECORDING_METADATA) == 0 ||
		    strcmp(name, RECORDING_JOURNAL) == 0 ||
		    mimetype_is_media_name(name))
			return true;
	return false;
}

static int
check_root(const struct loaded *l, const char *root, struct err *e)
{
	autoclose int fd = owned_open(root, O_RDONLY | O_DIRECTORY);
	autofree char *path = realpath(root, NULL);
	autofree char *parent = file_parent(path ? path : root);
	autofree char *word = text_shell_word(parent);

	if (fd == -1 || !is_recording(l, fd))
		return 0;
	return err_set(e, ERR_USAGE,
	    "%s is not a recordings directory but a recording; pause the one "
	    "that it is in: jibri-finalize pause %s",
	    root, word);
}

static int
begin(const char *root, const struct pause *p, bool is_dry_run, struct err *e)
{
	autofree char *text = pause_text(p);
	autofree char *would = xasprintf("would be %s", text);

	if (!is_dry_run)
		return pause_begin(root, p, e);
	if (!report_is_json())
		report_root(root, would);
	return 0;
}

int
cmd_pause(struct loaded *l, const struct options *o, struct err *e)
{
	bool is_dry_run = o->given & OPTION_DRY_RUN;
	autolist struct text_list roots = { 0 };
	autofree char *by = whoami();
	struct pause p = { .by = by };

	roots_of(l, o, &roots);
	if (set_until(&p, o, e) == -1)
		return -1;
	for (size_t i = 0; i < roots.n; i++)
		if (check_root(l, roots.items[i], e) == -1)
			return -1;
	for (size_t i = 0; i < roots.n; i++)
		if (begin(roots.items[i], &p, is_dry_run, e) == -1)
			return -1;
	/* Of a dry run, as it was before. */
	if (!is_dry_run || report_is_json())
		report_pauses(&roots);
	return 0;
}

static int
end(const char *root, bool is_dry_run, bool *was, struct err *e)
{
	struct pause p = { 0 };

	if (!is_dry_run)
		return pause_end(root, was, e);
	*was = pause_of_root(root, &p);
	pause_free(&p);
	return 0;
}

int
cmd_resume(struct loaded *l, const struct options *o, struct err *e)
{
	bool is_dry_run = o->given & OPTION_DRY_RUN;
	autolist struct text_list roots = { 0 };
	json_t *list = json_array();
	int result = 0;

	roots_of(l, o, &roots);
	for (size_t i = 0; result == 0 && i < roots.n; i++) {
		bool was = false;

		result = end(roots.items[i], is_dry_run, &was, e);
		if (was)
			(void)json_array_append_new(list,
			    report_json_text(roots.items[i]));
		if (result == 0 && !report_is_json())
			report_root(roots.items[i],
			    !was             ? "was not paused"
				: is_dry_run ? "would be resumed"
					     : "no longer paused");
	}
	report_set("resumed", list);
	return result;
}

void
heed_pauses(struct loaded *l, const struct command *command,
    const struct options *o)
{
	bool is_hook =
	    command->run == cmd_finalize && !(o->given & OPTION_DRY_RUN);
	size_t n = is_hook ? 1 : o->n_words;

	for (size_t i = 0; (is_hook || command->run == cmd_upload) && i < n;
	     i++) {
		struct pause p;
		autofree char *text = NULL;

		if (!pause_above(o->words[i], &p))
			continue;
		text = pause_text(&p);
		if (is_hook)
			log_info("%s; this call is only noted", text);
		else
			log_info(
			    "%s: %s; upload sends it anyway, as it is run by "
			    "hand",
			    o->words[i], text);
		l->config.is_deferred |= is_hook;
		pause_free(&p);
	}
}
