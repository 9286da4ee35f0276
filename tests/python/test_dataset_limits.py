"""What a run over a dataset takes: bounded memory, one pass over a stream, and an end on demand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from command import BUILT_PACKAGE

STREAM = """
import json, sys, threading, time
import datasets, millrace
from millrace import ops

MEGABYTES, WORKSPACE, MEMORY = int(sys.argv[1]), sys.argv[2], sys.argv[3]
passes = 0


def anonymous():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon:"))


def rows(megabytes):
    global passes
    passes += 1
    text = "word " * 4000
    for number in range(megabytes * 50):  # 20 kB each
        yield {"number": number, "text": f"{number} {text}"}


def run(megabytes):
    pipeline = millrace.Pipeline(
        "limits",
        sources={"train": {"type": "dataset", "stream_split_rows": 4096}},
        stages=[millrace.Stage("kept", [ops.Where(id="keep", expr="number % 2 = 0")])],
    )
    features = datasets.Features(
        {"number": datasets.Value("int64"), "text": datasets.Value("string")}
    )
    stream = datasets.IterableDataset.from_generator(
        rows, gen_kwargs={"megabytes": megabytes}, features=features
    )
    kept = pipeline.run(stream, workspace=f"{WORKSPACE}/{megabytes}", memory=MEMORY, threads=2)
    return sum(1 for _ in kept.with_format("arrow").iter(1000)), pipeline.last_run.counts.read


run(1)
before, peak, done = anonymous(), 0, False


def watch():
    global peak
    while not done:
        peak = max(peak, anonymous())
        time.sleep(0.01)


watcher = threading.Thread(target=watch)
watcher.start()
passes = 0
try:
    _, read = run(MEGABYTES)
finally:
    done = True
    watcher.join()
print(json.dumps({"growth": peak - before, "read": read, "passes": passes}))
"""

FOREVER = """
import sys, itertools
import datasets, millrace

def rows():
    print("begun", flush=True)
    for number in itertools.count():
        yield {"number": number}

pipeline = millrace.Pipeline("forever", sources={"train": {"type": "dataset"}})
try:
    pipeline.run(datasets.IterableDataset.from_generator(rows), workspace=sys.argv[1])
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(BUILT_PACKAGE)}


def growth_over(tmp_path: Path, megabytes: int, memory: str) -> int:
    """What a program with everything loaded takes more while it runs over a stream."""
    done = subprocess.run(
        [sys.executable, "-c", STREAM, str(megabytes), tmp_path, memory],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["read"] == megabytes * 50
    assert told["passes"] == 1
    return int(told["growth"])


def test_memory_is_bounded_by_the_limit_and_not_by_the_stream(tmp_path: Path) -> None:
    # What the examples of a batch take as objects of Python comes on top of the limit.
    assert growth_over(tmp_path, 500, "160MiB") < 450 << 20


@pytest.mark.long
def test_ten_gigabytes_under_two(tmp_path: Path) -> None:
    assert growth_over(tmp_path, 10_000, "1536MiB") < 2 << 30


def test_ctrl_c_ends_a_stream_that_does_not(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FOREVER, tmp_path],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        running.send_signal(signal.SIGINT)
        try:
            out, _ = running.communicate(timeout=60)
        finally:
            running.kill()
    assert out == "interrupted\n"
    assert running.returncode == 0
    assert not list((tmp_path / "stages").rglob("manifest.json"))
