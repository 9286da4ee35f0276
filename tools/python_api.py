"""Writes docs/python_api.md: what `millrace` exports, with signatures and docstrings.

PYTHONPATH=python/src python3 tools/python_api.py > docs/python_api.md
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import millrace
from millrace import ops

HEAD = """# The Python package: reference

Generated from the package by `tools/python_api.py`. [guides/python.md](guides/python.md) and
[guides/custom_operators.md](guides/custom_operators.md) show how it is used, [python.md](python.md)
has the functions for files.
"""
WIDTH = 96


def argument(one: inspect.Parameter) -> str:
    """Annotations are texts here: they stand as they are written."""
    text: str = one.name
    if one.kind is one.VAR_KEYWORD:
        text = f"**{text}"
    elif one.kind is one.VAR_POSITIONAL:
        text = f"*{text}"
    hint = "" if one.annotation is one.empty else str(one.annotation)
    if hint:
        text += f": {hint}"
    if one.default is not one.empty:
        text += f" = {one.default!r}" if hint else f"={one.default!r}"
    return text


def signature(name: str, target: Any) -> str:
    """In one line, or with an argument on each."""
    told = inspect.signature(target)
    arguments = []
    keyword_only = False
    for one in told.parameters.values():
        if one.name in ("self", "cls"):
            continue
        if one.kind is one.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            arguments.append("*")
        arguments.append(argument(one))
    returns = "" if told.return_annotation is told.empty else f" -> {told.return_annotation}"
    line = f"{name}({', '.join(arguments)}){returns}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {one}," for one in arguments), f"){returns}"])


def text_of(target: Any) -> str:
    """The docstring as Markdown: what is indented behind a `:` is code or a list."""
    text = inspect.getdoc(target) or ""
    parts = []
    for part in text.split("\n\n"):
        head, _, rest = part.partition("\n")
        if head == "Parameters:" or head.startswith("Parameters "):
            parts.append(head)
            parts.append("\n".join(_items(textwrap.dedent(rest))))
        elif part.startswith("    "):
            parts.append("```text\n" + textwrap.dedent(part) + "\n```")
        else:
            parts.append(part)
    return "\n\n".join(parts)


def _items(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if line.startswith(" "):
            yield f"  {line.strip()}"
        else:
            name, _, told = line.partition(": ")
            yield f"- `{name}`: {told}"


def code(text: str) -> str:
    return f"```python\n{text}\n```"


def class_parts(name: str, class_: type) -> Iterator[str]:
    fields = getattr(class_, "_fields", None)
    if fields is not None:  # a NamedTuple
        hints = inspect.get_annotations(class_)
        told = [
            f"    {one}: {getattr(hints[one], '__forward_arg__', hints[one])}" for one in fields
        ]
        yield code("\n".join([f"class {name}(NamedTuple):", *told]))
    elif "__init__" in vars(class_):
        yield code(signature(name, vars(class_)["__init__"]))
    else:
        bases = ", ".join(base.__name__ for base in class_.__bases__ if base is not object)
        yield code(f"class {name}({bases})" if bases else f"class {name}")
    if class_.__doc__ and not (fields and class_.__doc__.startswith(f"{name}(")):
        yield text_of(class_)
    if fields is not None:
        return
    for member_name, member in vars(class_).items():
        if member_name.startswith("_"):
            continue
        function = getattr(member, "__func__", member)
        if isinstance(member, property):
            hint = inspect.get_annotations(member.fget).get("return", "") if member.fget else ""
            yield f"**`{name}.{member_name}`** -> `{hint}`"
        elif inspect.isfunction(function):
            yield code(signature(f"{name}.{member_name}", function))
        else:
            continue
        if inspect.getdoc(function):
            yield text_of(function)


def parts() -> Iterator[str]:
    yield HEAD.strip()
    names = [name for name in millrace.__all__ if name != "ops"]
    functions = [name for name in names if inspect.isfunction(getattr(millrace, name))]
    for title, of_title in (
        ("Functions", functions),
        ("Classes", [name for name in names if name not in functions]),
    ):
        yield f"## {title}"
        for name in of_title:
            target = getattr(millrace, name)
            yield f"### {name}"
            if name in functions:
                yield code(signature(name, target))
                yield text_of(target)
            else:
                yield from class_parts(name, target)
    yield "## millrace.ops"
    yield (
        "A class for each operator of the engine; its parameters are those of a config, described "
        "on its page."
    )
    yield "| Class | Page |\n| --- | --- |\n" + "\n".join(
        f"| `ops.{name}` | [{getattr(ops, name).type}](operators/{getattr(ops, name).type}.md) |"
        for name in ops.__all__
    )


if __name__ == "__main__":
    sys.stdout.write("\n\n".join(part.strip("\n") for part in parts() if part) + "\n")
