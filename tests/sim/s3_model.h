#ifndef SIM_S3_MODEL_H
#define SIM_S3_MODEL_H

#include <stdbool.h>

#include "server.h"

/*
 * A bucket in place of the file-service: its objects are the records of
 * server.c, and its lists lag as well.  Uploads in parts and acknowledged parts
 * vanish (FAULT_PARTS).
 */

void s3_reset(void);

/* Is there an unfinished upload whose key contains this? */
bool s3_has_upload(const char *text);

/* Does this URL belong to a bucket? */
bool s3_is_asked(const char *url);
enum stage s3_stage(const char *method);
void s3_act(const struct arrival *, struct reply *);

#endif
