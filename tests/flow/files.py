"""Files on real daemons: an upload in parts over a killed daemon, and papers of the data store used again (S33).

    files.py <folder of the daemons>
"""
import contextlib
import hashlib
import os
import signal
import socket
import struct
import threading
import time

import story
from story import OFFICER, UNIT, enum_name, person

RIGHTS = "DOSSIER_RECEIVE,DOSSIER_PROCESS,DOSSIER_APPROVE,RESULT_RETURN,E_CERT_CREATE,E_CERT_SEAL,E_CERT_REPORT"
CHAIRMAN = person(44)
PART = 256 * 1024
DRAWING = b"%PDF-1.7\n" + bytes(i * 7 % 251 for i in range(6 * 1024 * 1024))  # more than one message takes
BIRTH = b"%PDF-1.7\nGiay khai sinh so 123/2026"
PURPOSE = {"purpose": "Thẩm định hồ sơ"}


# The test file all scanners know; put together here, so that none of them takes this file for it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD" + b"-ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd:
    """A small stand-in for clamd's INSTREAM, with moods; it counts what it was asked in each."""

    def __init__(self, path):
        self.mood, self.seen, self.path = "good", {}, path
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(path)
        self.door.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                peer = self.door.accept()[0]
                with peer, contextlib.suppress(OSError):
                    self.answer(peer)

    def answer(self, peer):
        mood = self.mood
        self.seen[mood] = self.seen.get(mood, 0) + 1
        peer.settimeout(5)
        stream = peer.makefile("rb")
        if stream.read(10) != b"zINSTREAM\0":
            raise AssertionError("not INSTREAM")
        if mood == "limit":
            peer.sendall(b"INSTREAM size limit exceeded. ERROR\0")
            return
        content = b""
        while size := struct.unpack(">I", stream.read(4))[0]:
            content += stream.read(size)
            if mood == "cut":
                return
        if mood == "slow":
            peer.recv(1)  # until it gives up
            return
        found = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
        peer.sendall(b"stream: Can't allocate memory ERROR\0" if mood == "error" else found)


