"""What an operator in Python is: its parameters, and a digest of what it does."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import re
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

_NAME = re.compile(r"[a-z0-9_]+$")
_RESERVED = {"id", "action", "rejects"}


class Parameter(NamedTuple):
    name: str
    #: As a text of a config; None where it must be given.
    fallback: str | None
    #: Whether its text is JSON, and not the value itself.
    is_json: bool


def _called(target: Callable[..., Any]) -> Callable[..., Any]:
    if not inspect.isclass(target):
        return target
    call: Any = inspect.getattr_static(target, "__call__", None)
    if not inspect.isfunction(call):
        raise TypeError(f"the class {target.__name__} has no `__call__` for its batches")
    return call


def takes_context(target: Callable[..., Any]) -> bool:
    """Whether it takes a second argument behind the batch."""
    positional = [
        one
        for one in inspect.signature(_called(target)).parameters.values()
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    count = len(positional) - (1 if inspect.isclass(target) else 0)
    if count not in (1, 2):
        raise TypeError(
            f"{target.__name__} takes {count} arguments by position: it gets a batch, and a "
            "context if it takes two; its own parameters are by keyword, behind a `*`"
        )
    return count == 2


def parameters_of(target: Callable[..., Any]) -> list[Parameter]:
    """Those of a function that are by keyword alone, those of a class' `__init__`."""
    if inspect.isclass(target):
        given = list(inspect.signature(target).parameters.values())
    else:
        given = [
            one
            for one in inspect.signature(target).parameters.values()
            if one.kind in (one.KEYWORD_ONLY, one.VAR_KEYWORD)
        ]
    found = []
    for one in given:
        if one.kind in (one.VAR_KEYWORD, one.VAR_POSITIONAL, one.POSITIONAL_ONLY):
            raise TypeError(f"{target.__name__}: each parameter has a name of its own")
        if not _NAME.match(one.name) or one.name in _RESERVED:
            raise TypeError(f"{target.__name__} cannot have a parameter {one.name!r}")
        found.append(_parameter(one))
    return found


def _parameter(one: inspect.Parameter) -> Parameter:
    """A text where the annotation says `str`, or, without one, where the default is a text or
    there is none; JSON else."""
    hint = one.annotation
    text = hint is str or hint == "str"
    if hint is one.empty:
        text = one.default is one.empty or isinstance(one.default, str)
    fallback = None
    if one.default is not one.empty:
        text = text and isinstance(one.default, str)
        fallback = one.default if text else json.dumps(one.default)
    return Parameter(one.name, fallback, not text)


def values_of(parameters: list[Parameter], texts: Mapping[str, str]) -> dict[str, Any]:
    """Texts of a config as the values that the operator takes. ValueError for what is no JSON."""
    values: dict[str, Any] = {}
    for one in parameters:
        text = texts[one.name]
        if not one.is_json:
            values[one.name] = text
            continue
        try:
            values[one.name] = json.loads(text)
        except ValueError:
            if not isinstance(text, str) or text[:1] in '[{"':
                raise ValueError(f"the parameter `{one.name}` is no JSON") from None
            values[one.name] = text
    return values


def digest(target: Callable[..., Any], declared: Mapping[str, Any]) -> str:
    """Of the source, without decorators, comments and layout, of the functions, classes and plain
    values of its module that it refers to, and of what shapes the results in its declaration."""
    told = {key: declared[key] for key in ("kind", "reads", "version", "batch_size", "seed")}
    told["writes"] = {name: str(type_) for name, type_ in declared["writes"].items()}
    told["reasons"], told["makes_rows"] = declared["reasons"], declared["makes_rows"]
    parts = [json.dumps(told), *_parts(target, set())]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()


def _parts(target: Any, seen: set[int]) -> Iterator[str]:
    if id(target) in seen:
        return
    seen.add(id(target))
    yield _source(target)
    for function in _functions(target):
        names: dict[str, Any] = {}
        for name in sorted(_names(function.__code__)):
            if name in function.__globals__:
                names[name] = function.__globals__[name]
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            try:
                value = cell.cell_contents
            except ValueError:  # not set yet
                continue
            if name != "__class__" and not _telling(value, target):
                raise TypeError(
                    f"{target.__qualname__} refers to `{name}` of the function around it, a "
                    f"{type(value).__name__}, which cannot be told from another one: make it a "
                    "parameter"
                )
            names[name] = value
        for name, value in names.items():
            if _is_plain(value):
                yield f"{name} = {_plain(value)}"
            elif getattr(value, "__module__", None) == target.__module__ and _has_source(value):
                yield name
                yield from _parts(getattr(value, "function", value), seen)


def _has_source(value: Any) -> bool:
    return inspect.isfunction(value) or inspect.isclass(value) or hasattr(value, "declared")


def _telling(value: Any, target: Any) -> bool:
    return _is_plain(value) or _has_source(value) or isinstance(value, types.ModuleType)


def _functions(target: Any) -> Iterator[types.FunctionType]:
    if inspect.isfunction(target):
        yield target
    for member in vars(target).values() if inspect.isclass(target) else ():
        found = getattr(member, "__func__", getattr(member, "fget", member))
        if inspect.isfunction(found):
            yield found


def _names(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names(constant)
    return names


def _source(target: Any) -> str:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(target)))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                node.decorator_list = []
                break
        return ast.unparse(tree)
    except (OSError, TypeError, SyntaxError):
        # Of no file: what was compiled of it.
        return "\0".join(_compiled(function.__code__) for function in _functions(target))


def _compiled(code: types.CodeType) -> str:
    constants = [
        _compiled(one) if isinstance(one, types.CodeType) else repr(one) for one in code.co_consts
    ]
    return repr((code.co_code.hex(), code.co_names, code.co_varnames, constants))


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list | set | frozenset):
        return all(_is_plain(item) for item in value)
    if isinstance(value, dict):
        return all(_is_plain(key) and _is_plain(item) for key, item in value.items())
    return value is None or isinstance(value, str | bytes | int | float | complex | bool)


def _plain(value: Any) -> str:
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(_plain(item) for item in value)) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_plain(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_plain(k)}: {_plain(v)}" for k, v in value.items()) + "}"
    return repr(value)
