"""The benchmark's jobs as users of DuckDB, Polars and pyarrow would write them.

Usage: peers.py PEER JOB INPUT OUTPUT THREADS. Prints the seconds of the job without imports.
"""

from __future__ import annotations

import json
import os
import sys
import time

CSV_TYPES = {
    "id": "int64",
    "key": "string",
    "created": "timestamp",
    "day": "date",
    "price": "decimal",
    "quantity": "int32",
    "ratio": "float64",
    "flag": "bool",
    "country": "string",
    "state": "string",
    "email": "string",
    "word": "string",
    "serial": "int64",
    "maybe": "int16",
    "latitude": "float64",
    "updated": "timestamp",
    "title": "string",
    "tag": "string",
    "place": "string",
    "body": "string",
}
DUCKDB_NAMES = {
    "int64": "BIGINT",
    "int32": "INTEGER",
    "int16": "SMALLINT",
    "string": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "decimal": "DECIMAL(10,2)",
    "float64": "DOUBLE",
    "bool": "BOOLEAN",
}
JSON_COLUMNS = (
    "id, created, doc.title as title, doc.text as text, doc.lang as lang, doc.words as words, "
    "doc.score as score, meta.ok as ok, state"
)


def duckdb_job(job: str, source: str, target: str, threads: int) -> float:
    import duckdb

    started = time.perf_counter()
    connection = duckdb.connect(config={"threads": threads})
    if job == "csv":
        columns = {name: DUCKDB_NAMES[kind] for name, kind in CSV_TYPES.items()}
        rows = f"select * from read_csv('{source}', columns={columns!r}, header=true)"
    else:
        columns = {
            "id": "BIGINT",
            "created": "TIMESTAMP",
            "doc": "STRUCT(title VARCHAR, text VARCHAR, lang VARCHAR, words INTEGER, score DOUBLE)",
            "meta": "STRUCT(ok BOOLEAN)",
            "state": "VARCHAR",
        }
        rows = (
            f"select {JSON_COLUMNS} from read_json('{source}', columns={columns!r}, "
            "format='newline_delimited')"
        )
    connection.sql(
        f"copy ({rows}) to '{target}' (format parquet, compression zstd, compression_level 1)"
    )
    return time.perf_counter() - started


def polars_job(job: str, source: str, target: str, threads: int) -> float:
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl

    kinds: dict[str, pl.DataType | type[pl.DataType]] = {
        "int64": pl.Int64,
        "int32": pl.Int32,
        "int16": pl.Int16,
        "string": pl.String,
        "timestamp": pl.Datetime("us"),
        "date": pl.Date,
        "decimal": pl.Decimal(10, 2),
        "float64": pl.Float64,
        "bool": pl.Boolean,
    }
    started = time.perf_counter()
    if job == "csv":
        frame = pl.scan_csv(source, schema={name: kinds[kind] for name, kind in CSV_TYPES.items()})
    else:
        doc = pl.Struct(
            {
                "title": pl.String,
                "text": pl.String,
                "lang": pl.String,
                "words": pl.Int32,
                "score": pl.Float64,
            }
        )
        schema: dict[str, pl.DataType | type[pl.DataType]] = {
            "id": pl.Int64,
            "created": pl.String,
            "doc": doc,
            "meta": pl.Struct({"ok": pl.Boolean}),
            "state": pl.String,
        }
        raw = pl.scan_ndjson(source, schema=schema)
        frame = raw.select(
            "id",
            pl.col("created").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us"),
            *[
                pl.col("doc").struct.field(name)
                for name in ("title", "text", "lang", "words", "score")
            ],
            pl.col("meta").struct.field("ok"),
            "state",
        )
    frame.sink_parquet(target, compression="zstd", compression_level=1)
    return time.perf_counter() - started


def pyarrow_job(job: str, source: str, target: str, threads: int) -> float:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv
    import pyarrow.json
    import pyarrow.parquet

    pa.set_cpu_count(threads)
    kinds = {
        "int64": pa.int64(),
        "int32": pa.int32(),
        "int16": pa.int16(),
        "string": pa.string(),
        "timestamp": pa.timestamp("us"),
        "date": pa.date32(),
        "decimal": pa.decimal128(10, 2),
        "float64": pa.float64(),
        "bool": pa.bool_(),
    }
    options = {"compression": "zstd", "compression_level": 1}
    started = time.perf_counter()
    if job == "csv":
        reader = pyarrow.csv.open_csv(
            source,
            read_options=pyarrow.csv.ReadOptions(block_size=8 << 20),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: kinds[kind] for name, kind in CSV_TYPES.items()}
            ),
        )
        with pyarrow.parquet.ParquetWriter(target, reader.schema, **options) as writer:
            for batch in reader:
                writer.write_batch(batch)
        return time.perf_counter() - started
    doc = pa.struct(
        [
            ("title", pa.string()),
            ("text", pa.string()),
            ("lang", pa.string()),
            ("words", pa.int32()),
            ("score", pa.float64()),
        ]
    )
    schema = pa.schema(
        [
            ("id", pa.int64()),
            ("created", pa.timestamp("s")),
            ("doc", doc),
            ("meta", pa.struct([("ok", pa.bool_())])),
            ("state", pa.string()),
        ]
    )
    json_reader = pyarrow.json.open_json(
        source,
        read_options=pyarrow.json.ReadOptions(block_size=8 << 20),
        parse_options=pyarrow.json.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior="ignore"
        ),
    )
    out: pyarrow.parquet.ParquetWriter | None = None
    for batch in json_reader:
        columns = {
            "id": batch["id"],
            "created": pc.cast(batch["created"], pa.timestamp("us")),
            **{
                name: pc.struct_field(batch["doc"], name)
                for name in ("title", "text", "lang", "words", "score")
            },
            "ok": pc.struct_field(batch["meta"], "ok"),
            "state": batch["state"],
        }
        flat = pa.record_batch(columns)
        out = out or pyarrow.parquet.ParquetWriter(target, flat.schema, **options)
        out.write_batch(flat)
    if out is not None:
        out.close()
    return time.perf_counter() - started


def main() -> None:
    peer, job, source, target, threads = sys.argv[1:]
    jobs = {"duckdb": duckdb_job, "polars": polars_job, "pyarrow": pyarrow_job}
    seconds = jobs[peer](job, source, target, int(threads))
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
