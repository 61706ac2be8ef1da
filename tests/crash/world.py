"""The house under load: citizens, an officer and SMS gateways in Python, and a record of all that was said.

A request has three outcomes. `ok`: the answer was heard, so it must be there for ever. `refused`: nothing was
written. `unknown`: nobody answered in time; it may or may not be there, but never half, and never twice.
"""
import collections
import dataclasses
import http.client
import json
import os
import re
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [f"{SOURCE}/scripts", f"{SOURCE}/tests"]

from demo import BIRTH_FORM, PASSWORD, UNIT, StayHere  # noqa: E402
from house import ROOMS, House  # noqa: E402
from people import generous_banks, person  # noqa: E402
from portal import POOL, SERVICES, NoAnswer, Portal, Refused, enum_name, fill, message, uuid7  # noqa: E402

PROCEDURE = "1.001193"  # has a fee at UNIT
AGAIN = {"BUSY", "STORE_FULL", "STORE_FAULT", "UNAVAILABLE", "DEADLINE_EXCEEDED"}  # not an answer: ask again
PATIENCE = 60.0  # seconds a request is repeated before its outcome is unknown


@dataclasses.dataclass
class Call:
    room: str
    method: str
    request: object
    session: str
    portal: object
    id: bytes
    began_ms: int
    outcome: str = "unknown"
    code: str = ""
    reply: bytes = b""
    ended_ms: int = 0
    about: str = ""


@dataclasses.dataclass
class Lease:
    gateway: str
    job: int
    token: bytes
    attempt: int
    text: str
    phone: str
    expires_ms: int
    lease_ms: int
    asked_ms: int  # before it was given: the first time LeaseJobs was sent
    got_ms: int    # after it was given
    given_back_ms: int = 0  # Ack or Nack answered with ok
    acked: bool = False
    nacked: bool = False
    back_asked_ms: int = 0
    sent_ms: int = 0


def now_ms():
    return int(time.time() * 1000)


