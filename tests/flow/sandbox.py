"""The outside world, simulated: every interface and every fault, seen by an independent client.

    sandbox.py <folder of the daemons>
"""
import hashlib
import http.client
import json
import sys
import threading
import time
import unittest
import urllib.error
import urllib.parse

import daemons
from daemons import call

PERSON = {"msisdn": "84912000101", "id_number": "012193990017", "full_name": "Nguyễn Thị Hoà Bình",
          "birth_date": "05/03/1993"}
SECRET = "motcua-test-secret"
BROKEN = (http.client.HTTPException, urllib.error.URLError, ConnectionError, ValueError)


class Carrier(daemons.Story):
    def setUp(self):
        super().setUp()
        self.sandbox()

    def check(self, want=200, **changes):
        status, _, body = call("POST", self.url + "/carrier/check", {**PERSON, **changes})
        self.assertEqual(status, want, body)
        return json.loads(body)

    def test_match(self):
        answer = self.check()
        self.assertEqual((answer["result"], answer["carrier"]), ("MATCH", "Vinaphone"))
        self.assertEqual(answer["owner"], {"full_name": "NGUYỄN THỊ HÒA BÌNH", "id_number": "012193990017",
                                           "birth_date": "05/03/1993"})

    def test_mismatch_names_the_fields(self):
        answer = self.check(full_name="Trần Đức Anh", birth_date="06/03/1993")
        self.assertEqual((answer["result"], answer["fields"]), ("MISMATCH", ["full_name", "birth_date"]))

    def test_unknown_number(self):
        self.assertEqual(self.check(msisdn="84912999888")["result"], "NOT_FOUND")

    def test_rule_for_load(self):
        answer = self.check(msisdn="0981000042", id_number="001082000042", full_name="Nguyễn Văn Bốn Hai",
                            birth_date="15/02/1982")
        self.assertEqual(answer["result"], "MATCH")

    def test_missing_field_is_named(self):
        self.assertEqual(self.check(400, full_name="")["field"], "full_name")
        self.assertEqual(self.check(400, msisdn="x")["field"], "msisdn")

    def test_index_and_strangers(self):
        status, _, body = call("GET", self.url + "/")
        self.assertEqual(status, 200)
        self.assertIn("Nền tảng thanh toán", body.decode())
        self.assertEqual(call("GET", self.url + "/nothing")[0], 404)
        self.assertEqual(call("GET", self.url + "/carrier/check")[0], 405)

    def test_one_carrier_of_several(self):
        """Only the carrier a number is with now answers for it; the one that gave it away knows to whom."""
        ported = {**PERSON, "msisdn": "84868000606"}
        ask = lambda code, body: json.loads(call("POST", f"{self.url}/carrier/{code}/check", body)[2])
        self.assertEqual(ask("vinaphone", PERSON)["result"], "MATCH")
        self.assertEqual(ask("viettel", PERSON), {"result": "NOT_MINE"})
        self.assertEqual(ask("viettel", ported), {"result": "NOT_MINE", "carrier_code": "vinaphone"})
        self.assertEqual(ask("vinaphone", ported)["result"], "MISMATCH")
        self.assertEqual(call("POST", self.url + "/carrier/pigeon/check", PERSON)[0], 404)
        self.assertEqual(call("POST", self.url + "/carrier/viettel/", PERSON)[0], 404)
        mnp = lambda phone: json.loads(call("POST", self.url + "/mnp/check", {"msisdn": phone})[2])
        self.assertEqual(mnp("84868000606"), {"carrier_code": "vinaphone", "ported": True})
        self.assertEqual(mnp("84912000101"), {"carrier_code": "vinaphone", "ported": False})
        self.assertEqual(mnp("84903777888"), {"result": "NOT_FOUND"})

    def test_who_knows_people(self):
        """The social insurance, the post, the population register: alike, and each with its own refusals."""
        who = {k: PERSON[k] for k in ("id_number", "full_name", "birth_date")}
        for system, path, key in (("insurance", "/bhxh/check", {"insurance_no": "1299000017"}),
                                  ("post", "/vnpost/check", {"post_account": "binh.nguyen@vnpost.example"}),
                                  ("population", "/population/check", {})):
            ask = lambda **changes: call("POST", self.url + path, {**who, **key, **changes})
            self.assertEqual(json.loads(ask()[2]), {"result": "MATCH", "fields": []})
            self.assertEqual(json.loads(ask(birth_date="06/03/1993")[2]), {"result": "MISMATCH", "fields": ["birth_date"]})
            nobody = {name: "7900" for name in key} or {"id_number": "012193990018"}
            self.assertEqual(json.loads(ask(**nobody)[2]), {"result": "NOT_FOUND"})
            self.assertEqual(ask(full_name="")[0], 400)
            self.assertEqual(call("GET", self.url + path)[0], 405)
            self.fault(system, "http500", count=1)
            self.assertEqual(ask()[0], 500)
            self.fault(system, "wrong_person", count=1)
            self.assertEqual(json.loads(ask()[2])["person"]["full_name"], "NGƯỜI KHÁC")
            self.assertEqual(ask()[0], 200)
        found = json.loads(call("POST", self.url + "/bhxh/find", who)[2])
        self.assertEqual(found, {"result": "FOUND", "insurance_no": "1299000017", "phone": "84912000101"})
        nobody = json.loads(call("POST", self.url + "/bhxh/find", {**who, "birth_date": "06/03/1993"})[2])
        self.assertEqual(nobody, {"result": "NOT_FOUND"})
        unseen = {"post_account": "mau.tran", "id_number": "038085990025", "full_name": "Trần Văn Mẫu", "birth_date": "17/11/1985"}
        self.assertEqual(json.loads(call("POST", self.url + "/vnpost/check", unseen)[2]), {"result": "NOT_CHECKED"})

    def test_faults_of_requests(self):
        self.fault("carrier", "http500", count=1)
        self.assertEqual(call("POST", self.url + "/carrier/check", PERSON)[0], 500)
        self.fault("carrier", "throttle", count=1)
        status, headers, _ = call("POST", self.url + "/carrier/check", PERSON)
        self.assertEqual((status, headers["Retry-After"]), (429, "1"))
        self.fault("carrier", "garbage", count=1)
        status, _, body = call("POST", self.url + "/carrier/check", PERSON)
        self.assertEqual(status, 200)
        self.assertRaises(ValueError, json.loads, body)
        for name in ("reset", "drop_reply"):
            self.fault("carrier", name, count=1)
            with self.assertRaises(BROKEN):
                call("POST", self.url + "/carrier/check", PERSON)
        self.fault("carrier", "slow", count=1, ms=150)
        before = time.monotonic()
        self.check()
        self.assertGreaterEqual(time.monotonic() - before, 0.15)
        self.check()  # all orders are used up

    def test_faults_are_refused_by_name(self):
        for body, field in (({"system": "stranger", "fault": "slow"}, "system"),
                            ({"system": "sms", "fault": "flood"}, "fault"),
                            ({"system": "carrier", "fault": "no_callback"}, "fault"),
                            ({"system": "population", "fault": "late_callback"}, "fault"),
                            ({"system": "mnp", "fault": "wrong_person"}, "fault"),
                            ({"system": "sms", "fault": "wrong_amount"}, "fault"),
                            ({"system": "sms", "fault": "slow", "ms": 600001}, "ms"),
                            ({"system": "sms", "fault": "slow", "count": -1}, "count"),
                            ({"system": "sms", "fault": "slow", "rate": 1.5}, "rate")):
            status, _, answer = call("POST", self.url + "/faults", body)
            self.assertEqual((status, json.loads(answer)["field"]), (400, field))
        self.assertEqual(call("POST", self.url + "/faults", b"{")[0], 400)

    def test_rate_is_replayed_by_its_seed(self):
        runs = []
        for _ in range(2):
            self.fault("carrier", "http500", rate=0.3, seed=42)
            runs.append([call("POST", self.url + "/carrier/check", PERSON)[0] for _ in range(40)])
        self.assertEqual(runs[0], runs[1])
        self.assertIn(500, runs[0])
        self.assertIn(200, runs[0])
        self.fault("carrier", "none")
        self.check()


