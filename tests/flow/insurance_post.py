"""Registration by social insurance (S07) and by Vietnam Post, with these systems away, and the population register.

    insurance_post.py <folder of the daemons>
"""
import signal

import story
from story import CITIZEN, PASSWORD, enum_name, person

INSURANCE = {"method": "SOCIAL_INSURANCE", "insurance_no": "1299000017"}  # CITIZEN's, at the sandbox
POST = {"method": "VNPOST", "post_account": "binh.nguyen@vnpost.example"}
AWAY = "bạn không cần đăng ký lại"


class InsurancePost(story.Story):
    def begin(self, who, **proof):
        form = {**who, "subject_kind": "CITIZEN", "consent_version": "2026-01", **proof}
        return self.portal.call("identity", "StartRegistration", form).registration_id

    def state(self, registration):
        return self.portal.call("identity", "GetRegistration", {"registration_id": registration})

    def refusal(self, registration):
        return self.wait("the refusal", lambda: enum_name(self.state(registration), "state") == "REFUSED" and self.state(registration))

    def finish(self, registration, who):
        self.steps.await_carrier(registration)
        return self.steps.finish_registration(registration, self.steps.prove("REGISTER", registration, who["phone"]))

    def verified(self, session):
        return self.portal.call("identity", "GetProfile", {}, session).verified_by

    def test_by_insurance_with_an_outage(self):
        """REG-26 to REG-31: the insurance is away, identity is killed meanwhile; then it answers and the account opens."""
        steps = self.up()
        self.fault("insurance", "http500")
        self.fault("population", "garbage", count=1)
        registration = self.begin(CITIZEN, **INSURANCE)
        state = self.wait("a word of the outage", lambda: AWAY in self.state(registration).waits_for and self.state(registration))
        self.assertIn("cơ quan Bảo hiểm xã hội", state.waits_for)
        self.assertEqual(enum_name(state, "state"), "CHECKING_INSURANCE")
        self.end_daemons(["identity"], signal.SIGKILL)
        self.start_daemons(["identity"])
        self.wait("identity to be back", lambda: self.answers(self.local("room:check"), "identity"))
        self.assertIn(AWAY, self.state(registration).waits_for)
        self.fault("insurance", "none")
        self.finish(registration, CITIZEN)
        session = steps.login(CITIZEN)
        self.wait("the population register's word", lambda: self.verified(session) == "POPULATION_REGISTER")
        for system, proof, who in (("insurance", {"method": "SOCIAL_INSURANCE", "insurance_no": "7900000004"}, person(4)),
                                   ("carrier", {"method": "SUBSCRIBER"}, person(5))):
            self.fault(system, "wrong_person", count=1)  # a «match» about somebody else opens nothing
            self.assertIn("_MISMATCH", self.refusal(self.begin(who, **proof)).code)
        wrong = self.begin(dict(person(3), full_name="Nguyễn Văn Khác"), method="SOCIAL_INSURANCE", insurance_no="7900000003")
        self.assertEqual(self.refusal(wrong).code, "INSURANCE_MISMATCH")
        self.refused("ACCOUNT_EXISTS", "identity", "StartRegistration", {
            **CITIZEN, **POST, "subject_kind": "CITIZEN", "consent_version": "2026-01"})
        self.check_books()

    def test_by_the_post_with_an_outage(self):
        """SYS-14, REG-09: the post mumbles, breaks off, then vouches; one account of two methods; no rights for it."""
        steps = self.up()
        for trouble in ("garbage", "drop_reply", "throttle"):
            self.fault("post", trouble, count=1)
        posted = self.begin(CITIZEN, **POST)
        insured = self.begin(CITIZEN, **INSURANCE)
        self.steps.await_carrier(insured)
        proof = self.steps.prove("REGISTER", insured, CITIZEN["phone"])
        self.finish(posted, CITIZEN)
        self.refused("ACCOUNT_EXISTS", "identity", "FinishRegistration", {
            "registration_id": insured, "proof": proof, "password": PASSWORD, "password_again": PASSWORD})
        self.assertEqual(self.types()["identity.account_opened"], 1)
        self.assertIn("RIGHTS_NOT_FOR_METHOD", self.rights_refused())
        unchecked = self.begin(person(9), method="VNPOST", post_account="vnp000009")
        self.assertEqual(self.refusal(unchecked).code, "POST_NOT_CHECKED")
        self.assertIsNotNone(steps.login(CITIZEN))

    def test_ones_own_code(self):
        """REG-29, REG-52: what is open is published over HTTP; «Tra cứu mã BHXH»: the code comes to the person's phone; a stranger learns nothing, and the log nothing."""
        self.up()
        methods = self.steps.http.call("motcua.identity.v1.Identity/ListMethods", {"subjectKind": "CITIZEN"})["methods"]
        self.assertLessEqual({"SUBSCRIBER", "SOCIAL_INSURANCE", "VNPOST"}, {m["code"] for m in methods if m.get("open")})
        self.assertIn("Điều khoản", self.steps.http.call("motcua.identity.v1.Identity/GetConsent", {})["text"])
        ask = {key: CITIZEN[key] for key in ("login_id", "full_name", "birth_date")}
        said = self.portal.call("identity", "FindInsuranceCode", ask).message
        other = self.portal.call("identity", "FindInsuranceCode", dict(ask, full_name="Nguyễn Văn Khác"))
        self.assertEqual(other.message, said)
        self.wait("the SMS", lambda: any("1299000017" in text for text in self.steps.handset(CITIZEN["phone"])))
        self.assertEqual(self.types()["identity.insurance_code_found"], 1)
        self.assertEqual(len(self.steps.handset(CITIZEN["phone"])), 1)

    def rights_refused(self):
        with self.assertRaises(SystemExit) as refused:
            self.steps.grant_desk(CITIZEN)
        return str(refused.exception)


if __name__ == "__main__":
    story.main()
