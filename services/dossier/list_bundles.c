/* ListBundles: which procedures can be asked for together (DOS-03), and what waits for what. */
#include "dossier.h"

static Dossier__Bundle *bundle_of(const struct dossier *dossier, struct mc_txn *txn,
                                  const struct dossier_bundle *bundle)
{
    Dossier__Bundle *out = dossier_alloc(txn, sizeof *out);
    Dossier__BundlePart *parts = dossier_alloc(txn, bundle->parts_len * sizeof *parts);

    (void)dossier;
    if (out == NULL || parts == NULL)
        return NULL;
    dossier__bundle__init(out);
    out->code = mc_unconst(bundle->code);
    out->name = mc_unconst(bundle->name);
    out->parts = dossier_list(txn, bundle->parts_len);
    for (size_t i = 0; i < bundle->parts_len && out->parts != NULL; i++) {
        Dossier__BundlePart *part = &parts[i];

        dossier__bundle_part__init(part);
        part->part = (uint32_t)i + 1;
        part->procedure_code = mc_unconst(bundle->parts[i].procedure);
        part->after = dossier_alloc(txn, (bundle->parts_len + 1) * sizeof *part->after);
        for (uint32_t j = 0; j < bundle->parts_len && part->after != NULL; j++)
            if ((bundle->parts[i].after & (1U << j)) != 0)
                part->after[part->n_after++] = j + 1;
        out->parts[out->n_parts++] = part;
    }
    return txn->status == MC_OK ? out : NULL;
}

enum mc_status dossier_list_bundles(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ListBundlesRequest *req,
                                    Dossier__ListBundlesReply *rep)
{
    const struct dossier_bundles *table = &dossier->bundles;

    (void)req;
    rep->bundles = dossier_list(txn, table->len);
    for (size_t i = 0; i < table->len && rep->bundles != NULL; i++) {
        Dossier__Bundle *bundle = bundle_of(dossier, txn, &table->rows[i]);

        if (bundle == NULL)
            break;
        rep->bundles[rep->n_bundles++] = bundle;
    }
    return txn->status;
}
