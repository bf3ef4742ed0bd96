#include "cli/settings/config_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/settings/options.h"

enum { FILE_BYTES = 1024 * 1024, SECRET_BYTES = 64 * 1024 };

/* Only the bits for others count; a pipe has no such permissions. */
static void
note_lax(struct loaded *l, const char *path, const struct stat *st)
{
	mode_t open_to_all = st->st_mode & (S_IROTH | S_IWOTH);
	autofree char *word = text_shell_word(path);
	autofree char *text = NULL;

	if (!S_ISREG(st->st_mode) || open_to_all == 0)
		return;
	text = xasprintf("%s holds a secret, and everybody can %s it; "
			 "close it: chmod o-rwx %s",
	    path,
	    open_to_all == S_IROTH       ? "read"
		: open_to_all == S_IWOTH ? "write"
					 : "read and write",
	    word);
	if (!text_list_has(&l->lax, text))
		text_list_add(&l->lax, text);
}

static bool
is_others_to_write(const struct stat *st)
{
	return st->st_uid != 0 || (st->st_mode & S_IWOTH) ||
	    ((st->st_mode & S_IWGRP) && st->st_gid != 0);
}

/* Whoever can change root's settings controls root. */
static void
note_foreign(struct loaded *l, const char *path, const struct stat *st)
{
	autofree char *directory = file_parent(path);
	autofree char *text = NULL, *word = NULL;
	const char *what = path;
	struct stat at;

	if (geteuid() != 0 || !S_ISREG(st->st_mode))
		return;
	if (!is_others_to_write(st)) {
		if (stat(directory, &at) == -1 || (at.st_mode & S_ISVTX) ||
		    !is_others_to_write(&at))
			return;
		what = directory;
	}
	word = text_shell_word(what);
	text = xasprintf("%s: another user can write to %s, and root uses "
			 "it; close it: chown root %s && chmod go-w %s",
	    path, what == path ? "it" : "its directory", word, word);
	text_list_add(&l->lax, text);
}

static int
read_path(const char *path, struct buf *out, struct stat *st, struct err *e)
{
	if (file_read_named(path, out, st) == 0)
		return memchr(buf_str(out), '\0', out->len) == NULL
		    ? 0
		    : err_set(e, ERR_CONFIG, "%s: contains a NUL", path);
	if (errno == ETIMEDOUT)
		return err_set(e, ERR_CONFIG,
		    "%s is a pipe that nobody writes to", path);
	return err_is_passing(errno)
	    ? err_sys(e, "%s", path)
	    : err_set(e, ERR_CONFIG, "%s: %s", path, strerror(errno));
}

/* Returns 1 if a command that only looks may continue without the file. */
static int
read_or_skip(struct loaded *l, const char *path, struct buf *out,
    struct stat *st, struct err *e)
{
	if (read_path(path, out, st, e) == 0)
		return 0;
	if (!l->is_onlooker || access(path, R_OK) == 0 || errno != EACCES)
		return -1;
	text_list_add(&l->unread, path);
	return 1;
}

static char **
file_of(struct loaded *l, const struct setting *s)
{
	return (char **)(void *)((char *)&l->config + s->file);
}

static int
set(struct loaded *l, const struct setting *s, const char *value,
    const char *origin, struct err *e)
{
	if (setting_set(&l->config, s, value, e) == -1) {
		/* The origin of a flag already names the setting. */
		if (strncmp(origin, "--", 2) != 0)
			(void)err_wrap(e, "%s", s->name);
		return err_wrap(e, "%s", origin);
	}
	mem_replace(&l->origins[setting_index(s)], origin);
	if (s->file)
		mem_replace(file_of(l, s), NULL);
	return 0;
}

/* Set it to the text of a file without the newline at the end. */
static int
set_from_file(struct loaded *l, const struct setting *s, const char *path,
    const char *origin, struct err *e)
{
	struct buf text = { .limit = SECRET_BYTES };
	autofree char *from = xasprintf("%s (%s)", origin, path);
	struct stat st;
	int result = read_or_skip(l, path, &text, &st, e);

	if (result == -1) {
		(void)err_wrap(e, "%s", origin);
	} else if (result == 0) {
		while (text.len > 0 && strchr("\r\n", text.data[text.len - 1]))
			text.data[--text.len] = '\0';
		result = set(l, s, buf_str(&text), from, e);
		if (s->file)
			mem_replace(file_of(l, s), path);
		if (s->type == SETTING_SECRET)
			note_lax(l, path, &st);
	}
	if (result == -1)
		mem_replace(&l->wrong_file, path);
	mem_wipe(text.data, text.len);
	buf_free(&text);
	return result == -1 ? -1 : 0;
}

bool
config_is_default(const struct loaded *l, const char *name)
{
	size_t i = setting_index(setting_find(name));

	return strcmp(l->origins[i], "default") == 0;
}

