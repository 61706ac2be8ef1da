/* ListTemplates: what can be printed, and what each takes. */
#include "print.h"

static bool info_fill(struct mc_txn *txn, const struct print_template *from,
                      Print__TemplateInfo *info)
{
    const Template__Document *document = from->document;

    print__template_info__init(info);
    info->name = mc_unconst(from->name);
    info->fields = document->fields;
    info->n_fields = document->n_fields;
    info->tables = mc_alloc(txn->arena, (document->n_blocks + 1) * sizeof(char *));
    for (size_t i = 0; info->tables != NULL && i < document->n_blocks; i++)
        if (document->blocks[i]->what_case == TEMPLATE__BLOCK__WHAT_TABLE)
            info->tables[info->n_tables++] = document->blocks[i]->table->name;
    return info->tables != NULL;
}

enum mc_status print_list_templates(struct print *print, struct mc_txn *txn,
                                    const Print__ListTemplatesRequest *req,
                                    Print__ListTemplatesReply *rep)
{
    Print__TemplateInfo *infos = mc_alloc(txn->arena, (print->templates_len + 1) * sizeof *infos);

    (void)req;
    rep->templates =
        mc_alloc(txn->arena, (print->templates_len + 1) * sizeof(Print__TemplateInfo *));
    if (infos == NULL || rep->templates == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    for (size_t i = 0; i < print->templates_len; i++) {
        if (!info_fill(txn, &print->templates[i], &infos[i]))
            return mc_fail(txn, MC_LIMITED, "arena full");
        rep->templates[rep->n_templates++] = &infos[i];
    }
    return MC_OK;
}
