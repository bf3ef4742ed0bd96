#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/retry.h"
#include "base/text.h"
#include "io/http.h"

/*
 * What proves to the services who we are: a bearer token (RFC 6750) that is
 * set, or one that an OAuth 2 server gives for our client credentials
 * (RFC 6749, 4.4).  Such a token is fetched when it is first needed, serves
 * all requests, and is renewed before it expires and when a service refuses
 * it.
 */

enum auth_service { AUTH_FILE_SERVICE, AUTH_MEETING_SERVICE };

struct confine_policy;

struct auth_policy {
	char *token; /* for both services; each NULL or empty: none */
	char *file_token, *meeting_token; /* for one; go before token */
	char *token_url;                  /* of the OAuth 2 server */
	char *client_id, *client_secret;
	char *scope;
	bool has_certificate;               /* we have one for TLS, too */
	const struct auth_token *inherited; /* NULL: none */
	int64_t answer_timeout_ms;
};

/* A token to begin with, for the children of fork(2); zeroed it is none. */
struct auth_token {
	char *text;
	int64_t renew_at_ms; /* clock_mono_ms() */
};

struct auth;

/* What one request remembers of its token; zeroed at its beginning. */
struct auth_use {
	unsigned serial; /* 0: the token is not from OAuth 2 */
	bool is_renewed; /* it was refused once, and will not be again */
};

/* All three must outlive it. */
struct auth *auth_open(const struct auth_policy *, const struct retry_policy *,
    struct http *);
void auth_close(struct auth *);

/*
 * Append the Authorization header, where there is a token, for a request
 * that starts now.  May wait for the token endpoint, while what is under way
 * goes on.  -1 with an error that names the endpoint; for a while everyone
 * gets it then, without asking again.
 */
int auth_add_header(struct auth *, enum auth_service, struct auth_use *,
    struct text_list *headers, struct err *e);

/*
 * A request with this token got this final status (0: none).  True when it
 * is to be made again, as its token was refused (401) and the next one will
 * be another: once for a request, and not if the last renewal changed
 * nothing.
 */
bool auth_is_mended(struct auth *, struct auth_use *, long status);

/* Was the token refused, and the one that came for it accepted? */
bool auth_was_renewed(const struct auth *);

/*
 * Have a token that needs no renewal, where one is fetched at all: by a
 * process of its own, confined, and nobody's where we are root.  -1 as
 * auth_add_header().
 */
int auth_token_renew(struct auth_token *, const struct auth_policy *,
    const struct http_policy *, const struct confine_policy *, struct err *e);
void auth_token_free(struct auth_token *);

/* Will a token be sent to this service? */
bool auth_has_token(const struct auth_policy *, enum auth_service);

/* Do the settings fit together?  -1 with ERR_CONFIG.  The URL is not seen. */
int auth_check(const struct auth_policy *, struct err *e);

/*
 * The class of an error code of the token endpoint (RFC 6749, 5.2), when the
 * status alone says fallback.  What is no recording's fault is never
 * permanent.  Pure.
 */
enum err_class auth_error_class(const char *code, enum err_class fallback);
