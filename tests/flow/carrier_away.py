"""The carrier is down, slow, or talks nonsense: a registration survives and says what it waits for (REG-11, REG-22).

    carrier_away.py <folder of the daemons>
"""
import signal

import story
from story import CITIZEN, enum_name, person

WAITS = "Nhà mạng đang đối chiếu thông tin thuê bao."


class CarrierAway(story.Story):
    extra = {"identity": {"identity.carrier_timeout": "1s"}}  # the shortest there is

    def state(self, registration):
        return self.portal.call("identity", "GetRegistration", {"registration_id": registration})

    def name(self, registration):
        return enum_name(self.state(registration), "state")

    def still_waits(self, registration):
        state = self.state(registration)
        self.assertEqual(enum_name(state, "state"), "CHECKING_SUBSCRIBER")
        self.assertTrue(state.waits_for == WAITS or "bạn không cần đăng ký lại" in state.waits_for, state.waits_for)

    def struck(self, times, system="carrier"):
        self.wait(f"{times} faults", lambda: sum(f["struck"] for f in self.sandbox("GET", "/faults") if f["system"] == system) >= times)

    def finish(self, registration, who):
        self.steps.await_carrier(registration)
        return self.steps.finish_registration(registration, self.steps.prove("REGISTER", registration, who["phone"]))

    def one_account(self, who):
        """REG-48: one account, one carrier's answer, one code."""
        types = self.types()
        self.assertEqual([types.get(f"identity.{t}", 0) for t in ("registration_checked", "account_opened")], [1, 1], types)
        self.assertEqual(types["otp.code_issued"], 1)
        self.assertIsNotNone(self.steps.login(who))
        self.check_books()

    def test_the_carrier_is_down_and_comes_back(self):
        """Nobody listens at the carrier's address; identity is even killed meanwhile: nothing is lost."""
        steps = self.up()
        port = self.house.port("sandbox")
        self.end_daemons(["sandbox"], signal.SIGKILL)
        registration = steps.start_registration(CITIZEN)
        self.wait("a first try", lambda: any(lane.lane == "carrier" and lane.failed_total for lane in self.stats("identity").lanes))
        self.still_waits(registration)
        self.end_daemons(["identity"], signal.SIGKILL)
        self.start_daemons(["identity"])
        self.wait("identity to be back", lambda: self.answers(self.local("room:check"), "identity"))
        self.still_waits(registration)
        job = self.local("operator:check").call("identity", "Peek", {"lane": "carrier"}).jobs[0]
        self.assertEqual((job.kind, job.destination, bytes(job.payload)), ("carrier.check", "vinaphone", b""))
        self.house.extra.setdefault("sandbox", {})["sandbox.listen"] = f"127.0.0.1:{port}"
        self.start_daemons(["sandbox"])
        self.finish(registration, CITIZEN)
        self.one_account(CITIZEN)

    def test_slow_and_mumbling(self):
        """Time-outs, nonsense, cut connections: asked again until an answer comes, and judged once."""
        steps = self.up()
        self.fault("carrier", "slow", count=1, ms=1500)  # past identity.carrier_timeout
        self.fault("carrier", "garbage", count=1)
        registration = steps.start_registration(CITIZEN)
        self.struck(1)
        self.still_waits(registration)
        self.finish(registration, CITIZEN)
        self.struck(2)
        self.one_account(CITIZEN)

    def test_each_kind_of_trouble_is_overcome(self):
        """Five people at once, each with a trouble of their own kind on the way."""
        steps = self.up()
        for fault in ("http500", "reset", "drop_reply", "throttle", "garbage"):
            self.fault("carrier", fault, count=1)
        people = [person(i) for i in range(5)]
        registrations = [steps.start_registration(who) for who in people]
        self.struck(5)
        for registration, who in zip(registrations, people):
            self.finish(registration, who)
        self.assertEqual(self.types()["identity.account_opened"], 5)

    def test_a_ported_number(self):
        """Domain 1.6: asked where it is now; with the porting register away, the prefix's carrier sends us on."""
        steps = self.up()
        ported = {"login_id": "001190990074", "full_name": "Hoàng Thị Chuyển Mạng", "birth_date": "12/03/1990", "phone": "0868000606"}
        self.fault("mnp", "http500", count=1)
        registration = steps.start_registration(ported)
        steps.await_carrier(registration)
        wrong = steps.start_registration(dict(ported, birth_date="13/03/1990"))  # the register answers this time
        state = self.wait("the refusal", lambda: self.name(wrong) == "REFUSED" and self.state(wrong))
        self.assertIn("nhà mạng Vinaphone, vui lòng", state.message)
        self.finish(registration, ported)

    def test_somebody_elses_phone(self):
        """S02 REG-20 REG-21: the seed's own words, whichever carrier it is; no code, no account, and no second door."""
        steps = self.up()
        for who, carrier in ((dict(CITIZEN, full_name="Trần Đức Anh"), "Vinaphone"),
                             (dict(CITIZEN, birth_date="06/03/1993"), "Vinaphone"),
                             (dict(person(7), phone="0868000202"), "Viettel"),
                             (dict(person(8), phone="0903777888"), "MobiFone")):
            registration = steps.start_registration(who)
            state = self.wait("the refusal", lambda: self.name(registration) == "REFUSED" and self.state(registration))
            self.assertEqual((state.code, state.message), (
                "SUBSCRIBER_MISMATCH", "Thông tin đăng ký không khớp với thông tin thuê bao tại nhà mạng "
                f"{carrier}, vui lòng kiểm tra/đăng ký lại với nhà mạng!"))
            self.assertEqual(steps.handset(who["phone"]), [])
            self.refused("REGISTRATION_REFUSED", "identity", "FinishRegistration", {
                "registration_id": registration, "proof": "v1.x.y", "password": story.PASSWORD, "password_again": story.PASSWORD})
        self.assertNotIn("identity.account_opened", self.types())


if __name__ == "__main__":
    story.main()
