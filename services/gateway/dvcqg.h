/* What the doors under /dvcqg/v1 answer with. */
#pragma once

#include "gateway.h"

/* In the words of the other side; http 0: as the status says. */
void gateway_dvcqg_refuse(struct gateway_exchange *exchange, const Motcua__Header *head, int http);
/* A room did not answer. */
void gateway_dvcqg_silence(struct gateway_exchange *exchange);
/* The partner room's own answer. */
void gateway_dvcqg_answer(struct gateway_exchange *exchange, const Motcua__WebhookReply *reply);