class World:
    def __init__(self, folder, bin_dir, seed, env=None, extra=None, tcp=True, map_size="64MiB"):
        settings = {
            "identity": {"identity.starts_max": "1000", "identity.session_life": "1h"},
            "otp": {"otp.resend_gap": "1s", "otp.sends_short": "100", "otp.sends_day": "100",
                    "otp.sends_identity": "100", "otp.min_useful_life": "10s"},
            "payment": {"payment.query_after": "3s", "payment.query_backoff": "200ms", "payment.query_backoff_max": "1s",
                        "payment.attempt_life": "20s"},
            "smsworker": {"smsworker.lease": "8s", "smsworker.credit": "5",
                          "smsworker.wait": "1s", "smsworker.timeout": "1500ms"},
            "sandbox": {"sandbox.callback_backoff": "200ms", "sandbox.seed": str(seed), "sandbox.dlr_after": "20ms"},
        }
        settings["payment"].update({"payment.platform_refunds": "true", "payment.banks_file": generous_banks(folder)})
        for name, values in (extra or {}).items():
            settings.setdefault(name, {}).update(values)
        self.seed = seed
        self.house = House(folder, bin_dir, map_size=map_size, tcp=tcp, extra=settings, env=env)
        self.smsworker = os.path.exists(f"{bin_dir}/motcua-smsworker")
        if not self.smsworker:  # then the gateways in Python carry everything
            start = self.house.start
            self.house.start = lambda name: start(name) if name != "smsworker" else None
        self.calls, self.leases, self.lock, self.local = [], [], threading.Lock(), threading.local()
        self.violations = []
        self.inbox = collections.defaultdict(list)  # phone -> texts that the Python gateways carried
        self.portals = {}
        self.told = {room: {} for room in ROOMS}    # events that were told while rooms died: seq -> bytes
        self.heads = []                             # (size, hash) of the audit log, in the order they were told
        self.accounts, self.revoked = {}, []
        self.stopping = threading.Event()

    # --- the house ---

    def start(self):
        secret = self.house.allow("portal:crash") if self.house.tcp else None
        self.house.start_all()
        self.house.gateway_port = self.house.port("gateway")  # a restarted gateway is found where it was
        run_dir = self.house.run_dir
        for caller in ("portal:ipc", "room:check", "operator:check"):
            self.portals[caller] = Portal(run_dir, caller=caller, resend=0.3)
        self.portals["portal:tcp"] = (Portal(run_dir, keys_dir=self.house.keys_dir, secret=secret, resend=0.5) if secret
                                      else self.portals["portal:ipc"])
        self.portals["check"] = self.portals["room:check"]
        self.sandbox = f"http://127.0.0.1:{self.house.port('sandbox')}"
        for room in ROOMS:
            self.portals["check"].call(room, "Health", timeout=20)

    def violate(self, text):
        with self.lock:
            self.violations.append(text)

    def web(self, method, path, body=None):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.sandbox}{path}", data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def fault(self, system, fault, **more):
        self.web("POST", "/faults", {"system": system, "fault": fault, **more})

    # --- requests ---

    def request(self, room, method, values):
        body = message(POOL.FindServiceByName(SERVICES[room]).FindMethodByName(method).input_type.full_name)()
        if isinstance(values, dict):
            fill(body, values)
        elif values is not None:
            body.CopyFrom(values)
        return body

    def read(self, room, method, values=None, session="", portal="portal:ipc", timeout=PATIENCE, purpose=""):
        """A question: repeated until answered, not recorded."""
        ends = time.monotonic() + timeout
        while True:
            try:
                return self.portals[portal].call(room, method, values, session, timeout=max(0.1, ends - time.monotonic()),
                                                 purpose=purpose)
            except Refused as refused:
                if refused.code not in AGAIN or time.monotonic() > ends:
                    raise
                time.sleep(0.05)

    def ask(self, room, method, values=None, session="", portal="portal:ipc", patience=PATIENCE, about=""):
        """A request that writes: the same id until there is an answer, and a record of it."""
        call = Call(room, method, self.request(room, method, values), session, portal, uuid7(), now_ms(), about=about)
        self.local.call = call
        with self.lock:
            self.calls.append(call)
        return self.ask_again(call, patience)

    def ask_again(self, call, patience=PATIENCE):
        ends = time.monotonic() + patience
        while True:
            try:
                reply = self.portals[call.portal].call(call.room, call.method, call.request, call.session, call.id,
                                                       timeout=max(0.1, ends - time.monotonic()))
            except Refused as refused:
                if refused.code in AGAIN and time.monotonic() < ends:
                    time.sleep(0.05)
                    continue
                call.outcome, call.code, call.ended_ms = "refused", refused.code, now_ms()
                raise
            call.outcome, call.ended_ms, call.reply = "ok", now_ms(), reply.SerializeToString(deterministic=True)
            return reply

    def doubt(self, rng):
        """Sometimes asks again what was answered: the same answer. Or something else by the same id: refused."""
        call = self.local.call
        if call.outcome == "ok" and rng.random() < 0.15:
            self.same(call)
        if call.outcome == "ok" and rng.random() < 0.06:
            self.other(call)

    def same(self, call):
        try:
            reply = self.portals[call.portal].call(call.room, call.method, call.request, call.session, call.id, timeout=PATIENCE)
        except NoAnswer:
            return
        except Refused as refused:
            if refused.code not in AGAIN:
                self.violate(f"{call.method} {call.id.hex()}: answered ok, its repeat was refused: {refused}")
            return
        if reply.SerializeToString(deterministic=True) != call.reply:
            self.violate(f"{call.method} {call.id.hex()}: its repeat was answered otherwise")

    def other(self, call):
        body = type(call.request)()
        body.CopyFrom(call.request)
        if not change(body):
            return
        try:
            self.portals[call.portal].call(call.room, call.method, body, call.session, call.id, timeout=PATIENCE)
            self.violate(f"{call.method} {call.id.hex()}: another request by the same id was answered")
        except NoAnswer:
            return
        except Refused as refused:
            if refused.code not in AGAIN | {"REQUEST_REUSED"}:
                self.violate(f"{call.method} {call.id.hex()}: another request by the same id: {refused.code}")

    def http(self, method, body, session="", key=""):
        """Through the gateway, repeated until it answers; (status, JSON)."""
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                link = http.client.HTTPConnection("127.0.0.1", self.house.gateway_port, timeout=20)
                headers = {"Content-Type": "application/json"}
                if session:
                    headers["Authorization"] = f"Bearer {session}"
                if key:
                    headers["Idempotency-Key"] = key
                link.request("POST", f"/{method}", json.dumps(body), headers)
                answer = link.getresponse()
                value = json.loads(answer.read())
                link.close()
                if answer.status < 500 and answer.status not in (408, 429):
                    return answer.status, value
            except (OSError, http.client.HTTPException, ValueError):
                pass
            if time.monotonic() > ends:
                raise NoAnswer(f"gateway {method}")
            time.sleep(0.05)

    # --- what a citizen's phone shows ---

    def texts(self, phone):
        number = f"84{phone[1:]}"
        texts = [m["text"] for m in self.web("GET", f"/handset/{number}")] if self.smsworker else []
        with self.lock:
            return texts + list(self.inbox[number])

    def code(self, purpose, subject, phone, seconds=100):
        """The code of the newest SMS of a challenge: its tag says which text it is. A new one when none comes."""
        ends, again = time.monotonic() + seconds, time.monotonic() + 12
        while time.monotonic() < ends and not self.stopping.is_set():
            tag = self.tag(purpose, subject)
            for text in reversed(self.texts(phone)) if tag else []:
                found = re.search(r"\b([0-9]{6})\b", text)
                if found and f"Ky hieu {tag}" in text:
                    return found.group(1)
            if time.monotonic() > again:
                again += 12
                self.resend(purpose, subject)
            time.sleep(0.05)
        raise NoAnswer(f"no code on {phone[:4]}******")

    def resend(self, purpose, subject):
        try:
            self.ask("otp", "Resend", {"purpose": purpose, "subject": subject})
        except Refused:
            pass  # too soon, or its first is still to come

    def tag(self, purpose, subject):
        try:
            return self.read("otp", "Status", {"purpose": purpose, "subject": subject}).tag
        except Refused:
            return ""  # the room that asks for the code has not been able to yet

    def prove(self, purpose, subject, phone, rng):
        code = self.code(purpose, subject, phone)
        wrong = f"{(int(code) + 1) % 1000000:06d}"
        ask = {"purpose": purpose, "subject": subject}
        if rng.random() < 0.3:
            if self.ask("otp", "Verify", {**ask, "code": wrong}).correct:
                self.violate("a wrong code was right")
        answers = self.race(3 if rng.random() < 0.5 else 1, lambda: self.ask("otp", "Verify", {**ask, "code": code}))
        right = [a for a in answers if a.correct]
        if len(right) != 1:
            self.violate(f"{len(right)} of {len(answers)} got the right answer for one code")
        return right[0].proof

    def race(self, n, work):
        results, errors = [], []

        def run():
            try:
                results.append(work())
            except (Refused, NoAnswer) as error:
                errors.append(error)

        threads = [threading.Thread(target=run, daemon=True) for _ in range(n)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return results

    # --- accounts ---

    def register(self, number, rng, portal="portal:ipc"):
        who = person(number)
        form = dict(who, subject_kind="CITIZEN", method="SUBSCRIBER", consent_version="2026-01")
        for _ in range(5):  # the carrier may be unwell
            started = self.ask("identity", "StartRegistration", form, portal=portal, about=who["login_id"])
            self.doubt(rng)
            state = self.wait_registration(started.registration_id)
            if enum_name(state, "state") == "AWAITING_CODE":
                break
        else:
            raise NoAnswer("no registration got as far as its code")
        proof = self.prove("REGISTER", started.registration_id, who["phone"], rng)
        ask = {"registration_id": started.registration_id, "proof": proof, "password": PASSWORD, "password_again": PASSWORD}
        done = self.ask("identity", "FinishRegistration", ask, portal=portal, about=who["login_id"])
        self.accounts[number] = done.account_id
        return done.account_id

    def wait_registration(self, registration_id, seconds=40):
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and not self.stopping.is_set():
            state = self.read("identity", "GetRegistration", {"registration_id": registration_id})
            if enum_name(state, "state") != "CHECKING_SUBSCRIBER":
                return state
            time.sleep(0.05)
        raise NoAnswer("the carrier's check did not end")

    def login(self, number, rng, portal="portal:ipc"):
        who = person(number)
        started = self.ask("identity", "Login", {"login_id": who["login_id"], "password": PASSWORD}, portal=portal)
        if started.code:
            raise NoAnswer(f"login: {started.code}")
        proof = self.prove("LOGIN", started.login, who["phone"], rng)
        return self.ask("identity", "FinishLogin", {"login": started.login, "proof": proof}, portal=portal).session

    # --- SMS gateways ---

    def gateway(self, name, rng, lanes=()):
        """Takes texts and does with them what gateways do: sends, returns, forgets, dies between sending and saying so."""
        caller = f"sms:{name}"
        self.portals[caller] = Portal(self.house.run_dir, caller=caller, resend=0.3)
        while not self.stopping.is_set():
            asked, lease_ms = now_ms(), rng.choice((1000, 1500, 3000))
            try:
                jobs = self.ask("otp", "LeaseJobs", {"lanes": list(lanes), "credit": rng.randint(1, 6), "lease_ms": lease_ms,
                                                     "wait_ms": 400}, portal=caller).jobs
            except (Refused, NoAnswer) as error:
                self.violate(f"{caller}: LeaseJobs: {error}")
                continue
            got = now_ms()
            for job in jobs:
                lease = Lease(caller, int.from_bytes(job.token[:8], "big"), job.token, job.attempt, job.text, job.phone,
                              job.expires_at_ms, lease_ms, asked, got)
                with self.lock:
                    self.leases.append(lease)
                self.carry(lease, job.reference, rng)

    def carry(self, lease, reference, rng):
        fate = rng.random()
        if fate < 0.08:
            return  # this gateway died
        if fate < 0.16:
            self.give_back(lease, "NackJobs", {"nacks": [{"token": lease.token, "error": "busy", "retry_ms": 50}]})
            return
        if lease.expires_ms and now_ms() >= lease.expires_ms:
            return  # never after this
        with self.lock:
            self.inbox[lease.phone].append(lease.text)
        lease.sent_ms = now_ms()
        if fate < 0.22:
            return  # sent, and died before saying so
        if fate < 0.24:
            time.sleep(lease.lease_ms / 1000 + 0.2)  # too late: somebody else may have it
        self.give_back(lease, "AckJobs", {"acks": [{"token": lease.token, "provider_reference": "p"}]})
        if fate > 0.8:
            self.ask("otp", "ReportDelivery", {"reports": [{"reference": reference, "state": "DELIVERED"}]}, portal=lease.gateway)

    def give_back(self, lease, method, values):
        lease.back_asked_ms = now_ms()
        result = self.ask("otp", method, values, portal=lease.gateway).results[0]
        if result.ok:
            lease.given_back_ms, lease.acked, lease.nacked = now_ms(), method == "AckJobs", method == "NackJobs"

    # --- eyes ---

    def listen(self):
        """A follower of every journal and of the audit's head: what it once heard may never change."""
        portal = Portal(self.house.run_dir, caller="room:check", resend=0.3)
        while not self.stopping.is_set():
            for room in ROOMS:
                after = max(self.told[room], default=0)
                try:
                    batch = portal.call(room, "Follow", {"after": after, "credit": 1000, "wait_ms": 0}, timeout=1)
                except (Refused, NoAnswer):
                    continue
                for event in batch.events:
                    self.told[room][event.seq] = event.SerializeToString(deterministic=True)
            try:
                head = portal.call("audit", "Head", timeout=1)
                self.heads.append((head.size, head.hash))
            except (Refused, NoAnswer):
                pass
            time.sleep(0.1)

    def stats(self, timeout=PATIENCE):
        return {room: self.read(room, "Stats", portal="check", timeout=timeout) for room in ROOMS}

    def journal(self, room):
        events, after = [], 0
        while True:
            batch = self.read(room, "Follow", {"after": after, "credit": 1000, "wait_ms": 0}, portal="check")
            events.extend(batch.events)
            if not batch.events:
                return events
            after = batch.events[-1].seq


def change(body):
    """The same kind of request with one field another."""
    for field in body.DESCRIPTOR.fields:
        if field.label == field.LABEL_REPEATED:
            continue
        value = getattr(body, field.name)
        if field.type == field.TYPE_STRING and value:
            setattr(body, field.name, value + "x")
            return True
        if field.type == field.TYPE_BYTES and value:
            setattr(body, field.name, value[:-1] + bytes([value[-1] ^ 1]))
            return True
    return False


def partner(text, seen):
    """The change of a partner that was seen in a version."""
    return {"profile": {"partner_id": "crash", "name": f"Hệ thống {text}", "kind": "PROVINCE", "unit": UNIT, "dstcode": "VN:CRASH"}, "version": seen, "reason": text}


def post_form(url, form):
    opener = urllib.request.build_opener(StayHere)
    opener.open(urllib.request.Request(url, urllib.parse.urlencode(form).encode()), timeout=20).read()
