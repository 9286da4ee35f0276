"""Writes python/src/millrace/ops.py: a class for each operator of the engine's table.

build/cli/millrace operators --json | python3 tools/python_operators.py > ops.py
"""

from __future__ import annotations

import json
import keyword
import re
import sys
import textwrap
from typing import Any

HEAD = '''"""The operators that stages are made of, a class for each type.

Generated from the engine's table by tools/python_operators.py: not to be edited.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Literal

from millrace._stage import Operator
'''
DIRECTORY = """

def __dir__() -> list[str]:
    return __all__
"""
WIDTH = 96
COMMON = {"id", "action", "rejects"}  # told once, at the class Operator


def class_name(operator: str) -> str:
    return "".join(word.capitalize() for word in operator.split("_"))


def hint(value: str) -> str:
    """The type of a parameter, from the phrase that says what it takes."""
    if re.fullmatch(r"`\S+`((, `\S+`)* or `\S+`)?", value):
        return "Literal[" + ", ".join(f'"{word}"' for word in re.findall(r"`(\S+?)`", value)) + "]"
    for phrase, type_ in (
        ("true or false", "bool"),
        ("an integer", "int"),
        ("a number", "float"),
        ("a size", "int | str"),
        ("a list of texts, or one", "Sequence[str] | str"),
        ("a list of texts", "Sequence[str]"),
        ("a map from names to texts", "Mapping[str, str]"),
        ("one line of text", "str"),
        ("a name", "str"),
        ("a path", "str | os.PathLike[str]"),
        ("a text", "str"),
    ):
        if value == phrase or value.startswith(phrase + ","):
            return type_
    raise SystemExit(f"tools/python_operators.py knows no type for {value!r}")


def wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def docstring(operator: dict[str, Any]) -> list[str]:
    lines = wrapped(operator["doc"], '    """', "    ")
    kind = operator["kind"]
    told = ("An " if kind[0] in "aeiou" else "A ") + kind
    if kind == "any":
        told = "Of the kind that it says itself"
    if operator["global"]:
        told += " that must know of all rows that reach it"
    if operator["columns"]:
        told += f"; what it adds or changes: {operator['columns']}"
    lines += ["", *wrapped(told.rstrip(".") + ".", "    ", "    ")]
    if operator.get("method"):
        lines += ["", *wrapped(f"Source: {operator['method']}", "    ", "    ")]
    own = [one for one in operator["parameters"] if one["name"] not in COMMON]
    if own:
        lines += ["", "    Parameters:"]
    for parameter in own:
        default = parameter.get("default")
        what = parameter["value"] + (f"; default `{default}`" if default else "")
        text = f"{parameter['name']}: {parameter['doc']} ({what})"
        lines += wrapped(text, "        ", "            ")
    if operator.get("example"):
        lines += ["", "    In a config:", *wrapped(operator["example"], "        ", "            ")]
    return [*(line.replace("\\", "\\\\") for line in lines), '    """']


def operator_class(operator: dict[str, Any]) -> str:
    name = class_name(operator["name"])
    lines = ["", "", f"class {name}(Operator):", *docstring(operator)]
    lines += ["", f'    type = "{operator["name"]}"', ""]
    given = []
    arguments = []
    parameters = sorted(operator["parameters"], key=lambda one: not one["required"])
    for parameter in parameters:
        key = parameter["name"]
        argument = key + "_" if keyword.iskeyword(key) else key
        type_ = hint(parameter["value"])
        optional = "" if parameter["required"] else " | None = None"
        arguments.append(f"{argument}: {type_}{optional}")
        given.append((key, argument))
    whole = f"    def __init__(self, *, {', '.join(arguments)}) -> None:"
    if len(whole) <= 100:
        lines.append(whole)
    else:
        lines += ["    def __init__(", "        self,", "        *,"]
        lines += [f"        {argument}," for argument in arguments]
        lines.append("    ) -> None:")
    if any(key != argument for key, argument in given):
        members = ", ".join(f'"{key}": {argument}' for key, argument in given)
        call = f"        super().__init__(**{{{members}}})"
    else:
        call = "        super().__init__(" + ", ".join(f"{key}={key}" for key, _ in given) + ")"
    if len(call) <= 100:
        lines.append(call)
    else:
        lines.append("        super().__init__(")
        if any(key != argument for key, argument in given):
            lines.append("            **{")
            lines += [f'                "{key}": {argument},' for key, argument in given]
            lines.append("            }")
        else:
            lines += [f"            {key}={key}," for key, _ in given]
        lines.append("        )")
    return "\n".join(lines) + "\n"


def main() -> None:
    operators = json.load(sys.stdin)["operators"]
    names = sorted(class_name(operator["name"]) for operator in operators)
    text = HEAD + "\n__all__ = [\n" + "".join(f'    "{name}",\n' for name in names) + "]\n"
    text += DIRECTORY
    text += "".join(operator_class(operator) for operator in operators)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
