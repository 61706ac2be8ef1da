/* Files, keys and checkpoints, as they are handed over. */
#include <string.h>

#include "verify.h"

bool verify_read(struct verify *verify, const char *path, struct mc_bytes *ret_text)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    char *text = mc_alloc(&verify->arena, VERIFY_FILE_MAX + 1);
    size_t len = 0;

    if (in == NULL || text == NULL) {
        perror(path);
        return false;
    }
    len = fread(text, 1, VERIFY_FILE_MAX + 1, in);
    bool whole = !ferror(in) && len <= VERIFY_FILE_MAX;
    if (!whole)
        fprintf(stderr, "%s: %s\n", path, ferror(in) ? "cannot be read" : "too long");
    if (in != stdin)
        (void)fclose(in);
    *ret_text = (struct mc_bytes){text, len};
    return whole;
}

bool verify_key(struct verify *verify, const char *key, struct mc_note_key *ret_key)
{
    struct mc_bytes text = {key, strlen(key)};

    if (mc_note_key_parse(ret_key, text))
        return true;
    if (!verify_read(verify, key, &text))
        return false;
    while (text.len > 0 && ((const char *)text.data)[text.len - 1] == '\n')
        text.len--;
    if (mc_note_key_parse(ret_key, text))
        return true;
    fprintf(stderr, "%s: not a key\n", key);
    return false;
}

bool verify_checkpoint(const char *what, struct mc_bytes note, const struct mc_note_key *key,
                       struct mc_checkpoint *ret_checkpoint)
{
    if (!mc_note_verify(note, key, NULL))
        fprintf(stderr, "%s: not signed by %s\n", what, key->name);
    else if (!mc_checkpoint_parse(ret_checkpoint, note))
        fprintf(stderr, "%s: signed, but not a checkpoint\n", what);
    else if (key->kind == MC_NOTE_SIGNED && strcmp(ret_checkpoint->origin, key->name) != 0)
        fprintf(stderr, "%s: of another log, %s\n", what, ret_checkpoint->origin);
    else
        return true;
    return false;
}
