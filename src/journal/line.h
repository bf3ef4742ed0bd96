#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value in a line of JSON; members of other types are NULL or 0. */
struct value {
	const char *name; /* in an object; else NULL */
	const char *text;
	int64_t number; /* if it is whole */
	bool is_true;
	struct value *items; /* of an object or array */
	size_t n, cap;
};

/*
 * Most of the program's own lines are simple: no blanks, ASCII without escapes,
 * whole numbers from 0 on.  Such a line is read without a tree, in 4,000
 * instructions; jansson, which reads the others, takes 37,000.
 */
struct line {
	struct value object;
	char *plain;  /* or */
	json_t *tree; /* own the texts */
};

/* A line that is not JSON has no members. */
void line_parse(struct line *, const char *text, size_t len);
void line_free(struct line *);

/* The last member with this name, or an empty value. */
const struct value *line_member(const struct line *, const char *name);
bool line_has(const struct line *, const char *name);

/* The item of an array, or an empty value. */
const struct value *value_item(const struct value *, size_t i);
