"""What the tests' own HTTP servers have in common: a listener that runs in threads of its own, and
requests as values."""

from __future__ import annotations

import ssl
import threading
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    target: str  # path and query, as they came
    headers: dict[str, str]  # names in lower case
    body: str

    @cached_property
    def path(self) -> str:
        return urllib.parse.urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        query = urllib.parse.urlsplit(self.target).query
        return dict(urllib.parse.parse_qsl(query, keep_blank_values=True))

    @property
    def line(self) -> str:
        line = f"{self.method} {self.path}?{urllib.parse.urlencode(self.query)}"
        return f"{line} {self.body}" if self.body else line


class Listener(ThreadingHTTPServer):
    """At a free port of 127.0.0.1 unless one is given; with a certificate and its key over TLS."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        handler: type[Handler],
        port: int = 0,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        super().__init__(("127.0.0.1", port), handler)
        if certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*certificate)
            # The handshake is left to the connection's own thread.
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if certificate is None else "https"
        self.origin = f"{scheme}://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the game."""


class Handler(BaseHTTPRequestHandler):
    """Calls `serve` with each request, whatever its method."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def serve(self, asked: Asked) -> None:
        raise NotImplementedError

    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_head(status, {**headers, "Content-Length": str(len(body))})
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        length = int(self.headers.get("Content-Length", "0"))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(length).decode("utf-8", "replace")
        self.serve(Asked(self.command, self.path, headers, body))
        self.wfile.flush()
