"""Functions that are told of stages, the mode of a run, and data that `load_dataset` fetches."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import datasets
import pytest

import millrace
from command import Millrace
from millrace import ops


class Noted(millrace.Hook):
    def __init__(self, fails_at: str = "") -> None:
        self.told: list[tuple[str, str]] = []
        self.events: list[dict[str, Any]] = []
        self.fails_at = fails_at
        self.threads: set[int] = set()

    def _note(self, event: dict[str, Any]) -> None:
        self.told.append((event["event"], event["stage"]))
        self.events.append(event)
        self.threads.add(threading.get_ident())
        if event["event"] == self.fails_at:
            raise ValueError("no such table")

    on_stage_start = on_partition_end = on_stage_end = _note


def pipeline(tmp_path: Path) -> millrace.Pipeline:
    return millrace.Pipeline(
        "hooked",
        workspace=tmp_path / "workspace",
        sources={"train": {"type": "dataset"}},
        stages=[millrace.Stage("kept", [ops.Where(id="w", expr="id > 2")])],
    )


def numbers() -> datasets.Dataset:
    return datasets.Dataset.from_dict({"id": list(range(10))})


WHOLE = [
    (event, stage)
    for stage in ("ingest", "kept")
    for event in ("stage_start", "partition_end", "stage_end")
]


def test_hooks_are_told_of_stages(tmp_path: Path) -> None:
    noted, only_ends = Noted(), EndsOnly()
    curate = pipeline(tmp_path)
    curate.run(numbers(), hooks=[noted, only_ends])
    assert noted.told == WHOLE
    assert noted.threads == {threading.get_ident()}
    assert only_ends.rows == [10, 7]
    rows = noted.events[-1]["rows"]
    assert (rows["read"], rows["written"], rows["rejected"]) == (10, 7, 3)
    again = Noted()
    curate.run(numbers(), hooks=[again])
    assert ("partition_end", "kept") not in again.told  # nothing was done again
    with pytest.raises(TypeError, match="on_stage_start or"):
        curate.run(numbers(), hooks=[object()])


class EndsOnly:
    def __init__(self) -> None:
        self.rows: list[int] = []

    def on_stage_end(self, event: dict[str, Any]) -> None:
        self.rows.append(event["rows"]["written"])


@pytest.mark.parametrize("moment", ["stage_start", "partition_end", "stage_end"])
def test_an_exception_in_a_hook_ends_the_run(tmp_path: Path, moment: str) -> None:
    curate = pipeline(tmp_path)
    with pytest.raises(millrace.UserError, match="hook raised ValueError") as caught:
        curate.run(numbers(), hooks=[Noted(fails_at=moment)])
    assert caught.value.code == "MR1505"
    assert caught.value.text.splitlines()[0] == (
        f"millrace: error MR1505: a hook raised ValueError at {moment} of `ingest`: no such table"
    )
    assert isinstance(caught.value.__cause__, ValueError)
    assert len(curate.run(numbers())) == 7


def test_hooks_of_configs(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n5\n")
    config = tmp_path / "pipeline.yaml"
    config.write_text(
        "version: 1\nname: p\nsources: {s: {type: csv, path: a.csv}}\n"
        "stages: [{name: kept, operators: [{id: w, type: where, expr: id > 2}]}]\n"
    )
    noted = Noted()
    millrace.run(config, hooks=[noted])
    assert noted.told == WHOLE
    anew = Noted()
    millrace.run(config, hooks=[anew], mode="overwrite")
    assert ("partition_end", "kept") in anew.told
    with pytest.raises(ValueError, match="no mode 'often'"):
        millrace.run(config, mode="often")  # type: ignore[arg-type]


def test_overwrite_builds_stages_anew(tmp_path: Path) -> None:
    curate = pipeline(tmp_path)
    first = curate.run(numbers())
    (before,) = (tmp_path / "workspace/stages/kept").iterdir()
    noted = Noted()
    again = curate.run(numbers(), mode="overwrite", hooks=[noted])
    assert ("partition_end", "kept") in noted.told
    assert again.to_dict() == first.to_dict()
    folders = {folder.name for folder in (tmp_path / "workspace/stages/kept").iterdir()}
    assert folders == {before.name, f"{before.name}.1"}
    # And what is there is enough for the next one.
    after = Noted()
    curate.run(numbers(), hooks=[after])
    assert ("partition_end", "kept") not in after.told


def test_what_load_dataset_fetches(tmp_path: Path, millrace_command: Millrace) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps({"id": row, "text": "x"}) + "\n" for row in range(10)))

    def loads(**more: Any) -> millrace.Pipeline:
        load = {"path": "json", "data_files": [str(file)], "cache_dir": str(tmp_path / "c"), **more}
        return millrace.Pipeline(
            "loaded",
            workspace=tmp_path / "workspace",
            sources={"train": {"type": "hf", "load": load}},
            stages=[millrace.Stage("kept", [ops.Where(id="w", expr="id > 2")])],
        )

    curate = loads(split="train")
    kept = curate.run()
    assert isinstance(kept, datasets.Dataset) and len(kept) == 7
    assert curate.dataset_sources == ()
    # A DatasetDict of one split is that split, and a stream gives a stream.
    assert len(loads().run()) == 7
    streamed = loads(streaming=True, split="train").run()
    assert isinstance(streamed, datasets.IterableDataset)
    assert len(list(streamed)) == 7
    again = millrace.Pipeline.from_yaml(curate.to_yaml())
    assert len(again.run()) == 7
    config = tmp_path / "pipeline.yaml"
    config.write_text(curate.to_yaml())
    done = millrace_command("run", config)
    assert done.code == 1 and "MR1506" in done.err
    assert "is what `datasets.load_dataset` gives, which only Python can call" in done.err


@pytest.fixture
def millrace_command(millrace: Millrace) -> Millrace:
    return millrace


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({}, "`path` is missing"),
        ({"path": "a", "load": {"path": "json"}}, "exclude each other"),
        ({"split": "a", "load": {"path": "json"}}, "exclude each other"),
        ({"load": {}}, "says nothing to load"),
    ],
)
def test_sources_of_hf_that_make_no_sense(source: dict[str, Any], message: str) -> None:
    with pytest.raises(millrace.UserError, match=message):
        millrace.Pipeline("p", sources={"s": {"type": "hf", **source}})


def test_mixtures_of_datasets(tmp_path: Path) -> None:
    """A dict of datasets in; weights from a function of the step of the training."""
    easy = datasets.Dataset.from_dict({"from": ["easy"] * 4000})
    hard = datasets.Dataset.from_dict({"from": ["hard"] * 4000})
    steps = millrace.curriculum(
        lambda step: {"easy": 1 - step / 100, "hard": step / 100}, range(0, 101, 25)
    )
    assert steps[1] == {"at": 25, "weights": {"easy": 0.75, "hard": 0.25}}
    curate = millrace.Pipeline(
        "mixed",
        workspace=tmp_path / "workspace",
        sources={"easy": {"type": "dataset"}, "hard": {"type": "dataset"}},
        stages=[
            millrace.Stage(
                "mix",
                inputs={"easy": {}, "hard": {}},
                mixture={"curriculum_by": "step", "curriculum": steps},
            )
        ],
    )
    data = {"easy": easy, "hard": hard}
    shares = []
    for step in (0, 30, 60):
        rows = curate.run(data, at_step=step)["from"][:1024]
        shares.append(rows.count("hard"))
    assert shares == [0, 256, 512]
    assert curate.run(data)["from"][:10] == ["easy"] * 10
