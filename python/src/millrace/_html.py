"""Runs, stages and funnels as a notebook shows them: who came in, who left, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from millrace._run import Counts, FunnelRow, Run, StageRun

_COLUMNS = ("read", "made", "written", "rejected", "expanded", "not drawn")
_ALWAYS = ("read", "written", "rejected")
_STEP = "\u2514 "

#: A name, and a number for each of the columns; None where it says nothing.
_Row = tuple[str, Sequence[int | None]]


def _cells(cells: Iterable[object], tag: str) -> str:
    shown = (f"{cell:,}" if isinstance(cell, int) else escape(str(cell)) for cell in cells)
    return "<tr>" + "".join(f"<{tag}>{text}</{tag}>" for text in shown) + "</tr>"


def _table(title: str, rows: Sequence[_Row]) -> str:
    """Without the columns in which nothing happened."""
    kept = [
        at
        for at, column in enumerate(_COLUMNS)
        if column in _ALWAYS or any(numbers[at] for _, numbers in rows)
    ]
    lines = [_cells(["", *(_COLUMNS[at] for at in kept)], "th")]
    for name, numbers in rows:
        shown = ["" if numbers[at] is None else numbers[at] for at in kept]
        lines.append(_cells([name, *shown], "td"))
    return f"<table><caption>{escape(title)}</caption>{''.join(lines)}</table>"


def _row(name: str, counts: Counts) -> _Row:
    made = counts.derived + counts.repeated
    return name, (
        counts.read,
        made,
        counts.written,
        counts.rejected,
        counts.expanded,
        counts.not_drawn,
    )


def _source_row(row: FunnelRow) -> _Row:
    return _row(f"{row.table}: {row.source}" if row.table else row.source, row.counts)


def _reject_rows(rejects: Iterable[Mapping[str, Any]]) -> list[_Row]:
    """By rule and column, the most frequent first; no value of the data."""
    return [
        (
            f"{_STEP}{told['rule']}" + (f" ({told['column']})" if told["column"] else ""),
            (None, None, None, told["rows"], None, None),
        )
        for told in rejects
    ]


def _stage_rows(stage: StageRun) -> list[_Row]:
    rows = [_row(stage.name, stage.counts)]
    for one in stage.operators:
        rules = dict.fromkeys(told["rule"] for told in stage.rules if told["instance"] == one.id)
        name = f"{_STEP}{one.id} ({one.type})" + (f": {', '.join(rules)}" if rules else "")
        made = one.derived or None
        rows.append((name, (one.reached, made, None, one.dropped, one.expanded or None, None)))
    return rows


def run_html(run: Run) -> str:
    """Its funnel by source and stage."""
    rows = _reject_rows(run.report.get("budget", {}).get("rejects", ()))
    for table in run.report["tables"]:
        rows += [_source_row(row) for row in run.funnel if row.table == table["table"]]
        rows += _reject_rows(table["rejects"])
    for name in run.stages:
        rows += _stage_rows(run.stage(name))
    title = " ".join(filter(None, (run.pipeline, run.run_id[:12])))
    return _table(f"{title}: {run.outcome}", rows)


def stage_html(stage: StageRun) -> str:
    return _table(f"stage {stage.name}", _stage_rows(stage))


def funnel_html(rows: Iterable[FunnelRow]) -> str:
    return _table("funnel", [_source_row(row) for row in rows])
