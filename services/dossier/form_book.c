/*
 * Which forms there are. Some come with the software; administrators publish others, or newer
 * versions, which lie in the store. A version that somebody fills in is copied there first, so that
 * a later release may bring another without taking this one away. Where both have a version of one
 * number, the store's counts.
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "dossier.h"

#define FORM(name)                                                                                 \
    extern const char mc_data_form_##name[];                                                       \
    extern const size_t mc_data_form_##name##_len;
FORM(birth)
FORM(marriage)
FORM(extract_copy)
FORM(certified_copy)
#undef FORM
extern const char mc_data_provinces_34[];
extern const size_t mc_data_provinces_34_len;
extern const char mc_data_communes_2025[];
extern const size_t mc_data_communes_2025_len;

#define FORM(name)                                                                                 \
    {                                                                                              \
        mc_data_form_##name, &mc_data_form_##name##_len                                            \
    }
static const struct {
    const char *text;
    const size_t *len;
} texts[] = {FORM(birth), FORM(marriage), FORM(extract_copy), FORM(certified_copy)};
#undef FORM

static enum mc_status refuse(char *why, size_t size, const char *name,
                             const struct dossier_problems *problems)
{
    const struct dossier_problem *first = &problems->rows[0];

    (void)snprintf(why, size, "form %s: %s at \"%s\" (%s)", name,
                   problems->len > 0 ? first->code : "memory",
                   problems->len > 0 ? first->field : "", problems->len > 0 ? first->label : "");
    return MC_INVALID;
}

enum mc_status dossier_forms_load(struct dossier_forms *forms, struct mc_arena *memory, char *why,
                                  size_t why_size)
{
    struct dossier_problems *problems = mc_alloc(memory, sizeof *problems);

    (void)snprintf(why, why_size, "table communes_2025 or provinces_34 cannot be read");
    if (dossier_places_load(&forms->places, memory,
                            (struct mc_bytes){mc_data_provinces_34, mc_data_provinces_34_len},
                            (struct mc_bytes){mc_data_communes_2025, mc_data_communes_2025_len}) !=
        MC_OK)
        return MC_INVALID;
    forms->builtin = mc_alloc(memory, MC_LEN(texts) * sizeof *forms->builtin);
    if (problems == NULL || forms->builtin == NULL)
        return MC_FULL;
    problems->arena = memory;
    for (size_t i = 0; i < MC_LEN(texts); i++) {
        struct dossier_form_text *form = &forms->builtin[i];

        if (dossier_form_load(&form->form, memory, (struct mc_bytes){texts[i].text, *texts[i].len},
                              problems) != MC_OK)
            return refuse(why, why_size, form->form.code, problems);
        if (form->form.version == 0)
            dossier_problem_add(problems, "version", "FORM_DEF_MISSING", "version", "", "");
        if (problems->len > 0)
            return refuse(why, why_size, form->form.code, problems);
        form->text = texts[i].text; /* the linked-in text ends in a NUL */
        forms->builtin_len++;
    }
    return MC_OK;
}

struct mc_bytes dossier_form_prefix(struct mc_txn *txn, const char *code)
{
    return mc_keep(txn, code, strlen(code) + 1);
}

struct mc_bytes dossier_form_key(struct mc_txn *txn, const char *code, uint64_t version)
{
    return mc_key_join(txn, dossier_form_prefix(txn, code), mc_key_u64(txn, version));
}

static struct mc_date day_of(int64_t days)
{
    return days != 0 ? mc_date_from_days(days) : (struct mc_date){0, 0, 0};
}

static bool holds(struct mc_date from, struct mc_date until, struct mc_date day)
{
    return mc_date_compare(from, day) <= 0 && (until.year == 0 || mc_date_compare(day, until) <= 0);
}

bool dossier_form_in_force(const struct dossier_form_version *version, struct mc_date day)
{
    return holds(version->from, version->until, day);
}

static bool open_record(struct mc_txn *txn, const DossierState__Form *record,
                        struct dossier_form_version *ret_version)
{
    struct dossier_problems *problems = dossier_problems_new(txn);

    if (problems == NULL)
        return false;
    enum mc_status status = dossier_form_load(&ret_version->form, txn->arena,
                                              mc_key_text(record->definition), problems);
    if (status != MC_OK) {
        (void)mc_fail(txn, status == MC_FULL ? MC_LIMITED : MC_CORRUPT, "stored form");
        return false;
    }
    ret_version->text = record->definition;
    ret_version->version = record->version;
    ret_version->record = record;
    ret_version->from = day_of(record->from_day);
    ret_version->until = day_of(record->until_day);
    return true;
}

static void open_builtin(const struct dossier_form_text *builtin,
                         struct dossier_form_version *ret_version)
{
    *ret_version = (struct dossier_form_version){
        .form = builtin->form,
        .text = builtin->text,
        .version = builtin->form.version,
        .from = builtin->form.from,
        .until = builtin->form.until,
    };
}

static bool stored(struct mc_txn *txn, const char *code, uint64_t version)
{
    struct mc_bytes value;

    return mc_get(txn, DOSSIER_FORMS, dossier_form_key(txn, code, version), &value);
}

