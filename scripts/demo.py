"""The main job from end to end, with the seeds' own data; prints what happened. scripts/run --demo"""
import json
import re
import subprocess
import time
import urllib.error
import urllib.request

from portal import NoAnswer, Portal, Refused, enum_name

CITIZEN = {"login_id": "012193990017", "full_name": "Nguyễn Thị Hoà Bình", "birth_date": "05/03/1993", "phone": "0912000101"}
OFFICER = {"login_id": "001085990043", "full_name": "Phạm Thử Nghiệm", "birth_date": "12/08/1985", "phone": "0912000303"}
PASSWORD = "Mot-Cua#2026x"
UNIT = "000.20.31.H53"  # UBND thị trấn Bến Cầu
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n" \
      b"trailer<</Root 1 0 R>>\n%%EOF\n"


class Http:
    """The same calls through the gateway: Connect protocol, JSON."""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"

    def call(self, method, body, session=None):
        request = urllib.request.Request(f"{self.base}/{method}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        if session:
            request.add_header("Authorization", f"Bearer {session}")
        try:
            return json.load(urllib.request.urlopen(request, timeout=20))
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method}: {error.code} {error.read().decode()}")


class Demo:
    def __init__(self, house, secret):
        self.house = house
        self.portal = Portal(house.run_dir, keys_dir=house.keys_dir, secret=secret)
        self.http = Http(house.port("gateway"))
        self.sandbox = f"http://127.0.0.1:{house.port('sandbox')}"
        self.began = time.monotonic()
        self.codes_seen = {}

    def say(self, text):
        print(f"{time.monotonic() - self.began:6.2f} s  {text}", flush=True)

    def wait(self, what, probe, seconds=20):
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            value = probe()
            if value:
                return value
            time.sleep(0.02)
        raise SystemExit(f"waited {seconds} s in vain: {what}")

    def handset(self, phone):
        with urllib.request.urlopen(f"{self.sandbox}/handset/84{phone[1:]}", timeout=10) as answer:
            return [m["text"] for m in json.load(answer)]

    def read_code(self, phone):
        """Where a citizen would: on the phone."""

        def newest():
            texts = [t for t in self.handset(phone) if "OTP" in t]
            new = len(texts) > self.codes_seen.get(phone, 0)
            return (texts[0], len(texts)) if new else None

        text, count = self.wait("the SMS with the code", newest)
        self.codes_seen[phone] = count
        self.say(f"   handset {phone[:3]}****{phone[-3:]} shows: {re.sub(r'[0-9]{6}', '******', text)}")
        return re.search(r"\b([0-9]{6})\b", text).group(1)

    def prove(self, purpose, subject, phone):
        reply = self.portal.call("otp", "Verify", {"purpose": purpose, "subject": subject, "code": self.read_code(phone)})
        if not reply.correct:
            raise SystemExit(f"the code was refused: {reply.code}")
        return reply.proof

    def register(self, person, through_http=False):
        form = dict(person, subject_kind="CITIZEN", method="SUBSCRIBER", consent_version="2026-01")
        if through_http:
            camel = {re.sub("_(.)", lambda m: m.group(1).upper(), k): v for k, v in form.items()}
            import base64

            started = self.http.call("motcua.identity.v1.Identity/StartRegistration", camel)
            registration = base64.b64decode(started["registrationId"])
        else:
            registration = self.portal.call("identity", "StartRegistration", form).registration_id
        self.say(f"registration {registration.hex()[:12]}… of {person['full_name']} by {'HTTP/JSON' if through_http else 'ZeroMQ with CURVE'}")

        def checked():
            state = self.portal.call("identity", "GetRegistration", {"registration_id": registration})
            name = enum_name(state, "state")
            if name == "REFUSED":
                raise SystemExit(f"refused: {state.code} {state.message}")
            return state if name == "AWAITING_CODE" else None

        self.wait("the carrier's answer", checked)
        self.say("   the carrier says the phone is this person's; a code was sent")
        proof = self.prove("REGISTER", registration, person["phone"])
        done = self.portal.call("identity", "FinishRegistration", {
            "registration_id": registration, "proof": proof, "password": PASSWORD, "password_again": PASSWORD})
        self.say(f"   account {done.account_id} at IAL{done.ial}")
        return done.account_id

    def login(self, person):
        """A session, or None when there is no such account (yet)."""
        started = self.portal.call("identity", "Login", {"login_id": person["login_id"], "password": PASSWORD})
        if started.code == "LOGIN_WRONG":
            return None
        if started.code:
            raise SystemExit(f"login: {started.code}: {started.message}")
        proof = self.prove("LOGIN", started.login, person["phone"])
        session = self.portal.call("identity", "FinishLogin", {"login": started.login, "proof": proof})
        self.say(f"{session.profile.full_name} signed in" + (f" for {session.profile.unit}" if session.profile.unit else ""))
        return session.session

    def mismatch(self):
        """S02: a phone that is somebody else's is refused with the seed's own words."""
        form = dict(CITIZEN, login_id="079203990011", full_name="Trần Đức Anh", birth_date="21/06/2003", subject_kind="CITIZEN",
                    method="SUBSCRIBER", consent_version="2026-01")
        registration = self.portal.call("identity", "StartRegistration", form).registration_id

        def refused():
            state = self.portal.call("identity", "GetRegistration", {"registration_id": registration})
            return state if enum_name(state, "state") == "REFUSED" else None

        self.say(f"a phone of somebody else: «{self.wait('the refusal', refused).message}»")

    def file_dossier(self, session):
        found = self.portal.call("dossier", "SearchProcedures", {"unit": UNIT, "words": "khai sinh"})
        first = found.procedures[0]
        self.say(f"search «khai sinh» at Thị trấn Bến Cầu: {found.total} found, first {first.code} {first.name}")
        procedure = next(p for p in found.procedures if p.code == "1.001193")
        draft = self.portal.call("dossier", "SaveDraft", {"procedure_code": procedure.code, "unit": UNIT,
                                                          "abstract": "Đăng ký khai sinh", "form": "{}"}, session)
        self.say(f"draft saved: internal number {draft.internal_number}, no official code yet")
        paper = self.portal.call("dossier", "Attach", {"dossier_id": draft.dossier_id, "component": "Giấy chứng sinh",
                                                       "file_name": "chung-sinh.pdf", "content": PDF}, session)
        self.say(f"attached {paper.size} bytes of {paper.content_type}, sha256 {paper.sha256[:16]}…")
        sent = self.portal.call("dossier", "Submit", {"dossier_id": draft.dossier_id}, session)
        self.say(f"«{sent.message}»")
        return draft.dossier_id

    def accept(self, session, dossier_id):
        queue = self.portal.call("dossier", "ListUnit", {"state": "NEW"}, session)
        mine = next(d for d in queue.dossiers if d.dossier_id == dossier_id)
        accepted = self.portal.call("dossier", "Accept", {"dossier_id": dossier_id, "version": mine.version}, session)
        due = time.strftime("%H:%M %d/%m/%Y", time.gmtime(accepted.due_at_ms / 1000 + 7 * 3600))
        self.say(f"the officer accepts: code {accepted.code}, due {due}")
        return accepted.code

    def pay(self, session, code):
        order = self.wait("the order", lambda: self.order(session, code))
        self.say(f"order: {order.description or 'lệ phí'}: {order.total_text}, transaction fee {order.transaction_fee} VND")
        for choice in ("fail", "pay"):
            attempt = self.portal.call("payment", "StartPayment", {"order_id": order.order_id, "return_url": "http://127.0.0.1/"},
                                       session).attempt_id

            def page():
                now = self.order(session, code)
                return next((a.pay_url for a in now.attempts if a.attempt_id == attempt and a.pay_url), None)

            url = self.wait("the platform's page", page)
            form = f"action={choice}&bank=VIETINBANK".encode()
            opener = urllib.request.build_opener(StayHere)
            opener.open(urllib.request.Request(url, form), timeout=10)

            def settled():
                now = self.order(session, code)
                mine = next(a for a in now.attempts if a.attempt_id == attempt)
                return mine if enum_name(mine, "state") in ("SUCCEEDED", "FAILED") else None

            result = self.wait("the payment's end", settled, 30)
            self.say(f"   attempt {result.reference}: «{result.message}»")
        order = self.order(session, code)
        receipt = self.portal.call("payment", "GetReceipt", {"number": order.receipts[0]}, session)
        self.say(f"   receipt {receipt.number}: {receipt.item_name}, {receipt.amount_in_words}, transaction {receipt.transaction_id}")
        for row in order.attempts:
            self.say(f"   history: {time.strftime('%d/%m/%Y %H:%M:%S', time.gmtime(row.at_ms / 1000 + 7 * 3600))}  {row.amount} đ  {row.message}")
        return order

    def order(self, session, code):
        try:
            return self.portal.call("payment", "GetOrder", {"dossier_code": code}, session)
        except Refused:
            return None

    def show_dossier(self, session, dossier_id):
        def paid():
            view = self.portal.call("dossier", "Get", {"dossier_id": dossier_id}, session)
            return view if enum_name(view, "money") == "PAID" else None

        view = self.wait("the dossier to know of the payment", paid)
        self.say(f"the citizen sees: {view.code} «{view.state_name}», money {enum_name(view, 'money')}")

    def show_inbox(self, session, phone):
        wanted = 4

        def full():
            inbox = self.portal.call("notification", "ListInbox", {}, session)
            return inbox if len(inbox.notices) >= wanted else None

        for notice in reversed(self.wait("the notices", full).notices):
            self.say(f"   inbox: {notice.text}")
        notices = self.wait("the notices' SMS", lambda: [t for t in self.handset(phone) if "OTP" not in t][:1] and self.handset(phone))
        self.say(f"   and {len([t for t in notices if 'OTP' not in t])} of them by SMS")

    def operator(self, *arguments):
        result = subprocess.run([f"{self.house.bin_dir}/motcuactl", "--run-dir", self.house.run_dir, *arguments],
                                capture_output=True, text=True)
        if result.returncode:
            raise SystemExit(f"motcuactl {' '.join(arguments)}: {result.returncode} {result.stderr}{result.stdout}")
        return result.stdout


