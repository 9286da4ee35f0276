"""Reports and pointers that another program changed: what reads them says so, and never falls."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from card import runs

from command import Millrace

CONTRACT = "contract: {columns: {id: {type: int32, max: 8}, text: {type: string}}}\n"


@pytest.fixture
def made(millrace: Millrace, tmp_path: Path) -> Path:
    folder = tmp_path / "x y"
    runs.write(folder, [{"id": i, "text": f"row {i}"} for i in range(10)], CONTRACT)
    config = folder / "pipeline.yaml"
    config.write_text(config.read_text().replace("out/corpus}", "out/corpus, overwrite: true}"))
    millrace.ok("run", "pipeline.yaml", cwd=folder)
    return folder


def nothing(_: Any) -> Any:
    return {}


def no_object(_: Any) -> Any:
    return [1, 2]


def other_types(report: Any) -> Any:
    """Every member of the first level is of another type."""
    return {key: 7 if not isinstance(value, int) else "x" for key, value in report.items()}


def other_items(report: Any) -> Any:
    """Every list holds something else, too."""
    return {
        key: [1, "x", [], *value] if isinstance(value, list) else value
        for key, value in report.items()
    }


def other_leaves(value: Any) -> Any:
    """Texts are numbers and numbers are texts."""
    if isinstance(value, dict):
        return {key: other_leaves(item) for key, item in value.items()}
    if isinstance(value, list):
        return [other_leaves(item) for item in value]
    return 7 if isinstance(value, str) else "x"


DAMAGES = [nothing, no_object, other_types, other_items, other_leaves]


def change(path: Path, damage: Callable[[Any], Any]) -> None:
    path.write_text(json.dumps(damage(json.loads(path.read_text()))))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_report_of_another_shape(
    millrace: Millrace, made: Path, damage: Callable[[Any], Any]
) -> None:
    report = runs.last_card(made).with_name("report.json")
    whole = made / "whole"
    shutil.copytree(made / "workspace", whole)
    change(report, damage)
    run, other = report.parent, whole / "runs" / report.parent.name
    commands: list[list[str | Path]] = [
        ["status", "workspace"],
        ["plan", "pipeline.yaml"],
        ["releases", "workspace"],
        ["approve", run, "--by", "A"],
        ["diff", run, other],
        ["diff", other, run],
        ["verify", "workspace"],
        ["gc", "workspace", "--dry-run"],
    ]
    for command in commands:
        done = millrace(*command, cwd=made)
        assert done.code in (0, 1, 75), done.err
        assert "MR9001" not in done.err, done.err
    # A run does not rest on what an earlier one said of itself.
    (made / "b.jsonl").write_text('{"id": 1, "text": "one more"}\n')
    config = made / "pipeline.yaml"
    config.write_text(config.read_text().replace("a.jsonl", "'*.jsonl'"))
    assert millrace.ok("run", "pipeline.yaml", "--json", cwd=made).json()["rows_read"] == 11


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_card_of_another_shape(
    millrace: Millrace, made: Path, damage: Callable[[Any], Any]
) -> None:
    card = runs.card_of(made).with_name("report.json")
    change(card, damage)
    target = made / "out" / "corpus"
    commands: list[list[str | Path]] = [
        ["releases", target],
        ["approve", target, "--by", "A"],
        ["diff", target, target],
    ]
    for command in commands:
        done = millrace(*command)
        assert done.code in (0, 1, 75), done.err
        assert "MR9001" not in done.err, done.err
    assert not list(target.glob("*.approvals"))
    # The next release is compared with what there is to compare.
    (made / "a.jsonl").write_text('{"id": 1, "text": "other"}\n')
    millrace.ok("run", "pipeline.yaml", cwd=made)
    assert "Since the release before" in runs.card_of(made).read_text()


def test_releases_are_listed_without_a_pointer_that_can_be_read(
    millrace: Millrace, made: Path
) -> None:
    target = made / "out" / "corpus"
    [listed] = millrace.ok("releases", target, "--json").json()["targets"]
    (target / "LATEST.json").write_text('{"release_id": 7}')
    [damaged] = millrace.ok("releases", target, "--json").json()["targets"]
    assert [r["release_id"] for r in damaged["releases"]] == [
        r["release_id"] for r in listed["releases"]
    ]
    assert not damaged["releases"][0]["latest"]
    refused = millrace("approve", target, "--by", "A")
    assert refused.code == 75 and "LATEST.json" in refused.err
    release = target / listed["releases"][0]["release_id"]
    millrace.ok("approve", release, "--by", "A")
    assert "approved" in millrace.ok("releases", release).out


def test_shards_without_their_columns(millrace: Millrace, made: Path) -> None:
    """Of a report that names columns which its files do not have."""
    report = runs.last_card(made).with_name("report.json")
    told = json.loads(report.read_text())
    told["tables"][0]["columns"].append({"name": "no such", "type": "string"})
    report.write_text(json.dumps(told))
    done = millrace("diff", report.parent, report.parent)
    assert done.code in (1, 75) and "MR3006" in done.err, done.err
