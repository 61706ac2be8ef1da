/*
 * The list of staff, as the screen «Quản lý người dùng» searches it (OFF-06 to OFF-09, SYS-02): the
 * filters are lists of the index, so that 25,000 officers among ten million accounts are never
 * walked over. Shared by the page and by the Excel file, which therefore hold the same rows.
 */
#include <string.h>

#include "common/text.h"

#include "officer.h"

/* A number names one account: it is in the list or not. */
static bool find_number(struct mc_txn *txn, const Identity__StaffFilter *filter,
                        struct identity_staff *staff)
{
    char number[MC_CCCD_SIZE];
    enum mc_identity_kind kind;

    if (filter->login_id[0] == '\0')
        return true;
    enum mc_why why = mc_identity_parse(filter->login_id, number, sizeof number, &kind);
    if (why != MC_WHY_OK)
        return mc_refuse(txn, MC_INVALID, "filter.login_id", mc_why_code(why), NULL) == MC_OK;
    staff->by_number = true;
    if (!identity_account_find(txn, identity_login_index(txn, number), &staff->number_id))
        staff->number_id = (struct mc_bytes){0};
    return true;
}

static void add_phone(struct mc_txn *txn, const char *text, struct identity_find *find)
{
    struct mc_phone phone;

    if (text[0] == '\0')
        return;
    enum mc_why why = mc_phone_parse(text, &phone);
    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "filter.phone", mc_why_code(why), NULL);
    else
        identity_find_add(txn, find, IDENTITY_INDEX_PHONE, phone.number);
}

static void add_unit(struct mc_txn *txn, const Identity__StaffFilter *filter,
                     const struct identity_grantor *grantor, struct identity_find *find)
{
    char code[MC_AGENCY_CODE_SIZE];

    if (filter->without_unit) { /* «Không được gán cơ quan» */
        identity_find_add(txn, find, IDENTITY_INDEX_STAFF_UNIT, "");
        return;
    }
    if (filter->unit[0] != '\0') {
        enum mc_why why = mc_agency_parse(filter->unit, code, sizeof code);
        if (why != MC_WHY_OK)
            (void)mc_refuse(txn, MC_INVALID, "filter.unit", mc_why_code(why), NULL);
        else if (!identity_grantor_reaches(txn, grantor, code))
            (void)mc_refuse(txn, MC_DENIED, "filter.unit", "UNIT_OUTSIDE", NULL);
        else
            identity_find_add(txn, find, IDENTITY_INDEX_STAFF_UNIT, code);
        return;
    }
    if (!grantor->everywhere) /* S14: the own province or ministry, unless the top asks */
        identity_find_add(txn, find, IDENTITY_INDEX_STAFF_LEVEL1, grantor->level1);
}

static void add_folded(struct mc_txn *txn, const char *text, enum identity_index kind,
                       struct identity_find *find)
{
    char folded[MC_TEXT_SIZE(MC_NAME_SIZE)];

    if (text[0] == '\0')
        return;
    if (mc_text_fold(folded, sizeof folded, text) == MC_OK)
        identity_find_add(txn, find, kind, folded);
    else
        (void)mc_refuse(txn, MC_INVALID, "filter", "FIELD_INVALID", "field", "bộ lọc", NULL);
}

/* OFF-08: «Kích hoạt» unless another status is asked for. */
static void add_status(struct mc_txn *txn, const Identity__StaffFilter *filter,
                       struct identity_find *find)
{
    if (filter->status == IDENTITY__STAFF_STATUS__STAFF_ANY)
        identity_find_add(txn, find, IDENTITY_INDEX_STAFF, "");
    else
        identity_find_add(txn, find, IDENTITY_INDEX_STAFF_STATUS,
                          filter->status == IDENTITY__STAFF_STATUS__STAFF_INACTIVE ? "inactive"
                                                                                   : "active");
}

/*
 * OFF-09: a registered officer who is in no list yet, among all accounts: by his whole name, his
 * phone or his number, and only for who acts for the whole country.
 */
