/*
 * receipt: what a receipt's QR code says, and whether our payment room signed it. It tells what was
 * so when the receipt was issued: that it was cancelled later, only the room knows.
 */
#include <string.h>

#include "common/date.h"
#include "common/envelope.h"
#include "common/money.h"

#include "verify.h"

#define KIND "MCBL1"

enum mc_status verify_receipt_open(struct mc_arena *arena, uint8_t (*keys)[MC_SIGN_PUBLIC_LEN],
                                   size_t keys_len, struct mc_bytes code,
                                   const Payment__ReceiptProof **ret_receipt)
{
    struct mc_validate_error error;
    struct mc_bytes message;
    enum mc_status status = mc_proof_open(arena, keys, keys_len, KIND, code, &message);

    if (status != MC_OK)
        return status;
    const ProtobufCMessage *opened = mc_body_open(arena, &payment__receipt_proof__descriptor,
                                                  message, MC_PROOF_MESSAGE_MAX, &error);
    *ret_receipt = (const Payment__ReceiptProof *)(const void *)opened;
    return opened != NULL ? MC_OK : MC_INVALID;
}

size_t verify_receipt_keys(struct mc_bytes text,
                           uint8_t keys[MC_PROOF_KEYS_MAX][MC_SIGN_PUBLIC_LEN])
{
    const char *at = text.data;
    const char *end = at + text.len;
    size_t n = 0;

    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((line != NULL ? line : end) - at);

        if (len > 0 && (n == MC_PROOF_KEYS_MAX ||
                        !mc_unhex(keys[n++], MC_SIGN_PUBLIC_LEN, (struct mc_bytes){at, len})))
            return 0;
        at += len + 1;
    }
    return n;
}

static bool is_end_of_line(char c)
{
    return c == '\r' || c == '\n';
}

/* The code itself, or the file it is in; a code reader ends it with a newline. */
static bool code_read(struct verify *verify, const char *given, struct mc_bytes *ret_code)
{
    if (strncmp(given, KIND ":", sizeof KIND) == 0)
        *ret_code = (struct mc_bytes){given, strlen(given)};
    else if (!verify_read(verify, given, ret_code))
        return false;
    while (ret_code->len > 0 && is_end_of_line(((const char *)ret_code->data)[ret_code->len - 1]))
        ret_code->len--;
    return true;
}

static const char *kind_text(Payment__ItemKind kind)
{
    static const char *const texts[] = {
        [PAYMENT__ITEM_KIND__FEE] = "phí",
        [PAYMENT__ITEM_KIND__CHARGE] = "lệ phí",
        [PAYMENT__ITEM_KIND__FINE] = "tiền phạt",
        [PAYMENT__ITEM_KIND__TAX_DEBT] = "tiền thuế",
    };
    size_t at = (size_t)kind;

    return at < MC_LEN(texts) && texts[at] != NULL ? texts[at] : "";
}

static void line(const char *label, const char *value)
{
    if (value[0] != '\0')
        printf("%s: %s\n", label, value);
}

static void tell(const Payment__ReceiptProof *receipt)
{
    char amount[MC_MONEY_STYLE_SIZE];
    char words[MC_MONEY_WORDS_SIZE];
    char at[MC_DATETIME_SIZE];

    mc_money_show(amount, sizeof amount, receipt->amount, MC_MONEY_DONG);
    mc_money_words(words, sizeof words, receipt->amount);
    mc_time_format(at, sizeof at, receipt->issued_at_s * 1000);
    printf("Biên lai do hệ thống phát hành, không bị sửa đổi.\n");
    line("Số", receipt->number);
    line("Thay thế biên lai", receipt->replaces);
    line("Đơn vị thu", receipt->unit);
    line("Loại", kind_text(receipt->kind));
    printf("Số tiền: %s (%s)\n", amount, words);
    line("Người nộp", receipt->payer_name);
    line("Mã hồ sơ", receipt->dossier_code);
    line("Mã giao dịch", receipt->transaction_id);
    line("Thời điểm lập", at);
}

int verify_receipt(struct verify *verify, int argc, char **argv)
{
    uint8_t keys[MC_PROOF_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    const Payment__ReceiptProof *receipt = NULL;
    struct mc_bytes code;
    struct mc_bytes text;

    if (argc != 2)
        return VERIFY_USAGE;
    if (!code_read(verify, argv[0], &code) || !verify_read(verify, argv[1], &text))
        return VERIFY_DATA;
    size_t keys_len = verify_receipt_keys(text, keys);
    if (keys_len == 0) {
        fprintf(stderr, "motcua-verify: %s: no public keys in hex, one a line\n", argv[1]);
        return VERIFY_DATA;
    }
    enum mc_status status = verify_receipt_open(&verify->arena, keys, keys_len, code, &receipt);
    if (status == MC_OK) {
        tell(receipt);
        return VERIFY_OK;
    }
    if (status == MC_UNAUTHENTICATED) {
        fprintf(stderr, "motcua-verify: KHÔNG HỢP LỆ: none of these keys signed this\n");
        return VERIFY_BAD;
    }
    fprintf(stderr, "motcua-verify: this is no receipt's code\n");
    return VERIFY_DATA;
}
