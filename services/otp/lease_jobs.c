/*
 * LeaseJobs: a gateway takes what is due. Codes first, then notices, then bulk, whatever order it
 * asked in. A job past its useful life is put away here and never handed out.
 *
 * The reply holds texts, so it is not kept for a repeat as others are: it would outlive the jobs
 * by a day. Each gateway's last lease is kept as tokens, and a repeat (its reply was lost) is given
 * what it still holds of them.
 */
#include <stdio.h>
#include <string.h>

#include "otp.h"

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

static void hand_out(struct mc_txn *txn, struct mc_job *job, Otp__LeaseJobsReply *rep)
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
    out->encoding = mc_unconst(otp_sms_encoding_name(sms->encoding));
    out->report_path = report_path(txn, out->reference);
    out->traceparent = record->traceparent;
    rep->jobs[rep->n_jobs++] = out;
}

/* Takes from one lane until the credit is used up or nothing is due; counts what it put away. */
static void take(struct mc_txn *txn, unsigned lane, const char *const *carriers,
                 const Otp__LeaseJobsRequest *req, Otp__LeaseJobsReply *rep, size_t *spent)
{
    const struct mc_lease lease = {
        .lane = lane,
        .destinations = carriers,
        .worker = txn->caller->name,
        .lease_ms = req->lease_ms != 0 ? req->lease_ms : OTP_LEASE_DEFAULT_MS,
    };
    bool again = true;

    while (again && rep->n_jobs < req->credit && *spent < OTP_SPENT_MAX) {
        size_t most = req->credit - rep->n_jobs;
        struct mc_job *jobs = mc_alloc(txn->arena, most * sizeof *jobs);
        if (jobs == NULL) {
            (void)mc_fail(txn, MC_LIMITED, "arena full");
            return;
        }
        size_t n = mc_jobs_lease(txn, &lease, jobs, most);
        again = false;
        for (size_t i = 0; i < n; i++) {
            if (jobs[i].spent == NULL) {
                hand_out(txn, &jobs[i], rep);
                continue;
            }
            otp_job_put_away(txn, &jobs[i]);
            *spent += 1;
            again = true;
        }
    }
}

/* The same call again: what it still holds. False when it is a new call. */
static bool repeat(struct mc_txn *txn, Otp__LeaseJobsReply *rep)
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
            hand_out(txn, job, rep);
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

enum mc_status otp_lease_jobs(struct otp *otp, struct mc_txn *txn, const Otp__LeaseJobsRequest *req,
                              Otp__LeaseJobsReply *rep)
{
    size_t spent = 0;

    (void)otp;
    check(txn, req);
    if (txn->status != MC_OK || repeat(txn, rep))
        return txn->status;

    const char *const *carriers = carriers_of(txn, req);
    rep->jobs = mc_alloc(txn->arena, req->credit * sizeof(void *));
    if (rep->jobs == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    for (unsigned lane = 0; lane < OTP_LANES_LEN && txn->status == MC_OK; lane++)
        if (is_wanted(req, lane))
            take(txn, lane, carriers, req, rep, &spent);
    if (txn->status != MC_OK)
        return txn->status;
    if (rep->n_jobs > 0)
        remember(txn, rep);
    /* What was put away must commit, so the caller gets an empty answer and asks again. */
    return rep->n_jobs > 0 || spent > 0 ? MC_OK : mc_wait(txn, req->wait_ms);
}
