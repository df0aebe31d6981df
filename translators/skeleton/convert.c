/* One child per conversion: its own session, its own limits, a clock on the wall. Never trusts what it prints, never
 * leaves it a descriptor but the two it converts from and to.
 */
#include "convert.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"

enum { ARGUMENTS_MAX = 64, NICE = 10, DESCRIPTORS_MAX = 64 };

/* Formats that hold what they hold, and cannot point to other files. */
static char formats[] =
    "mov,mp4,m4a,3gp,3g2,mj2,ogg,matroska,webm,mp3,aac,amr,amrnb,amrwb,wav,flac,avi,gif,jpeg_pipe,png_pipe,webp_pipe,"
    "bmp_pipe,tiff_pipe,image2pipe,mjpeg";
#define OUTPUT_MAX "67108864"

_Static_assert(CONVERT_OUTPUT_MAX_BYTES == 67108864, "the argument says the same");

static char *const before[] = { "-hide_banner",
                                "-nostdin",
                                "-nostats",
                                "-loglevel",
                                "quiet",
                                "-y",
                                "-threads",
                                "1",
                                "-protocol_whitelist",
                                "file,pipe,fd",
                                "-format_whitelist",
                                formats,
                                "-i",
                                "file:/proc/self/fd/0",
                                "-map_metadata",
                                "-1",
                                "-sn",
                                "-dn",
                                "-t",
                                CONVERT_DURATION,
                                "-fs",
                                OUTPUT_MAX,
                                "-threads",
                                "1",
                                NULL };

static char *const voice_ogg[] = { "-vn",     "-map", "0:a:0", "-ac",          "1",    "-ar", "48000", "-c:a",
                                   "libopus", "-b:a", "32k",   "-application", "voip", "-f",  "ogg",   NULL };
static char *const audio_m4a[] = { "-vn", "-map",      "0:a:0",      "-c:a", "aac",  "-b:a",
                                   "96k", "-movflags", "+faststart", "-f",   "ipod", NULL };
static char *const image_jpeg[] = {
    "-an",   "-map", "0:v:0", "-frames:v", "1",     "-vf", "scale='min(4096,iw)':-2", "-pix_fmt", "yuvj420p", "-c:v",
    "mjpeg", "-q:v", "3",     "-f",        "mjpeg", NULL
};
static char *const sticker_webp[] = {
    "-an",
    "-map",
    "0:v:0",
    "-frames:v",
    "1",
    "-vf",
    "scale=512:512:force_original_aspect_ratio=decrease,format=rgba,pad=512:512:(ow-iw)/2:(oh-ih)/2:color=#00000000",
    "-c:v",
    "libwebp",
    "-quality",
    "60",
    "-f",
    "webp",
    NULL
};
static char *const video_mp4[] = {
    "-map",      "0:v:0",      "-map",    "0:a:0?",   "-vf",  "scale=trunc(iw/2)*2:trunc(ih/2)*2",
    "-c:v",      "libx264",    "-preset", "veryfast", "-crf", "28",
    "-pix_fmt",  "yuv420p",    "-c:a",    "aac",      "-b:a", "96k",
    "-movflags", "+faststart", "-f",      "mp4",      NULL
};

static const struct {
    char *const *arguments;
    const char *mime;
} ways[N_CONVERSIONS] = {
    [CONVERT_VOICE_OGG] = { voice_ogg, "audio/ogg" },    [CONVERT_AUDIO_M4A] = { audio_m4a, "audio/mp4" },
    [CONVERT_IMAGE_JPEG] = { image_jpeg, "image/jpeg" }, [CONVERT_STICKER_WEBP] = { sticker_webp, "image/webp" },
    [CONVERT_VIDEO_MP4] = { video_mp4, "video/mp4" },
};

struct task {
    struct converter *converter;
    struct list node; /* in waiting or running */
    enum conversion conversion;
    int input, output;
    void *context; /* NULL callback: abandoned */
    void (*on_done)(void *context, int r);
    uv_process_t process;
    uv_timer_t wall;
    bool is_late;
    int result;
    unsigned n_handles;
};

struct converter {
    uv_loop_t *loop;
    char *program;
    struct list waiting, running;
    size_t n_waiting, n_running;
};

uint32_t converter_mask(const struct converter *converter)
{
    uint32_t mask = 0;

    for (unsigned i = CONVERT_NONE + 1; converter && i < N_CONVERSIONS; i++)
        mask |= (uint32_t) 1 << i;
    return mask;
}

const char *convert_mime(enum conversion conversion)
{
    return (size_t) conversion < N_CONVERSIONS ? ways[conversion].mime : NULL;
}

static void start_next(struct converter *converter);

/* ---- the end of one --------------------------------------------------------------------------------------------- */

static bool has_output(const struct task *task)
{
    struct stat stat;
    return fstat(task->output, &stat) == 0 && stat.st_size > 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct task *task = handle->data;
    if (--task->n_handles == 0)
        free(task);
}

static void end(struct task *task, int r)
{
    struct converter *converter = task->converter;

    if (converter) {
        list_remove(&task->node);
        converter->n_running--;
    }
    if (task->on_done)
        task->on_done(task->context, r);
    if (converter)
        start_next(converter);
    uv_close((uv_handle_t *) &task->wall, on_handle_closed);
    uv_close((uv_handle_t *) &task->process, on_handle_closed);
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
    struct task *task = process->data;
    bool is_good = status == 0 && signal == 0 && task->on_done && has_output(task);

    end(task, is_good ? 0 : task->is_late ? -ETIMEDOUT : -EBADMSG);
}

static void kill_group(const struct task *task)
{
    if (task->process.pid > 0)
        (void) kill(-task->process.pid, SIGKILL);
}

