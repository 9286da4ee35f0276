"""Sources at web servers: with ranges, without, slow to tell, and behind redirects."""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from command import Millrace

ROWS = b"id,text\n" + b"".join(b"%d,row number %d\n" % (n, n) for n in range(300_000))
FILES = {"/data/rows.csv": ROWS, "/data/rows.csv.gz": gzip.compress(ROWS, 1, mtime=0)}


class Web:
    """A server of FILES. `ranges`, `etags`: what it can do."""

    def __init__(self) -> None:
        self.ranges = True
        self.etags = True
        self.token = ""
        self.version = 1
        self.change_after = 0  # requests after which the file has another version
        self.log: list[str] = []
        self.wide = 0  # requests for a whole file that were answered
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                web.log.append(self.path)
                if web.change_after and len(web.log) > web.change_after:
                    web.version = 2
                if web.token and self.headers.get("Authorization") != f"Bearer {web.token}":
                    self.plain(401)
                    return
                path = self.path.split("?")[0]
                if path.startswith("/moved/"):
                    self.plain(302, Location=path.removeprefix("/moved"))
                    return
                if path not in FILES:
                    self.plain(404)
                    return
                body = FILES[path]
                headers = {"ETag": f'"v{web.version}-{len(body)}"'} if web.etags else {}
                wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
                if self.headers.get("If-Match", headers.get("ETag")) != headers.get("ETag"):
                    self.plain(412)
                elif web.ranges and wanted:
                    first, last = int(wanted[1]), min(int(wanted[2]), len(body) - 1)
                    headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
                    self.plain(206, body[first : last + 1], **headers)
                else:
                    web.wide += 1
                    self.plain(200, body, **headers)

            def plain(self, status: int, body: bytes = b"", **headers: str) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    threading.Thread(target=web.server.serve_forever, daemon=True).start()
    yield web
    web.server.shutdown()
    web.server.server_close()


def write_config(folder: Path, url: str, path: str, more: str = "") -> None:
    folder.mkdir(exist_ok=True)
    (folder / "p.yaml").write_text(
        "version: 1\nname: web\nworkspace: ws\n"
        f"sources: {{rows: {{type: csv, path: '{url}{path}'}}}}\n"
        "exports: {out: {type: parquet, path: out}}\n"
        f"storage:\n  web: {{type: http, url: '{url}', allow_http: true,\n"
        f"    allow_private_addresses: true{more}}}\n"
    )


def release(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in (folder / "out").rglob("*.parquet")
        if "latest" not in path.parts
    }


@pytest.fixture(scope="module")
def local(millrace: Millrace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("local")
    (folder / "rows.csv").write_bytes(ROWS)
    (folder / "p.yaml").write_text(
        "version: 1\nname: web\nworkspace: ws\n"
        "sources: {rows: {type: csv, path: rows.csv}}\n"
        "exports: {out: {type: parquet, path: out}}\n"
    )
    millrace.ok("run", "p.yaml", cwd=folder)
    return release(folder)


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("etags", [True, False])
@pytest.mark.parametrize("path", ["/data/rows.csv", "/moved/data/rows.csv", "/data/rows.csv?v=1"])
def test_rows_are_those_of_the_file(
    millrace: Millrace,
    tmp_path: Path,
    web: Web,
    local: dict[str, bytes],
    ranges: bool,
    etags: bool,
    path: str,
) -> None:
    web.ranges, web.etags = ranges, etags
    write_config(tmp_path, web.url, path)
    millrace.ok("run", "p.yaml", cwd=tmp_path)
    assert release(tmp_path) == local
    if ranges:
        assert web.wide == 0
    assert "v=1" not in path or all("v=1" in line for line in web.log)


def test_compressed(millrace: Millrace, tmp_path: Path, web: Web) -> None:
    write_config(tmp_path, web.url, "/data/rows.csv.gz")
    result = millrace.ok("run", "p.yaml", "--json", cwd=tmp_path).json()
    assert result["rows_written"] == 300_000


def test_a_file_that_changes(millrace: Millrace, tmp_path: Path, web: Web) -> None:
    web.change_after = 6
    write_config(tmp_path, web.url, "/data/rows.csv")
    outcome = millrace("run", "p.yaml", cwd=tmp_path)
    assert outcome.code == 1 and "MR2003" in outcome.err


def test_a_token(millrace: Millrace, tmp_path: Path, web: Web) -> None:
    web.token = "canary-token-77aa"
    write_config(tmp_path, web.url, "/data/rows.csv", ", bearer_token: '${env:WEB_TOKEN}'")
    millrace.ok("run", "p.yaml", cwd=tmp_path, env={"WEB_TOKEN": web.token})
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"canary-token" not in file.read_bytes()
    outcome = millrace("run", "p.yaml", cwd=tmp_path, env={"WEB_TOKEN": "canary-wrong-1"})
    assert outcome.code == 75 and "canary" not in outcome.out + outcome.err


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [("/data/none.csv", 1, "is not there"), ("/data/", 1, "is not there")],
)
def test_what_is_not_there(
    millrace: Millrace, tmp_path: Path, web: Web, path: str, code: int, said: str
) -> None:
    write_config(tmp_path, web.url, path)
    outcome = millrace("run", "p.yaml", cwd=tmp_path)
    assert outcome.code == code and said in outcome.err


def test_private_addresses_must_be_allowed(millrace: Millrace, tmp_path: Path, web: Web) -> None:
    write_config(tmp_path, web.url, "/data/rows.csv")
    text = (tmp_path / "p.yaml").read_text()
    (tmp_path / "p.yaml").write_text(text.replace("allow_private_addresses: true", "retries: 1"))
    outcome = millrace("run", "p.yaml", cwd=tmp_path)
    assert outcome.code == 1 and "allow_private_addresses" in outcome.err
    (tmp_path / "p.yaml").write_text(text.replace("allow_http: true", "retries: 1"))
    outcome = millrace("run", "p.yaml", cwd=tmp_path)
    assert outcome.code == 1 and "allow_http" in outcome.err
    assert not web.log


def test_a_web_server_cannot_be_written(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        "version: 1\nname: web\nworkspace: https://host/ws\n"
        "sources: {rows: {type: csv, path: rows.csv}}\n"
        "exports: {out: {type: parquet, path: 'https://host/out'}}\n"
    )
    outcome = millrace("validate", "p.yaml", cwd=tmp_path)
    assert outcome.code == 1 and outcome.err.count("can only be read") == 2
