"""What the engine says to Hugging Face datasets is what that library reads back.

The engine's own test holds tests/fixtures/features.json against what it writes.
"""

import datetime
import decimal
import json
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures/features.json"
ZONED = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.UTC)
DAY = datetime.date(2024, 2, 29)

COLUMNS: dict[str, tuple[pa.DataType, object]] = {
    "bool": (pa.bool_(), True),
    "int8": (pa.int8(), -1),
    "int64": (pa.int64(), 2**60),
    "uint64": (pa.uint64(), 2**64 - 1),
    "float32": (pa.float32(), 0.5),
    "float64": (pa.float64(), 0.1),
    "decimal(10,2)": (pa.decimal128(10, 2), decimal.Decimal("1.50")),
    "decimal(60,5)": (pa.decimal256(60, 5), decimal.Decimal("-1.50000")),
    "string": (pa.string(), "é"),
    "binary": (pa.binary(), b"\xff"),
    "date": (pa.date32(), DAY),
    "time": (pa.time64("us"), datetime.time(1, 2, 3, 4)),
    "time[s]": (pa.time32("ms"), datetime.time(1, 2, 3)),  # Parquet has no seconds
    "timestamp[s]": (pa.timestamp("ms"), datetime.datetime(2024, 2, 29, 12)),
    "timestamp[ms]": (pa.timestamp("ms"), datetime.datetime(2024, 2, 29, 12)),
    "timestamp[us, UTC]": (pa.timestamp("us", "UTC"), ZONED),
    "list<int64>": (pa.list_(pa.int64()), [1, None]),
    "list<list<string>>": (pa.list_(pa.list_(pa.string())), [["a"], []]),
    "struct<a: int64, b: list<date>>": (
        pa.struct([("a", pa.int64()), ("b", pa.list_(pa.date32()))]),
        {"a": 1, "b": [DAY]},
    ),
    "list<struct<role: string, content: string>>": (
        pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
        [{"role": "user", "content": "hi"}],
    ),
    "json": (pa.string(), '{"a": 1}'),
}


def schema() -> pa.Schema:
    plain = pa.schema([(name, type_) for name, (type_, _) in COLUMNS.items()])
    return plain.with_metadata({"huggingface": FIXTURE.read_text().strip()})


def test_features_are_those_that_datasets_derives() -> None:
    derived = datasets.Features.from_arrow_schema(schema().remove_metadata())
    written = json.loads(FIXTURE.read_text())["info"]["features"]
    assert datasets.Features.from_dict(written) == derived
    assert list(written) == list(COLUMNS)


def test_a_file_with_them_loads(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows = [{name: value for name, (_, value) in COLUMNS.items()}, dict.fromkeys(COLUMNS)]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema()), path)
    loaded = [
        datasets.Dataset.from_parquet(str(path), cache_dir=str(tmp_path / "a")),
        datasets.load_dataset(
            "parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "b")
        ),
    ]
    for data in loaded:
        for field in schema():
            assert data.features.arrow_schema.field(field.name).type == field.type, field.name
        first = data[0]
        for name, (_, value) in COLUMNS.items():
            assert first[name] == value, name
        # A struct that is null may read as a struct of nulls: both are "nothing".
        for value in data[1].values():
            assert not any(value.values()) if isinstance(value, dict) else value is None
