"""The main job from end to end, with the seeds' own data; prints what happened. scripts/run --demo"""
import base64
import json
import re
import subprocess
import time
import urllib.error
import urllib.request

from portal import NoAnswer, Portal, Refused, enum_name, solve_captcha

CITIZEN = {"login_id": "012193990017", "full_name": "Nguyễn Thị Hoà Bình", "birth_date": "05/03/1993", "phone": "0912000101"}
OFFICER = {"login_id": "001085990043", "full_name": "Phạm Thử Nghiệm", "birth_date": "12/08/1985", "phone": "0912000303"}
PASSWORD = "Mot-Cua#2026x"
UNIT = "000.20.31.H53"  # UBND thị trấn Bến Cầu
BIRTH_FORM = json.dumps({  # of the form «birth»: services/dossier/data/form_birth.json
    "applicant_name": "Nguyễn Thị Hoà Bình", "applicant_id": "012193990017", "applicant_phone": "0912000101",
    "applicant_address": "Ấp 2, xã Bến Cầu, tỉnh Tây Ninh", "relation": "mother", "child_name": "Nguyễn Bảo An",
    "child_birth": "01/09/2025", "child_sex": "female", "child_ethnic": "Kinh", "child_nationality": "Việt Nam",
    "birth_place_kind": "elsewhere", "birth_province": "80", "birth_commune": "25681",
    "home_town": "Xã Bến Cầu, tỉnh Tây Ninh", "mother_name": "Nguyễn Thị Hoà Bình", "mother_birth": "05/03/1993",
    "mother_ethnic": "Kinh", "mother_nationality": "Việt Nam", "mother_address": "Ấp 2, xã Bến Cầu, tỉnh Tây Ninh",
    "truthful": True,
}, ensure_ascii=False)
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
        self.texts_before = 0  # notices on the citizen's phone

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

    def tag(self, purpose, subject):
        """Which code is the newest: on the screen, and in its text (OTP-05)."""
        try:
            return self.portal.call("otp", "Status", {"purpose": purpose, "subject": subject}).tag
        except Refused:
            return ""  # the room that wants the code has not asked for it yet

    def read_code(self, purpose, subject, phone):
        """Where a citizen would: on the phone."""

        def newest():
            tag = self.tag(purpose, subject)
            return next((t for t in self.handset(phone) if tag and f"Ky hieu {tag}." in t), None)

        text = self.wait("the SMS with the code", newest)
        self.say(f"   handset {phone[:3]}****{phone[-3:]} shows: {re.sub(r'[0-9]{6}', '******', text)}")
        return re.search(r"\b([0-9]{6})\b", text).group(1)

    def prove(self, purpose, subject, phone):
        code = self.read_code(purpose, subject, phone)
        reply = self.portal.call("otp", "Verify", {"purpose": purpose, "subject": subject, "code": code})
        if not reply.correct:
            raise SystemExit(f"the code was refused: {reply.code}")
        return reply.proof

    def start_registration(self, person, through_http=False):
        form = dict(person, subject_kind="CITIZEN", method="SUBSCRIBER", consent_version="2026-01")
        if not through_http:
            return self.portal.call("identity", "StartRegistration", form).registration_id
        asked = self.http.call("motcua.identity.v1.Identity/GetCaptcha", {"loginId": person["login_id"]})
        form["captcha"] = solve_captcha(asked["challenge"])
        camel = {re.sub("_(.)", lambda m: m.group(1).upper(), k): v for k, v in form.items()}
        return base64.b64decode(self.http.call("motcua.identity.v1.Identity/StartRegistration", camel)["registrationId"])

    def await_carrier(self, registration):
        def checked():
            state = self.portal.call("identity", "GetRegistration", {"registration_id": registration})
            name = enum_name(state, "state")
            if name == "REFUSED":
                raise SystemExit(f"refused: {state.code} {state.message}")
            return state if name == "AWAITING_CODE" else None

        return self.wait("the carrier's answer", checked)

    def finish_registration(self, registration, proof):
        return self.portal.call("identity", "FinishRegistration", {
            "registration_id": registration, "proof": proof, "password": PASSWORD, "password_again": PASSWORD})

    def register(self, person, through_http=False):
        registration = self.start_registration(person, through_http)
        self.say(f"registration {registration.hex()[:12]}… of {person['full_name']} by {'HTTP/JSON' if through_http else 'ZeroMQ with CURVE'}")
        self.await_carrier(registration)
        self.say("   the carrier says the phone is this person's; a code was sent")
        done = self.finish_registration(registration, self.prove("REGISTER", registration, person["phone"]))
        self.say(f"   account {done.account_id} at IAL{done.ial}")
        return done.account_id

    def grant_desk(self, person):
        """OFF-02: an operator gives an account the desk of a unit."""
        account = self.operator("rights", "grant", person["login_id"], UNIT, "DOSSIER_RECEIVE,DOSSIER_PROCESS", "demo").strip()
        self.say(f"an operator gives {account} the desk of {UNIT}")

    def sign_in(self, person):
        """Session, refresh token and profile; None when there is no such account (yet)."""
        started = self.portal.call("identity", "Login", {"login_id": person["login_id"], "password": PASSWORD})
        if started.code == "LOGIN_WRONG":
            return None
        if started.code:
            raise SystemExit(f"login: {started.code}: {started.message}")
        proof = self.prove("LOGIN", started.login, person["phone"])
        session = self.portal.call("identity", "FinishLogin", {"login": started.login, "proof": proof})
        self.say(f"{session.profile.full_name} signed in" + (f" for {session.profile.unit}" if session.profile.unit else ""))
        return session

    def login(self, person):
        session = self.sign_in(person)
        return session.session if session is not None else None

    def mismatch(self):
        """S02: a phone that is somebody else's is refused with the seed's own words."""
        registration = self.start_registration(
            dict(CITIZEN, login_id="079203990011", full_name="Trần Đức Anh", birth_date="21/06/2003"))

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
                                                          "abstract": "Đăng ký khai sinh", "form": BIRTH_FORM}, session)
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

    def start_payment(self, session, order_id):
        """An attempt, up to the page the payer is sent to."""
        ask = {"order_id": order_id, "return_url": "http://127.0.0.1/"}
        attempt = self.portal.call("payment", "StartPayment", ask, session).attempt_id
        return attempt, self.wait("the platform's page", lambda: self.attempt(session, order_id, attempt).pay_url)

    def attempt(self, session, order_id, attempt_id):
        order = self.portal.call("payment", "GetOrder", {"order_id": order_id}, session)
        return next(a for a in order.attempts if a.attempt_id == attempt_id)

    def choose(self, url, action):
        """What the payer presses at the platform."""
        form = f"action={action}&bank=VIETINBANK".encode()
        urllib.request.build_opener(StayHere).open(urllib.request.Request(url, form), timeout=10).read()

    def settled(self, session, order_id, attempt_id):
        attempt = self.attempt(session, order_id, attempt_id)
        return attempt if enum_name(attempt, "state") in ("SUCCEEDED", "FAILED", "SUSPENSE") else None

    def pay(self, session, code):
        order = self.wait("the order", lambda: self.order(session, code))
        self.say(f"order: {order.description or 'lệ phí'}: {order.total_text}, transaction fee {order.transaction_fee} VND")
        for action in ("fail", "pay"):
            attempt, url = self.start_payment(session, order.order_id)
            self.choose(url, action)
            result = self.wait("the payment's end", lambda: self.settled(session, order.order_id, attempt), 30)
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

    def notices(self, phone):
        """Texts on the phone that are not codes; a dossier filed, accepted, to be paid, not paid, paid: five."""
        return [t for t in self.handset(phone) if "OTP" not in t]

    def send_feedback(self, session):
        sent = self.portal.call("support", "SendFeedback", {
            "kind": "KIND_QUESTION", "unit": UNIT, "unit_name": "Thị trấn Bến Cầu", "name": CITIZEN["full_name"], "address": "Bến Cầu",
            "phone": CITIZEN["phone"], "title": "Giờ làm việc của bộ phận một cửa", "text": "Thứ Bảy có làm việc không?"}, session)
        self.say(f"{sent.code}: {sent.title}: {sent.state_name}, to be taken up by {time.strftime('%d/%m/%Y', time.localtime(sent.due_at_ms / 1000))}")

    def show_inbox(self, session, phone, code):
        def full():
            inbox = self.portal.call("notification", "ListInbox", {}, session)
            return inbox if any(n.template == "PAYMENT_OK" and code in n.text for n in inbox.notices) else None

        for notice in reversed(self.wait("the notices", full).notices):
            self.say(f"   inbox: {notice.text}")
        self.wait("the notices' SMS", lambda: len(self.notices(phone)) >= self.texts_before + 5)
        self.say(f"   and {len(self.notices(phone)) - self.texts_before} of them by SMS")

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
    demo.texts_before = len(demo.notices(CITIZEN["phone"]))
    session = demo.login(CITIZEN)  # of an earlier demo on the same data
    if session is None:
        demo.mismatch()
        demo.register(CITIZEN)
        demo.register(OFFICER, through_http=True)
        demo.grant_desk(OFFICER)
        session = demo.login(CITIZEN)
    officer = demo.login(OFFICER)
    print("4    the dossier", flush=True)
    dossier_id = demo.file_dossier(session)
    code = demo.accept(officer, dossier_id)
    print("5    the payment", flush=True)
    demo.pay(session, code)
    demo.show_dossier(session, dossier_id)
    print("6    notices", flush=True)
    demo.show_inbox(session, CITIZEN["phone"], code)
    print("     a question to the agency", flush=True)
    demo.send_feedback(session)
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
                   ("identity", "otp", "dossier", "payment", "notification", "audit", "print", "partner", "support"))
    except NoAnswer:
        return False
