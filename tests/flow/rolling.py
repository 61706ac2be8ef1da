"""Every room and the gateway is ended and started again, one after the other, while calls go on: none fails, and how
long one waits.

    rolling.py <folder of the daemons>
"""
import http.client
import json
import socket
import threading
import time

import story
from house import ROOMS

LONGEST_S = 8  # a room's drain and start, on a machine that does other things too


class Caller(threading.Thread):
    """Calls until it is told to stop. A failure ends it."""

    def __init__(self, call):
        super().__init__(daemon=True)
        self.call, self.stop, self.calls, self.longest, self.error = call, threading.Event(), 0, 0.0, None
        self.start()

    def run(self):
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                self.call()
            except Exception as error:  # noqa: BLE001: shown by the test
                self.error = error
                return
            self.calls += 1
            self.longest = max(self.longest, time.monotonic() - began)


class Rolling(story.Story):
    def save(self, session):
        form = {"procedure_code": "1.001193", "unit": story.UNIT, "abstract": "Đăng ký khai sinh", "form": "{}"}
        return lambda: self.portal.call("dossier", "SaveDraft", form, session, timeout=20)

    def over_http(self, room, service, method, body, session):
        """One try: who calls the gateway need not know that a room is away for a moment."""

        def call():
            line = http.client.HTTPConnection("127.0.0.1", self.house.gateway_port, timeout=20)
            line.request("POST", f"/motcua.{room}.v1.{service}/{method}", json.dumps(body),
                         {"Content-Type": "application/json", "Authorization": f"Bearer {session}"})
            answer = line.getresponse()
            text = answer.read()
            line.close()
            assert answer.status == 200, (method, answer.status, text)

        return call

    def test_no_call_fails(self):
        self.gateway_socket = socket.create_server(("127.0.0.1", 0), backlog=64)  # as systemd holds it
        self.addCleanup(self.gateway_socket.close)
        self.up()
        session = self.citizen()
        draft = {"procedureCode": "1.001193", "unit": story.UNIT, "abstract": "x", "form": "{}"}
        callers = {
            "zeromq dossier": Caller(self.save(session)),
            "zeromq payment": Caller(lambda: self.portal.call("payment", "ListOrders", {}, session, timeout=20)),
            "zeromq identity": Caller(lambda: self.portal.call("identity", "ListSessions", {}, session, timeout=20)),
            "http dossier": Caller(self.over_http("dossier", "Dossier", "SaveDraft", draft, session)),
            "http search": Caller(self.over_http("dossier", "Dossier", "SearchProcedures", {"words": "khai sinh"}, session)),
            "http notification": Caller(self.over_http("notification", "Notification", "ListInbox", {}, session)),
        }
        for room in [*ROOMS, "gateway", "gateway"]:
            before = {name: caller.calls for name, caller in callers.items()}
            self.end_daemons([room])
            self.start_daemons([room])
            self.wait(f"{room} to be ready", lambda room=room: self.house.begun(room))
            if room != "gateway":
                self.operator("--timeout", "10", "check", "--up", room)  # as deploy/OPERATIONS.md has it
            self.wait("every caller to go on", lambda before=before: all(
                c.error is not None or c.calls > before[name] + 3 for name, c in callers.items()))
        for caller in callers.values():
            caller.stop.set()
        for caller in callers.values():
            caller.join()
        print("; ".join(f"{name}: {c.calls} calls, longest {1000 * c.longest:.0f} ms" for name, c in callers.items()), flush=True)
        self.assertEqual({name: c.error for name, c in callers.items() if c.error is not None}, {})
        self.assertLess(max(c.longest for c in callers.values()), LONGEST_S)
        drafts = callers["zeromq dossier"].calls + callers["http dossier"].calls
        self.assertEqual(self.types()["dossier.drafted"], drafts)  # each once


if __name__ == "__main__":
    story.main()
