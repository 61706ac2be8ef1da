"""Adds up CTest's JUnit files: the last line a person reads. Fails when anything failed, or nothing ran."""
import sys
import xml.etree.ElementTree as tree

passed = failed = skipped = 0
for name in sys.argv[2:]:
    for case in tree.parse(name).getroot().iter("testcase"):
        if case.find("failure") is not None or case.get("status") == "fail":
            failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            skipped += 1
            print(f"skipped: {case.get('name')}")
        else:
            passed += 1
failed += int(sys.argv[1])
print(f"motcua: {passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed or not passed else 0)
