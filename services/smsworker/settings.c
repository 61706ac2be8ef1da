/* What the worker is told: its configuration, checked, and the password's file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "smsworker.h"

enum { SENDER_MAX = 11 }; /* a brandname, GSM 03.40 */

#define AT(field) offsetof(struct smsworker, field)
/* clang-format off */
const struct mc_config_key smsworker_config[] = {
    {"smsworker.name",             MC_CONFIG_STRING,   AT(name),             "gateway",      1, 40,      "Who we are to the otp room: sms:<name>. Over TCP the CURVE key decides."},
    {"smsworker.mode",             MC_CONFIG_STRING,   AT(mode),             "http",         4, 4,       "http (Kannel's sendsms), smpp, or file: texts go to a file and count as delivered (development)."},
    {"smsworker.file",             MC_CONFIG_STRING,   AT(file),             "data/sms.log", 1, 1024,    "Where mode file writes, a JSON line each."},
    {"smsworker.url",              MC_CONFIG_STRING,   AT(url),              "https://gateway.invalid/cgi-bin/sendsms", 8, 512, "Kannel's sendsms."},
    {"smsworker.username",         MC_CONFIG_STRING,   AT(username),         "motcua",       1, 64,      "Our name at the gateway; SMPP's system_id, at most 15 characters."},
    {"smsworker.password_file",    MC_CONFIG_PATH,     AT(password_file),    "",             0, 1024,    "Our password there, one line; needed in modes http and smpp."},
    {"smsworker.sender",           MC_CONFIG_STRING,   AT(sender),           "DVCQG",        1, SENDER_MAX, "The brandname texts come from."},
    {"smsworker.report_base",      MC_CONFIG_STRING,   AT(report_base),      "",             0, 512,     "Where the gateway reaches our HTTP edge: https://…; empty: no delivery reports."},
    {"smsworker.ca_file",          MC_CONFIG_PATH,     AT(ca_file),          "",             0, 1024,    "Who vouches for the gateway's certificate; empty: the system's list."},
    {"smsworker.allow_plain_http", MC_CONFIG_BOOL,     AT(allow_plain_http), "false",        0, 0,       "Allow http:// to the gateway: on the same machine, or through a tunnel."},
    {"smsworker.credit",           MC_CONFIG_INT,      AT(credit),           "50",           1, SMSWORKER_CREDIT_MAX, "Jobs held at once."},
    {"smsworker.concurrency",      MC_CONFIG_INT,      AT(concurrency),      "8",            1, SMSWORKER_CONCURRENCY_MAX, "Texts under way to the gateway at once."},
    {"smsworker.rate",             MC_CONFIG_INT,      AT(rate_max),         "0",            0, 10000,   "Parts a second, at most; 0: as fast as the gateway takes them."},
    {"smsworker.lease",            MC_CONFIG_DURATION, AT(lease_ms),         "60s",          1000, 300000, "How long a job is ours."},
    {"smsworker.wait",             MC_CONFIG_DURATION, AT(wait_ms),          "4s",           0, 10000,   "How long one call waits for jobs; also what a stop may take."},
    {"smsworker.timeout",          MC_CONFIG_DURATION, AT(timeout_ms),       "15s",          100, 60000, "How long the gateway may take for a text."},
    {"smsworker.lanes",            MC_CONFIG_LIST,     AT(lanes),            "",             0, SMSWORKER_LANES_MAX, "otp, transactional, bulk; empty: all."},
    {"smsworker.carriers",         MC_CONFIG_LIST,     AT(carriers),         "",             0, 32,      "Only numbers of these carriers; empty: all."},
    {"smsworker.smpp_address",     MC_CONFIG_STRING,   AT(smpp_address),     "127.0.0.1:2775", 3, 64,    "The SMSC: 10.0.0.9:2775 or [fd00::9]:2775. SMPP is not encrypted: a leased line or a tunnel."},
    {"smsworker.smpp_system_type", MC_CONFIG_STRING,   AT(smpp_system_type), "",             0, 12,      "SMPP's system_type, when the carrier wants one."},
    {"smsworker.smpp_window",      MC_CONFIG_INT,      AT(smpp_window),      "10",           1, SMSWORKER_WINDOW_MAX, "Parts sent and not yet answered."},
    {"smsworker.smpp_enquire",     MC_CONFIG_DURATION, AT(smpp_enquire_ms),  "30s",          100, 600000, "A silent SMSC is asked after this long whether it is there."},
    {"smsworker.smpp_ids",         MC_CONFIG_STRING,   AT(smpp_ids),         "same",         3, 7,       "Message ids in receipts: same as in answers; hex: answers hex, receipts decimal; decimal: the reverse."},
    {"smsworker.smpp_receipts",    MC_CONFIG_INT,      AT(smpp_receipts),    "200000",       100, 5000000, "Texts whose receipts are waited for; kept in <data.dir>/smsworker."},
};
/* clang-format on */
const size_t smsworker_config_len = MC_LEN(smsworker_config);

