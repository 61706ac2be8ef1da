"""A call under way while its room ends is answered, or repeated with the same id: done once (S38).

    drain.py <folder of the daemons>
"""
import http.client
import json
import signal
import threading

import story
from story import CITIZEN, PASSWORD


class Drain(story.Story):
    def test_calls_under_way(self):
        steps = self.up()
        session = self.citizen()
        stop, answers, errors = threading.Event(), [], []
        procedure = {"procedure_code": "1.001193", "unit": story.UNIT, "abstract": "Đăng ký khai sinh", "form": "{}"}

        def file_drafts():
            while not stop.is_set():
                try:
                    answers.append(self.portal.call("dossier", "SaveDraft", procedure, session, timeout=20).dossier_id)
                except Exception as error:  # noqa: BLE001: shown by the test
                    errors.append(error)
                    return

        threads = [threading.Thread(target=file_drafts, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for sig in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            before = len(answers)
            self.wait("drafts to be saved", lambda before=before: errors or len(answers) > before + 40)
            self.end_daemons(["dossier"], sig)
            self.start_daemons(["dossier"])
        before = len(answers)
        self.wait("drafts to be saved", lambda: errors or len(answers) > before + 40)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertEqual(len(answers), len(set(answers)))
        mine, token = [], ""
        while True:
            page = self.portal.call("dossier", "ListMine", {"page_size": 100, "page_token": token}, session)
            mine += [(d.dossier_id, d.internal_number) for d in page.dossiers]
            token = page.next_page_token
            if not token:
                break
        self.assertEqual(sorted(d for d, _ in mine), sorted(answers))  # each call one draft, none that nobody asked for
        self.assertEqual(sorted(n for _, n in mine), list(range(1, len(mine) + 1)))
        self.assertEqual(self.types()["dossier.drafted"], len(answers))

    def test_a_password_in_the_pool(self):
        """Sign-ins hash for a while beside the loop: SIGTERM lets them end."""
        steps = self.up()
        steps.register(CITIZEN)
        form = {"login_id": CITIZEN["login_id"], "password": PASSWORD}
        calls = [lambda: self.portal.call("identity", "Login", form, timeout=20) for _ in range(4)]

        def end():
            self.end_daemons(["identity"])
            self.start_daemons(["identity"])

        *started, _ = story.together([*calls, end])
        self.assertEqual({s.code for s in started}, {""})
        self.assertEqual(len({bytes(s.login) for s in started}), 4)
        self.assertEqual(self.types()["identity.login_started"], 4)

    def test_http_under_way(self):
        """The gateway answers what it has taken before it ends; its clients repeat the rest by their key."""
        self.up()
        session = self.citizen()
        body = json.dumps({"procedureCode": "1.001193", "unit": story.UNIT, "abstract": "x", "form": "{}"}).encode()
        url = f"{self.steps.http.base}/motcua.dossier.v1.Dossier/SaveDraft"

        def save(i):
            head = {"Content-Type": "application/json", "Authorization": f"Bearer {session}", "Idempotency-Key": f"draft-{i}"}

            def answered():
                try:
                    status, _, text = self.http("POST", url, body, head)
                except (OSError, http.client.HTTPException):
                    return None  # not there, or ended in the middle
                return (status, text) if status != 503 else None

            return self.wait(f"draft {i}", answered)

        def end():
            for name in ("gateway", "dossier", "gateway"):
                self.end_daemons([name])
                self.start_daemons([name])

        *answers, _ = story.together([*(lambda i=i: [save(10 * i + j) for j in range(10)] for i in range(4)), end])
        told = [answer for ten in answers for answer in ten]
        self.assertEqual({status for status, _ in told}, {200})
        self.assertEqual(len({json.loads(text)["dossierId"] for _, text in told}), 40)
        self.assertEqual(self.types()["dossier.drafted"], 40)


if __name__ == "__main__":
    story.main()
