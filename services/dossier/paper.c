/* Papers of a dossier: taken in, added, found, and read for a purpose. */
#include <string.h>

#include "common/text.h"

#include "dossier.h"

/* A name, not a path: some day somebody will save it under that name. */
char *dossier_paper_file_name(struct mc_txn *txn, const char *text)
{
    char *name = dossier_line(txn, "file_name", text, DOSSIER_FILE_NAME_CHARS_MAX);

    if (name != NULL && (name[0] == '\0' || name[0] == '.' || strpbrk(name, "/\\") != NULL))
        mc_refuse(txn, MC_INVALID, "file_name", "FILE_NAME_INVALID", NULL);
    return name;
}

char *dossier_paper_component(struct mc_txn *txn, const char *text)
{
    char *component = dossier_line(txn, "component", text, DOSSIER_COMPONENT_CHARS_MAX);

    if (component != NULL && component[0] == '\0')
        mc_refuse(txn, MC_INVALID, "component", "FIELD_REQUIRED", "field", "component", NULL);
    return component;
}

bool dossier_paper_may_scan(const struct dossier_open *open)
{
    return open->actor == DOSSIER_BY_OFFICER &&
           open->record->channel != DOSSIER__CHANNEL__BY_PORTAL &&
           (open->was == DOSSIER__STATE__RECEIVED || open->was == DOSSIER__STATE__PROCESSING ||
            open->was == DOSSIER__STATE__SUPPLEMENT_REQUESTED);
}

enum mc_status dossier_paper_check(struct mc_txn *txn, const struct dossier_open *open,
                                   uint64_t content_len)
{
    const DossierState__Dossier *record = open->record;
    bool scanned = dossier_paper_may_scan(open);

    if (open->actor != DOSSIER_BY_CITIZEN && !scanned)
        return mc_refuse(txn, MC_DENIED, "", "DOSSIER_NOT_YOURS", NULL);
    if (!scanned && open->was != DOSSIER__STATE__DRAFT &&
        open->was != DOSSIER__STATE__SUPPLEMENT_REQUESTED)
        return mc_refuse(txn, MC_EXPIRED, "", "DOSSIER_SENT_ALREADY", NULL);
    if (record->n_papers >= DOSSIER_PAPERS_MAX)
        mc_refuse(txn, MC_LIMITED, "", "FILES_TOO_MANY", "max",
                  dossier_number_text(txn, DOSSIER_PAPERS_MAX), NULL);
    if (record->papers_size + content_len > DOSSIER_PAPERS_SIZE_MAX)
        mc_refuse(txn, MC_LIMITED, "content", "FILES_TOO_LARGE", "max", "40", NULL);
    return txn->status;
}

void dossier_paper_add(struct mc_txn *txn, DossierState__Dossier *record,
                       const DossierState__Paper *paper)
{
    size_t n = record->n_papers;
    DossierState__Paper **papers = dossier_list(txn, n + 1);

    if (papers == NULL)
        return;
    if (n > 0)
        memcpy(papers, record->papers, n * sizeof(void *));
    papers[n] = mc_unconst(paper);
    record->papers = papers;
    record->n_papers = n + 1;
    record->papers_size += paper->size;
}

static const DossierState__Paper *find(DossierState__Paper *const *papers, size_t n,
                                       struct mc_bytes hash, const char *component)
{
    for (size_t i = 0; i < n; i++)
        if (mc_bytes_same(mc_key_bytes(papers[i]->sha256), hash) &&
            (component == NULL || strcmp(papers[i]->component, component) == 0))
            return papers[i];
    return NULL;
}

const DossierState__Paper *dossier_paper_find(const DossierState__Dossier *record,
                                              struct mc_bytes hash, const char *component)
{
    return find(record->papers, record->n_papers, hash, component);
}

const DossierState__Paper *dossier_paper_or_result(const DossierState__Dossier *record,
                                                   struct mc_bytes hash)
{
    const DossierState__Paper *paper = find(record->papers, record->n_papers, hash, NULL);

    return paper != NULL ? paper : find(record->results, record->n_results, hash, NULL);
}

static enum mc_status check_content(struct mc_txn *txn, struct mc_bytes content)
{
    if (content.len == 0)
        return mc_refuse(txn, MC_INVALID, "content", "FIELD_REQUIRED", "field", "content", NULL);
    if (content.len > DOSSIER_FILE_MAX)
        return mc_refuse(txn, MC_INVALID, "content", "FILE_TOO_LARGE", "max", "5", NULL);
    if (mc_sniff(content) == NULL)
        return mc_refuse(txn, MC_INVALID, "content", "FILE_TYPE", NULL);
    return txn->status;
}

