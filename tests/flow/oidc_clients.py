"""Portals with other people's software: npm's openid-client, and Apache's mod_auth_openidc (LOG-01, LOG-07, SYS-03).

    oidc_clients.py <folder of the daemons>
"""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import oidc
import story
from oidc import PLACE, Browser
from story import CITIZEN

sys.path.insert(0, f"{story.SOURCE}/tests/interop")
from npm import packages  # noqa: E402

CALLBACK = PLACE + "oidc/cb"
NODE_MIN = 20  # of openid-client


class Clients(oidc.Oidc):
    test_a_portal_signs_its_user_in = test_what_is_wrong_goes_nowhere = None  # oidc.py's own

    def node(self):
        place = Path(os.path.dirname(self.bin)) / "tests" / "interop" / "connect"
        try:
            node = packages(place, NODE_MIN)
        except SystemExit:
            self.skipTest("the client is not to be had here")
        shutil.copy(f"{story.SOURCE}/tests/interop/openid_client.mjs", place)
        return node, place

    def openid_client(self, node, place, client_id, secret):
        return subprocess.Popen([node, "openid_client.mjs", self.base, CALLBACK, client_id, *([secret] if secret else [])], cwd=place,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def tell(self, process, text):
        process.stdin.write(text + "\n")
        process.stdin.flush()

    def hear(self, process):
        line = process.stdout.readline()
        self.assertNotEqual(line, "", process.poll() is not None and process.stderr.read())
        return json.loads(line)

    def walk(self, process, browser):
        self.tell(process, "go")
        back = browser.get(self.hear(process)["go"])
        if back is None and "login_id" in browser.page:
            back = self.sign_in(browser)
        elif back is None:
            back = browser.submit(go="allow")
        self.tell(process, back)
        told = self.hear(process)
        process.communicate(timeout=story.PATIENCE_S)
        self.assertEqual(process.returncode, 0)
        return told

    def test_openid_client(self):
        """Discovery, PKCE, signature, nonce, max_age, iss, userinfo; by secret, and by a key of the portal's own."""
        node, place = self.node()
        steps = self.begin()
        steps.register(CITIZEN)
        browser = Browser(self.base)
        told = self.walk(self.openid_client(node, place, "tayninh", self.client(redirect_uris=[CALLBACK]).secret), browser)
        self.assertEqual((told["claims"]["aud"], told["claims"]["acr"], told["user"]["HoVaTen"], told["user"]["SoDinhDanh"]),
                         ("tayninh", "LoA2", CITIZEN["full_name"], CITIZEN["login_id"]))
        self.assertEqual((told["mixed"], told["again"]), ("OAUTH_INVALID_RESPONSE", "invalid_grant"))
        self.assertNotEqual(told["after"], "told")
        process = self.openid_client(node, place, "bocongan", "")
        jwks = self.hear(process)["jwks"]
        self.assertEqual(self.client("bocongan", redirect_uris=[CALLBACK], jwks=json.dumps(jwks)).secret, "")
        told = self.walk(process, browser)
        self.assertEqual((told["claims"]["aud"], told["again"]), ("bocongan", "invalid_grant"))
        self.assertIsNone(browser.get(told["out"]))  # its session's token was shown: no question
        self.assertIn("Bạn đã đăng xuất", browser.page)
        self.check_books()


if __name__ == "__main__":
    story.main()
