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

/* The webhook: what the meeting-service is told of a recording. */

struct webhook_policy {
	char *url; /* "none"; NULL or empty: at the meeting-service */
	const char *service_url;        /* of that, or "none" */
	bool has_files;                 /* STOPPED lists what is stored */
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
	/* It has to be ours at each try; NULL: there is none. */
	const struct journal *journal;
};

/* Where it goes; NULL: nowhere.  The caller frees it. */
char *webhook_url(const struct webhook_policy *);

/* Does the secret itself go with it? */
bool webhook_shows_secret(const struct webhook_policy *);

/* The JSON text, keys in the order of the contract; the caller frees it. */
char *webhook_body(const struct webhook *);

/*
 * Append the headers that prove a body at a moment (seconds since 1970):
 * X-Webhook-Secret, X-Webhook-Signature and the triple of Standard Webhooks
 * 1.0, as far as the policy names them and there is a secret.  -1 with
 * ERR_CONFIG for a "whsec_" secret that is no base64.
 */
int webhook_sign(const struct webhook_policy *, const struct webhook *,
    const char *body, int64_t now_unix, struct text_list *headers,
    struct err *e);

/*
 * Send until it is acknowledged or the tries are used up.  The meeting-
 * service's token goes to no other server.  It proves itself:
 * where no token can be had, it goes without one, and only if that is
 * refused the token's error is the webhook's.
 */
int webhook_send(struct http *, const struct webhook_policy *, struct auth *,
    const struct retry_policy *, const struct webhook *, struct err *e);
