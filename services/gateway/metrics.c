/* /metrics: the rooms' numbers and our own, on one page (common/metrics.h has the format). */
#include "gateway.h"

static void own_gauges(struct gateway *gateway)
{
    struct mc_metrics *metrics = &gateway->metrics;

    mc_metric_set(
        mc_metric_gauge(metrics, "motcua_http_connections", NULL, "Connections open at the edge."),
        mc_httpd_connections(gateway->httpd));
    mc_metric_set(mc_metric_gauge(metrics, "motcua_http_requests_under_way", NULL,
                                  "Requests that wait for their answer."),
                  gateway->under_way);
    mc_metric_set(mc_metric_gauge(metrics, "motcua_link_calls_under_way", NULL,
                                  "Calls to rooms that wait for their answer."),
                  mc_link_load(gateway->process.links));
}

static void metrics_done(struct gateway_round *round)
{
    struct gateway *gateway = round->exchange->gateway;
    const Motcua__StatsReply *replies[GATEWAY_ROOMS];
    struct gateway_refusal refusal;
    struct mc_bytes text = {0};

    for (size_t i = 0; i < GATEWAY_ROOMS; i++)
        replies[i] = (const void *)round->answers[i].reply;
    own_gauges(gateway);
    if (gateway_stats_text(&gateway->arena, replies, &gateway->metrics, &text) != MC_OK) {
        (void)gateway_refuse(&gateway->arena, &refusal, mc_status_rpc(MC_IO), "", "UNAVAILABLE");
        gateway_answer_refusal(round->exchange, &refusal);
        return;
    }
    gateway_answer(round->exchange, &(struct gateway_answer){
                                        .http = 200,
                                        .content_type = "text/plain; version=0.0.4; charset=utf-8",
                                        .body = text,
                                    });
}

void gateway_metrics(struct gateway_exchange *exchange)
{
    gateway_round_start(exchange, "motcua.v1.Room/Stats", &motcua__stats_reply__descriptor,
                        metrics_done);
}
