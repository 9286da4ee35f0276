"""The jobs of bench/operators.py as users of its peers would write them.

Usage: operator_peers.py PEER JOB FOLDER OUTPUT THREADS, in a folder as many_languages.py makes it.
Prints as JSON the seconds of the clock and of processors that the job took, without the peer's
imports, and the rows that it wrote. Some peers have a Python of their own, without Millrace.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from side_by_side import print_measured

ZSTD: dict[str, Any] = {"compression": "zstd", "compression_level": 1}

# What text_stats measures, in SQL: each in the fastest of some ways that are right for any text.
SPACE = r"\t-\r "
DUCKDB_STATS = r"""
    strlen(text) as bytes, length(text) as chars,
    len(list_filter(string_split(translate(text, E'\t\n\x0b\x0c\r', '     '), ' '),
                    x -> x <> '')) as words,
    strlen(text) - strlen(replace(text, E'\n', ''))
        + (text <> '' and not suffix(text, E'\n'))::int as lines,
    coalesce(list_max(list_transform(string_split(text, E'\n'), x -> length(x))), 0) as line_max,
    length(text) - length(translate(text, E' \t\n\x0b\x0c\r', '')) as blanks,
    coalesce((chars - blanks) / nullif(words, 0), 0) as word_length,
    coalesce(length(regexp_replace(text, '[^A-Za-z\x{C0}-\x{10FFFF}]+', '', 'g'))
             / nullif(chars, 0), 0) as letters,
    coalesce((chars - length(regexp_replace(text, '[0-9]+', '', 'g'))) / nullif(chars, 0), 0)
        as digits,
    coalesce(blanks / nullif(chars, 0), 0) as spaces
