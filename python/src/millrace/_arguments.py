"""Arguments of calls, looked at before they go to the engine: what is no such thing is told by its
name, with what was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def mapping(name: str, value: object, example: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise TypeError(f"{name} is a dict, such as {example}, not a {type(value).__name__}")


def threads_of(threads: int | None) -> int:
    """0: as many as there are processors."""
    if threads is None:
        return 0
    if isinstance(threads, bool) or not hasattr(threads, "__index__"):
        raise TypeError(f"`threads` is a whole number, not a {type(threads).__name__}")
    return threads.__index__()


def memory_of(memory: int | str | None) -> str:
    """An empty text: as the config has it."""
    if memory is None:
        return ""
    if isinstance(memory, str):
        return memory
    if isinstance(memory, bool) or not hasattr(memory, "__index__"):
        told = f"not a {type(memory).__name__}"
        raise TypeError(f"`memory` is a number of bytes or a text such as '512MiB', {told}")
    return str(memory.__index__())


def watcher_of(progress: Any) -> Any:
    if progress is None or isinstance(progress, bool) or callable(progress):
        return progress
    raise TypeError(f"`progress` is True or a function, not a {type(progress).__name__}")


def hooks_of(hooks: Iterable[object]) -> list[object]:
    if isinstance(hooks, str) or not isinstance(hooks, Iterable):
        raise TypeError(f"`hooks` is a list of hooks, not a {type(hooks).__name__}: hooks=[...]")
    return list(hooks)


def meant(word: str, names: Iterable[str], what: Callable[[str], str]) -> str:
    """The name that comes near, else all of them, in the words of `what`."""
    import difflib

    known = list(names)
    near = difflib.get_close_matches(word, known, 1)
    return f"did you mean {near[0]!r}?" if near else what(", ".join(map(repr, known)) or "none")
