/*
 * The texts a person agrees to, by version and days (REG-16). Which one it was, and when, stays
 * with the account; a version that is not in force is refused, so nobody agrees to what nobody
 * published. Two versions may be in force at once: who has the older form open can still send it.
 */
#include <string.h>

#include "common/csv.h"
#include "common/date.h"

#include "identity.h"

static bool wrong(const struct mc_csv *csv, char *why, size_t why_size, const char *what)
{
    (void)snprintf(why, why_size, "line %zu: %s", csv->line, what);
    return false;
}

static char *keep(struct identity *identity, struct mc_bytes field)
{
    char *text = mc_alloc(&identity->tables, field.len + 1);

    if (text != NULL)
        memcpy(text, field.data, field.len);
    return text;
}

static bool read_window(const struct mc_csv *csv, size_t from, size_t until,
                        struct identity_window *ret_window)
{
    char text[32];
    struct mc_bytes a = mc_csv_field(csv, from);
    struct mc_bytes b = mc_csv_field(csv, until);

    if (a.len + b.len + 2 >= sizeof text)
        return false;
    (void)snprintf(text, sizeof text, "%.*s..%.*s", (int)a.len, (const char *)a.data, (int)b.len,
                   (const char *)b.data);
    return identity_window_read(text, ret_window);
}

static bool read_row(struct identity *identity, const struct mc_csv *csv, char *why,
                     size_t why_size)
{
    struct identity_consent consent = {0};

    if (identity->consents_len == IDENTITY_CONSENTS_MAX)
        return wrong(csv, why, why_size, "too many versions");
    if (!mc_csv_copy(csv, 0, consent.version, sizeof consent.version) || consent.version[0] == '\0')
        return wrong(csv, why, why_size, "version: missing or longer than 40 bytes");
    if (identity_consent_find(identity, consent.version) != NULL)
        return wrong(csv, why, why_size, "version: given twice");
    if (!read_window(csv, 1, 2, &consent.window))
        return wrong(csv, why, why_size, "from, until: not days dd/mm/yyyy in order");
    if (mc_csv_field(csv, 4).len == 0 || mc_csv_field(csv, 4).len > IDENTITY_CONSENT_TEXT_MAX)
        return wrong(csv, why, why_size, "text: missing or too long");
    consent.title = keep(identity, mc_csv_field(csv, 3));
    consent.text = keep(identity, mc_csv_field(csv, 4));
    if (consent.title == NULL || consent.text == NULL)
        return wrong(csv, why, why_size, "too large");
    identity->consents[identity->consents_len++] = consent;
    return true;
}

enum mc_status identity_consents_read(struct identity *identity, struct mc_bytes text, char *why,
                                      size_t why_size)
{
    static const char *const header[] = {"version", "from", "until", "title", "text"};
    struct mc_csv csv;

    identity->consents_len = 0;
    mc_csv_open(&csv, text.data, text.len);
    bool good = mc_csv_next(&csv);
    for (size_t i = 0; good && i < MC_LEN(header); i++)
        good = mc_csv_is(&csv, i, header[i]);
    if (!good) {
        (void)wrong(&csv, why, why_size, "the columns are version,from,until,title,text");
        return MC_INVALID;
    }
    while (mc_csv_next(&csv))
        if (!read_row(identity, &csv, why, why_size))
            return MC_INVALID;
    if (csv.status != MC_OK)
        (void)wrong(&csv, why, why_size, "not CSV");
    return csv.status == MC_OK ? MC_OK : MC_INVALID;
}

const struct identity_consent *identity_consent_find(const struct identity *identity,
                                                     const char *version)
{
    for (size_t i = 0; i < identity->consents_len; i++)
        if (strcmp(identity->consents[i].version, version) == 0)
            return &identity->consents[i];
    return NULL;
}

bool identity_consent_is_in_force(const struct identity_consent *consent, int64_t at_ms)
{
    return consent != NULL && consent->window.from_ms <= at_ms && at_ms < consent->window.until_ms;
}

/* Of those in force the one that began last. */
const struct identity_consent *identity_consent_at(const struct identity *identity, int64_t at_ms)
{
    const struct identity_consent *newest = NULL;

    for (size_t i = 0; i < identity->consents_len; i++) {
        const struct identity_consent *consent = &identity->consents[i];
        if (identity_consent_is_in_force(consent, at_ms) &&
            (newest == NULL || consent->window.from_ms >= newest->window.from_ms))
            newest = consent;
    }
    return newest;
}

/* REG-16: refuses the call for a version that is not in force. */
void identity_consent_check(const struct identity *identity, struct mc_txn *txn,
                            const char *version)
{
    if (version[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "consent_version", "CONSENT_REQUIRED", NULL);
    else if (strlen(version) > IDENTITY_CONSENT_MAX)
        (void)mc_refuse(txn, MC_INVALID, "consent_version", "FIELD_TOO_LONG", "field",
                        "Phiên bản điều khoản", "max", "40 ký tự", NULL);
    else if (!identity_consent_is_in_force(identity_consent_find(identity, version), txn->now_ms))
        (void)mc_refuse(txn, MC_INVALID, "consent_version", "CONSENT_UNKNOWN", NULL);
}
