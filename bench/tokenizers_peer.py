"""Times `token_count` with a tokenizer.json beside the package `tokenizers`, both on two threads.

Usage: bench/tokenizers_peer.py --build build [--mb 100] [--rounds 3] [--only llama3,bert]

Tokenizers of some kinds are trained on the Python files of the standard library and counted over
the same texts, a file's paragraphs to a row. No other figure says what a kind costs:

- engine: a run of a stage with `token_count`, less one whose stage has a `where` instead; both
  write their rows. The whole run is shown beside it.
- tokenizers: `encode_batch_fast(texts, add_special_tokens=False)` over lists of 1,000 texts.

Both by the clock and by processor time, which says more on a machine that others use, too.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

os.environ["RAYON_NUM_THREADS"] = "2"
import pyarrow as pa
import pyarrow.parquet as pq
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/compat"))
from tokenizer_files import CLIP, LLAMA3, MARK, O200K, byte_bpe, split  # noqa: E402

VOCABULARY = 20000
CONFIG = """\
version: 1
name: tokens
workspace: ./workspace
sources: {{s: {{type: parquet, path: texts.parquet}}}}
contract: {{columns: {{text: {{type: string, required: true}}}}}}
stages:
  - name: counted
    operators:
      - {operator}
"""
COUNT = "{{id: n, type: token_count, field: text, method: tokenizer_json, model: {kind}.json}}"
NOTHING = "{id: n, type: where, expr: 'true'}"


def paragraphs() -> list[str]:
    found: list[str] = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py")):
        if "site-packages" in path.parts or "dist-packages" in path.parts:
            continue
        text = path.read_text(errors="replace")
        found += [part for part in text.split("\n\n") if part.strip()]
    return found


def byte_level(pattern: str) -> Tokenizer:
    return byte_bpe(split(pattern))()


def llama2() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(MARK, "always")
    return tokenizer


def bert() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def unigram() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(MARK, "always")
    return tokenizer


KINDS = {
    "gpt2": lambda: byte_bpe(pattern=True)(),
    "llama3": lambda: byte_level(LLAMA3),
    "o200k": lambda: byte_level(O200K),
    "clip": lambda: byte_level(CLIP),
    "llama2": llama2,
    "bert": bert,
    "unigram": unigram,
}


def trained(kind: str, lines: list[str]) -> Tokenizer:
    tokenizer = KINDS[kind]()
    options: dict[str, Any] = {"vocab_size": VOCABULARY, "show_progress": False}
    trainer: trainers.Trainer
    if kind == "bert":
        trainer = trainers.WordPieceTrainer(special_tokens=["[UNK]"], **options)
    elif kind == "unigram":
        trainer = trainers.UnigramTrainer(
            special_tokens=["<unk>"], unk_token="<unk>", vocab_size=4000, show_progress=False
        )
        lines = lines[::20]
    elif kind == "llama2":
        special = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
        trainer = trainers.BpeTrainer(special_tokens=special, limit_alphabet=200, **options)
    else:
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(initial_alphabet=alphabet, **options)
    tokenizer.train_from_iterator(lines, trainer)
    if kind == "llama2":
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)]
        )
        tokenizer.pre_tokenizer = None
    return tokenizer


class Took(NamedTuple):
    """By the clock, and of processors."""

    seconds: float
    cpu: float


def run(binary: Path, folder: Path, operator: str) -> Took:
    for left in ("workspace", "pipeline.yaml"):
        path = folder / left
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    (folder / "pipeline.yaml").write_text(CONFIG.format(operator=operator))
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(
        [binary, "run", "pipeline.yaml", "--threads", "2"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    seconds = time.perf_counter() - start
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Took(seconds, end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime)


def counted(folder: Path) -> list[int]:
    (path,) = (folder / "workspace/stages/counted").glob("*/data")
    tables = [pq.read_table(shard) for shard in sorted(path.rglob("*.parquet"))]
    scores = pa.concat_tables(tables).column("__fdf__/scores")
    return [row["n"]["tokens"] for row in scores.to_pylist()]


def peer(tokenizer: Tokenizer, texts: list[str]) -> tuple[Took, int]:
    tokens, start, cpu = 0, time.perf_counter(), time.process_time()
    for begin in range(0, len(texts), 1000):
        for encoding in tokenizer.encode_batch_fast(
            texts[begin : begin + 1000], add_special_tokens=False
        ):
            tokens += len(encoding)
    return Took(time.perf_counter() - start, time.process_time() - cpu), tokens


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--mb", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(KINDS))
    args = parser.parse_args()
    lines = paragraphs()
    rng = random.Random(1)
    texts: list[str] = []
    size = 0
    while size < args.mb << 20:
        texts.append("\n\n".join(rng.choice(lines) for _ in range(8)))
        size += len(texts[-1].encode())
    binary = args.build.resolve() / "cli/millrace"
    print(f"{len(texts)} texts, {size / 2**20:.0f} MiB, 2 threads, vocabulary {VOCABULARY}")
    print(
        "| kind | engine MiB/s | whole run s | tokenizers MiB/s | times as fast, by the clock "
        "| by processor time |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        pq.write_table(pa.table({"text": texts}), folder / "texts.parquet", compression="none")
        for kind in args.only.split(","):
            tokenizer = trained(kind, lines)
            tokenizer.save(str(folder / f"{kind}.json"))
            whole: list[float] = []
            ours: list[Took] = []
            theirs: list[Took] = []
            for _ in range(args.rounds):
                base = run(binary, folder, NOTHING)
                took = run(binary, folder, COUNT.format(kind=kind))
                whole.append(took.seconds)
                ours.append(
                    Took(max(took.seconds - base.seconds, 1e-3), max(took.cpu - base.cpu, 1e-3))
                )
                other, tokens = peer(tokenizer, texts)
                theirs.append(other)
                assert sum(counted(folder)) == tokens, "both count the same"
            mib = size / 2**20
            engine = Took(*(statistics.median(values) for values in zip(*ours, strict=True)))
            package = Took(*(statistics.median(values) for values in zip(*theirs, strict=True)))
            print(
                f"| {kind} | {mib / engine.seconds:.1f} | {statistics.median(whole):.2f} "
                f"| {mib / package.seconds:.1f} | {package.seconds / engine.seconds:.1f} "
                f"| {package.cpu / engine.cpu:.1f} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
