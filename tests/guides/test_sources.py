"""Every config of docs/guides/sources.md runs, over the data that stands beside it."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import yaml

from command import Millrace
from rest_server import RestServer
from storage.s3 import ENVIRONMENT, S3Server

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "guides" / "sources.md").read_text()
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?(?: (\S+))?\n(.*?)^```$", re.M | re.S)


def blocks(heading: str) -> list[tuple[str, ...]]:
    """Language, file, encoding and text of the blocks of a section."""
    section = GUIDE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [match.groups(default="") for match in BLOCK.finditer(section)]


def configs(heading: str) -> list[str]:
    return [
        text
        for language, _, _, text in blocks(heading)
        if language == "yaml" and text.startswith("version:")
    ]


def released(out: Path) -> list[dict[str, Any]]:
    release = json.loads((out / "LATEST.json").read_text())["release_id"]
    rows = [
        json.loads(line)
        for path in sorted((out / release).glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    return [{k: v for k, v in row.items() if not k.startswith("__fdf__/")} for row in rows]


def test_every_section_is_here() -> None:
    headings = re.findall(r"^## (.*)$", GUIDE, re.M)
    assert headings == [*OF_FILES, ARCHIVES, "An API", "Files in an object store"]
    assert all(configs(heading) for heading in headings)


OF_FILES = ["A CSV file that nobody has looked at", "JSON", "XML", "Fixed width"]
ARCHIVES = "Parquet, and files in archives"


@pytest.mark.parametrize("heading", OF_FILES)
def test_files(millrace: Millrace, tmp_path: Path, heading: str) -> None:
    expected: dict[str, list[Any]] = {}
    for language, file, encoding, text in blocks(heading):
        if language == "text":
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).write_bytes(text.encode(encoding or "utf-8"))
        elif language == "json":
            expected[file] = [json.loads(line) for line in text.splitlines()]
    [config] = configs(heading)
    (tmp_path / "p.yaml").write_text(config)
    millrace.ok("run", "p.yaml", cwd=tmp_path)
    assert expected
    for out, rows in expected.items():
        assert released(tmp_path / out) == rows


def test_parquet_and_archives(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    table = pyarrow.table({"id": pyarrow.array([1, 2], "int16"), "note": ["a", None]})
    pyarrow.parquet.write_table(table, tmp_path / "drop" / "t.parquet")
    with zipfile.ZipFile(tmp_path / "drop" / "mail.zip", "w") as archive:
        archive.writestr("2026/in.csv", "id,note\n3,c\n")
    [config] = configs(ARCHIVES)
    (tmp_path / "p.yaml").write_text(config)
    millrace.ok("run", "p.yaml", cwd=tmp_path)
    rows = released(tmp_path / "out" / "typed")
    assert [(row["id"], row["note"]) for row in rows] == [(1, "a"), (2, None), (3, "c")]


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    with S3Server(tmp_path / "moto.log") as server:
        yield server


def test_an_api(millrace: Millrace, tmp_path: Path) -> None:
    [text] = configs("An API")
    config = yaml.safe_load(text)
    with RestServer(records=30) as server:
        source = config["sources"]["orders"]
        assert source["url"] == "https://api.shop.example/v1/orders"
        source |= {"url": f"{server.url}/page/items", "allow_private": True}
        source["rate_limit"] = {"requests_per_second": 1000}
        (tmp_path / "p.yaml").write_text(json.dumps(config))
        millrace.ok("validate", "p.yaml", cwd=tmp_path)
        assert not server.log
        millrace.ok("run", "p.yaml", cwd=tmp_path)
        millrace.ok("run", "p.yaml", "--offline", cwd=tmp_path)
    release = json.loads((tmp_path / "out/orders/LATEST.json").read_text())["release_id"]
    assert pyarrow.parquet.read_table(tmp_path / "out/orders" / release).num_rows == 30


def test_an_object_store(millrace: Millrace, tmp_path: Path, s3: S3Server) -> None:
    [text] = configs("Files in an object store")
    secret = tmp_path / "partner_key"
    secret.write_text("canary-partner")
    text = text.replace("/run/secrets/partner_key", str(secret))
    assert str(secret) in text
    (tmp_path / "p.yaml").write_text(text)
    for bucket in ("partner-drop", "lake"):
        s3.make_bucket(bucket)
    s3.put(
        "partner-drop", "2026-11/tickets-1.csv.gz", b"id,opened,amount\na,24/11/2026 10:00,1.50\n"
    )
    env = {**ENVIRONMENT, "AWS_ENDPOINT_URL": s3.endpoint, "PARTNER_KEY_ID": "any"}
    for command in ("validate", "plan", "run"):
        millrace.ok(command, "p.yaml", cwd=tmp_path, env=env)
    millrace.ok("verify", "s3://lake/millrace/tickets", env=env)
    keys = s3.keys("lake", "releases/tickets/")
    assert any(key.endswith(".parquet") for key in keys)
    assert "releases/tickets/LATEST.json" in keys


def test_the_connector_of_the_other_guide_is_as_short_as_it_says() -> None:
    assert "under 150 lines of code" in (ROOT / "docs/guides/new_connector.md").read_text()
    source = (ROOT / "engine/io/xml/xml_format.cc").read_text()
    code = [line for line in source.splitlines() if line.strip()[:2] not in ("", "//")]
    assert len(code) < 150
