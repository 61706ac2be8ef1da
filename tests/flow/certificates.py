"""Accounts and sessions by certificate (REG-33 to REG-41, LOG-03): keys in SoftHSM sign, `openssl ocsp` answers for the
authorities, and the sandbox plays the SIM and the app.

    certificates.py <folder of the daemons>
"""
import base64
import json
import os
import subprocess

import oidc
import story
from authority import Authorities, openssl
from story import CITIZEN, enum_name

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
CONSENT = "2026-01"
MST, MNS = "9900000016", "1047665"
BINH = "NGUYỄN THỊ HOÀ BÌNH"


class Token:
    """A USB token: its key never leaves it. The certificate beside it is the authority's."""

    def __init__(self, folder, authority, label, subject, key="EC:prime256v1"):
        self.folder, self.label = folder, label
        self.env = {"SOFTHSM2_CONF": f"{folder}/softhsm2.conf", "PKCS11_MODULE_PATH": MODULE}
        os.makedirs(f"{folder}/tokens", exist_ok=True)
        with open(f"{folder}/softhsm2.conf", "w") as conf:
            conf.write(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.run("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", "1234", "--so-pin", "5678")
        self.run("pkcs11-tool", "--module", MODULE, "--token-label", label, "--login", "--pin", "1234", "--keypairgen",
                 "--key-type", key, "--id", "01", "--label", label)
        self.key = ["-engine", "pkcs11", "-keyform", "engine"]
        self.uri = f"pkcs11:token={label};object={label};type=private;pin-value=1234"
        self.cert, self.serial = authority.issue(label, subject, key_arguments=[*self.key, "-key", self.uri], env=self.env)

    def run(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **self.env})
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def sign(self, text, attached=False):
        more = ["-nodetach"] if attached else []
        return openssl("cms", "-sign", *self.key, "-inkey", self.uri, "-signer", self.cert, "-binary", "-md", "sha256",
                       "-outform", "DER", *more, env=self.env, data=bytes(text))


