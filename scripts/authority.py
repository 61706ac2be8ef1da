"""Certificate authorities for development and tests, made with the openssl command: keys are made at the first run and
stay in their folder, certificates are made anew at every start, because they name their responder's address.

Two of them, as in life: one for citizens and enterprises, one for state agencies; each answers by OCSP. Nobody outside
trusts them.
"""
import os
import re
import shutil
import subprocess
import time
import urllib.request

EXTENSIONS = """
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[holder]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
authorityInfoAccess = OCSP;URI:{url}
[responder]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
"""


def openssl(*arguments, env=None, data=None):
    done = subprocess.run(["openssl", *arguments], capture_output=True, input=data, env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise SystemExit(f"openssl {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout


class Authority:
    def __init__(self, folder, name):
        self.folder, self.process, self.serial = folder, None, 0
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self.extensions("http://127.0.0.1:1/")
        self.root = f"{folder}/root.pem"
        if not os.path.exists(self.root):
            self.key("root")
            openssl("req", "-x509", "-new", "-utf8", "-key", f"{folder}/root.key", "-subj", f"/O=motcua/CN={name}", "-days", "3650",
                    "-out", self.root, "-config", f"{folder}/openssl.cnf", "-extensions", "root")
        self.lines = []
        self.write_index()
        self.issue("responder", f"/CN={name} OCSP", section="responder", days=2)
        self.start()

    def extensions(self, url):
        with open(f"{self.folder}/openssl.cnf", "w") as file:
            file.write("[req]\ndistinguished_name = dn\nstring_mask = utf8only\n[dn]\n" + EXTENSIONS.format(url=url))

    def key(self, name):
        path = f"{self.folder}/{name}.key"
        if not os.path.exists(path):
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
            os.chmod(path, 0o600)
        return path

    def request(self, name, subject, key_arguments=None, env=None):
        """A certificate request, signed with a key of this folder, or as the arguments say (a token)."""
        path = f"{self.folder}/{name}.csr"
        openssl("req", "-new", "-utf8", "-multivalue-rdn", *(key_arguments or ["-key", self.key(name)]), "-subj", subject,
                "-config", f"{self.folder}/openssl.cnf", "-out", path, env=env)
        return path

    def issue(self, name, subject, section="holder", days=365, key_arguments=None, env=None):
        """<name>.pem and its serial number; the chain is in it."""
        self.serial += 1
        serial, path = f"{int(time.time())}{self.serial:04d}", f"{self.folder}/{name}.pem"
        serial = f"{int(serial):016X}"
        openssl("x509", "-req", "-in", self.request(name, subject, key_arguments, env), "-CA", self.root, "-CAkey",
                f"{self.folder}/root.key", "-set_serial", f"0x{serial}", "-days", str(days), "-sha256", "-extfile",
                f"{self.folder}/openssl.cnf", "-extensions", section, "-out", path)
        self.lines.append(["V", "350101000000Z", "", serial, "unknown", f"/CN={name}"])
        self.write_index()
        return path, serial

    def revoke(self, serial):
        for line in self.lines:
            if line[3] == serial:
                line[0], line[2] = "R", time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() - 60))
        self.write_index()

    def write_index(self):
        with open(f"{self.folder}/index.new", "w") as file:
            file.write("".join("\t".join(line) + "\n" for line in self.lines))
        os.rename(f"{self.folder}/index.new", f"{self.folder}/index.txt")
        with open(f"{self.folder}/index.txt.attr", "w") as file:
            file.write("unique_subject = no\n")
        self.poke()

    def poke(self):
        """The responder looks at its index before it waits for the next question: this is one that nobody needs answered."""
        if self.process is not None:
            question = f"{self.folder}/question.der"
            if not os.path.exists(question):
                openssl("ocsp", "-issuer", self.root, "-cert", self.root, "-reqout", question)
            with open(question, "rb") as file:
                urllib.request.urlopen(urllib.request.Request(self.url, file.read(), {"Content-Type": "application/ocsp-request"}),
                                       timeout=10).read()

    def start(self):
        log = f"{self.folder}/responder.log"
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                ["openssl", "ocsp", "-port", "0", "-index", f"{self.folder}/index.txt", "-CA", self.root, "-rsigner",
                 f"{self.folder}/responder.pem", "-rkey", f"{self.folder}/responder.key", "-nmin", "10", "-ignore_err"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        ends = time.monotonic() + 10
        while True:
            with open(log) as told:
                found = re.search(r"^ACCEPT .*:(\d+) PID", told.read(), re.M)
            if found:
                break
            if self.process.poll() is not None or time.monotonic() > ends:
                raise SystemExit(f"openssl ocsp does not answer: {open(log).read()}")
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{found.group(1)}/"
        self.extensions(self.url)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None


class Authorities:
    """Both, and who signs by SIM and app in the sandbox."""

    def __init__(self, folder):
        self.public = Authority(f"{folder}/public", "motcua dev CA")
        self.government = Authority(f"{folder}/government", "motcua dev government CA")
        self.signers = f"{folder}/public"
        self.agencies = f"{folder}/agencies"  # whose keys sign documents
        os.makedirs(self.agencies, mode=0o700, exist_ok=True)

    def signer(self, who, name, uid):
        """Somebody whose SIM or app signs: `who` is the phone, or the account at the provider."""
        return self.public.issue(who, f"/UID={uid}/CN={name}")

    def agency(self, code, name):
        """An agency whose documents are signed."""
        self.government.issue(code, f"/CN={name}")
        for ending in ("key", "pem"):
            shutil.copy2(f"{self.government.folder}/{code}.{ending}", f"{self.agencies}/{code}.{ending}")

    def stop(self):
        self.public.stop()
        self.government.stop()
