"""Writes the tables of docs/casting.md from tests/fixtures/casting.tsv.

The same file is executed line by line by the engine's tests, so the documentation cannot say
anything else than what the engine does. `--check` fails when the page is stale.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests/fixtures/casting.tsv"
PAGE = ROOT / "docs/casting.md"
BEGIN = "<!-- generated from tests/fixtures/casting.tsv by tools/casting_docs.py -->\n"
RULER = "| --- | --- | --- | --- |"
END = "<!-- end of the generated part -->\n"


def code(text: str) -> str:
    """A text as inline code that survives a Markdown table."""
    shown = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("|", "\\|")
    return f"` {shown} `" if shown.startswith("`") or shown != shown.strip() else f"`{shown}`"


def options_text(options: str) -> str:
    if not options:
        return ""
    parts = []
    for key, value in json.loads(options).items():
        shown = ", ".join(value) if isinstance(value, list) else str(value).lower()
        parts.append(f"{key}: {code(shown)}")
    return "<br>" + "<br>".join(parts)


def result_text(result: str) -> str:
    if result.startswith("= "):
        value: str = json.loads(result[2:])
        return code(value) if value else "(empty)"
    return "**reject** " + result.removeprefix("reject ").replace("_", " ")


def tables(source: str) -> str:
    out: list[str] = []
    for line in source.splitlines():
        if line.startswith("# "):
            out.append(f"\n### {line[2:]}\n\n| Type | Text | Becomes | |\n{RULER}\n")
            continue
        type_text, options, text, result, note = line.split("\t")
        value: str = json.loads(text)
        shown = code(value) if value else "(empty)"
        cells = [code(type_text) + options_text(options), shown, result_text(result), note]
        out.append(f"| {' | '.join(cells)} |\n")
    return "".join(out)


def render(page: str, source: str) -> str:
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return before + BEGIN + tables(source) + "\n" + END + after


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    arguments = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    fresh = render(page, TABLE.read_text(encoding="utf-8"))
    if fresh == page:
        return 0
    if arguments.check:
        print("docs/casting.md is stale: run tools/casting_docs.py", file=sys.stderr)
        return 1
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
