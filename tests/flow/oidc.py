"""«Đăng nhập với DVC Quốc gia»: a portal, a browser and the provider (LOG-01, LOG-02, LOG-07, SYS-03, SYS-04, REG-46).

    oidc.py <folder of the daemons>
"""
import base64
import hashlib
import html
import http.client
import json
import os
import re
import shutil
import subprocess
import urllib.parse

import story
from story import CITIZEN, PASSWORD, UNIT, enum_name

from portal import solve_captcha

CALLBACK = "https://dichvucong.tayninh.example.vn/oidc/callback?from=motcua"
PLACE = "https://dichvucong.tayninh.example.vn/"


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Browser:
    """Cookies and forms; goes where it is sent as long as that is the provider."""

    def __init__(self, base):
        self.base, self.cookies, self.page, self.status, self.headers = base, {}, "", 0, None

    def open(self, method, path, body=None, headers=None):
        at = urllib.parse.urlsplit(path)
        host = f"{at.hostname}:{at.port}" if at.netloc else urllib.parse.urlsplit(self.base).netloc
        connection = http.client.HTTPConnection(host, timeout=20)
        jar = self.cookies.setdefault(host, {})
        head = {"Accept": "text/html", **({"Cookie": "; ".join(f"{k}={v}" for k, v in jar.items())} if jar else {})}
        if body is not None:
            head["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, at.path + (f"?{at.query}" if at.query else ""), body, {**head, **(headers or {})})
        answer = connection.getresponse()
        self.page, self.status, self.headers = answer.read().decode(), answer.status, answer.headers
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            jar[name] = value
        connection.close()
        return answer.headers.get("Location")

    def get(self, path):
        return self.open("GET", path)

    def forms(self):
        found = []
        for form in re.findall(r"<form.*?</form>", self.page, re.S):
            fields = {n: html.unescape(v) for n, v in
                      re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)}
            found.append((re.search(r'action="([^"]*)"', form).group(1), fields))
        return found

    def submit(self, **fields):
        """The first form that has all these fields; a button's value counts."""

        def has(form, name, value):
            return f'name="{name}" value="{value}"' in form if name == "go" else f'name="{name}"' in form

        found = re.findall(r"<form.*?</form>", self.page, re.S)
        number = next(i for i, form in enumerate(found) if all(has(form, *field) for field in fields.items()))
        action, hidden = self.forms()[number]
        return self.open("POST", action, urllib.parse.urlencode({**hidden, **fields}))


class Portal:
    """A portal's server: asks by code and PKCE."""

    def __init__(self, test, client_id="tayninh", secret="", callback=CALLBACK):
        self.test, self.client_id, self.secret, self.callback = test, client_id, secret, callback
        self.verifier = b64url(os.urandom(32))

    def address(self, **more):
        query = {"client_id": self.client_id, "redirect_uri": self.callback, "response_type": "code", "scope": "openid profile",
                 "state": "s t/1", "nonce": "n-1", "code_challenge_method": "S256",
                 "code_challenge": b64url(hashlib.sha256(self.verifier.encode()).digest()), **more}
        return "/oauth2/authorize?" + urllib.parse.urlencode({k: v for k, v in query.items() if v is not None})

    def exchange(self, code, basic=True, **more):
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.callback,
                "code_verifier": self.verifier, **more}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if basic:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        status, _, body = self.test.http("POST", f"{self.test.base}/oauth2/token", urllib.parse.urlencode(form).encode(), headers)
        return status, json.loads(body)

    def userinfo(self, token):
        status, _, body = self.test.http("GET", f"{self.test.base}/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"})
        return status, json.loads(body)