enum mc_status dossier_take_check(struct mc_txn *txn, ProtobufCBinaryData content,
                                  ProtobufCBinaryData upload_id)
{
    if (upload_id.len == 0)
        return check_content(txn, mc_key_bytes(content));
    if (content.len > 0)
        mc_refuse(txn, MC_INVALID, "content", "FIELD_INVALID", "field", "content", NULL);
    return txn->status;
}

enum mc_status dossier_take(const struct dossier *dossier, struct mc_txn *txn,
                            ProtobufCBinaryData content, ProtobufCBinaryData upload_id,
                            struct dossier_taken *ret_taken)
{
    struct dossier_file file = {0};
    uint8_t hash[MC_HASH_LEN];

    if (dossier_take_check(txn, content, upload_id) != MC_OK)
        return txn->status;
    if (upload_id.len > 0) {
        if (dossier_upload_take(txn, upload_id, &file) == MC_OK &&
            dossier_scan_check(txn, file.record) == MC_OK)
            *ret_taken =
                (struct dossier_taken){file.hash, file.record->content_type, file.record->size};
        return txn->status;
    }
    mc_hash(hash, mc_key_bytes(content));
    *ret_taken = (struct dossier_taken){mc_keep(txn, hash, sizeof hash),
                                        mc_sniff(mc_key_bytes(content)), content.len};
    file = dossier_file_open(txn, ret_taken->hash);
    if (file.record == NULL || dossier_scan_check(txn, file.record) == MC_OK)
        dossier_file_put(dossier, txn, hash, mc_key_bytes(content), ret_taken->content_type);
    return txn->status;
}

static enum mc_status check_range(struct mc_txn *txn, uint64_t size, uint64_t offset,
                                  uint64_t length)
{
    if (length > DOSSIER_READ_MAX)
        return mc_refuse(txn, MC_INVALID, "length", "FILE_RANGE", "max",
                         dossier_number_text(txn, DOSSIER_READ_MAX), NULL);
    if (offset > size || (length == 0 && offset > 0))
        return mc_refuse(txn, MC_INVALID, "offset", "FILE_RANGE", "max",
                         dossier_number_text(txn, DOSSIER_READ_MAX), NULL);
    if (length == 0 && size > DOSSIER_FILE_MAX)
        return mc_refuse(txn, MC_INVALID, "length", "FILE_READ_IN_PARTS", "max",
                         dossier_number_text(txn, DOSSIER_FILE_MAX >> 20), NULL);
    return MC_OK;
}

struct mc_bytes dossier_file_read(struct mc_txn *txn, struct mc_bytes hash, uint64_t size,
                                  uint64_t offset, uint64_t length)
{
    if (check_range(txn, size, offset, length) != MC_OK)
        return (struct mc_bytes){0};
    struct dossier_file file = dossier_file_open(txn, hash);
    if (file.record == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "file missing");
        return (struct mc_bytes){0};
    }
    if (dossier_scan_check(txn, file.record) != MC_OK)
        return (struct mc_bytes){0};
    if (length == 0)
        return dossier_file_get(txn, hash, size);
    return dossier_file_range(txn, file.record, offset, length);
}

void dossier_tell_read(struct mc_txn *txn, Dossier__FileRead *read, const char *const *keys)
{
    read->by = mc_unconst(txn->actor);
    read->unit = mc_unconst(txn->caller->unit != NULL ? txn->caller->unit : "");
    read->purpose = txn->header->purpose;
    mc_emit(txn, "dossier.file_read", &read->base, MC_SEALED, keys);
}

bool dossier_check_purpose(struct mc_txn *txn, unsigned actor)
{
    const char *purpose = txn->header->purpose;

    if (actor == DOSSIER_BY_CITIZEN)
        return true;
    if (purpose[strspn(purpose, " \t")] == '\0')
        mc_refuse(txn, MC_INVALID, "purpose", "PURPOSE_REQUIRED", NULL);
    else if (mc_text_chars(purpose) > DOSSIER_PURPOSE_CHARS_MAX)
        mc_refuse(txn, MC_INVALID, "purpose", "FIELD_TOO_LONG", "field", "purpose", "max",
                  dossier_number_text(txn, DOSSIER_PURPOSE_CHARS_MAX), NULL);
    return txn->status == MC_OK;
}
