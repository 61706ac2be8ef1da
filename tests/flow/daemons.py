"""What flow stories share: daemons in a temporary folder, HTTP without proxies, a listening ear."""
import http.server
import json
import os
import queue
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

PATIENCE_S = 20


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


def call(method, url, body=None, timeout=PATIENCE_S, form=None):
    """Returns (status, headers, bytes); HTTP errors are answers too."""
    headers = {}
    if form is not None:
        body = urllib.parse.urlencode(form).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    elif body is not None:
        body = json.dumps(body).encode() if not isinstance(body, bytes) else body
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with OPENER.open(request, timeout=timeout) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Ear(http.server.ThreadingHTTPServer):
    """Hears what is called back: a queue of (method, path, query, body). Answers what it is told to."""

    daemon_threads = True

    def __init__(self):
        ear = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def hear(self):
                parts = urllib.parse.urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = ear.answer(parts.path, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                ear.heard.put((self.command, parts.path, dict(urllib.parse.parse_qsl(parts.query)), body))

            do_GET = do_POST = hear

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.heard = queue.Queue()
        self.answer = lambda path, body: (200, b"ok")
        self.url = "http://127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def next(self, timeout=PATIENCE_S):
        return self.heard.get(timeout=timeout)

    def silent(self, seconds):
        try:
            return self.heard.get(timeout=seconds) and False
        except queue.Empty:
            return True

    def close(self):
        self.shutdown()
        self.server_close()


class Story(unittest.TestCase):
    bin = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.run_dir = os.path.join(self.folder, "run")
        self.killed = []  # daemons that are not expected to end with 0

    def start(self, name, **settings):
        """Starts motcua-<name>; keys' dots are written as double underscores."""
        given = {"data.dir": self.folder + "/data", "run.dir": self.run_dir, "keys.dir": self.folder + "/keys",
                 "keys.generate": "true"}
        given.update({key.replace("__", "."): str(value) for key, value in settings.items()})
        command = [os.path.join(self.bin, "motcua-" + name)]
        for key, value in given.items():
            command += ["--set", f"{key}={value}"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MOTCUA_")}
        log = open(os.path.join(self.folder, name + ".log"), "ab")
        self.addCleanup(log.close)
        daemon = subprocess.Popen(command, stderr=log, env=environment)
        self.addCleanup(self.stop, daemon)
        return daemon

    def stop(self, daemon):
        if daemon in self.killed:
            return
        if daemon.poll() is None:
            daemon.terminate()
        self.assertEqual(daemon.wait(PATIENCE_S), 0, self.log_of_all())

    def log_of_all(self):
        text = ""
        for name in os.listdir(self.folder):
            if name.endswith(".log"):
                with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as file:
                    text += file.read()
        return text

    def wait_for(self, what, describe="it"):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            value = what()
            if value:
                return value
            time.sleep(0.01)
        self.fail(f"waited too long for {describe}\n{self.log_of_all()}")

    def port_of(self, name):
        path = os.path.join(self.run_dir, name + "/port")
        self.wait_for(lambda: os.path.exists(path), path)
        with open(path, encoding="ascii") as file:
            return int(file.read())

    def sandbox(self, **settings):
        settings.setdefault("sandbox__dlr_after", "5ms")
        self.start("sandbox", **settings)
        self.url = "http://127.0.0.1:%d" % self.port_of("sandbox")

    def fault(self, system, fault, **more):
        status, _, body = call("POST", self.url + "/faults", {"system": system, "fault": fault, **more})
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def ear(self):
        ear = Ear()
        self.addCleanup(ear.close)
        return ear
