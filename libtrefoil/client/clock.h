/* The two clocks of a client: one that only runs, for waiting, and the wall's, for what is written down. */
#ifndef TREFOIL_CLIENT_CLOCK_H
#define TREFOIL_CLIENT_CLOCK_H

#include <stdint.h>

#define CLOCK_NEVER UINT64_MAX

/* Milliseconds since some moment; never goes back. */
uint64_t clock_run_ms(void);

/* Unix milliseconds. */
uint64_t clock_wall_ms(void);

#endif
