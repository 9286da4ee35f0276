"""Seeded texts of mixed lengths in several languages, as Parquet: what benchmarks of text read.

Half of the rows are English. A text is made of the frequent words of its language and of words that
are put together from halves of them, so that it compresses about as prose does (2.6 to 1 with zstd
level 1) and a detector of languages knows it. Its number of words is log-normal: half of the texts
have fewer than 90, one in a hundred more than 1,200. Sentences end with a full stop, three in ten
of them with a line break; a number stands here and there.
"""

from __future__ import annotations

import math
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

# Language, share of the rows in per cent, words; those without blanks are joined.
LANGUAGES = Path(__file__).with_name("languages.tsv")
WITHOUT_BLANKS = ("ja", "zh")
SCHEMA = pa.schema(
    [("id", pa.int64()), ("lang", pa.string()), ("score", pa.float64()), ("text", pa.string())]
)
BATCH_ROWS = 10_000


def vocabulary(rng: random.Random, words: str) -> list[str]:
    """Each word often, and many that are made of halves of two."""
    whole = words.split()
    made = []
    for _ in range(3000):
        one, other = rng.choice(whole), rng.choice(whole)
        made.append(one[: (len(one) + 1) // 2] + other[len(other) // 2 :])
    return whole * (5000 // len(whole)) + made


def text_of(rng: random.Random, words: list[str], blank: str) -> str:
    count = max(1, int(math.exp(rng.gauss(math.log(90), 1.1))))
    drawn = rng.choices(words, k=count)
    at = 0
    while at < count:
        at += rng.randrange(5, 25)
        if at < count:
            drawn[at] += ".\n" if rng.random() < 0.3 else ". "
            if rng.random() < 0.2:
                drawn[at] += str(rng.randrange(2100))
    return blank.join(drawn).replace(".  ", ". ").replace("\n ", "\n")


def write_texts(folder_name: str, megabytes: int, repeated: float = 0) -> tuple[int, int]:
    """Makes texts.parquet in the folder, and the same rows in two files of halves/ beside it. Gives
    the rows and the bytes of their texts, which are `megabytes` million or a little more.
    `repeated` is the share of rows that have the text of a row shortly before them."""
    folder = Path(folder_name)
    rng = random.Random(7)
    lines = [line.split("\t") for line in LANGUAGES.read_text().splitlines()]
    kinds = [
        (name, vocabulary(rng, words), "" if name in WITHOUT_BLANKS else " ")
        for name, _, words in lines
    ]
    shares = [int(share) for _, share, _ in lines]
    halves = folder / "halves"
    halves.mkdir()
    options = {"compression": "zstd", "compression_level": 1}
    rows = size = 0
    with (
        pq.ParquetWriter(folder / "texts.parquet", SCHEMA, **options) as whole,
        pq.ParquetWriter(halves / "0.parquet", SCHEMA, **options) as first,
        pq.ParquetWriter(halves / "1.parquet", SCHEMA, **options) as second,
    ):
        while size < megabytes * 1_000_000:
            drawn = rng.choices(kinds, weights=shares, k=BATCH_ROWS)
            texts = [text_of(rng, words, blank) for _, words, blank in drawn]
            for row in range(1, BATCH_ROWS) if repeated > 0 else ():
                if rng.random() < repeated:
                    texts[row] = texts[rng.randrange(row)]
            size += sum(len(text.encode()) for text in texts)
            batch = pa.record_batch(
                [
                    pa.array(range(rows + 1, rows + BATCH_ROWS + 1), pa.int64()),
                    pa.array([name for name, _, _ in drawn]),
                    pa.array([rng.random() for _ in drawn]),
                    pa.array(texts),
                ],
                schema=SCHEMA,
            )
            rows += BATCH_ROWS
            whole.write_batch(batch)
            (first if size < megabytes * 500_000 else second).write_batch(batch)
    return rows, size
