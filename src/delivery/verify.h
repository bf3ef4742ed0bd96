#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "delivery/pipeline.h"

/* Does the server have what is here?  Nothing is changed, here or there. */

enum verify_finding {
	VERIFY_SAME,
	VERIFY_MISSING, /* on the server */
	VERIFY_SIZE,    /* another one there */
	VERIFY_CONTENT, /* another one there, or than was stored */
	VERIFY_EXTRA,   /* only on the server */
	VERIFY_TWICE,   /* there under the same path */
	VERIFY_FAILED,  /* it could not be compared */
	VERIFY_FINDINGS
};

struct verify_row {
	enum verify_finding finding;
	char *path;          /* here; of an extra one, there */
	char *id;            /* there, or NULL */
	char *why;           /* or NULL */
	int64_t size;        /* here; -1: none */
	int64_t remote_size; /* -1: none, or not said */
	/* SHA-256; NULL: not known. */
	char *here, *there, *stored;
};

struct verify_result {
	char *path, *session, *room, *meeting_id;
	struct verify_row *rows;
	size_t n, cap;
	size_t outdated;  /* versions at the server that are known to be old */
	bool is_compared; /* the list was read */
};

/*
 * Compare each artifact with the server's list, by path and size; with
 * is_deep download each one, too, and compare it by SHA-256 with the file
 * here and with what the journal says was stored.  0 when all agree; -1 with
 * ERR_PERMANENT naming what differs, or with the class of what kept us from
 * comparing.  The result is set in any case, and freed by the caller.
 */
int verify_run(const char *directory, bool is_deep,
    const struct pipeline_policy *, struct verify_result *, struct err *e);
void verify_result_free(struct verify_result *);
