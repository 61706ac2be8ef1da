/*
 * ListMethods: which ways to an account there are, for whom, since and until when, and what each
 * asks: the rules of identification of every actor, published (REG-04 to REG-12, REG-52), with the
 * texts of the chooser (REG-06, REG-42 to REG-46, REG-53, REG-55). Screens are drawn from it, so a
 * method that law closes tomorrow disappears tomorrow.
 */
#include <string.h>

#include "common/csv.h"
#include "common/date.h"

#include "identity.h"

extern const char mc_data_registration_guide[];
extern const size_t mc_data_registration_guide_len;

static void *made(struct mc_txn *txn, size_t size)
{
    void *memory = mc_alloc(txn->arena, size);

    if (memory == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return memory;
}

/* Room for so many pointers to messages. */
static void *list(struct mc_txn *txn, size_t len)
{
    return made(txn, MC_MAX(len, (size_t)1) * sizeof(void *));
}

static char *text_of(struct mc_txn *txn, struct mc_bytes bytes)
{
    char *text = mc_alloc(txn->arena, bytes.len + 1);

    if (text == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return mc_unconst("");
    }
    memcpy(text, bytes.data, bytes.len);
    return text;
}

static char *day_text(struct mc_txn *txn, int64_t ms)
{
    char day[MC_DATE_SIZE] = "";

    if (ms != INT64_MIN && ms != INT64_MAX)
        mc_date_format(day, sizeof day, mc_date_from_ms(ms));
    return text_of(txn, mc_key_text(day));
}

static const char *ial_name(uint32_t ial)
{
    return ial == 2   ? "Xác minh mức độ trung bình (IAL2)" /* REG-07 */
           : ial == 3 ? "Xác minh mức độ cao (IAL3)"        /* REG-08 */
                      : "";
}

static void fill_fields(const struct identity *identity, struct mc_txn *txn,
                        const struct identity_method *method, Identity__RegistrationMethod *out)
{
    out->fields = list(txn, identity->fields_len);
    for (size_t i = 0; i < identity->fields_len && txn->status == MC_OK; i++) {
        if ((method->fields & 1U << i) == 0)
            continue;
        Identity__MethodField *field = made(txn, sizeof *field);
        if (field == NULL)
            return;
        identity__method_field__init(field);
        field->name = mc_unconst(identity->fields[i].name);
        field->label = mc_unconst(identity->fields[i].label);
        field->placeholder = mc_unconst(identity->fields[i].placeholder);
        field->hint = mc_unconst(identity->fields[i].hint);
        field->required = (method->required & 1U << i) != 0;
        out->fields[out->n_fields++] = field;
    }
}

static void fill(const struct identity *identity, struct mc_txn *txn,
                 const struct identity_method *method, unsigned kind, int64_t at_ms,
                 Identity__RegistrationMethod *out)
{
    const struct identity_window *window = &method->windows[kind];
    int64_t day_ms = 0;
    const char *why = identity_method_why(method, kind, at_ms, &day_ms);

    out->code = mc_unconst(method->code);
    out->name = mc_unconst(method->name);
    out->subject_kind = (Identity__SubjectKind)kind;
    out->ial = method->ial;
    out->ial_name = mc_unconst(ial_name(method->ial));
    out->open = why == NULL;
    out->first_day = day_text(txn, window->from_ms);
    out->last_day = day_text(txn, window->until_ms == INT64_MAX ? INT64_MAX : window->until_ms - 1);
    out->officer_rights = method->officer_rights;
    out->condition = mc_unconst(method->condition);
    out->verifier = mc_unconst(method->verifier);
    out->confirmation = mc_unconst(method->confirmation);
    fill_fields(identity, txn, method, out);
    if (why != NULL) {
        const char *args[] = {
            "method", method->name,          "subject", identity_subject_name(kind),
            "date",   day_text(txn, day_ms), NULL};
        out->code_why = mc_unconst(why);
        out->message = identity_text(txn, why, args);
    }
}

static void fill_guide(struct mc_txn *txn, Identity__ListMethodsReply *rep)
{
    struct mc_csv csv;

    rep->guide = list(txn, IDENTITY_GUIDE_MAX);
    mc_csv_open(&csv, mc_data_registration_guide, mc_data_registration_guide_len);
    if (!mc_csv_next(&csv))
        return;
    while (txn->status == MC_OK && rep->n_guide < IDENTITY_GUIDE_MAX && mc_csv_next(&csv)) {
        Identity__GuideText *guide = made(txn, sizeof *guide);
        if (guide == NULL)
            return;
        identity__guide_text__init(guide);
        guide->key = text_of(txn, mc_csv_field(&csv, 0));
        guide->text = text_of(txn, mc_csv_field(&csv, 1));
        rep->guide[rep->n_guide++] = guide;
    }
}

enum mc_status identity_list_methods(struct identity *identity, struct mc_txn *txn,
                                     const Identity__ListMethodsRequest *req,
                                     Identity__ListMethodsReply *rep)
{
    int64_t at_ms = req->at_ms != 0 ? req->at_ms : txn->now_ms;

    rep->methods = list(txn, identity->methods_len * IDENTITY_SUBJECTS);
    for (unsigned kind = 1; kind < IDENTITY_SUBJECTS; kind++)
        for (size_t i = 0; i < identity->methods_len && txn->status == MC_OK; i++) {
            const struct identity_method *method = &identity->methods[i];
            if ((req->subject_kind != 0 && (unsigned)req->subject_kind != kind) ||
                !method->windows[kind].listed)
                continue;
            Identity__RegistrationMethod *out = made(txn, sizeof *out);
            if (out == NULL)
                break;
            identity__registration_method__init(out);
            fill(identity, txn, method, kind, at_ms, out);
            rep->methods[rep->n_methods++] = out;
        }
    fill_guide(txn, rep);
    return txn->status;
}
