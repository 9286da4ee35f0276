"""What every Python test shares."""

from __future__ import annotations

import sys

import pytest

from command import BINARY, BUILT_PACKAGE, ROOT, Millrace

# Without a build of the binding, its Python files alone: what needs the engine then says so.
sys.path.insert(0, str(BUILT_PACKAGE if BUILT_PACKAGE.is_dir() else ROOT / "python" / "src"))


@pytest.fixture(scope="session")
def millrace() -> Millrace:
    """The built binary: MILLRACE_BIN, else build/cli/millrace of this checkout."""
    if not BINARY.is_file():
        pytest.fail(f"{BINARY} is not there; run `make build` first")
    return Millrace(BINARY)
