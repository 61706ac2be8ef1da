/* What the support room's tests share: who calls, the form, files. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "../harness.h"
#include "services/support/support.h"

#define PROVINCE_UNIT "000.00.00.H40" /* Nam Định, as in the seed's example */
#define OTHER_UNIT    "000.00.00.H53"
#define VPCP          "000.00.00.G22"
#define MAKER         "0190a07b-0000-7000-8000-000000000011"
#define STAFF         "0190a07b-0000-7000-8000-000000000012"
#define COLLEAGUE     "0190a07b-0000-7000-8000-000000000013"
#define HOUR_MS       3600000LL

/* Message fields are not const, and nobody writes through these. */
static inline char *text(const char *literal)
{
    return mc_unconst(literal);
}

static inline void as_officer(struct harness *h, const char *account, const char *unit)
{
    static const char *const rights[] = {SUPPORT_RIGHT_MANAGE};

    harness_as(h, &(struct mc_caller){.name = "portal:test",
                                      .who = MC_CITIZEN | MC_OFFICER,
                                      .account_id = account,
                                      .unit = unit,
                                      .rights = rights,
                                      .rights_len = 1,
                                      .ial = 2});
    harness_purpose(h, "xử lý yêu cầu hỗ trợ");
}

static inline void as_maker(struct harness *h)
{
    as_officer(h, MAKER, PROVINCE_UNIT);
}

static inline void as_staff(struct harness *h)
{
    as_officer(h, STAFF, VPCP);
}

static inline Support__RequestForm form_of(const char *title)
{
    Support__RequestForm form = SUPPORT__REQUEST_FORM__INIT;

    form.unit_name = text("Tỉnh Nam Định");
    form.service_group = text("Tích hợp Cổng Dịch vụ công quốc gia");
    form.service = text("Thanh toán nghĩa vụ tài chính về đất đai");
    form.requester = text("Trần Thị Bưởi");
    form.phone = text("0912000101");
    form.contact = text("Lê Văn Cam");
    form.contact_phone = text("02283 649 123");
    form.email = text("mot-cua@namdinh.example.vn");
    form.title = text(title);
    form.description = text("Đề nghị cấu hình API cho Nam Định\nURL");
    return form;
}

static inline const Support__Request *create_with(struct harness *h, Support__RequestForm *form,
                                                  size_t n, ProtobufCBinaryData *files,
                                                  enum mc_status want)
{
    Support__CreateRequestRequest req = SUPPORT__CREATE_REQUEST_REQUEST__INIT;

    req.form = form;
    req.n_file_ids = n;
    req.file_ids = files;
    return harness_call(h, "CreateRequest", &req.base, want);
}

static inline const Support__Request *create(struct harness *h, const char *title)
{
    Support__RequestForm form = form_of(title);

    as_maker(h);
    return create_with(h, &form, 0, NULL, MC_OK);
}

static inline const Support__Request *get(struct harness *h, const Support__Request *at,
                                          enum mc_status want)
{
    Support__GetRequestRequest req = SUPPORT__GET_REQUEST_REQUEST__INIT;

    req.request_id = at->request_id;
    return harness_call(h, "GetRequest", &req.base, want);
}

static inline const Support__Request *move(struct harness *h, const Support__Request *at,
                                           Support__RequestState to, const char *words,
                                           enum mc_status want)
{
    Support__MoveRequestRequest req = SUPPORT__MOVE_REQUEST_REQUEST__INIT;

    req.code = at->code;
    req.version = at->version;
    req.to = to;
    req.text = text(words);
    return harness_call(h, "MoveRequest", &req.base, want);
}

static inline const Support__UploadReply *upload_start(struct harness *h, const char *name,
                                                       uint64_t size, enum mc_status want)
{
    Support__StartUploadRequest req = SUPPORT__START_UPLOAD_REQUEST__INIT;

    req.file_name = text(name);
    req.size = size;
    return harness_call(h, "StartUpload", &req.base, want);
}

/* The first part, then as many zeros as it takes. */
static inline void upload_parts(struct harness *h, ProtobufCBinaryData id, struct mc_bytes head,
                                uint64_t size, uint8_t ret_hash[MC_HASH_LEN])
{
    static uint8_t part[SUPPORT_CHUNK];
    struct mc_hasher hasher;

    mc_hasher_begin(&hasher);
    for (uint64_t at = 0; at < size; at += SUPPORT_CHUNK) {
        Support__UploadPartRequest req = SUPPORT__UPLOAD_PART_REQUEST__INIT;

        memset(part, 0, sizeof part);
        if (at == 0)
            memcpy(part, head.data, MC_MIN(head.len, size));
        req.file_id = id;
        req.offset = at;
        req.content = (ProtobufCBinaryData){MC_MIN(size - at, (uint64_t)SUPPORT_CHUNK), part};
        mc_hasher_add(&hasher, mc_key_bytes(req.content));
        assert_non_null(harness_call(h, "UploadPart", &req.base, MC_OK));
    }
    mc_hasher_end(&hasher, ret_hash);
}

static inline ProtobufCBinaryData upload(struct harness *h, const char *name, struct mc_bytes head,
                                         uint64_t size)
{
    const Support__UploadReply *started = upload_start(h, name, size, MC_OK);
    Support__FinishUploadRequest finish = SUPPORT__FINISH_UPLOAD_REQUEST__INIT;
    uint8_t hash[MC_HASH_LEN];
    char sha256[2 * MC_HASH_LEN + 1];

    upload_parts(h, started->file_id, head, size, hash);
    (void)mc_hex(sha256, (struct mc_bytes){hash, sizeof hash});
    finish.file_id = started->file_id;
    finish.sha256 = sha256;
    assert_non_null(harness_call(h, "FinishUpload", &finish.base, MC_OK));
    return started->file_id;
}

static inline ProtobufCBinaryData upload_png(struct harness *h, uint64_t size)
{
    return upload(h, "anh.png", (struct mc_bytes){"\x89PNG\r\n\x1a\n", 8}, size);
}
