"""Small tokenizers of every kind that models use, trained here, and texts hard for them."""

from __future__ import annotations

import base64
import json
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from tokenizers.pre_tokenizers import ByteLevel, Metaspace, PreTokenizer, Split

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*"
    r"|\s*[\r\n]|\s+(?!\S)|\s+"
)
UPPER, LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
ENDING = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
O200K = (
    rf"[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]*[{LOWER}]+{ENDING}"
    rf"|[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]+[{LOWER}]*{ENDING}"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK = (
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BLOOM = r" ?[^(\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+"
CLIP = r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
MARK = "\u2581"

Make = Callable[[], Tokenizer]


def split(pattern: str, behavior: str = "isolated", invert: bool = False) -> PreTokenizer:
    return Split(Regex(pattern), behavior, invert)


def byte_bpe(*before: PreTokenizer, prefix: bool = False, pattern: bool = False) -> Make:
    def make() -> Tokenizer:
        tokenizer = Tokenizer(models.BPE())
        steps = [*before, ByteLevel(prefix, use_regex=pattern)]
        tokenizer.pre_tokenizer = steps[0] if len(steps) == 1 else pre_tokenizers.Sequence(steps)
        return tokenizer

    return make


def byte_trainer(size: int = 1500) -> trainers.Trainer:
    return trainers.BpeTrainer(
        vocab_size=size,
        show_progress=False,
        initial_alphabet=ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>"],
    )


class Kinds:
    """Each method trains a tokenizer and returns what its file holds."""

    def __init__(self, lines: list[str], hard: list[str], charsmap: str) -> None:
        self.lines = lines
        self.corpus = lines + hard
        self.charsmap = charsmap
        self.unigram_file: str | None = None

    def trained(self, tokenizer: Tokenizer, trainer: trainers.Trainer) -> Tokenizer:
        tokenizer.train_from_iterator(self.corpus, trainer)
        return tokenizer

    def gpt2(self) -> Tokenizer:
        return self.trained(byte_bpe(pattern=True)(), byte_trainer())

    def gpt2_few_bytes(self) -> Tokenizer:
        """Bytes without a token are lost, or unknown."""
        tokenizer = byte_bpe(pattern=True)()
        trainer = trainers.BpeTrainer(vocab_size=700, show_progress=False)
        return self.trained(tokenizer, trainer)

    def roberta(self) -> Tokenizer:
        tokenizer = self.trained(byte_bpe(prefix=True, pattern=True)(), byte_trainer())
        tokenizer.add_special_tokens(["<s>", "</s>", AddedToken("<mask>", lstrip=True)])
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
        return tokenizer

    def llama3(self) -> Tokenizer:
        tokenizer = self.trained(byte_bpe(split(LLAMA3))(), byte_trainer())
        tokenizer.add_special_tokens(["<|begin_of_text|>", "<|eot_id|>"])
        tokenizer.model.ignore_merges = True
        tokenizer.post_processor = processors.Sequence(
            [
                processors.ByteLevel(),
                processors.TemplateProcessing("<|eot_id|> $A", None, [("<|eot_id|>", 2)]),
            ]
        )
        tokenizer.enable_truncation(7)
        tokenizer.enable_padding(length=64)
        return tokenizer

    def qwen2(self) -> Tokenizer:
        tokenizer = byte_bpe(split(QWEN2))()
        tokenizer.normalizer = normalizers.NFC()
        return self.trained(tokenizer, byte_trainer())

    def cl100k(self) -> Tokenizer:
        return self.trained(byte_bpe(split(CL100K))(), byte_trainer())

    def cl100k_inverted(self) -> Tokenizer:
        return self.trained(byte_bpe(split(CL100K, "removed", True))(), byte_trainer())

    def o200k(self) -> Tokenizer:
        return self.trained(byte_bpe(split(O200K))(), byte_trainer())

    def deepseek(self) -> Tokenizer:
        cjk = r"[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
        steps = [split(r"\p{N}{1,3}"), split(cjk), split(DEEPSEEK)]
        return self.trained(byte_bpe(*steps)(), byte_trainer())

    def falcon(self) -> Tokenizer:
        """Steps behind ByteLevel see the characters that stand for bytes."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Punctuation("contiguous"),
                ByteLevel(False),
                pre_tokenizers.Digits(False),
                split("[0-9][0-9][0-9]"),
            ]
        )
        return self.trained(tokenizer, byte_trainer())

    def starcoder(self) -> Tokenizer:
        return self.trained(byte_bpe(pre_tokenizers.Digits(True), pattern=True)(), byte_trainer())

    def bloom(self) -> Tokenizer:
        return self.trained(byte_bpe(split(BLOOM))(), byte_trainer())

    def clip(self) -> Tokenizer:
        tokenizer = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
        tokenizer.normalizer = normalizers.Sequence(
            [
                normalizers.NFC(),
                normalizers.Replace(Regex(r"\s+"), " "),
                normalizers.Lowercase(),
            ]
        )
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [split(CLIP, "removed", True), ByteLevel(False, use_regex=True)]
        )
        trainer = trainers.BpeTrainer(
            vocab_size=1500,
            show_progress=False,
            initial_alphabet=ByteLevel.alphabet(),
            special_tokens=["<|startoftext|>", "<|endoftext|>"],
            end_of_word_suffix="</w>",
        )
        return self.trained(tokenizer, trainer)

    def spaces_bpe(self, fuse: bool = True, bytes_: bool = True) -> Tokenizer:
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=fuse, byte_fallback=bytes_))
        tokenizer.pre_tokenizer = Metaspace(MARK, "always")
        pieces = ["<unk>", "<s>", "</s>"]
        if bytes_:
            pieces += [f"<0x{byte:02X}>" for byte in range(256)]
        trainer = trainers.BpeTrainer(
            vocab_size=1500, show_progress=False, special_tokens=pieces, limit_alphabet=150
        )
        return self.trained(tokenizer, trainer)

    def llama2(self) -> Tokenizer:
        tokenizer = self.spaces_bpe()
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)]
        )
        tokenizer.pre_tokenizer = None
        return tokenizer

    def llama2_few_bytes(self) -> Tokenizer:
        """Only some bytes have a token: a character falls back to all of its bytes or to none."""
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
        pieces = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(0x80, 0xE8))]
        tokenizer.pre_tokenizer = Metaspace(MARK, "always")
        trainer = trainers.BpeTrainer(
            vocab_size=900, show_progress=False, special_tokens=pieces, limit_alphabet=60
        )
        self.trained(tokenizer, trainer)
        tokenizer.normalizer = normalizers.Replace(" ", MARK)
        tokenizer.pre_tokenizer = None
        return tokenizer

    def mistral(self) -> Tokenizer:
        tokenizer = self.spaces_bpe()
        tokenizer.pre_tokenizer = Metaspace(MARK, "first", split=False)
        tokenizer.add_special_tokens(["<s>", "[INST]", AddedToken("[/INST]", rstrip=True)])
        return tokenizer

    def gemma(self) -> Tokenizer:
        tokenizer = self.spaces_bpe()
        tokenizer.normalizer = normalizers.Replace(" ", MARK)
        tokenizer.pre_tokenizer = Split(" ", "merged_with_previous")
        tokenizer.add_tokens(["\n", "\n\n", "\n\n\n", MARK * 2, MARK * 3, "<table>", "</table>"])
        return tokenizer

    def metaspace_first(self) -> Tokenizer:
        tokenizer = self.spaces_bpe(fuse=False, bytes_=False)
        tokenizer.normalizer = normalizers.Strip(left=True, right=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Punctuation("removed"), Metaspace(MARK, "first")]
        )
        return tokenizer

    def metaspace_never(self) -> Tokenizer:
        tokenizer = self.spaces_bpe(fuse=True, bytes_=False)
        tokenizer.pre_tokenizer = Metaspace(MARK, "never")
        return tokenizer

    def dropped(self) -> Tokenizer:
        """Without a token for what is unknown, it is passed over."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        trainer = trainers.BpeTrainer(vocab_size=600, show_progress=False, limit_alphabet=60)
        return self.trained(tokenizer, trainer)

    def prefixed(self) -> Tokenizer:
        tokenizer = Tokenizer(
            models.BPE(unk_token="[UNK]", continuing_subword_prefix="##", end_of_word_suffix="</w>")
        )
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        trainer = trainers.BpeTrainer(
            vocab_size=900,
            show_progress=False,
            special_tokens=["[UNK]"],
            continuing_subword_prefix="##",
            end_of_word_suffix="</w>",
            limit_alphabet=80,
        )
        return self.trained(tokenizer, trainer)

    def bert(self, cased: bool = False) -> Tokenizer:
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=30))
        tokenizer.normalizer = normalizers.BertNormalizer(
            lowercase=not cased, strip_accents=False if cased else None
        )
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        trainer = trainers.WordPieceTrainer(
            vocab_size=1200, show_progress=False, special_tokens=special, limit_alphabet=200
        )
        self.trained(tokenizer, trainer)
        tokenizer.add_tokens([AddedToken("Engine", normalized=True), "Wörld"])
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        return tokenizer

    def bert_cased(self) -> Tokenizer:
        return self.bert(cased=True)

    def bert_accents(self) -> Tokenizer:
        tokenizer = self.bert(cased=True)
        tokenizer.normalizer = normalizers.BertNormalizer(
            clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False
        )
        return tokenizer

    def unigram(self) -> Tokenizer:
        """Trained once: it takes long."""
        if self.unigram_file is None:
            tokenizer = Tokenizer(models.Unigram())
            tokenizer.pre_tokenizer = Metaspace(MARK, "always")
            trainer = trainers.UnigramTrainer(
                vocab_size=800,
                show_progress=False,
                special_tokens=["<pad>", "</s>", "<unk>"],
                unk_token="<unk>",
            )
            tokenizer.train_from_iterator(self.lines[::8], trainer)
            self.unigram_file = tokenizer.to_str()
        return Tokenizer.from_str(self.unigram_file)

    def t5(self) -> Tokenizer:
        tokenizer = self.unigram()
        tokenizer.normalizer = normalizers.Sequence(
            [
                normalizers.Precompiled(base64.b64decode(self.charsmap)),
                normalizers.Strip(left=False, right=True),
                normalizers.Replace(Regex(" {2,}"), MARK),
            ]
        )
        tokenizer.add_special_tokens(["<extra_id_0>", AddedToken("<extra_id_1>", rstrip=True)])
        return tokenizer

    def xlm_roberta(self) -> Tokenizer:
        tokenizer = self.unigram()
        tokenizer.normalizer = normalizers.Precompiled(base64.b64decode(self.charsmap))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.WhitespaceSplit(), Metaspace(MARK, "always")]
        )
        tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
        return tokenizer

    def unigram_bytes(self) -> Tokenizer:
        tokenizer = self.unigram()
        pieces = [
            (piece, score) for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"]
        ]
        pieces += [(f"<0x{byte:02X}>", -20.0) for byte in range(256)]
        tokenizer.model = models.Unigram(pieces, 2, True)
        tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
        tokenizer.pre_tokenizer = None
        return tokenizer

    def word_level(self) -> Tokenizer:
        tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.CharDelimiterSplit("e"),
                pre_tokenizers.Punctuation("merged_with_previous"),
                Split("an", "merged_with_next"),
                pre_tokenizers.Digits(False),
            ]
        )
        trainer = trainers.WordLevelTrainer(
            vocab_size=500, show_progress=False, special_tokens=["<unk>"]
        )
        return self.trained(tokenizer, trainer)

    def normal(self, *steps: normalizers.Normalizer) -> Tokenizer:
        """Each character that is left over is a token or unknown."""
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        tokenizer.normalizer = normalizers.Sequence(list(steps))
        trainer = trainers.BpeTrainer(
            vocab_size=400, show_progress=False, special_tokens=["<unk>"], limit_alphabet=300
        )
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        return self.trained(tokenizer, trainer)

    def nfkd(self) -> Tokenizer:
        return self.normal(normalizers.NFKD())

    def stripped(self) -> Tokenizer:
        return self.normal(
            normalizers.NFD(), normalizers.StripAccents(), normalizers.Strip(), normalizers.Nmt()
        )

    def tokens_of_all_kinds(self) -> Tokenizer:
        tokenizer = self.trained(byte_bpe(pattern=True)(), byte_trainer())
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        tokenizer.add_tokens(
            [
                AddedToken("word", single_word=True),
                AddedToken("Data", normalized=True, lstrip=True),
                AddedToken("data set", normalized=False, rstrip=True),
                AddedToken("\ufb01", normalized=True),
                AddedToken("the", single_word=True, lstrip=True, rstrip=True),
                AddedToken("theme", normalized=True),
                AddedToken("<|endoftext|>", special=True),
                AddedToken("<|", special=True),
                AddedToken("\u0e01\u0e33", single_word=True),
                AddedToken("e", single_word=True, normalized=False),
            ]
        )
        return tokenizer

    def all(self) -> Iterator[tuple[str, Tokenizer]]:
        for name in KINDS:
            yield name, getattr(self, name)()


