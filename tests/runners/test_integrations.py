"""`millrace.integrations.daft`: contracts and operators over the columns of frames."""

from __future__ import annotations

import pickle
from typing import Any

import daft
import pytest
from daft import col

import millrace
from millrace.integrations import daft as over

CONTRACT = {
    "columns": {
        "id": {"type": "int64", "required": True},
        "name": {"type": "string", "from": "Name", "length": {"max": 8}},
    }
}


def test_align_casts_as_ingest_does(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = {"Name": ["Ada", "a name too long", "Grace", None], "id": ["1", "2", "x", "4"]}
    frame = over.align(daft.from_pydict(rows), CONTRACT)
    assert frame.column_names == ["id", "name", "rejected"]
    aligned = frame.to_pydict()
    assert aligned["id"] == [1, None, None, 4]
    assert aligned["name"] == ["Ada", None, None, None]
    told = aligned["rejected"]
    assert told[0] is None and told[3] is None
    assert told[1].startswith("contract.length (name): ")
    assert told[2].startswith("contract.type (id): ")

    import datasets

    pipeline = millrace.Pipeline(
        "same", sources={"rows": {"type": "dataset"}}, contract=CONTRACT, workspace="w"
    )
    kept = pipeline.run(datasets.Dataset.from_dict(rows))
    left = [i for i, why in enumerate(told) if why is None]
    assert kept["id"][:] == [aligned["id"][i] for i in left]
    assert kept["name"][:] == [aligned["name"][i] for i in left]
    assert pipeline.last_run is not None
    rejects = pipeline.last_run.rejects()
    assert [why.split(" ")[0].rstrip(":") for why in told if why] == rejects["rule"][:]


def test_a_frame_of_many_batches_keeps_its_order() -> None:
    frame = daft.from_pydict({"id": [str(i) for i in range(50_000)], "Name": ["n"] * 50_000})
    aligned = over.align(frame, CONTRACT)
    assert aligned.to_pydict()["id"] == list(range(50_000))


def test_operators_are_those_of_stages(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    texts = ["one two three", None, "Der Hund läuft über die Straße.", ""]
    frame = daft.from_pydict({"text": texts})
    measured = frame.select(
        over.text_stats(col("text")).alias("stats"),
        over.normalize_text(col("text"), form="nfc").alias("tidy"),
        over.regex_replace(col("text"), pattern="two", replacement="2").alias("put"),
        over.token_count(col("text")).alias("tokens"),
        over.language(col("text")).alias("language"),
    ).to_pydict()
    assert [s and s["words"] for s in measured["stats"]][:1] == [3]
    assert measured["put"][0] == "one 2 three" and measured["tidy"][0] == texts[0]

    import datasets

    stage = millrace.Stage(
        "s",
        [
            millrace.ops.TextStats(id="stats", field="text"),
            millrace.ops.TokenCount(id="tokens", field="text"),
        ],
    )
    pipeline = millrace.Pipeline(
        "same", sources={"rows": {"type": "dataset"}}, stages=[stage], workspace="w"
    )
    rows = pipeline.run(datasets.Dataset.from_dict({"text": texts}), provenance=True)
    assert [s["stats"] for s in rows["__fdf__/scores"][:]] == measured["stats"]
    assert [s["tokens"] for s in rows["__fdf__/scores"][:]] == measured["tokens"]


def test_functions_reach_other_processes() -> None:
    batches = over._Batches(
        over._config(None, [millrace.ops.TextStats(id="of", field="value")]),
        __import__("pyarrow").schema([("value", "large_string")]),
    )
    assert pickle.loads(pickle.dumps(batches)).schema() == batches.schema()


def test_what_must_know_of_all_rows_is_refused() -> None:
    frame = daft.from_pydict({"id": ["1"]})
    with pytest.raises(ValueError, match="`unique` must know of all rows"):
        over.align(frame, {"columns": {"id": {"type": "int64", "unique": True}}})
    with pytest.raises(millrace.UserError, match="`of` must know of all rows"):
        over._function(millrace.ops.Unique, over._text)(col("id"))
