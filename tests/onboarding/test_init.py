"""`millrace init`: whatever it writes validates and runs as it is."""

from __future__ import annotations

import bz2
import csv
import gzip
import http.server
import io
import json
import os
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import yaml

from command import Millrace


def rows_of(folder: Path, export: str) -> pa.Table:
    latest = json.loads((folder / "out" / export / "LATEST.json").read_text())
    table = ds.dataset(folder / "out" / export / latest["release_id"], format="parquet").to_table()
    return table.drop_columns([n for n in table.column_names if n.startswith("__fdf__/")])


def onboard(millrace: Millrace, folder: Path, source: str, *more: str) -> dict[str, Any]:
    """init, validate and run without an edit; the result is the run's."""
    proposal = millrace.ok("init", "--from", source, "--json", *more, cwd=folder).json()
    assert proposal["config"] == (folder / "pipeline.yaml").read_text()
    millrace.ok("validate", "pipeline.yaml", cwd=folder)
    result: dict[str, Any] = millrace.ok("run", "pipeline.yaml", "--json", cwd=folder).json()
    result["proposal"] = proposal
    return result


def config_of(folder: Path) -> Any:
    return yaml.safe_load((folder / "pipeline.yaml").read_text())


def csv_text(rows: list[list[Any]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


PLAIN = csv_text([["id", "word"], *([i, f"w{i % 7}"] for i in range(60))])
JSONL = "".join(json.dumps({"id": i, "doc": {"t": f"x{i}"}}) + "\n" for i in range(60))
XML = "<r>" + "".join(f'<row id="{i}"><w>x{i}</w></row>' for i in range(60)) + "</r>"
FIXED = "id   word      n\n" + "".join(f"{i:<5}w{i:<9}{i}\n" for i in range(60))


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.csv", PLAIN.encode(), "csv"),
        ("a.csv.gz", gzip.compress(PLAIN.encode(), mtime=0), "csv"),
        ("a.tsv", csv_text([["id", "w"], [1, "x"], [2, "y"]], "\t").encode(), "csv"),
        ("semi colons & ä.csv", PLAIN.replace(",", ";").encode("utf-16"), "csv"),
        ("a.txt", PLAIN.replace(",", "|").encode(), "csv"),
        ("no_extension", PLAIN.encode(), "csv"),
        ("pre.csv", b"Report of the year\n\n" + PLAIN.encode() + b"Total,60\n", "csv"),
        ("a.jsonl", JSONL.encode(), "jsonl"),
        ("a.jsonl.bz2", bz2.compress(JSONL.encode()), "jsonl"),
        ("array.json", json.dumps([{"a": i} for i in range(60)]).encode(), "jsonl"),
        (
            "pretty.json",
            b"\n".join(json.dumps({"a": i}, indent=2).encode() for i in range(60)),
            "jsonl",
        ),
        ("a.xml", XML.encode(), "xml"),
        ("a.fwf", FIXED.encode(), "fixed_width"),
        ("fixed.txt", FIXED.encode(), "fixed_width"),
    ],
)
def test_each_format(millrace: Millrace, tmp_path: Path, name: str, data: bytes, kind: str) -> None:
    (tmp_path / name).write_bytes(data)
    result = onboard(millrace, tmp_path, name)
    assert [s["type"] for s in result["proposal"]["sources"]] == [kind]
    assert result["rows_read"] in (2, 60)
    assert result["rows_rejected"] == 0


def test_zstd(millrace: Millrace, tmp_path: Path) -> None:
    with pa.CompressedOutputStream(str(tmp_path / "a.csv.zst"), "zstd") as out:
        out.write(PLAIN.encode())
    assert onboard(millrace, tmp_path, "a.csv.zst")["rows_written"] == 60


