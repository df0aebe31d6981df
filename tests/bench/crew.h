/* The processes of a benchmark: each plays one role for a time and hands back what it counted. Never knows the roles. */
#ifndef TREFOIL_BENCH_CREW_H
#define TREFOIL_BENCH_CREW_H

#include "measure.h"

#include <sys/types.h>

#define CREW_PATH_MAX 4096

/* What one process counted between the begin and the end of the measurement. */
struct tally {
    uint64_t envelopes;        /* published and confirmed, or delivered */
    uint64_t total;            /* the same over the whole life */
    uint64_t cpu_us;           /* processor time of the process over its whole life */
    struct latencies confirms; /* publish → confirm, or empty */
    struct latencies delivers; /* publish → deliver, or empty */
};

/* One measurement, the same for every process of it. Times are now_us(). */
struct plan {
    unsigned subscribers;
    uint32_t batch;   /* envelopes of a frame */
    uint32_t payload; /* bytes of an envelope's sealed content */
    uint32_t window;  /* envelopes published and not confirmed, delivered and not acknowledged */
    double rate;      /* envelopes/s; 0: as fast as it goes */
    uint64_t people;  /* whose threads the envelopes come from, at random; 0: nobody's */
    uint64_t count;   /* with people: so many envelopes and then the end, one from each in turn; 0: until end_us */
    uint64_t begin_us, end_us;
    char directory[256];
    char endpoint[64];
    bool passes_by;    /* nothing of it is kept */
    bool talks;        /* with people: to their rooms, each message under an id of its network; else to services only */
    bool is_kept;      /* a store that is there is used, and stays */
    uint64_t cache;    /* addresses the gateway keeps in memory; 0: its default */
    char retention[8]; /* of the channel, as `trefoil init` takes it; empty: its default */
};

/* What a whole run came to. */
struct outcome {
    struct tally publisher, gateway, subscribers; /* of the subscribers: the sum */
    uint64_t store_bytes, published;
};

/* One line, for people. */
void print_outcome(const char *name, const struct outcome *outcome, double seconds);
void tally_merge(struct tally *to, const struct tally *from);

struct crew_member {
    pid_t pid;
    int fd; /* where the tally comes from; -1: from nowhere */
};

/* Forks; the child runs the role, sends its tally and exits. Ends the program when that fails. */
struct crew_member crew_start(void (*role)(const void *context, struct tally *ret), const void *context);

/* Starts a program. Its output goes to `log`. */
struct crew_member crew_exec(const char *log, char *const arguments[]);

/* Waits for its end; false when it failed. */
bool crew_wait(struct crew_member *member, struct tally *ret);

/* Ends it. The processor time it used goes to `ret_cpu_us`. */
void crew_stop(struct crew_member *member, uint64_t *ret_cpu_us);

/* Processor time a process that runs has used so far. */
uint64_t crew_cpu_us(const struct crew_member *member);

/* What libtrefoil advises to whoever reads much; for main(), everybody it starts inherits it. */
void keep_memory(void);

/* Says what went wrong and ends the process. */
_Noreturn void give_up(const char *what);

/* Where our programs lie: beside this one, in ../bin. */
void find_programs(char ret[CREW_PATH_MAX]);

/* Takes memory and gives it back. The host of a virtual machine may take free memory away, and every page of it that is
 * needed again then costs a fault there: the first system of a comparison would pay more of them than the next, and one
 * that writes more in a second more than its share. */
void wake_memory(void);

/* A port of the loopback that nobody uses just now. */
int free_port(void);

/* Times for a measurement that begins after `warm_up` seconds and lasts `seconds`. */
void plan_times(struct plan *plan, double warm_up, double seconds);
static inline bool plan_counts(const struct plan *plan, uint64_t us)
{
    return us >= plan->begin_us && us < plan->end_us;
}

/* Makes an empty directory, removing what it held. */
void empty_directory(const char *path);
uint64_t directory_bytes(const char *path);

#endif
