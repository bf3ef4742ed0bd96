#pragma once

#include <stddef.h>
#include <stdint.h>

/* What a run would do, without doing any of it. */

enum preview_verdict {
	PREVIEW_SEND,
	PREVIEW_THERE, /* the server has it */
	PREVIEW_DOUBT, /* it may be there: sent if a later list lacks it */
	PREVIEW_FAIL,  /* it cannot be sent */
	PREVIEW_SKIP,  /* it is no artifact, or not selected */
};

struct preview_row {
	enum preview_verdict verdict;
	char *path;
	char *type;   /* NULL: not looked at */
	char *why;    /* NULL: there is no more to say */
	int64_t size; /* -1: not looked at */
};

struct preview {
	struct preview_row *rows;
	size_t n, cap;
	char *then; /* what follows the last of them */
};

/* Strings are copied; each may be NULL but the path. */
void preview_add(struct preview *, enum preview_verdict, const char *path,
    const char *type, const char *why, int64_t size);

size_t preview_count(const struct preview *, enum preview_verdict);
void preview_free(struct preview *);
