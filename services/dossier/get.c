/* Get: one dossier with its papers and history, for its owner and its unit's officers. */
#include "work.h"

static Dossier__Attachment **paper_rows(struct mc_txn *txn, DossierState__Paper *const *papers,
                                        size_t n)
{
    Dossier__Attachment **list = dossier_list(txn, n);
    Dossier__Attachment *rows = dossier_alloc(txn, (n + 1) * sizeof rows[0]);
    char sha256[2 * MC_HASH_LEN + 1];

    if (list == NULL || rows == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const DossierState__Paper *paper = papers[i];

        dossier__attachment__init(&rows[i]);
        (void)mc_hex(sha256, mc_key_bytes(paper->sha256));
        rows[i].sha256 = dossier_text(txn, sha256);
        rows[i].component = paper->component;
        rows[i].file_name = mc_open_text(txn, paper->file_name);
        rows[i].content_type = paper->content_type;
        rows[i].size = paper->size;
        rows[i].digitised = (Dossier__Digitised)paper->digitised;
        rows[i].stored_paper_id = paper->stored_paper;
        rows[i].from_data_store = paper->from_data_store;
        struct dossier_file file = dossier_file_open(txn, mc_key_bytes(paper->sha256));
        if (file.record != NULL)
            rows[i].scan = (Motcua__Scan)file.record->scan;
        list[i] = &rows[i];
    }
    return list;
}

static void fill_papers(struct mc_txn *txn, const DossierState__Dossier *record,
                        Dossier__DossierView *rep)
{
    rep->attachments = paper_rows(txn, record->papers, record->n_papers);
    rep->n_attachments = rep->attachments != NULL ? record->n_papers : 0;
    rep->results = paper_rows(txn, record->results, record->n_results);
    rep->n_results = rep->results != NULL ? record->n_results : 0;
}

static void fill_history(struct mc_txn *txn, const DossierState__Dossier *record,
                         Dossier__DossierView *rep)
{
    size_t n = record->n_steps;

    rep->history = dossier_list(txn, n);
    Dossier__Progress *rows = dossier_alloc(txn, (n + 1) * sizeof rows[0]);
    if (rep->history == NULL || rows == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        const DossierState__Step *step = record->steps[i];

        dossier__progress__init(&rows[i]);
        rows[i].at_ms = step->at_ms;
        rows[i].from = (Dossier__State)step->from;
        rows[i].to = (Dossier__State)step->to;
        rows[i].actor = step->actor;
        if (step->reason.len > 0)
            rows[i].reason = mc_open_text(txn, step->reason);
        rep->history[i] = &rows[i];
    }
    rep->n_history = n;
}

static void fill_facts(const DossierState__Dossier *record, Dossier__DossierView *rep)
{
    rep->dossier_id = record->dossier_id;
    rep->internal_number = record->internal_number;
    rep->code = record->code;
    rep->external_id = record->external_id;
    rep->procedure_version = record->procedure_version;
    rep->state = (Dossier__State)record->state;
    rep->money = (Dossier__MoneyState)record->money;
    rep->procedure_code = record->procedure_code;
    rep->procedure_name = record->procedure_name;
    rep->sector = record->sector;
    rep->unit = record->unit;
    rep->unit_name = record->unit_name;
    rep->owner_account = record->owner_account;
    rep->created_at_ms = record->created_at_ms;
    rep->sent_at_ms = record->sent_at_ms;
    rep->received_at_ms = record->received_at_ms;
    rep->due_at_ms = record->due_at_ms;
    rep->finished_at_ms = record->finished_at_ms;
    rep->returned_at_ms = record->returned_at_ms;
    rep->version = record->version;
    rep->fee = record->fee;
    rep->refused_at_ms = record->refused_at_ms;
    rep->department = record->department;
    rep->assignee = record->assignee;
    rep->sub_state = record->sub_state;
    rep->copied_from = record->copied_from;
    rep->notes = record->notes;
    rep->group_id = record->group_id;
    rep->part = record->part;
    rep->sync = record->sync != NULL ? (Dossier__SyncState)record->sync->state
                                     : DOSSIER__SYNC_STATE__NOT_TO_SYNC;
    rep->synced_at_ms = record->sync != NULL ? record->sync->synced_at_ms : 0;
    rep->channel = (Dossier__Channel)record->channel;
    rep->receiving_unit = record->receiving_unit;
    rep->receiving_unit_name = record->receiving_unit_name;
    rep->form_code = record->form_code;
    rep->form_version = record->form_version;
    rep->check_by_ms = record->check_by_ms;
}

