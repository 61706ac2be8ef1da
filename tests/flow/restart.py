"""Every daemon is stopped and started between the steps of the main job; then the same with kill -9 (S38).

    restart.py <folder of the daemons>
"""
import signal

import story
from story import CITIZEN, OFFICER, PASSWORD, enum_name

WAVES = [["smsworker", "gateway"], ["identity", "notification"], ["otp", "dossier", "payment"], ["audit", "print", "partner"]]


class Restart(story.Story):
    def again(self, sig):
        """Ends all of ours and starts them; the world outside goes on. Killed at once; asked to end, who calls others
        goes before them, as on a machine that is shut down in order."""
        for names in WAVES if sig == signal.SIGTERM else [sum(WAVES, [])]:
            self.end_daemons(names, sig)
        self.start_daemons(sum(WAVES, []))

    def walk(self, sig):
        """The main job; after each step everything is ended. Calls are repeated by the portal until answered."""
        steps = self.steps
        registrations = [steps.start_registration(CITIZEN), steps.start_registration(OFFICER)]
        self.again(sig)
        for registration in registrations:
            steps.await_carrier(registration)
        self.again(sig)
        proofs = [steps.prove("REGISTER", r, who["phone"]) for r, who in zip(registrations, (CITIZEN, OFFICER))]
        self.again(sig)
        for registration, proof in zip(registrations, proofs):
            self.assertEqual(steps.finish_registration(registration, proof).ial, 2)
        self.again(sig)
        self.wait("the operator to be served", self.grant)
        started = self.portal.call("identity", "Login", {"login_id": CITIZEN["login_id"], "password": PASSWORD})
        self.again(sig)
        proof = steps.prove("LOGIN", started.login, CITIZEN["phone"])
        session = self.portal.call("identity", "FinishLogin", {"login": started.login, "proof": proof}).session
        desk = steps.login(OFFICER)
        self.again(sig)
        dossier = steps.file_dossier(session)
        self.again(sig)
        code = steps.accept(desk, dossier)
        self.again(sig)
        order = self.wait("the order", lambda: steps.order(session, code))
        attempt, url = steps.start_payment(session, order.order_id)
        self.again(sig)
        steps.choose(url, "pay")
        self.again(sig)
        self.wait("the payment's end", lambda: steps.settled(session, order.order_id, attempt))
        self.again(sig)
        steps.show_dossier(session, dossier)
        self.wait_ready()
        return session, dossier, code

    def grant(self):
        try:
            self.steps.grant_desk(OFFICER)
            return True
        except SystemExit:
            return False

    def check(self, session, dossier, code):
        """Nothing lost, nothing twice."""
        types = self.types()
        for kind in ("dossier.drafted", "dossier.attached", "dossier.sent", "dossier.accepted", "dossier.paid",
                     "payment.order_created", "payment.attempt_started", "payment.paid", "identity.rights_granted"):
            self.assertEqual(types.get(kind), 1, (kind, types))
        for kind in ("identity.registration_started", "identity.registration_checked", "identity.account_opened",
                     "identity.session_opened"):
            self.assertEqual(types.get(kind), 2, (kind, types))
        self.assertEqual(types["otp.code_issued"], 4, types)
        self.assertEqual(types["otp.code_verified"], 4, types)
        self.assertEqual(types.get("otp.sms_failed", 0) + types.get("otp.sms_expired", 0), 0, types)
        ledger = self.check_books()
        self.assertEqual(int(ledger["debit"]), 1000)
        book = self.sandbox("GET", "/platform/ledger")
        self.assertEqual((book["paid"], book["total"]), (1, 1000))
        order = self.steps.order(session, code)
        self.assertEqual((enum_name(order, "state"), len(order.receipts), len(order.attempts)), ("PAID", 1, 1))
        told = self.wait("the receipt, the last to be told", lambda: self.told_when_printed(session))
        self.assertEqual(sorted(told), ["ACCOUNT_OPENED", "DOSSIER_ACCEPTED", "DOSSIER_PAYMENT", "DOSSIER_SUBMITTED", "PAYMENT_OK",
                                        "RECEIPT_READY"])
        self.assertLess(told.index("DOSSIER_SUBMITTED"), told.index("DOSSIER_ACCEPTED"))  # one journal's are in its order
        self.assertLess(told.index("DOSSIER_PAYMENT"), told.index("PAYMENT_OK"))
        view = self.portal.call("dossier", "Get", {"dossier_id": dossier}, session)
        paper = self.portal.call("dossier", "ReadAttachment", {"dossier_id": dossier, "sha256": view.attachments[0].sha256}, session)
        self.assertEqual(paper.content, story.demo.PDF)
        self.assertTrue(code.endswith("-0001"), code)

    def told_when_printed(self, session):
        inbox = self.portal.call("notification", "ListInbox", {}, session).notices
        told = [n.template for n in reversed(inbox)]
        return told if "RECEIPT_READY" in told else None

    def test_every_daemon_is_stopped_between_steps(self):
        """SIGTERM: every daemon ends with 0, and no text is sent twice."""
        self.up()
        session, dossier, code = self.walk(signal.SIGTERM)
        self.check(session, dossier, code)
        texts = self.wait("the notices' SMS", lambda: len(self.steps.notices(CITIZEN["phone"])) == 4 and self.steps.handset(CITIZEN["phone"]))
        self.assertEqual(len(texts), len(set(texts)), texts)
        self.assertEqual(len(texts), 2 + 4)

    def test_every_daemon_is_killed_between_steps(self):
        """kill -9: the same, but a text that was under way may come twice: the same text."""
        self.up()
        session, dossier, code = self.walk(signal.SIGKILL)
        self.check(session, dossier, code)
        texts = self.wait("the notices' SMS", lambda: len(set(self.steps.notices(CITIZEN["phone"]))) == 4 and self.steps.handset(CITIZEN["phone"]))
        self.assertEqual(len(set(texts)), 2 + 4, texts)


if __name__ == "__main__":
    story.main()
