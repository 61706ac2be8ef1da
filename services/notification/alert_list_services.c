/* ListAlertServices: what can be subscribed for («Loại dịch vụ», NOT-06). */
#include "alert.h"

enum mc_status notification_list_alert_services(struct notification *notification,
                                                struct mc_txn *txn,
                                                const Notification__ListAlertServicesRequest *req,
                                                Notification__ListAlertServicesReply *rep)
{
    const struct alert_book *book = &notification->alerts;

    (void)req;
    rep->services = mc_alloc(txn->arena, book->services_len * sizeof(Notification__AlertService *));
    for (size_t i = 0; rep->services != NULL && i < book->services_len; i++) {
        Notification__AlertService *row = mc_alloc(txn->arena, sizeof *row);

        if (row == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        notification__alert_service__init(row);
        row->key = mc_unconst(book->services[i].key);
        row->name = mc_unconst(book->services[i].name);
        row->of_the_house = book->services[i].of_the_house;
        rep->services[rep->n_services++] = row;
    }
    return rep->services != NULL ? MC_OK : mc_fail(txn, MC_LIMITED, "arena full");
}
