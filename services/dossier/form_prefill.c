/*
 * What the State knows of a person already, so that he need not type it again (DOS-15, DIG-03). A
 * field names the fact it asks for; the first source that has it gives the value:
 *
 *     the account     identity's journal tells the name, number, birth date, contact and address;
 *                     verified, they are the population register's
 *     his papers      number and day of what lies in his data store and is valid
 *     his dossiers    the newest that he has sent, and whose form asked for the same fact
 */
#include <stdio.h>
#include <string.h>

#include "dossier.h"

struct finder {
    const struct dossier *dossier;
    struct mc_txn *txn;
    const struct dossier_form *form;
    struct dossier_known *rows;
    size_t len;
};

static bool is_known(const struct finder *finder, const struct dossier_field *field)
{
    for (size_t i = 0; i < finder->len; i++)
        if (finder->rows[i].field == field)
            return true;
    return false;
}

/* As the form would keep it; a value that the form would not take is not offered. */
static void add(struct finder *finder, const struct dossier_field *field, const char *value,
                const char *source, const char *source_kind)
{
    const char *clean = NULL;
    const char *code = NULL;

    if (value == NULL || value[0] == '\0' || is_known(finder, field) ||
        dossier_form_clean(finder->txn->arena, field, value, &clean, &code) != MC_OK)
        return;
    finder->rows[finder->len++] = (struct dossier_known){field, clean, source, source_kind};
}

static const struct dossier_field *asks_for(const struct dossier_form *form, const char *fact)
{
    for (size_t i = 0; i < form->fields_len; i++)
        if (form->fields[i].fact != NULL && strcmp(form->fields[i].fact, fact) == 0)
            return &form->fields[i];
    return NULL;
}

static void offer(struct finder *finder, const char *fact, const char *value, const char *source,
                  const char *source_kind)
{
    const struct dossier_field *field = asks_for(finder->form, fact);

    if (field != NULL)
        add(finder, field, value, source, source_kind);
}

/* --- the account --- */

static void from_account(struct finder *finder, const char *account)
{
    const DossierState__Person *person = dossier_person_of(finder->txn, account);
    const char *kind = "ACCOUNT";
    const char *source = "Tài khoản Cổng Dịch vụ công";

    if (person == NULL)
        return;
    if (strcmp(person->verified_by, "POPULATION_REGISTER") == 0) {
        kind = "POPULATION_REGISTER";
        source = "Cơ sở dữ liệu quốc gia về dân cư";
    } else if (strcmp(person->verified_by, "VNEID") == 0) {
        kind = "VNEID";
        source = "Tài khoản định danh điện tử VNeID";
    }
    offer(finder, "applicant.full_name", dossier_owner_name(finder->txn, account), source, kind);
    offer(finder, "applicant.identity_no", person->identity_no, source, kind);
    offer(finder, "applicant.birth_date", person->birth_date, source, kind);
    /* these are what the person said, whoever verified the rest */
    source = "Tài khoản Cổng Dịch vụ công";
    offer(finder, "applicant.phone", person->phone, source, "ACCOUNT");
    offer(finder, "applicant.email", person->email, source, "ACCOUNT");
    offer(finder, "applicant.address", person->address, source, "ACCOUNT");
}

/* --- his papers --- */

static const char *fact_of_paper(struct mc_txn *txn, const DossierState__StoredPaper *paper,
                                 const char *what)
{
    static const struct {
        const char *result_code;
        const char *name;
    } names[] = {
        {"KQ.G15.000031", "birth_certificate"},
        {"KQ.G15.000032", "marriage_certificate"},
        {"KQ.G15.000037", "civil_correction"},
    };

    for (size_t i = 0; i < MC_LEN(names); i++)
        if (strcmp(paper->result_code, names[i].result_code) == 0)
            return mc_sprintf(txn->arena, "%s.%s", names[i].name, what);
    return NULL;
}

static void from_paper(struct finder *finder, const DossierState__StoredPaper *paper)
{
    struct mc_txn *txn = finder->txn;
    const char *number = fact_of_paper(txn, paper, "number");
    const char *issued_on = fact_of_paper(txn, paper, "issued_on");
    const char *source = mc_sprintf(txn->arena, "Kho dữ liệu điện tử: %s", paper->name);
    char day[MC_DATE_SIZE] = "";

    if (number == NULL || issued_on == NULL || source == NULL ||
        dossier_stored_state(txn, paper) != DOSSIER__PAPER_STATE__PAPER_VALID)
        return;
    if (paper->issued_on_days != 0)
        mc_date_format(day, sizeof day, mc_date_from_days(paper->issued_on_days));
    if (paper->number.len > 0)
        offer(finder, number, mc_open_text(txn, paper->number), source, "DATA_STORE");
    offer(finder, issued_on, day, source, "DATA_STORE");
}

