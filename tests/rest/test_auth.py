"""Auth and secrets: what is sent, to whom, and that it is written nowhere."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from vault_server import VaultServer

from command import Millrace, Outcome
from rest.pipelines import ids, source
from rest_server import Fault, RestServer

ALL = list(range(1, 24))


@pytest.fixture
def server() -> Iterator[RestServer]:
    with RestServer(records=23) as running:
        yield running


@pytest.fixture
def vault() -> Iterator[VaultServer]:
    with VaultServer() as running:
        yield running


def auth_of(server: RestServer, kind: str, where: str = "env:") -> dict[str, Any]:
    """The `auth` of a config for a kind of the server's, its secrets under names of their own."""

    def secret(name: str) -> str:
        return f"${{{where}{name}}}"

    if kind == "bearer":
        return {"type": "bearer", "token": secret("BEARER")}
    if kind == "api_key_header":
        return {"type": "api_key", "name": "X-Api-Key", "key": secret("API_KEY")}
    if kind == "api_key_query":
        return {"type": "api_key", "in": "query", "name": "api_key", "key": secret("API_KEY")}
    if kind == "basic":
        return {"type": "basic", "user": secret("USER"), "password": secret("PASSWORD")}
    return {
        "type": "oauth2",
        "token_url": f"{server.url}/oauth/token",
        "client_id": server.settings.client_id,
        "client_secret": secret("CLIENT_SECRET"),
        "scope": "read",
    }


KINDS = ["bearer", "api_key_header", "api_key_query", "basic", "oauth2"]


def secrets_of(server: RestServer) -> dict[str, str]:
    settings = server.settings
    return {
        "BEARER": settings.bearer,
        "API_KEY": settings.api_key,
        "USER": settings.user,
        "PASSWORD": settings.password,
        "CLIENT_SECRET": settings.client_secret,
    }


def forms(secret: str) -> set[str]:
    """A secret as it might be written: as it is, in a URL, in a form, in JSON."""
    return {
        secret,
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        base64.b64encode(secret.encode()).decode(),
    }


def assert_untold(folder: Path, outcomes: list[Outcome], canaries: list[str]) -> None:
    """No canary in any file below the folder, nor in what was printed."""
    texts = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for number, outcome in enumerate(outcomes):
        texts[f"output {number}"] = (outcome.out + outcome.err).encode()
    assert len(texts) > len(outcomes)
    for canary in canaries:
        for form in forms(canary):
            found = [name for name, text in texts.items() if form.encode() in text]
            assert not found, f"{form!r} is in {found}"


def write(folder: Path, one: dict[str, Any], **more: Any) -> None:
    config = {
        "version": 1,
        "name": "auth",
        "workspace": "./workspace",
        "sources": {"items": one},
        "contract": {"columns": {"id": {"type": "int64"}, "name": {"type": "string"}}},
        "exports": {"out": {"type": "jsonl", "path": "out", "overwrite": True}},
        **more,
    }
    (folder / "pipeline.yaml").write_text(json.dumps(config))


