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

static void
check_origins(struct diagnoses *f, const struct loaded *l, const char *path)
{
	size_t changed = 0;

	for (size_t i = 0; i < settings_count(); i++)
		changed += strcmp(l->origins[i], "default") != 0;
	if (path)
		check_ok(f, "configuration", "%s is read", path);
	else
		check_ok(f, "configuration",
		    "there is no " CONFIG_DEFAULT_FILE " here to be read");
	check_ok(f, "settings",
	    "%zu of %zu have another value than their default", changed,
	    settings_count());
	for (size_t i = 0; i < settings_count(); i++) {
		autofree char *value = setting_show(&l->config, setting_at(i));

		if (strcmp(l->origins[i], "default") != 0)
			check_ok(f, "setting", "%s = %s, from %s",
			    setting_at(i)->name, value, l->origins[i]);
	}
	for (size_t i = 0; i < l->lax.n; i++)
		check_warn(f, "configuration",
		    "Let only root write the file and only Jibri's user read "
		    "it: chown root:jibri, chmod 0640.",
		    "%s", l->lax.items[i]);
}

/* A typing error in a variable is silent otherwise. */
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
	check_warn(f, "environment", "Rename or remove it.",
	    *near.best ? "%s is not a setting; did you mean %s?"
		       : "%s is not a setting",
	    name, meant);
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
		/* We and docker-jitsi-meet have two besides the settings. */
		if (strcmp(wish, "CONFIG") != 0 &&
		    strcmp(wish, "RECORDING_SCRIPT_PATH") != 0)
			check_variable(f, name, wish);
	}
}

/* The old script's variable and ours, with different values. */
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
		if (old && *old && strcmp(old, ours) != 0)
			check_warn(f, "environment", "Set one of the two.",
			    "%s and %s differ; %s counts",
			    setting_at(i)->legacy, variable, variable);
	}
}

static const struct {
	const char *less, *more; /* times: the first must not be longer */
} orders[] = {
	{ "retry-delay", "retry-delay-max" },
	{ "retry-for", "deadline" },
	{ "connect-timeout", "deadline" },
	{ "sweep-retry-delay", "sweep-retry-delay-max" },
	{ "sweep-retry-delay-max", "give-up" },
};

static const struct {
	const char *name, *needs; /* of no use without */
} needs[] = {
	{ "webhook-secret-previous", "webhook-secret" },
	{ "tls-key", "tls-cert" },
	{ "tls-key-password", "tls-cert" },
	{ "oauth-scope", "oauth-token-url" },
};

static void
check_contradictions(struct diagnoses *f, const struct loaded *l)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (number_of(l, orders[i].less) > number_of(l, orders[i].more))
			check_warn(f, orders[i].less, "Change one of the two.",
			    "is longer than %s", orders[i].more);
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (*text_of(l, needs[i].name) && !*text_of(l, needs[i].needs))
			check_warn(f, needs[i].name, "Set both, or none.",
			    "does nothing without %s", needs[i].needs);
	if (l->config.is_deferred)
		check_ok(f, "defer",
		    "Jibri's calls deliver nothing; a sweeper has to run");
	if (!config_is_default(l, "min-free") && number_of(l, "retention") == 0)
		check_warn(f, "min-free",
		    "Set retention, or leave min-free out.",
		    "does nothing while retention keeps recordings for ever");
}

static void
check_secret(struct diagnoses *f, const struct loaded *l)
{
	autofree char *url = webhook_url(&l->config.pipeline.webhook);

	if (url == NULL)
		check_ok(f, "webhook-url", "no webhook is sent, as it is set");
	else if (*text_of(l, "webhook-secret"))
		check_ok(f, "webhook-secret",
		    "is set; whether the receiver has the same one "
		    "shows only when it takes a webhook");
	else
		check_warn(f, "webhook-secret",
		    "Set webhook-secret or webhook-secret-file to what the "
		    "meeting-service has.",
		    "is empty: webhooks are not signed");
}

static void
check_exposed(struct diagnoses *f, const struct loaded *l)
{
	autolist struct text_list found = { 0 };

	pipeline_list_exposed(&l->config.pipeline, &found);
	for (size_t i = 0; i < found.n; i++)
		check_warn(f, "http",
		    "Use https, or http within a private network.", "%s",
		    found.items[i]);
}

void
check_config(struct diagnoses *f, const struct loaded *l, const char *path)
{
	struct err e;

	check_origins(f, l, config_file(path));
	check_variables(f);
	check_legacy(f);
	check_contradictions(f, l);
	check_secret(f, l);
	check_exposed(f, l);
	if (pipeline_check(&l->config.pipeline, &e) == -1)
		check_fail(f, "configuration",
		    "Fix this setting: see jibri-finalize.conf(5).", "%s",
		    e.text);
}
