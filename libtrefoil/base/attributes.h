/* What the compiler should know about a declaration. Holds no code. */
#ifndef TREFOIL_BASE_ATTRIBUTES_H
#define TREFOIL_BASE_ATTRIBUTES_H

#include <stddef.h>

/* The result says whether it worked: ignoring it does not compile. */
#define must_use_ __attribute__((warn_unused_result))
#define printf_(text, first) __attribute__((__format__(__printf__, text, first)))
#define unused_ __attribute__((unused))

/* Runs `function(&variable)` when the variable leaves its scope. */
#define cleanup_(function) __attribute__((cleanup(function)))

/* The struct of which `pointer` is the member `member`. */
#define container_of(pointer, type, member) ((type *) (void *) ((char *) (pointer) -offsetof(type, member)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
