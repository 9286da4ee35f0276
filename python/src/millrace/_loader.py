"""The engine, loaded when it is first needed."""

from __future__ import annotations

import importlib
from types import ModuleType

PYARROW = "25.0.1"  # as tools/requirements/build.txt has it


def engine() -> ModuleType:
    """millrace._engine. pyarrow comes first: the engine then uses the very same Arrow libraries."""
    import pyarrow

    if pyarrow.__version__ != PYARROW:
        raise ImportError(
            f"this millrace is built for pyarrow {PYARROW}, here is {pyarrow.__version__}: "
            f"pip install pyarrow=={PYARROW}"
        )
    return importlib.import_module("millrace._engine")
