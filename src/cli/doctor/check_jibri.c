#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/doctor/check.h"
#include "cli/doctor/hocon.h"

enum { PATH_BYTES = 4096, HOCON_BYTES = 1024 * 1024 };

static const char own_program[] = "/proc/self/exe";

/*
 * The last value of a key wins in Jibri's configuration, so a line at the end
 * is enough, unless the file is JSON or all in braces.
 */
static void
run_name(struct diagnoses *f, const char *file, bool is_old)
{
	char own[PATH_BYTES];
	ssize_t len = readlink(own_program, own, sizeof(own) - 1);
	autobuf struct buf text = { .limit = HOCON_BYTES };
	autofree char *word = check_word(file);
	struct stat st;

	own[len > 0 ? len : 0] = '\0';
	if (is_old || len <= 0 || strpbrk(own, "\"\\'") ||
	    file_read_named(file, &text, &st) == -1 ||
	    buf_str(&text)[strspn(buf_str(&text), " \t\r\n")] == '{')
		check_run_edit(f, file);
	else
		check_run(f,
		    "echo 'jibri.recording.finalize-script = \"%s\"' | "
		    "%stee -a %s",
		    own, f->shell.sudo, word);
}

static void
check_script(struct diagnoses *f, const char *script, const char *file,
    bool is_old)
{
	static const char cure[] =
	    "Set it to this program, then restart Jibri:";

	if (script == NULL || *script == '\0')
		check_fail(f, "finalize-script",
		    is_old ? "Set finalize_recording_script_path in "
			     "config.json to this program, or remove it, then "
			     "restart Jibri:"
			   : cure,
		    "%s sets none, so Jibri calls nothing", file);
	else if (script[0] != '/')
		check_warn(f, "finalize-script", cure,
		    "%s says %s: a relative path depends on how Jibri is "
		    "started",
		    file, script);
	else if (access(script, F_OK) == -1)
		check_fail(f, "finalize-script", cure, "%s: %s", script,
		    strerror(errno));
	else if (!check_executable(f, "finalize-script", script))
		return;
	else if (!file_is_same(own_program, script))
		check_warn(f, "finalize-script",
		    "Unless that one calls it, set it to this program, then "
		    "restart Jibri:",
		    "%s is a different program", script);
	else
		check_ok(f, "finalize-script", "%s, as %s says", script, file);
	run_name(f, file, is_old);
}

static bool
is_directory(const char *directory, const char *ours)
{
	size_t len = strlen(directory);

	while (len > 1 && directory[len - 1] == '/')
		len--;
	return strncmp(directory, ours, len) == 0 &&
	    strspn(ours + len, "/") == strlen(ours + len);
}

static void
check_directory(struct diagnoses *f, const char *directory,
    const struct loaded *l)
{
	const char *ours = l->config.recordings_dir;

	if (directory == NULL || directory[0] != '/' ||
	    is_directory(directory, ours))
		return;
	check_warn(f, "recordings-directory", "Sweep the same directory:",
	    "%s, but Jibri records into %s: a sweep would not find them", ours,
	    directory);
	check_run_set(f, l, "recordings-dir", directory);
}

/* A key in Jibri's first and second file. */
static const struct key {
	const char *what, *in[2];
} keys[] = {
	{ "finalize-script",
	    { "finalize_recording_script_path",
		"jibri.recording.finalize-script" } },
	{ "recordings-directory",
	    { "recording_directory", "jibri.recording.recordings-directory" } },
};

/* Returns 1, 0 or -1 as hocon_get(); *file is the one that decides. */
static int
ask(struct hocon *const h[2], const char *const files[2], const struct key *k,
    char **value, const char **file, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < 2 && rc == 0; i++) {
		if (h[i] == NULL)
			continue;
		*file = files[i];
		rc = hocon_get(h[i], k->in[i], value, e);
	}
	return rc;
}

static void
check_keys(struct diagnoses *f, struct hocon *const h[2],
    const char *const files[2], const struct loaded *l)
{
	for (size_t i = 0; i < 2; i++) {
		autofree char *value = NULL;
		const char *file = NULL;
		struct err e;
		int rc = ask(h, files, &keys[i], &value, &file, &e);
		bool is_good = value &&
		    (i == 0 ? file_is_same(own_program, value)
			    : is_directory(value, l->config.recordings_dir));
		/* Without a directory, Jibri uses its default. */
		bool is_open = *e.text && !is_good && (i == 0 || value);

		if (rc == -1 || is_open) {
			check_warn(f, keys[i].what,
			    "Check it yourself, as Jibri's user:",
			    "not understood: %s: %s", file, e.text);
			check_run_edit(f, file);
		} else if (i == 0)
			check_script(f, value, file, file == files[0]);
		else
			check_directory(f, value, l);
	}
}

/* Jibri prefers what its old configuration, config.json, says about a key. */
void
check_jibri(struct diagnoses *f, const struct loaded *l)
{
	const char *file = l->config.jibri_config;
	autofree char *folder = file_parent(file);
	autofree char *old = xasprintf("%s/config.json", folder);
	const char *const files[2] = { old, file };
	struct hocon *h[2] = { NULL, NULL };
	struct err e;
	int rc = hocon_load(&h[0], old, &e);

	if (rc != -1)
		rc = hocon_load(&h[1], file, &e);
	if (rc == -1) {
		check_warn(f, "finalize-script",
		    "Check it yourself; Jibri may not start with it:",
		    "not understood: %s", e.text);
		check_run_edit(f,
		    h[0]                         ? file
			: access(old, F_OK) == 0 ? old
						 : file);
	} else if (h[0] == NULL && h[1] == NULL)
		check_ok(f, "finalize-script", "there is no %s to check", file);
	else
		check_keys(f, h, files, l);
	hocon_free(h[0]);
	hocon_free(h[1]);
}
