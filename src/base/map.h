#pragma once

#include <stddef.h>

/*
 * Structs that begin with a char *, their key, which they own.  They stay where
 * they are until they are removed.  A zeroed map is empty.
 */
struct map {
	void *root; /* a tsearch(3) tree */
	size_t n;
};

/* NULL when there is none; a NULL key has none. */
void *map_find(const struct map *, const char *key);

/* Find it, or add one of this size that is zeroed but for its key. */
void *map_add(struct map *, const char *key, size_t bytes);

/* Take it out of the map; the caller frees it. */
void map_remove(struct map *, void *entry);

/*
 * An array of all entries, in the order of their keys, that ends with NULL; the
 * caller frees it.
 */
void *map_all(const struct map *);

/* Empty the map; release() frees an entry. */
void map_free(struct map *, void (*release)(void *entry));
