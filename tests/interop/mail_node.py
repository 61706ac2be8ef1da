"""Our e-mails at another maker's server: npm's smtp-server, in all its manners (NOT-07). mail_peer.py has aiosmtpd.

usage: mail_node.py <mail_tool> <folder of the build>
"""
import base64
import email
import email.policy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from npm import HERE, packages

TOOL = sys.argv[1]
SUBJECT, TEXT = "Thông báo: hồ sơ đã được tiếp nhận", "Kính gửi bà Bình,\n.\nHẹn trả kết quả ngày 21/09/2026.\n"
TO, TIMEOUT_MS, PATIENCE_MS = "binh@example.com", 20000, 500


class Server:
    def __init__(self, node, place, folder):
        self.cert = f"{folder}/cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=relay", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/key.pem",
                        "-out", self.cert], check=True, capture_output=True)
        self.file = f"{folder}/a.pdf"
        Path(self.file).write_bytes(b"%PDF-1.7\r\n.\r\n" + bytes(range(256)))
        self.process = subprocess.Popen([node, "mail_server.mjs", self.cert, f"{folder}/key.pem"], cwd=place,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self.process.stdout.readline())

    def send(self, manner, timeout_ms=TIMEOUT_MS, user="", password=""):
        url = f"{'smtps' if manner == 'implicit' else 'smtp'}://127.0.0.1:{self.ports[manner]}"
        done = subprocess.run([TOOL, url, self.cert, str(timeout_ms), user, password, TO, SUBJECT, TEXT, self.file],
                              capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.split()

    def end(self):
        """The mails that came."""
        told, _ = self.process.communicate(timeout=60)
        return [json.loads(line) for line in told.splitlines()]


def read(mail):
    message = email.message_from_bytes(base64.b64decode(mail["content"]), policy=email.policy.default)
    assert not message.defects
    return mail["from"], mail["to"], str(message["Subject"]), message.get_body(("plain",)).get_content()


def walk(server):
    taken, send = ["answered", "250"], server.send
    for manner in ("implicit", "starttls", "bare"):
        assert send(manner) == taken, manner
    assert send("auth", user="portal", password="s3cret") == taken
    assert send("auth", user="portal", password="wrong")[0] == "not_sent"
    assert send("greylisting") == ["answered", "451"]
    assert send("greylisting") == taken
    assert send("gone") == ["answered", "550"]
    assert send("full") == ["answered", "552"]
    # no TLS is offered: not a word of the mail is said in the clear
    assert send("stripped")[0] == "not_sent"
    began = time.monotonic()
    # one that never greets has nothing; one that never says what it did with the mail may have it
    assert send("slow_banner", PATIENCE_MS)[0] == "not_sent"
    assert send("slow_data", 4 * PATIENCE_MS)[0] == "unknown"
    assert time.monotonic() - began < 30  # libcurl by itself waits 120 s for an answer to QUIT


node = packages(Path(sys.argv[2]) / "connect")
place = Path(sys.argv[2]) / "connect"
shutil.copy(HERE / "mail_server.mjs", place)
with tempfile.TemporaryDirectory() as folder:
    server = Server(node, os.fspath(place), folder)
    try:
        walk(server)
    finally:
        mails = server.end()
    assert [mail["manner"] for mail in mails] == ["implicit", "starttls", "bare", "auth", "greylisting"], mails
    for mail in mails:
        assert mail["secure"], mail["manner"]
        assert read(mail) == ("khong-tra-loi@dichvucong.example", [TO], SUBJECT, TEXT), read(mail)
        assert not {"SMTPUTF8", "BODY"} & set(mail["options"]) and base64.b64decode(mail["content"]).isascii()
print("ok")
