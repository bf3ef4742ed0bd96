#include "base/map.h"

#include <search.h>
#include <string.h>

#include "base/mem.h"

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void *
map_find(const struct map *map, const char *key)
{
	void *const *node = key ? tfind(&key, &map->root, compare) : NULL;

	return node ? *node : NULL;
}

void *
map_add(struct map *map, const char *key, size_t bytes)
{
	char **entry = map_find(map, key);

	if (entry != NULL)
		return entry;
	entry = xcalloc(1, bytes);
	*entry = xstrdup(key);
	if (tsearch(entry, &map->root, compare) == NULL)
		mem_exhausted();
	map->n++;
	return entry;
}

void
map_remove(struct map *map, void *entry)
{
	(void)tdelete(entry, &map->root, compare);
	map->n--;
}

static void
add(const void *node, VISIT visit, void *ctx)
{
	void ***end = ctx;

	if (visit == postorder || visit == leaf)
		*(*end)++ = *(void *const *)node;
}

void *
map_all(const struct map *map)
{
	void **all = xcalloc(map->n + 1, sizeof(*all));
	void **end = all;

	twalk_r(map->root, add, &end);
	return all;
}

void
map_free(struct map *map, void (*release)(void *entry))
{
	tdestroy(map->root, release);
	*map = (struct map){ 0 };
}
