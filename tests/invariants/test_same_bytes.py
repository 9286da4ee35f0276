"""Same input, same bytes: whatever the threads, the memory, the folder or the crashes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from command import Millrace
from invariants.pipelines import fingerprint, make_inputs

KILLS = int(os.environ.get("MILLRACE_KILLS", "100"))


@pytest.fixture(scope="module")
def reference(millrace: Millrace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("reference")
    make_inputs(folder)
    millrace.ok("run", "pipeline.yaml", "--threads", "2", cwd=folder)
    result = fingerprint(folder)
    assert any(name.endswith("manifest.json") for name in result)
    assert any(name.startswith("out/corpus") for name in result)
    return result


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("memory", ["192MiB", "1GiB"])
def test_threads_and_memory(
    millrace: Millrace, tmp_path: Path, reference: dict[str, str], threads: int, memory: str
) -> None:
    make_inputs(tmp_path)
    millrace.ok("run", "pipeline.yaml", "--threads", str(threads), "--memory", memory, cwd=tmp_path)
    assert fingerprint(tmp_path) == reference


def test_another_folder(millrace: Millrace, tmp_path: Path, reference: dict[str, str]) -> None:
    folder = tmp_path / "a folder with spaces" / "und Umlaute äöü 日本"
    folder.mkdir(parents=True)
    make_inputs(folder)
    millrace.ok("run", str(folder / "pipeline.yaml"), cwd=tmp_path)
    assert fingerprint(folder) == reference


def test_a_second_run_does_no_work_again(
    millrace: Millrace, tmp_path: Path, reference: dict[str, str]
) -> None:
    make_inputs(tmp_path)
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    second = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    assert second["splits_skipped"] == second["splits_total"] > 0
    assert fingerprint(tmp_path) == reference


def test_kill_9_anywhere(millrace: Millrace, tmp_path: Path, reference: dict[str, str]) -> None:
    """Kills at random moments, resumes, and wants the bytes of a run that was left alone."""
    seed = int(os.environ.get("MILLRACE_SEED", "0")) or random.randrange(1, 1 << 31)
    print(f"MILLRACE_SEED={seed}")
    rng = random.Random(seed)
    make_inputs(tmp_path)
    started = time.monotonic()
    millrace.ok("plan", "pipeline.yaml", cwd=tmp_path)
    longest = max(0.3, (time.monotonic() - started) * 6)
    killed = 0
    for attempt in range(KILLS):
        folder = tmp_path if attempt % 4 else _fresh(tmp_path, attempt)
        process = subprocess.Popen(
            [str(millrace.binary), "run", "pipeline.yaml"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(rng.uniform(0.0, longest))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        if attempt % 4 == 0:
            millrace.ok("run", "pipeline.yaml", cwd=folder)
            millrace.ok("gc", "workspace", cwd=folder)
            assert fingerprint(folder) == reference, f"attempt {attempt}"
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    millrace.ok("gc", "workspace", cwd=tmp_path)
    assert fingerprint(tmp_path) == reference
    assert killed > 0, "every run ended before it was killed: the test proves nothing"


def _fresh(tmp_path: Path, attempt: int) -> Path:
    folder = tmp_path / f"fresh-{attempt}"
    folder.mkdir()
    make_inputs(folder)
    return folder
