"""approve, releases and diff, as a person who decides uses them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from card import runs

from command import Millrace


@pytest.fixture
def made(millrace: Millrace, tmp_path: Path) -> Path:
    """The example with two releases, in a folder that asks for care."""
    folder = tmp_path / "ordner mit ä"
    runs.example(millrace, folder)
    return folder


def releases(millrace: Millrace, path: Path) -> list[dict[str, Any]]:
    listed = millrace.ok("releases", path, "--json").json()
    assert listed["not_found"] == []
    return [release for target in listed["targets"] for release in target["releases"]]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_release_is_approved_beside_it(millrace: Millrace, made: Path) -> None:
    target = made / "out" / "corpus"
    before = tree(target)
    refused = millrace("approve", target, "--by", "Ana")
    assert refused.code == 2
    assert "--note" in refused.err
    assert tree(target) == before
    done = millrace.ok("approve", target, "--by", "Ana Silva", "--note", "for the pilot", "--json")
    [record] = done.json()["approvals"]
    stored = json.loads(Path(record["record"]).read_text())
    assert stored["by"] == "Ana Silva"
    assert stored["verdict"] == "not_fit"
    assert len(stored["manifest_sha256"]) == len(stored["card_sha256"]) == 64
    after = tree(target)
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1
    for path in (target, made / "workspace"):
        newest, oldest = releases(millrace, path)
        assert newest["latest"]
        assert newest["state"] == "approved"
        assert newest["approvals"][0]["note"] == "for the pilot"
        assert oldest["state"] == "not approved"
    text = millrace.ok("releases", target).out
    assert "approved" in text
    assert "Ana Silva" in text
    assert millrace.ok("verify", target).code == 0
    # A run again changes neither the release nor what was said of it.
    millrace.ok("run", "pipeline.yaml", cwd=made)
    assert tree(target) == after


def test_a_run_is_approved_by_its_folder(millrace: Millrace, made: Path, tmp_path: Path) -> None:
    run = runs.last_card(made).parent
    # The releases are found from the workspace, wherever the command is given.
    done = millrace.ok("approve", run, "--by", "A", "--note", "n", "--json", cwd=tmp_path)
    assert len(done.json()["approvals"]) == 1
    elsewhere = tmp_path / "elsewhere" / "workspace"
    shutil.copytree(made / "workspace", elsewhere)
    lost = millrace("approve", elsewhere, "--by", "A", "--note", "n", cwd=tmp_path)
    assert lost.code == 1
    assert "MR1501" in lost.err
    assert "give the release's own folder" in lost.err


@pytest.mark.parametrize("change", ["data", "manifest", "card", "report", "gone"])
def test_a_release_that_changed_is_not_signed(millrace: Millrace, made: Path, change: str) -> None:
    target = made / "out" / "corpus"
    release = target / json.loads((target / "LATEST.json").read_text())["release_id"]
    card = release.with_name(release.name + ".card")
    signed = millrace.ok("approve", release, "--by", "A", "--note", "n")
    assert "approved" in signed.out
    if change == "data":
        part = next(release.glob("*.parquet"))
        data = bytearray(part.read_bytes())
        data[len(data) // 2] ^= 1
        part.unlink()  # it may be a link to the workspace's
        part.write_bytes(data)
    elif change == "manifest":
        manifest = release / "_millrace.json"
        manifest.write_text(manifest.read_text().replace('"export": "corpus"', '"export": "x"'))
    elif change == "card":
        page = card / "report.html"
        page.write_text(page.read_text().replace("Not fit", "Fit"))
    elif change == "report":
        text = card / "report.json"
        text.write_text(text.read_text().replace('"not_fit"', '"fit"', 1))
    else:
        shutil.rmtree(card)
    refused = millrace("approve", release, "--by", "A", "--note", "n")
    assert refused.code == 1
    assert ("MR1501" if change == "gone" else "MR2006") in refused.err
    listed = releases(millrace, target)[0]
    if change != "data":
        assert listed["state"] == "changed since"
    if change in ("card", "report"):
        assert listed["verdict"] == "card changed"
        millrace.ok("run", "pipeline.yaml", cwd=made)  # writes the card anew
        assert releases(millrace, target)[0]["verdict"] == "not_fit"


def test_odd_signatures_are_refused(millrace: Millrace, made: Path, tmp_path: Path) -> None:
    target = made / "out" / "corpus"
    for by in ("", "  ", "a\nb", "x" * 201, "\x1b[31m"):
        assert millrace("approve", target, "--by", by, "--note", "n").code == 2
    assert millrace("approve", target).code == 2
    assert millrace("approve", tmp_path, "--by", "A").code == 1
    assert millrace("approve", tmp_path / "none", "--by", "A").code == 1
    assert millrace("approve", "s3://bucket/x", "--by", "A").code == 1
    assert not list(target.glob("*.approvals"))


def test_diff_tells_whose_fate_changed(millrace: Millrace, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"id": i, "text": "word " * (i % 7)} for i in range(200)]
    contract = "contract: {columns: {id: {type: int32}, text: {type: string%s}}}\n"
    folder = tmp_path / "x"
    runs.write(folder, rows, contract % "")
    config = folder / "pipeline.yaml"
    config.write_text(config.read_text().replace("out/corpus}", "out/corpus, overwrite: true}"))
    first = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    config.write_text(
        config.read_text().replace("type: string", "type: string, length: {min: 6}")
        .replace("id: {type: int32}", "id: {type: int32, max: 150}")
    )  # fmt: skip
    second = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    diff = millrace.ok("diff", first, second, "--json").json()
    assert {(c["path"], c["before"], c["after"]) for c in diff["config"]} == {
        ("contract.columns.text.length.min", None, "6"),
        ("contract.columns.id.max", None, "150"),
    }
    [table] = diff["rows"]
    fates = {(c["before"], c["after"]): c for c in table["changes"]}
    short = sum(len(str(row["text"])) < 6 and int(str(row["id"])) <= 150 for row in rows)
    assert fates[("written", "rejected: contract.length")]["rows"] == short
    assert fates[("written", "rejected: contract.max")]["rows"] == 49
    assert table["rows_same"] == 200 - short - 49
    samples = fates[("written", "rejected: contract.length")]["row_ids"]
    assert len(samples) == 5
    assert all(sample.startswith("s/a.jsonl#") for sample in samples)
    assert millrace.ok("diff", first, second, "--json").json() == diff
    back = millrace.ok("diff", second, first, "--json").json()
    assert back["rows"][0]["rows_same"] == table["rows_same"]
    text = millrace.ok("diff", first, second).out
    assert "contract.columns.text.length.min" in text
    assert "rejected: contract.max" in text
    same = millrace.ok("diff", second, second).out
    assert "Config and report are the same." in same


def test_diff_sees_other_values_and_absent_rows(millrace: Millrace, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    contract = "contract: {columns: {text: {type: string}}}\n"
    runs.write(folder, [{"text": "a"}, {"text": "b"}, {"text": None}], contract)
    config = folder / "pipeline.yaml"
    config.write_text(config.read_text().replace("out/corpus}", "out/corpus, overwrite: true}"))
    first = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    (folder / "a.jsonl").write_text('{"text": "a"}\n{"text": "B"}\n')
    second = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    diff = millrace.ok("diff", first, second, "--json").json()
    assert diff["config"] == []
    fates = {(c["before"], c["after"]): c["row_ids"] for c in diff["rows"][0]["changes"]}
    assert fates == {
        ("written", "written otherwise"): ["s/a.jsonl#1"],
        ("written", "absent"): ["s/a.jsonl#2"],
    }
    cards = millrace.ok("diff", runs.card_of(folder).parent.with_suffix(""), folder / "out/corpus")
    assert "of a release only the card is known" in cards.out
    shutil.rmtree(next(folder.glob("workspace/stages/ingest/*/data")))
    assert "are gone" in millrace.ok("diff", first, second).out


def test_diff_follows_rows_to_another_place(millrace: Millrace, tmp_path: Path) -> None:
    """A line more at the top of a file, and one less: all others are the rows they were."""
    rows: list[dict[str, object]] = [
        {"id": i if i % 10 else f"bad {i}", "text": f"word {i // 2}"} for i in range(200)
    ]
    contract = "contract: {columns: {id: {type: int32}, text: {type: string}}}\n"
    stages = """\
