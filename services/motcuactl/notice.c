/* notice: what people were told, and what became of it. Each reading is written down, with why. */
#include <string.h>

#include "common/date.h"

#include "notification.pb-c.h"

#include "ctl.h"

static const void *ask(struct ctl *ctl, const char *method, const char *purpose,
                       const ProtobufCMessage *request, int *ret_code)
{
    ctl->purpose = purpose;
    return ctl_call(ctl, "notification", &notification__notification__descriptor, method, request,
                    ret_code);
}

static const char *state_of(const Notification__SentNotice *notice, Notification__Channel channel)
{
    for (size_t i = 0; i < notice->n_channels; i++)
        if (notice->channels[i]->channel == channel)
            return notice->channels[i]->state;
    return "-";
}

static void print_row(struct ctl *ctl, const Notification__SentNotice *notice)
{
    char id[2 * MC_ID_LEN + 1] = "";
    char at[MC_DATETIME_SIZE];

    if (notice->notice_id.len == MC_ID_LEN)
        (void)mc_hex(id, (struct mc_bytes){notice->notice_id.data, notice->notice_id.len});
    if (ctl->output == CTL_JSON) {
        (void)ctl_print_json(ctl, &notice->base);
        return;
    }
    if (ctl->output == CTL_NAME) {
        printf("%s\n", id);
        return;
    }
    mc_time_format(at, sizeof at, notice->at_ms);
    printf("%-32s  %-16s  %-24s %3u  %-7s  %-9s  %s\n", id, at, notice->template_,
           notice->template_version, state_of(notice, NOTIFICATION__CHANNEL__INBOX),
           state_of(notice, NOTIFICATION__CHANNEL__SMS), notice->title);
}

int ctl_notice_list(struct ctl *ctl, int argc, char **argv)
{
    Notification__ListSentRequest request = NOTIFICATION__LIST_SENT_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 2)
        return CTL_USAGE;
    request.key = argv[0];
    request.page_size = 50;
    if (ctl->output == CTL_TABLE)
        printf("%-32s  %-16s  %-24s %3s  %-7s  %-9s  %s\n", "NOTICE", "AT", "TEMPLATE", "V",
               "INBOX", "SMS", "TITLE");
    do {
        const Notification__ListSentReply *reply =
            ask(ctl, "ListSent", argv[1], &request.base, &code);
        if (reply == NULL)
            return code;
        for (size_t i = 0; i < reply->n_notices; i++)
            print_row(ctl, reply->notices[i]);
        request.page_token = reply->next_page_token;
    } while (request.page_token[0] != '\0');
    return code;
}

int ctl_notice_show(struct ctl *ctl, int argc, char **argv)
{
    Notification__GetNoticeRequest request = NOTIFICATION__GET_NOTICE_REQUEST__INIT;
    uint8_t id[MC_ID_LEN];
    int code = CTL_OK;

    if (argc != 2)
        return CTL_USAGE;
    if (!mc_unhex(id, sizeof id, (struct mc_bytes){argv[0], strlen(argv[0])})) {
        fprintf(stderr, "motcuactl: an id of 32 hex digits, as `notice list` shows it\n");
        return CTL_USAGE;
    }
    request.notice_id = (ProtobufCBinaryData){sizeof id, id};
    const Notification__SentNotice *reply = ask(ctl, "GetNotice", argv[1], &request.base, &code);
    return reply != NULL ? ctl_print_json(ctl, &reply->base) : code;
}