static void fill_supplement(struct mc_txn *txn, const DossierState__Dossier *record,
                            Dossier__DossierView *rep)
{
    const DossierState__Supplement *kept = record->supplement;
    Dossier__Supplement *out = kept != NULL ? dossier_alloc(txn, sizeof *out) : NULL;
    Dossier__SupplementItem *rows =
        kept != NULL ? dossier_alloc(txn, (kept->n_items + 1) * sizeof rows[0]) : NULL;

    if (out == NULL || rows == NULL)
        return;
    dossier__supplement__init(out);
    out->asked_at_ms = kept->asked_at_ms;
    out->asked_by = kept->asked_by;
    out->reason = mc_open_text(txn, kept->reason);
    out->answered_at_ms = kept->answered_at_ms;
    out->answer_by_ms = kept->answer_by_ms;
    out->items = dossier_list(txn, kept->n_items);
    for (size_t i = 0; i < kept->n_items && out->items != NULL; i++) {
        dossier__supplement_item__init(&rows[i]);
        rows[i].component = kept->items[i]->component;
        rows[i].request = mc_open_text(txn, kept->items[i]->request);
        out->items[out->n_items++] = &rows[i];
    }
    rep->supplement = out;
}

static char *open_if(struct mc_txn *txn, ProtobufCBinaryData sealed)
{
    return sealed.len > 0 ? mc_open_text(txn, sealed) : dossier_text(txn, "");
}

static void fill_applicant(struct mc_txn *txn, const DossierState__Dossier *record,
                           Dossier__DossierView *rep)
{
    const DossierState__Applicant *kept = record->applicant;
    Dossier__Applicant *out = kept != NULL ? dossier_alloc(txn, sizeof *out) : NULL;

    if (out == NULL)
        return;
    dossier__applicant__init(out);
    out->full_name = open_if(txn, kept->full_name);
    out->id_number = open_if(txn, kept->id_number);
    out->phone = open_if(txn, kept->phone);
    out->address = open_if(txn, kept->address);
    out->submitter = open_if(txn, kept->submitter);
    rep->applicant = out;
}

static void fill_return(struct mc_txn *txn, const DossierState__Dossier *record,
                        Dossier__DossierView *rep)
{
    const DossierState__ReturnAddress *to = record->return_address;
    const DossierState__Parcel *kept = record->parcel;
    Dossier__ReturnAddress *address = dossier_alloc(txn, sizeof *address);
    Dossier__Parcel *parcel = dossier_alloc(txn, sizeof *parcel);

    rep->return_way = (Dossier__ReturnWay)record->return_way;
    if (address == NULL || parcel == NULL)
        return;
    dossier__return_address__init(address);
    dossier__parcel__init(parcel);
    if (to != NULL) {
        address->receiver = open_if(txn, to->receiver);
        address->phone = open_if(txn, to->phone);
        address->address = open_if(txn, to->address);
        address->province = open_if(txn, to->province);
        rep->return_address = address;
    }
    if (kept != NULL) {
        parcel->number = kept->number;
        parcel->state = (Dossier__ParcelState)kept->state;
        parcel->waybill = kept->waybill;
        parcel->ordered_at_ms = kept->ordered_at_ms;
        parcel->collected_at_ms = kept->collected_at_ms;
        parcel->delivered_at_ms = kept->delivered_at_ms;
        parcel->problem = kept->problem;
        rep->parcel = parcel;
    }
}

static void fill_holder(const struct dossier *dossier, struct mc_txn *txn,
                        const DossierState__Dossier *record, Dossier__DossierView *rep)
{
    const struct dossier_sub_state *sub =
        dossier_sub_state_find(&dossier->sub_states, record->sub_state, record->unit);

    rep->assignee_name = dossier_owner_name(txn, record->assignee);
    rep->sub_state_name = mc_unconst(sub != NULL ? sub->name : "");
}

