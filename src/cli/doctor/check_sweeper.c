#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/doctor/check.h"

enum { DAY_S = 86400, CRONTAB_BYTES = 1024 * 1024 };

const char *const check_unit_dirs[] = { "/etc/systemd/system",
	"/run/systemd/system", "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system", "/lib/systemd/system", NULL };

/* The first one is suggested. */
static const char *const units[] = { "jibri-finalize-watch.service",
	"jibri-finalize-sweep.timer" };

static const char *const crontabs[] = { "/etc/crontab", "/etc/cron.d",
	"/etc/cron.hourly", "/var/spool/cron/crontabs", "/var/spool/cron" };

/* Does is_it() accept any entry of the directory? */
static bool
any_entry(const char *directory, const void *ctx,
    bool (*is_it)(const char *path, const void *ctx))
{
	autoclosedir DIR *dir = opendir(directory);
	const char *name;

	while (dir && (name = file_next_name(dir)) != NULL) {
		autofree char *path = xasprintf("%s/%s", directory, name);

		if (is_it(path, ctx))
			return true;
	}
	return false;
}

static bool
wants(const char *path, const void *unit)
{
	autofree char *link = xasprintf("%s/%s", path, (const char *)unit);
	struct stat st;

	return fnmatch("*.wants", path, 0) == 0 && lstat(link, &st) == 0;
}

static bool
is_masked(const char *unit)
{
	for (size_t i = 0; i < 2; i++) {
		autofree char *path =
		    xasprintf("%s/%s", check_unit_dirs[i], unit);
		autofree char *real = realpath(path, NULL);

		if (real && strcmp(real, "/dev/null") == 0)
			return true;
	}
	return false;
}

bool
check_is_enabled(const char *unit)
{
	for (const char *const *dir = check_unit_dirs; *dir; dir++)
		if (any_entry(*dir, unit, wants))
			return !is_masked(unit);
	return false;
}

/* Is systemd running, not only installed? */
static bool
is_booted(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

static bool
is_watching(const char *path, const void *home)
{
	return isdigit((unsigned char)strrchr(path, '/')[1]) &&
	    check_watches(home, path);
}

/* A line that is not a comment and makes us sweep there. */
static bool
names_us(const char *path, const void *home)
{
	autobuf struct buf text = { .limit = CRONTAB_BYTES };
	struct stat st;
	char *rest, *line;

	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode) ||
	    file_read_named(path, &text, &st) == -1 || text.len == 0)
		return false;
	rest = text.data;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[strspn(line, " \t")] != '#' &&
		    check_line_sweeps(home, line))
			return true;
	return false;
}

static const char *
cron_entry(const struct check_home *home)
{
	for (size_t i = 0; i < sizeof(crontabs) / sizeof(crontabs[0]); i++)
		if (names_us(crontabs[i], home) ||
		    any_entry(crontabs[i], home, names_us))
			return crontabs[i];
	return NULL;
}

/* What sweeps here; the caller frees it.  NULL: nothing found. */
static char *
find_sweeper(const struct diagnoses *f, const struct loaded *l)
{
	const struct check_home home = { .root = l->config.recordings_dir,
		.file = f->shell.file };
	const char *cron = cron_entry(&home);
	struct stat st;

	for (size_t i = 0; is_booted() && i < 2; i++)
		if (check_is_enabled(units[i]))
			return xasprintf("%s is enabled", units[i]);
	if (any_entry("/proc", &home, is_watching))
		return xstrdup("watch is running");
	if (cron)
		return xasprintf("there is an entry in %s", cron);
	if (stat(l->config.metrics_file, &st) == 0 &&
	    clock_unix_ms() / 1000 - st.st_mtim.tv_sec < DAY_S)
		return xasprintf("the last sweep wrote %s",
		    l->config.metrics_file);
	return NULL;
}

static void
run_enable(struct diagnoses *f)
{
	const char *sudo = f->shell.sudo;

	if (is_booted() && is_masked(units[0]))
		check_run(f,
		    "%ssystemctl unmask %s && %ssystemctl enable --now %s",
		    sudo, units[0], sudo, units[0]);
	else if (is_booted())
		check_run(f, "%ssystemctl enable --now %s", sudo, units[0]);
	else
		check_run(f, "%sjibri-finalize watch", f->shell.as);
}

/*
 * The default is for installations without a sweeper; an explicit setting is
 * intended.
 */
static void
check_failed_webhook(struct diagnoses *f, const struct loaded *l)
{
	static const char name[] = "failed-webhook";

	if (l->config.attempt.failed_webhook != FAILED_AT_ONCE)
		return;
	if (!config_is_default(l, name)) {
		check_ok(f, name,
		    "at-once is set: FAILED is sent though a sweep tries "
		    "again");
		return;
	}
	check_warn(f, name, "Send it only when no retry will help:",
	    "FAILED is sent at the first failure, though a sweep may deliver "
	    "the recording minutes later");
	check_run_set(f, l, name, "final");
}

void
check_sweeper(struct diagnoses *f, const struct loaded *l)
{
	autofree char *who = find_sweeper(f, l);

	if (who == NULL) {
		check_note(f,
		    l->config.is_deferred ? CHECK_FAILED : CHECK_WARNING,
		    "sweeper",
		    is_booted() ? "Enable the timer:"
				: "Keep this running, or sweep by cron:",
		    "no sweeper runs: %s",
		    l->config.is_deferred
			? "defer is set, so nothing is ever delivered"
			: "failed deliveries are not retried");
		run_enable(f);
		return;
	}
	check_ok(f, "sweeper", "%s", who);
	check_failed_webhook(f, l);
}
