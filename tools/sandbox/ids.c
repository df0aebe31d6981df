/* splitmix64, and base64 in the three spellings the networks use. Never allocates. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "sandbox/ids.h"

#define MESSENGER_RANDOM_BYTES 64
#define USER_HEX_CHARS 20
#define BUSINESS_HEX_CHARS 18

#define GOLDEN 0x9e3779b97f4a7c15u

/* One to one: different numbers stay different. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct dice dice_make(uint64_t seed)
{
    return (struct dice){ .state = seed, .origin = mix(~seed) };
}

uint64_t dice_roll(struct dice *dice)
{
    return mix(dice->state += GOLDEN);
}

bool dice_chance(struct dice *dice, double probability)
{
    return (double) (dice_roll(dice) >> 11) < probability * 9007199254740992.0; /* 2^53 */
}

/* Never the same twice for one seed, whatever the dice say. */
static uint64_t mint_word(struct dice *dice)
{
    return mix(dice->origin + ++dice->n_minted * GOLDEN);
}

static void mint(struct dice *dice, uint8_t *bytes, size_t size)
{
    uint64_t word = mint_word(dice);

    for (size_t at = 0; at < size; at += sizeof(word)) {
        memcpy(bytes + at, &word, size - at < sizeof(word) ? size - at : sizeof(word));
        word = dice_roll(dice);
    }
}

static void mint_hex(struct dice *dice, char *text, size_t n_chars)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t bytes[16];

    mint(dice, bytes, sizeof(bytes));
    for (size_t i = 0; i < n_chars; i++)
        text[i] = digits[(bytes[i / 2] >> (i % 2 * 4)) & 15];
}

void whatsapp_message_id(struct dice *dice, const char *user, bool is_from_user, char ret[MESSAGE_ID_SIZE])
{
    size_t n_hex = is_from_user ? USER_HEX_CHARS : BUSINESS_HEX_CHARS;
    uint8_t room[128];
    char hex[USER_HEX_CHARS];
    struct writer writer = writer_make(room, sizeof(room));
    size_t n_digits = strnlen(user, 64);

    mint_hex(dice, hex, n_hex);
    writer_u8(&writer, 0x1c);
    writer_u8(&writer, 0x18);
    writer_u8(&writer, (uint8_t) n_digits);
    writer_put(&writer, bytes_make(user, n_digits));
    writer_put(&writer, bytes_make("\x15\x02\x00", 3));
    writer_u8(&writer, is_from_user ? 0x12 : 0x11);
    writer_u8(&writer, 0x18);
    writer_u8(&writer, (uint8_t) n_hex);
    writer_put(&writer, bytes_make(hex, n_hex));
    writer_u8(&writer, 0);
    memcpy(ret, "wamid.", 6);
    sodium_bin2base64(ret + 6, MESSAGE_ID_SIZE - 6, room, writer_bytes(&writer).size, sodium_base64_VARIANT_ORIGINAL);
}

void messenger_message_id(struct dice *dice, char ret[MESSAGE_ID_SIZE])
{
    uint8_t bytes[MESSENGER_RANDOM_BYTES];

    mint(dice, bytes, sizeof(bytes));
    memcpy(ret, "m_", 2);
    sodium_bin2base64(ret + 2, MESSAGE_ID_SIZE - 2, bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void instagram_message_id(struct dice *dice, const char *account, char ret[MESSAGE_ID_SIZE])
{
    char plain[128], base64[MESSAGE_ID_SIZE];
    size_t at = 0;
    int size;

    size = snprintf(plain, sizeof(plain),
                    "ig_dm_item:1:IGMessageID:%.20s:340282366841710300949128%015u:31%020llu%013llu", account, 1u,
                    (unsigned long long) mint_word(dice), (unsigned long long) (dice_roll(dice) % 10000000000000u));
    sodium_bin2base64(base64, sizeof(base64), (const uint8_t *) plain, (size_t) size, sodium_base64_VARIANT_ORIGINAL);
    for (const char *c = base64; *c && at + 3 < MESSAGE_ID_SIZE; c++) {
        if (*c == '=' || *c == 'Z') { /* the network escapes both */
            ret[at++] = 'Z';
            ret[at++] = *c == '=' ? 'D' : 'A';
        } else {
            ret[at++] = *c;
        }
    }
    ret[at] = 0;
}

void trace_id(struct dice *dice, char ret[TRACE_ID_SIZE])
{
    uint8_t bytes[16];

    mint(dice, bytes, sizeof(bytes));
    ret[0] = 'A';
    sodium_bin2base64(ret + 1, TRACE_ID_SIZE - 1, bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
