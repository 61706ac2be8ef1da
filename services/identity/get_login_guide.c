/*
 * GetLoginGuide: the words and ways of signing in, as data, in the order screens show them (LOG-02
 * to LOG-06, LOG-09, OTP-08, OTP-09, OTP-13): tabs, fields, links, and what stands behind the
 * links.
 *
 * Other methods are those that are one: a certificate's signature. A code by e-mail is none: mail
 * proves a mailbox, not its owner at the other end (NIST SP 800-63B forbids it), so the seed's link
 * leads to certificates only, and a lost phone to a certificate or the desk.
 */
#include "common/csv.h"

#include "identity.h"

enum { ITEMS_MAX = 64 };

extern const char mc_data_login_guide[];
extern const size_t mc_data_login_guide_len;

static char *field(struct mc_txn *txn, const struct mc_csv *csv, size_t column)
{
    struct mc_bytes bytes = mc_csv_field(csv, column);
    char *text = mc_sprintf(txn->arena, "%.*s", (int)bytes.len, (const char *)bytes.data);

    if (text == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return text != NULL ? text : mc_unconst("");
}

enum mc_status identity_get_login_guide(struct identity *identity, struct mc_txn *txn,
                                        const Identity__GetLoginGuideRequest *req,
                                        Identity__LoginGuide *rep)
{
    (void)identity;
    (void)req;
    struct mc_csv csv;

    rep->items = mc_alloc(txn->arena, ITEMS_MAX * sizeof(Identity__LoginItem *));
    if (rep->items == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    mc_csv_open(&csv, mc_data_login_guide, mc_data_login_guide_len);
    if (!mc_csv_next(&csv))
        return mc_fail(txn, MC_CORRUPT, "login_guide.csv");
    size_t kind = mc_csv_column(&csv, "kind");
    size_t code = mc_csv_column(&csv, "code");
    size_t words = mc_csv_column(&csv, "text_vi");
    size_t call = mc_csv_column(&csv, "call");
    while (rep->n_items < ITEMS_MAX && mc_csv_next(&csv)) {
        Identity__LoginItem *item = mc_alloc(txn->arena, sizeof *item);
        if (item == NULL)
            return mc_fail(txn, MC_FULL, "arena");
        identity__login_item__init(item);
        item->kind = field(txn, &csv, kind);
        item->code = field(txn, &csv, code);
        item->text = field(txn, &csv, words);
        item->call = field(txn, &csv, call);
        rep->items[rep->n_items++] = item;
    }
    return txn->status;
}
