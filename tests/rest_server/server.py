"""The two listeners: the API, and another host that notes what is brought to it."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from local_server import Asked, Handler, Listener

from rest_server.api import Answer, Api, BadRequest, in_body
from rest_server.auth import Gate
from rest_server.data import Record
from rest_server.faults import Fault
from rest_server.settings import Settings

# Headers and parameters that prove who somebody is.
PROOFS = ("authorization", "cookie", "x-api-key")


@dataclass(frozen=True)
class LogEntry:
    """One request, as it came."""

    host: str  # "main" or "other"
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: str
    status: int  # that was answered; 0: none was
    fault: str  # that befell it, or ""
    line: str  # METHOD /path?query BODY

    @property
    def carries_auth(self) -> bool:
        return any(name in self.headers for name in PROOFS) or "api_key" in self.query


class RestServer:
    """Runs in threads of its own from `with` to its end. Everything may be called from any thread.

    `settings` may be assigned to at any time; `url` and `other_url` have no slash at their end.
    """

    def __init__(
        self,
        records: int = 95,
        seed: int = 1,
        port: int = 0,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        """With a certificate and its key both listeners speak TLS."""
        self.settings = Settings()
        self._lock = threading.Lock()
        self._log: list[LogEntry] = []
        self._faults: list[Fault] = []
        self._api = Api(self.settings, records, seed)
        self._gate = Gate(self.settings)
        self._listeners = [
            _Listener(self, "main", port, certificate),
            _Listener(self, "other", 0, certificate),
        ]
        self.url, self.other_url = (one.origin for one in self._listeners)
        self._api.origin, self._api.other_origin = self.url, self.other_url

    def __enter__(self) -> RestServer:
        for listener in self._listeners:
            listener.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for listener in self._listeners:
            listener.stop()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forgets faults and the log."""
        with self._lock:
            self._faults.clear()
            self._log.clear()

    def expire_tokens(self) -> None:
        with self._lock:
            self._gate.expire_tokens()

    @property
    def tokens_issued(self) -> int:
        with self._lock:
            return self._gate.issued

    @property
    def log(self) -> list[LogEntry]:
        """Every request to either host, in the order in which their answers began."""
        with self._lock:
            return list(self._log)

    @property
    def items(self) -> list[Record]:
        """The records of /PAGING/items as they are now."""
        with self._lock:
            return list(self._api.items)

    @property
    def customers(self) -> list[Record]:
        with self._lock:
            return list(self._api.customers)

    def orders(self, customer: int) -> list[Record]:
        with self._lock:
            return self._api.orders(customer)

    # What the listeners' threads ask.

    def fault_for(self, asked: Asked) -> Fault | None:
        """The first fault in the order of adding that befalls the request."""
        with self._lock:
            befalling = [fault for fault in self._faults if fault.befalls(asked.line)]
            if befalling and befalling[0].kind == "expired_token":
                self._gate.expire_tokens()
            return befalling[0] if befalling else None

    def answer(self, host: str, asked: Asked) -> Answer:
        with self._lock:
            if host == "main" and (asked.method, asked.path) == ("POST", "/oauth/token"):
                status, told = self._gate.give_token(asked.headers, asked.body)
                headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
                return Answer(status, headers, json.dumps(told).encode())
            if host == "main" and not self._gate.admits(asked.headers, asked.query):
                answer = Answer.error(401, "who are you?")
                answer.headers["WWW-Authenticate"] = 'Bearer realm="millrace"'
                return answer
            if asked.method not in ("GET", "HEAD", "POST"):
                return Answer.error(405, "only GET, HEAD and POST are understood")
            query = dict(asked.query)
            if asked.method == "POST" and asked.body:
                try:
                    query.update(in_body(asked.body))
                except BadRequest as problem:
                    return Answer.error(400, str(problem))
            return self._api.answer(asked.path, query, asked.headers.get("accept", ""))

    def note(self, host: str, asked: Asked, status: int, fault: Fault | None) -> None:
        entry = LogEntry(
            host,
            asked.method,
            asked.path,
            asked.query,
            asked.headers,
            asked.body,
            status,
            fault.kind if fault else "",
            asked.line,
        )
        with self._lock:
            self._log.append(entry)

    def control(self, asked: Asked) -> Answer:
        """For tests that are no Python: GET /_control/log; POST /_control with any of `settings`,
        `faults` (a list) and `clear`."""
        if asked.method == "GET":
            told: Any = [asdict(entry) for entry in self.log]
        else:
            wish = json.loads(asked.body or "{}")
            if wish.get("clear"):
                self.clear()
            for name, value in wish.get("settings", {}).items():
                if not hasattr(self.settings, name):
                    return Answer.error(400, f"no setting {name!r}")
                setattr(self.settings, name, value)
            for fault in wish.get("faults", []):
                self.add(Fault(**fault))
            told = asdict(self.settings)
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(told).encode())


