/* Starting, collecting and ending processes. Never knows their roles. */
#include "crew.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WOKEN_BYTES ((size_t) 6 << 30) /* what ten seconds at full load write */

_Noreturn void give_up(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

void tally_merge(struct tally *to, const struct tally *from)
{
    to->envelopes += from->envelopes;
    to->total += from->total;
    to->cpu_us += from->cpu_us;
    latencies_merge(&to->confirms, &from->confirms);
    latencies_merge(&to->delivers, &from->delivers);
}

void print_outcome(const char *name, const struct outcome *outcome, double seconds)
{
    const struct latencies *confirms = &outcome->publisher.confirms, *delivers = &outcome->subscribers.delivers;

    printf("%s: %.0f envelopes/s, %.0f deliveries/s; publish→confirm p50 %.2f ms p99 %.2f ms; publish→deliver p50 %.2f "
           "ms p99 %.2f ms; %.0f bytes/envelope in the store\n",
           name, (double) outcome->publisher.envelopes / seconds, (double) outcome->subscribers.envelopes / seconds,
           latencies_percentile(confirms, 50) / 1e3, latencies_percentile(confirms, 99) / 1e3,
           latencies_percentile(delivers, 50) / 1e3, latencies_percentile(delivers, 99) / 1e3,
           (double) outcome->store_bytes / (double) (outcome->published ? outcome->published : 1));
    double n = (double) (outcome->published ? outcome->published : 1);
    printf("%*s  processor per envelope: publisher %.1f us, gateway %.1f us, subscribers %.1f us\n", (int) strlen(name),
           "", (double) outcome->publisher.cpu_us / n, (double) outcome->gateway.cpu_us / n,
           (double) outcome->subscribers.cpu_us / n);
    fflush(stdout);
}

static bool move_all(int fd, void *data, size_t size, bool is_write)
{
    for (size_t done = 0; done < size;) {
        ssize_t n =
            is_write ? write(fd, (char *) data + done, size - done) : read(fd, (char *) data + done, size - done);

        if (n <= 0)
            return false;
        done += (size_t) n;
    }
    return true;
}

struct crew_member crew_start(void (*role)(const void *context, struct tally *ret), const void *context)
{
    int ends[2];
    pid_t parent = getpid();

    fflush(NULL);
    if (pipe(ends) < 0)
        give_up("pipe");
    pid_t pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid == 0) {
        struct tally *tally = calloc(1, sizeof(*tally));

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!tally || getppid() != parent)
            _exit(1);
        close(ends[0]);
        role(context, tally);
        tally->cpu_us = process_cpu_us();
        _exit(move_all(ends[1], tally, sizeof(*tally), true) ? 0 : 1);
    }
    close(ends[1]);
    return (struct crew_member){ pid, ends[0] };
}

struct crew_member crew_exec(const char *log, char *const arguments[])
{
    fflush(NULL);
    pid_t pid = fork();

    if (pid < 0)
        give_up("fork");
    if (pid == 0) {
        int fd = open(log, O_CREAT | O_TRUNC | O_WRONLY, 0600);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
            _exit(1);
        execv(arguments[0], arguments);
        _exit(127);
    }
    return (struct crew_member){ pid, -1 };
}

bool crew_wait(struct crew_member *member, struct tally *ret)
{
    int status = 0;
    bool is_whole = member->fd < 0 || move_all(member->fd, ret, sizeof(*ret), false);

    if (member->fd >= 0)
        close(member->fd);
    waitpid(member->pid, &status, 0);
    return is_whole && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#define FIELDS_BEFORE_TIMES 12 /* spaces behind the name, in /proc/PID/stat */

uint64_t crew_cpu_us(const struct crew_member *member)
{
    char path[64], text[1024];

    (void) snprintf(path, sizeof(path), "/proc/%d/stat", (int) member->pid);
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = '\0';
    const char *after = strrchr(text, ')'); /* the name may hold anything */
    for (int i = 0; after && i < FIELDS_BEFORE_TIMES; i++)
        after = strchr(after + 1, ' ');
    if (!after)
        return 0;
    char *behind;
    uint64_t user = strtoull(after, &behind, 10), system = strtoull(behind, NULL, 10);
    return (user + system) * 1000000 / (uint64_t) sysconf(_SC_CLK_TCK);
}

void crew_stop(struct crew_member *member, uint64_t *ret_cpu_us)
{
    struct rusage usage = { 0 };
    int status;

    if (member->pid <= 0)
        return;
    kill(member->pid, SIGTERM);
    wait4(member->pid, &status, 0, &usage);
    *ret_cpu_us = (uint64_t) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                  (uint64_t) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    member->pid = 0;
}

void find_programs(char ret[CREW_PATH_MAX])
{
    char self[CREW_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (n < 0)
        give_up("where am I");
    self[n] = '\0';
    (void) snprintf(ret, CREW_PATH_MAX, "%.4000s/../bin", dirname(self));
}

/* Where less memory may be had than there is, it is this process that goes. */
static _Noreturn void take_memory(size_t size)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd >= 0)
        (void) !write(fd, "1000", 4);
    _exit(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED);
}

void wake_memory(void)
{
    size_t free_bytes = (size_t) sysconf(_SC_AVPHYS_PAGES) * (size_t) sysconf(_SC_PAGESIZE);
    size_t size = free_bytes / 2 < WOKEN_BYTES ? free_bytes / 2 : WOKEN_BYTES;
    pid_t child = fork();

    if (child == 0)
        take_memory(size);
    if (child > 0)
        (void) waitpid(child, NULL, 0);
}

int free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *) &address, size) < 0 ||
        getsockname(fd, (struct sockaddr *) &address, &size) < 0)
        give_up("no free port");
    close(fd);
    return ntohs(address.sin_port);
}

void plan_times(struct plan *plan, double warm_up, double seconds)
{
    plan->begin_us = now_us() + (uint64_t) (warm_up * 1e6);
    plan->end_us = plan->begin_us + (uint64_t) (seconds * 1e6);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void) status;
    (void) type;
    return at->level > 0 ? remove(path) : 0;
}

void empty_directory(const char *path)
{
    char parent[512];

    snprintf(parent, sizeof(parent), "%s", path);
    for (char *slash = strchr(parent + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(parent, 0700);
        *slash = '/';
    }
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        give_up(path);
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        give_up(path);
}

uint64_t directory_bytes(const char *path)
{
    char file[512];
    struct stat status;

    snprintf(file, sizeof(file), "%s/data.mdb", path);
    return stat(file, &status) == 0 ? (uint64_t) status.st_size : 0;
}

void keep_memory(void)
{
    (void) mallopt(M_TRIM_THRESHOLD, 16 << 20);
    (void) mallopt(M_MMAP_THRESHOLD, 1 << 20);
}
