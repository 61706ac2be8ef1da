"""Our e-mails at other people's server: aiosmtpd with TLS and AUTH, read back by Python's email package (NOT-07).

usage: mail_peer.py <mail_tool>
"""
import email
import email.policy
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

TOOL = sys.argv[1]
SUBJECT = "Thông báo: hồ sơ 000.20.31.H53-260907-0007 - Đăng ký khai sinh đã được Thị trấn Bến Cầu tiếp nhận, hẹn trả kết quả"
TEXT = "Kính gửi bà Bình,\n.một dòng bắt đầu bằng dấu chấm\n.\nFrom đây <script>alert(\"&\")</script>\n" + "ế" * 3000
TO = "binh@example.com"


class Relay:
    """Takes mail, after so many refusals of a recipient; slow or lost after DATA when told so."""

    def __init__(self, rcpt=(), data="250 2.0.0 Ok"):
        self.rcpt, self.data, self.mails, self.asked = list(rcpt), data, [], threading.Event()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        if self.data == "cut":
            server.transport.abort()
            return "421 4.0.0 gone"
        return self.data


class Listener(Controller):
    def __init__(self, relay, tls, implicit, auth=False):
        self.tls, self.auth = tls, auth
        super().__init__(relay, hostname="127.0.0.1", port=0, ssl_context=tls if implicit else None)

    def factory(self):
        def check(server, session, envelope, mechanism, data):
            return AuthResult(success=(data.login, data.password) == (b"portal", b"s3cret"))

        starttls = self.tls if self.ssl_context is None else None
        return SMTP(self.handler, tls_context=starttls, require_starttls=starttls is not None, authenticator=check,
                    auth_required=self.auth, auth_require_tls=starttls is not None, hostname="relay.example")

    def _trigger_server(self):  # its own would connect to the port that was asked for, which is any
        socket.create_connection(self.server.sockets[0].getsockname()).close()


def certificate(folder):
    cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=relay", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


def send(port, scheme="smtps", to=TO, subject=SUBJECT, text=TEXT, timeout_ms=10000, user="", password="", ca=None):
    url = "-" if port is None else f"{scheme}://127.0.0.1:{port}"
    return subprocess.run([TOOL, url, ca or CERT, str(timeout_ms), user, password, to, subject, text, FILE],
                          capture_output=True, timeout=30)


def told(relay, implicit=True, auth=False, **more):
    listener = Listener(relay, TLS, implicit, auth)
    listener.start()
    try:
        port = listener.server.sockets[0].getsockname()[1]
        said = send(port, "smtps" if implicit else "smtp", **more)
        assert said.returncode == 0, said
        return said.stdout.decode().split()
    finally:
        listener.stop()


def arrived(content):
    """What came is what was sent, in the words of another reader."""
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    head = content.split(b"\r\n\r\n")[0]
    assert head.isascii() and all(len(line) <= 78 for line in head.split(b"\r\n")), head
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert not mail.defects and not any(part.defects for part in mail.walk())
    assert mail["Subject"] == SUBJECT, mail["Subject"]
    assert mail["From"].addresses[0].display_name == "Cổng Dịch vụ công Quốc gia"
    assert mail["From"].addresses[0].addr_spec == "khong-tra-loi@dichvucong.example"
    assert [a.addr_spec for a in mail["To"].addresses] == [TO]
    assert mail["Message-ID"] == "<notice.01@dichvucong.example>"
    assert mail["Date"].datetime.timestamp() * 1000 == 1788746400000, mail["Date"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == "<https://dichvucong.example/thong-bao>"
    assert mail.get_content_type() == "multipart/mixed"
    assert mail.get_body(("plain",)).get_content() == TEXT
    html = mail.get_body(("html",)).get_content()
    assert "<script" not in html and "&lt;script&gt;alert(&quot;&amp;&quot;)" in html
    (file,) = mail.iter_attachments()
    assert file.get_filename() == "Biên lai “số 1”.pdf" and file.get_content_type() == "application/pdf"
    assert file.get_content() == Path(FILE).read_bytes()


with tempfile.TemporaryDirectory() as folder:
    CERT, key = certificate(folder)
    (Path(folder) / "other").mkdir()
    OTHER, _ = certificate(f"{folder}/other")
    TLS = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    TLS.load_cert_chain(CERT, key)
    FILE = f"{folder}/bien-lai.pdf"
    Path(FILE).write_bytes(b"%PDF-1.7\r\n.\r\n" + bytes(range(256)) * 40)

    for implicit in (True, False):  # smtps, and STARTTLS
        relay = Relay()
        assert told(relay, implicit) == ["answered", "250"]
        ((sender, to, content),) = relay.mails
        assert (sender, to) == ("khong-tra-loi@dichvucong.example", [TO])
        arrived(content)

    assert told(Relay(), False, auth=True, user="portal", password="s3cret") == ["answered", "250"]
    # a relay that does not know us has said nothing about the mail
    for wrong in ({"user": "portal", "password": "wrong"}, {}):
        relay = Relay()
        said = told(relay, False, auth=True, **wrong)
        assert said[0] == ("not_sent" if wrong else "answered") and not relay.mails, said
    # greylisting, then taken: the relay's own word each time
    relay = Relay(rcpt=["451 4.7.1 Greylisted"])
    assert told(relay) == ["answered", "451"] and not relay.mails
    assert told(relay) == ["answered", "250"] and len(relay.mails) == 1
    assert told(Relay(rcpt=["550 5.1.1 No such user"])) == ["answered", "550"]
    assert told(Relay(data="554 5.7.1 Not wanted")) == ["answered", "554"]
    # it may have the mail, and it does
    relay = Relay(data="cut")
    assert told(relay)[0] == "unknown" and len(relay.mails) == 1
    # who the relay is, is checked before a word is said
    relay = Relay()
    assert told(relay, ca=OTHER)[0] == "not_sent" and not relay.mails

    # a peer that takes the connection and says nothing; one that is not there
    with socket.create_server(("127.0.0.1", 0)) as mute:
        said = send(mute.getsockname()[1], timeout_ms=300)
        assert said.stdout.split()[0] == b"not_sent", said
        port = mute.getsockname()[1]
    assert send(port).stdout.split()[0] == b"not_sent"

    # nobody gets into the headers
    for bad in ({"to": "binh@example.com\r\nBcc: x@example.com"}, {"to": "binh@example.com>, <x@example.com"},
                {"subject": "Thông báo\r\nBcc: x@example.com"}, {"subject": "a\nb"}):
        assert send(None, **bad).returncode == 65, bad
    assert send(port, scheme="http").returncode == 66
print("ok")
