#pragma once

/*
 * Does this directory contain recordings, as a recordings directory does, or a
 * recording into which another was moved? Looks only at names, some folders
 * deep.  Returns the path of one below dirfd, which the caller frees, or NULL.
 *
 * A folder with two of journal, metadata.json and media is a recording.  A
 * folder with one of them may be: it counts if there is a second such folder,
 * or if the directory itself has none of these.  The directory itself is a
 * recording if it has metadata.json and media.
 */
char *nested_find(int dirfd);
