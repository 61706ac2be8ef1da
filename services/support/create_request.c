/*
 * CreateRequest: «Gửi» — the request of a unit goes to Văn phòng Chính phủ (SUP-06 … SUP-16).
 */
#include <string.h>

#include "support.h"

/* Every field of the three blocks of the form; each that fails is told. */
static void read_form(const struct support *support, struct mc_txn *txn,
                      const Support__RequestForm *form, SupportState__Request *record)
{
    record->unit = support_unit_own(support, txn, "form.unit", form->unit);
    record->unit_name =
        support_line(txn, "form.unit_name", form->unit_name, SUPPORT_NAME_CHARS_MAX, true);
    record->service_group =
        support_line(txn, "form.service_group", form->service_group, SUPPORT_NAME_CHARS_MAX, true);
    record->service =
        support_line(txn, "form.service", form->service, SUPPORT_NAME_CHARS_MAX, false);
    const char *requester =
        support_line(txn, "form.requester", form->requester, SUPPORT_NAME_CHARS_MAX, true);
    const char *phone = support_phone(txn, "form.phone", form->phone, true);
    const char *contact =
        support_line(txn, "form.contact", form->contact, SUPPORT_NAME_CHARS_MAX, false);
    const char *contact_phone =
        support_phone(txn, "form.contact_phone", form->contact_phone, false);
    const char *email = support_email(txn, "form.email", form->email, true);
    const char *title = support_line(txn, "form.title", form->title, SUPPORT_TITLE_CHARS_MAX, true);
    const char *description = support_lines(txn, "form.description", form->description,
                                            SUPPORT_DESCRIPTION_CHARS_MAX, true);

    record->requester = mc_seal_text(txn, requester);
    record->phone = mc_seal_text(txn, phone);
    record->contact = mc_seal_text(txn, contact);
    record->contact_phone = mc_seal_text(txn, contact_phone);
    record->email = mc_seal_text(txn, email);
    record->title = mc_seal_text(txn, title);
    record->description = mc_seal_text(txn, description);
}

/* Words once: neither the name nor the requester of a request changes. */
static void index_words(struct mc_txn *txn, const struct support_request *request,
                        const char *title, const char *requester)
{
    struct support_facets *facets = support_alloc(txn, sizeof *facets);

    if (facets == NULL)
        return;
    facets->len = 0;
    support_facets_words(txn, facets, SUPPORT_REQUEST, 't', title, SUPPORT_TITLE_WORDS_MAX);
    support_facets_words(txn, facets, SUPPORT_REQUEST, 'r', requester, SUPPORT_NAME_WORDS_MAX);
    support_facets_put(txn, facets, request->id);
}

bool support_request_send(const struct support *support, struct mc_txn *txn,
                          struct support_request *request, const char *title, const char *requester)
{
    request->record->code = support_code(txn, "YCHT");
    request->record->created_at_ms = txn->now_ms;
    if (!support_request_step(support, txn, request, SUPPORT__REQUEST_STATE__REQUEST_SENT, ""))
        return false;
    mc_put(txn, SUPPORT_CODES, mc_key_text(request->record->code), request->id);
    index_words(txn, request, title, requester);
    support_request_save(txn, request, "support.request_sent");
    support_request_mail(txn, request, "");
    return txn->status == MC_OK;
}

enum mc_status support_create_request(struct support *support, struct mc_txn *txn,
                                      const Support__CreateRequestRequest *req,
                                      Support__Request *rep)
{
    SupportState__Request record = SUPPORT_STATE__REQUEST__INIT;
    struct support_request request = {.record = &record};

    if (req->form == NULL)
        return mc_refuse(txn, MC_INVALID, "form", "FIELD_REQUIRED", "field", support_label("form"),
                         NULL);
    read_form(support, txn, req->form, &record);
    request.id = mc_new_id(txn);
    support_files_use(txn, SUPPORT_REQUEST, request.id, req->n_file_ids, req->file_ids,
                      &record.n_files, &record.files);
    if (txn->status != MC_OK)
        return txn->status;

    request.actor = support_actor_of(support, txn, record.unit) | SUPPORT_BY_REQUESTER;
    if (support_request_send(support, txn, &request, req->form->title, req->form->requester))
        support_request_show(txn, &request, rep);
    return txn->status;
}
