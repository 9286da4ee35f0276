"""A DataLoader of torch over what a run gave: in this program, which the tests start by itself.

python data_loader.py fork|spawn FOLDER prints what each way of loading gave, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import datasets
import torch
from datasets.distributed import split_dataset_by_node
from torch.utils.data import DataLoader

import millrace
from millrace import ops

ROWS = 4000


def pipeline(name: str, folder: str, **output: int) -> millrace.Pipeline:
    return millrace.Pipeline(
        name,
        workspace=os.path.join(folder, name),
        sources={"train": {"type": "dataset", "stream_split_rows": 500}},
        stages=[
            millrace.Stage(
                "even",
                [ops.Where(id="even", expr="id % 2 = 0")],
                output=output or None,
            )
        ],
    )


def rows() -> datasets.Dataset:
    label = datasets.ClassLabel(names=["small", "large"])
    return datasets.Dataset.from_dict(
        {
            "id": list(range(ROWS)),
            "vector": [[float(at), -float(at)] for at in range(ROWS)],
            "label": [at * 2 // ROWS for at in range(ROWS)],
        }
    ).cast_column("label", label)


def loaded(data: Any, method: str, **options: Any) -> dict[str, Any]:
    """What comes out of two workers."""
    given: dict[str, Any] = {"batch_size": 32, "num_workers": 2, **options}
    if given["num_workers"]:
        given["multiprocessing_context"] = method
    ids: list[int] = []
    for batch in DataLoader(data, **given):
        assert isinstance(batch["id"], torch.Tensor) and batch["id"].dtype == torch.int64
        assert torch.equal(batch["vector"][:, 0], batch["id"].float())
        assert torch.equal(batch["label"], (batch["id"] * 2 // ROWS))
        ids += batch["id"].tolist()
    return {"sum": sum(ids), "rows": len(set(ids)), "in_order": ids == sorted(ids)}


def main(method: str, folder: str) -> None:
    kept = pipeline("maps", folder).run(rows())
    stream = pipeline("streams", folder, shards_multiple_of=4).run(rows().to_iterable_dataset())
    assert isinstance(stream, datasets.IterableDataset)
    told: dict[str, Any] = {
        "map": loaded(kept.with_format("torch"), method, shuffle=method == "fork"),
        "stream": loaded(stream.with_format("torch"), method),
    }
    # Processes that are begun as new ones take seconds each: the ranks are tried with the others.
    for rank in range(2) if method == "fork" else ():
        for kind, whole in (("map", kept), ("stream", stream)):
            of_rank = split_dataset_by_node(whole, rank=rank, world_size=2)
            told[f"{kind}, rank {rank}"] = loaded(of_rank.with_format("torch"), method)
    lazy = pipeline("lazy", folder).run(rows().to_iterable_dataset(), lazy=True)
    try:
        told["lazy"] = loaded(lazy.with_format("torch"), method)
    except Exception as error:
        told["lazy"] = f"{type(error).__name__}: {error}"
    told["lazy, here"] = loaded(lazy.with_format("torch"), method, num_workers=0)
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
