/*
 * The fuzz targets.  Each passes arbitrary bytes to a part of the program that
 * reads foreign data, and checks laws that hold for any bytes.  A broken law
 * ends the process, as a finding of the sanitizers does.
 *
 * One binary has them all: with libfuzzer.c it looks for findings, with
 * replay.c it replays the inputs that are kept below this directory.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "journal/progress.h"
#include "remote/inventory.h"

struct fuzz_target {
	const char *name; /* also of the directory of its inputs */
	void (*run)(const char *data, size_t len);
};

extern const struct fuzz_target fuzz_answer, fuzz_archive, fuzz_bucket,
    fuzz_config, fuzz_event, fuzz_hocon, fuzz_journal, fuzz_list, fuzz_log,
    fuzz_media, fuzz_metadata, fuzz_mimetype, fuzz_parts, fuzz_reason,
    fuzz_request, fuzz_room, fuzz_webhook;

/* By its name, or NULL. */
const struct fuzz_target *fuzz_find(const char *name);

/* Prepare the process, as main() does. */
void fuzz_init(void);

/* End the process, naming the law, unless it holds. */
#define must(law) ((law) ? (void)0 : fuzz_broken(#law, __FILE__, __LINE__))
_Noreturn void fuzz_broken(const char *law, const char *file, int line);

/* Input that is read from its beginning, as fields and bytes. */
struct fuzz_input {
	const char *data;
	size_t len;
};

/* The text up to the next NUL, or to the end; the caller frees it. */
char *fuzz_field(struct fuzz_input *);

/* The next byte; 0 after the end. */
unsigned fuzz_byte(struct fuzz_input *);

/* A file in memory that holds these bytes. */
int fuzz_memfd(const void *data, size_t len);

/* A directory of our own, below TMPDIR. */
const char *fuzz_scratch(void);

/* Replace a file of that directory. */
void fuzz_scratch_file(const char *name, const void *data, size_t len);

/* Everything that is known about a recording, as text. */
void fuzz_dump_progress(const struct progress *, struct buf *);

/* A list that a store gave, read to its end. */
struct fuzz_list {
	struct inventory inv;
	struct buf records; /* "path|id|size" each */
	int rc;             /* of inventory_end(); -1 with e */
	struct err e;
};

/*
 * Read it in pieces of up to so many bytes, as the transfer would, and check
 * what is true of any store's.
 */
void fuzz_list_read(struct fuzz_list *, const struct destination_policy *,
    const char *data, size_t len, size_t piece);
void fuzz_list_free(struct fuzz_list *);

/* The pieces must not matter; returns the list read whole, to be freed. */
void fuzz_list_same(struct fuzz_list *, const struct destination_policy *,
    const char *data, size_t len, size_t piece);

/* A bucket, and its library loaded once: that takes longer than an input. */
const struct destination_policy *fuzz_bucket_policy(void);

/* Can this, encoded, be a segment of a request's path? */
bool fuzz_is_id(const char *id);

#endif
