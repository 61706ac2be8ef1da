#include "smpp_receipt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* In the order of the TLV message_state (SMPP 3.4, 5.2.28). */
static const struct {
    const char *stat;
    enum smpp_news news;
} states[] = {
    {"", SMPP_NO_NEWS},        {"ENROUTE", SMPP_NO_NEWS}, {"DELIVRD", SMPP_DELIVERED},
    {"EXPIRED", SMPP_FAILED},  {"DELETED", SMPP_FAILED},  {"UNDELIV", SMPP_FAILED},
    {"ACCEPTD", SMPP_NO_NEWS}, {"UNKNOWN", SMPP_NO_NEWS}, {"REJECTD", SMPP_FAILED},
};

/* The value behind "stat:", up to a space; only at the beginning or behind a space. */
static bool word(const char *text, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);

    for (const char *at = text; *at != '\0'; at++) {
        if ((at != text && at[-1] != ' ') || strncasecmp(at, name, name_len) != 0)
            continue;
        size_t len = strcspn(at + name_len, " ");
        if (len == 0 || len >= size)
            return false;
        memcpy(out, at + name_len, len);
        out[len] = '\0';
        return true;
    }
    return false;
}

static size_t state_of(const char *stat, uint8_t tlv)
{
    for (size_t i = 1; i < MC_LEN(states); i++)
        if (strcasecmp(states[i].stat, stat) == 0)
            return i;
    return tlv < MC_LEN(states) ? tlv : 0;
}

bool smpp_receipt_read(const struct smpp_deliver *deliver, struct smpp_receipt *ret_receipt)
{
    static const char plain[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
    struct smpp_receipt receipt = {0};
    char stat[16] = "";
    char err[8] = "";

    bool has_id = word(deliver->text, "id:", receipt.text_id, sizeof receipt.text_id);
    bool has_stat = word(deliver->text, "stat:", stat, sizeof stat);
    if (!deliver->receipt && !(has_id && has_stat))
        return false; /* some SMSCs forget the esm_class, but not the words */
    memcpy(receipt.tlv_id, deliver->id, sizeof receipt.tlv_id);
    if (receipt.text_id[0] == '\0' && receipt.tlv_id[0] == '\0')
        return false;
    size_t state = state_of(stat, deliver->state);
    receipt.news = states[state].news;
    if (!word(deliver->text, "err:", err, sizeof err) || strspn(err, "0") == strlen(err) ||
        strspn(err, plain) != strlen(err))
        err[0] = '\0';
    (void)snprintf(receipt.reason, sizeof receipt.reason, "%s%s%s", states[state].stat,
                   err[0] != '\0' ? " " : "", err);
    *ret_receipt = receipt;
    return true;
}

void smpp_id_plain(char out[SMPP_ID_SIZE], const char *id, int base)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    size_t len = strnlen(id, SMPP_ID_SIZE - 1);

    memcpy(out, id, len);
    out[len] = '\0';
    if (base == 0 || len == 0 || strspn(out, digits) != len)
        return;
    errno = 0;
    char *end = NULL;
    uint64_t number = strtoull(out, &end, base);
    if (errno == 0 && *end == '\0')
        (void)snprintf(out, SMPP_ID_SIZE, "%" PRIX64, number);
}
