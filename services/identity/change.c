/*
 * Changes: the one way an account is altered after it has opened. What differs between before and
 * after becomes a row of the history, sealed, under the account's next version; the counters and
 * the other rooms hear of it in the same transaction.
 */
#include <string.h>

#include "officer.h"
#include "oidc.h"

static const char *const fact_names[IDENTITY_FACTS_END] = {
    [IDENTITY_FACT_FULL_NAME] = "full_name",
    [IDENTITY_FACT_BIRTH_DATE] = "birth_date",
    [IDENTITY_FACT_LOGIN_ID] = "login_id",
    [IDENTITY_FACT_NUMBERS] = "numbers",
    [IDENTITY_FACT_PHONE] = "phone",
    [IDENTITY_FACT_EMAIL] = "email",
    [IDENTITY_FACT_ADDRESS] = "address",
    [IDENTITY_FACT_TAX_CODE] = "tax_code",
    [IDENTITY_FACT_STATUS] = "status",
    [IDENTITY_FACT_VERIFIED] = "verified_by",
    [IDENTITY_FACT_UNIT] = "unit",
    [IDENTITY_FACT_RIGHTS] = "rights",
    [IDENTITY_FACT_MERGED_INTO] = "merged_into",
    [IDENTITY_FACT_STAFF] = "staff",
    [IDENTITY_FACT_ORGANISATION] = "organisation",
    [IDENTITY_FACT_NEXT_PHONE] = "next_phone",
};

static const char *const way_names[] = {
    [IDENTITY_BY_OWNER] = "OWNER",
    [IDENTITY_AT_DESK] = "DESK",
    [IDENTITY_BY_OPERATOR] = "OPERATOR",
    [IDENTITY_BY_SYSTEM] = "SYSTEM",
};

const char *identity_fact_name(unsigned fact)
{
    return fact > 0 && fact < IDENTITY_FACTS_END ? fact_names[fact] : "";
}

static const char *joined(struct mc_txn *txn, char *const *list, size_t len)
{
    char *text = mc_strdup(txn->arena, len > 0 ? list[0] : "");

    for (size_t i = 1; i < len && text != NULL; i++)
        text = mc_sprintf(txn->arena, "%s,%s", text, list[i]);
    if (text != NULL)
        return text;
    (void)mc_fail(txn, MC_FULL, "arena");
    return "";
}

static const char *status_name(const IdentityState__Account *account)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
        &identity__account_status__descriptor, (int)identity_status_of(account));

    return value != NULL ? value->name : "";
}

static void read_facts(struct mc_txn *txn, const IdentityState__Account *account,
                       const IdentityState__Person *person, struct identity_facts *facts)
{
    struct mc_bytes merged = mc_key_bytes(account->merged_into);
    const char *units;
    const char *rights;

    identity_units_text(txn, account, &units, &rights);
    *facts = (struct identity_facts){
        .value =
            {
                [0] = "",
                [IDENTITY_FACT_FULL_NAME] = person->full_name,
                [IDENTITY_FACT_BIRTH_DATE] = person->birth_date,
                [IDENTITY_FACT_LOGIN_ID] = person->login_id,
                [IDENTITY_FACT_NUMBERS] = joined(txn, person->numbers, person->n_numbers),
                [IDENTITY_FACT_PHONE] = person->phone,
                [IDENTITY_FACT_EMAIL] = person->email,
                [IDENTITY_FACT_ADDRESS] = person->address,
                [IDENTITY_FACT_TAX_CODE] = person->tax_code,
                [IDENTITY_FACT_STATUS] = status_name(account),
                [IDENTITY_FACT_VERIFIED] = account->verified_at_ms != 0 ? account->verified_by : "",
                [IDENTITY_FACT_UNIT] = units,
                [IDENTITY_FACT_RIGHTS] = rights,
                [IDENTITY_FACT_MERGED_INTO] = merged.len == 0 ? "" : identity_uuid(txn, merged),
                [IDENTITY_FACT_STAFF] = account->staff ? "yes" : "",
                [IDENTITY_FACT_ORGANISATION] = account->organisation,
                [IDENTITY_FACT_NEXT_PHONE] = person->next_phone,
            },
    };
}

bool identity_change_begin(struct mc_txn *txn, struct mc_bytes id, IdentityState__Account *account,
                           struct identity_change *ret_change)
{
    IdentityState__Person *person = identity_person_open(txn, account->person);

    if (person == NULL)
        return false;
    *ret_change = (struct identity_change){
        .id = id,
        .account = account,
        .person = person,
        .bucket_status = identity_status_of(account),
        .bucket_verified = account->verified_at_ms != 0,
    };
    read_facts(txn, account, person, &ret_change->before);
    return txn->status == MC_OK;
}

