/*
 * ProposeRequest: name and text of the two requests that every member sends when it integrates
 * payment of land obligations (SUP-12 … SUP-14); who sends it may change them.
 */
#include <string.h>

#include "support.h"

static const char group[] = "Tích hợp Cổng Dịch vụ công quốc gia";
static const char service[] = "Thanh toán nghĩa vụ tài chính về đất đai";

static char *configure_text(struct mc_txn *txn, const char *unit_name,
                            const Support__ProposeRequestRequest *req)
{
    char *text = support_printf(
        txn, "Đề nghị cấu hình API cho %s các dịch vụ về thanh toán thuế đất", unit_name);

    for (size_t i = 0; i < req->n_apis; i++) {
        const char *name =
            support_line(txn, "apis.name", req->apis[i]->name, SUPPORT_NAME_CHARS_MAX, true);
        const char *url =
            support_line(txn, "apis.url", req->apis[i]->url, SUPPORT_URL_CHARS_MAX, true);

        text = support_printf(txn, "%s\nAPI dịch vụ: %s\n%s", text, name, url);
    }
    return text;
}

enum mc_status support_propose_request(struct support *support, struct mc_txn *txn,
                                       const Support__ProposeRequestRequest *req,
                                       Support__ProposeRequestReply *rep)
{
    const char *unit_name =
        support_line(txn, "unit_name", req->unit_name, SUPPORT_NAME_CHARS_MAX, true);
    bool configure = req->format == SUPPORT__REQUEST_FORMAT__FORMAT_CONFIGURE_API;

    (void)support;
    if (req->format == SUPPORT__REQUEST_FORMAT__FORMAT_NONE)
        (void)mc_refuse(txn, MC_INVALID, "format", "FIELD_REQUIRED", "field",
                        support_label("format"), NULL);
    if (configure && req->n_apis == 0)
        (void)mc_refuse(txn, MC_INVALID, "apis", "FIELD_REQUIRED", "field", support_label("apis"),
                        NULL);
    if (req->n_apis > SUPPORT_APIS_MAX)
        return mc_refuse(txn, MC_INVALID, "apis", "LIST_TOO_LONG", NULL);
    if (txn->status != MC_OK)
        return txn->status;

    rep->service_group = mc_unconst(group);
    rep->service = mc_unconst(service);
    rep->title = support_printf(
        txn,
        configure
            ? "%s- hỗ trợ cấu hình URL API thanh toán nghĩa vụ tài chính đất đai"
            : "%s- Đề nghị xác nhận tích hợp thanh toán nghĩa vụ tài chính đất đai thành công",
        unit_name);
    rep->description =
        configure ? configure_text(txn, unit_name, req)
                  : support_printf(txn,
                                   "%s đã tích hợp và thử thành công thanh toán nghĩa vụ tài chính "
                                   "đất đai; gửi kèm video, hình ảnh của các bước thử.",
                                   unit_name);
    return txn->status;
}
