"""Our captcha, solved by altcha-lib from npm, and by the script of the sign-in page (REG-17, LOG-04).

usage: altcha_peer.py <altcha_room> <build folder>
"""
import shutil
import subprocess
import sys
from pathlib import Path

from npm import HERE, packages

ROOM, BUILD = sys.argv[1], Path(sys.argv[2])
PLACE = BUILD / "connect"

node = packages(PLACE, node_min=20)
shutil.copy(HERE / "altcha_client.mjs", PLACE)
shutil.copy(HERE.parent.parent / "services/gateway/data/oidc_captcha.js", PLACE / "oidc_captcha.mjs")
for script in [], ["./oidc_captcha.mjs"]:
    room = subprocess.Popen([ROOM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    challenge = room.stdout.readline()
    solved = subprocess.run([node, "altcha_client.mjs", *script], input=challenge, cwd=PLACE, capture_output=True, text=True,
                            check=True, timeout=60)
    said, _ = room.communicate(solved.stdout + "\n", timeout=30)
    assert said.split() == ["LOGIN_WRONG", "CAPTCHA_REQUIRED"], (script, said)
    assert room.returncode == 0
print("ok")
