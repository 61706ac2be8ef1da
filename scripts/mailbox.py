"""The mail catcher of scripts/run: takes every e-mail, hands on none, and shows them on a page.

    mailbox.py <folder>      writes <folder>/smtp and <folder>/port, the two ports in use on 127.0.0.1

SMTP is aiosmtpd's (Debian's python3-aiosmtpd), beside the sandbox and not in it: a server's side of SMTP in C would be
a second implementation of a protocol that this system only speaks as a client. Nothing is kept over a restart, but the
ports stay. HTML parts are not shown as HTML: a mail's text is never trusted by the page that shows it.

What developers order by the address: khong-ton-tai@… is refused for good (550), tam-hoan@… at the first try (451).

    GET  /                the mails, newest first
    GET  /mail/<number>   one: its text, its headers, what it was on the wire
    GET  /messages        the same as JSON, oldest first: number, from, to, subject, text
    POST /clear           forgets them
"""
import email
import email.policy
import html
import json
import os
import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller

MAILS_MAX, BYTES_MAX = 500, 64 << 20  # the oldest give way
MAIL_SIZE_MAX = 16 << 20  # bytes: more than common/mail.h makes
GONE, LATER = "khong-ton-tai@", "tam-hoan@"
PAGE = """<!doctype html><html lang="vi"><meta charset="utf-8"><title>Hộp thư (mô phỏng)</title>
<style>body{font:16px sans-serif;max-width:60em;margin:2em auto}td,th{padding:6px;text-align:left;vertical-align:top}
pre{white-space:pre-wrap;background:#f4f4f4;padding:1em}</style><body>"""


class Box:
    """What came, and who was told to come again."""

    def __init__(self):
        self.lock, self.mails, self.number, self.put_off = threading.Lock(), [], 0, set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith(GONE):
            return "550 5.1.1 No such user"
        with self.lock:
            if address.startswith(LATER) and address not in self.put_off:
                self.put_off.add(address)
                return "451 4.7.1 Come again"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = message.get_body(("plain",))
        with self.lock:
            self.number += 1
            self.mails.append({"number": self.number, "from": envelope.mail_from, "to": envelope.rcpt_tos,
                               "date": str(message["Date"] or ""), "subject": str(message["Subject"] or ""),
                               "text": body.get_content() if body is not None else "", "raw": envelope.content})
            while len(self.mails) > MAILS_MAX or (len(self.mails) > 1 and sum(len(m["raw"]) for m in self.mails) > BYTES_MAX):
                del self.mails[0]
        return "250 2.0.0 Ok"

    def all(self):
        with self.lock:
            return list(self.mails)

    def clear(self):
        with self.lock:
            self.mails.clear()


def list_page(mails):
    rows = "".join(f'<tr><td>{html.escape(m["date"])}<td>{html.escape(", ".join(m["to"]))}'
                   f'<td><a href="/mail/{m["number"]}">{html.escape(m["subject"]) or "(không có tiêu đề)"}</a>' for m in reversed(mails))
    return (f"{PAGE}<h1>Hộp thư (mô phỏng)</h1><p>Thư của hệ thống dừng ở đây, không đi đâu nữa: {len(mails)} thư, mới nhất trước."
            f"<table border=1><tr><th>lúc<th>gửi tới<th>tiêu đề{rows}</table>"
            '<form method="post" action="/clear"><p><button>Xoá hết</button></form>')


def mail_page(mail):
    return (f'{PAGE}<p><a href="/">Hộp thư</a><h1>{html.escape(mail["subject"])}</h1><p>Từ {html.escape(mail["from"])} '
            f'tới {html.escape(", ".join(mail["to"]))}, {html.escape(mail["date"])}<pre id="text">{html.escape(mail["text"])}</pre>'
            f'<h2>Nguyên văn</h2><pre>{html.escape(mail["raw"].decode("utf-8", "replace"))}</pre>')


class Web(BaseHTTPRequestHandler):
    box = None

    def answer(self, status, kind, text, location=None):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        mails = self.box.all()
        if self.path == "/":
            return self.answer(200, "text/html", list_page(mails))
        if self.path == "/messages":
            told = [{key: mail[key] for key in ("number", "from", "to", "subject", "text")} for mail in mails]
            return self.answer(200, "application/json", json.dumps(told, ensure_ascii=False))
        for mail in mails:
            if self.path == f"/mail/{mail['number']}":
                return self.answer(200, "text/html", mail_page(mail))
        return self.answer(404, "text/plain", "không có")

    def do_POST(self):
        if self.path != "/clear":
            return self.answer(404, "text/plain", "không có")
        self.box.clear()
        return self.answer(303, "text/plain", "", "/")

    def log_message(self, *_):  # addresses do not belong in a log
        pass


class Listener(Controller):
    def _trigger_server(self):  # its own would connect to the port that was asked for, which may be any
        socket.create_connection(self.server.sockets[0].getsockname()).close()


def port_before(path):
    """The one of the last start, unless somebody else has it now; 0: any."""
    try:
        port = int(open(path).read())
        socket.create_server(("127.0.0.1", port)).close()
        return port
    except (OSError, ValueError):
        return 0


def port_tell(path, port):
    """Whoever waits for the file must not read half of it."""
    with open(f"{path}.new", "w") as file:
        file.write(f"{port}\n")
    os.rename(f"{path}.new", path)


def main(folder):
    os.makedirs(folder, mode=0o700, exist_ok=True)
    Web.box = Box()
    smtp = Listener(Web.box, hostname="127.0.0.1", port=port_before(f"{folder}/smtp"), data_size_limit=MAIL_SIZE_MAX)
    smtp.start()
    web = ThreadingHTTPServer(("127.0.0.1", port_before(f"{folder}/port")), Web)
    web.daemon_threads = True
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=web.shutdown).start())
    port_tell(f"{folder}/smtp", smtp.server.sockets[0].getsockname()[1])
    port_tell(f"{folder}/port", web.server_port)
    print(f"mailbox event=ready port={web.server_port}", flush=True)
    web.serve_forever(poll_interval=0.1)
    smtp.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
