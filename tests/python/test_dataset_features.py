"""Every type of `datasets` goes in and comes out: rows, features, map-style and streamed."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pytest

import millrace
from millrace import ops

UTC = datetime.UTC
DAY = datetime.date(2026, 11, 29)
NOW = datetime.datetime(2026, 11, 29, 3, 30, 15)
VALUES: dict[str, list[Any]] = {
    "null": [None, None],
    "bool": [True, None],
    "int8": [-128, None],
    "int16": [-(2**15), 2**15 - 1],
    "int32": [-(2**31), None],
    "int64": [-(2**63), 2**63 - 1],
    "uint8": [255, None],
    "uint16": [2**16 - 1, 0],
    "uint32": [2**32 - 1, None],
    "uint64": [2**64 - 1, None],
    "float16": [0.5, None],
    "float32": [0.1, float("inf")],
    "float64": [0.1, None],
    "time32[s]": [datetime.time(3, 30, 15), None],
    "time32[ms]": [datetime.time(3, 30, 15, 7000), None],
    "time64[us]": [datetime.time(3, 30, 15, 7), None],
    "time64[ns]": [datetime.time(3, 30, 15, 7), None],
    "timestamp[s]": [NOW, None],
    "timestamp[ms]": [NOW, None],
    "timestamp[us]": [NOW, None],
    "timestamp[ns]": [NOW, None],
    "timestamp[us, tz=UTC]": [NOW.replace(tzinfo=UTC), None],
    "timestamp[ms, tz=Europe/Berlin]": [NOW.replace(tzinfo=UTC), None],
    "date32": [DAY, None],
    "date64": [DAY, None],
    "duration[s]": [datetime.timedelta(days=2), None],
    "duration[us]": [datetime.timedelta(days=2, microseconds=3), None],
    "decimal128(10, 2)": [decimal.Decimal("-12345678.90"), None],
    "decimal256(50, 3)": [decimal.Decimal("1.234"), None],
    "binary": [b"\x00\xff", None],
    "large_binary": [b"\x00\xff", None],
    "binary_view": [b"\x00\xff", None],
    "string": ["ä🦆", None],
    "large_string": ["ä🦆", None],
    "string_view": ["ä🦆", None],
}


def run(tmp_path: Path, data: Any) -> Any:
    curate = millrace.Pipeline(
        "types",
        workspace=tmp_path / "workspace",
        sources={"train": {"type": "dataset"}},
        stages=[millrace.Stage("all", [ops.Where(id="w", expr="id >= 0")])],
    )
    return curate.run(data)


def held(features: datasets.Features, columns: dict[str, list[Any]]) -> datasets.Dataset:
    """A dataset whose columns are what is stored: to encode some takes packages of their own."""
    stored = features.arrow_schema
    arrays = []
    for field in stored:
        type_ = field.type
        if isinstance(type_, pa.BaseExtensionType):
            type_ = type_.storage_type
        arrays.append(pa.array(columns[field.name], type_))
    table = datasets.table.table_cast(pa.table(arrays, names=stored.names), stored)
    return datasets.Dataset(table, fingerprint="held")


def check(tmp_path: Path, feature: Any, values: list[Any]) -> None:
    features = datasets.Features({"id": datasets.Value("int64"), "x": feature})
    data = held(features, {"id": list(range(len(values))), "x": values})
    kept = run(tmp_path / "dataset", data)
    assert kept.features == features
    assert kept.data.table.column("x").to_pylist() == data.data.table.column("x").to_pylist()
    streamed = run(tmp_path / "stream", data.to_iterable_dataset())
    assert isinstance(streamed, datasets.IterableDataset)
    if feature == datasets.Value("null"):  # Parquet files are read by `datasets`, which casts none
        features["x"] = datasets.Value("string")
    assert streamed.features == features
    tables = list(streamed.with_format("arrow").iter(100))
    found = [value for table in tables for value in table.column("x").to_pylist()]
    assert found == data.data.table.column("x").to_pylist()


def test_no_type_is_left_out() -> None:
    """What `datasets` has is here, or in the tests below."""
    known = set(datasets.features.features._FEATURE_TYPES)
    assert known == {"Value", "ClassLabel", *(type(one).__name__ for one, _ in OTHERS.values())}


@pytest.mark.parametrize("dtype", VALUES)
def test_values(tmp_path: Path, dtype: str) -> None:
    check(tmp_path, datasets.Value(dtype), VALUES[dtype])


def media(**more: Any) -> list[Any]:
    return [{"bytes": b"\x89PNG", "path": "a.png"}, {"bytes": b"", "path": None}]


Value, List, LargeList = datasets.Value, datasets.List, datasets.LargeList
OTHERS: dict[str, tuple[Any, list[Any]]] = {
    "list": (List(Value("int32")), [[1, None], []]),
    "list of lists": (List(List(Value("string"))), [[["a"], []], [[None]]]),
    "fixed list": (List(Value("float32"), length=2), [[1.0, 2.0], [3.0, 4.0]]),
    "large list": (LargeList(Value("string")), [["a"], None]),
    "list of records": (List({"role": Value("string")}), [[{"role": "user"}], []]),
    "2d": (datasets.Array2D((2, 2), "int32"), [[[1, 2], [3, 4]]] * 2),
    "2d of any length": (datasets.Array2D((None, 2), "float64"), [[[1.0, 2.0]], []]),
    "3d": (datasets.Array3D((1, 2, 2), "uint8"), [[[[1, 2], [3, 4]]]] * 2),
    "4d": (datasets.Array4D((1, 1, 1, 2), "int64"), [[[[[1, 2]]]]] * 2),
    "5d": (datasets.Array5D((1, 1, 1, 1, 2), "float32"), [[[[[[1, 2]]]]]] * 2),
    "image": (datasets.Image(decode=False), media()),
    "audio": (datasets.Audio(sampling_rate=16000, decode=False), media()),
    "video": (datasets.Video(decode=False), media()),
    "pdf": (datasets.Pdf(decode=False), media()),
    "nifti": (datasets.Nifti(decode=False), media()),
    "mesh": (datasets.Mesh(decode=False), media()),
    "sequence": (datasets.BioSequence(decode=False), media()),
    "structure": (datasets.BioStructure(decode=False), media()),
    "json": (datasets.Json(decode=False), ['{"a": [1, 2]}', "null"]),
    "translation": (datasets.Translation(["en", "fr"]), [{"en": "a", "fr": "b"}] * 2),
    "translations": (
        datasets.TranslationVariableLanguages(["en", "fr"]),
        [{"language": ["en", "fr"], "translation": ["a", "b"]}] * 2,
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_others(tmp_path: Path, name: str) -> None:
    check(tmp_path, *OTHERS[name])


def test_labels_and_records(tmp_path: Path) -> None:
    check(tmp_path / "label", datasets.ClassLabel(names=["no", "yes"]), [0, None])
    record = {"a": Value("int8"), "deep": {"b": List(Value("string")), "c": datasets.Image()}}
    values = [{"a": 1, "deep": {"b": ["x"], "c": {"bytes": b"1", "path": None}}}, None]
    check(tmp_path / "record", record, values)
