/* trace, ledger, rights, key: what operators ask the rooms themselves. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/date.h"

#include "audit.pb-c.h"
#include "identity.pb-c.h"
#include "notification.pb-c.h"
#include "payment.pb-c.h"

#include "ctl.h"

static void print_entry(const Audit__Entry *entry)
{
    char when[MC_RFC3339_SIZE];
    char *dot = NULL;

    mc_time_format_rfc3339(when, sizeof when, entry->at_ms);
    if ((dot = strchr(when, 'T')) != NULL)
        *dot = ' ';
    printf("%s  %-22s %-30s %-26.26s %s\n", when,
           entry->cause_event[0] != '\0' ? entry->cause_event : "-", entry->type, entry->actor,
           entry->summary);
}

enum { NOTICES_MAX = 50 }; /* whose words one trace reads; each reading is written down */

/* The notice that an entry is about; false: about none. */
static bool notice_of(const Audit__Entry *entry, uint8_t id[MC_ID_LEN])
{
    static const char prefix[] = "notice:";
    size_t len = sizeof prefix - 1;

    if (strcmp(entry->type, "notification.notice_made") != 0)
        return false;
    for (size_t i = 0; i < entry->n_keys; i++)
        if (strncmp(entry->keys[i], prefix, len) == 0)
            return mc_uuid_parse(
                id, (struct mc_bytes){entry->keys[i] + len, strlen(entry->keys[i]) - len});
    return false;
}

/* The words of a notice, below its entry: what the person saw. */
static int print_words(struct ctl *ctl, const uint8_t id[MC_ID_LEN], const char *purpose)
{
    Notification__GetNoticeRequest request = NOTIFICATION__GET_NOTICE_REQUEST__INIT;
    int code = CTL_OK;

    request.notice_id = (ProtobufCBinaryData){MC_ID_LEN, mc_unconst(id)};
    ctl->purpose = purpose;
    const Notification__SentNotice *notice =
        ctl_call(ctl, "notification", &notification__notification__descriptor, "GetNotice",
                 &request.base, &code);
    ctl->purpose = NULL;
    if (notice == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &notice->base);
    printf("    «%s» %s\n", notice->title, notice->text);
    if (notice->sms_text[0] != '\0')
        printf("    SMS %s: %s\n", notice->phone, notice->sms_text);
    return CTL_OK;
}

static int print_story(struct ctl *ctl, const Audit__TimelineReply *reply, const char *purpose)
{
    uint8_t id[MC_ID_LEN];
    size_t notices = 0;
    int code = CTL_OK;

    if (ctl->output == CTL_JSON)
        code = ctl_print_json(ctl, &reply->base);
    else
        printf("%-24s  %-22s %-30s %-26s %s\n", "TIME (UTC)", "BECAUSE OF", "WHAT", "WHO", "");
    for (size_t i = 0; i < reply->n_entries; i++) {
        int told = CTL_OK;

        if (ctl->output != CTL_JSON)
            print_entry(reply->entries[i]);
        if (purpose != NULL && notice_of(reply->entries[i], id) && notices++ < NOTICES_MAX)
            told = print_words(ctl, id, purpose);
        if (told != CTL_OK) /* it may be too old: those of others are shown all the same */
            code = told;
    }
    if (notices > NOTICES_MAX)
        fprintf(stderr, "the words of the first %d notices are shown, there are more\n",
                NOTICES_MAX);
    return code;
}

int ctl_trace(struct ctl *ctl, int argc, char **argv)
{
    Audit__TimelineRequest request = AUDIT__TIMELINE_REQUEST__INIT;
    bool words = argc == 3 && strcmp(argv[1], "--words") == 0;
    int code = CTL_OK;

    if (argc != 1 && !words)
        return CTL_USAGE;
    request.key = argv[0];
    request.limit = 1000;
    const Audit__TimelineReply *reply =
        ctl_call(ctl, "audit", &audit__audit__descriptor, "Timeline", &request.base, &code);
    if (reply == NULL)
        return code;
    code = print_story(ctl, reply, words ? argv[2] : NULL);
    for (size_t i = 0; i < reply->n_missing; i++)
        fprintf(stderr, "incomplete: %s is behind\n", reply->missing[i]);
    if (ctl->output != CTL_JSON && reply->n_entries == 0)
        fprintf(stderr, "nothing is known about %s\n", argv[0]);
    return code == CTL_OK && ctl->output != CTL_JSON && reply->n_entries == 0 ? CTL_DATA : code;
}

int ctl_ledger_check(struct ctl *ctl, int argc, char **argv)
{
    Payment__CheckLedgerRequest request = PAYMENT__CHECK_LEDGER_REQUEST__INIT;
    int code = CTL_OK;

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    const Payment__CheckLedgerReply *reply = ctl_call(ctl, "payment", &payment__payment__descriptor,
                                                      "CheckLedger", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    printf("%-48s %16s %16s\n", "ACCOUNT", "DEBIT", "CREDIT");
    for (size_t i = 0; i < reply->n_balances; i++)
        printf("%-48s %16lld %16lld\n", reply->balances[i]->account,
               (long long)reply->balances[i]->debit, (long long)reply->balances[i]->credit);
    printf("%-48s %16lld %16lld\n", reply->balanced ? "balanced" : reply->problem,
           (long long)reply->debit, (long long)reply->credit);
    return reply->balanced ? CTL_OK : CTL_CRITICAL;
}

enum { RIGHTS_MAX = 32 };

int ctl_rights_grant(struct ctl *ctl, int argc, char **argv)
{
    Identity__GrantRightsRequest request = IDENTITY__GRANT_RIGHTS_REQUEST__INIT;
    char *rights[RIGHTS_MAX];
    char *save = NULL;
    int code = CTL_OK;

    if (argc != 4)
        return CTL_USAGE;
    request.login_id = argv[0];
    request.unit = argv[1];
    request.reason = argv[3];
    request.rights = rights;
    for (char *right = strtok_r(argv[2], ",", &save);
         right != NULL && request.n_rights < RIGHTS_MAX; right = strtok_r(NULL, ",", &save))
        rights[request.n_rights++] = right;
    const Identity__GrantRightsReply *reply = ctl_call(
        ctl, "identity", &identity__identity__descriptor, "GrantRights", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    printf("%s\n", reply->account_id);
    return CTL_OK;
}

int ctl_key_make(struct ctl *ctl, int argc, char **argv)
{
    char public[MC_BUS_KEY_LEN + 1];
    char secret[MC_BUS_KEY_LEN + 1];

    (void)ctl;
    if (argc != 1)
        return CTL_USAGE;
    int fd = open(argv[0], O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        fprintf(stderr, "%s: %s\n", argv[0], strerror(errno)); // NOLINT(concurrency-mt-unsafe)
        return CTL_DATA;
    }
    mc_bus_key_make(public, secret);
    bool written = dprintf(fd, "%s\n", secret) > 0 && fsync(fd) == 0;
    (void)close(fd);
    mc_wipe(secret, sizeof secret);
    if (!written)
        return CTL_DATA;
    printf("%s\n", public);
    return CTL_OK;
}
