#ifndef SIM_S3_MODEL_H
#define SIM_S3_MODEL_H

#include <stdbool.h>

#include "server.h"

/*
 * A bucket in the place of the file-service: its objects are the records of
 * server.c, its lists lag as theirs.  Uploads in parts vanish, and parts that
 * were acknowledged are gone (FAULT_PARTS).
 */

void s3_reset(void);

/* Is one in parts under way whose key has this in it? */
bool s3_has_upload(const char *text);

/* Is this URL a bucket's? */
bool s3_is_asked(const char *url);
enum stage s3_stage(const char *method);
void s3_act(const struct arrival *, struct reply *);

#endif
