"""What comes to the gateway's HTTP door: bombs, smugglers, the slow and the idle. (F13, I16, I23)"""
import json
import random
import socket
import sys
import time
import urllib.error
import urllib.request

from siege import Siege, check

SEARCH = "motcua.dossier.v1.Dossier/SearchProcedures"
CREATE = "motcua.payment.v1.Payment/CreateOrder"
SLOW = 400
IDLE = 700  # of the door's 1,024
REQUEST_S = 10  # for one request to arrive: MC_HTTPD_REQUEST_MS
LINGER_S = 4  # the door discards what still comes for a second, so that its answer is read


def post(siege, method, body, **headers):
    """Status, the JSON answered, how long it took."""
    request = urllib.request.Request(f"http://127.0.0.1:{siege.gateway}/{method}", body,
                                     {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}})
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer), time.monotonic() - began
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}"), time.monotonic() - began


def refused(siege, what, method, body, statuses=(400, 413), **headers):
    status, answer, took = post(siege, method, body, **headers)
    check(f"{what}: {status} {answer}", status in statuses and answer.get("code") and answer.get("message"))
    check(f"{what}: {took:.1f} s", took < 3)


def json_bombs(siege):
    deep, wide = 100_000, 120_000
    bombs = {
        "arrays in arrays": b"[" * deep,
        "objects in objects": b'{"words":' * (deep // 5),
        "closed": b"[" * deep + b"]" * deep,
        "a deep value": b'{"words":' + b"[" * 40 + b"]" * 40 + b"}",
        "a long list": b'{"words":[' + b"1," * wide + b"1]}",
        "many keys": b"{" + b",".join(b'"k%d":1' % i for i in range(20000)) + b"}",
        "a key twice": b'{"words":"a","words":"b"}',
        "a key twice, spelt otherwise": b'{"pageSize":1,"page_size":2}',
        "a huge number": b'{"pageSize":1' + b"0" * 200_000 + b"}",
        "an exponent": b'{"pageSize":1e400}',
        "a large exponent": b'{"pageSize":1e999999999}',
        "a fraction": b'{"pageSize":1.5}',
        "minus": b'{"pageSize":-1}',
        "NaN": b'{"pageSize":NaN}',
        "a bool": b'{"pageSize":true}',
        "text": b'{"words":"' + b"a" * 200_000 + b'"}',
        "escapes": b'{"words":"' + b"\\u0000" * 100 + b'"}',
        "half a surrogate": b'{"words":"\\ud800"}',
        "not UTF-8": b'{"words":"\xff\xfe"}',
        "a NUL": b'{"words":"a"}\0',
        "trailing": b'{"words":"a"}{}',
        "a comment": b'{"words":"a"/**/}',
        "no value": b'{"words":}',
        "unknown": b'{"nobody":1}',
        "a prototype": b'{"__proto__":{"words":"a"}}',
        "an array": b"[]",
        "nothing": b"null",
        "UTF-16": '{"words":"a"}'.encode("utf-16"),
    }
    for what, bomb in bombs.items():
        refused(siege, what, SEARCH, bomb)
    protobuf = {"empty sub-messages": b"\x0a\x00" * 131_000, "garbage": b"\xff" * 1000, "a deep one": b"\x0a\x7f" * 5000}
    for what, bomb in protobuf.items():
        refused(siege, what, "motcua.otp.v1.Otp/AckJobs", bomb, (400, 403), Content_Type="application/proto")


def large_bodies(siege):
    """Told long, they are refused at once; told in pieces, when they have become too long."""
    for method in (SEARCH, "motcua.dossier.v1.Dossier/Attach"):
        with siege.http() as sock:
            sock.sendall(b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 314572800\r\n\r\n"
                         % method.encode())
            check("300 MB announced", status_of(sock) == 413)
        with siege.http() as sock:
            sock.sendall(b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                         % method.encode())
            ends, piece = time.monotonic() + LINGER_S, b"10000\r\n" + b" " * 65536 + b"\r\n"
            try:
                while time.monotonic() < ends:
                    sock.sendall(piece)
            except OSError:
                pass
            check("chunks without end", time.monotonic() < ends)


def read_all(sock, seconds=2.0):
    sock.settimeout(seconds)
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except OSError:
        pass
    return data


def status_of(sock):
    sock.settimeout(5)
    try:
        data = sock.recv(65536)
    except OSError:
        return 0
    return int(data.split(b" ", 2)[1]) if data.startswith(b"HTTP/1.1 ") else 0


def smuggling(siege):
    """Each is answered once and the connection closed: whoever stands before us cannot be made to read it otherwise."""
    path, body = f"POST /{SEARCH} HTTP/1.1\r\n".encode(), b'{"words":"a"}'
    hidden = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    kind = b"Content-Type: application/json\r\n"

    def request(*lines, rest=body):
        return path + b"".join(line + b"\r\n" for line in lines) + kind + b"\r\n" + rest

    size = b"Content-Length: %d" % len(body)
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    vectors = {
        "two lengths": request(b"Host: x", size, b"Content-Length: 0", rest=body + hidden),
        "two equal lengths": request(b"Host: x", size, size, rest=body + hidden),
        "a list of lengths": request(b"Host: x", b"Content-Length: 13, 13", rest=body + hidden),
        "length and chunks": request(b"Host: x", size, b"Transfer-Encoding: chunked", rest=chunks + hidden),
        "chunks and length": request(b"Host: x", b"Transfer-Encoding: chunked", size, rest=chunks + hidden),
        "two encodings": request(b"Host: x", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", rest=chunks),
        "an odd encoding": request(b"Host: x", b"Transfer-Encoding: xchunked", rest=chunks),
        "encodings listed": request(b"Host: x", b"Transfer-Encoding: gzip, chunked", rest=chunks),
        "a tab in the encoding": request(b"Host: x", b"Transfer-Encoding:\x0bchunked", rest=chunks),
        "a space before the colon": request(b"Host: x", b"Content-Length : 13"),
        "a plus": request(b"Host: x", b"Content-Length: +13"),
        "hexadecimal": request(b"Host: x", b"Content-Length: 0xd"),
        "minus": request(b"Host: x", b"Content-Length: -1"),
        "overflow": request(b"Host: x", b"Content-Length: 18446744073709551629"),
        "empty length": request(b"Host: x", b"Content-Length: "),
        "a fold": request(b"Host: x", b"X: a\r\n b", size),
        "a bare LF": path + b"Host: x\n" + size + b"\r\n" + kind + b"\r\n" + body,
        "a bare CR": path + b"Host: x\rX: y\r\n" + size + b"\r\n" + kind + b"\r\n" + body,
        "only LF": (path + b"Host: x\r\n" + size + b"\r\n" + kind + b"\r\n").replace(b"\r\n", b"\n") + body,
        "a NUL": request(b"Host: x", b"X: a\0b", size),
        "a NUL in a name": request(b"Host: x", b"X\0: a", size),
        "no host": request(size),
        "two hosts": request(b"Host: x", b"Host: y", size),
        "a space in a host": request(b"Host: x y", size),
        "a chunk 0x5": request(b"Host: x", b"Transfer-Encoding: chunked", rest=b"0xd\r\n" + body + b"\r\n0\r\n\r\n" + hidden),
        "a chunk +5": request(b"Host: x", b"Transfer-Encoding: chunked", rest=b"+d\r\n" + body + b"\r\n0\r\n\r\n" + hidden),
        "a chunk too large": request(b"Host: x", b"Transfer-Encoding: chunked", rest=b"ffffffffffffffff\r\n" + body),
        "a chunk of more": request(b"Host: x", b"Transfer-Encoding: chunked", rest=b"d\r\n" + body + b"xx\r\n0\r\n\r\n" + hidden),
        "a chunk with LF": request(b"Host: x", b"Transfer-Encoding: chunked", rest=b"d\n" + body + b"\n0\n\n" + hidden),
        "HTTP/1.0 in chunks": request(b"Host: x", b"Transfer-Encoding: chunked", rest=chunks).replace(b"HTTP/1.1", b"HTTP/1.0"),
        "HTTP/0.9": b"GET /metrics\r\n\r\n",
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "another's URL": request(b"Host: x", size).replace(b"POST /", b"POST http://x/"),
        "CONNECT": b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n" + hidden,
        "a space more": request(b"Host: x", size).replace(b"POST /", b"POST  /"),
        "a long line": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "many headers": request(b"Host: x", *[b"X-%d: y" % i for i in range(80)], size),
        "no name": request(b"Host: x", b": y", size),
        "a name of two": request(b"Host: x", b"Content Length: 0", size),
    }
    for what, vector in vectors.items():
        with siege.http() as sock:
            sock.sendall(vector)
            answer = read_all(sock)
        count = answer.count(b"HTTP/1.")
        status = int(answer.split(b" ", 2)[1]) if count else 0
        waits = what == "only LF" and count == 0  # for a line's end, until its time is over
        check(f"{what}: {count} answers, {answer[:60]!r}", waits or count == 1 and 400 <= status < 600 and status != 500)
    with siege.http() as sock:  # or nothing above would be proved
        sock.sendall(request(b"Host: x", size) + request(b"Host: x", b"Connection: close", size))
        check("two honest ones have two answers", read_all(sock).count(b"HTTP/1.1 200") == 2)


def forged_headers(siege):
    """No header of HTTP says who calls: the gateway is a portal, whatever it is told. (I23)"""
    for name in ("Caller", "X-Caller", "Motcua-Caller", "Motcua_Caller", "X-Motcua-Caller", "X-Forwarded-User", "Grpc-Metadata-Caller"):
        status, answer, _ = post(siege, CREATE, b"{}", **{name: "room:payment"})
        check(f"{name}: {status} {answer}", status in (401, 403))
    for method in ("motcua.v1.Room/Follow", "motcua.v1.Room/Stats", "motcua.v1.Room/Peek", "motcua.otp.v1.Otp/Issue",
                   "motcua.otp.v1.Otp/LeaseJobs", "motcua.otp.v1.Otp/DeliveryWebhook", "motcua.payment.v1.Payment/PlatformConfirm",
                   "motcua.identity.v1.Identity/GrantRights", "motcua.audit.v1.Audit/Timeline"):
        status, answer, _ = post(siege, method, b"{}", Caller="room:payment")
        check(f"{method}: {status} {answer}", status in (401, 403, 404, 501))
    for session in ("x", "Bearer", "Bearer x", "Bearer v1..", "Bearer " + "A" * 2000, "Basic cm9vbTpwYXltZW50", "Bearer v1.e30.AAAA"):
        status, answer, _ = post(siege, "motcua.dossier.v1.Dossier/ListMine", b"{}", Authorization=session)
        check(f"{session[:20]}: {status} {answer}", status == 401)


def slow_loris(siege):
    """Heads and bodies that never end: each has its ten seconds, however it trickles."""
    head = b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" % SEARCH.encode()
    socks, began = [], time.monotonic()
    try:
        for i in range(SLOW):
            socks.append(siege.http())
            socks[-1].sendall(head + (b"Content-Length: 1000\r\n\r\n{" if i % 2 else b"X: "))
        left = list(socks)
        while left and time.monotonic() - began < REQUEST_S + 4:
            still = []
            for sock in left:
                try:
                    sock.sendall(b" ")
                    still.append(sock)
                except OSError:
                    pass
            left = still
            time.sleep(0.4)
        check(f"{len(left)} of {SLOW} trickle on after {time.monotonic() - began:.0f} s", not left)
    finally:
        for sock in socks:
            sock.close()


def slow_readers(siege):
    """They ask for much and read nothing."""
    body = b'{"pageSize":100}'
    request = (b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
               % (SEARCH.encode(), len(body))) + body
    socks = []
    try:
        for _ in range(200):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            sock.settimeout(3)
            sock.connect(("127.0.0.1", siege.gateway))
            sock.setblocking(False)
            socks.append(sock)
            try:
                sock.send(request * 20)
            except OSError:
                pass
        time.sleep(2)
    finally:
        for sock in socks:
            sock.close()


def idle(siege):
    socks = []
    try:
        for _ in range(IDLE):
            socks.append(siege.http())
        time.sleep(1.5)
        check("it still answers", post(siege, SEARCH, b"{}")[0] == 200)
    finally:
        for sock in socks:
            sock.close()


def garbage(siege):
    rng = random.Random(9)
    for _ in range(300):
        with siege.http() as sock:
            try:
                sock.sendall(rng.randbytes(rng.randrange(1, 3000)))
            except OSError:
                pass


ATTACKS = {"": (json_bombs, large_bodies, smuggling, forged_headers, garbage), "slow": (slow_loris, slow_readers, idle)}


def main():
    """edge.py BIN [slow]"""
    which = "slow" if "slow" in sys.argv else ""
    with Siege(sys.argv) as siege:
        for attack in ATTACKS[which]:
            with siege.attack(attack.__name__.replace("_", " ")):
                attack(siege)


if __name__ == "__main__":
    main()
