/* In which shape a network takes one file of a message: as what it is, converted, as another kind, or not at all.
 * Read from the network's capability table and from what this place can do; never looks at the file itself.
 *
 *     struct file_plan plan;
 *     files_plan(ops_capabilities, place, &media[i], list, &plan);     (notes in `list` what is lost)
 *     if (plan.as_words) …                                              (files_words() or the caption stand for it)
 *     else … plan.feature tells the shape: FEATURE_IMAGE → "image"; upload with plan.conversion, plan.mime
 *
 * How the table is read. A kind has a shape of its own when its cell's support is PARTIAL or FULL and `becomes` does not
 * name another kind of file. It takes a file when `blob` is set, the type (without parameters) is in `mimes` (or `mimes`
 * is NULL) and the size, where it is known, is within `max_bytes`; else when a conversion this process has makes one of
 * `mimes` of it, and the size is within `max_bytes` before. What it does not take goes on to the next kind:
 * voice → audio → file; sticker → image → file; animation → video → image → file; image, video, audio → file.
 */
#ifndef TREFOIL_META_FILES_H
#define TREFOIL_META_FILES_H

#include "skeleton_types/translator.h"

struct file_plan {
    bool as_words;
    enum feature feature; /* the kind it goes as */
    enum conversion conversion;
    const char *mime; /* as the network will see it, without parameters; NULL: nobody said. Borrowed from `media`, or
                       * constant */
};

/* What becomes of this file; lost words ("sticker→image", "file too large", "file name", "image→text") go to `list`. */
void files_plan(const struct capability *capabilities, const struct place *place, const struct trefoil_media *media,
                struct arena *mem, struct request_list *list, struct file_plan *ret);

/* What the file is called on the way: harmless, and with the extension of what it is converted to. NULL: no memory. */
const char *files_name(const struct trefoil_media *media, const struct file_plan *plan, struct arena *mem);

/* The table's row of a kind of file. */
enum feature files_feature(enum trefoil_media_kind kind);

/* "image→text": said when words stand for it. Constant. */
const char *files_lost_word(enum trefoil_media_kind kind);

#endif
