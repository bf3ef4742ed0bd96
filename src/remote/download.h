#pragma once

#include "io/digest.h"
#include "remote/inventory.h"

/*
 * GET .../files/{id}/download: the SHA-256 of what the server has stored,
 * byte for byte as it comes.  -1 with the class of the failure, also when
 * there are more or fewer bytes than size (-1: any number), or when a page
 * of HTML comes for a file that is none.
 */
int download_hash(const struct inventory_deps *, const char *id, int64_t size,
    bool is_html, char hex[DIGEST_HEX_BYTES], struct err *e);
