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
    {"Room",  "Stats",           MC_ROLE_VIEW},
    {"Room",  "Health",          MC_ROLE_VIEW},
    {"Room",  "Peek",            MC_ROLE_VIEW},
    {"Room",  "Shape",           MC_ROLE_VIEW},
    {"Room",  "GetJob",          MC_ROLE_VIEW},
    {"Room",  "FindJobs",        MC_ROLE_VIEW},
    {"Room",  "GetAction",       MC_ROLE_VIEW},
    {"Room",  "ListActions",     MC_ROLE_VIEW},
    {"Room",  "PrepareAction",   MC_ROLE_OPERATE},
    {"Room",  "RunAction",       MC_ROLE_OPERATE},
    {"Room",  "StopAction",      MC_ROLE_OPERATE},
    {"Room",  "ApproveAction",   MC_ROLE_APPROVE},
    {"Room",  "PauseLane",       MC_ROLE_OPERATE},
    {"Room",  "ResumeLane",      MC_ROLE_OPERATE},
    {"Otp",   "ListGateways",    MC_ROLE_VIEW},
    {"Otp",   "PauseGateway",    MC_ROLE_OPERATE},
    {"Otp",   "ResumeGateway",   MC_ROLE_OPERATE},
    {"Otp",   "ListAlarms",      MC_ROLE_VIEW},
    {"Audit", "Timeline",        MC_ROLE_VIEW},
    {"Audit", "Head",            MC_ROLE_VIEW},
    {"Audit", "Prove",           MC_ROLE_VIEW},
    {"Audit", "ListCheckpoints", MC_ROLE_VIEW},
    {"Notification", "GetNotice", MC_ROLE_OPERATE},
    {"Partner", "ListPartners",  MC_ROLE_VIEW},
    {"Partner", "GetPartner",    MC_ROLE_VIEW},
    {"Partner", "ListCircuits",  MC_ROLE_VIEW},
    {"Partner", "ListDeliveries", MC_ROLE_VIEW},
    {"Partner", "PausePartner",  MC_ROLE_OPERATE},
    {"Partner", "ResumePartner", MC_ROLE_OPERATE},
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
