"""No secret and no person in what a thief, a curious administrator or a log reader gets to see. (I17)

The main job is walked once, and some ways of failing in it; then everything that was typed, sent or issued is looked
for, in several spellings, in each store, log, error body, metric, operator's answer and command line.
"""
import base64
import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import unicodedata
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "scripts"))

import demo  # noqa: E402
from house import ROOMS, House  # noqa: E402
from portal import Refused  # noqa: E402

WRONG_CODE, WRONG_PASSWORD = "907153", "Sai-Mat-Khau#77"
ABSTRACT = "Trích yếu canary ZQX của người nộp"
FORM = {**json.loads(demo.BIRTH_FORM), "home_town": "Biểu mẫu canary WVK", "applicant_address": "99 Phố Canary"}
PAPER = b"%PDF-1.4\n% canary paper JHQ of the applicant\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SECRET_FIELDS = {"session", "refresh_token", "proof"}
SHORTEST = 6
PAGE = 4096
OUTSIDE = {"sandbox"}  # plays the carriers, and is told their password on its command line


class Seen:
    """What must not be found: name -> text or bytes."""

    def __init__(self):
        self.values = {}

    def add(self, name, value):
        if value and len(value) >= SHORTEST:
            self.values.setdefault(value if isinstance(value, bytes) else value.encode(), name)

    def person(self, who, person):
        for key, value in person.items():
            self.add(f"{who}'s {key}", value)
        phone, birth = person["phone"], person["birth_date"]
        self.add(f"{who}'s phone", "84" + phone[1:])
        self.add(f"{who}'s phone", phone[1:])
        day, month, year = birth.split("/")
        self.add(f"{who}'s birth_date", f"{year}-{month}-{day}")
        self.add(f"{who}'s birth_date", f"{year}{month}{day}")
        name = person["full_name"]
        plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c)).replace("đ", "d").replace("Đ", "D")
        for spelling in (unicodedata.normalize("NFD", name), name.upper(), name.lower(), plain, plain.upper(), plain.lower()):
            self.add(f"{who}'s full_name", spelling)

    def reply(self, message):
        for field, value in message.ListFields():
            if field.name in SECRET_FIELDS:
                self.add(field.name, value)


def spellings(value):
    yield value
    yield value.hex().encode()
    yield value.hex().upper().encode()
    with contextlib.suppress(UnicodeDecodeError):
        yield value.decode().encode("utf-16-le")
    for shift in range(3):  # base64, whatever stands before
        coded = base64.b64encode(b"\0" * shift + value)
        inner = coded[(4 if shift else 0):len(coded) - 4]
        if len(inner) >= 8:
            yield inner
            yield inner.replace(b"+", b"-").replace(b"/", b"_")


def pattern_of(value):
    """Digits alone are found in any long number: they must stand by themselves."""
    escaped = re.escape(value)
    return rb"(?<![0-9A-Za-z])" + escaped + rb"(?![0-9A-Za-z])" if value.isdigit() and len(value) < 9 else escaped


