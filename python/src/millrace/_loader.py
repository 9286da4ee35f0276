"""The engine, loaded when it is first needed."""

from __future__ import annotations

import importlib
import os
from types import ModuleType

PYARROW = "25.0.1"  # as tools/requirements/build.txt has it
_loaded: tuple[int, ModuleType] | None = None


def engine() -> ModuleType:
    """millrace._engine. pyarrow comes first: the engine then uses the very same Arrow libraries."""
    global _loaded
    if _loaded is None:
        _loaded = os.getpid(), _load()
    elif _loaded[0] != os.getpid():
        raise RuntimeError(
            "this process was forked from one that uses the engine, whose threads did not come "
            "along: begin processes that run pipelines with "
            "`multiprocessing.get_context('spawn')`. Datasets that a run gave can be read in any"
        )
    return _loaded[1]


def _load() -> ModuleType:
    import pyarrow

    if pyarrow.__version__ != PYARROW:
        raise ImportError(
            f"this millrace is built for pyarrow {PYARROW}, here is {pyarrow.__version__}: "
            f"pip install pyarrow=={PYARROW}"
        )
    return importlib.import_module("millrace._engine")
