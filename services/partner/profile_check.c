/* What a partner's profile must be; every field that is wrong is named. */
#include <stdio.h>
#include <string.h>

#include "common/ident.h"
#include "common/text.h"

#include "registry.h"

bool partner_minutes_parse(const char *text, uint32_t *ret_minutes)
{
    if (strlen(text) != 5 || text[2] != ':' || strspn(text, "0123456789:") != 5)
        return false;
    uint32_t hours = (uint32_t)(text[0] - '0') * 10 + (uint32_t)(text[1] - '0');
    uint32_t minutes = (uint32_t)(text[3] - '0') * 10 + (uint32_t)(text[4] - '0');
    *ret_minutes = hours * 60 + minutes;
    return text[0] != ':' && text[1] != ':' && text[3] != ':' && text[4] != ':' && minutes < 60 &&
           *ret_minutes <= PARTNER_MINUTES_OF_DAY;
}

static const char *item_of(struct mc_txn *txn, const char *list, size_t i, const char *field)
{
    const char *name = mc_sprintf(txn->arena, "profile.%s[%zu].%s", list, i, field);

    return name != NULL ? name : list;
}

static void check_line(struct mc_txn *txn, const char *text, const char *field, const char *label,
                       size_t chars_max, const char *max_text)
{
    if (mc_text_chars(text) > chars_max)
        partner_refuse_long(txn, field, label, max_text);
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            (void)mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", label, NULL);
            return;
        }
}

/* A header's value: visible ASCII. */
static bool dstcode_ok(const char *dstcode)
{
    for (const char *at = dstcode; *at != '\0'; at++)
        if (*at <= ' ' || *at >= 0x7f)
            return false;
    return dstcode[0] != '\0' && strlen(dstcode) <= PARTNER_DSTCODE_CHARS_MAX;
}

static void check_head(struct mc_txn *txn, const Partner__PartnerProfile *profile)
{
    char unit[MC_AGENCY_CODE_SIZE];

    if (!partner_id_ok(profile->partner_id))
        (void)mc_refuse(txn, MC_INVALID, "profile.partner_id", "PARTNER_ID_FORMAT", NULL);
    if (profile->name[strspn(profile->name, " ")] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "profile.name", "FIELD_REQUIRED", "field", "tên đối tác",
                        NULL);
    check_line(txn, profile->name, "profile.name", "Tên đối tác", PARTNER_NAME_CHARS_MAX,
               "200 ký tự");
    if (profile->kind == PARTNER__PARTNER_KIND__PARTNER_KIND_UNSPECIFIED)
        (void)mc_refuse(txn, MC_INVALID, "profile.kind", "FIELD_REQUIRED", "field", "loại đối tác",
                        NULL);
    enum mc_why why = mc_agency_parse(profile->unit, unit, sizeof unit);
    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "profile.unit", mc_why_code(why), NULL);
    else if (!mc_unit_mine(txn, unit))
        (void)mc_refuse(txn, MC_DENIED, "profile.unit", "UNIT_OUTSIDE", NULL);
    if (!dstcode_ok(profile->dstcode))
        (void)mc_refuse(txn, MC_INVALID, "profile.dstcode", "FIELD_INVALID", "field", "DSTCode",
                        NULL);
    if (profile->concurrency > PARTNER_CONCURRENCY_MAX)
        (void)mc_refuse(txn, MC_INVALID, "profile.concurrency", "FIELD_INVALID", "field",
                        "Số lượt gọi đồng thời", NULL);
    if (profile->timeout_ms != 0 && (profile->timeout_ms < PARTNER_TIMEOUT_MIN_MS ||
                                     profile->timeout_ms > PARTNER_TIMEOUT_MAX_MS))
        (void)mc_refuse(txn, MC_INVALID, "profile.timeout_ms", "FIELD_INVALID", "field",
                        "Thời gian chờ", NULL);
}

static void check_url(const struct partner *partner, struct mc_txn *txn, const char *url,
                      const char *field, const char *label)
{
    const char *code = mc_guard_url(&partner->guard, url);

    if (code != NULL)
        (void)mc_refuse(txn, MC_INVALID, field, code, "field", label, NULL);
}

