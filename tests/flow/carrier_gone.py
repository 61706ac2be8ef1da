"""The carrier does not come back: a registration ends by itself with the right words (REG-22).

    carrier_gone.py <folder of the daemons>
"""
import time

import story
from story import CITIZEN, enum_name


class CarrierGone(story.Story):
    extra = {"identity": {"identity.registration_life": "10s"}}

    def state(self, registration):
        return self.portal.call("identity", "GetRegistration", {"registration_id": registration})

    def test_the_carrier_stays_away(self):
        """When its time is over the person is told to come again; no code was sent, and a new try is free to begin."""
        steps = self.up()
        self.fault("carrier", "http500")
        registration = steps.start_registration(CITIZEN)
        self.wait("two tries", lambda: sum(f["struck"] for f in self.sandbox("GET", "/faults")) >= 2)
        self.assertEqual(enum_name(self.state(registration), "state"), "CHECKING_SUBSCRIBER")
        began = time.monotonic()
        state = self.wait("the refusal", lambda: self.refusal(registration), 30)
        self.assertGreater(time.monotonic() - began, 5)  # it was given time
        self.assertEqual(state.code, "CARRIER_UNAVAILABLE")
        self.assertIn("nhà mạng", state.message.lower())
        self.assertEqual(steps.handset(CITIZEN["phone"]), [])
        self.refused("NOT_FOUND", "otp", "Status", {"purpose": "REGISTER", "subject": registration})
        self.fault("carrier", "none")
        self.assertTrue(steps.register(CITIZEN))

    def refusal(self, registration):
        state = self.state(registration)
        return state if enum_name(state, "state") == "REFUSED" else None


if __name__ == "__main__":
    story.main()
