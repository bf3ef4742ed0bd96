/* HMACs, and the signature of a request (AWS Signature Version 4). */
#ifndef SIGN_H
#define SIGN_H

#include <stddef.h>

void sign_hmac(const void *key, size_t n, const char *text,
    unsigned char mac[32]);

/* Two digits for each byte, and a NUL. */
void sign_hex(const unsigned char *, size_t, char *hex);

/* The SHA-256 of a text. */
void sign_hash(const char *text, char hex[65]);

/* The signed parts of a request. */
struct signing {
	const char *method;
	const char *path;    /* decoded */
	const char *query;   /* as it is sent, with its "?", or "" */
	const char *headers; /* a line "name:value" for each name */
	const char *names;   /* with ";" between them */
	const char *payload; /* hash of the body, or UNSIGNED-PAYLOAD */
	const char *date;    /* as 20260105T143022Z */
	const char *day;     /* as 20260105 */
	const char *region;
	const char *secret;
};
void sign_request(const struct signing *, char hex[65]);

#endif