static void check_api(const struct partner *partner, struct mc_txn *txn,
                      const Partner__PartnerProfile *profile, size_t i)
{
    const Partner__PartnerApi *api = profile->apis[i];
    bool twice = false;

    for (size_t j = 0; j < i; j++)
        twice = twice || strcmp(profile->apis[j]->type, api->type) == 0;
    if (twice || partner_type_find(&partner->book, api->type) == NULL)
        (void)mc_refuse(txn, MC_INVALID, item_of(txn, "apis", i, "type"), "FIELD_INVALID", "field",
                        "Loại API", NULL);
    check_url(partner, txn, api->data_url, item_of(txn, "apis", i, "data_url"),
              "URL API lấy dữ liệu");
    if (api->session_url[0] != '\0')
        check_url(partner, txn, api->session_url, item_of(txn, "apis", i, "session_url"),
                  "URL API lấy session");
    check_line(txn, api->service, item_of(txn, "apis", i, "service"), "Tên dịch vụ",
               PARTNER_SERVICE_CHARS_MAX, "64 ký tự");
    check_line(txn, api->version, item_of(txn, "apis", i, "version"), "Phiên bản",
               PARTNER_SERVICE_CHARS_MAX, "64 ký tự");
}

static void check_contact(struct mc_txn *txn, const Partner__PartnerContact *contact, size_t i)
{
    struct mc_phone phone;

    check_line(txn, contact->name, item_of(txn, "contacts", i, "name"), "Tên người liên hệ",
               PARTNER_CONTACT_CHARS_MAX, "120 ký tự");
    check_line(txn, contact->role, item_of(txn, "contacts", i, "role"), "Vai trò",
               PARTNER_CONTACT_CHARS_MAX, "120 ký tự");
    if (contact->phone[0] != '\0') {
        enum mc_why why = mc_phone_parse(contact->phone, &phone);
        if (why != MC_WHY_OK)
            (void)mc_refuse(txn, MC_INVALID, item_of(txn, "contacts", i, "phone"), mc_why_code(why),
                            NULL);
    }
    if (contact->email[0] != '\0') {
        enum mc_why why = mc_email_check(contact->email);
        if (why != MC_WHY_OK)
            (void)mc_refuse(txn, MC_INVALID, item_of(txn, "contacts", i, "email"), mc_why_code(why),
                            NULL);
    }
}

static void check_window(struct mc_txn *txn, const Partner__PartnerWindow *window, size_t i)
{
    uint32_t from = 0;
    uint32_t until = 0;

    for (size_t d = 0; d < window->n_weekdays; d++)
        if (window->weekdays[d] > 6) {
            (void)mc_refuse(txn, MC_INVALID, item_of(txn, "windows", i, "weekdays"),
                            "FIELD_INVALID", "field", "Ngày trong tuần", NULL);
            break;
        }
    if (!partner_minutes_parse(window->from, &from))
        (void)mc_refuse(txn, MC_INVALID, item_of(txn, "windows", i, "from"), "FIELD_INVALID",
                        "field", "Giờ bắt đầu", NULL);
    if (!partner_minutes_parse(window->until, &until) || until <= from)
        (void)mc_refuse(txn, MC_INVALID, item_of(txn, "windows", i, "until"), "FIELD_INVALID",
                        "field", "Giờ kết thúc", NULL);
}

static bool too_many(struct mc_txn *txn, size_t n, size_t max, const char *field)
{
    if (n > max)
        (void)mc_refuse(txn, MC_INVALID, field, "LIST_TOO_LONG", NULL);
    return n > max;
}

void partner_profile_check(const struct partner *partner, struct mc_txn *txn,
                           const Partner__PartnerProfile *profile)
{
    check_head(txn, profile);
    if (!too_many(txn, profile->n_apis, PARTNER_APIS_MAX, "profile.apis"))
        for (size_t i = 0; i < profile->n_apis; i++)
            check_api(partner, txn, profile, i);
    if (!too_many(txn, profile->n_contacts, PARTNER_CONTACTS_MAX, "profile.contacts"))
        for (size_t i = 0; i < profile->n_contacts; i++)
            check_contact(txn, profile->contacts[i], i);
    if (!too_many(txn, profile->n_windows, PARTNER_WINDOWS_MAX, "profile.windows"))
        for (size_t i = 0; i < profile->n_windows; i++)
            check_window(txn, profile->windows[i], i);
}
