/*
 * LeaseJobs: a gateway takes what is due. Codes first, then notices, then bulk, whatever order it
 * asked in. A job past its useful life is put away here and never handed out.
 *
 * The reply holds texts, so it is not kept for a repeat as others are: it would outlive the jobs
 * by a day. Each gateway's last lease is kept as tokens, and a repeat (its reply was lost) is given
 * what it still holds of them.
 *
 * How much a gateway may have is gateway.c's to say: an operator, its rate, its share.
 */
#include <stdio.h>
#include <string.h>

#include "otp.h"

enum { SEEN_STEP_MS = 1000 };

static void check_lanes(struct mc_txn *txn, const Otp__LeaseJobsRequest *req)
{
    char field[48];

    for (size_t i = 0; i < req->n_lanes; i++)
        if (req->lanes[i] == OTP__LANE__LANE_UNSPECIFIED) {
            (void)snprintf(field, sizeof field, "lanes[%zu]", i);
            otp_refuse_field(txn, field, "Làn");
        }
    if (req->n_carriers > OTP_CARRIERS_MAX)
        otp_refuse_long(txn, "carriers", "Danh sách nhà mạng", "32");
}

static void check(struct mc_txn *txn, const Otp__LeaseJobsRequest *req)
{
    check_lanes(txn, req);
    if (req->credit < 1 || req->credit > OTP_CREDIT_MAX)
        otp_refuse_field(txn, "credit", "Số tin tối đa (1 đến 500)");
    if (req->lease_ms != 0 &&
        (req->lease_ms < OTP_LEASE_MIN_MS || req->lease_ms > OTP_LEASE_MAX_MS))
        otp_refuse_field(txn, "lease_ms", "Thời gian giữ tin (1 giây đến 5 phút)");
    if (req->wait_ms > OTP_WAIT_MAX_MS)
        otp_refuse_field(txn, "wait_ms", "Thời gian chờ (tối đa 10 giây)");
}

static bool is_wanted(const Otp__LeaseJobsRequest *req, unsigned lane)
{
    for (size_t i = 0; i < req->n_lanes; i++)
        if ((unsigned)req->lanes[i] == lane + OTP__LANE__OTP)
            return true;
    return req->n_lanes == 0;
}