class Sms(daemons.Story):
    def setUp(self):
        super().setUp()
        self.sandbox()
        self.reports = self.ear()

    def send(self, to="84912000101", text="Ma K7: 200832", **more):
        fields = {"username": "motcua", "password": "motcua", "from": "DVCQG", "to": to, "text": text,
                  "coding": "0", "charset": "UTF-8", **more}
        status, _, body = call("GET", self.url + "/cgi-bin/sendsms?" + urllib.parse.urlencode(fields))
        return status, body.decode()

    def report_to(self, name="r"):
        return {"dlr-mask": "31", "dlr-url": f"{self.reports.url}/{name}?sig=a%2Bb&st=%d&p=%p"}

    def texts(self, phone="0912000101", rest=""):
        status, _, body = call("GET", f"{self.url}/handset/{phone}{rest}")
        self.assertEqual(status, 200)
        return json.loads(body)

    def states(self, count):
        return [self.reports.next()[2]["st"] for _ in range(count)]

    def test_sent_seen_and_reported(self):
        self.assertEqual(self.send(**self.report_to()), (202, "0: Accepted for delivery"))
        self.assertEqual(self.send(text="Hồ sơ đã tiếp nhận", coding="2"), (202, "0: Accepted for delivery"))
        texts = self.texts()
        self.assertEqual([t["text"] for t in texts], ["Hồ sơ đã tiếp nhận", "Ma K7: 200832"])
        self.assertEqual((texts[0]["from"], texts[0]["to"], texts[0]["coding"]), ("DVCQG", "84912000101", 2))
        method, path, query, _ = self.reports.next()
        self.assertEqual((method, path, query), ("GET", "/r", {"sig": "a+b", "st": "8", "p": "+84912000101"}))
        self.assertEqual(self.states(1), ["1"])

    def test_refusals_as_kannel_words_them(self):
        self.assertEqual(self.send(password="guess"), (403, "Authorization failed for sendsms"))
        self.assertEqual(self.send(to="")[0], 400)
        self.assertEqual(self.send(to="12")[0], 400)
        self.assertEqual(self.send(text="")[0], 400)
        self.assertEqual(self.texts(), [])

    def test_handset_waits_and_forgets(self):
        self.assertEqual(self.texts(rest="/wait?after=0&ms=30"), [])
        self.send()
        first = self.texts(rest="/wait?after=0&ms=5000")
        self.assertEqual(len(first), 1)
        self.fault("sms", "slow", count=1, ms=100)  # the text is there before its answer
        sender = threading.Thread(target=self.send, kwargs={"text": "second"})
        sender.start()
        after = self.texts(rest=f"/wait?after={first[0]['number']}&ms=5000")
        self.assertEqual([t["text"] for t in after], ["second"])
        sender.join()
        self.assertEqual(call("DELETE", self.url + "/handset/0912000101")[0], 204)
        self.assertEqual(self.texts(), [])
        self.assertEqual(self.texts("0868000202"), [])

    def test_phones_that_fail_are_off_or_refused(self):
        for phone, states in (("84912000998", ["8", "2"]), ("84912000999", ["8", "4"]), ("84912000997", ["16"])):
            self.send(to=phone, **self.report_to())
            self.assertEqual(self.states(len(states)), states)
        self.send(**{**self.report_to(), "dlr-mask": "1"})
        self.assertEqual(self.states(1), ["1"])

    def test_faults(self):
        self.fault("sms", "throttle", count=1)
        self.assertEqual(self.send()[0], 503)
        self.fault("sms", "http500", count=1)
        self.assertEqual(self.send()[0], 500)
        self.fault("sms", "reset", count=1)
        self.assertRaises(BROKEN, self.send)
        self.assertEqual(self.texts(), [])  # none of these was sent
        self.fault("sms", "drop_reply", count=1)
        self.assertRaises(BROKEN, self.send)
        self.fault("sms", "garbage", count=1)
        self.assertEqual(self.send()[0], 200)
        self.assertEqual(len(self.texts()), 2)  # both of these were

    def test_faults_of_reports(self):
        self.fault("sms", "duplicate_callback", count=1)
        self.send(**self.report_to())
        self.assertEqual(self.states(3), ["8", "8", "1"])
        self.fault("sms", "late_callback", count=1, ms=150)
        before = time.monotonic()
        self.send(**self.report_to())
        self.assertEqual(self.states(2), ["8", "1"])
        self.assertGreaterEqual(time.monotonic() - before, 0.15)
        self.fault("sms", "no_callback", count=1)
        self.send(**self.report_to())
        self.assertTrue(self.reports.silent(0.2))

    def test_reports_are_tried_again(self):
        answers = [(500, b""), (200, b"")]
        self.reports.answer = lambda path, body: answers.pop(0) if answers else (200, b"")
        self.send(**self.report_to())
        self.assertEqual(self.states(3), ["8", "8", "1"])


