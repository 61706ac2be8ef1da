/* What stands in a document: the fields and tables of its template. */
#include <stdio.h>
#include <string.h>

#include "common/money.h"

#include "dossier.h"

enum { TIME_TEXT_SIZE = 80 };

void dossier_print_begin(struct dossier_print *print, struct mc_txn *txn,
                         const struct dossier_document_info *info)
{
    *print = (struct dossier_print){.txn = txn, .request = PRINT__RENDER_REQUEST__INIT};
    print->request.template_ = mc_unconst(info->template);
    print->request.at_ms = txn->now_ms;
    print->request.fields = dossier_list(txn, DOSSIER_DOCUMENT_FIELDS_MAX);
    print->request.tables = dossier_list(txn, 1);
}

/* An empty one is left out: the template says what must come. */
void dossier_print_field(struct dossier_print *print, const char *name, const char *value)
{
    Print__Field *field = dossier_alloc(print->txn, sizeof *field);

    if (field == NULL || value == NULL || value[0] == '\0' || print->txn->status != MC_OK)
        return;
    assert(print->request.n_fields < DOSSIER_DOCUMENT_FIELDS_MAX);
    print__field__init(field);
    field->name = mc_unconst(name);
    field->value = mc_unconst(value);
    print->request.fields[print->request.n_fields++] = field;
}

/* As TT 03/2025 writes it. */
void dossier_print_time(struct dossier_print *print, const char *name, int64_t at_ms)
{
    const struct mc_local at = mc_local_from_ms(at_ms);
    char text[TIME_TEXT_SIZE];

    if (at_ms == 0)
        return;
    (void)snprintf(text, sizeof text, "%02d giờ %02d phút, ngày %02d tháng %02d năm %04d", at.hour,
                   at.minute, at.date.day, at.date.month, at.date.year);
    dossier_print_field(print, name, dossier_text(print->txn, text));
}

Print__Table *dossier_print_table(struct dossier_print *print, const char *name, size_t rows_max)
{
    Print__Table *table = dossier_alloc(print->txn, sizeof *table);

    if (table == NULL)
        return NULL;
    print__table__init(table);
    table->name = mc_unconst(name);
    table->rows = dossier_list(print->txn, MC_MIN(rows_max, (size_t)DOSSIER_DOCUMENT_ROWS_MAX));
    assert(print->request.n_tables == 0);
    if (table->rows != NULL)
        print->request.tables[print->request.n_tables++] = table;
    return table->rows != NULL ? table : NULL;
}

void dossier_print_row(struct dossier_print *print, Print__Table *table, const char *const *cells)
{
    Print__Row *row = dossier_alloc(print->txn, sizeof *row);

    if (table == NULL || row == NULL || table->n_rows == DOSSIER_DOCUMENT_ROWS_MAX)
        return;
    print__row__init(row);
    row->cells = mc_list_copy(print->txn->arena, cells, &row->n_cells);
    if (row->cells == NULL)
        (void)mc_fail(print->txn, MC_LIMITED, "arena full");
    table->rows[table->n_rows++] = row;
}

/* --- the head --- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* NĐ 30/2020/NĐ-CP: a document is written where the agency sits, without the kind of the place. */
static const char *place_of(const char *unit_name, const char *province)
{
    static const char *const kinds[] = {"UBND ",   "xã ",       "Xã ",       "phường ",
                                        "Phường ", "thị trấn ", "Thị trấn ", "huyện ",
                                        "Huyện ",  "đặc khu ",  "Đặc khu "};
    bool stripped = false;

    for (size_t i = 0; i < MC_LEN(kinds); i++)
        if (begins(unit_name, kinds[i])) {
            unit_name += strlen(kinds[i]);
            stripped = true;
        }
    return stripped ? unit_name : province;
}

static const char *province_text(const struct dossier *dossier, const char *province)
{
    const struct dossier_places *places = &dossier->forms.places;
    size_t len = strlen(province);

    for (size_t i = 0; i < places->provinces_len && len > 0; i++) {
        size_t full = strlen(places->provinces[i].name);

        if (full >= len && strcmp(places->provinces[i].name + full - len, province) == 0)
            return places->provinces[i].name;
    }
    return province;
}

/* A service centre signs in its own name, below its province; a commune by its one-stop desk. */
void dossier_print_unit(struct dossier_print *print, const struct dossier *dossier,
                        const char *unit, const char *unit_name, const char *number)
{
    const struct dossier_unit *known = dossier_unit_find(&dossier->catalogue, unit);
    const char *province = known != NULL ? known->province : "";
    const struct mc_date today = mc_date_from_ms(print->txn->now_ms);
    bool centre = begins(unit_name, "Trung tâm");

    dossier_print_field(print, "authority",
                        centre ? province_text(dossier, province)
                               : dossier_text(print->txn, unit_name));
    dossier_print_field(print, "agency",
                        centre ? dossier_text(print->txn, unit_name)
                               : "Bộ phận Tiếp nhận và Trả kết quả");
    dossier_print_field(print, "number", number);
    dossier_print_field(print, "place_date",
                        mc_sprintf(print->txn->arena, "%s, ngày %02d tháng %02d năm %04d",
                                   place_of(unit_name, province), today.day, today.month,
                                   today.year));
    if (print->txn->caller->account_id != NULL)
        dossier_print_field(print, "officer",
                            dossier_owner_name(print->txn, print->txn->caller->account_id));
    print->request.sign_as = dossier_text(print->txn, unit);
    print->request.author = dossier_text(print->txn, unit_name);
}