static int
load_credentials(struct loaded *l, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	if (dir == NULL || *dir == '\0')
		return 0;
	for (size_t i = 0; i < settings_count(); i++) {
		autofree char *path = NULL;

		if (!setting_takes_file(setting_at(i)))
			continue;
		path = xasprintf("%s/%s", dir, setting_at(i)->name);
		if (access(path, F_OK) == 0 &&
		    set_from_file(l, setting_at(i), path,
			"$CREDENTIALS_DIRECTORY", e) == -1)
			return -1;
	}
	return 0;
}

static int
unknown_key(const char *key, const char *origin, struct err *e)
{
	struct nearest near = { .typed = key };
	autofree char *question = NULL;

	settings_offer(&near, false);
	question = nearest_question(&near, "");
	return err_set(e, ERR_CONFIG, "%s: unknown setting '%s'%s", origin, key,
	    question);
}

static int
load_line(struct loaded *l, char *line, const char *origin, bool *seen,
    const char *path, const struct stat *st, struct err *e)
{
	char *key = text_trim(line);
	char *value = strchr(key, '=');
	const struct setting *s;
	bool is_file;

	if (*key == '\0' || *key == '#')
		return 0;
	if (value == NULL)
		return err_set(e, ERR_CONFIG,
		    "%s: is not a line 'name = value'", origin);
	*value++ = '\0';
	key = text_trim(key);
	value = text_trim(value);
	s = setting_find_key(key, &is_file);
	if (s == NULL)
		return unknown_key(key, origin, e);
	if (seen[setting_index(s)])
		return err_set(e, ERR_CONFIG, "%s: '%s' is set twice", origin,
		    s->name);
	seen[setting_index(s)] = true;
	if (s->type == SETTING_SECRET && !is_file && *value)
		note_lax(l, path, st);
	return is_file ? set_from_file(l, s, value, origin, e)
		       : set(l, s, value, origin, e);
}

static int
load_lines(struct loaded *l, const char *path, const struct stat *st,
    char *text, struct err *e)
{
	autofree bool *seen = xcalloc(settings_count(), sizeof(bool));
	char *line;

	for (int number = 1; (line = strsep(&text, "\n")) != NULL; number++) {
		autofree char *origin = xasprintf("%s:%d", path, number);

		if (load_line(l, line, origin, seen, path, st, e) == -1)
			return -1;
	}
	return 0;
}

const char *
config_file(const char *path)
{
	const char *variable = getenv("JIBRI_FINALIZE_CONFIG");

	if (path == NULL && variable && *variable)
		path = variable;
	if (path == NULL && access(CONFIG_DEFAULT_FILE, F_OK) == -1 &&
	    errno == ENOENT)
		return NULL;
	return path ? path : CONFIG_DEFAULT_FILE;
}

static int
load_file(struct loaded *l, const char *path, struct err *e)
{
	struct buf text = { .limit = FILE_BYTES };
	struct stat st;
	int result;

	path = config_file(path);
	if (path == NULL)
		return 0;
	result = read_or_skip(l, path, &text, &st, e);
	if (result == 0)
		note_foreign(l, path, &st);
	if (result == 0 && text.data)
		result = load_lines(l, path, &st, text.data, e);
	if (result == -1 && l->wrong_file == NULL)
		mem_replace(&l->wrong_file, path);
	mem_wipe(text.data, text.len);
	buf_free(&text);
	return result == -1 ? -1 : 0;
}

/* An empty variable counts as unset. */
static int
load_variable(struct loaded *l, const struct setting *s, const char *variable,
    bool is_file, struct err *e)
{
	char *value = getenv(variable);
	int result;

	if (value == NULL || *value == '\0')
		return 0;
	if (is_file)
		return set_from_file(l, s, value, variable, e);
	result = set(l, s, value, variable, e);
	if (s->type == SETTING_SECRET)
		mem_wipe(value, strlen(value));
	return result;
}

static int
load_environment(struct loaded *l, struct err *e)
{
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *s = setting_at(i);
		autofree char *variable = setting_variable(s->name);
		autofree char *file = xasprintf("%s_FILE", variable);

		if (s->legacy && load_variable(l, s, s->legacy, false, e) == -1)
			return -1;
		if (setting_takes_file(s) &&
		    load_variable(l, s, file, true, e) == -1)
			return -1;
		if (load_variable(l, s, variable, false, e) == -1)
			return -1;
	}
	return 0;
}

static int
load_flag(struct loaded *l, const struct flag *flag, struct err *e)
{
	const struct setting *s = flag->setting;
	autofree char *origin =
	    xasprintf("--%s%s", s->name, flag->is_file ? "-file" : "");

	if (flag->is_file)
		return set_from_file(l, s, flag->value, origin, e);
	if (set(l, s, flag->value, origin, e) == 0)
		return 0;
	e->class = ERR_USAGE;
	return -1;
}

