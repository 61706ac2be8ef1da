/*
 * Texts under way to the SMSC. The parts of a text go one after the other, as the window allows; a
 * text is taken when all its parts are. The number in the parts' headers comes from the text's
 * reference, so that a text sent a second time is put together as one on the phone.
 */
#include <stdio.h>
#include <string.h>

#include "smpp.h"

static void settle(struct smpp *smpp, struct slot *slot, const struct outcome *outcome)
{
    for (size_t i = 0; i < MC_LEN(smpp->flights); i++)
        if (smpp->flights[i].slot == slot)
            smpp->flights[i].slot = NULL;
    smsworker_sent(slot, outcome);
}

static struct smpp_flight *flight_free(struct smpp *smpp)
{
    for (int64_t i = 0; i < smpp->worker->smpp_window; i++)
        if (!smpp->flights[i].used)
            return &smpp->flights[i];
    return NULL;
}

static bool has_more(const struct slot *slot)
{
    return slot->parts_sent < slot->parts;
}

static uint8_t text_number(const struct slot *slot)
{
    unsigned number = 0;

    for (const char *at = slot->reference; *at != '\0'; at++)
        number = number * 31 + (unsigned char)*at;
    return (uint8_t)number;
}

/* What is left of its life; the carrier is not to deliver it later. */
static int64_t validity_of(const struct smpp *smpp, const struct slot *slot)
{
    if (slot->expires_at_ms == 0)
        return 0;
    return MC_MAX(slot->expires_at_ms - mc_now_ms(&smpp->worker->process.clock), (int64_t)1000);
}

static enum smpp_wish wish_of(const struct slot *slot)
{
    return slot->parts_sent + 1 == slot->parts ? SMPP_RECEIPT : SMPP_RECEIPT_OF_FAILURE;
}

static size_t pack(struct smpp *smpp, const struct slot *slot, uint32_t sequence,
                   uint8_t out[SMPP_OUT_MAX])
{
    struct smpp_text text;

    if (smpp_text_make(&text, slot->text, slot->ucs2, text_number(slot)) != MC_OK ||
        slot->parts_sent >= text.len)
        return 0;
    const struct smpp_part *part = &text.parts[slot->parts_sent];
    const struct smpp_submit submit = {
        .from = smpp->worker->sender,
        .to = slot->phone,
        .validity_ms = validity_of(smpp, slot),
        .wish = wish_of(slot),
        .ucs2 = slot->ucs2,
        .long_text = text.len > 1,
        .text = {part->data, part->len},
    };
    size_t len = smpp_submit_pack(out, sequence, &submit);
    mc_wipe(&text, sizeof text);
    return len;
}

/* False: nothing more can be sent now. */
static bool submit(struct smpp *smpp, struct slot *slot, struct smpp_flight *flight)
{
    static const struct outcome broken = {VERDICT_REFUSED, "NOT_SENDABLE", NULL};
    uint8_t pdu[SMPP_OUT_MAX];
    uint32_t sequence = smpp_next(smpp);
    size_t len = pack(smpp, slot, sequence, pdu);

    if (len == 0) {
        settle(smpp, slot, &broken);
        return true;
    }
    bool sent = smpp_send(smpp, pdu, len);
    mc_wipe(pdu, sizeof pdu);
    if (!sent)
        return false;
    *flight = (struct smpp_flight){
        .used = true,
        .sequence = sequence,
        .part = slot->parts_sent++,
        .sent_ms = smsworker_mono_ms(smpp->worker),
        .slot = slot,
    };
    return true;
}

void smpp_push(struct smpp *smpp)
{
    struct smpp_flight *flight = NULL;
    struct slot *slot = NULL;

    while (smpp->state == SMPP_BOUND && (flight = flight_free(smpp)) != NULL &&
           (slot = smsworker_first(smpp->worker, SLOT_SENDING, has_more)) != NULL)
        if (!submit(smpp, slot, flight))
            return;
}

static void part_taken(struct smpp *smpp, struct slot *slot, const struct smpp_flight *flight,
                       struct mc_bytes pdu)
{
    static const struct outcome taken = {VERDICT_TAKEN, NULL, NULL};
    char id[SMPP_ID_SIZE];
    char plain[SMPP_ID_SIZE];
    bool last = flight->part + 1 == slot->parts;

    if (smpp_submitted_unpack(pdu, id)) {
        smpp_id_plain(plain, id, smpp->answer_base);
        if (!smpp_awaited_add(smpp->awaited, plain, slot->reference, last))
            smpp_log(smpp, MC_LOG_WARNING, NULL, "the file of awaited receipts takes nothing");
        if (last)
            (void)snprintf(slot->provider, sizeof slot->provider, "%.*s",
                           (int)sizeof slot->provider - 1, id);
    }
    slot->parts_taken++;
    if (slot->parts_taken == slot->parts)
        settle(smpp, slot, &taken);
}

static void part_refused(struct smpp *smpp, struct slot *slot, uint32_t status)
{
    const struct smpp_status_row *row = smpp_status_find(&smpp->statuses, status);
    char error[SMSWORKER_ERROR_SIZE];

    (void)snprintf(error, sizeof error, "%s 0x%08X", row->name, status);
    const struct outcome outcome = {row->verdict, error, NULL};
    settle(smpp, slot, &outcome);
    if (row->rebind)
        smpp_lose(smpp, row->name);
}

void smpp_submitted(struct smpp *smpp, const struct smpp_head *head, struct mc_bytes pdu)
{
    for (size_t i = 0; i < MC_LEN(smpp->flights); i++) {
        const struct smpp_flight flight = smpp->flights[i];
        if (!flight.used || flight.sequence != head->sequence)
            continue;
        smpp->flights[i] = (struct smpp_flight){0};
        if (flight.slot != NULL && head->status == SMPP_OK)
            part_taken(smpp, flight.slot, &flight, pdu);
        else if (flight.slot != NULL)
            part_refused(smpp, flight.slot, head->status);
        smpp_push(smpp);
        return;
    }
}

/* Without an answer: whole texts may have been taken, others surely were not. */
static void settle_unanswered(struct smpp *smpp, struct slot *slot, const char *error)
{
    bool whole = slot->parts_sent == slot->parts;
    const struct outcome outcome = {whole ? VERDICT_PERHAPS : VERDICT_RETRY, error, NULL};

    settle(smpp, slot, &outcome);
}

void smpp_overdue(struct smpp *smpp)
{
    int64_t before_ms = smsworker_mono_ms(smpp->worker) - smpp->worker->timeout_ms;

    for (int64_t i = 0; i < smpp->worker->credit; i++) {
        struct slot *slot = smpp->worker->slots[i];
        if (slot->state == SLOT_SENDING && slot->began_ms <= before_ms)
            settle_unanswered(smpp, slot, "SMSC_SILENT");
    }
    for (size_t i = 0; i < MC_LEN(smpp->flights); i++)
        if (smpp->flights[i].used && smpp->flights[i].sent_ms <= before_ms)
            smpp->flights[i] = (struct smpp_flight){0};
}

void smpp_cut_off(struct smpp *smpp)
{
    memset(smpp->flights, 0, sizeof smpp->flights);
    for (int64_t i = 0; i < smpp->worker->credit; i++)
        if (smpp->worker->slots[i]->state == SLOT_SENDING)
            settle_unanswered(smpp, smpp->worker->slots[i], "SMSC_AWAY");
}
