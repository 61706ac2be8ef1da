"""API checks, and a unit's events out: server-sent events with resume, signed webhooks (API-01 to API-06, C13).

    partner_events.py <folder of the daemons>
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import story
from story import CITIZEN, enum_name, person

sys.path.insert(0, f"{story.SOURCE}/tests/interop")
from npm import packages  # noqa: E402

PROVINCE = "000.00.00.H53"
ADMIN = person(41)


class Receiver(http.server.ThreadingHTTPServer):
    """A portal's own address: answers challenges, keeps what it is told, and fails when it is to."""

    daemon_threads = True

    def __init__(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = receiver.answer(self.path, dict(self.headers.items()), body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.told, self.failing, self.asked = [], 0, []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, path, headers, body):
        message = json.loads(body)
        if path == "/api":
            self.asked.append((headers, message))
            return 200, b'{"session":"7","error_code":"00"}'
        headers = {name.lower(): value for name, value in headers.items()}
        if message.get("type") == "motcua.webhook.challenge":
            return 200, json.dumps({"challenge": message["data"]["challenge"]}).encode()
        if self.failing:
            self.failing -= 1
            return 503, b""
        self.told.append((headers, body.decode()))
        return 200, b"{}"


class Stream:
    """GET /events in a thread, as curl -N would."""

    def __init__(self, base, session, last=None, query="", member=False):
        headers = {"session": session} if member else {"Authorization": f"Bearer {session}"}
        if last is not None:
            headers["Last-Event-ID"] = last
        self.answer = urllib.request.urlopen(urllib.request.Request(f"{base}/events{query}", headers=headers), timeout=60)
        self.events = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        one = {}
        try:
            for line in self.answer:
                line = line.decode().rstrip("\n")
                if line and not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    one[name] = value
                elif not line and "data" in one:
                    self.events.append(one)
                    one = {}
        except (OSError, ValueError, AttributeError):
            pass  # closed

    def subjects(self):
        return [(e["event"], json.loads(e["data"])["data"].get("to")) for e in self.events]

    def close(self):
        """Cuts it off: closing would wait for the reader's next line."""
        socket.fromfd(self.answer.fileno(), socket.AF_INET, socket.SOCK_STREAM).shutdown(socket.SHUT_RDWR)


class Events(story.Story):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.shutdown)
        self.extra = {"partner": {"partner.check_ports": str(self.receiver.server_address[1])}}

    def admin(self):
        """Of the province above the desk's unit."""
        self.steps.register(ADMIN)
        self.operator("rights", "grant", ADMIN["login_id"], PROVINCE, "API_TEST,APCA_ADMIN", "flow test")
        return self.steps.login(ADMIN)

    def partner(self, method, request, session, **more):
        return self.portal.call("partner", method, request, session, **more)

    def check_an_api(self, session):
        types = self.partner("ListApiTypes", {}, session).types
        self.assertIn("API BNDP nhận thông báo thuế đất", [t.name for t in types])
        sample = next(t for t in types if t.key == "session").sample_body
        asked = {"api_type": "session", "url": f"{self.receiver.url}/api", "dstcode": "VN:COOP:H53", "body": sample}
        check = self.partner("StartApiCheck", asked, session)
        shown = self.partner("GetApiCheck", {"check_id": check.check_id, "wait_ms": 10000}, session, timeout=15)
        self.assertEqual(enum_name(shown, "state"), "API_CHECK_ANSWERED")
        self.assertIn(b"HTTP/1.1 200 OK\r\n", shown.head)
        self.assertEqual(json.loads(shown.body), {"session": "7", "error_code": "00"})
        self.assertTrue(shown.verdict.fits and shown.verdict.succeeded, shown)
        self.assertGreater(shown.times.total_us, shown.times.connect_us)
        headers, body = self.receiver.asked[0]
        self.assertEqual(headers["dstcode"], "VN:COOP:H53")
        self.assertEqual(body, json.loads(sample))
        for url, code in (("http://169.254.169.254/latest/meta-data/", "URL_INTERNAL"), ("http://2130706433/", "URL_INVALID"),
                          ("http://127.0.0.1:22/", "URL_PORT")):
            self.refused(code, "partner", "StartApiCheck", {**asked, "url": url}, session)
        kept = self.partner("KeepContract", {"check_id": check.check_id, "name": "Session"}, session)
        self.partner("RunContract", {"contract_id": kept.contract_id}, session)
        self.wait("the contract's run", lambda: self.partner("ListContractRuns", {"contract_id": kept.contract_id}, session).runs)

    def inbound(self, base, session):
        """A province's system calls us: session, services, and what is refused."""
        profile = {"partner_id": "tayninh-inbound", "name": "Một cửa Tây Ninh", "kind": "PROVINCE", "unit": PROVINCE, "dstcode": "VN:H53"}
        self.partner("SavePartner", {"profile": profile, "reason": "flow test"}, session)
        self.partner("SaveCredential", {"partner_id": "tayninh-inbound", "way": "INBOUND", "username": "tayninh.motcua",
                                        "password": "Mot-Cua#2026x", "reason": "flow test"}, session)

        def post(path, **body):
            status, _, text = self.http("POST", f"{base}/dvcqg/v1/{path}", json.dumps(body).encode(),
                                        {"Content-Type": "application/json", "dstcode": "VN:DVCQG"})
            return status, json.loads(text)

        self.assertEqual(post("session", username="tayninh.motcua", password="guess")[0], 401)
        status, opened = post("session", username="tayninh.motcua", password="Mot-Cua#2026x")
        self.assertEqual((status, opened["error_code"]), (200, "0"))
        status, found = post("data", session=opened["session"], service="LayThuTuc", maTTHC="1.001193")
        self.assertEqual((status, found["error_code"], found["result"]["code"]), (200, "0", "1.001193"))
        status, found = post("data", session=opened["session"], service="LayDanhSachTTHC", TuKhoa="khai sinh", SoLuong=2)
        self.assertEqual(len(found["result"]["procedures"]), 2)
        status, refused = post("data", session=opened["session"], service="LayThuTuc", maTTHC="9.999999")
        self.assertEqual((status, refused["error_code"], refused["code"]), (404, "-1", "PROCEDURE_UNKNOWN"), refused)
        status, asked = post("data", session=opened["session"], service="LayDanhSachHoiDapGuiTuDVCQG")
        self.assertEqual((status, asked["error_code"]), (200, "0"), asked)
        self.assertEqual(post("data", session="x.y", service="LayThuTuc")[0], 401)
        return opened["session"]

    def signed(self, secret, headers, body):
        """As the page of Standard Webhooks says, without its library."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
        self.assertLess(abs(int(headers["webhook-timestamp"]) - time.time()), 60)
        want = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        return want in headers["webhook-signature"].split()

    def node(self):
        place = Path(os.path.dirname(self.bin)) / "tests" / "interop" / "connect"
        try:
            node = packages(place)
        except SystemExit:
            return None, place
        shutil.copy(f"{story.SOURCE}/tests/interop/events_client.mjs", place)
        return node, place

    def others_agree(self, secret, base, session, first, after, count):
        """npm's clients: the library of Standard Webhooks, and a browser's EventSource."""
        node, place = self.node()
        if node is None:
            return
        told = [{"secret": secret, "headers": headers, "body": body} for headers, body in self.receiver.told]
        told.append({**told[0], "body": told[0]["body"].replace("motcua", "MOTCUA")})
        done = subprocess.run([node, "events_client.mjs", "verify"], cwd=place, input=json.dumps(told), capture_output=True, text=True,
                              timeout=story.PATIENCE_S)
        lines = done.stdout.splitlines()
        self.assertEqual([json.loads(body)["id"] for _, body in self.receiver.told], lines[:-1], done.stderr)
        self.assertTrue(lines[-1].startswith("refused: "), lines)
        done = subprocess.run([node, "events_client.mjs", "listen", f"{base}/events", session, first, str(count)], cwd=place,
                              capture_output=True, text=True, timeout=story.PATIENCE_S)
        heard = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([e["type"] for e in heard[:1]], ["open"], done.stderr)
        self.assertEqual([e["id"] for e in heard[1:]], [e["id"] for e in after[:count]])

    def paused_by_hand(self, number, citizen):
        """With who, why and until when; what happens meanwhile waits, and goes out in its order."""
        self.operator("queue", "pause", "partner", "webhook", number, "--reason", "nơi nhận bảo trì", "--until", "1h")
        self.assertIn("nơi nhận bảo trì", self.operator("queue", "list", "-o", "json"))
        before = len(self.receiver.told)
        self.steps.file_dossier(citizen)
        waits = lambda: next(lane for lane in self.stats("partner").lanes if lane.lane == "webhook").queued  # noqa: E731
        self.wait("it to wait", lambda: waits() == 1)
        self.assertEqual(len(self.receiver.told), before)
        self.operator("queue", "resume", "partner", "webhook", number, "--reason", "đã xong")
        self.wait("it to go out", lambda: len(self.receiver.told) > before and waits() == 0)

    def test_events_go_out(self):
        """A check is made and kept; a dossier's steps are heard as they happen, after a kill, and once more from the start."""
        steps = self.up()
        base = f"http://127.0.0.1:{self.house.port('gateway')}"
        citizen, desk, session = self.citizen(), self.officer(), self.admin()
        self.check_an_api(session)
        member = self.inbound(base, session)

        hook = self.partner("SaveWebhook", {"url": f"{self.receiver.url}/events"}, session)
        state = lambda: enum_name(self.partner("GetWebhook", {"webhook_id": hook.webhook.webhook_id}, session), "state")  # noqa: E731
        self.wait("the challenge", lambda: state() == "WEBHOOK_ACTIVE")
        stream = Stream(base, session)
        status, _, _ = self.http("GET", f"{base}/events")
        self.assertEqual(status, 401)
        status, _, _ = self.http("GET", f"{base}/events", headers={"Authorization": f"Bearer {session}", "Last-Event-ID": "x"})
        self.assertEqual(status, 400)
        for session_there, query, want in (("x.y", "", 401), (member, "?unit=000.00.00.H36", 403), (member, "?unit=x", 400)):
            self.assertEqual(self.http("GET", f"{base}/events{query}", headers={"session": session_there})[0], want)
        theirs = Stream(base, member, member=True)

        dossier = steps.file_dossier(citizen)
        self.wait("the first event", lambda: len(stream.events) == 1)
        self.receiver.failing = 1  # the next one comes twice, under one id
        steps.accept(desk, dossier)
        self.wait("the steps that follow", lambda: ("motcua.dossier.accepted", "RECEIVED") in stream.subjects())
        self.end_daemons(["partner"], signal.SIGKILL)
        self.start_daemons(["partner"])
        another = steps.file_dossier(citizen)
        self.wait("the stream to go on by itself", lambda: [e["event"] for e in stream.events].count("motcua.dossier.sent") == 2)
        self.assertTrue(another)
        self.wait("a member's system to hear the same", lambda: [e["id"] for e in theirs.events] == [e["id"] for e in stream.events])
        stream.close()
        theirs.close()

        whole = Stream(base, session, last="0")
        self.wait("all of it again", lambda: len(whole.events) >= len(stream.events))
        self.assertEqual([e["id"] for e in whole.events[:len(stream.events)]], [e["id"] for e in stream.events])
        one = Stream(base, session, last="0", query="?type=motcua.dossier.accepted")
        self.wait("one type", lambda: one.events)
        self.assertEqual({e["event"] for e in one.events}, {"motcua.dossier.accepted"})
        self.assertNotIn(CITIZEN["full_name"], json.dumps(whole.events, ensure_ascii=False))

        self.wait("the webhooks", lambda: len({h["webhook-id"] for h, _ in self.receiver.told}) >= len(stream.events))
        number = hook.webhook.webhook_id.hex()
        self.assertRegex(self.operator("partner", "webhooks", PROVINCE), f"{number} .*WEBHOOK_ACTIVE")
        self.assertIn(number, self.operator("webhook", "resume", number))  # it goes on where it stands
        self.operator("webhook", "resume", "no-id", want=64)
        self.paused_by_hand(number, citizen)
        told = [json.loads(body) for _, body in self.receiver.told]
        order = [int(m["sequence"]) for m in told]
        self.assertEqual(order, sorted(order))
        self.assertTrue(all(self.signed(hook.secret, h, b) for h, b in self.receiver.told))
        heard = [e for e in whole.events[1:] if e["event"].startswith("motcua.dossier.")]
        self.others_agree(hook.secret, base, session, whole.events[0]["id"], heard, 2)
        whole.close()
        one.close()
        self.down()


if __name__ == "__main__":
    story.main()
