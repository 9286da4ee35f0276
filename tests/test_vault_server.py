"""The fake Vault answers as Vault does."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from vault_server import VaultServer


@pytest.fixture
def vault() -> Iterator[VaultServer]:
    with VaultServer() as running:
        running.put("apps/crm", {"api_key": "one"})
        running.put("apps/crm", {"api_key": "two", "port": 1})
        yield running


def ask(url: str, token: str = "", data: Any = None) -> tuple[int, Any]:
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, body, {"X-Vault-Token": token})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, json.load(problem)


def test_the_newest_version_is_read(vault: VaultServer) -> None:
    url = f"{vault.url}/v1/secret/data/apps/crm"
    status, told = ask(url, vault.root_token)
    assert (status, told["data"]["data"]) == (200, {"api_key": "two", "port": 1})
    assert told["data"]["metadata"]["version"] == 2
    vault.delete("apps/crm")
    status, told = ask(url, vault.root_token)
    assert (status, told["data"]["data"]) == (404, None)


def test_refusals(vault: VaultServer) -> None:
    url = f"{vault.url}/v1/secret/data"
    assert ask(f"{url}/apps/crm", "hvs.wrong") == (403, {"errors": ["permission denied"]})
    assert ask(f"{url}/apps/none", vault.root_token) == (404, {"errors": []})
    vault.sealed = True
    assert ask(f"{url}/apps/crm", vault.root_token) == (503, {"errors": ["Vault is sealed"]})


def test_a_role_logs_in_for_as_long_as_its_lease(vault: VaultServer) -> None:
    login, url = f"{vault.url}/v1/auth/approle/login", f"{vault.url}/v1/secret/data/apps/crm"
    role = {"role_id": vault.role_id, "secret_id": vault.secret_id}
    token = ask(login, data=role)[1]["auth"]["client_token"]
    assert ask(url, token)[0] == 200
    vault.expire_tokens()
    assert ask(url, token)[0] == 403
    vault.lease_seconds = 0
    assert ask(url, ask(login, data=role)[1]["auth"]["client_token"])[0] == 403
    assert ask(login, data={**role, "secret_id": "x"})[0] == 400
    vault.lease_seconds, vault.role_paths = 60, ["other/"]
    assert ask(url, ask(login, data=role)[1]["auth"]["client_token"])[0] == 403
