"""The command under test, as a user runs it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("MILLRACE_BIN", ROOT / "build" / "cli" / "millrace"))
# The Python package with its binding, of the same build.
BUILT_PACKAGE = BINARY.parent.parent / "python"


@dataclass(frozen=True)
class Outcome:
    """How a run of the binary ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Millrace:
    """The command under test."""

    binary: Path

    def __call__(
        self,
        *args: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        timeout: float = 300,
    ) -> Outcome:
        """Runs it to its end. `prefix` is a command that starts it, such as `unshare -n`."""
        done = subprocess.run(
            [*prefix, str(self.binary), *map(str, args)],
            cwd=cwd,
            env=None if env is None else {**os.environ, **env},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )
        return Outcome(
            done.returncode,
            done.stdout.decode("utf-8", "replace"),
            done.stderr.decode("utf-8", "replace"),
        )

    def ok(self, *args: str | Path, **kwargs: Any) -> Outcome:
        """As a call, but the test fails with the output when the command does."""
        outcome = self(*args, **kwargs)
        assert outcome.code == 0, f"exit {outcome.code}\n{outcome.out}\n{outcome.err}"
        return outcome


def in_a_new_python(code: str, **environment: str) -> str:
    """What the code prints in a process with the built package, and with no more of this one's
    environment than `environment`."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(BUILT_PACKAGE), "PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def tool(name: str) -> ModuleType:
    """A program of tools/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def anonymous_rss(pid: int) -> int:
    """Bytes of anonymous resident memory: what limits.memory promises."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) << 10
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0
