"""A real nginx on a loopback port, serving a folder as a package index or a redistributable mirror.

    with Mirror(site) as mirror:
        mirror.url                      # http://127.0.0.1:PORT/
        mirror.simple                   # .../simple/
        mirror.requests()               # [(method, path, status, bytes, range)]
        mirror.configure(rate="500k", answers={"/files/x.whl": 404})
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

CONFIG = """
worker_processes 1;
daemon off;
master_process off;
pid {state}/nginx.pid;
error_log {state}/error.log warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  log_format plain '$request_method $uri $status $body_bytes_sent $http_range';
  types {{ text/html html; application/json json; }}
  default_type application/octet-stream;
  client_body_temp_path {state}/body; proxy_temp_path {state}/proxy; fastcgi_temp_path {state}/fastcgi;
  uwsgi_temp_path {state}/uwsgi; scgi_temp_path {state}/scgi;
  gzip off;
  sendfile off;
  map $http_accept $page {{
    default /index.html;
    "~application/vnd\\.pypi\\.simple\\.v1\\+json" {json_page};
  }}
  server {{
    listen 127.0.0.1:{port};
    access_log {state}/access.log plain;
    root {site};
    {rate}
    {answers}
    location ~ ^(?<package>/simple/[^/]+)/$ {{ rewrite ^ $package$page last; }}
    location ~ ^/simple/.*/index\.json$ {{ types {{ }} default_type application/vnd.pypi.simple.v1+json; }}
    location / {{ }}
  }}
}}
"""


def available():
    return nginx() is not None


def nginx():
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mirror:
    def __init__(self, site, **options):
        self.site = pathlib.Path(site).resolve()
        self.options = {"rate": None, "answers": {}, "json": True, **options}
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="cudaenv-mirror-"))
        self.state.chmod(0o777)
        self.port = free_port()
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    @property
    def simple(self):
        return self.url + "simple/"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.state, ignore_errors=True)

    def configure(self, **options):
        """Changes how the mirror answers; it is back up when this returns. Requests so far are kept."""
        self.options.update(options)
        self.stop()
        self.start()

    def start(self):
        config = self.state / "nginx.conf"
        config.write_text(CONFIG.format(
            state=self.state, site=self.site, port=self.port,
            json_page="/index.json" if self.options["json"] else "/index.html",
            rate=f"limit_rate {self.options['rate']};" if self.options["rate"] else "",
            answers="\n    ".join(f"location = {path} {{ return {status}; }}"
                                  for path, status in self.options["answers"].items())))
        command = [nginx(), "-p", str(self.state), "-c", str(config), "-e", str(self.state / "error.log")]
        if os.geteuid() == 0:  # without this nginx turns into a user that may not read a checkout below /root
            config.write_text("user root;\n" + config.read_text())
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        for _ in range(200):
            if self.process.poll() is not None:
                raise RuntimeError(f"nginx ended: {(self.state / 'error.log').read_text()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("nginx does not listen")

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def requests(self):
        """(method, path, status, bytes sent, range header) of every request that ended, in order."""
        log = self.state / "access.log"
        rows = []
        for line in log.read_text().splitlines() if log.exists() else []:
            method, path, status, sent, range_ = line.split(" ", 4)
            rows.append((method, path, int(status), int(sent), range_))
        return rows

    def forget(self):
        (self.state / "access.log").unlink(missing_ok=True)
        self.configure()

    def bytes_served(self, prefix="/files/"):
        return sum(sent for _, path, _, sent, _ in self.requests() if path.startswith(prefix))


class Faulty:
    """A small server that misbehaves on purpose, for what nginx will not do: 500 once, hangs, short bodies.

    rules: path -> list of actions, one taken per request until the last stays:
      "serve", "500", "503 Retry-After: 1", "hang-header", "hang-body", "short", "wrong-length", "corrupt"
    """

    def __init__(self, site, rules):
        self.site, self.rules, self.seen = pathlib.Path(site), {path: list(todo) for path, todo in rules.items()}, []
        self.server = self.thread = None

    def __enter__(self):
        import http.server
        import threading
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.answer(self)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that went away is the point of some tests

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        if self.server is None:
            return
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    @property
    def simple(self):
        return self.url + "simple/"

    def action(self, path):
        todo = self.rules.get(path) or self.rules.get("*") or ["serve"]
        return todo.pop(0) if len(todo) > 1 else todo[0]

    def answer(self, request):
        path = request.path.split("?")[0]
        action = self.action(path)
        self.seen.append((path, action))
        if action[:3].isdigit():
            status, _, header = action.partition(" ")
            request.send_response(int(status))
            if header:
                request.send_header(*header.split(": ", 1))
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        if action == "hang-header":
            time.sleep(600)
            return
        file = self.site / path.lstrip("/")
        if file.is_dir():
            file = file / "index.html"
        if not file.exists():
            request.send_error(404)
            return
        body = file.read_bytes()
        sent = body
        if action == "corrupt":
            sent = body[:len(body) // 2] + bytes([body[len(body) // 2] ^ 0xFF]) + body[len(body) // 2 + 1:]
        if action == "short":
            body = sent = body[:len(body) // 2]
        if action in ("wrong-length", "hang-body"):
            sent = body[:len(body) // 2]
        request.send_response(200)
        request.send_header("Content-Type", "text/html" if file.suffix == ".html" else "application/octet-stream")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(sent)
        request.wfile.flush()
        if action == "hang-body":
            time.sleep(600)
        request.close_connection = action == "wrong-length"
