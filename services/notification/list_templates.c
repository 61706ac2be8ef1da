/* ListTemplates: every version of the words of notices, and which events use them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notification.h"

enum { CHANNELS_MAX = 3 };

static Notification__TemplateUse *use_of(struct mc_txn *txn, const struct notification_rule *rule)
{
    Notification__TemplateUse *use = mc_alloc(txn->arena, sizeof *use);

    if (use == NULL)
        return NULL;
    notification__template_use__init(use);
    use->channels = mc_alloc(txn->arena, CHANNELS_MAX * sizeof *use->channels);
    if (use->channels == NULL)
        return NULL;
    use->event = mc_unconst(rule->event);
    use->to_state = mc_unconst(notification_rule_state(rule));
    use->kind = mc_unconst(notification_kinds[rule->kind].key);
    use->own = rule->line != 0;
    use->sms_life_ms = rule->sms_life_ms;
    use->channels[use->n_channels++] = NOTIFICATION__CHANNEL__INBOX;
    if (rule->sms)
        use->channels[use->n_channels++] = NOTIFICATION__CHANNEL__SMS;
    if (rule->email)
        use->channels[use->n_channels++] = NOTIFICATION__CHANNEL__EMAIL;
    return use;
}

static bool tell_uses(const struct notification_book *book, struct mc_txn *txn,
                      const struct notification_template *words, Notification__Template *row)
{
    row->uses = mc_alloc(txn->arena, NOTIFICATION_RULES_MAX * sizeof(Notification__TemplateUse *));
    for (size_t i = 0; row->uses != NULL && i < book->rules_len; i++) {
        if (book->rules[i].words != words)
            continue;
        row->uses[row->n_uses] = use_of(txn, &book->rules[i]);
        if (row->uses[row->n_uses] == NULL)
            return false;
        row->n_uses++;
    }
    return row->uses != NULL;
}

static bool tell_variables(struct mc_txn *txn, const struct notification_template *words,
                           Notification__Template *row)
{
    char(*names)[NOTIFICATION_NAME_SIZE] =
        mc_alloc(txn->arena, (size_t)NOTIFICATION_VARIABLES_MAX * NOTIFICATION_NAME_SIZE);

    row->variables = mc_alloc(txn->arena, NOTIFICATION_VARIABLES_MAX * sizeof *row->variables);
    if (names == NULL || row->variables == NULL)
        return false;
    row->n_variables = notification_template_variables(words, names);
    for (size_t i = 0; i < row->n_variables; i++)
        row->variables[i] = names[i];
    return true;
}

static Notification__Template *tell(const struct notification_book *book, struct mc_txn *txn,
                                    const struct notification_template *words)
{
    Notification__Template *row = mc_alloc(txn->arena, sizeof *row);

    if (row == NULL)
        return NULL;
    notification__template__init(row);
    row->template_ = mc_unconst(words->key);
    row->version = words->version;
    row->current = notification_template_find(book, words->key) == words;
    row->title = mc_unconst(words->title);
    row->own = words->line != 0;
    row->text = mc_unconst(words->text);
    row->sms = mc_unconst(words->sms);
    return tell_variables(txn, words, row) && tell_uses(book, txn, words, row) ? row : NULL;
}

/* A token is a place in the book, which does not change while the room runs. */
static size_t page_from(struct mc_txn *txn, const char *token)
{
    char *end = NULL;
    unsigned long at = strtoul(token, &end, 10);

    if (token[0] == '\0' ||
        (token[0] >= '0' && token[0] <= '9' && *end == '\0' && at <= NOTIFICATION_TEMPLATES_MAX))
        return at;
    (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token", NULL);
    return 0;
}

static enum mc_status fill(const struct notification_book *book, struct mc_txn *txn,
                           const Notification__ListTemplatesRequest *req, size_t size, size_t at,
                           Notification__ListTemplatesReply *rep)
{
    for (; at < book->templates_len; at++) {
        const struct notification_template *words = &book->templates[at];
        if (req->template_[0] != '\0' && strcmp(req->template_, words->key) != 0)
            continue;
        if (rep->n_templates == size) {
            rep->next_page_token = mc_sprintf(txn->arena, "%zu", at);
            break;
        }
        rep->templates[rep->n_templates] = tell(book, txn, words);
        if (rep->templates[rep->n_templates] == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        rep->n_templates++;
    }
    return rep->next_page_token != NULL ? MC_OK : mc_fail(txn, MC_LIMITED, "arena full");
}

enum mc_status notification_list_templates(struct notification *notification, struct mc_txn *txn,
                                           const Notification__ListTemplatesRequest *req,
                                           Notification__ListTemplatesReply *rep)
{
    const struct notification_book *book = &notification->book;
    size_t size = req->page_size != 0 ? req->page_size : NOTIFICATION_PAGE_MAX;

    if (size > NOTIFICATION_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (req->template_[0] != '\0' && notification_template_find(book, req->template_) == NULL)
        (void)mc_refuse(txn, MC_INVALID, "template", "TEMPLATE_UNKNOWN", "template", req->template_,
                        NULL);
    size_t at = page_from(txn, req->page_token);
    if (txn->status != MC_OK)
        return txn->status;
    rep->templates = mc_alloc(txn->arena, size * sizeof(Notification__Template *));
    if (rep->templates == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    return fill(book, txn, req, size, at, rep);
}
