#include "base/mem.h"
#include "io/json_stream.h"
#include "remote/file_service_internal.h"
#include "remote/request.h"

/* A record must prove that it is about this file. */
int
file_service_record(const struct http_answer *answer, int64_t size, char **id,
    char **path, struct err *e)
{
	autojson json_t *json = request_answer_json(answer, e);
	const json_t *record = json_unwrap(json, "id");
	const json_t *attributes = json_attributes(record);
	const char *said = json_member_string(attributes, "path");
	int64_t stored = json_member_number(attributes, "size", size);

	if (json == NULL)
		return -1;
	if (stored != size)
		return err_set(e, ERR_TEMPORARY,
		    "HTTP %ld, but the server stored %lld of %lld bytes",
		    answer->status, (long long)stored, (long long)size);
	*id = request_answer_id(answer, json_object_get(record, "id"));
	if (*id == NULL)
		return request_not_understood(answer,
		    "is not a record of a file", e);
	*path = xstrdup(said);
	return 0;
}
