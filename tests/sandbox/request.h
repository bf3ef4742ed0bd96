/*
 * One request from its first line to its line in requests.jsonl.  That line is
 * written once the outcome is settled, before a byte of the answer leaves, so
 * that a client that has the answer finds the line.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <microhttpd.h>
#include <stdbool.h>

#include "sandbox.h"
#include "upload.h"
#include "webhook.h"

struct request {
	struct sandbox *box;
	struct MHD_Connection *connection;
	int socket;
	unsigned n;
	unsigned connection_number;
	bool is_reused; /* not the first of its connection */
	char *raw_target;
	char *method;
	struct target target;

	struct fault fault;
	bool is_fault_known;

	long long declared_bytes; /* Content-Length, or -1 */
	unsigned long long body_bytes;
	struct upload *upload;
	json_t *record; /* of an upload that the service accepts */
	char *body;     /* of a webhook, or for a token */
	size_t body_kept;

	bool is_s3;
	bool is_parts; /* of a file in parts, of the file-service */
	long long begun_ms;
	bool is_good; /* S3 can do what is requested */
	bool has_begun;
	bool is_body_complete;
	bool can_queue; /* the library accepts an answer now */
	bool is_stored;
	bool is_settled;
};

/* Log how it ended: with this status, or 0 for no answer. */
void request_settle(struct request *, unsigned status);

/* The value of a header, borrowed; NULL if none. */
const char *request_header(const struct request *, const char *name);

struct webhook_proofs request_proofs(const struct request *);

/* The callbacks of the library; cls is the sandbox. */
void *request_open(void *cls, const char *uri, struct MHD_Connection *);
enum MHD_Result request_handle(void *cls, struct MHD_Connection *,
    const char *url, const char *method, const char *version, const char *data,
    size_t *data_bytes, void **request);
void request_close(void *cls, struct MHD_Connection *, void **request,
    enum MHD_RequestTerminationCode);
void request_connection(void *cls, struct MHD_Connection *, void **peer,
    enum MHD_ConnectionNotificationCode);

#endif
