"""A scorer, a filter and a refiner for texts, with a numpy model of 26 weights."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import millrace

# How often a letter stands in English prose, in percent: a model as small as one can be.
LETTERS = "etaoinshrdlcumwfgypbvkjxqz"
PERCENT = [12.7, 9.1, 8.2, 7.5, 7.0, 6.7, 6.3, 6.1, 6.0, 4.3, 4.0, 2.8, 2.8]
PERCENT += [2.4, 2.4, 2.2, 2.0, 2.0, 1.9, 1.5, 1.0, 0.8, 0.15, 0.15, 0.1, 0.07]


@millrace.operator(
    kind="score",
    reads=["{field}"],
    writes={"english": pa.float64(), "letters": pa.int64()},
)
class LetterModel:
    """How near the letters of a text are to those of English prose: 0 to 1, a cosine."""

    def __init__(self, *, field: str) -> None:
        self.field = field

    def setup(self) -> None:
        self.weights = np.zeros(256)
        self.weights[np.frombuffer(LETTERS.encode(), np.uint8)] = PERCENT
        self.weights /= np.linalg.norm(self.weights)

    def __call__(self, batch: pa.RecordBatch) -> dict[str, np.ndarray]:
        texts = pc.fill_null(pc.utf8_lower(batch.column(0)), "").cast(pa.binary())
        _, offsets, values = texts.buffers()
        ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
        text = (
            np.frombuffer(values, np.uint8)[ends[0] : ends[-1]] if values else np.zeros(0, np.uint8)
        )
        row = np.repeat(np.arange(len(texts)), np.diff(ends))
        letters = self.weights[text] > 0
        counts = np.zeros((len(texts), 256))
        np.add.at(counts, (row[letters], text[letters]), 1)
        norms = np.linalg.norm(counts, axis=1)
        # A sum of fixed order for each row, whatever the batch.
        likeness = (counts * self.weights).sum(axis=1) / np.maximum(norms, 1)
        return {"english": likeness, "letters": counts.sum(axis=1).astype(np.int64)}


@millrace.operator(
    kind="filter",
    reads=["{field}"],
    reasons={"scorers.capitals": ("too many of its letters are capitals", "{most}")},
)
def capitals(batch: pa.RecordBatch, *, field: str, most: float = 0.5) -> dict[str, pa.Array]:
    """Drops texts that shout."""
    texts = batch.column(0)
    letters = pc.utf8_length(pc.replace_substring_regex(texts, "[^A-Za-z]", ""))
    loud = pc.utf8_length(pc.replace_substring_regex(texts, "[^A-Z]", ""))
    share = pc.divide(pc.cast(loud, pa.float64()), pc.max_element_wise(letters, 1))
    keep = pc.fill_null(pc.less_equal(share, most), True)
    return {"keep": keep, "measured": pc.cast(pc.round(share, 3), pa.string())}


@millrace.operator(kind="refiner", reads=["{field}"], writes={"{field}": pa.string()})
def one_space(batch: pa.RecordBatch, *, field: str) -> pa.Array:
    """Makes one space of any run of white space."""
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(batch.column(0), r"\s+", " "))
