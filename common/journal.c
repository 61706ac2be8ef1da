/* The journal as followers read it. */
#include "common/turn.h"

size_t mc_journal_read(struct mc_txn *txn, uint64_t after, Motcua__Event **ret_events, size_t max,
                       size_t max_bytes)
{
    struct mc_bytes from = mc_key_u64(txn, after + 1);
    struct mc_cursor cursor =
        mc_seek(txn, MC_TABLE_JOURNAL, (struct mc_bytes){0}, from, MC_FORWARD);
    size_t bytes = 0;
    size_t n = 0;

    while (n < max && bytes < max_bytes && mc_next(&cursor)) {
        Motcua__Event *event = mc_row(&cursor, &motcua__event__descriptor);

        if (event == NULL)
            break;
        if (event->sealed) {
            struct mc_bytes body = mc_open_bytes(txn, event->body);

            event->body = (ProtobufCBinaryData){body.len, mc_unconst(body.data)};
            event->sealed = false;
        }
        bytes += cursor.value.len;
        ret_events[n++] = event;
    }
    return txn->status == MC_OK ? n : 0;
}
