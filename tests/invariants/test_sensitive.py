"""No value of a sensitive column is where it may not be: a canary in every row, searched for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pyarrow.parquet
import pytest

from command import Millrace

CANARY = b"chirp"

CONFIG = """\
version: 1
name: cage
workspace: ./workspace
rejects: {rejects}
sources:
  s: {{type: csv, path: in/x.csv}}
  t: {{type: jsonl, path: in/y.jsonl}}
contract:
  columns:
    id: {{type: string, unique: true, sensitive: true}}
    mail: {{type: string, sensitive: true, regex: ".*@x", length: {{max: 30}}, required: true}}
    code: {{type: int64, sensitive: true, on_error: {on_error}, from: {{s: code}}}}
    tag: {{type: string, sensitive: true, from: {{s: {{expr: "substr(mail, 0, 9)"}}}}}}
    n: {{type: int32}}
exports:
  out: {{type: parquet, path: out}}
"""
MODES = {
    "keep": "{sensitive: keep}",
    "hash": '{sensitive: hash, hash_key: "${env:MILLRACE_TEST_KEY}"}',
    "drop": "{sensitive: drop}",
}
ENV = {"MILLRACE_TEST_KEY": "key-for-tests-only"}


def make(folder: Path, mode: str, on_error: str = "set_null") -> None:
    rows = [f"chirp-id-{i % 40},chirp-{i}@x,{i},{i}" for i in range(60)]
    rows += ["chirp-id-r,chirp-r@x", "chirp-id-l,chirp-long-long-long-long-long@x,1,1"]
    rows += ["chirp-id-m,chirp-m,1,1", "chirp-id-n,chirp-n@x,1,many", '"chirp-id-q"x,a@x,1,1']
    rows += ["chirp-id-c,chirp-o@x,chirp-code,1", '"chirp-id-open,chirp-p@x,1,1']
    lines = [f'{{"id": "chirp-id-{i}", "mail": "chirp-{i}@x", "n": {i}}}' for i in range(10, 50)]
    lines += ['{"id": "chirp-a", "mail": ["chirp-b"], "n": 1}', '{"id": "chirp-a", "id": 2}']
    lines += ['"chirp-text"', '{"id": "chirp-z", "mail": "chirp', '{"id": chirp}']
    (folder / "in").mkdir()
    (folder / "in" / "x.csv").write_text("id,mail,code,n\n" + "\n".join(rows) + "\n")
    (folder / "in" / "y.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "p.yaml").write_text(CONFIG.format(rejects=MODES[mode], on_error=on_error))


def texts_of(path: Path) -> bytes:
    """What a file says, its Parquet decoded."""
    if path.suffix != ".parquet":
        return path.read_bytes()
    return repr(pyarrow.parquet.ParquetFile(path).read().to_pylist()).encode()


def reject_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("workspace/stages/*/*/rejects/*.parquet"))


@pytest.mark.parametrize("mode", list(MODES))
def test_the_canary_stays_in_its_cage(millrace: Millrace, tmp_path: Path, mode: str) -> None:
    make(tmp_path, mode)
    outcomes = [
        millrace(*args, cwd=tmp_path, env=ENV)
        for args in [
            ("validate", "p.yaml"),
            ("plan", "p.yaml"),
            ("plan", "p.yaml", "--json"),
            ("run", "p.yaml", "--log-level", "debug"),
            ("run", "p.yaml", "--json", "--metrics", "m.prom", "--log-level", "debug"),
            ("status", "workspace"),
            ("inspect", "workspace"),
            ("verify", "workspace"),
        ]
    ]
    assert [outcome.code for outcome in outcomes] == [0] * len(outcomes)
    result = outcomes[4].json()
    rules = {reason["rule"] for reason in result["rejects"]}
    assert {"unique.duplicate", "contract.regex", "contract.length", "contract.type"} <= rules
    assert {"csv.too_few_fields", "csv.unclosed_quote", "json.duplicate_key"} <= rules
    assert result["nulled"] == [
        {"source": "s", "rule": "contract.type", "column": "code", "values": 1}
    ]
    data = reject_files(tmp_path)
    assert data
    shards = sorted(tmp_path.glob("workspace/stages/*/*/data/*.parquet"))
    outcomes += [millrace.ok("inspect", path, "--json", env=ENV) for path in data + shards]
    for outcome in outcomes:
        assert CANARY not in (outcome.out + outcome.err).encode()

    caged = {path for path in shards}
    if mode == "keep":
        assert any(CANARY in texts_of(path) for path in data)
        caged |= set(data)
    for path in sorted((tmp_path / "workspace").rglob("*")):
        if path.is_file() and path not in caged:
            assert CANARY not in texts_of(path), path
            assert ENV["MILLRACE_TEST_KEY"].encode() not in path.read_bytes(), path
    assert CANARY not in (tmp_path / "m.prom").read_bytes()
    rows = [row for path in data for row in pyarrow.parquet.ParquetFile(path).read().to_pylist()]
    if mode == "drop":
        assert all(row["raw"] is None for row in rows)
        assert {row["value"] for row in rows if row["column"] in (None, "id", "mail")} == {None}
    if mode == "hash":
        assert all(row["raw"].startswith(b"hmac-sha256:") for row in rows)
        twice = [row["value"] for row in rows if row["rule"] == "unique.duplicate"]
        assert len(twice) == len(set(twice)) + 10  # ids 10 to 19 are repeated in both files
    assert {row["value"] for row in rows if row["column"] == "n"} == {"many"}


@pytest.mark.parametrize("mode", list(MODES))
def test_a_failing_value_is_masked(millrace: Millrace, tmp_path: Path, mode: str) -> None:
    make(tmp_path, mode, on_error="fail")
    outcome = millrace("run", "p.yaml", cwd=tmp_path, env=ENV)
    assert outcome.code == 1
    assert "MR2002" in outcome.err and "row #65 (" in outcome.err and "`code`" in outcome.err
    assert CANARY not in (outcome.out + outcome.err).encode()
    for path in (tmp_path / "workspace" / "runs").rglob("*"):
        assert not path.is_file() or CANARY not in path.read_bytes()


def test_the_resolved_config_keeps_the_reference(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path, "hash")
    millrace.ok("run", "p.yaml", cwd=tmp_path, env=ENV)
    resolved = next(tmp_path.glob("workspace/runs/*/pipeline.resolved.yaml"))
    assert "${env:MILLRACE_TEST_KEY}" in resolved.read_text()
    assert "$${env" not in resolved.read_text()
    (tmp_path / "again.yaml").write_text(resolved.read_text())
    first = millrace.ok("plan", "p.yaml", "--json", cwd=tmp_path, env=ENV).json()
    again = millrace.ok("plan", "again.yaml", "--json", cwd=tmp_path, env=ENV).json()
    assert first["config_hash"] == again["config_hash"]
    assert first["changes"]["splits_to_do"] == 0
    other = {"MILLRACE_TEST_KEY": "another-key"}
    moved = millrace.ok("plan", "p.yaml", "--json", cwd=tmp_path, env=other).json()
    assert moved["changes"]["splits_to_do"] > 0  # other hashes are other files


def test_the_key_is_needed(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path, "hash")
    done = subprocess.run(
        [str(millrace.binary), "run", "p.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "p.yaml:4" in done.stderr and "MILLRACE_TEST_KEY" in done.stderr
