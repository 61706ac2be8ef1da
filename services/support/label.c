/* What fields are called on the screens (SUP-06..09), for refusals that people read. */
#include <string.h>

#include "support.h"

/* clang-format off */
static const struct {
    const char *field; /* the last part of its path */
    const char *label;
} labels[] = {
    {"address",       "địa chỉ"},
    {"answer",        "nội dung trả lời"},
    {"apis",          "API dịch vụ"},
    {"assignee",      "người xử lý"},
    {"assignee_name", "tên người xử lý"},
    {"certificate",   "số chứng nhận tích hợp"},
    {"check_ids",     "lần kiểm tra API"},
    {"contact",       "người liên hệ"},
    {"contact_phone", "số điện thoại người liên hệ"},
    {"description",   "mô tả yêu cầu"},
    {"dossier_code",  "mã hồ sơ"},
    {"email",         "email phản hồi"},
    {"file_name",     "tên tệp"},
    {"form",          "nội dung yêu cầu"},
    {"format",        "loại yêu cầu"},
    {"from",          "từ tháng"},
    {"from_day",      "từ ngày"},
    {"kind",          "loại phản ánh, kiến nghị"},
    {"name",          "họ và tên"},
    {"note",          "ghi chú"},
    {"partner_code",  "mã đơn vị kết nối"},
    {"payment_id",    "mã thanh toán"},
    {"phone",         "số điện thoại"},
    {"purpose",       "mục đích xem"},
    {"rating",        "mức độ hài lòng"},
    {"reason",        "lý do"},
    {"request_code",  "mã yêu cầu hỗ trợ"},
    {"requester",     "người yêu cầu"},
    {"service",       "dịch vụ"},
    {"service_group", "nhóm dịch vụ"},
    {"sha256",        "mã kiểm tra của tệp"},
    {"size",          "kích thước tệp"},
    {"step",          "bước tích hợp"},
    {"text",          "nội dung"},
    {"title",         "tiêu đề"},
    {"unit",          "đơn vị"},
    {"unit_name",     "tên đơn vị"},
    {"until",         "đến tháng"},
    {"url",           "URL API"},
    {"voucher_no",    "số chứng từ"},
    {"words",         "từ khóa"},
};
/* clang-format on */

const char *support_label(const char *field)
{
    const char *dot = strrchr(field, '.');
    const char *last = dot != NULL ? dot + 1 : field;

    for (size_t i = 0; i < MC_LEN(labels); i++)
        if (strcmp(labels[i].field, last) == 0)
            return labels[i].label;
    return field;
}
