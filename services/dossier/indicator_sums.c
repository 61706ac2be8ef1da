/*
 * Sums on disk.
 *
 *     tallies: 'U', unit, 0, month (2)               -> DossierState__Tally
 *              'O', unit, 0, account id, month (2)   -> the same of one officer
 *     facts:   the same without the month, kind (1), month (2), dossier id -> bits (8)
 */
#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "indicators.h"

static const char *const names[] = {
    [DOSSIER_TALLY_RECEIVED] = "RECEIVED",
    [DOSSIER_TALLY_RECEIVED_ONLINE] = "RECEIVED_ONLINE",
    [DOSSIER_TALLY_VERIFIED] = "VERIFIED",
    [DOSSIER_TALLY_ENDED] = "ENDED",
    [DOSSIER_TALLY_ON_TIME] = "ON_TIME",
    [DOSSIER_TALLY_LATE] = "LATE",
    [DOSSIER_TALLY_SUPPLEMENTS] = "SUPPLEMENTS",
    [DOSSIER_TALLY_REFUSED] = "REFUSED",
    [DOSSIER_TALLY_STOPPED] = "STOPPED",
    [DOSSIER_TALLY_RESOLVED] = "RESOLVED",
    [DOSSIER_TALLY_RESULT] = "RESULT",
    [DOSSIER_TALLY_SERVED_ONLINE] = "SERVED_ONLINE",
    [DOSSIER_TALLY_ONLINE] = "ONLINE",
    [DOSSIER_TALLY_FEE] = "FEE",
    [DOSSIER_TALLY_PAID_ONLINE] = "PAID_ONLINE",
    [DOSSIER_TALLY_DIGITISED] = "DIGITISED",
    [DOSSIER_TALLY_REUSED] = "REUSED",
    [DOSSIER_TALLY_WENT_LATE] = "WENT_LATE",
    [DOSSIER_TALLY_LATE_ENDED] = "LATE_ENDED",
    [DOSSIER_TALLIES_LEN] = "",
    [DOSSIER_TALLY_RUNNING_LATE] = "RUNNING_LATE",
    [DOSSIER_TALLY_TOTAL] = "TOTAL",
};

const char *dossier_tally_name(enum dossier_tally tally)
{
    return names[tally];
}

bool dossier_tally_parse(const char *name, enum dossier_tally *ret_tally)
{
    for (size_t i = 0; i < MC_LEN(names) && name[0] != '\0'; i++)
        if (strcmp(names[i], name) == 0) {
            *ret_tally = (enum dossier_tally)i;
            return true;
        }
    return false;
}

bool dossier_month_parse(const char *text, uint32_t *ret_month)
{
    if (strlen(text) != 7 || text[4] != '-')
        return false;
    uint32_t part[2] = {0};
    for (size_t i = 0; i < 7; i++) {
        if (i == 4)
            continue;
        if (text[i] < '0' || text[i] > '9')
            return false;
        part[i > 4] = part[i > 4] * 10 + (uint32_t)(text[i] - '0');
    }
    *ret_month = part[0] * 12 + part[1] - 1;
    return part[0] >= 2000 && part[1] >= 1 && part[1] <= 12;
}

char *dossier_month_text(struct mc_txn *txn, uint32_t month)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%04u-%02u", month / 12, month % 12 + 1);
    return dossier_text(txn, text);
}

struct mc_bytes dossier_tally_prefix(struct mc_txn *txn, const char *unit, const char *officer)
{
    uint8_t key[1 + MC_AGENCY_CODE_SIZE + MC_ID_LEN];
    size_t len = 0;
    size_t unit_len = strlen(unit);

