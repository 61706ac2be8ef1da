/* Attach: a paper of a draft or of a supplement: its content in the message, or a finished upload.
 */
#include <string.h>

#include "dossier.h"

static void check_content(struct mc_txn *txn, struct mc_bytes content)
{
    if (content.len == 0)
        mc_refuse(txn, MC_INVALID, "content", "FIELD_REQUIRED", "field", "content", NULL);
    else if (content.len > DOSSIER_FILE_MAX)
        mc_refuse(txn, MC_INVALID, "content", "FILE_TOO_LARGE", "max", "5", NULL);
    else if (dossier_sniff(content) == NULL)
        mc_refuse(txn, MC_INVALID, "content", "FILE_TYPE", NULL);
}

/* A name, not a path: some day somebody will save it under that name. */
static char *check_file_name(struct mc_txn *txn, const char *text)
{
    char *name = dossier_line(txn, "file_name", text, DOSSIER_FILE_NAME_CHARS_MAX);

    if (name != NULL && (name[0] == '\0' || name[0] == '.' || strpbrk(name, "/\\") != NULL))
        mc_refuse(txn, MC_INVALID, "file_name", "FILE_NAME_INVALID", NULL);
    return name;
}

static char *check_component(struct mc_txn *txn, const char *text)
{
    char *component = dossier_line(txn, "component", text, DOSSIER_COMPONENT_CHARS_MAX);

    if (component != NULL && component[0] == '\0')
        mc_refuse(txn, MC_INVALID, "component", "FIELD_REQUIRED", "field", "component", NULL);
    return component;
}

/* What came on paper is scanned by the officers who have it in hand, until it is dealt with. */
static bool may_scan(const struct dossier_open *open)
{
    return open->actor == DOSSIER_BY_OFFICER &&
           open->record->channel != DOSSIER__CHANNEL__BY_PORTAL &&
           (open->was == DOSSIER__STATE__RECEIVED || open->was == DOSSIER__STATE__PROCESSING ||
            open->was == DOSSIER__STATE__SUPPLEMENT_REQUESTED);
}

static enum mc_status check_open(struct mc_txn *txn, const struct dossier_open *open,
                                 uint64_t content_len)
{
    const DossierState__Dossier *record = open->record;

    bool scanned = may_scan(open);
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

static void add_paper(struct mc_txn *txn, DossierState__Dossier *record,
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

static void tell(struct mc_txn *txn, const DossierState__Dossier *record, const char *sha256,
                 uint64_t size)
{
    Dossier__Attached attached = DOSSIER__ATTACHED__INIT;
    char id[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(id, record->dossier_id.data);
    attached.dossier_id = record->dossier_id;
    attached.sha256 = mc_unconst(sha256);
    attached.size = size;
    const char *keys[] = {mc_sprintf(txn->arena, "dossier:%s", id),
                          mc_sprintf(txn->arena, "account:%s", record->owner_account), NULL};
    mc_emit(txn, "dossier.attached", &attached.base, MC_PLAIN, keys);
}

/* A file in the call's hand: held once, and the paper that would refer to it. */
struct taken {
    struct mc_bytes hash;
    const char *content_type;
    uint64_t size;
};

static enum mc_status take_upload(struct mc_txn *txn, ProtobufCBinaryData upload_id,
                                  struct taken *ret_taken)
{
    struct dossier_file file = {0};

    if (dossier_upload_take(txn, upload_id, &file) == MC_OK)
        *ret_taken = (struct taken){file.hash, file.record->content_type, file.record->size};
    return txn->status;
}

static void take_content(struct mc_txn *txn, struct mc_bytes content, struct taken *ret_taken)
{
    uint8_t hash[MC_HASH_LEN];

    mc_hash(hash, content);
    *ret_taken =
        (struct taken){mc_keep(txn, hash, sizeof hash), dossier_sniff(content), content.len};
    dossier_file_put(txn, hash, content, ret_taken->content_type);
}

static void fill(struct mc_txn *txn, const struct taken *taken, Dossier__AttachReply *rep)
{
    char sha256[2 * MC_HASH_LEN + 1];

    (void)mc_hex(sha256, taken->hash);
    rep->sha256 = dossier_text(txn, sha256);
    rep->content_type = mc_unconst(taken->content_type);
    rep->size = taken->size;
}

enum mc_status dossier_attach(struct dossier *dossier, struct mc_txn *txn,
                              const Dossier__AttachRequest *req, Dossier__AttachReply *rep)
{
    struct mc_bytes content = mc_key_bytes(req->content);
    struct dossier_open open = {0};
    struct taken taken = {0};

    if (req->upload_id.len == 0)
        check_content(txn, content);
    else if (content.len > 0)
        mc_refuse(txn, MC_INVALID, "content", "FIELD_INVALID", "field", "content", NULL);
    const char *file_name = check_file_name(txn, req->file_name);
    char *component = check_component(txn, req->component);
    if (txn->status != MC_OK || dossier_open(txn, req->dossier_id, "", &open) != MC_OK)
        return txn->status;
    if (req->upload_id.len == 0)
        take_content(txn, content, &taken);
    else if (take_upload(txn, req->upload_id, &taken) != MC_OK)
        return txn->status;

    fill(txn, &taken, rep);
    if ((open.actor == DOSSIER_BY_CITIZEN || may_scan(&open)) &&
        dossier_paper_find(open.record, taken.hash, component) != NULL) {
        dossier_file_release(dossier, txn, taken.hash); /* it is there already: once is enough */
        return txn->status;
    }
    if (check_open(txn, &open, taken.size) != MC_OK)
        return txn->status;

    DossierState__Paper paper = DOSSIER_STATE__PAPER__INIT;
    paper.sha256 = (ProtobufCBinaryData){taken.hash.len, mc_unconst(taken.hash.data)};
    paper.component = component;
    paper.file_name = mc_seal_text(txn, file_name);
    paper.content_type = rep->content_type;
    paper.size = taken.size;
    add_paper(txn, open.record, &paper);
    dossier_save(txn, &open);
    if (txn->status == MC_OK)
        tell(txn, open.record, rep->sha256, taken.size);
    return txn->status;
}
