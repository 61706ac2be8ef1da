/* GetPreferences: what the session's own account is told, and where. */
#include "prefs.h"

enum mc_status notification_get_preferences(struct notification *notification, struct mc_txn *txn,
                                            const Notification__GetPreferencesRequest *req,
                                            Notification__Preferences *rep)
{
    struct mc_bytes account = notification_caller_account(txn);

    (void)req;
    if (txn->status != MC_OK)
        return txn->status;
    return prefs_tell(notification, txn, account, rep);
}
