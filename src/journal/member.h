#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "journal/line.h"

/*
 * A table that maps members of a struct to members of a JSON line.  A member
 * that is 0 or NULL is omitted, and an omitted one becomes 0 or NULL.
 */
enum member_type {
	MEMBER_TEXT,   /* char *, freed and replaced */
	MEMBER_LENT,   /* const char *, borrowed from the line */
	MEMBER_NUMBER, /* int64_t */
	MEMBER_COUNT,  /* the same, at least 0 and safe to add */
	MEMBER_FLAG,   /* bool */
	MEMBER_TALLY   /* struct http_tally, as {"file-service 201": 3} */
};

struct member {
	const char *name;
	size_t offset;
	enum member_type type;
};

/* A row of such a table: a field of struct owner, with MEMBER_type. */
#define MEMBER(name, owner, field, type) \
	{ \
		name, offsetof(struct owner, field), MEMBER_##type \
	}

/* Begin a line; path may be NULL. */
void members_begin(struct buf *line, int64_t at_ms, const char *event,
    const char *path);
void members_add(struct buf *line, const struct member *, size_t n,
    const void *from);
void members_add_name(struct buf *line, const char *name);
void members_add_path(struct buf *line, const char *path);

void members_take(void *to, const struct member *, size_t n,
    const struct line *);

/* A member as MEMBER_COUNT. */
int64_t line_count(const struct line *, const char *name);
