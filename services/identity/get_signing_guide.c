/*
 * GetSigningGuide: what to have ready and what to do when something is missing (REG-37, REG-39,
 * REG-40, REG-42), from data/signing_guide.csv: the national portal's guides, word for word. The
 * screens themselves, the plugin and its driver are the front end's and the authorities'.
 */
#include <string.h>

#include "common/csv.h"

#include "signing.h"

extern const char mc_data_signing_guide[];
extern const size_t mc_data_signing_guide_len;

enum { COLUMN_METHOD, COLUMN_MOMENT, COLUMN_TEXT, COLUMN_LINK, TEXTS_MAX = 64 };

static char *field(struct mc_txn *txn, const struct mc_csv *csv, size_t column)
{
    char text[1024];

    if (!mc_csv_copy(csv, column, text, sizeof text)) {
        (void)mc_fail(txn, MC_CORRUPT, "signing_guide.csv");
        return mc_unconst("");
    }
    char *copy = mc_strdup(txn->arena, text);
    if (copy == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return copy;
}

static Identity__SigningGuideText *row(struct mc_txn *txn, const struct mc_csv *csv)
{
    Identity__SigningGuideText *text = mc_alloc(txn->arena, sizeof *text);

    if (text == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    identity__signing_guide_text__init(text);
    text->method = field(txn, csv, COLUMN_METHOD);
    text->moment = field(txn, csv, COLUMN_MOMENT);
    text->text = field(txn, csv, COLUMN_TEXT);
    text->link = field(txn, csv, COLUMN_LINK);
    return text;
}

enum mc_status identity_get_signing_guide(struct identity *identity, struct mc_txn *txn,
                                          const Identity__GetSigningGuideRequest *req,
                                          Identity__SigningGuide *rep)
{
    (void)identity;
    struct mc_csv csv;

    rep->texts = mc_alloc(txn->arena, TEXTS_MAX * sizeof(Identity__SigningGuideText *));
    if (rep->texts == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    mc_csv_open(&csv, mc_data_signing_guide, mc_data_signing_guide_len);
    (void)mc_csv_next(&csv); /* the header */
    while (mc_csv_next(&csv) && rep->n_texts < TEXTS_MAX && txn->status == MC_OK)
        if (req->method[0] == '\0' || mc_csv_is(&csv, COLUMN_METHOD, req->method))
            rep->texts[rep->n_texts++] = row(txn, &csv);
    return txn->status;
}
