/*
 * Accounts by identity number, and dossiers of the desk whose owner has no account yet.
 *
 *     persons      blind of the number               -> account id
 *     applicants   blind of the number, dossier id   -> nothing
 *
 * A dossier goes to an account only when number and name fit: a slip of the pen at a desk must not
 * show one person's dossier to another.
 */
#include <string.h>

#include "common/text.h"

#include "dossier.h"

struct mc_bytes dossier_person_key(struct mc_txn *txn, const char *id_number)
{
    return mc_blind(txn, "person", id_number);
}

void dossier_person_keep(struct mc_txn *txn, const char *id_number, const char *account)
{
    uint8_t id[MC_ID_LEN];

    if (mc_uuid_parse(id, mc_key_text(account)))
        mc_put(txn, DOSSIER_PERSONS, dossier_person_key(txn, id_number),
               (struct mc_bytes){id, sizeof id});
}

const char *dossier_person_find(struct mc_txn *txn, const char *id_number)
{
    char text[MC_UUID_TEXT_LEN + 1];
    struct mc_bytes id;

    if (!mc_get(txn, DOSSIER_PERSONS, dossier_person_key(txn, id_number), &id) ||
        id.len != MC_ID_LEN)
        return "";
    mc_uuid_text(text, id.data);
    return dossier_text(txn, text);
}

void dossier_applicant_wait(struct mc_txn *txn, const DossierState__Dossier *record,
                            const char *id_number)
{
    mc_put(txn, DOSSIER_APPLICANTS,
           mc_key_join(txn, dossier_person_key(txn, id_number), mc_key_bytes(record->dossier_id)),
           (struct mc_bytes){0});
}

static void claim(struct mc_txn *txn, ProtobufCBinaryData id, const char *full_name,
                  const char *account)
{
    struct dossier_open open = {0};

    if (dossier_open_any(txn, id, "", &open) != MC_OK || open.record->owner_account[0] != '\0' ||
        open.record->applicant == NULL ||
        !mc_text_same(mc_open_text(txn, open.record->applicant->full_name), full_name))
        return;
    dossier_give_to(txn, open.record, account);
    dossier_save(txn, &open);
    dossier_tell(txn, &open, "dossier.claimed", "");
}

void dossier_applicant_claim(struct mc_txn *txn, const char *id_number, const char *full_name,
                             const char *account)
{
    struct mc_bytes prefix = dossier_person_key(txn, id_number);
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_APPLICANTS, prefix, (struct mc_bytes){0}, MC_FORWARD);

    for (size_t n = 0; n < DOSSIER_CLAIMS_MAX && mc_next(&cursor); n++) {
        struct mc_bytes id = mc_keep(txn, (const uint8_t *)cursor.key.data + prefix.len,
                                     cursor.key.len - prefix.len);

        claim(txn, (ProtobufCBinaryData){id.len, mc_unconst(id.data)}, full_name, account);
        mc_drop(txn, DOSSIER_APPLICANTS, cursor.key);
    }
}
