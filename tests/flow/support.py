"""Support on real daemons: a province's request and its integration, a citizen's feedback (SUP-01 to SUP-18, SYS-21).

    support.py <folder of the daemons>
"""
import hashlib
import io
import json

import openpyxl
import story
from story import CITIZEN, enum_name, person

from portal import solve_captcha

TAY_NINH, BEN_CAU, VPCP = "000.00.00.H53", "000.20.31.H53", "000.00.00.G22"
MAKER, STAFF, DESK = person(51), person(52), person(53)
PURPOSE = "Xử lý yêu cầu hỗ trợ"
SERVICE = "motcua.support.v1.Support"
FORM = {"unit_name": "Tỉnh Tây Ninh", "requester": "Trần Thị Bưởi", "phone": "0912000101", "contact": "Lê Văn Cam",
        "contact_phone": "0912000102", "email": "mot-cua@tayninh.example.vn"}


class Support(story.Story):
    def support(self, method, request, session="", **more):
        return self.portal.call("support", method, request, session=session, **more)

    def read(self, method, request, session):
        return self.support(method, request, session, purpose=PURPOSE)

    def officer(self, who, unit, rights):
        self.steps.register(who)
        account = self.operator("rights", "grant", who["login_id"], unit, rights, "test").strip()
        return account, self.steps.login(who)

    def upload(self, session, name, content):
        at = self.support("StartUpload", {"file_name": name, "size": len(content)}, session)
        for offset in range(0, len(content), at.part_size):
            part = content[offset:offset + at.part_size]
            self.support("UploadPart", {"file_id": at.file_id, "offset": offset, "content": part}, session)
        sha256 = hashlib.sha256(content).hexdigest()
        return self.support("FinishUpload", {"file_id": at.file_id, "sha256": sha256}, session).file_id

    def test_support(self):
        self.up()
        self.account, self.staff = self.officer(STAFF, VPCP, "SUPPORT_REQUEST_MANAGE")
        _, self.maker = self.officer(MAKER, TAY_NINH, "SUPPORT_REQUEST_MANAGE,API_TEST,FEEDBACK_PROCESS")
        _, self.desk = self.officer(DESK, BEN_CAU, "FEEDBACK_PROCESS")
        self.steps.register(CITIZEN)
        self.citizen = self.steps.login(CITIZEN)
        configure = self.check_request()
        self.check_integration(configure)
        self.check_feedback()
        self.check_table()

    def request(self, format, files=(), **more):
        proposed = self.support("ProposeRequest", {"format": format, "unit_name": "Tây Ninh", **more}, self.maker)
        form = {**FORM, "service_group": proposed.service_group, "service": proposed.service,
                "title": proposed.title, "description": proposed.description}
        return self.support("CreateRequest", {"form": form, "file_ids": list(files)}, self.maker)

    def check_request(self):
        """S30, SUP-06 to SUP-17: with two files, assigned, asked about, dealt with in time; mail at each outcome."""
        picture = b"\x89PNG\r\n\x1a\n" + bytes(300 * 1024)
        files = [self.upload(self.maker, "man-hinh.png", picture),
                 self.upload(self.maker, "nhat-ky.txt", "dòng một\n".encode())]
        program = self.support("StartUpload", {"file_name": "c.exe", "size": 4}, self.maker)
        self.refused("SUPPORT_FILE_TYPES", "support", "UploadPart", {
            "file_id": program.file_id, "content": b"MZ\x90\x00"}, session=self.maker)
        api = {"name": "API BNDP thanh toán thuế đất", "url": "https://tayninh.example.vn/api"}
        at = self.request("FORMAT_CONFIGURE_API", files, apis=[api])
        self.assertEqual(at.form.title, "Tây Ninh- hỗ trợ cấu hình URL API thanh toán nghĩa vụ tài chính đất đai")
        self.assertRegex(at.created_at, r"^\d\d/\d\d/\d{4} \d\d:\d\d:\d\d$")
        self.assertIn(at.code, self.operator("support", "list", "SENT"))
        self.operator("support", "assign", at.code, self.account, "Phạm Kỹ Thuật")
        at = self.read("GetRequest", {"code": at.code}, self.staff)
        at = self.support("MoveRequest", {"code": at.code, "version": at.version, "to": "REQUEST_IN_PROGRESS"}, self.staff)
        at = self.support("AddComment", {"code": at.code, "version": at.version, "text": "Đã gọi đầu mối"}, self.staff)
        got = self.read("ReadFile", {"file_id": files[0], "offset": 256 * 1024}, self.staff)
        self.assertEqual((got.content, got.file_name), (picture[256 * 1024:], "man-hinh.png"))
        self.assertIn("Đã xử lý xong", self.operator("support", "answer", at.code, "DONE", "Đã cấu hình"))
        mine = self.read("SearchRequests", {"title": "cau hinh", "state": "REQUEST_DONE"}, self.maker)
        self.assertEqual((mine.found, mine.rows[0].state_name), ("Tìm thấy 1 kết quả", "Đã xử lý xong"))
        sheet = openpyxl.load_workbook(io.BytesIO(self.read("ExportRequests", {}, self.maker).content)).active
        self.assertEqual([cell.value for cell in sheet[1]][2:7:4], ["Tên yêu cầu hỗ trợ", "Trạng thái"])
        done = self.read("GetRequest", {"code": at.code}, self.maker)
        self.assertEqual((done.overdue_at_ms, [c.text for c in done.comments]), (0, ["Đã gọi đầu mối", "Đã cấu hình"]))
        mails = [event for event in self.journal("support") if event.type == "support.mail_wanted"]
        self.assertEqual(len(mails), 4)  # NOT-07: sent, assigned, in progress, done
        self.wait("the log has the request", lambda: "support.request_moved" in self.operator("trace", f"support:{at.code}"))
        return at.code

    def check_integration(self, configure):
        """SUP-18: six steps; what the partner room told of is a check, nothing else is."""
        at = self.support("OpenIntegration", {"unit_name": "Tỉnh Tây Ninh", "service": "Thanh toán đất đai"}, self.maker)

        def step(kind, **more):
            nonlocal at
            at = self.support("RecordStep", {"code": at.code, "version": at.version, "step": kind, **more}, self.maker)

        step("STEP_CONFIGURE", apis=[{"name": "API BNDP", "url": "https://tayninh.example.vn/api"}])
        step("STEP_REQUEST_CONFIGURE", request_code=configure)
        shots = [self.upload(self.maker, name, b"\xff\xd8\xff" + bytes(99)) for name in ("sms.jpg", "chung-tu.jpg")]
        step("STEP_TEST", dossier_code="000.20.31.H53-260907-0001", payment_id="GD-1", voucher_no="CT-1", file_ids=shots)
        step("STEP_REQUEST_CONFIRM", request_code=self.request("FORMAT_CONFIRM_INTEGRATION").code)
        self.assertEqual([s.done for s in at.steps], [True, False, True, True, True, False])
        confirm = {"code": at.code, "version": at.version}
        refused = self.refused("INTEGRATION_MISSING", "support", "ConfirmIntegration", confirm, self.staff)
        self.assertIn("một lần kiểm tra API đạt", str(refused))
        step("STEP_CHECK", check_ids=[self.api_check()])
        at = self.support("ConfirmIntegration", {"code": at.code, "version": at.version}, self.staff)
        self.assertEqual(at.next, "Đã xác nhận tích hợp thành công.")

    def api_check(self):
        """«Kiểm tra API» of the sandbox's national services; the support room hears of it by the journal."""
        asked = {"api_type": "session", "url": f"http://127.0.0.1:{self.house.port('sandbox')}/dvcqg/session", "dstcode": "VN:H53",
                 "body": json.dumps({"username": "motcua", "password": "x"}).encode()}
        check = self.portal.call("partner", "StartApiCheck", asked, self.maker)
        shown = self.portal.call("partner", "GetApiCheck", {"check_id": check.check_id, "wait_ms": 9000}, self.maker, timeout=15)
        self.assertTrue(shown.verdict.fits, shown)
        last = len(self.journal("partner"))
        self.wait("support to hear of the check", lambda: any(
            f.room == "partner" and f.applied >= last for f in self.stats("support").follows))
        return check.check_id

    def check_feedback(self):
        """SYS-21: to the wrong agency, forwarded, answered, published, rated; and one without a session."""
        form = {"kind": "KIND_CONDUCT", "unit": TAY_NINH, "unit_name": "UBND tỉnh Tây Ninh", "name": "Nguyễn Văn An",
                "address": "Bến Cầu", "phone": "0912000103", "title": "Chờ lâu ở một cửa", "text": "Ba giờ."}
        at = self.support("SendFeedback", form, self.citizen)
        self.assertIn(at.code, self.operator("feedback", "list", "NEW", TAY_NINH))
        at = self.support("MoveFeedback", {"code": at.code, "version": at.version, "to": "FEEDBACK_NEW", "unit": BEN_CAU,
                                           "unit_name": "Thị trấn Bến Cầu", "text": "Thuộc thị trấn"}, self.maker)
        at = self.support("MoveFeedback", {"code": at.code, "version": at.version, "to": "FEEDBACK_ANSWERED",
                                           "text": "Đã chấn chỉnh."}, self.desk)
        self.assertFalse(at.late)
        self.support("PublishFeedback", {"code": at.code, "version": at.version}, self.desk)
        seen = self.support("SearchPublished", {"words": "một cửa"})
        self.assertEqual([(row.name, row.answer) for row in seen.rows], [("N*** V*** A***", "Đã chấn chỉnh.")])
        self.support("RateFeedback", {"code": at.code, "rating": 5}, self.citizen)
        self.assertEqual([row.code for row in self.support("ListMyFeedback", {}, self.citizen).rows], [at.code])
        told = self.local("room:partner").call("support", "ListForPartner", {"unit": BEN_CAU})
        self.assertEqual([(row.code, row.answer) for row in told.rows], [(at.code, "Đã chấn chỉnh.")])
        self.check_without_session({**form, "kind": "KIND_PORTAL", "name": "", "address": "", "phone": ""})

    def check_without_session(self, form):
        """A solved captcha, each once, also past a death of the room; five an hour from one source; by the public door, too."""
        self.assertEqual(self.portal.feedback_captcha(self.citizen), "")  # a session needs none
        told = self.refused("CAPTCHA_REQUIRED", "support", "SendFeedback", form)
        self.assertEqual([v[0] for v in told.violations], ["captcha"])
        solved = {**form, "captcha": self.portal.feedback_captcha()}
        self.refused("FIELD_REQUIRED", "support", "SendFeedback", {**solved, "title": ""})  # spends none
        made = self.support("SendFeedback", solved)
        self.refused("NOT_FOUND", "support", "GetFeedback", {"code": made.code})
        self.assertEqual(enum_name(self.support("GetFeedback", {"code": made.code, "key": made.key}), "state"), "FEEDBACK_NEW")
        self.refused("CAPTCHA_REQUIRED", "support", "SendFeedback", solved)
        self.house.kill("support")
        self.house.restart("support")
        self.refused("CAPTCHA_REQUIRED", "support", "SendFeedback", solved)
        self.refused("CAPTCHA_WRONG", "support", "SendFeedback", {**form, "captcha": solved["captcha"][:-8]})
        number = {**form, "captcha": solve_captcha(self.portal.call("identity", "GetCaptcha", {"login_id": CITIZEN["login_id"]}).challenge)}
        self.refused("CAPTCHA_WRONG", "support", "SendFeedback", number)  # the sign-in's is for the sign-in

        for _ in range(4):
            self.support("SendFeedback", {**form, "captcha": self.portal.feedback_captcha()})
        solved = {**form, "captcha": self.portal.feedback_captcha()}
        self.refused("FEEDBACK_TOO_MANY", "support", "SendFeedback", solved)
        self.portal.source = "203.0.113.0/24"  # another source may, and that captcha is not spent
        self.support("SendFeedback", solved)
        self.portal.source = ""

        door, public = self.steps.http, {"kind": "KIND_PORTAL", "unit": BEN_CAU, "unitName": "Thị trấn Bến Cầu", "title": "Trang lỗi", "text": "Trang trắng."}
        url, kind = f"{door.base}/{SERVICE}/SendFeedback", {"Content-Type": "application/json"}
        status, headers, body = self.http("POST", url, json.dumps(public).encode(), kind)
        self.assertEqual((status, headers["Motcua-Code"]), (400, "CAPTCHA_REQUIRED"))
        asked = door.call(f"{SERVICE}/GetCaptcha", {})
        self.assertTrue(asked["required"])
        public["captcha"] = solve_captcha(asked["challenge"])
        self.assertRegex(door.call(f"{SERVICE}/SendFeedback", public)["code"], "^PAKN-")
        status, headers, body = self.http("POST", url, json.dumps(public).encode(), kind)
        self.assertEqual((status, headers["Motcua-Code"]), (400, "CAPTCHA_REQUIRED"))

    def check_table(self):
        with open(f"{story.SOURCE}/services/support/STATES.md", encoding="utf-8") as file:
            self.assertEqual(self.operator("support", "states"), file.read())


if __name__ == "__main__":
    story.main()
