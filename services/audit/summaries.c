/* One Vietnamese sentence per type of event (data/event_summaries.csv). */
#include <string.h>

#include "common/csv.h"

#include "audit.h"

enum mc_status audit_summaries_read(struct audit *audit, struct mc_bytes text)
{
    struct mc_csv csv;

    audit->summaries_len = 0;
    mc_csv_open(&csv, text.data, text.len);
    if (!mc_csv_next(&csv))
        return MC_INVALID;
    size_t type = mc_csv_column(&csv, "type");
    size_t sentence = mc_csv_column(&csv, "summary_vi");
    while (mc_csv_next(&csv)) {
        struct audit_summary *row = &audit->summaries[audit->summaries_len];

        if (audit->summaries_len == AUDIT_SUMMARIES_MAX ||
            !mc_csv_copy(&csv, type, row->type, sizeof row->type) ||
            !mc_csv_copy(&csv, sentence, row->text, sizeof row->text) || row->text[0] == '\0' ||
            audit_summary_of(audit, row->type) != NULL)
            return MC_INVALID;
        audit->summaries_len++;
    }
    return csv.status;
}

const char *audit_summary_of(const struct audit *audit, const char *type)
{
    for (size_t i = 0; i < audit->summaries_len; i++)
        if (strcmp(audit->summaries[i].type, type) == 0)
            return audit->summaries[i].text;
    return NULL;
}
