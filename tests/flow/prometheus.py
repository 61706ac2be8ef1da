"""A real Prometheus with the rules and dashboards of deploy/: nothing in them is asked of a number that is not there.

    prometheus.py <folder of the daemons>
"""
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.parse

import story

DEPLOY = f"{story.SOURCE}/deploy"
# Numbers that are there only once something has gone wrong, or the queue drains.
MAY_BE_EMPTY = {"motcua_room_up == 0", "motcua:queue_empty_in_seconds", "motcua:queue_failed:ratio5m", "motcua:room_failed:ratio5m"}
SELECTOR = re.compile(r"\b(motcua[a-z0-9_:]+)(?:\{([^}]*)\})?")
GROUPING = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def dashboards():
    """(panel, expression as Grafana would send it)"""
    for path in sorted(glob.glob(f"{DEPLOY}/grafana/*.json")):
        with open(path, encoding="utf-8") as file:
            board = json.load(file)
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield f"{board['title']}: {panel['title']}", (
                    target["expr"].replace("$room", ".*").replace("$__rate_interval", "30s"))


class Prometheus(story.Story):
    extra = {"gateway": {"gateway.round_timeout": "150ms"}}  # a scrape ends before the next one is due

    def quicken(self, name, text):
        """What of a file of rules a story cannot wait for."""
        return text

    def start_prometheus(self):
        folder = f"{self.folder}/prometheus"
        os.makedirs(folder)
        with open(f"{DEPLOY}/prometheus/prometheus.yml", encoding="utf-8") as file:
            config = file.read()
        for name in re.search(r"rule_files: \[(.*)\]", config)[1].split(", "):
            with open(f"{DEPLOY}/prometheus/{name}", encoding="utf-8") as rules, open(f"{folder}/{name}", "w", encoding="utf-8") as copy:
                copy.write(self.quicken(name, rules.read()))
        gateway = self.steps.http.base.removeprefix("http://")
        config = config.replace("127.0.0.1:8080", gateway).replace("_interval: 15s", "_interval: 250ms")
        self.assertIn(gateway, config)
        with open(f"{folder}/prometheus.yml", "w", encoding="utf-8") as file:
            file.write(config)
        for _ in range(5):  # somebody else may take the port first
            port = free_port()
            with open(f"{folder}/log", "wb") as log:
                process = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                                            f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
            self.addCleanup(self.stop_prometheus, process)
            self.prometheus = f"http://127.0.0.1:{port}"
            if self.wait("Prometheus to start or to end", lambda: self.is_up() or process.poll() is not None) and process.poll() is None:
                return
        self.fail("Prometheus does not start")

    @staticmethod
    def stop_prometheus(process):
        process.kill()
        process.wait()

    def is_up(self):
        try:
            return self.http("GET", f"{self.prometheus}/-/ready", timeout=2)[0] == 200
        except OSError:
            return False

    def ask_prometheus(self, path, **parameters):
        status, _, body = self.http("GET", f"{self.prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}")
        answer = json.loads(body)
        self.assertEqual((status, answer["status"]), (200, "success"), f"{path} {parameters}: {answer.get('error')}")
        return answer["data"]

    def rules(self):
        return [rule for group in self.ask_prometheus("rules")["groups"] for rule in group["rules"]]

    def labels_of(self, name):
        return set().union(*(series.keys() for series in self.ask_prometheus("series", **{"match[]": name})))

    def check_names(self, what, expr):
        """A label or a number that nobody tells would make an expression silently empty, and an alert never fire."""
        labels = set()
        for name, matchers in SELECTOR.findall(expr):
            there = self.labels_of(name)
            if f"{name}" not in MAY_BE_EMPTY:
                self.assertTrue(there, f"{what}: nobody tells {name}")
                labels |= there
                for label in re.findall(r"([a-z_]+)\s*(?:=|!)", matchers):
                    self.assertIn(label, there, f"{what}: {name} has no such label")
        for group in GROUPING.findall(expr):
            for label in filter(None, map(str.strip, group.split(","))):
                self.assertIn(label, labels, f"{what}: by {label}")

    def test_rules_and_dashboards_fit_the_numbers(self):
        if not shutil.which("prometheus"):
            print("prometheus is not to be had here: rules and dashboards are not tried on it", file=sys.stderr)
            sys.exit(77)
        self.up()
        self.citizen()  # some calls, jobs, codes
        self.start_prometheus()
        self.wait("the gateway to be scraped", lambda: self.ask_prometheus("query", query="count(motcua_room_up) > 0")["result"])
        self.wait("every rule to be evaluated", lambda: all(r["health"] == "ok" for r in self.rules()))
        self.wait("p99 to be known", lambda: self.ask_prometheus("query", query="motcua:method_duration_seconds:p99_5m")["result"])
        self.wait("rates to be known", lambda: self.ask_prometheus("query", query="motcua:queue_in:rate5m")["result"])
        rules = self.rules()
        self.assertGreater(len(rules), 20)
        self.assertEqual([r["lastError"] for r in rules if r.get("lastError")], [])
        for rule in rules:
            self.check_names(rule["name"], rule["query"])

        panels = list(dashboards())
        self.assertGreater(len(panels), 20)
        for title, expr in panels:
            self.check_names(title, expr)
            if not any(expr.startswith(empty) for empty in MAY_BE_EMPTY):
                self.wait(f"{title} to show something", lambda expr=expr: self.ask_prometheus("query", query=expr)["result"])
        self.assertEqual(self.ask_prometheus("query", query="motcua_metrics_dropped_total")["result"][0]["value"][1], "0")

        self.assertEqual([a for a in self.ask_prometheus("alerts")["alerts"] if a["labels"]["severity"] == "critical"], [])
        self.end_daemons(["payment"], signal.SIGKILL)
        down = self.wait("the alert that payment is down", lambda: [
            a for a in self.ask_prometheus("alerts")["alerts"] if a["labels"]["alertname"] == "MotcuaRoomDown"])
        self.assertEqual((down[0]["labels"]["room"], down[0]["annotations"]["summary"]), ("payment", "payment does not answer"))
        self.start_daemons(["payment"])


if __name__ == "__main__":
    story.main()
