#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/retry.h"
#include "io/http.h"
#include "journal/journal.h"
#include "remote/auth.h"

/* The webhook, which tells the meeting-service about a recording. */

struct webhook_policy {
	char *url;               /* "none"; NULL or empty: service_url's */
	const char *service_url; /* of the meeting-service, or "none" */
	bool has_files;          /* STOPPED lists the stored files */
	char *secret, *previous_secret; /* NULL or empty: none */
	struct text_list auth;          /* of "secret", "signature",
					   "standard" */
	int64_t answer_timeout_ms;
};

struct webhook {
	const char *event; /* "STARTED", "STOPPED", "FAILED" */
	const char *room, *session;
	const char *error;    /* FAILED only */
	json_t *files;        /* STOPPED only; NULL: none */
	int64_t timestamp_ms; /* since 1970; sent in seconds */
	const char *id;       /* the same for every repeat */
	/* Checked to be ours before each try; may be NULL. */
	const struct journal *journal;
};

/* The URL; NULL: none.  The caller frees it. */
char *webhook_url(const struct webhook_policy *);

/* Is the secret itself sent? */
bool webhook_shows_secret(const struct webhook_policy *);

/* The JSON text, members in the order of the API; the caller frees it. */
char *webhook_body(const struct webhook *);

/*
 * Append the headers that authenticate a body at a time in seconds since 1970:
 * X-Webhook-Secret, X-Webhook-Signature and the three of Standard Webhooks 1.0,
 * as selected by the policy, if there is a secret.  -1 with ERR_CONFIG for a
 * "whsec_" secret that is not base64.
 */
int webhook_sign(const struct webhook_policy *, const struct webhook *,
    const char *body, int64_t now_unix, struct text_list *headers,
    struct err *e);

/*
 * Send until acknowledged or out of tries.  The meeting-service's token is sent
 * to no other server.  The webhook has its own authentication: if no token can
 * be fetched it is sent without one, and the token's error is reported only if
 * that is refused.
 */
int webhook_send(struct http *, const struct webhook_policy *, struct auth *,
    const struct retry_policy *, const struct webhook *, struct err *e);
