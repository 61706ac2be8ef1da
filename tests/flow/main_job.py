"""The main job from end to end, twice on the same data: scripts/run --demo, every number of it checked.

    main_job.py <folder of the daemons>
"""
import contextlib
import csv
import datetime
import hashlib
import io
import json
import re

import story
from story import demo

HANOI = datetime.timezone(datetime.timedelta(hours=7))
CODE = r"000\.20\.31\.H53-(\d{6})-(\d{4})"
TIME = r"\d\d:\d\d \d\d/\d\d/\d{4}"


def working_days():
    with open(f"{story.SOURCE}/common/data/calendar_vn.csv", encoding="utf-8") as file:
        return {row["date"]: row["kind"] for row in csv.DictReader(file)}


def same_day_or_next(at):
    """Answered the same working day when it came before 15:00, else by the end of the next one (S15)."""
    special = working_days()

    def works(day):
        kind = special.get(day.isoformat())
        return kind == "work" if kind else day.weekday() < 5

    day = at.date()
    if not works(day) or at.hour >= 15:
        day += datetime.timedelta(days=1)
        while not works(day):
            day += datetime.timedelta(days=1)
    return datetime.datetime.combine(day, datetime.time(17, 0))


class MainJob(story.Story):
    def walk(self):
        """The demo, its words, and when it was walked."""
        began = datetime.datetime.now(HANOI)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            try:
                demo.main(self.house, f"{self.house.keys_dir}/portal-demo.curve")
            except SystemExit as error:
                self.fail(f"{error}\n{said.getvalue()}")
        return said.getvalue(), began, datetime.datetime.now(HANOI)

    def told(self, text, pattern):
        found = re.search(pattern, text)
        self.assertIsNotNone(found, f"no «{pattern}» in:\n{text}")
        return found

    def test_twice_on_the_same_data(self):
        """S01 S02 S09 S15 S23; REG-13 REG-19 REG-20 REG-21, OTP-01 OTP-03 OTP-06, LOG-05, DOS-01 DOS-04 DOS-08 DOS-09,
        FEE-04, RCP-02 RCP-03 RCP-04 RCP-07, NOT-01."""
        for run in (1, 2):
            with self.subTest(run=run):
                self.up()
                text, began, ended = self.walk()
                if run == 1:
                    self.check_accounts(text)
                self.check_sign_in(text)
                code = self.check_dossier(text, run, began, ended)
                transaction, receipt = self.check_payment(text, run, code)
                self.check_notices(text, run, code, transaction, receipt)
                self.check_books_and_story(text, run, code, transaction)
                self.check_secrecy(text)
                self.down()

    def check_accounts(self, text):
        self.told(text, "a phone of somebody else: «Thông tin đăng ký không khớp với thông tin thuê bao tại nhà mạng Vinaphone, "
                        "vui lòng kiểm tra/đăng ký lại với nhà mạng!»")
        self.told(text, "of Nguyễn Thị Hoà Bình by ZeroMQ with CURVE")
        self.told(text, "of Phạm Thử Nghiệm by HTTP/JSON")
        ids = re.findall(r"account (\S{36}) at IAL2", text)
        self.assertEqual(len(set(ids)), 2, text)
        self.told(text, f"an operator gives {ids[1]} the desk of 000.20.31.H53")
        self.assertEqual(len(re.findall(r"Ma OTP dang ky tai khoan Cong DVCQG: \*{6}\. Hieu luc 2 phut\.", text)), 2)

    def check_sign_in(self, text):
        self.told(text, r"handset 091\*{4}101 shows: Ma OTP dang nhap Cong DVCQG: \*{6}\. Hieu luc 2 phut\. "
                        r"Khong cung cap ma nay cho bat ky ai\. Ky hieu [A-Z]\d\.")
        self.told(text, "Nguyễn Thị Hoà Bình signed in\n")
        self.told(text, "Phạm Thử Nghiệm signed in for 000.20.31.H53")

    def check_dossier(self, text, run, began, ended):
        self.told(text, "search «khai sinh» at Thị trấn Bến Cầu: 8 found, first 1.001193 Đăng ký khai sinh")
        self.told(text, f"draft saved: internal number {run}, no official code yet")
        self.told(text, f"attached {len(demo.PDF)} bytes of application/pdf, sha256 {hashlib.sha256(demo.PDF).hexdigest()[:16]}")
        self.told(text, "«Hồ sơ đã gửi»")
        accepted = self.told(text, f"the officer accepts: code ({CODE}), due ({TIME})")
        self.assertIn(accepted[2], {began.strftime("%y%m%d"), ended.strftime("%y%m%d")})
        if began.date() == ended.date():
            self.assertEqual(int(accepted[3]), run)
        due = datetime.datetime.strptime(accepted[4], "%H:%M %d/%m/%Y")
        self.assertIn(due, {same_day_or_next(began), same_day_or_next(ended)})
        self.told(text, f"the citizen sees: {accepted[1]} «Được tiếp nhận», money PAID")
        return accepted[1]

    def check_payment(self, text, run, code):
        self.told(text, f"order: Thanh toán lệ phí cho hồ sơ {code}: 1.000 VND, transaction fee 0 VND")
        failed = self.told(text, r"attempt (\S+): «Thanh toán không thành công»")
        good = self.told(text, r"attempt (\S+): «Thanh toán thành công»")
        self.assertNotEqual(failed[1], good[1])
        self.assertLess(failed.start(), good.start())
        receipt = self.told(text, r"receipt (28AA-\d\dE/(\d{7})): Lệ phí hộ tịch, Một nghìn đồng, transaction (\S+)")
        self.assertEqual(int(receipt[2]), run)
        rows = re.findall(r"history: \d\d/\d\d/\d{4} \d\d:\d\d:\d\d  (\d+) đ  (.+)", text)
        self.assertEqual(rows, [("1000", "Thanh toán không thành công"), ("1000", "Thanh toán thành công")])
        books = self.sandbox("GET", "/platform/ledger")
        self.assertEqual((books["paid"], books["total"]), (1, 1000), books)  # the platform begins anew with the house
        paid = json.dumps(books)
        self.assertIn(receipt[3], paid)
        self.assertIn(good[1], paid)
        return receipt[3], receipt[1]

    def check_notices(self, text, run, code, transaction, receipt):
        inbox = [told for told in re.findall(r"inbox: (.+)", text) if not told.startswith("Biên lai điện tử")]  # when its file is there
        self.assertEqual(len(inbox), 1 + 5 * run)
        self.assertRegex(inbox[0], f"^Chào Nguyễn Thị Hoà Bình, tài khoản của bạn trên Cổng Dịch vụ công đã được mở lúc {TIME}.$")
        # Two journals tell of a dossier: each in its order, which of the two is heard first is open.
        journals = [
            (f"Hồ sơ số {run} - Đăng ký khai sinh đã được gửi tới Thị trấn Bến Cầu lúc {TIME}. Vui lòng theo dõi",
             f"Hồ sơ {code} - Đăng ký khai sinh đã được Thị trấn Bến Cầu tiếp nhận lúc {TIME}. Hẹn trả kết quả: {TIME}."),
            (f"Cần nộp 1.000 đồng cho hồ sơ {code}.",
             f"Thanh toán 1.000 đồng cho hồ sơ {code} không thành công lúc {TIME}.",
             f"Đã thanh toán 1.000 đồng cho hồ sơ {code} lúc {TIME}. Mã giao dịch: {transaction}. Biên lai: {receipt}."),
        ]
        last = inbox[-5:]
        for journal in journals:
            places = [next((i for i, told in enumerate(last) if re.match(want, told)), None) for want in journal]
            self.assertNotIn(None, places, f"{journal} in {last}")
            self.assertEqual(places, sorted(places), last)
        self.told(text, "and 5 of them by SMS")

    def check_books_and_story(self, text, run, code, transaction):
        """The audit log is whole, and the dossier's story complete and causal."""
        self.told(text, r"whole: \d+ entries")
        self.told(text, rf"agency:000\.20\.31\.H53:charge:2771 +0 +{1000 * run}\n")
        self.told(text, rf"platform:receivable +{1000 * run} +0\n")
        self.told(text, rf"balanced +{1000 * run} +{1000 * run}\n")
        ledger = self.check_books()
        self.assertEqual(int(ledger["debit"]), 1000 * run)
        timeline = self.wait("all reports of delivery, and the receipt", lambda: self.timeline(code))
        entries = timeline["entries"]
        types = [e["type"] for e in entries]
        once = ["dossier.drafted", "dossier.attached", "dossier.sent", "dossier.counted", "dossier.accepted", "payment.order_created",
                "payment.attempt_failed", "payment.paid", "dossier.paid"]
        self.assertEqual([t for t in types if t in once], once)
        more = {"payment.attempt_started": 2, "notification.notice_made": 6, "otp.sms_queued": 5, "otp.sms_sent": 5,
                "otp.sms_delivered": 5, "payment.receipt_printed": 1, "dossier.document_made": 1}
        for kind, count in more.items():
            self.assertEqual(types.count(kind), count, (kind, types))
        self.assertEqual(len(types), len(once) + sum(more.values()), types)
        seen = set()
        for entry in entries:  # whatever an entry answers was told before it
            self.assertTrue(not entry.get("causeEvent") or entry["causeEvent"] in seen, (entry, sorted(seen)))
            seen.add(f"{entry['room']}/{entry['seq']}")
        causes = {e["type"]: e.get("causeEvent", "").split("/")[0] for e in entries}
        self.assertEqual((causes["payment.order_created"], causes["dossier.paid"]), ("dossier", "payment"))

    def timeline(self, code):
        timeline = json.loads(self.operator("-o", "json", "trace", code))
        kinds = ("otp.sms_delivered", "payment.receipt_printed", "dossier.document_made", "notification.notice_made")
        late = [e for e in timeline["entries"] if e["type"] in kinds]
        return timeline if len(late) == 13 and not timeline.get("missing") else None

    def check_secrecy(self, text):
        """Neither the logs nor the stores show who somebody is, nor a code."""
        codes = {found for phone in (demo.CITIZEN["phone"], demo.OFFICER["phone"])
                 for sms in self.steps.handset(phone) for found in re.findall(r": (\d{6})\. Hieu luc", sms)}
        self.assertTrue(codes)
        people = [value for who in (demo.CITIZEN, demo.OFFICER) for value in
                  (who["login_id"], who["phone"], "84" + who["phone"][1:], who["full_name"])]
        for place, secrets in (("log", people + [demo.PASSWORD] + [f": {c}." for c in codes]), ("data", people + [demo.PASSWORD])):
            for path in self.files(place):
                with open(path, "rb") as file:
                    content = file.read()
                for secret in secrets:
                    self.assertNotIn(secret.encode(), content, f"{path} shows {secret}")

    def files(self, place):
        if place == "log":
            return [f"{self.house.log_dir}/{name}.log" for name in self.house.processes]
        return [f"{self.folder}/{room}/data.mdb" for room in story.ROOMS]


if __name__ == "__main__":
    story.main()
