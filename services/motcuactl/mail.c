/* mail bounced: a report that came back, from a mail system's pipe. */
#include <stdlib.h>
#include <string.h>

#include "common/dsn.h"

#include "notification.pb-c.h"

#include "ctl.h"

/* …+ID@…: which mail it is about. */
static bool id_of(const char *address, uint8_t id[MC_ID_LEN])
{
    const char *plus = strchr(address, '+');
    const char *at = strchr(address, '@');

    return plus != NULL && at > plus &&
           mc_unhex(id, MC_ID_LEN, (struct mc_bytes){plus + 1, (size_t)(at - plus - 1)});
}

static bool read_report(struct ctl *ctl, struct mc_dsn *ret_dsn)
{
    char *text = mc_alloc(&ctl->arena, MC_DSN_MAX);
    size_t len = text != NULL ? fread(text, 1, MC_DSN_MAX, stdin) : 0;

    return mc_dsn_read((struct mc_bytes){text, len}, ret_dsn);
}

/* ADDRESS is what the report was sent to. What is no report is let go: mail systems would keep it.
 */
int ctl_mail_bounced(struct ctl *ctl, int argc, char **argv)
{
    Notification__ReportBounceRequest request = NOTIFICATION__REPORT_BOUNCE_REQUEST__INIT;
    uint8_t id[MC_ID_LEN];
    struct mc_dsn dsn;
    int code = CTL_OK;

    if (argc != 1)
        return CTL_USAGE;
    if (!id_of(argv[0], id) || !read_report(ctl, &dsn)) {
        fprintf(stderr, "motcuactl: no report of a mail of ours\n");
        return CTL_OK;
    }
    request.mail_id = (ProtobufCBinaryData){sizeof id, id};
    request.failed = dsn.failed;
    request.status = dsn.status;
    const Notification__ReportBounceReply *reply =
        ctl_call(ctl, "notification", &notification__notification__descriptor, "ReportBounce",
                 &request.base, &code);
    if (reply == NULL)
        return code;
    const ProtobufCEnumValue *state = protobuf_c_enum_descriptor_get_value(
        &notification__mail_state__descriptor, (int)reply->state);
    printf("%s %s\n", dsn.status, state != NULL ? state->name : "?");
    return CTL_OK;
}
