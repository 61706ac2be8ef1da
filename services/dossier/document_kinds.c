/*
 * The seven forms of TT 03/2025/TT-VPCP, annex I. Their names are the circular's; the symbol behind
 * a number is the desk's, as provinces write it.
 */
#include <string.h>

#include "document.h"

/* clang-format off */
static const struct dossier_document_info kinds[] = {
    [DOSSIER_RECEIPT_SLIP]    = {"01", "receipt_slip",    "Giấy tiếp nhận hồ sơ và hẹn trả kết quả",               "TNHS",  false},
    [DOSSIER_SUPPLEMENT_SLIP] = {"02", "supplement_slip", "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ",               "BSHS",  false},
    [DOSSIER_REFUSAL_SLIP]    = {"03", "refusal_slip",    "Phiếu từ chối tiếp nhận giải quyết hồ sơ",              "TCHS",  false},
    [DOSSIER_APOLOGY_LETTER]  = {"04", "apology_letter",  "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết", "XLHS", false},
    [DOSSIER_STOP_NOTICE]     = {"05", "stop_notice",     "Thông báo dừng giải quyết hồ sơ",                       "DHS",   false},
    [DOSSIER_CONTROL_SLIP]    = {"06", "control_slip",    "Phiếu kiểm soát quá trình giải quyết hồ sơ",            "KSHS",  true},
    [DOSSIER_REGISTER_BOOK]   = {"07", "register_book",   "Sổ theo dõi hồ sơ",                                     "STDHS", true},
    [DOSSIER_CERTIFICATE]     = {"SCT", "certified_copy", "Lời chứng bản sao điện tử từ bản chính",                "SCT/BS", false},
};
/* clang-format on */

const struct dossier_document_info *dossier_document_info(enum dossier_document_kind kind)
{
    return &kinds[kind];
}

enum dossier_document_kind dossier_document_kind(const char *form_no)
{
    unsigned kind = 0;

    while (kind < DOSSIER_DOCUMENTS_LEN && strcmp(kinds[kind].form_no, form_no) != 0)
        kind++;
    return (enum dossier_document_kind)kind;
}
