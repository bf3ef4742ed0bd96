#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/doctor/check.h"
#include "cli/doctor/hocon.h"

static bool
is_this_program(const char *path)
{
	struct stat own, other;

	return stat("/proc/self/exe", &own) == 0 && stat(path, &other) == 0 &&
	    own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static void
check_script(struct diagnoses *f, const char *script, const char *file,
    bool is_old)
{
	if (script == NULL || *script == '\0')
		check_fail(f, "finalize-script",
		    is_old ? "Write the path of this program as "
			     "finalize_recording_script_path in config.json, "
			     "or take that out, then restart Jibri."
			   : "In its block jibri.recording write "
			     "finalize-script = and the path of this program, "
			     "then restart Jibri.",
		    "%s names none: Jibri calls nobody", file);
	else if (script[0] != '/')
		check_warn(f, "finalize-script",
		    "Name the path of this program from / on.",
		    "%s says %s: it depends on how Jibri is started", file,
		    script);
	else if (access(script, F_OK) == -1)
		check_fail(f, "finalize-script",
		    "Name the path of this program there.", "%s: %s", script,
		    strerror(errno));
	else if (!check_executable(f, "finalize-script", script))
		return;
	else if (!is_this_program(script))
		check_warn(f, "finalize-script",
		    "Name the path of this program there, unless that one "
		    "calls it.",
		    "%s is another program than this one", script);
	else
		check_ok(f, "finalize-script", "%s, as %s says", script, file);
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
	check_warn(f, "recordings-directory",
	    "Set recordings-dir to the same directory.",
	    "%s, but Jibri records into %s: a sweep would not find it", ours,
	    directory);
}

/* Jibri's first file has a key, or the second; and under which name. */
static const struct key {
	const char *what, *in[2];
} keys[] = {
	{ "finalize-script",
	    { "finalize_recording_script_path",
		"jibri.recording.finalize-script" } },
	{ "recordings-directory",
	    { "recording_directory", "jibri.recording.recordings-directory" } },
};

/* 1, 0, -1 as hocon_get(); *file is the one that decides. */
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
		    (i == 0 ? is_this_program(value)
			    : is_directory(value, l->config.recordings_dir));
		/* No directory at all is Jibri's default. */
		bool is_open = *e.text && !is_good && (i == 0 || value);

		if (rc == -1 || is_open)
			check_warn(f, keys[i].what,
			    "Look there yourself, as Jibri's user.",
			    "not understood: %s: %s", file, e.text);
		else if (i == 0)
			check_script(f, value, file, file == files[0]);
		else
			check_directory(f, value, l);
	}
}

/* Jibri goes by what its old configuration, config.json, says of a key. */
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
	if (rc == -1)
		check_warn(f, "finalize-script",
		    "Look there yourself: Jibri may not start with it.",
		    "not understood: %s", e.text);
	else if (h[0] == NULL && h[1] == NULL)
		check_ok(f, "finalize-script",
		    "there is no %s here to look into", file);
	else
		check_keys(f, h, files, l);
	hocon_free(h[0]);
	hocon_free(h[1]);
}
