"""Configs for the engine, from files or texts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from millrace._loader import engine

if TYPE_CHECKING:
    from millrace import _engine
    from millrace._resolver import Resolver

Param = str | int | float | bool
Params = Mapping[str, Param] | None
TEXT_NAME = "<config>"


def _texts(values: Params) -> dict[str, str]:
    texts = {}
    for name, value in (values or {}).items():
        if not isinstance(value, str | int | float):
            raise TypeError(f"the parameter {name!r} is a {type(value).__name__}, not a text")
        texts[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return texts


def path_text(path: str | os.PathLike[str]) -> str:
    """A path as the engine takes it: UTF-8."""
    text = os.fsdecode(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"the path {text!r} is not UTF-8") from None
    return text


def load(
    config: str | os.PathLike[str],
    params: Params,
    at_step: int | None = None,
    operators: Resolver | None = None,
) -> _engine.Pipeline:
    """A config from its file, or from a text, which has line breaks where a path has none.
    `operators` finds those in Python."""
    if isinstance(config, str) and "\n" in config:
        return load_text(config, TEXT_NAME, params, at_step, operators)
    loaded: _engine.Pipeline = engine().load(
        path_text(config), _texts(params), _step(at_step), operators or _resolver()
    )
    return loaded


def load_text(
    text: str,
    name: str,
    params: Params,
    at_step: int | None = None,
    operators: Resolver | None = None,
) -> _engine.Pipeline:
    """A config from a text, called `name` in messages; relative paths start at the current
    folder."""
    loaded: _engine.Pipeline = engine().load_text(
        text, name, os.getcwd(), _texts(params), _step(at_step), operators or _resolver()
    )
    return loaded


def _resolver() -> Resolver:
    """Of those that are found by import alone; it stays, for the engine does not keep it."""
    from millrace._resolver import IMPORTED

    return IMPORTED


def _step(at_step: int | None) -> int:
    return -1 if at_step is None else at_step


def overwrites(mode: str) -> bool:
    if mode not in ("incremental", "overwrite"):
        raise ValueError(f"there is no mode {mode!r}: it is 'incremental' or 'overwrite'")
    return mode == "overwrite"
