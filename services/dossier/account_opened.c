/* identity.account_opened, identity.contact_changed: the name officers will see beside the
 * account's dossiers. */
#include "dossier.h"

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
        dossier_person_keep(txn, body->login_id, body->account_id);
        dossier_applicant_claim(txn, body->login_id, body->full_name, body->account_id);
    }
    mc_save(txn, DOSSIER_ACCOUNTS, (struct mc_bytes){id, sizeof id}, &account.base);
    return txn->status;
}