class StayHere(urllib.request.HTTPRedirectHandler):
    """The platform sends the payer's browser home; nobody lives there in a demo."""

    def redirect_request(self, *_):
        return None

    def http_error_302(self, req, fp, code, msg, headers):
        return fp

    http_error_303 = http_error_302


def main(house, secret):
    demo = Demo(house, secret)
    demo.wait("the rooms", lambda: ready(demo))
    print("1-3  registration, code, account", flush=True)
    for phone in (CITIZEN["phone"], OFFICER["phone"]):
        demo.codes_seen[phone] = len([t for t in demo.handset(phone) if "OTP" in t])
    session = demo.login(CITIZEN)  # of an earlier demo on the same data
    if session is None:
        demo.mismatch()
        demo.register(CITIZEN)
        demo.register(OFFICER, through_http=True)
        account = demo.operator("rights", "grant", OFFICER["login_id"], UNIT,
                                "DOSSIER_RECEIVE,DOSSIER_PROCESS", "demo").strip()
        demo.say(f"an operator gives {account} the desk of {UNIT}")
        session = demo.login(CITIZEN)
    officer = demo.login(OFFICER)
    print("4    the dossier", flush=True)
    dossier_id = demo.file_dossier(session)
    code = demo.accept(officer, dossier_id)
    print("5    the payment", flush=True)
    demo.pay(session, code)
    demo.show_dossier(session, dossier_id)
    print("6    notices", flush=True)
    demo.show_inbox(session, CITIZEN["phone"])
    print("7    the story of this dossier across rooms, and the proof that it is whole", flush=True)
    demo.wait("audit to hear of the payment", lambda: "payment.paid" in demo.operator("trace", code))
    print(demo.operator("trace", code))
    print(demo.operator("audit", "verify").strip())
    print(demo.operator("ledger", "check"))
    print(demo.operator("status"))
    demo.say("done")
    return 0


def ready(demo):
    try:
        return all(demo.portal.call(room, "Health", timeout=2).ready for room in
                   ("identity", "otp", "dossier", "payment", "notification", "audit"))
    except NoAnswer:
        return False
