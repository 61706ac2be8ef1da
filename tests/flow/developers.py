"""What a portal's developer tries things with: the catcher of e-mails, and the receiver of webhooks (NOT-07, API-06).

    developers.py <folder of the daemons>
"""
import json

import story
from story import enum_name, person

PROVINCE = "000.00.00.H53"
ADMIN = person(52)
FORM = {"unit_name": "Tỉnh Tây Ninh", "requester": "Trần Thị Bưởi", "phone": "0912000101", "contact": "Lê Văn Cam",
        "contact_phone": "0912000102"}


class Developers(story.Story):
    mailbox = True
    extra = {"notification": {"notification.mail_retry": "100ms"}}

    def partner(self, method, request):
        return self.portal.call("partner", method, request, self.session)

    def received(self):
        return self.sandbox("GET", "/hooks/tay-ninh")

    def of(self, type_):
        return [item for item in self.received() if item["type"] == type_]

    def hooks(self, form):
        status, _, text = self.http("POST", f"{self.steps.sandbox}/hooks", form.encode(),
                                    {"Content-Type": "application/x-www-form-urlencoded"})
        return status, text.decode()

    def webhooks(self):
        """The first message is met before the secret is known; then every signature is looked at."""
        hook = self.partner("SaveWebhook", {"url": f"{self.steps.sandbox}/hooks/tay-ninh"})
        state = lambda: enum_name(self.partner("GetWebhook", {"webhook_id": hook.webhook.webhook_id}), "state")  # noqa: E731
        self.wait("the challenge", lambda: state() == "WEBHOOK_ACTIVE")
        self.assertEqual([(i["type"], i["verdict"]) for i in self.received()], [("motcua.webhook.challenge", "NO_SECRET")])

        secret = hook.secret.replace("+", "%2B")
        status, page = self.hooks(f"name=tay-ninh&secret={secret}&fault=none&ms=")
        self.assertEqual(status, 200)
        self.assertIn("NO_SECRET", page)
        self.assertNotIn(hook.secret, page)
        self.assertEqual(self.hooks("name=tay-ninh&secret=whsec_short&fault=none")[0], 400)
        self.assertEqual(self.hooks("name=tay-ninh&fault=bored")[0], 400)

        citizen, desk = self.citizen(), self.officer()
        self.sandbox("POST", "/hooks/orders", {"name": "tay-ninh", "fault": "http500", "count": 1})
        dossier = self.steps.file_dossier(citizen)
        self.wait("the first event, after a 500", lambda: self.of("motcua.dossier.sent"))
        self.sandbox("POST", "/hooks/orders", {"name": "tay-ninh", "fault": "exists", "count": 1})
        self.steps.accept(desk, dossier)
        twice = self.wait("an event that was called a duplicate", lambda: [i for i in self.received() if i["times"] == 2])
        self.wait("what follows it", lambda: self.of("motcua.dossier.accepted"))
        self.assertEqual(len(twice), 1)
        self.assertEqual({i["verdict"] for i in self.received()[1:]}, {"VALID"})

        forged = self.http("POST", f"{self.steps.sandbox}/hooks/tay-ninh", b'{"type":"motcua.dossier.sent"}')
        self.assertEqual((forged[0], json.loads(forged[2])["error"]), (401, "UNSIGNED"))
        self.assertEqual(self.http("POST", f"{self.steps.sandbox}/hooks/%3Cb%3E", b"{}")[0], 400)

    def messages(self, path="/messages"):
        status, headers, text = self.http("GET", f"http://127.0.0.1:{self.house.port('mailbox')}{path}")
        self.assertEqual(status, 200)
        return json.loads(text) if path == "/messages" else text.decode()

    def request(self, address):
        api = {"name": "API <b>BNDP</b>", "url": "https://tayninh.example.vn/api"}
        asked = {"format": "FORMAT_CONFIGURE_API", "unit_name": "Tây Ninh", "apis": [api]}
        proposed = self.portal.call("support", "ProposeRequest", asked, self.session)
        form = {**FORM, "email": address, "service_group": proposed.service_group, "service": proposed.service,
                "title": proposed.title, "description": proposed.description}
        return self.portal.call("support", "CreateRequest", {"form": form}, self.session).code

    def mails(self):
        """Taken at the second try, refused for good, and seen again after the catcher was restarted."""
        code = self.request("tam-hoan@tayninh.example.vn")
        mail = self.wait("the mail that was put off", self.messages)[0]
        self.assertEqual((mail["to"], mail["subject"]), (["tam-hoan@tayninh.example.vn"], f"Đã nhận yêu cầu hỗ trợ {code}"))
        self.assertIn(code, mail["text"])
        self.assertIn(code, self.messages("/"))
        page = self.messages(f"/mail/{mail['number']}")
        self.assertIn("tam-hoan@tayninh.example.vn", page)
        self.assertNotIn("<b>BNDP", page)

        other = self.request("khong-ton-tai@tayninh.example.vn")
        self.wait("the refusal", lambda: "notification.mail_failed" in self.operator("trace", f"support:{other}"))

        self.end_daemons(["mailbox"])
        self.start_daemons(["mailbox"])  # where it was: the room knows no other relay
        self.request("mot-cua@tayninh.example.vn")
        self.house.wait_file(f"{self.house.run_dir}/mailbox/port", "mailbox")
        self.wait("the catcher to be back", lambda: self.house.begun("mailbox"))
        self.wait("a mail after the restart", self.messages)

    def test_developers(self):
        self.up()
        self.steps.register(ADMIN)
        self.operator("rights", "grant", ADMIN["login_id"], PROVINCE, "API_TEST,APCA_ADMIN,SUPPORT_REQUEST_MANAGE", "flow test")
        self.session = self.steps.login(ADMIN)
        self.webhooks()
        self.mails()
        self.down()


if __name__ == "__main__":
    story.main()
