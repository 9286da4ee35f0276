"""`token_count` with a SentencePiece model counts as the library of that name does."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from command import ROOT, Millrace

ORACLE = r"""
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>
#include <fstream>
#include <iostream>
int main(int argc, char** argv) {
  const auto trained = sentencepiece::SentencePieceTrainer::Train(
      std::string("--minloglevel=2 --input=corpus.txt --model_prefix=") + argv[1] + " " + argv[2]);
  if (!trained.ok()) { std::cerr << trained.ToString(); return 1; }
  sentencepiece::SentencePieceProcessor processor;
  if (!processor.Load(std::string(argv[1]) + ".model").ok()) return 1;
  std::ifstream texts("texts.bin", std::ios::binary);
  for (uint32_t size; texts.read(reinterpret_cast<char*>(&size), sizeof size);) {
    std::string text(size, '\0');
    texts.read(text.data(), size);
    std::cout << processor.EncodeAsIds(text).size() << "\n";
  }
}
"""
CONFIG = """\
version: 1
name: tokens
workspace: ./workspace
sources:
  s: {type: jsonl, path: s.jsonl}
contract:
  columns:
    text: {type: string, required: true}
stages:
  - name: counted
    operators:
      - {id: count, type: token_count, field: text, method: sentencepiece, model: MODEL.model}
exports:
  x: {type: parquet, path: out, overwrite: true}
"""
MODELS = {
    "unigram": "--model_type=unigram --vocab_size=600",
    "bpe": "--model_type=bpe --vocab_size=600",
    "bytes": "--model_type=bpe --vocab_size=700 --byte_fallback=true --character_coverage=0.98",
    "marked": "--model_type=unigram --vocab_size=500 --user_defined_symbols=<sep>,##,millrace",
    "raw": "--model_type=unigram --vocab_size=500 --normalization_rule_name=identity"
    " --remove_extra_whitespaces=false --add_dummy_prefix=false",
    "suffix": "--model_type=bpe --vocab_size=600 --treat_whitespace_as_suffix=true",
}


def corpus() -> list[str]:
    pages = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    return [
        line for page in sorted(pages) for line in page.read_text().splitlines() if line.strip()
    ]


def texts(lines: list[str]) -> list[str]:
    rng = random.Random(11)
    odd = [
        "",
        " ",
        "   two  spaces ",
        "<sep>##millrace",
        "\ufb01ne \uff21\uff0b\u2460",
        "日本語のテキスト",
        "naïve é",
        "emoji 👍🏽 here",
        "\ttab\nline",
        "aaaaaaaaaaaaaaaa",
        "Ünï¢ødé ² ½",
        "▁ marked ▁▁",
    ]
    out = odd + rng.sample(lines, 300)
    words = " ".join(lines).split()
    for _ in range(200):
        out.append(" ".join(rng.choice(words) for _ in range(rng.randint(1, 30))))
    for _ in range(100):
        out.append(
            "".join(
                chr(rng.choice([rng.randint(32, 126), rng.randint(160, 0x2FFF)]))
                for _ in range(rng.randint(1, 40))
            )
        )
    return out


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("oracle")
    (folder / "oracle.cc").write_text(ORACLE)
    libraries = ["-lsentencepiece", "-lsentencepiece_train"]
    subprocess.run(
        ["c++", "-std=c++17", "-o", "oracle", "oracle.cc", *libraries], cwd=folder, check=True
    )
    return folder / "oracle"


@pytest.mark.parametrize("model", MODELS)
def test_it_counts_as_the_library_does(
    millrace: Millrace, oracle: Path, tmp_path: Path, model: str
) -> None:
    lines = corpus()
    (tmp_path / "corpus.txt").write_text("\n".join(lines) + "\n")
    given = texts(lines)
    (tmp_path / "s.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in given))
    raw = b"".join(len(text.encode()).to_bytes(4, "little") + text.encode() for text in given)
    (tmp_path / "texts.bin").write_bytes(raw)
    told = subprocess.run(
        [oracle, model, MODELS[model]], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    wanted = [int(line) for line in told.stdout.split()]
    (tmp_path / "pipeline.yaml").write_text(CONFIG.replace("MODEL", model))
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (shard,) = (tmp_path / "out").glob("[0-9a-f]*/*.parquet")
    rows = pq.read_table(shard).to_pylist()
    counted = {row["text"]: row["__fdf__/scores"]["count"]["tokens"] for row in rows}
    assert len(wanted) == len(given) == len(rows)
    pairs = zip(given, wanted, strict=True)
    off = {text: (counted[text], count) for text, count in pairs if counted[text] != count}
    assert not off


def test_what_is_no_model_is_said(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "no.model").write_bytes(b"\x00\xff no model")
    for before, after, wanted in (
        ("MODEL.model", "none.model", "`none.model` is not there"),
        ("MODEL.model", "no.model", "it is no SentencePiece model"),
        (", model: MODEL.model", "", "`sentencepiece` needs a `model`"),
        ("sentencepiece, ", "approx, ", "`model` has no effect"),
    ):
        (tmp_path / "pipeline.yaml").write_text(CONFIG.replace(before, after))
        told = millrace("validate", "pipeline.yaml", cwd=tmp_path)
        assert told.code == 1
        assert wanted in told.err and "pipeline.yaml:12:" in told.err, told.err