static void from_store(struct finder *finder, const char *account)
{
    struct mc_txn *txn = finder->txn;
    struct mc_bytes holder = dossier_holder_of_account(txn, account);

    if (holder.len == 0)
        return; /* whose number is not known holds nothing */
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_HOLDERS, holder, (struct mc_bytes){0}, MC_BACKWARD);
    for (unsigned i = 0; i < DOSSIER_STORED_MAX && mc_next(&cursor); i++) {
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + holder.len,
                              cursor.key.len - holder.len};
        const DossierState__StoredPaper *paper =
            mc_load(txn, DOSSIER_STORED_PAPERS, id, &dossier_state__stored_paper__descriptor);

        if (paper != NULL)
            from_paper(finder, paper);
    }
}

/* --- his dossiers --- */

static const char *dossier_name(struct mc_txn *txn, const DossierState__Dossier *record)
{
    const char *text =
        record->code[0] != '\0'
            ? mc_sprintf(txn->arena, "Hồ sơ %s", record->code)
            : mc_sprintf(txn->arena, "Hồ sơ số %llu", (unsigned long long)record->internal_number);

    return text != NULL ? text : "";
}

static void from_form(struct finder *finder, const struct dossier_form *form,
                      const struct mc_json *values, const char *source)
{
    for (size_t i = 0; i < form->fields_len; i++) {
        const struct dossier_field *field = &form->fields[i];

        if (field->fact != NULL)
            offer(finder, field->fact, mc_json_text(values, field->name), source, "DOSSIER");
    }
}

static void from_dossier(struct finder *finder, const DossierState__Dossier *record)
{
    struct mc_json *values mc_cleanup(mc_json_freep) = NULL;
    struct dossier_form_version version;

    if (record->state == DOSSIER__STATE__DRAFT || record->state == DOSSIER__STATE__REFUSED ||
        record->form_code[0] == '\0' ||
        !dossier_form_open(finder->dossier, finder->txn, record->form_code, record->form_version,
                           mc_date_from_ms(finder->txn->now_ms), &version))
        return;
    const char *form = mc_open_text(finder->txn, record->form);
    if (mc_json_parse(mc_key_text(form), &values) == MC_OK)
        from_form(finder, &version.form, values, dossier_name(finder->txn, record));
}

static bool has_all(const struct finder *finder)
{
    size_t facts = 0;

    for (size_t i = 0; i < finder->form->fields_len; i++)
        facts += finder->form->fields[i].fact != NULL;
    return finder->len >= facts;
}

static void from_dossiers(struct finder *finder, const char *account)
{
    struct mc_txn *txn = finder->txn;
    struct mc_bytes prefix = dossier_owner_prefix(txn, account);
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_OWNERS, prefix, (struct mc_bytes){0}, MC_BACKWARD);

    for (unsigned i = 0; i < DOSSIER_PREFILL_DOSSIERS_MAX && !has_all(finder); i++) {
        if (txn->status != MC_OK || !mc_next(&cursor))
            return;
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + prefix.len,
                              cursor.key.len - prefix.len};
        const DossierState__Dossier *record =
            mc_load(txn, DOSSIER_DOSSIERS, id, &dossier_state__dossier__descriptor);
        if (record != NULL)
            from_dossier(finder, record);
    }
}

size_t dossier_form_known(const struct dossier *dossier, struct mc_txn *txn,
                          const struct dossier_form *form, const char *account,
                          struct dossier_known **ret_rows)
{
    struct finder finder = {.dossier = dossier, .txn = txn, .form = form};

    finder.rows = dossier_alloc(txn, (form->fields_len + 1) * sizeof *finder.rows);
    *ret_rows = finder.rows;
    if (finder.rows == NULL)
        return 0;
    from_account(&finder, account);
    from_store(&finder, account);
    from_dossiers(&finder, account);
    return txn->status == MC_OK ? finder.len : 0;
}

const char *dossier_form_fact(const struct dossier *dossier, struct mc_txn *txn,
                              const DossierState__Dossier *record, const char *fact)
{
    struct mc_json *values mc_cleanup(mc_json_freep) = NULL;
    struct dossier_form_version version;
    const struct dossier_field *field = NULL;
    const char *value = NULL;

    if (record->form_code[0] != '\0' && record->form.len > 0 &&
        dossier_form_open(dossier, txn, record->form_code, record->form_version,
                          mc_date_from_ms(txn->now_ms), &version))
        field = asks_for(&version.form, fact);
    if (field != NULL &&
        mc_json_parse(mc_key_text(mc_open_text(txn, record->form)), &values) == MC_OK)
        value = mc_json_text(values, field->name);
    return value != NULL ? dossier_text(txn, value) : "";
}
