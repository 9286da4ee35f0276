"""The workspace of a run as hooks find it: a folder that is read as files."""

from __future__ import annotations

import json
import os
from typing import Any


def place_of(workspace: str, base: str | os.PathLike[str] | None) -> str:
    """Where the workspace of an event is: a URL, or an absolute path. A relative one starts at the
    folder of the config, which is `base`, else the current one."""
    if "://" in workspace:
        return workspace
    return os.path.abspath(os.path.join(base or os.getcwd(), workspace))


def read_json(*path: str) -> Any:
    """None where it is not there, or not to be read as a file."""
    try:
        with open(os.path.join(*path), encoding="utf-8") as file:
            return json.load(file)
    except OSError:
        return None


def write_whole(path: str, content: bytes) -> None:
    """The file as a whole or not at all."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "wb") as file:
            file.write(content)
        os.replace(part, path)
    except BaseException:
        if os.path.exists(part):
            os.remove(part)
        raise