class Files(story.Story):
    extra = {"dossier": {"dossier.orphan_grace": "1s", "store.map_size": "128MiB", "dossier.scanner": "true",
                         "dossier.scan_backoff": "50ms"},
             "support": {"support.scanner": "true", "support.scan_backoff": "50ms"}}

    def dossier(self, method, request, session, **more):
        return self.portal.call("dossier", method, request, session, **more)

    def draft(self, session, procedure="1.004873"):
        return self.dossier("SaveDraft", {"procedure_code": procedure, "unit": UNIT, "abstract": "Thử nghiệm tệp", "form": "{}"},
                            session).dossier_id

    def parts(self, session, upload, content, begin, end):
        for at in range(begin, end, PART):
            self.dossier("UploadPart", {"upload_id": upload, "offset": at, "content": content[at:at + PART]}, session)

    def upload(self, session, content):
        upload = self.dossier("StartUpload", {"size": len(content)}, session).upload_id
        self.parts(session, upload, content, 0, len(content))
        self.dossier("FinishUpload", {"upload_id": upload, "sha256": hashlib.sha256(content).hexdigest()}, session)
        return upload

    def step(self, session, dossier, to):
        version = self.dossier("Get", {"dossier_id": dossier}, session, purpose="Xử lý").version
        return self.dossier("Advance", {"dossier_id": dossier, "version": version, "to": to}, session)

    def desk(self):
        self.steps.register(OFFICER)
        self.operator("rights", "grant", OFFICER["login_id"], UNIT, RIGHTS, "flow test")
        return self.steps.login(OFFICER)

    def test_large_files_and_reuse(self):
        """S33, DIG-01, DIG-02, DIG-03, DIG-04."""
        self.up()
        citizen, desk = self.citizen(), self.desk()
        dossier = self.draft(citizen)
        self.check_upload(citizen, dossier)
        self.dossier("Submit", {"dossier_id": dossier}, citizen)
        self.check_scanner(desk, dossier)
        self.check_reading(citizen, desk, dossier)
        self.step(desk, dossier, "PROCESSING")
        self.check_certified_copy(citizen, desk, dossier)
        done = self.step(desk, dossier, "FINISHED")
        paper = self.check_deposit(desk, dossier, done.version)
        self.check_reuse(citizen, paper)
        self.check_bad_files(citizen, desk)
        self.check_feedback(citizen)
        self.end_daemons(["scanworker"])

    def check_upload(self, citizen, dossier):
        """Killed in the middle, it goes on where it was; handed in twice, it is kept once."""
        upload = self.dossier("StartUpload", {"size": len(DRAWING)}, citizen).upload_id
        middle = len(DRAWING) // PART // 2 * PART
        self.parts(citizen, upload, DRAWING, 0, middle)
        self.end_daemons(["dossier"], signal.SIGKILL)
        self.start_daemons(["dossier"])
        at = self.dossier("GetUpload", {"upload_id": upload}, citizen)
        self.assertEqual((at.received, at.content_type), (middle, "application/pdf"))
        self.refused("UPLOAD_INCOMPLETE", "dossier", "FinishUpload", {"upload_id": upload, "sha256": "0" * 64}, citizen)
        self.parts(citizen, upload, DRAWING, middle, len(DRAWING))
        self.refused("FILE_CHECKSUM", "dossier", "FinishUpload", {"upload_id": upload, "sha256": "0" * 64}, citizen)
        told = hashlib.sha256(DRAWING).hexdigest()
        self.assertEqual(self.dossier("FinishUpload", {"upload_id": upload, "sha256": told}, citizen).sha256, told)
        kept = self.dossier("Attach", {"dossier_id": dossier, "component": "Bản vẽ", "file_name": "ban-ve.pdf", "upload_id": upload},
                            citizen)
        self.assertEqual((kept.size, kept.sha256), (len(DRAWING), told))
        again = self.upload(citizen, DRAWING)
        self.dossier("Attach", {"dossier_id": dossier, "component": "Bản vẽ 2", "file_name": "2.pdf", "upload_id": again}, citizen)

    def scan(self, session, dossier):
        view = self.dossier("Get", {"dossier_id": dossier}, session, purpose="Xử lý")
        return {enum_name(paper, "scan") for paper in view.attachments}

    def check_scanner(self, desk, dossier):
        """Not received before it is known to be clean; a scanner that is away or unwell only makes it wait."""
        self.assertEqual(self.scan(desk, dossier), {"SCAN_WAITING"})
        ask = {"dossier_id": dossier, "version": self.dossier("Get", {"dossier_id": dossier}, desk, purpose="Xử lý").version}
        self.refused("FILE_NOT_SCANNED", "dossier", "Accept", ask, desk)
        path = f"{self.folder}/clamd"
        self.house.extra["scanworker"] = {"scanworker.clamd": path, "scanworker.timeout": "150ms", "scanworker.wait": "200ms"}
        self.house.start("scanworker")
        log = f"{self.house.log_dir}/scanworker.log"
        self.wait("a scanner that is away to be noticed", lambda: os.path.exists(log) and "NO_SCANNER" in open(log).read())
        self.clamd = Clamd(path)
        for mood in ("slow", "good"):
            self.clamd.mood = mood
            self.wait(f"a {mood} scanner", lambda mood=mood: self.clamd.seen.get(mood))
        self.wait("it to be found clean", lambda: self.scan(desk, dossier) == {"SCAN_CLEAN"})
        self.steps.accept(desk, dossier)

    def check_bad_files(self, citizen, desk):
        """Infected: never given out, and nothing goes on. Cut off and confused: asked again. Too large: told."""
        for mood, content, state, code in (("cut", b"%PDF-1.7\n" + EICAR, "SCAN_INFECTED", "FILE_INFECTED"),
                                           ("limit", b"%PDF-1.7\nlong", "SCAN_IMPOSSIBLE", "FILE_UNSCANNABLE")):
            self.clamd.mood = mood
            dossier = self.draft(citizen)
            paper = {"dossier_id": dossier, "component": "Đơn", "file_name": "don.pdf", "content": content}
            sha256 = self.dossier("Attach", paper, citizen).sha256
            version = self.dossier("Submit", {"dossier_id": dossier}, citizen).version
            self.wait(f"a {mood} scanner", lambda mood=mood: self.clamd.seen.get(mood))
            if mood == "cut":
                self.clamd.mood = "error"
                self.wait("a confused scanner", lambda: self.clamd.seen.get("error"))
                self.clamd.mood = "good"
            self.wait(state, lambda state=state, dossier=dossier: self.scan(citizen, dossier) == {state})
            self.refused(code, "dossier", "Accept", {"dossier_id": dossier, "version": version}, desk)
            if state == "SCAN_INFECTED":
                self.refused(code, "dossier", "ReadAttachment", {"dossier_id": dossier, "sha256": sha256}, citizen)
                self.refused(code, "dossier", "Attach", {**paper, "dossier_id": self.draft(citizen)}, citizen)
                self.assertEqual(self.types({"dossier": self.journal("dossier")})["dossier.file_infected"], 1)

    def feedback_with(self, file):
        return {"kind": "KIND_QUESTION", "unit": UNIT, "unit_name": "Sở Thử nghiệm", "title": "Tệp đính kèm", "text": "Xem tệp.",
                "name": "Nguyễn Văn An", "address": "Hà Nội", "phone": "0981000101", "file_ids": [file]}

    def check_feedback(self, citizen):
        """The other room that takes files, by the same worker: what is infected goes nowhere."""
        self.clamd.mood = "good"
        ids = []
        for content in (BIRTH, b"%PDF-1.7\n" + EICAR):
            at = self.portal.call("support", "StartUpload", {"file_name": "don.pdf", "size": len(content)}, citizen)
            self.portal.call("support", "UploadPart", {"file_id": at.file_id, "content": content}, citizen)
            self.portal.call("support", "FinishUpload", {"file_id": at.file_id, "sha256": hashlib.sha256(content).hexdigest()}, citizen)
            ids.append(at.file_id)
        sent = self.portal.call("support", "SendFeedback", self.feedback_with(ids[0]), citizen)

        def scan():
            return enum_name(self.portal.call("support", "GetFeedback", {"code": sent.code}, citizen).files[0], "scan")

        self.wait("it to be looked at", lambda: scan() == "SCAN_CLEAN")
        self.assertEqual(self.portal.call("support", "ReadFile", {"file_id": ids[0]}, citizen).content, BIRTH)
        self.wait("the infected one", lambda: "support.file_infected" in self.types({"support": self.journal("support")}))
        self.refused("FILE_INFECTED", "support", "SendFeedback", self.feedback_with(ids[1]), citizen)

    def check_reading(self, citizen, desk, dossier):
        """In ranges; an officer for a purpose; all of it in the log."""
        sha256 = hashlib.sha256(DRAWING).hexdigest()
        ask = {"dossier_id": dossier, "sha256": sha256, "length": 1 << 20}
        self.refused("FILE_READ_IN_PARTS", "dossier", "ReadAttachment", {**ask, "length": 0}, citizen)
        self.refused("PURPOSE_REQUIRED", "dossier", "ReadAttachment", ask, desk)
        back = b""
        while len(back) < len(DRAWING):
            back += self.dossier("ReadAttachment", {**ask, "offset": len(back)}, desk, **PURPOSE).content
        self.assertEqual(back, DRAWING)
        self.assertEqual(self.types({"dossier": self.journal("dossier")})["dossier.file_read"], 7)

    def check_certified_copy(self, citizen, desk, dossier):
        """Created by one officer, signed by another, sealed: a page signed by the agency, which anybody may hold against the file."""
        sha256 = hashlib.sha256(DRAWING).hexdigest()
        copy = self.dossier("CreateCertifiedCopy", {"dossier_id": dossier, "sha256": sha256, "name": "Bản vẽ", "number": "BV-1",
                                                    "issuer": "Công ty Thử nghiệm", "pages": 3}, desk)
        ask = {"dossier_id": dossier, "copy_id": copy.copy_id}
        self.refused("RIGHT_MISSING", "dossier", "SignCertifiedCopy", ask, desk)
        self.steps.register(CHAIRMAN)
        self.operator("rights", "grant", CHAIRMAN["login_id"], UNIT, "E_CERT_SIGN", "flow test")
        self.dossier("SignCertifiedCopy", ask, self.steps.login(CHAIRMAN))
        sealed = self.dossier("SealCertifiedCopy", ask, desk)
        self.assertEqual((enum_name(sealed, "state"), sealed.copy_number), ("COPY_SEALED", "1/SCT/BS"))

        def printed():
            documents = self.dossier("ListDocuments", {"dossier_id": dossier}, citizen).documents
            return next((d for d in documents if d.document_id == sealed.document_id and enum_name(d, "state") == "DOCUMENT_READY"), None)

        self.wait("the page of certification", printed)
        page = self.dossier("GetDocument", {"dossier_id": dossier, "document_id": sealed.document_id}, citizen).content
        self.assertTrue(page.startswith(b"%PDF"))
        code = dossier.hex() + copy.copy_id.hex()
        good = self.dossier("VerifyCertifiedCopy", {"code": code, "sha256": sha256}, "")
        self.assertEqual((good.valid, good.copy_number, good.signed_by_name), (True, "1/SCT/BS", CHAIRMAN["full_name"]))
        self.assertFalse(self.dossier("VerifyCertifiedCopy", {"code": code, "sha256": "0" * 64}, "").valid)
        month = time.strftime("%Y%m", time.gmtime(sealed.sealed_at_ms / 1000 + 7 * 3600))
        rows = self.dossier("ReportCertifiedCopies", {"from_month": month, "to_month": month}, desk).rows
        self.assertEqual([(r.unit, r.created, r.signed, r.sealed) for r in rows], [(UNIT, 1, 1, 1)])

    def check_deposit(self, desk, dossier, version):
        reply = self.dossier("DepositPaper", {
            "dossier_id": dossier, "version": version, "origin": "RESULT_OF_DOSSIER", "content": BIRTH,
            "file_name": "giay-khai-sinh.pdf", "result_code": "KQ.G15.000031", "number": "123/2026", "issued_on": "07/09/2026"}, desk)
        self.assertEqual((reply.paper.name, reply.paper.issuer), ("Giấy khai sinh", UNIT))
        return reply.paper

    def check_reuse(self, citizen, paper):
        """A later dossier takes it from the store: marked, not uploaded; its holder sees the use."""
        mine = self.dossier("ListStoredPapers", {"result_code": "KQ.G15.000031", "valid_only": True}, citizen).papers
        self.assertEqual([p.paper_id for p in mine], [paper.paper_id])
        later = self.draft(citizen)
        self.dossier("ReusePaper", {"dossier_id": later, "paper_id": paper.paper_id, "component": "Giấy khai sinh"}, citizen)
        seen = self.dossier("Get", {"dossier_id": later}, citizen).attachments[0]
        self.assertEqual((enum_name(seen, "digitised"), seen.from_data_store), ("REUSED_RESULT", True))
        content = self.dossier("ReadStoredPaper", {"issuer": UNIT, "paper_id": paper.paper_id}, citizen).content
        self.assertEqual(content, BIRTH)
        uses = self.dossier("ListPaperUses", {"paper_id": paper.paper_id}, citizen).uses
        self.assertEqual([u.how for u in uses], ["READ", "REUSED"])


if __name__ == "__main__":
    story.main()
