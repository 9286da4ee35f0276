"""Profiles of whylogs: of partitions, merged, kept over runs, and drift between two of them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("WHYLOGS_NO_ANALYTICS", "1")

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import millrace
from command import Millrace, in_a_new_python
from millrace import Stage, ops
from millrace.integrations import _sketches as sketches
from millrace.integrations.whylogs import Profiles, drift, profile, profile_path

#: What goes in: parts of a stream, each of which is a split.
PARTS: dict[int, list[dict[str, Any]]] = {}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a folder [1]"  # no pattern of files
    folder.mkdir()
    monkeypatch.chdir(folder)
    PARTS.clear()
    for part in range(3):
        write(part, range(part * 100, part * 100 + 100))
    return folder


def write(part: int, numbers: range, word: str = "word") -> None:
    PARTS[part] = [
        {"n": n, "kind": f"k{n % 3}", "text": f"{word} " * (n % 7), "secret": f"s{n}"}
        for n in numbers
    ]


def rows() -> Iterator[dict[str, Any]]:
    for _, part in sorted(PARTS.items()):
        yield from part


def pipeline() -> millrace.Pipeline:
    columns = {
        "n": {"type": "int64"},
        "kind": {"type": "string"},
        "text": {"type": "string"},
        "secret": {"type": "string", "sensitive": True},
    }
    stats = Stage(
        "stats",
        [
            ops.TextStats(id="stats", field="text"),
            ops.Where(id="some", expr="stats.words > 0"),
        ],
    )
    return millrace.Pipeline(
        "texts",
        sources={"a": {"type": "dataset", "stream_split_rows": 100, "keep_rows": True}},
        contract={"columns": columns},
        stages=[stats],
        workspace="w",
    )


def done(*hooks: object) -> millrace.Run:
    made = pipeline()
    made.run(datasets.IterableDataset.from_generator(rows), hooks=list(hooks))
    assert made.last_run is not None
    return made.last_run


def summary(view: Any) -> dict[str, dict[str, Any]]:
    """Without what is an estimate."""
    table = view.to_pandas()
    exact = [one for one in table.columns if "/q_" not in one and not one.endswith("/median")]
    told: dict[str, dict[str, Any]] = table[exact].to_dict("index")
    return {name: {what: _text(value) for what, value in of.items()} for name, of in told.items()}


def _text(value: Any) -> str:
    if isinstance(value, list):  # frequent items, of which equally frequent ones have no order
        return str(sorted(map(str, value)))
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def listed(run: millrace.Run, stage: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        Path(profile_path(run, stage)).with_suffix(".json").read_text()
    )
    return told


def test_profiles_of_partitions_are_those_of_all_rows() -> None:
    run = done(Profiles())
    view = profile(run, "ingest")
    assert rows_of(view) == run.counts.written == 300
    assert summary(view) == summary(sketches.sketch(run.to_arrow()))
    told = listed(run, "ingest")
    assert [one["rows"] for one in told["partitions"]] == [100, 100, 100]
    assert told["rows"] == 300 and told["manifest"] == run.report["tables"][0]["manifest"]
    path = Path(profile_path(run, "ingest"))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == told["profile"]["sha256"]
    for one in told["partitions"]:
        assert path.with_name(one["profile"]).is_file()
        assert Path("w", told["manifest"]).parent.joinpath(one["shard"]).is_file()

    behind = profile(run, "stats")
    assert rows_of(behind) == run.stage("stats").counts.written == 257
    assert summary(behind) == summary(sketches.sketch(run.stage("stats").to_arrow()))
    names = set(behind.get_columns())
    assert {"n", "kind", "length(kind)", "text", "length(text)", "stats.words"} <= names
    # Nothing of a sensitive column, nor the engine's own.
    assert not [name for name in names if "secret" in name or "__fdf__" in name]
    for file in Path("w/profiles").rglob("*.bin"):
        assert b"s17" not in file.read_bytes(), "no value of a sensitive column"


def rows_of(view: Any) -> int:
    rows: int = view.get_column("n").get_metric("counts").to_summary_dict()["n"]
    return rows


def test_values_are_what_arrow_says() -> None:
    table = pa.table(
        {
            "i": pa.array([1, None, 3], pa.int32()),
            "u": pa.array([2**64 - 1, 1, None], pa.uint64()),
            "f": pa.array([1.5, float("nan"), float("inf")]),
            "d": pa.array([1, 2, None], pa.decimal128(5, 2)),
            "b": pa.array([True, False, None]),
            "s": pa.array(["xx", None, "ÄÖ"]),
            "l": pa.array([[1], [], None]),
            "m": pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int8())),
            "day": pa.array([0, 1, 2], pa.date32()),
            "at": pa.array([0, 1, None], pa.timestamp("us", "UTC")),
            "bytes": pa.array([b"abc", b"", None]),
            "null": pa.nulls(3),
            "of": pa.array([{"x": 1, "y": "z"}, None, {"x": None, "y": "z"}]),
            "c": pa.array(["p", "q", "p"]).dictionary_encode(),
        }
    )
    table_of = sketches.sketch(table.to_batches()).to_pandas()
    exact = {
        name: [int(table_of.loc[name, f"counts/{what}"]) for what in ("n", "null", "nan", "inf")]
        for name in table_of.index
    }
    assert exact["i"] == [3, 1, 0, 0] and exact["f"] == [3, 0, 1, 1]
    assert exact["null"] == [3, 3, 0, 0] and exact["of.x"] == [3, 2, 0, 0]
    largest = {name: table_of.loc[name, "distribution/max"] for name in table_of.index}
    assert largest["i"] == 3 and largest["f"] == 1.5 and largest["d"] == 2
    assert largest["u"] == 2**63 - 1 and largest["day"] == 2 and largest["at"] == 1
    assert largest["length(l)"] == 1 and largest["length(m)"] == 1
    assert largest["length(bytes)"] == 3 and largest["length(s)"] == 2
    assert table_of.loc["b", "counts/true"] == 1
    assert {one.value for one in table_of.loc["c", "frequent_items/frequent_strings"]} == {"p", "q"}
    assert set(table_of.index) == {
        *("i", "u", "f", "d", "b", "s", "length(s)", "length(l)", "length(m)", "day", "at"),
        *("length(bytes)", "null", "of.x", "of.y", "length(of.y)", "c", "length(c)"),
    }


def test_equal_rows_have_equal_profiles_and_no_shard_is_read_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = done(Profiles())
    looked: list[str] = []
    real = pq.ParquetFile

    def watched(path: str) -> Any:
        looked.append(path)
        return real(path)

    monkeypatch.setattr("pyarrow.parquet.ParquetFile", watched)
    again = done(Profiles())
    assert again.folder != first.folder and not looked
    assert profile_path(first, "stats") == profile_path(again, "stats")
    write(1, range(500, 600))
    done(Profiles())
    assert len(looked) == 2, "one shard of each stage is new"


def test_a_run_that_goes_on_has_the_profiles_of_before() -> None:
    class Stops:
        told = 0

        def on_partition_end(self, event: dict[str, Any]) -> None:
            self.told += 1
            if self.told == 2:
                raise RuntimeError("the machine goes away")

    with pytest.raises(millrace.UserError):
        done(Profiles(), Stops())
    kept = {
        path: path.stat().st_mtime_ns for path in Path("w/profiles/whylogs-1/ingest").rglob("*.bin")
    }
    assert len(kept) == 2, "those of the partitions that were told of"
    run = done(Profiles())
    view = profile(run, "ingest")
    assert rows_of(view) == 300
    assert summary(view) == summary(sketches.sketch(run.to_arrow()))
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_drift_tells_the_columns_that_moved() -> None:
    before = done(Profiles())
    for part in range(3):
        write(part, range(part * 100 + 150, part * 100 + 250), word="words")
    after = done(Profiles())
    moved = {one.column: one for one in drift(before, after, "stats")}
    assert moved["n"].measure == "ks" and moved["n"].distance == pytest.approx(0.5, abs=0.03)
    assert moved["length(text)"].distance > moved["stats.words"].distance
    assert moved["stats.words"].distance < 0.03
    assert moved["text"].measure == "hellinger" and moved["text"].distance > 0.9
    assert moved["kind"].distance < 0.02
    ordered = [one.distance for one in drift(before, after, "stats")]
    assert ordered == sorted(ordered, reverse=True)
    assert {one.distance for one in drift(before, before, "stats")} == {0.0}
    # A run is not newer for it.
    assert millrace.open_run("w").folder == after.folder
    # Of runs without a hook, too.
    shutil.rmtree("w/profiles")
    anew = {one.column: one for one in drift(before, after, "stats")}
    assert anew["n"].distance == pytest.approx(moved["n"].distance, abs=0.01)


def test_drift_by_hand() -> None:
    def of(**columns: Any) -> Any:
        return sketches.sketch(pa.table(columns).to_batches()).get_columns()

    def check(before: Any, after: Any, measure: str, distance: float) -> None:
        told = sketches.distance(before, after)
        assert told[0] == measure and told[1] == pytest.approx(distance, abs=1e-6)

    one = of(x=list(range(100)), b=[True] * 50 + [False] * 50, s=["a"] * 50 + ["b"] * 50)
    two = of(x=[n // 2 for n in range(100)], b=[True] * 100, s=["a"] * 50 + ["c"] * 50)
    check(one["x"], two["x"], "ks", 0.5)
    check(one["b"], two["b"], "ks", 0.5)
    check(one["s"], two["s"], "hellinger", 0.5**0.5)
    check(of(x=[1] * 70 + [5] * 30)["x"], of(x=[1] * 20 + [5] * 80)["x"], "ks", 0.5)
    none = of(x=pa.nulls(3, pa.int64()))
    check(one["x"], none["x"], "values", 1.0)
    check(none["x"], none["x"], "values", 0.0)


def test_profiles_go_with_their_shards_and_trouble_no_command(millrace: Millrace) -> None:
    first = done(Profiles())
    assert "every hash is right" in millrace.ok("verify", "w").out
    del PARTS[2]
    run = done(Profiles())
    old, new = profile_path(first, "stats"), profile_path(run, "stats")
    millrace.ok("gc", "w")
    assert Path(old).is_file() and Path(new).is_file()
    shutil.rmtree(first.folder)
    for stage in ("ingest", "stats"):  # what the shards of the other files are named by
        for record in Path("w/stages", stage).glob("*/commits/*"):
            record.unlink()
    assert "profiles/whylogs-1" in millrace.ok("gc", "w").out
    assert Path(new).is_file() and not Path(old).exists()
    shards = {path.stem for path in Path("w/stages").rglob("data/*.parquet")}
    kept = {path.stem for path in Path("w/profiles").rglob("*.bin")}
    assert {name for name in kept if not name.startswith("stage-")} == shards
    assert drift(run, run, "stats")[0].distance == 0.0


def test_tables_have_profiles_of_their_own_and_empty_ones_too() -> None:
    Path("a.csv").write_text("id\n1\n2\n")
    Path("b.csv").write_text("name\nx\n")
    tables = millrace.Pipeline(
        "tables",
        sources={
            "a": {"type": "csv", "path": "a.csv", "contract": "numbers"},
            "b": {"type": "csv", "path": "b.csv", "contract": "names"},
        },
        contracts={
            "numbers": {"columns": {"id": {"type": "int64"}}},
            "names": {"columns": {"name": {"type": "string", "length": {"min": 9}}}},
        },
        workspace="w",
    )
    run = millrace.run(tables.to_yaml(), hooks=[Profiles()])
    assert run.tables == ("numbers", "names")
    (column,) = profile(run, "ingest", "numbers").get_columns()
    assert column == "id" and not profile(run, "ingest", "names").get_columns()
    with pytest.raises(KeyError, match="its tables are"):
        profile(run, "ingest")


def test_what_cannot_be_profiled_is_refused() -> None:
    with pytest.raises(TypeError, match="list of names"):
        Profiles(stages="stats")
    with pytest.raises(ValueError, match="not a folder"):
        Profiles().on_stage_start({"stage": "ingest", "workspace": "s3://bucket/w"})
    only = done(Profiles(stages=["stats"]))
    assert [path.name for path in Path("w/profiles/whylogs-1").iterdir()] == ["stats"]
    with pytest.raises(KeyError, match="no stage 'wood'"):
        profile(only, "wood")
    with pytest.raises(KeyError, match="no table 'wood'"):
        profile(only, "ingest", "wood")
    made = pipeline()
    with pytest.raises(millrace.UserError, match="is `base` right"):
        made.run(datasets.IterableDataset.from_generator(rows), hooks=[Profiles(base="elsewhere")])


def test_it_tells_nobody_of_its_use() -> None:
    code = """
import os, pathlib, socket, sys, tempfile, threading
asked = []
def refuse(self, address):
    asked.append(address)
    raise OSError("no network")
socket.socket.connect = refuse
os.chdir(tempfile.mkdtemp())
pathlib.Path("a.csv").write_text("id\\n1\\n")
import millrace
from millrace.integrations.whylogs import Profiles, profile
p = millrace.Pipeline("p", sources={"a": {"type": "csv", "path": "a.csv"}})
p.run(hooks=[Profiles()])
profile(p.last_run)
from whylogs.api import usage_stats
print(asked, usage_stats._TELEMETRY_DISABLED, threading.active_count())
"""
    assert in_a_new_python(code, HF_HUB_OFFLINE="1").splitlines()[-1] == "[] True 1"
