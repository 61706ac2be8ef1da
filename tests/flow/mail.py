"""E-mails on real daemons, at other people's server: aiosmtpd with TLS (NOT-07, NOT-08).

    mail.py <folder of the daemons>
"""
import email
import email.policy
import socket
import ssl
import subprocess

import story
from aiosmtpd.controller import Controller
from demo import PASSWORD
from story import person

MAKER = person(51)
UNIT = "000.00.00.H53"
TO, NOBODY = "mot-cua@tayninh.example.vn", "khong-co@tayninh.example.vn"
FORM = {"unit_name": "Tỉnh Tây Ninh", "requester": "Trần Thị Bưởi", "phone": "0912000101", "contact": "Lê Văn Cam",
        "contact_phone": "0912000102"}


class Relay:
    """Knows nobody of NOBODY's address; refuses the others as often as it is told to."""

    def __init__(self):
        self.busy, self.asked, self.mails, self.senders = 0, 0, [], []

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.asked += 1
        if address == NOBODY:
            return "550 5.1.1 No such user"
        if self.busy > 0:
            self.busy -= 1
            return "451 4.7.1 Greylisted"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        self.senders.append(envelope.mail_from)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 2.0.0 Ok"


class Listener(Controller):
    def _trigger_server(self):  # its own would connect to the port that was asked for, which may be any
        socket.create_connection(self.server.sockets[0].getsockname()).close()


class Mail(story.Story):
    def setUp(self):
        super().setUp()
        cert, key = f"{self.folder}/relay.pem", f"{self.folder}/relay.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=relay", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(cert, key)
        self.relay, self.listener = Relay(), None
        self.port = self.listen(0)
        self.addCleanup(self.away)
        self.extra = {"notification": {
            "notification.relay": f"smtps://127.0.0.1:{self.port}", "notification.relay_ca_file": cert,
            "notification.mail_from": "khong-tra-loi@dichvucong.example.vn",
            "notification.bounce_to": "tra-lai@dichvucong.example.vn", "notification.mail_retry": "100ms"}}

    def listen(self, port):
        self.listener = Listener(self.relay, hostname="127.0.0.1", port=port, ssl_context=self.tls)
        self.listener.start()
        return self.listener.server.sockets[0].getsockname()[1]

    def away(self):
        if self.listener is not None:
            self.listener.stop()
            self.listener = None

    def request(self, address):
        api = {"name": "API BNDP thanh toán thuế đất", "url": "https://tayninh.example.vn/api"}
        asked = {"format": "FORMAT_CONFIGURE_API", "unit_name": "Tây Ninh", "apis": [api]}
        proposed = self.portal.call("support", "ProposeRequest", asked, self.session)
        form = {**FORM, "email": address, "service_group": proposed.service_group, "service": proposed.service,
                "title": proposed.title, "description": proposed.description}
        return self.portal.call("support", "CreateRequest", {"form": form}, self.session).code

    def waiting(self):
        return sum(lane.queued + lane.leased for lane in self.stats("notification").lanes if lane.lane == "mail")

    def subjects(self):
        return [str(mail["Subject"]) for mail in self.relay.mails]

    def test_mail(self):
        self.up()
        self.steps.register(MAKER)
        account = self.operator("rights", "grant", MAKER["login_id"], UNIT, "SUPPORT_REQUEST_MANAGE", "test").strip()
        self.session = self.steps.login(MAKER)

        self.relay.busy = 2  # greylisting: the same mail again, and then it is taken
        code = self.request(TO)
        self.wait("the first mail", lambda: self.relay.mails)
        self.assertEqual((self.subjects(), self.relay.asked), ([f"Đã nhận yêu cầu hỗ trợ {code}"], 3))
        mail = self.relay.mails[0]
        self.assertEqual(([a.addr_spec for a in mail["To"].addresses], mail["Auto-Submitted"]), ([TO], "auto-generated"))
        self.assertIn(f"Yêu cầu hỗ trợ {code} - Tây Ninh", mail.get_body(("plain",)).get_content())

        other = self.request(NOBODY)  # who files it sees why it did not arrive
        self.wait("the log to have the refusal", lambda: "notification.mail_failed" in self.operator("trace", f"support:{other}"))
        failed = [event for event in self.journal("notification") if event.type == "notification.mail_failed"]
        self.assertEqual(len(failed), 1)
        self.assertIn(b"SMTP_550", failed[0].body)
        self.assertIn(f"support:{other}", list(failed[0].keys))

        self.away()
        self.operator("support", "assign", code, account, "Phạm Kỹ Thuật")
        self.wait("a mail to wait", lambda: self.waiting() > 0)
        self.listen(self.port)
        self.wait("the mail that waited", lambda: len(self.relay.mails) == 2)
        self.assertTrue(self.subjects()[1].startswith(f"Yêu cầu hỗ trợ {code}: "), self.subjects())
        self.wait("nothing to wait", lambda: self.waiting() == 0)
        self.assertEqual(len(self.relay.mails), 2)


    def test_notices_of_a_citizen(self):
        """Nothing is e-mailed before the code that was sent to the address is told back; then each notice once."""
        self.up()
        self.steps.register(MAKER)
        session = self.steps.login(MAKER)
        address = "buoi@thu.example.vn"
        waiting = self.portal.call("notification", "SetEmail", {"email": address}, session)
        self.assertEqual((waiting.masked, "buoi" in waiting.waiting_masked), ("", False))
        self.wait("the code", lambda: self.relay.mails)
        code = str(self.relay.mails[0]["Subject"])[-6:]
        self.assertTrue(self.portal.call("notification", "ConfirmEmail", {"code": code}, session).confirmed)
        self.portal.call("identity", "ChangePassword", {
            "old_password": PASSWORD, "password": "Con-Tho-Trang-73!", "password_again": "Con-Tho-Trang-73!"}, session)
        self.wait("the notice", lambda: len(self.relay.mails) > 1)
        mail = self.relay.mails[1]
        self.assertEqual([a.addr_spec for a in mail["To"].addresses], [address])
        self.assertIn("mật khẩu", mail.get_body(("plain",)).get_content().lower())
        self.assertEqual(self.types()["notification.email_changed"], 1)

        back, = set(self.relay.senders[-1:])  # the mail system behind the relay does not know the letter box any more
        self.assertTrue(back.startswith("tra-lai+") and back.endswith("@dichvucong.example.vn"), back)
        report = ("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
                  "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n"
                  "Final-Recipient: rfc822; buoi@thu.example.vn\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n")
        said = subprocess.run([f"{self.bin}/motcuactl", "--run-dir", self.house.run_dir, "mail", "bounced", back], input=report,
                              capture_output=True, text=True, timeout=20)
        self.assertEqual((said.returncode, said.stdout), (0, "5.1.1 MAIL_BOUNCED\n"), said.stderr)
        address = self.portal.call("notification", "GetEmail", {}, session)
        self.assertTrue(address.bounced_ms and not address.masked)


if __name__ == "__main__":
    story.main()