static void fill_origins(const struct dossier *dossier, struct mc_txn *txn,
                         const DossierState__Dossier *record, Dossier__DossierView *rep)
{
    struct dossier_form_version version;
    size_t n = record->n_form_origins;
    Dossier__FormOrigin *rows = dossier_alloc(txn, (n + 1) * sizeof *rows);

    rep->form_origins = dossier_list(txn, n);
    if (n == 0 || rows == NULL || rep->form_origins == NULL ||
        !dossier_form_open(dossier, txn, record->form_code, record->form_version,
                           mc_date_from_ms(txn->now_ms), &version))
        return;
    for (size_t i = 0; i < n; i++) {
        const struct dossier_field *field =
            dossier_form_field(&version.form, record->form_origins[i]->field);

        dossier__form_origin__init(&rows[i]);
        rows[i].field = record->form_origins[i]->field;
        rows[i].label = mc_unconst(field != NULL ? field->label : "");
        rows[i].source = record->form_origins[i]->source;
        rows[i].source_kind = record->form_origins[i]->source_kind;
        rows[i].changed = record->form_origins[i]->changed;
        rep->form_origins[rep->n_form_origins++] = &rows[i];
    }
}

static void fill_clock(const struct dossier *dossier, struct mc_txn *txn,
                       const DossierState__Dossier *record, Dossier__DossierView *rep)
{
    const DossierState__Apology *kept = record->apology;
    Dossier__Apology *out = kept != NULL ? dossier_alloc(txn, sizeof *out) : NULL;

    rep->overdue = dossier_is_overdue(record, txn->now_ms);
    if (dossier_clock_runs(record))
        rep->working_ms_left = mc_working_ms(dossier_calendar_of(dossier, txn, record->unit),
                                             txn->now_ms, dossier_work_due(record));
    if (out == NULL)
        return;
    dossier__apology__init(out);
    out->at_ms = kept->at_ms;
    out->by = kept->by;
    out->reason = mc_open_text(txn, kept->reason);
    out->due_before_ms = kept->due_before_ms;
    out->due_after_ms = kept->due_after_ms;
    rep->apology = out;
}

static void fill(const struct dossier *dossier, struct mc_txn *txn, const struct dossier_open *open,
                 Dossier__DossierView *rep)
{
    const DossierState__Dossier *record = open->record;

    fill_facts(record, rep);
    rep->state_name = dossier_text(txn, dossier_state_text(dossier, rep->state, open->actor));
    rep->owner_name = dossier_record_name(txn, record);
    rep->abstract = mc_open_text(txn, record->abstract);
    rep->form = mc_open_text(txn, record->form);
    fill_holder(dossier, txn, record, rep);
    fill_supplement(txn, record, rep);
    fill_applicant(txn, record, rep);
    fill_return(txn, record, rep);
    fill_clock(dossier, txn, record, rep);
    fill_papers(txn, record, rep);
    fill_history(txn, record, rep);
    fill_origins(dossier, txn, record, rep);
}

/* ReadForPartner: all of it for the room that carries it; who it is for is written down. */
enum mc_status dossier_read_for_partner(struct dossier *dossier, struct mc_txn *txn,
                                        const Dossier__ReadForPartnerRequest *req,
                                        Dossier__DossierView *rep)
{
    Dossier__ReadForPartner read = DOSSIER__READ_FOR_PARTNER__INIT;
    struct dossier_open open = {0};

    if (req->partner_id[0] == '\0')
        return mc_refuse(txn, MC_INVALID, "partner_id", "FIELD_REQUIRED", "field", "đối tác", NULL);
    enum mc_status status = dossier_open_any(txn, req->dossier_id, "", &open);
    if (status == MC_NOT_FOUND)
        return mc_refuse(txn, MC_NOT_FOUND, "", "DOSSIER_NOT_FOUND", NULL);
    if (status != MC_OK)
        return status;
    fill(dossier, txn, &open, rep);
    read.dossier_id = req->dossier_id;
    read.partner_id = req->partner_id;
    read.unit = open.record->unit;
    mc_emit(txn, "dossier.read_for_partner", &read.base, MC_PLAIN, dossier_keys(txn, open.record));
    return txn->status;
}

enum mc_status dossier_get(struct dossier *dossier, struct mc_txn *txn,
                           const Dossier__GetRequest *req, Dossier__DossierView *rep)
{
    struct dossier_open open = {0};

    if (dossier_open(txn, req->dossier_id, req->code, &open) != MC_OK)
        return txn->status;
    if (req->as_of_ms != 0 && dossier_as_of(txn, req->as_of_ms, &open) != MC_OK)
        return txn->status;
    fill(dossier, txn, &open, rep);
    return txn->status;
}
