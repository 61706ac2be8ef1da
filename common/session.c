/*
 * Who calls: by the CURVE key over TCP, by the header's word on an ipc socket (only our own
 * users reach it), and by the session token that a citizen's or officer's front end passes on.
 */
#include <string.h>

#include "common/frame.h"
#include "common/role.h"

static unsigned who_of(const char *name)
{
    static const struct {
        const char *prefix;
        unsigned who;
    } kinds[] = {
        {"room:", MC_ROOM}, {"portal:", MC_PORTAL}, {"sms:", MC_SMS}, {"operator:", MC_OPERATOR}};

    for (size_t i = 0; i < MC_LEN(kinds); i++)
        if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return kinds[i].who;
    return MC_ANYONE;
}

/*
 * What an operator may do: over TCP what the list of callers says; on an ipc socket everything, for
 * only our own users reach it. Who calls for somebody else (the dashboard) names less in the
 * header, and never gets more by that. A word nobody knows leaves nothing.
 */
static unsigned roles_of(const struct mc_call *call)
{
    unsigned roles = call->transport_caller != NULL ? call->transport_roles : MC_ROLES_ALL;
    unsigned named = 0;

    if (call->head->roles[0] == '\0')
        return roles;
    return mc_roles_read(call->head->roles, &named) ? roles & named : 0;
}

static bool is_revoked(const struct mc_service *service, const char *session_id)
{
    for (size_t i = 0; i < service->revoked_len; i++)
        if (strcmp(service->revoked[i].session_id, session_id) == 0)
            return true;
    return false;
}

void mc_session_revoke(struct mc_service *service, const Motcua__SessionRevoked *revoked)
{
    int64_t now_ms = service->options.clock->now_ms(service->options.clock->arg);
    size_t kept = 0;

    for (size_t i = 0; i < service->revoked_len; i++)
        if (service->revoked[i].until_ms > now_ms)
            service->revoked[kept++] = service->revoked[i];
    service->revoked_len = kept;
    if (revoked->until_ms <= now_ms || strlen(revoked->session_id) > MC_UUID_TEXT_LEN ||
        is_revoked(service, revoked->session_id))
        return;
    /* More revocations than sessions' lives allow: the oldest makes room. */
    if (service->revoked_len == MC_REVOKED_MAX)
        memmove(service->revoked, service->revoked + 1,
                --service->revoked_len * sizeof *service->revoked);
    struct mc_revoked *entry = &service->revoked[service->revoked_len++];
    entry->until_ms = revoked->until_ms;
    memcpy(entry->session_id, revoked->session_id, strlen(revoked->session_id) + 1);
}

static const Motcua__SessionClaims *claims_open(struct mc_service *service, struct mc_txn *txn,
                                                const Motcua__Header *head)
{
    struct mc_bytes payload;

    if (!mc_signers_ready(&service->sessions, &service->boot, "identity", txn->now_ms) ||
        mc_token_open(&service->sessions.verifier, txn->arena, mc_key_bytes(head->session),
                      &payload) != MC_OK)
        return NULL;
    const Motcua__SessionClaims *claims =
        motcua__session_claims__unpack(&txn->arena->protobuf, payload.len, payload.data);
    return claims != NULL && claims->type == MOTCUA__TOKEN_TYPE__TOKEN_SESSION ? claims : NULL;
}

bool mc_caller_find(struct mc_service *service, struct mc_txn *txn, struct mc_call *call)
{
    const char *name = call->transport_caller != NULL ? call->transport_caller : call->head->caller;

    call->caller = (struct mc_caller){.name = name, .who = who_of(name)};
    if ((call->caller.who & MC_OPERATOR) != 0)
        call->caller.roles = roles_of(call);
    if ((call->caller.who & (MC_ROOM | MC_PORTAL)) == 0) /* speaks for nobody but itself */
        call->head->source = call->head->device = mc_unconst(protobuf_c_empty_string);
    if (call->head->session.len == 0)
        return true;

    const Motcua__SessionClaims *claims = claims_open(service, txn, call->head);
    if (claims == NULL)
        return mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_INVALID", NULL) == MC_OK;
    if (claims->expires_at_ms <= txn->now_ms || is_revoked(service, claims->session_id))
        return mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_EXPIRED", NULL) == MC_OK;
    call->caller.account_id = claims->account_id;
    call->caller.session_id = claims->session_id;
    call->caller.ial = claims->ial;
    if (claims->temporary) {
        call->caller.who |= MC_TEMPORARY;
        return true;
    }
    call->caller.who |= MC_CITIZEN;
    if (claims->unit[0] != '\0') {
        call->caller.who |= MC_OFFICER;
        call->caller.unit = claims->unit;
        call->caller.rights = (const char *const *)claims->rights;
        call->caller.rights_len = claims->n_rights;
    }
    return true;
}
