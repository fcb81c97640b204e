"""An HTTP/1.1 server that misbehaves as told, one answer a request.

    with FaultServer() as server:
        server.put("/x.whl", b"...", fault.status(500), fault.cut(after=1000))   # then it behaves
        client(server.url("/x.whl"))
        server.requests("/x.whl")      # what was asked: headers and how many body bytes went out

An answer is a function of an Exchange. After its list is used up a path is served as a good server would:
with ETag and Last-Modified, ranges, If-Range and conditional requests. `fault.always(answer)` never ends.
Everything is written by hand to the socket, so that any lie can be told.
"""

import hashlib
import re
import signal
import socket
import ssl
import struct
import threading

DATE = "Mon, 02 Jun 2025 10:00:00 GMT"


class Request:
    def __init__(self, method, path, headers):
        self.method, self.path, self.headers, self.sent = method, path, headers, 0

    def range_start(self):
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(match[1]) if match else None


class Thing:
    """What lies at a path."""

    def __init__(self, content, answers, etag, modified, content_type):
        self.content, self.answers, self.modified, self.content_type = content, list(answers), modified, content_type
        self.etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"' if etag is True else etag


class Exchange:
    """One request and the socket that waits for its answer."""

    def __init__(self, server, sock, request, thing):
        self.server, self.sock, self.request, self.thing = server, sock, request, thing
        self.close = False

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            self.close = True

    def head(self, status, headers, reason="Said"):
        lines = [f"HTTP/1.1 {status} {reason}"] + [f"{name}: {value}" for name, value in headers]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def body(self, data, piece=65536):
        for at in range(0, len(data), piece):
            if self.close:
                return
            self.send(data[at:at + piece])
            if not self.close:
                self.request.sent += len(data[at:at + piece])

    def validators(self):
        pairs = [("ETag", self.thing.etag), ("Last-Modified", self.thing.modified), ("Content-Type", self.thing.content_type)]
        return [(name, value) for name, value in pairs if value]

    def not_modified(self):
        asked = self.request.headers
        return ((self.thing.etag and asked.get("if-none-match") == self.thing.etag)
                or (self.thing.modified and asked.get("if-modified-since") == self.thing.modified))

    def range_holds(self):
        guard = self.request.headers.get("if-range")
        return guard is None or guard in (self.thing.etag, self.thing.modified)

    def good(self, content=None, stop=None, extra=(), length=None):
        """The answer of a good server; `stop` cuts the body, `length` lies about it."""
        content = self.thing.content if content is None else content
        start = self.request.range_start()
        if self.not_modified():
            return self.head(304, self.validators())
        if start is not None and self.range_holds():
            if start >= len(content):
                return self.head(416, [("Content-Range", f"bytes */{len(content)}"), ("Content-Length", "0")])
            part = content[start:]
            headers = [("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")]
            status = 206
        else:
            part, headers, status = content, [("Accept-Ranges", "bytes")], 200
        headers.append(("Content-Length", len(part) if length is None else length))
        self.head(status, headers + self.validators() + list(extra))
        self.body(part if stop is None else part[:stop])

    def hang(self):
        self.close = True
        self.server.stopping.wait(60)

    def reset(self):
        self.close = True
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def good(x):
    x.good()


def always(answer):
    answer.always = True
    return answer


def status(code, *headers, body=b"an error page\n"):
    def answer(x):
        x.head(code, [("Content-Length", len(body)), *headers])
        x.body(body)
    return answer


def redirect(location, code=302):
    return status(code, ("Location", location), body=b"moved")


def hang_before_header():
    return lambda x: x.hang()


def hang_in_header():
    def answer(x):
        x.send(b"HTTP/1.1 200 OK\r\nContent-Le")
        x.hang()
    return answer


def hang_in_body(after):
    def answer(x):
        x.good(stop=after)
        x.hang()
    return answer


def cut(after):
    """Promises all, closes early."""
    def answer(x):
        x.good(stop=after)
        x.close = True
    return answer


def reset(after):
    def answer(x):
        x.good(stop=after)
        x.reset()
    return answer


def nothing():
    def answer(x):
        x.close = True
    return answer


