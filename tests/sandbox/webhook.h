/* The three signatures of a webhook, and its body. */
#ifndef WEBHOOK_H
#define WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>

struct webhook_headers {
	const char *secret;    /* X-Webhook-Secret */
	const char *signature; /* X-Webhook-Signature */
	const char *id;        /* webhook-id, -timestamp and -signature */
	const char *timestamp;
	const char *standard;
};

struct webhook_proofs {
	bool is_secret_ok;
	bool is_signature_ok;
	bool is_standard_ok; /* with the secret or the previous one */
};

/* Pure.  Without a secret, nothing is proved. */
struct webhook_proofs webhook_verify(const struct webhook_headers *,
    const char *body, size_t body_bytes, const char *secret,
    const char *secret_previous);

/* Why the backend would refuse this body, or NULL. */
const char *webhook_problem(const char *body, size_t body_bytes);

#endif
