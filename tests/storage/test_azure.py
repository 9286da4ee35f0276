"""Azure Blob Storage against azurite, where it is installed (tools/bootstrap soak)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from xml.sax.saxutils import unescape

import pytest

from command import Millrace
from invariants.pipelines import CONFIG, fingerprint, make_inputs
from storage.s3 import free_port
from storage.test_s3 import data_of

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "devstoreaccount1"  # azurite's own, public key
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
ENVIRONMENT = {"AZURE_TEST_KEY": KEY}


def azurite_command() -> str | None:
    local = ROOT / ".cache" / "azurite" / "node_modules" / ".bin" / "azurite-blob"
    return str(local) if local.exists() else shutil.which("azurite-blob")


pytestmark = pytest.mark.skipif(
    azurite_command() is None,
    reason="azurite is not installed (tools/bootstrap soak)",
)


class Azurite:
    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"

    def get(self, container: str, key: str) -> bytes:
        return self.request("GET", f"/{container}/{urllib.parse.quote(key)}")

    def keys(self, container: str) -> list[str]:
        listing = self.request("GET", f"/{container}", "restype=container&comp=list").decode()
        assert "<NextMarker/>" in listing or "<NextMarker />" in listing
        return [unescape(name) for name in re.findall(r"<Name>(.*?)</Name>", listing, re.S)]

    def request(self, method: str, path: str, query: str = "", body: bytes = b"") -> bytes:
        url = self.endpoint + path
        headers = {"x-ms-version": "2021-08-06", "x-ms-date": formatdate(usegmt=True)}
        if method == "PUT" and not query:
            headers["x-ms-blob-type"] = "BlockBlob"
        lines = [method, "", "", str(len(body)) if body else "", "", "", "", "", "", "", "", ""]
        lines += [f"{name}:{headers[name]}" for name in sorted(headers)]
        lines.append(f"/{ACCOUNT}{urllib.parse.urlsplit(url).path}")
        for name, values in sorted(urllib.parse.parse_qs(query).items()):
            lines.append(f"{name}:{values[0]}")
        digest = hmac.new(base64.b64decode(KEY), "\n".join(lines).encode(), hashlib.sha256)
        signature = base64.b64encode(digest.digest()).decode()
        headers["Authorization"] = f"SharedKey {ACCOUNT}:{signature}"
        headers["Content-Type"] = ""
        if query:
            url += "?" + query
        data = body if method == "PUT" else None
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            content: bytes = answer.read()
            return content


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    command = azurite_command()
    assert command
    folder = tmp_path_factory.mktemp("azurite")
    port = free_port()
    process = subprocess.Popen(
        [command, "--blobPort", str(port), "--location", str(folder), "--silent",
         "--skipApiVersionCheck", "--disableTelemetry"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    server = Azurite(port)
    for _ in range(300):
        try:
            server.request("GET", "", "comp=list")
            break
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert process.poll() is None
            time.sleep(0.1)
    yield server
    process.kill()
    process.wait()


def storage(azurite: Azurite) -> str:
    return (
        f"storage:\n  test: {{type: azure, url: 'abfs://', endpoint: '{azurite.endpoint}',\n"
        f"    allow_http: true, account: {ACCOUNT}, account_key: '${{env:AZURE_TEST_KEY}}'}}\n"
    )


def move_to_azure(azurite: Azurite, container: str, local: Path, remote: Path) -> None:
    """The inputs into a new container, and a config of the same pipeline over them."""
    azurite.request("PUT", f"/{container}", "restype=container")
    for path in sorted((local / "data").rglob("*")):
        if path.is_file():
            key = urllib.parse.quote(path.relative_to(local).as_posix())
            azurite.request("PUT", f"/{container}/{key}", body=path.read_bytes())
    remote.mkdir()
    box = f"abfs://{container}"
    text = CONFIG.replace('"data/', f'"{box}/data/').replace("data/kb/", f"{box}/data/kb/")
    text = text.replace("./workspace", f"{box}/ws").replace("path: out/", f"path: {box}/out/")
    (remote / "pipeline.yaml").write_text(text + storage(azurite))


def test_all_of_it_in_azure(millrace: Millrace, tmp_path: Path, azurite: Azurite) -> None:
    local = tmp_path / "local"
    local.mkdir()
    make_inputs(local)
    millrace.ok("run", "pipeline.yaml", cwd=local)
    remote = tmp_path / "remote"
    move_to_azure(azurite, "box", local, remote)
    millrace.ok("run", "pipeline.yaml", cwd=remote, env=ENVIRONMENT)
    again = millrace.ok("run", "pipeline.yaml", "--json", cwd=remote, env=ENVIRONMENT).json()
    assert again["splits_skipped"] == again["splits_total"] > 0

    latest = json.loads(azurite.request("GET", "/box/out/corpus/LATEST.json"))
    for name, digest in data_of(fingerprint(local)).items():
        if name.startswith("out/lines/"):
            continue
        key = name.replace("workspace/", "ws/", 1).replace("/release/", f"/{latest['release_id']}/")
        body = azurite.request("GET", f"/box/{urllib.parse.quote(key)}")
        assert hashlib.sha256(body).hexdigest() == digest, name


def test_the_key_is_nowhere(millrace: Millrace, tmp_path: Path, azurite: Azurite) -> None:
    """Neither the key nor what it becomes is in anything written or said, also when it fails."""
    local, remote = tmp_path / "local", tmp_path / "remote"
    local.mkdir()
    make_inputs(local)
    move_to_azure(azurite, "canary", local, remote)
    debug = ("run", "pipeline.yaml", "--log-level", "debug")
    outcomes = [millrace(*debug, cwd=remote, env=ENVIRONMENT)]
    assert outcomes[0].code == 0, outcomes[0].err
    for command in ("plan", "validate", "doctor"):
        outcomes.append(millrace(command, "pipeline.yaml", cwd=remote, env=ENVIRONMENT))
    text = (remote / "pipeline.yaml").read_text()
    (remote / "pipeline.yaml").write_text(text.replace("abfs://canary/data", "abfs://gone/data"))
    outcomes.append(millrace(*debug, cwd=remote, env=ENVIRONMENT))
    assert outcomes[-1].code != 0
    said = [outcome.out + outcome.err for outcome in outcomes]
    texts = {f"output {number}": text.encode() for number, text in enumerate(said)}
    texts |= {key: azurite.get("canary", key) for key in azurite.keys("canary")}
    files = [path for path in remote.rglob("*") if path.is_file()]
    texts |= {str(path): path.read_bytes() for path in files}
    assert any("/manifest.json" in name for name in texts)
    assert any("/attempts/" in name for name in texts)
    raw = base64.b64decode(KEY)
    forms = [form.encode() for form in (KEY, KEY[:40], urllib.parse.quote(KEY, safe=""), raw.hex())]
    for form in (*forms, raw, b"SharedKey"):
        assert [name for name, content in texts.items() if form in content] == []


def test_errors(millrace: Millrace, tmp_path: Path, azurite: Azurite) -> None:
    (tmp_path / "p.yaml").write_text(
        "version: 1\nname: a\nworkspace: abfs://nobox/ws\n"
        "sources: {rows: {type: csv, path: 'abfs://nobox/rows.csv'}}\n" + storage(azurite)
    )
    outcome = millrace("run", "p.yaml", cwd=tmp_path, env=ENVIRONMENT)
    assert outcome.code == 1 and "ContainerNotFound" in outcome.err
    wrong = {"AZURE_TEST_KEY": base64.b64encode(b"canary-wrong-key").decode()}
    outcome = millrace("run", "p.yaml", cwd=tmp_path, env={**os.environ, **wrong})
    assert outcome.code == 75 and "MR3003" in outcome.err
    assert wrong["AZURE_TEST_KEY"] not in outcome.err
