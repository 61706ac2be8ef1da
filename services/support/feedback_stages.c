/* The state table of feedback. */
#include "feedback.h"

#define SENDER      SUPPORT_FEEDBACK_SENDER
#define OFFICER     SUPPORT_FEEDBACK_OFFICER
#define MEMBER      SUPPORT_FEEDBACK_MEMBER
#define STATE(name) SUPPORT__FEEDBACK_STATE__FEEDBACK_##name

/* clang-format off */
static const struct support_feedback_stage stages[] = {
    /* from             to                 actors            text   forward days */
    {STATE(NONE),       STATE(NEW),        SENDER | MEMBER,  false, false,  0},
    {STATE(NEW),        STATE(NEW),        OFFICER,          true,  true,   SUPPORT_REFUSE_DAYS},
    {STATE(NEW),        STATE(ASKED),      OFFICER,          true,  false,  SUPPORT_ASK_DAYS},
    {STATE(NEW),        STATE(PROCESSING), OFFICER,          false, false,  SUPPORT_ASK_DAYS},
    {STATE(NEW),        STATE(REFUSED),    OFFICER,          true,  false,  SUPPORT_REFUSE_DAYS},
    {STATE(NEW),        STATE(ANSWERED),   OFFICER | MEMBER, true,  false,  SUPPORT_PROCESS_DAYS},
    {STATE(NEW),        STATE(WITHDRAWN),  SENDER,           false, false,  0},
    {STATE(ASKED),      STATE(PROCESSING), SENDER,           true,  false,  0},
    {STATE(ASKED),      STATE(REFUSED),    OFFICER,          true,  false,  0},
    {STATE(ASKED),      STATE(WITHDRAWN),  SENDER,           false, false,  0},
    {STATE(PROCESSING), STATE(NEW),        OFFICER,          true,  true,   SUPPORT_REFUSE_DAYS},
    {STATE(PROCESSING), STATE(ASKED),      OFFICER,          true,  false,  SUPPORT_ASK_DAYS},
    {STATE(PROCESSING), STATE(ANSWERED),   OFFICER | MEMBER, true,  false,  SUPPORT_PROCESS_DAYS},
    {STATE(PROCESSING), STATE(WITHDRAWN),  SENDER,           false, false,  0},
};

static const char *const names[] = {
    [STATE(NONE)] = "chưa gửi",
    [STATE(NEW)] = "Mới tiếp nhận",
    [STATE(ASKED)] = "Yêu cầu bổ sung",
    [STATE(PROCESSING)] = "Đang xử lý",
    [STATE(REFUSED)] = "Không tiếp nhận",
    [STATE(ANSWERED)] = "Đã trả lời",
    [STATE(WITHDRAWN)] = "Người gửi rút",
};
/* clang-format on */

const struct support_feedback_stage *support_feedback_stage_find(Support__FeedbackState from,
                                                                 Support__FeedbackState to,
                                                                 unsigned actors, bool forward)
{
    for (size_t i = 0; i < MC_LEN(stages); i++)
        if (stages[i].from == from && stages[i].to == to && (stages[i].actors & actors) != 0 &&
            stages[i].forward == forward)
            return &stages[i];
    return NULL;
}

const struct support_feedback_stage *support_feedback_stages(size_t *ret_len)
{
    *ret_len = MC_LEN(stages);
    return stages;
}

const char *support_feedback_state_name(Support__FeedbackState state)
{
    return state < MC_LEN(names) ? names[state] : "";
}

bool support_feedback_is_final(Support__FeedbackState state)
{
    for (size_t i = 0; i < MC_LEN(stages); i++)
        if (stages[i].from == state)
            return false;
    return true;
}
