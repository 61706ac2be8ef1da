/*
 * population.check: asks the national population register whether there is such a person (SYS-07,
 * REG-47). Nobody waits for it: an account that is found becomes verified when the answer comes, if
 * it still says of the person what was asked. What the register holds otherwise is never told.
 *
 *     POST {"id_number", "full_name", "birth_date"}
 */
#include <string.h>

#include "account.h"
#include "lookup.h"

void identity_population_ask(const struct identity *identity, struct mc_txn *txn,
                             struct mc_bytes account_id, const IdentityState__Person *person)
{
    IdentityState__Lookup lookup = IDENTITY_STATE__LOOKUP__INIT;

    if (identity->population_url[0] == '\0')
        return;
    lookup.subject = identity_data(account_id);
    lookup.id_number = person->login_id;
    lookup.full_name = person->full_name;
    lookup.birth_date = person->birth_date;
    identity_lookup_add(txn, "population.check", IDENTITY_LANE_POPULATION, "population", &lookup,
                        identity_key(txn, "account", account_id),
                        txn->now_ms + identity->population_life_ms);
}

enum mc_status identity_population_request(void *ctx, struct mc_arena *arena,
                                           const struct mc_job *job,
                                           const ProtobufCMessage *payload,
                                           struct mc_http_request *ret_request)
{
    (void)job;
    static const char *const fields[] = {"id_number", "full_name", "birth_date", NULL};
    const struct identity *identity = ctx;

    return identity_lookup_post(identity, arena, identity->population_url,
                                (const IdentityState__Lookup *)(const void *)payload, fields,
                                ret_request);
}

static bool is_still_said(const IdentityState__Lookup *asked, const IdentityState__Person *person)
{
    return strcmp(asked->id_number, person->login_id) == 0 &&
           strcmp(asked->full_name, person->full_name) == 0 &&
           strcmp(asked->birth_date, person->birth_date) == 0;
}

static void verify(struct mc_txn *txn, const IdentityState__Lookup *lookup)
{
    struct identity_change change;
    struct mc_bytes id = mc_key_bytes(lookup->subject);
    IdentityState__Account *account = identity_account_load(txn, id);

    if (account == NULL || !identity_change_begin(txn, id, account, &change) ||
        !is_still_said(lookup, change.person))
        return;
    account->verified_at_ms = txn->now_ms;
    account->verified_by = mc_unconst("POPULATION_REGISTER");
    identity_change_save(txn, &change, IDENTITY_BY_SYSTEM,
                         "Xác thực với cơ sở dữ liệu quốc gia về dân cư");
}

static void tell(struct mc_txn *txn, const IdentityState__Lookup *lookup,
                 const struct identity_answer *answer)
{
    Identity__PopulationChecked checked = IDENTITY__POPULATION_CHECKED__INIT;
    struct mc_bytes id = mc_key_bytes(lookup->subject);
    const char *keys[] = {identity_key(txn, "account", id), NULL};

    checked.account_id = identity_uuid(txn, id);
    checked.verified = answer->owner == IDENTITY_OWNER_SAME;
    checked.fields = mc_unconst(answer->fields);
    checked.n_fields = answer->fields_len;
    mc_emit(txn, "identity.population_checked", &checked.base, MC_PLAIN, keys);
}

enum mc_status identity_population_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        const struct mc_result *result,
                                        enum mc_verdict *ret_verdict)
{
    (void)ctx;
    (void)job;
    const IdentityState__Lookup *lookup = (const void *)payload;
    struct identity_answer answer = {.owner = IDENTITY_OWNER_UNREADABLE};

    *ret_verdict = MC_DONE;
    if (result->outcome == MC_HTTP_ANSWERED && result->http_status == 200)
        identity_answer_read(txn->arena, result->body, "person", lookup, &answer);
    if (answer.owner != IDENTITY_OWNER_SAME && answer.owner != IDENTITY_OWNER_OTHER) {
        *ret_verdict = identity_lookup_may_repeat(result) ? MC_RETRY : MC_BURY;
        return txn->status;
    }
    if (answer.owner == IDENTITY_OWNER_SAME)
        verify(txn, lookup);
    tell(txn, lookup, &answer);
    return txn->status;
}
