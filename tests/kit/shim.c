/* Put before the C library (LD_PRELOAD) of one process: lets its disk fail and its wall clock jump while a file says so.
 * Never active unless TREFOIL_SHIM names that file. For tests of real processes only.
 *
 * The file: struct shim_orders, mapped shared, written by the test.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct shim_orders {
    int64_t clock_offset_ms; /* added to the wall clock; the monotonic one never jumps */
    int32_t fsync_error;     /* errno for fsync, fdatasync and msync; 0: none */
    int32_t write_error;     /* errno for pwrite and pwritev; 0: none */
};

static const volatile struct shim_orders *orders(void)
{
    static const volatile struct shim_orders *mapped;
    static int is_tried;
    const char *path = getenv("TREFOIL_SHIM");

    if (!is_tried && path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*mapped), PROT_READ, MAP_SHARED, fd, 0);

        if (at != MAP_FAILED)
            mapped = at;
        if (fd >= 0)
            close(fd);
    }
    is_tried = 1;
    return mapped;
}

static int fails(int32_t error)
{
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}

#define NEXT(name) ((__typeof__(&(name))) dlsym(RTLD_NEXT, #name))

int fsync(int fd)
{
    return orders() && fails(orders()->fsync_error) ? -1 : NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
    return orders() && fails(orders()->fsync_error) ? -1 : NEXT(fdatasync)(fd);
}

int msync(void *at, size_t size, int flags)
{
    return orders() && fails(orders()->fsync_error) ? -1 : NEXT(msync)(at, size, flags);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return orders() && fails(orders()->write_error) ? -1 : NEXT(pwrite)(fd, bytes, size, at);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int n, off_t at)
{
    return orders() && fails(orders()->write_error) ? -1 : NEXT(pwritev)(fd, pieces, n, at);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int r = NEXT(clock_gettime)(clock, ret);

    if (r == 0 && orders() && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t ms = orders()->clock_offset_ms;
        ret->tv_sec += ms / 1000;
        ret->tv_nsec += ms % 1000 * 1000000;
        if (ret->tv_nsec >= 1000000000) {
            ret->tv_nsec -= 1000000000;
            ret->tv_sec++;
        } else if (ret->tv_nsec < 0) {
            ret->tv_nsec += 1000000000;
            ret->tv_sec--;
        }
    }
    return r;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now;
    int r = zone ? NEXT(gettimeofday)(ret, zone) : clock_gettime(CLOCK_REALTIME, &now);

    if (r == 0 && !zone) {
        ret->tv_sec = now.tv_sec;
        ret->tv_usec = now.tv_nsec / 1000;
    }
    return r;
}

time_t time(time_t *ret)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_REALTIME, &now);
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}
