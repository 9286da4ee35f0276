"""`runner="ray"` on a real cluster of two nodes: workers and nodes die, drivers are lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import millrace
from command import BUILT_PACKAGE, ROOT
from millrace._runner import ray_tasks
from runners.pipelines import left_by, repeated_rows, run_locally, write


def wait_for(file: Path, seconds: float = 120) -> None:
    for _ in range(int(seconds * 20)):
        if file.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{file} did not come")


def test_two_nodes_leave_the_bytes_of_one(cluster: Any, tmp_path: Path) -> None:
    config = write(tmp_path / "run")
    result = millrace.Pipeline.from_yaml(config).run(runner="ray")
    assert left_by(config) == run_locally(config)
    assert len(result) > 0
    again = millrace.Pipeline.from_yaml(config)
    assert again.run(runner="ray").to_list() == result.to_list()
    assert again.last_run is not None


def test_a_dataset_and_a_stream(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows, pipeline = repeated_rows()
    expected = pipeline.run(rows, workspace="local")
    there = pipeline.run(rows, workspace="ray", runner="ray", runner_options={"in_flight": 2})
    assert there.to_list() == expected.to_list()
    assert there.features == expected.features
    assert there._fingerprint == expected._fingerprint
    streamed = pipeline.run(rows.to_iterable_dataset(), workspace="stream", runner="ray")
    assert list(streamed) == expected.to_list()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_is_killed(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """With the unit undone, and with it committed but not told."""
    config = write(tmp_path / "run")
    marks = tmp_path / "marks"
    marks.mkdir()

    def dying(unit: str, order_id: str, box: Any) -> str:
        import json
        import os
        import signal

        from millrace._runner.order import WORKERS

        call = json.loads(json.loads(unit)["call"])
        mark = marks / f"{call['kind']}-{call['index']}"
        last = (call["index"] == 1 or call["kind"] == "partition") and not mark.exists()
        if last and when == "before":
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        import ray

        reply = WORKERS.of(order_id, ray.get(box[0])).perform(unit)
        if last:
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return reply

    monkeypatch.setattr(ray_tasks, "_perform", dying)
    millrace.Pipeline.from_yaml(config).run(runner="ray")
    killed = {mark.name.split("-")[0] for mark in marks.iterdir()}
    assert killed >= {"ingest", "summarise", "apply", "partition"}
    assert left_by(config) == run_locally(config)


def test_a_node_that_is_lost(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    config = write(tmp_path / "run")
    node = cluster.add_node(num_cpus=1, resources={"doomed": 1}, object_store_memory=100 << 20)
    begun = tmp_path / "begun"

    def stuck_there(unit: str, order_id: str, box: Any) -> str:
        import time

        import ray

        from millrace._runner.order import WORKERS

        if ray.get_runtime_context().get_node_id() == doomed:
            begun.touch()
            time.sleep(600)
        return WORKERS.of(order_id, ray.get(box[0])).perform(unit)

    doomed = node.node_id
    monkeypatch.setattr(ray_tasks, "_perform", stuck_there)

    def lose() -> None:
        wait_for(begun)
        cluster.remove_node(node, allow_graceful=False)

    thread = threading.Thread(target=lose)
    thread.start()
    try:
        millrace.Pipeline.from_yaml(config).run(runner="ray", runner_options={"in_flight": 12})
    finally:
        begun.touch()
        thread.join()
    assert left_by(config) == run_locally(config)


DRIVER = """
import sys, time
import millrace
from millrace._runner import ray_tasks

def slow(unit, order_id, box):
    import time, ray
    from millrace._runner.order import WORKERS
    reply = WORKERS.of(order_id, ray.get(box[0])).perform(unit)
    time.sleep(1)
    return reply

ray_tasks._perform = slow
millrace.Pipeline.from_yaml(sys.argv[1]).run(
    runner="ray", runner_options={"address": sys.argv[2], "in_flight": 2}
)
"""


def test_a_driver_that_is_lost(cluster: Any, tmp_path: Path) -> None:
    config = write(tmp_path / "run")
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(config), cluster.address],
        env={**os.environ, "PYTHONPATH": f"{BUILT_PACKAGE}{os.pathsep}{ROOT / 'tests'}"},
    )
    try:
        commits = config.parent / "workspace/stages/ingest"
        for _ in range(120 * 20):
            if len(list(commits.glob("*/commits/*.json"))) >= 3 or driver.poll() is not None:
                break
            time.sleep(0.05)
        assert driver.poll() is None, "it was done before it was lost"
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    before = list(commits.glob("*/commits/*.json"))
    assert len(before) >= 3
    stamps = {path: path.stat().st_mtime_ns for path in before}
    millrace.Pipeline.from_yaml(config).run(runner="ray")
    assert {path: path.stat().st_mtime_ns for path in before} == stamps, "not done again"
    assert left_by(config) == run_locally(config)


def test_an_operator_s_error_ends_the_run(cluster: Any, tmp_path: Path) -> None:
    config = write(tmp_path / "run", stages="")
    config.write_text(config.read_text().replace("unique: true}", "unique: true, on_error: fail}"))
    with pytest.raises(millrace.DataError) as raised:
        millrace.Pipeline.from_yaml(config).run(runner="ray")
    assert raised.value.code == "MR2002"


def test_a_worker_that_cannot_start_is_the_cause(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(unit: str, order_id: str, box: Any) -> str:
        raise ImportError("no module named millrace")

    monkeypatch.setattr(ray_tasks, "_perform", broken)
    config = write(tmp_path / "run", stages="")
    with pytest.raises(millrace.EnvError, match="no module named millrace") as raised:
        millrace.Pipeline.from_yaml(config).run(runner="ray")
    assert isinstance(raised.value.__cause__, ImportError)
