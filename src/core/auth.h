#ifndef CORE_AUTH_H
#define CORE_AUTH_H

#include "base/text.h"

/* What proves to the services who we are. */
struct auth_policy {
	char *token; /* bearer for both services; NULL or empty: none */
};

/* Append the Authorization header (RFC 6750), where there is a token. */
void auth_add_header(const struct auth_policy *, struct text_list *headers);

#endif