/* --- whose dossier it is --- */

static const char *opened(struct mc_txn *txn, ProtobufCBinaryData sealed)
{
    return sealed.len > 0 ? mc_open_text(txn, sealed) : "";
}

static const char *national_phone(struct mc_txn *txn, const char *phone)
{
    return begins(phone, "84") ? mc_sprintf(txn->arena, "0%s", phone + 2) : phone;
}

static const char *or_fact(const char *value, const struct dossier *dossier, struct mc_txn *txn,
                           const DossierState__Dossier *record, const char *fact)
{
    return value != NULL && value[0] != '\0' ? value
                                             : dossier_form_fact(dossier, txn, record, fact);
}

static void print_desk_person(struct dossier_print *print, const DossierState__Applicant *applicant)
{
    struct mc_txn *txn = print->txn;

    dossier_print_field(print, "identity_no", opened(txn, applicant->id_number));
    dossier_print_field(print, "phone", opened(txn, applicant->phone));
    dossier_print_field(print, "address", opened(txn, applicant->address));
}

/* What the account does not say, the form he filled in does. */
static void print_account_person(struct dossier_print *print, const struct dossier *dossier,
                                 const DossierState__Dossier *record)
{
    struct mc_txn *txn = print->txn;
    const DossierState__Person *person = dossier_person_of(txn, record->owner_account);

    if (person == NULL)
        return;
    dossier_print_field(
        print, "identity_no",
        or_fact(person->identity_no, dossier, txn, record, "applicant.identity_no"));
    dossier_print_field(
        print, "phone",
        or_fact(national_phone(txn, person->phone), dossier, txn, record, "applicant.phone"));
    dossier_print_field(print, "email",
                        or_fact(person->email, dossier, txn, record, "applicant.email"));
    dossier_print_field(print, "address",
                        or_fact(person->address, dossier, txn, record, "applicant.address"));
}

static void print_dossier(struct dossier_print *print, const struct dossier *dossier,
                          const DossierState__Dossier *record, const char *reason)
{
    struct mc_txn *txn = print->txn;
    const char *name = dossier_record_name(txn, record);
    const char *internal =
        mc_sprintf(txn->arena, "%llu", (unsigned long long)record->internal_number);

    dossier_print_field(print, "code", record->code);
    dossier_print_field(print, "qr", record->code[0] != '\0' ? record->code : internal);
    dossier_print_field(print, "applicant", name[0] != '\0' ? name : "—");
    dossier_print_field(print, "procedure", record->procedure_name);
    dossier_print_field(print, "procedure_code", record->procedure_code);
    dossier_print_field(print, "abstract", opened(txn, record->abstract));
    dossier_print_field(print, "reason", reason);
    if (record->applicant != NULL)
        print_desk_person(print, record->applicant);
    else
        print_account_person(print, dossier, record);
}

/* --- what one form says beside --- */

static const char *limit_text(struct mc_txn *txn, const DossierState__Dossier *record)
{
    static const struct {
        const char *limit;
        const char *unit;
    } units[] = {{"working_day", "ngày làm việc"},
                 {"working_hour", "giờ làm việc"},
                 {"calendar_day", "ngày"}};

    for (size_t i = 0; i < MC_LEN(units); i++)
        if (strcmp(record->limit, units[i].limit) == 0)
            return mc_sprintf(txn->arena, "%u %s", record->limit_value, units[i].unit);
    return "trong ngày làm việc; hồ sơ nhận sau 15 giờ trả kết quả trong ngày làm việc tiếp theo";
}

static const char *return_text(const DossierState__Dossier *record)
{
    static const char *const ways[] = {
        [DOSSIER__RETURN_WAY__RETURN_AT_DESK] = "Tại Bộ phận Tiếp nhận và Trả kết quả",
        [DOSSIER__RETURN_WAY__RETURN_ELECTRONICALLY] = "Bản điện tử trên Cổng Dịch vụ công",
        [DOSSIER__RETURN_WAY__RETURN_BY_POST] = "Qua dịch vụ bưu chính công ích",
    };

    return record->return_way < MC_LEN(ways) ? ways[record->return_way] : ways[0];
}

static const char *fee_text(struct mc_txn *txn, const DossierState__Dossier *record)
{
    char amount[MC_MONEY_SIZE];

    if (record->money == DOSSIER__MONEY_STATE__PAID)
        return "đã nộp";
    if (record->money == DOSSIER__MONEY_STATE__REFUNDED)
        return "đã hoàn tiền";
    if (record->fee == 0)
        return "không";
    mc_money_format(amount, sizeof amount, record->fee);
    return mc_sprintf(txn->arena, "%s đồng", amount);
}

