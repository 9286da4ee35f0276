"""A real kernel: the guides as notebooks, and a run that is interrupted in one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager

import guide_notebooks
from command import BUILT_PACKAGE, ROOT

notebooks = guide_notebooks.notebooks


@pytest.mark.parametrize("name", ["python", "custom_operators"])
def test_guide_gives_what_is_stored(name: str) -> None:
    guide_notebooks.check(name)


def test_stored_notebooks_are_the_guides() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "tools" / "notebooks.py", "--check"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout
    assert set(notebooks.NAMES) == {path.stem for path in notebooks.NOTEBOOKS.glob("*.ipynb")}
    for name in notebooks.NAMES:
        stored = notebooks.stored(name)
        nbformat.validate(json.loads(json.dumps(stored)))
        changed = json.loads(json.dumps(stored).replace("import millrace", "import millstone"))
        assert "-import millstone" not in notebooks.difference(name, stored, stored)
        assert "millstone" in notebooks.difference(name, stored, changed)
        outputs = [text for cell in stored["cells"] for text in cell.get("outputs", [])]
        assert outputs
        for told in (str(ROOT), "/tmp", "0x7f"):
            assert told not in json.dumps(outputs)


def test_links_of_a_notebook_lead_somewhere() -> None:
    for name in notebooks.NAMES:
        text = json.dumps(notebooks.stored(name))
        links = [link[1] for link in notebooks._LINK.finditer(text)]
        assert links
        for link in links:
            assert (notebooks.NOTEBOOKS / link).exists(), (name, link)


class Kernel:
    def __init__(self, own: Path) -> None:
        self.manager = KernelManager(
            kernel_name="python3",
            transport="ipc",
            ip=str(own / "kernel"),
            connection_file=str(own / "kernel.json"),
        )
        environment = {**os.environ, "PYTHONPATH": str(BUILT_PACKAGE), "IPYTHONDIR": str(own)}
        folder = own / "a folder"
        folder.mkdir()
        self.manager.start_kernel(cwd=str(folder), env=environment)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def begin(self, code: str) -> str:
        """What comes behind a cell that fails is run all the same."""
        return str(self.client.execute(code, stop_on_error=False))

    def until(self, text: str, of: str) -> None:
        """Waits until the cell has printed so."""
        told = ""
        while text not in told:
            message = self.client.get_iopub_msg(timeout=120)
            if message["parent_header"].get("msg_id") != of:
                continue
            if message["msg_type"] == "stream":
                told += message["content"]["text"]
            assert message["msg_type"] != "error", message["content"]

    def reply(self, of: str) -> dict[str, Any]:
        while True:
            message = self.client.get_shell_msg(timeout=120)
            if message["parent_header"]["msg_id"] == of:
                reply: dict[str, Any] = message["content"]
                return reply

    def gives(self, code: str) -> Any:
        """The value of an expression that JSON can hold."""
        with_value = {"value": f"__import__('json').dumps({code})"}
        message = self.client.execute("", user_expressions=with_value)
        told = self.reply(str(message))["user_expressions"]["value"]
        assert told["status"] == "ok", told
        text = told["data"]["text/plain"]
        return json.loads(eval(text))


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """Works in a folder of its own, whose name has a space."""
    with tempfile.TemporaryDirectory(prefix="millrace-kernel-") as own:  # sockets have short paths
        started = Kernel(Path(own))
        try:
            yield started
        finally:
            started.close()


CELL = """
import itertools, os, time
import datasets, millrace
import pyarrow as pa
from millrace import ops

@millrace.operator(kind="score", reads=["number"], writes={"twice": pa.int64()}, batch_size=10)
def here(batch):
    time.sleep(float(os.environ.get("SLOW", "0")))
    return {"twice": [2 * number for number in batch.column(0).to_pylist()]}

@millrace.operator(
    kind="score", reads=["number"], writes={"twice": pa.int64()}, concurrency=2
)
def in_workers(batch):
    time.sleep(float(os.environ.get("SLOW", "0")))
    return {"twice": [2 * number for number in batch.column(0).to_pylist()]}

class Printed(millrace.Hook):
    def on_stage_start(self, event):
        print("begins:", event["stage"])

def made(operator):
    return millrace.Pipeline(
        "interrupted",
        sources={"train": {"type": "dataset"}},
        stages=[
            millrace.Stage("quick", [ops.Where(id="even", expr="number % 2 = 0")]),
            millrace.Stage("slow", [operator(id="op")]),
        ],
    )

def run(operator, workspace):
    pipeline = made(operator)
    rows = pipeline.run(data, workspace=workspace, threads=2, hooks=[Printed()])
    done = pipeline.last_run
    files = [file["sha256"] for stage in done.report["stages"] for file in stage["outputs"]]
    return [rows._fingerprint, len(rows), *files, done.result["splits_skipped"]]

data = datasets.Dataset.from_dict({"number": list(range(20_000))})
"""


# In this process a batch comes to its end: 1,000 of them would take minutes. A worker's does not.
@pytest.mark.parametrize(("operator", "slow"), [("here", "0.3"), ("in_workers", "3600")])
def test_an_interrupted_run_is_resumed(kernel: Kernel, operator: str, slow: str) -> None:
    assert kernel.reply(kernel.begin(CELL))["status"] == "ok"
    kernel.begin(f"os.environ['SLOW'] = '{slow}'")
    running = kernel.begin(f"run({operator}, 'interrupted {operator}')")
    kernel.until("begins: slow", running)
    kernel.manager.interrupt_kernel()
    told = kernel.reply(running)
    assert (told["status"], told["ename"]) == ("error", "KeyboardInterrupt")
    assert kernel.manager.is_alive()
    kernel.begin("del os.environ['SLOW']")
    *resumed, skipped = kernel.gives(f"run({operator}, 'interrupted {operator}')")
    *fresh, nothing = kernel.gives(f"run({operator}, 'fresh {operator}')")
    assert resumed == fresh and fresh[1] == 10_000
    assert skipped > 0 and nothing == 0


def test_a_stream_without_end_is_interrupted(kernel: Kernel) -> None:
    assert kernel.reply(kernel.begin(CELL))["status"] == "ok"
    endless = """
def endless():
    print("the first row")
    for number in itertools.count():
        yield {"number": number}

stream = datasets.IterableDataset.from_generator(endless)
made(here).run(stream, workspace="endless")
"""
    running = kernel.begin(endless)
    kernel.until("the first row", running)
    kernel.manager.interrupt_kernel()
    told = kernel.reply(running)
    assert (told["status"], told["ename"]) == ("error", "KeyboardInterrupt")
    assert kernel.gives("1 + 1") == 2
