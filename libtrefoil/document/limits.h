/* What a document may cost. What is in it is bounded by wire/limits.h. Facts only. */
#ifndef TREFOIL_DOCUMENT_LIMITS_H
#define TREFOIL_DOCUMENT_LIMITS_H

#define DOCUMENT_MAX_BYTES (8u << 20)
#define DOCUMENT_NESTING_MAX 8 /* brackets open at once; the schema needs 6 */
#define DOCUMENT_PATH_MAX_BYTES 128
#define DOCUMENT_ERROR_MAX_BYTES 320
#define DOCUMENT_MEMORY_MAX_BYTES (64u << 20) /* a cap that fits an arena for reading or writing one */

#endif
