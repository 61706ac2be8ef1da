"""Who may do what: passwords, locks, sessions, refresh tokens, units and rights (LOG-04, LOG-05, S09, OFF-02).

    sessions.py <folder of the daemons>
"""
import time

import story
from story import CITIZEN, OFFICER, PASSWORD, UNIT, enum_name, person

NEIGHBOUR = "000.21.31.H53"


class Sessions(story.Story):
    def login(self, who, password=PASSWORD):
        return self.portal.call("identity", "Login", {"login_id": who["login_id"], "password": password})

    def test_wrong_passwords_and_the_lock(self):
        """S09: the same words for a known and an unknown number; the fifth wrong password locks, the right one included."""
        steps = self.up()
        steps.register(CITIZEN)
        stranger = person(11)
        for who in (CITIZEN, stranger):
            codes = [self.login(who, f"Sai-{i}-mat-khau#") for i in range(5)]
            self.assertEqual([c.code for c in codes], ["LOGIN_WRONG"] * 4 + ["ACCOUNT_LOCKED"])
            self.assertEqual({c.message for c in codes[:4]}, {"Tên đăng nhập hoặc mật khẩu không đúng."})
            self.assertIn("30 phút", codes[4].message)
            self.assertEqual({bytes(c.login) for c in codes}, {b""})
        self.assertEqual(self.login(CITIZEN).code, "ACCOUNT_LOCKED")
        self.end_daemons(["identity"])
        self.start_daemons(["identity"])
        self.assertEqual(self.login(CITIZEN).code, "ACCOUNT_LOCKED")  # a restart opens no door
        self.assertEqual(self.types().get("identity.session_opened", 0), 0)
        told = self.refused("FIELD_REQUIRED", "identity", "Login", {"login_id": CITIZEN["login_id"]})
        self.assertEqual([v[:2] for v in told.violations], [("password", "FIELD_REQUIRED")])

    def test_a_code_belongs_to_one_sign_in(self):
        """OTP-05 OTP-11: another's proof, a used proof, a used sign-in."""
        steps = self.up()
        steps.register(CITIZEN)
        first, second = self.login(CITIZEN), self.login(CITIZEN)
        proof = steps.prove("LOGIN", first.login, CITIZEN["phone"])
        self.refused("PROOF_INVALID", "identity", "FinishLogin", {"login": second.login, "proof": proof})
        self.assertTrue(self.portal.call("identity", "FinishLogin", {"login": first.login, "proof": proof}).session)
        self.refused("LOGIN_EXPIRED", "identity", "FinishLogin", {"login": first.login, "proof": proof})
        code = steps.read_code("LOGIN", second.login, CITIZEN["phone"])
        wrong = f"{(int(code) + 1) % 1000000:06d}"
        ask = {"purpose": "LOGIN", "subject": second.login}
        answer = self.portal.call("otp", "Verify", {**ask, "code": wrong})
        self.assertEqual((answer.correct, answer.code, answer.attempts_left), (False, "OTP_WRONG", 4))
        self.assertTrue(self.portal.call("otp", "Verify", {**ask, "code": code}).correct)
        self.assertFalse(self.spent(ask, code))  # a code is good once

    def spent(self, ask, code):
        try:
            return self.portal.call("otp", "Verify", {**ask, "code": code}).correct
        except story.Refused:
            return False

    def rooms_that_know(self, session):
        """Every room is asked with this session; the codes they refuse it by."""
        asks = {"identity": ("GetProfile", {}), "dossier": ("ListMine", {}), "payment": ("ListOrders", {}),
                "notification": ("ListInbox", {}), "otp": ("Status", {"purpose": "LOGIN", "subject": bytes(16)}),
                "audit": ("Timeline", {"key": "dossier:x"})}
        codes = {}
        for room, (method, request) in asks.items():
            try:
                self.portal.call(room, method, request, session)
                codes[room] = ""
            except story.Refused as refused:
                codes[room] = refused.code
        return codes

    def everywhere_over(self, session):
        codes = self.rooms_that_know(session)
        own = codes.pop("identity")  # it has no such session any more
        return own == "SESSION_INVALID" and set(codes.values()) == {"SESSION_EXPIRED"}

    def test_logout_is_known_everywhere(self):
        """Within a second, in every room, and also in a room that was killed and started again."""
        steps = self.up()
        steps.register(CITIZEN)
        session, other = steps.login(CITIZEN), steps.login(CITIZEN)
        codes = self.rooms_that_know(session)
        self.assertEqual({codes[r] for r in ("identity", "dossier", "payment", "notification")}, {""}, codes)
        self.portal.call("identity", "Logout", {}, session)
        began = time.monotonic()
        self.wait("every room to refuse the session", lambda: self.everywhere_over(session), 1)
        self.assertLess(time.monotonic() - began, 1)
        self.assertEqual(self.rooms_that_know(other)["dossier"], "")  # the other room's door stays open
        self.end_daemons(["dossier", "payment"], story.signal.SIGKILL)
        self.start_daemons(["dossier", "payment"])
        self.assertTrue(self.everywhere_over(session), self.rooms_that_know(session))
        self.refused("SESSION_REQUIRED", "dossier", "ListMine", {})
        self.refused("SESSION_INVALID", "dossier", "ListMine", {}, session=session[:-20] + "A" * 20)

    def test_refresh_and_theft(self):
        """A refresh token is good once; whoever shows it again ends the session for both hands."""
        steps = self.up()
        steps.register(CITIZEN)
        first = steps.sign_in(CITIZEN)
        request = story.uuid7()
        second = self.portal.call("identity", "Refresh", {"refresh": first.refresh}, request_id=request)
        again = self.portal.call("identity", "Refresh", {"refresh": first.refresh}, request_id=request)
        self.assertEqual(second, again)  # a repeat is not a theft
        self.assertNotEqual(second.refresh, first.refresh)
        third = self.portal.call("identity", "Refresh", {"refresh": second.refresh})
        self.portal.call("dossier", "ListMine", {}, third.session)
        thief = self.portal.call("identity", "Refresh", {"refresh": second.refresh})
        self.assertEqual((thief.code, thief.session, thief.refresh), ("SESSION_REVOKED", "", ""))
        self.assertIn("bảo vệ tài khoản", thief.message)
        self.wait("every room to refuse the session", lambda: self.everywhere_over(third.session), 1)
        self.refused("SESSION_EXPIRED", "identity", "Refresh", {"refresh": third.refresh})
        self.refused("SESSION_INVALID", "identity", "Refresh", {"refresh": "v1.guess"})

    def test_units_rights_and_stale_screens(self):
        """DOS-08 OFF-02: another unit's officer, an officer without the right, two officers at one dossier."""
        steps = self.up()
        session = self.citizen()
        clerk, neighbour, reader = OFFICER, person(21), person(22)
        for who in (clerk, neighbour, reader):
            steps.register(who)
        for who, unit, rights in ((clerk, UNIT, "DOSSIER_RECEIVE,DOSSIER_PROCESS"),
                                  (neighbour, NEIGHBOUR, "DOSSIER_RECEIVE,DOSSIER_PROCESS"), (reader, UNIT, "DOSSIER_PROCESS")):
            self.operator("rights", "grant", who["login_id"], unit, rights, "flow test")
        desk, other_desk, no_right = steps.login(clerk), steps.login(neighbour), steps.login(reader)
        dossier = steps.file_dossier(session)
        seen = next(d for d in self.portal.call("dossier", "ListUnit", {"state": "NEW"}, desk).dossiers if d.dossier_id == dossier)
        accept = {"dossier_id": dossier, "version": seen.version}

        self.refused("RIGHT_MISSING", "dossier", "Accept", accept, session=session)  # a citizen
        self.refused("RIGHT_MISSING", "dossier", "Accept", accept, session=no_right)
        self.refused("DOSSIER_NOT_FOUND", "dossier", "Accept", accept, session=other_desk)
        self.refused("DOSSIER_NOT_FOUND", "dossier", "Get", {"dossier_id": dossier}, session=other_desk)
        self.refused("UNIT_NOT_YOURS", "dossier", "ListUnit", {"unit": UNIT}, session=other_desk)
        self.assertEqual(len(self.portal.call("dossier", "ListUnit", {}, other_desk).dossiers), 0)
        self.refused("STALE_VERSION", "dossier", "Accept", {**accept, "version": seen.version + 1}, session=desk)
        accepted = self.portal.call("dossier", "Accept", accept, desk)
        self.refused("STALE_VERSION", "dossier", "Accept", accept, session=desk)  # a second clerk, an old screen
        self.refused("STALE_VERSION", "dossier", "Advance", {**accept, "to": "PROCESSING"}, session=desk)
        self.portal.call("dossier", "Advance", {"dossier_id": dossier, "version": accepted.version, "to": "PROCESSING"}, desk)
        mine = self.portal.call("dossier", "Get", {"code": accepted.code}, session)
        self.assertEqual(enum_name(mine, "state"), "PROCESSING")
        self.refused("RIGHT_MISSING", "identity", "GrantRights", {"login_id": CITIZEN["login_id"], "unit": UNIT, "reason": "x",
                                                                  "rights": ["DOSSIER_RECEIVE"]}, session=session)
        self.assertEqual(self.types()["dossier.accepted"], 1)

    def test_rights_taken_away(self):
        """A new session of an officer without rights is a citizen's."""
        steps = self.up()
        steps.register(OFFICER)
        steps.grant_desk(OFFICER)
        desk = steps.login(OFFICER)
        self.portal.call("dossier", "ListUnit", {}, desk)
        self.operator("rights", "grant", OFFICER["login_id"], "", "", "has left the office")
        self.wait("the old session to end", lambda: self.everywhere_over(desk), 1)
        self.refused("RIGHT_MISSING", "dossier", "ListUnit", {}, session=steps.login(OFFICER))


if __name__ == "__main__":
    story.main()