/* The rows of what differs; their names go into the event. */
static size_t differences(struct mc_txn *txn, const struct identity_facts *before,
                          const struct identity_facts *after, IdentityState__FactChange **rows,
                          char **names)
{
    IdentityState__FactChange *row = mc_alloc(txn->arena, IDENTITY_FACTS_END * sizeof *row);
    size_t len = 0;

    if (row == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return 0;
    }
    for (unsigned i = 1; i < IDENTITY_FACTS_END; i++) {
        if (strcmp(before->value[i], after->value[i]) == 0)
            continue;
        identity_state__fact_change__init(&row[len]);
        row[len].fact = i;
        row[len].before = mc_unconst(before->value[i]);
        row[len].after = mc_unconst(after->value[i]);
        rows[len] = &row[len];
        names[len++] = mc_unconst(fact_names[i]);
    }
    return len;
}

static ProtobufCBinaryData seal_content(struct mc_txn *txn,
                                        const IdentityState__ChangeContent *content)
{
    return mc_seal_bytes(txn, identity_pack(txn, &content->base));
}

static void keep_row(struct mc_txn *txn, const struct identity_change *change,
                     enum identity_way way, const IdentityState__ChangeContent *content)
{
    IdentityState__Change row = IDENTITY_STATE__CHANGE__INIT;

    row.at_ms = txn->now_ms;
    row.actor = mc_unconst(txn->actor != NULL ? txn->actor : "");
    row.unit =
        mc_unconst(txn->caller != NULL && txn->caller->unit != NULL ? txn->caller->unit : "");
    row.way = mc_unconst(way_names[way]);
    row.content = seal_content(txn, content);
    mc_save(txn, IDENTITY_CHANGES,
            mc_key_join(txn, change->id, mc_key_u64(txn, change->account->version)), &row.base);
}

static void tell(struct mc_txn *txn, const struct identity_change *change, char **names, size_t len)
{
    Identity__AccountChanged changed = IDENTITY__ACCOUNT_CHANGED__INIT;
    const char *keys[] = {identity_key(txn, "account", change->id), NULL};

    changed.account_id = identity_uuid(txn, change->id);
    changed.version = change->account->version;
    changed.facts = names;
    changed.n_facts = len;
    mc_emit(txn, "identity.account_changed", &changed.base, MC_PLAIN, keys);
}

static bool differs(const struct identity_facts *a, const struct identity_facts *b,
                    enum identity_fact fact)
{
    return strcmp(a->value[fact], b->value[fact]) != 0;
}

static bool differs_in(const struct identity_change *change, const struct identity_facts *after,
                       const enum identity_fact *facts, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (differs(&change->before, after, facts[i]))
            return true;
    return false;
}

/*
 * Other rooms keep the name, phone, e-mail and number of an account, to reach its owner: they are
 * told the new ones. What only fills in forms (dossier) is told by an event of its own, which sends
 * nobody a notice.
 */
static void tell_contact(struct mc_txn *txn, const struct identity_change *change,
                         const struct identity_facts *after)
{
    static const enum identity_fact contacts[] = {IDENTITY_FACT_FULL_NAME, IDENTITY_FACT_PHONE,
                                                  IDENTITY_FACT_EMAIL};
    static const enum identity_fact persons[] = {IDENTITY_FACT_LOGIN_ID, IDENTITY_FACT_ADDRESS,
                                                 IDENTITY_FACT_BIRTH_DATE, IDENTITY_FACT_VERIFIED};
    Identity__AccountOpened body = IDENTITY__ACCOUNT_OPENED__INIT;
    const char *keys[] = {identity_key(txn, "account", change->id), NULL};
    bool contact = differs_in(change, after, contacts, MC_LEN(contacts));

    if (!contact && !differs_in(change, after, persons, MC_LEN(persons)))
        return;
    body.account_id = identity_uuid(txn, change->id);
    body.subject_kind = (Identity__SubjectKind)change->account->subject_kind;
    body.ial = change->account->ial;
    body.full_name = change->person->full_name;
    body.phone = change->person->phone;
    body.email = change->person->email;
    body.login_id = change->person->login_id;
    body.birth_date = change->person->birth_date;
    body.address = change->person->address;
    body.verified_by = mc_unconst(after->value[IDENTITY_FACT_VERIFIED]);
    mc_emit(txn, contact ? "identity.contact_changed" : "identity.person_changed", &body.base,
            MC_SEALED, keys);
}

