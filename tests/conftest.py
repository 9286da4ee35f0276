"""What every Python test shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from command import Millrace

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def millrace() -> Millrace:
    """The built binary: MILLRACE_BIN, else build/cli/millrace of this checkout."""
    binary = Path(os.environ.get("MILLRACE_BIN", ROOT / "build" / "cli" / "millrace"))
    if not binary.is_file():
        pytest.fail(f"{binary} is not there; run `make build` first")
    return Millrace(binary)
