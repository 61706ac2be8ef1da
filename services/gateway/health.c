/* /livez: this process turns. /readyz: and every room is ready. */
#include "common/json.h"

#include "room.pb-c.h"

#include "gateway.h"

enum { HTTP_OK = 200, HTTP_UNAVAILABLE = 503 };

void gateway_livez(struct gateway_exchange *exchange)
{
    gateway_answer(exchange, &(struct gateway_answer){
                                 .http = HTTP_OK,
                                 .content_type = "text/plain; charset=utf-8",
                                 .body = {"ok\n", 3},
                             });
}

static bool write_room(struct mc_json_writer *writer, const char *name,
                       const Motcua__HealthReply *reply)
{
    bool ready = reply != NULL && reply->ready;

    mc_json_object(writer);
    mc_json_key(writer, "room");
    mc_json_string(writer, name);
    mc_json_key(writer, "ready");
    mc_json_true_or_false(writer, ready);
    mc_json_key(writer, "problems");
    mc_json_array(writer);
    if (reply == NULL)
        mc_json_string(writer, "no answer");
    for (size_t i = 0; reply != NULL && i < reply->n_problems; i++)
        mc_json_string(writer, reply->problems[i]);
    mc_json_end(writer);
    mc_json_end(writer);
    return ready;
}

static void readyz_done(struct gateway_round *round)
{
    struct mc_json_writer writer;
    struct mc_bytes text = {"{}", 2};
    bool ready = true;

    mc_json_begin(&writer, &round->arena);
    mc_json_object(&writer);
    mc_json_key(&writer, "rooms");
    mc_json_array(&writer);
    for (size_t i = 0; i < GATEWAY_ROOMS; i++)
        ready &= write_room(&writer, gateway_rooms[i].name, (const void *)round->answers[i].reply);
    mc_json_end(&writer);
    mc_json_key(&writer, "ready");
    mc_json_true_or_false(&writer, ready);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &text) != MC_OK)
        ready = false;
    gateway_answer(round->exchange, &(struct gateway_answer){
                                        .http = ready ? HTTP_OK : HTTP_UNAVAILABLE,
                                        .content_type = "application/json",
                                        .body = text,
                                        .code = ready ? NULL : "UNAVAILABLE",
                                    });
}

void gateway_readyz(struct gateway_exchange *exchange)
{
    gateway_round_start(exchange, "motcua.v1.Room/Health", &motcua__health_reply__descriptor,
                        readyz_done);
}
