/* Failure alerts and other rooms' journals: events that come again, and events that are old. */
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "services/notification/alert.h"

#define TAY_NINH "000.00.00.H53"

static void subscribe(struct feed *feed)
{
    Notification__SaveAlertSubscriptionRequest request =
        NOTIFICATION__SAVE_ALERT_SUBSCRIPTION_REQUEST__INIT;
    char *phones[] = {mc_unconst("0912000101")};
    char *emails[] = {mc_unconst("canhbao@tayninh.example.vn")};

    request.unit = mc_unconst(TAY_NINH);
    request.service_type = mc_unconst("connection");
    request.phones = phones;
    request.n_phones = 1;
    request.emails = emails;
    request.n_emails = 1;
    request.following = true;
    assert_non_null(feed_call(feed, "SaveAlertSubscription", &request.base, MC_OK));
}

static size_t alerts(struct feed *feed)
{
    Notification__ListAlertsRequest request = NOTIFICATION__LIST_ALERTS_REQUEST__INIT;
    const Notification__ListAlertsReply *reply =
        feed_call(feed, "ListAlerts", &request.base, MC_OK);

    return reply->n_alerts;
}

static void circuit(struct feed *feed, uint64_t seq, const char *type, int64_t at_ms)
{
    Partner__CircuitTold body = PARTNER__CIRCUIT_TOLD__INIT;
    Motcua__Event event = MOTCUA__EVENT__INIT;

    body.partner_id = mc_unconst("h53");
    body.partner_name = mc_unconst("UBND tỉnh Tây Ninh");
    body.partner_unit = mc_unconst(TAY_NINH);
    struct mc_bytes packed = mc_body_pack(&feed->keep, &body.base);
    event.seq = seq;
    event.room = mc_unconst("partner");
    event.type = mc_unconst(type);
    event.at_ms = at_ms;
    event.body = (ProtobufCBinaryData){packed.len, mc_unconst(packed.data)};
    feed_events(feed, &event, 1);
}

static void an_event_that_comes_again_is_told_once(void **state)
{
    struct feed *feed = feed_open(&notification_room, NULL);

    (void)state;
    subscribe(feed);
    circuit(feed, 1, "partner.circuit_opened", HARNESS_T0);
    circuit(feed, 1, "partner.circuit_opened", HARNESS_T0);
    assert_int_equal(alerts(feed), 1);
    circuit(feed, 2, "partner.circuit_closed", HARNESS_T0);
    assert_int_equal(alerts(feed), 2);
    feed_restart(feed);
    circuit(feed, 1, "partner.circuit_opened", HARNESS_T0);
    circuit(feed, 2, "partner.circuit_closed", HARNESS_T0);
    assert_int_equal(alerts(feed), 2);
    feed_close(feed);
}

/* At the limit it is told no more; a millisecond younger it is. */
static void old_news_is_known_and_not_told(void **state)
{
    const int64_t life_ms = INT64_C(24) * 3600000;
    struct feed *feed = feed_open(&notification_room, NULL);

    (void)state;
    subscribe(feed);
    circuit(feed, 1, "partner.circuit_opened", HARNESS_T0 - life_ms);
    circuit(feed, 2, "partner.circuit_closed", HARNESS_T0);
    assert_int_equal(alerts(feed), 0);
    circuit(feed, 3, "partner.circuit_opened", HARNESS_T0 - life_ms + 1);
    assert_int_equal(alerts(feed), 1);
    feed_close(feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_that_comes_again_is_told_once),
        cmocka_unit_test(old_news_is_known_and_not_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
