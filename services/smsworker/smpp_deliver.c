/*
 * Receipts. The SMSC is answered only when the otp room has taken what it told: until then it keeps
 * the receipt and tells it again, so that none is lost while the room is away.
 */
#include <string.h>

#include "common/crypto.h"

#include "smpp.h"

static void answer(struct smpp *smpp, uint32_t sequence, uint32_t status)
{
    uint8_t pdu[SMPP_OUT_MAX];
    size_t len = smpp_delivered_pack(pdu, sequence, status);

    (void)!smpp_send(smpp, pdu, len); /* unanswered: it comes again */
}

static void log_receipt(struct smpp *smpp, const char *reference,
                        const struct smpp_receipt *receipt)
{
    struct smsworker *worker = smpp->worker;
    struct mc_log_line line;

    mc_log_begin(&line, &worker->process.log, MC_LOG_INFO, mc_now_ms(&worker->process.clock),
                 "receipt");
    mc_log_text(&line, "reference", reference);
    mc_log_text(&line, "reason", receipt->reason);
    mc_log_end(&line);
}

static const struct smpp_await *await_of(const struct smpp *smpp,
                                         const struct smpp_receipt *receipt)
{
    const struct smpp_await *await = NULL;
    char id[SMPP_ID_SIZE];

    smpp_id_plain(id, receipt->tlv_id, smpp->answer_base);
    if (id[0] != '\0')
        await = smpp_awaited_find(smpp->awaited, id);
    smpp_id_plain(id, receipt->text_id, smpp->receipt_base);
    if (await == NULL && id[0] != '\0')
        await = smpp_awaited_find(smpp->awaited, id);
    return await;
}

/* It may have overtaken the answer to its submit_sm: it is put off, once. */
static uint32_t stranger(struct smpp *smpp, const struct smpp_receipt *receipt)
{
    const char *id = receipt->tlv_id[0] != '\0' ? receipt->tlv_id : receipt->text_id;
    uint64_t key = mc_checksum((struct mc_bytes){id, strlen(id)}, (struct mc_bytes){0});

    for (size_t i = 0; i < SMPP_STRANGERS_MAX; i++)
        if (smpp->strangers[i] == key)
            return SMPP_OK;
    smpp->strangers[smpp->strangers_at++ % SMPP_STRANGERS_MAX] = key;
    return smpp->worker->sending > 0 ? SMPP_NOT_NOW : SMPP_OK;
}

static void told(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct smpp_report *report = arg;
    struct smpp *smpp = report->smpp;

    (void)body; /* applied, or known already */
    mc_arena_reset(&smpp->worker->turn);
    report->used = false;
    smpp->reports_len--;
    if (report->connection == smpp->connection)
        answer(smpp, report->sequence, head != NULL && head->status == 0 ? SMPP_OK : SMPP_NOT_NOW);
    smsworker_look(smpp->worker);
}

static struct smpp_report *report_free(struct smpp *smpp)
{
    for (size_t i = 0; i < SMPP_REPORTS_MAX; i++)
        if (!smpp->reports[i].used)
            return &smpp->reports[i];
    return NULL;
}

static bool tell(struct smpp *smpp, uint32_t sequence, const char *reference,
                 const struct smpp_receipt *receipt)
{
    Otp__ReportDeliveryRequest request = OTP__REPORT_DELIVERY_REQUEST__INIT;
    Otp__DeliveryReport news = OTP__DELIVERY_REPORT__INIT;
    Otp__DeliveryReport *list[] = {&news};
    struct smpp_report *report = report_free(smpp);

    if (report == NULL)
        return false;
    bool well = receipt->news == SMPP_DELIVERED;
    news.reference = mc_unconst(reference);
    news.state = well ? OTP__DELIVERY_STATE__DELIVERED : OTP__DELIVERY_STATE__FAILED;
    news.reason = mc_unconst(well ? "" : receipt->reason);
    request.reports = list;
    request.n_reports = MC_LEN(list);
    *report = (struct smpp_report){smpp, true, smpp->connection, sequence};
    report->used = smsworker_call(smpp->worker, "motcua.otp.v1.Otp/ReportDelivery", &request.base,
                                  SMSWORKER_REPORT_CALL_MS, told, report);
    smpp->reports_len += report->used;
    return report->used;
}

static void receipt_came(struct smpp *smpp, uint32_t sequence, const struct smpp_receipt *receipt)
{
    const struct smpp_await *await = await_of(smpp, receipt);

    log_receipt(smpp, await != NULL ? await->reference : NULL, receipt);
    /* that a part arrived is no news either: the last one tells of the whole */
    bool news = receipt->news == SMPP_FAILED ||
                (receipt->news == SMPP_DELIVERED && (await == NULL || await->last));
    if (!news)
        answer(smpp, sequence, SMPP_OK);
    else if (await == NULL)
        answer(smpp, sequence, stranger(smpp, receipt));
    else if (!tell(smpp, sequence, await->reference, receipt))
        answer(smpp, sequence, SMPP_NOT_NOW);
}

void smpp_delivered(struct smpp *smpp, const struct smpp_head *head, struct mc_bytes pdu)
{
    struct smpp_receipt receipt;
    struct smpp_deliver deliver;

    mc_arena_reset(&smpp->worker->turn);
    if (!smpp_deliver_unpack(pdu, &deliver)) {
        smpp_log(smpp, MC_LOG_WARNING, NULL, "a deliver_sm that cannot be read");
        answer(smpp, head->sequence, SMPP_NEVER);
    } else if (!smpp_receipt_read(&deliver, &receipt)) {
        answer(smpp, head->sequence, SMPP_OK); /* somebody wrote to us: nobody reads that */
    } else {
        receipt_came(smpp, head->sequence, &receipt);
    }
    mc_wipe(&deliver, sizeof deliver);
}
