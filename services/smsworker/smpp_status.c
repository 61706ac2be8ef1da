#include "smpp_status.h"

#include <stdlib.h>
#include <string.h>

#include "common/csv.h"

extern const char mc_data_smpp_status[];
extern const size_t mc_data_smpp_status_len;

static const struct {
    const char *name;
    enum verdict verdict;
    bool rebind;
} actions[] = {
    {"ok", VERDICT_TAKEN, false},     {"permanent", VERDICT_REFUSED, false},
    {"retry", VERDICT_RETRY, false},  {"later", VERDICT_LATER, false},
    {"slow", VERDICT_SLOW, false},    {"rebind", VERDICT_RETRY, true},
    {"locked", VERDICT_LOCKED, true},
};

static bool row_read(const struct mc_csv *csv, struct smpp_status_row *row)
{
    char code[16];

    if (!mc_csv_copy(csv, 0, code, sizeof code) ||
        !mc_csv_copy(csv, 1, row->name, sizeof row->name))
        return false;
    row->code = (uint32_t)strtoul(code, NULL, 16);
    for (size_t i = 0; i < MC_LEN(actions); i++)
        if (mc_csv_is(csv, 3, actions[i].name)) {
            row->verdict = actions[i].verdict;
            row->rebind = actions[i].rebind;
            return true;
        }
    return false;
}

bool smpp_statuses_read(struct smpp_statuses *statuses)
{
    struct mc_csv csv;

    statuses->len = 0;
    mc_csv_open(&csv, mc_data_smpp_status, mc_data_smpp_status_len);
    if (!mc_csv_next(&csv))
        return false; /* the header */
    while (mc_csv_next(&csv)) {
        if (statuses->len == SMPP_STATUSES_MAX || !row_read(&csv, &statuses->rows[statuses->len]))
            return false;
        statuses->len++;
    }
    return csv.status == MC_OK && statuses->len > 0;
}

const struct smpp_status_row *smpp_status_find(const struct smpp_statuses *statuses, uint32_t code)
{
    static const struct smpp_status_row own = {.name = "SMSC_STATUS", .verdict = VERDICT_LATER};

    for (size_t i = 0; i < statuses->len; i++)
        if (statuses->rows[i].code == code)
            return &statuses->rows[i];
    return &own;
}
