"""A proxy between the program and a store that misbehaves on request.

A rule sees each request (method, path, and how many it has seen that match) and answers with the
name of a fault, or None to pass the request on:

    error      500 with an S3 error body, nothing is passed on
    throttle   503 SlowDown
    expired    403 ExpiredToken
    reset      the connection is reset before an answer
    lost       passed on, but the connection is reset instead of the answer
    cut        the answer's body ends in its middle
    timeout    400 RequestTimeout, what S3 says of a body that came too slowly
    late       200 with an error in its body, as of a copy that fails on its way
    slow       the body comes in small pieces with pauses
    lag        a listing without the objects put last: an empty one
    lag_first  a listing without the first of its objects
    careless   the condition of a put is taken away
"""

from __future__ import annotations

import http.client
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

Rule = Callable[[str, str], str | None]

ERRORS = {
    "error": (500, "InternalError", "We encountered an internal error."),
    "throttle": (503, "SlowDown", "Please reduce your request rate."),
    "expired": (403, "ExpiredToken", "The provided token has expired."),
    "timeout": (400, "RequestTimeout", "Your socket connection was not read in time."),
    "late": (200, "InternalError", "We encountered an internal error. Please try again."),
}


class FaultProxy:
    """Ends with the `with` block."""

    def __init__(self, upstream_port: int, rule: Rule) -> None:
        self.rule = rule
        self.requests: list[tuple[str, str]] = []
        self.faults: list[str] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                proxy.requests.append((self.command, self.path))
                fault = proxy.rule(self.command, self.path)
                if fault:
                    proxy.faults.append(fault)
                if fault == "reset":
                    self.reset()
                    return
                if fault in ERRORS:
                    self.refuse(*ERRORS[fault])
                    return
                headers = dict(self.headers)
                if fault == "careless":
                    headers = {k: v for k, v in headers.items() if k.lower() != "if-none-match"}
                upstream = http.client.HTTPConnection("127.0.0.1", upstream_port, timeout=60)
                upstream.request(self.command, self.path, body, headers)
                answer = upstream.getresponse()
                content = answer.read()
                if fault == "lost":
                    self.reset()
                    return
                if fault == "lag":
                    content = re.sub(rb"<Contents>.*</Contents>", b"", content, flags=re.S)
                if fault == "lag_first":
                    content = re.sub(
                        rb"<Contents>.*?</Contents>", b"", content, count=1, flags=re.S
                    )
                self.answer(answer, content, fault)
                upstream.close()

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any

            def answer(
                self, answer: http.client.HTTPResponse, content: bytes, fault: str | None
            ) -> None:
                self.send_response(answer.status)
                length = len(content)
                for name, value in answer.getheaders():
                    if name.lower() == "content-length" and self.command == "HEAD":
                        length = int(value)
                    if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                if self.command == "HEAD":
                    return
                if fault == "cut" and len(content) > 1:
                    self.wfile.write(content[: len(content) // 2])
                    self.wfile.flush()
                    self.close_connection = True
                elif fault == "slow":
                    for at in range(0, len(content), 65536):
                        self.wfile.write(content[at : at + 65536])
                        time.sleep(0.02)
                else:
                    self.wfile.write(content)

            def refuse(self, status: int, code: str, message: str) -> None:
                content = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def reset(self) -> None:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                self.connection.close()

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # a connection that the other side gave up

        self._server = Server(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def first_of_each(fault: str, pattern: str, times: int = 1) -> Rule:
    """The fault for the first `times` requests of each (method, path) that matches."""
    seen: dict[tuple[str, str], int] = {}
    lock = threading.Lock()

    def rule(method: str, path: str) -> str | None:
        if not re.search(pattern, f"{method} {path}"):
            return None
        with lock:
            seen[method, path] = seen.get((method, path), 0) + 1
            return fault if seen[method, path] <= times else None

    return rule


def mixed(seed: int, share: float = 0.5) -> Rule:
    """A share of all first requests of a (method, path) fails, each in another way.

    The same seed gives a request the same fault, in whatever order they come.
    """
    seen: set[tuple[str, str]] = set()
    lock = threading.Lock()

    def rule(method: str, path: str) -> str | None:
        with lock:
            if (method, path) in seen:
                return None
            seen.add((method, path))
        rng = random.Random(f"{seed} {method} {path}")
        if rng.random() > share:
            return None
        faults = ["error", "throttle", "reset", "lost"]
        faults += {"GET": ["cut", "slow"], "PUT": ["timeout"], "POST": ["timeout", "late"]}.get(
            method, []
        )
        return rng.choice(faults)

    return rule


def from_request(fault: str, number: int, endless: bool = True) -> Rule:
    """The fault from the `number`-th request on, counted from 0; or for that one alone."""
    count = iter(range(1 << 30))
    lock = threading.Lock()

    def rule(method: str, path: str) -> str | None:
        with lock:
            at = next(count)
        return fault if at == number or (endless and at > number) else None

    return rule
