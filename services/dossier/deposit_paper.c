/*
 * DepositPaper: an officer puts a paper into its holder's data store: one that he scanned at
 * reception (it is a paper of the dossier already), or the dossier's result when it is finished or
 * returned (DIG-01). A result becomes a paper of the dossier, too: the citizen reads it there.
 */
#include <string.h>

#include "common/date.h"

#include "dossier.h"

static bool is_result(const Dossier__DepositPaperRequest *req)
{
    return req->origin == DOSSIER__PAPER_ORIGIN__RESULT_OF_DOSSIER;
}

static enum mc_status check_officer(struct mc_txn *txn, const struct dossier_open *open,
                                    const Dossier__DepositPaperRequest *req)
{
    bool done = open->was == DOSSIER__STATE__FINISHED || open->was == DOSSIER__STATE__RETURNED;

    if (is_result(req)) {
        if (!dossier_may(txn->caller, DOSSIER_RIGHT_RETURN) &&
            !dossier_may(txn->caller, DOSSIER_RIGHT_APPROVE))
            return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", DOSSIER_RIGHT_RETURN,
                             NULL);
        if (!done)
            return mc_refuse(txn, MC_EXPIRED, "dossier_id", "RESULT_TOO_EARLY", NULL);
        return MC_OK;
    }
    if (!dossier_may(txn->caller, DOSSIER_RIGHT_ACCEPT) &&
        !dossier_may(txn->caller, DOSSIER_RIGHT_PROCESS))
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", DOSSIER_RIGHT_ACCEPT, NULL);
    if (open->was != DOSSIER__STATE__RECEIVED && open->was != DOSSIER__STATE__PROCESSING &&
        open->was != DOSSIER__STATE__SUPPLEMENT_REQUESTED)
        return mc_refuse(txn, MC_EXPIRED, "dossier_id", "DIGITISE_WHEN", NULL);
    return MC_OK;
}

static int64_t check_day(struct mc_txn *txn, const char *field, const char *text)
{
    struct mc_date day;

    if (text[0] == '\0')
        return 0;
    enum mc_why why = mc_date_parse(text, &day);
    if (why == MC_WHY_OK)
        return mc_date_days(day);
    mc_refuse(txn, MC_INVALID, field, mc_why_code(why), NULL);
    return 0;
}

static void check_name(const struct dossier *dossier, struct mc_txn *txn,
                       const Dossier__DepositPaperRequest *req, DossierState__StoredPaper *record)
{
    const char *name = req->name;

    if (req->result_code[0] != '\0') {
        const char *known = dossier_result_name(&dossier->result_codes, req->result_code);
        if (known == NULL)
            mc_refuse(txn, MC_INVALID, "result_code", "RESULT_CODE_UNKNOWN", NULL);
        else
            name = known;
    }
    record->result_code = req->result_code;
    record->name = dossier_line(txn, "name", name, DOSSIER_STORED_NAME_CHARS_MAX);
    if (record->name != NULL && record->name[0] == '\0')
        mc_refuse(txn, MC_INVALID, "name", "FIELD_REQUIRED", "field", "name", NULL);
}

static void check_facts(const struct dossier *dossier, struct mc_txn *txn,
                        const Dossier__DepositPaperRequest *req, const char *unit,
                        DossierState__StoredPaper *record)
{
    char issuer[MC_AGENCY_CODE_SIZE];

    if (!protobuf_c_enum_descriptor_get_value(&dossier__paper_origin__descriptor, (int)req->origin))
        mc_refuse(txn, MC_INVALID, "origin", "FIELD_INVALID", "field", "origin", NULL);
    check_name(dossier, txn, req, record);
    const char *number = dossier_line(txn, "number", req->number, DOSSIER_STORED_NUMBER_CHARS_MAX);
    if (number != NULL && number[0] == '\0')
        mc_refuse(txn, MC_INVALID, "number", "FIELD_REQUIRED", "field", "number", NULL);
    if (mc_agency_parse(req->issuer[0] != '\0' ? req->issuer : unit, issuer, sizeof issuer) !=
        MC_WHY_OK)
        mc_refuse(txn, MC_INVALID, "issuer", "AGENCY_CODE_FORMAT", NULL);
    record->issued_on_days = check_day(txn, "issued_on", req->issued_on);
    record->valid_until_days = check_day(txn, "valid_until", req->valid_until);
    if (record->valid_until_days != 0 && record->valid_until_days < record->issued_on_days)
        mc_refuse(txn, MC_INVALID, "valid_until", "PAPER_DATES", NULL);
    if (txn->status != MC_OK)
        return;
    record->number = mc_seal_text(txn, number);
    record->issuer = dossier_text(txn, issuer);
    record->origin = (uint32_t)req->origin;
}

