/*
 * What is read at boot: the texts of codes (data/, from the product's domain study) and whose
 * prefixes are whose.
 */
#include <stdio.h>
#include <string.h>

#include "common/csv.h"

#include "otp.h"

extern const char mc_data_otp_sms_templates[];
extern const size_t mc_data_otp_sms_templates_len;

/* Value of a name in a template; NULL: no such name. */
struct text_value {
    const char *name;
    const char *value;
};

static void append(char *text, size_t *len, const char *from, size_t n)
{
    n = MC_MIN(n, OTP_TEXT_SIZE - 1 - *len);
    memcpy(text + *len, from, n);
    *len += n;
}

static void expand(const char *template, const struct text_value values[], size_t n,
                   char text[OTP_TEXT_SIZE])
{
    size_t len = 0;

    while (*template != '\0') {
        size_t plain = strcspn(template, "{");
        append(text, &len, template, plain);
        template += plain;
        size_t name = strcspn(template, "}");
        if (template[0] == '\0' || template[name] == '\0')
            break;
        for (size_t i = 0; i < n; i++)
            if (strlen(values[i].name) == name - 1 &&
                memcmp(values[i].name, template + 1, name - 1) == 0)
                append(text, &len, values[i].value, strlen(values[i].value));
        template += name + 1;
    }
    text[len] = '\0';
}

static void life_text(struct otp *otp)
{
    long long seconds = (long long)(otp->code_life_ms / 1000);
    bool minutes = seconds % 60 == 0;

    (void)snprintf(otp->life_text, sizeof otp->life_text, "%lld %s",
                   minutes ? seconds / 60 : seconds, minutes ? "phut" : "giay");
}

/* The unit as the text may have it: without marks, one septet a character, not too long. */
static void plain_unit(const char *unit, char out[OTP_UNIT_SIZE])
{
    char plain[MC_TEXT_SIZE(4 * OTP_UNIT_CHARS_MAX)];

    if (mc_text_unaccent(plain, sizeof plain, unit) != MC_OK)
        plain[0] = '\0';
    mc_sms_plain(plain);
    mc_text_truncate(plain, OTP_UNIT_SMS_MAX);
    size_t len = MC_MIN(strlen(plain), OTP_UNIT_SIZE - 1U);
    memcpy(out, plain, len);
    out[len] = '\0';
}

void otp_text_make(const struct otp *otp, Otp__Purpose purpose, const char *code, const char *tag,
                   const char *unit, char text[OTP_TEXT_SIZE])
{
    char place[OTP_UNIT_SIZE] = "";

    if (unit[0] != '\0')
        plain_unit(unit, place);
    const struct text_value values[] = {
        {"otp", code}, {"tag", tag}, {"unit", place}, {"life", otp->life_text}};
    expand(otp->templates[purpose], values, MC_LEN(values), text);
}

static bool read_row(struct otp *otp, const struct mc_csv *csv, size_t purpose, size_t key,
                     size_t text)
{
    char name[32];

    if (!mc_csv_copy(csv, purpose, name, sizeof name))
        return false;
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value_by_name(&otp__purpose__descriptor, name);
    return value != NULL && value->value > 0 && value->value < OTP_PURPOSES_LEN &&
           mc_csv_copy(csv, key, otp->template_names[value->value], OTP_TEMPLATE_NAME_MAX + 1) &&
           mc_csv_copy(csv, text, otp->templates[value->value], OTP_TEMPLATE_SIZE);
}

/* Every purpose has a text; with the longest of everything it is one part of GSM-7. */
static bool texts_fit(const struct otp *otp)
{
    char unit[OTP_UNIT_SMS_MAX + 1];
    char text[OTP_TEXT_SIZE];

    memset(unit, 'W', OTP_UNIT_SMS_MAX);
    unit[OTP_UNIT_SMS_MAX] = '\0';
    for (int purpose = 1; purpose < OTP_PURPOSES_LEN; purpose++) {
        otp_text_make(otp, (Otp__Purpose)purpose, "000000", "K7", unit, text);
        struct mc_sms_size size = mc_sms_measure(text);
        if (size.parts != 1 || size.encoding != MC_SMS_GSM7)
            return false;
    }
    return true;
}

bool otp_templates_read(struct otp *otp)
{
    struct mc_csv csv;

    life_text(otp);
    mc_csv_open(&csv, mc_data_otp_sms_templates, mc_data_otp_sms_templates_len);
    if (!mc_csv_next(&csv))
        return false;
    size_t purpose = mc_csv_column(&csv, "purpose");
    size_t key = mc_csv_column(&csv, "key");
    size_t text = mc_csv_column(&csv, "template");
    while (mc_csv_next(&csv))
        if (!read_row(otp, &csv, purpose, key, text))
            return false;
    return csv.status == MC_OK && texts_fit(otp);
}

/* What carriers register: at most eleven letters, digits and a few signs, one letter at least. */
bool otp_brandname_is_valid(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char others[] = "0123456789 ._-&";
    size_t len = strlen(name);

    for (const char *at = name; *at != '\0'; at++)
        if (strchr(letters, *at) == NULL && strchr(others, *at) == NULL)
            return false;
    return len > 0 && len <= OTP_BRANDNAME_MAX && strcspn(name, letters) < len && name[0] != ' ' &&
           name[len - 1] != ' ';
}

static uint8_t carrier_number(struct otp *otp, const char *code)
{
    for (size_t i = 0; i < otp->carriers_len; i++)
        if (strcmp(otp->carriers[i], code) == 0)
            return (uint8_t)i;
    if (otp->carriers_len == OTP_CARRIERS_MAX)
        return 0;
    (void)snprintf(otp->carriers[otp->carriers_len], OTP_CARRIER_SIZE, "%s", code);
    return (uint8_t)otp->carriers_len++;
}

/* The prefix table once, so that a code need not read it again. */
void otp_carriers_read(struct otp *otp)
{
    struct mc_carrier carrier;
    char phone[MC_PHONE_SIZE];

    otp->carriers_len = 1;
    for (unsigned prefix = 0; prefix < OTP_PREFIXES; prefix++) {
        (void)snprintf(phone, sizeof phone, "84%03u000000", prefix);
        if (mc_carrier_guess(phone, &carrier))
            otp->carrier_of[prefix] = carrier_number(otp, carrier.code);
    }
}

const char *otp_carrier(const struct otp *otp, const char *phone)
{
    if (strlen(phone) != MC_PHONE_SIZE - 1)
        return "";
    unsigned prefix = (unsigned)(phone[2] - '0') * 100 + (unsigned)(phone[3] - '0') * 10 +
                      (unsigned)(phone[4] - '0');
    return prefix < OTP_PREFIXES ? otp->carriers[otp->carrier_of[prefix]] : "";
}

/*
 * The usual form, without reading the prefix tables again: a quarter of what a code costs. Every
 * other form goes the long way, and this one would come to the same there.
 */
bool otp_phone_is_plain(const struct otp *otp, const char *text, struct mc_phone *ret_phone)
{
    const char *national = text[0] == '0' ? text + 1 : strncmp(text, "84", 2) == 0 ? text + 2 : "";
    size_t len = strspn(national, "0123456789");

    if (len != MC_PHONE_SIZE - 3 || national[len] != '\0')
        return false;
    *ret_phone = (struct mc_phone){.number = "84"};
    memcpy(ret_phone->number + 2, national, len);
    return otp_carrier(otp, ret_phone->number)[0] != '\0';
}
