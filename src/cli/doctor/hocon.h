#pragma once

#include "base/err.h"

/*
 * HOCON, the language of jibri.conf, as com.typesafe:config reads it, with all
 * files that it includes.  They may be anybody's: 1 MiB in all, 100 files, 50
 * levels.  Elements of arrays are parsed and forgotten.
 */
struct hocon;

/*
 * 1, and *h is to be freed; 0 for no such file; -1 for what is not HOCON or
 * beyond a limit, e names the line.  A file that cannot be opened is a 1:
 * hocon_get() is then -1 for each key that could be in it.
 */
int hocon_load(struct hocon **h, const char *path, struct err *e);

/*
 * The value at the path key.key: 1 and *value, text to be freed.  0: there is
 * none, or null.  If it hangs on a variable of the environment, which may be
 * another for Jibri, e says so, else its text is empty.  -1: it cannot be told,
 * and e says why, as for an object, a cycle, or what only the program itself
 * can see.
 */
int hocon_get(struct hocon *h, const char *path, char **value, struct err *e);

/* NULL is none. */
void hocon_free(struct hocon *h);
