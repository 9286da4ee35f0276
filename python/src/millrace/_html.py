"""A run as a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from millrace._run import Counts, Run

_COLUMNS = ("", "read", "made", "written", "rejected", "expanded", "not drawn")


def _cells(cells: Iterable[object], tag: str) -> str:
    shown = (f"{cell:,}" if isinstance(cell, int) else escape(str(cell)) for cell in cells)
    return "<tr>" + "".join(f"<{tag}>{text}</{tag}>" for text in shown) + "</tr>"


def _row(name: str, counts: Counts) -> str:
    made = counts.derived + counts.repeated
    told: Sequence[object] = (name, counts.read, made, counts.written, counts.rejected)
    return _cells((*told, counts.expanded, counts.not_drawn), "td")


def run_html(run: Run) -> str:
    """Its funnel by source and stage; no value of the data."""
    rows = [
        _row(f"{row.table}: {row.source}" if row.table else row.source, row.counts)
        for row in run.funnel
    ]
    for name in run.stages:
        stage = run.stage(name)
        rows.append(_row(name, stage.counts))
        rows += [
            _cells(
                (f"\u2514 {one.id} ({one.type})", one.reached, "", "", one.dropped, "", ""), "td"
            )
            for one in stage.operators
        ]
    title = escape(f"{run.pipeline} {run.run_id[:12]}: {run.outcome}")
    return f"<table><caption>{title}</caption>{_cells(_COLUMNS, 'th')}{''.join(rows)}</table>"
