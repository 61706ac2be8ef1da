/* Any bytes as a backup's manifest: what is taken is the same when it is told and read again. */
#include <stdlib.h>
#include <string.h>

#include "common/backup.h"

enum { MEMORY = 4 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Motcua__BackupManifest *parse(struct mc_arena *arena, struct mc_bytes text)
{
    struct mc_json_error error = {0};

    return mc_backup_manifest_parse(arena, text, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;
    struct mc_bytes told;

    if (arena.base == NULL && mc_arena_init(&arena, MEMORY) != MC_OK)
        abort();
    mc_arena_reset(&arena);
    if (size > MC_MANIFEST_MAX) /* mc_file_read() refuses more */
        return 0;
    const Motcua__BackupManifest *manifest = parse(&arena, (struct mc_bytes){data, size});
    if (manifest == NULL)
        return 0;
    if (mc_json_encode_pretty(&arena, &manifest->base, &told) != MC_OK)
        return 0; /* the arena is full */
    const Motcua__BackupManifest *again = parse(&arena, told);
    if (again == NULL)
        abort();
    if (strcmp(again->room, manifest->room) != 0 || again->size != manifest->size ||
        strcmp(again->sha256, manifest->sha256) != 0 || again->n_tables != manifest->n_tables ||
        again->n_seal_keys != manifest->n_seal_keys)
        abort();
    return 0;
}