static void tell_tax_code(struct mc_txn *txn, const struct identity_change *change,
                          const struct identity_facts *after)
{
    Identity__TaxCodeChanged body = IDENTITY__TAX_CODE_CHANGED__INIT;
    const char *keys[] = {identity_key(txn, "account", change->id), NULL};

    if (!differs(&change->before, after, IDENTITY_FACT_TAX_CODE))
        return;
    body.account_id = identity_uuid(txn, change->id);
    body.tax_code = change->person->tax_code;
    mc_emit(txn, "identity.tax_code_changed", &body.base, MC_SEALED, keys);
}

/* Of what claims say, and whether the account may be used. */
static void tell_members(struct mc_txn *txn, const struct identity_change *change,
                         const struct identity_facts *after)
{
    static const enum identity_fact claims[] = {IDENTITY_FACT_FULL_NAME, IDENTITY_FACT_BIRTH_DATE,
                                                IDENTITY_FACT_LOGIN_ID,  IDENTITY_FACT_PHONE,
                                                IDENTITY_FACT_EMAIL,     IDENTITY_FACT_STATUS};

    if (differs_in(change, after, claims, MC_LEN(claims)))
        oidc_members_tell(txn, change->id);
}

void identity_change_save(struct mc_txn *txn, struct identity_change *change, enum identity_way way,
                          const char *reason)
{
    IdentityState__ChangeContent content = IDENTITY_STATE__CHANGE_CONTENT__INIT;
    IdentityState__FactChange *rows[IDENTITY_FACTS_END];
    char *names[IDENTITY_FACTS_END];
    struct identity_facts after;

    if (txn->status != MC_OK)
        return;
    read_facts(txn, change->account, change->person, &after);
    content.n_facts = differences(txn, &change->before, &after, rows, names);
    if (txn->status != MC_OK || content.n_facts == 0)
        return;
    content.facts = rows;
    content.reason = mc_unconst(reason);
    change->account->version += 1;
    change->account->person = identity_person_seal(txn, change->person);
    keep_row(txn, change, way, &content);
    identity_counts_move(txn, change->account, change->bucket_status, change->bucket_verified);
    identity_account_save(txn, change->id, change->account);
    tell(txn, change, names, content.n_facts);
    tell_contact(txn, change, &after);
    tell_tax_code(txn, change, &after);
    tell_members(txn, change, &after);
}

IdentityState__ChangeContent *identity_change_open(struct mc_txn *txn,
                                                   const IdentityState__Change *change)
{
    struct mc_bytes plain = mc_open_bytes(txn, change->content);

    if (txn->status != MC_OK)
        return NULL;
    IdentityState__ChangeContent *content =
        identity_state__change_content__unpack(&txn->arena->protobuf, plain.len, plain.data);
    if (content == NULL)
        (void)mc_fail(txn, txn->arena->full ? MC_FULL : MC_CORRUPT, "a change");
    return content;
}

uint64_t identity_change_version(const struct mc_cursor *cursor)
{
    const uint8_t *key = cursor->key.data;
    uint64_t version = 0;

    for (size_t i = MC_ID_LEN; i < cursor->key.len; i++)
        version = version << 8 | key[i];
    return version;
}

/* Backwards from now: what a later change found is what was there before it. */
bool identity_facts_at(struct mc_txn *txn, const struct identity_change *now, int64_t at_ms,
                       struct identity_facts *ret_facts, uint64_t *ret_version)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_CHANGES, now->id, (struct mc_bytes){0}, MC_BACKWARD);

    if (at_ms < now->account->opened_at_ms)
        return mc_refuse(txn, MC_NOT_FOUND, "as_of_ms", "NO_ACCOUNTS_FOUND", NULL) == MC_OK;
    *ret_facts = now->before;
    *ret_version = now->account->version;
    for (size_t n = 0; mc_next(&cursor); n++) {
        const IdentityState__Change *change = mc_row(&cursor, &identity_state__change__descriptor);
        if (change == NULL || change->at_ms <= at_ms)
            break;
        if (n == IDENTITY_HISTORY_MAX)
            return mc_refuse(txn, MC_INVALID, "as_of_ms", "LIST_TOO_WIDE", NULL) == MC_OK;
        const IdentityState__ChangeContent *content = identity_change_open(txn, change);
        for (size_t i = 0; content != NULL && i < content->n_facts; i++)
            if (content->facts[i]->fact < IDENTITY_FACTS_END)
                ret_facts->value[content->facts[i]->fact] = content->facts[i]->before;
        *ret_version = identity_change_version(&cursor) - 1;
    }
    return txn->status == MC_OK;
}
