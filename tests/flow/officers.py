"""Officers on real daemons: agencies, units, rights, accounts made at the desk, lists, Excel (OFF-01 to OFF-33).

    officers.py <folder of the daemons>
"""
import io
import re
import signal

import openpyxl
import story
from story import OFFICER, PASSWORD, enum_name, person

LAO_CAI = "000.05.01.H38"  # Trung tâm phục vụ hành chính công tỉnh Lào Cai
PURPOSE = {"purpose": "Phân quyền cán bộ"}
ADMIN, CLERK, CITIZEN = person(41), OFFICER, person(43)


def pdf(size):
    tail = b"\nstartxref\n0\n%%EOF\n"
    return b"%PDF-1.7\n" + b" " * (size - 9 - len(tail)) + tail


class Officers(story.Story):
    extra = {"identity": {"identity.registration_life": "60s"}}

    def identity(self, method, request, session="", **more):
        return self.portal.call("identity", method, request, session=session, **more)

    def staff(self):
        """A level-1 administrator and a clerk of a one-door unit, whom the administrator puts there."""
        steps = self.up()
        steps.register(ADMIN)
        steps.register(CLERK)
        self.operator("rights", "grant", ADMIN["login_id"], "000.00.00.H38", "RIGHTS_GRANT", "flow test")
        admin = steps.login(ADMIN)
        seen = self.identity("GetOfficer", {"login_id": CLERK["login_id"]}, admin)
        found = self.identity("SearchAgencies", {"query": "phuc vu hanh chinh cong", "level1": "H38"}, admin).agencies
        self.assertEqual([(a.code, a.one_stop) for a in found], [(LAO_CAI, True)])
        saved = self.identity("AssignUnits", {"account_id": seen.account_id, "units": [LAO_CAI], "version": seen.version,
                                              "reason": "QĐ 1"}, admin)
        self.identity("GrantRights", {"account_id": seen.account_id, "unit": LAO_CAI, "rights": ["CITIZEN_ACCOUNT_CREATE"],
                                      "reason": "QĐ 1", "version": saved.version}, admin)
        return steps, admin, steps.login(CLERK)

    def begin(self, desk, who=CITIZEN, **more):
        form = {key: who[key] for key in ("login_id", "full_name", "birth_date", "phone")}
        form.update({"consent_version": "2026-01", "scan_name": "cccd.pdf", "scan": pdf(5 * 1024 * 1024), **more})
        return self.identity("StartCitizenAccount", form, desk).registration_id

    def look(self, desk, request):
        return self.identity("GetCitizenAccount", {"registration_id": request}, desk)

    def waits_for_code(self, desk, request):
        return enum_name(self.look(desk, request), "state") == "AWAITING_CODE"

    def newest_text(self, pattern, phone):
        return next((m for t in self.steps.handset(phone) if (m := re.search(pattern, t))), None)

    def test_an_account_is_made_at_the_desk(self):
        """OFF-18 to OFF-31, S12: look up, form and scan, printed request, code, account, password by SMS, first sign-in."""
        steps, _, desk = self.staff()
        self.assertTrue(self.identity("GetDesk", {}, desk).ready)
        self.assertTrue(self.identity("LookUpCitizen", {"login_id": ADMIN["login_id"]}, desk).exists)
        self.assertFalse(self.identity("LookUpCitizen", {"login_id": CITIZEN["login_id"]}, desk).exists)
        request = self.begin(desk)
        self.wait("the carrier's word", lambda: self.waits_for_code(desk, request))
        page = self.identity("PrintRequestForm", {"registration_id": request}, desk).content.decode()
        for part in (CITIZEN["full_name"], CITIZEN["login_id"], OFFICER["full_name"], LAO_CAI):
            self.assertIn(part, page)
        self.assertIsNone(self.newest_text("OTP", CITIZEN["phone"]))  # nothing goes out before the citizen has signed
        self.identity("SendCitizenCode", {"registration_id": request}, desk)
        code = steps.read_code("OFFICER_CREATE", request, CITIZEN["phone"])
        text = next(t for t in steps.handset(CITIZEN["phone"]) if code in t)
        self.assertIn("Trung tam phuc vu hanh chinh cong", text)  # the unit's name (OTP-10)

        self.end_daemons(["identity"], signal.SIGKILL)  # in the middle
        self.start_daemons(["identity"])
        verified = self.portal.call("otp", "Verify", {"purpose": "OFFICER_CREATE", "subject": request, "code": code})
        self.assertTrue(verified.correct)
        done = self.identity("CreateCitizenAccount", {"registration_id": request, "proof": verified.proof}, desk)
        self.refused("REGISTRATION_SPENT", "identity", "CreateCitizenAccount",
                     {"registration_id": request, "proof": verified.proof}, session=desk)
        found = self.wait("the password's SMS", lambda: self.newest_text(r"Mat khau tam: (\S{12})\.", CITIZEN["phone"]))
        sms = self.wait("identity to hear which job that is", lambda: self.look(desk, request).password_sms)

        def delivered():
            return enum_name(self.portal.call("otp", "SmsStatus", {"job_id": sms}, desk), "state") == "DELIVERED"

        self.wait("the SMS to be delivered", delivered)  # NOT-08
        again = self.identity("SendCitizenPassword", {"account_id": done.account_id}, desk)  # the citizen has lost it
        self.assertEqual(again.sends_left, 2)
        lost = found.group(1)

        def another():
            texts = [re.search(r"Mat khau tam: (\S{12})\.", text) for text in steps.handset(CITIZEN["phone"])]
            return next((match for match in texts if match and match.group(1) != lost), None)

        found = self.wait("the other password's SMS", another)
        self.assertEqual(self.identity("Login", {"login_id": CITIZEN["login_id"], "password": lost}).code, "LOGIN_WRONG")
        login = self.identity("Login", {"login_id": CITIZEN["login_id"], "password": found.group(1)})
        self.assertEqual(login.code, "")
        journals = self.journals()
        self.assertFalse([e for events in journals.values() for e in events if found.group(1).encode() in e.body])
        types = self.types(journals)
        self.assertEqual((types["identity.account_made"], types["identity.citizen_looked_up"]), (1, 2))
        made = self.identity("SearchMade", {"officer": OFFICER["full_name"]}, desk, **PURPOSE)
        self.assertEqual([(r.account_id, r.unit) for r in made.rows], [(done.account_id, LAO_CAI)])
        self.assertEqual(made.message, "Tìm thấy 1 kết quả")
        scan = self.identity("ReadScan", {"account_id": done.account_id}, desk, **PURPOSE)
        self.assertEqual(bytes(scan.content), pdf(5 * 1024 * 1024))
        self.check_books()

    def test_refusals_and_revocation(self):
        """OFF-04 OFF-27 OFF-32: one byte too many, a disguise, escalation; a right taken away is gone everywhere at once."""
        steps, admin, desk = self.staff()
        refusal = self.refused("SCAN_TOO_LARGE", "identity", "StartCitizenAccount", {"scan_name": "a.pdf", "scan": pdf(5 * 1024 * 1024 + 1)},
                               session=desk)
        self.assertIn(("scan", "SCAN_TOO_LARGE", "Dung lượng không vượt quá 5MB"), refusal.violations)
        told = self.refused("ID_FILE_HINT", "identity", "StartCitizenAccount", {"scan_name": "a.pdf", "scan": b"MZ" + pdf(900)}, session=desk)
        self.assertIn("login_id", [v[0] for v in told.violations])  # every field at once
        self.refused("UNIT_NOT_ASSIGNED", "identity", "StartCitizenAccount", {"unit": "000.01.01.H10"}, session=desk)
        clerk = self.identity("GetOfficer", {"login_id": CLERK["login_id"]}, admin)
        grant = {"account_id": clerk.account_id, "reason": "x", "rights": ["CITIZEN_ACCOUNT_CREATE"]}
        self.refused("UNIT_OUTSIDE", "identity", "GrantRights", {**grant, "unit": "000.01.01.H10"}, session=admin)
        self.refused("UNIT_NAME_LACKS_TEXT", "identity", "GrantRights", {**grant, "unit": "000.00.00.H38"}, session=admin)
        self.refused("RIGHT_NOT_YOURS", "identity", "GrantRights", {**grant, "unit": "000.00.00.H38", "rights": ["APCA_ADMIN"]}, session=admin)
        own = self.identity("GetOfficer", {"login_id": ADMIN["login_id"]}, admin).account_id
        self.refused("RIGHTS_TO_SELF", "identity", "GrantRights", {**grant, "account_id": own, "unit": LAO_CAI}, session=admin)
        self.refused("RIGHT_MISSING", "identity", "GrantRights", {**grant, "unit": LAO_CAI}, session=desk)
        request = self.begin(desk)
        self.identity("GrantRights", {"account_id": clerk.account_id, "unit": LAO_CAI, "reason": "thu hồi"}, admin)
        self.refused("SESSION_INVALID", "identity", "GetCitizenAccount", {"registration_id": request}, session=desk)

        def gone():
            try:
                self.portal.call("dossier", "ListUnit", {}, desk)
            except story.Refused as refused:
                return refused.code == "SESSION_EXPIRED"
            return False

        self.wait("every room to refuse the session", gone, 1)
        self.refused("RIGHT_MISSING", "identity", "GetCitizenAccount", {"registration_id": request}, session=steps.login(CLERK))

    def test_lists_and_excel(self):
        """OFF-06 to OFF-11: an import of agencies, the list of staff by its filters, the same rows in an Excel file."""
        steps, admin, _ = self.staff()
        path = f"{self.folder}/agencies.csv"
        with open(path, "w", encoding="utf-8") as csv:
            csv.write("code,name,one_stop\n" + "".join(f"H38.{n:03d},Sở số {n},\n" for n in range(100, 600)) +
                      "H38.99,Trung tâm Hành chính công tỉnh Lào Cai,yes\n")
        self.assertIn("501 added", self.operator("agency", "import", path, "flow test"))
        self.assertIn("501 the same", self.operator("agency", "import", path, "flow test"))
        steps.register(CITIZEN)
        local = self.local("operator:check")
        local.call("identity", "AddStaff", {"login_id": CITIZEN["login_id"], "organisation": "=Ngân hàng", "reason": "x"})
        ask = {"session": admin, **PURPOSE}
        self.assertEqual(len(self.identity("SearchStaff", {}, **ask).rows), 2)  # the own tree
        alone = self.identity("SearchStaff", {"filter": {"without_unit": True}}, **ask)
        self.assertEqual([r.full_name for r in alone.rows], [CITIZEN["full_name"]])
        by_name = self.identity("SearchStaff", {"filter": {"name": OFFICER["full_name"].lower()}}, **ask)
        self.assertEqual((by_name.count, by_name.message), (1, "Tìm thấy 1 kết quả"))
        self.refused("PURPOSE_REQUIRED", "identity", "SearchStaff", {}, session=admin)
        every = {"filter": {"status": "STAFF_ANY"}}
        shown = local.call("identity", "SearchStaff", every, **PURPOSE).rows
        file = local.call("identity", "ExportStaff", {**every, "first_number": 1}, **PURPOSE)
        sheet = openpyxl.load_workbook(io.BytesIO(file.content)).active
        rows = list(sheet.iter_rows(values_only=True))
        self.assertEqual(rows[0][:6], ("STT", "Tên", "CMND/CCCD/MST/MCQ", "Số điện thoại", "Đơn vị", "Trạng thái"))
        self.assertEqual([r[1] for r in rows[1:]], [r.full_name for r in shown])
        self.assertEqual([r[0] for r in rows[1:]], ["1", "2", "3"])
        self.assertEqual({c.data_type for row in sheet.iter_rows() for c in row if c.value is not None}, {"s"})  # no formula
        self.assertEqual(self.types()["identity.people_searched"], 5)


if __name__ == "__main__":
    story.main()