/* The same paper twice would be two truths: the old one is ended first. */
static void check_new(struct mc_txn *txn, struct mc_bytes holder,
                      const DossierState__StoredPaper *record, const char *number)
{
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_HOLDERS, holder, (struct mc_bytes){0}, MC_FORWARD);
    size_t rows = 0;

    while (mc_next(&cursor)) {
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + holder.len,
                              cursor.key.len - holder.len};
        const DossierState__StoredPaper *other =
            mc_load(txn, DOSSIER_STORED_PAPERS, id, &dossier_state__stored_paper__descriptor);

        if (other != NULL &&
            dossier_stored_state(txn, other) == DOSSIER__PAPER_STATE__PAPER_VALID &&
            strcmp(other->name, record->name) == 0 && strcmp(other->issuer, record->issuer) == 0 &&
            strcmp(mc_open_text(txn, other->number), number) == 0) {
            mc_refuse(txn, MC_CONFLICT, "number", "PAPER_EXISTS", NULL);
            return;
        }
        if (++rows >= DOSSIER_STORED_MAX) {
            mc_refuse(txn, MC_LIMITED, "", "PAPERS_TOO_MANY", "max",
                      dossier_number_text(txn, DOSSIER_STORED_MAX), NULL);
            return;
        }
        mc_pass(&cursor);
    }
}

static enum mc_status scanned_paper(struct mc_txn *txn, const Dossier__DepositPaperRequest *req,
                                    DossierState__Dossier *dossier, DossierState__Paper **ret_paper)
{
    uint8_t hash[MC_HASH_LEN];

    if (!mc_unhex(hash, sizeof hash, mc_key_text(req->sha256)))
        return mc_refuse(txn, MC_INVALID, "sha256", "FIELD_INVALID", "field", "sha256", NULL);
    *ret_paper = mc_unconst(
        dossier_paper_find(dossier, (struct mc_bytes){hash, sizeof hash}, req->component));
    if (*ret_paper == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "sha256", "FILE_NOT_FOUND", NULL);
    if ((*ret_paper)->digitised != DOSSIER__DIGITISED__NOT_DIGITISED)
        return mc_refuse(txn, MC_CONFLICT, "sha256", "PAPER_DIGITISED", NULL);
    struct dossier_file file = dossier_file_open(txn, mc_key_bytes((*ret_paper)->sha256));
    if (file.record == NULL || dossier_scan_check(txn, file.record) != MC_OK)
        return mc_fail(txn, MC_CORRUPT, "file missing");
    (*ret_paper)->digitised = DOSSIER__DIGITISED__DIGITISED;
    dossier_file_hold(txn, mc_key_bytes((*ret_paper)->sha256));
    return txn->status;
}

/* Held twice: by the dossier and by the store. */
static enum mc_status result_paper(const struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__DepositPaperRequest *req, const char *name,
                                   DossierState__Dossier *into, DossierState__Paper **ret_paper)
{
    struct dossier_taken taken = {0};
    DossierState__Paper *paper = dossier_alloc(txn, sizeof *paper);
    const char *file_name = dossier_paper_file_name(txn, req->file_name);

    if (paper == NULL || dossier_take(dossier, txn, req->content, req->upload_id, &taken) != MC_OK)
        return txn->status;
    dossier_state__paper__init(paper);
    paper->sha256 = (ProtobufCBinaryData){taken.hash.len, mc_unconst(taken.hash.data)};
    paper->component = dossier_text(txn, name);
    paper->file_name = mc_seal_text(txn, file_name);
    paper->content_type = mc_unconst(taken.content_type);
    paper->size = taken.size;
    if (into->n_results >= DOSSIER_PAPERS_MAX)
        return mc_refuse(txn, MC_LIMITED, "", "FILES_TOO_MANY", "max",
                         dossier_number_text(txn, DOSSIER_PAPERS_MAX), NULL);
    DossierState__Paper **results = dossier_list(txn, into->n_results + 1);
    if (results == NULL)
        return txn->status;
    if (into->n_results > 0)
        memcpy(results, into->results, into->n_results * sizeof(void *));
    results[into->n_results++] = paper;
    into->results = results;
    dossier_file_hold(txn, taken.hash);
    *ret_paper = paper;
    return txn->status;
}