bool smsworker_lane_parse(const char *name, Otp__Lane *ret_lane)
{
    static const struct {
        const char *name;
        Otp__Lane lane;
    } lanes[] = {
        {"otp", OTP__LANE__OTP},
        {"transactional", OTP__LANE__TRANSACTIONAL},
        {"bulk", OTP__LANE__BULK},
    };

    for (size_t i = 0; i < MC_LEN(lanes); i++) {
        if (strcmp(name, lanes[i].name) != 0)
            continue;
        *ret_lane = lanes[i].lane;
        return true;
    }
    return false;
}

enum mc_status smsworker_password(const char *path, char ret_password[SMSWORKER_PASSWORD_MAX + 1])
{
    char text[SMSWORKER_PASSWORD_MAX + 3];
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? MC_NOT_FOUND : MC_IO;
    bool open_to_others = fstat(fd, &about) != 0 || (about.st_mode & (S_IRWXG | S_IRWXO)) != 0;
    ssize_t len = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (open_to_others)
        return MC_DENIED;
    if (len < 0)
        return MC_IO;
    text[len] = '\0';
    size_t end = strcspn(text, "\r\n");
    bool one_line = text[end + strspn(text + end, "\r\n")] == '\0' && (size_t)len == strlen(text);
    if (one_line && end >= 1 && end <= SMSWORKER_PASSWORD_MAX) {
        memcpy(ret_password, text, end);
        ret_password[end] = '\0';
    }
    mc_wipe(text, sizeof text);
    return one_line && end >= 1 && end <= SMSWORKER_PASSWORD_MAX ? MC_OK : MC_INVALID;
}

enum mc_status smsworker_password_load(struct smsworker *worker, char *why, size_t why_size)
{
    enum mc_status status = smsworker_password(worker->password_file, worker->password);

    (void)snprintf(why, why_size, "smsworker.password_file: %s",
                   status == MC_DENIED ? "others may read it (chmod 600)"
                                       : "one line with the password is needed");
    return status;
}

static const struct driver *driver_of(const char *mode)
{
    static const struct driver *const drivers[] = {&smsworker_http, &smsworker_smpp,
                                                   &smsworker_file};

    for (size_t i = 0; i < MC_LEN(drivers); i++)
        if (strcmp(drivers[i]->mode, mode) == 0)
            return drivers[i];
    return NULL;
}

enum mc_status smsworker_settings(struct smsworker *worker, char *why, size_t why_size)
{
    worker->driver = driver_of(worker->mode);
    (void)snprintf(why, why_size, "smsworker.mode: http, smpp or file");
    if (worker->driver == NULL)
        return MC_INVALID;
    for (size_t i = 0; i < worker->lanes.len; i++) {
        (void)snprintf(why, why_size, "smsworker.lanes: no such lane: %s", worker->lanes.items[i]);
        if (!smsworker_lane_parse(worker->lanes.items[i], &worker->lane_numbers[i]))
            return MC_INVALID;
    }
    (void)snprintf(
        why, why_size,
        "smsworker.lease must be 1.5 s longer than smsworker.wait and smsworker.timeout");
    if (worker->lease_ms <
        worker->wait_ms + worker->timeout_ms + SMSWORKER_WAIT_SLACK_MS + SMSWORKER_LEASE_SLACK_MS)
        return MC_INVALID;
    worker->rate.max = worker->rate_max;
    (void)snprintf(worker->caller, sizeof worker->caller, "sms:%s", worker->name);
    return MC_OK;
}
