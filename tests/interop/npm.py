"""Packages of package.json, as locked, in a folder of the build; fetched once for all tests that use them."""
import fcntl
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def skip(why):
    """Exit 77: the client is not to be had here."""
    print(f"skipped: {why}")
    sys.exit(77)


def packages(place, node_min=18, source=HERE):
    """The node program; `place` holds node_modules from then on. `source` holds package.json and its lock."""
    source = Path(source)
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        skip("no node, or no npm")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(re.match(r"v(\d+)", version).group(1)) < node_min:
        skip(f"node {version.strip()} is older than {node_min}")
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (source / "package-lock.json").read_bytes()
        stamp = place / "installed"
        if not stamp.exists() or stamp.read_bytes() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(source / name, place)
            fetched = subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"],
                                     cwd=place, capture_output=True, text=True)
            if fetched.returncode != 0:
                skip("npm ci: " + fetched.stderr[-300:])
            stamp.write_bytes(wanted)
    return node
