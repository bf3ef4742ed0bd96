#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "delivery/pipeline.h"

/* Does the server have what is here?  Changes nothing, here or there. */

enum verify_finding {
	VERIFY_SAME,
	VERIFY_MISSING, /* on the server */
	VERIFY_SIZE,    /* differs there */
	VERIFY_CONTENT, /* differs there, or from what was stored */
	VERIFY_EXTRA,   /* only on the server */
	VERIFY_TWICE,   /* under the same path */
	VERIFY_FAILED,  /* could not be compared */
	VERIFY_FINDINGS
};

struct verify_row {
	enum verify_finding finding;
	char *path;          /* here; if VERIFY_EXTRA, there */
	char *id;            /* there, or NULL */
	char *why;           /* or NULL */
	int64_t size;        /* here; -1: not here */
	int64_t remote_size; /* -1: not there, or not reported */
	/* SHA-256; NULL: unknown. */
	char *here, *there, *stored;
};

struct verify_result {
	char *path, *session, *room, *meeting_id;
	struct verify_row *rows;
	size_t n, cap;
	size_t outdated;  /* known old versions on the server */
	bool is_compared; /* the list was read */
};

/*
 * Compare each artifact with the server's list by path and size; with is_deep
 * also download it and compare its SHA-256 with the local file and with what
 * was stored according to the journal.  0 when all agree; -1 with ERR_PERMANENT
 * naming the differences, or with the class of the reason they could not be
 * compared.  The result is always set; the caller frees it.
 */
int verify_run(const char *directory, bool is_deep,
    const struct pipeline_policy *, struct verify_result *, struct err *e);
void verify_result_free(struct verify_result *);
