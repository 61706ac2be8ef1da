"""The payment platform in every mood: each of its successes is one paid order, or one open case (FEE-06, RCP-03, S23).

    platform_moods.py <folder of the daemons>
"""
import hashlib
import json
import urllib.parse

import story
from demo import OFFICER, UNIT
from people import generous_banks, person
from story import enum_name

CONFIRM = ("LoaiBanTin", "MaLoi", "MaDoiTac", "MaThamChieu", "SoTien", "MaTienTe", "MaGiaoDich", "MaNganHang", "ThoiGianGD",
           "ThongTinGiaoDich")
SECOND = person(77)
OrderChanged = story.message("motcua.payment.v1.OrderChanged")


class PlatformMoods(story.Story):
    extra = {"payment": {"payment.query_after": "1s", "payment.query_backoff": "100ms", "payment.query_backoff_max": "400ms"}}

    def settings(self):
        merged = super().settings()
        merged["payment"].update({"payment.platform_refunds": "true", "payment.banks_file": generous_banks(self.folder)})
        return merged

    def setUp(self):
        super().setUp()
        self.up()
        self.session, self.desk = self.citizen(), self.officer()

    def new_order(self):
        code = self.steps.accept(self.desk, self.steps.file_dossier(self.session))
        return self.wait("the order", lambda: self.steps.order(self.session, code))

    def order(self, order):
        return self.portal.call("payment", "GetOrder", {"order_id": order.order_id}, self.session)

    def start(self, order):
        return self.portal.call("payment", "StartPayment", {"order_id": order.order_id, "return_url": "http://127.0.0.1/"},
                                self.session)

    def settled(self, order, attempt):
        return self.wait("the payment's end", lambda: self.steps.settled(self.session, order.order_id, attempt))

    def paid(self, order, attempt):
        """Exactly one success, one receipt, and the dossier knows."""
        done = self.settled(order, attempt)
        self.assertEqual((enum_name(done, "state"), done.message), ("SUCCEEDED", "Thanh toán thành công"))
        now = self.order(order)
        self.assertEqual((enum_name(now, "state"), len(now.receipts)), ("PAID", 1))
        self.wait("the dossier to know", lambda: enum_name(self.portal.call(
            "dossier", "Get", {"dossier_id": order.dossier_id}, self.session), "money") == "PAID")
        return done

    def page(self, reference, action="pay"):
        """The payer at the platform, whatever we know of it."""
        self.steps.choose(f"{self.steps.sandbox}/platform/page/{urllib.parse.quote(reference)}", action)

    def at_platform(self, reference):
        return next((p for p in self.sandbox("GET", "/platform/ledger")["payments"] if p["reference"] == reference), None)

    def account(self, suffix):
        ledger = json.loads(self.operator("-o", "json", "ledger", "check"))
        rows = [b for b in ledger.get("balances", []) if b["account"].endswith(suffix)]
        return sum(int(b.get("debit", 0)) - int(b.get("credit", 0)) for b in rows)

    def agree(self, orders):
        """The platform's book and ours: every success there is one paid order or one case here, to the đồng."""
        self.check_books()
        attempts = {a.reference: a for order in orders for a in self.order(order).attempts}
        book = self.sandbox("GET", "/platform/ledger")
        paid_there = sorted(p["reference"] for p in book["payments"] if p["state"] == "00")
        taken = sorted(r for r, a in attempts.items() if enum_name(a, "state") in ("SUCCEEDED", "SUSPENSE"))
        self.assertEqual(paid_there, taken)
        self.assertEqual(self.account("platform:receivable"), book["total"])
        types = self.types()
        states = [enum_name(a, "state") for a in attempts.values()]
        self.assertEqual(types.get("payment.paid", 0), states.count("SUCCEEDED"))
        self.assertEqual(types.get("payment.suspense", 0), states.count("SUSPENSE"))
        for order in orders:
            now = self.order(order)
            good = sum(enum_name(a, "state") == "SUCCEEDED" for a in now.attempts)
            self.assertEqual((good, len(now.receipts)), (1, 1) if enum_name(now, "state") == "PAID" else (0, 0))

    def test_callbacks_lost_doubled_and_early(self):
        orders = [self.new_order() for _ in range(4)]
        lost, doubled, early, unheard = orders

        self.fault("platform", "no_callback", count=1)  # our own question finds out
        attempt, url = self.steps.start_payment(self.session, lost.order_id)
        self.steps.choose(url, "pay")
        self.paid(lost, attempt)

        self.fault("platform", "duplicate_callback", count=1)
        attempt, url = self.steps.start_payment(self.session, doubled.order_id)
        self.steps.choose(url, "pay")
        self.paid(doubled, attempt)
        self.wait("the second callback", lambda: self.at_platform(self.order(doubled).attempts[0].reference)["confirms"] == 2)

        self.fault("platform", "slow", count=1, ms=2000)  # INIT is done, its answer is late
        started = self.start(early)
        self.wait("the platform to know the payment", lambda: self.at_platform(started.reference))
        self.page(started.reference)
        self.paid(early, started.attempt_id)
        self.assertEqual(self.order(early).attempts[0].pay_url, "")

        self.fault("platform", "drop_reply", count=1)  # INIT is done, its answer never comes
        started = self.start(unheard)
        self.wait("the answer to be lost", lambda: enum_name(self.order(unheard).attempts[0], "state") == "UNKNOWN")
        self.page(started.reference)
        self.paid(unheard, started.attempt_id)
        self.agree(orders)

    def test_questions_that_fail(self):
        """A time-out is unknown, never failed: asked again until the platform says how it is."""
        order = self.new_order()
        attempt, url = self.steps.start_payment(self.session, order.order_id)
        self.fault("platform", "http500", count=2)
        self.fault("platform", "garbage", count=2)
        self.fault("platform", "reset", count=1)
        self.steps.choose(url, "pay")
        self.paid(order, attempt)
        struck = {f["fault"]: f["struck"] for f in self.sandbox("GET", "/faults") if f["system"] == "platform"}
        self.assertEqual(struck, {"http500": 2, "garbage": 2, "reset": 1})

        nobody = self.new_order()  # INIT's answer is lost and nobody pays: it ends, and another try is free
        self.fault("platform", "drop_reply", count=1)
        started = self.start(nobody)
        end = self.settled(nobody, started.attempt_id)
        self.assertEqual((enum_name(end, "state"), end.error, end.message),
                         ("FAILED", "NOT_PAID_IN_TIME", "Thanh toán không thành công"))
        attempt, url = self.steps.start_payment(self.session, nobody.order_id)
        self.steps.choose(url, "pay")
        self.paid(nobody, attempt)
        self.agree([order, nobody])

    def test_money_that_does_not_fit(self):
        """A wrong amount, and a second payment of one order: in the books, for an officer, never a receipt."""
        wrong = self.new_order()
        self.fault("platform", "wrong_amount", count=1)
        attempt, url = self.steps.start_payment(self.session, wrong.order_id)
        self.steps.choose(url, "pay")
        case = self.settled(wrong, attempt)
        self.assertEqual((enum_name(case, "state"), case.error), ("SUSPENSE", "AMOUNT_WRONG"))
        self.assertEqual(enum_name(self.order(wrong), "state"), "PENDING")
        self.assertEqual(self.account("suspense:platform"), -2000)

        twice = self.new_order()
        first, first_url = self.steps.start_payment(self.session, twice.order_id)
        self.steps.choose(first_url, "fail")
        self.assertEqual(enum_name(self.settled(twice, first), "state"), "FAILED")
        second, second_url = self.steps.start_payment(self.session, twice.order_id)
        self.steps.choose(second_url, "pay")
        self.paid(twice, second)
        self.steps.choose(first_url, "pay")  # another card, after all
        case = self.wait("the case", lambda: self.is_case(twice, first))
        self.assertEqual(case.error, "ALREADY_PAID")
        self.assertEqual(self.account("suspense:platform"), -3000)
        self.agree([wrong, twice])

    def test_word_against_word_and_money_that_goes_back(self):
        """CONFIRM that lies or is late, a platform that forgets; two officers; refunds, one without an answer (D4)."""
        self.second = self.clerk(SECOND)
        order = self.new_order()  # 1.000 đ: a try that failed, and one that did not (RCP-03, RCP-04)
        self.fault("platform", "stale_callback", count=1, ms=1500)  # its "not paid" comes after the other's "paid"
        first, url = self.steps.start_payment(self.session, order.order_id)
        self.steps.choose(url, "fail")
        self.assertEqual(self.settled(order, first).message, "Thanh toán không thành công")
        self.fault("platform", "contradict", count=1)  # "not paid", it says, and has the money
        self.fault("platform", "forget", count=2)
        second, url = self.steps.start_payment(self.session, order.order_id)
        self.steps.choose(url, "pay")
        self.paid(order, second)
        rows = [(a.amount, a.message) for a in self.order(order).attempts]
        self.assertEqual(rows, [(1000, "Thanh toán không thành công"), (1000, "Thanh toán thành công")])
        self.wait("the late word", lambda: self.at_platform(self.order(order).attempts[0].reference)["confirms"] >= 1)
        self.assertEqual(enum_name(self.order(order), "state"), "PAID")

        self.steps.choose(f"{self.steps.sandbox}/platform/page/{self.order(order).attempts[0].reference}", "pay")
        case = self.wait("the case", lambda: next(iter(self.officers("ListCases", {}).cases), None))
        self.assertEqual((enum_name(case, "kind"), case.amount, case.expected), ("DOUBLE_PAYMENT", 1000, 1000))
        case = self.officers("ResolveCase", {"case_id": case.case_id, "version": case.version, "action": "REFUND_PAYER",
                                             "reason": "nộp hai lần"})
        decide = {"case_id": case.case_id, "version": case.version, "approve": True}
        self.refused("SECOND_PERSON_NEEDED", "payment", "ApproveCase", decide, self.desk)
        self.fault("platform", "drop_reply", count=1)  # it has sent the money back, and its answer is lost
        self.officers("ApproveCase", decide, self.second)
        self.wait("the refund", lambda: self.refunds("REFUND_DONE"))
        self.assertEqual(self.types().get("payment.refund_unknown", 0), 1)

        refund = self.officers("RequestRefund", {"order_id": order.order_id, "amount": 1000, "reason": "rút hồ sơ"})
        self.assertTrue(refund.by_platform)
        self.officers("ApproveRefund", {"refund_id": refund.refund_id, "version": refund.version, "approve": True}, self.second)
        self.wait("the other refund", lambda: len(self.refunds("REFUND_DONE")) == 2)
        self.assertEqual(enum_name(self.order(order), "state"), "REFUNDED")
        receipt = self.portal.call("payment", "GetReceipt", {"number": self.order(order).receipts[0]}, self.session)
        self.assertEqual(receipt.cancel_reason, "REFUNDED")
        self.wait("the dossier to say so", lambda: enum_name(self.portal.call(
            "dossier", "Get", {"dossier_id": order.dossier_id}, self.session), "money") == "REFUNDED")
        there = self.sandbox("GET", "/platform/ledger")["payments"]
        self.assertEqual(sorted(p["refunded"] for p in there), [1000, 1000])
        for account in ("platform:receivable", "suspense:platform", "refunds:payable"):
            self.assertEqual(self.account(account), 0, account)
        self.check_books()

    def clerk(self, person):
        self.steps.register(person)
        self.steps.grant_desk(person)
        for login_id in (person["login_id"], OFFICER["login_id"]):
            self.local("operator:check").call("identity", "GrantRights", {
                "login_id": login_id, "unit": UNIT, "reason": "đối soát",
                "rights": ["DOSSIER_RECEIVE", "DOSSIER_PROCESS", "RECONCILE"]})
        self.desk = self.steps.login(OFFICER)  # a session has the rights of its day
        return self.steps.login(person)

    def officers(self, method, values, session=None):
        return self.portal.call("payment", method, values, session or self.desk)

    def refunds(self, state):
        return [r for r in self.officers("ListRefunds", {"all": True}).refunds if enum_name(r, "state") == state]

    def is_case(self, order, attempt_id):
        attempt = self.steps.attempt(self.session, order.order_id, attempt_id)
        return attempt if enum_name(attempt, "state") == "SUSPENSE" else None

    def confirm(self, attempt, secret=None, **changes):
        """A CONFIRM as a stranger would send it to /webhooks/payment; the answer's (status, MaLoi)."""
        values = dict(zip(CONFIRM, ("CONFIRM", "00", "DVCQG_TEST", attempt.reference, "1000", "VND", "FT20260907101500000001",
                                    "VIETINBANK", "20260907101500", "x"), strict=True), **changes)
        values["MaXacThuc"] = hashlib.sha256("|".join([*(values[f] for f in CONFIRM), secret or self.house.platform_secret()[1]]).encode()).hexdigest()
        status, _, body = self.http("POST", f"{self.steps.http.base}/webhooks/payment", json.dumps(values).encode(),
                                    {"Content-Type": "application/json"})
        return status, json.loads(body)["MaLoi"]

    def test_forged_callbacks(self):
        """None of them moves money, each is in the audit; even one with the right hash is only asked about."""
        order = self.new_order()
        attempt_id, _ = self.steps.start_payment(self.session, order.order_id)
        attempt = self.steps.attempt(self.session, order.order_id, attempt_id)
        for changes, reason in (({"secret": "guess"}, "HASH_WRONG"), ({"MaDoiTac": "SOMEBODY"}, "PARTNER_WRONG"),
                                ({"MaThamChieu": "dvc0"}, "REFERENCE_UNKNOWN"), ({"SoTien": "1"}, "AMOUNT_WRONG"),
                                ({"MaTienTe": "USD"}, "CURRENCY_WRONG")):
            status, code = self.confirm(attempt, **changes)
            self.assertEqual((status, code == "00"), (200, False), (reason, code))
        status, _, _ = self.http("POST", f"{self.steps.http.base}/webhooks/payment", b"{", {"Content-Type": "application/json"})
        self.assertEqual(status, 400)
        told = [OrderChanged.FromString(e.body).reason for e in self.journal("payment") if e.type == "payment.confirm_refused"]
        self.assertEqual(told[:5], ["HASH_WRONG", "PARTNER_WRONG", "REFERENCE_UNKNOWN", "AMOUNT_WRONG", "CURRENCY_WRONG"])

        self.assertEqual(self.confirm(attempt), (200, "00"))  # somebody who knows the secret lies: the platform is asked
        self.wait("the question", lambda: enum_name(self.steps.attempt(self.session, order.order_id, attempt_id), "state")
                  == "CONFIRMING")
        self.assertEqual(enum_name(self.order(order), "state"), "PENDING")
        self.page(attempt.reference)
        self.paid(order, attempt_id)
        self.agree([order])


if __name__ == "__main__":
    story.main()
