#include "common/config_told.h"

#include "common/config.h"

static enum mc_status tell_key(struct mc_txn *txn, const struct mc_config_key *key,
                               const struct mc_config_value *value, Motcua__ConfigReply *rep)
{
    Motcua__ConfigKey *told = mc_alloc(txn->arena, sizeof *told);

    if (told == NULL)
        return MC_LIMITED;
    motcua__config_key__init(told);
    told->name = mc_unconst(key->name);
    told->type = (uint32_t)key->type;
    told->default_text = mc_unconst(key->default_text);
    told->min = key->min;
    told->max = key->max;
    told->sentence = mc_unconst(key->sentence);
    told->value = mc_unconst(value->text);
    told->origin = mc_unconst(value->origin);
    rep->keys[rep->n_keys++] = told;
    return MC_OK;
}

enum mc_status mc_config_tell(struct mc_service *service, struct mc_txn *txn,
                              const Motcua__ConfigRequest *req, Motcua__ConfigReply *rep)
{
    const struct mc_config *config = service->options.config;
    enum mc_status status = MC_OK;
    size_t index = 0;

    (void)req;
    if (config == NULL)
        return MC_OK;
    rep->keys = mc_alloc(txn->arena, MC_CONFIG_KEYS_MAX * sizeof(Motcua__ConfigKey *));
    if (rep->keys == NULL)
        return MC_LIMITED;
    for (size_t g = 0; g < config->groups_len; g++)
        for (size_t i = 0; i < config->groups[g].len && status == MC_OK; i++)
            status = tell_key(txn, &config->groups[g].keys[i], &config->values[index++], rep);
    return status;
}
