"""The operators' dashboard: its door against strangers, and its pages in a real Chromium (browser.mjs).

    dashboard.py <folder of the daemons> <build folder for the browser's packages>
"""
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{os.path.dirname(HERE)}/flow", f"{os.path.dirname(HERE)}/interop"]

import npm  # noqa: E402
import story  # noqa: E402

PLACE = sys.argv.pop(2)
CHROMIUM = shutil.which("chromium")
EVIL = "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
MANY = 101  # one more than an operator acts on alone


class Dashboard(story.Story):
    without = ("smsworker",)

    def setUp(self):
        super().setUp()
        self.up()
        self.port = int(open(f"{self.house.run_dir}/gateway/dashboard").read())

    def token(self, *arguments):
        return self.house.dashboard_link(*arguments).split("#token=")[1]

    def ask(self, method, path, body=None, **headers):
        """(status, headers, JSON or bytes); a header of None is left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=story.PATIENCE_S)
        every = {"Host": f"127.0.0.1:{self.port}", "Origin": f"http://127.0.0.1:{self.port}", "Content-Type": "application/json",
                 **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in every.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        return answer.status, answer.headers, json.loads(told) if "json" in answer.headers.get("Content-Type", "") else told

    def sign_in(self, *arguments):
        status, headers, session = self.ask("POST", "/api/sign-in", self.token(*arguments).encode())
        self.assertEqual(status, 200, session)
        self.assertRegex(headers["Set-Cookie"], "; Path=/; HttpOnly; SameSite=Strict; Max-Age=")
        return headers["Set-Cookie"].split(";")[0]

    def bad(self, http_status, code, *arguments, **headers):
        status, told, answer = self.ask(*arguments, **headers)
        self.assertEqual((status, told.get("Motcua-Code")), (http_status, code), answer)

    def test_door(self):
        cookie = self.sign_in("an", "--role", "view")
        peek, body = "/api/otp/Room/Peek", b"{}"
        self.assertEqual(self.ask("POST", peek, body, Cookie=cookie)[0], 200)
        # who may in
        self.bad(401, "SESSION_REQUIRED", "POST", peek, body)
        self.bad(401, "SESSION_REQUIRED", "GET", "/dash/stream")
        self.bad(401, "SESSION_REQUIRED", "POST", peek, body, Cookie=cookie[:-1] + ("0" if cookie[-1] != "0" else "1"))
        self.bad(401, "SESSION_REQUIRED", "POST", peek, body, Cookie=cookie + "0")
        self.bad(401, "SESSION_REQUIRED", "POST", peek, body, Authorization="Bearer " + cookie.split("=")[1])
        self.bad(401, "OPERATOR_TOKEN_INVALID", "POST", "/api/sign-in", b"v1.a.b")
        self.bad(401, "OPERATOR_TOKEN_INVALID", "POST", "/api/sign-in", b"")
        token = self.token("an").encode()
        self.bad(401, "OPERATOR_TOKEN_INVALID", "POST", "/api/sign-in", token[:-20] + b"A" * 20)
        self.assertEqual(self.ask("POST", "/api/sign-in", token)[0], 200)
        self.bad(401, "OPERATOR_TOKEN_INVALID", "POST", "/api/sign-in", token)  # good once
        # what a role may
        self.bad(403, "OPERATOR_ROLE_MISSING", "POST", "/api/otp/Room/PrepareAction", body, Cookie=cookie)
        self.bad(403, "OPERATOR_ROLE_MISSING", "POST", "/api/otp/Room/ApproveAction", body, Cookie=cookie)
        self.bad(403, "OPERATOR_ROLE_MISSING", "POST", "/api/otp/Otp/PauseGateway", body, Cookie=cookie)
        self.bad(404, "METHOD_UNKNOWN", "POST", "/api/otp/Room/Follow", body, Cookie=cookie)
        self.bad(404, "METHOD_UNKNOWN", "POST", "/api/identity/Identity/SaveClient", body, Cookie=cookie)
        # from where
        for host in (None, "evil.example", f"127.0.0.1:{self.port + 1}", f"evil.example:{self.port}"):
            status = self.ask("POST", peek, body, Cookie=cookie, Host=host)[0]
            self.assertIn(status, (400, 421), host)
        for origin in (None, "null", "http://evil.example", f"http://127.0.0.1:{self.port + 1}"):
            self.bad(403, "ORIGIN_DENIED", "POST", peek, body, Cookie=cookie, Origin=origin)
        self.bad(403, "ORIGIN_DENIED", "GET", "/api/session", Cookie=cookie, Sec_Fetch_Site="cross-site")
        self.bad(403, "ORIGIN_DENIED", "GET", "/dash/stream", Cookie=cookie, Sec_Fetch_Site="same-site")
        self.bad(415, "CONTENT_TYPE_UNSUPPORTED", "POST", peek, body, Cookie=cookie, Content_Type="text/plain")
        # what is asked
        for path in ("/../secret", "/%2e%2e/secret", "/pages/../../map.c", "/vendor//uplot.js", "/pages/", "/app.js%00.css", "/metrics",
                     "/motcua.otp.v1.Otp/Issue", "/api/session/", "/webhooks/sms"):
            self.assertIn(self.ask("GET", path, Cookie=cookie)[0], (400, 404), path)
        for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            self.assertIn(self.ask(method, "/", Cookie=cookie)[0], (405, 501), method)
        self.assertEqual(self.ask("POST", "/", b"")[0], 405)
        self.assertIn(self.ask("GET", "/", Cookie="a" * 9000)[0], (400, 431))
        self.assertEqual(self.ask("POST", peek, b"[" * 300_000, Cookie=cookie)[0], 413)
        status, headers, _ = self.ask("GET", "/")
        self.assertEqual(status, 200)
        policy = headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        # the public door knows nothing of it
        self.assertEqual(self.http("GET", f"http://127.0.0.1:{self.house.port('gateway')}/app.js")[0], 404)
        self.assertEqual(self.ask("POST", "/api/sign-out", b"", Cookie=cookie)[0], 204)
        self.bad(401, "SESSION_REQUIRED", "POST", peek, body, Cookie=cookie)

    # --- what the browser asks us for ---

    def do_link(self, *arguments):
        return self.house.dashboard_link(*arguments)

    def do_citizen(self):
        """Somebody registers, and is told so: the key of his story."""
        self.house.without = ()
        self.start_daemons(["smsworker"])
        account = self.steps.register(story.CITIZEN)
        self.wait("the SMS to be out", lambda: not any(lane.queued + lane.leased for lane in self.local("room:check").call("otp", "Stats").lanes))
        self.end_daemons(["smsworker"])
        key = f"account:{account}"
        self.wait("audit to know", lambda: "notification.notice_made" in self.operator("trace", key))
        return key

    def do_issue(self):
        self.local("room:identity").call("otp", "Issue", {"purpose": "LOGIN", "subject": story.uuid7(), "phone": "0912000101"})

    def do_many(self):
        """Notices that wait, in one call."""
        notices = [{"lane": "BULK", "phone": "0912000101", "text": f"Thong bao {i}", "keys": [f"dossier:{EVIL}"]} for i in range(MANY)]
        self.local("room:notification").call("otp", "EnqueueManySms", {"messages": notices})

    def do_dead(self):
        """A notice that a gateway gives back for good, with an error that would like to be a program."""
        room, gateway = self.local("room:notification"), self.local("sms:evil")
        room.call("otp", "EnqueueSms", {"lane": "TRANSACTIONAL", "phone": "0912000101", "text": "Thong bao", "keys": ["dossier:h1"]})
        jobs = gateway.call("otp", "LeaseJobs", {"lanes": ["TRANSACTIONAL"], "credit": 1}).jobs
        gateway.call("otp", "NackJobs", {"nacks": [{"token": jobs[0].token, "error": EVIL[:60], "permanent": True}]})

    def do_partner(self):
        """A province that nothing was sent to yet."""
        profile = {"partner_id": "tayninh", "name": f"Cổng Tây Ninh {EVIL[:8]}", "kind": "PROVINCE", "unit": "000.00.00.H53",
                   "dstcode": "VN:GOV:000.00.00.H53:test", "production": True,
                   "apis": [{"type": "land_notice", "data_url": "http://127.0.0.1:80/land"}]}
        self.local("operator:an").call("partner", "SavePartner", {"profile": profile, "reason": "kết nối"})

    def do_guessed(self, login_id):
        """A number that strangers have guessed at from everywhere; where a portal's user begins to sign in (LOG-04)."""
        for place in range(20):
            stranger = story.Portal(self.house.run_dir, caller="portal:tayninh", resend=self.resend)
            stranger.source = f"198.51.{place}.0/24"
            stranger.call("identity", "Login", {"login_id": login_id, "password": f"Sai-{place}-mat-khau#"})
        place = "https://dichvucong.tayninh.example.vn/cb"
        client = {"client_id": "tayninh", "name": "Cổng Tây Ninh", "unit": story.UNIT, "redirect_uris": [place]}
        self.local("operator:an").call("identity", "SaveClient", {"client": client, "reason": "kết nối"})
        asked = {"client_id": "tayninh", "redirect_uri": place, "response_type": "code", "scope": "openid", "state": "s",
                 "code_challenge_method": "S256", "code_challenge": "A" * 43}
        return f"http://127.0.0.1:{self.house.port('gateway')}/oauth2/authorize?{urllib.parse.urlencode(asked)}"

    def do_stop(self, room):
        self.end_daemons([room], signal.SIGTERM)

    def do_start(self, room):
        self.start_daemons([room])

    def do_jobs(self, room, lane):
        """What /metrics says of a lane."""
        text = self.http("GET", f"http://127.0.0.1:{self.house.port('gateway')}/metrics")[2].decode()
        return {state: float(next(line for line in text.splitlines() if line.startswith(
            f'motcua_queue_jobs{{room="{room}",queue="{lane}",state="{state}"}}')).rsplit(" ", 1)[1]) for state in ("queued", "held", "dead")}

    def do_actors(self):
        """Who did what to the queue, as the room's journal has it."""
        return [[event.type, event.actor] for event in self.journal("otp") if "queue_action" in event.type]

    def test_pages(self):
        if CHROMIUM is None:
            self.skipTest("no chromium")
        node = npm.packages(story_place(), 18, HERE)
        browser = subprocess.Popen([node, f"{story_place()}/browser.mjs", CHROMIUM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   env={**os.environ, "HOME": self.folder})
        self.addCleanup(browser.wait)
        self.addCleanup(browser.stdout.close)
        self.addCleanup(browser.stdin.close)
        try:
            for line in browser.stdout:
                if not line.startswith("{"):
                    print(line, end="", file=sys.stderr)
                    continue
                asked = json.loads(line)
                browser.stdin.write(json.dumps(getattr(self, "do_" + asked["do"])(*asked["arguments"])) + "\n")
                browser.stdin.flush()
            self.assertEqual(browser.wait(story.PATIENCE_S), 0, "the browser's part failed")
        finally:
            if browser.poll() is None:
                browser.kill()


def story_place():
    """The packages' folder, with the browser's part beside them: modules are looked for from where it lies."""
    import pathlib

    place = pathlib.Path(PLACE)
    place.mkdir(parents=True, exist_ok=True)
    shutil.copy(f"{HERE}/browser.mjs", place)
    return place


if __name__ == "__main__":
    story.main()