class PluginToken(Token):
    """Through the Government's plugin: a JWS, RSA with PSS (vgca_sign_json with IsPss, DetachPayload false)."""

    def __init__(self, folder, authority, label, subject):
        super().__init__(folder, authority, label, subject, key="RSA:2048")

    def sign(self, text, attached=False):
        def base64url(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=")

        der = openssl("x509", "-in", self.cert, "-outform", "DER")
        header = json.dumps({"alg": "PS256", "x5c": [base64.b64encode(der).decode()]}).encode()
        part = base64url(header) + b"." + base64url(bytes(text))
        signature = openssl("dgst", "-sha256", *self.key, "-sign", self.uri, "-sigopt", "rsa_padding_mode:pss", "-sigopt",
                            "rsa_pss_saltlen:32", env=self.env, data=part)
        return part + b"." + base64url(signature)


class Certificates(story.Story):
    extra = {"identity": {"identity.signer_poll": "50ms"}}

    def setUp(self):
        super().setUp()
        self.authorities = Authorities(f"{self.folder}/authorities")
        self.addCleanup(self.authorities.stop)

    def start(self, purpose, kind, **more):
        return self.portal.call("identity", "StartSigning",
                                {"purpose": purpose, "subject_kind": kind, "method": "USB_TOKEN", **more})

    def settled(self, signing_id):
        def done():
            now = self.portal.call("identity", "GetSigning", {"signing_id": signing_id})
            return now if enum_name(now, "state") not in ("SIGNING_AWAITED", "SIGNING_CHECKING") else None

        return self.wait("the signing to be settled", done)

    def sign(self, token, purpose, kind, attached=False):
        """From the text to what became of it."""
        begun = self.start(purpose, kind)
        self.portal.call("identity", "SubmitSignature",
                         {"signing_id": begun.signing_id, "signature": token.sign(begun.text, attached)})
        return self.settled(begun.signing_id)

    def register(self, signing, **more):
        return self.portal.call("identity", "RegisterByCertificate",
                                {"signing_id": signing.signing_id, "consent_version": CONSENT, **more})

    def login(self, signing):
        return self.portal.call("identity", "LoginByCertificate", {"signing_id": signing.signing_id})

    def test_tokens_of_three_kinds(self):
        """REG-36 REG-38 REG-40 REG-41 LOG-03: register, sign in, and no more once it is revoked."""
        public, government = self.authorities.public, self.authorities.government
        kinds = [("CITIZEN", Token(self.folder, public, "citizen", f"/CN={BINH}/UID=CCCD:{CITIZEN['login_id']}"), BINH),
                 ("ENTERPRISE", Token(self.folder, public, "enterprise", f"/UID=MST:{MST}/CN=CÔNG TY THỬ NGHIỆM"),
                  "CÔNG TY THỬ NGHIỆM"),
                 ("STATE_AGENCY", PluginToken(self.folder, government, "agency", f"/O=Tây Ninh/CN=UBND xã Bến Cầu+UID=MNS:{MNS}"),
                  "UBND xã Bến Cầu")]
        self.up()
        accounts = []
        for kind, token, name in kinds:
            signing = self.sign(token, "SIGN_REGISTER", kind, attached=kind == "ENTERPRISE")
            self.assertEqual((enum_name(signing, "state"), signing.code), ("SIGNING_ACCEPTED", ""))
            self.assertEqual(signing.certificate.name, name)
            self.assertIn("motcua dev", signing.certificate.issuer)
            opened = self.register(signing, email="ben.cau@example.vn")
            self.assertEqual((enum_name(opened, "state"), opened.ial), ("DONE", 3))
            session = self.login(self.sign(token, "SIGN_LOGIN", kind))
            profile = self.portal.call("identity", "GetProfile", {}, session.session)
            self.assertEqual((profile.account_id, profile.full_name, profile.ial), (opened.account_id, name, 3))
            accounts.append(opened.account_id)
        self.assertEqual(len(set(accounts)), 3)

        citizen, token = kinds[0][0], kinds[0][1]
        wrong_set = self.sign(kinds[1][1], "SIGN_LOGIN", "STATE_AGENCY")
        self.assertEqual((enum_name(wrong_set, "state"), wrong_set.code), ("SIGNING_REFUSED", "CERT_UNTRUSTED"))
        # another signing's text, signed well, is not this one's
        one, other = self.start("SIGN_LOGIN", citizen), self.start("SIGN_LOGIN", citizen)
        told = self.portal.call("identity", "SubmitSignature",
                                {"signing_id": one.signing_id, "signature": token.sign(other.text, attached=True)})
        self.assertEqual(told.code, "SIGNATURE_INVALID")
        # a renewed certificate of the same person, another key: the same account
        renewed = Token(self.folder, public, "renewed", f"/UID=CCCD:{CITIZEN['login_id']}/CN={BINH}")
        self.assertEqual(self.login(self.sign(renewed, "SIGN_LOGIN", citizen)).profile.account_id, accounts[0])
        public.revoke(token.serial)
        revoked = self.sign(token, "SIGN_LOGIN", citizen)
        self.assertEqual((revoked.code, revoked.message), ("CERT_REVOKED", "Chứng thư số đã bị thu hồi."))
        self.refused("SIGNING_REFUSED", "identity", "LoginByCertificate", {"signing_id": revoked.signing_id})
        self.login(self.sign(renewed, "SIGN_LOGIN", citizen))
        self.assertEqual(self.types()["identity.account_opened"], 3)
        self.check_books()

    def prompt(self, who):
        def shown():
            status, _, text = self.http("GET", f"{self.steps.sandbox}/prompts/{who}")
            return json.loads(text) if status == 200 else None

        return self.wait("the prompt on the phone", shown)

    def answer(self, prompt, **how):
        status, _, text = self.http("POST", f"{self.steps.sandbox}/prompts/{prompt['reference']}", json.dumps(how).encode())
        if status == 204:  # the service would say so: SYS-15
            self.wait("the callback", lambda: self.http("POST", f"{self.steps.http.base}/webhooks/signer?ref={prompt['reference']}")[0] == 200)
        return status if status == 204 else json.loads(text)["error"]

    def ask_sim(self, purpose):
        return self.start(purpose, "CITIZEN", method="SIM_PKI", phone=CITIZEN["phone"])

    def test_sims_and_apps(self):
        """REG-08 REG-33 REG-34 REG-35 LOG-03: a PIN on the SIM, consent in the app; refused, away, unknown."""
        phone = f"84{CITIZEN['phone'][1:]}"
        self.authorities.signer(phone, BINH, f"CCCD:{CITIZEN['login_id']}")
        self.authorities.signer(MST, "CÔNG TY THỬ NGHIỆM", f"MST:{MST}")
        self.extra = {"identity": {"identity.signer_poll": "25s"}}  # longer than anybody waits here: callbacks end the waiting
        self.up()
        self.fault("sim", "http500", count=1)  # a moment's trouble delays it
        begun = self.ask_sim("SIGN_REGISTER")
        prompt = self.prompt(phone)
        self.assertEqual(prompt["check_code"], begun.check_code)
        self.assertEqual(self.answer(prompt, pin="0000"), "PIN_WRONG")
        self.end_daemons(["identity"])  # it waits over a restart
        self.start_daemons(["identity"])
        self.assertEqual(self.answer(prompt, pin="1234"), 204)
        signing = self.settled(begun.signing_id)
        self.assertEqual((signing.code, signing.certificate.name), ("", BINH))
        opened = self.register(signing)
        self.assertEqual((enum_name(opened, "state"), opened.ial, opened.phone_masked), ("DONE", 3, "091****101"))
        begun = self.ask_sim("SIGN_LOGIN")
        self.assertEqual(self.answer(self.prompt(phone), pin="1234"), 204)
        session = self.login(self.settled(begun.signing_id))
        self.assertEqual(session.profile.account_id, opened.account_id)
        begun = self.ask_sim("SIGN_LOGIN")
        self.answer(self.prompt(phone), decline=True)
        self.assertEqual(self.settled(begun.signing_id).code, "SIGNING_DECLINED")

        begun = self.start("SIGN_REGISTER", "ENTERPRISE", method="REMOTE_CA", ca_account=MST)
        self.answer(self.prompt(MST), pin="1234")
        self.assertEqual(self.register(self.settled(begun.signing_id)).ial, 3)
        begun = self.start("SIGN_LOGIN", "CITIZEN", method="REMOTE_CA", ca_account="nobody")
        self.assertEqual(self.settled(begun.signing_id).code, "SIGNING_NOT_AT_PROVIDER")


    def test_a_browser_steps_up(self):
        """LOG-03, LOG-07: a portal asks for LoA3; who has only a password is refused it, and gets it by the PIN of the SIM, without a
        script; another person's SIM, and a declined prompt, do not."""
        phone, other = f"84{CITIZEN['phone'][1:]}", "84912000999"
        self.authorities.signer(phone, BINH, f"CCCD:{CITIZEN['login_id']}")
        self.authorities.signer(other, "TRẦN VĂN KHÁC", "CCCD:001085990043")
        steps = self.up()
        steps.register(CITIZEN)
        place = "https://dichvucong.tayninh.example.vn/cb"
        client = {"client_id": "tayninh", "name": "Cổng Tây Ninh", "unit": story.UNIT, "redirect_uris": [place]}
        secret = self.local("operator:test").call("identity", "SaveClient", {"client": client, "reason": "kết nối"}).client_secret
        self.base = steps.http.base
        portal, browser = oidc.Portal(self, secret=secret, callback=place), oidc.Browser(self.base)
        browser.get(portal.address(scope="openid"))
        browser.submit(login_id=CITIZEN["login_id"], password=story.PASSWORD)
        login = bytes.fromhex(browser.forms()[0][1]["login"])
        browser.submit(code=steps.read_code("LOGIN", login, CITIZEN["phone"]))
        tokens = portal.exchange(oidc.answer_of(browser.submit(go="allow"))["code"])[1]
        self.assertEqual(oidc.claims_of(tokens["id_token"])["acr"], "LoA2")
        stepped = portal.address(scope="openid", acr_values="LoA3")
        self.assertIsNone(browser.get(stepped))

        self.assertIsNone(browser.submit(phone="0243000101"))
        self.assertIn('role="alert"', browser.page)
        self.sign_on_sim(browser, phone, decline=True)
        self.assertIn('role="alert"', browser.page)
        self.assertIn('name="login_id"', browser.page)
        self.sign_on_sim(browser, other, pin="1234")
        self.assertIn('role="alert"', browser.page)  # that person has no account

        browser.get(stepped)
        back = self.sign_on_sim(browser, phone, pin="1234")
        tokens = portal.exchange(oidc.answer_of(back)["code"])[1]
        self.assertEqual(oidc.claims_of(tokens["id_token"])["acr"], "LoA3")
        self.check_books()

    def sign_on_sim(self, browser, phone, **how):
        """From the login page; where it leads once the phone has answered."""
        browser.submit(phone=f"0{phone[2:]}")
        wait = browser.headers["Refresh"].split("url=")[1]
        prompt = self.prompt(phone)
        self.assertIn(f"<strong>{prompt['check_code']}</strong>", browser.page)
        self.assertNotIn("<script", browser.page)
        self.assertEqual(self.answer(prompt, **how), 204)

        def led():
            self.led = browser.get(wait)
            return self.led or "Refresh" not in browser.headers

        self.wait("the page to go on", led)
        return self.led


if __name__ == "__main__":
    story.main()