KINDS = [
    name
    for name in vars(Kinds)
    if not name.startswith("_")
    and name not in {"trained", "spaces_bpe", "unigram", "normal", "all"}
]


TRAIN = r"""
#include <sentencepiece_trainer.h>
int main() {
  return sentencepiece::SentencePieceTrainer::Train(
      "--minloglevel=2 --input=lines.txt --model_prefix=m --vocab_size=200 --model_type=bpe").ok()
      ? 0 : 1;
}
"""


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a protocol buffer that hold bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 2:
            size, at = varint(data, at)
            yield key >> 3, data[at : at + size]
            at += size
        elif key & 7 == 0:
            _, at = varint(data, at)
        else:
            at += 4 if key & 7 == 5 else 8


def nmt_nfkc_charsmap(folder: Path, corpus: list[str]) -> str:
    """The table of replacements that models like T5 have, as SentencePiece writes it."""
    (folder / "train.cc").write_text(TRAIN)
    (folder / "lines.txt").write_text("\n".join(corpus) + "\n")
    libraries = ["-lsentencepiece", "-lsentencepiece_train"]
    subprocess.run(
        ["c++", "-std=c++17", "-o", "train", "train.cc", *libraries], cwd=folder, check=True
    )
    subprocess.run(["./train"], cwd=folder, check=True)
    (normalizer,) = (of for key, of in fields((folder / "m.model").read_bytes()) if key == 3)
    (charsmap,) = (of for key, of in fields(normalizer) if key == 2)
    return base64.b64encode(charsmap).decode()


