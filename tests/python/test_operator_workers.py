"""Operators in worker processes: begun once, bounded, and gone with the run."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pytest

import millrace
import sample_operators
from command import BUILT_PACKAGE, ROOT

mine: Any = sample_operators  # mypy does not see what a decorator makes of a class


def pipeline(tmp_path: Path, *operators: Any) -> millrace.Pipeline:
    return millrace.Pipeline(
        "workers",
        workspace=tmp_path / "workspace",
        sources={"train": {"type": "dataset"}},
        stages=[millrace.Stage("s", list(operators))],
    )


def numbers(rows: int) -> datasets.Dataset:
    return datasets.Dataset.from_dict({"id": list(range(rows)), "text": ["a b"] * rows})


def scores(curate: millrace.Pipeline, name: str) -> list[Any]:
    assert curate.last_run is not None
    rows = curate.last_run.to_dataset(provenance=True)["__fdf__/scores"][:]
    return [row[name] for row in rows]


def children_of(pid: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == pid:
            found.append(int(folder.name))
    return found


def is_worker(pid: int) -> bool:
    try:
        return b"millrace._worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def workers() -> list[int]:
    return [pid for pid in children_of(os.getpid()) if is_worker(pid)]


def test_objects_are_made_once_in_at_most_so_many_workers(tmp_path: Path) -> None:
    curate = pipeline(tmp_path, mine.Where(id="w", factor=2.0), mine.Where(id="v", factor=2.0))
    curate.run(numbers(20_000), threads=4)
    pids = {row["pid"] for row in scores(curate, "w")} | {row["pid"] for row in scores(curate, "v")}
    assert 1 <= len(pids) <= 2 and os.getpid() not in pids
    assert workers() == []  # they end with the run


def test_what_is_given_is_as_in_this_process(tmp_path: Path) -> None:
    for name in ("chars", "words", "keep_short", "draw"):
        operator: millrace.PythonOperator = getattr(mine, name)
        apart = millrace.PythonOperator(operator.function, {**operator.declared, "concurrency": 2})
        options: Any = {"field": "text"} if name == "chars" else {}
        data = datasets.Dataset.from_dict(
            {"id": list(range(500)), "text": ["odd", "one two", "", "x" * 20, "é"] * 100}
        )
        here = pipeline(tmp_path / f"{name}-here", operator(id="o", **options))
        there = pipeline(tmp_path / f"{name}-there", apart(id="o", **options))
        assert here.run(data).to_dict() == there.run(data).to_dict()
        assert here.last_run is not None and there.last_run is not None
        with_scores = [run.to_dataset(provenance=True) for run in (here.last_run, there.last_run)]
        assert with_scores[0].to_dict() == with_scores[1].to_dict()
        rejects = [run.stage("s").rejects() for run in (here.last_run, there.last_run)]
        assert rejects[0].to_dict() == rejects[1].to_dict()


def test_functions_of_a_program_go_along_whole(tmp_path: Path) -> None:
    plus = 3

    class Local:
        def __call__(self, batch: pa.RecordBatch) -> list[int]:
            return [one + plus for one in batch.column(0).to_pylist()]

    declare = millrace.operator("score", reads=["id"], writes={"n": pa.int64()}, concurrency=1)
    curate = pipeline(tmp_path, declare(Local)(id="l"))
    curate.run(numbers(3))
    assert [row["n"] for row in scores(curate, "l")] == [3, 4, 5]


@pytest.mark.parametrize(
    ("how", "class_", "code", "message"),
    [
        ("raise", millrace.UserError, "MR1504", "raised ValueError in a batch of 10 rows, train/"),
        ("row", millrace.UserError, "MR1504", "raised RowError at the row train/rows#25"),
        ("exit", millrace.UserError, "MR1504", "raised SystemExit"),
        ("connection", millrace.EnvError, "MR3001", "raised ConnectionError"),
        ("kill", millrace.EnvError, "MR3007", "was killed by signal 9"),
    ],
)  # fmt: skip
def test_what_goes_wrong_there_is_told_here(
    tmp_path: Path, how: str, class_: type[millrace.Error], code: str, message: str
) -> None:
    curate = pipeline(tmp_path, mine.worker_breaks_at(id="b", row=25, how=how))
    with pytest.raises(class_) as caught:
        curate.run(numbers(100))
    assert caught.value.code == code and message in caught.value.text
    assert "operator `b` (`sample_operators:worker_breaks_at`)" in caught.value.text
    assert caught.value.row_ids == tuple(f"train/rows#{row}" for row in range(20, 30))
    if how == "raise":
        cause = caught.value.__cause__
        assert isinstance(cause, ValueError)
        assert "in _break" in str(cause.__cause__)  # where in the worker
    assert not list((tmp_path / "workspace").glob("stages/s/*/commits/*"))
    assert workers() == []


def test_gpus_are_shared_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from millrace._resolver import Refused
    from millrace._workers import devices_for

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,7")
    assert devices_for(mine.Where, 3, 1, 0) == ["4", "5", "7"]
    assert devices_for(mine.Where, 1, 2, 1) == ["5,7"]
    assert devices_for(mine.Where, 4, 0.5, 1) == ["5", "5", "7", "7"]
    with pytest.raises(Refused, match="2 GPUs beside 2 that are taken, and here are 3"):
        devices_for(mine.Where, 2, 1, 2)

    @millrace.operator(kind="score", reads=["id"], writes={"g": pa.int64()}, num_gpus=1, num_cpus=3)
    def sees(batch: pa.RecordBatch) -> list[int]:
        import os

        told = os.environ["CUDA_VISIBLE_DEVICES"] + os.environ["OMP_NUM_THREADS"]
        return [int(told)] * batch.num_rows

    curate = pipeline(tmp_path, sees(id="g"))
    curate.run(numbers(1))
    assert scores(curate, "g") == [{"g": 43}]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(millrace.UserError, match=r"asks for 1 GPUs .* here are 0"):
        pipeline(tmp_path / "none", sees(id="g")).run(numbers(1))


SLEEPER = """
import sys, datasets, millrace
import sample_operators as mine

