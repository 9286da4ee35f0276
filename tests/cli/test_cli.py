"""What the command line promises beyond its text: signals, streams, files, other programs."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from command import Millrace
from invariants.pipelines import fingerprint, make_inputs


@pytest.fixture()
def done(millrace: Millrace, tmp_path: Path) -> Path:
    """A folder in which a pipeline has run."""
    make_inputs(tmp_path, rows=500)
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    return tmp_path


def test_version_names_what_it_was_built_from(millrace: Millrace) -> None:
    lines = millrace.ok("--version").out.splitlines()
    assert [line.split()[0] for line in lines] == ["millrace", "commit", "arrow"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_resumes(
    millrace: Millrace, tmp_path: Path, number: signal.Signals
) -> None:
    make_inputs(tmp_path, rows=120_000)
    process = subprocess.Popen(
        [str(millrace.binary), "run", "pipeline.yaml"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and not list(tmp_path.glob("workspace/runs/*/attempts/1.jsonl")):
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert out == "" and "resumes" in err
    status = millrace.ok("status", "workspace", "--json", cwd=tmp_path).json()
    assert [run["state"] for run in status["runs"]] == ["resumable"]
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    status = millrace.ok("status", "workspace", "--json", cwd=tmp_path).json()
    assert [(run["state"], run["attempts"]) for run in status["runs"]] == [("complete", 2)]


def test_results_and_progress_do_not_mix(millrace: Millrace, tmp_path: Path) -> None:
    make_inputs(tmp_path, rows=500)
    first = millrace.ok("run", "pipeline.yaml", "--json", "--log-level", "debug", cwd=tmp_path)
    assert first.json()["rows_read"] > 0
    quiet = millrace.ok("run", "pipeline.yaml", "--quiet", cwd=tmp_path)
    assert quiet.err == ""
    assert "\x1b" not in quiet.out


def test_a_problem_is_json_as_well(millrace: Millrace, tmp_path: Path) -> None:
    outcome = millrace("run", "absent.yaml", "--json", cwd=tmp_path)
    assert outcome.code == 1
    assert outcome.json()["errors"][0]["code"] == "MR1501"
    assert "MR1501" in outcome.err


def test_metrics(millrace: Millrace, tmp_path: Path) -> None:
    make_inputs(tmp_path, rows=500)
    result = millrace.ok("run", "pipeline.yaml", "--json", "--metrics", "m.prom", cwd=tmp_path)
    lines = (tmp_path / "m.prom").read_text().splitlines()
    rejected = [line for line in lines if line.startswith("millrace_rows_rejected{")]
    total = sum(int(line.rsplit(" ", 1)[1]) for line in rejected)
    assert total == result.json()["rows_rejected"] > 0
    assert "millrace_run_success 1" in lines
    assert not (tmp_path / "m.prom.tmp").exists()


def on_a_terminal(command: list[str], folder: Path, env: dict[str, str]) -> str:
    """What a command shows where stdout and stderr are a terminal."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        command, cwd=folder, stdout=slave, stderr=slave, env={**os.environ, **env}
    ) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                block = os.read(master, 65536)
            except OSError:
                break
            if not block:
                break
            shown += block
        assert process.wait() == 0
    os.close(master)
    return shown.decode("utf-8", "replace")


def test_colour_is_for_terminals_that_want_it(millrace: Millrace, done: Path) -> None:
    command = [str(millrace.binary), "status", "workspace"]
    assert "\x1b[" in on_a_terminal(command, done, {"TERM": "xterm", "NO_COLOR": ""})
    assert "\x1b[" not in on_a_terminal(command, done, {"TERM": "xterm", "NO_COLOR": "1"})
    assert "\x1b[" not in on_a_terminal(command, done, {"TERM": "dumb", "NO_COLOR": ""})


def test_verify_names_what_is_damaged(millrace: Millrace, done: Path) -> None:
    assert "every hash is right" in millrace.ok("verify", "workspace", cwd=done).out
    shard = sorted(done.glob("workspace/stages/ingest/*/data/*.parquet"))[0]
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.unlink()  # the release may be a link to it
    shard.write_bytes(content)
    outcome = millrace("verify", "workspace", cwd=done)
    assert outcome.code == 75
    assert shard.name in outcome.err and "MR3006" in outcome.err
    as_json = millrace("verify", "workspace", "--json", cwd=done).json()
    assert not as_json["ok"] and len(as_json["problems"]) == 1


def test_gc_keeps_what_a_run_needs(millrace: Millrace, done: Path) -> None:
    before = fingerprint(done)
    stage = next(done.glob("workspace/stages/ingest/*"))
    (stage / "data" / "leftover.parquet").write_bytes(b"x")
    listed = millrace.ok("gc", "workspace", "--dry-run", "--json", cwd=done).json()
    assert [Path(key).name for key in listed["removed"]] == ["leftover.parquet"]
    millrace.ok("gc", "workspace", cwd=done)
    assert fingerprint(done) == before
    shutil.rmtree(done / "workspace" / "runs")
    millrace.ok("gc", "workspace", cwd=done)
    assert not stage.exists()
    millrace.ok("run", "pipeline.yaml", cwd=done)
    assert fingerprint(done) == before


