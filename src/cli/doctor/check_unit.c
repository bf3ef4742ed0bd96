#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/text.h"
#include "cli/doctor/check.h"

enum { UNIT_BYTES = 256 * 1024 };

static const struct {
	const char *unit, *enabled_by;
} services[] = {
	{ "jibri-finalize-sweep.service", "jibri-finalize-sweep.timer" },
	{ "jibri-finalize-watch.service", "jibri-finalize-watch.service" },
};

/* What the file system looks like to a unit (systemd.exec(5)). */
struct view {
	char *system, *home, *tmp; /* ProtectSystem, ProtectHome, PrivateTmp */
	struct text_list writable; /* ReadWritePaths */
};

static void
view_free(struct view *v)
{
	free(v->system);
	free(v->home);
	free(v->tmp);
	text_list_free(&v->writable);
}

/* An empty value clears the list; "-" and "+" are not part of the path. */
static void
add_paths(struct text_list *list, const char *value)
{
	if (*value == '\0')
		text_list_free(list);
	while (*value) {
		bool is_quoted = *value == '"';
		size_t len =
		    strcspn(value += is_quoted, is_quoted ? "\"" : " \t");
		autofree char *word = xstrndup(value, len);

		text_list_add(list, word + strspn(word, "-+"));
		value += len + (is_quoted && value[len]);
		value += strspn(value, " \t");
	}
}

static void
take(struct view *v, const char *key, const char *value)
{
	if (strcmp(key, "ProtectSystem") == 0)
		mem_replace(&v->system, value);
	else if (strcmp(key, "ProtectHome") == 0)
		mem_replace(&v->home, value);
	else if (strcmp(key, "PrivateTmp") == 0)
		mem_replace(&v->tmp, value);
	else if (strcmp(key, "ReadWritePaths") == 0)
		add_paths(&v->writable, value);
}

static bool
read_file(struct view *v, const char *path)
{
	autobuf struct buf text = { .limit = UNIT_BYTES };
	struct stat st;
	char *rest, *line;

	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode) ||
	    file_read_named(path, &text, &st) == -1 || text.len == 0)
		return false;
	rest = text.data;
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *value = strchr(line, '=');

		if (value == NULL || *text_trim(line) == '#')
			continue;
		*value++ = '\0';
		take(v, text_trim(line), text_trim(value));
	}
	return true;
}

static int
is_drop_in(const struct dirent *entry)
{
	return fnmatch("*.conf", entry->d_name, 0) == 0;
}

/* Sorted by name, as systemd does within a directory. */
static void
read_drop_ins(struct view *v, const char *unit)
{
	size_t n = 0;

	while (check_unit_dirs[n])
		n++;
	while (n-- > 0) {
		autofree char *folder =
		    xasprintf("%s/%s.d", check_unit_dirs[n], unit);
		struct dirent **names;
		int count = scandir(folder, &names, is_drop_in, alphasort);

		for (int i = 0; i < count; i++) {
			autofree char *path =
			    xasprintf("%s/%s", folder, names[i]->d_name);

			(void)read_file(v, path);
			free(names[i]);
		}
		if (count >= 0)
			free(names);
	}
}

static bool
read_unit(struct view *v, const char *unit)
{
	for (const char *const *dir = check_unit_dirs; *dir; dir++) {
		autofree char *path = xasprintf("%s/%s", *dir, unit);

		if (read_file(v, path)) {
			read_drop_ins(v, unit);
			return true;
		}
	}
	return false;
}

static bool
is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	while (len > 0 && top[len - 1] == '/')
		len--;
	return strncmp(path, top, len) == 0 &&
	    (path[len] == '/' || path[len] == '\0');
}

static bool
is_writable(const struct view *v, const char *path)
{
	for (size_t i = 0; i < v->writable.n; i++)
		if (is_below(path, v->writable.items[i]))
			return true;
	return false;
}

static bool
is_on(const char *value)
{
	bool is_yes = true;

	return value && *value && (!parse_bool(value, &is_yes) || is_yes);
}

