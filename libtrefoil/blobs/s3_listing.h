/* What a bucket says when asked what is in it: the few elements of ListObjectsV2's XML that a sweep needs.
 * Never a general XML parser. Internal to the room.
 */
#ifndef TREFOIL_BLOBS_S3_LISTING_H
#define TREFOIL_BLOBS_S3_LISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"

#define S3_KEY_MAX_BYTES 1024
#define S3_TOKEN_MAX_BYTES 2048

struct s3_entry {
    char key[S3_KEY_MAX_BYTES + 1];
    uint64_t modified_ms;
};

/* The next object of the listing, which `rest` moves past: true and `ret`. Objects that cannot be read are skipped. */
bool s3_listing_next(struct bytes *rest, struct s3_entry *ret);

/* The token of the next page: true when there is one. */
bool s3_listing_continues(struct bytes listing, char ret[S3_TOKEN_MAX_BYTES + 1]);

#endif
