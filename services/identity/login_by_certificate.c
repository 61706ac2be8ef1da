/*
 * LoginByCertificate: a session by a USB token, a SIM or an app (LOG-03). The account is the one of
 * the number in the certificate, so a renewed certificate of the same person opens the same one,
 * and nothing that a caller says decides whose it is. The session is of assurance level 3.
 */
#include "signing.h"

enum mc_status identity_login_by_certificate(struct identity *identity, struct mc_txn *txn,
                                             const Identity__LoginByCertificateRequest *req,
                                             Identity__SessionReply *rep)
{
    struct mc_bytes id = mc_key_bytes(req->signing_id);
    struct mc_bytes account_id;
    const IdentityState__Account *account = NULL;
    IdentityState__Holder *holder = NULL;
    IdentityState__Signing *signing =
        identity_signing_accepted(txn, id, IDENTITY__SIGNING_PURPOSE__SIGN_LOGIN, &holder);

    if (signing == NULL)
        return txn->status;
    /* the holder has proved who he is, so he may hear whether he has an account */
    if (identity_holder_account(txn, holder, &account_id))
        account = identity_account_load(txn, account_id);
    if (account == NULL || account->subject_kind != signing->subject_kind)
        return mc_refuse(txn, MC_NOT_FOUND, "signing_id", "CERT_NO_ACCOUNT", NULL);
    if (!identity_account_may_sign_in(account))
        return mc_refuse(txn, MC_DENIED, "signing_id", "ACCOUNT_NOT_ACTIVE", "status",
                         identity_status_text(identity_status_of(account)), NULL);
    identity_signing_spend(txn, id, signing, account_id);
    identity_source_know(identity, txn, mc_key_bytes(account->login_index));
    identity_session_open_at(identity, txn, account_id, account, IDENTITY_IAL_CERTIFICATE, rep);
    return txn->status;
}
