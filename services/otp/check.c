/* What several requests are asked for. Every failed condition is told, not just the first. */
#include <stdio.h>
#include <string.h>

#include "common/pack.h"

#include "otp.h"

void otp_refuse_field(struct mc_txn *txn, const char *field, const char *label)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", label, NULL);
}

void otp_refuse_long(struct mc_txn *txn, const char *field, const char *label, const char *max)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_TOO_LONG", "field", label, "max", max, NULL);
}

/* The subject is a UUIDv7: codes made together lie together on disk. */
void otp_check_subject(struct mc_txn *txn, Otp__Purpose purpose, ProtobufCBinaryData subject)
{
    int64_t made_ms = 0;

    if (purpose == OTP__PURPOSE__PURPOSE_UNSPECIFIED)
        otp_refuse_field(txn, "purpose", "Mục đích của mã OTP");
    if (subject.len != MC_ID_LEN || !mc_uuid7_time(subject.data, &made_ms))
        otp_refuse_field(txn, "subject", "Mã yêu cầu xác thực");
}

void otp_check_phone(const struct otp *otp, struct mc_txn *txn, const char *text,
                     struct mc_phone *ret_phone)
{
    if (otp_phone_is_plain(otp, text, ret_phone))
        return;
    enum mc_why why = mc_phone_parse(text, ret_phone);

    if (why == MC_WHY_FIELD_REQUIRED)
        (void)mc_refuse(txn, MC_INVALID, "phone", "FIELD_REQUIRED", "field", "số điện thoại", NULL);
    else if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "phone", mc_why_code(why), NULL);
}

static bool is_key(const char *key)
{
    size_t len = strlen(key);

    for (const char *at = key; *at != '\0'; at++)
        if ((unsigned char)*at < ' ')
            return false;
    return len > 0 && len <= OTP_KEY_LEN_MAX;
}

void otp_check_keys(struct mc_txn *txn, char *const *keys, size_t n)
{
    char field[48];

    if (n > OTP_KEYS_MAX) {
        otp_refuse_long(txn, "keys", "Danh sách mã liên quan", "8");
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (!is_key(keys[i])) {
            (void)snprintf(field, sizeof field, "keys[%zu]", i);
            otp_refuse_field(txn, field, "Mã liên quan");
        }
}

void otp_check_who(struct mc_txn *txn, const char *field, const char *label, const char *who)
{
    for (const char *at = who; *at != '\0'; at++)
        if ((unsigned char)*at < ' ') {
            otp_refuse_field(txn, field, label);
            return;
        }
    if (strlen(who) > OTP_WHO_MAX)
        otp_refuse_long(txn, field, label, "200 byte");
}

char *otp_clip(struct mc_txn *txn, const char *text)
{
    char *copy = mc_strdup(txn->arena, text);

    if (copy == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return mc_unconst("");
    }
    copy[mc_text_prefix(copy, OTP_REASON_MAX, OTP_REASON_MAX)] = '\0';
    for (char *at = copy; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7F)
            *at = ' ';
    return copy;
}

struct mc_bytes otp_pack(struct mc_txn *txn, const ProtobufCMessage *message)
{
    size_t len = 0;
    uint8_t *packed = mc_pack(txn->arena, message, 0, &len);

    if (packed == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (struct mc_bytes){0};
    }
    return (struct mc_bytes){packed, len};
}

char *otp_join(struct mc_txn *txn, const char *first, const char *second)
{
    char *joined = mc_alloc(txn->arena, strlen(first) + strlen(second) + 1);

    if (joined == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return mc_unconst("");
    }
    (void)stpcpy(stpcpy(joined, first), second);
    return joined;
}