/* The version asked for (0: any), holding on the day (NULL: whatever the day), the highest. */
static const DossierState__Form *find_stored(struct mc_txn *txn, const char *code, uint64_t version,
                                             const struct mc_date *day)
{
    if (version != 0)
        return mc_load(txn, DOSSIER_FORMS, dossier_form_key(txn, code, version),
                       &dossier_state__form__descriptor);
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_FORMS, dossier_form_prefix(txn, code),
                                      (struct mc_bytes){0}, MC_BACKWARD);
    while (mc_next(&cursor)) {
        const DossierState__Form *record = mc_row(&cursor, &dossier_state__form__descriptor);

        if (record == NULL)
            return NULL;
        if (day == NULL || holds(day_of(record->from_day), day_of(record->until_day), *day))
            return record;
    }
    return NULL;
}

static const struct dossier_form_text *find_builtin(const struct dossier *dossier,
                                                    struct mc_txn *txn, const char *code,
                                                    uint64_t version, const struct mc_date *day)
{
    const struct dossier_form_text *best = NULL;

    for (size_t i = 0; i < dossier->forms.builtin_len; i++) {
        const struct dossier_form_text *at = &dossier->forms.builtin[i];

        if (strcmp(at->form.code, code) != 0 || (version != 0 && at->form.version != version) ||
            (day != NULL && !dossier_form_holds(&at->form, *day)) ||
            stored(txn, code, at->form.version))
            continue;
        if (best == NULL || best->form.version < at->form.version)
            best = at;
    }
    return best;
}

static bool find(const struct dossier *dossier, struct mc_txn *txn, const char *code,
                 uint64_t version, const struct mc_date *day,
                 struct dossier_form_version *ret_version)
{
    if (code == NULL || code[0] == '\0' || strlen(code) > DOSSIER_FORM_NAME_MAX)
        return false;
    const DossierState__Form *record = find_stored(txn, code, version, day);
    const struct dossier_form_text *builtin = find_builtin(dossier, txn, code, version, day);
    if (txn->status != MC_OK)
        return false;
    if (builtin != NULL && (record == NULL || record->version < builtin->form.version)) {
        open_builtin(builtin, ret_version);
        return true;
    }
    return record != NULL && open_record(txn, record, ret_version);
}

bool dossier_form_open(const struct dossier *dossier, struct mc_txn *txn, const char *code,
                       uint64_t version, struct mc_date day,
                       struct dossier_form_version *ret_version)
{
    return find(dossier, txn, code, version, version == 0 ? &day : NULL, ret_version);
}

bool dossier_form_newest(const struct dossier *dossier, struct mc_txn *txn, const char *code,
                         struct dossier_form_version *ret_version)
{
    return find(dossier, txn, code, 0, NULL, ret_version);
}

const char *dossier_form_code_of(const struct dossier *dossier, struct mc_txn *txn,
                                 const char *procedure)
{
    struct mc_bytes code;

    if (procedure[0] == '\0')
        return NULL;
    if (mc_get(txn, DOSSIER_FORM_USES, mc_key_text(procedure), &code))
        return mc_sprintf(txn->arena, "%.*s", (int)code.len, (const char *)code.data);
    for (size_t i = 0; i < dossier->forms.builtin_len; i++)
        if (dossier_form_serves(&dossier->forms.builtin[i].form, procedure))
            return dossier->forms.builtin[i].form.code;
    return NULL;
}

bool dossier_form_of(const struct dossier *dossier, struct mc_txn *txn, const char *procedure,
                     struct mc_date day, struct dossier_form_version *ret_version)
{
    const char *code = dossier_form_code_of(dossier, txn, procedure);

    return code != NULL && dossier_form_open(dossier, txn, code, 0, day, ret_version) &&
           dossier_form_serves(&ret_version->form, procedure);
}

void dossier_form_keep(struct mc_txn *txn, const struct dossier_form_version *version)
{
    DossierState__Form record = DOSSIER_STATE__FORM__INIT;

    if (version->record != NULL)
        return;
    record.code = mc_unconst(version->form.code);
    record.version = version->version;
    record.definition = mc_unconst(version->text);
    record.from_day = mc_date_days(version->from);
    record.until_day = version->until.year != 0 ? mc_date_days(version->until) : 0;
    mc_save(txn, DOSSIER_FORMS, dossier_form_key(txn, record.code, record.version), &record.base);
}

static char *date_text(struct mc_txn *txn, struct mc_date date)
{
    char text[MC_DATE_SIZE] = "";

    if (date.year != 0)
        mc_date_format(text, sizeof text, date);
    return dossier_text(txn, text);
}

Dossier__FormHead *dossier_form_head(struct mc_txn *txn, const struct dossier_form_version *version)
{
    const DossierState__Form *record = version->record;
    Dossier__FormHead *head = dossier_alloc(txn, sizeof *head);

    if (head == NULL)
        return NULL;
    dossier__form_head__init(head);
    head->code = dossier_text(txn, version->form.code);
    head->version = version->version;
    head->title = dossier_text(txn, version->form.title);
    head->basis = dossier_text(txn, version->form.basis);
    head->from = date_text(txn, version->from);
    head->until = date_text(txn, version->until);
    head->in_force = dossier_form_in_force(version, mc_date_from_ms(txn->now_ms));
    head->procedures = dossier_list(txn, version->form.procedures_len);
    for (size_t i = 0; head->procedures != NULL && i < version->form.procedures_len; i++)
        head->procedures[head->n_procedures++] = dossier_text(txn, version->form.procedures[i]);
    if (record != NULL)
        head->published_at_ms = record->published_at_ms;
    if (record != NULL && (txn->caller->who & MC_OFFICER) != 0) {
        head->published_by = dossier_text(txn, record->published_by);
        head->reason = dossier_text(txn, record->reason);
    }
    return head;
}