    if (unit_len >= MC_AGENCY_CODE_SIZE) {
        (void)mc_fail(txn, MC_CORRUPT, "a unit's code");
        return (struct mc_bytes){0};
    }
    key[len++] = officer[0] != '\0' ? 'O' : 'U';
    memcpy(key + len, unit, unit_len + 1); /* the NUL ends it */
    len += unit_len + 1;
    if (officer[0] != '\0' && strcmp(officer, "*") != 0) {
        if (!mc_uuid_parse(key + len, mc_key_text(officer))) {
            (void)mc_fail(txn, MC_CORRUPT, "an officer's account");
            return (struct mc_bytes){0};
        }
        len += MC_ID_LEN;
    }
    return mc_keep(txn, key, len);
}

static struct mc_bytes month_key(struct mc_txn *txn, uint32_t month)
{
    uint8_t key[2] = {(uint8_t)(month >> 8), (uint8_t)month};

    return mc_keep(txn, key, sizeof key);
}

struct mc_bytes dossier_tally_key(struct mc_txn *txn, const char *unit, const char *officer,
                                  uint32_t month)
{
    return mc_key_join(txn, dossier_tally_prefix(txn, unit, officer), month_key(txn, month));
}

struct mc_bytes dossier_fact_prefix(struct mc_txn *txn, const char *unit, const char *officer,
                                    enum dossier_fact_kind kind)
{
    uint8_t byte = (uint8_t)kind;

    return mc_key_join(txn, dossier_tally_prefix(txn, unit, officer), mc_keep(txn, &byte, 1));
}

void dossier_tally_add(struct mc_txn *txn, const char *unit, const char *officer, uint32_t month,
                       uint64_t bits, bool more)
{
    struct mc_bytes key = dossier_tally_key(txn, unit, officer, month);
    const DossierState__Tally *old =
        mc_load(txn, DOSSIER_TALLIES, key, &dossier_state__tally__descriptor);
    DossierState__Tally tally = DOSSIER_STATE__TALLY__INIT;
    uint64_t counts[DOSSIER_TALLIES_LEN] = {0};

    for (size_t i = 0; i < DOSSIER_TALLIES_LEN; i++) {
        counts[i] = old != NULL && i < old->n_counts ? old->counts[i] : 0;
        if ((bits >> i & 1) == 0)
            continue;
        if (!more && counts[i] == 0) {
            (void)mc_fail(txn, MC_CORRUPT, "an indicator's sum below zero");
            return;
        }
        counts[i] = more ? counts[i] + 1 : counts[i] - 1;
    }
    tally.counts = counts;
    tally.n_counts = DOSSIER_TALLIES_LEN;
    mc_save(txn, DOSSIER_TALLIES, key, &tally.base);
}

void dossier_sums_read(struct mc_txn *txn, const char *unit, const char *officer, uint32_t from,
                       uint32_t to, struct dossier_sums *sums)
{
    struct mc_bytes prefix = dossier_tally_prefix(txn, unit, officer);
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_TALLIES, prefix, (struct mc_bytes){0}, MC_FORWARD);

    while (txn->status == MC_OK && mc_next(&cursor)) {
        const DossierState__Tally *tally = mc_row(&cursor, &dossier_state__tally__descriptor);
        const uint8_t *end = (const uint8_t *)cursor.key.data + prefix.len;

        if (tally == NULL || cursor.key.len != prefix.len + 2)
            return;
        uint32_t month = (uint32_t)end[0] << 8 | end[1];
        if (month > to)
            return;
        for (size_t i = 0; i < tally->n_counts && i < DOSSIER_TALLIES_LEN; i++) {
            int64_t count = (int64_t)tally->counts[i];

            if (month >= from)
                sums->of[i] += count;
            if (i == DOSSIER_TALLY_WENT_LATE)
                sums->of[DOSSIER_TALLY_RUNNING_LATE] += count;
            if (i == DOSSIER_TALLY_LATE_ENDED)
                sums->of[DOSSIER_TALLY_RUNNING_LATE] -= count;
        }
        mc_pass(&cursor);
    }
}

void dossier_sums_end(struct dossier_sums *sums)
{
    sums->of[DOSSIER_TALLY_TOTAL] =
        sums->of[DOSSIER_TALLY_ENDED] + sums->of[DOSSIER_TALLY_RUNNING_LATE];
}
