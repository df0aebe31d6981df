/* How much freed memory the C library keeps for the next that asks. For main() only: it counts for the whole process. */
#ifndef TREFOIL_DAEMON_MEMORY_H
#define TREFOIL_DAEMON_MEMORY_H

/* Frames and batches of some hundred kilobytes come and go thousands of times a second. Without this the C library gives
 * most of them back to the kernel and asks for them again, and every page costs a fault: a third of a subscriber's
 * processor time at full load. The gateway moves more than anybody else, and keeps more. */
void memory_keep_for_gateway(void);
void memory_keep_for_peer(void);

#endif