static void on_wall(uv_timer_t *timer)
{
    struct task *task = timer->data;

    task->is_late = true;
    if (task->result < 0)
        end(task, task->result);
    else
        kill_group(task);
}

/* ---- the beginning of one --------------------------------------------------------------------------------------- */

/* False: it runs without, and must not. */
static bool limit(pid_t pid)
{
    const struct {
        __rlimit_resource_t what;
        rlim_t value;
    } limits[] = { { RLIMIT_CPU, CONVERT_CPU_S },
                   { RLIMIT_AS, CONVERT_MEMORY_BYTES },
                   { RLIMIT_FSIZE, CONVERT_OUTPUT_MAX_BYTES },
                   { RLIMIT_NOFILE, DESCRIPTORS_MAX } };

    for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
        if (prlimit(pid, limits[i].what, &(struct rlimit){ limits[i].value, limits[i].value }, NULL) < 0 &&
            errno != ESRCH) /* it has ended already */
            return false;
    (void) setpriority(PRIO_PROCESS, (id_t) pid, NICE);
    return true;
}

static size_t append(char **arguments, size_t n, char *const *more)
{
    for (size_t i = 0; more[i] && n < ARGUMENTS_MAX - 2; i++)
        arguments[n++] = more[i];
    return n;
}

static int spawn(struct task *task)
{
    static char *environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
    char *arguments[ARGUMENTS_MAX] = { task->converter->program };
    size_t n = append(arguments, 1, before);
    uv_stdio_container_t streams[] = { { .flags = UV_INHERIT_FD, .data.fd = task->input },
                                       { .flags = UV_INHERIT_FD, .data.fd = task->output },
                                       { .flags = UV_IGNORE } };
    uv_process_options_t options = { .exit_cb = on_ended,
                                     .file = task->converter->program,
                                     .args = arguments,
                                     .env = environment,
                                     .cwd = "/",
                                     .flags = UV_PROCESS_DETACHED, /* a session and group of its own */
                                     .stdio_count = (int) ARRAY_SIZE(streams),
                                     .stdio = streams };

    n = append(arguments, n, ways[task->conversion].arguments);
    arguments[n] = "file:/proc/self/fd/1";
    (void) close_range(STDERR_FILENO + 1, ~0u,
                       CLOSE_RANGE_CLOEXEC); /* ours are so from birth, our libraries' are not */
    return uv_spawn(task->converter->loop, &task->process, &options);
}

static void start(struct task *task)
{
    struct converter *converter = task->converter;

    list_remove(&task->node);
    converter->n_waiting--;
    list_append(&converter->running, &task->node);
    converter->n_running++;
    uv_timer_init(converter->loop, &task->wall);
    task->wall.data = task->process.data = task;
    task->n_handles = 2;
    if (spawn(task) < 0)
        task->result = -EBADMSG; /* told from the loop, at once */
    else if (!limit(task->process.pid))
        kill_group(task);
    uv_timer_start(&task->wall, on_wall, task->result < 0 ? 0 : CONVERT_WALL_MS, 0);
}

static void start_next(struct converter *converter)
{
    while (converter->n_running < CONVERT_RUNNING_MAX && !list_is_empty(&converter->waiting))
        start(container_of(list_first(&converter->waiting), struct task, node));
}

int converter_run(struct converter *converter, enum conversion conversion, int input, int output, void *context,
                  void (*on_done)(void *context, int r))
{
    if (conversion <= CONVERT_NONE || conversion >= N_CONVERSIONS)
        return -ENOTSUP;
    if (converter->n_waiting >= CONVERT_WAITING_MAX)
        return -EBUSY;
    struct task *task = calloc(1, sizeof(*task));
    if (!task)
        return -ENOMEM;
    task->converter = converter;
    task->conversion = conversion;
    task->input = input;
    task->output = output;
    task->context = context;
    task->on_done = on_done;
    list_append(&converter->waiting, &task->node);
    converter->n_waiting++;
    start_next(converter);
    return 0;
}

void converter_abandon(struct converter *converter, const void *context)
{
    list_for_each_safe (node, after, &converter->waiting) {
        struct task *task = container_of(node, struct task, node);
        if (task->context != context)
            continue;
        list_remove(&task->node);
        converter->n_waiting--;
        free(task);
    }
    list_for_each (node, &converter->running) {
        struct task *task = container_of(node, struct task, node);
        if (task->context != context)
            continue;
        task->on_done = NULL;
        kill_group(task);
    }
}

int converter_open(uv_loop_t *loop, const char *program, struct converter **ret)
{
    struct stat stat_;

    if (program[0] != '/')
        return -EINVAL;
    if (stat(program, &stat_) < 0 || !S_ISREG(stat_.st_mode))
        return -ENOENT;
    if (access(program, X_OK) < 0)
        return -EACCES;
    struct converter *converter = calloc(1, sizeof(*converter));
    if (!converter)
        return -ENOMEM;
    converter->loop = loop;
    converter->program = strdup(program);
    list_init(&converter->waiting);
    list_init(&converter->running);
    if (!converter->program) {
        free(converter);
        return -ENOMEM;
    }
    *ret = converter;
    return 0;
}

struct converter *converter_close(struct converter *converter)
{
    if (!converter)
        return NULL;
    list_for_each_safe (node, after, &converter->waiting)
        free(container_of(node, struct task, node));
    list_for_each_safe (node, after, &converter->running) {
        struct task *task = container_of(node, struct task, node);
        list_remove(&task->node);
        task->converter = NULL;
        task->on_done = NULL;
        kill_group(task); /* its end comes from the loop */
    }
    free(converter->program);
    free(converter);
    return NULL;
}
