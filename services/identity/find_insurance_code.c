/*
 * FindInsuranceCode: «Tra cứu mã BHXH» on the form (REG-29). Whoever knows a name, a birth date and
 * an identity number is not yet that person, so the code is never shown: it goes by SMS to the
 * phone the insurer knows, and the answer here is the same whether there is such a person or not.
 * How often a number may be asked about is counted, and each question costs a captcha where one is
 * wanted.
 */
#include "lookup.h"

enum mc_status identity_find_insurance_code(struct identity *identity, struct mc_txn *txn,
                                            const Identity__FindInsuranceCodeRequest *req,
                                            Identity__FindInsuranceCodeReply *rep)
{
    IdentityState__Person person = IDENTITY_STATE__PERSON__INIT;
    const struct identity_form form = {
        .login_id = req->login_id,
        .full_name = req->full_name,
        .birth_date = req->birth_date,
    };
    struct identity_failures failures;

    identity_names_check(txn, &form, &person);
    if (txn->status != MC_OK)
        return txn->status;
    identity_failures_look(identity, txn, identity_login_index(txn, person.login_id), &failures);
    if (!identity_captcha_holds(identity, txn, person.login_id, req->captcha, failures.level) ||
        identity_finds_count(txn, person.login_id) != MC_OK)
        return txn->status;

    struct mc_bytes id = mc_new_id(txn);
    IdentityState__Lookup lookup = identity_lookup_of(&person, id);
    identity_insurance_find_ask(txn, &lookup, identity_key(txn, "find", id));
    rep->message = identity_text(txn, "INSURANCE_FIND_SENT", NULL);
    return txn->status;
}