class _Listener(Listener):
    def __init__(
        self, server: RestServer, host: str, port: int, certificate: tuple[Path, Path] | None
    ) -> None:
        super().__init__(_Handler, port, certificate)
        self.owner = server
        self.host = host


class _Handler(Handler):
    server: _Listener

    def serve(self, asked: Asked) -> None:
        owner = self.server.owner
        if asked.path.startswith("/_control"):
            self._send(owner.control(asked))
            return
        fault = owner.fault_for(asked) if self.server.host == "main" else None
        if fault is None:
            answer = owner.answer(self.server.host, asked)
            owner.note(self.server.host, asked, answer.status, None)
            self._send(answer)
        else:
            self._misbehave(fault, asked)

    def _misbehave(self, fault: Fault, asked: Asked) -> None:
        owner = self.server.owner
        answer = self._instead(fault, asked)
        if answer is not None:
            owner.note(self.server.host, asked, answer.status, fault)
            self._send(answer)
            return
        if fault.kind in ("reset", "not_http"):
            owner.note(self.server.host, asked, 0, fault)
            self.close_connection = True
            if fault.kind == "not_http":
                self.wfile.write(b"\x00\x01 220 mail.example.com ESMTP\r\n\r\n")
            else:  # closing with linger 0 sends a reset
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return
        answer = owner.answer(self.server.host, asked)
        owner.note(self.server.host, asked, answer.status, fault)
        if fault.kind == "slow":
            time.sleep(fault.seconds)
            self._send(answer)
        elif fault.kind == "torn":
            answer.body = answer.body[: len(answer.body) // 2]
            self._send(answer)
        elif fault.kind == "content_type":
            answer.headers["Content-Type"] = fault.text
            self._send(answer)
        else:
            self._break(fault, answer)

    def _instead(self, fault: Fault, asked: Asked) -> Answer | None:
        """The answer that takes the place of the right one, where the fault is of that kind."""
        if fault.kind == "status":
            return Answer.error(fault.status, "injected")
        if fault.kind == "throttle":
            answer = Answer.error(429, "slow down")
            if fault.retry_after is not None:
                answer.headers["Retry-After"] = fault.retry_after
            return answer
        if fault.kind == "expired_token":
            return Answer.error(401, "the token has expired")
        if fault.kind in ("redirect", "redirect_away", "redirect_loop"):
            to = fault.text or self.path
            if fault.kind == "redirect_away":
                to = self.server.owner.other_url + self.path
            return Answer(302, {"Location": to})
        json_type = {"Content-Type": "application/json"}
        texts: Mapping[str, tuple[dict[str, str], bytes]] = {
            "garbage": (json_type, b'{"data": [{"id": 1,, \xff\xfe'),
            "html": ({"Content-Type": "text/html"}, b"<html><body>Sign in</body></html>"),
            "empty": (json_type, b""),
            "body": (json_type, fault.text.encode()),
        }
        if fault.kind in texts:
            return Answer(200, *texts[fault.kind])
        return None

    def _break(self, fault: Fault, answer: Answer) -> None:
        body, half = answer.body, len(answer.body) // 2
        if fault.kind == "cut":
            self._head(answer, {"Content-Length": str(len(body))})
            self.wfile.write(body[:half])
            self.close_connection = True
        elif fault.kind in ("cut_chunked", "bad_chunk"):
            self._head(answer, {"Transfer-Encoding": "chunked"})
            self.wfile.write(b"%x\r\n" % half + body[:half] + b"\r\n")
            self.wfile.write(b"zz\r\n" if fault.kind == "bad_chunk" else b"")
            self.close_connection = True
        elif fault.kind == "drip":
            self._head(answer, {"Content-Length": str(len(body))})
            step = max(1, -(-len(body) // 10))
            for at in range(0, len(body), step):
                self.wfile.write(body[at : at + step])
                self.wfile.flush()
                time.sleep(fault.seconds)

    def _head(self, answer: Answer, more: Mapping[str, str]) -> None:
        self.send_head(answer.status, {**answer.headers, **more})

    def _send(self, answer: Answer) -> None:
        self.send(answer.status, answer.headers, answer.body)
