"""Running and opening runs from Python."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

import millrace
from command import BUILT_PACKAGE

CONFIG = """\
version: 1
name: people
workspace: ./workspace
params: {day: "1"}
sources:
  people: {type: csv, path: "in/${day}.csv"}
contract:
  version: 1
  columns:
    id:   {type: int64, required: true, unique: true}
    name: {type: string, length: {max: 10}}
    land: {type: string}
exports:
  table: {type: parquet, path: out/table}
  lines: {type: jsonl, path: out/lines}
  parts: {type: parquet, path: out/parts, partition_by: [land]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pipeline below a folder with an odd name."""
    folder = tmp_path / "a folder, ü"
    (folder / "in").mkdir(parents=True)
    (folder / "in/1.csv").write_text("id,name,land\n1,Ada,GB\n2,Grace,US\n2,Twice,US\nx,No,US\n")
    (folder / "in/0.csv").write_text("id,name,land\n")
    (folder / "pipeline.yaml").write_text(CONFIG)
    return folder


def rows(reader: pyarrow.RecordBatchReader) -> list[dict[str, Any]]:
    return list(reader.read_all().to_pylist())


def test_run_gives_funnel_exports_and_rows(folder: Path) -> None:
    run = millrace.run(folder / "pipeline.yaml", threads=2, memory="256MiB")
    assert run.outcome == "done"
    assert (run.counts.read, run.counts.written, run.counts.rejected) == (4, 2, 2)
    assert [(f.table, f.source, f.counts) for f in run.funnel] == [("", "people", run.counts)]
    assert run.result is not None and run.result["run_id"] == run.run_id
    assert run.report_html is not None
    assert Path(run.report_json).is_file() and Path(run.report_html).is_file()
    table = run.exports["table"]
    assert table.rows == 2 and table.files is not None
    assert (
        rows(run.to_arrow(export="table")) == pyarrow.parquet.read_table(table.files[0]).to_pylist()
    )
    assert [row["name"] for row in rows(run.to_arrow())] == ["Ada", "Grace"]
    # A stream is taken once; asking again gives another.
    assert rows(run.to_arrow()) == rows(run.to_arrow())


def test_opened_later(folder: Path) -> None:
    first = millrace.run(folder / "pipeline.yaml")
    for place in (folder / "workspace", first.folder, first.report_json, f"{first.folder}/"):
        run = millrace.open_run(place)
        assert (run.folder, run.run_id, run.exports) == (first.folder, first.run_id, first.exports)
        assert run.result is None
        assert rows(run.to_arrow(export="table")) == rows(first.to_arrow(export="table"))


def test_opened_elsewhere(folder: Path, tmp_path: Path) -> None:
    """A workspace that left its config's folder still has its rows; exports need the config."""
    first = millrace.run(folder / "pipeline.yaml")
    moved = Path(shutil.move(folder / "workspace", tmp_path / "moved"))
    run = millrace.open_run(moved)
    assert len(rows(run.to_arrow())) == 2
    assert run.exports["table"].path is None and run.exports["table"].files is None
    with pytest.raises(millrace.UserError, match="cannot be told"):
        run.to_arrow(export="table")
    run = millrace.open_run(moved, config=folder / "pipeline.yaml")
    assert run.exports == first.exports
    assert len(rows(run.to_arrow(export="table"))) == 2


def test_params_and_no_rows(folder: Path) -> None:
    run = millrace.run(folder / "pipeline.yaml", params={"day": 0})
    assert run.counts.read == 0
    names = ["id", "name", "land", "__fdf__/row_id"]
    assert run.to_arrow().schema.names == names
    assert run.to_arrow().read_all().num_rows == 0
    assert run.to_arrow(export="table").schema.names == names
    with pytest.raises(TypeError, match="day"):
        millrace.run(folder / "pipeline.yaml", params={"day": None})  # type: ignore[dict-item]


def test_what_is_no_table_is_refused(folder: Path) -> None:
    run = millrace.run(folder / "pipeline.yaml")
    for name, says in (("lines", "text"), ("parts", "partition"), ("tabel", "no export")):
        with pytest.raises(millrace.UserError, match=says):
            run.to_arrow(export=name)
    with pytest.raises(millrace.UserError, match="no table"):
        run.to_arrow(table="x")
    with pytest.raises(TypeError):
        run.to_arrow(export="table", table="x")


def test_validate_takes_a_path_or_a_text(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    millrace.validate(folder / "pipeline.yaml")
    monkeypatch.chdir(folder)
    millrace.validate(CONFIG)
    with pytest.raises(millrace.UserError) as caught:
        millrace.validate(CONFIG.replace("sources:", "sauces:").replace("int64", "int63"))
    assert len(caught.value.diagnostics) >= 2
    assert "did you mean `sources`?" in str(caught.value)
    assert "<config>:5:1" in str(caught.value)


def test_damage_is_told_before_the_first_row(folder: Path) -> None:
    run = millrace.run(folder / "pipeline.yaml")
    told = run.report["tables"][0]
    shard = (folder / "workspace" / told["manifest"]).parent / told["outputs"][0]["path"]
    shard.chmod(0o600)
    content = shard.read_bytes()
    shard.unlink()
    shard.write_bytes(content[:-1])
    with pytest.raises(millrace.EnvError, match="bytes instead of") as caught:
        run.to_arrow()
    assert caught.value.code == "MR3006"
    Path(run.report_json).write_text('{"tables": 1}')
    with pytest.raises(millrace.EnvError, match="malformed"):
        millrace.open_run(run.folder)


def test_over_budget(folder: Path) -> None:
    config = CONFIG.replace('.csv"}', '.csv", limits: {max_rejects: 1}}')
    (folder / "strict.yaml").write_text(config)
    with pytest.raises(millrace.DataError) as caught:
        millrace.run(folder / "strict.yaml")
    assert caught.value.exit_code == 3
    run = millrace.open_run(folder / "workspace")
    assert run.outcome == "reject_budget_spent" and run.exports == {}
    for look in (run.to_arrow, run.to_dataset, run.rejects, run.rejects_to_arrow):
        with pytest.raises(millrace.DataError, match="no committed rows"):
            look()
    with pytest.raises(ValueError, match="reject_budget_spent"):
        _ = run.counts
    assert repr(run) == "<millrace.Run people: reject_budget_spent>"
    assert "contract." in run._repr_html_() and "reject_budget_spent" in run._repr_html_()


def test_paths_that_are_none(tmp_path: Path) -> None:
    for path in ("", tmp_path, tmp_path / "nowhere/runs/x.1"):
        with pytest.raises(millrace.UserError) as caught:
            millrace.open_run(path)
        assert caught.value.code == "MR1501"
    with pytest.raises(ValueError, match="not UTF-8"):
        millrace.validate("\udcff.yaml")
    with pytest.raises(ValueError, match="not UTF-8"):
        millrace.open_run("\udcff")


def test_several_tables(folder: Path) -> None:
    (folder / "two.yaml").write_text(
        "version: 1\nname: two\nworkspace: ./two\nsources:\n"
        "  a: {type: csv, path: in/1.csv, contract: people}\n"
        "  b: {type: csv, path: in/1.csv, contract: lands}\n"
        "contracts:\n"
        "  people: {version: 1, columns: {name: {type: string}}}\n"
        "  lands: {version: 1, columns: {land: {type: string}}}\n"
    )
    run = millrace.run(folder / "two.yaml")
    assert set(run.tables) == {"people", "lands"}
    assert run.to_arrow(table="lands").schema.names[0] == "land"
    assert {(f.table, f.source) for f in run.funnel} == {("people", "a"), ("lands", "b")}
    with pytest.raises(millrace.UserError, match="name one"):
        run.to_arrow()


WAITS = """
import fcntl, os, signal, sys, threading, millrace
config = sys.argv[1]
millrace.run(config)
lock = open(os.path.join(os.path.dirname(config), "workspace", "lock"))
fcntl.flock(lock, fcntl.LOCK_EX)
told, counted = [], 0
def progress(now):
    told.append(now["phase"])
    {action}
try:
    millrace.run(config, wait=True, progress=progress)
except BaseException as error:
    print(type(error).__name__, len(told))
fcntl.flock(lock, fcntl.LOCK_UN)
print(millrace.run(config).counts.written)
"""


@pytest.mark.parametrize(
    ("action", "error"),
    [("os.kill(os.getpid(), signal.SIGINT)", "KeyboardInterrupt"), ("1 / 0", "ZeroDivisionError")],
)
def test_an_interrupt_cancels_and_the_next_run_resumes(
    folder: Path, action: str, error: str
) -> None:
    """The run waits for the workspace, so that it surely is at work when it is interrupted."""
    done = subprocess.run(
        [sys.executable, "-c", WAITS.replace("{action}", action), folder / "pipeline.yaml"],
        env={**os.environ, "PYTHONPATH": str(BUILT_PACKAGE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == [f"{error} 1", "2"], done.stderr


def test_threads_of_python_go_on_during_a_run(folder: Path) -> None:
    millrace.run(folder / "pipeline.yaml")
    ticks = [0]
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(0.001):
            ticks[0] += 1

    def progress(now: dict[str, Any]) -> None:
        raise RuntimeError(str(ticks[0] - before))

    watcher = threading.Thread(target=tick)
    watcher.start()
    with (folder / "workspace/lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        before = ticks[0]
        with pytest.raises(RuntimeError) as caught:
            millrace.run(folder / "pipeline.yaml", wait=True, progress=progress)
    stop.set()
    watcher.join()
    assert int(str(caught.value)) > 0
