/*
 * receipt: what a receipt's QR code says, and whether our payment room signed it. It tells what was
 * so when the receipt was issued: that it was cancelled later, only the room knows.
 */
#include "common/date.h"
#include "common/money.h"

#include "verify.h"

enum mc_status verify_receipt_open(struct mc_arena *arena, uint8_t (*keys)[MC_SIGN_PUBLIC_LEN],
                                   size_t keys_len, struct mc_bytes code,
                                   const Payment__ReceiptProof **ret_receipt)
{
    const ProtobufCMessage *opened = NULL;
    enum mc_status status =
        verify_code_open(arena, keys, keys_len, &verify_receipt_code, code, &opened);

    *ret_receipt = (const Payment__ReceiptProof *)(const void *)opened;
    return status;
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

static void tell(const ProtobufCMessage *opened)
{
    const Payment__ReceiptProof *receipt = (const void *)opened;
    char amount[MC_MONEY_STYLE_SIZE];
    char words[MC_MONEY_WORDS_SIZE];
    char at[MC_DATETIME_SIZE];

    mc_money_show(amount, sizeof amount, receipt->amount, MC_MONEY_DONG);
    mc_money_words(words, sizeof words, receipt->amount);
    mc_time_format(at, sizeof at, receipt->issued_at_s * 1000);
    printf("Biên lai do hệ thống phát hành, không bị sửa đổi.\n");
    verify_line("Số", receipt->number);
    verify_line("Thay thế biên lai", receipt->replaces);
    verify_line("Đơn vị thu", receipt->unit);
    verify_line("Loại", kind_text(receipt->kind));
    printf("Số tiền: %s (%s)\n", amount, words);
    verify_line("Người nộp", receipt->payer_name);
    verify_line("Mã hồ sơ", receipt->dossier_code);
    verify_line("Mã giao dịch", receipt->transaction_id);
    verify_line("Thời điểm lập", at);
}

const struct verify_code verify_receipt_code = {
    .kind = "MCBL1",
    .type = &payment__receipt_proof__descriptor,
    .tell = tell,
};

int verify_receipt(struct verify *verify, int argc, char **argv)
{
    return verify_code(verify, argc, argv, &verify_receipt_code);
}
