"""Profiles of whylogs of what the stages of a run wrote, and drift between two runs.

    from millrace.integrations.whylogs import Profiles, drift

    pipeline.run(dataset, hooks=[Profiles()])
    for one in drift(yesterday, pipeline.last_run, stage="quality"):
        print(one.column, one.distance)

A partition is profiled when it is committed, the profile of a stage is merged of them. None is made
twice for the same shard, and a run that goes on with the partitions of an earlier attempt has
theirs, too. docs/guides/integrations.md says what is looked at and where profiles are.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow
import pyarrow.parquet

from millrace._run import Run
from millrace.integrations import _sketches as sketches
from millrace.integrations._graph import INGEST
from millrace.integrations._workspace import place_of, read_json, write_whole

__all__ = ["Drift", "Profiles", "drift", "profile", "profile_path"]

#: Of what is looked at in a column, and of the files. Profiles of another one are not read.
_FORMAT = 1
_PROFILES = f"profiles/whylogs-{_FORMAT}"
_BATCH_ROWS, _BATCH_BYTES = 1 << 16, 16 << 20


_NO_SHARDS = (
    "the rows of `ingest` stayed in the files of their sources, and only shards are profiled: "
    "`keep_rows=True` at a source has a run keep its rows"
)


class Profiles:
    """A hook of `Pipeline.run` that profiles what stages have written.

    `stages` are those to look at; without it all of them, `ingest`, too, where its rows do not stay
    in the files of their sources. `base` is the folder that
    a relative workspace of the config starts at: without it the current one. A workspace behind a
    URL is refused: its shards are read as files.
    """

    def __init__(
        self,
        *,
        stages: Collection[str] | None = None,
        base: str | os.PathLike[str] | None = None,
    ) -> None:
        if isinstance(stages, str):
            raise TypeError("`stages` is a list of names")
        self._stages, self._base = stages, base

    def _folder(self, event: Mapping[str, Any]) -> _Folder | None:
        if self._stages is not None and event["stage"] not in self._stages:
            return None
        return _Folder(place_of(event["workspace"], self._base))

    def on_stage_start(self, event: Mapping[str, Any]) -> None:
        self._folder(event)  # refuses a workspace that it cannot read

    def on_partition_end(self, event: Mapping[str, Any]) -> None:
        folder = self._folder(event)
        if folder is None:
            return
        stages = read_json(folder.place, event["run"], "stages.json") or []
        for stage in stages:
            if str(stage).split("/")[1] == event["stage"]:
                folder.profile_split(str(stage), event["split"])

    def on_stage_end(self, event: Mapping[str, Any]) -> None:
        folder = self._folder(event)
        if folder is None:
            return
        for key in event["manifests"]:
            manifest = read_json(folder.place, key)
            if manifest is None:
                raise FileNotFoundError(f"there is no {folder.place}/{key}: is `base` right?")
            written = _Written(event["stage"], manifest["table"], key, manifest["outputs"])
            if not written.stayed_in_place:
                folder.profile_stage(written)
            elif self._stages is not None:  # it was asked for by its name
                raise ValueError(_NO_SHARDS)


class Drift(NamedTuple):
    """How far a column has moved, from 0 (not at all) to 1.

    `measure` is how `distance` is measured: "ks" of numbers and bools, the greatest difference of
    the two cumulated distributions; "hellinger" of texts, over the shares of frequent values;
    "values" where one run has none; "absent" where one has no such column; "same" where both have
    the same shards. Shares of nulls are told beside it."""

    column: str
    measure: str
    distance: float
    nulls_before: float
    nulls_after: float


def profile(run: Run, stage: str | None = None, table: str = "") -> sketches.View:
    """The profile of what a stage of a run wrote: of the last one, or of "ingest", there of a table
    where there are several. What a hook has not made yet is made of the shards. A ValueError where
    the rows of "ingest" stayed in the files of their sources."""
    return _Folder(_place(run)).profile_stage(_written(run, stage, table))


def profile_path(run: Run, stage: str | None = None, table: str = "") -> str:
    """The file of that profile, for other tools; it is made if it is not there. Beside it, with the
    ending `.json`, is the list of the partitions that it is merged of."""
    folder, written = _Folder(_place(run)), _written(run, stage, table)
    folder.profile_stage(written)
    return folder.of_stage(written) + ".bin"


def _place(run: Run) -> str:
    return run.folder.rpartition("/runs/")[0]


def drift(before: Run, after: Run, stage: str | None = None, table: str = "") -> tuple[Drift, ...]:
    """How the columns of a stage have moved from one run to another, the farthest first."""
    written = [_written(run, stage, table) for run in (before, after)]
    if written[0].rows == written[1].rows:
        # Quantiles of large columns are estimates, which are not the same each time.
        same = profile(after, stage, table).get_columns()
        return tuple(
            Drift(name, "same", 0.0, _nulls(column), _nulls(column))
            for name, column in sorted(same.items())
        )
    one, two = (profile(run, stage, table).get_columns() for run in (before, after))
    moved = [_moved(name, one.get(name), two.get(name)) for name in one.keys() | two.keys()]
    return tuple(sorted(moved, key=lambda drift: (-drift.distance, drift.column)))


def _moved(name: str, before: Any, after: Any) -> Drift:
    nulls = [0.0 if column is None else _nulls(column) for column in (before, after)]
    if before is None or after is None:
        return Drift(name, "absent", 1.0, *nulls)
    measure, distance = sketches.distance(before, after)
    return Drift(name, measure, distance, *nulls)


def _nulls(column: Any) -> float:
    rows = sketches.count(column, "n")
    return sketches.count(column, "null") / rows if rows else 0.0


class _Written(NamedTuple):
    """What a stage has written: a table of `ingest`, or all of another one."""

    stage: str
    table: str
    #: Key of the manifest in the workspace.
    manifest: str
    outputs: Sequence[Mapping[str, Any]]

    @property
    def folder(self) -> str:
        return os.path.dirname(self.manifest)

    @property
    def stayed_in_place(self) -> bool:
        """Rows of ingest that were left in the files of their sources: there are no shards."""
        return any("referred_bytes" in shard for shard in self.outputs)

    @property
    def rows(self) -> str:
        """Equal for equal shards."""
        shards = [shard["sha256"] for shard in self.outputs]
        return hashlib.sha256(json.dumps(shards).encode()).hexdigest()


def _written(run: Run, stage: str | None, table: str) -> _Written:
    report = run.report
    if stage is None:
        stage = run.stages[-1] if run.stages else INGEST
    if stage == INGEST:
        tables = {one["table"]: one for one in report["tables"]}
        if not table and len(tables) == 1:
            (table,) = tables
        if table not in tables:
            raise KeyError(f"the run has no table {table!r}; its tables are {list(tables)}")
        told = tables[table]
    else:
        run.stage(stage)  # a KeyError names those there are
        told = next(one for one in report["stages"] if one["stage"] == stage)
    written = _Written(stage, table, told["manifest"], told["outputs"])
    if written.stayed_in_place:
        raise ValueError(_NO_SHARDS)
    return written


class _Folder:
    """The profiles of a workspace. Beside each is a note of the shards that it is of, as
    `millrace gc` wants it, which removes both when a shard is gone."""

    def __init__(self, place: str) -> None:
        if "://" in place:
            raise ValueError(f"the workspace {place} is not a folder: its shards are read as files")
        self.place = place

    def _below(self, folder: str, name: str) -> str:
        """A profile's path without its ending, by the folder of the stage."""
        return os.path.join(self.place, _PROFILES, folder.removeprefix("stages/"), name)

    def of_stage(self, written: _Written) -> str:
        return self._below(written.folder, f"stage-{written.rows[:24]}")

    def _of_shard(self, folder: str, shard: str) -> str:
        """The shard's name holds its hash."""
        return self._below(folder, shard.removesuffix(".parquet"))

    def profile_split(self, folder: str, split: str) -> None:
        """What a split has left in the folder of its stage."""
        data = os.path.join(self.place, folder, "data")
        for shard in sorted(glob.glob(glob.escape(split) + "-*.parquet", root_dir=data)):
            self._profile_shard(folder, shard)

    def _profile_shard(self, folder: str, shard: str) -> sketches.View:
        path = self._of_shard(folder, shard)
        made = _read(path)
        if made is None:
            key = f"{folder}/data/{shard}"
            with pyarrow.parquet.ParquetFile(os.path.join(self.place, key)) as file:
                made = sketches.sketch(file.iter_batches(batch_size=_batch_rows(file.metadata)))
            _write(path, made.serialize(), {"shards": [key]})
        return made

    def profile_stage(self, written: _Written) -> sketches.View:
        """Merges the profiles of the shards in their order."""
        path = self.of_stage(written)
        made = _read(path)
        if made is None:
            made = sketches.merged(self._of_shards(written))
            content = made.serialize()
            _write(path, content, self._listing(written, content))
        return made

    def _of_shards(self, written: _Written) -> Iterator[sketches.View]:
        for shard in written.outputs:
            yield self._profile_shard(written.folder, os.path.basename(shard["path"]))

    def _listing(self, written: _Written, content: bytes) -> dict[str, Any]:
        """The manifest of a profile. That of the stage cannot name it: it is made of the commit
        records alone, and has the same bytes with and without hooks."""
        partitions = []
        for shard in written.outputs:
            path = self._of_shard(written.folder, os.path.basename(shard["path"]))
            partitions.append(
                {
                    "shard": shard["path"],
                    "sha256": shard["sha256"],
                    "rows": shard["rows"],
                    "profile": os.path.basename(path) + ".bin",
                }
            )
        return {
            "format_version": _FORMAT,
            "whylogs": sketches.VERSION,
            "stage": written.stage,
            "table": written.table,
            "manifest": written.manifest,
            "rows": sum(shard["rows"] for shard in written.outputs),
            "profile": {
                "path": os.path.basename(self.of_stage(written)) + ".bin",
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            },
            "partitions": partitions,
            "shards": [f"{written.folder}/{shard['path']}" for shard in written.outputs],
        }


def _batch_rows(shard: pyarrow.parquet.FileMetaData) -> int:
    """Texts become objects of Python batch by batch: fewer of them where they are long."""
    groups = map(shard.row_group, range(shard.num_row_groups))
    size = sum(int(group.total_byte_size) for group in groups)
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES * int(shard.num_rows) // max(size, 1)))


def _read(path: str) -> sketches.View | None:
    """A profile that is whole: its note is written after it."""
    if not os.path.exists(f"{path}.json"):
        return None
    try:
        with open(f"{path}.bin", "rb") as file:
            return sketches.View.deserialize(file.read())
    except FileNotFoundError:
        return None


def _write(path: str, content: bytes, note: Mapping[str, Any]) -> None:
    write_whole(f"{path}.bin", content)
    write_whole(f"{path}.json", (json.dumps(note, indent=1, sort_keys=True) + "\n").encode())
