/* The OAuth 2 server of --oauth (RFC 6749, 4.4). */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>

#include "answer.h"
#include "request.h"

/* A new token, or an error of RFC 6749, 5.2. */
void token_answer(struct request *, struct answer *);

/* Was it issued, and has it not expired? */
bool token_is_good(const struct sandbox *, const char *token);

#endif
