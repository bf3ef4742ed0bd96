#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confine.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/user.h"
#include "cli/command/commands.h"
#include "cli/doctor/check.h"
#include "cli/report/report.h"

/*
 * It may well be closed on purpose, and a change of its group would take it
 * from the service.
 */
static void
note_closed(struct diagnoses *f, const struct err *e)
{
	autofree char *user = check_owner();
	autofree char *as = check_as_user(user);

	check_fail(f, "configuration",
	    *as ? "Check as Jibri's user:" : "Check as root:", "%s", e->text);
	check_run(f, "%sjibri-finalize check", *as ? as : f->shell.sudo);
}

/*
 * The file of a secret that does not exist, from "ORIGIN: FILE: No such file or
 * directory"; NULL if it is something else, or its folder is missing, too.
 */
static char *
missing_secret(const char *text)
{
	autofree char *why = xasprintf(": %s", strerror(ENOENT));
	const char *path = strstr(text, ": /");
	const char *end = path ? strstr(path, why) : NULL;
	autofree char *file = NULL;
	autofree char *folder = NULL;

	if (end == NULL || end[strlen(why)] != '\0')
		return NULL;
	path += strlen(": ");
	file = xstrndup(path, (size_t)(end - path));
	folder = file_parent(file);
	return access(folder, F_OK) == 0 ? steal(&file) : NULL;
}

/* The error begins with the line, the unreadable file, or the variable. */
static void
note_unreadable(struct diagnoses *f, const struct err *e)
{
	const char *file = f->shell.file;
	autofree char *secret = missing_secret(e->text);

	if (access(file, R_OK) == -1 && errno == EACCES) {
		note_closed(f, e);
		return;
	}
	if (secret) {
		check_fail(f, "configuration",
		    "Create it: type the secret, then Enter and Ctrl-D:", "%s",
		    e->text);
		check_run_new_secret(f, secret);
		return;
	}
	check_fail(f, "configuration",
	    "Fix it there, see jibri-finalize.conf(5):", "%s", e->text);
	if (strncmp(e->text, file, strlen(file)) == 0)
		check_run_edit(f, file);
	else if (strncmp(e->text, "--", 2) == 0)
		check_run(f, "jibri-finalize check");
	else
		check_run(f, "unset %.*s", (int)strcspn(e->text, ": "),
		    e->text);
}

/*
 * Without a readable configuration, other checks are pointless: they would be
 * about defaults that nobody chose.
 */
static void
examine(struct diagnoses *f, const struct options *o)
{
	static const struct log_policy quiet = { .is_quiet = true };
	struct loaded l;
	struct err e;

	stop_at(clock_mono_ms() + CHECK_MS);
	if (config_load(&l, o->config_path, o->flags, o->n_flags, &e) == -1) {
		note_unreadable(f, &e);
	} else {
		if (l.config.deadline_ms < CHECK_MS)
			stop_at(clock_mono_ms() + l.config.deadline_ms);
		/* Do not even create the log file. */
		(void)log_configure(&quiet, &e);
		check_machine(f, &l);
		/*
		 * What follows handles answers of servers, without root's
		 * rights.
		 */
		confine_names(&l.config.confine);
		(void)user_work_as(USER_NOBODY, USER_NOBODY, &e);
		confine_directory(&l.config.confine, -1);
		check_services(f, &l,
		    (o->given & (OPTION_WRITE | OPTION_DRY_RUN)) ==
			OPTION_WRITE);
		if (o->given & OPTION_WRITE && o->given & OPTION_DRY_RUN)
			check_ok(f, "write",
			    "dry run: a test object would be written to the "
			    "store and removed");
	}
	config_free(&l);
}

int
cmd_check(struct loaded *l, const struct options *o, struct err *e)
{
	static const enum err_class classes[CHECK_RESULTS] = {
		[CHECK_WARNING] = ERR_ALARM,
		[CHECK_FAILED] = ERR_CONFIG,
	};
	struct diagnoses f;
	enum check_result worst = CHECK_OK;

	(void)l;
	check_begin(&f, o->config_path);
	examine(&f, o);
	for (size_t i = 0; i < f.n; i++)
		if (f.items[i].result > worst)
			worst = f.items[i].result;
	if (report_is_json())
		report_check_json(&f);
	else
		report_check(&f, o->given & OPTION_QUIET);
	check_free(&f);
	*e = (struct err){ .class = classes[worst] };
	return worst == CHECK_OK ? 0 : -1;
}
