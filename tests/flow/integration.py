"""The six steps of a province's land payment, as Văn phòng Chính phủ's letter 3252 of 2021 has them (LND-12).

    integration.py <folder of the daemons>

API check, request to configure, its intake, a payment that is real here, request to confirm, confirmation; and the
certificate that nobody has to photograph (C13). On the way S30's check and request, S29's notice, and S27: the
voucher does not arrive at first, and who subscribed to alerts hears of it.
"""
import json
import subprocess

import story
from story import CITIZEN, enum_name, person

TAY_NINH, VPCP, DST = "000.00.00.H53", "000.00.00.G22", "VN:COOP:000.00.00.H53"
FOCAL, STAFF = person(61), person(62)
NOTICE, AMOUNT = "TB-1", 1378500
PURPOSE = "Xử lý yêu cầu hỗ trợ"
FORM = {"unit_name": "Tỉnh Tây Ninh", "requester": "Trần Thị Bưởi", "phone": "0912000101", "contact": "Lê Văn Cam",
        "contact_phone": "0912000102", "email": "mot-cua@tayninh.example.vn"}


class Integration(story.Story):
    extra = {"payment": {"payment.query_after": "1s", "payment.query_backoff": "100ms", "payment.query_backoff_max": "400ms"},
             "partner": {"partner.retry_first": "100ms", "partner.retry_max": "400ms", "partner.probe_first": "300ms",
                         "partner.late_after": "3"},
             "support": {"support.outage_patience": "1s"}}

    def test_six_steps(self):
        self.up()
        self.focal = self.officer_of(FOCAL, TAY_NINH, "SUPPORT_REQUEST_MANAGE,API_TEST,ERROR_ALERT_SUBSCRIBE")
        self.staff = self.officer_of(STAFF, VPCP, "SUPPORT_REQUEST_MANAGE,API_TEST")
        self.citizen_session, self.desk = self.citizen(), self.officer()
        opened = {"unit_name": "Tỉnh Tây Ninh", "service": "Thanh toán nghĩa vụ tài chính về đất đai"}
        self.case = self.support("OpenIntegration", opened, self.focal)
        self.one_check_the_new_api()
        asked = self.two_ask_to_configure()
        self.three_intake(asked)
        code, number = self.four_pay()
        confirm = self.five_ask_to_confirm(number)
        self.six_confirm(confirm)
        self.what_the_case_says(asked, confirm, code, number)
        self.the_certificate(number, code)

    # --- who and how ---

    def officer_of(self, who, unit, rights):
        self.steps.register(who)
        self.operator("rights", "grant", who["login_id"], unit, rights, "test")
        return self.steps.login(who)

    def support(self, method, request, session):
        return self.portal.call("support", method, request, session=session, purpose=PURPOSE)

    def step(self, kind, **more):
        ask = {"code": self.case.code, "version": self.case.version, "step": kind, **more}
        self.case = self.support("RecordStep", ask, self.focal)

    def request(self, format, **more):
        proposed = self.support("ProposeRequest", {"format": format, "unit_name": "Tỉnh Tây Ninh", **more}, self.focal)
        form = {**FORM, "service_group": proposed.service_group, "service": proposed.service,
                "title": proposed.title, "description": proposed.description}
        return self.support("CreateRequest", {"form": form}, self.focal)

    def deal_with(self, code, text):
        at = self.support("GetRequest", {"code": code}, self.staff)
        for to in ("REQUEST_IN_PROGRESS", "REQUEST_DONE"):
            at = self.support("MoveRequest", {"code": code, "version": at.version, "to": to, "text": text}, self.staff)
        return at

    def province(self, what):
        return f"http://127.0.0.1:{self.house.port('sandbox')}/province/{what}"

    def check(self, session, **asked):
        body = json.dumps(asked.pop("body"), ensure_ascii=False).encode()
        check = self.portal.call("partner", "StartApiCheck", {**asked, "body": body}, session)
        return self.portal.call("partner", "GetApiCheck", {"check_id": check.check_id, "wait_ms": 9000}, session, timeout=15)

    def voucher_body(self, session):
        data = {"MaHoSo": "000.20.31.H53-260907-9999", "ThongTinThanhToan": {"SoTien": AMOUNT}}
        return {"session": session, "Service": "ThanhToanThueDat", "MaThamChieu": f"thu-{session[-4:]}", "Data": data}

    def heard(self, room, of):
        """Until a room has heard all that another one has told so far."""
        last = len(self.journal(of))
        self.wait(f"{room} to hear {of}", lambda: any(f.room == of and f.applied >= last for f in self.stats(room).follows))

    # --- the steps of the letter ---

    def one_check_the_new_api(self):
        """«API mới»: session first, then the API with it; and the case knows both checks."""
        opened = self.check(self.focal, api_type="session", url=self.province("session"), dstcode=DST,
                            body={"username": "motcua", "password": "x"})
        session = json.loads(opened.body)["session"]
        bad = self.check(self.focal, api_type="land_payment", url=self.province("data"), dstcode=DST,
                         body=self.voucher_body("khong-co-phien"))
        self.assertFalse(bad.verdict.fits, bad)
        good = self.check(self.focal, api_type="land_payment", url=self.province("data"), dstcode=DST,
                          body=self.voucher_body(session))
        self.assertTrue(good.verdict.fits and good.verdict.succeeded, good)
        self.assertTrue(good.head.startswith(b"HTTP/1.1 200"))  # S30: as it came, with its times
        self.assertGreater(good.times.total_us, 0)
        inside = {"api_type": "land_payment", "url": "http://10.1.2.3/", "dstcode": DST, "body": b"{}"}
        self.refused("URL_INTERNAL", "partner", "StartApiCheck", inside, session=self.focal)
        self.heard("support", "partner")
        self.step("STEP_CONFIGURE", apis=[{"name": "API BNDP thanh toán thuế đất", "url": self.province("data")}])
        self.step("STEP_CHECK", check_ids=[opened.check_id, good.check_id])

    def two_ask_to_configure(self):
        api = {"name": "API BNDP thanh toán thuế đất", "url": self.province("data")}
        at = self.request("FORMAT_CONFIGURE_API", apis=[api])
        self.assertEqual(at.form.title, "Tỉnh Tây Ninh- hỗ trợ cấu hình URL API thanh toán nghĩa vụ tài chính đất đai")
        self.step("STEP_REQUEST_CONFIGURE", request_code=at.code)
        self.assertFalse(self.case.steps[2].done)
        return at.code

    def three_intake(self, asked):
        """VPCP puts the system down, checks it «Đã có trong danh sách API», keeps the check, and answers in time."""
        self.house.save_partner(self.house.partner("tayninh", TAY_NINH, DST, production=True))
        known = self.check(self.focal, api_type="land_payment", partner_id="tayninh", body=self.voucher_body("nhap-session"))
        self.assertTrue(known.verdict.fits and known.verdict.succeeded, known)
        self.contract = self.portal.call("partner", "KeepContract", {
            "check_id": known.check_id, "name": "Thanh toán thuế đất"}, self.focal)
        self.assertEqual(enum_name(self.contract, "state"), "CONTRACT_HOLDS")
        self.heard("support", "partner")
        self.step("STEP_CHECK", check_ids=[known.check_id])
        self.assertEqual(self.deal_with(asked, "Đã cấu hình URL API").overdue_at_ms, 0)

    def four_pay(self):
        """A citizen with a notice pays it; the province acknowledges the voucher, and that is the certificate."""
        dossier_id = self.steps.file_dossier(self.citizen_session)
        code = self.steps.accept(self.desk, dossier_id)
        version = self.portal.call("dossier", "Get", {"dossier_id": dossier_id}, self.desk).version
        self.portal.call("dossier", "Advance", {"dossier_id": dossier_id, "version": version, "to": "PROCESSING"}, self.desk)
        name = "Lệ phí trước bạ nhà đất"
        self.wait("payment to know the dossier", lambda: self.tell_notices(code, [(NOTICE, name, AMOUNT)])[1]["status"] == "1")
        self.wait("the SMS of the notice", lambda: any("Thong bao thue" in t for t in self.steps.handset(CITIZEN["phone"])))
        self.wait("the province to have all that was before", lambda: len(self.received(code)) == 3)
        self.alerted(lambda: self.pay_land(self.citizen_session, code, NOTICE, "2801", name, AMOUNT))

        def acknowledged():
            vouchers = self.portal.call("payment", "ListVouchers", {"dossier_code": code}, self.desk).vouchers
            return [enum_name(v, "state") for v in vouchers] == ["VOUCHER_ACKNOWLEDGED"]

        self.wait("payment to know that the province has it", acknowledged)
        listed = self.portal.call("partner", "ListCertificates", {"dstcode": DST}, self.focal).certificates
        self.assertEqual([(c.api_type, c.dossier_code, c.notice) for c in listed], [("land_payment", code, NOTICE)])
        return code, listed[0].number

    def received(self, code):
        return [item["service"] for item in self.sandbox("GET", f"/province/received/{DST}") if item["object"] == code]

    def alerted(self, pay):
        """S27, «Nhận thông tin, cảnh báo lỗi»: the voucher cannot be delivered; who subscribed hears of it, and of its end.
        While it lasts, VPCP gets a request by itself (C13)."""
        subscription = {"unit": TAY_NINH, "service_type": "land_payment", "phones": [FOCAL["phone"]],
                        "emails": ["cb@tayninh.example.vn"], "following": True}
        self.portal.call("notification", "SaveAlertSubscription", subscription, self.focal)
        self.sandbox("POST", "/province/faults", {"dstcode": DST, "fault": "http500"})
        pay()

        def texted(words):
            return any(words in text for text in self.steps.handset(FOCAL["phone"]))

        self.wait("the SMS that the voucher did not arrive", lambda: texted("CANH BAO: chung tu thue"))
        self.assertIn("ALERT_FAILURE", self.operator("alert", "sent", TAY_NINH))
        self.wait("a request that nobody sent", lambda: "hệ thống không trả lời" in self.operator("support", "list", "SENT"))
        self.sandbox("POST", "/province/faults", {"dstcode": DST, "fault": "none"})
        self.wait("the SMS that it did", lambda: texted("DA KHAC PHUC"))

    def five_ask_to_confirm(self, number):
        self.heard("support", "partner")
        self.step("STEP_TEST", certificate=number)
        at = self.request("FORMAT_CONFIRM_INTEGRATION")
        self.assertIn("Đề nghị xác nhận tích hợp", at.form.title)
        self.step("STEP_REQUEST_CONFIRM", request_code=at.code)
        self.assertEqual([s.done for s in self.case.steps], [True] * 5 + [False])
        return at.code

    def six_confirm(self, confirm):
        self.case = self.support("ConfirmIntegration", {"code": self.case.code, "version": self.case.version}, self.staff)
        self.deal_with(confirm, "Xác nhận tích hợp thành công")
        self.assertEqual(self.case.next, "Đã xác nhận tích hợp thành công.")

    # --- what is left of it ---

    def what_the_case_says(self, asked, confirm, code, number):
        """The case leads to its requests, checks, payment and certificate; each outcome was mailed (NOT-07)."""
        case = self.support("GetIntegration", {"code": self.case.code}, self.focal)
        self.assertEqual((case.configure_request, case.confirm_request, case.certificate), (asked, confirm, number))
        self.assertEqual((len(case.check_ids), case.dossier_code, case.voucher_no), (3, code, NOTICE))
        order = self.portal.call("payment", "GetOrder", {"order_id": bytes.fromhex(case.payment_id)}, self.desk)
        self.assertEqual(order.dossier_code, code)
        self.assertTrue(case.confirmed_at_ms and not case.reason and not case.files)
        mails = [event for event in self.journal("support") if event.type == "support.mail_wanted"]
        self.assertEqual(len(mails), 6)  # of each request: sent, in progress, done

    def the_certificate(self, number, code):
        """Anybody asks us, or the public key; an operator reads it; the dossier's story has it."""
        certificate = self.portal.call("partner", "GetCertificate", {"number": number}, self.focal)
        self.assertEqual(list(certificate.contract_ids), [self.contract.contract_id])
        told = self.portal.call("partner", "VerifyCertificate", {"code": certificate.proof})
        self.assertEqual((told.genuine, told.number, told.dstcode, told.contracts), (True, number, DST, 1))
        self.assertIn(number, self.operator("partner", "certificate", DST))
        self.assertIn("CONTRACT_HOLDS", self.operator("partner", "contracts", TAY_NINH))
        self.assertIn("API_CHECK_ANSWERED", self.operator("partner", "checks"))
        keys = f"{self.house.keys_dir}/partner.pub"
        done = subprocess.run([f"{self.bin}/motcua-verify", "certificate", certificate.proof, keys], capture_output=True, text=True)
        self.assertEqual((done.returncode, DST in done.stdout, number in done.stdout), (0, True, True), done)
        self.wait("the dossier's story to have it", lambda: "certificate_issued" in self.operator("trace", code))


if __name__ == "__main__":
    story.main()
