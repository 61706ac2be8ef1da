/* Signed notes, checkpoints and keys out of any bytes. What was parsed is told back the same. */
#include <stdlib.h>
#include <string.h>

#include "common/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mc_note_key log = {.name = "a.example", .kind = MC_NOTE_SIGNED};
    static const struct mc_note_key witness = {.name = "b.example", .kind = MC_NOTE_COSIGNED};
    struct mc_bytes input = {data, size};
    struct mc_checkpoint checkpoint;
    struct mc_note_key key;
    struct mc_bytes text;
    char told[MC_NOTE_KEY_SIZE];

    if (mc_note_verify(input, &log, NULL) || mc_note_verify(input, &witness, NULL))
        abort(); /* nobody has these keys */
    if (mc_note_text(input, &text) && text.len > MC_NOTE_TEXT_MAX)
        abort();
    if (mc_checkpoint_parse(&checkpoint, input) && !mc_note_name_is_valid(checkpoint.origin))
        abort();
    if (!mc_note_key_parse(&key, input))
        return 0;
    struct mc_note_key again;
    mc_note_key_text(told, &key);
    if (!mc_note_key_parse(&again, (struct mc_bytes){told, strlen(told)}) ||
        memcmp(again.public_key, key.public_key, sizeof key.public_key) != 0)
        abort();
    return 0;
}