class Platform(daemons.Story):
    INIT = ("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "SoTien", "LoaiHinhThanhToan", "MaKenhThanhToan",
            "MaThietBi", "NgonNgu", "MaTienTe", "MaNganHang", "ThongTinGiaoDich", "ThoiGianGD", "Ip")
    QUERY = ("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD")
    CONFIRM = ("LoaiBanTin", "MaLoi", "MaDoiTac", "MaThamChieu", "SoTien", "MaTienTe", "MaGiaoDich", "MaNganHang",
               "ThoiGianGD", "ThongTinGiaoDich")
    REFERENCE = "dvc0002031H53260907000720260907093300"

    def setUp(self):
        super().setUp()
        self.partner = self.ear()
        self.partner.answer = lambda path, body: (200, b'{"MaLoi": "00"}')
        self.sandbox(sandbox__payment_callback=self.partner.url + "/webhooks/payment",
                     sandbox__callback_backoff="20ms")

    @staticmethod
    def sign(fields, order):
        text = "|".join([fields[name] for name in order] + [SECRET])
        return hashlib.sha256(text.encode()).hexdigest()

    def message(self, order, **fields):
        fields["MaXacThuc"] = fields.get("MaXacThuc") or self.sign(fields, order)
        status, headers, body = call("POST", self.url + "/platform", fields)
        self.assertEqual(status, 200, body)
        return body if headers["Content-Type"] == "application/pdf" else json.loads(body)

    def init(self, **changes):
        return self.message(self.INIT, **{
            "LoaiBanTin": "INIT", "PhienBan": "1.0.6", "MaDoiTac": "DVCQG_TEST", "MaThamChieu": self.REFERENCE,
            "SoTien": "8000", "LoaiHinhThanhToan": "PAY", "MaKenhThanhToan": "1", "MaThietBi": "1",
            "NgonNgu": "vi-VN", "MaTienTe": "VND", "MaNganHang": "PAYMENT",
            "ThongTinGiaoDich": "THANH TOAN HO SO 000.20.31.H53-260907-0007", "ThoiGianGD": "20260907093300",
            "Ip": "192.0.2.10", **changes})

    def ask(self, kind="QUERY", **changes):
        return self.message(self.QUERY, **{
            "LoaiBanTin": kind, "PhienBan": "1.0.6", "MaDoiTac": "DVCQG_TEST", "MaThamChieu": self.REFERENCE,
            "ThoiGianGD": "20260907094000", **changes})

    def choose(self, page, action, **more):
        return call("POST", page, form={"action": action, "bank": "VIETINBANK", **more})

    def page(self, **changes):
        answer = self.init(**changes)
        self.assertEqual(answer["error_code"], "0", answer)
        return json.loads(answer["message"])["UrlThanhToan"]

    def confirmed(self):
        method, path, _, body = self.partner.next()
        self.assertEqual((method, path), ("POST", "/webhooks/payment"))
        fields = json.loads(body)
        self.assertEqual(fields["MaXacThuc"], self.sign(fields, self.CONFIRM))
        return fields

    def ledger(self):
        return json.loads(call("GET", self.url + "/platform/ledger")[2])

    def test_hash_is_that_of_the_vectors(self):
        fields = {"MaXacThuc": "23eeb6f0c97544703134bec07cbe558c9f91fc79582db8ab13e894cf317c11ee"}
        self.assertEqual(self.init(**fields)["error_code"], "0")

    def test_full_cycle(self):
        page = self.page()
        self.assertTrue(page.endswith("/platform/page/" + self.REFERENCE))
        self.assertIn("8000", call("GET", page)[2].decode())
        pending = self.ask()
        self.assertEqual((pending["TrangThaiGD"], pending["SoTien"], pending["MaGiaoDich"]), ("01", "8000", ""))
        self.assertEqual(self.ask("GET_BILL")["error_code"], "05")
        status, headers, _ = self.choose(page, "pay", return_url="http://portal.test/done?a=1")
        self.assertEqual(status, 302)
        self.assertEqual(headers["Location"],
                         f"http://portal.test/done?a=1&reference={self.REFERENCE}&state=00")
        told = self.confirmed()
        self.assertEqual((told["MaLoi"], told["SoTien"], told["MaNganHang"]), ("00", "8000", "VIETINBANK"))
        truth = self.ask()
        self.assertEqual((truth["error_code"], truth["TrangThaiGD"], truth["SoTien"]), ("0", "00", "8000"))
        self.assertEqual((truth["MaGiaoDich"], truth["MaThamChieu"]), (told["MaGiaoDich"], self.REFERENCE))
        self.assertTrue(self.ask("GET_BILL").startswith(b"%PDF-1.4"))
        self.assertEqual(self.choose(page, "pay")[0], 200)  # pressed twice
        self.assertTrue(self.partner.silent(0.1))
        ledger = self.ledger()
        self.assertEqual((ledger["paid"], ledger["total"]), (1, 8000))
        row = ledger["payments"][0]
        self.assertEqual((row["bookings"], row["confirms"], row["confirmed"]), (1, 1, True))

    def test_failed_then_paid_with_another_card(self):
        page = self.page()
        self.choose(page, "fail")
        self.assertEqual(self.confirmed()["MaLoi"], "24")
        self.assertEqual(self.ask()["TrangThaiGD"], "24")
        self.assertEqual(self.ledger()["total"], 0)
        self.choose(page, "pay", bank="BIDV")
        told = self.confirmed()
        self.assertEqual((told["MaLoi"], told["MaNganHang"]), ("00", "BIDV"))
        self.assertEqual(self.choose(page, "fail")[0], 200)
        self.assertEqual(self.ask()["TrangThaiGD"], "00")

    def test_refusals(self):
        self.assertEqual(self.init(MaXacThuc="0" * 64)["error_code"], "97")
        self.assertEqual(self.init(MaDoiTac="OTHER")["error_code"], "03")
        self.assertEqual(self.init(SoTien="08000")["error_code"], "04")
        self.assertEqual(self.init(SoTien="1" * 16)["error_code"], "04")
        self.assertEqual(self.init(MaTienTe="USD")["error_code"], "04")
        self.assertEqual(self.init(Ip="a|b")["error_code"], "99")
        self.assertEqual(self.init(PhienBan="1.0.7")["error_code"], "99")
        self.assertEqual(self.init(MaThamChieu="a/b")["error_code"], "99")
        self.assertEqual(self.ask()["error_code"], "01")
        self.assertEqual(self.ledger()["payments"], [])
        self.page()
        self.assertEqual(self.init()["error_code"], "02")
        self.assertEqual(call("GET", self.url + "/platform/page/unknown")[0], 404)
        page = self.url + "/platform/page/" + self.REFERENCE
        self.assertEqual(self.choose(page, "steal")[0], 400)
        self.assertEqual(self.choose(page, "pay", return_url="javascript:alert(1)")[0], 400)
        self.assertEqual(self.ask()["TrangThaiGD"], "01")

    def test_page_escapes_what_it_shows(self):
        page = self.page(ThongTinGiaoDich="<script>alert(1)</script>")
        self.assertNotIn("<script>", call("GET", page)[2].decode())
        self.assertNotIn('"><b', call("GET", page + "?return_url=%22%3E%3Cb")[2].decode())

    def test_confirm_is_repeated_until_it_is_taken(self):
        answers = [(500, b""), (200, b"no"), (200, b'{"MaLoi": "99"}'), (200, b'{"MaLoi": "00"}')]
        self.partner.answer = lambda path, body: answers.pop(0)
        self.choose(self.page(), "pay")
        told = [self.confirmed() for _ in range(4)]
        self.assertEqual(told[0], told[3])
        self.assertTrue(self.partner.silent(0.2))

    def test_faults_of_callbacks(self):
        self.fault("platform", "duplicate_callback", count=1)
        self.choose(self.page(), "pay")
        self.assertEqual(self.confirmed(), self.confirmed())
        self.fault("platform", "late_callback", count=1, ms=150)
        before = time.monotonic()
        self.choose(self.page(MaThamChieu="late"), "pay")
        self.confirmed()
        self.assertGreaterEqual(time.monotonic() - before, 0.15)
        self.fault("platform", "no_callback", count=1)
        self.choose(self.page(MaThamChieu="silent"), "pay")
        self.assertTrue(self.partner.silent(0.2))
        self.assertEqual(self.ask(MaThamChieu="silent")["TrangThaiGD"], "00")
        self.fault("platform", "wrong_amount", count=1)
        self.choose(self.page(MaThamChieu="wrong"), "pay")
        self.assertEqual(self.confirmed()["SoTien"], "9000")
        self.assertEqual(self.ask(MaThamChieu="wrong")["SoTien"], "9000")

    def test_faults_of_requests(self):
        for fault, status in (("http500", 500), ("throttle", 429)):
            self.fault("platform", fault, count=1)
            self.assertEqual(call("POST", self.url + "/platform", {})[0], status)
        self.fault("platform", "reset", count=1)
        self.assertRaises(BROKEN, self.init)
        self.assertEqual(self.ask()["error_code"], "01")  # not done
        self.fault("platform", "drop_reply", count=1)
        self.assertRaises(BROKEN, self.init)
        self.assertEqual(self.ask()["TrangThaiGD"], "01")  # done
        self.fault("platform", "garbage", count=1)
        self.assertRaises(ValueError, self.init, MaThamChieu="second")
        self.assertEqual(self.init(MaThamChieu="second")["error_code"], "02")  # done too
        self.fault("platform", "slow", count=1, ms=100)
        before = time.monotonic()
        self.ask()
        self.assertGreaterEqual(time.monotonic() - before, 0.1)


class Stopping(daemons.Story):
    def test_stops_while_somebody_waits(self):
        self.start("sandbox")
        port = self.port_of("sandbox")
        waiter = threading.Thread(target=lambda: self.broken_or_busy(port))
        waiter.start()
        time.sleep(0.1)
        waiter_alive = waiter.is_alive()
        self.doCleanups()
        waiter.join(daemons.PATIENCE_S)
        self.assertTrue(waiter_alive and not waiter.is_alive())

    @staticmethod
    def broken_or_busy(port):
        try:
            call("GET", f"http://127.0.0.1:{port}/handset/0912000101/wait?after=0&ms=60000")
        except BROKEN:
            pass


if __name__ == "__main__":
    daemons.Story.bin = sys.argv.pop(1)
    unittest.main()
