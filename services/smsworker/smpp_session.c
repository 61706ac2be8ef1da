/* The session with an SMSC: one connection as transceiver, made again when it is lost. */
#include "smpp.h"

uint32_t smpp_next(struct smpp *smpp)
{
    smpp->sequence = smpp->sequence % 0x7FFFFFFF + 1; /* 1 to 0x7FFFFFFF, by the standard */
    return smpp->sequence;
}

bool smpp_send(struct smpp *smpp, const uint8_t *pdu, size_t len)
{
    return smpp_link_send(smpp->link, (struct mc_bytes){pdu, len});
}

void smpp_log(struct smpp *smpp, enum mc_log_level level, const char *state, const char *why)
{
    struct mc_log_line line;

    mc_log_begin(&line, &smpp->worker->process.log, level, mc_now_ms(&smpp->worker->process.clock),
                 "smpp");
    mc_log_text(&line, "state", state);
    mc_log_text(&line, "why", why);
    mc_log_end(&line);
}

static void enter(struct smpp *smpp, enum smpp_state state)
{
    smpp->state = state;
    smpp->since_ms = smpp->heard_ms = smsworker_mono_ms(smpp->worker);
    smpp->asked_ms = 0;
}

static int64_t beat_ms(const struct smpp *smpp)
{
    int64_t least = MC_MIN(smpp->worker->timeout_ms, smpp->worker->smpp_enquire_ms) / 4;

    return MC_MAX(MC_MIN(least, (int64_t)SMPP_BEAT_MAX_MS), (int64_t)SMPP_BEAT_MIN_MS);
}

/* Down until the pause is over. */
static void rest(struct smpp *smpp, const char *why, int64_t pause_ms)
{
    bool leaving = smpp->worker->draining;

    smpp_link_close(smpp->link);
    mc_timer_cancel(smpp->beat);
    enter(smpp, leaving ? SMPP_LEFT : SMPP_DOWN);
    smpp_log(smpp, MC_LOG_WARNING, "down", why);
    smpp_cut_off(smpp);
    if (!leaving)
        mc_timer_start(smpp->again, pause_ms);
    smsworker_look(smpp->worker);
}

void smpp_lose(struct smpp *smpp, const char *why)
{
    rest(smpp, why, verdict_pause_ms(smpp->failures++));
}

static void plain(struct smpp *smpp, enum smpp_command command, bool is_answer, uint32_t status,
                  uint32_t sequence)
{
    const struct smpp_head head = {
        .command = command, .answer = is_answer, .status = status, .sequence = sequence};
    uint8_t pdu[SMPP_OUT_MAX];
    size_t len = smpp_plain_pack(pdu, &head);

    (void)!smpp_send(smpp, pdu, len); /* a broken connection is noticed by the beat */
}

static void connect_now(void *arg)
{
    struct smpp *smpp = arg;

    enter(smpp, SMPP_CONNECTING);
    if (smpp_link_connect(smpp->link, smpp->worker->smpp_address))
        mc_timer_start(smpp->beat, beat_ms(smpp));
    else
        smpp_lose(smpp, "cannot connect");
}

static void up(void *arg)
{
    struct smpp *smpp = arg;
    struct smsworker *worker = smpp->worker;
    const struct smpp_bind bind = {worker->username, worker->password, worker->smpp_system_type};
    uint8_t pdu[SMPP_OUT_MAX];
    size_t len = smpp_bind_pack(pdu, smpp_next(smpp), &bind);

    enter(smpp, SMPP_BINDING);
    (void)!smpp_send(smpp, pdu, len);
    mc_wipe(pdu, sizeof pdu);
}

static void down(void *arg, const char *why)
{
    smpp_lose(arg, why);
}

static void bound(struct smpp *smpp, uint32_t status)
{
    if (smpp->state != SMPP_BINDING)
        return;
    if (status == SMPP_OK) {
        enter(smpp, SMPP_BOUND);
        smpp->connection++;
        smpp->failures = 0;
        smpp_log(smpp, MC_LOG_NOTICE, "bound", NULL);
        smsworker_look(smpp->worker);
        return;
    }
    const struct smpp_status_row *row = smpp_status_find(&smpp->statuses, status);
    if (row->verdict != VERDICT_LOCKED) {
        smpp_lose(smpp, row->name);
        return;
    }
    smpp_log(smpp, MC_LOG_ERROR, "locked_out", row->name);
    rest(smpp, row->name, SMPP_LOCKED_PAUSE_MS);
}

static void leave_now(struct smpp *smpp)
{
    smpp_link_close(smpp->link);
    mc_timer_cancel(smpp->beat);
    enter(smpp, SMPP_LEFT);
    smpp_log(smpp, MC_LOG_NOTICE, "left", NULL);
    smsworker_look(smpp->worker);
}

