#pragma once

/*
 * Does this directory hold recordings, so that it is a recordings directory,
 * or a recording into which another was moved?  Looks at names only, some
 * folders deep.  The path of one below it, which the caller frees, or NULL.
 *
 * A folder with two of journal, metadata.json and media is a recording.  One
 * with less may be: there has to be a second, or nothing of that kind in the
 * directory itself, which is a recording if it has metadata.json and media.
 */
char *nested_find(int dirfd);
