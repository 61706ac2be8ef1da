"""Paying by bank transfer: the code on the screen, the bank's notices, its statement (S25, 3.8, 3.9).

    vietqr.py <folder of the daemons>
"""
import base64
import datetime
import hashlib
import hmac
import json
import subprocess
import time

import story
from story import UNIT, enum_name

BANK, ACCOUNT = "970415", "990000000017"
HANOI = datetime.timezone(datetime.timedelta(hours=7))


class VietQr(story.Story):
    extra = {"payment": {"payment.query_after": "1s", "payment.query_backoff": "100ms", "payment.query_backoff_max": "400ms"}}

    def notice(self, number, amount, content, secret=None):
        """What the bank sends; its answer's status and word."""
        body = json.dumps({"bank": BANK, "account": ACCOUNT, "transaction_id": number, "amount": str(amount), "currency": "VND",
                           "time": datetime.datetime.now(HANOI).strftime("%Y%m%d%H%M%S"), "content": content}).encode()
        stamp = str(int(time.time()))
        mac = hmac.new((secret or self.house.bank_secret()[1]).encode(), f"msg_{number}.{stamp}.".encode() + body, hashlib.sha256)
        status, _, text = self.http("POST", f"{self.steps.http.base}/webhooks/bank", body, {
            "Content-Type": "application/json", "Webhook-Id": f"msg_{number}", "Webhook-Timestamp": stamp,
            "Webhook-Signature": "v1," + base64.b64encode(mac.digest()).decode()})
        return status, json.loads(text)["result"]

    def order(self):
        code = self.steps.accept(self.desk, self.steps.file_dossier(self.session))
        return code, self.wait("the order", lambda: self.steps.order(self.session, code))

    def state(self, order):
        return enum_name(self.portal.call("payment", "GetOrder", {"order_id": order.order_id}, self.session), "state")

    def statement(self, partner, rows):
        path = f"{self.folder}/statement.csv"
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(rows) + "\n")
        day = datetime.datetime.now(HANOI).strftime("%Y-%m-%d")
        return json.loads(self.operator("-o", "json", "payment", "reconcile", day, partner, path))

    def test_by_transfer(self):
        self.up()
        self.session, self.desk = self.citizen(), self.officer()
        operator = self.local("operator:test")
        self.operator("payment", "account", UNIT, BANK, ACCOUNT, "UBND TT BEN CAU")
        self.assertIn(ACCOUNT, self.operator("payment", "account"))

        code, order = self.order()
        qr = self.portal.call("payment", "GetQr", {"order_id": order.order_id, "format": "PNG"}, self.session)
        path = f"{self.folder}/qr.png"
        with open(path, "wb") as file:
            file.write(qr.image)
        read = subprocess.run(["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", path], capture_output=True, text=True)
        self.assertEqual(read.stdout.strip(), qr.payload)
        self.assertIn(f"0006{BANK}0112{ACCOUNT}", qr.payload)
        self.assertIn("54041000", qr.payload)

        # Nobody's notice, too little, then the dossier's code twice, once without its punctuation.
        self.assertEqual(self.notice("FT0", 1000, code, secret="somebody-else"), (401, "UNAUTHORIZED"))
        self.assertEqual(self.notice("FT1", 700, f"CT den 700 {qr.reference}"), (200, "OK"))
        self.assertEqual(self.state(order), "PENDING")
        self.assertEqual(self.notice("FT2", 1000, f"CT den 1000 {code}"), (200, "OK"))
        self.assertEqual(self.notice("FT2", 1000, "CT den 1000 " + code.replace(".", "").replace("-", "")), (200, "KNOWN"))
        paid = self.portal.call("payment", "GetOrder", {"order_id": order.order_id}, self.session)
        self.assertEqual((enum_name(paid, "state"), len(paid.receipts)), ("PAID", 1))
        self.wait("the dossier to know", lambda: enum_name(self.portal.call(
            "dossier", "Get", {"dossier_id": order.dossier_id}, self.session), "money") == "PAID")
        self.assertEqual(self.notice("FT3", 1000, qr.reference.lower()), (200, "OK"))  # once more
        self.assertEqual(self.notice("FT4", 5000, "khong ro"), (200, "OK"))
        transfers = operator.call("payment", "ListTransfers", {"bin": BANK, "account": ACCOUNT}).transfers
        self.assertEqual([enum_name(t, "state") for t in transfers], ["UNDERPAID", "TAKEN", "DUPLICATE", "UNMATCHED"])
        self.assertEqual(len(self.operator("payment", "cases").splitlines()), 3)

        # The bank's statement: what notices told, one that no notice told, and nothing that is missing.
        now = datetime.datetime.now(HANOI)
        code, other = self.order()
        reference = self.portal.call("payment", "GetQr", {"order_id": other.order_id}, self.session).reference
        rows = [f"FT{n},{now:%d/%m/%Y %H:%M},{amount},{words}" for n, amount, words in (
            (1, 700, "x"), (2, 1000, "x"), (3, 1000, "x"), (4, 5000, "x"), (5, 1000, reference[:9] + reference[10:]))]
        day = self.statement(f"{BANK}/{ACCOUNT}", ["Số tham chiếu,Ngày giao dịch,Số tiền,Nội dung", *rows])
        self.assertEqual((day["rows"], day["matched"], day.get("differenceCount", 0)), (5, 5, 0), day)
        self.assertEqual(self.state(other), "PAID")

        # The platform lists one whose confirmation never came, and one that nobody knows.
        code, third = self.order()
        self.fault("platform", "no_callback", count=1)
        attempt, url = self.steps.start_payment(self.session, third.order_id)
        self.steps.choose(url, "pay")
        reference = self.steps.attempt(self.session, third.order_id, attempt).reference
        day = self.statement("platform", ["MaThamChieu,SoTien,TrangThaiGD", f"{reference},1000,00", "dvcnobody,9000,00"])
        self.assertEqual(day["rows"], 2)
        self.wait("the payment's end", lambda: self.state(third) == "PAID")
        report = operator.call("payment", "GetReconciliation", {"day": day["day"]})
        self.assertEqual({d.reference: enum_name(d, "kind") for d in report.differences if not d.resolved_at_ms},
                         {"dvcnobody": "ONLY_THERE"})
        file = operator.call("payment", "GetReconciliation", {"day": day["day"], "format": "XLSX"}).file
        self.assertEqual(file[:2], b"PK")
        self.check_books()


if __name__ == "__main__":
    story.main()
