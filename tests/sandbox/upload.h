/*
 * The body of an upload while it arrives: parsed, counted, hashed, and written
 * to incoming/N.
 */
#ifndef UPLOAD_H
#define UPLOAD_H

#include <openssl/evp.h>
#include <stdbool.h>

#include "multipart.h"
#include "sandbox.h"

struct upload {
	struct multipart parser;
	EVP_MD_CTX *hash;
	EVP_MD_CTX *md5_hash;
	int fd;
	char incoming[32];
	unsigned files; /* parts named `file` seen so far */
	bool is_in_file;
	long long bytes;
	long long keep_bytes; /* -1: all */
	const char *failure;  /* of the disk, not the sender */
	size_t header_bytes;
	char *disposition;
	char *filename; /* NULL: not known, or not UTF-8 */
	char *type;
	bool is_raw;     /* the body is the file */
	char sha256[65]; /* all set by upload_end() */
	char md5[33];
	char md5_base64[25];
};

/* The caller owns the upload and ends it with upload_free(). */
struct upload *upload_begin(unsigned n, const char *content_type,
    long long keep_bytes);

/* The same for a body that is the file itself, to be stored at this key. */
struct upload *upload_begin_raw(unsigned n, const char *key,
    const char *content_type, long long keep_bytes);

void upload_feed(struct upload *, const char *, size_t);

/* The end of the body: compute the hashes. */
void upload_end(struct upload *);

/* The problem with a file name, or NULL. */
const char *upload_name_problem(const char *);

/* The problem with it, and its *status; or NULL. */
const char *upload_problem(const struct upload *, long long max_file_bytes,
    unsigned *status);

/* The file's size if it is the last part of a body of this length, or -1. */
long long upload_expected_bytes(const struct upload *, long long body_bytes);

/* The part as shown in requests.jsonl; null before its header came. */
json_t *upload_describe(const struct upload *);

/* Accepts NULL; removes an incoming file that was not stored. */
void upload_free(struct upload *);

#endif
