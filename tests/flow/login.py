"""Signing in against strangers: captchas, sources, guessing from one place and from many (LOG-04, REG-17, part D1).

    login.py <folder of the daemons>
"""
import story
from story import CITIZEN, PASSWORD

from portal import Portal, solve_captcha

LOGIN = "motcua.identity.v1.Identity/Login"


class Login(story.Story):
    def front(self, source, caller="portal:tayninh"):
        portal = Portal(self.house.run_dir, caller=caller, resend=0.2)
        portal.source = source
        return portal

    def login(self, portal, password=PASSWORD, captcha=""):
        return portal.call("identity", "Login", {"login_id": CITIZEN["login_id"], "password": password, "captcha": captcha}).code

    def test_nobody_locks_another_out(self):
        """A stranger locks himself; many strangers are slowed; the owner comes in from where he came in before."""
        steps = self.up()
        steps.register(CITIZEN)
        home = self.front("203.0.113.0/24")
        steps.portal, kept = home, steps.portal
        steps.login(CITIZEN)
        steps.portal = kept
        stranger = self.front("198.51.100.0/24")
        self.assertEqual([self.login(stranger, f"Sai-{i}-mat-khau#") for i in range(5)], ["LOGIN_WRONG"] * 4 + ["ACCOUNT_LOCKED"])
        self.assertEqual(self.login(stranger), "ACCOUNT_LOCKED")
        self.assertEqual(self.login(home), "")
        for place in range(15):  # twenty failures with the first five
            self.login(self.front(f"198.51.{place}.0/24"), f"Sai-{place}-mat-khau#")
        late = self.front("192.0.2.0/24")
        told = self.refused("CAPTCHA_REQUIRED", "identity", "Login", {"login_id": CITIZEN["login_id"], "password": PASSWORD}, portal=late)
        self.assertEqual([v[0] for v in told.violations], ["captcha"])
        self.assertEqual(self.login(late, captcha=late.captcha(CITIZEN["login_id"])), "")
        self.assertEqual(self.login(home), "")

    def test_the_public_door_asks_for_work(self):
        """Through the gateway: no captcha, no try; one captcha, one try; and the peer's own word about its place is not heard."""
        steps = self.up()
        steps.register(CITIZEN)
        form = {"loginId": CITIZEN["login_id"], "password": PASSWORD}
        url, kind = f"{steps.http.base}/{LOGIN}", {"Content-Type": "application/json"}
        status, headers, _ = self.http("POST", url, story.json.dumps(form).encode(), kind)
        self.assertEqual((status, headers["Motcua-Code"]), (400, "CAPTCHA_REQUIRED"))
        asked = steps.http.call("motcua.identity.v1.Identity/GetCaptcha", {"loginId": CITIZEN["login_id"]})
        form["captcha"] = solve_captcha(asked["challenge"])
        started = steps.http.call(LOGIN, form)
        self.assertEqual(started.get("code", ""), "")
        status, headers, _ = self.http("POST", url, story.json.dumps(form).encode(), {**kind, "X-Forwarded-For": "192.0.2.1"})
        self.assertEqual((status, headers["Motcua-Code"]), (400, "CAPTCHA_REQUIRED"))

    def test_hashing_delays_nobody_else(self):
        """Passwords are hashed in a bounded pool: when it is full a sign-in is told to come again; other calls do not wait for it."""
        self.extra = {"identity": {"pool.threads": "1", "pool.queue": "4"}}
        self.up()
        told, took, done = [], [], []

        def guess(number):
            try:
                told.append(self.portal.call("identity", "Login", {"login_id": f"{100000000 + number}", "password": PASSWORD}).code)
            except story.Refused as refused:
                self.assertGreater(refused.retry_after_ms, 0)
                told.append(refused.code)

        def guesses(first):
            for number in range(first, first + 10):
                guess(number)
            done.append(first)

        def reads():
            while len(done) < 10:
                began = story.time.monotonic()
                self.portal.call("identity", "GetLoginGuide")
                took.append(story.time.monotonic() - began)

        story.together([lambda first=10 * i: guesses(first) for i in range(10)] + [reads])
        self.assertLessEqual({"LOGIN_WRONG", "BUSY"}, set(told))
        self.assertLessEqual(set(told), {"LOGIN_WRONG", "BUSY", "CAPTCHA_REQUIRED"})
        self.assertGreater(len(took), 10)
        self.assertLess(sorted(took)[len(took) // 2], 0.05)

    def revoked_everywhere(self, session):
        """Every room has heard that the session is over."""
        asks = {"identity": ("GetProfile", {}), "dossier": ("ListMine", {}), "payment": ("ListOrders", {}), "notification": ("ListInbox", {})}
        for room, (method, request) in asks.items():
            try:
                self.portal.call(room, method, request, session)
                return False
            except story.Refused as refused:
                self.assertIn(refused.code, ("SESSION_EXPIRED", "SESSION_INVALID"))
        return True

    def test_passwords_changed_and_forgotten(self):
        """LOG-06 OTP-11: a password is changed, then forgotten; other sessions end in every room within a second; the person is told."""
        steps = self.up()
        steps.register(CITIZEN)
        other, session = steps.login(CITIZEN), steps.login(CITIZEN)
        listed = self.portal.call("identity", "ListSessions", {}, session).sessions
        self.assertEqual([s.current for s in listed], [False, True])
        second = "Gieng#Lang7sau"
        change = {"old_password": PASSWORD, "password": second, "password_again": second}
        self.assertEqual(self.portal.call("identity", "ChangePassword", {**change, "old_password": "Sai#mat9khau"}, session).code, "PASSWORD_OLD_WRONG")
        self.refused("PASSWORD_GUESSABLE", "identity", "ChangePassword", {**change, "password": "Matkhau@2024", "password_again": "Matkhau@2024"},
                     session=session)
        changed = self.portal.call("identity", "ChangePassword", change, session)
        self.assertEqual(changed.code, "")
        self.wait("the other session to end everywhere", lambda: self.revoked_everywhere(other), 1)
        self.assertTrue(self.portal.call("identity", "GetProfile", {}, changed.session.session).full_name)

        started = self.portal.call("identity", "StartPasswordReset", {"login_id": CITIZEN["login_id"]})
        nobody = self.portal.call("identity", "StartPasswordReset", {"login_id": story.person(11)["login_id"]})
        self.assertEqual(started.message, nobody.message)
        ask = {"purpose": "PASSWORD_RESET"}
        self.wait("both codes", lambda: steps.tag("PASSWORD_RESET", started.reset) and steps.tag("PASSWORD_RESET", nobody.reset))
        states = [self.portal.call("otp", "Status", {**ask, "subject": r.reset}) for r in (started, nobody)]
        self.assertEqual(*[(s.state, s.phone_masked, s.reason, s.attempts_left) for s in states])
        proof = steps.prove("PASSWORD_RESET", started.reset, CITIZEN["phone"])
        third = "Nuoc#Chay8dau"
        done = self.portal.call("identity", "FinishPasswordReset", {"reset": started.reset, "proof": proof, "password": third, "password_again": third})
        self.assertTrue(done.message)
        self.wait("every session to end everywhere", lambda: self.revoked_everywhere(changed.session.session), 1)
        self.assertEqual(self.login(self.portal, second), "LOGIN_WRONG")
        self.assertEqual(self.login(self.portal, third), "")
        types = self.types()
        self.assertEqual((types["identity.password_changed"], types["identity.password_reset"]), (1, 1))
        self.wait("the SMS that tells of it", lambda: sum("Mat khau tai khoan" in text for text in steps.handset(CITIZEN["phone"])) == 2)


if __name__ == "__main__":
    story.main()
