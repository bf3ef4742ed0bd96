#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "remote/request.h"
#include "remote/s3_internal.h"
#include "remote/s3_sign.h"

static const char *
url(const struct destination_policy *policy, const char **setting)
{
	*setting = "s3-url";
	return policy->s3.url;
}

/* Only known placeholders, and the artifact's path last. */
static int
check_key(const char *key, struct err *e)
{
	static const char last[] = "{path}";
	size_t len = strlen(key);
	const char *c = key;

	for (; (c = strchr(c, '{')) != NULL; c++)
		if (strncmp(c, "{room}", 6) != 0 &&
		    strncmp(c, "{session}", 9) != 0 &&
		    strncmp(c, "{meeting}", 9) != 0 &&
		    strncmp(c, "{tenant}", 8) != 0 && strcmp(c, last) != 0)
			return err_set(e, ERR_CONFIG,
			    "s3-key %s: only {room}, {session}, {meeting}, "
			    "{tenant} and, at the end, {path} are allowed",
			    key);
	if (len < sizeof(last) || *key == '/' ||
	    strcmp(key + len - (sizeof(last) - 1), last) != 0)
		return err_set(e, ERR_CONFIG,
		    "s3-key %s: must end with /{path} and must not begin "
		    "with a slash",
		    key);
	if (!strstr(key, "{session}"))
		return err_set(e, ERR_CONFIG,
		    "s3-key %s: without {session}, recordings would "
		    "overwrite each other",
		    key);
	return 0;
}

static int
check(const struct destination_policy *policy, struct err *e)
{
	const struct s3_policy *p = &policy->s3;
	const struct {
		const char *name, *value;
	} needed[] = {
		{ "s3-url", p->url },
		{ "s3-bucket", p->bucket },
		{ "s3-region", p->region },
		{ "s3-access-key", p->keys->texts[S3_ACCESS_KEY] },
		{ "s3-secret-key", p->keys->texts[S3_SECRET_KEY] },
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (needed[i].value == NULL || *needed[i].value == '\0')
			return err_set(e, ERR_CONFIG,
			    "%s is not set, but store is s3", needed[i].name);
	if (http_url_check(p->url, e) == -1)
		return err_wrap(e, "s3-url");
	if (p->part_bytes < S3_LEAST_PART || p->part_bytes > S3_MOST_PART)
		return err_set(e, ERR_CONFIG, "s3-part-size: must be 5M to 5G");
	return check_key(p->key, e);
}

static const char *
meeting_user(const struct destination_policy *policy)
{
	return strstr(policy->s3.key, "{meeting}") ? "{meeting} in s3-key"
						   : NULL;
}

/* The tenant in "[tenant]room", and the room within it. */
static char *
tenant_of(const char *room)
{
	return *room == '[' ? xstrndup(room + 1, strcspn(room + 1, "]"))
			    : xstrdup("");
}

static char *
folder(const struct destination_policy *policy, const struct progress *p)
{
	autofree char *tenant = tenant_of(p->room);
	/* An id may contain any character, a folder in a key may not. */
	autofree char *meeting =
	    text_percent_encode(p->meeting_id, " !\"#$&'()*+,:;<=>?@[\\]^`{|}");
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "{room}", p->room },
		{ "{session}", p->session },
		{ "{meeting}", meeting },
		{ "{tenant}", tenant },
		{ "{path}", "" },
	};
	struct buf folder = { 0 };

	(void)buf_adds(&folder, "/");
	for (const char *s = policy->s3.key; *s;) {
		size_t i = 0, n = sizeof(rows) / sizeof(rows[0]);

		while (i < n &&
		    strncmp(s, rows[i].name, strlen(rows[i].name)) != 0)
			i++;
		(void)buf_add(&folder, i < n ? rows[i].value : s,
		    i < n ? strlen(rows[i].value) : 1);
		s += i < n ? strlen(rows[i].name) : 1;
	}
	return folder.data;
}

static char *
put(const struct destination_policy *policy, const struct progress *p,
    const struct remote_name *name, struct http_request *request)
{
	char *to = s3_url(&policy->s3, name->path, "");

	(void)p;
	request->method = "PUT";
	request->url = to;
	return to;
}

static void
explain(const struct http_answer *answer, struct err *e)
{
	free(s3_error(answer, e));
}

static enum put_outcome
judge(const struct http_answer *answer, const struct remote_name *name,
    int64_t size, char **id, char **path, struct err *e)
{
	autofree char *etag = answer->etag ? s3_etag(answer->etag) : NULL;

	(void)size;
	*id = *path = NULL;
	*e = answer->err;
	if (answer->outcome == HTTP_ANSWERED && etag &&
	    request_check_html(answer, e) == 0) {
		*id = s3_id(etag, name->path);
		return PUT_STORED;
	}
	if (answer->outcome == HTTP_ANSWERED) {
		if (etag == NULL)
			(void)request_not_understood(answer, "has no ETag", e);
		(void)err_wrap(e, "%s", answer->what);
	}
	explain(answer, e);
	return answer->outcome == HTTP_NOT_DONE ? PUT_NOT_STORED : PUT_UNKNOWN;
}

static char *
list_url(const struct destination_policy *policy, const struct progress *p)
{
	autofree char *prefix = folder(policy, p);
	const char *const parameters[] = { "list-type", "2", "prefix",
		prefix + 1, NULL };
	autofree char *query = s3_query(parameters);

	return s3_url(&policy->s3, "", query);
}

/* In an id, the key follows the ETag. */
static char *
fetch_url(const struct destination_policy *policy, const char *id)
{
	return s3_url(&policy->s3, id + strcspn(id, "/"), "");
}

static char *
public_url(const struct destination_policy *policy, const char *id)
{
	struct destination_policy plain = *policy;

	plain.s3.addressing = S3_PATH;
	return fetch_url(&plain, id);
}

static int
authorize(const struct destination *to, const struct http_request *request,
    struct auth_use *use, struct text_list *headers, struct err *e)
{
	char nothing[DIGEST_HEX_BYTES];

	(void)use, (void)e;
	s3_hash("", nothing);
	s3_sign(
	    &(const struct s3_call){
		.method = http_method(request),
		.url = request->url,
		.payload_sha256 = request->body ? request->sha256 : nothing,
		.region = to->policy->s3.region,
		.keys = to->policy->s3.keys->texts,
	    },
	    clock_unix_ms() / 1000, headers);
	return 0;
}

/* Once for each new token. */
static bool
wants_retry(const struct destination *to, struct auth_use *use,
    const struct http_answer *answer)
{
	struct s3_keys *keys = to->policy->s3.keys;
	autofree char *code =
	    answer->outcome == HTTP_NOT_DONE ? s3_error(answer, NULL) : NULL;

	(void)use;
	return code && strcmp(code, "ExpiredToken") == 0 &&
	    (!s3_keys_signed(keys, answer->request) || s3_keys_renew(keys));
}

static void
renew(const struct destination_policy *policy)
{
	(void)s3_keys_renew(policy->s3.keys);
}

const struct destination_ops s3 = {
	.service = HTTP_S3,
	.wants_md5 = true,
	.url = url,
	.check = check,
	.meeting_user = meeting_user,
	.folder = folder,
	.put = put,
	.judge = judge,
	.parts = &s3_parts,
	.explain = explain,
	.list_url = list_url,
	.fetch_url = fetch_url,
	.public_url = public_url,
	.page_add = s3_page_add,
	.page_end = s3_page_end,
	.page_close = s3_page_close,
	.authorize = authorize,
	.wants_retry = wants_retry,
	.renew = renew,
};
