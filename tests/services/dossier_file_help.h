/* Contents of files, and uploads in parts. */
#pragma once

#include <stdlib.h>

#include "dossier_help.h"

/* A PDF by its first bytes, and different from others by its seed. */
static inline uint8_t *pdf_of(size_t len, uint8_t seed)
{
    uint8_t *content = malloc(len);

    assert_non_null(content);
    for (size_t i = 0; i < len; i++)
        content[i] = (uint8_t)((i * 31 >> 7) + seed);
    memcpy(content, "%PDF-1.7\n", MC_MIN(len, (size_t)9));
    return content;
}

static inline const char *hash_of(const void *content, size_t len)
{
    static char text[2 * MC_HASH_LEN + 1];
    uint8_t hash[MC_HASH_LEN];

    mc_hash(hash, (struct mc_bytes){content, len});
    (void)mc_hex(text, (struct mc_bytes){hash, sizeof hash});
    return text;
}

static inline Dossier__UploadReply *start_as(struct harness *h, const struct mc_caller *caller,
                                             uint64_t size, enum mc_status want)
{
    Dossier__StartUploadRequest req = DOSSIER__START_UPLOAD_REQUEST__INIT;

    req.size = size;
    harness_as(h, caller);
    return harness_call(h, "StartUpload", &req.base, want);
}

static inline Dossier__UploadReply *part(struct harness *h, ProtobufCBinaryData id, uint64_t offset,
                                         const uint8_t *content, size_t len, enum mc_status want)
{
    Dossier__UploadPartRequest req = DOSSIER__UPLOAD_PART_REQUEST__INIT;

    req.upload_id = id;
    req.offset = offset;
    req.content = (ProtobufCBinaryData){len, mc_unconst(content + offset)};
    return harness_call(h, "UploadPart", &req.base, want);
}

static inline Dossier__UploadReply *finish(struct harness *h, ProtobufCBinaryData id,
                                           const char *sha256, enum mc_status want)
{
    Dossier__FinishUploadRequest req = DOSSIER__FINISH_UPLOAD_REQUEST__INIT;

    req.upload_id = id;
    req.sha256 = mc_unconst(sha256);
    return harness_call(h, "FinishUpload", &req.base, want);
}

static inline Dossier__UploadReply *parts(struct harness *h, ProtobufCBinaryData id, uint64_t from,
                                          const uint8_t *content, size_t len)
{
    Dossier__UploadReply *last = NULL;

    for (uint64_t at = from; at < len; at += DOSSIER_CHUNK)
        last = part(h, id, at, content, MC_MIN(len - at, (size_t)DOSSIER_CHUNK), MC_OK);
    return last;
}

/* From beginning to end. */
static inline Dossier__UploadReply *upload_as(struct harness *h, const struct mc_caller *caller,
                                              const uint8_t *content, size_t len)
{
    Dossier__UploadReply *upload = start_as(h, caller, len, MC_OK);

    (void)parts(h, upload->upload_id, 0, content, len);
    return finish(h, upload->upload_id, hash_of(content, len), MC_OK);
}

static inline Dossier__AttachReply *attach_upload(struct harness *h, const struct mc_caller *caller,
                                                  ProtobufCBinaryData dossier_id,
                                                  ProtobufCBinaryData upload_id,
                                                  const char *component, enum mc_status want)
{
    Dossier__AttachRequest req = DOSSIER__ATTACH_REQUEST__INIT;

    req.dossier_id = dossier_id;
    req.component = mc_unconst(component);
    req.file_name = mc_unconst("ban-quet.pdf");
    req.upload_id = upload_id;
    harness_as(h, caller);
    return harness_call(h, "Attach", &req.base, want);
}

static inline Dossier__AttachReply *
attach_content(struct harness *h, const struct mc_caller *caller, ProtobufCBinaryData dossier_id,
               const void *content, size_t len, const char *component)
{
    Dossier__AttachRequest req = DOSSIER__ATTACH_REQUEST__INIT;

    req.dossier_id = dossier_id;
    req.component = mc_unconst(component);
    req.file_name = mc_unconst("ban-quet.pdf");
    req.content = (ProtobufCBinaryData){len, mc_unconst(content)};
    harness_as(h, caller);
    return harness_call(h, "Attach", &req.base, MC_OK);
}
