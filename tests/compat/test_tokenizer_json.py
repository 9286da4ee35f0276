"""`token_count` with a `tokenizer.json` counts as the package `tokenizers` does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from command import ROOT, Millrace

pytest.importorskip("tokenizers")
from tokenizer_files import KINDS, Kinds, hard_texts, nmt_nfkc_charsmap
from tokenizers import Tokenizer

SEED, COUNT = 20, 3000
CONFIG = """\
version: 1
name: tokens
workspace: ./workspace
sources:
  s: {type: jsonl, path: s.jsonl}
contract:
  columns:
    n: {type: int64, required: true}
    text: {type: string, required: true}
stages:
  - name: counted
    operators:
OPERATORS
exports:
  x: {type: parquet, path: out, overwrite: true}
"""
ONE = "      - {id: NAME, type: token_count, field: text, method: tokenizer_json, model: NAME.json}"


def corpus() -> list[str]:
    pages = [*(ROOT / "docs").glob("*.md"), *(ROOT / "engine/op").glob("*/*.cc")]
    pages = [page for page in pages if page.name != "char_table_data.cc"]
    lines: list[str] = []
    for page in sorted(pages):
        lines += filter(None, page.read_text().splitlines())
    return lines


def counted(millrace: Millrace, folder: Path, names: list[str], texts: list[str]) -> Any:
    rows = (json.dumps({"n": n, "text": text}) + "\n" for n, text in enumerate(texts))
    (folder / "s.jsonl").write_text("".join(rows))
    operators = "\n".join(ONE.replace("NAME", name) for name in names)
    (folder / "pipeline.yaml").write_text(CONFIG.replace("OPERATORS", operators))
    millrace.ok("run", "pipeline.yaml", cwd=folder)
    found = [
        row
        for shard in (folder / "out").glob("[0-9a-f]*/*.parquet")
        for row in pq.read_table(shard).to_pylist()
    ]
    assert len(found) == len(texts)
    return {
        name: {row["n"]: row["__fdf__/scores"][name]["tokens"] for row in found} for name in names
    }


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return hard_texts(corpus(), SEED, COUNT)


@pytest.fixture(scope="module")
def counts(
    millrace: Millrace, tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> tuple[dict[str, Tokenizer], Any]:
    folder = tmp_path_factory.mktemp("tokenizers")
    lines = corpus()
    kinds = Kinds(lines, hard_texts(lines, SEED + 1, 800), nmt_nfkc_charsmap(folder, lines))
    made = dict(kinds.all())
    for name, tokenizer in made.items():
        tokenizer.save(str(folder / f"{name}.json"))
        # As the file has it, whatever was set beside.
        made[name] = Tokenizer.from_file(str(folder / f"{name}.json"))
        made[name].no_truncation()
        made[name].no_padding()
    return made, counted(millrace, folder, list(made), texts)


@pytest.mark.parametrize("kind", KINDS)
def test_it_counts_as_the_package_does(
    counts: tuple[dict[str, Tokenizer], Any], texts: list[str], kind: str
) -> None:
    tokenizer, found = counts[0][kind], counts[1][kind]
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    off = {
        texts[n]: (found[n], len(encoding.ids), encoding.tokens)
        for n, encoding in enumerate(encodings)
        if found[n] != len(encoding.ids)
    }
    assert not off, (f"seed {SEED}", len(off), list(off.items())[:5])


CHANGES: dict[str, tuple[list[Any], Any, str]] = {
    "version": (["version"], "2.0", "it is of version `2.0`, not 1.0"),
    "top": (["extra"], 1, "it has a `extra`, which is not supported"),
    "model": (["model", "type"], "Magic", "its model `Magic` is not supported"),
    "model key": (["model", "magic"], 1, "its model has a `magic`, which is not supported"),
    "dropout": (["model", "dropout"], 0.1, "its model has a `dropout`"),
    "unknown": (["model", "unk_token"], "<none>", ""),
    "twice": (["model", "vocab", "!"], 5, "its model has two tokens of the id 5"),
    "id": (["model", "vocab", "!"], "5", "whose id is no number"),
    "merge": (["model", "merges", 0], ["a", "nothing like it"], "which are not in its `vocab`"),
    "merges": (["model", "merges"], {}, "its model has no list of `merges`"),
    "normalizer": (["normalizer"], {"type": "ByteLevel"}, "its normalizer `ByteLevel`"),
    "normalizers": (
        ["normalizer"],
        {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Magic"}]},
        "its normalizer `Magic` is not supported",
    ),
    "charsmap": (
        ["normalizer"],
        {"type": "Precompiled", "precompiled_charsmap": "AAAA"},
        "its table of replacements is damaged",
    ),
    "splitter": (
        ["pre_tokenizer"],
        {"type": "UnicodeScripts"},
        "its pre-tokenizer `UnicodeScripts` is not supported",
    ),
    "untyped": (
        ["pre_tokenizer"],
        {"behavior": "x"},
        "its pre-tokenizer has no text as its `type`",
    ),
    "look-behind": (
        ["pre_tokenizer"],
        {"type": "Split", "pattern": {"Regex": "(?<=a)b"}, "behavior": "Isolated", "invert": False},
        "its pattern `(?<=a)b` has a group `(?<=`, which is not supported",
    ),
    "property": (
        ["pre_tokenizer"],
        {
            "type": "Split",
            "pattern": {"Regex": r"\p{Greek}+"},
            "behavior": "Removed",
            "invert": False,
        },
        r"its pattern `\p{Greek}+` has the property `Greek`, which is not supported",
    ),
    "empty": (
        ["pre_tokenizer"],
        {"type": "Split", "pattern": {"Regex": "a*"}, "behavior": "Removed", "invert": False},
        "has a match of no characters",
    ),
    "post": (["post_processor"], {"type": "Magic"}, "its post-processor `Magic` is not supported"),
    "added": (["added_tokens", 0, "magic"], True, "an added token has a `magic`"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_known_is_refused_by_name(
    millrace: Millrace, tmp_path: Path, change: str
) -> None:
    path, value, wanted = CHANGES[change]
    file = json.loads(Kinds(["abc abc " * 3], [], "").gpt2().to_str())
    place = file
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (tmp_path / "x.json").write_text(json.dumps(file))
    (tmp_path / "s.jsonl").write_text("")
    (tmp_path / "pipeline.yaml").write_text(CONFIG.replace("OPERATORS", ONE.replace("NAME", "x")))
    told = millrace("validate", "pipeline.yaml", cwd=tmp_path)
    if not wanted:  # no text has what is unknown: each byte is a token
        assert told.code == 0, told.err
        return
    assert told.code == 1
    assert "pipeline.yaml:13:" in told.err and wanted in told.err, told.err


def test_a_damaged_file_is_said(millrace: Millrace, tmp_path: Path) -> None:
    whole = Kinds(["abc abc " * 3], [], "").gpt2().to_str()
    (tmp_path / "s.jsonl").write_text("")
    (tmp_path / "pipeline.yaml").write_text(CONFIG.replace("OPERATORS", ONE.replace("NAME", "x")))
    for text in (whole[: len(whole) // 2], "", "[]", '"x"', whole.replace("abc", "ab\\ud800")):
        (tmp_path / "x.json").write_text(text)
        told = millrace("validate", "pipeline.yaml", cwd=tmp_path)
        assert told.code == 1 and "it is no tokenizer.json" in told.err, told.err


def test_the_file_is_part_of_what_a_stage_is(millrace: Millrace, tmp_path: Path) -> None:
    texts = ["one two", "three"]
    kinds = Kinds(["one two three " * 9, "abc abc"], [], "")
    kinds.gpt2().save(str(tmp_path / "x.json"))
    first = counted(millrace, tmp_path, ["x"], texts)["x"]
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert len(list((tmp_path / "workspace/stages/counted").iterdir())) == 1
    kinds.gpt2_few_bytes().save(str(tmp_path / "x.json"))
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert len(list((tmp_path / "workspace/stages/counted").iterdir())) == 2
    assert first == {n: len(kinds.gpt2().encode(text).ids) for n, text in enumerate(texts)}
