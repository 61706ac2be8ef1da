/*
 * agency import: a CSV of any length goes to the identity room in parts of whole lines, each with
 * the head line. A part that is refused names its rows; what went before it stays, and the file
 * can be given again: what is the same is left alone.
 */
#include <stdio.h>
#include <string.h>

#include "identity.pb-c.h"

#include "ctl.h"

static bool send_part(struct ctl *ctl, struct mc_bytes head, struct mc_bytes part,
                      const char *reason, Identity__ImportAgenciesReply *total, int *ret_code)
{
    Identity__ImportAgenciesRequest request = IDENTITY__IMPORT_AGENCIES_REQUEST__INIT;
    char *csv = mc_sprintf(&ctl->arena, "%.*s%.*s", (int)head.len, (const char *)head.data,
                           (int)part.len, (const char *)part.data);

    if (csv == NULL) {
        *ret_code = CTL_SOFTWARE;
        return false;
    }
    request.csv = (ProtobufCBinaryData){strlen(csv), (uint8_t *)csv};
    request.reason = mc_unconst(reason);
    const Identity__ImportAgenciesReply *reply =
        ctl_call(ctl, "identity", &identity__identity__descriptor, "ImportAgencies", &request.base,
                 ret_code);
    if (reply == NULL)
        return false;
    total->added += reply->added;
    total->changed += reply->changed;
    total->same += reply->same;
    return true;
}

int ctl_agency_import(struct ctl *ctl, int argc, char **argv)
{
    Identity__ImportAgenciesReply total = IDENTITY__IMPORT_AGENCIES_REPLY__INIT;
    int code = CTL_OK;

    if (argc != 2)
        return CTL_USAGE;
    struct mc_bytes text = ctl_file_read(ctl, argv[0]);
    if (text.len == 0)
        return CTL_DATA;
    struct mc_bytes head = {text.data, ctl_csv_line(text)};
    for (size_t at = head.len; at < text.len;) {
        struct mc_bytes rest = {(const char *)text.data + at, text.len - at};
        struct mc_bytes part = {rest.data, ctl_csv_part(rest)};
        if (!send_part(ctl, head, part, argv[1], &total, &code))
            return code;
        at += part.len;
    }
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &total.base);
    printf("%u added, %u changed, %u the same\n", total.added, total.changed, total.same);
    return CTL_OK;
}
