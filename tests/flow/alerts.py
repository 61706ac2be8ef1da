"""A province's system is down: who is subscribed gets an SMS at once, and one more when it is well (NOT-02 to NOT-08, C13).

    alerts.py <folder of the daemons>
"""
import http.server
import json
import signal
import threading

import story
from story import enum_name, person

PROVINCE = "000.00.00.H53"
ADMIN = person(41)
RIGHTS = "API_TEST,ERROR_ALERT_SUBSCRIBE"


class OneStop(http.server.ThreadingHTTPServer):
    """A province's one-door system: answers as documented, until it is down."""

    daemon_threads = True

    def __init__(self):
        system = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = b"" if system.down else b'{"session":"7","error_code":"00"}'
                self.send_response(503 if system.down else 200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.down = False
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Alerts(story.Story):
    def setUp(self):
        super().setUp()
        self.system = OneStop()
        self.addCleanup(self.system.shutdown)
        self.extra = {"partner": {"partner.check_ports": str(self.system.server_address[1])}}

    def call(self, room, method, request, **more):
        return self.portal.call(room, method, request, self.session, **more)

    def keep_contract(self):
        types = self.call("partner", "ListApiTypes", {}).types
        asked = {"api_type": "session", "url": f"http://127.0.0.1:{self.system.server_address[1]}/api", "dstcode": "VN:COOP:H53",
                 "body": next(t for t in types if t.key == "session").sample_body}
        check = self.call("partner", "StartApiCheck", asked)
        self.call("partner", "GetApiCheck", {"check_id": check.check_id, "wait_ms": 10000}, timeout=15)
        return self.call("partner", "KeepContract", {"check_id": check.check_id, "name": "API session H53"}).contract_id

    def run_contract(self, contract):
        runs = len(self.call("partner", "ListContractRuns", {"contract_id": contract}).runs)
        self.call("partner", "RunContract", {"contract_id": contract})
        self.wait("the contract's run",
                  lambda: len(self.call("partner", "ListContractRuns", {"contract_id": contract}).runs) > runs)

    def alerts(self):
        return self.call("notification", "ListAlerts", {}).alerts

    def kinds(self):
        return [enum_name(alert, "kind") for alert in self.alerts()]

    def states(self, alert):
        return [enum_name(message, "state") for message in alert.messages]

    def wait_alerts(self, kinds):
        """Newest first, and the phone's message of the newest delivered."""
        self.wait(f"the alerts {kinds}", lambda: self.kinds() == kinds)
        self.wait("its SMS to arrive", lambda: self.states(self.alerts()[0])[0] == "ALERT_DELIVERED")

    def test_a_system_is_down_and_up_again(self):
        self.up()
        self.steps.register(ADMIN)
        self.operator("rights", "grant", ADMIN["login_id"], PROVINCE, RIGHTS, "flow test")
        self.session = self.steps.login(ADMIN)
        form = {"unit": PROVINCE, "service_type": "connection", "phones": ["09452568242"], "emails": ["cb@tayninh.example.vn"],
                "following": True}
        wrong = self.refused("PHONE_FORMAT", "notification", "SaveAlertSubscription", form, self.session)
        self.assertEqual([v[0] for v in wrong.violations], ["phones[0]"])
        form["phones"] = ["0945256824"]
        saved = self.call("notification", "SaveAlertSubscription", form)
        contract = self.keep_contract()

        self.system.down = True
        self.run_contract(contract)
        self.wait_alerts(["ALERT_FAILURE"])
        alert = self.alerts()[0]
        self.assertIn("API session H53", alert.text)
        self.assertNotIn("0945256824", str(alert))
        self.assertEqual(self.states(alert)[1], "ALERT_NO_CHANNEL")  # no e-mail relay is set up

        self.end_daemons(["notification"], signal.SIGKILL)
        self.start_daemons(["notification"])
        self.wait_ready()
        self.run_contract(contract)  # down still: nothing new
        self.system.down = False
        self.run_contract(contract)
        self.wait_alerts(["ALERT_RECOVERY", "ALERT_FAILURE"])
        self.run_contract(contract)
        self.journals()
        self.assertEqual(self.kinds(), ["ALERT_RECOVERY", "ALERT_FAILURE"])

        words = self.operator("alert", "sent", PROVINCE)
        self.assertIn("ALERT_RECOVERY", words)
        self.assertNotIn("0945256824", words)
        row = json.loads(self.operator("-o", "json", "alert", "list", PROVINCE))
        self.assertEqual((row["serviceType"], row["following"]), ("connection", True))
        self.operator("alert", "follow", saved.subscription_id.hex(), "off")
        self.system.down = True
        self.run_contract(contract)
        self.journals()
        self.assertEqual(len(self.kinds()), 2)
        self.check_books()


if __name__ == "__main__":
    story.main()
