#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "delivery/pipeline_internal.h"

static bool
is_set(const char *s)
{
	return s != NULL && *s != '\0';
}

static bool
is_given(const char *url)
{
	return is_set(url) && strcmp(url, "none") != 0;
}

static int
check_readable(const char *name, const char *path, const struct buf *bytes,
    struct err *e)
{
	struct stat st;

	if (!is_set(path) || bytes->len > 0)
		return 0;
	/* A pipe would block each connection. */
	if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
		return err_set(e, ERR_CONFIG, "%s %s: is a pipe, not a file",
		    name, path);
	if (access(path, R_OK) == 0)
		return 0;
	if (!err_is_passing(errno))
		return err_set(e, ERR_CONFIG, "%s %s: %s", name, path,
		    strerror(errno));
	return err_sys(e, "%s %s", name, path);
}

static int
check_tls(const struct http_policy *p, struct err *e)
{
	if (is_set(p->tls_key) && !is_set(p->tls_cert))
		return err_set(e, ERR_CONFIG,
		    "tls-cert is not set, but tls-key is");
	if (check_readable("ca-file", p->ca_file, &p->ca, e) == -1 ||
	    check_readable("tls-cert", p->tls_cert, &p->cert, e) == -1)
		return -1;
	return check_readable("tls-key", p->tls_key, &p->key, e);
}

struct way {
	const char *name, *url, *secret; /* NULL: none */
};

enum { WAYS = 5 };

static void
list_ways(const struct pipeline_policy *p, struct way ways[WAYS])
{
	/* Any other proxy only forwards https. */
	bool is_proxy_told = is_set(p->http.proxy_auth) &&
	    strcmp(p->http.proxy, "none") != 0 &&
	    strcmp(p->http.proxy, "env") != 0;
	const char *name;
	const char *url = p->destination.ops->url(&p->destination, &name);
	const char *shown =
	    webhook_shows_secret(&p->webhook) ? "webhook-secret" : NULL;
	bool is_at_service = !is_given(p->webhook.url);

	ways[0] = (struct way){ "meeting-service-url",
		is_given(p->meeting.url) ? p->meeting.url : NULL,
		auth_has_token(&p->auth, AUTH_MEETING_SERVICE) ? "the token"
		    : is_at_service                            ? shown
							       : NULL };
	ways[1] = (struct way){ name, url,
		auth_has_token(&p->auth, AUTH_FILE_SERVICE) ? "the token"
							    : NULL };
	ways[2] =
	    (struct way){ "oauth-token-url", p->auth.token_url, "the token" };
	ways[3] = (struct way){ "proxy", is_proxy_told ? p->http.proxy : NULL,
		"proxy-auth" };
	ways[4] = (struct way){ "webhook-url",
		is_at_service ? NULL : p->webhook.url, shown };
}

static enum http_exposure
exposure_of(const struct way *way)
{
	return is_set(way->url) ? http_url_exposure(way->url) : HTTP_ENCRYPTED;
}

void
pipeline_list_exposed(const struct pipeline_policy *p, struct text_list *found)
{
	struct way ways[WAYS];

	list_ways(p, ways);
	for (size_t i = 0; i < WAYS; i++) {
		autofree char *text =
		    xasprintf("%s: %s would go over http, where "
			      "others can read it",
			ways[i].name, ways[i].secret ? ways[i].secret : "");

		if (ways[i].secret && exposure_of(&ways[i]) == HTTP_EXPOSED)
			text_list_add(found, text);
	}
}

static int
check_all_clear(const struct pipeline_policy *p, struct err *e)
{
	autolist struct text_list exposed = { 0 };
	struct way ways[WAYS];

	list_ways(p, ways);
	for (size_t i = 0; i < WAYS; i++)
		if (p->require_tls && exposure_of(&ways[i]) >= HTTP_PRIVATE)
			return err_set(e, ERR_CONFIG,
			    "%s: http is refused because require-tls is set",
			    ways[i].name);
	pipeline_list_exposed(p, &exposed);
	for (size_t i = 0; i < exposed.n; i++)
		log_warn("%s; use https", exposed.items[i]);
	return 0;
}

static int
check_url(const char *name, const char *url, struct err *e)
{
	return http_url_check(url, e) == -1 ? err_wrap(e, "%s", name) : 0;
}

int
pipeline_check_reach(const struct pipeline_policy *p, struct err *e)
{
	if (check_tls(&p->http, e) == -1 || auth_check(&p->auth, e) == -1)
		return -1;
	if (is_set(p->auth.token_url) &&
	    check_url("oauth-token-url", p->auth.token_url, e) == -1)
		return -1;
	return check_all_clear(p, e);
}

int
pipeline_check_webhook(const struct pipeline_policy *p, struct err *e)
{
	bool is_own = is_set(p->webhook.url);
	const char *name = is_own ? "webhook-url" : "meeting-service-url";
	autofree char *url = webhook_url(&p->webhook);

	if (url == NULL)
		return err_set(e, ERR_CONFIG,
		    "%s = none: no webhook is configured", name);
	return check_url(name, is_own ? p->webhook.url : p->meeting.url, e);
}

int
pipeline_check_services(const struct pipeline_policy *p, struct err *e)
{
	const struct destination_policy *to = &p->destination;
	const char *user = to->ops->meeting_user(to);
	bool is_none = meeting_is_none(&p->meeting);

	if (is_none && user)
		return err_set(e, ERR_CONFIG,
		    "meeting-service-url = none, but %s needs the meeting id",
		    user);
	if ((!is_none &&
		check_url("meeting-service-url", p->meeting.url, e) == -1) ||
	    (is_given(p->webhook.url) && pipeline_check_webhook(p, e) == -1))
		return -1;
	return to->ops->check(to, e);
}

int
pipeline_check(const struct pipeline_policy *p, struct err *e)
{
	static const struct webhook probe = { .id = "" };
	struct text_list headers = { 0 };
	int result = pipeline_check_services(p, e);

	if (result == 0)
		result = pipeline_check_reach(p, e);
	if (result == 0)
		result = webhook_sign(&p->webhook, &probe, "", 0, &headers, e);
	text_list_free(&headers);
	return result;
}