static bool came_before(const DossierState__Dossier *record, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(record->papers[i]->component, record->papers[index]->component) == 0)
            return true;
    return false;
}

static unsigned long long same_component(const DossierState__Dossier *record, const char *component)
{
    unsigned long long count = 0;

    for (size_t i = 0; i < record->n_papers; i++)
        count += strcmp(record->papers[i]->component, component) == 0;
    return count;
}

static void print_papers(struct dossier_print *print, const struct dossier *dossier,
                         const DossierState__Dossier *record)
{
    struct mc_txn *txn = print->txn;
    Print__Table *table = dossier_print_table(print, "papers", record->n_papers + 1);
    struct dossier_form_version version;
    unsigned long long number = 0;

    if (record->form_code[0] != '\0' &&
        dossier_form_open(dossier, txn, record->form_code, record->form_version,
                          mc_date_from_ms(txn->now_ms), &version)) {
        const char *const cells[] = {mc_sprintf(txn->arena, "%llu", ++number), version.form.title,
                                     "Biểu mẫu điện tử", "1", NULL};
        dossier_print_row(print, table, cells);
    }
    for (size_t i = 0; i < record->n_papers; i++) {
        const char *component = record->papers[i]->component;

        if (came_before(record, i))
            continue;
        const char *const cells[] = {
            mc_sprintf(txn->arena, "%llu", ++number), component, "Bản điện tử",
            mc_sprintf(txn->arena, "%llu", same_component(record, component)), NULL};
        dossier_print_row(print, table, cells);
    }
}

static void print_receipt(struct dossier_print *print, const struct dossier *dossier,
                          const DossierState__Dossier *record)
{
    dossier_print_field(print, "limit", limit_text(print->txn, record));
    dossier_print_time(print, "received_at", record->received_at_ms);
    dossier_print_time(print, "due_at", record->due_at_ms);
    dossier_print_field(print, "return_way", return_text(record));
    dossier_print_field(print, "fee", fee_text(print->txn, record));
    dossier_print_field(print, "count", "1");
    print_papers(print, dossier, record);
}

static void print_supplement(struct dossier_print *print, const DossierState__Dossier *record)
{
    const DossierState__Supplement *supplement = record->supplement;
    size_t n = supplement != NULL ? supplement->n_items : 0;
    struct mc_txn *txn = print->txn;

    if (n == 0)
        return;
    dossier_print_field(print, "items", "1");
    Print__Table *table = dossier_print_table(print, "items", n);
    for (size_t i = 0; i < n; i++) {
        const DossierState__SupplementItem *item = supplement->items[i];
        const char *const cells[] = {mc_sprintf(txn->arena, "%zu", i + 1), item->component,
                                     opened(txn, item->request), NULL};
        dossier_print_row(print, table, cells);
    }
}

static void print_steps(struct dossier_print *print, const struct dossier *dossier,
                        const DossierState__Dossier *record)
{
    struct mc_txn *txn = print->txn;
    Print__Table *table = dossier_print_table(print, "steps", record->n_steps);
    char at[MC_DATETIME_SIZE];

    dossier_print_time(print, "received_at", record->received_at_ms);
    dossier_print_time(print, "due_at", record->due_at_ms);
    for (size_t i = 0; i < record->n_steps; i++) {
        const DossierState__Step *step = record->steps[i];
        const char *actor = dossier_owner_name(txn, step->actor);

        mc_time_format(at, sizeof at, step->at_ms);
        const char *const cells[] = {
            mc_sprintf(txn->arena, "%zu", i + 1),
            dossier_text(txn, at),
            dossier_state_text(dossier, (Dossier__State)step->to, DOSSIER_BY_OFFICER),
            actor[0] != '\0' ? actor : "Hệ thống",
            opened(txn, step->reason),
            NULL};
        dossier_print_row(print, table, cells);
    }
}

static void print_apology(struct dossier_print *print, const DossierState__Dossier *record)
{
    const DossierState__Apology *apology = record->apology;

    dossier_print_time(print, "received_at", record->received_at_ms);
    if (apology == NULL)
        return;
    dossier_print_time(print, "due_before", apology->due_before_ms);
    dossier_print_time(print, "due_after", apology->due_after_ms);
}

void dossier_print_facts(struct dossier_print *print, const struct dossier *dossier,
                         const DossierState__Dossier *record, enum dossier_document_kind kind,
                         const char *reason)
{
    print_dossier(print, dossier, record, reason);
    switch (kind) {
    case DOSSIER_RECEIPT_SLIP:
        print_receipt(print, dossier, record);
        return;
    case DOSSIER_SUPPLEMENT_SLIP:
        print_supplement(print, record);
        return;
    case DOSSIER_CONTROL_SLIP:
        print_steps(print, dossier, record);
        return;
    case DOSSIER_APOLOGY_LETTER:
        print_apology(print, record);
        return;
    case DOSSIER_REFUSAL_SLIP:
    case DOSSIER_STOP_NOTICE:
    case DOSSIER_REGISTER_BOOK:
    case DOSSIER_CERTIFICATE:
    case DOSSIER_DOCUMENTS_LEN:
    default:
        return;
    }
}
