/* Grapheme borders by ranges that have not moved for many Unicode versions.
 * Never looks further back than one character and one flag.
 */
#include "grapheme.h"

#include "base/attributes.h"

#define ZERO_WIDTH_JOINER 0x200d

struct range {
    uint32_t first, last;
};

/* Characters that attach to the one before: combining marks of the larger scripts, variation selectors, skin tones,
 * tags, the joiner itself. */
static const struct range attaching[] = {
    { 0x0300, 0x036f }, { 0x0483, 0x0489 },   { 0x0591, 0x05bd },   { 0x05bf, 0x05bf },   { 0x05c1, 0x05c7 },
    { 0x0610, 0x061a }, { 0x064b, 0x065f },   { 0x0670, 0x0670 },   { 0x06d6, 0x06dc },   { 0x06df, 0x06e4 },
    { 0x06e7, 0x06ed }, { 0x0900, 0x0903 },   { 0x093a, 0x093c },   { 0x093e, 0x094f },   { 0x0955, 0x0957 },
    { 0x0962, 0x0963 }, { 0x0981, 0x0983 },   { 0x09bc, 0x09cd },   { 0x0a01, 0x0a03 },   { 0x0a3c, 0x0a51 },
    { 0x0a81, 0x0a83 }, { 0x0abc, 0x0acd },   { 0x0b01, 0x0b03 },   { 0x0b3c, 0x0b57 },   { 0x0bbe, 0x0bcd },
    { 0x0c00, 0x0c04 }, { 0x0c3e, 0x0c56 },   { 0x0c81, 0x0c83 },   { 0x0cbc, 0x0cd6 },   { 0x0d00, 0x0d03 },
    { 0x0d3b, 0x0d4d }, { 0x0e31, 0x0e31 },   { 0x0e34, 0x0e3a },   { 0x0e47, 0x0e4e },   { 0x0eb1, 0x0ebc },
    { 0x0f71, 0x0f84 }, { 0x102b, 0x103e },   { 0x17b4, 0x17d3 },   { 0x1ab0, 0x1aff },   { 0x1dc0, 0x1dff },
    { 0x200c, 0x200d }, { 0x20d0, 0x20ff },   { 0x302a, 0x302f },   { 0x3099, 0x309a },   { 0xfe00, 0xfe0f },
    { 0xfe20, 0xfe2f }, { 0x1f3fb, 0x1f3ff }, { 0xe0020, 0xe007f }, { 0xe0100, 0xe01ef },
};

static bool is_attaching(uint32_t character)
{
    for (size_t i = 0; i < ARRAY_SIZE(attaching); i++)
        if (character >= attaching[i].first && character <= attaching[i].last)
            return true;
    return false;
}

static bool is_flag_letter(uint32_t character)
{
    return character >= 0x1f1e6 && character <= 0x1f1ff;
}

/* Vowels and final consonants of decomposed Hangul. */
static bool is_hangul_tail(uint32_t character)
{
    return character >= 0x1160 && character <= 0x11ff;
}

bool grapheme_starts(struct grapheme *seen, uint32_t character)
{
    uint32_t previous = seen->previous;
    bool was_odd_flag = seen->is_odd_flag;

    seen->previous = character;
    seen->is_odd_flag = is_flag_letter(character) && !was_odd_flag;
    if (previous == 0)
        return true;
    if (previous == '\r' && character == '\n')
        return false;
    if (character < 0x0300)
        return previous != ZERO_WIDTH_JOINER;
    return !is_attaching(character) && previous != ZERO_WIDTH_JOINER && !is_hangul_tail(character) &&
           !(is_flag_letter(character) && was_odd_flag);
}

size_t grapheme_character(struct bytes text, uint32_t *ret)
{
    uint8_t lead = text.data[0];
    size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t character = size == 1 ? lead : lead & (0x7fu >> size);

    if (size > text.size || !bytes_is_utf8(bytes_slice(text, 0, size))) {
        *ret = 0xfffd;
        return 1;
    }
    for (size_t i = 1; i < size; i++)
        character = character << 6 | (text.data[i] & 0x3f);
    *ret = character;
    return size;
}
