/* The state table of requests. */
#include "stages.h"

#define REQUESTER   SUPPORT_BY_REQUESTER
#define STAFF       SUPPORT_BY_STAFF
#define STATE(name) SUPPORT__REQUEST_STATE__REQUEST_##name

/* clang-format off */
static const struct support_stage stages[] = {
    /* from               to                  actors             text   clock */
    {STATE(NONE),         STATE(SENT),        REQUESTER,         false, true},
    {STATE(SENT),         STATE(ASSIGNED),    STAFF,             false, false},
    {STATE(SENT),         STATE(IN_PROGRESS), STAFF,             false, false},
    {STATE(SENT),         STATE(CANCELLED),   REQUESTER | STAFF, true,  false},
    {STATE(ASSIGNED),     STATE(ASSIGNED),    STAFF,             false, false},
    {STATE(ASSIGNED),     STATE(IN_PROGRESS), STAFF,             false, false},
    {STATE(ASSIGNED),     STATE(CANCELLED),   REQUESTER | STAFF, true,  false},
    {STATE(IN_PROGRESS),  STATE(ASSIGNED),    STAFF,             false, false},
    {STATE(IN_PROGRESS),  STATE(WAITING),     STAFF,             true,  false},
    {STATE(IN_PROGRESS),  STATE(DONE),        STAFF,             true,  false},
    {STATE(IN_PROGRESS),  STATE(CANCELLED),   REQUESTER | STAFF, true,  false},
    {STATE(WAITING),      STATE(IN_PROGRESS), REQUESTER | STAFF, true,  false},
    {STATE(WAITING),      STATE(CANCELLED),   REQUESTER | STAFF, true,  false},
    {STATE(DONE),         STATE(REOPENED),    REQUESTER,         true,  true},
    {STATE(REOPENED),     STATE(ASSIGNED),    STAFF,             false, false},
    {STATE(REOPENED),     STATE(IN_PROGRESS), STAFF,             false, false},
    {STATE(REOPENED),     STATE(CANCELLED),   REQUESTER | STAFF, true,  false},
};

/* «Hủy yêu cầu» and «Đã xử lý xong» as the screen has them (SUP-05); the others are proposed. */
static const char *const names[] = {
    [STATE(NONE)] = "chưa gửi",
    [STATE(SENT)] = "Đã gửi",
    [STATE(ASSIGNED)] = "Đã phân công",
    [STATE(IN_PROGRESS)] = "Đang xử lý",
    [STATE(WAITING)] = "Chờ đơn vị bổ sung",
    [STATE(DONE)] = "Đã xử lý xong",
    [STATE(CANCELLED)] = "Hủy yêu cầu",
    [STATE(REOPENED)] = "Mở lại",
};
/* clang-format on */

const struct support_stage *support_stage_find(Support__RequestState from, Support__RequestState to,
                                               unsigned actors)
{
    for (size_t i = 0; i < MC_LEN(stages); i++)
        if (stages[i].from == from && stages[i].to == to && (stages[i].actors & actors) != 0)
            return &stages[i];
    return NULL;
}

const struct support_stage *support_stages(size_t *ret_len)
{
    *ret_len = MC_LEN(stages);
    return stages;
}

bool support_state_is_final(Support__RequestState state)
{
    for (size_t i = 0; i < MC_LEN(stages); i++)
        if (stages[i].from == state)
            return false;
    return true;
}

bool support_state_counts(Support__RequestState state)
{
    return state == STATE(SENT) || state == STATE(ASSIGNED) || state == STATE(IN_PROGRESS) ||
           state == STATE(REOPENED);
}

const char *support_state_name(Support__RequestState state)
{
    return state < MC_LEN(names) ? names[state] : "";
}
