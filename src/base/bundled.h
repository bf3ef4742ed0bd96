#pragma once

/*
 * The portable build (scripts/portable) brings the libraries and data that it
 * needs along, in lib/ beside the program.  Every other build has the system's.
 */

/* "libcurl4 7.88.1-10+deb12u15, ...", or NULL where nothing is bundled. */
const char *bundled_packages(void);

/*
 * The path of a file in lib/, or of lib/ itself for ""; the caller frees it.
 * NULL where nothing is bundled, and without /proc.
 */
char *bundled_path(const char *name);
