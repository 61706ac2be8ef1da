/* support: requests of agencies, their answer, feedback, and the state tables. */
#include <string.h>

#include "support.pb-c.h"

#include "ctl.h"

enum { PAGE = 100 };

static void *call(struct ctl *ctl, const char *method, const ProtobufCMessage *request, int *code)
{
    return ctl_call(ctl, "support", &support__support__descriptor, method, request, code);
}

/* REQUEST_SENT or SENT; -1: no such state. */
static int state_of(const ProtobufCEnumDescriptor *type, const char *prefix, const char *word)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%s%s", prefix, word);
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(type, name);
    return value != NULL ? value->value : -1;
}

int ctl_support_list(struct ctl *ctl, int argc, char **argv)
{
    Support__SearchRequestsRequest request = SUPPORT__SEARCH_REQUESTS_REQUEST__INIT;
    int state = argc > 0 ? state_of(&support__request_state__descriptor, "REQUEST_", argv[0]) : 0;
    int code = CTL_OK;

    if (argc > 2 || state < 0)
        return CTL_USAGE;
    request.state = (Support__RequestState)state;
    request.page_size = PAGE;
    if (argc > 1)
        request.unit = argv[1];
    const Support__SearchRequestsReply *reply = call(ctl, "SearchRequests", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    for (size_t i = 0; i < reply->n_rows; i++) {
        const Support__RequestRow *row = reply->rows[i];

        printf("%-18s  %-19s  %s%-20s  %s: %s\n", row->code, row->created_at,
               row->overdue ? "LATE " : "", row->state_name, row->unit_name, row->title);
    }
    (void)fprintf(stderr, "%s\n", reply->found);
    return CTL_OK;
}

static const Support__Request *request_get(struct ctl *ctl, char *code, int *ret_code)
{
    Support__GetRequestRequest get = SUPPORT__GET_REQUEST_REQUEST__INIT;

    get.code = code;
    return call(ctl, "GetRequest", &get.base, ret_code);
}

int ctl_support_show(struct ctl *ctl, int argc, char **argv)
{
    int code = CTL_OK;

    if (argc != 1)
        return CTL_USAGE;
    const Support__Request *reply = request_get(ctl, argv[0], &code);
    return reply != NULL ? ctl_print_json(ctl, &reply->base) : code;
}

int ctl_support_assign(struct ctl *ctl, int argc, char **argv)
{
    Support__AssignRequestRequest assign = SUPPORT__ASSIGN_REQUEST_REQUEST__INIT;
    int code = CTL_OK;

    if (argc < 2 || argc > 3)
        return CTL_USAGE;
    const Support__Request *at = request_get(ctl, argv[0], &code);
    if (at == NULL)
        return code;
    assign.code = argv[0];
    assign.version = at->version;
    assign.assignee = argv[1];
    if (argc == 3)
        assign.assignee_name = argv[2];
    at = call(ctl, "AssignRequest", &assign.base, &code);
    if (at != NULL)
        printf("%s  %s\n", at->code, at->state_name);
    return code;
}

int ctl_support_answer(struct ctl *ctl, int argc, char **argv)
{
    Support__MoveRequestRequest move = SUPPORT__MOVE_REQUEST_REQUEST__INIT;
    int to = argc > 1 ? state_of(&support__request_state__descriptor, "REQUEST_", argv[1]) : -1;
    int code = CTL_OK;

    if (argc < 2 || argc > 3 || to < 0)
        return CTL_USAGE;
    const Support__Request *at = request_get(ctl, argv[0], &code);
    if (at == NULL)
        return code;
    move.code = argv[0];
    move.version = at->version;
    move.to = (Support__RequestState)to;
    if (argc == 3)
        move.text = argv[2];
    at = call(ctl, "MoveRequest", &move.base, &code);
    if (at != NULL)
        printf("%s  %s\n", at->code, at->state_name);
    return code;
}

int ctl_support_states(struct ctl *ctl, int argc, char **argv)
{
    Support__ListStatesRequest request = SUPPORT__LIST_STATES_REQUEST__INIT;
    int code = CTL_OK;

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    const Support__ListStatesReply *reply = call(ctl, "ListStates", &request.base, &code);
    if (reply != NULL)
        printf("%s", reply->markdown);
    return code;
}

int ctl_feedback_list(struct ctl *ctl, int argc, char **argv)
{
    Support__SearchFeedbackRequest request = SUPPORT__SEARCH_FEEDBACK_REQUEST__INIT;
    int state = argc > 0 ? state_of(&support__feedback_state__descriptor, "FEEDBACK_", argv[0]) : 0;
    int code = CTL_OK;

    if (argc > 2 || state < 0)
        return CTL_USAGE;
    request.state = (Support__FeedbackState)state;
    request.page_size = PAGE;
    if (argc > 1)
        request.unit = argv[1];
    const Support__ListFeedbackReply *reply = call(ctl, "SearchFeedback", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    for (size_t i = 0; i < reply->n_rows; i++) {
        const Support__FeedbackRow *row = reply->rows[i];

        printf("%-18s  %-19s  %s%-20s  %s: %s\n", row->code, row->received_at,
               row->late ? "LATE " : "", row->state_name, row->unit_name, row->title);
    }
    (void)fprintf(stderr, "%s\n", reply->found);
    return CTL_OK;
}

int ctl_feedback_show(struct ctl *ctl, int argc, char **argv)
{
    Support__GetFeedbackRequest get = SUPPORT__GET_FEEDBACK_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 1)
        return CTL_USAGE;
    get.code = argv[0];
    const Support__Feedback *reply = call(ctl, "GetFeedback", &get.base, &code);
    return reply != NULL ? ctl_print_json(ctl, &reply->base) : code;
}
