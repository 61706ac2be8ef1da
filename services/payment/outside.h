/*
 * Outside: what the room asks banks and the tax office, beside the payment platform. Only the
 * payment room's files include it.
 *
 * Banks are reached through one gateway: POST of JSON to <payment.bank_gateway_url>/<bank>/…, with
 * "Authorization: Bearer <secret>". Every question has an id of ours, so that it may be repeated:
 * an answer that was lost is asked for again.
 */
#pragma once

#include "common/json.h"

#include "payment.h"

enum {
    PAYMENT_OUTSIDE_BACKOFF_MS = 1000,
    PAYMENT_OUTSIDE_BACKOFF_MAX_MS = 30000,
    PAYMENT_OUTSIDE_ANSWER_MAX = 128 << 10,
    PAYMENT_WAIT_MAX_MS = 10000, /* how long a call waits for news */
    PAYMENT_NOTE_MAX = 128,      /* bytes of a short text from outside */
};

/* A job for one of the effects below; account: whom it is for, or "" when nobody is known. */
uint64_t payment_ask(struct mc_txn *txn, enum payment_lane lane, const char *kind,
                     const ProtobufCMessage *payload, const char *account, int64_t life_ms);

/* Ends the writer's document and makes it the body of a POST; path is behind the gateway's URL. */
enum mc_status payment_bank_post(const struct payment *payment, struct mc_arena *arena,
                                 const char *path, struct mc_json_writer *writer,
                                 struct mc_http_request *ret_request);

/* The answer as JSON, to be freed; NULL: none that can be read, so ask again. */
mc_nodiscard struct mc_json *payment_outside_read(const struct mc_result *result);
/* A text of the answer that is short and plain, in the arena; "" when it is not there. */
char *payment_outside_text(struct mc_arena *arena, const struct mc_json *json, const char *path);
void payment_json_pair(struct mc_json_writer *writer, const char *key, const char *text);

/* What identity told of a person; texts in the arena, never NULL. */
struct payment_person {
    const char *name;
    const char *identity;
    const char *phone;
    const char *tax_code;
};
mc_nodiscard struct payment_person payment_person_of(struct mc_txn *txn, const char *account);
