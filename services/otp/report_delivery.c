/* ReportDelivery: what carriers tell later about messages they took. */
#include <stdio.h>

#include "otp.h"

static void check(struct mc_txn *txn, const Otp__ReportDeliveryRequest *req)
{
    char field[48];

    if (req->n_reports > OTP_CREDIT_MAX)
        otp_refuse_long(txn, "reports", "Danh sách báo cáo", "500");
    for (size_t i = 0; i < req->n_reports && txn->status == MC_OK; i++) {
        Otp__DeliveryState state = req->reports[i]->state;
        if (state == OTP__DELIVERY_STATE__SENT || state == OTP__DELIVERY_STATE__DELIVERED ||
            state == OTP__DELIVERY_STATE__FAILED)
            continue;
        (void)snprintf(field, sizeof field, "reports[%zu].state", i);
        otp_refuse_field(txn, field, "Trạng thái gửi tin");
    }
}

enum mc_status otp_report_delivery(struct otp *otp, struct mc_txn *txn,
                                   const Otp__ReportDeliveryRequest *req,
                                   Otp__ReportDeliveryReply *rep)
{
    struct otp_answers answers = {0};

    check(txn, req);
    for (size_t i = 0; i < req->n_reports && txn->status == MC_OK; i++) {
        if (otp_report_apply(otp, txn, &answers, req->reports[i]))
            rep->applied++;
        else
            rep->ignored++;
    }
    otp_answers_save(txn, &answers);
    return txn->status;
}
