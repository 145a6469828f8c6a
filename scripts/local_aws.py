"""What the proof of the template runs beside the functions: a local AWS, its TLS end, and somebody's webhook.

Everything listens on free ports, on loopback unless told otherwise, and ends with the process that started it.
"""

import collections
import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REGION = "us-east-1"

# Headers that belong to one connection, not to the message (RFC 9110, 7.6.1).
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}


def free_port():
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment(home, **more):
    """An environment without this user's AWS settings, proxies and Docker."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "TMPDIR": str(home),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        **more,
    }


@contextlib.contextmanager
def engine(ministack, home, log_path):
    """Runs ministack with IAM switched on, so that every call of a function is judged by that function's own role.

    Yields its port. The whole process group ends with it, functions included.
    """
    port = free_port()
    environment = clean_environment(
        home,
        AUTH="true",
        # A correction of how it names the rights of batch calls: see the file there.
        PYTHONPATH=str(Path(__file__).parent / "local-aws"),
        GATEWAY_PORT=str(port),
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="localhost",
        S3_DATA_DIR=str(home / "s3"),
        IOT_MTLS_ENABLED="false",
        SFTP_ENABLED="false",
    )
    with open(log_path, "wb") as log:
        process = subprocess.Popen(
            [ministack], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for_port(port, process, log_path)
        yield port
    finally:
        stop_group(process)


def wait_for_port(port, process, log_path, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the local AWS ended at once, with {process.returncode}; see {log_path}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    raise RuntimeError(f"the local AWS did not listen within {seconds} s; see {log_path}")


def stop_group(process):
    """Ends a process and all it started; first politely."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=15)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=15)


@contextlib.contextmanager
def serving(server):
    """Serves in the background for as long as the block runs."""
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Denial:
    """A call that IAM refused."""

    who: str
    what: str


class TlsEnd(ThreadingHTTPServer):
    """Stands where TLS ends in AWS: passes calls on to the engine, marked as having come in over TLS.

    The functions trust only public certificate authorities, so real TLS to a local engine is not to be had; the queue
    policies, which refuse plain HTTP, stay as they are and are judged by this mark.
    It also sees every call of every function, counts them by operation, and keeps the refused ones.
    """

    def __init__(self, engine_port, address):
        super().__init__((address, 0), PassOn)
        self.engine_port = engine_port
        self.url = f"http://{address}:{self.server_port}"
        self.denials = []
        self.calls = collections.Counter()
        self.lock = threading.Lock()

    def note(self, operation, status, body):
        denied = status in (400, 403) and b"AccessDenied" in body
        with self.lock:
            self.calls[operation] += 1
            if denied:
                self.denials.append(read_denial(body.decode("utf-8", "replace")))


def read_denial(text):
    """Function and action, from the message AWS (and the engine) gives."""
    found = re.search(r"assumed-role/[^/\s]+/(\S+) is not authorized to perform: (\S+)", text)
    return Denial(found[1], found[2]) if found else Denial("somebody", text[:200])


class PassOn(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        headers["X-Forwarded-Proto"] = "https"
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.engine_port, timeout=60)
        try:
            upstream.request(self.command, self.path, body=body, headers=headers)
            answer = upstream.getresponse()
            content = answer.read()
        except OSError:
            self.send_error(502)
            return
        finally:
            upstream.close()
        self.server.note(self.headers.get("X-Amz-Target", ""), answer.status, content)
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        # The answer to HEAD names a length and has no body.
        self.send_header("Content-Length", answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = pass_on

    def log_message(self, *_):
        pass


@dataclass(frozen=True)
class Delivery:
    """One request as a webhook got it."""

    headers: dict
    body: bytes


class Receiver(ThreadingHTTPServer):
    """A customer's webhook: keeps what it gets and answers 204."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receive)
        self.url = f"http://127.0.0.1:{self.server_port}/leads"
        self.deliveries = []


class Receive(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.deliveries.append(Delivery(headers, body))
        self.send_response_only(204)
        self.end_headers()

    def log_message(self, *_):
        pass
