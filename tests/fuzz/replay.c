/* Stands in for libFuzzer where it is not built in: every file named, or found in a folder named, goes through the
 * target once. Never makes an input of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned n_files;

static int replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "re");
    uint8_t *data = malloc(size > 0 ? size : 1); /* exactly as large as the input, for the sanitizer's sake */
    size_t n = 0;

    if (file && data)
        n = fread(data, 1, size, file);
    if (!file || !data || n != size) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    n_files++;
    return 0;
}

static void replay(const char *path, int depth)
{
    struct stat stat_;
    DIR *folder;

    if (stat(path, &stat_) < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    if (S_ISREG(stat_.st_mode) && (size_t) stat_.st_size <= FILE_MAX_BYTES)
        replay_file(path, (size_t) stat_.st_size);
    if (!S_ISDIR(stat_.st_mode) || depth == 0)
        return;
    folder = opendir(path);
    for (struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
        char inside[4096];
        if (entry->d_name[0] == '.' ||
            (size_t) snprintf(inside, sizeof(inside), "%s/%s", path, entry->d_name) >= sizeof(inside))
            continue;
        replay(inside, depth - 1);
    }
    if (folder)
        closedir(folder);
}

int main(int argc, char **argv)
{
    LLVMFuzzerTestOneInput((const uint8_t *) "", 0);
    for (int i = 1; i < argc; i++)
        replay(argv[i], 3);
    printf("%u inputs\n", n_files);
    return 0;
}
