"""The gateway before the real rooms, as web clients use it: the Connect protocol, files, webhooks' neighbours, numbers.

    connect_real.py <folder of the daemons>
"""
import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess

import story
from portal import solve_captcha
from story import CITIZEN, PASSWORD, UNIT, message

IDENTITY, DOSSIER = "motcua.identity.v1.Identity", "motcua.dossier.v1.Dossier"
MIB = 1 << 20
CLIENT = """
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";

const [baseUrl, descriptors, session] = process.argv.slice(2);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)));
const Violation = registry.getMessage("motcua.v1.Violation");
for (const useBinaryFormat of [false, true]) {
  const of = (name) => createClient(registry.getService(name),
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat }));
  const found = await of("motcua.dossier.v1.Dossier").searchProcedures({ unit: "000.20.31.H53", words: "khai sinh" });
  assert.equal(found.total, 8);
  assert.equal(found.procedures[0].name, "Đăng ký khai sinh");
  const headers = { Authorization: `Bearer ${session}` };
  const me = await of("motcua.identity.v1.Identity").getProfile({}, { headers });
  assert.equal(me.fullName, "Nguyễn Thị Hoà Bình");
  const error = await of("motcua.identity.v1.Identity").startRegistration({}).catch((e) => e);
  assert(error instanceof ConnectError);
  assert.equal(error.code, Code.InvalidArgument);
  assert(error.findDetails(Violation).length >= 5);
  const nobody = await of("motcua.dossier.v1.Dossier").listMine({}).catch((e) => e);
  assert.equal(nobody.code, Code.Unauthenticated);
  assert.equal(nobody.metadata.get("Motcua-Code"), "SESSION_REQUIRED");
}
console.log("connect ok");
"""


