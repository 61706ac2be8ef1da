"""The gateway daemon before six rooms with fixed answers, asked by other people's clients.

usage: gateway_peer.py curl|connect <motcua-gateway> <gateway_rooms> <source folder> <build folder>

Exit 77: the client is not to be had here.
"""
import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from npm import packages, skip

CLIENT, GATEWAY, ROOMS, SOURCE, BUILD = sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5])
HERE = SOURCE / "tests" / "interop"


def wait_for(path, process):
    for _ in range(2000):
        if path.exists():
            return path.read_text()
        assert process.poll() is None, f"the gateway ended with {process.poll()}"
        time.sleep(0.01)
    raise AssertionError(f"{path} does not appear")


@contextlib.contextmanager
def rooms(folder):
    (folder / "run").mkdir(mode=0o700, exist_ok=True)
    process = subprocess.Popen([ROOMS, folder / "run"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    yield
    process.stdin.close()
    assert process.wait(timeout=20) == 0


@contextlib.contextmanager
def gateway(folder, *settings):
    common = [f"run.dir={folder}/run", f"data.dir={folder}/data", f"keys.dir={folder}/keys",
              "gateway.listen=127.0.0.1:0", "gateway.cors_origins=https://portal.example.vn"]
    port = folder / "run" / "gateway" / "port"
    port.unlink(missing_ok=True)
    process = subprocess.Popen([GATEWAY] + [a for s in [*common, *settings] for a in ("--set", s)])
    try:
        yield "127.0.0.1:" + wait_for(port, process).strip()
    finally:
        process.terminate()
        code = process.wait(timeout=30)
    assert code == 0, f"the gateway ended with {code}"


class Answer:
    def __init__(self, text):
        head, _, self.body = text.partition("\r\n\r\n")
        status, *lines = head.split("\r\n")
        self.status = int(status.split()[1])
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    def code(self):
        return json.loads(self.body)["code"]


def curl(url, *args):
    result = subprocess.run(["curl", "-sS", "-i", "--max-time", "20", "-H", "Expect:", *args, url],
                            capture_output=True, check=True)
    return Answer(result.stdout.decode())


def rpc(at, method, *args, body='{"phone":"0912000101"}', kind="application/json"):
    return curl(f"http://{at}/{method}", "-H", f"Content-Type: {kind}", "--data-binary", body, *args)


OTP = "motcua.otp.v1.Otp"


def pages(at):
    page = curl(f"http://{at}/")
    assert page.status == 200 and '<html lang="vi">' in page.body
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    head = subprocess.run(["curl", "-sS", "-I", f"http://{at}/"], capture_output=True, check=True).stdout
    assert head.startswith(b"HTTP/1.1 200") and head.endswith(b"\r\n\r\n")
    lost = curl(f"http://{at}/nowhere")
    assert lost.status == 404 and lost.headers["motcua-code"] == "PAGE_NOT_FOUND"
    assert lost.headers["content-type"] == "application/json"
    posted = curl(f"http://{at}/livez", "-X", "POST")
    assert posted.status == 405 and posted.headers["allow"] == "GET, HEAD"


def calls(at):
    good = rpc(at, f"{OTP}/Issue")
    assert good.status == 200 and json.loads(good.body)["expiresAtMs"] == "1788888888123"
    assert good.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
                        good.headers["motcua-request-id"])
    assert rpc(at, f"{OTP}/Issue", kind="application/json; charset=utf-8").status == 200
    bad = rpc(at, f"{OTP}/Issue", body="{}")
    assert bad.status == 400 and bad.code() == "invalid_argument"
    details = json.loads(bad.body)["details"]
    assert details[0]["type"] == "motcua.v1.Violation" and not details[0]["value"].endswith("=")
    assert details[0]["debug"]["field"] == "phone"


def refusals(at):
    field = rpc(at, f"{OTP}/Issue", body='{"phone":1}')
    assert field.status == 400 and json.loads(field.body)["details"][0]["debug"]["field"] == "phone"
    broken = rpc(at, f"{OTP}/Issue", body='{"phone":')
    assert broken.status == 400 and broken.headers["motcua-code"] == "JSON_INVALID"
    kind = rpc(at, f"{OTP}/Issue", kind="text/plain")
    assert kind.status == 415 and kind.headers["accept-post"] == "application/json, application/proto"
    packed = rpc(at, f"{OTP}/Issue", "-H", "Content-Encoding: gzip")
    assert packed.status == 501 and packed.code() == "unimplemented"
    get = curl(f"http://{at}/{OTP}/Issue")
    assert get.status == 405 and get.headers["allow"] == "POST"
    assert rpc(at, f"{OTP}/Nothing").status == 404
    assert rpc(at, "motcua.v1.Room/Stats").status == 404
    assert rpc(at, f"{OTP}/DeliveryWebhook").status == 404
    version = rpc(at, f"{OTP}/Issue", "-H", "Connect-Protocol-Version: 2")
    assert version.headers["motcua-code"] == "PROTOCOL_VERSION_UNSUPPORTED"
    session = rpc(at, f"{OTP}/Issue", "-H", "Authorization: Basic eDp5")
    assert session.status == 401 and session.headers["www-authenticate"] == "Bearer"


def limits(at, folder):
    def attempt(method, size):
        (folder / "body").write_text(json.dumps({"text": "x" * (size - len('{"text": ""}'))}))
        return rpc(at, method, body=f"@{folder}/body")

    small, large = 256 << 10, 8 << 20
    assert attempt(f"{OTP}/Issue", small).headers["motcua-code"] == "FIELD_UNKNOWN"
    assert attempt(f"{OTP}/Issue", small + 1).headers["motcua-code"] == "MESSAGE_TOO_LONG"
    assert attempt("motcua.dossier.v1.Dossier/Attach", small + 1).headers["motcua-code"] != "MESSAGE_TOO_LONG"
    assert attempt("motcua.dossier.v1.Dossier/Attach", large + 1).status == 413


def webhooks(at):
    paid = curl(f"http://{at}/webhooks/payment?a=1", "-H", "Content-Type: application/json",
                "-H", "Webhook-Signature: v1,abc", "--data-raw", '{"x":1}')
    assert paid.status == 200 and paid.headers["content-type"] == "text/x-echo"
    assert paid.body == 'room:gateway|POST|/webhooks/payment|a=1|v1,abc|{"x":1}', paid.body
    assert curl(f"http://{at}/webhooks/sms?id=7&st=1").body == "room:gateway|GET|/webhooks/sms|id=7&st=1||"
    assert curl(f"http://{at}/webhooks/sms?refuse").status == 403
    assert curl(f"http://{at}/webhooks/payment").status == 405


def cors(at):
    def preflight(origin):
        return curl(f"http://{at}/{OTP}/Issue", "-X", "OPTIONS", "-H", f"Origin: {origin}",
                    "-H", "Access-Control-Request-Method: POST")

    known = preflight("https://portal.example.vn")
    assert known.status == 204 and known.headers["access-control-allow-origin"] == "https://portal.example.vn"
    assert "Idempotency-Key" in known.headers["access-control-allow-headers"]
    assert "access-control-allow-origin" not in preflight("https://other.example.vn").headers
    assert "access-control-allow-origin" not in preflight("null").headers
    answer = rpc(at, f"{OTP}/Issue", "-H", "Origin: https://portal.example.vn")
    assert answer.headers["access-control-allow-origin"] == "https://portal.example.vn"
    assert answer.headers["vary"] == "Origin"


def numbers(at):
    metrics = curl(f"http://{at}/metrics")
    assert metrics.status == 200 and metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in ('motcua_room_up{room="audit"} 1',
                 'motcua_queue_jobs{room="otp",queue="otp",state="queued"} 7',
                 'motcua_queue_oldest_age_seconds{room="otp",queue="otp"} 1.5',
                 'motcua_method_duration_seconds_count{room="otp",method="Issue"} 7',
                 'motcua_http_requests_total{room="gateway",method="page",code="200"} 2'):
        assert line + "\n" in metrics.body, line
    if shutil.which("promtool"):
        subprocess.run(["promtool", "check", "metrics"], input=metrics.body, text=True, check=True)
    else:
        print("promtool is not here: the metrics' lint was left out")
    return metrics


def with_rooms(at, folder):
    assert curl(f"http://{at}/livez").body == "ok\n"
    ready = curl(f"http://{at}/readyz")
    assert ready.status == 200 and json.loads(ready.body)["ready"] is True
    pages(at)
    calls(at)
    refusals(at)
    limits(at, folder)
    webhooks(at)
    cors(at)
    numbers(at)


def without_rooms(at):
    assert curl(f"http://{at}/livez").status == 200
    ready = curl(f"http://{at}/readyz")
    assert ready.status == 503 and json.loads(ready.body)["rooms"][0]["problems"] == ["no answer"]
    hook = curl(f"http://{at}/webhooks/sms?id=7")
    assert hook.status == 503 and hook.headers["retry-after"] == "1"
    assert rpc(at, f"{OTP}/Issue", "-H", "Connect-Timeout-Ms: 200").code() == "deadline_exceeded"
    assert 'motcua_room_up{room="otp"} 0\n' in curl(f"http://{at}/metrics").body


def under_way(at):
    found = re.search(r"^motcua_http_requests_under_way (\d+)$", curl(f"http://{at}/metrics").body, re.M)
    return int(found.group(1)) - 1  # without the one that asks


def silent_call(at):
    return subprocess.Popen(["curl", "-sS", "-i", "--max-time", "20", "-H", "Content-Type: application/json",
                             "-H", "Connect-Timeout-Ms: 1500", "--data-raw", '{"code":"silent"}',
                             f"http://{at}/{OTP}/Verify"], stdout=subprocess.PIPE)


def the_last_calls_are_answered(folder):
    """SIGTERM while calls are under way: they end, then the gateway does."""
    with gateway(folder, "gateway.calls=3") as at:
        calls = [silent_call(at), silent_call(at)]
        while under_way(at) < 2:
            assert all(call.poll() is None for call in calls)
        calls.append(silent_call(at))
        while True:  # no place is left, not even for this question
            full = curl(f"http://{at}/")
            if full.status == 503:
                break
            assert all(call.poll() is None for call in calls)
        assert full.headers["retry-after"] == "1"
        assert curl(f"http://{at}/livez").status == 200  # busy is not dead
    for call in calls:
        out, _ = call.communicate(timeout=20)
        assert out.startswith(b"HTTP/1.1 504"), out


def run_curl(folder):
    if shutil.which("curl") is None:
        skip("no curl")
    quick = ("gateway.round_timeout=500ms", "gateway.webhook_timeout=300ms")
    with rooms(folder):
        with gateway(folder) as at:
            with_rooms(at, folder)
        the_last_calls_are_answered(folder)
    with gateway(folder, *quick) as at:
        without_rooms(at)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "1",
                    "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    with gateway(folder, f"gateway.tls_cert={folder}/cert.pem", f"gateway.tls_key={folder}/key.pem") as at:
        secure = curl(f"https://{at}/livez", "--cacert", str(folder / "cert.pem"))
        assert secure.status == 200 and "strict-transport-security" in secure.headers


def run_connect(folder):
    place = BUILD / "connect"
    node = packages(place)
    shutil.copy(HERE / "connect_client.mjs", place)
    descriptors = folder / "descriptors.binpb"
    protos = sorted(str(p) for p in (SOURCE / "proto").glob("*.proto"))
    subprocess.run(["protoc", "--include_imports", "-o", descriptors, "-I", SOURCE / "proto", "-I", "/usr/include",
                    *protos], check=True)
    with rooms(folder), gateway(folder) as at:
        subprocess.run([node, "connect_client.mjs", f"http://{at}", descriptors], cwd=place, check=True, timeout=120)


with tempfile.TemporaryDirectory(prefix="motcua-gateway-") as name:
    {"curl": run_curl, "connect": run_connect}[CLIENT](Path(name))
print("ok")