/*
 * A signature of a PDF lies in its last revision (PDF 32000-1, 12.8). Only that there is one is
 * told here; to believe it, its certificate is verified where the file is opened.
 */
static Dossier__PaperSignature signature_of(struct mc_txn *txn, const DossierState__Paper *paper)
{
    struct dossier_file file = dossier_file_open(txn, mc_key_bytes(paper->sha256));

    if (file.record == NULL || strcmp(file.record->content_type, "application/pdf") != 0)
        return DOSSIER__PAPER_SIGNATURE__SIGNATURE_NONE;
    uint64_t tail = MC_MIN(file.record->size, (uint64_t)2 * DOSSIER_CHUNK);
    struct mc_bytes end = dossier_file_range(txn, file.record, file.record->size - tail, tail);
    bool found = end.len > 0 && memmem(end.data, end.len, "/ByteRange", 10) != NULL &&
                 memmem(end.data, end.len, "/SubFilter", 10) != NULL;
    return found ? DOSSIER__PAPER_SIGNATURE__SIGNATURE_PRESENT
                 : DOSSIER__PAPER_SIGNATURE__SIGNATURE_NONE;
}

static void tell(struct mc_txn *txn, const DossierState__Dossier *dossier, struct mc_bytes id,
                 const DossierState__StoredPaper *record, const char *sha256)
{
    Dossier__PaperDeposited told = DOSSIER__PAPER_DEPOSITED__INIT;

    told.paper_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    told.dossier_id = dossier->dossier_id;
    told.origin = (Dossier__PaperOrigin)record->origin;
    told.result_code = record->result_code;
    told.name = record->name;
    told.issuer = record->issuer;
    told.sha256 = mc_unconst(sha256);
    mc_emit(txn, "dossier.paper_deposited", &told.base, MC_PLAIN, dossier_keys(txn, dossier));
}

enum mc_status dossier_deposit_paper(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__DepositPaperRequest *req,
                                     Dossier__DepositPaperReply *rep)
{
    struct dossier_open open = {0};
    DossierState__StoredPaper record = DOSSIER_STATE__STORED_PAPER__INIT;
    DossierState__Paper *paper = NULL;

    if (dossier_open_officer(txn, req->dossier_id, &open) != MC_OK ||
        dossier_check_version(txn, &open, req->version) != MC_OK ||
        check_officer(txn, &open, req) != MC_OK)
        return txn->status;
    check_facts(dossier, txn, req, open.record->unit, &record);
    struct mc_bytes holder = dossier_holder_of_dossier(txn, open.record);
    if (txn->status == MC_OK && holder.len == 0)
        mc_refuse(txn, MC_NOT_FOUND, "dossier_id", "HOLDER_UNKNOWN", NULL);
    if (txn->status == MC_OK)
        check_new(txn, holder, &record, mc_open_text(txn, record.number));
    if (txn->status != MC_OK ||
        (is_result(req) ? result_paper(dossier, txn, req, record.name, open.record, &paper)
                        : scanned_paper(txn, req, open.record, &paper)) != MC_OK ||
        paper == NULL)
        return txn->status;

    struct mc_bytes id = mc_new_id(txn);
    record.sha256 = paper->sha256;
    record.signature = (uint32_t)signature_of(txn, paper);
    record.content_type = paper->content_type;
    record.size = paper->size;
    record.file_name = paper->file_name;
    record.dossier_id = open.record->dossier_id;
    record.deposited_at_ms = txn->now_ms;
    record.by = dossier_text(txn, txn->actor);
    paper->stored_paper = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    mc_save(txn, DOSSIER_STORED_PAPERS, id, &record.base);
    mc_put(txn, DOSSIER_HOLDERS, mc_key_join(txn, holder, id), mc_key_text(""));
    dossier_save(txn, &open);

    rep->paper = dossier_alloc(txn, sizeof *rep->paper);
    if (rep->paper == NULL)
        return txn->status;
    dossier_stored_fill(txn, id, &record, rep->paper);
    rep->version = open.record->version;
    tell(txn, open.record, id, &record, rep->paper->sha256);
    return txn->status;
}
