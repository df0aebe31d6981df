/* Makes the vectors of sealing, suite 1, and the corpus of its fuzz targets: make_vectors VECTORS CORPUS. The same
 * bytes in every run. Never draws randomness.
 */
#include <stdio.h>

#include "vectors_json.h"

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: make_vectors VECTORS CORPUS\n");
        return 2;
    }
    struct vectors vectors = { world_new(), argv[1], argv[2] };

    write_vectors(&vectors, "hashes.json", hash_vectors(&vectors));
    write_vectors(&vectors, "padding.json", padding_vectors(&vectors));
    write_vectors(&vectors, "tokens.json", token_vectors(&vectors));
    write_vectors(&vectors, "personal.json", personal_vectors(&vectors));
    write_vectors(&vectors, "rosters.json", roster_vectors(&vectors));
    write_vectors(&vectors, "grants.json", grant_vectors(&vectors));
    write_vectors(&vectors, "envelopes.json", envelope_vectors(&vectors));
    write_vectors(&vectors, "files.json", file_vectors(&vectors));
    world_free(vectors.world);
    return 0;
}
