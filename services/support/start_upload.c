/* StartUpload: a file will come in parts. Who has no account names himself: operators. */
#include <string.h>

#include "support.h"

/* What lists the uploads of one caller: the account's id, or a hash of the caller's name. */
static struct mc_bytes owner_key(struct mc_txn *txn)
{
    uint8_t id[MC_ID_LEN] = {0};

    if (txn->caller->account_id != NULL && mc_uuid_parse(id, mc_key_text(txn->caller->account_id)))
        return mc_keep(txn, id, sizeof id);
    struct mc_bytes blind = mc_blind(txn, "support.uploader", support_actor(txn));
    return mc_keep(txn, blind.len >= sizeof id ? blind.data : id, sizeof id);
}

static void check_open(struct mc_txn *txn, struct mc_bytes owner)
{
    struct mc_cursor cursor =
        mc_seek(txn, SUPPORT_UPLOADS, owner, (struct mc_bytes){0}, MC_FORWARD);
    unsigned uploads = 0;

    while (uploads < SUPPORT_UPLOADS_MAX && mc_next(&cursor)) {
        uploads++;
        mc_pass(&cursor);
    }
    if (uploads >= SUPPORT_UPLOADS_MAX)
        (void)mc_refuse(txn, MC_LIMITED, "", "UPLOADS_TOO_MANY", NULL);
}

static const char *read_name(struct mc_txn *txn, const char *text)
{
    const char *name = support_line(txn, "file_name", text, SUPPORT_FILE_NAME_CHARS_MAX, true);

    if (strpbrk(name, "/\\") != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        (void)mc_refuse(txn, MC_INVALID, "file_name", "FILE_NAME_INVALID", NULL);
    return name;
}

enum mc_status support_start_upload(struct support *support, struct mc_txn *txn,
                                    const Support__StartUploadRequest *req,
                                    Support__UploadReply *rep)
{
    SupportState__File file = SUPPORT_STATE__FILE__INIT;
    struct mc_hasher hasher;

    const char *name = read_name(txn, req->file_name);
    if (req->size == 0)
        (void)mc_refuse(txn, MC_INVALID, "size", "FIELD_REQUIRED", "field", support_label("size"),
                        NULL);
    else if (req->size > support->file_types.largest)
        (void)mc_refuse(
            txn, MC_INVALID, "size", "FILE_TOO_LARGE", "max",
            support_printf(txn, "%llu", (unsigned long long)support->file_types.largest >> 20),
            NULL);
    struct mc_bytes owner = owner_key(txn);
    if (txn->status == MC_OK)
        check_open(txn, owner);
    if (txn->status != MC_OK)
        return txn->status;

    struct mc_bytes id = mc_new_id(txn);
    mc_hasher_begin(&hasher);
    file.size = req->size;
    file.name = mc_seal_text(txn, name);
    file.by = mc_unconst(support_actor(txn));
    file.at_ms = txn->now_ms;
    file.ends_at_ms = txn->now_ms + support->upload_life_ms;
    file.hasher = mc_seal_bytes(txn, (struct mc_bytes){hasher.state, sizeof hasher.state});
    support_upload_save(txn, support_bytes(id), &file);
    mc_put(txn, SUPPORT_UPLOADS, mc_key_join(txn, owner, id), mc_key_text(""));
    mc_put(txn, SUPPORT_FILE_ENDS, mc_key_join(txn, mc_key_u64(txn, (uint64_t)file.ends_at_ms), id),
           owner);
    support_upload_answer(txn, support_bytes(id), &file, rep);
    return txn->status;
}
