/*
 * Retention: what each room keeps for how long, by what rule, and what has gone by it (B1-51).
 *
 * A rule is a row in the room's table (struct mc_retention in service.h); what it does is the
 * room's own housekeeping, which tells here how much went. A rule that deletes business data gives
 * its sweep, which serves the housekeeping and the preview, so that both see the same, and which
 * passes over what is held (holds.h).
 */
#pragma once

#include "common/frame.h"

enum { MC_RETENTION_PREVIEW_ROWS = 20000 }; /* that a preview looks at */

/* So many rows went by this rule; 0 is nothing to note. */
void mc_retention_count(struct mc_txn *txn, const char *rule, uint64_t rows);

/* One row that is over: whether it may go. Counts it. */
bool mc_sweep_takes(struct mc_sweep *sweep, int64_t made_ms, bool held);

/* Methods of the house. MC_NOT_FOUND: no such rule, or it has no preview. */
enum mc_status mc_retention_list(struct mc_service *service, struct mc_txn *txn,
                                 const Motcua__RetentionRequest *req, Motcua__RetentionReply *rep);
enum mc_status mc_retention_preview(struct mc_service *service, struct mc_txn *txn,
                                    const Motcua__PreviewRetentionRequest *req,
                                    Motcua__RetentionPreview *rep);