"""
SQL_WHERE = "lang in ('en', 'de', 'fr') and score >= 0.25 and length(text) >= 200"
SQL_KEEP = "words >= 50 and word_length between 3 and 10 and letters >= 0.7"
DUCKDB_QUERIES = {
    "copy": "select * from TEXTS",
    "where": f"select * from TEXTS where {SQL_WHERE}",
    "text_stats": f"select * exclude blanks from (select *, {DUCKDB_STATS} from TEXTS)",
    # Materialised, for the planner would measure once more for the condition.
    "text_stats and where": f"with measured as materialized (select *, {DUCKDB_STATS} from TEXTS) "
    f"select * exclude blanks from measured where {SQL_KEEP}",
}


def duckdb_job(job: str, folder: Path, target: Path, threads: int) -> Callable[[], int]:
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    query = DUCKDB_QUERIES[job].replace("TEXTS", f"'{folder / 'texts.parquet'}'")

    def work() -> int:
        connection.execute(
            f"copy ({query}) to '{target}' (format parquet, compression zstd, compression_level 1)"
        )
        return int(connection.fetchall()[0][0])

    return work


def polars_job(job: str, folder: Path, target: Path, threads: int) -> Callable[[], int]:
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl

    text = pl.col("text").str

    def share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
        return pl.when(whole == 0).then(0.0).otherwise(part / whole)

    counts = {
        "bytes": text.len_bytes(),
        "chars": text.len_chars(),
        "words": text.count_matches(rf"[^{SPACE}]+"),
        "lines": text.count_matches("\n", literal=True)
        + ((pl.col("text") != "") & ~text.ends_with("\n")).cast(pl.UInt32),
        "line_max": text.split("\n").list.eval(pl.element().str.len_chars()).list.max(),
        "blanks": text.count_matches(rf"[{SPACE}]"),
        "letters": text.replace_all(r"[^A-Za-z\u{C0}-\u{10FFFF}]+", "").str.len_chars(),
        "digits": text.count_matches("[0-9]"),
    }
    chars, blanks = pl.col("chars"), pl.col("blanks")

    def work() -> int:
        frame = pl.scan_parquet(folder / "texts.parquet")
        if job == "where":
            frame = frame.filter(
                pl.col("lang").is_in(["en", "de", "fr"])
                & (pl.col("score") >= 0.25)
                & (text.len_chars() >= 200)
            )
        if job.startswith("text_stats"):
            frame = frame.with_columns(**counts)
            frame = frame.with_columns(
                word_length=share(chars - blanks, pl.col("words")),
                letters=share(pl.col("letters"), chars),
                digits=share(pl.col("digits"), chars),
                spaces=share(blanks, chars),
            ).drop("blanks")
        if job == "text_stats and where":
            frame = frame.filter(
                (pl.col("words") >= 50)
                & pl.col("word_length").is_between(3, 10)
                & (pl.col("letters") >= 0.7)
            )
        frame.sink_parquet(target, **ZSTD)
        return int(pl.scan_parquet(target).select(pl.len()).collect().item())

    return work


def detect(text: str) -> tuple[str, float]:
    """What `language` gives, by pycld2."""
    import pycld2

    _, _, found = pycld2.detect(text[: 1 << 16], isPlainText=True, returnVectors=False)
    code = found[0][1]
    if code == "un" or code.startswith("xx"):
        return "und", 0.0
    return {"iw": "he", "jw": "jv", "in": "id", "mo": "ro"}.get(code, code), found[0][2] / 100


def label_half(source: str, target: str) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(source) as file:
        schema = file.schema_arrow.append(pa.field("lang_label", pa.string()))
        schema = schema.append(pa.field("lang_score", pa.float64()))
        with pq.ParquetWriter(target, schema, **ZSTD) as writer:
            for batch in file.iter_batches(10_000):
                found = [detect(text) for text in batch["text"].to_pylist()]
                columns = [pa.array(column) for column in zip(*found, strict=True)]
                writer.write_batch(
                    pa.record_batch([*batch.columns, *columns], schema=schema),
                )
        return int(file.metadata.num_rows)


def pycld2_job(job: str, folder: Path, target: Path, threads: int) -> Callable[[], int]:
    """A process for each half of the rows."""
    import multiprocessing

    halves = sorted((folder / "halves").iterdir())
    target.mkdir()

    def work() -> int:
        with multiprocessing.get_context("spawn").Pool(threads) as pool:
            jobs = [(str(half), str(target / half.name)) for half in halves]
            return sum(pool.starmap(label_half, jobs))

    return work


def datatrove_job(job: str, folder: Path, target: Path, threads: int) -> Callable[[], int]:
    """A task for each half of the rows, in a process of its own."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import logging

    import pyarrow.parquet as pq
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.filters import GopherQualityFilter, LambdaFilter
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.stats import DocStats, LineStats, WordStats
    from datatrove.pipeline.writers import ParquetWriter
    from loguru import logger

    logger.remove()
    logging.disable(logging.WARNING)
    stats = str(folder / "datatrove-stats")
    makers: dict[str, Callable[[], list[Any]]] = {
        "copy": lambda: [],
        "where": lambda: [
            LambdaFilter(
                lambda doc: (
                    doc.metadata["lang"] in ("en", "de", "fr")
                    and doc.metadata["score"] >= 0.25
                    and len(doc.text) >= 200
                )
            )
        ],
        "text_stats": lambda: [
            measure(stats, groups_to_compute=["summary"])
            for measure in (DocStats, LineStats, WordStats)
        ],
        "language": lambda: [label_documents],
        "gopher": lambda: [GopherQualityFilter()],
    }
    steps = makers[job]()
    reader = ParquetReader(str(folder / "halves"))
    writer = ParquetWriter(str(target), compression="zstd", expand_metadata=True)
    executor = LocalPipelineExecutor(
        pipeline=[reader, *steps, writer],
        tasks=threads,
        workers=threads,
        start_method="fork",
        logging_dir=str(target.with_suffix(".log")),
    )

    def work() -> int:
        executor.run()
        return sum(pq.read_metadata(path).num_rows for path in target.glob("*.parquet"))

    return work


def label_documents(data: Iterator[Any], rank: int = 0, world_size: int = 1) -> Iterator[Any]:
    """A step of datatrove: its own detectors fetch their models from the net."""
    for document in data:
        label, score = detect(document.text)
        document.metadata |= {"lang_label": label, "lang_score": score}
        yield document


def main() -> None:
    peer, job, folder, target, threads = sys.argv[1:]
    jobs = {
        "duckdb": duckdb_job,
        "polars": polars_job,
        "pycld2": pycld2_job,
        "datatrove": datatrove_job,
    }
    work = jobs[peer](job, Path(folder), Path(target), int(threads))
    print_measured(work)


if __name__ == "__main__":
    main()
