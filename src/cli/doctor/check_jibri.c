#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/doctor/check.h"

enum { CONFIG_BYTES = 1024 * 1024 };

static const char *
skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* Behind the key: the value as a string, without what HOCON allows besides. */
static char *
value_at(const char *s)
{
	size_t len;

	s = skip_blanks(s);
	if (*s != '=' && *s != ':')
		return NULL;
	s = skip_blanks(s + 1);
	if (*s == '"') {
		len = strcspn(s + 1, "\"\n");
		return xstrndup(s + 1, len);
	}
	len = strcspn(s, "\n#,}");
	/* "${?NAME}" ends with a brace of its own. */
	if (strncmp(s, "${", 2) == 0 && s[len] == '}')
		len++;
	while (len > 0 && isspace((unsigned char)s[len - 1]))
		len--;
	return len ? xstrndup(s, len) : NULL;
}

/* A key begins at a blank, a brace, a quote or behind a dot. */
static bool
is_key(const char *line, const char *at)
{
	return at == line || strchr(" \t{.,\"", at[-1]) != NULL;
}

static bool
is_comment(const char *line, const char *at)
{
	const char *hash = memchr(line, '#', (size_t)(at - line));

	return hash != NULL ||
	    memmem(line, (size_t)(at - line), "//", 2) != NULL;
}

char *
check_hocon_value(const char *text, const char *key)
{
	char *found = NULL;
	const char *line = text;

	while (*line) {
		size_t len = strcspn(line, "\n");
		const char *at = memmem(line, len, key, strlen(key));
		const char *behind = at ? at + strlen(key) : NULL;
		char *value = NULL;

		if (at && is_key(line, at) && !is_comment(line, at))
			value = value_at(*behind == '"' ? behind + 1 : behind);
		if (value) {
			mem_free_pointer(&found);
			found = value;
		}
		line += len + (line[len] == '\n');
	}
	return found;
}

static bool
is_this_program(const char *path)
{
	struct stat own, other;

	return stat("/proc/self/exe", &own) == 0 && stat(path, &other) == 0 &&
	    own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static void
check_script(struct diagnoses *f, const char *script, const char *file)
{
	const char *user = check_jibri_user();

	if (script == NULL)
		check_fail(f, "finalize-script",
		    "In its block jibri.recording write finalize-script = and "
		    "the path of this program, then restart Jibri.",
		    "%s names none: Jibri calls nobody", file);
	else if (script[0] != '/')
		check_warn(f, "finalize-script", "Look what stands behind it.",
		    "%s says %s, which is not followed", file, script);
	else if (access(script, F_OK) == -1)
		check_fail(f, "finalize-script",
		    "Name the path of this program there.", "%s: %s", script,
		    strerror(errno));
	else if (!check_may_execute(script, user))
		check_fail(f, "finalize-script",
		    "Let the user enter each directory of its path, and "
		    "execute it: chmod 0755.",
		    "%s cannot be executed by %s", script,
		    user ? user : "this user");
	else if (!is_this_program(script))
		check_warn(f, "finalize-script",
		    "Name the path of this program there, unless that one "
		    "calls it.",
		    "%s is another program than this one", script);
	else
		check_ok(f, "finalize-script", "%s, as %s says", script, file);
}

static void
check_directory(struct diagnoses *f, const char *directory,
    const struct loaded *l)
{
	const char *ours = l->config.recordings_dir;
	size_t len = directory ? strlen(directory) : 0;

	while (len > 1 && directory[len - 1] == '/')
		len--;
	if (directory == NULL || directory[0] != '/' ||
	    (strncmp(directory, ours, len) == 0 &&
		strspn(ours + len, "/") == strlen(ours + len)))
		return;
	check_warn(f, "recordings-directory",
	    "Set recordings-dir to the same directory.",
	    "%s, but Jibri records into %s: a sweep would not find it", ours,
	    directory);
}

void
check_jibri(struct diagnoses *f, const struct loaded *l)
{
	const char *file = l->config.jibri_config;
	autobuf struct buf text = { .limit = CONFIG_BYTES };
	struct stat st;
	int outcome = file_read_named(file, &text, &st);
	autofree char *script = NULL;
	autofree char *directory = NULL;

	if (outcome == -1 && errno == ENOENT) {
		check_ok(f, "finalize-script",
		    "there is no %s here to look into", file);
		return;
	}
	if (outcome == -1) {
		check_warn(f, "finalize-script",
		    "Run it as a user who can read that file.", "%s: %s", file,
		    strerror(errno));
		return;
	}
	script = check_hocon_value(buf_str(&text), "finalize-script");
	directory = check_hocon_value(buf_str(&text), "recordings-directory");
	check_script(f, script, file);
	check_directory(f, directory, l);
}
