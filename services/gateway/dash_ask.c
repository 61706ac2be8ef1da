/* What the dashboard's pages may ask for, and from where. Pure. */
#include <stdio.h>
#include <string.h>

#include "room.pb-c.h"

#include "dash.h"

/*
 * Everything a page may ask the rooms for. A name that no room has (yet) is a method that does not
 * exist: pages learn from /api/session what there is, and show no more.
 */
/* clang-format off */
const struct dash_method dash_methods[] = {
    {"Room",  "Stats",           DASH_VIEW},
    {"Room",  "Health",          DASH_VIEW},
    {"Room",  "Peek",            DASH_VIEW},
    {"Room",  "Shape",           DASH_VIEW},
    {"Room",  "GetJob",          DASH_VIEW},
    {"Room",  "FindJobs",        DASH_VIEW},
    {"Room",  "ListPauses",      DASH_VIEW},
    {"Room",  "GetAction",       DASH_VIEW},
    {"Room",  "ListActions",     DASH_VIEW},
    {"Room",  "PrepareAction",   DASH_OPERATE},
    {"Room",  "RunAction",       DASH_OPERATE},
    {"Room",  "StopAction",      DASH_OPERATE},
    {"Room",  "ApproveAction",   DASH_APPROVE},
    {"Room",  "PauseLane",       DASH_OPERATE},
    {"Room",  "ResumeLane",      DASH_OPERATE},
    {"Otp",   "ListGateways",    DASH_VIEW},
    {"Otp",   "PauseGateway",    DASH_OPERATE},
    {"Otp",   "ResumeGateway",   DASH_OPERATE},
    {"Otp",   "ListAlarms",      DASH_VIEW},
    {"Audit", "Timeline",        DASH_VIEW},
    {"Audit", "Head",            DASH_VIEW},
    {"Audit", "Prove",           DASH_VIEW},
    {"Audit", "ListCheckpoints", DASH_VIEW},
    {"Partner", "ListPartners",  DASH_VIEW},
    {"Partner", "ListCircuits",  DASH_VIEW},
    {"Partner", "ListDeliveries", DASH_VIEW},
};
/* clang-format on */
const size_t dash_methods_len = MC_LEN(dash_methods);

/* A whole part of a path: "otp" of "otp/Room/Peek". */
static bool part_is(const char **at, const char *name, char end)
{
    size_t len = strlen(name);

    if (strncmp(*at, name, len) != 0 || (*at)[len] != end)
        return false;
    *at += len + (end != '\0');
    return true;
}

const struct dash_method *dash_method_find(const char *path, struct gateway_method *ret_method)
{
    static const char prefix[] = "/api/";

    if (strncmp(path, prefix, sizeof prefix - 1) != 0)
        return NULL;
    for (size_t i = 0; i < GATEWAY_ROOMS; i++) {
        const char *rest = path + sizeof prefix - 1;

        if (!part_is(&rest, gateway_rooms[i].name, '/'))
            continue;
        for (size_t m = 0; m < dash_methods_len; m++) {
            const struct dash_method *method = &dash_methods[m];
            const char *at = rest;
            bool is_house = strcmp(method->service, "Room") == 0;
            const ProtobufCServiceDescriptor *service =
                is_house ? &motcua__room__descriptor : gateway_rooms[i].service;

            if (!part_is(&at, method->service, '/') || !part_is(&at, method->name, '\0') ||
                (!is_house && strcmp(service->short_name, method->service) != 0))
                continue;
            ret_method->room = &gateway_rooms[i];
            ret_method->takes_files = false;
            ret_method->proto =
                protobuf_c_service_descriptor_get_method_by_name(service, method->name);
            return ret_method->proto != NULL ? method : NULL;
        }
    }
    return NULL;
}

bool dash_host_ok(const char *header, const char *host, uint16_t port,
                  const struct mc_config_list *names)
{
    const char *const hosts[] = {host, "localhost"};
    char ours[128];

    if (header == NULL)
        return false;
    for (size_t i = 0; i < MC_LEN(hosts); i++) {
        bool is_ipv6 = strchr(hosts[i], ':') != NULL;

        (void)snprintf(ours, sizeof ours, is_ipv6 ? "[%s]:%u" : "%s:%u", hosts[i], (unsigned)port);
        if (strcmp(header, ours) == 0)
            return true;
    }
    for (size_t i = 0; i < names->len; i++)
        if (strcmp(header, names->items[i]) == 0)
            return true;
    return false;
}

bool dash_origin_ok(const char *origin, const char *host)
{
    if (origin == NULL || host == NULL || strncmp(origin, "http", 4) != 0)
        return false;
    origin += 4 + (origin[4] == 's');
    return strncmp(origin, "://", 3) == 0 && strcmp(origin + 3, host) == 0;
}