class ConnectReal(story.Story):
    def rpc(self, method, body, session="", kind="application/json", **headers):
        head = {"Content-Type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}}
        if session:
            head["Authorization"] = f"Bearer {session}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http("POST", f"{self.steps.http.base}/{method}", data, head)

    def good(self, *arguments, **more):
        status, _, text = self.rpc(*arguments, **more)
        self.assertEqual(status, 200, text[:500])
        return json.loads(text)

    def bad(self, http, code, *arguments, **more):
        status, headers, text = self.rpc(*arguments, **more)
        self.assertEqual((status, headers["Motcua-Code"]), (http, code), text[:500])
        return json.loads(text)

    def violations(self, error):
        return [(d["debug"].get("field", ""), d["debug"]["code"]) for d in error["details"]]

    def test_bodies_errors_and_repeats(self):
        """JSON and protobuf; every failed condition at once (REG-15, REG-28, S06); one key, one effect."""
        self.up()
        search = {"unit": UNIT, "words": "khai sinh"}
        text = self.good(f"{DOSSIER}/SearchProcedures", search)
        self.assertEqual((text["total"], text["procedures"][0]["name"]), (8, "Đăng ký khai sinh"))
        request = message("motcua.dossier.v1.SearchProceduresRequest")(**search)
        status, headers, body = self.rpc(f"{DOSSIER}/SearchProcedures", request.SerializeToString(), kind="application/proto")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/proto"))
        self.assertEqual(message("motcua.dossier.v1.SearchProceduresReply").FromString(body).procedures[0].name, "Đăng ký khai sinh")

        status, _, text = self.rpc(f"{IDENTITY}/StartRegistration", {})
        error = json.loads(text)
        self.assertEqual((status, error["code"]), (400, "invalid_argument"))
        told = self.violations(error)
        self.assertLessEqual({"login_id", "full_name", "birth_date", "phone", "method"}, {f for f, _ in told}, told)
        texts = {d["debug"]["field"]: d["debug"]["message"] for d in error["details"]}
        self.assertEqual(texts["login_id"], "Bạn phải nhập cmt/cccd.")
        status, headers, body = self.rpc(f"{IDENTITY}/StartRegistration", b"", kind="application/proto")
        self.assertEqual((status, headers["Content-Type"]), (400, "application/json"))  # errors are JSON, whatever was asked
        self.assertEqual(self.violations(json.loads(body)), told)

        form = dict(loginId=CITIZEN["login_id"], fullName=CITIZEN["full_name"], birthDate=CITIZEN["birth_date"],
                    phone=CITIZEN["phone"], subjectKind="CITIZEN", method="SUBSCRIBER", consentVersion="2026-01")
        self.bad(400, "CAPTCHA_REQUIRED", f"{IDENTITY}/StartRegistration", form)  # who comes through the public door
        asked = self.good(f"{IDENTITY}/GetCaptcha", {"loginId": CITIZEN["login_id"]})
        form["captcha"] = solve_captcha(asked["challenge"])
        answers = [self.rpc(f"{IDENTITY}/StartRegistration", form, Idempotency_Key="my form 1") for _ in range(3)]
        self.assertEqual({a[0] for a in answers}, {200})
        self.assertEqual(len({a[2] for a in answers}), 1)
        self.assertEqual(len({a[1]["Motcua-Request-Id"] for a in answers}), 1)
        self.bad(409, "REQUEST_REUSED", f"{IDENTITY}/StartRegistration", dict(form, email="a@example.vn"), Idempotency_Key="my form 1")
        self.assertEqual(self.types()["identity.registration_started"], 1)

        self.bad(401, "SESSION_REQUIRED", f"{DOSSIER}/ListMine", {})
        self.bad(401, "SESSION_INVALID", f"{DOSSIER}/ListMine", {}, session="v1.guess.guess")
        for method in (f"{DOSSIER}/Nothing", "motcua.v1.Room/Stats", "motcua.payment.v1.Payment/PlatformConfirm"):
            self.assertEqual(self.rpc(method, {})[0], 404, method)
        for method in ("motcua.otp.v1.Otp/LeaseJobs", "motcua.otp.v1.Otp/Issue", "motcua.audit.v1.Audit/Verify"):
            self.bad(403, "CALLER_DENIED", method, {})

    def test_papers_up_to_the_limit(self):
        """OFF-27 DOS-04: five mebibytes come back byte by byte; one byte more, or another kind of file, does not go in."""
        self.up()
        session = self.citizen()
        draft = self.good(f"{DOSSIER}/SaveDraft", {"procedureCode": "1.001193", "unit": UNIT, "abstract": "x", "form": "{}"}, session)
        paper = {"dossierId": draft["dossierId"], "component": "Giấy chứng sinh", "fileName": "a.pdf"}
        head, tail = b"%PDF-1.4\n", b"\n%%EOF\n"
        whole = head + os.urandom(5 * MIB - len(head) - len(tail)) + tail

        def attach(content, **more):
            return {**paper, **more, "content": base64.b64encode(content).decode()}

        kept = self.good(f"{DOSSIER}/Attach", attach(whole), session)
        self.assertEqual((int(kept["size"]), kept["sha256"], kept["contentType"]),
                         (5 * MIB, hashlib.sha256(whole).hexdigest(), "application/pdf"))
        back = self.good(f"{DOSSIER}/ReadAttachment", {"dossierId": draft["dossierId"], "sha256": kept["sha256"]}, session)
        self.assertEqual(base64.b64decode(back["content"]), whole)
        request = message("motcua.dossier.v1.ReadAttachmentRequest")(dossier_id=base64.b64decode(draft["dossierId"]), sha256=kept["sha256"])
        status, _, body = self.rpc(f"{DOSSIER}/ReadAttachment", request.SerializeToString(), session, kind="application/proto")
        self.assertEqual((status, message("motcua.dossier.v1.ReadAttachmentReply").FromString(body).content), (200, whole))

        self.bad(400, "FILE_TOO_LARGE", f"{DOSSIER}/Attach", attach(whole + b"\n"), session)
        self.bad(400, "FILE_TYPE", f"{DOSSIER}/Attach", attach(b"MZ\x90\0 a program", fileName="a.pdf"), session)
        self.assertEqual(self.rpc(f"{DOSSIER}/Attach", b" " * (8 * MIB + 1), session)[0], 413)
        status, headers, _ = self.rpc(f"{DOSSIER}/SearchProcedures", {"words": "x" * (256 << 10)})
        self.assertEqual((status in (400, 413), headers["Motcua-Code"]), (True, "MESSAGE_TOO_LONG"))
        self.assertEqual(self.types()["dossier.attached"], 1)

    def ready(self):
        status, _, body = self.http("GET", f"{self.steps.http.base}/readyz")
        return status, json.loads(body)

    def test_a_room_is_down(self):
        """/readyz names it, calls to it end in time, all others go on; and /metrics is sound by promtool."""
        self.up()
        self.assertEqual(self.wait("all to be ready", lambda: self.ready()[0] == 200 and self.ready())[1]["ready"], True)
        self.end_daemons(["payment"], signal.SIGKILL)
        status, told = self.ready()
        self.assertEqual((status, [r["room"] for r in told["rooms"] if not r.get("ready")]), (503, ["payment"]))
        status, _, body = self.rpc("motcua.payment.v1.Payment/ListOrders", {}, Connect_Timeout_Ms="300")
        self.assertEqual((status, json.loads(body)["code"]), (504, "deadline_exceeded"))
        self.good(f"{DOSSIER}/SearchProcedures", {"words": "khai sinh"})
        metrics = self.metrics()
        self.assertIn('motcua_room_up{room="payment"} 0\n', metrics)
        self.assertIn('motcua_room_up{room="dossier"} 1\n', metrics)
        self.start_daemons(["payment"])
        self.wait("payment to be back", lambda: self.ready()[0] == 200)
        self.assertIn('motcua_room_up{room="payment"} 1\n', self.metrics())

    def metrics(self):
        status, headers, body = self.http("GET", f"{self.steps.http.base}/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        if shutil.which("promtool"):
            lint = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True)
            self.assertEqual((lint.returncode, lint.stdout + lint.stderr), (0, b""))
        return body.decode()

    def test_no_stranger_learns_anything(self):
        """The whole registration over HTTP alone, by JSON (S01); and nothing of it in the gateway's log."""
        steps = self.up()
        registration = steps.start_registration(CITIZEN, through_http=True)
        steps.await_carrier(registration)
        subject = base64.b64encode(registration).decode()
        code = steps.read_code("REGISTER", registration, CITIZEN["phone"])
        ask = {"purpose": "REGISTER", "subject": subject, "code": code}
        verified = self.good("motcua.otp.v1.Otp/Verify", ask, Idempotency_Key="code")
        self.assertEqual(self.good("motcua.otp.v1.Otp/Verify", ask, Idempotency_Key="code"), verified)  # its answer was lost
        form = {"registrationId": subject, "proof": verified["proof"], "password": PASSWORD, "passwordAgain": PASSWORD}
        for field, wrong in (("password", {"password": "Aa123456"}), ("password_again", {"passwordAgain": PASSWORD + "x"})):
            status, _, body = self.rpc(f"{IDENTITY}/FinishRegistration", dict(form, **wrong))  # REG-23 REG-24
            self.assertEqual((status, [f for f, _ in self.violations(json.loads(body))]), (400, [field]))
        account = self.good(f"{IDENTITY}/FinishRegistration", form)
        self.assertEqual(account["ial"], 2)
        with open(f"{self.house.log_dir}/gateway.log", encoding="utf-8") as log:
            text = log.read()
        for secret in (code, PASSWORD, CITIZEN["phone"], CITIZEN["login_id"], verified["proof"]):
            self.assertNotIn(secret, text)

    def test_the_connect_projects_client(self):
        """Their own client, in both formats, against the real rooms; its packages are those of the interop tests."""
        place = os.path.join(os.path.dirname(self.bin), "tests", "interop", "connect")
        if not shutil.which("node") or not os.path.exists(f"{place}/installed"):
            self.skipTest("the client's packages are not here: the test gateway_connect fetches them")
        self.up()
        session = self.citizen()
        protos = [f"{story.SOURCE}/proto/{n}" for n in sorted(os.listdir(f"{story.SOURCE}/proto")) if n.endswith(".proto")]
        subprocess.run(["protoc", "--include_imports", "-o", f"{self.folder}/all.binpb", "-I", f"{story.SOURCE}/proto", "-I",
                        "/usr/include", *protos], check=True)
        os.symlink(f"{place}/node_modules", f"{self.folder}/node_modules")
        with open(f"{self.folder}/client.mjs", "w", encoding="utf-8") as file:
            file.write(CLIENT)
        done = subprocess.run(["node", "client.mjs", self.steps.http.base, f"{self.folder}/all.binpb", session],
                              cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, "connect ok\n"), done.stderr)


if __name__ == "__main__":
    story.main()