static bool
is_system(const struct view *v, const char *path)
{
	static const char *const tops[] = { "/usr", "/boot", "/efi", "/etc" };
	size_t n = sizeof(tops) / sizeof(tops[0]);

	if (v->system == NULL || !is_on(v->system))
		return false;
	if (strcmp(v->system, "strict") == 0)
		return true;
	for (size_t i = 0; i < (strcmp(v->system, "full") == 0 ? n : n - 1);
	     i++)
		if (is_below(path, tops[i]))
			return true;
	return false;
}

static bool
is_home(const char *path)
{
	return is_below(path, "/home") || is_below(path, "/root") ||
	    is_below(path, "/run/user");
}

static bool
is_read_only(const struct view *v, const char *path)
{
	return is_system(v, path) && !is_writable(v, path);
}

/* The setting of the unit that forbids writing there; NULL: none. */
static const char *
find_obstacle(const struct view *v, const char *path)
{
	if (is_on(v->tmp) &&
	    (is_below(path, "/tmp") || is_below(path, "/var/tmp")))
		return "PrivateTmp";
	if (is_on(v->home) && is_home(path) &&
	    (strcmp(v->home, "read-only") != 0 || !is_writable(v, path)))
		return "ProtectHome";
	return is_read_only(v, path) ? "ProtectSystem" : NULL;
}

/* The lines of a drop-in as shell words; the caller frees it. */
static char *
cure_of(const struct view *v, const char *why, const char *path)
{
	autofree char *line =
	    xasprintf(strpbrk(path, " \t") ? "ReadWritePaths=\"%s\""
					   : "ReadWritePaths=%s",
		path);
	autofree char *word = check_word(line);

	if (strcmp(why, "ProtectSystem") == 0)
		return steal(&word);
	return xasprintf("%s=no%s%s", why, is_read_only(v, path) ? " " : "",
	    is_read_only(v, path) ? word : "");
}

static void
check_path(struct diagnoses *f, const char *unit, const struct view *v,
    const char *name, const char *directory)
{
	autofree char *real = realpath(directory, NULL);
	const char *path = real ? real : directory;
	const char *why = find_obstacle(v, path);
	autofree char *cure = why ? cure_of(v, why, path) : NULL;
	const char *sudo = f->shell.sudo;

	if (why == NULL)
		return;
	check_fail(f, name, "Let the unit write there:",
	    "%s cannot write to %s because of %s=", unit, directory, why);
	check_run(f,
	    "%smkdir -p /etc/systemd/system/%s.d && "
	    "printf '%%s\\n' '[Service]' %s | "
	    "%stee /etc/systemd/system/%s.d/%.*s.conf && "
	    "%ssystemctl daemon-reload",
	    sudo, unit, cure, sudo, unit, (int)strcspn(name, "-"), name, sudo);
}

static void
check_unit(struct diagnoses *f, const struct loaded *l, const char *unit)
{
	autofree char *metrics = file_parent(l->config.metrics_file);
	autofree char *log = file_parent(l->config.log.file);
	struct view v = { 0 };
	const struct {
		const char *name, *directory;
		bool is_set;
	} places[] = {
		{ "recordings-dir", l->config.recordings_dir, true },
		{ "metrics-file", metrics, *l->config.metrics_file },
		{ "work-dir", l->config.bundle.work_dir,
		    *l->config.bundle.work_dir },
		{ "log-file", log, *l->config.log.file },
	};
	size_t before = f->n;

	if (read_unit(&v, unit)) {
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
			if (places[i].is_set && *places[i].directory == '/')
				check_path(f, unit, &v, places[i].name,
				    places[i].directory);
		if (f->n == before)
			check_ok(f, "unit", "%s may write where it needs to",
			    unit);
	}
	view_free(&v);
}

void
check_units(struct diagnoses *f, const struct loaded *l)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (i == 0 || check_is_enabled(services[i].enabled_by))
			check_unit(f, l, services[i].unit);
}
