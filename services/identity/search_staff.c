/*
 * SearchStaff: [TÌM KIẾM] with the count of results (OFF-06 to OFF-08). Whoever reads it names a
 * purpose, and the reading is in the log.
 */
#include "officer.h"

enum mc_status identity_search_staff(struct identity *identity, struct mc_txn *txn,
                                     const Identity__SearchStaffRequest *req,
                                     Identity__SearchStaffReply *rep)
{
    struct identity_grantor grantor;
    struct identity_staff staff;
    enum identity_found found = IDENTITY_FOUND_NONE;
    size_t size;

    if (!identity_grantor_find(identity, txn, &grantor) || !identity_check_purpose(txn) ||
        !identity_page_size(txn, req->page_size, IDENTITY_PAGE_MAX, &size) ||
        !identity_staff_open(txn, &grantor, req->filter, req->page_token, &staff))
        return txn->status;
    rep->rows = mc_alloc(txn->arena, size * sizeof(void *));
    if (rep->rows == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    while (rep->n_rows < size && (found = identity_staff_next(txn, &staff)) == IDENTITY_FOUND_ONE) {
        Identity__StaffRow *row = identity_staff_row(txn, &staff);
        if (row == NULL)
            return txn->status;
        rep->rows[rep->n_rows++] = row;
    }
    if (req->filter != NULL && req->filter->everyone)
        staff.find.steps = 0; /* a name of thousands is not counted */
    identity_find_finish(txn, &staff.find, found, req->page_token,
                         &(struct identity_page){rep->n_rows, staff.by_number, &rep->count,
                                                 &rep->count_is_least, &rep->next_page_token,
                                                 &rep->message});
    identity_search_emit(txn, "staff", rep->n_rows);
    return txn->status;
}
