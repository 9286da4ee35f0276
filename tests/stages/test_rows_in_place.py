"""Rows that only stages read stay in the files of their sources."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command import Millrace

CONTRACT = "contract: {columns: {id: {type: int64, required: true}, text: {type: string}}}\n"
STAGE = """\
stages:
  - name: few
    operators:
      - {id: stats, type: text_stats, field: text}
      - {id: third, type: where, expr: "id % 3 <> 0"}
      - {id: once, type: exact_dedup, fields: [text]}
"""
EXPORT = "exports: {out: {type: jsonl, path: out, overwrite: true}}\n"


def rows(count: int = 300) -> list[dict[str, Any]]:
    return [{"id": "bad" if i % 10 == 7 else i, "text": f"row {i // 2}"} for i in range(count)]


def write(folder: Path, more: str = STAGE, source: str = "", name: str = "a.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "pipeline.yaml"
    config.write_text(
        f"version: 1\nname: p\nsources: {{s: {{type: jsonl, path: {name}{source}}}}}\n"
        f"{CONTRACT}{more}{EXPORT}"
    )
    return config


def write_rows(path: Path, given: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in given))


@pytest.fixture()
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "a folder"
    write(made)
    write_rows(made / "a.jsonl", rows())
    yield made


def ingested(folder: Path, ending: str) -> list[Path]:
    return sorted(folder.glob(f"workspace/stages/ingest/*/data/*{ending}"))


def written(folder: Path) -> list[dict[str, Any]]:
    parts = sorted((folder / "out/latest").glob("*.jsonl"))
    return [json.loads(line) for part in parts for line in part.read_text().splitlines()]


def test_the_same_rows_and_no_copy_of_them(millrace: Millrace, tmp_path: Path) -> None:
    for name, source in (("stayed", ""), ("kept", ", keep_rows: true")):
        write(tmp_path / name, source=source)
        write_rows(tmp_path / name / "a.jsonl", rows())
        millrace.ok("run", tmp_path / name / "pipeline.yaml")
    stayed, kept = tmp_path / "stayed", tmp_path / "kept"
    assert written(stayed) == written(kept) and len(written(stayed)) > 50
    assert ingested(stayed, ".rows.json") and not ingested(stayed, ".parquet")
    assert ingested(kept, ".parquet") and not ingested(kept, ".rows.json")

    def counts(folder: Path) -> Any:
        report = json.loads(next(folder.glob("workspace/runs/*/report.json")).read_text())
        return [
            (t["rows"], t["rejects"], t["columns"], t["sample"])
            for t in [*report["tables"], *report["stages"]]
        ]

    assert counts(stayed) == counts(kept)
    assert millrace.ok("verify", stayed / "workspace").code == 0


@pytest.mark.parametrize(
    ("more", "source", "name"),
    [
        ("", "", "a.jsonl"),
        (STAGE, ", keep_rows: true", "a.jsonl"),
        (STAGE, "", "a.jsonl.gz"),
        (STAGE, "", "a.zip!/a.jsonl"),
    ],
    ids=["without stages", "keep_rows", "packed", "in an archive"],
)
def test_rows_are_kept(
    millrace: Millrace, tmp_path: Path, more: str, source: str, name: str
) -> None:
    config = write(tmp_path / "x", more, source, name)
    write_rows(tmp_path / "x/a.jsonl", rows())
    if name.endswith(".gz"):
        import gzip

        data = (tmp_path / "x/a.jsonl").read_bytes()
        (tmp_path / "x" / name).write_bytes(gzip.compress(data))
    if "!" in name:
        with zipfile.ZipFile(tmp_path / "x/a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(tmp_path / "x/a.jsonl", "a.jsonl")
    millrace.ok("run", config)
    assert ingested(tmp_path / "x", ".parquet") and not ingested(tmp_path / "x", ".rows.json")


def test_rows_that_an_export_or_a_comparison_wants_are_kept(
    millrace: Millrace, folder: Path
) -> None:
    config = folder / "pipeline.yaml"
    text = config.read_text().replace(CONTRACT, f"contracts: {{c: {CONTRACT[10:-1]}}}\n")
    text = text.replace("path: a.jsonl}", "path: a.jsonl, contract: c}")
    config.write_text(text)
    millrace.ok("run", config)
    places = {path.parent.parent for path in ingested(folder, "")}
    assert len(places) == 1 and not ingested(folder, ".parquet")
    for changed in (
        text.replace("exports: {", "exports: {raw: {type: parquet, contract: c, path: raw}, "),
        text.replace("text: {type: string}", "text: {type: string, unique: true}"),
    ):
        config.write_text(changed)
        millrace.ok("run", config)
        # In a folder of their own: what was done before stands.
        (place,) = {path.parent.parent for path in ingested(folder, "")} - places
        assert list(place.glob("data/*.parquet")) and not list(place.glob("data/*.rows.json"))
        places.add(place)
    config.write_text(text)
    told = millrace.ok("run", config, "--json").json()
    assert told["splits_done"] == told["splits_skipped"]


def test_a_stage_reads_the_files_again(millrace: Millrace, folder: Path) -> None:
    config = folder / "pipeline.yaml"
    millrace.ok("run", config)
    before = written(folder)
    again = millrace.ok("run", config, "--json").json()
    assert again["splits_done"] == again["splits_skipped"]
    config.write_text(config.read_text().replace("id % 3 <> 0", "id % 3 = 0"))
    millrace.ok("run", config)
    after = written(folder)
    assert after and {row["id"] % 3 for row in after} == {0}
    assert {row["id"] % 3 for row in before} == {1, 2}


def test_a_file_that_changed_is_ingested_anew(millrace: Millrace, folder: Path) -> None:
    config = folder / "pipeline.yaml"
    millrace.ok("run", config)
    write_rows(folder / "a.jsonl", [{"id": 1, "text": "new"}, {"id": 2, "text": "other"}])
    millrace.ok("run", config)
    assert [row["text"] for row in written(folder)] == ["new", "other"]


def test_a_file_that_changes_behind_ingest_ends_the_run(millrace: Millrace, folder: Path) -> None:
    """Never rows of two states of a file; the next run takes it as it is."""
    config = folder / "pipeline.yaml"
    text = config.read_text()
    hook = 'hooks: {on_stage_end: [{run: [sh, -c, "echo >> a.jsonl"]}]}\n'
    config.write_text(text + hook)
    failed = millrace("run", config, "--memory", "256MiB", cwd=folder)
    assert failed.code == 1 and "MR2003" in failed.err and "a.jsonl" in failed.err
    assert not (folder / "out").exists()
    config.write_text(text)
    millrace.ok("run", config)
    assert len(written(folder)) > 50


def test_a_file_that_changes_behind_the_stages_does_not_undo_the_run(
    millrace: Millrace, folder: Path
) -> None:
    """What was published stands; only the card has no look at the rows of ingest."""
    config = folder / "pipeline.yaml"
    hook = '{on_stage_end: [{run: [sh, -c, "grep -q few - && echo >> a.jsonl || true"]}]}'
    config.write_text(config.read_text() + f"hooks: {hook}\n")
    millrace.ok("run", config, cwd=folder)
    report = json.loads(next(folder.glob("workspace/runs/*/report.json")).read_text())
    assert report["tables"][0]["sample"]["rows"] == 0
    assert report["stages"][0]["sample"]["rows"] > 50
    assert len(written(folder)) > 50


def test_trace_reads_the_files_again(millrace: Millrace, folder: Path) -> None:
    config = folder / "pipeline.yaml"
    millrace.ok("run", config)
    (row,) = millrace.ok("trace", config, "s/a.jsonl#4", "--json").json()["rows"]
    assert row["record"]["state"] == "as read"
    assert row["ingest"]["values"]["text"] == "row 2" and row["ingest"]["row"] == 4
    (row,) = millrace.ok("trace", config, "s/a.jsonl#7", "--json").json()["rows"]
    assert row["ended"]["as"] == "rejected"
    found = millrace.ok("trace", config, "--where", "id = 10", "--json").json()["rows"]
    assert [one["row_id"] for one in found] == ["s/a.jsonl#10"]
    write_rows(folder / "a.jsonl", rows(299))
    gone = millrace("trace", config, "s/a.jsonl#4")
    assert "MR2003" in gone.err and "keep_rows" in gone.err


def test_trace_does_not_mind_other_files(millrace: Millrace, folder: Path) -> None:
    config = folder / "pipeline.yaml"
    sources = "path: a.jsonl}, t: {type: jsonl, path: b.jsonl}"
    config.write_text(config.read_text().replace("path: a.jsonl}", sources))
    write_rows(folder / "b.jsonl", rows())
    millrace.ok("run", config)
    write_rows(folder / "a.jsonl", rows(299))
    (row,) = millrace.ok("trace", config, "t/b.jsonl#4", "--json").json()["rows"]
    assert row["ingest"]["values"]["text"] == "row 2"


def test_diff_says_what_it_can(millrace: Millrace, folder: Path) -> None:
    config = folder / "pipeline.yaml"
    first = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    config.write_text(config.read_text().replace("id % 3 <> 0", "id % 3 = 0"))
    second = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    table, stage = millrace.ok("diff", first, second, "--json").json()["rows"]
    assert (table["rows_same"], table["changes"]) == (300, [])
    assert {one["before"] for one in stage["changes"]} >= {"written", "rejected: third.where.false"}
    write_rows(folder / "a.jsonl", rows(310))
    third = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    table, stage = millrace.ok("diff", second, third, "--json").json()["rows"]
    assert "stayed in the files" in table["rows_not_compared"] and stage["changes"]
    assert "not compared: they stayed" in millrace.ok("diff", second, third).out


def test_gc_keeps_references_of_runs(millrace: Millrace, folder: Path) -> None:
    config = folder / "pipeline.yaml"
    millrace.ok("run", config)
    before = ingested(folder, "")
    litter = before[0].with_name("s-0123-00000-000000000000.rows.json")
    litter.write_text("{}")
    millrace.ok("gc", folder / "workspace")
    assert ingested(folder, "") == before and not litter.exists()
    before[0].write_text("{}")
    damaged = millrace("verify", folder / "workspace")
    assert damaged.code != 0 and before[0].name in damaged.out + damaged.err


def test_parquet_and_csv_with_little_memory(millrace: Millrace, tmp_path: Path) -> None:
    """Many row groups, several ranges of them; and rejects among the rows."""
    folder = tmp_path / "x"
    config = write(folder)
    count = 60_000
    table = pa.table({"id": range(count), "text": [f"row {i}" for i in range(count)]})
    pq.write_table(table, folder / "a.parquet", row_group_size=1000)
    (folder / "b.csv").write_text(
        "id,text\n" + "".join(f"{'x' if i % 5 == 3 else i},b {i}\n" for i in range(5000))
    )
    config.write_text(
        config.read_text()
        .replace(
            "{s: {type: jsonl, path: a.jsonl}}",
            "{s: {type: parquet, path: a.parquet}, b: {type: csv, path: b.csv}}",
        )
        .replace("stages:\n  - name: few\n", "stages:\n  - name: few\n    input: [s, b]\n")
    )
    millrace.ok("run", config, "--memory", "192MiB", "--threads", "2")
    assert not ingested(folder, ".parquet")
    found = written(folder)
    expected = [i for i in range(count) if i % 3] + [i for i in range(5000) if i % 3 and i % 5 != 3]
    assert [row["id"] for row in found] == expected
    shutil.rmtree(folder / "workspace")
    millrace.ok("run", config, "--memory", "2GiB", "--threads", "1")
    assert written(folder) == found
