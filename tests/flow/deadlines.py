"""Due times, queues and indicators in the running house: S20, S22; RPT-02, RPT-06, RPT-10; an agency's own days.

    deadlines.py <folder of the daemons>
"""
import csv
import datetime
import io
import signal

import openpyxl
import story
from story import OFFICER, UNIT, enum_name

MARRIAGE = "1.004873"  # three working days, no fee
RIGHTS = "DOSSIER_RECEIVE,DOSSIER_PROCESS,DOSSIER_APPROVE,RESULT_RETURN,CALENDAR_EDIT,DOSSIER_MONITOR"
HANOI = datetime.timezone(datetime.timedelta(hours=7))


def next_working(at_ms, calendar, count=1):
    """The same time of day so many working days later."""
    at = datetime.datetime.fromtimestamp(at_ms / 1000, HANOI)
    while count > 0:
        at += datetime.timedelta(days=1)
        kind = calendar.get(at.date().isoformat())
        count -= kind == "work" if kind else at.weekday() < 5
    return int(at.timestamp() * 1000)


class Deadlines(story.Story):
    def dossier(self, method, request, session=None, **more):
        return self.portal.call("dossier", method, request, session or self.desk, **more)

    def accepted(self):
        draft = self.dossier("SaveDraft", {"procedure_code": MARRIAGE, "unit": UNIT, "abstract": "Xác nhận",
                                           "form": "{}"}, self.citizen_session)
        sent = self.dossier("Submit", {"dossier_id": draft.dossier_id}, self.citizen_session)
        return self.dossier("Accept", {"dossier_id": sent.dossier_id, "version": sent.version})

    def assigned(self, at):
        return self.dossier("Assign", {"dossier_id": at.dossier_id, "version": at.version, "department": "Tư pháp",
                                       "assignee": self.account})

    def codes(self, **filters):
        return [d.code for d in self.dossier("ListWork", filters).dossiers]

    def counts(self):
        reply = self.dossier("CountWork", {})
        return {enum_name(s, "state"): s.count for s in reply.states if s.count}, reply.open, reply.overdue

    def test_deadlines(self):
        self.up()
        with open(f"{story.SOURCE}/common/data/calendar_vn.csv", encoding="utf-8") as file:
            self.calendar = {row["date"]: row["kind"] for row in csv.DictReader(file)}
        self.citizen_session = self.citizen()
        self.steps.register(OFFICER)
        self.account = self.operator("rights", "grant", OFFICER["login_id"], UNIT, RIGHTS, "test").strip()
        self.desk = self.steps.login(OFFICER)
        self.check_queue()
        self.check_apology()
        self.check_calendar()
        self.check_indicators()
        self.check_books()

    def check_queue(self):
        self.first, self.second = self.accepted(), self.accepted()
        self.first = self.assigned(self.first)
        self.assertEqual(self.codes(), [self.first.code, self.second.code])
        self.assertEqual(self.codes(assignee="me"), [self.first.code])
        self.assertEqual(self.codes(state="RECEIVED"), [self.second.code])
        self.assertEqual(self.codes(overdue=True), [])
        self.assertEqual(self.codes(due_before_ms=self.first.due_at_ms), [])
        self.assertEqual(self.counts(), ({"RECEIVED": 1, "PROCESSING": 1}, 2, 0))
        self.assertNotIn(self.first.code, self.operator("dossier", "overdue", UNIT))
        self.assertIn("finished a day", self.operator("dossier", "forecast", UNIT))

    def check_apology(self):
        """S22: form 04 once, by SMS to the citizen; the daemon is killed between."""
        later = next_working(self.first.due_at_ms, self.calendar, 2)
        ask = {"dossier_id": self.first.dossier_id, "version": self.first.version, "reason": "Chờ xác minh",
               "due_at_ms": later}
        self.refused("DUE_NOT_LATER", "dossier", "Apologise", {**ask, "due_at_ms": self.first.due_at_ms}, self.desk)
        self.first = self.dossier("Apologise", ask)
        self.end_daemons(["dossier"], signal.SIGKILL)
        self.start_daemons(["dossier"])
        self.assertEqual(self.codes(), [self.second.code, self.first.code])  # due later now
        self.refused("APOLOGY_ONCE", "dossier", "Apologise", {**ask, "version": self.first.version}, self.desk)
        view = self.dossier("Get", {"dossier_id": self.first.dossier_id}, self.citizen_session)
        self.assertEqual((view.apology.reason, view.apology.due_after_ms, view.due_at_ms), ("Chờ xác minh", later, later))
        due = datetime.datetime.fromtimestamp(later / 1000, HANOI).strftime("%H:%M %d/%m/%Y")
        text = f"xin loi vi tre hen ho so {self.first.code}. Hen tra lai: {due}."
        self.wait("the apology's SMS", lambda: any(text in t for t in self.steps.handset(story.CITIZEN["phone"])))

    def check_calendar(self):
        """S20's rule, with a day off that only this agency has: the day after the promised one is not worked."""
        before = self.accepted()
        off = datetime.datetime.fromtimestamp(before.due_at_ms / 1000, HANOI).date().isoformat()
        self.dossier("SetCalendar", {"agency": UNIT, "days": [{"date": off, "kind": "OFF", "name": "Nghỉ tránh bão"}]})
        after = self.accepted()
        day = datetime.datetime.fromtimestamp(next_working(before.due_at_ms, self.calendar) / 1000, HANOI).date()
        self.assertEqual(datetime.datetime.fromtimestamp(after.due_at_ms / 1000, HANOI).date(), day)
        kept = self.dossier("GetCalendar", {"agency": UNIT})
        self.assertEqual([(d.date, d.name) for d in kept.days], [(off, "Nghỉ tránh bão")])

    def check_indicators(self):
        at = self.first
        for to in ("FINISHED", "RETURNED"):
            at = self.dossier("Advance", {"dossier_id": at.dossier_id, "version": at.version, "to": to})
        shown = {i.code: i.score for i in self.dossier("ShowIndicators", {}).indicators}
        self.assertEqual((shown["ON_TIME"].numerator, shown["ON_TIME"].denominator), (1, 1))
        self.assertEqual(shown["ON_TIME"].points_hundredths, 2000)
        month = datetime.datetime.now(HANOI).strftime("%Y-%m")
        behind = self.dossier("ListCounted", {"unit": UNIT, "month": month, "counted_as": "ON_TIME"}).dossiers
        self.assertEqual([d.code for d in behind], [at.code])
        people = self.dossier("CompareIndicator", {"code": "ON_TIME", "by": "BY_OFFICERS"}).rows
        self.assertEqual([(p.subject, p.score.numerator) for p in people], [(self.account, 1)])
        self.assertRegex(self.operator("indicators", "check"), r"^1 sums, 0 differ, ")
        self.assertIn("ON_TIME ", self.operator("indicators", "show", UNIT, month))
        path = f"{self.folder}/chi-so.xlsx"
        self.operator("indicators", "export", UNIT, month, path)
        sheet = openpyxl.load_workbook(path).active
        rows = {row[1]: row for row in sheet.iter_rows(min_row=2, values_only=True)}
        self.assertEqual(rows["ON_TIME"][3:], ("1", "1", "100,00", "20", "20,00"))
        text = self.dossier("ExportIndicators", {"csv": True}).content.decode("utf-8-sig")
        self.assertEqual(len(list(csv.DictReader(io.StringIO(text)))), len(rows))


if __name__ == "__main__":
    story.main()