static void answered(struct smpp *smpp, const struct smpp_head *head, struct mc_bytes pdu)
{
    if (head->command == SMPP_BIND)
        bound(smpp, head->status);
    else if (head->command == SMPP_NACK && smpp->state == SMPP_BINDING)
        smpp_lose(smpp, "bind not understood");
    else if (head->command == SMPP_SUBMIT ||
             (head->command == SMPP_NACK && head->status != SMPP_OK))
        smpp_submitted(smpp, head, pdu); /* a nack may be about one */
    else if (head->command == SMPP_UNBIND && smpp->state == SMPP_LEAVING)
        leave_now(smpp);
}

static void asked(struct smpp *smpp, const struct smpp_head *head, struct mc_bytes pdu)
{
    if (head->command == SMPP_DELIVER) {
        smpp_delivered(smpp, head, pdu);
    } else if (head->command == SMPP_ENQUIRE) {
        plain(smpp, SMPP_ENQUIRE, true, SMPP_OK, head->sequence);
    } else if (head->command == SMPP_UNBIND) {
        plain(smpp, SMPP_UNBIND, true, SMPP_OK, head->sequence);
        smpp_lose(smpp, "unbound by the SMSC");
    } else {
        plain(smpp, SMPP_NACK, true, SMPP_BAD_COMMAND, head->sequence);
    }
}

static void came(void *arg, const struct smpp_head *head, struct mc_bytes pdu)
{
    struct smpp *smpp = arg;

    smpp->heard_ms = smsworker_mono_ms(smpp->worker);
    smpp->asked_ms = 0;
    if (head->answer)
        answered(smpp, head, pdu);
    else
        asked(smpp, head, pdu);
}

/* NULL: all is well. */
static const char *trouble(const struct smpp *smpp, int64_t now_ms)
{
    bool waits = smpp->state == SMPP_CONNECTING || smpp->state == SMPP_BINDING;

    if (waits && now_ms - smpp->since_ms >= smpp->worker->timeout_ms)
        return smpp->state == SMPP_BINDING ? "bind not answered" : "connect not answered";
    if (smpp->asked_ms != 0 && now_ms - smpp->asked_ms >= smpp->worker->timeout_ms)
        return "enquire_link not answered";
    return NULL;
}

static void beat(void *arg)
{
    struct smpp *smpp = arg;
    int64_t now_ms = smsworker_mono_ms(smpp->worker);
    const char *why = trouble(smpp, now_ms);

    if (why != NULL) {
        smpp_lose(smpp, why);
        return;
    }
    if (smpp->state == SMPP_LEAVING && now_ms - smpp->since_ms >= SMPP_LEAVE_MS) {
        leave_now(smpp);
        return;
    }
    if (smpp->state == SMPP_BOUND && smpp->asked_ms == 0 &&
        now_ms - smpp->heard_ms >= smpp->worker->smpp_enquire_ms) {
        smpp->asked_ms = now_ms;
        plain(smpp, SMPP_ENQUIRE, false, SMPP_OK, smpp_next(smpp));
    }
    smpp_overdue(smpp);
    smpp_push(smpp);
    mc_timer_start(smpp->beat, beat_ms(smpp));
}

/* What is being told is finished first, then the SMSC is told that we go. */
bool smpp_leave(struct smsworker *worker)
{
    struct smpp *smpp = worker->smpp;

    mc_timer_cancel(smpp->again);
    if (smpp->state == SMPP_BOUND && smpp->reports_len == 0) {
        enter(smpp, SMPP_LEAVING);
        plain(smpp, SMPP_UNBIND, false, SMPP_OK, smpp_next(smpp));
    }
    return smpp->state != SMPP_BOUND && smpp->state != SMPP_LEAVING;
}

bool smpp_session_open(struct smpp *smpp)
{
    const struct smpp_link_events events = {up, came, down, smpp};
    struct mc_loop *loop = smpp->worker->process.loop;

    smpp->link = smpp_link_create(loop, &events);
    smpp->again = mc_timer_create(loop, connect_now, smpp);
    smpp->beat = mc_timer_create(loop, beat, smpp);
    if (smpp->link == NULL || smpp->again == NULL || smpp->beat == NULL)
        return false;
    mc_timer_start(smpp->again, 0);
    return true;
}

void smpp_session_close(struct smpp *smpp)
{
    if (smpp->link != NULL)
        smpp_link_destroy(smpp->link);
    if (smpp->again != NULL)
        mc_timer_destroy(smpp->again);
    if (smpp->beat != NULL)
        mc_timer_destroy(smpp->beat);
}
