#include <stdlib.h>

#include "base/mem.h"
#include "remote/destination.h"
#include "remote/file_service_internal.h"
#include "remote/request.h"

static const char *
url(const struct destination_policy *policy, const char **setting)
{
	*setting = "file-service-url";
	return policy->file.url;
}

static int
check(const struct destination_policy *policy, struct err *e)
{
	return http_url_check(policy->file.url, e) == -1
	    ? err_wrap(e, "file-service-url")
	    : 0;
}

static char *
folder(const struct destination_policy *policy, const struct progress *p)
{
	(void)policy;
	return xasprintf("/%s/%s/", p->room, p->session);
}

static char *
put(const struct destination_policy *policy, const struct progress *p,
    const struct remote_name *r, struct http_request *request)
{
	autofree char *parent = remote_name_folder(r);
	autofree char *id = text_percent_encode(p->meeting_id, "");
	autofree char *query = text_percent_encode(parent, "/");
	autofree char *path =
	    xasprintf("/files/structured/%s?path=%s", id, query);
	char *to = request_url(policy->file.url, path);

	request->url = to;
	request->part_filename = r->filename;
	return to;
}

static enum put_outcome
judge(const struct http_answer *answer, const struct remote_name *name,
    int64_t size, char **id, char **path, struct err *e)
{
	(void)name;
	*id = *path = NULL;
	if (answer->outcome == HTTP_ANSWERED) {
		if (file_service_record(answer, size, id, path, e) == 0)
			return PUT_STORED;
		/* The list decides. */
		if (!request_is_html(answer))
			e->class = ERR_TEMPORARY;
		(void)err_wrap(e, "%s", answer->what);
		return PUT_UNKNOWN;
	}
	*e = answer->err;
	if (answer->status == 404 || answer->status == 405)
		e->class = ERR_CONFIG;
	if (answer->status == 413)
		(void)err_wrap(e, "too large for the server (%lld bytes)",
		    (long long)size);
	return answer->outcome == HTTP_UNKNOWN ? PUT_UNKNOWN : PUT_NOT_STORED;
}

static const char *
meeting_user(const struct destination_policy *policy)
{
	(void)policy;
	return "the file-service";
}

static char *
list_url(const struct destination_policy *policy, const struct progress *p)
{
	autofree char *id = text_percent_encode(p->meeting_id, "");
	autofree char *path = xasprintf("/metadata?referenceId=%s", id);

	return request_url(policy->file.url, path);
}

static char *
fetch_url(const struct destination_policy *policy, const char *id)
{
	autofree char *segment = text_percent_encode(id, "");
	autofree char *path = xasprintf("/files/%s/download", segment);

	return request_url(policy->file.url, path);
}

static int
authorize(const struct destination *to, const struct http_request *request,
    struct auth_use *use, struct text_list *headers, struct err *e)
{
	(void)request;
	return auth_add_header(to->auth, AUTH_FILE_SERVICE, use, headers, e);
}

static bool
wants_retry(const struct destination *to, struct auth_use *use,
    const struct http_answer *answer)
{
	return auth_wants_retry(to->auth, use, answer->status);
}

const struct destination_ops file_service = {
	.service = HTTP_FILE_SERVICE,
	.url = url,
	.check = check,
	.meeting_user = meeting_user,
	.folder = folder,
	.put = put,
	.judge = judge,
	.parts = &file_service_parts,
	.list_url = list_url,
	.fetch_url = fetch_url,
	.public_url = fetch_url,
	.page_add = file_service_page_add,
	.page_end = file_service_page_end,
	.page_close = file_service_page_close,
	.authorize = authorize,
	.wants_retry = wants_retry,
};
