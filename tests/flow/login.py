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


if __name__ == "__main__":
    story.main()
