"""VNeID: the national identity provider signs people in (method VNEID, SYS-16, REG-45, REG-47, S34).

    vneid.py <folder of the daemons>
"""
import json
import urllib.parse

import oidc
import story
from oidc import Browser, answer_of, claims_of
from story import CITIZEN, OFFICER


class Vneid(oidc.OidcStory):
    def go(self, portal, browser, number, mood="", **more):
        """Portal, provider, VNeID's page, and back to the provider: its page, or the portal's address."""
        if not browser.page or "VNeID" not in browser.page:
            browser.get(portal.address(**more))
        to = browser.submit(go="vneid")
        self.assertTrue(to.startswith(f"{self.steps.sandbox}/vneid/oauth2/authorize?"), to)
        asked = answer_of(to)
        self.assertEqual((asked["code_challenge_method"], asked["redirect_uri"]), ("S256", f"{self.base}/oauth2/vneid"))
        back = browser.open("POST", to, urllib.parse.urlencode({"number": number, "mood": mood}))
        self.assertTrue(back.startswith(f"{self.base}/oauth2/vneid?"), back)
        self.callback = back
        return browser.get(back)

    def agree(self, browser, back):
        if back is None:
            self.assertIn("Đồng ý chia sẻ thông tin", browser.page)
            back = browser.submit(go="allow")
        return back

    def user(self, portal, back):
        tokens = portal.exchange(answer_of(back)["code"])[1]
        return claims_of(tokens["id_token"]), portal.userinfo(tokens["access_token"])[1]

    def test_a_person_nobody_knew(self):
        """An account opens at first sight, verified, at the level VNeID says; the next time it is the same; no password fits."""
        self.begin()
        portal, browser = self.client(), Browser(self.base)
        ask = {"scope": "openid profile dinhdanh techid"}
        back = self.agree(browser, self.go(portal, browser, CITIZEN["login_id"], **ask))
        identity, user = self.user(portal, back)
        self.assertEqual((user["SoDinhDanh"], user["IAL"], identity["acr"]), (CITIZEN["login_id"], 2, "LoA2"))
        browser.get(self.callback)  # VNeID's answer again
        self.assertEqual((browser.status, "hết hiệu lực" in browser.page), (400, True))
        thief = Browser(self.base)
        thief.get(portal.address())
        to = thief.submit(go="vneid")
        stolen = thief.open("POST", to, urllib.parse.urlencode({"number": OFFICER["login_id"]}))
        browser.get(stolen)  # a browser that did not go
        self.assertEqual(browser.status, 400)

        self.sandbox("POST", "/vneid/rotate")  # VNeID signs by another key from now on
        other = Browser(self.base)
        back = self.agree(other, self.go(portal, other, CITIZEN["login_id"], "ial3", **ask))
        again = self.user(portal, back)[1]
        self.assertEqual((again["TechID"], again["IAL"]), (user["TechID"], 3))
        self.assertEqual(answer_of(other.get(portal.address(prompt="none", acr_values="LoA3", **ask))).get("error"), None)
        types = self.types()
        self.assertEqual((types["identity.account_opened"], types["identity.vneid_linked"]), (1, 1))
        self.assertEqual(self.portal.call("identity", "Login", {"login_id": CITIZEN["login_id"], "password": story.PASSWORD}).code,
                         "LOGIN_WRONG")
        self.check_books()
        with open(f"{self.folder}/identity/data.mdb", "rb") as store:  # VNeID's sub may be the number itself
            self.assertNotIn(CITIZEN["login_id"].encode(), store.read())

    def test_a_person_we_knew(self):
        """The account of the number is linked; another TechID for it is an alarm, and nobody is signed in."""
        steps = self.begin()
        account = steps.register(CITIZEN)
        portal, browser = self.client(), Browser(self.base)
        back = self.agree(browser, self.go(portal, browser, CITIZEN["login_id"], scope="openid techid"))
        self.assertEqual(self.user(portal, back)[1]["TechID"], account)
        profile = self.portal.call("identity", "GetProfile", {}, steps.login(CITIZEN))
        self.assertTrue(profile.verified_by)
        impostor = Browser(self.base)
        self.assertIsNone(self.go(portal, impostor, CITIZEN["login_id"], "other_techid"))
        self.assertIn("Thông tin VNeID không khớp", impostor.page)
        self.assertEqual(answer_of(impostor.get(portal.address(prompt="none")))["error"], "login_required")
        self.assertEqual(self.types()["identity.vneid_alarm"], 1)
        self.check_books()

    def test_answers_that_are_not_vneids(self):
        """Forged, late and foreign tokens, other kinds of accounts, VNeID away: told on the page, and the way stays open."""
        self.begin()
        portal, browser = self.client(), Browser(self.base)
        texts = {"enterprise": "chỉ nhận tài khoản VNeID của công dân"}
        for mood in ("expired", "alg_none", "wrong_aud", "wrong_nonce", "wrong_iss", "wrong_key", "other_sub", "enterprise"):
            self.assertIsNone(self.go(portal, browser, CITIZEN["login_id"], mood), mood)
            self.assertIn(texts.get(mood, "Không xác minh được câu trả lời của VNeID"), browser.page, mood)
        self.assertIsNone(self.go(portal, browser, "000000000000"))  # the person does not agree there
        self.assertIn("Bạn đã dừng đăng nhập bằng VNeID", browser.page)
        for fault in ("http500", "garbage", "drop_reply", "reset"):
            self.fault("vneid", fault, count=1)
            self.assertIsNone(self.go(portal, browser, CITIZEN["login_id"]), fault)
            self.assertRegex(browser.page, "Chưa đăng nhập được bằng VNeID|Không xác minh được", fault)
        self.assertNotIn("identity.account_opened", self.types())
        back = self.agree(browser, self.go(portal, browser, CITIZEN["login_id"]))
        self.assertEqual(portal.exchange(answer_of(back)["code"])[0], 200)
        with open(f"{self.house.log_dir}/identity.log", encoding="utf-8") as log:
            self.assertNotIn(CITIZEN["login_id"], log.read())
        self.assertEqual(json.dumps([lane.dead for lane in self.stats("identity").lanes if lane.lane == "vneid"]), "[0]")


if __name__ == "__main__":
    story.main()
