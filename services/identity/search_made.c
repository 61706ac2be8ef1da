/*
 * SearchMade: the accounts that officers made (OFF-21, OFF-22): by the citizen's name, phone and
 * number, the officer, the unit and the days. An officer of the desk sees his unit's, an
 * administrator his tree's.
 */
#include <string.h>

#include "common/date.h"

#include "officer.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static int64_t check_day(struct mc_txn *txn, const char *field, const char *text, int64_t plus)
{
    struct mc_date day;

    if (text[0] == '\0')
        return 0;
    enum mc_why why = mc_date_parse(text, &day);
    if (why == MC_WHY_OK)
        return mc_date_to_ms(day) + plus;
    (void)mc_refuse(txn, MC_INVALID, field, mc_why_code(why), NULL);
    return 0;
}

/* What the caller may see at all. */
static bool add_scope(const struct identity *identity, struct mc_txn *txn, const char *unit,
                      struct identity_find *find)
{
    struct identity_desk desk;
    struct identity_grantor grantor;
    char code[MC_AGENCY_CODE_SIZE];

    if (identity_caller_has(txn, "CITIZEN_ACCOUNT_CREATE")) {
        if (identity_desk_open(txn, unit, &desk))
            identity_find_add(txn, find, IDENTITY_INDEX_MADE_UNIT, desk.unit);
        return txn->status == MC_OK;
    }
    if (!identity_grantor_find(identity, txn, &grantor))
        return false;
    enum mc_why why = unit[0] != '\0' ? mc_agency_parse(unit, code, sizeof code) : MC_WHY_OK;
    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "unit", mc_why_code(why), NULL);
    else if (unit[0] != '\0' && !identity_grantor_reaches(txn, &grantor, code))
        (void)mc_refuse(txn, MC_DENIED, "unit", "UNIT_OUTSIDE", NULL);
    else if (unit[0] != '\0')
        identity_find_add(txn, find, IDENTITY_INDEX_MADE_UNIT, code);
    else if (grantor.everywhere)
        identity_find_add(txn, find, IDENTITY_INDEX_MADE, "");
    else
        identity_find_add(txn, find, IDENTITY_INDEX_MADE_LEVEL1, grantor.level1);
    return txn->status == MC_OK;
}

static void add_filters(struct mc_txn *txn, const Identity__SearchMadeRequest *req,
                        struct identity_find *find)
{
    struct mc_phone phone;

    identity_find_add_words(txn, find, IDENTITY_INDEX_MADE_WORD, req->name);
    identity_find_add_words(txn, find, IDENTITY_INDEX_MADE_BY_WORD, req->officer);
    enum mc_why why = req->phone[0] != '\0' ? mc_phone_parse(req->phone, &phone) : MC_WHY_OK;
    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "phone", mc_why_code(why), NULL);
    else if (req->phone[0] != '\0')
        identity_find_add(txn, find, IDENTITY_INDEX_PHONE, phone.number);
    identity_find_between(find, check_day(txn, "from", req->from, 0),
                          check_day(txn, "until", req->until, DAY_MS));
}

/* One number is one account: by its id the lists are asked. */
static bool only_number(struct mc_txn *txn, const char *login_id, struct identity_find *find,
                        bool *ret_none)
{
    char number[MC_CCCD_SIZE];
    enum mc_identity_kind kind;
    struct mc_bytes id;

    *ret_none = false;
    if (login_id[0] == '\0')
        return true;
    enum mc_why why = mc_identity_parse(login_id, number, sizeof number, &kind);
    if (why != MC_WHY_OK)
        return mc_refuse(txn, MC_INVALID, "login_id", mc_why_code(why), NULL) == MC_OK;
    *ret_none = !identity_account_find(txn, identity_login_index(txn, number), &id) ||
                memcmp(id.data, find->at, MC_ID_LEN) > 0 ||
                memcmp(id.data, find->first, MC_ID_LEN) < 0 || !identity_find_holds(txn, find, id);
    if (!*ret_none) {
        memcpy(find->at, id.data, MC_ID_LEN);
        memcpy(find->first, id.data, MC_ID_LEN);
        find->bounded = true;
    }
    return true;
}

static Identity__MadeRow *row_of(struct mc_txn *txn, const struct identity_find *find)
{
    Identity__MadeRow *row = mc_alloc(txn->arena, sizeof *row);
    struct mc_bytes id = mc_keep(txn, find->at, MC_ID_LEN);
    const IdentityState__Account *account = identity_account_load(txn, id);
    const IdentityState__Made *made =
        mc_load(txn, IDENTITY_MADE, id, &identity_state__made__descriptor);
    char masked[MC_MASK_SIZE];

    if (row == NULL || account == NULL || made == NULL) {
        (void)mc_fail(txn, row == NULL ? MC_FULL : MC_CORRUPT, "account index");
        return NULL;
    }
    const IdentityState__Person *person = identity_person_open(txn, account->person);
    const IdentityState__Desk *block = identity_desk_unseal(txn, made->desk);
    if (person == NULL || block == NULL)
        return NULL;
    identity__made_row__init(row);
    row->account_id = identity_uuid(txn, id);
    row->full_name = person->full_name;
    mc_mask_identity(masked, sizeof masked, person->login_id);
    row->login_id_masked = mc_strdup(txn->arena, masked);
    mc_mask_phone(masked, sizeof masked, person->phone);
    row->phone_masked = mc_strdup(txn->arena, masked);
    row->officer_name = block->officer_name;
    row->unit = made->unit;
    row->unit_name = block->unit_name;
    row->made_at_ms = made->at_ms;
    row->password_sms = made->sms_job;
    if (row->login_id_masked == NULL || row->phone_masked == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return txn->status == MC_OK ? row : NULL;
}

enum mc_status identity_search_made(struct identity *identity, struct mc_txn *txn,
                                    const Identity__SearchMadeRequest *req,
                                    Identity__SearchMadeReply *rep)
{
    struct identity_find find;
    enum identity_found found = IDENTITY_FOUND_NONE;
    bool none = false;
    size_t size;

    identity_find_begin(&find);
    if (!add_scope(identity, txn, req->unit, &find) || !identity_check_purpose(txn) ||
        !identity_page_size(txn, req->page_size, IDENTITY_PAGE_MAX, &size))
        return txn->status;
    add_filters(txn, req, &find);
    if (txn->status != MC_OK || !identity_find_token(txn, &find, req->page_token) ||
        !only_number(txn, req->login_id, &find, &none))
        return txn->status;
    rep->rows = mc_alloc(txn->arena, size * sizeof(void *));
    if (rep->rows == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    while (!none && rep->n_rows < size &&
           (found = identity_find_next(txn, &find)) == IDENTITY_FOUND_ONE) {
        Identity__MadeRow *row = row_of(txn, &find);
        if (row == NULL)
            return txn->status;
        rep->rows[rep->n_rows++] = row;
    }
    identity_find_finish(txn, &find, found, req->page_token,
                         &(struct identity_page){rep->n_rows, none, &rep->count,
                                                 &rep->count_is_least, &rep->next_page_token,
                                                 &rep->message});
    identity_search_emit(txn, "made accounts", rep->n_rows);
    return txn->status;
}
