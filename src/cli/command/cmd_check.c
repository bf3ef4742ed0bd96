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
	const char *as = f->shell.as;

	check_fail(f, "configuration",
	    *as ? "Check as Jibri's user:" : "Check as root:", "%s", e->text);
	check_run(f, "%sjibri-finalize check", *as ? as : f->shell.sudo);
}

/* The error begins with the line, the file, the variable or the flag. */
static void
note_unreadable(struct diagnoses *f, const struct loaded *l,
    const struct err *e)
{
	const char *conf = f->shell.file, *file = l->wrong_file;
	int why = file && access(file, R_OK) == -1 ? errno : 0;
	autofree char *folder = file ? file_parent(file) : NULL;

	if (why == EACCES) {
		note_closed(f, e);
	} else if (why == ENOENT && strcmp(file, conf) != 0 &&
	    access(folder, F_OK) == 0) {
		check_fail(f, "configuration",
		    "Create it: type the secret, then Enter and Ctrl-D:", "%s",
		    e->text);
		check_run_new_secret(f, file);
	} else if (l->lax.n > 0 &&
	    strncmp(e->text, l->lax.items[0], strlen(l->lax.items[0])) == 0) {
		check_lax(f, CHECK_FAILED, l->lax.items[0]);
	} else {
		check_fail(f, "configuration",
		    "Fix it there, see jibri-finalize.conf(5):", "%s", e->text);
		if (file && why == 0)
			check_run_edit(f, file);
		else if (strncmp(e->text, conf, strlen(conf)) == 0)
			check_run_edit(f, conf);
		else if (strncmp(e->text, "--", 2) == 0)
			check_run(f, "jibri-finalize check");
		else
			check_run(f, "unset %.*s", (int)strcspn(e->text, ": "),
			    e->text);
	}
}

/* In the order of the report. */
static void (*const checks[])(struct diagnoses *, const struct loaded *) = {
	check_config,
	check_user,
	check_recordings,
	check_places,
	check_units,
	check_sweeper,
	check_jibri,
};

/* This handles answers of servers, without root's rights. */
static void
ask_services(struct diagnoses *f, const struct loaded *l, unsigned given)
{
	bool may_write = given & OPTION_WRITE, is_dry = given & OPTION_DRY_RUN;
	struct err e;

	confine_names(&l->config.confine);
	(void)user_work_as(USER_NOBODY, USER_NOBODY, &e);
	confine_directory(&l->config.confine, -1);
	check_services(f, l, may_write && !is_dry);
	if (may_write && is_dry)
		check_ok(f, "write",
		    "dry run: a test object would be written to the store and "
		    "removed");
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
	if (config_load(&l, o, false, &e) == -1) {
		note_unreadable(f, &l, &e);
	} else {
		if (l.config.deadline_ms < CHECK_MS)
			stop_at(clock_mono_ms() + l.config.deadline_ms);
		/* Do not even create the log file. */
		(void)log_configure(&quiet, &e);
		for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
			checks[i](f, &l);
		ask_services(f, &l, o->given);
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
	/* The services would be blamed for it. */
	if (stop_signal() != 0) {
		check_free(&f);
		return stop_check(e);
	}
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
