"""Dossiers, tax vouchers and receipts reach a province's one-door system: in order, once in effect, whatever fails.

    partners.py <folder of the daemons>
"""
import base64
import hashlib
import json
import signal
import socket
import subprocess
import time
import urllib.parse

import story
from story import enum_name

DST = "VN:COOP:000.00.00.H53"


class Partners(story.Story):
    extra = {"payment": {"payment.query_after": "1s", "payment.query_backoff": "100ms", "payment.query_backoff_max": "400ms"},
             "partner": {"partner.retry_first": "100ms", "partner.retry_max": "400ms", "partner.probe_first": "300ms",
                         "partner.late_after": "3"}}

    def control(self, *words):
        ran = subprocess.run([f"{self.bin}/motcuactl", "--run-dir", self.house.run_dir, "-o", "json", *words],
                             capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def received(self):
        return self.sandbox("GET", f"/province/received/{DST}")

    def told(self, kind):
        """How often the partner room has told this so far; others may have something left to do."""
        reply = self.local("room:check").call("partner", "Follow", {"after": 0, "credit": 500, "wait_ms": 0})
        return sum(event.type == kind for event in reply.events)

    def of(self, code):
        return [(i["service"], i["state"]) for i in self.received() if i["object"] == code]

    def goes_wrong(self, fault, **more):
        self.sandbox("POST", "/province/faults", {"dstcode": DST, "fault": fault, **more})

    def advance(self, dossier_id, to, **more):
        version = self.portal.call("dossier", "Get", {"dossier_id": dossier_id}, self.desk).version
        self.portal.call("dossier", "Advance", {"dossier_id": dossier_id, "version": version, "to": to, **more}, self.desk)

    def synced(self, dossier_id):
        return enum_name(self.portal.call("dossier", "Get", {"dossier_id": dossier_id}, self.desk), "sync") == "SYNC_DONE"

    def test_a_province_has_it_all(self):
        self.up()
        self.session, self.desk = self.citizen(), self.officer()
        self.house.save_partner(self.house.partner("tayninh", "000.00.00.H53", DST))
        self.in_order()
        self.faults_and_a_death()
        self.down_and_up()
        self.voucher()
        self.it_tells_us()
        self.it_fetches()

    def filed(self):
        dossier_id = self.steps.file_dossier(self.session)
        return dossier_id, self.steps.accept(self.desk, dossier_id)

    def in_order(self):
        """S15: DongBoHoSoMC, then CapNhatTienDoHoSoMC."""
        dossier_id, code = self.filed()
        self.advance(dossier_id, "PROCESSING")
        self.wait("the province to have it", lambda: len(self.of(code)) == 2)
        self.assertEqual(self.of(code), [("DongBoHoSoMC", self.of(code)[0][1]), ("CapNhatTienDoHoSoMC", "4")])
        self.wait("the dossier to know", lambda: self.synced(dossier_id))

    def faults_and_a_death(self):
        """Lost answers, dead sessions, 500s and a kill in between: each reference has one effect."""
        made = []
        for fault in ("lose", "expire", "http500", "garbage", "exists"):
            self.goes_wrong(fault, count=1)
            dossier_id, code = self.filed()
            self.advance(dossier_id, "PROCESSING")
            made.append(code)
        self.goes_wrong("slow", ms=300)
        dossier_id, code = self.filed()
        self.advance(dossier_id, "PROCESSING")
        made.append(code)
        self.house.kill("partner", signal.SIGKILL)
        self.goes_wrong("none")
        self.house.start("partner")
        self.wait("all to arrive", lambda: all(len(self.of(c)) == 2 for c in made))
        for code in made:
            self.assertEqual([service for service, _ in self.of(code)], ["DongBoHoSoMC", "CapNhatTienDoHoSoMC"], code)
        references = [i["reference"] for i in self.received()]
        self.assertEqual(len(references), len(set(references)))
        self.assertTrue(any(i["times"] > 1 for i in self.received()), "nothing was repeated: the faults did not strike")

    def down_and_up(self):
        """Its circuit opens, is told once, and closes when it answers; what waited goes out."""
        self.goes_wrong("down")
        codes = []
        for _ in range(2):
            dossier_id, code = self.filed()
            codes.append(code)
        self.wait("the circuit to open",
                  lambda: json.loads(self.control("partner", "show", "tayninh"))["circuit"].get("failures", 0) >= 5)
        self.wait("it to be told", lambda: self.told("partner.circuit_opened") == 1)
        late = json.loads(self.control("delivery", "list", "tayninh", "failing"))["deliveries"]
        self.assertTrue(late and late[0]["state"] == "DELIVERY_LATE", late)
        self.goes_wrong("none")
        self.wait("what waited", lambda: all(self.of(code) for code in codes))
        self.wait("the end to be told", lambda: self.told("partner.circuit_closed") == 1
                  and self.told("partner.delivery_recovered") >= 1)
        shown = json.loads(self.control("delivery", "show", self.id_of(late[0])))
        self.assertGreaterEqual(len(shown["history"]), 3)

    def id_of(self, delivery):
        return base64.b64decode(delivery["deliveryId"]).hex()

    def voucher(self):
        """S27: the citizen pays a land notice, the province acknowledges, payment knows."""
        dossier_id, code = self.filed()
        self.advance(dossier_id, "PROCESSING")
        name = "Lệ phí trước bạ nhà đất"
        self.wait("payment to know the dossier", lambda: self.tell_notices(code, [("TB-1", name, 1378500)])[1]["status"] == "1")
        self.pay_land(self.session, code, "TB-1", "2801", name, 1378500)

        def acknowledged():
            vouchers = self.portal.call("payment", "ListVouchers", {"dossier_code": code}, self.desk).vouchers
            return [enum_name(v, "state") for v in vouchers] == ["VOUCHER_ACKNOWLEDGED"]

        self.wait("payment to know that the province has it", acknowledged)
        self.assertIn(("ThanhToanThueDat", ""), self.of(code))

    def it_tells_us(self):
        """CapNhatTienDoHoSoMC, TraCuuHoSo and DongBoHoiDap of its own system: taken once, and no echo goes back (F)."""
        secret = f"{self.folder}/inbound.credential"
        with open(secret, "w") as file:
            file.write("tayninh.motcua\nMot-Cua#2026x\n")
        self.control("partner", "credential", "tayninh", "inbound", secret, "test")

        def post(path, **body):
            _, _, text = self.http("POST", f"{self.steps.http.base}/dvcqg/v1/{path}", json.dumps(body).encode(),
                                   {"Content-Type": "application/json", "dstcode": "VN:DVCQG"})
            return json.loads(text)

        session = self.session_there = post("session", username="tayninh.motcua", password="Mot-Cua#2026x")["session"]
        dossier_id, code = self.filed()
        self.wait("the province to have it", lambda: len(self.of(code)) == 1)
        at = time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 7 * 3600))
        step = {"MaHoSo": code, "TrangThai": 4, "ThoiDiemXuLy": at, "NoiDungXuLy": "Phòng Tư pháp thụ lý"}
        for again in (False, True):
            told = post("data", session=session, service="CapNhatTienDoHoSoMC", data=[step])
            self.assertEqual(told["error_code"], "0", told)
            self.assertEqual((told["result"]["steps"][0]["state"], told["result"]["steps"][0].get("again", False)), ("PROCESSING", again))
        wrong = post("data", session=session, service="CapNhatTienDoHoSoMC", data=[{**step, "MaHoSo": "000.00.00.H36-260907-0001"}])
        self.assertEqual([v["field"] for v in wrong["violations"]], ["steps[0].code"])
        found = post("data", session=session, service="TraCuuHoSo", MaHoSo=code)["result"]
        self.assertEqual((found["code"], found["state"], found["steps"][-1]["to"]), (code, "PROCESSING", "PROCESSING"))
        self.wait("the dossier to be in step", lambda: self.synced(dossier_id))
        self.assertEqual(len(self.of(code)), 1)  # nothing was sent back
        question = {"MaHoiDap": "HD-1", "TenDonVi": "Tỉnh Tây Ninh", "HoTen": "Lê Văn Cam", "TieuDe": "Giờ làm việc", "NoiDung": "?"}
        kept = [post("data", session=session, service="DongBoHoiDap", **question)["result"]["code"] for _ in range(2)]
        self.assertEqual(len(set(kept)), 1)

    def upload(self, content):
        part = 256 * 1024
        upload = self.portal.call("dossier", "StartUpload", {"size": len(content)}, self.session).upload_id
        for at in range(0, len(content), part):
            self.portal.call("dossier", "UploadPart", {"upload_id": upload, "offset": at, "content": content[at:at + part]}, self.session)
        self.portal.call("dossier", "FinishUpload", {"upload_id": upload, "sha256": hashlib.sha256(content).hexdigest()}, self.session)
        return upload

    def it_fetches(self):
        """The dossier's files, named in what it was sent (DuongDanTaiTepTin): whole, in parts, and by nobody else."""
        content = b"%PDF-1.7\n" + bytes(i * 7 % 251 for i in range(8 << 20))
        upload, attach = self.upload(content), self.portal.call

        def with_drawing(room, method, request=None, session="", **more):
            if method == "Attach":
                request = {"dossier_id": request["dossier_id"], "component": "Bản vẽ", "file_name": "ban-ve.pdf", "upload_id": upload}
            return attach(room, method, request, session, **more)

        self.steps.portal.call = with_drawing
        dossier_id, code = self.filed()
        self.steps.portal.call = attach
        self.wait("the province to have it", lambda: self.of(code))
        url = next(i["file"] for i in self.received() if i["object"] == code)
        self.assertTrue(url.startswith(f"{self.steps.http.base}/dvcqg/v1/file?MaHoSo={code}&"), url)

        def fetch(method="GET", address=url, session=self.session_there, **headers):
            return self.http(method, address, headers={"session": session, **headers})

        status, headers, body = fetch()
        self.assertEqual((status, headers["Content-Type"], int(headers["Content-Length"])), (200, "application/pdf", len(content)))
        self.assertEqual(headers["ETag"], f'"{hashlib.sha256(body).hexdigest()}"')
        self.assertEqual(body, content)
        cut = (1 << 20) + 12345
        status, headers, rest = fetch(Range=f"bytes={cut}-")
        self.assertEqual((status, headers["Content-Range"]), (206, f"bytes {cut}-{len(content) - 1}/{len(content)}"))
        self.assertEqual(body[:cut] + rest, content)
        self.assertEqual(fetch(Range="bytes=0-8")[2], content[:9])
        status, headers, nothing = fetch("HEAD")
        self.assertEqual((status, int(headers["Content-Length"]), nothing), (200, len(content), b""))
        for part in (f"bytes={len(content)}-", f"bytes={len(content) + 1}-"):
            self.assertEqual(fetch(Range=part)[0], 416, part)
        self.assertEqual(fetch(session="tayninh.x")[0], 401)
        self.assertEqual(fetch(address=url[:-1] + ("0" if url[-1] != "0" else "1"))[0], 404)
        self.assertEqual(fetch(address=url.replace(".H53-", ".H36-"))[0], 404)

        def seen():
            accesses = self.portal.call("audit", "ListAccesses", {"page_size": 100}, self.session).accesses
            return any(a.actor == "partner:tayninh" and a.type == "dossier.file_read" for a in accesses)

        self.wait("the citizen to see who fetched it", seen)
        self.slow_readers(url, fetch)

    def slow_readers(self, url, fetch):
        """They hold a piece each, not the file, and not all places: one more is asked to come again, until they leave."""
        where = urllib.parse.urlsplit(url)
        slow = []
        for _ in range(8):
            reader = socket.socket()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect((where.hostname, where.port))
            reader.sendall(f"GET {where.path}?{where.query} HTTP/1.1\r\nHost: x\r\nsession: {self.session_there}\r\n\r\n".encode())
            self.assertIn(b"200 OK", reader.recv(64))
            slow.append(reader)
        status, headers, _ = fetch()
        self.assertEqual((status, headers["Retry-After"]), (429, "1"))
        for reader in slow:
            reader.close()
        self.wait("their places", lambda: fetch("HEAD")[0] == 200)


if __name__ == "__main__":
    story.main()