static void add_everyone(struct mc_txn *txn, const struct identity_grantor *grantor,
                         const Identity__StaffFilter *filter, struct identity_find *find)
{
    if (!grantor->everywhere)
        (void)mc_refuse(txn, MC_DENIED, "filter.everyone", "UNIT_OUTSIDE", NULL);
    if (filter->name[0] == '\0' && filter->phone[0] == '\0' && filter->login_id[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "filter.name", "FIELD_REQUIRED", "field",
                        "họ tên, số điện thoại hoặc số CMND/CCCD", NULL);
    add_folded(txn, filter->name, IDENTITY_INDEX_NAME, find);
    add_phone(txn, filter->phone, find);
}

static void add_staff_lists(struct mc_txn *txn, const struct identity_grantor *grantor,
                            const Identity__StaffFilter *filter, struct identity_find *find)
{
    add_status(txn, filter, find);
    identity_find_add_words(txn, find, IDENTITY_INDEX_STAFF_WORD, filter->name);
    add_phone(txn, filter->phone, find);
    add_unit(txn, filter, grantor, find);
    add_folded(txn, filter->organisation, IDENTITY_INDEX_STAFF_ORGANISATION, find);
}

bool identity_staff_open(struct mc_txn *txn, const struct identity_grantor *grantor,
                         const Identity__StaffFilter *filter, const char *page_token,
                         struct identity_staff *ret_staff)
{
    static const Identity__StaffFilter none = IDENTITY__STAFF_FILTER__INIT;

    *ret_staff = (struct identity_staff){.grantor = grantor};
    if (filter == NULL)
        filter = &none;
    identity_find_begin(&ret_staff->find);
    if (filter->everyone)
        add_everyone(txn, grantor, filter, &ret_staff->find);
    else
        add_staff_lists(txn, grantor, filter, &ret_staff->find);
    return find_number(txn, filter, ret_staff) &&
           identity_find_token(txn, &ret_staff->find, page_token) && txn->status == MC_OK;
}

/* By number the lists are asked about one id only. */
enum identity_found identity_staff_next(struct mc_txn *txn, struct identity_staff *staff)
{
    if (!staff->by_number)
        return identity_find_next(txn, &staff->find);
    if (staff->number_id.len != MC_ID_LEN ||
        !identity_find_holds(txn, &staff->find, staff->number_id))
        return IDENTITY_FOUND_NONE;
    memcpy(staff->find.at, staff->number_id.data, MC_ID_LEN);
    staff->number_id.len = 0; /* once */
    return IDENTITY_FOUND_ONE;
}

static char *units_text(struct mc_txn *txn, const IdentityState__Account *account)
{
    struct identity_units units;
    char *text = mc_strdup(txn->arena, "");

    identity_units_read(txn, account, &units);
    for (size_t i = 0; i < units.len && text != NULL; i++) {
        const IdentityState__Agency *agency = identity_agency_load(txn, units.rows[i]->unit);
        text = mc_sprintf(txn->arena, "%s%s%s", text, i > 0 ? "; " : "",
                          agency != NULL ? agency->name : units.rows[i]->unit);
    }
    return text;
}

Identity__StaffRow *identity_staff_row(struct mc_txn *txn, const struct identity_staff *staff)
{
    Identity__StaffRow *row = mc_alloc(txn->arena, sizeof *row);
    struct mc_bytes id = mc_keep(txn, staff->find.at, MC_ID_LEN);
    const IdentityState__Account *account = identity_account_load(txn, id);
    char masked[MC_MASK_SIZE];

    if (row == NULL || account == NULL) {
        (void)mc_fail(txn, row == NULL ? MC_FULL : MC_CORRUPT, "account index");
        return NULL;
    }
    const IdentityState__Person *person = identity_person_open(txn, account->person);
    if (person == NULL)
        return NULL;
    identity__staff_row__init(row);
    row->account_id = identity_uuid(txn, id);
    row->full_name = person->full_name;
    mc_mask_identity(masked, sizeof masked, person->login_id);
    row->login_id_masked = mc_strdup(txn->arena, masked);
    mc_mask_phone(masked, sizeof masked, person->phone);
    row->phone_masked = mc_strdup(txn->arena, masked);
    row->units = units_text(txn, account);
    row->organisation = account->organisation;
    row->active = identity_account_may_sign_in(account);
    row->status_text = mc_unconst(row->active ? "Kích hoạt" : "Không kích hoạt");
    if (row->login_id_masked == NULL || row->phone_masked == NULL || row->units == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return txn->status == MC_OK ? row : NULL;
}

void identity_search_emit(struct mc_txn *txn, const char *what, size_t rows)
{
    Identity__PeopleSearched searched = IDENTITY__PEOPLE_SEARCHED__INIT;
    const char *keys[2] = {NULL};

    if (txn->caller->account_id != NULL)
        keys[0] = mc_sprintf(txn->arena, "account:%s", txn->caller->account_id);
    searched.what = mc_unconst(what);
    searched.rows = (uint32_t)rows;
    searched.purpose = txn->header->purpose;
    mc_emit(txn, "identity.people_searched", &searched.base, MC_SEALED, keys);
}

/* «Tìm thấy 22428 kết quả»; the seed has a sentence for none. */
char *identity_count_text(struct mc_txn *txn, uint64_t count, bool least)
{
    char number[24];
    const char *args[] = {"n", number, NULL};

    if (count == 0 && !least)
        return identity_text(txn, "NO_ACCOUNTS_FOUND", NULL);
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)count);
    return identity_text(txn, least ? "RESULT_COUNT_LEAST" : "RESULT_COUNT", args);
}
