#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/doctor/check.h"

extern char **environ;

static const char *
text_of(const struct loaded *l, const char *name)
{
	const struct setting *s = setting_find(name);
	const char *text =
	    *(char *const *)((const char *)&l->config + s->offset);

	return text ? text : "";
}

static int64_t
number_of(const struct loaded *l, const char *name)
{
	const struct setting *s = setting_find(name);

	return *(const int64_t *)((const char *)&l->config + s->offset);
}

void
check_lax(struct diagnoses *f, enum check_result result, const char *lax)
{
	static const char mark[] = "; close it: ";
	const char *end = strstr(lax, mark);
	autofree char *command = text_escape(end + strlen(mark));

	check_note(f, result, "configuration", "Close it:", "%.*s",
	    (int)(end - lax), lax);
	check_run(f, "%s%s", f->shell.sudo, command);
}

static void
check_origins(struct diagnoses *f, const struct loaded *l)
{
	size_t changed = 0;

	for (size_t i = 0; i < settings_count(); i++)
		changed += strcmp(l->origins[i], "default") != 0;
	if (f->shell.is_there)
		check_ok(f, "configuration", "%s is read", f->shell.file);
	else
		check_ok(f, "configuration",
		    "there is no " CONFIG_DEFAULT_FILE " to read");
	check_ok(f, "settings", "%zu of %zu settings differ from their default",
	    changed, settings_count());
	for (size_t i = 0; i < settings_count(); i++) {
		autofree char *value = setting_show(&l->config, setting_at(i));

		if (strcmp(l->origins[i], "default") != 0)
			check_ok(f, "setting", "%s = %s, from %s",
			    setting_at(i)->name, value, l->origins[i]);
	}
	for (size_t i = 0; i < l->lax.n; i++)
		check_lax(f, CHECK_WARNING, l->lax.items[i]);
}

/* A typing error in a variable would otherwise go unnoticed. */
static void
check_variable(struct diagnoses *f, const char *name, const char *wish)
{
	autofree char *key = xstrdup(wish), *same = NULL, *meant = NULL;
	struct nearest near = { .typed = key };
	bool is_file;

	for (char *c = key; *c; c++)
		*c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
	same = setting_variable(key);
	if (strcmp(same, name) == 0 && setting_find_key(key, &is_file))
		return;
	settings_offer(&near, false);
	meant = setting_variable(near.best);
	check_warn(f, "environment", *near.best ? "Rename it:" : "Remove it:",
	    *near.best ? "%s is not a setting; did you mean %s?"
		       : "%s is not a setting",
	    name, meant);
	if (*near.best)
		check_run(f, "export %s=\"$%s\"; unset %s", meant, name, name);
	else
		check_run(f, "unset %s", name);
}

static void
check_variables(struct diagnoses *f)
{
	static const char prefix[] = "JIBRI_FINALIZE_";

	for (char **e = environ; *e; e++) {
		autofree char *name = xstrndup(*e, strcspn(*e, "="));
		const char *wish;

		if (strncmp(name, prefix, strlen(prefix)) != 0)
			continue;
		wish = name + strlen(prefix);
		/* Two of our and docker-jitsi-meet's are not settings. */
		if (strcmp(wish, "CONFIG") != 0 &&
		    strcmp(wish, "RECORDING_SCRIPT_PATH") != 0)
			check_variable(f, name, wish);
	}
}

/* The old script's variable and ours have different values. */
static void
check_legacy(struct diagnoses *f)
{
	for (size_t i = 0; i < settings_count(); i++) {
		autofree char *variable = setting_variable(setting_at(i)->name);
		const char *ours = getenv(variable), *old;

		if (setting_at(i)->legacy == NULL || ours == NULL ||
		    *ours == '\0')
			continue;
		old = getenv(setting_at(i)->legacy);
		if (old == NULL || *old == '\0' || strcmp(old, ours) == 0)
			continue;
		check_warn(f, "environment", "Keep the one that is used:",
		    "%s and %s differ; %s is used", setting_at(i)->legacy,
		    variable, variable);
		check_run(f, "unset %s", setting_at(i)->legacy);
	}
}

