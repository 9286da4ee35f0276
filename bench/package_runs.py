"""Pieces of Python in processes of their own, with the built package: what its benchmarks time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from side_by_side import ROOT, Sample, measured_inside


class PackageRuns:
    """Runs in `folder`; `build` has the package, `folder` modules beside it."""

    def __init__(self, build: Path, folder: Path) -> None:
        self._folder = folder
        self._environment = {
            **os.environ,
            "PYTHONPATH": f"{build.resolve() / 'python'}:{folder}:{ROOT / 'bench'}",
            "DAFT_ANALYTICS_ENABLED": "0",
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "HF_DATASETS_CACHE": str(folder / "cache"),
        }

    def __call__(self, code: str, *arguments: str) -> list[str]:
        """The words that it prints."""
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=self._folder,
            env=self._environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout.split()

    def sample(self, code: str, *arguments: str) -> tuple[Sample, int]:
        """What it takes by its own account, and its rows: `side_by_side.print_measured`."""
        command = [sys.executable, "-c", code, *arguments]
        sample, printed = measured_inside(command, self._folder, self._environment)
        return sample, int(printed["rows"])