def claims_of(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def answer_of(location):
    parts = urllib.parse.urlsplit(location)
    return dict(urllib.parse.parse_qsl(parts.query))


class OidcStory(story.Story):
    """What stories of signing in share."""

    def begin(self):
        steps = self.up()
        self.base = steps.http.base
        self.operator_side = self.local("operator:test")
        return steps

    def client(self, client_id="tayninh", **more):
        """Registers a portal; returns its server."""
        client = {"client_id": client_id, "name": "Cổng <DVC> Tây Ninh", "unit": UNIT, "redirect_uris": [CALLBACK],
                  "logout_uris": [PLACE], "scopes": ["profile", "dinhdanh", "techid"], **more}
        saved = self.operator_side.call("identity", "SaveClient", {"client": client, "reason": "kết nối"})
        return Portal(self, client_id, saved.client_secret, client["redirect_uris"][0])

    def sign_in(self, browser, consent=True):
        """From the login page to the portal; the address it is sent back to."""
        self.assertIn("Chọn loại tài khoản bạn muốn sử dụng đăng nhập", browser.page)
        browser.submit(login_id=CITIZEN["login_id"], password=PASSWORD)
        self.assertEqual(browser.status, 200, browser.page)
        login = bytes.fromhex(browser.forms()[0][1]["login"])
        back = browser.submit(code=self.steps.read_code("LOGIN", login, CITIZEN["phone"]))
        if consent and back is None:
            self.assertIn("Đồng ý chia sẻ thông tin", browser.page)
            back = browser.submit(go="allow")
        return back


class Oidc(OidcStory):
    extra = {"otp": {"otp.resend_gap": "1s"}}  # the shortest there is

    def test_a_portal_signs_its_user_in(self):
        """Code and PKCE, ID token, userinfo by scope; SSO; a code replayed; other clients' codes; consent taken back."""
        steps = self.begin()
        steps.register(CITIZEN)
        portal, other = self.client(), self.client("bocongan", redirect_uris=[PLACE + "cb"], scopes=["profile"])
        browser = Browser(self.base)
        browser.get(portal.address(scope="openid profile dinhdanh phone"))
        self.assertEqual(browser.status, 200)
        self.assertIn("Cổng &lt;DVC&gt; Tây Ninh", browser.page)
        self.assertIn("form-action 'self' https://dichvucong.tayninh.example.vn", browser.headers["Content-Security-Policy"])
        self.assertNotIn("<script", browser.page)
        for word in ("HttpOnly", "Secure", "SameSite=Lax", "__Host-motcua="):
            self.assertIn(word, browser.headers["Set-Cookie"])
        before = {k: dict(v) for k, v in browser.cookies.items()}
        browser.submit(login_id=CITIZEN["login_id"], password="Sai-mat-khau#1")
        self.assertIn("Tên đăng nhập hoặc mật khẩu không đúng.", browser.page)
        back = self.sign_in(browser)
        self.assertEqual(browser.status, 303)
        self.assertNotEqual(browser.cookies, before)
        self.assertTrue(back.startswith(CALLBACK + "&code="), back)
        answer = answer_of(back)
        self.assertEqual((answer["state"], answer["iss"]), ("s t/1", self.base))

        status, tokens = portal.exchange(answer["code"])
        self.assertEqual((status, tokens.get("token_type"), tokens.get("scope")), (200, "Bearer", "openid profile dinhdanh"), tokens)
        identity = claims_of(tokens["id_token"])
        self.assertEqual((identity["iss"], identity["aud"], identity["nonce"], identity["acr"]), (self.base, "tayninh", "n-1", "LoA2"))
        self.assertNotIn("HoVaTen", identity)
        status, user = portal.userinfo(tokens["access_token"])
        self.assertEqual((status, user["sub"], user["HoVaTen"], user["SoDinhDanh"], user["LoaiTaiKhoan"], user["IAL"]),
                         (200, identity["sub"], CITIZEN["full_name"], CITIZEN["login_id"], "1", 2))
        self.assertFalse({"SoDienThoai", "ThuDienTu", "TechID"} & set(user), user)

        # signed in already: no page; another portal sees another sub, and asks for consent of its own
        answer = answer_of(browser.get(portal.address(prompt="none")))
        self.assertEqual(claims_of(portal.exchange(answer["code"])[1]["id_token"])["sub"], identity["sub"])
        self.assertEqual(answer_of(browser.get(other.address(prompt="none")))["error"], "consent_required")
        browser.get(other.address())
        answer = answer_of(browser.submit(go="allow"))
        foreign = portal.exchange(answer["code"])
        self.assertEqual((foreign[0], foreign[1]["error"]), (400, "invalid_grant"))  # another client's code
        self.assertEqual(other.exchange(answer["code"])[1]["error"], "invalid_grant")  # and it is spent by that
        answer = answer_of(browser.get(other.address()))
        strange = other.exchange(answer["code"])[1]
        self.assertNotEqual(claims_of(strange["id_token"])["sub"], identity["sub"])
        self.assertNotIn("SoDinhDanh", other.userinfo(strange["access_token"])[1])

        # a code that comes twice takes back what was made of it
        answer = answer_of(browser.get(portal.address()))
        first = portal.exchange(answer["code"])[1]
        self.assertEqual(portal.userinfo(first["access_token"])[0], 200)
        self.assertEqual(portal.exchange(answer["code"])[1]["error"], "invalid_grant")
        self.assertEqual(portal.userinfo(first["access_token"])[0], 401)
        self.assertGreaterEqual(self.types()["identity.code_replayed"], 2)

        # consent taken back: the token is worth nothing, and the person is asked again
        session = steps.login(CITIZEN)
        given = self.portal.call("identity", "ListConsents", {}, session).consents
        self.assertEqual({(c.client_id, tuple(c.scopes)) for c in given},
                         {("tayninh", ("openid", "profile", "dinhdanh")), ("bocongan", ("openid", "profile"))})
        subs = {identity["sub"], claims_of(strange["id_token"])["sub"]}
        self.check_members(session, subs, identity["sub"])
        self.assertEqual(portal.userinfo(tokens["access_token"])[0], 401)
        self.assertEqual(answer_of(browser.get(portal.address(prompt="none")))["error"], "consent_required")
        browser.get(portal.address())
        self.assertEqual(answer_of(browser.submit(go="deny"))["error"], "access_denied")
        self.check_books()

    def check_members(self, session, subs, taken_back):
        """REG-46 SYS-04: their own systems are told of what changes, while the consent holds, and then to forget; and the citizen sees it."""
        dstcode = "VN:COOP:000.00.00.H53"
        self.house.save_partner(self.house.partner("tayninh", "000.00.00.H53", dstcode))

        def told():
            received = self.sandbox("GET", f"/province/received/{dstcode}")
            return [(i["object"], i["state"]) for i in received if i["service"] == "DongBoTaiKhoan"]

        self.portal.call("identity", "UpdateAccount", {"fields": ["email"], "email": "thu.nghiem@example.vn"}, session)
        self.wait("the members' system to be told", lambda: set(told()) == {(sub, "1") for sub in subs})
        self.portal.call("identity", "RevokeConsent", {"client_id": "tayninh"}, session)
        self.wait("it to be told to forget", lambda: told()[-1] == (taken_back, "0"))
        self.portal.call("identity", "UpdateAccount", {"fields": ["email"], "email": ""}, session)
        self.wait("the other to hear more", lambda: len(told()) == 4)
        self.assertEqual(told()[3], ((subs - {taken_back}).pop(), "1"))

        def seen():
            accesses = self.portal.call("audit", "ListAccesses", {"page_size": 100}, session).accesses
            return sum(a.actor == "partner:tayninh" and a.type == "identity.read_for_member" for a in accesses) == 4

        self.wait("the citizen to see who was told", seen)

    def test_what_is_wrong_goes_nowhere(self):
        """Open redirect, CSRF, header injection, PKCE, prompt, step-up, client secrets and their rotation, sign-out."""
        steps = self.begin()
        steps.register(CITIZEN)
        portal = self.client()
        browser, thief = Browser(self.base), Browser(self.base)
        for wrong in ({"redirect_uri": "https://thief.example.vn/"}, {"redirect_uri": CALLBACK + "x"}, {"redirect_uri": CALLBACK.upper()},
                      {"redirect_uri": CALLBACK + "\r\nX: 1"}, {"redirect_uri": None}, {"client_id": "nobody"}, {"client_id": None}):
            self.assertEqual((browser.get(portal.address(**wrong)), browser.status), (None, 400), wrong)
            self.assertNotIn("X", browser.headers)
        browser.get(portal.address() + "&state=2")  # a parameter twice
        self.assertEqual(browser.status, 400)
        for error, wrong in (("unsupported_response_type", {"response_type": "token"}), ("invalid_request", {"code_challenge": None}),
                             ("invalid_request", {"code_challenge_method": "plain"}), ("invalid_scope", {"scope": "profile"}),
                             ("invalid_request", {"prompt": "none login"}), ("invalid_request", {"max_age": "-1"}),
                             ("request_not_supported", {"request": "x.y.z"}), ("login_required", {"prompt": "none"}),
                             ("invalid_request", {"nonce": "n" * 256})):
            answer = answer_of(browser.get(portal.address(**wrong)))
            self.assertEqual((answer["error"], answer["state"], answer["iss"]), (error, "s t/1", self.base), wrong)
        answer = browser.get(portal.address(prompt="none", state="a\r\nSet-Cookie: x=1"))
        self.assertIn("state=a%0D%0ASet-Cookie%3A%20x%3D1&", answer)
        self.assertEqual(browser.get(portal.address(state="s" * 513)).count("state="), 0)

        # another browser cannot go on with what this one began
        browser.get(portal.address(nonce="n" * 255, state="s" * 512))
        thief.get(portal.address())
        stolen = browser.forms()[0][1]["authorization"]
        thief.open("POST", "/oauth2/consent", urllib.parse.urlencode({"authorization": stolen, "go": "allow"}))
        self.assertEqual((thief.status, "hết hiệu lực" in thief.page), (400, True))
        browser.get(f"/oauth2/login?lang=en&authorization={stolen}")
        self.assertIn('<html lang="en">', browser.page)
        self.assertIn("Choose the account to sign in with", browser.page)
        browser.get(f"/oauth2/login?authorization={stolen}")

        browser.submit(login_id=CITIZEN["login_id"], password=PASSWORD)
        login = bytes.fromhex(browser.forms()[0][1]["login"])
        code = steps.read_code("LOGIN", login, CITIZEN["phone"])
        browser.submit(code=f"{(int(code) + 1) % 1000000:06d}")
        self.assertIn('role="alert"', browser.page)
        browser.submit(code=code)
        answer = answer_of(browser.submit(go="allow"))
        for wrong in ({"code_verifier": "v" * 43}, {}):  # a wrong verifier spends the code
            self.assertEqual(portal.exchange(answer["code"], **wrong)[1]["error"], "invalid_grant")
        # needs more than this account has
        self.assertEqual(answer_of(browser.get(portal.address(prompt="none", acr_values="LoA3")))["error"],
                         "unmet_authentication_requirements")
        self.assertEqual(answer_of(browser.get(portal.address(prompt="none", acr_values="LoA1")))["state"], "s t/1")
        browser.get(portal.address(acr_values="IAL3"))
        self.assertEqual(answer_of(self.sign_in(browser))["error"], "unmet_authentication_requirements")
        # a fresh sign-in is asked for, and the session stays the same one
        one = claims_of(portal.exchange(answer_of(browser.get(portal.address()))["code"])[1]["id_token"])
        browser.get(portal.address(prompt="login"))
        two = claims_of(portal.exchange(answer_of(self.sign_in(browser))["code"])[1]["id_token"])
        self.assertEqual(one["sid"], two["sid"])
        self.assertGreaterEqual(two["auth_time"], one["auth_time"])
        browser.get(portal.address(max_age="0"))
        self.assertIn("Đăng nhập", browser.page)

        # secrets
        answer = answer_of(browser.get(portal.address()))
        for how in ({"basic": False}, {"basic": False, "client_id": "tayninh", "client_secret": "A" * 43},
                    {"client_secret": portal.secret}, {"client_id": "bocongan"},
                    {"basic": False, "client_id": "tayninh", "client_assertion_type": "x", "client_assertion": "a.b.c"}):
            status, body = portal.exchange(answer["code"], **how)
            self.assertEqual((status, body["error"]), (401, "invalid_client"), how)
        renewed = self.operator_side.call("identity", "RotateClientSecret", {"client_id": "tayninh", "reason": "định kỳ"})
        self.assertEqual(portal.exchange(answer["code"])[0], 200)  # the old one, for a day
        portal.secret = renewed.client_secret
        answer = answer_of(browser.get(portal.address()))
        status, tokens = portal.exchange(answer["code"], basic=False, client_id="tayninh", client_secret=portal.secret)
        self.assertEqual(status, 200)
        self.refused("CALLER_DENIED", "identity", "ExchangeCode", {})
        self.refused("SESSION_REQUIRED", "identity", "ListClients", {})

        # signing out: the person is asked, unless the portal shows the token of this session
        browser.get("/oauth2/logout?" + urllib.parse.urlencode({"client_id": "tayninh", "post_logout_redirect_uri": PLACE, "state": "z"}))
        self.assertIn("Bạn có muốn đăng xuất", browser.page)
        self.assertEqual(browser.get(portal.address(prompt="none")).count("code="), 1)
        leave = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://thief.example.vn/"}
        self.assertIsNone(thief.get("/oauth2/logout?" + urllib.parse.urlencode(leave)))
        leave["post_logout_redirect_uri"] = PLACE
        self.assertEqual(browser.get("/oauth2/logout?" + urllib.parse.urlencode({**leave, "state": "z"})), PLACE + "?state=z")
        self.assertEqual(answer_of(browser.get(portal.address(prompt="none")))["error"], "login_required")
        self.assertEqual(portal.userinfo(tokens["access_token"])[0], 401)

        self.client(disabled=True)
        self.assertEqual((browser.get(portal.address()), browser.status), (None, 400))
        listed = self.operator_side.call("identity", "ListClients", {}).clients
        self.assertEqual([(c.client_id, c.disabled) for c in listed], [("tayninh", True)])
        with open(f"{self.house.log_dir}/gateway.log", encoding="utf-8") as log:
            text = log.read()
        for secret in (portal.secret, tokens["access_token"], tokens["id_token"], PASSWORD, answer["code"]):
            self.assertNotIn(secret, text)


    def test_guessed_at_by_strangers(self):
        """LOG-04, REG-17: past twenty wrong passwords the page asks the browser for work, says so without scripts, and the password
        still signs in; nothing else of the page changes."""
        steps = self.begin()
        steps.register(CITIZEN)
        portal, browser = self.client(), Browser(self.base)
        for place in range(20):
            stranger = story.Portal(self.house.run_dir, caller="portal:tayninh", resend=0.2)
            stranger.source = f"198.51.{place}.0/24"
            stranger.call("identity", "Login", {"login_id": CITIZEN["login_id"], "password": f"Sai-{place}-mat-khau#"})
        browser.get(portal.address())
        self.assertNotIn("<script", browser.page)
        browser.submit(login_id=CITIZEN["login_id"], password=PASSWORD)
        self.assertIn('<script type="module" src="/oauth2/captcha.js">', browser.page)
        self.assertRegex(browser.page, '<p id="captcha_noscript" class="alert">.*đăng nhập bằng VNeID')
        self.assertIn("script-src 'self'; connect-src 'self'; ", browser.headers["Content-Security-Policy"])
        self.assertNotIn(PASSWORD, browser.page)
        status, headers, script = self.http("GET", f"{self.base}/oauth2/captcha.js")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/javascript; charset=utf-8"))
        self.assertIn(b"/motcua.identity.v1.Identity/GetCaptcha", script)
        asked = steps.http.call("motcua.identity.v1.Identity/GetCaptcha", {"loginId": CITIZEN["login_id"]})
        captcha = solve_captcha(asked["challenge"])  # as the script does: tests/interop/altcha_peer.py runs it
        browser.submit(login_id=CITIZEN["login_id"], password=PASSWORD, captcha="nonsense")
        self.assertIn('src="/oauth2/captcha.js"', browser.page)
        browser.submit(login_id=CITIZEN["login_id"], password=PASSWORD, captcha=captcha)
        self.assertNotIn("<script", browser.page)
        login = bytes.fromhex(browser.forms()[0][1]["login"])
        browser.submit(code=steps.read_code("LOGIN", login, CITIZEN["phone"]))
        self.assertIn("code", answer_of(browser.submit(go="allow")))

    def test_a_code_that_is_sent_again(self):
        """Pressed too early it is refused; then the page says that it comes, and it signs in."""
        steps = self.begin()
        steps.register(CITIZEN)
        portal, browser = self.client(), Browser(self.base)
        browser.get(portal.address())
        browser.submit(login_id=CITIZEN["login_id"], password=PASSWORD)
        login = bytes.fromhex(browser.forms()[0][1]["login"])
        first = steps.read_code("LOGIN", login, CITIZEN["phone"])

        def pressed():
            browser.submit(go="resend")
            return "Mã mới đang được gửi" in browser.page or None

        self.assertIsNone(pressed())
        self.assertIn('role="alert"', browser.page)
        self.wait("the gap to be over", pressed)
        self.assertNotIn('role="alert"', browser.page)
        browser.submit(code=self.wait("the other code", lambda: self.other_code(login, first)))
        self.assertIn("code", answer_of(browser.submit(go="allow")))

    def other_code(self, login, first):
        code = self.steps.read_code("LOGIN", login, CITIZEN["phone"])
        return code if code != first else None

    def test_a_code_that_never_left(self):
        """D1 (wso2/product-is#28017): the phone has had its codes of the day: the page says so, whatever is typed or pressed."""
        steps = self.begin()
        steps.register(CITIZEN)
        portal, browser = self.client(), Browser(self.base)
        browser.get(portal.address())
        browser.submit(login_id=CITIZEN["login_id"], password=PASSWORD)
        asked, login = browser.page, bytes.fromhex(browser.forms()[0][1]["login"])
        browser.submit(code=steps.read_code("LOGIN", login, CITIZEN["phone"]))
        browser.page = asked  # he goes back: that code is spent, and identity has nothing to add
        browser.submit(code="123456")
        self.assertRegex(browser.page, "Mã OTP đã hết hiệu lực")

        room = self.local("room:identity")
        with self.assertRaises(story.Refused):
            for _ in range(60):
                room.call("otp", "Issue", {"purpose": "LOGIN", "subject": story.uuid7(), "phone": CITIZEN["phone"]})
        browser = Browser(self.base)
        browser.get(portal.address())
        browser.submit(login_id=CITIZEN["login_id"], password=PASSWORD)
        login = bytes.fromhex(browser.forms()[0][1]["login"])
        told = self.wait("identity to know", lambda: self.portal.call("identity", "GetLogin", {"login": login}).message)
        self.assertIn("đã nhận quá nhiều mã OTP", told)
        waiting = browser.page
        for pressed in ({"code": "123456"}, {"go": "resend"}):
            browser.page = waiting
            browser.submit(**pressed)
            seen = html.unescape(browser.page)
            self.assertIn(told, seen)
            self.assertNotIn("đã được gửi tới", seen)  # nothing was
            self.assertIn("đăng nhập lại để được gửi mã mới", seen)
            self.assertEqual(browser.forms(), [])  # no code to enter, none to send again
        again = re.search(r'<a href="(/oauth2/login\?[^"]*)"', browser.page)[1]
        browser.get(html.unescape(again))  # the same sign-in, from its beginning
        self.assertIn('name="password"', browser.page)
        browser.get(html.unescape(again).replace("lang=vi", "lang=en"))
        self.assertIn("Sign in to continue to", browser.page)


if __name__ == "__main__":
    story.main()
