/* GetConsent: the text a person is asked to agree to now, or one agreed to before (REG-16). */
#include "common/date.h"

#include "identity.h"

static char *day_text(struct mc_txn *txn, int64_t ms)
{
    char day[MC_DATE_SIZE] = "";

    if (ms != INT64_MIN && ms != INT64_MAX)
        mc_date_format(day, sizeof day, mc_date_from_ms(ms));
    char *text = mc_strdup(txn->arena, day);
    if (text == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return text != NULL ? text : mc_unconst("");
}

enum mc_status identity_get_consent(struct identity *identity, struct mc_txn *txn,
                                    const Identity__GetConsentRequest *req, Identity__Consent *rep)
{
    const struct identity_consent *consent = req->version[0] != '\0'
                                                 ? identity_consent_find(identity, req->version)
                                                 : identity_consent_at(identity, txn->now_ms);

    if (consent == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "version", "CONSENT_UNKNOWN", NULL);
    rep->version = mc_unconst(consent->version);
    rep->title = mc_unconst(consent->title);
    rep->text = mc_unconst(consent->text);
    rep->first_day = day_text(txn, consent->window.from_ms);
    rep->last_day = day_text(
        txn, consent->window.until_ms == INT64_MAX ? INT64_MAX : consent->window.until_ms - 1);
    rep->in_force = identity_consent_is_in_force(consent, txn->now_ms);
    return txn->status;
}
