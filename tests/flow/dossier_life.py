"""The life of dossiers in the running house: S15, S17, S19, S32; the desk, notes, hands, and every change.

    dossier_life.py <folder of the daemons>
"""
import json
import uuid

import story
from story import CITIZEN, OFFICER, UNIT, enum_name

MARRIAGE = "1.004873"  # three working days, no fee
RIGHTS = "DOSSIER_RECEIVE,DOSSIER_PROCESS,DOSSIER_APPROVE,RESULT_RETURN"


class DossierLife(story.Story):
    extra = {"dossier": {"dossier.post_track": "100ms"}}

    def dossier(self, method, request, session=None, portal=None):
        return (portal or self.portal).call("dossier", method, request, "" if portal else session or self.desk)

    def view(self, id, **more):
        return self.dossier("Get", {"dossier_id": id, **more})

    def sent(self):
        draft = self.dossier("SaveDraft", {"procedure_code": MARRIAGE, "unit": UNIT, "abstract": "Xác nhận",
                                           "form": "{}"}, self.citizen_session)
        return self.dossier("Submit", {"dossier_id": draft.dossier_id}, self.citizen_session)

    def advance(self, at, to, reason="", session=None, **more):
        return self.dossier("Advance", {"dossier_id": at.dossier_id, "version": self.view(at.dossier_id).version,
                                        "to": to, "reason": reason, **more}, session)

    def inbox(self):
        return {n.template: n.text for n in
                self.portal.call("notification", "ListInbox", {"page_size": 50}, self.citizen_session).notices}

    def sms_states(self, template):
        return [n.sms_state for n in self.portal.call("notification", "ListInbox", {"page_size": 50}, self.citizen_session).notices
                if n.template == template]

    def told(self, template, words):
        return self.wait(f"the notice {template}", lambda: words in self.inbox().get(template, ""))

    def test_life(self):
        self.up()
        self.citizen_session = self.citizen()
        self.steps.register(OFFICER)
        self.account = self.operator("rights", "grant", OFFICER["login_id"], UNIT, RIGHTS, "test").strip()
        self.desk = self.steps.login(OFFICER)
        self.check_supplement_and_hands()
        self.check_refusal()
        self.check_desk()
        self.check_post()
        self.check_linked()
        self.check_table()
        self.check_books()

    def switch(self, on):
        """As a front end does: by HTTP, in JSON."""
        told = self.steps.http.call("motcua.notification.v1.Notification/SetPreferences", {
            "switches": [{"kind": "dossier", "channel": "SMS", "on": on}]}, self.citizen_session)
        kinds = {kind["kind"]: kind for kind in told["kinds"]}
        self.assertEqual(kinds["dossier"]["name"], "Tiến độ giải quyết hồ sơ")
        self.assertIn({"channel": "SMS", "on": True, "locked": True}, kinds["decision"]["channels"])

    def check_supplement_and_hands(self):
        """S15, S17; DOS-05 DOS-06 DOS-07 DOS-08 DOS-10 DOS-22 DOS-24; SMS of progress are switched off, and do not come."""
        self.switch(False)
        self.refused("NOTICE_LOCKED", "notification", "SetPreferences",
                     {"switches": [{"kind": "decision", "channel": "SMS", "on": False}]}, self.citizen_session)
        at = self.sent()
        self.assertEqual(at.message, "Hồ sơ đã gửi")
        accepted = self.dossier("Accept", {"dossier_id": at.dossier_id, "version": at.version})
        self.assertRegex(accepted.code, r"^000\.20\.31\.H53-\d{6}-0001$")
        stale = {"dossier_id": at.dossier_id, "version": at.version, "department": "Phòng Tư pháp"}
        self.refused("STALE_VERSION", "dossier", "Assign", stale, self.desk)
        held = self.dossier("Assign", {**stale, "version": accepted.version, "assignee": self.account})
        self.assertEqual(enum_name(held, "state"), "PROCESSING")
        noted = self.dossier("AddNote", {"dossier_id": at.dossier_id, "version": held.version, "to_citizen": True,
                                         "text": "Mời ông/bà mang bản chính khi đến nhận"})
        self.told("DOSSIER_NOTE", "Mời ông/bà mang bản chính")
        asked = self.dossier("Advance", {
            "dossier_id": at.dossier_id, "version": noted.version, "to": "SUPPLEMENT_REQUESTED",
            "reason": "KHÔNG HỢP LỆ: thiếu tờ khai có chữ ký",
            "supplement": [{"component": "Tờ khai", "request": "Ký và ghi rõ họ tên"}]})
        mine = self.dossier("ListMine", {"states": ["SUPPLEMENT_REQUESTED"]}, self.citizen_session).dossiers
        self.assertEqual([(d.state_name, d.reason) for d in mine],
                         [("Yêu cầu bổ sung hồ sơ", "KHÔNG HỢP LỆ: thiếu tờ khai có chữ ký")])
        self.told("DOSSIER_SUPPLEMENT", "thiếu tờ khai có chữ ký")
        self.assertEqual(self.sms_states("DOSSIER_SUBMITTED") + self.sms_states("DOSSIER_ACCEPTED"), ["none", "none"])
        self.assertNotIn("none", self.sms_states("DOSSIER_SUPPLEMENT"))
        self.switch(True)
        self.dossier("Submit", {"dossier_id": at.dossier_id}, self.citizen_session)
        back = self.advance(asked, "PROCESSING")
        self.assertGreaterEqual(back.due_at_ms, accepted.due_at_ms)
        view = self.view(at.dossier_id)
        self.assertEqual([enum_name(step, "to") for step in view.history],
                         ["NEW", "RECEIVED", "PROCESSING", "SUPPLEMENT_REQUESTED", "SUPPLEMENT_REQUESTED", "PROCESSING"])
        self.assertEqual((view.department, view.assignee, view.notes), ("Phòng Tư pháp", self.account, 1))
        changes = self.dossier("ListChanges", {"dossier_id": at.dossier_id, "page_size": 100}).changes
        self.assertEqual([c.version for c in changes], list(range(view.version, 1, -1)))
        hands = next(f for c in changes for f in c.fields if f.field == "department")
        self.assertEqual((hands.old, hands.new), ("", "Phòng Tư pháp"))
        then = self.view(at.dossier_id, as_of_ms=view.received_at_ms)
        self.assertEqual((enum_name(then, "state"), then.department, then.version), ("RECEIVED", "", accepted.version))

    def check_refusal(self):
        """S19: refused is refused; the citizen copies it to a new one."""
        at = self.sent()
        self.advance(at, "REFUSED", "Không thuộc thẩm quyền giải quyết")
        self.told("DOSSIER_REFUSED", "Không thuộc thẩm quyền")
        self.wait("its SMS to be delivered, which the notice says (NOT-08)", lambda: "delivered" in self.sms_states("DOSSIER_REFUSED"))
        self.check_sent(at)
        self.assertGreater(self.view(at.dossier_id).refused_at_ms, 0)
        self.refused("TRANSITION_NOT_ALLOWED", "dossier", "Advance",
                     {"dossier_id": at.dossier_id, "version": self.view(at.dossier_id).version, "to": "NEW"}, self.desk)
        copy = self.dossier("Copy", {"dossier_id": at.dossier_id}, self.citizen_session)
        self.assertEqual(enum_name(copy, "state"), "DRAFT")
        self.assertGreater(copy.internal_number, at.internal_number)

    def check_sent(self, at):
        """NOT-08: the desk, and an operator, look up what the citizen was told; not without saying why."""
        key, why = f"dossier:{uuid.UUID(bytes=at.dossier_id)}", "Trả lời khiếu nại"
        self.refused("PURPOSE_REQUIRED", "notification", "ListSent", {"key": key}, self.desk)
        sent = self.portal.call("notification", "ListSent", {"key": key}, self.desk, purpose=why).notices
        self.assertEqual([n.template for n in sent], ["DOSSIER_REFUSED", "DOSSIER_SUBMITTED"])
        self.assertEqual([n.unit for n in sent], [UNIT] * 2)
        shown = json.loads(self.operator("-o", "json", "notice", "show", sent[0].notice_id.hex(), why))
        self.assertIn("Không thuộc thẩm quyền", shown["text"])
        self.assertEqual([c.get("state") for c in shown["channels"]], ["unread", "delivered", "none"])
        self.assertIn(sent[0].notice_id.hex(), self.operator("notice", "list", key, why))
        self.assertIn(shown["smsText"], self.operator("trace", key, "--words", why))  # beside what happened
        self.assertNotIn(shown["smsText"], self.operator("trace", key))
        self.wait("audit to know who read it", lambda: "notification.notices_read" in self.operator("trace", key))
        self.assertIn("GSM7", self.operator("template", "preview", "DOSSIER_REFUSED", "reason=Thiếu chữ ký"))

    def check_desk(self):
        """DOS-24, DIG-05: brought to the desk by one with an account, and by one without."""
        brought = {"procedure_code": MARRIAGE, "channel": "AT_DESK", "form": "{}"}
        known = self.dossier("ReceiveAtDesk", {**brought, "applicant": {
            "full_name": CITIZEN["full_name"].upper(), "id_number": CITIZEN["login_id"]}})
        self.assertIn(known.code, [d.code for d in self.dossier("ListMine", {}, self.citizen_session).dossiers])
        new = self.dossier("ReceiveAtDesk", {**brought, "applicant": {
            "full_name": "Lê Thị Thử", "id_number": "038085990025"}})
        self.assertIn("đăng ký tài khoản trên Cổng Dịch vụ công quốc gia", new.message)
        self.assertEqual(known.code[-4:], "0002")
        self.assertEqual(new.code[-4:], "0003")
        self.refused("APPLICANT_NAME_DIFFERS", "dossier", "ReceiveAtDesk", {**brought, "applicant": {
            "full_name": "Lê Thị Thử", "id_number": CITIZEN["login_id"]}}, self.desk)

    def finished_by_post(self):
        at = self.sent()
        self.dossier("ChooseReturn", {"dossier_id": at.dossier_id, "way": "RETURN_BY_POST", "address": {
            "receiver": CITIZEN["full_name"], "phone": CITIZEN["phone"], "address": "Số 1, khu phố 2",
            "province": "Tây Ninh"}}, self.citizen_session)
        for to in ("RECEIVED", "PROCESSING", "FINISHED"):
            self.advance(at, to)
        return at

    def parcel(self, at, state):
        def reached():
            parcel = self.view(at.dossier_id).parcel
            return parcel if enum_name(parcel, "state") == state else None

        return self.wait(f"the parcel to be {state}", reached)

    def check_post(self):
        """S32: registered, collected, delivered; cancelled before it is collected; brought back to the desk."""
        self.fault("post", "drop_reply", count=1)  # ordered, and the answer lost: asked, not ordered again
        at = self.finished_by_post()
        parcel = self.parcel(at, "PARCEL_REGISTERED")
        self.assertEqual(parcel.waybill, "EV000000001VN")
        self.told("DOSSIER_PARCEL", "EV000000001VN")
        self.sandbox("POST", f"/vnpost/move/{parcel.number}", {"status": 2})
        self.parcel(at, "PARCEL_COLLECTING")
        self.refused("PARCEL_NOT_CANCELLABLE", "dossier", "CancelParcel", {"dossier_id": at.dossier_id},
                     self.citizen_session)
        moved = self.sandbox("POST", f"/vnpost/move/{parcel.number}", {"status": 3})
        parcel = self.parcel(at, "PARCEL_DELIVERED")
        view = self.view(at.dossier_id)
        self.assertEqual(enum_name(view, "state"), "RETURNED")
        self.assertEqual(view.returned_at_ms, parcel.delivered_at_ms)
        self.assertTrue(moved["at"])
        self.told("DOSSIER_RETURNED", view.code)

        cancelled = self.finished_by_post()
        self.parcel(cancelled, "PARCEL_REGISTERED")
        self.dossier("CancelParcel", {"dossier_id": cancelled.dossier_id}, self.citizen_session)
        self.parcel(cancelled, "PARCEL_CANCELLED")
        self.assertEqual(enum_name(self.advance(cancelled, "RETURNED"), "state"), "RETURNED")

        back = self.finished_by_post()
        number = self.parcel(back, "PARCEL_REGISTERED").number
        self.sandbox("POST", f"/vnpost/move/{number}", {"status": 4})
        self.parcel(back, "PARCEL_FAILED")
        self.told("DOSSIER_PARCEL_FAILED", "Mời đến Thị trấn Bến Cầu nhận")
        self.advance(back, "RETURNED")

    def check_linked(self):
        """DOS-03, DOS-24: one request, three dossiers; what waits for a death certificate is not accepted before."""
        bundle = next(b for b in self.dossier("ListBundles", {}).bundles if b.code == "2.002622")
        units = {2: "000.21.31.H53"}  # the police
        view = self.dossier("StartLinked", {"bundle": bundle.code, "abstract": "Khai tử", "parts": [
            {"procedure_code": p.procedure_code, "unit": units.get(p.part, UNIT), "form": "{}"} for p in bundle.parts]},
            self.citizen_session)
        self.refused("LINKED_TOGETHER", "dossier", "Submit", {"dossier_id": view.parts[0].dossier.dossier_id},
                     self.citizen_session)
        group = {"group_id": view.group_id}
        view = self.dossier("SubmitLinked", group, self.citizen_session)
        self.assertEqual(enum_name(view, "state"), "LINKED_RUNNING")
        self.assertEqual([list(p.waits_for) for p in view.parts], [[], [1], [1]])
        first, third = view.parts[0].dossier, view.parts[2].dossier
        self.refused("LINKED_WAITS", "dossier", "Accept", {"dossier_id": third.dossier_id, "version": third.version},
                     self.desk)
        for to in ("RECEIVED", "PROCESSING", "FINISHED"):
            self.advance(first, to)
        self.assertEqual([list(p.waits_for) for p in self.dossier("GetLinked", group, self.citizen_session).parts],
                         [[], [], []])
        self.assertTrue(self.advance(third, "RECEIVED").code)

    def check_table(self):
        """The table that operators print is the one in the manual."""
        with open(f"{story.SOURCE}/services/dossier/STATES.md", encoding="utf-8") as file:
            self.assertEqual(self.operator("dossier", "states"), file.read())
        waiting = json.loads(self.operator("-o", "json", "dossier", "unsynced"))["dossiers"]
        carried = self.local("room:sync")
        for row in self.dossier("ListUnsynced", {}, portal=carried).dossiers:
            carried.call("dossier", "ReportSync", {"dossier_id": row.dossier_id, "version": row.version})
        self.assertGreater(len(waiting), 5)
        self.assertEqual(len(self.operator("dossier", "unsynced").splitlines()), 1)
        stages = json.loads(self.operator("-o", "json", "dossier", "states"))["stages"]
        self.assertEqual(len(stages), 31)


if __name__ == "__main__":
    story.main()