stages:
  - name: curated
    operators:
      - {id: few, type: where, expr: "id % 3 <> 0"}
"""
    folder = tmp_path / "x"
    runs.write(folder, rows, contract, stages)
    config = folder / "pipeline.yaml"
    text = config.read_text().replace("out/corpus}", "out/corpus, overwrite: true}")
    config.write_text(text.replace("a.jsonl}", "a.jsonl, keep_rows: true}"))
    first = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    changed = [{"id": 1001, "text": "new"}, *rows[:50], *rows[51:]]
    changed[21] = {"id": "bad", "text": "other"}  # another bad one where another one stood
    changed[101] = {**changed[101], "text": "other"}
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in changed))
    second = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    diff = millrace.ok("diff", first, second, "--json").json()
    table, stage = diff["rows"]
    # Rows 51 to 199 are where they were, 0 to 49 one place further.
    assert {(c["before"], c["after"]): c["row_ids"] for c in table["changes"]} == {
        ("absent", "written"): ["s/a.jsonl#0"],
        ("rejected: contract.type", "absent"): ["s/a.jsonl#20", "s/a.jsonl#50"],
        ("absent", "rejected: contract.type"): ["s/a.jsonl#21"],
        ("written", "written otherwise"): ["s/a.jsonl#101"],
    }
    assert (table["rows_same"], table["rows_moved"]) == (148 + 49, 49)
    # The stage has those that are not bad: 134 where they were, 45 one place further.
    assert {(c["before"], c["after"]): c["row_ids"] for c in stage["changes"]} == {
        ("absent", "written"): ["s/a.jsonl#0"],
        ("written", "written otherwise"): ["s/a.jsonl#101"],
    }
    assert (stage["rows_same"], stage["rows_moved"]) == (134 + 45, 45)
    back = millrace.ok("diff", second, first, "--json").json()["rows"]
    assert [t["rows_moved"] for t in back] == [table["rows_moved"], stage["rows_moved"]]
    assert "of them at another place" in millrace.ok("diff", first, second).out
    # The file under another name: nothing but the place of its rows is new.
    (folder / "a.jsonl").rename(folder / "b.jsonl")
    config.write_text(config.read_text().replace("a.jsonl", "b.jsonl"))
    third = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    table, stage = millrace.ok("diff", second, third, "--json").json()["rows"]
    assert (table["rows_same"], table["rows_moved"], table["changes"]) == (200, 200, [])


def test_diff_tells_rows_of_an_unchanged_file_by_their_place(
    millrace: Millrace, tmp_path: Path
) -> None:
    """Two rows that swap their values are two changed rows, and none that moved."""
    rows: list[dict[str, object]] = [{"yes": "a", "no": "b"}, {"yes": "b", "no": "a"}]
    contract = "contract: {columns: {x: {type: string, from: %s}}}\n"
    folder = tmp_path / "x"
    runs.write(folder, rows, contract % "yes")
    config = folder / "pipeline.yaml"
    config.write_text(config.read_text().replace("out/corpus}", "out/corpus, overwrite: true}"))
    first = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    config.write_text(config.read_text().replace("from: yes", "from: no"))
    second = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    [table] = millrace.ok("diff", first, second, "--json").json()["rows"]
    assert (table["rows_same"], table["rows_moved"]) == (0, 0)
    assert [(c["after"], c["rows"]) for c in table["changes"]] == [("written otherwise", 2)]


def test_diff_compares_stages_too(millrace: Millrace, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"id": i, "text": "word " * i} for i in range(20)]
    contract = "contract: {columns: {id: {type: int32}, text: {type: string}}}\n"
    stages = """\