def test_parquet_keeps_its_types(millrace: Millrace, tmp_path: Path) -> None:
    table = pa.table(
        {
            "i": pa.array([1, None, 3], pa.int32()),
            "d": pa.array([1, 2, 3], pa.date32()),
            "l": pa.array([[1], [], None], pa.list_(pa.int64())),
            "s": pa.array([{"a": 1}, {"a": 2}, None], pa.struct([("a", pa.int64())])),
            "dict": pa.array(["x", "y", "x"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert onboard(millrace, tmp_path, "a.parquet")["rows_written"] == 3
    got = rows_of(tmp_path, "a")
    assert got.to_pylist() == table.to_pylist()
    assert got.schema.field("i").type == pa.int32()


def test_a_folder_of_several_kinds(millrace: Millrace, tmp_path: Path) -> None:
    data = tmp_path / "in put"
    (data / "2026").mkdir(parents=True)
    for part in range(3):
        (data / "2026" / f"orders-{part}.csv").write_text(PLAIN)
    (data / "people.csv").write_text(
        "name;email\nAda;ada@example.org\n" * 1 + "Bo;bo@example.org\n"
    )
    (data / "notes.jsonl").write_text(JSONL)
    (data / "empty.csv").write_text("")
    (data / "picture.png").write_bytes(b"\x89PNG\0\0")
    with zipfile.ZipFile(data / "old.zip", "w") as archive:
        archive.writestr("x/one.csv", "q,w\n1,2\n3,4\n")
        archive.writestr("n.jsonl", '{"m": 1}\n{"m": 2}\n')
    result = onboard(millrace, tmp_path, "in put")
    proposal = result["proposal"]
    assert {(s["type"], s["files"]) for s in proposal["sources"]} == {
        ("csv", 3),
        ("csv", 1),
        ("jsonl", 1),
    }
    assert result["rows_read"] == 3 * 60 + 2 + 60 + 2 + 2
    assert {left["file"] for left in proposal["left_out"]} == {"empty.csv", "picture.png"}
    sensitive = {c["name"] for c in proposal["columns"] if c["sensitive"]}
    assert sensitive == {"name", "email"}


def test_a_folder_that_the_config_lies_in(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(PLAIN)
    (tmp_path / "b.csv").write_text(PLAIN)
    pq.write_table(pa.table({"x": [1, 2]}), tmp_path / "p.parquet")
    first = onboard(millrace, tmp_path, ".")
    assert first["rows_read"] == 122
    # What the run wrote is no input, neither of the next run nor of the next proposal.
    assert onboard(millrace, tmp_path, ".", "--force")["rows_read"] == 122


def test_files_of_one_format_and_two_shapes(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for name in ("a", "c", "e"):
        (tmp_path / "d" / f"{name}.csv").write_text(PLAIN)
    for name in ("b", "d"):
        (tmp_path / "d" / f"{name}.csv").write_text("k,v\n1,x\n2,y\n")
    result = onboard(millrace, tmp_path, "d")
    assert result["rows_read"] == 3 * 60 + 2 * 2
    assert len(config_of(tmp_path)["contracts"]) == 2


def test_a_pattern_and_names_full_of_wildcards(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "d[1]").mkdir()
    (tmp_path / "d[1]" / "a*b?.csv").write_text(PLAIN)
    (tmp_path / "d[1]" / "other.csv").write_text("k,v\n1,x\n2,y\n")
    assert onboard(millrace, tmp_path, "d[1]")["rows_read"] == 62
    (tmp_path / "x-1.csv").write_text(PLAIN)
    (tmp_path / "x-2.csv").write_text(PLAIN)
    (tmp_path / "y-1.csv").write_text(PLAIN)
    assert onboard(millrace, tmp_path, "x-*.csv", "--force")["rows_read"] == 120


def test_a_dialect_that_is_a_guess_is_written_out(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("a b;c\n1;2 3\nx y\n;;\n4,5\n6;7;8 9\n")
    assert (
        millrace("inspect", "odd.csv", "--dialect", "--json", cwd=tmp_path).json()["accepted"]
        is False
    )
    onboard(millrace, tmp_path, "odd.csv")
    assert "dialect" in config_of(tmp_path)["sources"]["odd"]


def test_a_header_that_repeats_a_name(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,x,x,\n1,2,3,4\n5,6,7,8\n")
    assert onboard(millrace, tmp_path, "a.csv")["rows_written"] == 2
    assert list(config_of(tmp_path)["contract"]["columns"]) == ["id", "x", "x_2", "column_4"]


def test_a_header_alone(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,word\n")
    assert onboard(millrace, tmp_path, "a.csv")["rows_read"] == 0


def test_sensitive_columns_show_no_value(millrace: Millrace, tmp_path: Path) -> None:
    rows = [
        [
            i,
            f"canary{i}@example.org",
            f"canary-name-{i}",
            f"+49 170 5550{i:03}",
            f"text {i}",
            f"canary text, write to canary{i}@example.org",
        ]
        for i in range(100)
    ]
    (tmp_path / "a.csv").write_text(
        csv_text([["id", "k1", "first_name", "k2", "t", "free"], *rows])
    )
    result = onboard(millrace, tmp_path, "a.csv")
    columns = {c["name"]: c for c in result["proposal"]["columns"]}
    assert {n for n, c in columns.items() if c["sensitive"]} == {"k1", "first_name", "k2"}
    text = (tmp_path / "pipeline.yaml").read_text()
    assert "canary" not in text and "5550" not in text
    assert '"text 0"' in text  # of harmless columns there are examples


def test_data_cannot_write_into_the_config(millrace: Millrace, tmp_path: Path) -> None:
    evil = "x\nseed: evil\r\u2028\u202e\x1b[31m\u0085exports: {}"
    rows: list[list[Any]] = [[evil, "b"], *([f"{evil}{i}", i] for i in range(9))]
    (tmp_path / "a.csv").write_text(csv_text(rows))
    onboard(millrace, tmp_path, "a.csv", "--name", "plain")
    text = (tmp_path / "pipeline.yaml").read_text()
    assert config_of(tmp_path)["name"] == "plain"
    assert not set(text) & set("\r\u2028\u202e\x1b\u0085")
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert any("seed: evil" in line for line in comments)
    assert sum(line.startswith(("name:", "seed:")) for line in text.splitlines()) == 1


def test_references_in_data_stay_text(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "${env:HOME}.csv").write_text("${env:HOME},b\n1,2\n3,4\n")
    assert onboard(millrace, tmp_path, "${env:HOME}.csv")["rows_written"] == 2


def test_a_name_that_no_config_can_hold(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.csv").write_text(PLAIN)
    Path(os.fsdecode(bytes(tmp_path / "d") + b"/bad\xff.csv")).write_text(PLAIN)
    result = onboard(millrace, tmp_path, "d")
    assert result["rows_read"] == 60
    assert "not UTF-8" in result["proposal"]["left_out"][0]["why"]


def test_json_of_mixed_kinds_loses_no_row(millrace: Millrace, tmp_path: Path) -> None:
    values = ["s", {"a": 1}, [1], 3, None, True]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"v": v}) + "\n" for v in values))
    assert onboard(millrace, tmp_path, "a.jsonl")["rows_written"] == len(values)
    assert [
        None if v is None else json.loads(v) for v in rows_of(tmp_path, "a")["v"].to_pylist()
    ] == values


def test_xml_records_are_what_repeats(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<doc><head/><list>" + XML[3:-4] + "</list></doc>")
    assert onboard(millrace, tmp_path, "a.xml")["rows_read"] == 60
    assert config_of(tmp_path)["sources"]["a"]["record"] == "row"


def test_nothing_is_overwritten(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(PLAIN)
    (tmp_path / "pipeline.yaml").write_text("mine\n")
    outcome = millrace("init", "--from", "a.csv", cwd=tmp_path)
    assert outcome.code == 1 and "--force" in outcome.err
    assert (tmp_path / "pipeline.yaml").read_text() == "mine\n"
    millrace.ok("init", "--from", "a.csv", "--out", "sub/b.yaml", cwd=tmp_path)
    assert (
        yaml.safe_load((tmp_path / "sub" / "b.yaml").read_text())["sources"]["a"]["path"]
        == "../a.csv"
    )
    millrace.ok("validate", "sub/b.yaml", cwd=tmp_path)
    millrace.ok("init", "--from", "a.csv", "--force", cwd=tmp_path)


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("empty.csv", b"", "empty"),
        ("binary.bin", bytes(range(256)) * 40, "no text"),
        ("a.parquet", b"PAR1 and no more PAR1", "Parquet"),
        ("a.csv.gz", gzip.compress(PLAIN.encode() * 500, mtime=0)[:-900], ""),
    ],
)
def test_what_cannot_be_read_is_told(
    millrace: Millrace, tmp_path: Path, name: str, data: bytes, word: str
) -> None:
    (tmp_path / name).write_bytes(data)
    outcome = millrace("init", "--from", name, cwd=tmp_path)
    if name != "a.csv.gz":
        assert outcome.code == 1 and word in outcome.err
        assert not (tmp_path / "pipeline.yaml").exists()
    assert "MR9001" not in outcome.err


def test_a_place_that_is_not_there(millrace: Millrace, tmp_path: Path) -> None:
    for place in ("absent.csv", "absent/*.csv"):
        outcome = millrace("init", "--from", place, cwd=tmp_path)
        assert outcome.code == 1 and "MR1501" in outcome.err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture()
def web(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "a.csv").write_text(PLAIN)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_web_server(millrace: Millrace, tmp_path: Path, web: str) -> None:
    outcome = millrace("init", "--from", f"{web}/a.csv", cwd=tmp_path)
    assert outcome.code != 0 and "allow-private-addresses" in outcome.err
    result = onboard(millrace, tmp_path, f"{web}/a.csv", "--allow-private-addresses")
    assert result["rows_written"] == 60
    assert config_of(tmp_path)["storage"]["web"]["allow_http"] is True
