/* ListCodes: the codes of a province, or the uppermost ones, by name; those valid on a day. */
#include <string.h>

#include "codelist.h"

enum { WALK_MAX = 2000 /* rows looked at for one page */ };

enum mc_status dossier_list_codes(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__ListCodesRequest *req,
                                  Dossier__ListCodesReply *rep)
{
    (void)dossier;
    const char *parts[] = {req->list, req->province};
    char kind[16];
    char words[DOSSIER_AREA_KEY];
    int64_t day = 0;
    uint8_t from[MC_KEY_MAX];
    size_t from_len = 0;
    size_t size = 0;
    const char *code = NULL;

    if (!dossier_list_check(txn, "list", req->list) || !dossier_page(txn, req->page_size, &size) ||
        !dossier_day_of(txn, "day", req->day, &day))
        return txn->status;
    if (strlen(req->province) > DOSSIER_CODE_MAX)
        return mc_refuse(txn, MC_INVALID, "province", "CODE_FORMAT", NULL);
    if (req->page_token[0] != '\0' &&
        !mc_unbase64url(from, sizeof from, mc_key_text(req->page_token), &from_len))
        return mc_refuse(txn, MC_INVALID, "page_token", "PAGE_TOKEN_INVALID", NULL);
    dossier_area_name(req->words, kind, words);
    rep->codes = dossier_list(txn, size);
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_LIST_NAMES, dossier_list_key(txn, parts, MC_LEN(parts)),
                (struct mc_bytes){from, from_len}, MC_FORWARD);
    for (size_t seen = 0; rep->codes != NULL && mc_next(&cursor); seen++) {
        if (rep->n_codes == size || seen == WALK_MAX) {
            char *token = dossier_alloc(txn, mc_base64_size(cursor.key.len));
            if (token != NULL)
                (void)mc_base64url(token, cursor.key);
            rep->next_page_token = token != NULL ? token : mc_unconst("");
            break;
        }
        const DossierState__ListCode *record =
            dossier_code_at(txn, req->list, cursor.key, cursor.prefix.len, day, &code);
        char name[DOSSIER_AREA_KEY];
        if (record == NULL)
            continue;
        dossier_area_name(record->name, kind, name);
        if (strstr(name, words) == NULL)
            continue;
        Dossier__ListCode *row = dossier_code_message(txn, req->list, code, record);
        if (row != NULL)
            rep->codes[rep->n_codes++] = row;
    }
    return txn->status;
}