class Walk(demo.Demo):
    """The demo, remembering whatever it typed and was given."""

    def __init__(self, house, secret, seen):
        super().__init__(house, secret)
        self.seen, self.bodies = seen, []
        call = self.portal.call

        def remembering(room, method, request=None, **more):
            reply = call(room, method, request, **more)
            seen.reply(reply)
            return reply

        def positional(room, method, request=None, session="", **more):
            if session:
                more["session"] = session
            if method == "SaveDraft":
                request = dict(request, abstract=ABSTRACT, form=json.dumps(FORM, ensure_ascii=False))
            if method == "Attach":
                request = dict(request, content=PAPER)
            return remembering(room, method, request, **more)

        self.portal.call = positional

    def say(self, text):
        pass

    def read_code(self, *arguments):
        code = super().read_code(*arguments)
        self.seen.add("a code", code)
        return code

    def http_error(self, method, body, path="", **headers):
        url = f"{self.http.base}/{method}{path}"
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
        try:
            urllib.request.urlopen(request, timeout=10).read()
        except urllib.error.HTTPError as error:
            self.bodies.append((method, error.read() + str(error.headers).encode()))

    def failures(self, session):
        """What goes wrong must not tell either."""
        person, identity = dict(demo.CITIZEN), "motcua.identity.v1.Identity"
        form = {"loginId": person["login_id"], "fullName": person["full_name"], "birthDate": person["birth_date"], "phone": person["phone"],
                "subjectKind": "CITIZEN", "method": "SUBSCRIBER", "consentVersion": "2026-01"}
        for change in ({}, {"birthDate": "06/04/1993"}, {"phone": "02412345678"}, {"loginId": "1" + person["login_id"]}, {"method": "NONE"},
                       {"subjectKind": "NOBODY"}, {"email": person["phone"]}):
            self.http_error(f"{identity}/StartRegistration", {**form, **change})
        self.http_error(f"{identity}/StartRegistration", json.dumps(form, ensure_ascii=False).encode()[:-3])
        self.http_error(f"{identity}/StartRegistration", json.dumps(form, ensure_ascii=False).encode() + b"}")
        self.http_error(f"{identity}/StartRegistration", [form])
        self.http_error(f"{identity}/Login", {"loginId": person["login_id"], "password": WRONG_PASSWORD})
        self.http_error(f"{identity}/Login", {"loginId": person["login_id"], "password": demo.PASSWORD, "phone": person["phone"]})
        self.http_error(f"{identity}/Login", {}, path=f"?password={demo.PASSWORD}&phone={person['phone']}")
        self.http_error(f"{identity}/{person['phone']}", {})
        self.http_error(f"{person['phone']}/{person['login_id']}", {})
        self.http_error(f"{identity}/GetProfile", {}, Authorization=f"Bearer {session[:-4]}AAAA")
        self.http_error("motcua.otp.v1.Otp/Verify", {"purpose": "LOGIN", "subject": base64.b64encode(os.urandom(16)).decode(), "code": WRONG_CODE})
        self.http_error("motcua.payment.v1.Payment/GetOrder", {"dossierCode": person["login_id"]}, Authorization=f"Bearer {session}")
        self.http_error("webhooks/sms", {"phone": person["phone"]}, path=f"?to={person['phone']}&text={WRONG_CODE}")
        self.http_error("webhooks/payment", {"phone": person["phone"], "name": person["full_name"]})
        wrong = {"login_id": person["login_id"], "password": WRONG_PASSWORD}
        for _ in range(3):
            with contextlib.suppress(Refused):
                self.portal.call("identity", "Login", wrong)
        started = self.portal.call("identity", "Login", dict(wrong, password=demo.PASSWORD))
        for _ in range(2):
            with contextlib.suppress(Refused):
                self.portal.call("otp", "Verify", {"purpose": "LOGIN", "subject": started.login, "code": WRONG_CODE})

    def main_job(self):
        self.wait("the rooms", lambda: demo.ready(self))
        self.register(demo.CITIZEN)
        self.register(demo.OFFICER, through_http=True)
        self.grant_desk(demo.OFFICER)
        session, officer = self.login(demo.CITIZEN), self.login(demo.OFFICER)
        dossier_id = self.file_dossier(session)
        code = self.accept(officer, dossier_id)
        self.plain = code.encode()
        self.pay(session, code)
        self.show_dossier(session, dossier_id)
        self.show_inbox(session, demo.CITIZEN["phone"], code)
        self.portal.call("identity", "GetProfile", {}, session)
        self.failures(session)
        self.wait("audit to hear of the payment", lambda: "payment.paid" in self.operator("trace", code))
        with urllib.request.urlopen(f"{self.http.base}/metrics", timeout=10) as metrics:
            self.bodies.append(("/metrics", metrics.read()))
        for arguments in (["trace", code], ["status"], ["audit", "verify"]):
            self.bodies.append((f"motcuactl {' '.join(arguments)}", self.operator(*arguments).encode()))