def slow_drip(per_second=100):
    def answer(x):
        x.good(stop=0)
        for byte in x.thing.content:
            if x.close or x.server.stopping.wait(1 / per_second):
                break
            x.body(bytes([byte]))
        x.close = True
    return answer


def wrong_length(length):
    """The header says `length`, and that is what comes."""
    def answer(x):
        content = (x.thing.content * 2)[:length]
        x.head(200, [("Content-Length", length)] + x.validators())
        x.body(content)
    return answer


def no_length(content=None, stop=None):
    """The end of the connection is the end of the body."""
    def answer(x):
        x.head(200, [("Connection", "close")] + x.validators())
        x.body((x.thing.content if content is None else content)[:stop])
        x.close = True
    return answer


def chunked(content=None, damage=None):
    def answer(x):
        x.head(200, [("Transfer-Encoding", "chunked")] + x.validators())
        for at in range(0, len(x.thing.content), 50_000):
            piece = x.thing.content[at:at + 50_000]
            x.send(b"%x\r\n" % len(piece))
            x.body(piece)
            x.send(b"\r\n")
            if damage and at:
                x.send(damage)
                x.close = True
                return
        x.send(b"0\r\n\r\n")
    return answer


def flipped(at):
    """One bit is wrong."""
    def answer(x):
        content = bytearray(x.thing.content)
        content[at] ^= 1
        x.good(bytes(content))
    return answer


def ignores_range():
    def answer(x):
        x.request.headers.pop("range", None)
        x.good()
    return answer


def wrong_range(shift):
    def answer(x):
        start = x.request.range_start() or 0
        first = max(0, start + shift)
        part = x.thing.content[first:]
        x.head(206, [("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(x.thing.content)}"),
                     ("Content-Length", len(part))] + x.validators())
        x.body(part)
    return answer


def bad_content_range(text):
    def answer(x):
        part = x.thing.content[x.request.range_start() or 0:]
        x.head(206, [("Content-Range", text), ("Content-Length", len(part))] + x.validators())
        x.body(part)
    return answer


def changed_but_partial(content):
    """Another file with another ETag, and If-Range is not looked at."""
    def answer(x):
        x.thing.content, x.thing.etag = content, '"changed"'
        x.request.headers.pop("if-range", None)
        x.good()
    return answer


def with_headers(*headers):
    return lambda x: x.good(extra=headers)


def raw(data):
    def answer(x):
        x.send(data)
        x.close = True
    return answer


class FaultServer:
    def __init__(self, tls=None):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # clients go away; children get the default back
        self.tls, self.stopping = tls, threading.Event()
        self._things, self._requests, self._lock = {}, [], threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self._socket.close()

    def url(self, path, host="127.0.0.1", user=""):
        return f"{'https' if self.tls else 'http'}://{user}{host}:{self.port}{path}"

    def put(self, path, content, *answers, etag=True, modified=DATE, content_type=None):
        with self._lock:
            self._things[path] = Thing(content, answers, etag, modified, content_type)
        return self.url(path)

    def requests(self, path=None):
        with self._lock:
            return [request for request in self._requests if path is None or request.path == path]

    def sent(self, path):
        return sum(request.sent for request in self.requests(path))

    # -- the inside -------------------------------------------------------------------------------------------
    def _accept(self):
        while not self.stopping.is_set():
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._connection, args=(sock,), daemon=True).start()

    def _connection(self, sock):
        try:
            sock.settimeout(60)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            while not self.stopping.is_set() and self._exchange(sock):
                pass
        except (OSError, ssl.SSLError):
            pass
        finally:
            sock.close()

    def _exchange(self, sock):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = sock.recv(1)
            if not byte:
                return False
            head += byte
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in lines if ":" in line)}
        method, target, _ = first.split(" ", 2)
        request = Request(method, target.split("?")[0], headers)
        with self._lock:
            self._requests.append(request)
            thing = self._things.get(request.path)
            answer = good if thing else status(404)
            if thing and thing.answers:
                answer = thing.answers[0] if getattr(thing.answers[0], "always", False) else thing.answers.pop(0)
        exchange = Exchange(self, sock, request, thing)
        answer(exchange)
        return not exchange.close
