#include "token.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "text.h"

static json_int_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (json_int_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool
token_is_good(const struct sandbox *box, const char *token)
{
	return json_integer_value(json_object_get(box->tokens, token)) >
	    now_ms();
}

/* The decoded parameter of a form, to be freed; NULL if none. */
static char *
form_value(const char *form, const char *name)
{
	autofree char *query = text_format("?%s", form);
	struct target target = { .query = query };

	return target_query(&target, name);
}

/* HTTP Basic; each half is encoded as in a form (RFC 6749, 2.3.1). */
static bool
is_client(const struct request *req)
{
	const struct settings *set = &req->box->set;
	const char *sent = request_header(req, "Authorization");
	size_t n = sent != NULL ? strlen(sent) : 0;
	autofree char *pair = text_must(calloc(1, n + 4));
	autofree char *form = NULL;
	autofree char *id = NULL;
	autofree char *secret = NULL;
	char *colon;

	if (n < 6 || strncmp(sent, "Basic ", 6) != 0 ||
	    EVP_DecodeBlock((unsigned char *)pair,
		(const unsigned char *)sent + 6, (int)n - 6) < 0)
		return false;
	colon = strchr(pair, ':');
	if (colon == NULL)
		return false;
	*colon = '\0';
	form = text_format("id=%s&secret=%s", pair, colon + 1);
	id = form_value(form, "id");
	secret = form_value(form, "secret");
	return id != NULL && secret != NULL && strcmp(id, set->client) == 0 &&
	    strcmp(secret, set->client_secret) == 0;
}

static void
refuse(struct answer *a, unsigned status, const char *error)
{
	answer_json(a, status, json_pack("{s:s}", "error", error));
}

static void
issue(struct request *req, struct answer *a)
{
	const struct settings *set = &req->box->set;
	double told =
	    set->token_told_s < 0 ? set->token_life_s : set->token_told_s;
	unsigned char random[16];
	autofree char *token = NULL;
	autofree char *hex = text_must(calloc(1, 2 * sizeof(random) + 1));

	RAND_bytes(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(hex + 2 * i, 3, "%02x", random[i]);
	token = text_format("oauth-%zu.%s", json_object_size(req->box->tokens),
	    hex);
	json_object_set_new(req->box->tokens, token,
	    json_integer(now_ms() + (json_int_t)(set->token_life_s * 1000)));
	answer_json(a, 200,
	    json_pack("{s:s,s:s,s:I}", "access_token", token, "token_type",
		"Bearer", "expires_in", (json_int_t)told));
}

void
token_answer(struct request *req, struct answer *a)
{
	const char *type = request_header(req, "Content-Type");
	autofree char *grant = form_value(req->body, "grant_type");
	autofree char *scope = form_value(req->body, "scope");

	if (req->box->set.client == NULL)
		answer_error(a, 404, "no such path");
	else if (type == NULL ||
	    strcasecmp(type, "application/x-www-form-urlencoded") != 0)
		refuse(a, 400, "invalid_request");
	else if (!is_client(req))
		refuse(a, 401, "invalid_client");
	else if (grant == NULL || strcmp(grant, "client_credentials") != 0)
		refuse(a, 400, "unsupported_grant_type");
	else if (scope != NULL && strcmp(scope, "recordings files") != 0)
		refuse(a, 400, "invalid_scope");
	else
		issue(req, a);
}
