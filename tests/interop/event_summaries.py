"""Every type of event that a room emits has its sentence in the audit's table, and no other has one.

usage: event_summaries.py <source folder>

In a room's sources a text like "otp.code_issued", with the room's own name before the dot, is a type of
event, a key of the configuration, or one of LABELS. Whoever adds one adds a row to the table or a label here.
"""
import csv
import pathlib
import re
import sys

ROOMS = "identity otp dossier payment notification audit print partner support".split()
# Names of keys for hashing, of budgets and of a token: never events.
LABELS = set("""identity.captcha identity.merge identity.refresh
    otp.code otp.decoy otp.dedupe otp.identity otp.officer otp.proof otp.report otp.shield otp.source otp.unit
    support.captcha support.feedback_key support.group support.source support.sync support.uploader support.word""".split())
# Types that common/actions.c puts together from the room's name and these.
ACTIONS = "prepared run asked approved done stopped".split()
# The same of common/upkeep.c, common/lineage.c and common/holds.c.
UPKEEP = "upkeep_asked upkeep_done upkeep_failed upkeep_stopped lineage_accepted event_refused hold_added hold_released".split()


def types_of(room, folder):
    text = "\n".join(path.read_text() for path in sorted(folder.glob("*.[ch]")))
    text = re.sub(r"^#include.*$", "", text, flags=re.M)
    keys = set(re.findall(r'\{"([a-z0-9_.]+)",\s*MC_CONFIG_', text))
    return set(re.findall(rf'"({room}\.[a-z0-9_]+)"', text)) - keys


def main():
    source = pathlib.Path(sys.argv[1])
    with open(source / "services/audit/data/event_summaries.csv", newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    rows = [row["type"] for row in table]
    emitted = set().union(*(types_of(room, source / "services" / room) for room in ROOMS))
    bad = [f"{label}: a label that no room uses" for label in sorted(LABELS - emitted)]
    emitted -= LABELS
    made = {f"{room}.queue_action_{what}" for room in ROOMS for what in ACTIONS}
    made |= {f"{room}.queue_{what}" for room in ROOMS for what in ("paused", "resumed", "late", "recovered")}
    made |= {f"{room}.{what}" for room in ROOMS for what in UPKEEP}
    bad += [f"{row['type']}: a comma that is not in quotes cuts the sentence" for row in table if None in row]
    bad += [f"{kind}: twice in the table" for kind in sorted({kind for kind in rows if rows.count(kind) > 1})]
    bad += [f"{kind}: no row in the table" for kind in sorted(emitted - set(rows))]
    bad += [f"{kind}: no room emits it" for kind in sorted(set(rows) - emitted - made)]
    print("\n".join(bad) or f"{len(rows)} rows, {len(emitted)} types in the sources")
    return 1 if bad or not emitted else 0


sys.exit(main())