def command_lines(house):
    for name, process in house.processes.items():
        for file in ("cmdline", "environ"):
            with open(f"/proc/{process.pid}/{file}", "rb") as content:
                yield f"{name}'s {file}", content.read()


def files(house):
    """Every file the system has written, but the keys: where the keys are is no secret, and they are looked for too."""
    for folder, _, names in os.walk(house.folder):
        for name in names:
            path = os.path.join(folder, name)
            inside = os.path.relpath(path, house.folder)
            if inside.startswith("keys/") or not os.path.isfile(path):
                continue
            with open(path, "rb") as content:
                yield inside, b"".join(iter_pages(content))


def iter_pages(file):
    """Stores are preallocated: what was never written is not looked through."""
    empty = bytes(PAGE)
    while page := file.read(PAGE):
        if page != empty:
            yield page


def keys(house, seen):
    for name in os.listdir(house.keys_dir):
        if name.endswith(".pub") or name == "callers":
            continue
        with open(f"{house.keys_dir}/{name}", "rb") as key:
            text = key.read().strip()
        seen.add(f"the key {name}", text)
        with contextlib.suppress(ValueError):
            seen.add(f"the key {name}", bytes.fromhex(text.decode()))


def search(places, values):
    """Leaks: (place, what, how often, around)."""
    wanted = [(name, spelling) for value, name in values.items() for spelling in set(spellings(value))]
    for place, content in places:
        for name, spelling in wanted:
            hits = list(re.finditer(pattern_of(spelling), content)) if spelling in content else []
            if hits:
                at = hits[0].start()
                yield place, name, len(hits), content[max(0, at - 60):at + 60]


def control(values):
    """Each must be found where it is, or not finding it elsewhere means nothing."""
    for value, name in values.items():
        for text in (b"x='" + value + b"'", b" " + value.hex().encode() + b" ", value):
            if not any(True for _ in search([("control", text)], {value: name})):
                raise SystemExit(f"cannot find {name} at all")


def main():
    folder = tempfile.mkdtemp(prefix="motcua_canary.")
    talkative = {"log.level": "debug"}
    house = House(folder, os.path.abspath(sys.argv[1]), map_size="64MiB",
                  extra={name: talkative for name in ROOMS + ["gateway", "smsworker", "sandbox"]})
    seen, leaks, places = Seen(), [], []
    seen.person("the citizen", demo.CITIZEN)
    seen.person("the officer", demo.OFFICER)
    for name, value in {"the password": demo.PASSWORD, "a wrong password": WRONG_PASSWORD, "a wrong code": WRONG_CODE,
                        "the abstract": ABSTRACT, "the form": FORM["home_town"], "the address": FORM["applicant_address"], "the paper": PAPER[9:50]}.items():
        seen.add(name, value)
    try:
        secret = house.allow("portal:canary")
        house.start_all()
        walk = Walk(house, secret, seen)
        with contextlib.redirect_stdout(io.StringIO()):
            walk.main_job()
        keys(house, seen)
        control(seen.values)
        places += [(p, c) for p, c in command_lines(house) if p.split("'")[0] not in OUTSIDE]
        places += walk.bodies
        house.stop()
        places += files(house)
        found = [place for place, *_ in search(places, {walk.plain: "the dossier's code"})]
        if not {"dossier/data.mdb", "audit/data.mdb"} <= set(found):
            raise SystemExit(f"the dossier's code, which is no secret, is found only in {found}: the search is blind")
        leaks = list(search(places, seen.values))
        for place, name, count, around in leaks:
            print(f"{place}: {name}, {count} times: {around!r}")
        print(f"{len(seen.values)} canaries in {len(places)} places of {sum(len(c) for _, c in places) >> 20} MiB: {len(leaks)} leaks")
    finally:
        house.stop()
        if "--keep" not in sys.argv:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
