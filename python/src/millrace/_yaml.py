"""Configs as YAML texts, for those that were built in Python."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*$")
# Words that some reader of YAML takes for something else than a text.
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_LINE_MAX = 96


def _scalar(value: Any) -> str:
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value, allow_nan=False)
    if isinstance(value, os.PathLike):
        value = os.fsdecode(value)
    if not isinstance(value, str):
        raise TypeError(f"a config cannot hold a {type(value).__name__}: {value!r}")
    if _PLAIN.match(value) and value.lower() not in _WORDS:
        return value
    # JSON's string is YAML's, but for the few characters that it leaves as they are.
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ufeff]",
        lambda c: f"\\u{ord(c[0]):04x}",
        json.dumps(value, ensure_ascii=False),
    )


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if _is_list(value):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _is_leaf(value: Any) -> bool:
    """Nothing nests in it deeper than lists of scalars do."""
    if isinstance(value, Mapping):
        return not any(isinstance(v, Mapping) for v in value.values())
    return not any(isinstance(item, Mapping) for item in value)


def _block(value: Any, indent: str) -> str:
    if not isinstance(value, Mapping) and not _is_list(value):
        return " " + _scalar(value) + "\n"
    flow = _flow(value)
    if not value or (_is_leaf(value) and len(indent) + len(flow) < _LINE_MAX):
        return " " + flow + "\n"
    if isinstance(value, Mapping):
        return "\n" + _members(value, indent)
    lines = ""
    for item in value:
        text = _block(item, indent + "  ")
        # The first member of a map stands behind the dash.
        lines += indent + "-" + (" " + text[1:].lstrip(" ") if text.startswith("\n") else text)
    return "\n" + lines


def _members(value: Mapping[Any, Any], indent: str) -> str:
    return "".join(
        f"{indent}{_scalar(str(key))}:{_block(member, indent + '  ')}"
        for key, member in value.items()
    )


def to_yaml(config: Mapping[str, Any]) -> str:
    """The config, in the order it is given; the same text for the same config."""
    return _members(config, "")