static const char *const *carriers_of(struct mc_txn *txn, const Otp__LeaseJobsRequest *req)
{
    if (req->n_carriers == 0)
        return NULL;
    const char **list = mc_alloc(txn->arena, (req->n_carriers + 1) * sizeof *list);
    if (list == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    for (size_t i = 0; i < req->n_carriers; i++)
        list[i] = req->carriers[i];
    return list;
}

/* The path a gateway gives its carrier to report to; it appends &st=. */
static char *report_path(struct mc_txn *txn, const char *reference)
{
    static const char begin[] = "/webhooks/sms?ref=";
    static const char middle[] = "&sig=";
    char path[sizeof begin + OTP_REFERENCE_LEN + sizeof middle + OTP_SIGNATURE_LEN];
    char *end = path;

    end = stpcpy(end, begin);
    end = stpcpy(end, reference);
    end = stpcpy(end, middle);
    otp_reference_sign(txn, reference, end);
    return otp_join(txn, path, "");
}

static void hand_out(const struct otp *otp, struct mc_txn *txn, struct mc_job *job,
                     const Otp__LeaseJobsRequest *req, Otp__LeaseJobsReply *rep)
{
    const Motcua__Job *record = job->record;
    const OtpState__Sms *sms = otp_job_sms(txn, job);
    Otp__SmsJob *out = mc_alloc(txn->arena, sizeof *out);

    if (sms == NULL || out == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    otp__sms_job__init(out);
    out->token = (ProtobufCBinaryData){sizeof job->token, job->token};
    out->reference = otp_reference(txn, record->id);
    out->lane = (Otp__Lane)((record->id >> 56) + OTP__LANE__OTP);
    out->phone = sms->phone;
    out->text = sms->text;
    out->carrier = record->destination;
    out->expires_at_ms = record->expires_ms;
    out->attempt = record->attempts;
    out->parts = sms->parts;
    out->encoding = mc_unconst(mc_sms_encoding_name(sms->encoding));
    if (!req->without_report_path)
        out->report_path = report_path(txn, out->reference);
    out->traceparent = record->traceparent;
    out->template_ = sms->template_;
    out->sender = mc_unconst(otp->brandname);
    rep->jobs[rep->n_jobs++] = out;
}

/* One LeaseJobs call: who asks, what it may have, and what came of it. */
struct taking {
    const struct otp *otp;
    const Otp__LeaseJobsRequest *req;
    const char *const *carriers;
    struct otp_gateways all;
    OtpState__Gateway *gateway;
    size_t most;
    size_t spent;
    Otp__LeaseJobsReply *rep;
};

/* A lease that ran out speaks against who had it. */
static void lost(struct mc_txn *txn, struct taking *taking, const char *by)
{
    otp_gateway_failed(txn, by, 1);
    if (strcmp(by, txn->caller->name) == 0) /* its own row, which is at hand */
        taking->gateway = otp_gateway_load(txn, by);
}

static struct mc_lease lease_of(const struct mc_txn *txn, const struct taking *taking,
                                unsigned lane)
{
    const Otp__LeaseJobsRequest *req = taking->req;
    const char *name = txn->caller->name;
    bool left = lane == OTP_LANE_OTP &&
                otp_gateway_has_other(taking->otp, &taking->all, name, taking->gateway, (int)lane,
                                      false, txn->now_ms);

    return (struct mc_lease){
        .lane = lane,
        .destinations = taking->carriers,
        .worker = name,
        .lease_ms = req->lease_ms != 0 ? req->lease_ms : OTP_LEASE_DEFAULT_MS,
        .leave_ms = left ? taking->otp->gateway_leave_ms : 0,
    };
}

/* Takes from one lane until the credit is used up or nothing is due; counts what it put away. */
static void take(struct mc_txn *txn, struct taking *taking, unsigned lane)
{
    const struct mc_lease lease = lease_of(txn, taking, lane);
    Otp__LeaseJobsReply *rep = taking->rep;
    bool again = true;

    while (again && rep->n_jobs < taking->most && taking->spent < OTP_SPENT_MAX) {
        size_t most = taking->most - rep->n_jobs;
        struct mc_job *jobs = mc_alloc(txn->arena, most * sizeof *jobs);
        if (jobs == NULL) {
            (void)mc_fail(txn, MC_LIMITED, "arena full");
            return;
        }
        size_t n = mc_jobs_lease(txn, &lease, jobs, most);
        again = false;
        for (size_t i = 0; i < n; i++) {
            if (jobs[i].lost_by != NULL)
                lost(txn, taking, jobs[i].lost_by);
            if (jobs[i].spent == NULL) {
                hand_out(taking->otp, txn, &jobs[i], taking->req, rep);
                continue;
            }
            otp_job_put_away(txn, &jobs[i]);
            taking->spent += 1;
            again = true;
        }
    }
}

/* The same call again: what it still holds. False when it is a new call. */
static bool repeat(const struct otp *otp, struct mc_txn *txn, const Otp__LeaseJobsRequest *req,
                   Otp__LeaseJobsReply *rep)
{
    const OtpState__Lease *last =
        mc_load(txn, OTP_LEASES, mc_key_text(txn->caller->name), &otp_state__lease__descriptor);

    if (last == NULL || last->request_id.len != txn->header->request_id.len ||
        memcmp(last->request_id.data, txn->header->request_id.data, last->request_id.len) != 0)
        return false;
    rep->jobs = mc_alloc(txn->arena, (last->n_tokens + 1) * sizeof(Otp__SmsJob *));
    if (rep->jobs == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return true;
    }
    for (size_t i = 0; i < last->n_tokens && txn->status == MC_OK; i++) {
        struct mc_job *job = otp_job_held(txn, last->tokens[i]);

        if (job != NULL)
            hand_out(otp, txn, job, req, rep);
    }
    return true;
}

static void remember(struct mc_txn *txn, const Otp__LeaseJobsReply *rep)
{
    OtpState__Lease lease = OTP_STATE__LEASE__INIT;

    lease.tokens = mc_alloc(txn->arena, (rep->n_jobs + 1) * sizeof *lease.tokens);
    if (lease.tokens == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < rep->n_jobs; i++)
        lease.tokens[lease.n_tokens++] = rep->jobs[i]->token;
    lease.request_id = txn->header->request_id;
    mc_save(txn, OTP_LEASES, mc_key_text(txn->caller->name), &lease.base);
}

/* What it asked for this time is what it is counted on for. */
static void note_wishes(const Otp__LeaseJobsRequest *req, OtpState__Gateway *gateway)
{
    gateway->lanes = 0;
    for (unsigned lane = 0; lane < OTP_LANES_LEN; lane++)
        if (is_wanted(req, lane))
            gateway->lanes |= 1U << lane;
    gateway->carriers = req->carriers;
    gateway->n_carriers = req->n_carriers;
}

static struct taking *begin(const struct otp *otp, struct mc_txn *txn,
                            const Otp__LeaseJobsRequest *req, Otp__LeaseJobsReply *rep)
{
    struct taking *taking = mc_alloc(txn->arena, sizeof *taking);

    rep->jobs = mc_alloc(txn->arena, req->credit * sizeof(void *));
    if (taking == NULL || rep->jobs == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    taking->otp = otp;
    taking->req = req;
    taking->rep = rep;
    taking->carriers = carriers_of(txn, req);
    taking->gateway = otp_gateway_load(txn, txn->caller->name);
    otp_gateways_load(txn, &taking->all);
    if (txn->status != MC_OK)
        return NULL;
    note_wishes(req, taking->gateway);
    taking->most = otp_gateway_allowance(otp, txn, &taking->all, txn->caller->name, taking->gateway,
                                         req->credit);
    return taking;
}

/* What came of it; an idle gateway is noted once a second at most. */
static void finish(struct mc_txn *txn, struct taking *taking)
{
    const Otp__LeaseJobsReply *rep = taking->rep;
    OtpState__Gateway *gateway = taking->gateway;
    size_t parts = 0;

    for (size_t i = 0; i < rep->n_jobs; i++)
        parts += rep->jobs[i]->parts;
    if (rep->n_jobs == 0 && gateway->seen_at_ms + SEEN_STEP_MS > txn->now_ms)
        return;
    note_wishes(taking->req, gateway); /* it may have been loaded again */
    otp_gateway_took(taking->otp, txn, txn->caller->name, gateway, rep->n_jobs, parts);
}

enum mc_status otp_lease_jobs(struct otp *otp, struct mc_txn *txn, const Otp__LeaseJobsRequest *req,
                              Otp__LeaseJobsReply *rep)
{
    check(txn, req);
    if (txn->status != MC_OK || repeat(otp, txn, req, rep))
        return txn->status;

    struct taking *taking = begin(otp, txn, req, rep);
    if (taking == NULL)
        return txn->status;
    for (unsigned lane = 0; lane < OTP_LANES_LEN && txn->status == MC_OK; lane++)
        if (is_wanted(req, lane))
            take(txn, taking, lane);
    if (txn->status != MC_OK)
        return txn->status;
    if (rep->n_jobs > 0)
        remember(txn, rep);
    /* What was put away must commit, so the caller gets an empty answer and asks again. */
    if (rep->n_jobs == 0 && taking->spent == 0 && mc_wait(txn, req->wait_ms) == MC_WAIT)
        return MC_WAIT;
    finish(txn, taking);
    return txn->status;
}
