/* SMPP 3.4 as a way to send: what it needs to start, and what it does with a text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smpp.h"

static enum mc_status settings_check(struct smsworker *worker, char *why, size_t why_size)
{
    (void)snprintf(why, why_size, "smsworker.smpp_address: a number and a port, 10.0.0.9:2775");
    if (!smpp_address_is_good(worker->smpp_address))
        return MC_INVALID;
    (void)snprintf(why, why_size, "smsworker.smpp_ids: same, hex or decimal");
    if (strcmp(worker->smpp_ids, "same") != 0 && strcmp(worker->smpp_ids, "hex") != 0 &&
        strcmp(worker->smpp_ids, "decimal") != 0)
        return MC_INVALID;
    enum mc_status status = smsworker_password_load(worker, why, why_size);
    if (status != MC_OK)
        return status;
    (void)snprintf(why, why_size,
                   "SMPP: smsworker.username has at most 15 characters, "
                   "the password at most 8");
    bool fits = strlen(worker->username) <= SMPP_SYSTEM_ID_MAX &&
                strlen(worker->password) <= SMPP_PASSWORD_MAX;
    return fits ? MC_OK : MC_INVALID;
}

/* Each gateway's own file: several workers may share a data folder. */
static struct smpp_awaited *awaited_open(const struct smsworker *worker, char *why, size_t why_size)
{
    char path[1024];

    (void)snprintf(path, sizeof path, "%s/smsworker", worker->process.settings.data_dir);
    (void)snprintf(why, why_size, "%s cannot be written", path);
    if (!mc_folder_make(path, 0700))
        return NULL;
    int len = snprintf(path, sizeof path, "%s/smsworker/%s.awaited",
                       worker->process.settings.data_dir, worker->name);
    if (len < 0 || (size_t)len >= sizeof path || strchr(worker->name, '/') != NULL)
        return NULL;
    return smpp_awaited_open(path, (uint32_t)worker->smpp_receipts);
}

static enum mc_status smpp_open(struct smsworker *worker, char *why, size_t why_size)
{
    enum mc_status status = settings_check(worker, why, why_size);
    struct smpp *smpp = status == MC_OK ? calloc(1, sizeof *smpp) : NULL;

    if (smpp == NULL)
        return status == MC_OK ? MC_FULL : status;
    worker->smpp = smpp;
    smpp->worker = worker;
    smpp->answer_base = strcmp(worker->smpp_ids, "hex") == 0       ? 16
                        : strcmp(worker->smpp_ids, "decimal") == 0 ? 10
                                                                   : 0;
    smpp->receipt_base = smpp->answer_base == 0 ? 0 : 26 - smpp->answer_base;
    smpp->awaited = awaited_open(worker, why, why_size);
    if (smpp->awaited == NULL)
        return MC_IO;
    (void)snprintf(why, why_size, "SMPP cannot be made ready");
    return smpp_statuses_read(&smpp->statuses) && smpp_session_open(smpp) ? MC_OK : MC_FULL;
}

static void smpp_close(struct smsworker *worker)
{
    struct smpp *smpp = worker->smpp;

    if (smpp == NULL)
        return;
    smpp_session_close(smpp);
    smpp_awaited_close(smpp->awaited);
    free(smpp);
}

static bool smpp_ready(const struct smsworker *worker)
{
    return worker->smpp->state == SMPP_BOUND;
}

static void smpp_begin(struct slot *slot)
{
    static const struct outcome broken = {VERDICT_REFUSED, "NOT_SENDABLE", NULL};
    struct smpp_text text;

    slot->parts_sent = slot->parts_taken = 0;
    enum mc_status status = smpp_text_make(&text, slot->text, slot->ucs2, 0);
    slot->parts = text.len;
    mc_wipe(&text, sizeof text);
    if (status != MC_OK)
        smsworker_sent(slot, &broken);
    else
        smpp_push(slot->worker->smpp);
}

const struct driver smsworker_smpp = {
    .mode = "smpp",
    .open = smpp_open,
    .close = smpp_close,
    .ready = smpp_ready,
    .send = smpp_begin,
    .leave = smpp_leave,
};