static const struct {
	const char *less, *more; /* times: less must not be longer than more */
} orders[] = {
	{ "retry-delay", "retry-delay-max" },
	{ "retry-for", "deadline" },
	{ "connect-timeout", "deadline" },
	{ "sweep-retry-delay", "sweep-retry-delay-max" },
	{ "sweep-retry-delay-max", "give-up" },
};

static const struct {
	const char *name, *needs; /* has no effect without */
} needs[] = {
	{ "webhook-secret-previous", "webhook-secret" },
	{ "tls-key", "tls-cert" },
	{ "tls-key-password", "tls-cert" },
	{ "oauth-scope", "oauth-token-url" },
};

static void
check_orders(struct diagnoses *f, const struct loaded *l)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		const char *more = orders[i].more;
		autofree char *value =
		    setting_show(&l->config, setting_find(more));

		if (number_of(l, orders[i].less) <= number_of(l, more))
			continue;
		check_warn(f, orders[i].less,
		    "Make it no longer than that:", "is longer than %s", more);
		check_run_set(f, l, orders[i].less, value);
	}
}

static void
check_needs(struct diagnoses *f, const struct loaded *l)
{
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if (!*text_of(l, needs[i].name) || *text_of(l, needs[i].needs))
			continue;
		check_warn(f, needs[i].name,
		    "Remove it, or set both:", "has no effect without %s",
		    needs[i].needs);
		check_run_unset(f, l, needs[i].name);
	}
	if (!config_is_default(l, "min-free") &&
	    number_of(l, "retention") == 0) {
		check_warn(f, "min-free", "Set retention, too:",
		    "has no effect while retention keeps recordings forever");
		check_run_set(f, l, "retention", "7d");
	}
}

static void
check_secret(struct diagnoses *f, const struct loaded *l)
{
	autofree char *url = webhook_url(&l->config.pipeline.webhook);

	if (url == NULL) {
		check_ok(f, "webhook-url", "no webhook is sent, as configured");
	} else if (*text_of(l, "webhook-secret")) {
		check_ok(f, "webhook-secret",
		    "set; only a delivered webhook proves that the "
		    "receiver has the same one");
	} else {
		check_warn(f, "webhook-secret",
		    "Enter the meeting-service's secret:",
		    "is empty: webhooks are not signed");
		check_run_secret(f, l, "webhook-secret");
	}
}

/* Each is "SETTING: ...", and the URL begins with http or has no scheme. */
static void
check_exposed(struct diagnoses *f, const struct loaded *l)
{
	autolist struct text_list found = { 0 };

	pipeline_list_exposed(&l->config.pipeline, &found);
	for (size_t i = 0; i < found.n; i++) {
		autofree char *name =
		    xstrndup(found.items[i], strcspn(found.items[i], ":"));
		const char *url = text_of(l, name);
		const char *host = strstr(url, "://");
		autofree char *safe = xasprintf("https%s%s", host ? "" : "://",
		    host ? host : url);

		check_warn(f, "http",
		    "Use https if the server supports it:", "%s",
		    found.items[i]);
		check_run_set(f, l, name, safe);
	}
}

/* The setting that an error's text begins with, or NULL. */
static const struct setting *
setting_in(const char *text)
{
	autofree char *name = xstrndup(text, strcspn(text, ": "));

	return setting_find(name);
}

static void
check_policy(struct diagnoses *f, const struct loaded *l)
{
	const struct setting *s;
	struct err e;

	if (pipeline_check(&l->config.pipeline, &e) == 0)
		return;
	s = setting_in(e.text);
	check_fail(f, "configuration",
	    s ? "Set it, see jibri-finalize.conf(5):"
	      : "Compare with jibri-finalize.conf(5):",
	    "%s", e.text);
	if (s && s->type == SETTING_SECRET)
		check_run_secret(f, l, s->name);
	else if (s)
		check_run_set(f, l, s->name, s->arg ? s->arg : "VALUE");
	else
		check_run_edit(f, f->shell.file);
}

void
check_config(struct diagnoses *f, const struct loaded *l)
{
	check_origins(f, l);
	check_variables(f);
	check_legacy(f);
	check_orders(f, l);
	check_needs(f, l);
	check_secret(f, l);
	check_exposed(f, l);
	check_policy(f, l);
}