static int
load_flags(struct loaded *l, const struct options *o, struct err *e)
{
	for (size_t i = 0; i < o->n_flags; i++)
		if (load_flag(l, &o->flags[i], e) == -1)
			return -1;
	return 0;
}

/* A file that cannot be read is reported when it is needed. */
static void
read_early(struct buf *bytes, const char *path)
{
	struct stat st;

	bytes->limit = FILE_BYTES;
	if (path && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    file_read_named(path, bytes, &st) == -1)
		buf_free(bytes);
}

/* TLS files may be replaced while this process cannot read them. */
static void
read_tls(struct http_policy *p)
{
	read_early(&p->ca, p->ca_file);
	read_early(&p->cert, p->tls_cert);
	read_early(&p->key,
	    p->tls_key && *p->tls_key ? p->tls_key : p->tls_cert);
}

static int
check_permissions(struct loaded *l, struct err *e)
{
	const struct http_policy *http = &l->config.pipeline.http;
	const char *key = *http->tls_key ? http->tls_key : http->tls_cert;
	struct stat st;

	if (stat(key, &st) == 0)
		note_lax(l, key, &st);
	if (!l->config.strict_permissions || l->lax.n == 0)
		return 0;
	return err_set(e, ERR_CONFIG, "%s (strict-permissions is set)",
	    l->lax.items[0]);
}

/* A bucket without a store means that the store is S3. */
static int
imply_store(struct loaded *l, struct err *e)
{
	size_t i = setting_index(setting_find("s3-bucket"));

	if (!config_is_default(l, "store") ||
	    *l->config.pipeline.destination.s3.bucket == '\0')
		return 0;
	return set(l, setting_find("store"), "s3", l->origins[i], e);
}

int
config_load(struct loaded *l, const struct options *o, bool is_onlooker,
    struct err *e)
{
	*l = (struct loaded){ .is_onlooker = is_onlooker };
	l->origins = xcalloc(settings_count(), sizeof(char *));
	for (size_t i = 0; i < settings_count(); i++)
		if (set(l, setting_at(i), setting_at(i)->initial, "default",
			e) == -1)
			return -1;
	if (load_credentials(l, e) == -1 ||
	    load_file(l, o->config_path, e) == -1 ||
	    load_environment(l, e) == -1 || load_flags(l, o, e) == -1 ||
	    imply_store(l, e) == -1)
		return -1;
	l->config.pipeline.destination.file.offer = parts_offer_new();
	config_share(&l->config);
	read_tls(&l->config.pipeline.http);
	return check_permissions(l, e);
}

static void
free_tls(struct http_policy *p)
{
	mem_wipe(p->cert.data, p->cert.len);
	mem_wipe(p->key.data, p->key.len);
	buf_free(&p->ca);
	buf_free(&p->cert);
	buf_free(&p->key);
}

void
config_free(struct loaded *l)
{
	for (size_t i = 0; l->origins && i < settings_count(); i++) {
		void *field = (char *)&l->config + setting_at(i)->offset;
		enum setting_type type = setting_at(i)->type;

		free(l->origins[i]);
		if (setting_at(i)->file)
			free(*file_of(l, setting_at(i)));
		if (type == SETTING_SECRET || type == SETTING_TEXT)
			mem_free_secret(field);
		else if (type == SETTING_LIST)
			text_list_free(field);
	}
	parts_offer_free(l->config.pipeline.destination.file.offer);
	free_tls(&l->config.pipeline.http);
	text_list_free(&l->config.confine.readable);
	free(l->origins);
	free(l->wrong_file);
	text_list_free(&l->lax);
	openfiles_free(&l->open_files);
	text_list_free(&l->unread);
	*l = (struct loaded){ 0 };
}

/* The environment does not change, and its secrets have been wiped. */
static int
keep_variables(struct loaded *l, const struct loaded *old, struct err *e)
{
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *s = setting_at(i);
		autofree char *variable = setting_variable(s->name);
		const char *origin = old->origins[i];

		if (s->type != SETTING_SECRET ||
		    strncmp(l->origins[i], "--", 2) == 0 ||
		    (strcmp(origin, variable) != 0 &&
			(!s->legacy || strcmp(origin, s->legacy) != 0)))
			continue;
		if (set(l, s, *(char **)((char *)&old->config + s->offset),
			origin, e) == -1)
			return -1;
	}
	return 0;
}

int
config_reload(struct loaded *l, const struct options *o,
    int accept(const struct loaded *, struct err *), struct err *e)
{
	struct loaded old = *l;
	int result = config_load(l, o, false, e);

	if (result == 0)
		result = keep_variables(l, &old, e);
	if (result == 0) {
		config_share(&l->config);
		result = accept(l, e);
	}
	if (result == -1) {
		config_free(l);
		*l = old;
		return -1;
	}
	l->config.log.is_quiet = old.config.log.is_quiet;
	config_free(&old);
	return 0;
}
