"""`mode: overwrite` killed before each of its durable operations, and run again."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from command import Millrace
from invariants.pipelines import without_cards

CONFIG = """\
version: 1
name: anew
workspace: ./workspace
sources:
  a: {type: jsonl, path: in/a.jsonl}
  b: {type: jsonl, path: in/b.jsonl}
contract:
  columns:
    id: {type: int64, required: true}
    text: {type: string, required: true}
stages:
  - name: once
    mode: overwrite
    operators:
      - {id: stats, type: text_stats, field: text}
      - {id: same, type: exact_dedup, fields: [text]}
  - name: mixed
    operators:
      - {id: mix, type: shuffle}
exports:
  rows: {type: parquet, path: out}
"""
RUN = ("run", "pipeline.yaml", "--threads", "1")


@pytest.fixture(scope="module")
def preload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kills a process before its n-th call that makes something durable or removes it."""
    library = tmp_path_factory.mktemp("preload") / "kill_at.so"
    source = Path(__file__).with_name("kill_at.c")
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True)
    return library


def write(folder: Path) -> None:
    (folder / "in").mkdir(parents=True)
    for source, name in enumerate("ab"):
        rows = (
            json.dumps({"id": source * 60 + i, "text": f"row {(i * 7 + source) % 40} of words"})
            for i in range(60)
        )
        (folder / "in" / f"{name}.jsonl").write_text("\n".join(rows) + "\n")
    (folder / "pipeline.yaml").write_text(CONFIG)


def generation(folder: Path) -> int:
    """The latest one that is finished; -1 without one."""
    found = [-1]
    for manifest in (folder / "workspace/stages/once").glob("*/manifest.json"):
        _, _, number = manifest.parent.name.partition(".")
        found.append(int(number or 0))
    return max(found)


def left_by(folder: Path) -> dict[str, str]:
    """The hashes of all stages and releases; of `once` those of the latest generation. Not of
    release cards, which say where its manifest is."""
    latest, found = generation(folder), {}
    for top in ("workspace/stages", "out"):
        for path in sorted((folder / top).rglob("*")):
            parts = list(path.relative_to(folder).parts)
            if not path.is_file() or path.is_symlink():
                continue
            if parts[2:3] == ["once"]:
                key, _, number = parts[3].partition(".")
                if int(number or 0) != latest:
                    continue
                parts[3] = key
            found["/".join(parts)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return without_cards(found)


def killed_at(millrace: Millrace, folder: Path, preload: Path, at: int) -> bool:
    """False when the run came to its end before."""
    env = {"LD_PRELOAD": str(preload), "KILL_AT": str(at)}
    outcome = millrace(*RUN, cwd=folder, env=env)
    assert outcome.code in (0, -signal.SIGKILL), outcome.err
    return outcome.code != 0


def operations_of(millrace: Millrace, folder: Path, preload: Path) -> int:
    count = folder / "count"
    env = {"LD_PRELOAD": str(preload), "KILL_AT": "0", "KILL_COUNT": str(count)}
    millrace.ok(*RUN, cwd=folder, env=env)
    return int(count.read_text())


def test_a_stage_that_is_built_anew(millrace: Millrace, tmp_path: Path, preload: Path) -> None:
    done = tmp_path / "done"
    write(done)
    millrace.ok(*RUN, cwd=done)
    fresh = left_by(done)
    assert generation(done) == 0
    again = tmp_path / "again"
    shutil.copytree(done, again, symlinks=True)
    operations = operations_of(millrace, again, preload)
    assert operations > 50 and generation(again) == 1
    assert left_by(again) == fresh
    generations = set()
    for at in range(1, operations + 1):
        folder = tmp_path / f"at-{at}"
        shutil.copytree(done, folder, symlinks=True)
        assert killed_at(millrace, folder, preload, at), at
        # What was whole is whole, whichever of both it is.
        assert (
            left_by(folder).items()
            >= {
                name: digest for name, digest in fresh.items() if not name.startswith("out/")
            }.items()
        ), at
        assert json.loads((folder / "out/LATEST.json").read_text()), at
        millrace.ok(*RUN, cwd=folder)
        generations.add(generation(folder))
        millrace.ok("gc", "workspace", cwd=folder)
        assert left_by(folder) == fresh, at
        shutil.rmtree(folder)
    # Killed before the switch the next run goes on, killed behind it the next one begins anew.
    assert generations == {1, 2}


def test_a_first_run(millrace: Millrace, tmp_path: Path, preload: Path) -> None:
    done = tmp_path / "done"
    write(done)
    operations = operations_of(millrace, done, preload)
    fresh = left_by(done)
    for at in range(1, operations + 1, 3):
        folder = tmp_path / f"at-{at}"
        write(folder)
        assert killed_at(millrace, folder, preload, at), at
        millrace.ok(*RUN, cwd=folder)
        millrace.ok("gc", "workspace", cwd=folder)
        assert left_by(folder) == fresh, at
        shutil.rmtree(folder)
