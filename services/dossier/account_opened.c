/* identity.account_opened, .contact_changed, .person_changed: the name officers will see beside the
 * account's dossiers, and what its forms and documents need not ask again (DOS-15). */
#include "dossier.h"

static ProtobufCBinaryData seal_person(struct mc_txn *txn, const Identity__AccountOpened *body)
{
    DossierState__Person person = DOSSIER_STATE__PERSON__INIT;

    person.identity_no = body->login_id;
    person.birth_date = body->birth_date;
    person.phone = body->phone;
    person.email = body->email;
    person.address = body->address;
    person.verified_by = body->verified_by;
    size_t len = protobuf_c_message_get_packed_size(&person.base);
    uint8_t *packed = dossier_alloc(txn, len + 1);
    if (packed == NULL)
        return (ProtobufCBinaryData){0};
    (void)protobuf_c_message_pack(&person.base, packed);
    return mc_seal_bytes(txn, (struct mc_bytes){packed, len});
}

static const DossierState__Person *person_open(struct mc_txn *txn,
                                               const DossierState__Account *account)
{
    static const DossierState__Person nobody = DOSSIER_STATE__PERSON__INIT;

    if (account->person.len == 0)
        return &nobody; /* told before it was kept */
    struct mc_bytes packed = mc_open_bytes(txn, account->person);
    const DossierState__Person *person =
        txn->status == MC_OK
            ? dossier_state__person__unpack(&txn->arena->protobuf, packed.len, packed.data)
            : NULL;
    if (person == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "account's person");
    return person;
}

const DossierState__Person *dossier_person_of(struct mc_txn *txn, const char *account)
{
    uint8_t id[MC_ID_LEN];
    const DossierState__Account *known = NULL;

    if (mc_uuid_parse(id, mc_key_text(account)))
        known = mc_load(txn, DOSSIER_ACCOUNTS, mc_keep(txn, id, sizeof id),
                        &dossier_state__account__descriptor);
    return known != NULL ? person_open(txn, known) : NULL;
}

enum mc_status dossier_account_opened(struct dossier *dossier, struct mc_txn *txn,
                                      const Motcua__Event *event,
                                      const Identity__AccountOpened *body)
{
    (void)dossier;
    (void)event;
    uint8_t id[MC_ID_LEN];
    DossierState__Account account = DOSSIER_STATE__ACCOUNT__INIT;

    if (!mc_uuid_parse(id, mc_key_text(body->account_id)))
        return MC_OK; /* not an account of ours: nothing to keep */
    account.full_name = mc_seal_text(txn, body->full_name);
    if (body->login_id[0] != '\0') {
        struct mc_bytes holder = dossier_person_key(txn, body->login_id);
        account.holder = (ProtobufCBinaryData){holder.len, mc_unconst(holder.data)};
        dossier_person_keep(txn, body->login_id, body->account_id);
        dossier_applicant_claim(txn, body->login_id, body->full_name, body->account_id);
    }
    account.person = seal_person(txn, body);
    mc_save(txn, DOSSIER_ACCOUNTS, (struct mc_bytes){id, sizeof id}, &account.base);
    return txn->status;
}