def test_the_html_report_stands_alone(millrace: Millrace, done: Path) -> None:
    html = next(done.glob("workspace/runs/*/report.html")).read_text()
    assert html.startswith("<!doctype html>")
    for word in ("<script", "http://", "https://", "src=", "href=", "@example.org", str(done)):
        assert word not in html, word
    report = next(done.glob("workspace/runs/*/report.json")).read_text()
    assert "@example.org" not in report and str(done) not in report


def test_equal_runs_have_equal_reports(millrace: Millrace, done: Path, tmp_path: Path) -> None:
    other = tmp_path / "somewhere else"
    other.mkdir()
    make_inputs(other, rows=500)
    millrace.ok("run", "pipeline.yaml", "--threads", "1", cwd=other)
    for name in ("report.json", "report.html"):
        first, second = (next(f.glob(f"workspace/runs/*/{name}")) for f in (done, other))
        assert first.read_bytes() == second.read_bytes()


def test_inspect_sees_the_same_in_every_packing(millrace: Millrace, done: Path) -> None:
    plain = json.loads(millrace.ok("inspect", "data/tickets-1.csv", "--json", cwd=done).out)
    packed = done / "packed.csv.gz"
    packed.write_bytes(
        subprocess.run(
            ["gzip", "-c", "data/tickets-1.csv"], cwd=done, check=True, capture_output=True
        ).stdout
    )
    other = json.loads(millrace.ok("inspect", "packed.csv.gz", "--json", cwd=done).out)
    assert other["compression"] == "gzip"
    for key in ("rows", "columns", "samples", "does_not_fit"):
        assert plain[key] == other[key]


def test_inspect_masks_sensitive_columns(millrace: Millrace, done: Path) -> None:
    shard = next(done.glob("workspace/stages/ingest/*/data/*.parquet"))
    for arguments in ([], ["--json"]):
        assert "@example.org" not in millrace.ok("inspect", shard, *arguments).out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_scripts(millrace: Millrace, tmp_path: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(millrace.ok("completion", shell).out)
    subprocess.run([shell, "-n", str(script)], check=True)
    if shell == "bash":
        probe = "COMP_WORDS=(millrace run --th); COMP_CWORD=2; _millrace; echo $COMPREPLY"
        probe = f"source {script}; {probe}"
        done = subprocess.run(["bash", "-c", probe], check=True, capture_output=True, text=True)
        assert done.stdout == "--threads\n"


def test_the_schema_is_json(millrace: Millrace) -> None:
    schema = json.loads(millrace.ok("schema").out)
    assert "sources" in schema["properties"]


def test_verify_takes_releases(millrace: Millrace, done: Path) -> None:
    target = done / "out" / "corpus"
    release = target / json.loads((target / "LATEST.json").read_text())["release_id"]
    for path in [target, release, target / "latest"]:
        assert "every hash is right" in millrace.ok("verify", path).out
    assert millrace.ok("verify", target, "--json").json()["kind"] == "release"
    assert millrace.ok("verify", done / "workspace", "--json").json()["kind"] == "workspace"
    assert "neither a workspace nor a release" in millrace("verify", done / "data").err
    assert "there is no folder" in millrace("verify", done / "absent").err

    part = sorted(release.glob("*.parquet"))[0]
    part.chmod(0o600)
    good = part.read_bytes()
    part.unlink()  # it may be a link to the workspace's file
    part.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    outcome = millrace("verify", target)
    assert outcome.code == 75
    assert part.name in outcome.err and "another SHA-256" in outcome.err
    part.write_bytes(good[:-1])
    assert f"{len(good) - 1} bytes instead of {len(good)}" in millrace("verify", release).err
    part.unlink()
    assert "is missing" in millrace("verify", target / "latest").err
    part.write_bytes(good)
    manifest = release / "_millrace.json"
    text = manifest.read_text()
    manifest.write_text(text.replace('"table": ""', '"table": "x"'))
    assert "than `LATEST.json` says" in millrace("verify", target).err
    manifest.write_text("{}")
    assert "cannot be read" in millrace("verify", release).err
    manifest.unlink()
    assert "missing or not complete" in millrace("verify", target).err
    (target / "LATEST.json").write_text('{"release_id": "../../data"}')
    assert "`LATEST.json` cannot be read" in millrace("verify", target).err


def test_bytes_that_are_no_text_are_shown_as_they_are(millrace: Millrace, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xff \xc3\xa9 \x1b[31m.csv")
    (tmp_path / name).write_text("a,b\n1,2\n")
    outcome = millrace("inspect", name, "--no-such-option", cwd=tmp_path)
    assert outcome.code == 2
    outcome = millrace("validate", name + ".yaml", cwd=tmp_path)
    assert "caf\\xff é \\x1b[31m.csv.yaml" in outcome.err


def test_operators_are_listed_and_shown(millrace: Millrace) -> None:
    listed = millrace.ok("operators", "--json").json()["operators"]
    names = [operator["name"] for operator in listed]
    assert names == sorted(names) and "where" in names
    lines = millrace.ok("operators").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == names
    where = millrace.ok("operators", "where", "--json").json()
    assert where in listed
    assert where["kind"] == "filter"
    rejects = next(p for p in where["parameters"] if p["name"] == "rejects")
    assert rejects["default"] == "full" and not rejects["required"]
    assert (
        "rejects: `full`, `keys` or `count`; default full" in millrace.ok("operators", "where").out
    )
    wrong = millrace("operators", "wher")
    assert wrong.code == 2 and "did you mean `where`?" in wrong.err