ODD = [
    "",
    " ",
    "  ",
    "\n",
    "\r\n",
    " \n ",
    "\t\t\n\n\n   x",
    "   leading and trailing   ",
    "a\u0301 e\u0323\u0301\u0300 \u0301 alone \u0344",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea",
    "日本語のテキストと漢字。中文\uff0c没有空格\uff01",
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22\u0e01\u0e33\u0e25\u0e31\u0e07",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0915\u094d\u0937 \u09be\u09c7\u09be",
    "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645\u060c",
    "\u06f1\u06f2\u06f3",
    "no\u00a0break\u2003em\u200bzero\u2028line\u3000wide\ufeff\u00ad",
    "\x00\x01\x07\x0b\x0c\x1b\x7f\x85\x9f controls \ufffd\ufffe",
    "12345678901234567890 1,234.56 \u0661\u0662\u0663 \u00b2\u00bd\u2167\u3007 \u2460",
    "I'm you're we'LL they'VE it'S 'D don't'\u017f 's",
    "XMLHttpRequest camelCase HTTPServer2 snake_case kebab-case",
    "\ufb01ne \ufb02ow \uff21\uff22\uff23 \u212b \u2126 \u1e9b\u0323 \u0130stanbul STRASSE \u1e9e",
    "<s>[INST] hi [/INST]  there </s>  <mask> x<mask>  y <|endoftext|> <|x",
    "word words word. sword  Data  data set  dataset the theme  the\u00e9 e e\u0301",
    "\u0391\u0301\u0345\u03b9\u03a3\u03a3 \u01c5 \u1fb7",
    "\u1e08\u0327 \u1d15e \U0001d15e \U0001d400 \U00011938 \U00011935\U00011930 \u32ff",
    "\u20e3 1\ufe0f\u20e3 \u2764\ufe0f \u00a9\ufe0f",
    "//// ---- ==== ****\n//\n/*x*/\r\n\r\n\tif (a&&b){c++;}",
    "http://example.org/a?b=c&d=%20 user@example.org",
    "\u2581 marked \u2581\u2581 \u2581x \u2581",
    "<unk> <0x41> <0xE2><0x96> [UNK] <extra_id_0>  <extra_id_1>  x",
    "\u0897 \U00010d70 \u1c89 \U00016ea0 \ua7dc \U0001e5f1",
    "a" * 300,
    "ab" * 400,
    " " * 120,
    "\n" * 90,
    "9" * 150,
    "\u00e9" * 90,
    "\u6f22" * 70,
    "!" * 80 + "?" * 40,
    "x" * 31 + " " + "y" * 30,
]


