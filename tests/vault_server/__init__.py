"""HashiCorp Vault's HTTP protocol, as far as tests need it: KV version 2, tokens, AppRole.

with VaultServer() as vault:
    vault.put("apps/crm", {"api_key": "..."})
    ... vault.url, vault.root_token, vault.role_id, vault.secret_id ...

Wire format as in Vault's API documentation: errors are {"errors": [...]}, a missing secret is 404
with an empty list, a deleted one 404 with its metadata, 403 does not tell an expired token from
a policy that says no, and a sealed Vault answers 503 to everything.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from local_server import Asked, Handler, Listener

Told = tuple[int, dict[str, Any]]


@dataclass
class Token:
    paths: list[str]  # prefixes that it may read
    expires: float  # of time.monotonic; infinity: never


@dataclass
class Secret:
    versions: list[dict[str, Any] | None] = field(default_factory=list)  # None: deleted


class VaultServer:
    """Runs from `with` to its end. Everything may be called and set from any thread."""

    def __init__(self, mount: str = "secret", namespace: str = "") -> None:
        self.mount = mount
        self.namespace = namespace
        self.root_token = "hvs.root-" + secrets.token_hex(8)
        self.role_id = "role-" + secrets.token_hex(8)
        self.secret_id = "secret-id-" + secrets.token_hex(8)
        self.sealed = False
        self.lease_seconds = 3600.0  # of tokens that a login gives
        self.role_paths = [""]  # what a role's tokens may read: everything
        self.log: list[Asked] = []
        self._lock = threading.Lock()
        self._secrets: dict[str, Secret] = {}
        self._tokens = {self.root_token: Token([""], float("inf"))}
        self._listener = _Listener(self)
        self.url = self._listener.origin

    def __enter__(self) -> VaultServer:
        self._listener.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.stop()

    def put(self, path: str, data: dict[str, Any]) -> None:
        """A new version of the secret."""
        with self._lock:
            self._secrets.setdefault(path, Secret()).versions.append(data)

    def delete(self, path: str) -> None:
        with self._lock:
            self._secrets[path].versions[-1] = None

    def expire_tokens(self) -> None:
        """Of logins; the root token never expires."""
        with self._lock:
            self._tokens = {self.root_token: self._tokens[self.root_token]}

    @property
    def tokens(self) -> list[str]:
        """Every token that is good now."""
        with self._lock:
            return list(self._tokens)

    def answer(self, asked: Asked) -> Told:
        with self._lock:
            self.log.append(asked)
            if self.sealed:
                return 503, {"errors": ["Vault is sealed"]}
            if asked.headers.get("x-vault-namespace", "") != self.namespace:
                return 404, {
                    "errors": [f"no handler for route {asked.path!r}. route entry not found."]
                }
            if asked.path == "/v1/auth/approle/login":
                return self._login(asked)
            return self._read(asked)

    def _login(self, asked: Asked) -> Told:
        if asked.method not in ("POST", "PUT"):
            return 405, {"errors": ["unsupported operation"]}
        try:
            told = json.loads(asked.body)
            role, secret = told["role_id"], told["secret_id"]
        except (ValueError, TypeError, KeyError):
            return 400, {"errors": ["missing role_id"]}
        if (role, secret) != (self.role_id, self.secret_id):
            return 400, {"errors": ["invalid role or secret ID"]}
        token = "hvs.login-" + secrets.token_hex(8)
        self._tokens[token] = Token(self.role_paths, time.monotonic() + self.lease_seconds)
        auth = {
            "client_token": token,
            "accessor": secrets.token_hex(8),
            "policies": ["default", "millrace"],
            "lease_duration": int(self.lease_seconds),
            "renewable": True,
            "token_type": "service",
        }
        return 200, _envelope(None, auth)

    def _read(self, asked: Asked) -> Told:
        token = self._tokens.get(asked.headers.get("x-vault-token", ""))
        if token is None or token.expires <= time.monotonic():
            return 403, {"errors": ["permission denied"]}
        start = f"/v1/{self.mount}/data/"
        if not asked.path.startswith(start):
            return 404, {"errors": [f"no handler for route {asked.path!r}. route entry not found."]}
        path = urllib.parse.unquote(asked.path.removeprefix(start))
        if not any(path.startswith(prefix) for prefix in token.paths):
            return 403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}
        if asked.method != "GET":
            return 405, {"errors": ["unsupported operation"]}
        secret = self._secrets.get(path)
        if secret is None:
            return 404, {"errors": []}
        deleted = secret.versions[-1] is None
        metadata = {
            "created_time": "2024-01-01T00:00:00.000000000Z",
            "custom_metadata": None,
            "deletion_time": "2024-01-02T00:00:00.000000000Z" if deleted else "",
            "destroyed": False,
            "version": len(secret.versions),
        }
        data = {"data": secret.versions[-1], "metadata": metadata}
        return (404 if deleted else 200), _envelope(data, None)


def _envelope(data: Any, auth: Any) -> dict[str, Any]:
    return {
        "request_id": "00000000-0000-0000-0000-000000000000",
        "lease_id": "",
        "renewable": False,
        "lease_duration": 0,
        "data": data,
        "wrap_info": None,
        "warnings": None,
        "auth": auth,
    }


class _Listener(Listener):
    def __init__(self, server: VaultServer) -> None:
        super().__init__(_Handler)
        self.owner = server


class _Handler(Handler):
    server: _Listener

    def serve(self, asked: Asked) -> None:
        status, told = self.server.owner.answer(asked)
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        self.send(status, headers, json.dumps(told).encode() + b"\n")
