#pragma once

#include "base/err.h"

/*
 * HOCON, the language of jibri.conf, parsed like com.typesafe:config, including
 * all included files.  The files may be anybody's, so there are limits: 1 MiB
 * in all, 100 files, 50 levels.  Array elements are parsed and discarded.
 */
struct hocon;

/*
 * 1, and the caller frees *h; 0 for a missing file; -1 when the file is not
 * HOCON or exceeds a limit, with the line in e.  A file that cannot be opened
 * gives 1, and hocon_get() then returns -1 for each key that it may define.
 */
int hocon_load(struct hocon **h, const char *path, struct err *e);

/*
 * The value at the path key.key.  1: found; the caller frees it.  0: missing or
 * null.  In both cases e has a text if the value depends on an environment
 * variable, which may be different for Jibri, and is empty otherwise.  -1:
 * cannot be determined, with the reason in e: an object, a cycle, or something
 * that only Jibri can see.
 */
int hocon_get(struct hocon *h, const char *path, char **value, struct err *e);

/* NULL is allowed. */
void hocon_free(struct hocon *h);
