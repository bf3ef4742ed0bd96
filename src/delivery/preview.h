#pragma once

#include <stddef.h>
#include <stdint.h>

/* What a run would do, without doing it. */

enum preview_verdict {
	PREVIEW_SEND,
	PREVIEW_THERE, /* the server has it */
	PREVIEW_DOUBT, /* the server may have it; a later list decides */
	PREVIEW_FAIL,  /* it cannot be sent */
	PREVIEW_SKIP,  /* not an artifact, or not selected */
};

struct preview_row {
	enum preview_verdict verdict;
	char *path;
	char *type;   /* NULL: not examined */
	char *why;    /* NULL: nothing to add */
	int64_t size; /* -1: not examined */
};

struct preview {
	struct preview_row *rows;
	size_t n, cap;
	char *then; /* what follows after the last row */
};

size_t preview_count(const struct preview *, enum preview_verdict);
void preview_free(struct preview *);
