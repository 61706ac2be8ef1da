/* Fields of requests. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#include "dossier.h"

void *dossier_alloc(struct mc_txn *txn, size_t size)
{
    void *memory = mc_alloc(txn->arena, size);

    if (memory == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return memory;
}

char *dossier_text(struct mc_txn *txn, const char *text)
{
    char *copy = mc_strdup(txn->arena, text);

    if (copy == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return copy != NULL ? copy : mc_unconst("");
}

void *dossier_list(struct mc_txn *txn, size_t len)
{
    return dossier_alloc(txn, (len + 1) * sizeof(void *));
}

ProtobufCBinaryData dossier_seal_again(struct mc_txn *txn, ProtobufCBinaryData before,
                                       const char *text)
{
    if (before.len > 0 && strcmp(mc_open_text(txn, before), text) == 0)
        return before;
    return mc_seal_text(txn, text);
}

typedef enum mc_status cleaner(char *out, size_t size, const char *text);

static char *clean(struct mc_txn *txn, const char *field, const char *text, size_t chars_max,
                   cleaner *how)
{
    size_t size = MC_TEXT_SIZE(strlen(text));
    char *out = dossier_alloc(txn, size);

    if (out == NULL)
        return NULL;
    if (how(out, size, text) != MC_OK) {
        mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", field, NULL);
        return NULL;
    }
    if (mc_text_chars(out) > chars_max) {
        mc_refuse(txn, MC_INVALID, field, "FIELD_TOO_LONG", "field", field, "max",
                  dossier_number_text(txn, chars_max), NULL);
        return NULL;
    }
    return out;
}

char *dossier_line(struct mc_txn *txn, const char *field, const char *text, size_t chars_max)
{
    return clean(txn, field, text, chars_max, mc_text_clean);
}

char *dossier_lines(struct mc_txn *txn, const char *field, const char *text, size_t chars_max)
{
    return clean(txn, field, text, chars_max, mc_text_clean_lines);
}

bool dossier_page(struct mc_txn *txn, uint32_t page_size, size_t *ret_size)
{
    if (page_size > DOSSIER_PAGE_MAX) {
        mc_refuse(txn, MC_INVALID, "page_size", "PAGE_SIZE_INVALID", "max",
                  dossier_number_text(txn, DOSSIER_PAGE_MAX), NULL);
        return false;
    }
    *ret_size = page_size == 0 ? DOSSIER_PAGE_DEFAULT : page_size;
    return true;
}

bool dossier_token(struct mc_txn *txn, const char *token, struct mc_bytes *ret_id)
{
    uint8_t id[MC_ID_LEN];

    *ret_id = (struct mc_bytes){NULL, 0};
    if (token[0] == '\0')
        return true;
    if (!mc_unhex(id, sizeof id, mc_key_text(token))) {
        mc_refuse(txn, MC_INVALID, "page_token", "PAGE_TOKEN_INVALID", NULL);
        return false;
    }
    *ret_id = mc_copy(txn->arena, id, sizeof id);
    return true;
}

char *dossier_token_text(struct mc_txn *txn, ProtobufCBinaryData id)
{
    char text[2 * MC_ID_LEN + 1];

    (void)mc_hex(text, mc_key_bytes(id));
    return dossier_text(txn, text);
}

const char *dossier_number_text(struct mc_txn *txn, uint64_t number)
{
    const char *text = mc_sprintf(txn->arena, "%llu", (unsigned long long)number);

    return text != NULL ? text : "";
}
