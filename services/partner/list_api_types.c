/* ListApiTypes: «Loại API», with the body that the screen suggests (API-03, API-05, API-07). */
#include <string.h>

#include "partner.h"

static bool fill_fields(const struct partner_book *book, struct mc_arena *arena,
                        Partner__ApiType *type)
{
    type->fields = mc_alloc(arena, book->fields_len * sizeof(Partner__AnswerField *));
    for (size_t i = 0; type->fields != NULL && i < book->fields_len; i++) {
        const struct partner_field *field = &book->fields[i];
        Partner__AnswerField *told =
            strcmp(field->type, type->key) == 0 ? mc_alloc(arena, sizeof *told) : NULL;

        if (told == NULL)
            continue;
        partner__answer_field__init(told);
        told->path = mc_unconst(field->path);
        told->kind = mc_unconst(field->kind);
        told->required = field->required;
        told->note = mc_unconst(field->note);
        type->fields[type->n_fields++] = told;
    }
    return !arena->full;
}

enum mc_status partner_list_api_types(struct partner *partner, struct mc_txn *txn,
                                      const Partner__ListApiTypesRequest *req,
                                      Partner__ListApiTypesReply *rep)
{
    const struct partner_book *book = &partner->book;

    (void)req;
    rep->types = mc_alloc(txn->arena, book->types_len * sizeof(Partner__ApiType *));
    for (size_t i = 0; rep->types != NULL && i < book->types_len; i++) {
        Partner__ApiType *type = mc_alloc(txn->arena, sizeof *type);

        if (type == NULL)
            break;
        partner__api_type__init(type);
        type->key = mc_unconst(book->types[i].key);
        type->name = mc_unconst(book->types[i].name);
        type->sample_body = (ProtobufCBinaryData){book->types[i].sample.len,
                                                  mc_unconst(book->types[i].sample.data)};
        if (!fill_fields(book, txn->arena, type))
            break;
        rep->types[rep->n_types++] = type;
    }
    if (txn->arena->full)
        return mc_fail(txn, MC_LIMITED, "arena full");
    return txn->status;
}
