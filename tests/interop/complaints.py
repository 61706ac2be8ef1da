"""Every test that tests/COMPLAINTS.md names exists, is run, and no line goes without one.

usage: complaints.py <source folder>

A test is named as `file: name`: in C a function that the file hands to cmocka, in Python a method, elsewhere words of
the file.
"""
import collections
import pathlib
import re
import sys


def has(path, name):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".c":
        return f"static void {name}(void **" in text and re.search(rf"\([^()]*\b{name}\b[^()*]*\)", text) is not None
    if path.suffix == ".py":
        return re.search(rf"^    def {name}\(self", text, re.M) is not None
    return name in text


def main():
    tests = pathlib.Path(sys.argv[1]) / "tests"
    files = collections.defaultdict(list)
    for path in tests.rglob("*"):
        if path.suffix in (".c", ".py", ".mjs") and "node_modules" not in path.parts:
            files[path.name].append(path)
    rows = [line for line in (tests / "COMPLAINTS.md").read_text(encoding="utf-8").splitlines()
            if line.startswith("| ") and not line.startswith("| complaint ")]
    bad, named = [], 0
    for row in rows:
        cells = row.strip("|").split("|")
        told = re.findall(r"`([a-z0-9_]+\.(?:c|py|mjs)): ([^`]+)`", cells[-1])
        named += len(told)
        bad += [f"{row[:60]}…: three cells and a test" for _ in [0] if len(cells) != 3 or not told]
        bad += [f"{file}: {name}: not there" for file, name in told if not any(has(path, name) for path in files[file])]
    print("\n".join(bad) or f"{len(rows)} complaints, {named} tests named")
    return 1 if bad or not rows else 0


sys.exit(main())
