#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/retry.h"
#include "base/text.h"
#include "io/http.h"

/*
 * How we prove who we are to the services: by a configured bearer token (RFC
 * 6750), or by one that an OAuth 2 server issues for our client credentials
 * (RFC 6749, section 4.4).  Such a token is fetched when first needed, used for
 * all requests, and renewed before it expires and when a service refuses it.
 */

enum auth_service { AUTH_FILE_SERVICE, AUTH_MEETING_SERVICE };

struct confine_policy;

struct auth_policy {
	char *token; /* for both services; NULL or empty: none */
	char *file_token, *meeting_token; /* for one; preferred to token */
	char *token_url;                  /* of the OAuth 2 server */
	char *client_id, *client_secret;
	char *scope;
	bool has_certificate;               /* we also have a TLS certificate */
	const struct auth_token *inherited; /* NULL: none */
	int64_t answer_timeout_ms;
};

/* An initial token, for children of fork(2); zeroed: none. */
struct auth_token {
	char *text;
	int64_t renew_at_ms; /* clock_mono_ms() */
};

struct auth;

/* What one request remembers about its token; zero it first. */
struct auth_use {
	unsigned serial; /* 0: the token was configured */
	bool is_renewed; /* was refused once; not renewed again */
};

/* All arguments must outlive it. */
struct auth *auth_open(const struct auth_policy *, const struct retry_policy *,
    struct http *);
void auth_close(struct auth *);

/*
 * Append the Authorization header, if there is a token, to a request that is
 * about to start.  May wait for the token endpoint, while other transfers
 * continue.  -1 with an error that names the endpoint; further calls then get
 * the same error for a while, without another request.
 */
int auth_add_header(struct auth *, enum auth_service, struct auth_use *,
    struct text_list *headers, struct err *e);

/*
 * A request with this token got this final status (0: none).  True when it
 * should be repeated because its token was refused (401) and a new one will be
 * used: once per request, and not if the last renewal did not help.
 */
bool auth_wants_retry(struct auth *, struct auth_use *, long status);

/* Was a token refused, and the next one accepted? */
bool auth_was_renewed(const struct auth *);

/*
 * If tokens are fetched, have one that needs no renewal yet.  A confined child
 * process fetches it, as nobody if we are root.  -1 as auth_add_header().
 */
int auth_token_renew(struct auth_token *, const struct auth_policy *,
    const struct http_policy *, const struct confine_policy *, struct err *e);
void auth_token_free(struct auth_token *);

/* Will requests to this service have a token? */
bool auth_has_token(const struct auth_policy *, enum auth_service);

/* Are the settings consistent? -1 with ERR_CONFIG.  Does not check the URL. */
int auth_check(const struct auth_policy *, struct err *e);

/*
 * The class of an error code of the token endpoint (RFC 6749, section 5.2);
 * fallback is what the status alone implies.  Never permanent unless the
 * recording is at fault.  Pure.
 */
enum err_class auth_error_class(const char *code, enum err_class fallback);
