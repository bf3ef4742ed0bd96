#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/doctor/check.h"
#include "cli/settings/options.h"

enum { FILE_BYTES = 1024 * 1024, MOST_WORDS = 256 };

/* Where a command line is run. */
struct place {
	const char *proc;          /* "/proc/PID", of who runs it */
	const char *root, *config; /* its variables; NULL: unknown */
	bool may_sweep;            /* sweep counts, not only watch */
};

static int
read_of(const char *proc, const char *name, struct buf *out)
{
	autofree char *path = xasprintf("%s/%s", proc, name);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	out->limit = FILE_BYTES;
	return fd == -1 ? -1 : file_read_all(fd, out);
}

/* The value of a variable of the process, or NULL. */
static char *
variable_of(const char *proc, const char *name)
{
	autobuf struct buf all = { 0 };
	size_t len = strlen(name);

	if (read_of(proc, "environ", &all) == -1 || all.len == 0)
		return NULL;
	for (size_t at = 0; at < all.len; at += strlen(all.data + at) + 1)
		if (strncmp(all.data + at, name, len) == 0 &&
		    all.data[at + len] == '=')
			return xstrdup(all.data + at + len + 1);
	return NULL;
}

/* Each mount namespace has mount ids of its own; anyone may read them. */
static bool
shares_mounts(const char *proc)
{
	autobuf struct buf own = { 0 }, other = { 0 };
	size_t len;

	if (read_of("/proc/self", "mountinfo", &own) == -1 ||
	    read_of(proc, "mountinfo", &other) == -1)
		return false;
	len = strcspn(buf_str(&own), " ");
	return len > 0 && strncmp(buf_str(&own), buf_str(&other), len) == 0 &&
	    buf_str(&other)[len] == ' ';
}

/* Is this path of the process the same file as our own? */
static bool
is_same(const char *ours, const char *proc, const char *path)
{
	autofree char *there =
	    xasprintf("%s/%s/%s", proc, *path == '/' ? "root" : "cwd", path);

	if (access(ours, F_OK) == -1)
		return strcmp(ours, path) == 0;
	/* Only root sees the root of a process with other rights. */
	if (access(there, F_OK) == -1)
		return errno == EACCES && *path == '/' && shares_mounts(proc) &&
		    file_is_same(ours, path);
	return file_is_same(ours, there);
}

static const char *
flag_of(const struct options *o, const char *name)
{
	for (size_t i = o->n_flags; i > 0; i--)
		if (strcmp(o->flags[i - 1].setting->name, name) == 0)
			return o->flags[i - 1].value;
	return NULL;
}

/* Without a directory of its own it takes that of its configuration. */
static bool
takes_ours(const struct check_home *home, const struct place *place,
    const struct options *o)
{
	const char *flag = flag_of(o, "recordings-dir");
	const char *root = flag ? flag : place->root;
	const char *file = o->config_path ? o->config_path : place->config;

	if (root == NULL && file != NULL &&
	    !is_same(home->file, place->proc, file))
		return false;
	return is_same(home->root, place->proc, root ? root : home->root);
}

static bool
is_sweeper(const struct check_home *home, const struct place *place, int argc,
    char **argv)
{
	struct options o;
	struct err ignored;
	bool is_found = false;

	(void)options_parse(&o, argc, argv, NULL, &ignored);
	if (o.n_words > 0 &&
	    (strcmp(o.words[0], "watch") == 0 ||
		(place->may_sweep && strcmp(o.words[0], "sweep") == 0))) {
		is_found = o.n_words == 1 && takes_ours(home, place, &o);
		for (size_t i = 1; i < o.n_words && !is_found; i++)
			is_found = is_same(home->root, place->proc, o.words[i]);
	}
	options_free(&o);
	return is_found;
}

static bool
is_our_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, "jibri-finalize") == 0;
}

bool
check_watches(const struct check_home *home, const char *proc)
{
	autofree char *root =
	    variable_of(proc, "JIBRI_FINALIZE_RECORDINGS_DIR");
	autofree char *config = variable_of(proc, "JIBRI_FINALIZE_CONFIG");
	autofree char *exe = xasprintf("%s/exe", proc);
	const struct place place = { proc, root, config, false };
	autobuf struct buf text = { 0 };
	char *argv[MOST_WORDS];
	int argc = 0;

	if (read_of(proc, "cmdline", &text) == -1 || text.len == 0 ||
	    (!is_our_name(text.data) && !file_is_same("/proc/self/exe", exe)))
		return false;
	for (size_t at = 0; at < text.len && argc < MOST_WORDS;
	     at += strlen(text.data + at) + 1)
		argv[argc++] = text.data + at;
	return is_sweeper(home, &place, argc, argv);
}

static bool
ends_command(const char *word)
{
	return strchr(">|&;#", *word) ||
	    (isdigit((unsigned char)*word) && word[1] == '>');
}

/* Without the quotes around it. */
static char *
unquote(char *word)
{
	size_t len = strlen(word);

	if (len < 2 || !strchr("'\"", *word) || word[len - 1] != *word)
		return word;
	word[len - 1] = '\0';
	return word + 1;
}

bool
check_line_sweeps(const struct check_home *home, char *line)
{
	static const char variable[] = "JIBRI_FINALIZE_RECORDINGS_DIR=";
	struct place place = { .proc = "/proc/self", .may_sweep = true };
	char *argv[MOST_WORDS], *word, *rest = line;
	int argc = 0;

	while ((word = strsep(&rest, " \t")) != NULL && argc < MOST_WORDS) {
		if (*word == '\0')
			continue;
		if (ends_command(word)) {
			if (argc > 0 && is_sweeper(home, &place, argc, argv))
				return true;
			argc = 0;
			continue;
		}
		if (argc > 0)
			argv[argc++] = unquote(word);
		else if (strncmp(word, variable, strlen(variable)) == 0)
			place.root = unquote(word + strlen(variable));
		else if (is_our_name(word))
			argv[argc++] = word;
	}
	return argc > 0 && is_sweeper(home, &place, argc, argv);
}
