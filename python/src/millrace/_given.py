"""What an operator in Python says it gives, and what it gave, as columns for the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pyarrow

    from millrace._operator import PythonOperator


class NotGiven(Exception):
    """The operator gave something else than it declared."""


class Shape(NamedTuple):
    """An operator with its parameters in place."""

    reads: list[str]
    #: The columns of the interface for plug-ins (millrace/plugin.h).
    gives: pyarrow.Schema
    #: Of each of these the name that the operator gives it by.
    names: list[str]
    #: Rule, threshold, message.
    reasons: list[tuple[str, str, str]]


def _placed(text: str, values: Mapping[str, Any]) -> str:
    """A text with parameters in the place of their names in braces."""
    return re.sub(
        r"\{([a-z0-9_]+)\}", lambda m: str(values[m[1]]) if m[1] in values else m[0], text
    )


def _is_number(type_: pyarrow.DataType) -> bool:
    import pyarrow.types as t

    return bool(
        t.is_boolean(type_) or t.is_integer(type_) or t.is_float32(type_) or t.is_float64(type_)
    )


def shape_of(operator: PythonOperator, values: Mapping[str, Any]) -> Shape:
    import pyarrow

    declared = operator.declared
    reads: list[str] = []
    for text in declared["reads"]:
        of_parameter = re.fullmatch(r"\{([a-z0-9_]+)\}", text)
        value = values.get(of_parameter[1]) if of_parameter else None
        # A parameter that is a list stands for all of its names.
        reads += [str(one) for one in value] if isinstance(value, list) else [_placed(text, values)]
    reads = list(dict.fromkeys(reads))
    names = [_placed(name, values) for name in declared["writes"]]
    types = list(declared["writes"].values())
    called = names
    if operator.kind == "score":
        called = [
            name if name.startswith("_") else ("." if _is_number(type_) else "_") + name
            for name, type_ in zip(names, types, strict=True)
        ]
    elif operator.kind == "filter":
        names = called = ["keep", "reason", "measured"]
        types = [pyarrow.bool_(), pyarrow.uint8(), pyarrow.string()]
    elif declared["makes_rows"]:
        names, called = ["parent", *names], ["parent", *called]
        types = [pyarrow.int64(), *types]
    gives = pyarrow.schema(list(zip(called, types, strict=True)))
    return Shape(reads, gives, names, _reasons(operator, values))


def _reasons(operator: PythonOperator, values: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    if operator.kind != "filter":
        return []
    declared = operator.declared["reasons"]
    if not declared:
        rule = re.sub(r"[^a-z0-9_.]", "_", operator.function.__name__.lower())
        doc = (operator.__doc__ or "").strip().partition("\n")[0]
        return [(f"python.{rule}", "", doc or f"`{operator.entry}` is against it")]
    return [
        (rule, _placed(threshold, values), _placed(message, values))
        for rule, (message, threshold) in declared.items()
    ]


def _family(type_: pyarrow.DataType) -> str:
    import pyarrow.types as t

    for name, tests in {
        "text": (t.is_string, t.is_large_string, t.is_string_view),
        "bytes": (t.is_binary, t.is_large_binary, t.is_binary_view, t.is_fixed_size_binary),
        "integer": (t.is_integer,),
        "float": (t.is_floating,),
        "list": (t.is_list, t.is_large_list, t.is_fixed_size_list),
    }.items():
        if any(test(type_) for test in tests):
            return name
    return str(type_)


def _arrow(values: Any, type_: pyarrow.DataType, name: str) -> pyarrow.Array:
    """An Arrow array of the type, of what an operator gave."""
    import pyarrow

    if hasattr(values, "__arrow_c_array__") or isinstance(values, pyarrow.ChunkedArray):
        array = values if isinstance(values, pyarrow.ChunkedArray) else pyarrow.array(values)
        if isinstance(array, pyarrow.ChunkedArray):
            array = array.combine_chunks()
        if isinstance(array.type, pyarrow.BaseExtensionType):
            array = array.storage
        if pyarrow.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        if array.type.equals(type_):
            return array
        ours, theirs = _family(type_), _family(array.type)
        if ours != theirs and theirs != "null" and (ours, theirs) != ("float", "integer"):
            raise NotGiven(f"gave `{name}` as {array.type}, and declares {type_}")
        return array.cast(type_)
    if getattr(values, "ndim", 1) == 2 and pyarrow.types.is_list(type_):
        import numpy

        rows, width = values.shape
        flat = pyarrow.array(numpy.ascontiguousarray(values).reshape(-1), type=type_.value_type)
        offsets = numpy.arange(0, (rows + 1) * width, max(width, 1), dtype=numpy.int32)[: rows + 1]
        return pyarrow.ListArray.from_arrays(offsets, flat, type=type_)
    return pyarrow.array(values, type=type_)


def _column(values: Any, type_: pyarrow.DataType, name: str, rows: int | None) -> pyarrow.Array:
    import pyarrow

    try:
        array = _arrow(values, type_, name)
    except (pyarrow.ArrowException, TypeError, ValueError) as error:
        raise NotGiven(f"gave `{name}` as what is no {type_} ({type(error).__name__})") from error
    if rows is not None and len(array) != rows:
        raise NotGiven(f"gave {len(array)} values of `{name}` for {rows} rows")
    return array


def _named(operator: PythonOperator, shape: Shape, gave: Any) -> dict[str, Any]:
    """What it gave by name: columns of a batch, a table or a mapping, or one column alone."""
    import pyarrow

    if isinstance(gave, pyarrow.RecordBatch | pyarrow.Table):
        columns = {name: gave.column(i) for i, name in enumerate(gave.schema.names)}
    elif isinstance(gave, Mapping):
        columns = dict(gave)
    elif gave is None:
        raise NotGiven("gave nothing")
    elif operator.kind == "filter" or len(shape.names) == 1:
        columns = {shape.names[0]: gave}
    else:
        raise NotGiven(f"gave a {type(gave).__name__}, and no columns by name")
    unknown = sorted(set(columns) - set(shape.names))
    if unknown:
        raise NotGiven(f"gave `{unknown[0]}`, which it does not declare")
    return columns


def _reason(values: Any, shape: Shape) -> Any:
    """Rules by their names as their numbers."""
    import pyarrow
    import pyarrow.compute

    array = values if isinstance(values, pyarrow.Array) else pyarrow.array(values)
    if _family(array.type) != "text":
        return array.cast(pyarrow.uint8())
    rules = pyarrow.array([rule for rule, _, _ in shape.reasons])
    return pyarrow.compute.index_in(array.cast(pyarrow.string()), value_set=rules).cast(
        pyarrow.uint8()
    )


def taken(
    operator: PythonOperator,
    shape: Shape,
    gave: Any,
    rows: int,
    rejects: list[tuple[int, str, str]],
) -> tuple[pyarrow.RecordBatch, pyarrow.RecordBatch | None]:
    """What an operator gave for so many rows, and those that it rejects."""
    import pyarrow

    columns = _named(operator, shape, gave)
    if operator.kind == "filter":
        nothing = pyarrow.nulls(rows, pyarrow.uint8()).fill_null(0)
        columns["reason"] = _reason(columns["reason"], shape) if "reason" in columns else nothing
        columns.setdefault("measured", pyarrow.nulls(rows, pyarrow.string()))
    wanted: int | None = rows
    if operator.declared["makes_rows"]:
        if "parent" not in columns:
            raise NotGiven("did not give `parent`")
        wanted = len(columns["parent"])
    arrays = []
    for field, name in zip(shape.gives, shape.names, strict=True):
        if name not in columns:
            raise NotGiven(f"did not give `{name}`")
        arrays.append(_column(columns[name], field.type, name, wanted))
    return pyarrow.RecordBatch.from_arrays(arrays, schema=shape.gives), _failures(rejects)


def _failures(rejects: list[tuple[int, str, str]]) -> pyarrow.RecordBatch | None:
    import pyarrow

    if not rejects:
        return None
    first: dict[int, tuple[int, str, str]] = {}
    for one in rejects:
        first.setdefault(one[0], one)
    rows, rules, messages = zip(*sorted(first.values()), strict=True)
    return pyarrow.record_batch(
        [
            pyarrow.array(rows, pyarrow.int64()),
            pyarrow.array(rules, pyarrow.string()),
            pyarrow.array(messages, pyarrow.string()),
        ],
        names=["row", "rule", "message"],
    )
