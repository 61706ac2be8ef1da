"""Portals with other people's software: npm's openid-client, and Apache's mod_auth_openidc (LOG-01, LOG-07, SYS-03).

    oidc_clients.py <folder of the daemons>
"""
import json
import os
import re
import shutil
import socket
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


class Clients(oidc.OidcStory):
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

    # --- Apache ---

    def apache_config(self, port, secret):
        """README's own lines, with this test's addresses and secret."""
        with open(f"{story.SOURCE}/README.md", encoding="utf-8") as file:
            lines = re.search(r"^    OIDCProviderMetadataURL.*?^    </Location>$", file.read(), re.M | re.S).group(0)
        for name, value in (("https://xacthuc.example.vn", self.base), ("the-secret", secret),
                            ("https://dichvucong.tayninh.example.vn", f"http://127.0.0.1:{port}")):
            self.assertIn(name, lines)
            lines = lines.replace(name, value)
        modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                          for name in ("mpm_event", "authn_core", "authz_core", "authz_user", "include", "mime", "auth_openidc"))
        return f"""ServerRoot {self.folder}/apache
PidFile {self.folder}/apache/pid
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
User #{os.getuid() or 65534}
Group #{os.getgid() or 65534}
{modules}TypesConfig /dev/null
ErrorLog {self.folder}/log/apache.log
LogLevel warn
DocumentRoot {self.folder}/apache/www
AddOutputFilter INCLUDES .shtml
AddType text/html .shtml
<Directory {self.folder}/apache/www>
    Options +Includes
    Require all granted
</Directory>
{lines}
"""

    def apache(self, secret_for):
        """An Apache of our own on a free port; returns the port."""
        if not os.path.exists("/usr/sbin/apache2") or not os.path.exists("/usr/lib/apache2/modules/mod_auth_openidc.so"):
            self.skipTest("no apache2 with mod_auth_openidc")
        os.makedirs(f"{self.folder}/apache/www")
        for path in (self.folder, f"{self.folder}/apache", f"{self.folder}/apache/www"):
            os.chmod(path, 0o755)
        with open(f"{self.folder}/apache/www/index.shtml", "w") as file:
            file.write("".join(f'<p id="{name}"><!--#echo encoding="none" var="{name}" --></p>\n'
                               for name in ("REMOTE_USER", "OIDC_CLAIM_HoVaTen", "OIDC_CLAIM_SoDinhDanh", "OIDC_CLAIM_acr")))
        for _ in range(5):  # the free port may be taken before Apache takes it
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            with open(f"{self.folder}/apache/conf", "w") as file:
                file.write(self.apache_config(port, secret_for(port)))
            process = subprocess.Popen(["/usr/sbin/apache2", "-f", f"{self.folder}/apache/conf", "-DFOREGROUND"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if self.wait("Apache", lambda: process.poll() is not None or os.path.exists(f"{self.folder}/apache/pid")) and process.poll() is None:
                self.addCleanup(self.end_apache, process)
                return port
        self.fail(process.stderr.read())

    def end_apache(self, process):
        process.terminate()
        process.communicate(timeout=story.PATIENCE_S)

    def arrive(self, browser, at, path="/index.shtml"):
        """Opens the portal's page; follows to the provider. The address the portal sent the browser to."""
        to = browser.get(at + path)
        self.assertTrue((to or "").startswith(f"{self.base}/oauth2/authorize?"), (to, browser.status, browser.page, open(f"{self.folder}/log/apache.log").read()))
        return to

    def shown(self, browser):
        return dict(re.findall(r'<p id="(\w+)">(.*?)</p>', browser.page))

    def test_apache(self):
        """LOG-01: portal, provider, portal; REMOTE_USER and claims; a replay, another's answer and a sign-out."""
        steps = self.begin()
        account = steps.register(CITIZEN)

        def secret_for(port):
            callback = f"http://127.0.0.1:{port}/oidc/cb"
            saved = self.client(redirect_uris=[callback], logout_uris=[f"http://127.0.0.1:{port}/"],
                                backchannel_logout_uri=f"{callback}?logout=backchannel").secret
            self.secret = saved or self.operator("client", "secret", "tayninh", "đổi cổng", "at-once").strip()
            return self.secret

        at = f"http://127.0.0.1:{self.apache(secret_for)}"
        browser = Browser(self.base)
        browser.get(self.arrive(browser, at))
        back = self.sign_in(browser)
        page = browser.get(back)
        self.assertEqual((browser.status, page), (302, f"{at}/index.shtml"), browser.page)
        browser.get(page)
        self.assertEqual(self.shown(browser), {"REMOTE_USER": account, "OIDC_CLAIM_HoVaTen": CITIZEN["full_name"],
                                               "OIDC_CLAIM_SoDinhDanh": CITIZEN["login_id"], "OIDC_CLAIM_acr": "LoA2"})

        browser.get(back)  # the callback again: its code and state are spent
        self.assertNotIn(browser.status, (200, 500))
        stranger = Browser(self.base)
        stranger.get(back)  # somebody else's answer: no state of his
        self.assertNotEqual(stranger.status, 200)
        self.assertNotIn(CITIZEN["full_name"], stranger.page)

        # already signed in at the provider: another browser session at the portal needs no page
        host = at.split("//")[1]
        browser.cookies[host].clear()
        back = browser.get(self.arrive(browser, at))
        browser.get(browser.get(back))
        self.assertEqual(self.shown(browser)["REMOTE_USER"], account)
        tampered = browser.get(self.arrive(Browser(self.base), at).replace("redirect_uri=", "redirect_uri=https%3A%2F%2Fthief.example.vn%2F&x="))
        self.assertEqual((tampered, browser.status), (None, 400))

        # the session ends elsewhere: the portal is told, and its own ends too
        browser.get(f"{self.base}/oauth2/logout")
        browser.submit()
        self.wait("the portal to have heard", lambda: browser.get(f"{at}/index.shtml") is not None)
        self.assertEqual(self.stats("identity").lanes[-1].dead, 0)
        browser.cookies[host].clear()
        browser.get(self.arrive(browser, at))
        browser.get(browser.get(self.sign_in(browser)))
        self.assertEqual(self.shown(browser)["REMOTE_USER"], account)

        # sign-out at the portal ends the provider's session too, and back
        out = browser.get(f"{at}/oidc/cb?logout={at}/")
        self.assertTrue(out.startswith(f"{self.base}/oauth2/logout?"), out)
        self.assertEqual(browser.get(out), f"{at}/")
        browser.get(self.arrive(browser, at))
        self.assertIn("Chọn loại tài khoản", browser.page)


if __name__ == "__main__":
    story.main()
