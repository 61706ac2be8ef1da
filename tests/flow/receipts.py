"""Receipts: paid, printed, signed, read with the tools anybody has, checked without us, cancelled and replaced.

    receipts.py <folder of the daemons>
"""
import base64
import json
import os
import re
import subprocess

import story
from authority import Authorities
from story import OFFICER, UNIT, enum_name

AGENCY = "ỦY BAN NHÂN DÂN THỊ TRẤN BẾN CẦU"
MEMBER = "portal:tayninh"


def run(*command, want=0):
    done = subprocess.run(command, capture_output=True)
    assert done.returncode == want, f"{' '.join(command)}: {done.returncode} {done.stdout!r} {done.stderr!r}"
    return done.stdout.decode(errors="replace")


class Receipts(story.Story):
    extra = {"payment": {"payment.members": f"{MEMBER}=000.00.00.H53"}}

    def setUp(self):
        super().setUp()
        self.authorities = Authorities(f"{self.folder}/authorities")
        self.addCleanup(self.authorities.stop)
        self.authorities.agency(UNIT, AGENCY)
        self.up()
        self.gateway = f"http://127.0.0.1:{self.house.port('gateway')}"
        # whoever checks signatures trusts the state's authority
        self.nss = f"{self.folder}/nss"
        os.makedirs(self.nss)
        run("certutil", "-N", "-d", self.nss, "--empty-password")
        run("certutil", "-A", "-d", self.nss, "-n", "CA", "-t", "CT,C,C", "-i", self.authorities.government.root)

    def rpc(self, method, body, session, want=200):
        status, _, text = self.http("POST", f"{self.gateway}/motcua.payment.v1.Payment/{method}", json.dumps(body).encode(),
                                    {"Content-Type": "application/json", "Authorization": f"Bearer {session}"})
        self.assertEqual(status, want, text)
        return json.loads(text)

    def download(self, number, session):
        """The file as a browser gets it."""
        file = self.rpc("GetReceiptFile", {"number": number, "waitMs": 9000}, session)
        path = f"{self.folder}/{file['fileName']}"
        with open(path, "wb") as out:
            out.write(base64.b64decode(file["pdf"]))
        return file, path

    def signature(self, path):
        return run("pdfsig", "-nssdir", self.nss, path)

    def code_on(self, path):
        run("pdftoppm", "-r", "150", "-png", "-singlefile", path, path)
        return run("zbarimg", "-q", "--raw", f"{path}.png").rstrip("\n")

    def verify(self, code, want=0):
        return run(f"{self.bin}/motcua-verify", "receipt", code, f"{self.house.keys_dir}/payment.pub", want=want)

    def test_paid_printed_checked_cancelled_replaced(self):
        """RCP-01 to RCP-05, RCP-07, S23: 1.000 đ failed first, then paid; «In biên lai»; a wrong one is never changed."""
        session = self.citizen()
        self.steps.register(OFFICER)
        self.operator("rights", "grant", OFFICER["login_id"], UNIT, "DOSSIER_RECEIVE,DOSSIER_PROCESS,FEE_COLLECT", "QĐ 1")
        desk = self.steps.login(OFFICER)
        code = self.steps.accept(desk, self.steps.file_dossier(session))
        self.steps.pay(session, code)

        # RCP-01 … RCP-04, RCP-07: the history, as the portal shows it
        rows = self.rpc("ListTransactions", {}, session)["transactions"]
        self.assertEqual([(r["dossierCode"], r["amountText"], r["outcome"], r.get("printLabel", "")) for r in rows],
                         [(code, "1,000 đ", "Thanh toán không thành công", ""), (code, "1,000 đ", "Thanh toán thành công", "In biên lai")])
        for row in rows:
            self.assertRegex(row["atText"], r"^\d\d/\d\d/20\d\d (0\d|1[0-2]):\d\d:\d\d [AP]M$")
        number, = rows[1]["receipts"]

        # RCP-05: the file, read with other people's tools
        file, path = self.download(number, session)
        self.assertEqual((file["signedBy"], file["pages"], file["fileName"]), (AGENCY, 1, f"bien-lai-{number.replace('/', '-')}.pdf"))
        text = run("pdftotext", "-layout", path, "-")
        for words in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "BIÊN LAI THU LỆ PHÍ", number.split("/")[1],
                      "Người nộp: Nguyễn Thị Hoà Bình", "Số tiền: 1.000 đồng", "Một nghìn đồng", f"Mã hồ sơ: {code}", AGENCY):
            self.assertIn(words, text)
        self.assertIn("No syntax or stream encoding errors", run("qpdf", "--check", path))
        told = self.signature(path)
        for words in ("Signature is Valid.", "Certificate is Trusted.", "ETSI.CAdES.detached", "Total document signed", AGENCY):
            self.assertIn(words, told)
        with open(path, "rb") as whole:
            changed = bytearray(whole.read())
        changed[changed.index(b"stream") + 20] ^= 1
        with open(f"{path}.changed", "wb") as out:
            out.write(changed)
        self.assertNotIn("Signature is Valid.", self.signature(f"{path}.changed"))

        # the code on it, checked by a program that asks nobody
        proof = self.code_on(path)
        told = self.verify(proof)
        for words in (f"Số: {number}", "Số tiền: 1.000 đ (Một nghìn đồng)", "Người nộp: Nguyễn Thị Hoà Bình", f"Mã hồ sơ: {code}"):
            self.assertIn(words, told)
        self.verify(re.sub(r".(.{30})$", r"0\1" if proof[-31] != "0" else r"1\1", proof), want=1)
        self.verify("MCBL1:NOTHING", want=65)

        # the office took down a wrong name: cancelled, with a reference, and another in its place
        self.rpc("CancelReceipt", {"number": number, "reason": "Sai tên", "replace": True}, session, want=403)
        old = self.rpc("CancelReceipt", {"number": number, "reason": "Sai tên người nộp", "replace": True,
                                         "payerName": "Nguyễn Thị Hòa Bình"}, desk)
        fresh = old["replacedBy"]
        self.assertEqual(int(fresh.split("/")[1]), int(number.split("/")[1]) + 1)
        refused = self.rpc("GetReceiptFile", {"number": number}, session, want=409)
        self.assertIn("đã bị hủy", json.dumps(refused, ensure_ascii=False))
        _, path = self.download(fresh, session)
        text = run("pdftotext", "-layout", path, "-")
        self.assertIn(f"Thay thế biên lai số {number} đã hủy", text)
        self.assertIn("Người nộp: Nguyễn Thị Hòa Bình", text)
        self.assertIn(f"Thay thế biên lai: {number}", self.verify(self.code_on(path)))
        rows = self.rpc("ListTransactions", {}, session)["transactions"]
        self.assertEqual(rows[1]["receipts"], [fresh])

        # the office's register, and the province's own system
        listed = self.rpc("ListReceipts", {}, desk)["receipts"]
        self.assertEqual([r["number"] for r in listed], [number, fresh])
        member = self.local(MEMBER)
        self.assertEqual([r.number for r in member.call("payment", "ListReceipts", {}).receipts], [number, fresh])
        self.assertTrue(member.call("payment", "GetReceiptFile", {"number": fresh}).pdf.startswith(b"%PDF-"))
        self.refused("SESSION_REQUIRED", "payment", "ListReceipts", {}, portal=self.local("portal:other"))

        types = self.types()
        self.assertEqual((types["payment.receipt_printed"], types["payment.receipt_cancelled"]), (2, 1))
        self.check_books()
        self.check_secrecy()

    def check_secrecy(self):
        """Who paid is on the paper, and sealed in the store."""
        with open(f"{self.folder}/payment/data.mdb", "rb") as store:
            whole = store.read()
        self.assertNotIn("Hoà Bình".encode(), whole)
        self.assertNotIn(b"%PDF-1.5", whole)

    def test_the_print_room_is_away(self):
        """Who pays waits for no paper; the job does, and the receipt comes when the room is back. S38: killed in between."""
        session = self.citizen()
        desk = self.officer()
        self.house.kill("print")
        code = self.steps.accept(desk, self.steps.file_dossier(session))
        self.steps.pay(session, code)
        number, = self.rpc("ListTransactions", {}, session)["transactions"][1]["receipts"]
        self.assertEqual(enum_name(self.portal.call("payment", "GetReceipt", {"number": number}, session), "kind"), "CHARGE")
        self.rpc("GetReceiptFile", {"number": number}, session, want=503)
        self.house.kill("payment")
        self.start_daemons(["print", "payment"])
        self.wait("the receipt", lambda: self.printed(number, session))
        self.assertEqual(self.types()["payment.receipt_printed"], 1)

    def printed(self, number, session):
        try:
            return self.portal.call("payment", "GetReceiptFile", {"number": number, "wait_ms": 1000}, session).pdf
        except story.Refused:
            return None


if __name__ == "__main__":
    story.main()
