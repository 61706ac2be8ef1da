"""Accounts after they have opened: edited, moved to a new phone, switched off, closed, merged (REG-46 to REG-51, D2).

    accounts.py <folder of the daemons>
"""
import signal

import story
from story import CITIZEN, OFFICER, PASSWORD, UNIT, enum_name

NEW_PHONE = "0981000777"
OLD_SELF = {**CITIZEN, "login_id": "290988775", "phone": "0912000102"}  # the same woman, by her CMND
WHY = "Kiểm thử luồng tài khoản"


class Accounts(story.Story):
    def identity(self, method, request=None, session="", **more):
        return self.portal.call("identity", method, request or {}, session, **more)

    def by_operator(self, method, request=None):
        return self.local("operator:test").call("identity", method, request or {})

    def change_phone(self, session, request, phone, old_phone=None):
        step = self.identity("StartPhoneChange", {"phone": phone, **request}, session)
        finish = {"step": step.step, "proof": self.steps.prove("PHONE_CHANGE", step.step, phone)}
        if old_phone:
            finish["old_phone_proof"] = self.steps.prove("PHONE_CHANGE", step.old_phone_subject, old_phone)
        return self.identity("FinishPhoneChange", finish, session)

    def told(self, phone):
        """The notice of a changed contact on this phone."""
        return [text for text in self.steps.handset(phone) if "Thong tin lien he" in text]

    def warned(self, phone):
        return [text for text in self.steps.handset(phone) if "se doi sang 091****101" in text]

    def desk(self, rights):
        self.operator("rights", "grant", OFFICER["login_id"], UNIT, rights, "flow test")
        return self.steps.login(OFFICER)

    def is_over(self, session, room="dossier", method="ListMine"):
        try:
            self.portal.call(room, method, {}, session)
        except story.Refused as refused:
            return refused.code in ("SESSION_EXPIRED", "SESSION_INVALID")
        return False

    def has(self, session, dossier):
        return any(d.dossier_id == dossier for d in self.portal.call("dossier", "ListMine", {}, session).dossiers)

    def test_an_owner_and_a_desk(self):
        """REG-50, REG-51, OFF-08: fields, two phones, a lost phone at the desk, history, switched off in every room."""
        steps = self.up()
        account = steps.register(CITIZEN)
        session = steps.login(CITIZEN)
        profile = self.wait("the population register", lambda: (p := self.identity("GetProfile", {}, session)).verified_by and p)
        opened = self.identity("UpdateAccount", {"fields": ["email", "tax_code"], "email": "binh@example.vn",
                                                 "tax_code": "9900000016", "version": profile.version}, session)
        self.refused("ACCOUNT_CHANGED", "identity", "UpdateAccount", {"fields": ["address"], "version": profile.version},
                     session=session)
        self.refused("TAX_CODE_CHECK_DIGIT", "identity", "UpdateAccount", {"fields": ["tax_code"], "tax_code": "9900000017"},
                     session=session)
        self.change_phone(session, {}, NEW_PHONE, CITIZEN["phone"])
        self.wait("both phones to be told", lambda: self.told(NEW_PHONE) and self.told(CITIZEN["phone"]))
        moved = {**CITIZEN, "phone": NEW_PHONE}
        session = steps.login(moved)  # the code comes to the new phone, the old session went on

        self.refused("PURPOSE_REQUIRED", "identity", "ReadAccount", {}, session=session)
        now = self.identity("ReadAccount", {}, session, purpose=WHY)
        self.assertEqual((now.phone, now.tax_code, now.email), ("84" + NEW_PHONE[1:], "9900000016", "binh@example.vn"))
        history = self.identity("ListAccountChanges", {}, session, purpose=WHY).changes
        before = self.identity("ReadAccount", {"as_of_ms": history[0].at_ms - 1}, session, purpose=WHY)
        self.assertEqual((before.phone, before.version), ("84" + CITIZEN["phone"][1:], opened.version))
        self.assertEqual([f.fact for f in history[0].facts], ["phone"])

        steps.register(OFFICER)
        desk = self.desk("DOSSIER_RECEIVE")
        lost = {"login_id": CITIZEN["login_id"], "reason": "Mất SIM, đã đối chiếu CCCD"}
        self.refused("RIGHT_MISSING", "identity", "StartPhoneChange", {"phone": CITIZEN["phone"], **lost}, session=desk)
        desk = self.desk("ACCOUNT_EDIT,ACCOUNT_VIEW")
        waits = self.change_phone(desk, lost, CITIZEN["phone"])
        self.assertGreater(waits.takes_effect_at_ms, history[0].at_ms + 23 * 3600_000)
        self.wait("the phone that may not be lost to be told", lambda: self.warned(NEW_PHONE))
        self.identity("StopPhoneChange", {}, session)  # its owner was still signed in (OTP-09)
        self.refused("PHONE_CHANGE_NONE", "identity", "StopPhoneChange", {}, session=session)
        self.house.extra.setdefault("identity", {})["identity.phone_wait_desk"] = "50ms"
        for sig in (signal.SIGTERM, signal.SIGKILL):
            self.end_daemons(["identity"], sig)
            self.start_daemons(["identity"])
            self.wait_ready()
            if sig == signal.SIGTERM:
                self.change_phone(desk, lost, CITIZEN["phone"])
        self.wait("both phones to be told again", lambda: len(self.told(CITIZEN["phone"])) > 1 and len(self.told(NEW_PHONE)) > 1)
        first, last = self.identity("ListAccountChanges", {"account_id": account, "page_size": 2}, desk, purpose=WHY).changes
        self.assertEqual((last.way, last.unit, last.reason), ("DESK", UNIT, lost["reason"]))
        self.assertEqual((first.way, first.reason, first.facts[0].fact), ("SYSTEM", lost["reason"], "phone"))

        self.portal.call("dossier", "ListMine", {}, session)
        self.assertEqual(self.operator("account", "set", CITIZEN["login_id"], "ACCOUNT_LOCKED", WHY).strip(), account)
        self.operator("account", "set", CITIZEN["login_id"], "ACCOUNT_LOCKED", WHY, want=77)  # it is already
        self.operator("account", "set", CITIZEN["login_id"], "GONE", WHY, want=64)
        self.wait("both to be verified", lambda: "and not closed 2" in self.operator("account", "count"))
        self.wait("every room to refuse the session", lambda: self.is_over(session), 1)
        self.assertIsNone(steps.login(CITIZEN))  # the same words as a wrong password's
        self.by_operator("SetAccountStatus", {"account_id": account, "status": "ACCOUNT_ACTIVE", "reason": WHY})
        self.assertTrue(steps.login(CITIZEN))
        types = self.types()
        self.assertEqual((types["identity.status_changed"], types["identity.contact_changed"]), (2, 3))
        self.assertEqual(types["identity.personal_data_read"], 4)
        self.check_books()

    def test_closed_and_merged(self):
        """REG-46, REG-48, D2: closed and taken back; a second account becomes the first, and both again; after kill -9."""
        steps = self.up()
        first, second = steps.register(CITIZEN), steps.register(OLD_SELF)
        session = steps.login(CITIZEN)
        wrong = self.identity("StartClosing", {"password": "Khong-Phai#1", "reason": WHY}, session)
        self.assertEqual((wrong.code, wrong.step), ("PASSWORD_WRONG", b""))
        step = self.identity("StartClosing", {"password": PASSWORD, "reason": WHY}, session).step
        proof = steps.prove("ACCOUNT_CLOSE", step, CITIZEN["phone"])
        closing = self.identity("FinishClosing", {"step": step, "proof": proof}, session)
        self.wait("every room to refuse the session", lambda: self.is_over(session), 1)
        session = steps.login(CITIZEN)
        profile = self.identity("GetProfile", {}, session)
        self.assertEqual((enum_name(profile, "status"), profile.closes_at_ms), ("ACCOUNT_CLOSING", closing.closes_at_ms))
        self.identity("SetAccountStatus", {"status": "ACCOUNT_ACTIVE", "reason": WHY}, session)

        dossier = steps.file_dossier(steps.login(OLD_SELF))
        joined = self.by_operator("JoinNumber", {"account_id": first, "number": OLD_SELF["login_id"], "reason": WHY})
        self.assertEqual(joined.code, "NUMBER_HAS_ACCOUNT")
        pair = {"kept_account_id": first, "merged_account_id": second}
        seen = self.by_operator("PreviewMerge", pair)
        self.assertEqual(list(seen.blockers), [])
        merge = self.by_operator("MergeAccounts", {**pair, "preview": seen.preview, "reason": WHY})
        self.assertEqual(merge.merge_id, joined.merge_id)
        self.end_daemons(["identity"], story.signal.SIGKILL)
        self.start_daemons(["identity"])
        self.wait("identity to be back", lambda: self.answers(self.local("room:check"), "identity"))
        by_cmnd = steps.login({**CITIZEN, "login_id": OLD_SELF["login_id"]})
        self.assertEqual(self.identity("GetProfile", {}, by_cmnd).account_id, first)
        self.wait("her older account's dossier", lambda: self.has(by_cmnd, dossier))
        self.by_operator("UndoMerge", {"merge_id": merge.merge_id, "reason": WHY})
        self.assertEqual(self.identity("GetProfile", {}, steps.login(OLD_SELF)).account_id, second)
        self.wait("the dossier to be the older account's alone", lambda: not self.has(by_cmnd, dossier))
        counts = self.by_operator("CountAccounts")
        self.assertEqual(counts.total, 2)
        self.check_books()


if __name__ == "__main__":
    story.main()
