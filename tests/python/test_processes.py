"""Datasets that a run gave, in other processes, and the engine in those."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import datasets
import pytest

import millrace
from command import BUILT_PACKAGE, ROOT
from millrace import ops


def pipeline(workspace: Path) -> millrace.Pipeline:
    return millrace.Pipeline(
        "processes",
        workspace=workspace,
        sources={"train": {"type": "dataset", "stream_split_rows": 1000}},
        stages=[
            millrace.Stage(
                "kept",
                [ops.Where(id="w", expr="id % 2 = 0")],
                output={"shards_multiple_of": 2},
            )
        ],
    )


def numbers(rows: int = 5000) -> datasets.Dataset:
    return datasets.Dataset.from_dict({"id": list(range(rows))})


def sum_of(rows: Any, part: int, parts: int, answers: Queue[Any]) -> None:
    """What a worker of a DataLoader does: every so many-th row, or its own shards."""
    try:
        if isinstance(rows, datasets.Dataset):
            answers.put(sum(rows[at]["id"] for at in range(part, len(rows), parts)))
        else:
            mine = rows.shard(num_shards=parts, index=part)
            answers.put(sum(row["id"] for row in mine))
    except BaseException as error:
        answers.put(repr(error))


def run_pipeline(workspace: Path, answers: Queue[Any]) -> None:
    try:
        answers.put(len(pipeline(workspace).run(numbers(10))))
    except BaseException as error:
        answers.put(f"{type(error).__name__}: {error}")


def in_processes(method: str, target: Any, arguments: list[tuple[Any, ...]]) -> list[Any]:
    context: Any = multiprocessing.get_context(method)
    answers: Any = context.Queue()
    processes = [context.Process(target=target, args=(*args, answers)) for args in arguments]
    for process in processes:
        process.start()
    found = [answers.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    return found


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("streams", [False, True])
def test_workers_of_a_data_loader_read_what_a_run_gave(
    tmp_path: Path, method: str, streams: bool
) -> None:
    data: Any = numbers()
    if streams:
        data = data.to_iterable_dataset(num_shards=4)
    kept = pipeline(tmp_path).run(data)
    found = in_processes(method, sum_of, [(kept, part, 2) for part in range(2)])
    assert sum(found) == sum(range(0, 5000, 2)), found


def test_the_engine_in_a_forked_process_says_so(tmp_path: Path) -> None:
    pipeline(tmp_path / "here").run(numbers(10))
    (told,) = in_processes("fork", run_pipeline, [(tmp_path / "there",)])
    assert told.startswith("RuntimeError: this process was forked"), told
    assert "get_context('spawn')" in told
    (rows,) = in_processes("spawn", run_pipeline, [(tmp_path / "there",)])
    assert rows == 5


def test_the_engine_may_begin_in_a_forked_process(tmp_path: Path) -> None:
    code = """
import os, sys
import datasets, millrace
pid = os.fork()
if pid == 0:
    data = datasets.Dataset.from_dict({"id": [1, 2, 3]})
    pipeline = millrace.Pipeline("p", sources={"s": {"type": "dataset"}}, workspace=sys.argv[1])
    os._exit(0 if len(pipeline.run(data)) == 3 else 1)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""
    environment = {**os.environ, "PYTHONPATH": f"{BUILT_PACKAGE}:{ROOT / 'tests'}"}
    subprocess.run([sys.executable, "-c", code, tmp_path], env=environment, check=True, timeout=120)