stages:
  - name: curated
    operators:
      - {id: few, type: where, expr: "id >= 5"}
"""
    folder = tmp_path / "x"
    runs.write(folder, rows, contract, stages)
    config = folder / "pipeline.yaml"
    config.write_text(config.read_text().replace("out/corpus}", "out/corpus, overwrite: true}"))
    first = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    config.write_text(config.read_text().replace("id >= 5", "id >= 8"))
    second = Path(millrace.ok("run", config, "--json").json()["run_folder"])
    diff = millrace.ok("diff", first, second, "--json").json()
    assert [(c["path"], c["before"], c["after"]) for c in diff["config"]] == [
        ("stages[0].operators[0].expr", "id >= 5", "id >= 8")
    ]
    told = {(c.get("table"), c["what"], c.get("name")): c for c in diff["changes"]}
    written = told["stage curated", "rows", "written"]
    assert (written["before"], written["after"]) == (15, 12)
    table, stage = diff["rows"]
    assert table == {"table": "", "rows_same": 20, "rows_moved": 0, "changes": []}
    assert (stage["stage"], stage["rows_same"]) == ("curated", 17)
    [change] = stage["changes"]
    assert (change["before"], change["after"], change["rows"]) == (
        "written",
        "rejected: few.where.false",
        3,
    )
    assert change["row_ids"] == [f"s/a.jsonl#{i}" for i in (5, 6, 7)]
    assert "Rows of stage curated" in millrace.ok("diff", first, second).out
