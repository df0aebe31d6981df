/* Sheets of 64 runs. A sheet is rows of 64 bits, one bit per run; an id names five rows; the runs whose bits are set in
 * all five may hold it. Never looks an id up for certain.
 *
 * The five rows lie in one region of 4 KB, chosen by the id's highest bits: one look touches one page of memory, and
 * runs, which are sorted, are added in the order of the regions. With 32 rows per id about one look in fifteen
 * thousand is wrong: of a thousand runs one is suspected for nothing by one id in fifteen.
 */
#include "seen_filter.h"

#include <errno.h>
#include <stdlib.h>

#include "memory/large.h"

#define COLUMNS 64
#define ROWS_PER_ID 32
#define LOOKS 5
#define LOOKS_EXPECTED 3
#define SHEETS_EXPECTED 4
#define REGION_BITS 9 /* rows of a region: 512 words are one page */
#define SMALLEST_SHEET_IDS ((uint32_t) 1 << 10)

struct sheet {
    struct list link;
    uint64_t *rows;
    unsigned bits;     /* 2^bits regions */
    uint32_t room_ids; /* a run of more ids goes to another sheet */
    uint64_t live;     /* columns in use */
    unsigned n_columns;
    uint32_t runs[COLUMNS];
};

struct seen_filter {
    struct list sheets;    /* newest first */
    struct sheet *filling; /* where the newest run goes; NULL: none yet */
};

struct seen_filter *seen_filter_new(void)
{
    struct seen_filter *filter = calloc(1, sizeof(*filter));

    if (filter)
        list_init(&filter->sheets);
    return filter;
}

static size_t rows_bytes(const struct sheet *sheet)
{
    return sizeof(*sheet->rows) << (sheet->bits + REGION_BITS);
}

static void sheet_free(struct sheet *sheet)
{
    list_remove(&sheet->link);
    large_free(sheet->rows, rows_bytes(sheet));
    free(sheet);
}

struct seen_filter *seen_filter_free(struct seen_filter *filter)
{
    if (filter)
        list_for_each_safe (node, after, &filter->sheets)
            sheet_free(container_of(node, struct sheet, link));
    free(filter);
    return NULL;
}

static int add_sheet(struct seen_filter *filter, uint32_t n_ids, struct sheet **ret)
{
    struct sheet *sheet = calloc(1, sizeof(*sheet));

    if (!sheet)
        return -ENOMEM;
    for (sheet->room_ids = SMALLEST_SHEET_IDS; sheet->room_ids < n_ids && sheet->room_ids < SEEN_GENERATION_IDS;)
        sheet->room_ids *= 2;
    while (((size_t) 1 << (sheet->bits + REGION_BITS)) < (size_t) sheet->room_ids * ROWS_PER_ID)
        sheet->bits++;
    sheet->rows = large_new(rows_bytes(sheet));
    if (!sheet->rows) {
        free(sheet);
        return -ENOMEM;
    }
    list_prepend(&filter->sheets, &sheet->link);
    *ret = sheet;
    return 0;
}

int seen_filter_begin_run(struct seen_filter *filter, uint32_t run, uint32_t n_ids)
{
    struct sheet *sheet = filter->filling;

    if (!sheet || sheet->n_columns == COLUMNS || (n_ids > sheet->room_ids && sheet->room_ids < SEEN_GENERATION_IDS)) {
        int r = add_sheet(filter, n_ids, &sheet);

        if (r < 0)
            return r;
        filter->filling = sheet;
    }
    sheet->live |= (uint64_t) 1 << sheet->n_columns;
    sheet->runs[sheet->n_columns++] = run;
    return 0;
}

static uint64_t *region_of(const struct sheet *sheet, struct seen_id id)
{
    size_t region = (size_t) (id.high >> (63 - sheet->bits) >> 1); /* two steps: `bits` may be 0 */

    return sheet->rows + (region << REGION_BITS);
}

static size_t row_of(struct seen_id id, unsigned look)
{
    return (id.low >> (look * REGION_BITS)) & (((size_t) 1 << REGION_BITS) - 1);
}

void seen_filter_add(struct seen_filter *filter, struct seen_id id)
{
    const struct sheet *sheet = filter->filling;
    uint64_t *region = region_of(sheet, id);

    for (unsigned look = 0; look < LOOKS; look++)
        region[row_of(id, look)] |= (uint64_t) 1 << (sheet->n_columns - 1);
}

/* The first looks are enough for most: few runs have all of them. Of very many sheets, the newest. */
void seen_filter_expect(const struct seen_filter *filter, struct seen_id id)
{
    unsigned n = 0;

    list_for_each (node, &filter->sheets) {
        if (n++ == SHEETS_EXPECTED)
            return;
        const uint64_t *region = region_of(container_of(node, struct sheet, link), id);

        for (unsigned look = 0; look < LOOKS_EXPECTED; look++)
            __builtin_prefetch(&region[row_of(id, look)]);
    }
}

size_t seen_filter_candidates(const struct seen_filter *filter, struct seen_id id, uint32_t *ret)
{
    size_t n = 0;

    list_for_each (node, &filter->sheets) {
        const struct sheet *sheet = container_of(node, struct sheet, link);
        const uint64_t *region = region_of(sheet, id);
        uint64_t columns = sheet->live;

        for (unsigned look = 0; look < LOOKS && columns; look++)
            columns &= region[row_of(id, look)];
        for (; columns; columns &= columns - 1)
            ret[n++] = sheet->runs[__builtin_ctzll(columns)];
    }
    return n;
}

void seen_filter_forget(struct seen_filter *filter, uint32_t first_kept)
{
    list_for_each_safe (node, after, &filter->sheets) {
        struct sheet *sheet = container_of(node, struct sheet, link);

        for (unsigned i = 0; i < sheet->n_columns; i++)
            if (sheet->runs[i] < first_kept)
                sheet->live &= ~((uint64_t) 1 << i);
        if (sheet->live)
            continue;
        if (filter->filling == sheet)
            filter->filling = NULL;
        sheet_free(sheet);
    }
}
