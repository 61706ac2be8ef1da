/*
 * InboundSession: POST /dvcqg/v1/session
 *
 *     dstcode: <ours>            {"username": …, "password": …} -> {"session", "error_code": "0"}
 *
 * -1: no such user, or a wrong password, which of them is not told; -2: the body cannot be read, or
 * a field is missing, and the message names each; -4: this source has guessed too often; -5: it is
 * not we who are meant. Two credentials of a partner may be live at once.
 */
#include <string.h>

#include "common/json.h"
#include "common/messages.h"

#include "inbound.h"

static enum mc_status refuse_fields(struct mc_txn *txn, Motcua__WebhookReply *rep,
                                    const char *username, const char *password)
{
    return partner_inbound_say(txn, rep, 400, "-2",
                               username == NULL && password == NULL
                                   ? "Thiếu trường: username, password."
                               : username == NULL ? "Thiếu trường: username."
                                                  : "Thiếu trường: password.",
                               NULL);
}

static enum mc_status refuse_login(struct mc_txn *txn, Motcua__WebhookReply *rep)
{
    Partner__InboundRefused event = PARTNER__INBOUND_REFUSED__INIT;
    static const char *const no_keys[] = {NULL};

    partner_inbound_failed(txn);
    if (partner_inbound_is_locked(txn)) { /* told once, at the guess that locks */
        event.source = mc_unconst(mc_source(txn));
        mc_emit(txn, "partner.inbound_locked", &event.base, MC_PLAIN, no_keys);
    }
    return partner_inbound_say(txn, rep, 401, "-1", "Sai tên đăng nhập hoặc mật khẩu.", NULL);
}

enum mc_status partner_inbound_session(struct partner *partner, struct mc_txn *txn,
                                       const Motcua__WebhookRequest *req, Motcua__WebhookReply *rep)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct partner_inbound who;

    if (partner_inbound_is_locked(txn))
        return partner_inbound_say(txn, rep, 429, "-4",
                                   "Đăng nhập sai quá nhiều lần. Vui lòng thử lại sau.", NULL);
    if (partner->own_dstcode[0] != '\0' && strcmp(partner->own_dstcode, req->dstcode) != 0)
        return partner_inbound_say(txn, rep, 400, "-5",
                                   "dstcode không phải là mã của hệ thống này.", NULL);
    if (mc_json_parse(mc_key_bytes(req->body), &json) != MC_OK)
        return partner_inbound_say(txn, rep, 400, "-2", "Nội dung không phải là JSON hợp lệ.",
                                   NULL);
    const char *username = mc_json_text(json, "username");
    const char *password = mc_json_text(json, "password");
    if (username == NULL || password == NULL)
        return refuse_fields(txn, rep, username, password);
    if (!partner_inbound_find(txn, username, password, &who))
        return refuse_login(txn, rep);
    const char *session = partner_inbound_session_make(partner, txn, &who);
    if (session == NULL)
        return txn->status;
    return partner_inbound_say(txn, rep, 200, "0", "Thành công", session);
}