def hard_texts(corpus: list[str], seed: int, count: int) -> list[str]:
    """Lines, words in a row, and characters of all planes, many of them rare ones."""
    rng = random.Random(seed)
    words = " ".join(corpus).split()
    special = ["<s>", "<mask>", "[INST]", "word", "Data", "data set", "the", "\u0e01\u0e33", "e"]
    signs = " \t\n\r\u00a0'\u2019-_./\\()[]{}<>|!?,:;\"#$%^&*+=~`\u2581\u3000\u200d\ufe0f"
    blocks = [
        (0x20, 0x7E),
        (0xA0, 0x24F),
        (0x300, 0x36F),
        (0x370, 0x5FF),
        (0x600, 0x8FF),
        (0x900, 0xDFF),
        (0xE00, 0xFFF),
        (0x1100, 0x11FF),
        (0x1E00, 0x20FF),
        (0x2100, 0x2BFF),
        (0x3000, 0x33FF),
        (0x4E00, 0x9FFF),
        (0xAC00, 0xD7A3),
        (0xF900, 0xFFFD),
        (0x10000, 0x11FFF),
        (0x1D100, 0x1D7FF),
        (0x1F000, 0x1FAFF),
        (0, 0x10FFFF),
    ]

    def char() -> str:
        while True:
            code = rng.randint(*rng.choice(blocks))
            if not 0xD800 <= code < 0xE000:
                return chr(code)

    def piece() -> str:
        kind = rng.random()
        if kind < 0.35:
            return rng.choice(words)
        if kind < 0.5:
            return rng.choice(signs) * rng.choice([1, 1, 1, 2, 3])
        if kind < 0.6:
            return str(rng.randrange(10 ** rng.randint(1, 12)))
        if kind < 0.66:
            return rng.choice(special)
        return "".join(char() for _ in range(rng.randint(1, 6)))

    out = [*ODD, *rng.sample(corpus, min(len(corpus), count // 4))]
    while len(out) < count:
        joint = rng.choice(["", "", " ", "  ", "\n"])
        out.append(joint.join(piece() for _ in range(rng.randint(1, 25))))
    return out
