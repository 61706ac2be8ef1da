/* What the files of actions share. Nothing else includes it. */
#pragma once

#include "common/frame.h"

mc_nodiscard Motcua__ActionRow *mc_action_load(struct mc_txn *txn, struct mc_bytes id);
void mc_action_save(struct mc_txn *txn, const Motcua__ActionRow *row);
bool mc_action_is_open(const Motcua__Action *action);
unsigned mc_action_lane(const struct mc_service *service, const Motcua__Action *action);
/* Emits <room>.queue_action_<what>. */
void mc_action_tell(struct mc_service *service, struct mc_txn *txn, const Motcua__Action *action,
                    const char *what);

/* Some more of the jobs that fit; PREPARED when it was the last. The caller saves the row. */
void mc_action_count(struct mc_service *service, struct mc_txn *txn, Motcua__ActionRow *row,
                     size_t rows);
/* Nothing more will be done: saves and tells. Its set goes by chunks. */
void mc_action_end(struct mc_service *service, struct mc_txn *txn, Motcua__ActionRow *row,
                   Motcua__ActionState state);