def run(millrace: Millrace, folder: Path, secrets: dict[str, str]) -> Outcome:
    return millrace("run", "pipeline.yaml", "--log-level", "debug", cwd=folder, env=secrets)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_admitted_and_told_to_nobody(
    millrace: Millrace, tmp_path: Path, server: RestServer, kind: str
) -> None:
    server.settings.auth = kind
    write(tmp_path, source(server, "next_url", auth=auth_of(server, kind)))
    secrets = secrets_of(server)
    outcomes = [run(millrace, tmp_path, secrets)]
    assert outcomes[0].code == 0, outcomes[0].err
    assert ids(tmp_path) == ALL
    assert all(entry.status == 200 for entry in server.log)
    # What is written must read well, too: a look back, a replay, a wrong secret, a broken page.
    outcomes += [millrace(command, "pipeline.yaml", cwd=tmp_path) for command in ("plan", "status")]
    outcomes.append(millrace("run", "pipeline.yaml", "--offline", cwd=tmp_path))
    assert outcomes[-1].code == 0, outcomes[-1].err
    server.add(Fault("status", match="items", times=50, status=403))
    outcomes.append(run(millrace, tmp_path, secrets))
    assert outcomes[-1].code == 1
    server.clear()
    server.add(Fault("redirect_loop", match="items", times=50))
    outcomes.append(run(millrace, tmp_path, secrets))
    assert outcomes[-1].code == 1
    canaries = [*secrets.values(), "token-1-canary", "token-2-canary"]
    canaries.append(f"{server.settings.user}:{server.settings.password}")
    canaries.remove(server.settings.user)  # no secret of the server's: three letters
    assert_untold(tmp_path, outcomes, canaries)


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_secret_ends_the_run(
    millrace: Millrace, tmp_path: Path, server: RestServer, kind: str
) -> None:
    server.settings.auth = kind
    write(tmp_path, source(server, "page", auth=auth_of(server, kind)))
    wrong = {name: f"wrong-{name.lower()}-canary" for name in secrets_of(server)}
    outcome = run(millrace, tmp_path, wrong)
    assert outcome.code == 1
    assert "401" in outcome.err
    assert len(server.log) <= 2  # nobody is locked out by attempts that cannot succeed
    assert_untold(tmp_path, [outcome], list(wrong.values()))


