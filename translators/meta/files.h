/* In which shape a network takes the files of a message: as what they are, converted, as another kind, or not at all.
 * Read from the network's capability table and from what this place can do; never looks at a file itself.
 *
 *     struct files files;
 *     files_sort(capabilities, place, &message->body.media, FILES_USUAL, mem, list, &files);
 *     for each of files.files: plan.feature tells the shape, FEATURE_IMAGE → "image"; upload with plan.conversion and
 *         files_mime(); files_put_slot() where the message names it
 *     words = files_words(message, place, &files, mem);                 (the caption, and what stands for the others)
 *
 * How the table is read. A kind has a shape of its own when its cell's support is PARTIAL or FULL and `becomes` does not
 * name another kind of file. It takes a file when `blob` is set, the type (without parameters) is in `mimes` (or `mimes`
 * is NULL) and the size, where it is known, is within `max_bytes`; else when a conversion this process has makes one of
 * `mimes` of it, and the size is within `max_bytes` before. What it does not take goes on to the next kind:
 * voice → audio → file; sticker → image → file; animation → video → image → file; image, video, audio → file. With
 * FILES_AS_VIDEO an animation tries to be a video first.
 */
#ifndef TREFOIL_META_FILES_H
#define TREFOIL_META_FILES_H

#include "formats/json_write.h"
#include "skeleton_types/translator.h"

#define FILES_MAX 32 /* of one message; what lies beyond is lost, and noted */

/* What the configuration wants, and what is out of the question here. */
enum files_how {
    FILES_USUAL,
    FILES_AS_VIDEO, /* moving pictures rather as videos */
    FILES_AS_WORDS, /* there is no way to get a file there */
};

struct file_plan {
    bool as_words;
    enum feature feature; /* the kind it goes as */
    enum conversion conversion;
    const char *mime; /* as the network will see it, without parameters; NULL: nobody said. Borrowed from `media`, or
                       * constant */
};

/* A file that goes. */
struct file {
    size_t media; /* which of the message's */
    struct file_plan plan;
    size_t upload; /* number of the request that brings it there */
};

/* The files of one message. */
struct files {
    struct file files[FILES_MAX]; /* those that go */
    size_t n;
    const char *unsent; /* words for those that cannot; NULL: all go */
};

/* What becomes of this file; lost words ("sticker→image", "file too large", "file name", "image→text") go to `list`. */
void files_plan(const struct capability *capabilities, const struct place *place, const struct trefoil_media *media,
                enum files_how how, struct arena *mem, struct request_list *list, struct file_plan *ret);

/* The same for all files of a message. What found no room shows in `mem->failed`. */
void files_sort(const struct capability *capabilities, const struct place *place,
                const struct trefoil_media_list *media, enum files_how how, struct arena *mem,
                struct request_list *list, struct files *ret);

/* What is said besides the files: the caption, words for what cannot go, and who speaks. NULL: nothing. */
const char *files_words(const struct trefoil_message *message, const struct place *place, const struct files *files,
                        struct arena *mem);

/* The type as uploads say it: never NULL. Constant, or borrowed from the plan. */
const char *files_mime(const struct file_plan *plan);

/* The member `key`, filled in when the request goes out: with a URL of ours, or with the id its upload gave. */
void files_put_slot(struct json_writer *writer, const char *key, const struct file *file, bool by_url,
                    struct slot *ret);

/* What the file is called on the way: harmless, and with the extension of what it is converted to. NULL: no memory. */
const char *files_name(const struct trefoil_media *media, const struct file_plan *plan, struct arena *mem);

/* The table's row of a kind of file. */
enum feature files_feature(enum trefoil_media_kind kind);

/* "image→text": said when words stand for it. Constant. */
const char *files_lost_word(enum trefoil_media_kind kind);

#endif
