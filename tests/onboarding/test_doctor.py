"""`millrace doctor`: each line ok, warn or fail, with what to do."""

from __future__ import annotations

import http.server
import os
import resource
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from command import Millrace

CONFIG = """\
version: 1
name: p
workspace: %(workspace)s
sources:
  a: {type: csv, path: a.csv}
exports:
  o: {type: jsonl, path: out}
"""


def examine(millrace: Millrace, folder: Path, *args: str, **kwargs: Any) -> tuple[int, Any]:
    outcome = millrace("doctor", *args, "--json", cwd=folder, **kwargs)
    report = outcome.json()
    assert report["ok"] == (outcome.code == 0)
    for finding in report["findings"]:
        assert finding["health"] == "ok" or finding["remedy"]
    return outcome.code, {f["what"]: f for f in report["findings"]}


def write(folder: Path, config: str = CONFIG, workspace: str = "workspace") -> None:
    (folder / "a.csv").write_text("x,y\n1,2\n")
    (folder / "p.yaml").write_text(config % {"workspace": workspace})


def test_the_machine_alone(millrace: Millrace, tmp_path: Path) -> None:
    code, found = examine(millrace, tmp_path)
    assert code == 0
    assert {"millrace", "libraries", "libcurl", "threads", "memory", "open files"} <= set(found)
    assert list(tmp_path.iterdir()) == []
    assert "ok" in millrace.ok("doctor", cwd=tmp_path).out


def test_a_config_that_is_well(millrace: Millrace, tmp_path: Path) -> None:
    write(tmp_path)
    code, found = examine(millrace, tmp_path, "p.yaml")
    assert code == 0
    assert found["source `a`"]["message"].startswith("1 file")
    assert "to be made" in found["workspace"]["message"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "p.yaml"]


def test_problems_of_a_config_are_lines(millrace: Millrace, tmp_path: Path) -> None:
    write(tmp_path, CONFIG.replace("sources:", "sorces:"))
    code, found = examine(millrace, tmp_path, "p.yaml")
    assert code == 1
    assert found["MR1203"]["message"].startswith("line 4")
    assert "threads" in found  # the machine is looked at all the same
    assert examine(millrace, tmp_path, "absent.yaml")[0] == 1


def test_places_and_files_that_are_not_fit(millrace: Millrace, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "workspace").write_text("a file\n")
    (tmp_path / "a.csv").unlink()
    code, found = examine(millrace, tmp_path, "p.yaml")
    assert code == 1
    assert "no folder" in found["workspace"]["message"]
    assert found["source `a`"]["health"] == "fail"
    assert found["export `o`"]["health"] == "ok"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(millrace: Millrace, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "out").mkdir(mode=0o500)
    code, found = examine(millrace, tmp_path, "p.yaml")
    assert code == 1 and "cannot be written" in found["export `o`"]["message"]


def test_a_disk_that_cannot_be_written(millrace: Millrace, tmp_path: Path) -> None:
    write(tmp_path, workspace="/proc/millrace")
    code, found = examine(millrace, tmp_path, "p.yaml")
    assert code == 1 and found["workspace"]["health"] == "fail"


def test_memory_that_the_machine_does_not_have(millrace: Millrace, tmp_path: Path) -> None:
    write(tmp_path, CONFIG + "limits: {memory: 60TiB}\n")
    code, found = examine(millrace, tmp_path, "p.yaml")
    assert code == 1 and found["memory"]["health"] == "fail"


def test_few_open_files(millrace: Millrace, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    try:
        code, found = examine(millrace, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert code == 0 and found["open files"]["health"] == "warn"


class Endpoint(http.server.BaseHTTPRequestHandler):
    seen: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        Endpoint.seen.append(dict(self.headers))
        self.send_response(503 if "/v1/sys/health" in self.path else 401)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture()
def endpoint() -> Iterator[str]:
    Endpoint.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture()
def silent() -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


REST = """\
version: 1
name: p
sources:
  r:
    type: rest
    url: %(url)s/v1/things
    records: "$.items[*]"
    allow_private: true
    auth: {type: bearer, token: "${env:DOCTOR_TOKEN}"}
"""


def test_an_api_that_answers_gets_no_secret(
    millrace: Millrace, tmp_path: Path, endpoint: str
) -> None:
    (tmp_path / "p.yaml").write_text(REST % {"url": endpoint})
    env = {"DOCTOR_TOKEN": "canary-token"}
    code, found = examine(millrace, tmp_path, "p.yaml", env=env)
    assert code == 0, found
    assert "401" in found["source `r`"]["message"]
    assert found["${env:DOCTOR_TOKEN}"]["message"] == "has a value"
    outcome = millrace("doctor", "p.yaml", cwd=tmp_path, env=env)
    assert "canary" not in str(found) + outcome.out + outcome.err
    assert Endpoint.seen and "canary" not in str(Endpoint.seen)


def test_a_secret_without_a_value(millrace: Millrace, tmp_path: Path, endpoint: str) -> None:
    (tmp_path / "p.yaml").write_text(REST % {"url": endpoint})
    code, found = examine(millrace, tmp_path, "p.yaml", env={"DOCTOR_TOKEN": ""})
    assert code == 1 and found["${env:DOCTOR_TOKEN}"]["health"] == "fail"


def test_an_endpoint_that_is_silent_takes_no_longer_than_it_may(
    millrace: Millrace, tmp_path: Path, silent: str
) -> None:
    (tmp_path / "p.yaml").write_text(REST % {"url": silent})
    code, found = examine(
        millrace, tmp_path, "p.yaml", "--timeout", "1", env={"DOCTOR_TOKEN": "x" * 9}, timeout=30
    )
    assert code == 1 and "within 1 s" in found["source `r`"]["message"]


def test_a_vault_that_is_sealed(millrace: Millrace, tmp_path: Path, endpoint: str) -> None:
    vault = f"vault: {{address: '{endpoint}', auth: {{type: token, token: '${{env:T}}'}}}}\n"
    write(tmp_path, CONFIG + vault)
    code, found = examine(millrace, tmp_path, "p.yaml", env={"T": "canary-token"})
    assert code == 1, found
    assert "sealed" in found["vault"]["message"] and "canary" not in str(found)
