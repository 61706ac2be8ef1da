"""Bank links, personal tax and vehicle charge, land: from the tax office to the voucher.

    tax_land.py <folder of the daemons>
"""
import json
import re

import story
from story import CITIZEN, enum_name, together

ONE, TWO = "LTB2600017-TK0000042/TB-CCT", "LTB2600017-TK0000043/TB-CCT"
SEED = "H35.12-260903-0007"  # the dossier of the seed's page
WAIT = {"wait_ms": 5000}


class TaxLand(story.Story):
    extra = {"payment": {"payment.query_after": "1s", "payment.query_backoff": "100ms", "payment.query_backoff_max": "400ms"}}

    def call(self, method, body=None, session=None):
        return self.portal.call("payment", method, body or {}, self.session if session is None else session)

    def test_links_taxes_and_land(self):
        self.up()
        self.session, self.desk = self.citizen(), self.officer()
        self.links()
        self.taxes()
        self.land_page()
        self.land_of_ours()
        self.check_books()

    # --- BNK-01 … BNK-11 ---

    def start_link(self, login):
        self.call("StartLink", {"bank": "VCB", "login_name": login})
        return self.call("GetLink", WAIT)

    def bank_code(self, seen):
        """The newest code the bank sent to the handset."""

        def newest():
            texts = [t for t in self.steps.handset(CITIZEN["phone"]) if "ma OTP lien ket" in t]
            return len(texts) > seen and re.search(r"la (\d{6})", texts[-1])[1]

        return self.wait("the bank's code", newest)

    def codes(self):
        return len([t for t in self.steps.handset(CITIZEN["phone"]) if "ma OTP lien ket" in t])

    def links(self):
        listed = self.call("ListBanks", {"purpose": "LINK"}, "").banks
        self.assertEqual([bank.short_name for bank in listed], ["Vietcombank"])  # BNK-03
        self.refused("TAX_CODE_MISSING", "payment", "StartTaxLookUp", {}, session=self.session)
        link = self.start_link("mau.tran")  # another person's, and no tax code here: all that fails
        self.assertEqual([f.code for f in link.failed], ["LINK_TAX_CODE", "LINK_IDENTITY", "LINK_PHONE"])
        self.portal.call("identity", "UpdateAccount", {"fields": ["tax_code"], "tax_code": CITIZEN["login_id"]}, self.session)

        def phone_only():
            return [f.code for f in self.start_link("hoabinh.cu").failed] == ["LINK_PHONE"]

        self.wait("the tax code to be known", phone_only)
        self.assertIn("vào menu [Thông tin định danh], chọn chức năng [Sửa]", self.call("GetLink").failed[0].message)
        self.fault("bank", "http500", count=2)
        seen = self.codes()
        together([lambda: self.call("StartLink", {"bank": "VCB", "login_name": "hoabinh93"})] * 2)  # two devices
        link = self.wait("one try to go on", lambda: (now := self.call("GetLink", WAIT)).code_sent_to and now)
        self.assertEqual(link.code_sent_to, "091****101")
        self.bank_code(seen)

        def linked():  # of two codes one is this try's
            for text in reversed([t for t in self.steps.handset(CITIZEN["phone"]) if "ma OTP lien ket" in t][seen:]):
                self.call("ConfirmLink", {"link_id": link.link_id, "code": re.search(r"la (\d{6})", text)[1]})
                if enum_name(self.call("GetLink", WAIT), "state") == "LINKED":
                    return True
            return False

        self.wait("the link", linked)
        self.assertEqual(self.call("GetLink").message, "Liên kết thành công")
        self.refused("LINK_EXISTS", "payment", "StartLink", {"bank": "VCB", "login_name": "x"}, session=self.session)

    # --- TAX-01 … TAX-11 ---

    def owed(self):
        self.call("StartTaxLookUp")
        return self.call("GetTaxInfo", WAIT)

    def pay_tax(self, body, action):
        payment = self.call("PayTax", body)
        payment = self.call("GetTaxPayment", {"payment_id": payment.payment_id, **WAIT})
        self.assertEqual(enum_name(payment, "state"), "WAITING", payment)
        _, _, page = self.http("GET", payment.pay_url)
        self.steps.choose(payment.pay_url, action)
        self.call("CheckTaxPayment", {"payment_id": payment.payment_id})
        done = self.wait("the bank's word", lambda: enum_name(now := self.call(
            "GetTaxPayment", {"payment_id": payment.payment_id}), "state") != "WAITING" and now)
        return done, page.decode()

    def taxes(self):
        info = self.owed()
        self.assertTrue(info.can_pay)
        self.assertEqual([i.name for i in info.personal], ["Lệ phí môn bài mức (bậc) 3", "Các khoản thu khác"])
        self.assertEqual([d.amount_text for d in info.decisions], ["1.200.000", "45.000.000"])
        first = info.decisions[0].number
        self.refused("TAX_CHOOSE_ONE", "payment", "PayTax", {"personal": True, "decision": first, "bank": "VCB"},
                     session=self.session)
        done, page = self.pay_tax({"decision": first, "bank": "VCB"}, "pay")  # by the link: signed in at once
        self.assertIn("Đã đăng nhập một lần", page)
        self.assertEqual((enum_name(done, "state"), done.message), ("SUCCEEDED", "Thanh toán thành công"))
        self.assertEqual(len(self.owed().decisions), 1)

        link = self.call("GetLink")
        self.call("Unlink", {"link_id": link.link_id})
        refusal = self.refused("NOT_LINKED", "payment", "PayTax", {"personal": True, "bank": "VCB"}, session=self.session)
        self.assertIn("Người dùng chưa liên kết tài khoản thanh toán", str(refusal))
        self.fault("bank", "drop_reply", count=1)  # the page's address is lost and asked for again
        done, page = self.pay_tax({"personal": True, "bank": "BID"}, "fail")
        self.assertIn("Vui lòng đăng nhập Internet banking", page)
        self.assertEqual(done.message, "Thanh toán không thành công")
        done, _ = self.pay_tax({"personal": True, "bank": "BID"}, "pay")
        self.assertEqual((enum_name(done, "state"), done.amount), ("SUCCEEDED", 0))
        history = self.call("ListTaxPayments").payments
        self.assertEqual([p.message for p in history],
                         ["Thanh toán thành công", "Thanh toán không thành công", "Thanh toán thành công"])

    # --- LND-02 … LND-11, S26, S27, S29 ---

    def look_up(self, code, number):
        """Anybody's look-up, without a session."""
        started = self.call("StartLandLookUp", {"dossier_code": code, "id_number": number}, "")
        return self.call("GetLandLookUp", {"look_up_id": started.look_up_id, **WAIT}, "")

    def land_page(self):
        shown = self.look_up(SEED, CITIZEN["login_id"])
        rows = [(n.taxpayer, n.number, n.lines[0].name, n.lines[0].amount_text, n.total_text) for n in shown.notices]
        self.assertEqual(rows, [
            ("NGUYỄN THỊ HÒA BÌNH", ONE, "Lệ phí trước bạ nhà đất", "1.378.500", "1.378.500"),
            ("TRẦN VĂN MẪU", TWO, "Thuế thu nhập từ chuyển nhượng bất động sản", "5.514.000", "5.514.000")])
        self.assertEqual(shown.asset.parcel, "217")
        self.assertEqual(len(self.look_up(SEED, "190000176").notices), 2)  # the CMND of the tax record
        wrong = [self.look_up(SEED, "001090990058"), self.look_up("H35.12-260903-0008", CITIZEN["login_id"])]
        self.assertEqual({w.message for w in wrong},
                         {"Không tìm thấy hồ sơ. Vui lòng kiểm tra lại Mã hồ sơ và Số CMND/CCCD."})

    def dossier_state(self, dossier_id):
        return enum_name(self.portal.call("dossier", "Get", {"dossier_id": dossier_id}, self.session), "state")

    def land_of_ours(self):
        dossier_id = self.steps.file_dossier(self.session)
        code = self.steps.accept(self.desk, dossier_id)
        version = self.portal.call("dossier", "Get", {"dossier_id": dossier_id}, self.desk).version
        self.portal.call("dossier", "Advance", {"dossier_id": dossier_id, "version": version, "to": "PROCESSING"}, self.desk)
        notices = [("TB-1", "Lệ phí trước bạ nhà đất", 1378500), ("TB-2", "Thuế thu nhập cá nhân", 5514000)]
        status, answer = self.tell_notices(code, notices, key="wrong-key")
        self.assertEqual((status, answer["message"]), (401, "401 Unauthorized - Error Security Code"))
        self.assertEqual(self.tell_notices("H35.12-260903-9999", notices)[1]["status"], "0")
        self.wait("payment to know the dossier", lambda: self.tell_notices(code, notices)[1]["status"] == "1")
        self.assertEqual(self.tell_notices(code, notices)[1]["status"], "1")  # again: nothing new
        self.wait("the dossier to wait", lambda: self.dossier_state(dossier_id) == "FINANCIAL_OBLIGATION")
        sms = self.wait("the SMS", lambda: [t for t in self.steps.handset(CITIZEN["phone"]) if "Thong bao thue" in t])
        self.wait("both to be told", lambda: len(
            [t for t in self.steps.handset(CITIZEN["phone"]) if "Thong bao thue" in t]) == 2)
        self.assertIn(f"Thong bao thue TB-1: ho so {code} phai nop 1.378.500 dong", "".join(sms))

        for (number, name, amount), item in zip(notices, ("2801", "1006"), strict=True):
            self.sandbox("POST", "/gip/land", {"dossier": code, "identity": CITIZEN["login_id"], "taxpayer": "NGUYỄN THỊ HÒA BÌNH",
                                               "notice": number, "item": item, "name": name, "amount": amount})
        self.fault("gip", "garbage", count=1)
        shown = self.look_up(code, CITIZEN["login_id"])
        for number, left in (("TB-1", "FINANCIAL_OBLIGATION"), ("TB-2", "PROCESSING")):
            order = self.call("PayLand", {"look_up_id": shown.look_up_id, "notice": number})
            attempt, url = self.steps.start_payment(self.session, order.order_id)
            self.steps.choose(url, "pay")
            self.wait("the payment's end", lambda: self.steps.settled(self.session, order.order_id, attempt))
            self.journals()  # nobody has anything left to do
            self.assertEqual(self.dossier_state(dossier_id), left)
        self.refused("ALREADY_PAID", "payment", "PayLand", {"look_up_id": shown.look_up_id, "notice": "TB-1"},
                     session=self.session)
        vouchers = self.call("ListVouchers", {"dossier_code": code}, self.desk).vouchers
        self.assertEqual([(v.notice, v.amount, enum_name(v, "state")) for v in vouchers],
                         [("TB-1", 1378500, "VOUCHER_ISSUED"), ("TB-2", 5514000, "VOUCHER_ISSUED")])
        self.local("room:notification").call("payment", "SetVoucherDelivery", {
            "dossier_code": code, "notice": "TB-1", "state": "VOUCHER_ACKNOWLEDGED"})
        types = self.types()
        self.assertEqual((types["payment.voucher_issued"], types["payment.voucher_delivery"]), (2, 1))


if __name__ == "__main__":
    story.main()
