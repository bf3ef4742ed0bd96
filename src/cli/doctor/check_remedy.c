#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/doctor/check.h"

char *
check_word(const char *s)
{
	autofree char *word = text_shell_word(s);

	return text_escape(word);
}

char *
check_as_user(const char *user)
{
	const struct passwd *own = getpwuid(geteuid());
	bool is_root = geteuid() == 0;

	if (own && strcmp(own->pw_name, user) == 0)
		return xstrdup("");
	return xasprintf(is_root ? "runuser -u %s -- " : "sudo -u %s ", user);
}

static void
find_owner(struct check_shell *shell)
{
	const struct passwd *pw = getpwnam("jibri");

	shell->has_jibri = pw != NULL;
	if (pw == NULL)
		pw = getpwuid(geteuid());
	shell->owner =
	    pw ? xstrdup(pw->pw_name) : xasprintf("%d", (int)geteuid());
	shell->as = check_as_user(shell->owner);
}

void
check_begin(struct diagnoses *f, const char *path)
{
	struct check_shell *shell = &f->shell;
	const char *file = config_file(path);
	autofree char *parent = file_parent(file ? file : CONFIG_DEFAULT_FILE);
	struct stat st;

	*f = (struct diagnoses){ 0 };
	shell->is_there = file != NULL;
	shell->file = file = file ? file : CONFIG_DEFAULT_FILE;
	shell->is_to_be_had = stat(file, &st) == 0 ? S_ISREG(st.st_mode)
						   : access(parent, F_OK) == 0;
	shell->sudo = geteuid() == 0 ? "" : "sudo ";
	shell->file_sudo = access(parent, W_OK) == 0 &&
		(access(file, W_OK) == 0 || errno == ENOENT)
	    ? ""
	    : shell->sudo;
	find_owner(shell);
}

/* 0: not from a line of the configuration. */
static int
line_of(const struct diagnoses *f, const char *origin)
{
	size_t len = strlen(f->shell.file);

	if (strncmp(origin, f->shell.file, len) != 0 || origin[len] != ':')
		return 0;
	return (int)strtol(origin + len + 1, NULL, 10);
}

static const char *
origin_of(const struct loaded *l, const char *name)
{
	return l->origins[setting_index(setting_find(name))];
}

/* Escaped as the replacement in sed's s|||. */
static char *
sed_text(const char *name, const char *value)
{
	autobuf struct buf out = { 0 };

	(void)buf_addf(&out, "%s = ", name);
	for (const char *c = value; *c; c++)
		(void)buf_addf(&out, "%s%c", strchr("\\|&", *c) ? "\\" : "",
		    *c);
	return xstrdup(buf_str(&out));
}

/* A command that writes a line of the configuration; line 0: append it. */
static char *
write_line(const struct diagnoses *f, int line, const char *name,
    const char *value)
{
	autofree char *path = check_word(f->shell.file);
	autofree char *text = sed_text(name, value);
	autofree char *plain = xasprintf("%s = %s", name, value);
	autofree char *script = line ? xasprintf("%ds|.*|%s|", line, text)
				     : xasprintf("$a %s", text);
	autofree char *word = check_word(script);
	autofree char *echo = check_word(plain);
	const char *sudo = f->shell.file_sudo;
	struct stat st;

	/* sed appends nothing to an empty file. */
	if (line > 0 || (stat(f->shell.file, &st) == 0 && st.st_size > 0))
		return xasprintf("%ssed -i %s %s", sudo, word, path);
	return *sudo ? xasprintf("echo %s | sudo tee -a %s", echo, path)
		     : xasprintf("echo %s >>%s", echo, path);
}

static bool
is_variable(const char *origin)
{
	return isupper((unsigned char)*origin);
}

void
check_run_set(struct diagnoses *f, const struct loaded *l, const char *name,
    const char *value)
{
	const char *origin = origin_of(l, name);
	autofree char *word = check_word(value);
	autofree char *variable = setting_variable(name);
	autofree char *write = write_line(f, line_of(f, origin), name, value);

	/* A line break would end sed's text, and begin a command of sed's. */
	if (text_has_control(value))
		check_run_edit(f, f->shell.file);
	else if (strncmp(origin, "--", 2) == 0)
		check_run(f, "jibri-finalize check --%s %s", name, word);
	else if (is_variable(origin))
		check_run(f, "export %.*s=%s", (int)strcspn(origin, " "),
		    origin, word);
	else if (f->shell.is_to_be_had)
		check_run(f, "%s", write);
	else
		check_run(f, "export %s=%s", variable, word);
}

void
check_run_unset(struct diagnoses *f, const struct loaded *l, const char *name)
{
	const char *origin = origin_of(l, name);
	autofree char *path = check_word(f->shell.file);
	int line = line_of(f, origin);

	if (is_variable(origin))
		check_run(f, "unset %.*s", (int)strcspn(origin, " "), origin);
	else if (line > 0)
		check_run(f, "%ssed -i %dd %s", f->shell.file_sudo, line, path);
	else
		check_run(f, "jibri-finalize check");
}

/* The file of a secret from its origin, "ORIGIN (PATH)"; or NULL. */
static char *
secret_file(const char *origin)
{
	const char *open = strstr(origin, " (");
	size_t len = open ? strlen(open) : 0;

	return len > 3 ? xstrndup(open + 2, len - 3) : NULL;
}

static const char *
mode_of_secret(const struct diagnoses *f)
{
	return f->shell.has_jibri ? "-m 0640 -g jibri" : "-m 0600";
}

void
check_run_secret(struct diagnoses *f, const struct loaded *l, const char *name)
{
	const char *origin = origin_of(l, name);
	autofree char *old = secret_file(origin);
	autofree char *folder = file_parent(f->shell.file);
	autofree char *fresh = xasprintf("%s/%s", folder, name);
	autofree char *path = check_word(old ? old : fresh);
	autofree char *key = xasprintf("%s-file", name);
	autofree char *line = write_line(f, line_of(f, origin), key, fresh);
	autofree char *variable =
	    is_variable(origin) ? xstrdup(origin) : setting_variable(name);
	const char *sudo = f->shell.file_sudo;

	if (old)
		check_run(f, *sudo ? "sudo tee %s >/dev/null" : "cat >%s",
		    path);
	else if (is_variable(origin) || !f->shell.is_to_be_had)
		check_run(f, "read -rs %s && export %s", variable, variable);
	else
		check_run(f, "%sinstall %s /dev/stdin %s && %s", sudo,
		    mode_of_secret(f), path, line);
}

void
check_run_new_secret(struct diagnoses *f, const char *path)
{
	autofree char *word = check_word(path);
	autofree char *folder = file_parent(path);

	check_run(f, "%sinstall %s /dev/stdin %s",
	    access(folder, W_OK) == 0 ? "" : f->shell.sudo, mode_of_secret(f),
	    word);
}

void
check_run_edit(struct diagnoses *f, const char *path)
{
	autofree char *word = check_word(path);

	check_run(f,
	    !*f->shell.sudo || access(path, W_OK) == 0 ? "${EDITOR:-vi} %s"
						       : "sudoedit %s",
	    word);
}
