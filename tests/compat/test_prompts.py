"""Prompts as trainers read them: each shape loads in `datasets` and passes its format's checker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pytest

from command import Millrace

PIPELINE = """
version: 1
name: prompts
workspace: ./workspace
sources:
  rows: {type: jsonl, path: rows.jsonl}
contract:
  version: 1
  columns:
    id: {type: int64, required: true}
    question: {type: string}
    answer: {type: string}
    history: {type: "list<struct<role: string, content: string>>"}
exports:
  text: {SPLIT, path: out/text, shape: text, text: "{{ question }}\n{{ answer }}"}
  prompt_completion:
    {SPLIT, path: out/prompt_completion, shape: prompt_completion,
     prompt: "{{ question }}", completion: "{{ answer }}"}
  alpaca:
    {SPLIT, path: out/alpaca, shape: alpaca, prompt: "Answer.", input: "{{ question }}",
     completion: "{{ answer }}"}
  messages:
    {SPLIT, path: out/messages, shape: messages, system: "Be {{ id }}.",
     turns: {from: history}, prompt: "{{ question }}", completion: "{{ answer }}"}
  sharegpt:
    {SPLIT, path: out/sharegpt, shape: sharegpt, turns: {from: history},
     prompt: "{{ question }}", completion: "{{ answer }}", compression: gzip}
""".replace(
    "SPLIT", "type: prompts, provenance: false, split: {by: id, validation: 0.2, test: 0.1}"
)
ROWS = 400


def rows() -> list[dict[str, Any]]:
    made = []
    for i in range(ROWS):
        history = [
            {"role": role, "content": f"{role} {i} 漢字 \u202e <b>"}
            for _ in range(i % 3)
            for role in ("user", "assistant")
        ]
        answer = "" if i % 10 == 3 else f'answer "{i}"\n🙂'
        made.append({"id": i, "question": f"question {i}", "answer": answer, "history": history})
    return made


def nonempty(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def check_chat(turns: list[dict[str, str]], who: str, says: str, names: tuple[str, str]) -> None:
    """What the chat formats ask for: known roles, in turn, the last word the assistant's."""
    assert all(set(turn) == {who, says} and nonempty(turn[says]) for turn in turns)
    roles = [turn[who] for turn in turns]
    if roles[0] == "system":
        roles = roles[1:]
    assert len(roles) >= 2 and roles == list(names) * (len(roles) // 2)


def check_line(shape: str, line: dict[str, Any]) -> None:
    if shape == "text":
        assert set(line) == {"text"} and nonempty(line["text"])
    elif shape == "prompt_completion":
        assert set(line) == {"prompt", "completion"} and all(map(nonempty, line.values()))
    elif shape == "alpaca":
        assert set(line) == {"instruction", "input", "output"}
        assert nonempty(line["instruction"]) and nonempty(line["output"])
        assert isinstance(line["input"], str)
    elif shape == "messages":
        assert set(line) == {"messages"}
        check_chat(line["messages"], "role", "content", ("user", "assistant"))
    else:
        assert set(line) == {"conversations"}
        check_chat(line["conversations"], "from", "value", ("human", "gpt"))


@pytest.fixture(scope="module")
def folder(millrace: Millrace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prompts")
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows())
    (folder / "pipeline.yaml").write_text(PIPELINE)
    millrace.ok("run", "pipeline.yaml", cwd=folder)
    return folder


@pytest.mark.parametrize("shape", ["text", "prompt_completion", "alpaca", "messages", "sharegpt"])
def test_shape(folder: Path, shape: str, tmp_path: Path) -> None:
    release = folder / "out" / shape / "latest"
    names = {split: str(release / f"{split}-*.jsonl*") for split in ("train", "validation", "test")}
    loaded = datasets.load_dataset("json", data_files=names, cache_dir=str(tmp_path / "cache"))
    manifest = json.loads((release / "_millrace.json").read_text())
    empty = 0 if shape == "text" else ROWS // 10
    assert manifest["rejected"]["rows"] == empty
    assert sum(split.num_rows for split in loaded.values()) == manifest["rows"] == ROWS - empty
    assert loaded["validation"].num_rows > loaded["test"].num_rows > 10
    for split in loaded.values():
        for line in split:
            check_line(shape, line)
    if empty:
        lines = (release / "_rejects.jsonl").read_text().splitlines()
        rejects = [json.loads(line) for line in lines]
        assert [reject["row_id"] for reject in rejects] == [
            f"rows/rows.jsonl#{i}" for i in range(ROWS) if i % 10 == 3
        ]
        assert {(r["rule"], r["part"]) for r in rejects} == {("prompt.empty", "completion")}
