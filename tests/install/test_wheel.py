"""The wheel in a fresh virtual environment: module and command, with nothing of the checkout."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from command import ROOT

CODE = """
import millrace, pathlib, sys
run = millrace.run("pipeline.yaml")
print(millrace.__file__, run.to_arrow(export="drop").read_all().num_rows)
print(*(line.split()[-1] for line in open("/proc/self/maps") if ".so" in line))
"""


def output_of(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.long
def test_in_a_fresh_venv(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps"]
    subprocess.run([*pip, "--wheel-dir", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("millrace-*.whl")
    venv = tmp_path / "fresh"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    python = next(venv.glob("bin/python3"))
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", wheel], check=True)
    # The pyarrow that is here already stands in for a download of the same.
    site = next(venv.glob("lib/python3*/site-packages"))
    here = Path(sys.executable).parent.parent / "lib" / site.parent.name / "site-packages"
    for part in here.glob("pyarrow*"):
        shutil.copytree(part, site / part.name)

    case = tmp_path / "case"
    shutil.copytree(ROOT / "tests/cases/0001_sketch", case)
    command = venv / "bin" / "millrace"
    assert output_of(command, "--version", cwd=case).startswith("millrace ")
    assert "is valid" in output_of(python, "-m", "millrace", "validate", "pipeline.yaml", cwd=case)
    told, mapped = output_of(python, "-c", CODE, cwd=case).splitlines()
    assert told == f"{site}/millrace/__init__.py 6"
    arrow = {path for path in mapped.split() if re.search(r"lib(arrow|parquet)", path)}
    assert arrow and all(path.startswith(str(site / "pyarrow")) for path in arrow), arrow
    program = site / "millrace/bin/millrace"
    for line in output_of("ldd", program, cwd=case).splitlines():
        assert "not found" not in line and str(ROOT) not in line, line