def test_a_secret_that_is_not_there_is_named(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    server.settings.auth = "bearer"
    write(tmp_path, source(server, "page", auth=auth_of(server, "bearer")))
    for command in ("validate", "plan"):  # need none
        assert millrace(command, "pipeline.yaml", cwd=tmp_path).code == 0
    outcome = run(millrace, tmp_path, {})
    assert outcome.code == 1
    assert "MR1208" in outcome.err and "`BEARER`" in outcome.err
    assert server.log == []


@pytest.mark.parametrize("name", ["api_key", "access_token", "client-secret"])
def test_a_secret_in_a_url_is_refused(
    millrace: Millrace, tmp_path: Path, server: RestServer, name: str
) -> None:
    url = f"{server.url}/page/items?format=json&{name}=url-canary&since=2024-01-01"
    write(tmp_path, source(server, "page", url=url))
    outcomes = [millrace(command, "pipeline.yaml", cwd=tmp_path) for command in ("validate", "run")]
    for outcome in outcomes:
        assert outcome.code == 1
        assert "MR1207" in outcome.err and f"`{name}` of this URL" in outcome.err
        assert "url-canary" not in outcome.err + outcome.out
    assert server.log == []


def test_an_expired_token_is_renewed_in_the_middle(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    server.settings.auth = "oauth2"
    write(tmp_path, source(server, "page", auth=auth_of(server, "oauth2")))
    server.add(Fault("expired_token", match="page=2"))
    outcome = run(millrace, tmp_path, secrets_of(server))
    assert outcome.code == 0, outcome.err
    assert ids(tmp_path) == ALL
    assert server.tokens_issued == 2
    refused = [entry.line for entry in server.log if entry.status == 401]
    assert len(refused) == 1


def test_a_refusal_that_stays_is_not_asked_again(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    server.settings.auth = "oauth2"
    write(tmp_path, source(server, "page", auth=auth_of(server, "oauth2")))
    server.add(Fault("expired_token", match="page=2", times=100))
    outcome = run(millrace, tmp_path, secrets_of(server))
    assert outcome.code == 1, outcome.err
    assert server.tokens_issued == 2
    assert sum("page=2" in entry.line for entry in server.log) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_another_host_gets_no_auth_by_redirect(
    millrace: Millrace, tmp_path: Path, server: RestServer, kind: str
) -> None:
    server.settings.auth = kind
    write(tmp_path, source(server, "page", auth=auth_of(server, kind)))
    server.add(Fault("redirect_away", match="/page/items", times=100))
    run(millrace, tmp_path, secrets_of(server))
    assert any(entry.carries_auth for entry in server.log if entry.host == "main")
    there = [entry for entry in server.log if entry.host == "other"]
    assert there
    for entry in there:
        # The query is the redirect's own doing: the fixture repeats it, key and all.
        headers = json.dumps(entry.headers)
        assert "authorization" not in entry.headers and "x-api-key" not in entry.headers
        assert "canary" not in headers


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("paging", ["link", "next_url"])
def test_another_host_gets_no_auth_by_its_links(
    millrace: Millrace, tmp_path: Path, server: RestServer, kind: str, paging: str
) -> None:
    server.settings.auth = kind
    server.settings.next_elsewhere = 2
    write(tmp_path, source(server, paging, auth=auth_of(server, kind)))
    run(millrace, tmp_path, secrets_of(server))
    assert [entry.carries_auth for entry in server.log if entry.host == "other"].count(True) == 0


@pytest.mark.parametrize("login", ["token", "approle"])
def test_secrets_of_vault(
    millrace: Millrace, tmp_path: Path, server: RestServer, vault: VaultServer, login: str
) -> None:
    server.settings.auth = "basic"
    vault.put("apps/crm", {"user": "ann", "password": server.settings.password})
    auth = {
        "type": "basic",
        "user": "${vault:apps/crm#user}",
        "password": "${vault:apps/crm#password}",
    }
    block = {"address": vault.url, "auth": {"type": "token", "token": "${env:VAULT_TOKEN}"}}
    if login == "approle":
        (tmp_path / "secret-id").write_text(vault.secret_id + "\n")
        block["auth"] = {
            "type": "approle",
            "role_id": "${env:ROLE_ID}",
            "secret_id": "${file:secret-id}",
        }
    write(tmp_path, source(server, "page", auth=auth), vault=block)
    given = {"VAULT_TOKEN": vault.root_token, "ROLE_ID": vault.role_id}
    outcome = run(millrace, tmp_path, given)
    assert outcome.code == 0, outcome.err
    assert ids(tmp_path) == ALL
    reads = [asked for asked in vault.log if "/data/" in asked.path]
    assert len(reads) == 1  # for both fields and every page
    tokens = vault.tokens

    vault.delete("apps/crm")
    gone = run(millrace, tmp_path, given)
    assert gone.code == 1 and "MR1208" in gone.err and "apps/crm" in gone.err
    wrong = run(millrace, tmp_path, {"VAULT_TOKEN": "hvs.wrong-canary", "ROLE_ID": "no-canary"})
    assert wrong.code == 1 and "MR1208" in wrong.err
    (tmp_path / "secret-id").unlink(missing_ok=True)
    canaries = [server.settings.password, vault.role_id, vault.secret_id, *tokens, *vault.tokens]
    assert_untold(tmp_path, [outcome, gone, wrong], [*canaries, "hvs.wrong-canary"])


def test_without_vault_there_is_no_vault_reference(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    write(tmp_path, source(server, "page", auth={"type": "bearer", "token": "${vault:a#b}"}))
    outcome = millrace("validate", "pipeline.yaml", cwd=tmp_path)
    assert outcome.code == 1
    assert "needs a `vault` block" in outcome.err


def certificate(folder: Path) -> tuple[Path, Path]:
    paths = folder / "ca.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext"
    command += f" subjectAltName=IP:127.0.0.1 -keyout {paths[1].name} -out {paths[0].name}"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return paths


def test_tls_with_an_authority_of_its_own(millrace: Millrace, tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    with RestServer(records=23, certificate=(chain, key)) as server:
        server.settings.auth = "bearer"
        auth = auth_of(server, "bearer")
        write(tmp_path, source(server, "next_url", auth=auth, ca_file="ca.pem"))
        outcome = run(millrace, tmp_path, secrets_of(server))
        assert outcome.code == 0, outcome.err
        assert ids(tmp_path) == ALL
        before = len(server.log)
        write(tmp_path, source(server, "next_url", auth=auth))
        outcome = run(millrace, tmp_path, secrets_of(server))
        assert outcome.code == 1 and "not trusted" in outcome.err
        assert len(server.log) == before
