"""`runner="daft"`: on Daft's native runner, and on Daft over Ray."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import millrace
from command import BUILT_PACKAGE, ROOT
from runners.pipelines import left_by, run_locally, write


def test_the_native_runner_leaves_the_bytes_of_the_engine(tmp_path: Path) -> None:
    config = write(tmp_path / "run")
    pipeline = millrace.Pipeline.from_yaml(config)
    result = pipeline.run(runner="daft")
    assert len(result) > 0
    assert left_by(config) == run_locally(config)


def test_an_error_keeps_its_code(tmp_path: Path) -> None:
    config = write(tmp_path / "run", stages="")
    config.write_text(config.read_text().replace("unique: true}", "unique: true, on_error: fail}"))
    with pytest.raises(millrace.DataError) as raised:
        millrace.Pipeline.from_yaml(config).run(runner="daft")
    assert raised.value.code == "MR2002"


# A process has one runner of Daft for good.
OVER_RAY = """
import sys
import millrace
millrace.Pipeline.from_yaml(sys.argv[1]).run(
    runner="daft", runner_options={"address": sys.argv[2], "in_flight": 4}
)
import daft
assert daft.get_or_infer_runner_type() == "ray"
"""


def test_daft_over_ray_leaves_them_too(cluster: Any, tmp_path: Path) -> None:
    config = write(tmp_path / "run")
    subprocess.run(
        [sys.executable, "-c", OVER_RAY, str(config), cluster.address],
        env={**os.environ, "PYTHONPATH": f"{BUILT_PACKAGE}{os.pathsep}{ROOT / 'tests'}"},
        check=True,
        timeout=300,
    )
    assert left_by(config) == run_locally(config)
