/* The tables of data/: API types, what their answers hold, what their codes mean. */
#include <stdio.h>
#include <string.h>

#include "common/csv.h"
#include "common/file.h"

#include "partner.h"

extern const struct mc_embedded partner_samples[];
extern const size_t partner_samples_len;
extern const char mc_data_api_types[];
extern const size_t mc_data_api_types_len;
extern const char mc_data_answer_fields[];
extern const size_t mc_data_answer_fields_len;
extern const char mc_data_error_meanings[];
extern const size_t mc_data_error_meanings_len;

static struct mc_bytes sample_of(const char *key)
{
    static const char before[] = "sample_";

    for (size_t i = 0; i < partner_samples_len; i++) {
        const struct mc_embedded *sample = &partner_samples[i];

        if (strncmp(sample->name, before, sizeof before - 1) == 0 &&
            strcmp(sample->name + sizeof before - 1, key) == 0)
            return (struct mc_bytes){sample->data, *sample->len};
    }
    return (struct mc_bytes){0};
}

static bool types_read(struct partner_book *book)
{
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_api_types, mc_data_api_types_len);
    bool ok = mc_csv_next(&csv);
    size_t key = mc_csv_column(&csv, "key");
    size_t name = mc_csv_column(&csv, "name_vi");
    size_t field = mc_csv_column(&csv, "code_field");
    size_t success = mc_csv_column(&csv, "success");
    while (ok && mc_csv_next(&csv)) {
        struct partner_type *type = &book->types[book->types_len];

        ok = book->types_len < PARTNER_TYPES_MAX &&
             mc_csv_copy(&csv, key, type->key, sizeof type->key) &&
             mc_csv_copy(&csv, name, type->name, sizeof type->name) &&
             mc_csv_copy(&csv, field, type->code_field, sizeof type->code_field) &&
             mc_csv_copy(&csv, success, type->success, sizeof type->success) &&
             partner_type_find(book, type->key) == NULL;
        type->sample = sample_of(type->key);
        ok = ok && type->sample.len > 0;
        book->types_len++;
    }
    return ok && csv.status == MC_OK;
}

static bool is_kind(const char *kind)
{
    static const char *const kinds[] = {"text", "integer", "code", "object", "array", "bool"};

    for (size_t i = 0; i < MC_LEN(kinds); i++)
        if (strcmp(kinds[i], kind) == 0)
            return true;
    return false;
}

static bool fields_read(struct partner_book *book)
{
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_answer_fields, mc_data_answer_fields_len);
    bool ok = mc_csv_next(&csv);
    size_t type = mc_csv_column(&csv, "api_type");
    size_t path = mc_csv_column(&csv, "path");
    size_t kind = mc_csv_column(&csv, "kind");
    size_t required = mc_csv_column(&csv, "required");
    size_t note = mc_csv_column(&csv, "note");
    while (ok && mc_csv_next(&csv)) {
        struct partner_field *field = &book->fields[book->fields_len];

        ok = book->fields_len < PARTNER_FIELDS_MAX &&
             mc_csv_copy(&csv, type, field->type, sizeof field->type) &&
             mc_csv_copy(&csv, path, field->path, sizeof field->path) &&
             mc_csv_copy(&csv, kind, field->kind, sizeof field->kind) &&
             mc_csv_copy(&csv, note, field->note, sizeof field->note) && is_kind(field->kind) &&
             partner_type_find(book, field->type) != NULL;
        field->required = mc_csv_is(&csv, required, "yes");
        book->fields_len++;
    }
    return ok && csv.status == MC_OK;
}

static bool meanings_read(struct partner_book *book)
{
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_error_meanings, mc_data_error_meanings_len);
    bool ok = mc_csv_next(&csv);
    size_t field = mc_csv_column(&csv, "code_field");
    size_t code = mc_csv_column(&csv, "code");
    size_t text = mc_csv_column(&csv, "meaning_vi");
    while (ok && mc_csv_next(&csv)) {
        struct partner_meaning *meaning = &book->meanings[book->meanings_len];

        ok = book->meanings_len < PARTNER_MEANINGS_MAX &&
             mc_csv_copy(&csv, field, meaning->field, sizeof meaning->field) &&
             mc_csv_copy(&csv, code, meaning->code, sizeof meaning->code) &&
             mc_csv_copy(&csv, text, meaning->text, sizeof meaning->text);
        book->meanings_len++;
    }
    return ok && csv.status == MC_OK;
}

enum mc_status partner_book_read(struct partner_book *book, char *why, size_t size)
{
    memset(book, 0, sizeof *book);
    const char *bad = !types_read(book)      ? "api_types"
                      : !fields_read(book)   ? "answer_fields"
                      : !meanings_read(book) ? "error_meanings"
                                             : NULL;
    if (bad == NULL)
        return MC_OK;
    (void)snprintf(why, size, "table %s cannot be read", bad);
    return MC_INVALID;
}

const struct partner_type *partner_type_find(const struct partner_book *book, const char *key)
{
    for (size_t i = 0; i < book->types_len; i++)
        if (strcmp(book->types[i].key, key) == 0)
            return &book->types[i];
    return NULL;
}

const char *partner_meaning_of(const struct partner_book *book, const char *field, const char *code)
{
    for (size_t i = 0; i < book->meanings_len; i++)
        if (strcmp(book->meanings[i].field, field) == 0 &&
            strcmp(book->meanings[i].code, code) == 0)
            return book->meanings[i].text;
    return "";
}