pipeline = millrace.Pipeline(
    "sleeper",
    workspace=sys.argv[1],
    sources={"train": {"type": "dataset"}},
    stages=[millrace.Stage("s", [mine.worker_breaks_at(id="b", row=5, how="sleep")])],
)
if __name__ == "__main__":
    try:
        pipeline.run(datasets.Dataset.from_dict({"id": list(range(10))}))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def sleeper(tmp_path: Path) -> tuple[subprocess.Popen[str], int]:
    """A program whose worker is at work for a long time, and that worker."""
    script = tmp_path / "sleeper.py"
    script.write_text(SLEEPER)
    running = subprocess.Popen(
        [sys.executable, script, tmp_path / "workspace"],
        env={**os.environ, "PYTHONPATH": f"{BUILT_PACKAGE}:{ROOT / 'tests'}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and running.poll() is None:
        found = [pid for pid in children_of(running.pid) if is_worker(pid)]
        if found and _sleeps(found[0]):
            return running, found[0]
        time.sleep(0.1)
    running.kill()
    raise AssertionError("no worker began")


def _sleeps(pid: int) -> bool:
    """It waits for the clock, and no longer for a pipe."""
    try:
        return "nanosleep" in Path(f"/proc/{pid}/wchan").read_text()
    except OSError:
        return False


def ended(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if not is_worker(pid):
            return True
        time.sleep(0.05)
    return False


def test_ctrl_c_does_not_wait_for_a_worker(tmp_path: Path) -> None:
    running, worker = sleeper(tmp_path)
    with running:
        running.send_signal(signal.SIGINT)
        try:
            out, _ = running.communicate(timeout=30)
        finally:
            running.kill()
    assert out == "interrupted\n"
    assert ended(worker)


def test_workers_do_not_outlive_their_program(tmp_path: Path) -> None:
    running, worker = sleeper(tmp_path)
    with running:
        running.kill()
    assert ended(worker)


def png(side: int, shade: int) -> bytes:
    import struct
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    rows = (b"\0" + bytes([shade, 0, 255 - shade] * side)) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_example_of_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "encoders", raising=False)  # a guide has one, too
    monkeypatch.syspath_prepend(ROOT / "examples/custom_operators")
    encoders = importlib.import_module("encoders")
    images = [png(20 + shade % 3, shade) for shade in range(0, 250, 10)]
    images[3] = b"no image"
    data = datasets.Dataset.from_dict(
        {"image": [{"bytes": image, "path": None} for image in images]},
        features=datasets.Features({"image": datasets.Image(decode=False)}),
    )
    curate = pipeline(tmp_path, encoders.ImageEncoder(id="siglip", field="image", text="a duck"))
    kept = curate.run(data)
    assert len(kept) == len(images) - 1
    vectors = np.array(kept["siglip_vector"][:])
    assert vectors.shape == (24, 32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert curate.last_run is not None
    assert curate.last_run.stage("s").rejects()["rule"][:] == ["image.unreadable"]


def test_a_worker_says_what_may_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator of a module that this process has, and no other can import."""
    module = types.ModuleType("made_up_here")
    code = """
import millrace, pyarrow as pa

@millrace.operator(kind="score", reads=["id"], writes={"n": pa.int64()}, concurrency=1)
def one(batch):
    return {"n": [1] * batch.num_rows}
"""
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(code, module.__dict__)
    with pytest.raises(millrace.UserError, match="made_up_here") as caught:
        pipeline(tmp_path, module.one(id="n")).run(numbers(3))
    (problem,) = caught.value.diagnostics
    assert problem.code == "MR1206" and "see PYTHONPATH" in problem.suggestion
